"""How to train, and what of it shapes the compiled program."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from sklstm._compat.keras import own_names, wrapped_function
from sklstm.training._optimizer import from_recipe, inputs_of, recipe_of

# More of them run for hours where each takes a millisecond.
MAX_EPOCHS = 10**7

_CONFIGURED = (keras.losses.Loss, keras.metrics.Metric)


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
        Passes over the samples, at most ten million; samples an update.

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

    def __post_init__(self):
        """Raise if training would run for ever."""
        if self.epochs > MAX_EPOCHS:
            raise ValueError(
                f"epochs must be an int from 1 to {MAX_EPOCHS:,}, got {self.epochs!r}. "
                "To train until it no longer helps, set early_stopping=True."
            )

    def key(self):
        """Return what shapes a compiled program, to compare and hash."""
        return self.settings().key(without=inputs_of(self.optimizer))

    def settings(self):
        """Return what the model is compiled with, to keep beside the weights."""
        return Settings(*recipe_of(self.optimizer), self.loss, self.metrics)

    def order(self, epoch, n_samples):
        """Return the order in which an epoch takes the samples.

        A generator an epoch: an order depends on no global state and on no order
        before it, so that three calls of one epoch equal one call of three.
        """
        order = np.arange(n_samples, dtype=np.int32)
        if self.shuffle:
            np.random.default_rng([self.seed, epoch]).shuffle(order)
        return order


@dataclass(frozen=True)
class Settings:
    """Optimizer, loss and metrics that a model is compiled with.

    Parameters
    ----------
    optimizer : type
        Class of the optimizer.

    config : dict
        Of the optimizer.

    undecayed : re.Pattern or None
        Names of the weights that the optimizer's weight decay leaves out.

    loss, metrics
        As for `keras.Model.compile`.
    """

    optimizer: type
    config: dict
    undecayed: re.Pattern | None
    loss: Any
    metrics: list | None

    @own_names()
    def compile(self, model):
        """Compile a model, with a new optimizer of which all variables exist."""
        optimizer = from_recipe(self.optimizer, self.config, self.undecayed)
        optimizer.build(model.trainable_variables)
        metrics = fresh(self.metrics)
        settings = {"jit_compile": False, "auto_scale_loss": False}
        model.compile(optimizer, self.loss, metrics=metrics, **settings)

    def goes_on_from(self, before):
        """Return whether an optimizer goes on; NaN in targets makes no other loss."""
        plain = [
            replace(one, loss=getattr(one.loss, "given", one.loss))
            for one in (before, self)
        ]
        return plain[0].key() == plain[1].key()

    def key(self, without=()):
        """Return something to compare and hash, that leaves out some of the config."""
        ignored = {"name", *without}
        config = {name: self.config[name] for name in {*self.config} - ignored}
        shaping = config, self.undecayed, self.loss, self.metrics
        return self.optimizer, *map(_frozen, shaping)


def fresh(metrics):
    """Copy the metrics that were made already, so that the copies count from zero.

    One that does not tell what it is made of can't be copied, and is used itself.
    """
    if isinstance(metrics, (list, tuple)):
        return [fresh(metric) for metric in metrics]
    if isinstance(metrics, keras.metrics.Metric) and _tells_all(metrics):
        return type(metrics).from_config(metrics.get_config())
    return metrics


def _frozen(thing):
    """Return something hashable that is equal only for things that do the same."""
    if isinstance(thing, dict):
        return tuple((key, _frozen(thing[key])) for key in sorted(thing, key=str))
    if isinstance(thing, (list, tuple)):
        return tuple(map(_frozen, thing))
    if isinstance(thing, np.ndarray):
        return thing.dtype.str, thing.shape, thing.tobytes()
    if isinstance(thing, _CONFIGURED) and _tells_all(thing):
        # The history shows the name of a metric; that of a loss is a number.
        is_loss = isinstance(thing, keras.losses.Loss)
        without_name = {"name": None} if is_loss else {}
        return type(thing), _frozen({**thing.get_config(), **without_name})
    try:
        hash(thing)
    except TypeError:
        return _Itself(thing)
    return thing


def _tells_all(thing):
    """Return whether the config of a loss or metric holds all that it does.

    Keras's own do, but those that wrap a user's function; a user's class does where it
    says what its config is.
    """
    kind = type(thing)
    if not kind.__module__.startswith("keras."):
        return "get_config" in vars(kind)
    function = wrapped_function(thing)
    return function is None or function.__module__.startswith("keras.")


class _Itself:
    """Equal to nothing but itself, and keeps what it stands for alive."""

    def __init__(self, thing):
        self.thing = thing

    def __eq__(self, other):
        return isinstance(other, _Itself) and self.thing is other.thing

    def __hash__(self):
        return id(self.thing)
