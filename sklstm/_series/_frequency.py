"""The frequency of rows in time: how far apart neighbours are."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from sklstm._series._calendar import (
    THERE,
    calendar_of,
    calendar_with_holes,
    days_of,
    is_grid,
)

_A_DAY = 24 * 3600 * 10**9


@dataclass(frozen=True)
class Moment:
    """The label of a row, and its position on the line of labels of its kind."""

    kind: str
    position: Any
    label: Any = None

    def is_before(self, other):
        """Return whether both are of one kind, and this one is earlier."""
        if other is None or other.kind != self.kind:
            return False
        try:
            return bool(self.position < other.position)
        except TypeError:  # labels of mixed types have no order
            return False


@dataclass(frozen=True)
class Frequency:
    """The spacing of an index: how far apart neighbouring rows are.

    Parameters
    ----------
    usual_step : float or None
        Their usual distance; None where there are not two rows to tell.

    longest_step : float
        The longest that leaves nothing out: a weekend, for business days.

    freq : pandas.DateOffset or None
        The calendar of steps that are not equally long.
    """

    usual_step: float | None = None
    longest_step: float = 0.0
    freq: Any = None

    @property
    def is_regular(self):
        """Whether rows are equally far apart or of a calendar, but for holes."""
        there = self.usual_step is not None
        return there and (self.freq is not None or self.usual_step == self.longest_step)

    @classmethod
    def of(cls, steps, times=None, *, there=THERE):
        """Return the frequency of labels, by the distances between neighbours.

        Steps of several times the shortest are holes if at least the share `there` of
        all steps is the shortest; None says that they are none.
        """
        if not len(steps):
            return cls()
        lengths, counts = np.unique(steps, return_counts=True)
        n_usual = int(np.ceil(0.99 * len(steps)))
        usual_steps = np.repeat(lengths, counts)[:n_usual]
        if len(lengths) == 1 and lengths[0] < longest_plain_step(times):
            return cls(float(lengths[0]), float(lengths[0]))
        freq = None if times is None else calendar_of(times)
        if freq is None and times is not None and len(lengths) > 1:
            freq = calendar_with_holes(times)
        if freq is not None:
            return cls(float(steps.mean()), float(lengths[-1]), freq)
        if counts.max() >= 0.9 * len(steps):  # equally long, but for outages
            usual = float(lengths[counts.argmax()])
            return cls(usual, usual)
        if there is not None:
            if times is not None and (days := days_of(times)) is not None:
                # A day is not always 24 hours long.
                lengths, counts = np.unique(np.diff(days), return_counts=True)
                lengths = lengths * _A_DAY
            if is_grid(lengths, counts, there):
                return cls(float(lengths[0]), float(lengths[0]))
        return cls(float(usual_steps.mean()), float(usual_steps[-1]))

    def n_rows_between(self, last, first):
        """Count the rows that are missing between two moments."""
        if self.usual_step is None:
            return 0
        if self.freq is not None:
            unit = last.label.unit  # nanoseconds do not reach back to 1677
            between = pd.date_range(last.label, first.label, freq=self.freq, unit=unit)
            return int(((between > last.label) & (between < first.label)).sum())
        distance = first.position - last.position
        if distance <= self.longest_step:
            return 0
        return max(round(distance / self.usual_step) - 1, 0)

    def labels_after(self, last, n_rows):
        """Return the labels of the rows that follow.

        Parameters
        ----------
        last : Moment
            The last row that there is.

        n_rows : int
            How many.

        Returns
        -------
        pandas.Index of length n_rows, or None
            None where the rows so far do not tell: fewer than two, or not equally far
            apart.
        """
        if self.freq is not None:
            periods, unit = n_rows + 1, last.label.unit
            labels = pd.date_range(last.label, None, periods, self.freq, unit=unit)
            return labels[labels > last.label][:n_rows]
        if not self.is_regular:
            return None
        if last.kind.startswith("period"):
            # By numbers: what is added to a period of two days counts by two days.
            first, step = last.label.ordinal, round(self.usual_step)
            ahead = (first + k * step for k in _ahead(n_rows))
            freq = last.label.freq
            return pd.PeriodIndex([pd.Period(ordinal=i, freq=freq) for i in ahead])
        if last.kind == "number":
            step = self.usual_step
            step = int(step) if isinstance(last.label, Integral) else step
            return pd.Index([last.label + k * step for k in _ahead(n_rows)])
        if self.usual_step % _A_DAY == 0 and last.kind == "aware time":
            # A day is not always 24 hours long, and may lack an hour or have it twice.
            days = int(self.usual_step // _A_DAY)
            wall = last.label.tz_localize(None)
            ahead = [wall + pd.Timedelta(days=k * days) for k in _ahead(n_rows)]
            return pd.DatetimeIndex(ahead).tz_localize(
                last.label.tz,
                ambiguous=np.ones(n_rows, dtype=bool),
                nonexistent="shift_forward",
            )
        step = pd.Timedelta(int(self.usual_step), unit="ns").as_unit(last.label.unit)
        return pd.Index([last.label + k * step for k in _ahead(n_rows)])


def columns_of(frequencies):
    """Return the attributes of many frequencies as columns.

    Parameters
    ----------
    frequencies : list of Frequency

    Returns
    -------
    usual, longest : ndarray of shape (n_frequencies,)
        The usual step, NaN where there is none, and the longest that leaves nothing
        out: infinite where there is none, or a calendar counts the rows.
    """
    usual = [np.nan if p.usual_step is None else p.usual_step for p in frequencies]
    counts = (p.usual_step is not None and p.freq is None for p in frequencies)
    longest = [
        p.longest_step if there else np.inf
        for p, there in zip(frequencies, counts, strict=True)
    ]
    return np.array(usual), np.array(longest)


def longest_plain_step(times):
    """Return the distance from which on equal ones may be those of a calendar.

    `times` is the DatetimeIndex; None of other labels, which have none.
    """
    if times is None:
        return np.inf
    # Shorter than a month, and no hour is left out of a day: no calendar has other
    # steps, and to look for one takes long in many groups.
    return (28 if times.tz is None and times.freq is None else 0.5) * _A_DAY


def _ahead(n_rows):
    return range(1, n_rows + 1)
