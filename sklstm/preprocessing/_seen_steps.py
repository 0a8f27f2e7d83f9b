"""A warning of targets of several steps, the first of which are in windows."""

import warnings

import numpy as np
import pandas as pd

from sklstm._multistep import are_steps, multistep_name


def warn_of_seen_steps(y, groups, horizon):
    """Warn if windows end after the first of the steps that y holds.

    `y` may be None; the window of a row ends `horizon` rows before it.
    """
    n_steps = 1 if y is None else _count_steps(y, groups)
    if n_steps == 1 or horizon >= n_steps:
        return
    ends = f"{horizon} rows before its own" if horizon else "with its own"
    warnings.warn(
        f"y holds {n_steps} steps at once, the first of them {n_steps - 1} rows before "
        f"its row, but with horizon={horizon} the window of a row ends {ends}: "
        "windows hold part of what they predict, and scores are too good. Set horizon="
        f"{n_steps}. (Name columns that are known in advance in known.)",
        UserWarning,
        stacklevel=4,
    )


def _count_steps(y, groups):
    """Return the number of steps of y, by its names or values; 1 if it has none."""
    if isinstance(y, pd.DataFrame) and multistep_name(y.columns) is not None:
        return y.shape[1]
    try:
        y = np.asarray(y)
    except ValueError:  # lists of unequal length
        return 1
    if y.ndim < 2 or y.shape[1] < 2 or len(y) != len(groups.order):
        return 1
    # Constant targets agree by chance.
    changes = (y[1:] != y[:-1]) & (y[1:] == y[1:]) & (y[:-1] == y[:-1])
    return y.shape[1] if changes.any() and are_steps(y, groups.codes) else 1
