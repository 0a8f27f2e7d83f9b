"""The rows of a table, group by group in the order of time, as whole columns."""

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Groups:
    """The rows of a table, group by group.

    All methods work on whole columns, as a panel may have 100,000 groups.

    Parameters
    ----------
    names : list
        The groups, in the order in which they first appear.

    order : ndarray of int, of shape (n_rows,)
        The rows of the first group, in the order of the table, then of the next.

    sizes : ndarray of int, of shape (n_groups,)
        The number of rows of each group; none is empty.
    """

    names: list
    order: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, entities, parameter, table=None):
        """Return the groups of rows with these entities, of shape (n_rows,).

        Raise ValueError if an entity is missing, with `parameter` and `table` in the
        message.
        """
        codes, names = pd.factorize(np.asarray(entities))
        if (codes < 0).any():
            place = f"row {int(np.argmin(codes))}" + (f" of {table}" if table else "")
            raise ValueError(
                f"{parameter} is missing (NaN) in {place}; every row needs its group."
            )
        sizes = np.bincount(codes, minlength=len(names))
        if names.dtype.kind in "mM":
            # As Timestamp and Timedelta, which compare equal in any unit.
            names = pd.Index(names)
        return cls(names.tolist(), np.argsort(codes, kind="stable"), sizes)

    @classmethod
    def of_one(cls, name, n_rows):
        """Return all rows as one group."""
        return cls([name], np.arange(n_rows), np.array([n_rows]))

    def __len__(self):
        """Return the number of groups."""
        return len(self.names)

    @functools.cached_property
    def ends(self):
        """The end of each group in `order`."""
        return np.cumsum(self.sizes)

    @functools.cached_property
    def starts(self):
        """The start of each group in `order`."""
        return self.ends - self.sizes

    def rows(self, i):
        """Return the rows of group `i`, in the order of the table."""
        return self.order[self.starts[i] : self.ends[i]]

    def rows_of_each(self):
        """Return the rows of each group, in the order of the table."""
        if not len(self):  # NumPy would return one part
            return []
        return np.split(self.order, self.ends[:-1])

    def last(self, n_rows):
        """Return the groups with only their last `n_rows` rows."""
        sizes = np.minimum(self.sizes, n_rows)
        at = np.repeat(self.ends - sizes, sizes) + count_up(sizes)
        return Groups(self.names, self.order[at], sizes)

    def arranged(self, column):
        """Return a column of the table, group by group as in `order`."""
        return column if self._is_in_order else column[self.order]

    @functools.cached_property
    def codes(self):
        """The number of each row's group, in the order of the table."""
        return self.in_table_order(self.repeat(np.arange(len(self))))

    @functools.cached_property
    def places(self):
        """The position of each row within its group, from 0."""
        return self.in_table_order(count_up(self.sizes))

    def rows_at(self, codes, places):
        """Return the rows at positions in groups; the nearest if none exists."""
        nearest = np.clip(places, 0, self.sizes[codes] - 1)
        return self.order[self.starts[codes] + nearest]

    def timeline(self, missing=None):
        """Return the time steps of rows as a Timeline.

        `missing` is the number of rows missing before each row in its group; None for
        none.
        """
        if missing is None:
            return Timeline(self, self.places)
        passed = np.cumsum(1 + missing[self.order])
        places = passed - self.repeat(passed[self.starts])
        return Timeline(self, self.in_table_order(places))

    def in_table_order(self, arranged):
        """Return a column in the order of the table; the inverse of `arranged`."""
        column = np.empty_like(arranged)
        column[self.order] = arranged
        return column

    @functools.cached_property
    def _is_in_order(self):
        return bool((self.order[1:] > self.order[:-1]).all())

    def repeat(self, column):
        """Return a value of each group for its rows, in the order of `order`."""
        return np.repeat(column, self.sizes)


class Timeline:
    """The time step of each row in its group, counting missing rows.

    Parameters
    ----------
    groups : Groups
        The rows of each group, in the order of time.

    places : ndarray of int, of shape (n_rows,)
        The time step of each row in its group, from 0.
    """

    def __init__(self, groups, places):
        self.places = places
        self._groups, self._width = groups, int(places.max(initial=0)) + 1
        # The time steps of all groups, one group after the other: ascending.
        codes = groups.repeat(np.arange(len(groups)))
        self._steps = codes * self._width + places[groups.order]

    def rows_before(self, n_steps):
        """Return the row `n_steps` time steps before each row, as `rows_at` does."""
        return self.rows_at(self._groups.codes, self.places - n_steps)

    def rows_at(self, codes, places):
        """Return the rows at time steps of groups, and a mask of those that exist.

        In place of a row that does not exist, the first array holds any row.
        """
        wanted = codes * self._width + places
        steps, order = self._steps, self._groups.order
        at = np.minimum(np.searchsorted(steps, wanted), len(order) - 1)
        inside = (places >= 0) & (places < self._width)
        return order[at], inside & (steps[at] == wanted)


def count_up(sizes):
    """Count from 0 within each of several parts: 0, 1, 0, 1, 2 for sizes 2 and 3."""
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
