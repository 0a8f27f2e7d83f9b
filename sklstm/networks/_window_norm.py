"""Normalization of windows by their own level and spread."""

import numpy as np
from keras import ops

# Added to standard deviations, which are 0 for constant windows.
_EPSILON = 1e-6


def normalize_windows(x, steps, norm, features):
    """Normalize some features of each sequence.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_timesteps, n_features)
        Sequences, padded at the end.

    steps : Steps
        Which time steps exist, with lengths.

    norm : {"last", "standard"}
        Whether to subtract the last value, or to standardize by the mean and the
        standard deviation of the sequence [1]_.

    features : tuple of int
        Indices of the features to normalize.

    Returns
    -------
    Tensor of shape (n_samples, n_timesteps, n_features)

    References
    ----------
    .. [1] T. Kim et al., "Reversible Instance Normalization for Accurate Time-Series
       Forecasting against Distribution Shift", ICLR 2022, equations 1 and 2.
    """
    mask = ops.cast(ops.expand_dims(steps.mask, -1), x.dtype)
    if norm == "last":
        last = ops.reshape(ops.maximum(steps.lengths - 1, 0), (-1, 1, 1))
        center = ops.take_along_axis(x, ops.repeat(last, x.shape[-1], axis=-1), axis=1)
        relative = x - center
    else:
        n_existing = ops.maximum(ops.sum(mask, axis=1, keepdims=True), 1.0)
        whole, x = x, x - x[:, :1]  # exact zeros for a constant window
        center = ops.sum(x * mask, axis=1, keepdims=True) / n_existing
        around = (x - center) * mask
        variance = ops.sum(around * around, axis=1, keepdims=True) / n_existing
        relative = around / (ops.sqrt(variance) + _EPSILON)
        x = whole
    chosen = np.isin(np.arange(x.shape[-1]), features)
    if chosen.all():
        return relative
    return ops.where(chosen, relative, x)
