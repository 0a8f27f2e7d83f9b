"""How a fitted table begins: whether another one is it, or holds its first rows."""

from dataclasses import dataclass

import numpy as np

from sklstm._stored import stored_as
from sklstm.sequences import row_blocks

# Number of first rows that are remembered, and rows among which they are looked for.
_FIRST, _MOST_LOOKED_AT = 8, 2**16

# Difference of equal numbers: this share of the range of some rows, or of the number.
_OF_RANGE, _OF_NUMBER = 1e-5, 2e-7


@stored_as("start of fit")
@dataclass(frozen=True)
class StartOfFit:
    """The first rows of a fitted table of one series.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        The first rows.

    recurs : bool
        Whether they, or rows like them, come again in the table.

    n_rows : int
        The number of rows of the table.

    sums : ndarray of shape (n_features,) or None
        The sums of its columns, unless it is large.
    """

    rows: np.ndarray
    recurs: bool
    n_rows: int
    sums: np.ndarray | None

    @classmethod
    def of(cls, values):
        """Return that of a table of shape (n_rows, n_features)."""
        first = values[:_FIRST].copy()
        recurs = bool(len(_places(values[1:_MOST_LOOKED_AT], first)))
        return cls(first, recurs, len(values), _sums(values))

    def begins(self, values):
        """Return whether a table surely begins with the first rows."""
        n_rows = len(self.rows)
        if self.recurs or n_rows < _FIRST or len(values) < n_rows:
            return False
        return _is_near(values[:n_rows], self.rows)

    def is_in(self, values):
        """Return whether a table holds the first rows, one after the other."""
        first = self.rows[: len(values)]
        return bool(len(_places(values[:_MOST_LOOKED_AT], first)))

    def has_columns_of(self, values):
        """Return whether a table may be the fitted one with permuted columns."""
        if len(values) != self.n_rows or self.sums is None:
            return False
        tolerance = _OF_RANGE * len(values) * _ranges(values)
        return bool((np.abs(_sums(values) - self.sums) <= tolerance).all())


def begins_within(values, last):
    """Return whether a table begins with last rows of another: they overlap."""
    overlaps = (last[place:][: len(values)] for place in _places(last, values[:1]))
    return any(_is_near(values[: len(rows)], rows) for rows in overlaps)


def _is_near(one, other):
    """Return whether values of tables are equal but for rounding, NaN equal to NaN."""
    return bool(_are_near(one, other, _OF_RANGE * _ranges(other)).all())


def _are_near(one, other, tolerance):
    near = np.abs(one - other) <= tolerance + _OF_NUMBER * np.abs(other)
    return near | (np.isnan(one) & np.isnan(other))


def _ranges(values):
    return np.fmax.reduce(values, axis=0) - np.fmin.reduce(values, axis=0)


def _places(values, rows):
    """Return the places of a table from which on it has these rows."""
    tolerance = _OF_RANGE * _ranges(rows)
    n_places = max(len(values) - len(rows) + 1, 0)
    # By the first column, which needs no copies of the table.
    near = _are_near(values[:n_places, 0], rows[0, 0], tolerance[0])
    places = np.flatnonzero(near)
    for number, row in enumerate(rows):
        near = _are_near(values[places + number], row, tolerance)
        places = places[near.all(axis=1)]
    return places


def _sums(values):
    """Return the sums of the columns; None of a large table."""
    if len(values) > _MOST_LOOKED_AT:
        return None
    blocks = [np.nansum(values[rows], axis=0) for rows in row_blocks(len(values))]
    return np.sum(blocks, axis=0)
