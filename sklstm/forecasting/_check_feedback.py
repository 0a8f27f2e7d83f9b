"""Check that y was the column of X that predictions are fed back into."""

from numbers import Number

import numpy as np
import pandas as pd

from sklstm._pipeline import find_window
from sklstm._window_step import fitted_table
from sklstm.forecasting._target_column import numbers_of
from sklstm.preprocessing._seen_target import differ

# How many positions in a table are searched for the rows that fit saw, and how many
# different rows must match.
_MAX_POSITIONS = 50
_MIN_MATCHES = 20


def check_feedback(fitted, outputs, transformed, fed):
    """Raise unless y was, in `fit`, each column of X that predictions are fed into.

    If pipeline steps come before the window, it did not see the X of `fit`. Then y is
    compared with those rows of the current table that `fit` saw transformed.

    Parameters
    ----------
    fitted : estimator
        The fitted forecaster.

    outputs : Outputs
        Its predictions, and the table.

    transformed : array-like
        The table, transformed by the pipeline steps before the window.

    fed : dict
        The columns that predictions are fed back into, with the number of the target.

    Raises
    ------
    ValueError
        If y was different.
    """
    parts, panel, n_targets = outputs.parts, outputs.panel, outputs.n_targets
    seen = fitted_table(parts.window).target
    if not fed or seen is None:
        return
    y = _on_prediction_scale(fitted, seen.y)
    is_same_scale = next(_target_transformers(fitted), None) is None
    if y.shape[1] % n_targets:
        return
    y = y.reshape(len(y), -1, n_targets)[:, -1]
    for column, target in fed.items():
        if parts.before:
            _check_matching_rows(
                seen, panel, transformed, parts.window, column, y[:, target]
            )
            continue
        place = panel.columns.index(column)
        wrong = differ(seen.features[:, place], y[:, target])
        if wrong.any():
            i = int(np.argmax(wrong))
            where = f"row {seen.rows[i]} of fit"
            _raise_differs(column, where, seen.features[i, place], y[i, target])
        last = seen.y.shape[1] - n_targets
        if is_same_scale and (place, last + target) in seen.elsewhere:
            row, *values = seen.elsewhere[place, last + target]
            _raise_differs(column, f"row {row} of fit", *values)


class FedRows:
    """The rows of a table, to check that y is each column that is fed back.

    Parameters
    ----------
    frame : DataFrame
        The table, on the original scale.

    truth : ndarray of shape (n_rows, n_targets)
        y of each row.

    fed : dict
        The columns that predictions are fed back into, with the number of the target.
    """

    def __init__(self, frame, truth, fed):
        self._pairs = {}
        for column, target in fed.items():
            if not pd.api.types.is_numeric_dtype(frame[column].dtype):
                continue
            X, y = frame[column].to_numpy(float, na_value=np.nan), truth[:, target]
            if y.dtype.kind not in "fiub" or not np.array_equal(X, y):
                self._pairs[column] = X, y

    def check(self, rows):
        """Raise ValueError if y differs from a column in some rows of a fit.

        `rows` is a slice or an ndarray of int.
        """
        for column, (X, y) in self._pairs.items():
            some, own = X[rows], y[rows].astype(float)
            wrong = differ(some, own)
            if wrong.any():
                i = np.argmax(wrong)
                row = np.arange(len(X))[rows][i]
                _raise_differs(column, f"row {row}", some[i], own[i])


def _raise_differs(column, where, x, y):
    """Raise the error that y and a column of X differ, at a place such as "row 0"."""
    raise ValueError(
        f"Predictions can't be fed back into column {column!r} of X, as y differs from "
        f"it: in {where} it is {y:g}, the column {x:g}. Pass y with the values of the "
        "column, neither shifted nor scaled; or predict all steps at once "
        "(make_multistep)."
    )


def are_same_kind(column, predicted):
    """Return whether a column and predictions both hold numbers, or neither does."""
    return _are_numbers(column) == _are_numbers(pd.Series(np.ravel(predicted)))


def raise_other_kind(column, values, predicted):
    """Raise the error that a column of X and predictions hold values of two kinds."""
    held = values.dropna()
    example = _item(held.iloc[0]) if len(held) else None
    raise ValueError(
        f"Predictions can't be fed back into column {column!r} of X: they are values "
        f"such as {_item(np.ravel(predicted)[0])!r}, the column holds values such as "
        f"{example!r}. Pass y with the values of the column, or predict from rows that "
        "are known (a larger horizon)."
    )


def _are_numbers(values):
    """Return whether a Series holds only numbers, bools and missing values."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return True
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return False
    return all(
        isinstance(value, (Number, np.bool_)) for value in values.dropna().unique()
    )


def _item(value):
    return value.item() if isinstance(value, np.generic) else value


def _target_transformers(fitted):
    """Yield the transformers of y around the window, the innermost first."""
    if hasattr(fitted, "best_estimator_"):
        yield from _target_transformers(fitted.best_estimator_)
    elif hasattr(fitted, "regressor_"):
        if find_window(fitted.regressor_) is not None:
            yield from _target_transformers(fitted.regressor_)
            yield fitted.transformer_
    elif hasattr(fitted, "steps"):
        yield from _target_transformers(fitted.steps[-1][1])


def _on_prediction_scale(fitted, y):
    """Return the y that a window saw on the scale of predictions; NaN stays."""
    whole = ~np.isnan(y).any(axis=1)
    for transformer in _target_transformers(fitted):
        some = np.asarray(transformer.inverse_transform(y[whole]), dtype=float)
        some = some.reshape(int(whole.sum()), -1)
        y = np.full((len(y), some.shape[1]), np.nan)
        y[whole] = some
    return y


def _check_matching_rows(seen, panel, transformed, window, column, y):
    """Raise if y differs from a column in those rows of the table that fit saw too."""
    numbers = numbers_of(panel.frame[column])
    if window.group_by is None:
        own = panel.series.rows(0)
    elif seen.group in panel.groups:
        own = panel.series.rows(panel.groups.get_loc(seen.group))
    else:
        return
    values = window.features_of(transformed)[own]
    wrong = None
    for rows, remembered in _matching_rows(seen, values):
        differs = differ(numbers[own[rows]], y[remembered])
        if not differs.any():
            return
        i = int(np.argmax(differs))
        wrong = wrong or (
            f"row {seen.rows[remembered[i]]} of fit",
            numbers[own[rows[i]]],
            y[remembered[i]],
        )
    if wrong:
        _raise_differs(column, *wrong)


def _matching_rows(seen, values):
    """Find the rows that fit saw in a table of one series, at any position.

    Yields
    ------
    rows, remembered : ndarray of int
        Rows of the table, and the remembered rows that they equal.
    """
    known = ~np.isnan(seen.features)
    largest = np.max(np.abs(seen.features), axis=0, initial=0.0, where=known)
    atol = 1e-5 * largest

    def same(rows, remembered):
        some, other = values[rows], seen.features[remembered]
        with np.errstate(invalid="ignore"):
            close = np.abs(some - other) <= atol
        return (close | (np.isnan(some) & np.isnan(other))).all(axis=-1)

    every = np.arange(len(values))
    ends = np.flatnonzero(same(every, np.full(len(values), -1)))[-_MAX_POSITIONS:]
    for offset in np.unique([0, *(ends - seen.places[-1])]):
        rows = seen.places + offset
        inside = np.flatnonzero((rows >= 0) & (rows < len(values)))
        remembered = inside[same(rows[inside], inside)]
        # Equal rows do not count: they match at any position.
        n_found = len(np.unique(seen.features[remembered], axis=0))
        is_found = len(remembered) >= len(inside) / 2 and n_found >= _MIN_MATCHES
        is_same = len(values) == seen.places[-1] + 1 and offset == 0
        if is_found or (is_same and len(remembered) == len(seen.places)):
            yield rows[remembered], remembered
