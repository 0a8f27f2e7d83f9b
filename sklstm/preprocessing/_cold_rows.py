"""Warnings of windows that lack rows which exist, or may exist."""

import warnings

import numpy as np


def warn_of_cold_rows(labels, groups, before, tails, n_remembered):
    """Warn where windows lack rows before X that `fit` saw and forgot.

    Only of a table that ends within the fitted one: of another its first rows may be
    there for the windows of the new ones. It is silent where X begins with the first
    fitted row or before it; and in a hole of the fitted table, as a fold does.

    Parameters
    ----------
    labels : TimeLabels
        Those of X.

    groups : Groups
        The rows of each group, in the order of time.

    before : Before
        What goes before each group.

    tails : Tails
        What `fit` remembers.

    n_remembered : int
        How many rows before its own a window reaches back.
    """
    lacking = n_remembered - before.sizes
    cold = tails.read_again(groups, labels) if (lacking > 0).any() else ()
    n_cold = int(np.minimum(lacking, groups.sizes)[cold].sum()) if len(cold) else 0
    if n_cold:
        warnings.warn(
            f"{n_cold} of the {len(groups.order)} rows of X start cold: X "
            "begins after the first row that fit saw, and ends before it went on, so "
            f"that their windows lack rows of which the last {n_remembered} alone are "
            "remembered. Predict from the first of these rows on, and take the "
            "predictions that you need; or set history=None if a cold start is meant.",
            UserWarning,
            stacklevel=4,
        )


def warn_of_rows_between(before, groups, geometry):
    """Warn where windows lack rows that are missing between the fitted table and X.

    After as many rows as a window reaches back it begins as the first row of all does,
    which costs most. It is silent where more are missing than fit saw: X is another
    table then. The text is that of each fold with this gap, to be shown once.

    Parameters
    ----------
    before : Before
        What goes before each group.

    groups : Groups
        The rows of each group.

    geometry : WindowGeometry
        The geometry of the windows.
    """
    n_between, reach = before.n_between, geometry.n_before
    if n_between is None or not reach:
        return
    # With a longer horizon the windows of the first rows end before the hole.
    n_whole = 0 if geometry.known else np.maximum(geometry.horizon - n_between, 0)
    lack = (n_between > 0) & (groups.sizes > n_whole)
    # Where few groups of many lack some, they are rare; a gap is one of all.
    if not lack.any() or 2 * lack.sum() < (before.sizes > 0).sum():
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
        f"the first rows of X hold missing steps (NaN){cold}, and predictions may "
        "be worse for it. If a splitter left them out, as TimeSeriesSplit(gap=...) "
        "does, score without a gap; several steps ahead by "
        "sklstm.forecasting.backtest, which needs none. Otherwise give X from the "
        "first of these rows on.",
        UserWarning,
        stacklevel=4,
    )
