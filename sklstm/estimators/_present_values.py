"""The first value that is not missing, among some lags of sequences."""

import numpy as np


def first_present(table, feature, lags):
    """Return for each sequence the first value, among some lags, that is not NaN.

    Parameters
    ----------
    table : SequenceTable
        The sequences.

    feature : int
        Index of the feature.

    lags : iterable of int
        Lags in order of preference; 0 is the last time step of a sequence.

    Returns
    -------
    ndarray of shape (n_samples,)
        NaN if no lag has a value.

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
    found = np.full(len(table), np.nan)
    first = table.starts.astype(np.int64)
    last = first + table.lengths - 1
    column = table.values[:, feature]
    lacking = np.arange(len(table))
    for lag in lags:
        if not len(lacking):
            break
        row = last[lacking] - lag
        present = row >= first[lacking]
        found[lacking[present]] = column[row[present]]
        lacking = lacking[np.isnan(found[lacking])]
    return found
