"""Which rows of a table are missing time steps: NaN in all features."""

import numpy as np

# Number of rows of a block.
_BLOCK = 65_536


def missing_rows(values):
    """Return which rows are missing time steps: NaN in all features."""
    missing = np.empty(len(values), dtype=bool)
    for rows in row_blocks(len(values)):
        missing[rows] = _isnan(values[rows]).all(axis=1)
    return missing


def partly_missing_rows(values):
    """Return which rows are NaN in some features but not in all."""
    partly = np.empty(len(values), dtype=bool)
    for rows in row_blocks(len(values)):
        nan = _isnan(values[rows])
        partly[rows] = nan.any(axis=1) & ~nan.all(axis=1)
    return partly


def row_blocks(n_rows):
    """Return slices of a table that are small enough for temporary arrays."""
    return [slice(first, first + _BLOCK) for first in range(0, n_rows, _BLOCK)]


def _isnan(values):
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind == "O":
        # In some versions of Python, comparing NaN sets a flag that NumPy warns of.
        with np.errstate(invalid="ignore"):
            return np.frompyfunc(_is_no_value, 1, 1)(values).astype(bool)
    return np.zeros(values.shape, dtype=bool)


def _is_no_value(value):
    """Return whether a value is None, NaN or pandas' NA."""
    try:
        return value is None or bool(value != value)
    except TypeError:
        return True
