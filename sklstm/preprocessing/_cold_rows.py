"""Warnings of windows that lack rows which exist, or may exist."""

import warnings

import numpy as np

# Rows of X among which the first fitted one is looked for.
_MOST_LOOKED_AT = 2**16


def warn_of_cold_rows(labels, groups, history, last_rows, n_remembered):
    """Warn if windows lack rows before X that `fit` saw and forgot.

    X must end within the fitted table: a later one may begin with such rows on purpose,
    for the windows of its other rows. There is no warning if X begins with the first
    fitted row or earlier, or in a gap of the fitted table, as a fold does.
    """
    lacking = n_remembered - history.sizes
    if not (lacking > 0).any():
        return
    cold = last_rows.begin_in_forgotten(groups, labels)
    n_cold = int(np.minimum(lacking, groups.sizes)[cold].sum())
    if n_cold:
        warnings.warn(
            f"{n_cold} of the {len(groups.order)} rows of X start cold: X begins "
            "within the rows that fit saw, so that their windows lack the rows before, "
            f"of which only the last {n_remembered} of the fit are remembered. Predict "
            "from the first fitted row on, and take the predictions that you need; or "
            "set history=None if a cold start is meant.",
            UserWarning,
            stacklevel=4,
        )


def warn_of_cold_arrays(rows, first_fitted, geometry):
    """Warn if windows may lack rows that `fit` saw, because it got an array.

    There is no warning if X begins with the first fitted row, or holds it.

    Parameters
    ----------
    rows : Rows
        X.

    first_fitted : ndarray of shape (n_features,)
        The first row of the array.

    geometry : WindowGeometry
        Which rows the windows hold.
    """
    n_cold = int(np.minimum(rows.groups.sizes, geometry.n_before).sum())
    if not n_cold or _holds(rows.values[:_MOST_LOOKED_AT], first_fitted):
        return
    warnings.warn(
        f"{n_cold} of the {len(rows.values)} rows of X start cold: fit got an array, "
        "which has no index that tells whether X goes on where it ended, so that their "
        "windows lack the rows before. Pass DataFrames (behind other steps call "
        'set_output(transform="pandas") on the pipeline), or set history="fit" if X '
        "are the rows right after those of fit, as under TimeSeriesSplit; or "
        "history=None if a cold start is meant.",
        UserWarning,
        stacklevel=4,
    )


def warn_of_rows_between(history, groups, geometry):
    """Warn if windows lack rows that are missing between the fitted table and X.

    There is no warning if more rows are missing than `fit` saw, as X is another table
    then. Folds with the same gap get the same text, so that it is shown once.
    """
    n_between, reach = history.n_between, geometry.n_before
    if n_between is None or not reach:
        return
    # With a longer horizon the windows of the first rows end before the gap.
    n_whole = 0 if geometry.known else np.maximum(geometry.horizon - n_between, 0)
    lack = (n_between > 0) & (groups.sizes > n_whole)
    # Only if at least half of the groups lack rows: in others rows may just be rare.
    if not lack.any() or 2 * lack.sum() < (history.sizes > 0).sum():
        return
    most = int(n_between[lack].max())
    found = "1 row is" if most == 1 else f"{most} rows are"
    if len(groups) > 1:
        found = f"Up to {found} missing, in a group,"
    else:
        found += " missing"
    cold = ", the first of them nothing else" if most >= reach else ""
    warnings.warn(
        f"{found} between the rows of fit and X, by its index, so that the windows of "
        f"the first rows of X hold missing time steps (NaN){cold}, and predictions may "
        "be worse. If a splitter left them out, as TimeSeriesSplit(gap=...) "
        "does, score without a gap; several steps ahead by "
        "sklstm.forecasting.backtest, which needs none. Otherwise pass X from the "
        "first of these rows on.",
        UserWarning,
        stacklevel=4,
    )


def _holds(table, row):
    """Return whether a table has a row with these values, NaN equal to NaN."""
    equal = (table == row) | (np.isnan(table) & np.isnan(row))
    return bool(equal.all(axis=1).any())
