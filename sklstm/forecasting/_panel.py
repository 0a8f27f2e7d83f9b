"""A table of rows in time, as series: one for each group, or one for all rows."""

import numpy as np
import pandas as pd

from sklstm._series import (
    TimeLabels,
    check_labelled,
    check_sorted,
    check_unique,
    column_of,
    groups_of,
    numbers_rows,
    time_index,
)
from sklstm._validation import check_group_by, check_table


class Panel:
    """A table of rows in time, as series: one for each group, or one for all rows.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_rows, n_features)
        The table; the rows of each group in the order of time.

    group_by : str, int or None
        The column or index level of groups, as in `SlidingWindow`.

    name : str, default="X"
        The name of the table in messages.

    Raises
    ------
    ValueError
        If the times of a group are not ascending, or one occurs twice.

    Attributes
    ----------
    frame : DataFrame
        The table; columns of an array are named by their positions.

    groups : Index
        The names of the groups, in the order in which they first appear.

    series : Groups
        The rows of each.

    times : Index or None
        The time of each row; None where the index only numbers the rows.

    read : dict
        What windows read of the table, for :func:`read_once`.
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
        self.group_by, self.name, self.read = group_by, name, {}
        self.series, self.groups = self._read_groups()
        self.times = self._read_times()

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
        """The table, of the type of X."""
        return self.as_given(self.frame)

    def as_given(self, frame):
        """Return a frame with the columns of X in the type of X."""
        return frame if self.is_frame else frame.to_numpy()

    def index_after(self, times, steps):
        """Return the index of the rows that follow, group by group.

        Parameters
        ----------
        times : Index or None
            The times of the rows, group by group; None continues to number rows.

        steps : int
            The number of rows of each group.
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

    def _read_groups(self):
        if self.group_by is None:
            if isinstance(self.frame.index, pd.MultiIndex):
                raise ValueError(
                    f"The index of {self.name} has the levels "
                    f"{list(self.frame.index.names)}, but no step of the pipeline has "
                    "group_by. Set group_by to one of them, or keep only the times in "
                    "the index."
                )
            series = groups_of(self.frame, None)
            return series, pd.Index(series.names)
        remedy = (
            " (Steps before the window must not rename or move the column of groups.)"
        )
        series = groups_of(self.frame, self.group_by, self.name, remedy)
        # Of the type that they have in the table.
        entities = column_of(self.frame, self.group_by)
        if isinstance(entities, pd.Series):
            entities = entities.to_numpy()
        if entities.dtype == np.float16:
            entities = entities.astype(np.float32)  # pandas has no such index
        return series, pd.Index(entities[series.order[series.starts]])

    def _read_times(self):
        index = time_index(self.frame, self.group_by)
        if isinstance(index, pd.MultiIndex):
            raise ValueError(
                f"The index of {self.name} must hold times, or groups and times; got "
                f"the levels {list(self.frame.index.names)}."
            )
        of_groups = self.group_by is not None
        if not self.is_frame or (of_groups and numbers_rows(self.frame.index)):
            return None
        check_labelled(index, self.name, "Fill it.")
        labels, own = TimeLabels(index), (self.series, self.group_by)
        check_sorted(labels, *own, lambda *_: "Sort the rows in time.", self.name)
        check_unique(labels, *own, self.name)
        return index
