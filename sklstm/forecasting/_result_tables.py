"""The columns of tables of forecasts and backtests.

A number is of a kind: "truth", "forecast", a quantile such as "q0.1", or an end of an
interval, "lower" or "upper". A table of `backtest` has a column for each kind. In a
table of `forecast`, the name of a column is the target, or the target and the kind:
"price", "price_q0.1", "price_lower".
"""

import re

import pandas as pd

from sklstm._validation import shortened

# The columns of a backtest, without quantiles and the column of groups.
_RESERVED = {
    *("fold", "origin", "step", "time", "target", "truth", "forecast"),
    *("scale", "lower", "upper"),
}
# Numbers between 0 and 1 in the format "%g".
_QUANTILE = re.compile(r"q(0?\.\d+|\d(?:\.\d+)?e-\d+)")
_OTHER_END = {"lower": "upper", "upper": "lower"}


# ---------------------------------------------------------------------- the names
def kinds_of(quantiles):
    """Return the kinds of predictions: the forecast, then its quantiles."""
    return ["forecast", *(f"q{quantile:g}" for quantile in quantiles)]


def quantile_of(kind):
    """Return the quantile of a kind such as "q0.1", or None.

    Examples
    --------
    >>> from sklstm.forecasting._result_tables import kinds_of, quantile_of
    >>> [quantile_of(kind) for kind in kinds_of([0.1, 1e-5])]
    [None, 0.1, 1e-05]
    """
    match = _QUANTILE.fullmatch(str(kind))
    return float(match[1]) if match else None


def name_of(target, kind):
    """Return the name of the column of a target and kind in a table of `forecast`."""
    return target if kind == "forecast" else f"{target}_{kind}"


def is_reserved(column):
    """Return whether a backtest reserves a name."""
    return column in _RESERVED or quantile_of(column) is not None


# ------------------------------------------------------------ the table of a forecast
def forecast_columns(names, n_targets, quantiles, group_column=None):
    """Return the columns of the forecasts of targets, each followed by its quantiles.

    Without `names` they are called "y", or "y0", "y1" and so on.

    Raises
    ------
    ValueError
        If two columns, or one and `group_column`, would have the same name.
    """
    if names is None:
        names = ["y"] if n_targets == 1 else [f"y{i}" for i in range(n_targets)]
    columns = [name_of(name, kind) for name in names for kind in kinds_of(quantiles)]
    if group_column in columns:
        raise ValueError(
            f"A column of the forecast would be called {group_column!r}, as is that of "
            "group_by. Rename the column of the groups, or y."
        )
    twice = [column for column in columns if columns.count(column) > 1]
    if twice:
        raise ValueError(
            f"Two columns of the forecast would be called {twice[0]!r}. Rename one of "
            f"the targets {shortened(names)}."
        )
    return columns


def read_forecast_columns(columns):
    """Return the target and the kind of each column of a forecast.

    The target of a quantile must be one of the columns; so must the target and the
    other end of an end of an interval. All other columns are forecasts.

    Parameters
    ----------
    columns : iterable
        The columns, without that of groups.

    Returns
    -------
    dict of column to tuple (target, kind)

    Examples
    --------
    >>> from sklstm.forecasting._result_tables import read_forecast_columns
    >>> read_forecast_columns(["price", "price_q0.1", "other_q0.1"])
    ... # doctest: +NORMALIZE_WHITESPACE
    {'price': ('price', 'forecast'), 'price_q0.1': ('price', 'q0.1'),
     'other_q0.1': ('other_q0.1', 'forecast')}
    """
    columns = list(columns)
    by_name = {str(column): column for column in columns}

    def read(column):
        target, _, kind = str(column).rpartition("_")
        is_end = kind in _OTHER_END and f"{target}_{_OTHER_END[kind]}" in by_name
        if target in by_name and (is_end or quantile_of(kind) is not None):
            return by_name[target], kind
        return column, "forecast"

    return {column: read(column) for column in columns}


# ------------------------------------------------------------ the table of a backtest
def backtest_table(rows, names, truth, predicted, quantiles):
    """Return the table of a backtest, with the rows of each target together.

    Parameters
    ----------
    rows : dict
        The columns that all targets share, of `n_rows` values: "fold", "origin",
        "step", "time", and then the column of groups, if there is one.

    names : list or None
        The names of the targets, if there are several.

    truth : ndarray of shape (n_rows, n_targets)
        The true values.

    predicted : ndarray of shape (n_rows, n_targets, 1 + n_quantiles)
        The forecast, then its quantiles.

    quantiles : sequence of float
        The quantiles.

    Returns
    -------
    DataFrame of shape (n_rows * n_targets, n_columns)
    """
    parts = []
    for i in range(truth.shape[1]):
        own = dict(rows)
        if truth.shape[1] > 1:
            own["target"] = i if names is None else names[i]
        own["truth"] = truth[:, i]
        own |= dict(zip(kinds_of(quantiles), predicted[:, i].T, strict=True))
        parts.append(pd.DataFrame(own))
    return parts[0] if len(parts) == 1 else pd.concat(parts)


def check_name_of_groups(name):
    """Raise if a backtest reserves the name of the column of groups."""
    if isinstance(name, str) and is_reserved(name):
        raise ValueError(
            f"group_by={name!r} is the name of a column that a backtest reserves. "
            "Rename the column (or index level) of X, and change group_by of the "
            "window."
        )


def check_backtest(backtested, needed):
    """Raise unless a table is that of a backtest, with the needed columns."""
    if not isinstance(backtested, pd.DataFrame):
        raise TypeError(
            "backtested must be the DataFrame that backtest returns, got "
            f"{type(backtested).__name__}."
        )
    lacking = [column for column in needed if column not in backtested.columns]
    if lacking:
        raise ValueError(
            "backtested must be the table that backtest returns, but lacks "
            f"{shortened(lacking)}."
        )


def check_by(backtested, by):
    """Raise unless `by` names columns of a backtest."""
    strangers = [column for column in by if column not in backtested.columns]
    if strangers:
        raise ValueError(
            f"by must name columns of the backtest, got {shortened(strangers)}. Its "
            f"columns are {list(backtested.columns)}."
        )


def groups_of(columns):
    """Return the columns of groups in a backtest: one, or none."""
    columns = list(columns)
    if not {"time", "truth"} <= {*columns}:
        return []
    between = columns[columns.index("time") + 1 : columns.index("truth")]
    return [column for column in between if not is_reserved(column)]


def quantiles_among(columns):
    """Return the quantile columns of a backtest, in ascending order."""
    found = {column: quantile_of(column) for column in columns}
    return sorted((c for c, q in found.items() if q is not None), key=found.get)
