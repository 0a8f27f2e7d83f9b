"""How many rows are missing within a table, and between two tables."""

import numpy as np
import pandas as pd

from sklstm._series._frequency import Frequency, columns_of
from sklstm._series._time_labels import TimeLabels

# Fewer rows than these tell no frequency.
ROWS_OF_A_FREQUENCY = 3


def frequencies_of(times, groups, *, of_table_where_short):
    """Return the frequency of each group.

    Parameters
    ----------
    times : TimeLabels or None
        The labels of the table; without them no group has a frequency.

    groups : Groups
        The rows of each group, in the order of time.

    of_table_where_short : bool
        Whether a group of one or two rows has the frequency of the table, if that is
        regular.

    Returns
    -------
    list of Frequency
    """
    if times is None:
        return [Frequency()] * len(groups)
    frequencies = times.frequencies(groups)
    short = np.flatnonzero(groups.sizes < ROWS_OF_A_FREQUENCY)
    if of_table_where_short and len(short) and times.frequency().is_regular:
        for i in short.tolist():
            frequencies[i] = times.frequency()
    return frequencies


def count_missing(times, groups, frequencies, *, are_sorted):
    """Count the rows missing before each row in its group.

    Parameters
    ----------
    times : TimeLabels
        The labels of the table.

    groups : Groups
        The rows of each group.

    frequencies : list of Frequency
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
    if numbered and times.index.step <= frequencies[0].longest_step:
        return None  # without arrays as long as the table
    regular = np.array([frequency.is_regular for frequency in frequencies], dtype=bool)
    if not are_sorted:
        regular &= ~np.logical_or.reduceat(times.falls(groups), groups.starts)
    if not regular.any():
        return None
    found = times.missing_before(groups, frequencies, regular)
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
    frequencies = frequencies_of(times, groups, of_table_where_short=True)
    return count_missing(times, groups, frequencies, are_sorted=False)


def n_rows_between(frequencies, last, first, *, at_most):
    """Count the rows that are missing between series and the rows that follow.

    Parameters
    ----------
    frequencies : list of Frequency
        Those of the series.

    last, first : TimeLabels
        When each ends, and when what follows begins.

    at_most : int
        More are not counted.

    Returns
    -------
    ndarray of int, of shape (n_series,)
    """
    found = np.zeros(len(frequencies), dtype=np.int64)
    steps = last.steps_to(first)
    counted = {}
    for i, frequency in enumerate(frequencies):
        if steps is not None and frequency.freq is None:
            continue
        ends = last.at(i), first.at(i)
        key = frequency, ends[0].position, ends[1].position
        if key not in counted:
            counted[key] = min(frequency.n_rows_between(*ends), at_most)
        found[i] = counted[key]
    if steps is None:
        return found
    usual, longest = columns_of(frequencies)
    far = np.flatnonzero(steps > longest)
    n_rows = np.clip(np.rint(steps[far] / usual[far]) - 1, 0, at_most)
    found[far] = n_rows
    return found
