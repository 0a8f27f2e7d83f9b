"""Checks of sample weights."""

import numpy as np

from sklstm._compat.sklearn import check_sample_weight
from sklstm._validation import is_number


def check_weights(sample_weight, table):
    """Return weights as float64 array of shape (n_samples,), or None for None.

    Raise ValueError if a weight is no number or negative, or if all are zero.
    """
    if sample_weight is None:
        return None
    given = np.asarray(sample_weight)
    objects = given.flat if given.dtype.kind == "O" else ()
    if given.dtype.kind not in "biufO" or not all(map(is_number, objects)):
        raise ValueError(
            f"sample_weight must hold numbers, got an array of {given.dtype}."
        )
    weights = check_sample_weight(sample_weight, table.starts, dtype=np.float64)
    if (weights < 0).any():
        i = int(np.argmax(weights < 0))
        raise ValueError(
            f"sample_weight must not be negative, got {weights[i]} for sample {i}."
        )
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights


def in_float32(weights):
    """Return weights in float32; raise if they are too large for it."""
    with np.errstate(over="ignore"):
        narrow = weights.astype(np.float32)
    if not np.isfinite(narrow).all():
        raise ValueError(
            f"sample_weight and class_weight together are up to {weights.max():.3g}, "
            "too large for float32. Divide all weights by their mean."
        )
    return narrow
