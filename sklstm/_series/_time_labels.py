"""The labels of rows: their order, and how far apart they are."""

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

_AN_HOUR = 3600 * 10**9

# The first day of 1970 was a Thursday, the third after Monday.
_DAY_OF_EPOCH, _SATURDAY = 3, 5

_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}

# Numbers may not tell time: fewer of their rows may be missing than of dates.
_NUMBERS_THERE = 2 / 3


class TimeLabels:
    """The index of a table, ready to be compared and subtracted.

    Parameters
    ----------
    index : pandas.Index
        One label a row.

    Raises
    ------
    ValueError
        If a label is missing.
    """

    def __init__(self, index):
        check_labelled(index, "X", "Fill it, or set history=None.")
        self.index = index
        self.kind, self._positions, self._unit = _positions(index)
        # By their moments, which the groups of a panel often share.
        self._frequencies = {}

    @property
    def tells_time(self):
        """Whether the labels are points in time, not just numbers or names."""
        return self.kind.endswith(" time") or self.kind.startswith("period ")

    def show_gaps(self, of_groups):
        """Return whether labels that are left out may be rows that are missing.

        Whole numbers show them, as years do or the numbers of rows of which some were
        dropped; but where there are groups not those that occur once each, which number
        the rows of all of them.
        """
        if self.kind == "number":
            whole = self._positions.dtype.kind == "i"
            return whole and not (of_groups and numbers_rows(self.index))
        return self.tells_time or self.kind == "duration"

    def _rules_out_calendars(self, positions, steps):
        """Return whether times are of no calendar, for which a search takes long.

        Business hours are hours apart, months further than 10 days, and business days
        leave out the weekend; but an index may bring any calendar of its own.
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
        days = positions // (24 * _AN_HOUR // self._unit)
        return bool(((days + _DAY_OF_EPOCH) % 7 >= _SATURDAY).any())

    def falls(self, groups):
        """Return which rows are earlier than the one before them in their group.

        Parameters
        ----------
        groups : Groups
            The rows of each group.

        Returns
        -------
        ndarray of bool, of shape (n_rows,)
            Group by group.
        """
        return self._beside_the_one_before(groups, np.less)

    def repeats(self, groups):
        """Return which rows have the label of the one before them, as `falls` does."""
        return self._beside_the_one_before(groups, np.equal)

    def _beside_the_one_before(self, groups, compare):
        ranks = self._ranks(groups) if self._positions is None else self._positions
        ranks = groups.arranged(ranks)
        found = np.zeros(len(ranks), dtype=bool)
        compare(ranks[1:], ranks[:-1], out=found[1:])
        found[groups.starts] = False
        return found

    def _ranks(self, groups):
        """Return numbers in the order of labels that are no numbers."""
        try:
            return _ranks_of(self.index)
        except TypeError:  # those of a group may have an order still
            ranks = np.zeros(len(self.index), dtype=np.int64)
            for rows in groups.rows_of_each():
                ranks[rows] = _ranks_of(self.index[rows])
            return ranks

    def n_rises(self, rows):
        """Count the rows among some whose label is later than the one before."""
        labels = self.index[rows]
        return int((np.diff(pd.factorize(labels, sort=True)[0]) > 0).sum())

    def at(self, row):
        """Return the moment of a row."""
        if self._positions is None:
            return Moment(self.kind, self.index[row], self.index[row])
        position = self._positions[row].item() * self._unit
        return Moment(self.kind, position, self.index[row])

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
        # Integers that measure nanoseconds could overflow.
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

    def span(self):
        """Return the first and the last moment of the table."""
        if self._positions is None:
            return self.at(0), self.at(-1)
        return self.at(np.argmin(self._positions)), self.at(np.argmax(self._positions))

    def take(self, rows):
        """Return the labels of some rows."""
        if isinstance(self.index, pd.RangeIndex):
            # Its own indexing would keep an array of all labels in memory.
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
        """Return the frequency of each group, as `frequency` does for some rows.

        Parameters
        ----------
        groups : Groups
            The rows of each group.

        Returns
        -------
        list of Frequency
        """
        if self._positions is None:
            return [Frequency()] * len(groups)
        if len(groups) == 1:
            return [self.frequency(groups.order)]
        steps = self._only_steps(groups)
        plain = {step: Frequency(step, step) for step in np.unique(steps).tolist()}
        plain[0.0] = Frequency()
        return [
            plain[step] if step >= 0 else self.frequency(groups.rows(i))
            for i, step in enumerate(steps.tolist())
        ]

    def _only_steps(self, groups):
        """Return the distance between neighbouring labels of each group.

        Returns
        -------
        ndarray of shape (n_groups,)
            0 where a group has one label alone; -1 where labels fall, steps are of
            several lengths, or so long that they may be those of a calendar.
        """
        positions = groups.arranged(self._positions)
        steps = np.diff(positions, prepend=positions[:1])
        steps[groups.starts] = 0
        longest = np.maximum.reduceat(steps, groups.starts)
        # Times that are there twice are no step.
        steps = np.where(steps == 0, groups.repeat(longest), steps)
        shortest = np.minimum.reduceat(steps, groups.starts)
        lengths = longest * float(self._unit)
        # Of some rows, an index has no frequency.
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
        # Once, as groups without a frequency of their own ask for it one by one.
        return self._frequency_of(self._positions, None)

    def _frequency_of(self, positions, rows):
        steps = np.diff(np.sort(positions))
        steps = steps[steps > 0] * float(self._unit)
        if self.kind == "number":
            whole = self._positions.dtype.kind == "i"
            return Frequency.of(steps, there=_NUMBERS_THERE if whole else None)
        if not isinstance(self.index, pd.DatetimeIndex) or self._rules_out_calendars(
            positions, steps
        ):
            return Frequency.of(steps)
        times = self.index if rows is None else self.index[rows]
        if times.has_duplicates or not times.is_monotonic_increasing:
            times = times.unique().sort_values()
        return Frequency.of(steps, times)

    def missing_before(self, groups, frequencies, counted):
        """Count the rows that are missing before each row but the first of a group.

        Parameters
        ----------
        groups : Groups
            Rows in the order of time.

        frequencies : list of Frequency
            How those of each would follow each other without holes.

        counted : ndarray of bool, of shape (n_groups,)
            Groups whose frequency is regular. Of others none is missing.

        Returns
        -------
        ndarray of int, of shape (n_rows,)
            Group by group.
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
        grids = {}  # which groups often share
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

    def holes(self, groups, missing):
        """Find the holes between the rows of groups.

        Parameters
        ----------
        groups : Groups
            Rows in the order of time.

        missing : ndarray of int, of shape (n_rows,)
            How many rows are missing before each row of the table.

        Returns
        -------
        of_group : ndarray of int, of shape (n_holes,)
            The place of the group that each hole is in, ascending.

        around : ndarray of shape (n_holes, 2)
            The positions of the rows before and after it.
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
    """Return labels as positions on a line, if they are numbers or times.

    Returns
    -------
    tuple of (str, ndarray or None, int)
        What the line measures, the place of each label on it, and the unit of places.
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
        elif len(numbers) and _are_whole(numbers):
            numbers = numbers.astype(np.int64)
        return "number", numbers, 1
    return "other", None, 1


def _are_whole(numbers):
    """Return whether floats are whole numbers, as years of a file often are."""
    # Those of 2**53 and more may stand for others.
    return bool((np.abs(numbers) < 2.0**53).all() and (numbers % 1 == 0).all())
