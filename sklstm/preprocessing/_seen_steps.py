"""Targets of several steps, of which a window may hold the first."""

import warnings

import numpy as np
import pandas as pd

from sklstm._multistep import are_steps, multistep_name


def warn_of_seen_steps(y, groups, horizon):
    """Warn where windows end after the first of the steps that y holds.

    Parameters
    ----------
    y : array-like or None
        What `fit` got.

    groups : Groups
        The rows of each group, in the order of time.

    horizon : int
        How many rows before its own row a window ends.
    """
    n_steps = 1 if y is None else _n_steps(y, groups)
    if n_steps == 1 or horizon >= n_steps:
        return
    ends = f"{horizon} rows before its own" if horizon else "with its own"
    warnings.warn(
        f"y holds {n_steps} steps at once, the first of them {n_steps - 1} rows before "
        f"its row, but with horizon={horizon} the window of a row ends {ends}: "
        "windows hold part of what they predict, and scores are too good. Set horizon="
        f"{n_steps}. (Columns that are known in advance go into known.)",
        UserWarning,
        stacklevel=4,
    )


def _n_steps(y, groups):
    """Count the steps of y, by its names or values; 1 where these are no steps."""
    if isinstance(y, pd.DataFrame) and multistep_name(y.columns) is not None:
        return y.shape[1]
    try:
        y = np.asarray(y)
    except ValueError:  # lists of unequal length
        return 1
    if y.ndim < 2 or y.shape[1] < 2 or len(y) != len(groups.order):
        return 1
    codes = np.empty(len(y), dtype=np.int64)
    codes[groups.order] = groups.repeat(np.arange(len(groups)))
    # Targets that are always the same are alike by chance.
    changes = (y[1:] != y[:-1]) & (y[1:] == y[1:]) & (y[:-1] == y[:-1])
    return y.shape[1] if changes.any() and are_steps(y, codes) else 1
