"""Search for the feature whose later values the targets are."""

import numpy as np

from sklstm.estimators._read_windows import are_windows

# Maximum number of samples and of steps ahead that are compared.
_N_SAMPLES, _MAX_AHEAD = 256, 200

# Maximum number of comparisons; with more features there are fewer steps ahead.
_MOST = 2**24

# Maximum number of columns of y with a search over all features and steps ahead.
_SEARCHES = 8

# Tolerance as a share of the deviation of y, and the limit of what float32 adds to it;
# minimum share of samples that agree.
_TOLERANCE, _ROUNDED, _AGREE = 1e-3, 0.01, 0.8


def find_continued(table, y, *, same=False):
    """Return the feature whose later values each column of y has.

    Values agree up to slope and offset, as features may be scaled and y is
    standardized. A feature is found if its value at the same number of rows after the
    end of each sequence gives y exactly, for nearly all samples.

    Parameters
    ----------
    table : SequenceTable
        The sequences, with rows for missing time steps.

    y : ndarray of shape (n_samples, n_columns)
        Targets; NaN are left out.

    same : bool, default=False
        Whether y must equal these values, with slope 1 and offset 0.

    Returns
    -------
    features : ndarray of int, of shape (n_columns,)
        Indices of features; -1 for none.

    slopes, offsets : ndarray of shape (n_columns,)
        ``y = slope * feature + offset``; 1 and 0 for none.

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
    later = _LaterValues(table, same)
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
    """Return the horizon at which targets have the values of a feature.

    `expected` is tried first, and returned if none is found. `y` has shape
    (n_samples,), with NaN for missing targets.
    """
    if not are_windows(table):
        return expected
    later = _LaterValues(table, same=False)
    if later.find(y, [expected], [feature]) is not None:
        return expected
    found = later.find(y, features=[feature])
    return expected if found is None else found[0]


def _near(later, y, ahead, feature, n_features):
    """Try the usual next columns: the next step ahead, or the next target."""
    after = (feature + 1) % n_features
    for one in (ahead + 1, feature), (ahead, after), (ahead + 1, 0), (ahead, feature):
        found = later.find(y, [one[0]], [one[1]])
        if found is not None:
            return found
    return None


def scale_of(table, y, features):
    """Return slopes and offsets that predict y from last values of features best.

    `features` holds the index of a feature for each column of y. Slope and offset are 1
    and 0 if the feature is constant.
    """
    table = table.drop_missing()
    some = np.flatnonzero(table.lengths > 0)
    last = table.values[table.starts[some] + table.lengths[some] - 1]
    slopes, offsets = np.ones(len(features)), np.zeros(len(features))
    for column, feature in enumerate(features):
        x, target = last[:, feature].astype(np.float64), y[some, column]
        known = ~np.isnan(target)
        if known.any() and np.ptp(x[known]) > 0:
            slopes[column], offsets[column] = _least_squares(x[known], target[known])
    return slopes, offsets


class _LaterValues:
    """Values of the features in the rows after the end of each sequence."""

    def __init__(self, table, same):
        self._same = same
        ends = table.starts.astype(np.int64) + table.lengths - 1
        self._values = table.values
        overlap = are_windows(table)
        # For windows of one table, rows after the end; else the ends of later samples.
        self._rows = np.arange(len(table.values)) if overlap else ends
        self._ends = ends if overlap else np.arange(len(ends))

    def find(self, y, aheads=None, features=None):
        known = np.flatnonzero(~np.isnan(y))
        n_ahead = min(_MAX_AHEAD, max(_MOST // (_N_SAMPLES * self._values.shape[1]), 4))
        aheads = range(n_ahead) if aheads is None else aheads
        features = slice(None) if features is None else features
        generator = np.random.default_rng(0)
        if len(known) > _N_SAMPLES:
            known = np.sort(generator.choice(known, _N_SAMPLES, replace=False))
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
    """Return the column of x that gives most of y by slope and offset, or None."""
    known = ~np.isnan(x)
    if not (known.sum(axis=0) >= max(8, len(x) // 4)).any():
        return None
    slope, offset, varies = _identity(x) if same else _line(x, y, partner)
    # The rounding of float32 far from zero, up to a limit.
    rounded = np.abs(slope) * np.nanmax(np.abs(x), axis=0, initial=0) * 2.0**-23
    tolerance = _TOLERANCE * deviation + np.minimum(rounded, _ROUNDED * deviation)
    agrees = np.abs(y[:, np.newaxis] - slope * x - offset) <= tolerance
    share = _share(agrees, known)
    if same:  # a frequent value agrees in many columns
        share = np.minimum(share, _share(agrees, known & (y != np.median(y))[:, None]))
    share[~varies | (slope == 0) | (known.sum(axis=0) < max(8, len(x) // 4))] = 0
    best = int(np.argmax(share))
    if share[best] < _AGREE:
        return None
    if same:
        return best, 1.0, 0.0
    exact = agrees[:, best] & known[:, best]
    return best, *_least_squares(x[exact, best], y[exact])


def _least_squares(x, y):
    """Return slope and offset of the line through points.

    `np.polyfit` warns if x hardly varies.
    """
    mean, center = x.mean(), y.mean()
    power = ((x - mean) ** 2).sum()
    slope = ((x - mean) * (y - center)).sum() / power if power > 0 else 0.0
    return float(slope), float(center - slope * mean)


def _share(agrees, known):
    return (agrees & known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _identity(x):
    """Return slopes 1 and offsets 0, and which columns vary."""
    return np.ones(x.shape[1]), np.zeros(x.shape[1]), np.ptp(x, axis=0) != 0


def _line(x, y, partner):
    """Return slopes and offsets that give most of y, and which columns of x vary."""
    known = ~np.isnan(x)
    distance = x - x[partner]
    far = np.abs(distance) > 1e-9 * np.nanmax(np.abs(x), axis=0, initial=1e-300)
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = np.where(far, (y - y[partner])[:, np.newaxis] / distance, np.nan)
    varies = (~np.isnan(slopes)).any(axis=0)
    slopes[:, ~varies] = 0.0
    slope = np.nanmedian(slopes, axis=0)
    rest = y[:, np.newaxis] - slope * x
    rest[:, ~known.any(axis=0)] = 0.0
    return slope, np.nanmedian(rest, axis=0), varies
