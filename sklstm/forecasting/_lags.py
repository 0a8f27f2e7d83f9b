"""Values of columns some time steps before each row of a table."""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklstm._series import column_of
from sklstm._stored import stored_as
from sklstm._window_step import fitted_table
from sklstm.preprocessing import SlidingWindow
from sklstm.sequences import SequenceTable

# Part of the warning of missing rows.
MISSING_ROWS = "missing within X"


@stored_as("lags")
class Lags:
    """Values of columns at the time steps before each row, in its group.

    Missing rows, history and groups are those of the window of features, so that a
    difference is one between time steps.

    Parameters
    ----------
    window : WindowStep
        The window of features.

    length : int
        The number of values, with that of the row itself.

    Attributes
    ----------
    fitted : SlidingWindow
        Makes windows of tables of these columns.
    """

    def __init__(self, window, length):
        self._window, self.length = window, length

    def fit(self, X, values):
        """Remember the end of a table, as history.

        Parameters
        ----------
        X : DataFrame, polars.DataFrame or ndarray of shape (n_rows, n_features)
            The table, for its index and groups.

        values : ndarray of shape (n_rows, n_columns)
            The columns.

        Returns
        -------
        ndarray or SequenceTable of shape (n_rows, length, n_columns)
            The windows of all rows.
        """
        table, group_by = self.table(X, values)
        self.fitted = SlidingWindow(
            min(self.length, len(values)),
            horizon=0,
            history=self._window.history,
            group_by=group_by,
            gaps=self._window.gaps,
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            windows = self.fitted.fit_transform(table)
        for one in caught:  # the window of features gives others
            if MISSING_ROWS in str(one.message):
                warnings.warn(one.message, one.category, stacklevel=5)
        return windows

    @property
    def tells_time(self):
        """Whether rows that are left out of the fitted table are missing time steps."""
        return fitted_table(self.fitted).counts_missing

    def windows_of_fitted(self, X, values):
        """Return windows of other columns of the fitted table."""
        table, _ = self.table(X, values)
        with self.no_warnings():
            return clone(self.fitted).fit_transform(table)

    def windows(self, X, values):
        """Return the windows of another table; the last value is that of the row."""
        table, _ = self.table(X, values)
        with self.no_warnings():
            return self.fitted.transform(table)

    def last_values(self, X, values):
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
        """Return a context without warnings: the window of features gives the same."""
        return warnings.catch_warnings(action="ignore")

    def table(self, X, values):
        """Return a table of the columns with times and groups, and its `group_by`."""
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
    """Return the values at a lag from the end of each window.

    Parameters
    ----------
    windows : ndarray or SequenceTable of shape (n_samples, n_timesteps, n_features)
        The windows.

    lag : int
        0 is the last time step.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        NaN where the window is shorter.
    """
    if not isinstance(windows, SequenceTable):
        if lag < windows.shape[1]:
            return np.asarray(windows[:, -1 - lag])
        return np.full((len(windows), windows.shape[2]), np.nan)
    exists = windows.lengths > lag
    rows = windows.starts.astype(np.int64) + windows.lengths - 1 - lag
    found = windows.values[np.where(exists, rows, 0)]
    found[~exists] = np.nan
    return found


def between_lags(windows, first, n_lags, samples=slice(None)):
    """Return the values of `n_lags` lags from `first` on, in the order of time."""
    some = windows[samples]
    lags = range(first + n_lags - 1, first - 1, -1)
    return np.stack([at_lag(some, lag) for lag in lags], axis=1)
