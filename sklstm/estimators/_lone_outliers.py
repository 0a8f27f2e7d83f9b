"""Samples with isolated outliers, which are left out of linear models."""

import numpy as np
import pandas as pd

from sklstm.estimators._read_windows import are_windows

# A spike is this many times as large as any change within this number of rows.
_TIMES, _NEARBY = 5.0, 24

# Two values are the same if they differ by at most this share of the spread.
_SAME = 1e-3

# Maximum number of outliers; more of them are typical of the series.
_MOST = 2


def have_outliers(table, y, scaling):
    """Return which samples have an isolated outlier in their window or targets.

    One such value is in the windows or targets of many samples, and changes a linear
    model of few samples. It differs from both neighbours by several times the changes
    of nearby rows. Three or more such rows are not outliers but events, which a model
    should learn; nor is a row where another feature has such a value too.

    Parameters
    ----------
    table : SequenceTable
        The sequences. Unless they are windows of one table, no sample has outliers.

    y : ndarray of shape (n_samples, n_columns)
        Targets.

    scaling : WindowScaling
        Of these; only features that y continues are examined.

    Returns
    -------
    ndarray of bool, of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.estimators._linear_forms import WindowScaling
    >>> from sklstm.estimators._lone_outliers import have_outliers
    >>> from sklstm.sequences import SequenceTable
    >>> rows = np.sin(np.arange(120.0))[:, np.newaxis]
    >>> rows[60] = 50
    >>> table = SequenceTable(rows, np.arange(117), np.full(117, 3))
    >>> scaling = WindowScaling(np.array([0]), np.ones(1), np.zeros(1), 3)
    >>> np.flatnonzero(have_outliers(table, rows[3:], scaling))
    array([57, 58, 59, 60])
    """
    found = np.zeros(len(table), dtype=bool)
    if not are_windows(table):
        return found
    starts = table.starts.astype(np.int64)
    n_spikes = 0
    for feature in np.unique(scaling.own):
        x = table.values[:, feature].astype(np.float64)
        columns = scaling.features == feature
        later = (y[:, columns] - scaling.offsets[columns]) / scaling.slopes[columns]
        lone = _lone(x)
        rows = _unexplained(lone, table.values, feature)
        count = np.zeros(len(x) + 1, dtype=np.int64)
        count[rows + 1] = 1
        count = np.cumsum(count)
        found |= count[starts + table.lengths] > count[starts]
        # The last rows may be in no window, but they are targets of several samples.
        of_targets = [z[_lone(z)] for z in later.T]
        explained = x[np.setdiff1d(lone, rows)]
        values = np.unique(np.concatenate([x[rows], *of_targets]))
        spread = np.nanmedian(np.abs(x - np.nanmedian(x)))
        if len(values) and len(explained):
            values = values[_distance(values, explained) > _SAME * spread]
        if len(values):
            found |= (_distance(later, values) <= _SAME * spread).any(axis=1)
        n_spikes += max(len(rows), _n_unlike(values, _SAME * spread))
    return found if n_spikes <= _MOST else np.zeros(len(table), dtype=bool)


def _unexplained(rows, values, feature):
    """Leave out rows at, or right after, a spike of another feature."""
    others = np.delete(np.arange(values.shape[1]), feature) if len(rows) else ()
    for other in others:
        events = _spikes(values[:, other].astype(np.float64))
        rows = np.setdiff1d(rows, np.concatenate([events, events + 1]))
    return rows


def _n_unlike(values, tolerance):
    """Count sorted values that differ by more than a tolerance."""
    return len(values) and 1 + int((np.diff(values) > tolerance).sum())


def _distance(x, values):
    """Compute distances to the nearest of some sorted values; NaN stays NaN."""
    after = np.minimum(np.searchsorted(values, x), len(values) - 1)
    before = np.maximum(after - 1, 0)
    return np.minimum(np.abs(x - values[after]), np.abs(x - values[before]))


def _spikes(x):
    """Return rows above or below both neighbours by several times the median change."""
    return _spikes_and_steps(x)[0]


def _spikes_and_steps(x):
    """Return these rows, known rows, spikes and the sizes of changes."""
    known = np.flatnonzero(~np.isnan(x))
    steps = np.diff(x[known])
    one, other = steps[:-1], -steps[1:]
    spike = np.where(one * other > 0, np.minimum(np.abs(one), np.abs(other)), 0.0)
    sizes = np.abs(steps)
    far = spike > _TIMES * np.median(sizes) if len(spike) else spike > 0
    return known[np.flatnonzero(far) + 1], known, spike, sizes


def _lone(x):
    """Return spikes that are also several times as large as any change nearby."""
    rows, known, spike, sizes = _spikes_and_steps(x)
    if not len(rows):
        return rows
    before, after = _largest_before(sizes), _largest_before(sizes[::-1])[::-1]
    nearby = np.maximum(before[:-1], after[1:])
    far = (nearby > 0) & (spike > _TIMES * np.maximum(nearby, np.median(sizes)))
    return known[np.flatnonzero(far) + 1]


def _largest_before(sizes):
    rolling = pd.Series(sizes).rolling(_NEARBY, min_periods=1).max()
    return np.concatenate([[0.0], rolling.to_numpy()[:-1]])
