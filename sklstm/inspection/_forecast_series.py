"""Forecasts as series that can be drawn: by group and target, with their bands."""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sklstm._validation import shortened

# Quantiles as "%g" writes numbers between 0 and 1.
_BOUND = re.compile(
    r"(?P<target>.+)_(?:q(?P<quantile>0?\.\d+|\d(?:\.\d+)?e-\d+)|(?P<side>lower|upper))"
)
_OTHER_SIDE = {"lower": "upper", "upper": "lower"}


@dataclass
class Bounds:
    """The columns around the forecast of a target.

    Parameters
    ----------
    bands : list of tuple (label, low, high)
        Pairs of columns, the widest first.

    lines : list of tuple (label, column)
        A quantile without a partner.
    """

    bands: list = field(default_factory=list)
    lines: list = field(default_factory=list)


@dataclass
class Series:
    """One panel: the forecast of a target in a group, and what is beside it.

    Parameters
    ----------
    group, target
        Whose forecast it is; `group` is None without groups.

    x : Index
        Where the forecast is drawn, with the last point of the history, if any.

    forecast : ndarray of shape (n_points,)
        The forecast, joined to the history.

    bands : list of tuple (label, low, high)
        Arrays as `forecast`.

    lines : list of tuple (label, values)
        Quantiles without a partner, as `forecast`.

    truth : ndarray of shape (n_points,) or None
        What came true, as `forecast`.

    history_x, history
        The known values before.

    x_name : str
        What the axis shows.
    """

    group: Any
    target: Any
    x: pd.Index
    forecast: np.ndarray
    bands: list
    lines: list
    truth: np.ndarray | None
    history_x: pd.Index
    history: np.ndarray
    x_name: str


# ------------------------------------------------------------------------ the columns
def read_targets(columns):
    """Find targets among the columns of a forecast, and the bounds of each.

    Returns
    -------
    dict of Bounds
        By target, in the order of columns.
    """
    by_name = {str(column): column for column in columns}
    bounds, found = {}, {}
    for column in columns:
        match = _BOUND.fullmatch(str(column))
        if match is None or not _is_bound(match, by_name):
            found.setdefault(column, ({}, {}))
        else:
            bounds[column] = (by_name[match["target"]], match)
    for column, (target, match) in bounds.items():
        quantiles, sides = found.setdefault(target, ({}, {}))
        if match["side"]:
            sides[match["side"]] = column
        else:
            quantiles[float(match["quantile"])] = column
    return {target: pair_bounds(*both) for target, both in found.items()}


def _is_bound(match, columns):
    """Tell whether the target is there, and of an interval both sides."""
    target, side = match["target"], match["side"]
    partner = target if side is None else f"{target}_{_OTHER_SIDE[side]}"
    return target in columns and partner in columns


def pair_bounds(quantiles, sides):
    """Pair the lowest quantile with the highest, the next with the next.

    Parameters
    ----------
    quantiles : dict of float to column
        In any order.

    sides : dict of {"lower", "upper"} to column
        One interval.

    Examples
    --------
    >>> from sklstm.inspection._forecast_series import pair_bounds
    >>> pair_bounds({0.1: "a", 0.5: "b", 0.9: "c"}, {})
    Bounds(bands=[('quantiles 0.1 to 0.9', 'a', 'c')], lines=[('quantile 0.5', 'b')])
    """
    bounds = Bounds()
    if len(sides) == 2:
        bounds.bands.append(("interval", sides["lower"], sides["upper"]))
    left = sorted(quantiles)
    while len(left) > 1:
        low, high = left.pop(0), left.pop()
        label = f"quantiles {low:g} to {high:g}"
        bounds.bands.append((label, quantiles[low], quantiles[high]))
    bounds.lines += [(f"quantile {one:g}", quantiles[one]) for one in left]
    return bounds


def note_unknown(targets, tables):
    """Say in the labels of bands that they are not known everywhere.

    Of few errors :func:`sklstm.forecasting.conformal_intervals` gives infinite bounds,
    which can't be drawn. Bands of one label share it in all panels, as the legend does.

    Parameters
    ----------
    targets : dict of Bounds
        Are changed.

    tables : list of DataFrame
        The forecasts that are drawn.
    """
    known = {}
    for bounds in targets.values():
        for label, *pair in bounds.bands:
            finite = [np.isfinite(table[pair].to_numpy(float)) for table in tables]
            known.setdefault(label, []).append(np.concatenate(finite).all(axis=1))
    for bounds in targets.values():
        bounds.bands = [
            (label + _note(np.concatenate(known[label])), *pair)
            for label, *pair in bounds.bands
        ]


def _note(known):
    if known.all():
        return ""
    return " (where known)" if known.any() else " (unknown)"


# ------------------------------------------------------------------------- the groups
def find_group_by(frame, group_by):
    """Find the column or index level of a forecast that names the group.

    Returns
    -------
    str, int or None
        None without groups.

    Raises
    ------
    ValueError
        If `group_by` is none of those there are, or nothing tells the level.
    """
    levels = [name for name in frame.index.names if name is not None]
    if group_by is not None:
        if group_by in frame.columns or group_by in levels:
            return group_by
        raise ValueError(
            f"group_by must be a column or an index level of forecast, got {group_by!r}"
            f". Columns: {list(frame.columns)}; index levels: {levels}."
        )
    if frame.index.nlevels > 1:
        kinds = {name: frame.index.get_level_values(name) for name in levels}
        groups = [name for name, level in kinds.items() if not _is_time(level)]
        if len(groups) == 1:
            return groups[0]
        raise ValueError(
            f"group_by must say which index level of forecast names the group: one of "
            f"{levels}."
        )
    words = [c for c in frame.columns if not is_numeric_dtype(frame[c])]
    return words[0] if words else None


def split_groups(frame, group_by, name):
    """Part a table into those of its groups, without the name of the group.

    Returns
    -------
    dict of DataFrame
        In the order in which groups first appear; by None without groups.

    Raises
    ------
    ValueError
        If the table does not name groups; calls it `name`.
    """
    if group_by is None:
        return {None: frame}
    if group_by in frame.columns:
        groups, rest = frame[group_by], frame.drop(columns=[group_by])
    elif group_by in frame.index.names:
        groups = frame.index.get_level_values(group_by)
        rest = frame.droplevel(group_by) if frame.index.nlevels > 1 else frame
    else:
        raise ValueError(
            f"{name} has neither a column nor an index level {group_by!r}, which names "
            f"the groups of forecast. Columns: {list(frame.columns)}."
        )
    codes, names = pd.factorize(np.asarray(groups))
    return {group: rest[codes == i] for i, group in enumerate(names)}


def choose_groups(groups, group, most):
    """Choose the groups to draw: one, or the first ones.

    Raises
    ------
    ValueError
        If `group` is none of them.
    """
    if group is None:
        return list(groups)[:most]
    if group not in list(groups):
        there = "no groups" if list(groups) == [None] else shortened(groups)
        raise ValueError(f"group must be one of forecast's: {there}; got {group!r}.")
    return [group]


# ------------------------------------------------------------------------- the tables
def as_frame(name, table, targets, like=None):
    """Read history or truth as a DataFrame with the columns of the targets.

    Parameters
    ----------
    name : str
        The parameter, for errors.

    table : DataFrame, Series or array-like
        The values; an array only with `like`, whose index it takes.

    targets : list
        The columns that are needed.

    like : DataFrame, default=None
        The table with the same rows.

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
    values = values.reshape(len(like), len(targets))
    return pd.DataFrame(values, index=like.index, columns=targets)


def merely_numbers_rows(forecast, history, group_by):
    """Tell whether the index numbers the rows of all groups, and so tells no time."""
    if group_by is None or forecast.index.nlevels > 1:
        return False
    index = forecast.index if history is None else history.index
    return is_numeric_dtype(index) and index.is_unique


def drawable(index):
    """Give an index as matplotlib can draw it; None where it is no numbers or times."""
    if isinstance(index, pd.PeriodIndex):
        return index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex):
        return index
    return index if is_numeric_dtype(index) else None


def make_series(group, target, bounds, forecast, history, truth, by_number):
    """Arrange one panel from the tables of a group.

    Parameters
    ----------
    group, target
        Whose panel it is.

    bounds : Bounds
        The columns around the forecast.

    forecast, history, truth : DataFrame
        The rows of the group; `history` and `truth` may be None.

    by_number : bool
        Whether rows are numbered from the last known one, for want of times.

    Returns
    -------
    Series
    """
    x = None if by_number else drawable(forecast.index)
    if x is not None and not x.is_unique:
        raise ValueError(
            "The index of forecast has times more than once"
            + ("" if group is None else f" in group {group!r}")
            + ". Name the column or index level of the groups in group_by."
        )
    name = forecast.index.name or ("time" if _is_time(forecast.index) else "row")
    past = np.empty(0) if history is None else history[target].to_numpy(float)
    past_x = None if history is None or x is None else drawable(history.index)
    if x is None or (past_x is None and history is not None):
        name = "steps from the last known row"
        x = pd.RangeIndex(1, len(forecast) + 1)
        past_x = pd.RangeIndex(1 - len(past), 1)
    elif past_x is None:
        past_x = x[:0]
    came = None if truth is None else truth_beside(forecast, truth[target], by_number)
    columns = [target, *(c for _, *pair in bounds.bands for c in pair)]
    columns += [column for _, column in bounds.lines]
    values = {column: forecast[column].to_numpy(float) for column in columns}
    if len(past) and np.isfinite(past[-1]):
        x = past_x[-1:].append(x)
        values = {c: np.append(past[-1], v) for c, v in values.items()}
        came = None if came is None else np.append(past[-1], came)
    lines = [(label, values[column]) for label, column in bounds.lines]
    return Series(
        group=group,
        target=target,
        x=x,
        forecast=values[target],
        bands=[(label, values[low], values[high]) for label, low, high in bounds.bands],
        # The median is the forecast itself, where quantiles are what is learnt.
        lines=[one for one in lines if not np.array_equal(one[1], values[target])],
        truth=came,
        history_x=past_x,
        history=past,
        x_name=name,
    )


def before(history, forecast, n_rows, by_number):
    """Give the last rows of the history that are earlier than the forecast.

    Parameters
    ----------
    history, forecast : DataFrame
        The rows of one group.

    n_rows : int
        The most rows to give.

    by_number : bool
        Whether the index tells no time: all rows are then earlier.

    Raises
    ------
    ValueError
        If the two indices can't be compared.
    """
    first = forecast.index[0]
    if by_number:
        pass
    elif drawable(forecast.index) is None and not _is_time(forecast.index):
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
    return history.iloc[max(len(history) - n_rows, 0) :]


def truth_beside(forecast, truth, by_number):
    """Give the truth of the rows of a forecast, NaN where it is not known.

    Raises
    ------
    ValueError
        If it is known of none of them, or rows that are only numbered are not as many.
    """
    if by_number:
        if len(truth) != len(forecast):
            raise ValueError(
                f"truth must have the {len(forecast)} rows of forecast in each group, "
                f"as its index tells no times; got {len(truth)}."
            )
        return truth.to_numpy(float)
    if not truth.index.is_unique:
        raise ValueError("truth must have each time once in its index.")
    beside = truth.reindex(forecast.index).to_numpy(float)
    if not len(truth.index.intersection(forecast.index)):
        raise ValueError(
            f"truth must have times of forecast, {forecast.index[0]!r} to "
            f"{forecast.index[-1]!r}, in its index; got none of them."
        )
    return beside


def _is_time(index):
    return isinstance(index, (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex))
