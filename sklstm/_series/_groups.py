"""The rows of a table, group by group, as whole columns."""

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Groups:
    """The rows of a table, group by group.

    A panel may have 100,000 groups: what is done to each of them is done to columns.

    Parameters
    ----------
    names : list
        The groups, in the order in which they first appear.

    order : ndarray of int, of shape (n_rows,)
        The rows of the first group as they stand in the table, then of the next.

    sizes : ndarray of int, of shape (n_groups,)
        How many rows each has; none is empty.
    """

    names: list
    order: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, entities, parameter):
        """Find the groups of rows.

        Parameters
        ----------
        entities : array-like of shape (n_rows,)
            What each row belongs to.

        parameter : str
            What told them, for the error where an entity is missing.

        Raises
        ------
        ValueError
            If a row has no group.
        """
        codes, names = pd.factorize(np.asarray(entities))
        if (codes < 0).any():
            raise ValueError(
                f"{parameter} is missing (NaN) in row {int(np.argmin(codes))}; every "
                "row needs its group."
            )
        sizes = np.bincount(codes, minlength=len(names))
        if names.dtype.kind in "mM":
            # As Timestamp and Timedelta: bare numbers are others in another unit.
            names = pd.Index(names)
        return cls(names.tolist(), np.argsort(codes, kind="stable"), sizes)

    @classmethod
    def of_one(cls, name, n_rows):
        """Take all rows for those of one group."""
        return cls([name], np.arange(n_rows), np.array([n_rows]))

    def __len__(self):
        """Count the groups."""
        return len(self.names)

    @functools.cached_property
    def ends(self):
        """Where each group ends in `order`."""
        return np.cumsum(self.sizes)

    @functools.cached_property
    def starts(self):
        """Where each group begins in `order`."""
        return self.ends - self.sizes

    def rows(self, i):
        """Return the rows of group `i`, as they stand in the table."""
        return self.order[self.starts[i] : self.ends[i]]

    def rows_of_each(self):
        """Return the rows of one group after the other."""
        if not len(self):  # of which NumPy would split off one
            return []
        return np.split(self.order, self.ends[:-1])

    def last(self, n_rows):
        """Return the last rows of each group, at most so many of one."""
        sizes = np.minimum(self.sizes, n_rows)
        at = np.repeat(self.ends - sizes, sizes) + count_up(sizes)
        return Groups(self.names, self.order[at], sizes)

    def arranged(self, column):
        """Return what each row of the table has, in the order of `order`."""
        return column if self._is_in_order else column[self.order]

    @functools.cached_property
    def _is_in_order(self):
        return bool((self.order[1:] > self.order[:-1]).all())

    def repeat(self, column):
        """Return each row what its group has, in the order of `order`."""
        return np.repeat(column, self.sizes)


def count_up(sizes):
    """Count from 0 on within each of several parts: 0, 1, 0, 1, 2 of sizes 2 and 3."""
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
