"""A table of rows in time, as series: one for each group, or one for all rows."""

import functools

import numpy as np
import pandas as pd

from sklstm._series import Groups, numbers_rows
from sklstm._validation import check_group_by, check_table


class Panel:
    """A table of rows in time, as series: one for each group, or one for all rows.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_rows, n_features)
        The table; the rows of each group in the order of time.

    group_by : str, int or None
        The column or index level that tells groups apart, as in `SlidingWindow`.

    name : str, default="X"
        What messages call the table.

    Raises
    ------
    ValueError
        If the times of a group are not ascending, or one occurs twice.

    Attributes
    ----------
    frame : DataFrame
        The table; of an array with the numbers of its columns for names.

    groups : Index
        The names of the groups, in the order in which they first appear.

    codes : ndarray of int, of shape (n_rows,)
        The number of each row's group.

    order : ndarray of int, of shape (n_rows,)
        The rows, group by group; those of group `i` begin at ``starts[i]``.

    series : Groups
        The same, as columns.

    times : Index or None
        The time of each row; None where the index only numbers the rows.
    """

    def __init__(self, X, group_by, name="X"):
        if hasattr(X, "columns"):
            check_table(X, name)
        if not isinstance(X, pd.DataFrame) and hasattr(X, "to_pandas"):
            X = X.to_pandas()
        self.is_frame = isinstance(X, pd.DataFrame)
        if not self.is_frame and np.ndim(X) != 2:
            raise ValueError(
                f"{name} must be a DataFrame or an array of two axes, (n_rows, "
                f"n_features), got {type(X).__name__} of shape {np.shape(X)}."
            )
        self.frame = X if self.is_frame else pd.DataFrame(np.asarray(X))
        if not len(self.frame):
            raise ValueError(f"{name} has no rows.")
        check_group_by(group_by)
        self.group_by, self.name = group_by, name
        entities = self._entities()
        if entities is None:
            self.codes = np.zeros(len(self.frame), dtype=int)
            self.groups = pd.Index(["all rows"])
        else:
            self.codes, self.groups = pd.factorize(entities)
            if getattr(self.groups, "dtype", None) == np.float16:
                self.groups = self.groups.astype(np.float32)  # pandas has no such index
            self.groups = pd.Index(self.groups)
            if (self.codes < 0).any():
                raise ValueError(
                    f"group_by={group_by!r} is missing (NaN) in row "
                    f"{int(np.argmin(self.codes))} of {name}; every row needs its "
                    "group."
                )
        self.order = np.argsort(self.codes, kind="stable")
        sizes = np.bincount(self.codes, minlength=len(self.groups))
        self.series = Groups(list(self.groups), self.order, sizes)
        self.starts = self.series.starts
        self.times = self._times()
        self._check_times()

    @property
    def group_column(self):
        """The column that names the groups; None where no column does."""
        has = self.group_by is not None and self.group_by in self.frame.columns
        return self.group_by if has else None

    @property
    def columns(self):
        """The columns that are features."""
        return [c for c in self.frame.columns if c != self.group_column]

    @property
    def given(self):
        """The table as steps of a pipeline take it."""
        return self.as_given(self.frame)

    def as_given(self, frame):
        """Give a frame with the columns of X in the type of X."""
        return frame if self.is_frame else frame.to_numpy()

    @functools.cached_property
    def places(self):
        """Give the place of each row within its group, from 0 on."""
        places = np.empty(len(self.frame), dtype=int)
        places[self.order] = (
            np.arange(len(places)) - self.starts[self.codes[self.order]]
        )
        return places

    def rows_at(self, codes, places):
        """Give the rows at places of groups, those nearest where there are none."""
        n_rows = np.diff(self.starts, append=len(self.frame))
        return self.order[self.starts[codes] + np.clip(places, 0, n_rows[codes] - 1)]

    def line(self, missing=None):
        """Return where rows are on the line of time steps, with those that are missing.

        Parameters
        ----------
        missing : ndarray of int, of shape (n_rows,), default=None
            Rows that are missing before each row in its group. None: none are.
        """
        if missing is None:
            return Line(self.codes, self.order, self.places)
        places = np.empty(len(self.frame), dtype=np.int64)
        passed = np.cumsum(1 + missing[self.order])
        places[self.order] = passed - np.repeat(
            passed[self.starts], np.diff(self.starts, append=len(passed))
        )
        return Line(self.codes, self.order, places)

    def index_after(self, times, steps):
        """Make the index of the rows that follow, group by group.

        Parameters
        ----------
        times : Index or None
            When they are, group by group; None goes on numbering.

        steps : int
            How many rows each group has.
        """
        index = self.frame.index
        if times is None:
            first = int(index.max()) + 1
            return pd.RangeIndex(first, first + steps * len(self.groups))
        if not isinstance(index, pd.MultiIndex):
            return times.rename(index.name)
        groups = np.repeat(self.groups, steps)
        levels = [groups if n == self.group_by else times for n in index.names]
        return pd.MultiIndex.from_arrays(levels, names=index.names)

    def _entities(self):
        if self.group_by is None:
            if isinstance(self.frame.index, pd.MultiIndex):
                raise ValueError(
                    f"The index of {self.name} has the levels "
                    f"{list(self.frame.index.names)}, but no step of the pipeline has "
                    "group_by. Name one of them there, or leave the times alone in "
                    "the index."
                )
            return None
        if self.group_by in self.frame.columns:
            return self.frame[self.group_by].to_numpy()
        if self.group_by in self.frame.index.names:
            return self.frame.index.get_level_values(self.group_by)
        raise ValueError(
            f"{self.name} has neither a column nor an index level {self.group_by!r}, "
            f"which group_by names. Columns: {list(self.frame.columns)}. (Steps before "
            "the window must not rename or move the column of groups.)"
        )

    def _times(self):
        index = self.frame.index
        if isinstance(index, pd.MultiIndex):
            if index.nlevels != 2 or self.group_by not in index.names:
                raise ValueError(
                    f"The index of {self.name} must have the times alone, or groups "
                    f"and times; got the levels {list(index.names)}."
                )
            return index.droplevel(self.group_by)
        if not self.is_frame or (self.group_by is not None and numbers_rows(index)):
            return None
        return index

    def _check_times(self):
        if self.times is None:
            return
        ascending = self.times.is_monotonic_increasing and self.times.is_unique
        if ascending and len(self.groups) == 1:
            return
        ranks, _ = pd.factorize(self.times, sort=True)
        order = self.order
        steps, same = np.diff(ranks[order]), np.diff(self.codes[order]) == 0
        wrong = same & (steps <= 0)
        if not wrong.any():
            return
        row = order[int(np.argmax(wrong)) + 1]
        of_group = ""
        if self.group_by is not None:
            of_group = f" (group {self.groups[self.codes[row]]!r})"
        label = self.times[row]
        if steps[np.argmax(wrong)] == 0:
            raise ValueError(
                f"The time {label!r} of row {row} of {self.name}{of_group} is that of "
                "an earlier row. Every time may occur once"
                + (
                    "; for several entities, name their column in group_by."
                    if self.group_by is None
                    else " in a group."
                )
            )
        raise ValueError(
            f"The index of {self.name} is not sorted{of_group}: label {label!r} of row "
            f"{row} is earlier than the one before it. Sort the rows in time."
        )


class Line:
    """Where the rows of each group are on the line of time steps.

    Parameters
    ----------
    codes : ndarray of int, of shape (n_rows,)
        The number of each row's group.

    order : ndarray of int, of shape (n_rows,)
        The rows, group by group, in the order of time.

    places : ndarray of int, of shape (n_rows,)
        The time step of each row in its group, from 0 on.
    """

    def __init__(self, codes, order, places):
        self.places = places
        self._order, self._width = order, int(places.max()) + 1
        # One ascending line for all groups, one after the other.
        self._on_line = codes[order] * self._width + places[order]

    def rows_at(self, codes, places):
        """Return the rows at time steps of groups, and which of them there are.

        Returns
        -------
        tuple of (ndarray of int, ndarray of bool)
            Where there is no row, some row stands in.
        """
        wanted = codes * self._width + places
        at = np.minimum(np.searchsorted(self._on_line, wanted), len(self._order) - 1)
        inside = (places >= 0) & (places < self._width)
        return self._order[at], inside & (self._on_line[at] == wanted)
