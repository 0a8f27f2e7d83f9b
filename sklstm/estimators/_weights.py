"""Checks of sample weights."""

from numbers import Real

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


def check_class_weight(class_weight):
    """Raise ValueError if a weight of a class is no number, or negative."""
    each = class_weight if isinstance(class_weight, list) else [class_weight]
    for label, weight in (pair for one in each for pair in _items(one)):
        if not isinstance(weight, Real) or not 0 <= weight < np.inf:
            raise ValueError(
                f"class_weight must hold numbers >= 0, got {weight!r} for the class "
                f"{label!r}."
            )


def _items(class_weight):
    return class_weight.items() if isinstance(class_weight, dict) else ()


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
