"""The rows after a table as windows hold them, with predictions filled in."""

import numpy as np
import pandas as pd

# Rows on which it is tried out whether steps of a pipeline look at other rows; and so
# many more of those that hold NaN, which such steps may fill from neighbours.
_TRIED = 8


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
        self._values = None
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
        if self._future.there is not None:
            there = self._future.there[first * n_series : last * n_series]
            values = np.where(there[:, np.newaxis], values, np.nan)
        return values.reshape(last - first, n_series, -1).swapaxes(0, 1)

    def _features(self, frame):
        if self._table is not None:
            frame = pd.concat([self._table, frame])
        X = self._parts.transform(self._panel.as_given(frame))
        return self._parts.window._features_of(X)


def look_at_other_rows(parts, panel, transformed):
    """Tell whether steps before the window give a row other values without the rest.

    Parameters
    ----------
    parts : Parts
        The pipeline.

    panel : Panel
        The table.

    transformed : array-like
        What these steps make of it.
    """
    if not parts.before:
        return False
    n_rows = len(panel.frame)
    spread = np.linspace(0, n_rows - 1, _TRIED).astype(int)
    holed = np.flatnonzero(panel.frame.isna().any(axis=1).to_numpy())
    if len(holed):
        holed = holed[np.linspace(0, len(holed) - 1, _TRIED).astype(int)]
    among = parts.window._features_of(transformed)
    for row in np.union1d(spread, holed):
        try:
            alone = parts.transform(panel.as_given(panel.frame.iloc[[row]]))
            alone = parts.window._features_of(alone)
        except Exception:  # one row is too few, whatever it says; all rows follow
            return True
        if not np.allclose(alone[0], among[row], rtol=1e-6, atol=1e-12, equal_nan=True):
            return True
    return False
