"""The steps of sequences that exist: what is computed over them, layer by layer."""

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

_LOWEST = -1e9


@dataclass(frozen=True)
class Steps:
    """Which steps of padded sequences exist.

    Parameters
    ----------
    there : Tensor of bool, of shape (n_samples, n_timesteps), or None
        True at the steps that exist. None says that all do.

    lengths : Tensor of int, of shape (n_samples,), or None
        How many these are, where each sequence begins at the first step.
    """

    there: Any = None
    lengths: Any = None

    @classmethod
    def up_to(cls, lengths, x):
        """Return the first `lengths` steps of sequences x."""
        return cls(_positions(x) <= ops.expand_dims(lengths, -1), lengths)


ALL_STEPS = Steps()


def _positions(x):
    """Count the steps of (n_samples, n_timesteps, ...) from 1 on."""
    return ops.cumsum(ops.ones_like(x[..., 0], dtype="int32"), axis=1)


def squeeze_steps(x, steps):
    """Move the steps that exist to the front, in their order."""
    there = ops.cast(steps.there, "int32")
    places = _positions(x)
    n_timesteps = ops.max(places, axis=1, keepdims=True)
    order = ops.argsort(places + n_timesteps * (1 - there), axis=1)
    x = ops.take_along_axis(x, ops.expand_dims(order, -1), axis=1)
    return x, Steps.up_to(ops.sum(there, axis=1), x)


class ChosenSteps(layers.Layer):
    """Return the steps that are chosen, one after the other, sample by sample."""

    supports_masking = True

    def call(self, x, chosen):
        """Take (n_chosen, ...) out of x (n_samples, n_timesteps, ...)."""
        return tf.boolean_mask(x, chosen)

    def compute_mask(self, x, previous_mask):
        """Tell that a mask ends here."""

    def compute_output_shape(self, x_shape, chosen_shape):
        """Tell that nobody knows how many there are."""
        return None, *x_shape[2:]


# ------------------------------------------------------------------------ convolution
def make_convolution(spec, filters, name):
    """Make the layers of a convolution over time, and of the pooling after it."""
    kernel, pool = spec.conv_kernel_size, spec.conv_pool_size
    initializer = keras.initializers.GlorotUniform(seed=0)
    made = [
        layers.ZeroPadding1D((0, kernel - 1), name=f"{name}_padding"),
        layers.Conv1D(
            filters,
            kernel,
            activation=spec.conv_activation,
            kernel_initializer=initializer,
            name=name,
        ),
    ]
    return made + (make_pooling(pool, name) if pool > 1 else [])


def make_pooling(size, name):
    """Make the layers that keep the largest value of every `size` steps."""
    return [
        layers.ZeroPadding1D((0, size - 1), name=f"{name}_pool_padding"),
        layers.MaxPooling1D(size, name=f"{name}_pool"),
    ]


def pool_steps(layer, name, x):
    """Run these; of fewer steps than `size` that are left, with zeros."""
    return layer[f"{name}_pool"](layer[f"{name}_pool_padding"](x))


def convolve(spec, layer, name, x, steps, run):
    """Convolve sequences that begin at the first step, as far as each of them goes.

    Padding serves batches that are shorter than the kernel: what is computed from it
    is behind the ends.
    """
    x = run(layer[name], layer[f"{name}_padding"](x), steps)
    if spec.conv_pool_size > 1:
        x = pool_steps(layer, name, x)
    lengths = ops.maximum(steps.lengths - spec.conv_kernel_size + 1, 0)
    return x, Steps.up_to(lengths // spec.conv_pool_size, x)


# --------------------------------------------------------------------------- pooling
def make_attention(units, name):
    """Make the layers of attention pooling."""
    settings = {"kernel_initializer": keras.initializers.GlorotUniform(seed=0)}
    return [
        layers.Dense(units, "tanh", **settings, name=name),
        layers.Dense(1, use_bias=False, **settings, name=f"{name}_score"),
    ]


def pool_mean(x, steps):
    """Take the mean over the steps that exist; zeros where there are none."""
    there = _as_weights(steps, x)
    n_there = ops.maximum(ops.sum(there, axis=1), 1.0)
    return ops.sum(x * there, axis=1) / n_there


def pool_max(x, steps):
    """Take the maximum over the steps that exist; zeros where there are none."""
    there = _as_weights(steps, x)
    largest = ops.max(ops.where(there > 0, x, _LOWEST), axis=1)
    return ops.where(ops.max(there, axis=1) > 0, largest, 0.0)


def pool_concat(x, steps, bidirectional):
    """Join the state after the last step, the maximum and the mean [1]_.

    Of both directions, the state after the last step is that of each direction's run.

    References
    ----------
    .. [1] J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text
       Classification", ACL 2018, section 3.3.
    """
    there = ops.cast(steps.there, "int32")
    number = ops.cumsum(there, axis=1) * there
    n_there = ops.sum(there, axis=1, keepdims=True)
    ends = [ops.equal(number, n_there), ops.equal(number, 1)]
    runs = ops.split(x, 2, axis=-1) if bidirectional else [x]
    last = [_step_of(run, steps, end) for run, end in zip(runs, ends, strict=False)]
    return ops.concatenate([*last, pool_max(x, steps), pool_mean(x, steps)], axis=-1)


def _step_of(x, steps, chosen):
    """Take one step of each sequence that exists; zeros where there is none."""
    chosen = ops.logical_and(chosen, steps.there)
    return ops.sum(ops.where(ops.expand_dims(chosen, -1), x, 0.0), axis=1)


def pool_attention(x, steps, attention, score):
    """Take the mean by weights that depend on the state at each step [1]_.

    References
    ----------
    .. [1] Z. Yang et al., "Hierarchical Attention Networks for Document
       Classification", NAACL 2016, equations 5 to 7.
    """
    there = _as_weights(steps, x)
    scores = ops.where(there > 0, score(attention(x)), _LOWEST)
    weights = ops.softmax(scores, axis=1)
    return ops.sum(x * weights * there, axis=1)


def _as_weights(steps, x):
    return ops.cast(ops.expand_dims(steps.there, -1), x.dtype)
