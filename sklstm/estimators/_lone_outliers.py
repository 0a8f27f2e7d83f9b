"""Samples that hold a lone outlier, which no linear model should be fitted to."""

import numpy as np
import pandas as pd

from sklstm.estimators._read_windows import are_windows

# How many times a spike is as large as any change within so many rows of it.
_TIMES, _NEARBY = 5.0, 24

# Targets are values of rows within this share of their spread.
_SAME = 1e-3

# Rows that may be outliers: more are what the series is like.
_MOST = 2


def hold_outliers(table, y, units):
    """Tell which samples hold a value that stands alone, far from both its neighbours.

    One such value is in the windows, or is a target, of many samples, of which each is
    far from what others tell: that bends a model of few samples. It must be several
    times as far away as rows nearby are from each other. Three such rows are events,
    which a model is to learn; so is one at which another feature stands alone too.

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
    n_lone = 0
    for feature in np.unique(units.own):
        x = table.values[:, feature].astype(np.float64)
        columns = units.features == feature
        later = (y[:, columns] - units.offsets[columns]) / units.slopes[columns]
        lone = _lone(x)
        rows = _unexplained(lone, table.values, feature)
        count = np.zeros(len(x) + 1, dtype=np.int64)
        count[rows + 1] = 1
        count = np.cumsum(count)
        found |= count[starts + table.lengths] > count[starts]
        # The newest rows may be in no window, but are targets of several samples.
        of_targets = [z[_lone(z)] for z in later.T]
        explained = x[np.setdiff1d(lone, rows)]
        values = np.unique(np.concatenate([x[rows], *of_targets]))
        spread = np.nanmedian(np.abs(x - np.nanmedian(x)))
        if len(values) and len(explained):
            values = values[_distance(values, explained) > _SAME * spread]
        if len(values):
            found |= (_distance(later, values) <= _SAME * spread).any(axis=1)
        n_lone += max(len(rows), _n_unlike(values, _SAME * spread))
    return found if n_lone <= _MOST else np.zeros(len(table), dtype=bool)


def _unexplained(rows, values, feature):
    """Leave out rows at which another feature stands alone, or at the row before."""
    others = np.delete(np.arange(values.shape[1]), feature) if len(rows) else ()
    for other in others:
        events = _spikes(values[:, other].astype(np.float64))
        rows = np.setdiff1d(rows, np.concatenate([events, events + 1]))
    return rows


def _n_unlike(values, tolerance):
    """Count sorted values that are further apart than a tolerance."""
    return len(values) and 1 + int((np.diff(values) > tolerance).sum())


def _distance(x, values):
    """Compute how far it is to the nearest of some sorted values; NaN stays NaN."""
    after = np.minimum(np.searchsorted(values, x), len(values) - 1)
    before = np.maximum(after - 1, 0)
    return np.minimum(np.abs(x - values[after]), np.abs(x - values[before]))


def _spikes(x):
    """Find rows on one side of both neighbours, far beside the usual step."""
    return _spikes_and_steps(x)[0]


def _spikes_and_steps(x):
    """Return these rows, and the rows, spikes and steps of all that is there."""
    there = np.flatnonzero(~np.isnan(x))
    steps = np.diff(x[there])
    one, other = steps[:-1], -steps[1:]
    spike = np.where(one * other > 0, np.minimum(np.abs(one), np.abs(other)), 0.0)
    sizes = np.abs(steps)
    far = spike > _TIMES * np.median(sizes) if len(spike) else spike > 0
    return there[np.flatnonzero(far) + 1], there, spike, sizes


def _lone(x):
    """Find spikes that are far beside any step nearby as well."""
    rows, there, spike, sizes = _spikes_and_steps(x)
    if not len(rows):
        return rows
    # The largest of the steps before the one to a row, and after the one from it.
    before, after = _largest_before(sizes), _largest_before(sizes[::-1])[::-1]
    nearby = np.maximum(before[:-1], after[1:])
    far = (nearby > 0) & (spike > _TIMES * np.maximum(nearby, np.median(sizes)))
    return there[np.flatnonzero(far) + 1]


def _largest_before(sizes):
    rolling = pd.Series(sizes).rolling(_NEARBY, min_periods=1).max()
    return np.concatenate([[0.0], rolling.to_numpy()[:-1]])
