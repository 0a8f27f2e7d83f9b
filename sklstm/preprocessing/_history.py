"""The end of a fitted table, and whether another table goes on where it ended."""

from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_A_DAY = 24 * 3600 * 10**9


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
        self._paces = {}  # by their moments, which the groups of a panel often share

    @property
    def tells_time(self):
        """Whether the labels are points in time, not just numbers or names."""
        return self.kind.endswith(" time") or self.kind.startswith("period ")

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

    def at(self, row):
        """Give the moment of a row."""
        if self._positions is None:
            return Moment(self.kind, self.index[row])
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

    def pace(self, rows=None):
        """Give the pace of some rows; None takes all moments of the table."""
        if self._positions is None:
            return Pace()
        positions = self._positions if rows is None else self._positions[rows]
        moments = positions.tobytes()
        if moments not in self._paces:
            self._paces[moments] = self._pace_of(positions, rows)
        return self._paces[moments]

    def _pace_of(self, positions, rows):
        steps = np.diff(np.unique(positions)) * float(self._unit)
        if not isinstance(self.index, pd.DatetimeIndex):
            return Pace.of(steps)
        whole = rows is None or len(rows) == len(self.index)
        times = self.index if whole else self.index[rows]
        return Pace.of(
            steps, times if times.is_unique else times.unique().sort_values()
        )


@dataclass(frozen=True)
class Moment:
    """A label: what it measures, its place on that line, and itself."""

    kind: str
    position: Any
    label: Any = None

    def is_before(self, other):
        """Tell whether both lie on one line, this one earlier."""
        if other is None or other.kind != self.kind:
            return False
        try:
            return bool(self.position < other.position)
        except TypeError:  # labels of mixed types have no order
            return False


@dataclass(frozen=True)
class Pace:
    """How far apart neighbouring rows are.

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

    @classmethod
    def of(cls, steps, times=None):
        """Find the pace from the steps between labels, and these if they are times."""
        if not len(steps):
            return cls()
        lengths, counts = np.unique(steps, return_counts=True)
        freq = None if times is None else _calendar(times)
        if freq is not None:
            return cls(float(steps.mean()), float(lengths[-1]), freq)
        if counts.max() >= 0.9 * len(steps):  # equally long, but for outages
            usual = float(lengths[counts.argmax()])
            return cls(usual, usual)
        usual = np.sort(steps)[: int(np.ceil(0.99 * len(steps)))]
        return cls(float(usual.mean()), float(usual[-1]))

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
        """Give the labels of rows that are yet to come.

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
        if self.usual_step is None or self.usual_step != self.longest_step:
            return None
        if last.kind.startswith("period"):
            step = round(self.usual_step)
            return pd.PeriodIndex([last.label + k * step for k in _ahead(n_rows)])
        if last.kind == "number":
            step = self.usual_step
            step = int(step) if isinstance(last.label, Integral) else step
            return pd.Index([last.label + k * step for k in _ahead(n_rows)])
        if self.usual_step % _A_DAY == 0 and last.kind == "aware time":
            # A day is not always 24 hours long.
            step = pd.DateOffset(days=int(self.usual_step // _A_DAY))
        else:
            step = pd.Timedelta(int(self.usual_step), unit="ns").as_unit(
                last.label.unit
            )
        return pd.Index([last.label + k * step for k in _ahead(n_rows)])


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
    """

    values: np.ndarray
    labels: TimeLabels | None = None
    pace: Pace = field(default_factory=Pace)

    @classmethod
    def of(cls, values, rows, labels, n_remembered):
        """Remember the last `n_remembered` of the rows `rows` of a table."""
        last_rows = rows[max(len(rows) - max(n_remembered, 1), 0) :]
        remembered = values[last_rows[max(len(last_rows) - n_remembered, 0) :]].copy()
        if labels is None:
            return cls(remembered)
        return cls(remembered, labels.take(last_rows), labels.pace(rows))

    def rows_before(self, first, n_remembered, adjoins):
        """Give the rows to put before a table whose first label is `first`.

        Parameters
        ----------
        first : Moment or None
            When the first row of the table, or of the group in it, is.

        n_remembered : int
            How many rows at most.

        adjoins : bool
            Whether it is known that nothing is missing between the tables.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            The rows that are earlier, then a missing step for each row between the
            two tables. Nothing where the labels can't be compared.
        """
        if self.labels is None or first is None or first.kind != self.labels.kind:
            return self.values[:0]
        rows, last = self.values, self.labels.at(-1)
        if not last.is_before(first):  # the tables overlap, or this one is later
            positions = np.arange(len(self.labels.index))
            return rows[self.labels.before(positions, first)[: len(rows)]]
        n_between = 0 if adjoins else self.pace.n_rows_between(last, first)
        shape = (min(n_between, n_remembered), rows.shape[1])
        rows = np.concatenate([rows, np.full(shape, np.nan, rows.dtype)])
        return rows[max(len(rows) - n_remembered, 0) :]


def _ahead(n_rows):
    return range(1, n_rows + 1)


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


def _calendar(index):
    """Give the frequency of months, business days and the like; None where none is."""
    freq = index.freq
    if freq is None and len(index) > 2 and index.is_unique:
        freq = pd.DatetimeIndex(index, freq="infer").freq
    return None if freq is None or isinstance(freq, pd.offsets.Tick) else freq
