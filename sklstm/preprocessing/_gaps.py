"""Rows that are missing within a table: how many, and what is said of them."""

import re
import warnings

import numpy as np
import pandas as pd

from sklstm._validation import reads_as_dates, shortened
from sklstm.preprocessing._history import TimeLabels
from sklstm.preprocessing._pace import Pace, columns_of

# Fewer rows than these tell no pace.
_ROWS_OF_A_PACE = 3

# The share of rows missing above which it is not told where, if they are not few.
_MANY, _FEW = 0.05, 10

_DATES = {"date", "datetime", "datetime64", "period"}

# Text that reads as a date may be a name, such as "1a" or "row 12".
_HAS_A_YEAR = re.compile(r"\b\d{4}\b|\d+[-/.]\d+[-/.]\d+")


def paces_of(times, groups, *, of_table_where_short):
    """Find the pace of each group.

    Parameters
    ----------
    times : TimeLabels or None
        The labels of the table; without them no group has a pace.

    groups : Groups
        The rows of each group, in the order of time.

    of_table_where_short : bool
        Whether a group of one or two rows has the pace of the table, if that is
        regular.

    Returns
    -------
    list of Pace
    """
    if times is None:
        return [Pace()] * len(groups)
    paces = times.paces(groups)
    short = np.flatnonzero(groups.sizes < _ROWS_OF_A_PACE)
    if of_table_where_short and len(short) and times.pace().is_regular:
        for i in short.tolist():
            paces[i] = times.pace()
    return paces


def count_missing(times, groups, paces, *, are_sorted):
    """Count the rows missing before each row in its group.

    Parameters
    ----------
    times : TimeLabels
        The labels of the table.

    groups : Groups
        The rows of each group.

    paces : list of Pace
        A group without a regular one counts none.

    are_sorted : bool
        Whether it is known that times fall in no group; one in which they do counts
        none.

    Returns
    -------
    ndarray of int, of shape (n_rows,), or None
        None where none is missing.
    """
    numbered = len(groups) == 1 and isinstance(times.index, pd.RangeIndex)
    if numbered and times.index.step <= paces[0].longest_step:
        return None  # without arrays as long as the table
    regular = np.array([pace.is_regular for pace in paces], dtype=bool)
    if not are_sorted:
        regular &= ~np.logical_or.reduceat(times.falls(groups), groups.starts)
    if not regular.any():
        return None
    found = times.missing_before(groups, paces, regular)
    if not found.any():
        return None
    missing = np.empty_like(found)
    missing[groups.order] = found
    return missing


def missing_by_index(index, groups, *, of_groups):
    """Count the rows missing before each row of a table, by its index alone.

    Parameters
    ----------
    index : pandas.Index
        Without the level that names the group.

    groups : Groups
        The rows of each group, in the order of time.

    of_groups : bool
        Whether the table is known to have groups, be it of one.

    Returns
    -------
    ndarray of int, of shape (n_rows,), or None
        None where none is missing, or labels tell nothing.
    """
    if isinstance(index, pd.MultiIndex) or index.hasnans:
        return None
    times = TimeLabels(index)
    if not times.show_gaps(of_groups):
        return None
    paces = paces_of(times, groups, of_table_where_short=True)
    return count_missing(times, groups, paces, are_sorted=False)


def n_rows_between(paces, last, first, *, at_most):
    """Count the rows that are missing between the ends of series and what follows.

    Parameters
    ----------
    paces : list of Pace
        Those of the series.

    last, first : TimeLabels
        When each ends, and when what follows begins.

    at_most : int
        More are not counted.

    Returns
    -------
    ndarray of int, of shape (n_series,)
    """
    found = np.zeros(len(paces), dtype=np.int64)
    steps = last.steps_to(first)
    counted = {}
    for i, pace in enumerate(paces):
        if steps is not None and pace.freq is None:
            continue
        ends = last.at(i), first.at(i)
        key = pace, ends[0].position, ends[1].position
        if key not in counted:
            counted[key] = min(pace.n_rows_between(*ends), at_most)
        found[i] = counted[key]
    if steps is None:
        return found
    usual, longest = columns_of(paces)
    far = np.flatnonzero(steps > longest)
    n_rows = np.clip(np.rint(steps[far] / usual[far]) - 1, 0, at_most)
    found[far] = n_rows
    return found


def warn_of_gaps(
    X, missing, n_groups, n_remembered, holds="Windows hold missing steps"
):
    """Warn of the rows that are not there between those of a table.

    It is silent of what a fold in the midst of a table leaves: one hole, in each group,
    that is longer than a window. After it all begins as it does with the first row.
    `holds` says what there is in their place.
    """
    places, n_rows = np.flatnonzero(missing), int(missing.sum())
    share = n_rows / (len(X) + n_rows)
    many = share > _MANY and n_rows > _FEW
    if many and len(places) <= n_groups and missing[places].min() >= n_remembered:
        return
    if many:
        found = (
            f"About {round(20 * share) * 5} % of the rows are missing within X, by its "
            "index (shuffled folds, filters and dropna take rows out too)."
        )
    else:
        row, where = int(places[0]), ""
        if len(places) > 1:
            where = f" at {len(places)} places, the first {int(missing[row])}"
        found = (
            f"{n_rows} {'row is' if n_rows == 1 else 'rows are'} missing within X, by "
            f"its index,{where} before row {row} ({X.index[row]})."
        )
    warnings.warn(
        f"{found} {holds} (NaN) for them. Set "
        'gaps="ignore" if the rows follow each other as they stand.',
        UserWarning,
        stacklevel=4,
    )


def warn_of_no_pace(times, groups, paces):
    """Warn where time stamps do not tell whether rows are missing."""
    odd = [
        name
        for name, n_rows, pace in zip(
            groups.names, groups.sizes.tolist(), paces, strict=True
        )
        if n_rows >= _ROWS_OF_A_PACE and not pace.is_regular
    ]
    if odd:
        where = "" if len(groups) == 1 else f" (groups {shortened(odd)})"
        warnings.warn(
            f"The times of X are not equally far apart{where}, so that it is not known "
            "whether rows are missing: windows hold the rows as they stand. Resample X "
            'to a regular index, or set gaps="ignore" if that is right.',
            UserWarning,
            stacklevel=4,
        )


def warn_of_unread_dates(index):
    """Warn where labels are dates, but neither pandas' own nor to be counted."""
    read = pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex, pd.MultiIndex
    if isinstance(index, read) or index.dtype.kind in "iufb":
        return
    if pd.api.types.infer_dtype(index[:20], skipna=True) not in _DATES:
        if not all(isinstance(x, str) and _HAS_A_YEAR.search(x) for x in index[:20]):
            return
        if not reads_as_dates(index):
            return
    # Those of several time zones are read as of one.
    zones = {getattr(label, "tzinfo", None) for label in index}
    utc = ", utc=True" if len(zones) > 1 else ""
    warnings.warn(
        f"The index of X holds dates as {type(index[0]).__name__} objects, between "
        "which no missing row is seen, neither within X nor between two tables. Parse "
        f"them: X.index = pd.to_datetime(X.index{utc}), and y's alike; or set "
        'gaps="ignore".',
        UserWarning,
        stacklevel=4,
    )
