"""Samples that hold a lone outlier, which no linear model should be fitted to."""

import numpy as np
import pandas as pd

from sklstm.estimators._read_windows import are_windows

# How many times a spike is as large as any change within so many rows of it.
_TIMES, _NEARBY = 5.0, 24

# Targets are values of rows within this share of their spread.
_SAME = 1e-3

# The share of the rows that may be outliers: more are what the series is like.
_RARE = 0.01


def hold_outliers(table, y, units):
    """Tell which samples hold a value that stands alone, far from both its neighbours.

    One such value is in the windows, or is a target, of many samples, of which each is
    far from what others tell: that bends a model of few samples. It must be several
    times as far away as rows nearby are from each other.

    Parameters
    ----------
    table : SequenceTable
        The sequences; only windows of one table are looked at.

    y : ndarray of shape (n_samples, n_columns)
        Targets.

    units : Units
        What they continue: features that nothing continues are not looked at.

    Returns
    -------
    ndarray of bool, of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.estimators._linear_forms import Units
    >>> from sklstm.estimators._lone_outliers import hold_outliers
    >>> from sklstm.sequences import SequenceTable
    >>> rows = np.sin(np.arange(120.0))[:, np.newaxis]
    >>> rows[60] = 50
    >>> table = SequenceTable(rows, np.arange(117), np.full(117, 3))
    >>> units = Units(np.array([0]), np.ones(1), np.zeros(1), 3)
    >>> np.flatnonzero(hold_outliers(table, rows[3:], units))
    array([57, 58, 59, 60])
    """
    found = np.zeros(len(table), dtype=bool)
    if not are_windows(table):
        return found
    starts = table.starts.astype(np.int64)
    for feature in np.unique(units.own):
        x = table.values[:, feature].astype(np.float64)
        columns = units.features == feature
        later = (y[:, columns] - units.offsets[columns]) / units.slopes[columns]
        rows = _rare(_lone(x), len(x))
        count = np.zeros(len(x) + 1, dtype=np.int64)
        count[rows + 1] = 1
        count = np.cumsum(count)
        found |= count[starts + table.lengths] > count[starts]
        # The newest rows may be in no window, but are targets of several samples.
        values = [x[rows], *(z[_rare(_lone(z), len(z))] for z in later.T)]
        values = np.unique(np.concatenate(values))
        if len(values):
            spread = np.nanmedian(np.abs(x - np.nanmedian(x)))
            found |= (_distance(later, values) <= _SAME * spread).any(axis=1)
    return found


def _rare(rows, n):
    return rows if len(rows) <= max(_RARE * n, 1) else rows[:0]


def _distance(x, values):
    """Compute how far it is to the nearest of some sorted values; NaN stays NaN."""
    after = np.minimum(np.searchsorted(values, x), len(values) - 1)
    before = np.maximum(after - 1, 0)
    return np.minimum(np.abs(x - values[after]), np.abs(x - values[before]))


def _lone(x):
    """Find rows that are on one side of both neighbours, and far from them."""
    there = np.flatnonzero(~np.isnan(x))
    steps = np.diff(x[there])
    if len(steps) < 3:
        return there[:0]
    one, other = steps[:-1], -steps[1:]
    spike = np.where(one * other > 0, np.minimum(np.abs(one), np.abs(other)), 0.0)
    sizes = np.abs(steps)
    if not (spike > _TIMES * np.median(sizes)).any():
        return there[:0]
    # The largest of the steps before the one to a row, and after the one from it.
    before, after = _largest_before(sizes), _largest_before(sizes[::-1])[::-1]
    nearby = np.maximum(before[:-1], after[1:])
    far = (nearby > 0) & (spike > _TIMES * np.maximum(nearby, np.median(sizes)))
    return there[np.flatnonzero(far) + 1]


def _largest_before(sizes):
    rolling = pd.Series(sizes).rolling(_NEARBY, min_periods=1).max()
    return np.concatenate([[0.0], rolling.to_numpy()[:-1]])
