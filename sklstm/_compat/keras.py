"""Private members of Keras."""

import collections
import functools
from contextlib import contextmanager

from keras.src.backend.common import global_state
from keras.src.optimizers.base_optimizer import BaseOptimizer

SEEN_IN = "3.6.0", "3.15.1"

_COUNTERS = "object_name_uids"
_UNDECAYED = "_exclude_from_weight_decay_pattern"


@contextmanager
def own_names():
    """Count the Keras objects that are made in this context from the first one on.

    Keras counts all that it names (`adam_1`, `adam_2`, …), and TensorFlow keeps 40 KiB
    for every name of a variable that it has seen, for as long as the process lives.
    The counters are the thread's own; they go on afterwards where they were.
    """
    before = global_state.get_global_attribute(_COUNTERS)
    global_state.set_global_attribute(_COUNTERS, collections.defaultdict(int))
    try:
        yield
    finally:
        global_state.set_global_attribute(_COUNTERS, before)


# ---------------------------------------------------------------------- models, layers
def layers_of(model):
    """Yield a model and all layers in it, also those within layers."""
    return model._flatten_layers()


def variables_of(layer):
    """Return the variables of a layer itself, without those of layers within it."""
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def seed_states_of(layer):
    """Return the variables that the random numbers of a layer itself depend on."""
    return [generator.state for generator in layer._seed_generators]


def wrapped_function(thing):
    """Return the function that a loss or metric of Keras wraps; None for others."""
    return getattr(thing, "fn", None) or getattr(thing, "_fn", None)


def forget_model(callback):
    """Take from a callback the model that it was set to."""
    callback._model = None


# -------------------------------------------------------------------------- optimizers
def get_undecayed(optimizer):
    """Return what `exclude_from_weight_decay` was told, which the config lacks."""
    return getattr(optimizer, _UNDECAYED, None)


def set_undecayed(optimizer, pattern):
    """Set what :func:`get_undecayed` returns."""
    setattr(optimizer, _UNDECAYED, pattern)


def leave_distribution(optimizer):
    """Have an optimizer update variables as Keras's base class does, on one device.

    Keras's versions for TensorFlow go through `tf.distribute`, which keeps the graph
    that they were called in for as long as the process lives.
    """
    for name in ("_backend_update_step", "_apply_weight_decay"):
        method = functools.partial(getattr(BaseOptimizer, name), optimizer)
        setattr(optimizer, name, method)


def replace_update(optimizer, update):
    """Have an optimizer call ``update(gradients, variables, learning_rate)``."""
    optimizer._backend_update_step = update


def replace_clipping(optimizer, clip):
    """Have an optimizer clip by ``clip(gradients)``, which returns others."""
    optimizer._clip_gradients = clip


def adam_moments(adam, variable):
    """Return the variables in which an Adam keeps the two moments of another."""
    index = adam._get_variable_index(variable)
    return adam._momentums[index], adam._velocities[index]
