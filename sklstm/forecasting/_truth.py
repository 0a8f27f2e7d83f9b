"""The true values of the targets of each row."""

from numbers import Number

import numpy as np
import pandas as pd


def truth_of(y, n_targets):
    """Return the targets of each row: (n_rows, n_targets).

    If y holds several steps, as `make_multistep` arranges them, the last is that of
    the row.

    Examples
    --------
    >>> from sklstm.forecasting._truth import truth_of
    >>> truth_of([[1, 2, 3], [2, 3, 4]], 1)
    array([[3],
           [4]])
    """
    y = np.asarray(y)
    if y.dtype == object and pd.isna(y).any():  # such as pd.NA
        y = np.where(pd.isna(y), np.nan, y)
        if all(isinstance(value, Number) for value in y.flat):
            y = y.astype(float)
    return y.reshape(len(y), -1, n_targets)[:, -1]
