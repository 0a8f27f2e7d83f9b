"""What came true: y of each row, in whatever shape the pipeline learned it."""

from numbers import Number

import numpy as np
import pandas as pd


def truth_of(y, n_targets):
    """Return y of each row.

    Parameters
    ----------
    y : array-like of shape (n_rows, ...)
        The targets; of several steps, as `make_multistep` arranges them, the last is
        that of the row.

    n_targets : int
        How many targets there are.

    Returns
    -------
    ndarray of shape (n_rows, n_targets)

    Examples
    --------
    >>> from sklstm.forecasting._truth import truth_of
    >>> truth_of([[1, 2, 3], [2, 3, 4]], 1)
    array([[3],
           [4]])
    """
    y = np.asarray(y)
    if y.dtype == object and pd.isna(y).any():  # pandas' own kinds of missing
        y = np.where(pd.isna(y), np.nan, y)
        if all(isinstance(value, Number) for value in y.flat):
            y = y.astype(float)
    return y.reshape(len(y), -1, n_targets)[:, -1]
