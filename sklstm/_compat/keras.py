"""Private members of Keras."""

import collections
import functools
from contextlib import contextmanager

from keras.src.backend.common import global_state
from keras.src.backend.common.masking import get_keras_mask
from keras.src.backend.tensorflow.optimizer import TFOptimizer
from keras.src.optimizers.base_optimizer import BaseOptimizer

SEEN_IN = "3.6.0", "3.15.1"

_COUNTERS = "object_name_uids"
_UNDECAYED = "_exclude_from_weight_decay_pattern"


@contextmanager
def isolated_name_counters():
    """Restart Keras's counters of object names in this context.

    Keras numbers the names of its objects (`adam_1`, `adam_2`, …), and TensorFlow keeps
    40 KiB for every name of a variable until the process ends. The counters belong to
    the thread, and are restored afterwards.
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
    """Return the variables of a layer, without those of layers within it."""
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def seed_states_of(layer):
    """Return the seed states of a layer, without those of layers within it."""
    return [generator.state for generator in layer._seed_generators]


def mask_of(tensor):
    """Return the mask that Keras's layers have given a tensor; None without."""
    return get_keras_mask(tensor)


def wrapped_function(thing):
    """Return the function that a loss or metric of Keras wraps; None for others."""
    return getattr(thing, "fn", None) or getattr(thing, "_fn", None)


def wrapped_arguments(thing):
    """Return the arguments of the function that a loss or metric of Keras wraps."""
    return getattr(thing, "_fn_kwargs", None) or {}


def forget_model(callback):
    """Remove a callback's reference to its model."""
    callback._model = None


def attributes_of(callback):
    """Return the attributes of a callback without its model."""
    return {name: value for name, value in vars(callback).items() if name != "_model"}


def replace_loss_tracker(model, metric):
    """Make a compiled model average its loss by another metric."""
    # Keras's own way to set it would list the metric twice.
    object.__setattr__(model, "_loss_tracker", metric)


def leave_out_metrics(model):
    """Make the steps of a compiled model without metrics return no results."""
    object.__setattr__(model, "compute_metrics", lambda *_, **__: {})


# -------------------------------------------------------------------------- optimizers
def get_undecayed(optimizer):
    """Return the pattern set by `exclude_from_weight_decay`, which the config lacks."""
    return getattr(optimizer, _UNDECAYED, None)


def set_undecayed(optimizer, pattern):
    """Set the pattern of weights without weight decay."""
    setattr(optimizer, _UNDECAYED, pattern)


def leave_distribution(optimizer):
    """Make an optimizer update variables without `tf.distribute`.

    `tf.distribute` keeps the graph of each call until the process ends.
    """
    for name in ("_backend_update_step", "_apply_weight_decay"):
        # Nadam has an update of its own, with variables that TensorFlow's lacks.
        if getattr(type(optimizer), name) is getattr(TFOptimizer, name):
            method = functools.partial(getattr(BaseOptimizer, name), optimizer)
            setattr(optimizer, name, method)


def replace_update(optimizer, update):
    """Make an optimizer call ``update(gradients, variables, learning_rate)``."""
    optimizer._backend_update_step = update


def replace_clipping(optimizer, clip):
    """Make an optimizer clip gradients by ``clip(gradients)``."""
    optimizer._clip_gradients = clip


def adam_moments(adam, variable):
    """Return the two moments of a variable that an Adam optimizer keeps."""
    index = adam._get_variable_index(variable)
    return adam._momentums[index], adam._velocities[index]
