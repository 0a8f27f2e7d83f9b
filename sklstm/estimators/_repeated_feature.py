"""Search for the features that a naive forecast repeats."""

import warnings

import numpy as np

from sklstm._validation import shortened
from sklstm.estimators._target_feature import find_continued
from sklstm.sequences import SequenceTable

# Number of samples of a flat X that are examined: the last ones.
_MOST = 2000


def find_repeated(table, y, *, stacklevel):
    """Return the index of the feature whose later values each target is.

    Parameters
    ----------
    table : SequenceTable
        The windows, with rows for missing time steps.

    y : ndarray of shape (n_samples, n_targets)
        Targets of the first step ahead; NaN is missing.

    stacklevel : int
        As in :func:`warnings.warn`.

    Returns
    -------
    list of int
        A feature for each target, equal to it or else up to scale and offset; 0 if none
        is found.

    Warns
    -----
    UserWarning
        If there are several features, and a target continues none of them.
    """
    if table.n_features == 1:
        return [0] * y.shape[1]
    features, _, _ = find_continued(table, y, same=True)
    if (features < 0).any():
        of_other_scale, _, _ = find_continued(table, y)
        features = np.where(features < 0, of_other_scale, features)
    lost = np.flatnonzero(features < 0)
    if len(lost):
        which = "y" if y.shape[1] == 1 else f"Column {shortened(lost.tolist())} of y"
        warnings.warn(
            f"{which} continues none of the {table.n_features} features of X, as "
            'far as its samples tell: target_feature="auto" predicts values of feature '
            "0. Name the feature, such as target_feature=0.",
            UserWarning,
            stacklevel=stacklevel,
        )
    return np.maximum(features, 0).tolist()


def check_last_column(table, y, names, estimator):
    """Raise if y continues another column of a flat X than the last.

    Flat windows of several features look so; they are read as time steps of one
    feature. `y` has shape (n_samples,), with NaN for missing targets; `names` are those
    of the columns, or None.
    """
    some = slice(-_MOST, None)
    starts, y = table.starts[some].astype(np.int64), y[some, np.newaxis]
    columns = table.values[starts[:, np.newaxis] + np.arange(table.n_timesteps), 0]
    last = columns.shape[1] - 1
    if _column_of(columns[:, last:], y) == 0:
        return
    # Only in later samples: values of y in its own sample are no history.
    column = _column_of(columns[1:], y[:-1])
    if column in (-1, last) or not _are_flat_windows(columns, last - column):
        return
    named = "" if names is None else f" ({names[column]!r})"
    raise ValueError(
        f"y continues column {column}{named} of X, but of an X of two axes, whose "
        f"columns are steps of one feature, {type(estimator).__name__} predicts values "
        f"of the last, column {last}. Leave out flatten=True of SlidingWindow, or put "
        'Reshape3D(n_features=...) in front; target_feature=0 in place of "auto" '
        "takes X as it is."
    )


def _are_flat_windows(columns, least):
    """Return whether rows may be flat windows of more than `least` features.

    Each row then is the previous one, shifted by the number of features.
    """
    n = columns.shape[1]
    sizes = [size for size in range(least + 1, n) if n % size == 0]
    one, next_one = columns[:-1], columns[1:]
    return any(
        np.array_equal(next_one[:, :-size], one[:, size:], equal_nan=True)
        for size in sizes
    )


def _column_of(columns, y):
    """Return the column that has y in the same row or a later one; -1 for none."""
    one = np.ones(len(columns), dtype=np.int64)
    rows = SequenceTable(columns, np.arange(len(columns)), one)
    return int(find_continued(rows, y, same=True)[0][0])
