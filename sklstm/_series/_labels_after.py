"""The times of the rows that follow the series of a table."""

import numpy as np
import pandas as pd

from sklstm._series._frequency import A_DAY, columns_of
from sklstm._series._time_labels import TimeLabels


def labels_after(times, series, n_rows, fitted=None):
    """Return the times of the `n_rows` rows that follow each series.

    Parameters
    ----------
    times : Index of length n_rows_of_table, or None
        The time of each row of the table.

    series : Groups
        The rows of each series, in the order of time.

    n_rows : int
        Number of rows for each series.

    fitted : Frequency or None
        The frequency of the fitted table, for a table that shows none.

    Returns
    -------
    Index of length n_series * n_rows, or None
        Series by series; None if the times or their frequency are not known.
    """
    if times is None:
        return None
    labels = TimeLabels(times)
    frequencies = labels.frequencies(series)
    last = series.order[series.ends - 1]
    equal, steps = _find_equal_steps(times[last], series, frequencies, n_rows)
    found, others = {}, []
    for i in np.flatnonzero(~equal).tolist():
        key = times[last[i]], frequencies[i]
        if key not in found:
            n_own = int(series.sizes[i])
            after = _after_one(labels, last[i], n_own, frequencies[i], n_rows, fitted)
            if after is None:
                return None
            found[key] = after
        others.append(found[key])
    if not equal.any():
        return others[0].append(others[1:])
    later = np.empty((len(series), n_rows), dtype=np.int64)
    ends, ahead = times.asi8[last[equal]], np.arange(1, n_rows + 1)
    later[equal] = ends[:, np.newaxis] + steps[equal][:, np.newaxis] * ahead
    if others:
        later[~equal] = [own.as_unit(times.unit).asi8 for own in others]
    return _as_times(later.ravel(), times)


def _find_equal_steps(last, series, frequencies, n_rows):
    """Return which series continue at equal steps, and these steps.

    Both are of shape (n_series,). Steps are int, in the unit of the times; 0 for
    others.
    """
    steps = np.zeros(len(series), dtype=np.int64)
    if not isinstance(last, pd.DatetimeIndex):
        return steps > 0, steps
    usual, longest = columns_of(frequencies)
    regular = (usual == longest) & (series.sizes > 2)  # two rows show no frequency
    if last.tz is not None:  # a day may have 23 or 25 hours
        regular &= usual % A_DAY != 0
    nanoseconds = pd.Timedelta(1, unit=last.unit).as_unit("ns").value
    steps[regular] = usual[regular] / nanoseconds
    # Of dates too late for 64 bits, `_after_one` raises.
    regular &= last.asi8 + steps * float(n_rows) < 2.0**62
    return regular, steps


def _as_times(numbers, times):
    """Return numbers as times of the type of `times`."""
    found = pd.DatetimeIndex(numbers.view(f"M8[{times.unit}]"))
    return found if times.tz is None else found.tz_localize("UTC").tz_convert(times.tz)


def _after_one(labels, row, n_own, own, n_rows, fitted):
    """Return the times after the last row of one series; None if not known."""
    last, times = labels.at(row), labels.index
    frequencies = [own] if n_own > 2 else []  # two rows show no frequency
    frequencies += [labels.frequency()] + ([] if fitted is None else [fitted])
    if n_own <= 2 and times.nunique() <= 2:
        frequencies.reverse()  # nor do two times of all groups
    for frequency in frequencies:
        if (after := frequency.labels_after(last, n_rows)) is not None:
            return after
    if times.dtype.kind not in "iu":
        return None
    # Numbered rows, some of which were dropped.
    return pd.RangeIndex(last.label + 1, last.label + 1 + n_rows)
