"""The columns of a table that y is: the history that a forecast feeds itself with."""

import numpy as np
import pandas as pd

from sklstm._multistep import are_steps, multistep_name
from sklstm._validation import shortened
from sklstm.forecasting._outputs import names_of
from sklstm.preprocessing._seen_target import differ


class TargetColumns:
    """What y holds, and which columns of X hold its history.

    Parameters
    ----------
    X : DataFrame, polars.DataFrame or ndarray of shape (n_rows, n_features)
        The table.

    y : array-like of shape (n_rows,), (n_rows, n_outputs) or as of `make_multistep`
        The targets.

    codes : ndarray of int, of shape (n_rows,)
        The number of each row's group.

    group_by : str, int or None
        A column that is no feature.

    Raises
    ------
    ValueError
        If a target is no column of X.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_steps, n_targets)
        The targets; the last step is that of the row itself.

    columns : list
        The column of X that each target is.

    history : ndarray of shape (n_rows, n_targets)
        What these columns hold.
    """

    def __init__(self, X, y, codes, group_by):
        names = names_of(y)
        self.values, names = _read(y, names, codes)
        own = self.values[:, -1]
        features = [c for c in columns_of(X) if c != group_by]
        called = {str(column): column for column in features}
        self.columns = [
            _named(X, called[str(name)], own[:, i])
            if name is not None and str(name) in called
            else _alike(X, features, own[:, i], i, own.shape[1])
            for i, name in enumerate(names)
        ]
        if len({*self.columns}) < len(self.columns):
            raise ValueError(
                f"Several targets of y are the column {self.columns[0]!r} of X. Name "
                "the columns of y as those of X."
            )
        self.history = history_of(X, self.columns)


def columns_of(X):
    """Return the names of columns; of an array their positions."""
    return list(X.columns) if hasattr(X, "columns") else list(range(X.shape[1]))


def history_of(X, columns):
    """Return columns of X as floats, NaN where nothing is known.

    Raises
    ------
    ValueError
        If a value is no number.
    """
    history = np.column_stack([_numbers(X, column) for column in columns])
    for i, column in enumerate(columns):
        values = _column(X, column)
        wrong = np.isnan(history[:, i]) & values.notna().to_numpy()
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"X must hold numbers, but {place_of_row(X, column)(row)} holds "
                f"{values.iloc[row]!r}."
            )
    return history


def is_of_numbers(X, column):
    """Return whether a column holds numbers alone."""
    values = _column(X, column)
    if values.dtype == object:
        values = values.infer_objects()
    return pd.api.types.is_numeric_dtype(values.dtype)


def place_of_row(X, column=None):
    """Return what says of a row where it is, such as "row 3 (2026-01-04) of y"."""
    what = "y" if column is None else f"column {column!r} of X"
    index = X.index if hasattr(X, "index") else None
    if index is None or isinstance(index, pd.RangeIndex):
        return lambda row: f"row {row} of {what}"
    return lambda row: f"row {row} ({index[row]}) of {what}"


def _column(X, column):
    values = X[column] if hasattr(X, "columns") else X[:, column]
    return values if isinstance(values, pd.Series) else pd.Series(np.asarray(values))


def _numbers(X, column):
    numbers = pd.to_numeric(_column(X, column), errors="coerce")
    return numbers.to_numpy(dtype=float, na_value=np.nan)


def _read(y, names, codes):
    """Read y as floats of three axes; give the name of each target, or None."""
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


def _named(X, column, y):
    """Return the column of X that is called as y, if it is y."""
    x = _numbers(X, column)
    wrong = differ(x, y)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"y is called {column!r}, but is not that column of X: in "
            f"{place_of_row(X)(row)} it is {y[row]:g}, the column {x[row]:g}. Pass y "
            "as it stands in X, neither shifted nor transformed, which is done here."
        )
    return column


def _alike(X, features, y, number, n_targets):
    """Return the one column of X that holds what y does."""
    found = [c for c in features if _is_alike(_numbers(X, c), y)]
    if len(found) == 1:
        return found[0]
    target = "y" if n_targets == 1 else f"target {number} of y"
    if found:
        raise ValueError(
            f"Which column of X is {target}? Alike are {shortened(found)}. Pass y as a "
            "Series with the name of the column."
        )
    raise ValueError(
        f"{target} is no column of X, which has {shortened(features)}. A transform or "
        "difference is that of its history in X as well: add the column, as it stands "
        "in y. (Without one, TransformedTargetRegressor of scikit-learn transforms y "
        "alone.)"
    )


def _is_alike(x, y):
    both = ~np.isnan(x) & ~np.isnan(y)
    return bool(both.any() and not differ(x, y).any())
