"""Settings of a training, and which of them the compiled program depends on."""

import inspect
import re
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from sklstm._compat.keras import (
    isolated_name_counters,
    wrapped_arguments,
    wrapped_function,
)
from sklstm.training._optimizer import (
    optimizer_config,
    optimizer_from_config,
    program_inputs,
)

# Hours of training at a millisecond per epoch.
MAX_EPOCHS = 10**7

_CONFIGURED = (keras.losses.Loss, keras.metrics.Metric)


@dataclass(frozen=True)
class Schedule:
    """Settings of a training.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        An optimizer that is not built. Training uses its settings in a copy.

    loss : str, keras.losses.Loss or callable
        As for `keras.Model.compile`.

    metrics : list or None
        As for `keras.Model.compile`.

    epochs : int
        Passes over the samples, at most ten million.

    batch_size : int
        Samples per update.

    first_epoch : int
        Number of the first epoch, if earlier calls have trained already.

    shuffle : bool
        Whether to shuffle the samples in every epoch.

    seed : int
        Seed of the shuffling, together with the number of the epoch.

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
        """Raise ValueError if there are too many epochs."""
        if self.epochs > MAX_EPOCHS:
            raise ValueError(
                f"epochs must be an int from 1 to {MAX_EPOCHS:,}, got {self.epochs!r}. "
                "To train until it no longer helps, set early_stopping=True."
            )

    def key(self):
        """Return a hashable key of all that a compiled program depends on."""
        return self.settings().key(without=program_inputs(self.optimizer))

    def settings(self):
        """Return the settings that the model is compiled with."""
        return Settings(*optimizer_config(self.optimizer), self.loss, self.metrics)

    def order(self, epoch, n_samples):
        """Return the order of the samples in an epoch.

        It depends only on `seed` and `epoch`, so that three calls of one epoch equal
        one call of three epochs.
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
        Config of the optimizer.

    undecayed : re.Pattern or None
        Names of the weights without weight decay.

    loss, metrics
        As for `keras.Model.compile`.
    """

    optimizer: type
    config: dict
    undecayed: re.Pattern | None
    loss: Any
    metrics: list | None

    @isolated_name_counters()
    def compile(self, model):
        """Compile a model with a new, built optimizer."""
        optimizer = optimizer_from_config(self.optimizer, self.config, self.undecayed)
        optimizer.build(model.trainable_variables)
        metrics = copy_metrics(self.metrics)
        settings = {"jit_compile": False, "auto_scale_loss": False}
        model.compile(optimizer, self.loss, metrics=metrics, **settings)

    def can_continue(self, before):
        """Return whether the optimizer can continue with the moments of `before`.

        A loss that skips NaN in the targets counts as the loss that it wraps.
        """
        keys = [
            replace(one, loss=getattr(one.loss, "given", one.loss)).key()
            for one in (before, self)
        ]
        return keys[0] == keys[1]

    def key(self, without=()):
        """Return a hashable key of all settings, `without` some of the config."""
        ignored = {"name", *without}
        config = {name: self.config[name] for name in {*self.config} - ignored}
        others = config, self.undecayed, self.loss, self.metrics
        return self.optimizer, *map(_hashable, others)


def copy_metrics(metrics):
    """Return metrics with new copies of all instances.

    An instance whose config is not complete can't be copied, and is returned itself.
    """
    if isinstance(metrics, (list, tuple)):
        return [copy_metrics(metric) for metric in metrics]
    if isinstance(metrics, keras.metrics.Metric) and config_is_complete(metrics):
        return type(metrics).from_config(config_of(metrics))
    return metrics


def _hashable(thing):
    """Return a hashable value that is equal only for things that do the same."""
    if isinstance(thing, dict):
        return tuple((key, _hashable(thing[key])) for key in sorted(thing, key=str))
    if isinstance(thing, (list, tuple)):
        return tuple(map(_hashable, thing))
    if isinstance(thing, np.ndarray):
        return thing.dtype.str, thing.shape, thing.tobytes()
    if isinstance(thing, _CONFIGURED) and config_is_complete(thing):
        # The name of a metric is in the history; that of a loss is not used.
        is_loss = isinstance(thing, keras.losses.Loss)
        without_name = {"name": None} if is_loss else {}
        return type(thing), _hashable({**config_of(thing), **without_name})
    try:
        hash(thing)
    except TypeError:
        return _ByIdentity(thing)
    return thing


def config_of(thing):
    """Return the config of a loss or metric, with all arguments of its class.

    Those of some classes of Keras lack an argument, as the `delta` of `Huber`.
    """
    known = inspect.signature(type(thing).__init__).parameters
    wrapped = wrapped_arguments(thing)
    lacking = {name: wrapped[name] for name in wrapped if name in known}
    return {**lacking, **thing.get_config()}


def config_is_complete(thing):
    """Return whether a loss or metric can be recreated from its config.

    True for classes of Keras, unless they wrap a user's function, and for a user's
    class that defines `get_config`.
    """
    kind = type(thing)
    if not kind.__module__.startswith("keras."):
        return "get_config" in vars(kind)
    function = wrapped_function(thing)
    return function is None or function.__module__.startswith("keras.")


class _ByIdentity:
    """A hashable wrapper that is equal only for the same object."""

    def __init__(self, thing):
        self.thing = thing

    def __eq__(self, other):
        return isinstance(other, _ByIdentity) and self.thing is other.thing

    def __hash__(self):
        return id(self.thing)
