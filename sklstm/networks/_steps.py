"""Layers and pooling over the time steps that exist."""

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

_LOWEST = -1e9


@dataclass(frozen=True)
class Steps:
    """Which time steps of padded sequences exist.

    Parameters
    ----------
    mask : Tensor of bool, of shape (n_samples, n_timesteps), or None
        True for time steps that exist; None if all do.

    lengths : Tensor of int, of shape (n_samples,), or None
        Number of time steps of each sequence, if the sequences are padded at the end.
    """

    mask: Any = None
    lengths: Any = None

    @classmethod
    def up_to(cls, lengths, x):
        """Return the mask of the first `lengths` time steps of sequences x."""
        return cls(_positions(x) <= ops.expand_dims(lengths, -1), lengths)


ALL_STEPS = Steps()


def _positions(x):
    """Return the positions 1, 2, ... of the time steps of each sequence."""
    return ops.cumsum(ops.ones_like(x[..., 0], dtype="int32"), axis=1)


def align_steps(x, mask, missing):
    """Move missing time steps to the "start" or the "end" of each sequence."""
    mask = ops.cast(mask, "int32")
    positions = _positions(x)
    n_timesteps = ops.max(positions, axis=1, keepdims=True)
    later = mask if missing == "start" else 1 - mask
    order = ops.argsort(positions + n_timesteps * later, axis=1)
    x = ops.take_along_axis(x, ops.expand_dims(order, -1), axis=1)
    return x, ops.take_along_axis(mask, order, axis=1) > 0


class SelectSteps(layers.Layer):
    """Select time steps of all samples by a mask."""

    supports_masking = True

    def call(self, x, selected):
        """Return (n_selected, ...) for x of shape (n_samples, n_timesteps, ...)."""
        return tf.boolean_mask(x, selected)

    def compute_mask(self, x, previous_mask):
        """Return None: the output has no mask."""

    def compute_output_shape(self, x_shape, selected_shape):
        """Return the output shape; the number of selected time steps is not known."""
        return None, *x_shape[2:]


# ------------------------------------------------------------------------ convolution
def make_convolution(spec, filters, name):
    """Create the layers of a convolution over time, and of the pooling after it."""
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
    """Create the layers of a maximum pooling over every `size` time steps."""
    return [
        layers.ZeroPadding1D((0, size - 1), name=f"{name}_pool_padding"),
        layers.MaxPooling1D(size, name=f"{name}_pool"),
    ]


def pool_steps(layer, name, x):
    """Run the layers of :func:`make_pooling`, with zeros after the end."""
    return layer[f"{name}_pool"](layer[f"{name}_pool_padding"](x))


def convolve(spec, layer, name, x, steps, run):
    """Convolve sequences that are padded at the end, each without its padding.

    The layer's padding allows batches that are shorter than the kernel. Outputs that
    depend on it are after the ends.
    """
    x = run(layer[name], layer[f"{name}_padding"](x), steps)
    if spec.conv_pool_size > 1:
        x = pool_steps(layer, name, x)
    lengths = ops.maximum(steps.lengths - spec.conv_kernel_size + 1, 0)
    return x, Steps.up_to(lengths // spec.conv_pool_size, x)


# --------------------------------------------------------------------------- pooling
def make_attention(units, name):
    """Create the layers of attention pooling."""
    settings = {"kernel_initializer": keras.initializers.GlorotUniform(seed=0)}
    return [
        layers.Dense(units, "tanh", **settings, name=name),
        layers.Dense(1, use_bias=False, **settings, name=f"{name}_score"),
    ]


def pool_mean(x, steps):
    """Return the mean over the time steps that exist; zeros if none does."""
    mask = _as_weights(steps, x)
    n_existing = ops.maximum(ops.sum(mask, axis=1), 1.0)
    return ops.sum(x * mask, axis=1) / n_existing


def pool_max(x, steps):
    """Return the maximum over the time steps that exist; zeros if none does."""
    mask = _as_weights(steps, x)
    largest = ops.max(ops.where(mask > 0, x, _LOWEST), axis=1)
    return ops.where(ops.max(mask, axis=1) > 0, largest, 0.0)


def pool_concat(x, steps, bidirectional):
    """Join the last state, the maximum and the mean [1]_.

    The last state of the backward direction is that of the first time step.

    References
    ----------
    .. [1] J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text
       Classification", ACL 2018, section 3.3.
    """
    mask = ops.cast(steps.mask, "int32")
    number = ops.cumsum(mask, axis=1) * mask
    n_existing = ops.sum(mask, axis=1, keepdims=True)
    ends = [ops.equal(number, n_existing), ops.equal(number, 1)]
    runs = ops.split(x, 2, axis=-1) if bidirectional else [x]
    last = [_step_of(run, steps, end) for run, end in zip(runs, ends, strict=False)]
    return ops.concatenate([*last, pool_max(x, steps), pool_mean(x, steps)], axis=-1)


def _step_of(x, steps, chosen):
    """Return x at one time step of each sequence; zeros if it does not exist."""
    chosen = ops.logical_and(chosen, steps.mask)
    return ops.sum(ops.where(ops.expand_dims(chosen, -1), x, 0.0), axis=1)


def pool_attention(x, steps, attention, score):
    """Return the mean with weights that depend on the state at each time step [1]_.

    References
    ----------
    .. [1] Z. Yang et al., "Hierarchical Attention Networks for Document
       Classification", NAACL 2016, equations 5 to 7.
    """
    mask = _as_weights(steps, x)
    scores = ops.where(mask > 0, score(attention(x)), _LOWEST)
    weights = ops.softmax(scores, axis=1)
    return ops.sum(x * weights * mask, axis=1)


def _as_weights(steps, x):
    return ops.cast(ops.expand_dims(steps.mask, -1), x.dtype)
