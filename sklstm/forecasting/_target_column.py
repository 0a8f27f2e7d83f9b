"""The values of y, and the columns of X that it is."""

from numbers import Number

import numpy as np
import pandas as pd

from sklstm._multistep import are_steps, multistep_name
from sklstm._validation import shortened
from sklstm.preprocessing._seen_target import differ


def find_target(X, y, codes, group_by):
    """Return the values of y, and the columns of X that hold its history.

    Parameters
    ----------
    X : DataFrame, polars.DataFrame or ndarray of shape (n_rows, n_features)
        The table.

    y : array-like of shape (n_rows,), (n_rows, n_outputs) or as of `make_multistep`
        The targets.

    codes : ndarray of int, of shape (n_rows,)
        The number of each row's group.

    group_by : str, int or None
        The column of groups.

    Returns
    -------
    values : ndarray of shape (n_rows, n_steps, n_targets)
        The targets; the last step is that of the row itself.

    columns : list
        The column of X that each target is.

    Raises
    ------
    ValueError
        If a target is no column of X.
    """
    values, names = _read(y, names_of(y), codes)
    own = values[:, -1]
    features = [c for c in columns_of(X) if c != group_by]
    by_name = {str(column): column for column in features}
    columns = [
        _checked_column(X, by_name[str(name)], own[:, i])
        if name is not None and str(name) in by_name
        else _equal_column(X, features, own[:, i], i, own.shape[1])
        for i, name in enumerate(names)
    ]
    if len({*columns}) < len(columns):
        raise ValueError(
            f"Several targets of y are the column {columns[0]!r} of X. Name "
            "the columns of y as those of X."
        )
    return values, columns


def truth_of(y, n_targets):
    """Return the targets of each row: (n_rows, n_targets).

    If y holds several steps, as `make_multistep` arranges them, the last is that of
    the row.

    Examples
    --------
    >>> from sklstm.forecasting._target_column import truth_of
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


def names_of(y):
    """Return the names of a Series or of the columns of a DataFrame; None without."""
    if hasattr(y, "columns"):  # of pandas or polars
        return None if isinstance(y.columns, pd.RangeIndex) else list(y.columns)
    return [y.name] if getattr(y, "name", None) not in (None, "") else None


def columns_of(X):
    """Return the names of columns; for an array their positions."""
    return list(X.columns) if hasattr(X, "columns") else list(range(X.shape[1]))


def history_of(X, columns):
    """Return columns of X as floats, NaN where nothing is known.

    Raises
    ------
    ValueError
        If a value is no number.
    """
    history = np.empty((len(X), len(columns)))
    for i, column in enumerate(columns):
        values = as_series(X, column)
        history[:, i] = numbers_of(values)
        wrong = np.isnan(history[:, i]) & values.notna().to_numpy()
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"X must hold numbers, but {row_namer(X, column)(row)} holds "
                f"{values.iloc[row]!r}."
            )
    return history


def is_of_numbers(values):
    """Return whether all values of a Series are numbers."""
    if values.dtype == object:
        values = values.infer_objects()
    return pd.api.types.is_numeric_dtype(values.dtype)


def row_namer(X, column=None):
    """Return a function that names a row, such as "row 3 (2026-01-04) of y"."""
    what = "y" if column is None else f"column {column!r} of X"
    index = X.index if hasattr(X, "index") else None
    if index is None or isinstance(index, pd.RangeIndex):
        return lambda row: f"row {row} of {what}"
    return lambda row: f"row {row} ({index[row]}) of {what}"


def as_series(X, column):
    values = X[column] if hasattr(X, "columns") else X[:, column]
    return values if isinstance(values, pd.Series) else pd.Series(np.asarray(values))


def numbers_of(values):
    """Return a Series as floats; NaN where a value is no number."""
    numbers = pd.to_numeric(values, errors="coerce")
    return numbers.to_numpy(dtype=float, na_value=np.nan)


def _read(y, names, codes):
    """Return y as floats of three axes, and the name of each target, or None."""
    try:
        if isinstance(y, pd.Series | pd.DataFrame):
            values = y.to_numpy(dtype=float, na_value=np.nan)
        else:
            values = np.asarray(y, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold numbers to be transformed: {error}.") from error
    if values.ndim not in (1, 2, 3):
        raise ValueError(
            "y must be of shape (n_rows,), (n_rows, n_outputs), (n_rows, n_steps) or "
            f"(n_rows, n_steps, n_outputs), got {values.shape}."
        )
    if values.ndim == 1:
        return values[:, np.newaxis, np.newaxis], names or [None]
    if values.ndim == 3:
        return values, names or [None] * values.shape[2]
    base = multistep_name(names)
    if base is not None:
        return values[:, :, np.newaxis], [base]
    if names is None and are_steps(values, codes):
        return values[:, :, np.newaxis], [None]
    return values[:, np.newaxis], names or [None] * values.shape[1]


def _checked_column(X, column, y):
    """Return the column of X with the name of y; raise unless it holds y."""
    x = numbers_of(as_series(X, column))
    wrong = differ(x, y)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"y is called {column!r}, but is not that column of X: in "
            f"{row_namer(X)(row)} it is {y[row]:g}, the column {x[row]:g}. Pass y "
            "with the values of the column, neither shifted nor transformed: the "
            "forecaster transforms both."
        )
    return column


def _equal_column(X, features, y, number, n_targets):
    """Return the only column of X that is equal to y."""
    found = [c for c in features if _is_equal(numbers_of(as_series(X, c)), y)]
    if len(found) == 1:
        return found[0]
    target = "y" if n_targets == 1 else f"target {number} of y"
    if found:
        raise ValueError(
            f"{target} must be one column of X, but is equal to {shortened(found)}. "
            "Pass y as a Series with the name of the column."
        )
    raise ValueError(
        f"{target} is no column of X, which has {shortened(features)}. Its history in "
        "X must be transformed as well: add the column, with the values of y. (Without "
        "one, TransformedTargetRegressor of scikit-learn transforms only y.)"
    )


def _is_equal(x, y):
    both = ~np.isnan(x) & ~np.isnan(y)
    return bool(both.any() and not differ(x, y).any())
