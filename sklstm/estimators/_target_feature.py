"""Which feature the targets are later values of."""

import numpy as np

from sklstm.estimators._read_windows import are_windows

# Samples that are looked at, pairs of them, and steps ahead.
_N_LOOKED_AT, _FARTHEST = 256, 200

# Numbers of comparisons at once: more features are looked at over fewer steps ahead.
_MOST = 2**24

# Columns of y that are looked for among all features and steps.
_SEARCHES = 8

# Shares of the deviation of y that two values may differ by, and besides where float32
# has no more digits; share of samples that agree.
_TOLERANCE, _ROUNDED, _AGREE = 1e-3, 0.01, 0.8


def find_continued(table, y, *, same=False):
    """Find the feature whose later values each column of y has.

    Up to scale and offset, as features may be scaled and y is standardized: it is so
    if the value of the feature some steps after the end of a sequence, the same number
    for all, tells y of nearly all samples exactly.

    Parameters
    ----------
    table : SequenceTable
        The sequences, with the rows that are missing steps.

    y : ndarray of shape (n_samples, n_columns)
        Targets; NaN are left out.

    same : bool, default=False
        Whether y must be these values themselves, in the units of the feature.

    Returns
    -------
    features : ndarray of int, of shape (n_columns,)
        Numbers of features; -1 where there is none.

    slopes, offsets : ndarray of shape (n_columns,)
        ``y = slope * feature + offset``; 1 and 0 where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.estimators._target_feature import find_continued
    >>> from sklstm.sequences import SequenceTable
    >>> rows = np.random.default_rng(0).normal(size=(40, 2))
    >>> table = SequenceTable(rows, np.arange(30), np.full(30, 5))
    >>> find_continued(table, 10 * rows[7:37, 1:] + 3)
    (array([1]), array([10.]), array([3.]))
    """
    n_columns = y.shape[1]
    features = np.full(n_columns, -1)
    slopes, offsets = np.ones(n_columns), np.zeros(n_columns)
    later = _Later(table, same)
    before, searches = None, 0
    for column in range(n_columns):
        found = None
        if before is not None:
            found = _near(later, y[:, column], *before, table.n_features)
        if found is None and searches < _SEARCHES:
            searches += 1
            found = later.find(y[:, column])
        if found is not None:
            ahead, features[column], slopes[column], offsets[column] = found
            before = ahead, features[column]
    return features, slopes, offsets


def steps_to_target(table, y, feature, expected):
    """Return how many steps after the end of its window a target is a feature's value.

    Parameters
    ----------
    table : SequenceTable
        The windows, with the rows that are missing steps.

    y : ndarray of shape (n_samples,)
        Targets; NaN are left out.

    feature : int
        The number of the feature.

    expected : int
        What is looked at first, and returned where nothing tells.

    Returns
    -------
    int
    """
    if not are_windows(table):
        return expected
    later = _Later(table, same=False)
    if later.find(y, [expected], [feature]) is not None:
        return expected
    found = later.find(y, features=[feature])
    return expected if found is None else found[0]


def _near(later, y, ahead, feature, n_features):
    """Look where columns of y stand one after the other: step by step, or target."""
    after = (feature + 1) % n_features
    for one in (ahead + 1, feature), (ahead, after), (ahead + 1, 0), (ahead, feature):
        found = later.find(y, [one[0]], [one[1]])
        if found is not None:
            return found
    return None


def scale_of(table, y, features):
    """Compute slopes and offsets by which last values of features tell y best.

    Parameters
    ----------
    table : SequenceTable
        The sequences, with the rows that are missing steps.

    y : ndarray of shape (n_samples, n_columns)
        Targets; NaN are left out.

    features : ndarray of int, of shape (n_columns,)
        A feature for each column.

    Returns
    -------
    slopes, offsets : ndarray of shape (n_columns,)
        Of least squares; 1 and 0 where a feature does not vary.
    """
    table = table.drop_missing()
    there = np.flatnonzero(table.lengths > 0)
    last = table.values[table.starts[there] + table.lengths[there] - 1]
    slopes, offsets = np.ones(len(features)), np.zeros(len(features))
    for column, feature in enumerate(features):
        x, target = last[:, feature].astype(np.float64), y[there, column]
        known = ~np.isnan(target)
        if known.any() and np.ptp(x[known]) > 0:
            slopes[column], offsets[column] = np.polyfit(x[known], target[known], 1)
    return slopes, offsets


class _Later:
    """Values of the features in the steps after the end of each sequence."""

    def __init__(self, table, same):
        self._same = same
        ends = table.starts.astype(np.int64) + table.lengths - 1
        self._values = table.values
        overlap = are_windows(table)
        # Of windows of one table, rows after the end; of others, ends of later samples.
        self._rows = np.arange(len(table.values)) if overlap else ends
        self._ends = ends if overlap else np.arange(len(ends))

    def find(self, y, aheads=None, features=None):
        known = np.flatnonzero(~np.isnan(y))
        n_ahead = min(
            _FARTHEST, max(_MOST // (_N_LOOKED_AT * self._values.shape[1]), 4)
        )
        aheads = range(n_ahead) if aheads is None else aheads
        features = slice(None) if features is None else features
        generator = np.random.default_rng(0)
        if len(known) > _N_LOOKED_AT:
            known = np.sort(generator.choice(known, _N_LOOKED_AT, replace=False))
        deviation = np.std(y[known]) if len(known) else 0
        if not deviation > 0 or not len(self._rows):
            return None
        partner = generator.permutation(len(known))
        for ahead in aheads:
            places = self._ends[known] + ahead
            inside = places < len(self._rows)
            if inside.sum() < 8:
                continue
            rows = self._rows[np.minimum(places, len(self._rows) - 1)]
            x = self._values[rows][:, features].astype(np.float64)
            x[~inside] = np.nan
            found = _affine(x, y[known], partner, deviation, self._same)
            if found is not None:
                feature, slope, offset = found
                feature = feature if isinstance(features, slice) else features[feature]
                return ahead, feature, slope, offset
        return None


def _affine(x, y, partner, deviation, same):
    """Find a column of x that gives y by a slope and an offset, nearly everywhere."""
    there = ~np.isnan(x)
    if not (there.sum(axis=0) >= max(8, len(x) // 4)).any():
        return None
    slope, offset, some = _identity(x) if same else _line(x, y, partner)
    # What float32 leaves of values that are far from zero, if it is little.
    rounded = np.abs(slope) * np.nanmax(np.abs(x), axis=0, initial=0) * 2.0**-23
    tolerance = _TOLERANCE * deviation + np.minimum(rounded, _ROUNDED * deviation)
    agrees = np.abs(y[:, np.newaxis] - slope * x - offset) <= tolerance
    share = _share(agrees, there)
    if same:  # of a column that is mostly one value, many others have that value too
        share = np.minimum(share, _share(agrees, there & (y != np.median(y))[:, None]))
    share[~some | (slope == 0) | (there.sum(axis=0) < max(8, len(x) // 4))] = 0
    best = int(np.argmax(share))
    if share[best] < _AGREE:
        return None
    if same:
        return best, 1.0, 0.0
    exact = agrees[:, best] & there[:, best]
    a, b = np.polyfit(x[exact, best], y[exact], 1)
    return best, float(a), float(b)


def _share(agrees, there):
    return (agrees & there).sum(axis=0) / np.maximum(there.sum(axis=0), 1)


def _identity(x):
    """Return slopes and offsets of what is the same, and which columns vary."""
    return np.ones(x.shape[1]), np.zeros(x.shape[1]), np.ptp(x, axis=0) != 0


def _line(x, y, partner):
    """Return slopes and offsets that give most of y, and which columns of x vary."""
    there = ~np.isnan(x)
    distance = x - x[partner]
    far = np.abs(distance) > 1e-9 * np.nanmax(np.abs(x), axis=0, initial=1e-300)
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = np.where(far, (y - y[partner])[:, np.newaxis] / distance, np.nan)
    some = (~np.isnan(slopes)).any(axis=0)
    slopes[:, ~some] = 0.0
    slope = np.nanmedian(slopes, axis=0)
    rest = y[:, np.newaxis] - slope * x
    rest[:, ~there.any(axis=0)] = 0.0
    return slope, np.nanmedian(rest, axis=0), some
