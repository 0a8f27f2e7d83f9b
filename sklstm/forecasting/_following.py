"""The rows after a table as windows hold them, with predictions filled in."""

import numpy as np
import pandas as pd

from sklstm.forecasting._row_by_row import agree, look_at_other_rows, work_row_by_row

__all__ = ["FollowingRows", "look_at_other_rows"]


class FollowingRows:
    """The rows that follow series, as windows hold them, with predictions filled in.

    Parameters
    ----------
    parts : Parts
        The pipeline.

    panel : Panel
        The table that they follow.

    future : Future
        What is known of them.

    fed : dict
        Columns that predictions are fed back into, and the number of the target each.

    table : DataFrame or None
        The table so far, where steps before the window look at other rows: they then
        see all of it again at every step.
    """

    def __init__(self, parts, panel, future, fed, table=None):
        self._parts, self._panel, self._future = parts, panel, future
        self._fed, self._table = fed, table
        self.all_known = not fed
        self._values, self._n_used = None, 0
        self._there = future.there
        if work_row_by_row(parts.before) and {*fed} == {*panel.columns}:
            self._there = None  # a row that is missing is predicted as any other
        if not parts.before:
            self._values = parts.window._features_of(panel.as_given(future.frame))
            places = [panel.columns.index(column) for column in fed]
            self._fed = dict(zip(places, fed.values(), strict=True))

    def rows(self, first, last, forecast=None):
        """Give the features of steps `first` to `last`, without the last.

        Parameters
        ----------
        first, last : int
            Steps, counted from 0.

        forecast : ndarray of shape (n_series, n_steps, n_targets, n), default=None
            The predictions so far. None leaves them missing.

        Returns
        -------
        ndarray of shape (n_series, last - first, n_features)
        """
        n_series = self._future.n_series
        self._n_used = max(self._n_used, last)
        # Steps that look at other rows see the table so far, and all that follows it.
        begin = first if self._table is None else 0
        part = slice(begin * n_series, last * n_series)
        predicted = {
            column: forecast[:, begin:last, target, 0].T.ravel()
            for column, target in self._fed.items()
            if forecast is not None
        }
        if self._values is not None:
            values = self._values[part].copy()
            for column, numbers in predicted.items():
                values[:, column] = numbers
        else:
            frame = self._future.frame.iloc[part].copy()
            for column, numbers in predicted.items():
                frame[column] = numbers
            values = self._features(frame)
        values = values[len(values) - (last - first) * n_series :]
        if self._there is not None:
            there = self._there[first * n_series : last * n_series]
            values = np.where(there[:, np.newaxis], values, np.nan)
        return values.reshape(last - first, n_series, -1).swapaxes(0, 1)

    def agree_with_context(self, forecast):
        """Tell whether rows that were given would be the same after all of the table.

        Parameters
        ----------
        forecast : ndarray of shape (n_series, n_steps, n_targets, n)
            The predictions, of which every step is filled in that a window holds.
        """
        n_used = self._n_used
        known = self._table is not None or work_row_by_row(self._parts.before)
        if known or not n_used:
            return True
        aware = FollowingRows(
            self._parts, self._panel, self._future, self._fed, self._panel.frame
        )
        return agree(self.rows(0, n_used, forecast), aware.rows(0, n_used, forecast))

    def _features(self, frame):
        if self._table is not None:
            frame = pd.concat([self._table, frame])
        X = self._parts.transform(self._panel.as_given(frame))
        return self._parts.window._features_of(X)
