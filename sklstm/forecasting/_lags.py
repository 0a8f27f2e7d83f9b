"""What a series was some time steps before each row of a table."""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklstm._series import column_of
from sklstm._window_step import fitted_table
from sklstm.preprocessing import SlidingWindow
from sklstm.sequences import SequenceTable

# What a warning says that counts rows.
MISSING_ROWS = "missing within X"


class Lags:
    """Values of columns before each row, on the line of time steps of its group.

    Rows that are missing, rows that `fit` remembers and groups are as those of a
    window of features say, so that a difference is one over a step of time.

    Parameters
    ----------
    window : WindowStep
        The window of features.

    length : int
        How many values are looked at, the row's own among them.

    Attributes
    ----------
    fitted : SlidingWindow
        What makes windows of tables of these columns.
    """

    def __init__(self, window, length):
        self._window, self.length = window, length

    def fit(self, X, values):
        """Remember the end of a table.

        Parameters
        ----------
        X : DataFrame, polars.DataFrame or ndarray of shape (n_rows, n_features)
            The table: its index and groups are looked at.

        values : ndarray of shape (n_rows, n_columns)
            The columns.

        Returns
        -------
        ndarray or SequenceTable of shape (n_rows, length, n_columns)
            As :meth:`of` gives it; the first rows have nothing before them.
        """
        table, group_by = self.table(X, values)
        self.fitted = SlidingWindow(
            min(self.length, len(values)),
            horizon=0,
            history=self._window.history,
            group_by=group_by,
            gaps=self._window.gaps,
        )
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            windows = self.fitted.fit_transform(table)
        for one in told:  # the window of features gives others
            if MISSING_ROWS in str(one.message):
                warnings.warn(one.message, one.category, stacklevel=5)
        return windows

    @property
    def tells_time(self):
        """Whether rows that are left out of the fitted table are missing steps."""
        return fitted_table(self.fitted).counts_missing

    def again(self, X, values):
        """Return windows of other columns of the fitted table."""
        table, _ = self.table(X, values)
        with self.no_warnings():
            return clone(self.fitted).fit_transform(table)

    def of(self, X, values):
        """Return the last values of each row of another table, its own as the last."""
        table, _ = self.table(X, values)
        with self.no_warnings():
            return self.fitted.transform(table)

    def until(self, X, values):
        """Return the last values of each group: (n_groups, length, n_columns)."""
        table, _ = self.table(X, values)
        with self.no_warnings():
            return self.fitted.last_rows(table, self.fitted.window_length)

    def missing_within(self, X, values):
        """Count the rows missing before each row of a table; None if none is."""
        table, _ = self.table(X, values)
        return self.fitted.missing_rows(table)

    @staticmethod
    def no_warnings():
        """Return a context without warnings, which the window of features gives."""
        return warnings.catch_warnings(action="ignore")

    def table(self, X, values):
        """Make a table of the columns, and of what tells times and groups.

        Returns
        -------
        tuple of (DataFrame or ndarray, str, int or None)
            The table, and what names the groups in it.
        """
        group_by = self._window.group_by
        if isinstance(X, pd.DataFrame):
            names = [f"target {i}" for i in range(values.shape[1])]
            table = pd.DataFrame(values, index=X.index, columns=names)
            if group_by is not None and group_by in X.columns:
                table[group_by] = X[group_by]
            return table, group_by
        if group_by is None:
            return values, None
        groups = np.asarray(column_of(X, group_by))
        table = np.empty((len(values), values.shape[1] + 1), dtype=object)
        table[:, :-1], table[:, -1] = values, groups
        return table, values.shape[1]


def at_lag(windows, lag):
    """Return what stands some steps before the last one of each window.

    Parameters
    ----------
    windows : ndarray or SequenceTable of shape (n_samples, n_timesteps, n_features)
        The windows.

    lag : int
        How many steps before.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        NaN where the window does not reach so far.
    """
    if not isinstance(windows, SequenceTable):
        if lag < windows.shape[1]:
            return np.asarray(windows[:, -1 - lag])
        return np.full((len(windows), windows.shape[2]), np.nan)
    there = windows.lengths > lag
    rows = windows.starts.astype(np.int64) + windows.lengths - 1 - lag
    found = windows.values[np.where(there, rows, 0)]
    found[~there] = np.nan
    return found


def between_lags(windows, first, n_lags, samples=slice(None)):
    """Return the values of `n_lags` lags from `first` on, in the order of time.

    Returns
    -------
    ndarray of shape (n_samples, n_lags, n_features)
        Those of some samples.
    """
    some = windows[samples]
    lags = range(first + n_lags - 1, first - 1, -1)
    return np.stack([at_lag(some, lag) for lag in lags], axis=1)
