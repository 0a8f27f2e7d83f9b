"""How to train, and what of it shapes the compiled program."""

import pickle
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from sklstm.training._optimizer import inputs_of

_CONFIGURED = (keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric)


@dataclass(frozen=True)
class Schedule:
    """How to train.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Not built yet. Training takes its settings, and leaves it as it is.

    loss : str, keras.losses.Loss or callable
        As for `keras.Model.compile`.

    metrics : list or None
        As for `keras.Model.compile`.

    epochs, batch_size : int
        Passes over the samples; samples an update.

    first_epoch : int
        The number of the first of them; epochs are counted over several calls.

    shuffle : bool
        Whether every epoch has an order of its own.

    seed : int
        What the orders depend on, together with the number of the epoch.

    callbacks : list of keras.callbacks.Callback
        As for `keras.Model.fit`.

    verbose : int
        As for `keras.Model.fit`.
    """

    optimizer: keras.optimizers.Optimizer
    loss: Any
    epochs: int
    batch_size: int
    seed: int
    metrics: list | None = None
    first_epoch: int = 0
    shuffle: bool = True
    callbacks: list = field(default_factory=list)
    verbose: int = 0

    def key(self):
        """Give what of the schedule shapes a compiled program, to compare and hash."""
        return self.settings().key(without=inputs_of(self.optimizer))

    def settings(self):
        """Give what the model is compiled with, to keep beside the weights."""
        config = self.optimizer.get_config()
        return Settings(type(self.optimizer), config, self.loss, self.metrics)

    def order(self, epoch, n_samples):
        """Give the order in which an epoch takes the samples.

        A generator an epoch: an order depends on no global state and on no order
        before it, so that three calls of one epoch equal one call of three.
        """
        if not self.shuffle:
            return np.arange(n_samples, dtype=np.int32)
        generator = np.random.default_rng([self.seed, epoch])
        return generator.permutation(n_samples).astype(np.int32)


@dataclass(frozen=True)
class Settings:
    """Optimizer, loss and metrics that a model is compiled with.

    Parameters
    ----------
    optimizer : type
        Class of the optimizer.

    config : dict
        Of the optimizer.

    loss, metrics
        As for `keras.Model.compile`.
    """

    optimizer: type
    config: dict
    loss: Any
    metrics: list | None

    def compile(self, model):
        """Compile a model, with a new optimizer of which all variables exist."""
        optimizer = self.optimizer.from_config(self.config)
        optimizer.build(model.trainable_variables)
        model.compile(optimizer, self.loss, metrics=self.metrics, jit_compile=False)

    def key(self, without=()):
        """Give something to compare and hash, that leaves out some of the config."""
        ignored = {"name", *without}
        config = {name: self.config[name] for name in {*self.config} - ignored}
        return (
            self.optimizer,
            _frozen(config),
            _frozen(self.loss),
            _frozen(self.metrics),
        )


def _frozen(thing):
    """Give something hashable that is equal for things that do the same."""
    if isinstance(thing, dict):
        return tuple((key, _frozen(thing[key])) for key in sorted(thing, key=str))
    if isinstance(thing, (list, tuple)):
        return tuple(map(_frozen, thing))
    if isinstance(thing, np.ndarray):
        return thing.dtype.str, thing.shape, thing.tobytes()
    if isinstance(thing, _CONFIGURED):
        if type(thing).__module__.startswith("keras."):
            return type(thing), _frozen({**thing.get_config(), "name": None})
        return type(thing), _pickled(thing)  # its config may not tell all of it
    try:
        hash(thing)
    except TypeError:
        return _pickled(thing)
    return thing


def _pickled(thing):
    try:
        return pickle.dumps(thing)
    except (pickle.PicklingError, TypeError, AttributeError):
        return _Itself(thing)


class _Itself:
    """Equal to nothing but itself, and keeps what it stands for alive."""

    def __init__(self, thing):
        self.thing = thing

    def __eq__(self, other):
        return isinstance(other, _Itself) and self.thing is other.thing

    def __hash__(self):
        return id(self.thing)
