"""Features of a window relative to its own level and spread."""

import numpy as np
from keras import ops

# Added to a deviation: of a window that does not vary.
_LEAST = 1e-6


def normalize_windows(x, steps, norm, features):
    """Make some features of each sequence relative to the sequence itself.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_timesteps, n_features)
        Sequences that begin at the first step.

    steps : Steps
        Which steps exist, with lengths.

    norm : {"last", "standard"}
        What of the sequence becomes zero: its last value; or its mean [1]_, the
        standard deviation one.

    features : tuple of int
        Which features; the others stay as they are.

    Returns
    -------
    Tensor of shape (n_samples, n_timesteps, n_features)

    References
    ----------
    .. [1] T. Kim et al., "Reversible Instance Normalization for Accurate Time-Series
       Forecasting against Distribution Shift", ICLR 2022, equations 1 and 2.
    """
    there = ops.cast(ops.expand_dims(steps.there, -1), x.dtype)
    if norm == "last":
        place = ops.maximum(steps.lengths - 1, 0)
        place = ops.reshape(place, (-1, 1, 1))
        center = ops.take_along_axis(x, ops.repeat(place, x.shape[-1], axis=-1), axis=1)
        relative = x - center
    else:
        n_there = ops.maximum(ops.sum(there, axis=1, keepdims=True), 1.0)
        whole, x = x, x - x[:, :1]  # so that a constant one is zero, and not rounded
        center = ops.sum(x * there, axis=1, keepdims=True) / n_there
        around = (x - center) * there
        variance = ops.sum(around * around, axis=1, keepdims=True) / n_there
        relative = around / (ops.sqrt(variance) + _LEAST)
        x = whole
    chosen = np.isin(np.arange(x.shape[-1]), features)
    if chosen.all():
        return relative
    return ops.where(chosen, relative, x)
