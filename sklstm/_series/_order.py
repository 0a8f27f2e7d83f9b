"""The order of rows in time: checks of it, and the number of each time."""

import warnings

import numpy as np
import pandas as pd

from sklstm._series._index import reads_as_dates


def check_labelled(index, name, remedy):
    """Raise if a label is missing, as then the order of the rows is not known.

    Parameters
    ----------
    index : pandas.Index
        That of the table.

    name, remedy : str
        What the message calls the table, and what it advises.
    """
    if not isinstance(index, (pd.MultiIndex, pd.RangeIndex)) and index.hasnans:
        row = int(np.argmax(index.isna()))
        raise ValueError(
            f"The index of {name} is missing (NaN or NaT) in row {row}, so that the "
            f"order of the rows is not known. {remedy}"
        )


def check_sorted(labels, groups, group_by, remedy, name="X"):
    """Raise unless the labels of each group ascend.

    The message calls the table `name`, and ends with ``remedy(labels, rows, group_by)``
    for the rows of the first group that is not sorted.
    """
    row, i = _first(labels.falls(groups), groups)
    if row is not None:
        raise ValueError(
            f"The index of {name} is not sorted{_of_group(groups, i, group_by)}: label "
            f"{labels.index[row]!r} of row {row} is earlier than the one before it. "
            f"{remedy(labels, groups.rows(i), group_by)}"
        )


def check_unique(labels, groups, group_by, name="X"):
    """Raise unless the sorted labels of each group occur once."""
    row, i = _first(labels.repeats(groups), groups)
    if row is not None:
        remedy = " in a group."
        if group_by is None:
            remedy = "; for several entities, name their column in group_by."
        raise ValueError(
            f"The time {labels.index[row]!r} of row {row} of {name}"
            f"{_of_group(groups, i, group_by)} is that of an earlier row. Every time "
            f"may occur once{remedy}"
        )


def _first(found, groups):
    """Return the first row that was found, and the number of its group."""
    if not found.any():
        return None, None
    at = int(np.argmax(found))
    return groups.order[at], int(np.searchsorted(groups.ends, at, side="right"))


def _of_group(groups, i, group_by):
    return "" if group_by is None else f" (group {groups.names[i]!r})"


def number_times(times):
    """Return the number of the time of each row, from 0 for the earliest.

    Raise ValueError if times are missing, have no order, or are dates that sort as
    text.
    """
    if getattr(getattr(times, "dtype", None), "name", None) == "float16":
        times = times.astype(np.float32)  # pandas has no such index
    times = pd.Index(times)
    try:
        steps, ordered = pd.factorize(times, sort=True)
    except TypeError:  # such as numbers beside text
        kinds = sorted({type(time).__name__ for time in times})
        raise ValueError(
            f"time holds {', '.join(kinds)}, which have no order. Pass times of "
            "one type."
        ) from None
    if (steps < 0).any():
        raise ValueError(f"The time of row {int(np.argmax(steps < 0))} is missing.")
    _check_dates_are_parsed(ordered)
    return steps


def _check_dates_are_parsed(ordered):
    """Raise if times are dates as text, sorted as text."""
    if isinstance(ordered, pd.CategoricalIndex) or not reads_as_dates(ordered):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # text that pandas will not read in future
        dates = pd.to_datetime(ordered, errors="coerce", format="mixed", utc=True)
    dates = dates.dropna()
    falls = np.flatnonzero(dates[1:] < dates[:-1])
    if len(falls):
        raise ValueError(
            f"time holds text that reads as dates, such as {ordered[0]!r}, and sorts "
            f"as text: {dates[falls[0]].date()} comes before "
            f"{dates[falls[0] + 1].date()}. Parse it with pd.to_datetime."
        )
