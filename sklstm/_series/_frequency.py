"""The frequency of rows in time: how far apart neighbours are."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from sklstm._series._calendar import (
    MIN_SHARE,
    calendar_of,
    calendar_with_gaps,
    days_of,
    is_grid,
)
from sklstm._stored import stored_as

A_DAY = 24 * 3600 * 10**9


@stored_as("moment")
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


@stored_as("frequency")
@dataclass(frozen=True)
class Frequency:
    """The spacing of an index: how far apart neighbouring rows are.

    Parameters
    ----------
    usual_step : float or None
        The usual distance; None for fewer than two rows.

    longest_step : float
        The longest distance without a gap: a weekend, for business days.

    freq : pandas.DateOffset or None
        The calendar of steps that are not equally long.
    """

    usual_step: float | None = None
    longest_step: float = 0.0
    freq: Any = None

    @property
    def is_regular(self):
        """Whether rows are equally far apart or of a calendar, except for gaps."""
        if self.usual_step is None:
            return False
        return self.freq is not None or self.usual_step == self.longest_step

    @classmethod
    def of(cls, steps, times=None, *, min_share=MIN_SHARE):
        """Return the frequency of labels, by the distances between neighbours.

        Steps of several times the shortest are gaps if at least the share `min_share`
        of all steps is the shortest; with None they are never gaps.
        """
        if not len(steps):
            return cls()
        first = float(steps[0])
        if first < longest_plain_step(times) and (steps == first).all():
            return cls(first, first)
        lengths, counts = np.unique(steps, return_counts=True)
        n_usual = int(np.ceil(0.99 * len(steps)))
        usual_steps = np.repeat(lengths, counts)[:n_usual]
        freq = None if times is None else calendar_of(times)
        if freq is None and times is not None and len(lengths) > 1:
            freq = calendar_with_gaps(times)
        if freq is not None:
            return cls(float(steps.mean()), float(lengths[-1]), freq)
        if counts.max() >= 0.9 * len(steps):  # equally long, but for outages
            usual = float(lengths[counts.argmax()])
            return cls(usual, usual)
        if min_share is not None:
            if times is not None and (days := days_of(times)) is not None:
                # Where clocks change, a day has 23 or 25 hours.
                lengths, counts = np.unique(np.diff(days), return_counts=True)
                lengths = lengths * A_DAY
            if is_grid(lengths, counts, min_share):
                return cls(float(lengths[0]), float(lengths[0]))
        return cls(float(usual_steps.mean()), float(usual_steps[-1]))

    def n_rows_between(self, last, first):
        """Count the rows that are missing between two moments."""
        if self.usual_step is None:
            return 0
        if self.freq is not None:
            unit = last.label.unit  # nanoseconds begin in 1677
            between = pd.date_range(last.label, first.label, freq=self.freq, unit=unit)
            return int(((between > last.label) & (between < first.label)).sum())
        distance = first.position - last.position
        if distance <= self.longest_step:
            return 0
        return max(round(distance / self.usual_step) - 1, 0)

    def labels_after(self, last, n_rows):
        """Return the labels of the `n_rows` rows that follow the Moment `last`.

        None if the frequency is not known: fewer than two rows, or not equally far
        apart.
        """
        if self.freq is not None:
            periods, unit = n_rows + 1, last.label.unit
            labels = pd.date_range(last.label, None, periods, self.freq, unit=unit)
            return labels[labels > last.label][:n_rows]
        if not self.is_regular:
            return None
        numbers = range(1, n_rows + 1)
        if last.kind.startswith("period"):
            # By ordinals: periods of two days add in steps of two days.
            first, step = last.label.ordinal, round(self.usual_step)
            ordinals, freq = (first + k * step for k in numbers), last.label.freq
            return pd.PeriodIndex([pd.Period(ordinal=i, freq=freq) for i in ordinals])
        if last.kind == "number":
            step = self.usual_step
            step = int(step) if isinstance(last.label, Integral) else step
            return pd.Index([last.label + k * step for k in numbers])
        if self.usual_step % A_DAY == 0 and last.kind == "aware time":
            # Where clocks change, a day has 23 or 25 hours.
            days = int(self.usual_step // A_DAY)
            wall = last.label.tz_localize(None)
            times = [wall + pd.Timedelta(days=k * days) for k in numbers]
            return pd.DatetimeIndex(times).tz_localize(
                last.label.tz,
                ambiguous=np.ones(n_rows, dtype=bool),
                nonexistent="shift_forward",
            )
        step = pd.Timedelta(int(self.usual_step), unit="ns").as_unit(last.label.unit)
        return pd.Index([last.label + k * step for k in numbers])


def columns_of(frequencies):
    """Return the usual and the longest steps of many frequencies, as two arrays.

    The usual step may be NaN. The longest is infinite if unknown, or if a calendar
    counts the rows.
    """
    usual = [np.nan if f.usual_step is None else f.usual_step for f in frequencies]
    longest = [
        np.inf if f.usual_step is None or f.freq is not None else f.longest_step
        for f in frequencies
    ]
    return np.array(usual), np.array(longest)


def longest_plain_step(times):
    """Return the distance from which equal steps may be those of a calendar.

    `times` is the DatetimeIndex; None for other labels, which have no calendar.
    """
    if times is None:
        return np.inf
    # Equal steps shorter than a month are of no calendar, unless hours of a day are
    # left out. The search for a calendar takes long in many groups.
    return (28 if times.tz is None and times.freq is None else 0.5) * A_DAY
