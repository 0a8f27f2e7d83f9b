"""The end of a fitted table, and whether another table goes on where it ended."""

import functools
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sklstm.preprocessing._pace import Moment, Pace

_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}

# Numbers need not tell time: of them more neighbours must be there than of dates.
_NUMBERS_THERE = 2 / 3

_NO_HOLES = np.empty((0, 2), dtype=np.int64)


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
        if not isinstance(index, (pd.MultiIndex, pd.RangeIndex)) and index.hasnans:
            row = int(np.argmax(index.isna()))
            raise ValueError(
                f"The index of X is missing (NaN or NaT) in row {row}, so that the "
                "order of the rows is not known. Fill it, or set history=None."
            )
        self.index = index
        self.kind, self._positions, self._unit = _positions(index)
        # By their moments, which the groups of a panel often share.
        self._paces, self._missing = {}, {}

    @property
    def tells_time(self):
        """Whether the labels are points in time, not just numbers or names."""
        return self.kind.endswith(" time") or self.kind.startswith("period ")

    def show_gaps(self, of_groups):
        """Whether labels that are left out within a table may be rows that are missing.

        Whole numbers show them, as years do or the numbers of rows of which some were
        dropped; but where there are groups not those that occur once each, which number
        the rows of all of them.
        """
        if self.kind == "number":
            whole = self._positions.dtype.kind == "i"
            return whole and not (of_groups and not self.index.duplicated().any())
        return self.tells_time or self.kind == "duration"

    def first_unsorted(self, rows):
        """Find the first of some rows whose label is earlier than that before it."""
        if self._positions is not None:
            falls = np.diff(self._positions[rows]) < 0
        else:
            labels = self.index[rows]
            if labels.is_monotonic_increasing:
                return None
            ranks, _ = pd.factorize(labels, sort=True)
            falls = np.diff(ranks) < 0
        return int(rows[np.argmax(falls) + 1]) if falls.any() else None

    def n_rises(self, rows):
        """Count the steps of some rows whose label is later than that before it."""
        labels = self.index[rows]
        return int((np.diff(pd.factorize(labels, sort=True)[0]) > 0).sum())

    def at(self, row):
        """Give the moment of a row."""
        if self._positions is None:
            return Moment(self.kind, self.index[row], self.index[row])
        position = self._positions[row].item() * self._unit
        return Moment(self.kind, position, self.index[row])

    def before(self, rows, moment):
        """Tell which of some rows are earlier than a moment of the same kind."""
        if self._positions is None:
            return np.array([self.at(row).is_before(moment) for row in rows], bool)
        return self._positions[rows] * self._unit < moment.position

    def span(self):
        """Give the first and the last moment of the table."""
        if self._positions is None:
            return self.at(0), self.at(-1)
        return self.at(np.argmin(self._positions)), self.at(np.argmax(self._positions))

    def take(self, rows):
        """Give the labels of some rows."""
        if isinstance(self.index, pd.RangeIndex):
            # Its own indexing would keep an array of all labels in memory.
            return TimeLabels(pd.Index(self._positions[rows]))
        return TimeLabels(self.index[rows])

    def part(self, rows):
        """Return the labels of a slice of rows, which were seen to be whole."""
        part = object.__new__(TimeLabels)
        part.index, part.kind, part._unit = self.index[rows], self.kind, self._unit
        part._positions = None if self._positions is None else self._positions[rows]
        part._paces, part._missing = {}, {}
        return part

    def pace(self, rows=None):
        """Give the pace of some rows; None takes all moments of the table."""
        if self._positions is None:
            return Pace()
        if rows is None or len(rows) == len(self.index):
            return self._whole_pace
        positions = self._positions[rows]
        moments = positions.tobytes()
        if moments not in self._paces:
            self._paces[moments] = self._pace_of(positions, rows)
        return self._paces[moments]

    @functools.cached_property
    def _whole_pace(self):
        # Once, as groups without a pace of their own ask for it one by one.
        return self._pace_of(self._positions, None)

    def _pace_of(self, positions, rows):
        steps = np.diff(np.unique(positions)) * float(self._unit)
        if self.kind == "number":
            whole = self._positions.dtype.kind == "i"
            return Pace.of(steps, there=_NUMBERS_THERE if whole else None)
        if not isinstance(self.index, pd.DatetimeIndex):
            return Pace.of(steps)
        times = self.index if rows is None else self.index[rows]
        if times.has_duplicates or not times.is_monotonic_increasing:
            times = times.unique().sort_values()
        return Pace.of(steps, times)

    def missing_before(self, rows, pace):
        """Count the rows that are missing before each of some rows but the first.

        Parameters
        ----------
        rows : ndarray of int
            In the order of time.

        pace : Pace
            How they would follow each other without holes.

        Returns
        -------
        ndarray of int, of shape (n_rows,)
        """
        if len(rows) < 2 or not pace.is_regular:
            return np.zeros(len(rows), dtype=np.int64)
        positions = self._positions[rows]
        moments = pace, positions.tobytes()
        if moments not in self._missing:
            self._missing[moments] = self._count_missing(rows, positions, pace)
        return self._missing[moments]

    def holes(self, rows, missing):
        """Give the positions of the rows before and after each hole between rows.

        Parameters
        ----------
        rows : ndarray of int
            In the order of time.

        missing : ndarray of int, or None
            How many rows are missing before each row of the table.

        Returns
        -------
        ndarray of int, of shape (n_holes, 2)
        """
        after = () if missing is None else np.flatnonzero(missing[rows])
        if not len(after):
            return _NO_HOLES
        around = np.column_stack([rows[after - 1], rows[after]])
        return self._positions[around] * self._unit

    def _count_missing(self, rows, positions, pace):
        missing = np.zeros(len(rows), dtype=np.int64)
        if pace.freq is None:
            steps = np.diff(positions)
            far = np.flatnonzero(steps > pace.longest_step / self._unit)
            count = np.rint(steps[far] * (self._unit / pace.usual_step)) - 1
            missing[far + 1] = np.maximum(count, 0)
            return missing
        first, last = self.index[rows[0]], self.index[rows[-1]]
        unit = self.index.unit
        grid = pd.date_range(first, last, freq=pace.freq, unit=unit).asi8
        after = np.searchsorted(grid, positions[:-1], side="right")
        missing[1:] = np.searchsorted(grid, positions[1:]) - after
        return np.maximum(missing, 0)


@dataclass(frozen=True)
class Tail:
    """The last rows of a table or of one of its groups.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The rows.

    labels : TimeLabels or None
        When they were.

    pace : Pace
        How they follow each other.

    missing : ndarray of int, of shape (n_rows,)
        How many rows are missing before each of them.

    first : Moment or None
        The first row of all, where rows before these are forgotten.

    holes : ndarray of shape (n_holes, 2) or None
        The positions of the rows before and after each hole among all rows. None where
        holes are not known.
    """

    values: np.ndarray
    labels: TimeLabels | None = None
    pace: Pace = field(default_factory=Pace)
    missing: np.ndarray | None = None
    first: Moment | None = None
    holes: np.ndarray | None = None

    @classmethod
    def of_groups(cls, values, groups, labels, n_remembered, missing, paces, watches):
        """Remember the last `n_remembered` rows of each group of a table.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_features)
            The table.

        groups : dict of ndarray
            The rows of each group, in the order of time.

        labels : TimeLabels or None
            Those of the table.

        n_remembered : int
            How many rows.

        missing : ndarray of shape (n_rows,) or None
            How many rows are missing before each.

        paces : dict of Pace
            Of the groups that have one.

        watches : bool
            Whether rows that are missing were counted.

        Returns
        -------
        dict of Tail
        """
        # One label at least tells when the group was.
        last = [
            rows[max(len(rows) - max(n_remembered, 1), 0) :] for rows in groups.values()
        ]
        shared = None if labels is None else labels.take(np.concatenate(last))
        tails, end = {}, 0
        for (name, own), rows in zip(groups.items(), last, strict=True):
            begin, end = end, end + len(rows)
            kept = None if shared is None else shared.part(slice(begin, end))
            rows = rows[max(len(rows) - n_remembered, 0) :]
            gaps = None if missing is None else missing[rows]
            gaps = gaps if gaps is not None and gaps.any() else None
            pace = paces.get(name, Pace())
            first = holes = None
            if labels is not None and len(rows) < len(own):
                first = labels.at(own[0])
                if watches and pace.is_regular:
                    holes = labels.holes(own, missing)
            tails[name] = cls(values[rows].copy(), kept, pace, gaps, first, holes)
        return tails

    def forgot_rows_before(self, first, last):
        """Tell whether a table holds rows again, but not the ones before them.

        Parameters
        ----------
        first, last : Moment
            When its first and its last row were.
        """
        end = None if self.labels is None else self.labels.at(-1)
        if self.first is None or first.kind != end.kind or end.is_before(last):
            return False
        if not self.first.is_before(first):
            return False
        if self.holes is None:  # all that is known are the rows at the end
            return bool((self.labels.index == first.label).any())
        i = np.searchsorted(self.holes[:, 1], first.position)
        return i == len(self.holes) or first.position <= self.holes[i, 0]

    def steps(self, n_rows, n_steps, n_between=0):
        """Give the first `n_rows` rows with the missing steps among and after them.

        Returns
        -------
        ndarray of shape (at most n_steps, n_features)
            The last steps of these.
        """
        rows = self.values[:n_rows]
        if self.missing is not None and n_rows:
            gaps = np.minimum(self.missing[:n_rows], n_steps)
            gaps[0] = 0
            rows = spread(rows, gaps)
        after = np.full((min(n_between, n_steps), rows.shape[1]), np.nan, rows.dtype)
        rows = np.concatenate([rows, after])
        return rows[max(len(rows) - n_steps, 0) :]

    def rows_before(self, first, n_remembered, adjoins, watches_gaps):
        """Give the rows to put before a table whose first label is `first`.

        Parameters
        ----------
        first : Moment or None
            When the first row of the table, or of the group in it, is.

        n_remembered : int
            How many rows at most.

        adjoins : bool
            Whether it is known that nothing is missing between the tables.

        watches_gaps : bool
            Whether rows missing within a table are missing steps.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            The rows that are earlier, then a missing step for each row between the
            two tables. Nothing where the labels can't be compared.
        """
        if self.labels is None or first is None or first.kind != self.labels.kind:
            return self.values[:0]
        n_rows, last = len(self.values), self.labels.at(-1)
        if not last.is_before(first):  # the tables overlap, or this one is later
            positions = np.arange(len(self.labels.index))
            n_rows = int(self.labels.before(positions, first)[:n_rows].sum())
            if not n_rows:
                return self.values[:0]
            last, adjoins = self.labels.at(n_rows - 1), True
        # Of a group by itself that the tables adjoin says nothing.
        counts = watches_gaps and self.pace.is_regular
        n_between = (
            0 if adjoins and not counts else self.pace.n_rows_between(last, first)
        )
        return self.steps(n_rows, n_remembered, n_between)


def spread(rows, missing):
    """Put as many missing steps before each row as `missing` says."""
    steps = np.full((len(rows) + int(missing.sum()), rows.shape[1]), np.nan, rows.dtype)
    steps[np.arange(len(rows)) + np.cumsum(missing)] = rows
    return steps


def _positions(index):
    """Put labels on a line, where they are numbers or times.

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
        # Unsigned integers would wrap around where labels fall.
        return (
            "number",
            numbers.astype(np.int64) if numbers.dtype.kind == "u" else (numbers),
            1,
        )
    return "other", None, 1
