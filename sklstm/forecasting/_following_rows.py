"""The features of the rows that follow a table, with predictions filled in."""

import numpy as np
import pandas as pd

from sklstm.forecasting._row_by_row import are_close, work_row_by_row


class FollowingRows:
    """The features of the rows that follow series, with predictions filled in.

    Parameters
    ----------
    parts : SplitPipeline
        The pipeline.

    panel : Panel
        The table that they follow.

    future : Future
        The rows, with their known values.

    fed : dict
        The columns that predictions are fed back into, with the number of the target.

    table : DataFrame or None
        The table so far, if pipeline steps before the window depend on other rows: it
        is then transformed again with each new row.
    """

    def __init__(self, parts, panel, future, fed, table=None):
        self._parts, self._panel, self._future = parts, panel, future
        self._fed, self._table = fed, table
        self.all_known = not fed
        self._values, self._used = None, []
        self._exists = future.exists
        if work_row_by_row(parts.before) and {*fed} == {*panel.columns}:
            self._exists = None  # missing rows are predicted like any other
        self._is_recorded = table is None and not work_row_by_row(parts.before)
        if not parts.before:
            self._values = future.values
            if self._values is None:
                self._values = parts.window.features_of(panel.as_given(future.frame))
            places = [panel.columns.index(column) for column in fed]
            self._fed = dict(zip(places, fed.values(), strict=True))

    def rows(self, first, last, forecast=None):
        """Return the features of the steps ahead from `first` to before `last`.

        Parameters
        ----------
        first, last : int
            Positions after the table, counted from 0.

        forecast : ndarray of shape (n_series, n_steps, n_targets, n), default=None
            The predictions so far. None leaves them missing.

        Returns
        -------
        ndarray of shape (n_series, last - first, n_features)
        """
        n_series = self._future.n_series
        # Pipeline steps that depend on other rows get all rows again.
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
        if self._exists is not None:
            exists = self._exists[first * n_series : last * n_series]
            values = np.where(exists[:, np.newaxis], values, np.nan)
        values = values.reshape(last - first, n_series, -1).swapaxes(0, 1)
        if self._is_recorded:
            self._used.append((first, last, forecast is not None, values))
        return values

    def agrees_with_context(self, forecast, table=None):
        """Return whether the features are the same with other rows before them.

        Parameters
        ----------
        forecast : ndarray of shape (n_series, n_steps, n_targets, n)
            The predictions.

        table : DataFrame, default=None
            The rows before. None transforms only the rows that follow, together.
        """
        used, self._used = self._used, []
        if not used:
            return True
        others = FollowingRows(self._parts, self._panel, self._future, self._fed, table)
        for with_forecast in (False, True):
            own = [one for one in used if one[2] == with_forecast]
            if own:
                last = max(last for _, last, _, _ in own)
                together = others.rows(0, last, forecast if with_forecast else None)
                if not all(are_close(v, together[:, a:b]) for a, b, _, v in own):
                    return False
        return True

    def _features(self, frame):
        if self._table is not None:
            frame = pd.concat([self._table, frame])
        X = self._parts.transform(self._panel.as_given(frame))
        return self._parts.window.features_of(X)
