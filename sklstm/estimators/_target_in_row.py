"""A warning of targets that stand in their own row of X."""

import warnings

import numpy as np

# Minimum number of samples, and of different targets.
_LEAST, _DIFFERENT = 10, 5

# Columns of y that are looked at.
_N_COLUMNS = 8


def warn_of_target_in_row(table, y, *, stacklevel):
    """Warn if y is a column of X of two axes, whose columns are time steps.

    That is usual for a table of rows in time that windows were not made of.

    Parameters
    ----------
    table : SequenceTable
        The sequences: one feature, of as many time steps each as X has columns.

    y : ndarray of shape (n_samples,) or more axes
        Targets; NaN is missing.

    stacklevel : int
        As for `warnings.warn`.
    """
    if len(table) < _LEAST or (table.lengths != table.n_timesteps).any():
        return
    values = table.values[:, 0]
    for target in y.reshape(len(y), -1)[:, :_N_COLUMNS].T:
        known = ~np.isnan(target)
        target, starts = target[known].astype(values.dtype), table.starts[known]
        if len(target) < _LEAST or len(np.unique(target)) < _DIFFERENT:
            continue
        row = values[starts[0] : starts[0] + table.n_timesteps]
        for column in np.flatnonzero(row == target[0]).tolist():
            if np.array_equal(values[starts + column], target):
                warnings.warn(
                    f"y is column {column} of X. X of two axes has a sequence in each "
                    "row, whose columns are its time steps, so that the network sees "
                    "its answer. For a table of rows in time put a SlidingWindow in "
                    "front.",
                    UserWarning,
                    stacklevel=stacklevel,
                )
                return
