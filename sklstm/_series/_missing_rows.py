"""The number of rows that are missing within a table, and between two tables."""

import numpy as np
import pandas as pd

from sklstm._series._frequency import Frequency, columns_of
from sklstm._series._time_labels import TimeLabels

# Fewer rows show no frequency.
ROWS_OF_A_FREQUENCY = 3


def frequencies_of(times, groups, *, of_table_where_short):
    """Return the Frequency of each group; of none without `times` (TimeLabels).

    `of_table_where_short` is whether a group of one or two rows has the frequency of
    the table, if that is regular.
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
    """Return the number of rows missing before each row in its group, None without any.

    Groups without a regular frequency count none; neither do those whose `times`
    (TimeLabels) fall, unless `are_sorted` rules that out.
    """
    numbered = len(groups) == 1 and isinstance(times.index, pd.RangeIndex)
    if numbered and times.index.step <= frequencies[0].longest_step:
        return None  # without arrays as long as the table
    regular = np.array([frequency.is_regular for frequency in frequencies], dtype=bool)
    if not are_sorted:
        regular &= ~np.logical_or.reduceat(times.falls(groups), groups.starts)
    if not regular.any():
        return None
    missing = times.missing_before(groups, frequencies, regular)
    return groups.in_table_order(missing) if missing.any() else None


def missing_by_index(index, groups, *, of_groups):
    """Return the number of rows missing before each row, by the index alone.

    `index` is without the level that names the group; `of_groups` is whether the table
    is known to have groups, even if it has one. None if no row is missing, or labels
    show no gaps.
    """
    if isinstance(index, pd.MultiIndex) or index.hasnans:
        return None
    times = TimeLabels(index)
    if not times.show_gaps(of_groups):
        return None
    frequencies = frequencies_of(times, groups, of_table_where_short=True)
    return count_missing(times, groups, frequencies, are_sorted=False)


def missing_in_steps(frequencies, steps):
    """Return the number of rows missing in steps, each from a row to the next.

    Parameters
    ----------
    frequencies : list of Frequency
        The frequency of each series. One that is not regular has no missing rows.

    steps : ndarray of int, of shape (n_series,)
        The differences of `TimeLabels.integers`, not negative.

    Returns
    -------
    ndarray of int, of shape (n_series,), or None
        None if a calendar is needed.
    """
    if any(frequency.freq is not None for frequency in frequencies):
        return None
    found = np.zeros(len(steps), dtype=np.int64)
    usual = np.array([f.usual_step if f.is_regular else np.inf for f in frequencies])
    if not usual.all():  # labels that repeat
        return None
    far = np.flatnonzero(steps > usual)
    found[far] = np.maximum(np.rint(steps[far] / usual[far]) - 1, 0)
    return found


def n_rows_between(frequencies, last, first, *, at_most):
    """Return the number of rows missing between `last` and `first`, for each series.

    `last` are the TimeLabels of the ends of series with these frequencies, `first`
    those of the rows that follow. Counts stop at `at_most`.
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
    found[far] = np.clip(np.rint(steps[far] / usual[far]) - 1, 0, at_most)
    return found
