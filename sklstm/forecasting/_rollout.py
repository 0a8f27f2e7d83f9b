"""Forecasts of many series together: a small prediction a step."""

import numpy as np

from sklstm.forecasting._feedback import feedback
from sklstm.forecasting._following import FollowingRows
from sklstm.forecasting._row_by_row import depends_on_other_rows

# Numbers that the windows of one prediction may hold, so that many series go in parts.
_LARGEST = 2**24


class Rollout:
    """Forecasts of the rows that follow series of a table, by one pipeline.

    What it predicts, into which columns that is fed back, and whether steps before the
    window depend on other rows is found once.

    Parameters
    ----------
    outputs : Outputs
        What is predicted at once.

    transformed : table
        What the steps before the window make of the table.

    told_by : str
        The parameter that tells what is known, for messages.

    Attributes
    ----------
    fed : dict
        The columns that predictions are fed back into, with the number of the target.

    depends_on_other_rows : bool
        Whether steps before the window give a row other values without the rest.
    """

    def __init__(self, outputs, transformed, told_by):
        self.outputs, self.fed = outputs, feedback(outputs, told_by)
        self.depends_on_other_rows = depends_on_other_rows(
            outputs.parts, outputs.panel, transformed
        )

    def predict(self, recent, future, table=None, *, context=None):
        """Predict the rows that follow some series.

        Parameters
        ----------
        recent : ndarray of shape (n_series, n_recent, n_features)
            The last rows of each, as many as windows of later rows may hold.

        future : Future
            What is known of the rows that follow.

        table : DataFrame, default=None
            The table so far, where steps before the window depend on other rows: they
            then see all of it again at every step.

        context : DataFrame, default=None
            Rows before those that follow, to see whether these depend on them. None
            tries those that follow alone.

        Returns
        -------
        ndarray of shape (n_series, steps, n_targets, 1 + n_quantiles), or None
            None where rows that follow turn out to depend on others, as those do whose
            values no row of the table shows.
        """
        outputs = self.outputs
        rows = FollowingRows(outputs.parts, outputs.panel, future, self.fed, table)
        forecast = _roll_out(outputs, recent, rows)
        return forecast if rows.agree_with_context(forecast, context) else None


def _roll_out(outputs, recent, following):
    """Forecast series, feeding predictions back in where windows reach past the end.

    Of `k` steps that are predicted at once, block `j` is the prediction of the row
    ``j * k`` after the last one, whose window ends `horizon` rows before it. As many
    blocks as the rows there are allow are predicted together.
    """
    window = outputs.parts.window
    geometry = window.geometry
    k, horizon = outputs.n_steps, geometry.horizon
    n_series, n_recent, n_features = recent.shape
    n_blocks = outputs.n_ahead // k
    n_ahead = max(outputs.n_ahead - horizon, 0)
    n_known = outputs.n_ahead if geometry.known else n_ahead
    ahead = np.full((n_series, n_known, n_features), np.nan, recent.dtype)
    rows = np.concatenate([recent, ahead], axis=1)
    if geometry.known:
        rows[:, n_recent:] = following.rows(0, n_known)
        if np.isnan(rows[:, n_recent:, geometry.known]).all(axis=(0, 1)).any():
            raise ValueError(
                f"known={window.known!r} of SlidingWindow: nothing tells these columns "
                "of the rows to forecast. Pass what they are made of in X_future."
            )
    forecast, done, fed = None, 0, 0
    while done < n_blocks:
        there = n_ahead if following.all_known else min(done * k, n_ahead)
        if there > fed:
            new = following.rows(fed, there, forecast)
            rows[:, n_recent + fed : n_recent + there] = new
            fed = there
        ready = min((fed + horizon) // k, n_blocks)
        ends = n_recent + k * np.arange(done + 1, ready + 1) - horizon
        block = _predict(outputs, rows, ends, geometry)
        if forecast is None:
            shape = (n_series, outputs.n_ahead, *block.shape[2:])
            forecast = np.empty(shape, block.dtype)
        forecast[:, done * k : ready * k] = block
        done = ready
    return forecast[:, : outputs.steps]


def _predict(outputs, rows, ends, geometry):
    """Predict from the windows that end before `ends`, of all series."""
    n_series, _, n_features = rows.shape
    length = geometry.length
    at_once = max(_LARGEST // (len(ends) * length * n_features), 1)
    found = []
    for first in range(0, n_series, at_once):
        some = rows[first : first + at_once]
        windows = np.stack([geometry.cut(some, end) for end in ends], axis=1)
        predicted = outputs.predict(windows.reshape(-1, length, n_features))
        found.append(predicted.reshape(len(some), -1, *predicted.shape[2:]))
    return np.concatenate(found)
