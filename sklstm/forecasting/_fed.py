"""Whether predictions may be fed back into a column of X: y must have been it."""

from numbers import Number

import numpy as np
import pandas as pd

from sklstm._pipeline import find_window
from sklstm._window_step import fitted_table
from sklstm.preprocessing._seen_target import differ

# Places at which the rows that fit saw are looked for in a table, and how many unlike
# ones must be found there.
_TRIED = 50
_FOUND = 20


def check_fed(fitted, outputs, transformed, fed):
    """Refuse to feed predictions into a column of X that y was not in `fit`.

    Where steps stand before the window, it saw another X than was passed to `fit`. Then
    y is compared with those rows of the table at hand that it saw transformed.

    Parameters
    ----------
    fitted : estimator
        What is forecast with.

    outputs : Outputs
        What it predicts, and of which table.

    transformed : array-like
        What the steps before the window make of that table.

    fed : dict
        The columns that predictions are fed back into, with the number of the target.

    Raises
    ------
    ValueError
        If y was something else.
    """
    parts, panel, n_targets = outputs.parts, outputs.panel, outputs.n_targets
    seen = fitted_table(parts.window).target
    if not fed or seen is None:
        return
    y, undone = _as_predicted(fitted, seen.y), _is_undone(fitted)
    if y.shape[1] % n_targets:
        return
    y = y.reshape(len(y), -1, n_targets)[:, -1]
    for column, target in fed.items():
        if parts.before:
            _check_found(seen, panel, transformed, parts.window, column, y[:, target])
            continue
        place = panel.columns.index(column)
        wrong = differ(seen.features[:, place], y[:, target])
        if wrong.any():
            i = int(np.argmax(wrong))
            where = f"row {seen.rows[i]} of fit"
            refuse_fed(column, where, seen.features[i, place], y[i, target])
        last = seen.y.shape[1] - n_targets
        if not undone and (place, last + target) in seen.elsewhere:
            row, *values = seen.elsewhere[place, last + target]
            refuse_fed(column, f"row {row} of fit", *values)


def check_fed_rows(frame, truth, fed, rows):
    """Refuse to feed predictions into a column of X that y is not, in some rows.

    Parameters
    ----------
    frame : DataFrame
        The table, in the units of y.

    truth : ndarray of shape (n_rows, n_targets)
        y of each row.

    fed : dict
        The columns that predictions are fed back into, with the number of the target.

    rows : ndarray of int
        The rows that are compared.

    Raises
    ------
    ValueError
        If y is something else.
    """
    for column, target in fed.items():
        if not pd.api.types.is_numeric_dtype(frame[column].dtype):
            continue
        X = frame[column].to_numpy(float, na_value=np.nan)[rows]
        y = truth[rows, target].astype(float)
        wrong = differ(X, y)
        if wrong.any():
            i = np.argmax(wrong)
            refuse_fed(column, f"row {rows[i]}", X[i], y[i])


def refuse_fed(column, where, x, y):
    """Raise the error that says where a column of X and y differ, such as "row 0"."""
    raise ValueError(
        f"Predictions can't be fed back into column {column!r} of X, as y is something "
        f"else: in {where} it is {y:g}, the column {x:g}. Pass y as it stands "
        "in X, neither shifted nor scaled; or predict all steps at once "
        "(make_multistep)."
    )


def are_alike(column, predicted):
    """Return whether a column and predictions both hold numbers, or neither does.

    Parameters
    ----------
    column : Series
        A column of X.

    predicted : array-like of shape (n_samples, ...)
        Predictions.
    """
    return _are_numbers(column) == _are_numbers(pd.Series(np.ravel(predicted)))


def refuse_unlike(column, values, predicted):
    """Raise the error that says what a column of X holds, and what is predicted."""
    held = values.dropna()
    example = _item(held.iloc[0]) if len(held) else None
    raise ValueError(
        f"Predictions can't be fed back into column {column!r} of X: they are such as "
        f"{_item(np.ravel(predicted)[0])!r}, the column holds such as "
        f"{example!r}. Pass y as it stands in X, or "
        "predict from rows that are known (a larger horizon)."
    )


def _are_numbers(values):
    """Return whether a Series holds numbers (or truth values) alone; NaN is one."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return True
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return False
    return all(
        isinstance(value, (Number, np.bool_)) for value in values.dropna().unique()
    )


def _item(value):
    return value.item() if isinstance(value, np.generic) else value


def _is_undone(fitted):
    """Return whether predictions are transformed after the window's y was."""
    return any(True for _ in _undoing(fitted))


def _undoing(fitted):
    """Yield the transformers of y around the window, the innermost first."""
    if hasattr(fitted, "best_estimator_"):
        yield from _undoing(fitted.best_estimator_)
    elif hasattr(fitted, "regressor_"):
        if find_window(fitted.regressor_) is not None:
            yield from _undoing(fitted.regressor_)
            yield fitted.transformer_
    elif hasattr(fitted, "steps"):
        yield from _undoing(fitted.steps[-1][1])


def _as_predicted(fitted, y):
    """Return the y that a window saw in the units of predictions; NaN stays."""
    whole = ~np.isnan(y).any(axis=1)
    for transformer in _undoing(fitted):
        some = np.asarray(transformer.inverse_transform(y[whole]), dtype=float)
        some = some.reshape(int(whole.sum()), -1)
        y = np.full((len(y), some.shape[1]), np.nan)
        y[whole] = some
    return y


def _check_found(seen, panel, transformed, window, column, y):
    """Compare y with a column of those rows of the table that fit saw as well."""
    numbers = pd.to_numeric(panel.frame[column], errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )
    if window.group_by is None:
        own = panel.series.rows(0)
    elif seen.group in panel.groups:
        own = panel.series.rows(panel.groups.get_loc(seen.group))
    else:
        return
    values = window.features_of(transformed)[own]
    wrong = None
    for rows, remembered in _same_rows(seen, values):
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
        refuse_fed(column, *wrong)


def _same_rows(seen, values):
    """Find the rows that fit saw in a table of one series, wherever they may begin.

    Yields
    ------
    rows, remembered : ndarray of int
        Rows of the table, and which of those remembered they are.
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
    ends = np.flatnonzero(same(every, np.full(len(values), -1)))[-_TRIED:]
    for offset in np.unique([0, *(ends - seen.places[-1])]):
        rows = seen.places + offset
        inside = np.flatnonzero((rows >= 0) & (rows < len(values)))
        remembered = inside[same(rows[inside], inside)]
        # Rows that are alike, as those of few values are, do not tell one from another.
        n_found = len(np.unique(seen.features[remembered], axis=0))
        is_found = len(remembered) >= len(inside) / 2 and n_found >= _FOUND
        is_same = len(values) == seen.places[-1] + 1 and offset == 0
        if is_found or (is_same and len(remembered) == len(seen.places)):
            yield rows[remembered], remembered
