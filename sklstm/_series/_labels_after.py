"""The times of the rows that follow the series of a table."""

import numpy as np
import pandas as pd

from sklstm._series._frequency import columns_of
from sklstm._series._time_labels import TimeLabels

_A_DAY = 24 * 3600 * 10**9


def labels_after(times, series, n_rows, fitted=None):
    """Return the times of the rows that follow each series.

    Parameters
    ----------
    times : Index or None
        The time of each row of the table.

    series : Groups
        The rows of each series, in the order of time.

    n_rows : int
        How many rows of each.

    fitted : Frequency or None
        How rows follow each other where those of the table do not tell.

    Returns
    -------
    Index of length n_series * n_rows, or None
        Series by series; None where times do not tell, or there are none.
    """
    if times is None:
        return None
    labels = TimeLabels(times)
    frequencies = labels.frequencies(series)
    last = series.order[series.ends - 1]
    plain, steps = _are_plain(times[last], series, frequencies, n_rows)
    found, others = {}, []
    for i in np.flatnonzero(~plain).tolist():
        key = times[last[i]], frequencies[i]
        if key not in found:
            n_own = int(series.sizes[i])
            after = _of_one(labels, last[i], n_own, frequencies[i], n_rows, fitted)
            if after is None:
                return None
            found[key] = after
        others.append(found[key])
    if not plain.any():
        return others[0].append(others[1:])
    later = np.empty((len(series), n_rows), dtype=np.int64)
    ends, ahead = times.asi8[last[plain]], np.arange(1, n_rows + 1)
    later[plain] = ends[:, np.newaxis] + steps[plain][:, np.newaxis] * ahead
    if others:
        later[~plain] = [own.as_unit(times.unit).asi8 for own in others]
    return _at(later.ravel(), times)


def _are_plain(last, series, frequencies, n_rows):
    """Return which series go on at steps of one length, and these.

    Parameters
    ----------
    last : Index of length n_series
        When each series ends.

    series : Groups
        Their rows.

    frequencies : list of Frequency
        How these follow each other.

    n_rows : int
        How many rows follow.

    Returns
    -------
    plain : ndarray of bool, of shape (n_series,)
    steps : ndarray of int, of shape (n_series,)
        In the unit of the times; 0 of other series.
    """
    steps = np.zeros(len(series), dtype=np.int64)
    if not isinstance(last, pd.DatetimeIndex):
        return steps > 0, steps
    usual, longest = columns_of(frequencies)
    regular = (usual == longest) & (series.sizes > 2)  # two rows tell no frequency
    if last.tz is not None:  # a day is not always 24 hours long
        regular &= usual % _A_DAY != 0
    nanoseconds = pd.Timedelta(1, unit=last.unit).as_unit("ns").value
    steps[regular] = usual[regular] / nanoseconds
    # Later than can be counted: a series by itself says so.
    regular &= last.asi8 + steps * float(n_rows) < 2.0**62
    return regular, steps


def _at(numbers, times):
    """Return numbers as times of the type of others."""
    found = pd.DatetimeIndex(numbers.view(f"M8[{times.unit}]"))
    return found if times.tz is None else found.tz_localize("UTC").tz_convert(times.tz)


def _of_one(labels, row, n_own, own, n_rows, fitted):
    """Return the times after the last row of a series; None if not known."""
    last, times = labels.at(row), labels.index
    frequencies = [own] if n_own > 2 else []  # two rows tell no frequency
    frequencies += [labels.frequency()] + ([] if fitted is None else [fitted])
    if n_own <= 2 and times.nunique() <= 2:
        frequencies.reverse()  # nor do two times of all groups
    for frequency in frequencies:
        if (after := frequency.labels_after(last, n_rows)) is not None:
            return after
    if times.dtype.kind not in "iu":
        return None
    # What is left of numbered rows is numbered on.
    return pd.RangeIndex(last.label + 1, last.label + 1 + n_rows)
