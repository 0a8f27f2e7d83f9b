"""The labels of rows: their order, and the distances between them."""

import functools

import numpy as np
import pandas as pd

from sklstm._series._calendar import EQUAL_STEPS
from sklstm._series._frequency import (
    Frequency,
    Moment,
    columns_of,
    longest_plain_step,
)
from sklstm._series._index import numbers_rows
from sklstm._series._order import check_labelled
from sklstm._stored import stored_as

_AN_HOUR = 3600 * 10**9

# The first day of 1970 was a Thursday, the third after Monday.
_DAY_OF_EPOCH, _SATURDAY, _A_FORTNIGHT = 3, 5, 14

_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}

# Numbers need not be times, so that a larger share must exist than of dates.
_MIN_SHARE_OF_NUMBERS = 2 / 3


@stored_as("time labels")
class TimeLabels:
    """The index of a table, to compare and subtract labels.

    Raise ValueError if a label is missing.
    """

    def __init__(self, index):
        check_labelled(index, "X", "Fill it, or set history=None.")
        self.index = index
        self.kind, self._positions, self._unit = _positions(index)
        # By positions, which the groups of a panel often share.
        self._frequencies = {}

    def __getstate__(self):
        return {"index": self.index}  # which all else is computed from

    def __setstate__(self, state):
        index = state["index"]
        self.index, self._frequencies = index, {}
        self.kind, self._positions, self._unit = _positions(index)

    @property
    def are_times(self):
        """Whether the labels are points in time, not only numbers or names."""
        return self.kind.endswith(" time") or self.kind.startswith("period ")

    def show_gaps(self, of_groups):
        """Return whether labels that are left out may be missing rows.

        Whole numbers show them, such as years, or row numbers of which some were
        dropped. With groups, numbers that occur once each do not, as they number the
        rows of all groups.
        """
        if self.kind == "number":
            whole = self._positions.dtype.kind == "i"
            return whole and not (of_groups and numbers_rows(self.index))
        return self.are_times or self.kind == "duration"

    def _has_no_calendar(self, positions, steps):
        """Return whether times are of no calendar, to avoid a slow search for one.

        Business hours are hours apart, months more than 10 days, and business days
        leave out the weekend; but the offset of an index may be any calendar.
        """
        if self.index.freq is not None and not isinstance(self.index.freq, EQUAL_STEPS):
            return False
        if not len(steps):
            return True
        shortest = steps.min()
        if shortest < _AN_HOUR or self.index.tz is not None:
            return bool(shortest < _AN_HOUR)
        if shortest > 10 * 24 * _AN_HOUR:
            return False
        # Most often the first rows have a weekend.
        for some in (positions[:_A_FORTNIGHT], positions):
            days = some // (24 * _AN_HOUR // self._unit)
            if ((days + _DAY_OF_EPOCH) % 7 >= _SATURDAY).any():
                return True
        return False

    def falls(self, groups):
        """Return which rows are earlier than the one before, group by group."""
        return self._compare_with_row_before(groups, np.less)

    def repeats(self, groups):
        """Return which rows have the label of the row before, as `falls` does."""
        return self._compare_with_row_before(groups, np.equal)

    def _compare_with_row_before(self, groups, compare):
        ranks = self._ranks(groups) if self._positions is None else self._positions
        ranks = groups.arranged(ranks)
        found = np.zeros(len(ranks), dtype=bool)
        compare(ranks[1:], ranks[:-1], out=found[1:])
        found[groups.starts] = False
        return found

    def _ranks(self, groups):
        """Return the ranks of labels that are not numbers."""
        try:
            return _ranks_of(self.index)
        except TypeError:  # within a group they may have an order
            ranks = np.zeros(len(self.index), dtype=np.int64)
            for rows in groups.rows_of_each():
                ranks[rows] = _ranks_of(self.index[rows])
            return ranks

    def n_rises(self, rows):
        """Return the number of these rows whose label is later than the one before."""
        labels = self.index[rows]
        return int((np.diff(pd.factorize(labels, sort=True)[0]) > 0).sum())

    def at(self, row):
        """Return the moment of a row."""
        if self._positions is None:
            return Moment(self.kind, self.index[row], self.index[row])
        position = self._positions[row].item() * self._unit
        return Moment(self.kind, position, self.index[row])

    def integers(self):
        """Return positions as whole numbers, of times in nanoseconds; None without.

        None as well if they are too large for 64 bits.
        """
        positions = self._positions
        if positions is None or positions.dtype != np.int64 or not len(positions):
            return None
        limit = 2**61 // self._unit
        if positions.min() < -limit or positions.max() > limit:
            return None
        return positions if self._unit == 1 else positions * self._unit

    def are_before(self, others):
        """Return which labels are earlier than others of the same kind, pairwise."""
        if self.is_like(others):
            return self._positions < others._positions
        pairs = zip(self._moments(), others._moments(), strict=True)
        return np.array([one.is_before(other) for one, other in pairs], dtype=bool)

    def steps_to(self, others):
        """Return the distances to other labels, pairwise; None if too large."""
        if not self.is_like(others) or not len(self.index):
            return None
        # Integer nanoseconds could overflow.
        ends = self._positions.astype(float), others._positions.astype(float)
        if max(np.abs(end).max() for end in ends) * self._unit > 2.0**61:
            return None
        return (others._positions - self._positions) * self._unit

    def is_like(self, others):
        """Return whether labels can be compared with others as columns."""
        if self._positions is None or self._unit != others._unit:
            return False
        if self.kind == others.kind == "number":
            return True
        return self._positions.dtype == others._positions.dtype

    def _moments(self):
        return map(self.at, range(len(self.index)))

    def first(self):
        """Return the first moment of the table."""
        return self.at(0 if self._positions is None else np.argmin(self._positions))

    def last(self):
        """Return the last moment of the table."""
        return self.at(-1 if self._positions is None else np.argmax(self._positions))

    def take(self, rows):
        """Return the labels of some rows."""
        if isinstance(self.index, pd.RangeIndex):
            # RangeIndex would keep an array of all labels in memory.
            return TimeLabels(pd.Index(self._positions[rows]))
        return TimeLabels(self.index[rows])

    def part(self, rows):
        """Return the labels of a slice of rows, without another check for NaN."""
        part = object.__new__(TimeLabels)
        part.index, part.kind, part._unit = self.index[rows], self.kind, self._unit
        part._positions = None if self._positions is None else self._positions[rows]
        part._frequencies = {}
        return part

    def frequencies(self, groups):
        """Return the Frequency of each group, as `frequency` does for some rows."""
        if self._positions is None:
            return [Frequency()] * len(groups)
        if len(groups) == 1:
            return [self.frequency(groups.order)]
        steps = self._steps_of_groups(groups)
        plain = {step: Frequency(step, step) for step in np.unique(steps).tolist()}
        plain[0.0] = Frequency()
        return [
            plain[step] if step >= 0 else self.frequency(groups.rows(i))
            for i, step in enumerate(steps.tolist())
        ]

    def _steps_of_groups(self, groups):
        """Return the one distance between neighbouring labels of each group.

        0 for a group of one label; -1 if labels fall, distances differ, or are so long
        that they may be those of a calendar.
        """
        positions = groups.arranged(self._positions)
        steps = np.diff(positions, prepend=positions[:1])
        steps[groups.starts] = 0
        longest = np.maximum.reduceat(steps, groups.starts)
        # Repeated times are no step.
        steps = np.where(steps == 0, groups.repeat(longest), steps)
        shortest = np.minimum.reduceat(steps, groups.starts)
        lengths = longest * float(self._unit)
        # An empty index, as the `freq` of all rows is not that of a group.
        times = self.index[[]] if isinstance(self.index, pd.DatetimeIndex) else None
        plain = (shortest == longest) & (lengths < longest_plain_step(times))
        return np.where(plain, lengths, -1.0)

    def frequency(self, rows=None):
        """Return the frequency of some rows; None takes the whole table."""
        if self._positions is None:
            return Frequency()
        if rows is None or len(rows) == len(self.index):
            return self._whole_frequency
        positions = self._positions[rows]
        moments = positions.tobytes()
        if moments not in self._frequencies:
            self._frequencies[moments] = self._frequency_of(positions, rows)
        return self._frequencies[moments]

    @functools.cached_property
    def _whole_frequency(self):
        # Cached, as each group without a frequency of its own needs it.
        return self._frequency_of(self._positions, None)

    def _frequency_of(self, positions, rows):
        steps = np.diff(positions)
        if (steps < 0).any():
            steps = np.diff(np.sort(positions))
        steps = steps[steps > 0] * float(self._unit)
        if self.kind == "number":
            whole = self._positions.dtype.kind == "i"
            share = _MIN_SHARE_OF_NUMBERS if whole else None
            return Frequency.of(steps, min_share=share)
        dates = isinstance(self.index, pd.DatetimeIndex)
        if not dates or self._has_no_calendar(positions, steps):
            return Frequency.of(steps)
        times = self.index if rows is None else self.index[rows]
        if times.has_duplicates or not times.is_monotonic_increasing:
            times = times.unique().sort_values()
        return Frequency.of(steps, times)

    def missing_before(self, groups, frequencies, counted):
        """Return the number of rows missing before each row, group by group.

        `counted` marks the groups with a regular frequency; others have no missing
        rows.
        """
        positions = groups.arranged(self._positions)
        missing = np.zeros(len(positions), dtype=np.int64)
        usual, longest = columns_of(frequencies)
        longest = np.where(counted, longest, np.inf)
        steps = np.diff(positions, prepend=positions[:1])
        steps[groups.starts] = 0
        far = np.flatnonzero(steps > groups.repeat(longest / self._unit))
        usual = usual[np.searchsorted(groups.ends, far, side="right")]
        count = np.rint(steps[far] * (self._unit / usual)) - 1
        missing[far] = np.maximum(count, 0)
        grids = {}  # groups often share them
        for i in np.flatnonzero(counted & (groups.sizes > 1)).tolist():
            if (freq := frequencies[i].freq) is None:
                continue
            own = slice(groups.starts[i], groups.ends[i])
            at = positions[own]
            key = freq, at[0], at[-1]
            if key not in grids:
                grids[key] = self._grid(groups.rows(i)[[0, -1]], freq)
            after = np.searchsorted(grids[key], at[:-1], side="right")
            between = np.searchsorted(grids[key], at[1:]) - after
            missing[own][1:] = np.maximum(between, 0)
        return missing

    def gaps(self, groups, missing):
        """Return the gaps between the rows of groups.

        `missing` is the number of rows missing before each row of the table. The
        results are the number of each gap's group, ascending, and the positions of the
        rows before and after it, of shape (n_gaps, 2).
        """
        after = np.flatnonzero(groups.arranged(missing))
        around = groups.order[np.column_stack([after - 1, after])]
        of_group = np.searchsorted(groups.ends, after, side="right")
        return of_group, self._positions[around] * self._unit

    def _grid(self, rows, freq):
        """Return the positions of a calendar from one row to another."""
        first, last = self.index[rows]
        return pd.date_range(first, last, freq=freq, unit=self.index.unit).asi8


def _ranks_of(labels):
    return pd.factorize(labels, sort=not labels.is_monotonic_increasing)[0]


def _positions(index):
    """Return the kind of labels, their positions or None, and the unit of these.

    Only numbers and times have positions.
    """
    if isinstance(index, pd.PeriodIndex):
        return f"period {index.freqstr}", index.asi8, 1
    if isinstance(index, pd.DatetimeIndex):
        kind = "naive time" if index.tz is None else "aware time"
        return kind, index.asi8, _NANOSECONDS[index.unit]
    if isinstance(index, pd.TimedeltaIndex):
        return "duration", index.asi8, _NANOSECONDS[index.unit]
    if isinstance(index, pd.RangeIndex):
        # Its to_numpy would stay in memory, as long as the index does.
        return "number", np.arange(index.start, index.stop, index.step), 1
    if not isinstance(index, pd.MultiIndex) and index.dtype.kind in "iuf":
        numbers = index.to_numpy()
        if numbers.dtype.kind in "iu":
            # Unsigned integers wrap around where labels fall, narrow ones where they
            # are far apart.
            numbers = numbers.astype(np.int64, copy=False)
        elif len(numbers) and _are_integers(numbers):
            numbers = numbers.astype(np.int64)
        return "number", numbers, 1
    return "other", None, 1


def _are_integers(numbers):
    """Return whether floats are whole numbers, as years of a file often are."""
    # Floats from 2**53 on may be rounded.
    return bool((np.abs(numbers) < 2.0**53).all() and (numbers % 1 == 0).all())
