"""The end of a fitted table, and whether another table goes on where it ended."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


class TimeLabels:
    """The index of a table, ready to be compared and subtracted.

    Parameters
    ----------
    index : pandas.Index
        One label a row.
    """

    def __init__(self, index):
        self.kind, self.positions = _positions(index)
        self.index = index

    def first_unsorted(self, rows):
        """Find the first of some rows whose label is earlier than that before it."""
        if self.positions is not None:
            falls = np.diff(self.positions[rows]) < 0
        else:
            labels = self.index[rows]
            if labels.is_monotonic_increasing:
                return None
            ranks, _ = pd.factorize(labels, sort=True)
            falls = np.diff(ranks) < 0
        return int(rows[np.argmax(falls) + 1]) if falls.any() else None

    def at(self, row):
        """Give the kind of the labels, and the position or label of a row."""
        if self.positions is None:
            return self.kind, self.index[row]
        return self.kind, self.positions[row]


@dataclass(frozen=True)
class Tail:
    """The last rows of a table or of one of its groups.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The rows.

    last : tuple or None
        Kind and position of the last label, from :meth:`TimeLabels.at`.

    usual_step, longest_usual_step : float
        Mean and largest difference of neighbouring labels, but for rare outliers.
    """

    values: np.ndarray
    last: tuple | None = None
    usual_step: float = 1.0
    longest_usual_step: float = 1.0

    @classmethod
    def of(cls, values, rows, labels, n_remembered):
        """Remember the last `n_remembered` of the rows `rows` of a table."""
        remembered = values[rows[max(len(rows) - n_remembered, 0) :]].copy()
        if labels is None:
            return cls(remembered)
        steps = (1.0, 1.0)
        if labels.positions is not None and len(rows) > 1:
            steps = _usual_steps(np.diff(labels.positions[rows]))
        return cls(remembered, labels.at(rows[-1]), *steps)

    def rows_before(self, first, n_remembered):
        """Give the rows to put before a table whose first label is `first`.

        Parameters
        ----------
        first : tuple or None
            From :meth:`TimeLabels.at`.

        n_remembered : int
            How many rows at most.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            Nothing where the table does not continue this one; else these rows, then
            a missing step for each row between the two tables.
        """
        if not self._is_before(first):
            return self.values[:0]
        n_between = min(self._n_rows_until(first), n_remembered)
        between = np.full((n_between, self.values.shape[1]), np.nan, self.values.dtype)
        return np.concatenate([self.values, between])[-n_remembered:]

    def _is_before(self, first):
        if first is None or self.last is None or first[0] != self.last[0]:
            return False
        try:
            return bool(self.last[1] < first[1])
        except TypeError:  # labels of mixed types have no order
            return False

    def _n_rows_until(self, first):
        if self.last[0] == "other":
            return 0
        distance = first[1] - self.last[1]
        # A table of business days goes on after a weekend with nothing missing.
        if distance <= self.longest_usual_step:
            return 0
        return max(round(distance / self.usual_step) - 1, 0)


def _positions(index):
    """Put labels on a line, where they are numbers or times.

    Returns
    -------
    tuple of (str, ndarray or None)
        What the line measures, and the place of each label on it.
    """
    if isinstance(index, pd.PeriodIndex):
        return f"period {index.freqstr}", index.asi8
    if isinstance(index, pd.DatetimeIndex):
        kind = "naive time" if index.tz is None else "aware time"
        return kind, index.as_unit("ns").asi8
    if isinstance(index, pd.TimedeltaIndex):
        return "duration", index.as_unit("ns").asi8
    if not isinstance(index, pd.MultiIndex) and index.dtype.kind in "iuf":
        numbers = index.to_numpy()
        # Unsigned integers would wrap around where labels fall.
        return "number", numbers.astype(
            np.int64
        ) if index.dtype.kind == "u" else numbers
    return "other", None


def _usual_steps(steps):
    """Mean and maximum of the steps, without the largest 1 %.

    An outage in an hourly series does not make a day's gap usual.

    >>> import numpy as np
    >>> _usual_steps(np.array([1, 1, 1, 1, 3]))
    (1.4, 3.0)
    >>> _usual_steps(np.array([1] * 200 + [500]))
    (1.0, 1.0)
    """
    steps = np.sort(steps)
    usual = steps[: int(np.ceil(0.99 * len(steps)))]
    usual = usual[usual > 0]
    if not len(usual):
        return 1.0, 1.0
    return float(usual.mean()), float(usual[-1])
