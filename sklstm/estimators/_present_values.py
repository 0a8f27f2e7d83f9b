"""The first value that is there, among some steps before the end of sequences."""

import numpy as np


def first_present(table, feature, ago, found=None):
    """Return for each sequence the first value, among some steps, that is no NaN.

    Parameters
    ----------
    table : SequenceTable
        The sequences.

    feature : int
        The feature that is looked at.

    ago : iterable of int
        The steps in the order in which they are asked for, counted back from the last
        one of a sequence, which is 0.

    found : ndarray of shape (n_samples,), default=None
        What is there already; only its NaN are looked for.

    Returns
    -------
    ndarray of shape (n_samples,)
        NaN where none of the steps has a value.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.estimators._present_values import first_present
    >>> from sklstm.sequences import SequenceTable
    >>> nan = np.nan
    >>> X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, nan], [6.0, nan, nan]])
    >>> first_present(SequenceTable.from_array(X[:, :, np.newaxis]), 0, [0, 1])
    array([ 3.,  5., nan])
    """
    n_samples = len(table)
    found = np.full(n_samples, np.nan) if found is None else found.copy()
    first = table.starts.astype(np.int64)
    last = first + table.lengths - 1
    column = table.values[:, feature]
    lacking = np.flatnonzero(np.isnan(found))
    for steps in ago:
        if not len(lacking):
            break
        row = last[lacking] - steps
        there = row >= first[lacking]
        found[lacking[there]] = column[row[there]]
        lacking = lacking[np.isnan(found[lacking])]
    return found
