"""Which features a naive forecast repeats, where it is not told."""

import warnings

import numpy as np

from sklstm._validation import shortened
from sklstm.estimators._target_feature import find_continued
from sklstm.sequences import SequenceTable

# Samples of a flat X that are looked at: the last.
_MOST = 2000


def find_repeated(table, y, *, stacklevel):
    """Find the feature whose later values each target is.

    Parameters
    ----------
    table : SequenceTable
        The windows, with the rows that are missing steps.

    y : ndarray of shape (n_samples, n_targets)
        The first step of each target; NaN for none.

    stacklevel : int
        As in :func:`warnings.warn`.

    Returns
    -------
    list of int
        A feature for each target: that whose values it is, or is up to scale and
        offset; 0 where there is no such one.

    Warns
    -----
    UserWarning
        If there are several features, and a target goes on with none of them.
    """
    if table.n_features == 1:
        return [0] * y.shape[1]
    features, _, _ = find_continued(table, y, same=True)
    if (features < 0).any():
        of_other_units, _, _ = find_continued(table, y)
        features = np.where(features < 0, of_other_units, features)
    lost = np.flatnonzero(features < 0)
    if len(lost):
        which = "y" if y.shape[1] == 1 else f"Column {shortened(lost.tolist())} of y"
        warnings.warn(
            f"{which} goes on with none of the {table.n_features} features of X, as "
            'far as its samples tell: target_feature="auto" predicts values of feature '
            "0. Name the feature, such as target_feature=0.",
            UserWarning,
            stacklevel=stacklevel,
        )
    return np.maximum(features, 0).tolist()


def check_last_column(table, y, names, estimator):
    """Refuse a flat X of which y goes on with another column than the last.

    So windows of several features look that were laid flat, which are read as steps of
    a single one.

    Parameters
    ----------
    table : SequenceTable
        A flat X, as samples of one feature.

    y : ndarray of shape (n_samples,)
        The first step of the target; NaN for none.

    names : sequence of str or None
        Of the columns.

    estimator : estimator
        Named in the error.

    Raises
    ------
    ValueError
        If y goes on with a column, but not with the last.
    """
    some = slice(-_MOST, None)
    starts, y = table.starts[some].astype(np.int64), y[some, np.newaxis]
    columns = table.values[starts[:, np.newaxis] + np.arange(table.n_timesteps), 0]
    last = columns.shape[1] - 1
    if _column_of(columns[:, last:], y) == 0:
        return
    # Only in samples after its own: what a sample holds of its own y is no history.
    column = _column_of(columns[1:], y[:-1])
    if column in (-1, last) or not _look_laid_flat(columns, last - column):
        return
    named = "" if names is None else f" ({names[column]!r})"
    raise ValueError(
        f"y goes on with column {column}{named} of X, but of an X of two axes, whose "
        f"columns are steps of one feature, {type(estimator).__name__} predicts values "
        f"of the last, column {last}. Leave out flatten=True of SlidingWindow, or put "
        'Reshape3D(n_features=...) in front; target_feature=0 in place of "auto" '
        "takes X as it is."
    )


def _look_laid_flat(columns, least):
    """Return whether rows may be windows of more than `least` features, laid flat.

    Each is then the one before, moved by as many columns as there are features.
    """
    n = columns.shape[1]
    sizes = [size for size in range(least + 1, n) if n % size == 0]
    one, next_one = columns[:-1], columns[1:]
    return any(
        np.array_equal(next_one[:, :-size], one[:, size:], equal_nan=True)
        for size in sizes
    )


def _column_of(columns, y):
    """Find the column that has y in the same row or a later one; -1 for none."""
    one = np.ones(len(columns), dtype=np.int64)
    rows = SequenceTable(columns, np.arange(len(columns)), one)
    return int(find_continued(rows, y, same=True)[0][0])
