"""Forecasts, history and truth as one long table."""

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sklstm._series import (
    column_of,
    entities_of,
    groups_of,
    is_time,
    numbers_rows,
    time_index,
)
from sklstm._validation import shortened
from sklstm.forecasting._result_tables import read_forecast_columns

_MOST_GROUPS = 4
_LEAST_HISTORY = 20


def long_table(forecast, history, truth, group_by, *, group=None, n_history=None):
    """Return the numbers that are drawn of a forecast, one in each row.

    Parameters
    ----------
    forecast : DataFrame or Series
        What `forecast` returns.

    history, truth : DataFrame, Series or array-like
        Known values, and true values of the forecast rows; None if not given.

    group_by : str, int or None
        The column or index level of `forecast` that names the group.

    group : object, default=None
        The one to draw; None takes the first ones.

    n_history : int, default=None
        The most rows of history; None takes four times the steps, and at least 20.

    Returns
    -------
    table : DataFrame with the columns "group", "target", "kind" and "value"
        Indexed by time, or by the number of steps from the last known row where the
        time can't be drawn; the name of the index says which. A kind is "history",
        "truth" or one of the kinds of result tables. Target by target, and in each
        group by group; "group" is None without groups.

    n_groups : int
        How many groups the forecast has.
    """
    forecast, group_by = _read_forecast(forecast, group_by)
    kinds = read_forecast_columns(c for c in forecast.columns if c != group_by)
    targets = list(dict.fromkeys(target for target, _ in kinds.values()))
    if history is not None:
        history = _as_frame("history", history, targets)
    if truth is not None:
        truth = _as_frame("truth", truth, targets, like=forecast)
    with_times = forecast if history is None else history
    numbered = group_by is not None and numbers_rows(with_times.index)
    forecasts = _split_groups(forecast, group_by, "forecast")
    pasts = _split_groups(history, group_by, "history")
    truths = _split_groups(truth, group_by, "truth")
    rows = {}
    for name in _choose_groups(forecasts, group):
        own = forecasts[name]
        past = _before(pasts.get(name, own.iloc[:0]), own, n_history, numbered)
        rows[name] = own, past, *_times(name, own, past, numbered), truths.get(name)
    parts = []
    for target in targets:
        for name, (own, past, x, past_x, true) in rows.items():
            values = {"history": (past_x, past[target])} if len(past) else {}
            for column, (of_target, kind) in kinds.items():
                if of_target == target:
                    values[kind] = x, own[column]
            if true is not None:
                values["truth"] = x, _beside(own, true[target], numbered)
            parts += [
                _part(times, name, target, kind, numbers)
                for kind, (times, numbers) in values.items()
            ]
    return pd.concat(parts), len(forecasts)


def _part(times, group, target, kind, numbers):
    columns = {"group": group, "target": target, "kind": kind}
    return pd.DataFrame({**columns, "value": np.asarray(numbers, float)}, times)


# ---------------------------------------------------------------------- the parameters
def _read_forecast(forecast, group_by):
    """Return a forecast as a DataFrame, and what names the groups in it."""
    if isinstance(forecast, pd.Series):
        forecast = forecast.to_frame("y" if forecast.name is None else forecast.name)
    if not isinstance(forecast, pd.DataFrame) or not len(forecast):
        raise ValueError(
            "forecast must be a DataFrame or Series of at least one row, as "
            f"sklstm.forecasting.forecast returns it, got {forecast!r}."
        )
    if {"fold", "origin", "step", "truth", "forecast"} <= {*forecast.columns}:
        raise ValueError(
            "forecast must be what sklstm.forecasting.forecast returns, got the table "
            "of a backtest. BacktestDisplay draws its errors."
        )
    if group_by is not None:
        entities_of(forecast, group_by, "forecast")  # which raises without it
        return forecast, group_by
    if forecast.index.nlevels > 1:
        levels = [name for name in forecast.index.names if name is not None]
        values = {name: forecast.index.get_level_values(name) for name in levels}
        groups = [name for name, level in values.items() if not is_time(level)]
        if len(groups) == 1:
            return forecast, groups[0]
        raise ValueError(
            f"group_by must say which index level of forecast names the group: one of "
            f"{levels}."
        )
    words = [c for c in forecast.columns if not is_numeric_dtype(forecast[c])]
    return forecast, words[0] if words else None


def _as_frame(name, table, targets, like=None):
    """Return history or truth as a DataFrame with the columns of the targets.

    Parameters
    ----------
    name : str
        The parameter, for errors.

    table : DataFrame, Series or array-like
        The values; an array only with `like`.

    targets : list
        The columns that are needed.

    like : DataFrame, default=None
        The table with the same rows, whose index and groups an array takes.

    Raises
    ------
    ValueError
        If it is none of these, lacks a target, or an array has other rows.
    """
    if isinstance(table, pd.Series):
        if len(targets) > 1:
            raise ValueError(
                f"{name} must be a DataFrame with the columns {targets}, got a Series."
            )
        return table.to_frame(targets[0])
    if isinstance(table, pd.DataFrame):
        lacking = [target for target in targets if target not in table.columns]
        if lacking:
            raise ValueError(
                f"{name} lacks the columns {shortened(lacking)} of forecast. It has "
                f"{list(table.columns)}."
            )
        return table
    values = np.asarray(table)
    if like is None:
        raise ValueError(
            f"{name} must be a Series or a DataFrame with the times in its index, got "
            f"{type(table).__name__}."
        )
    if values.size != len(like) * len(targets) or len(values) != len(like):
        raise ValueError(
            f"{name} must be a Series, a DataFrame or an array with the "
            f"{len(like)} rows of forecast and {len(targets)} target(s), got shape "
            f"{values.shape}."
        )
    like = like.copy()
    like[targets] = values.reshape(len(like), len(targets))
    return like


# ------------------------------------------------------------------------- the groups
def _split_groups(table, group_by, name):
    """Return the table of each group, without the name of the group.

    Returns
    -------
    dict of DataFrame
        In the order in which groups first appear; by None without groups. Empty where
        there is no table.

    Raises
    ------
    ValueError
        If the table, which the message calls `name`, does not name groups.
    """
    if table is None:
        return {}
    if group_by is None:
        return {None: table}
    if column_of(table, group_by) is None:
        raise ValueError(
            f"{name} has neither a column nor an index level {group_by!r}, which names "
            f"the groups of forecast. Columns: {list(table.columns)}."
        )
    groups = groups_of(table, group_by, name)
    rest = table.set_axis(time_index(table, group_by))
    if group_by in table.columns:
        rest = rest.drop(columns=[group_by])
    own = zip(groups.names, groups.rows_of_each(), strict=True)
    return {group: rest.iloc[rows] for group, rows in own}


def _choose_groups(groups, group):
    """Return the groups to draw: one, or the first ones."""
    if group is None:
        return list(groups)[:_MOST_GROUPS]
    if group not in list(groups):
        names = "no groups" if list(groups) == [None] else shortened(groups)
        raise ValueError(f"group must be one of forecast's: {names}; got {group!r}.")
    return [group]


# -------------------------------------------------------------------------- the times
def _times(group, forecast, history, numbered):
    """Return where the rows of a forecast and of its history are drawn.

    `numbered` says that rows are numbered from the last known one, for want of times.
    """
    x, past_x = _drawable(forecast.index), _drawable(history.index)
    if numbered or x is None or past_x is None:
        name = "steps from the last known row"
        x = pd.RangeIndex(1, len(forecast) + 1, name=name)
        return x, pd.RangeIndex(1 - len(history), 1, name=name)
    if not x.is_unique:
        raise ValueError(
            "The index of forecast has times more than once"
            + ("" if group is None else f" in group {group!r}")
            + ". Name the column or index level of the groups in group_by."
        )
    name = forecast.index.name or ("time" if is_time(forecast.index) else "row")
    return x.rename(name), past_x.rename(name)


def _drawable(index):
    """Return an index as matplotlib can draw it; None unless of numbers or times."""
    if isinstance(index, pd.PeriodIndex):
        return index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex):
        return index
    return index if is_numeric_dtype(index) else None


def _before(history, forecast, n_rows, numbered):
    """Return the last rows of the history that are earlier than the forecast.

    Parameters
    ----------
    history, forecast : DataFrame
        The rows of one group.

    n_rows : int or None
        The most rows to return.

    numbered : bool
        Whether the index tells no time: all rows are then earlier.

    Raises
    ------
    ValueError
        If the two indices can't be compared.
    """
    first = forecast.index[0]
    if numbered:
        pass
    elif _drawable(forecast.index) is None and not is_time(forecast.index):
        # Names have no order in time, so that only their places tell.
        here = np.flatnonzero(history.index == first)
        history = history.iloc[: here[0]] if len(here) else history
    else:
        try:
            history = history[np.asarray(history.index < first)]
        except TypeError as error:
            raise ValueError(
                "history must have an index that goes on in that of forecast: got "
                f"{history.index.dtype} before {forecast.index.dtype}."
            ) from error
    if n_rows is None:
        n_rows = max(4 * len(forecast), _LEAST_HISTORY)
    return history.iloc[max(len(history) - n_rows, 0) :]


def _beside(forecast, truth, numbered):
    """Return the truth of the rows of a forecast, NaN where it is not known.

    Raises
    ------
    ValueError
        If it is known of none of them, or rows that are only numbered are not as many.
    """
    if numbered:
        if len(truth) != len(forecast):
            raise ValueError(
                f"truth must have the {len(forecast)} rows of forecast in each group, "
                f"as its index tells no times; got {len(truth)}."
            )
        return truth
    if not truth.index.is_unique:
        raise ValueError("truth must have each time once in its index.")
    if not len(truth.index.intersection(forecast.index)):
        raise ValueError(
            f"truth must have times of forecast, {forecast.index[0]!r} to "
            f"{forecast.index[-1]!r}, in its index; got none of them."
        )
    return truth.reindex(forecast.index)
