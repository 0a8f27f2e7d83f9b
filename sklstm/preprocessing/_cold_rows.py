"""Warnings of windows that lack rows which exist, or may exist."""

import warnings

import numpy as np

from sklstm.preprocessing._start_of_fit import begins_within


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


def warn_of_tables_without_index(values, start, last, geometry):
    """Warn if windows may lack rows that `fit` saw, as no index tells of them.

    There is no warning if X is the fitted table, also with permuted columns; if it
    holds its first rows, or begins with its last ones; nor if it is so short that its
    windows have no row at all, which an estimator tells.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        X, the rows of one series.

    start : StartOfFit
        How the fitted table begins.

    last : ndarray of shape (n_rows, n_features)
        The last rows of the fitted table.

    geometry : WindowGeometry
        Which rows the windows hold.
    """
    n_cold = min(len(values), geometry.n_before)
    if len(values) <= geometry.horizon or not n_cold:
        return
    if start.is_in(values) or start.has_columns_of(values):
        return
    if begins_within(values, last):
        return
    warnings.warn(
        f"{n_cold} of the {len(values)} rows of X start cold: fit and X have no index "
        "that tells whether X goes on where fit ended, so that their windows lack the "
        "rows before. Pass parts of one pandas DataFrame (behind other steps call "
        'set_output(transform="pandas") on the pipeline), or set history="fit" if X '
        "are the rows right after those of fit, as under TimeSeriesSplit (not of a "
        "shuffled split); or history=None if a cold start is meant.",
        UserWarning,
        stacklevel=4,
    )


def warn_of_a_wrong_history(values, start, geometry):
    """Warn if ``history="fit"`` puts the last fitted rows before the first ones.

    Parameters are those of :func:`warn_of_tables_without_index`.
    """
    n_wrong = min(len(values), geometry.n_before)
    if n_wrong and start.begins(values):
        warnings.warn(
            'X begins with the first rows of fit, but with history="fit" the last '
            f"rows of fit go before it: the windows of {n_wrong} of its {len(values)} "
            "rows hold rows that do not come before them. Leave out these "
            "predictions, or set history=None for such X.",
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
