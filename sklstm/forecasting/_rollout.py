"""Recursive forecasts of many series together."""

import numpy as np

from sklstm.forecasting._feedback import feedback_columns
from sklstm.forecasting._following_rows import FollowingRows
from sklstm.forecasting._row_by_row import depends_on_other_rows

# Most numbers in the windows of one prediction; more series are predicted in parts.
_LARGEST = 2**24


class Rollout:
    """Forecasts of the rows that follow series of a table, by one pipeline.

    Parameters
    ----------
    outputs : Outputs
        The predictions, and the table.

    transformed : table
        The table, transformed by the pipeline steps before the window.

    known_from : str
        The parameter that names known covariates, for messages.

    Attributes
    ----------
    fed : dict
        The columns that predictions are fed back into, with the number of the target.

    depends_on_other_rows : bool
        Whether pipeline steps before the window transform a row differently with other
        rows beside it.
    """

    def __init__(self, outputs, transformed, known_from):
        self.outputs, self.fed = outputs, feedback_columns(outputs, known_from)
        self.depends_on_other_rows = depends_on_other_rows(
            outputs.parts, outputs.panel, transformed
        )

    def predict(self, recent, future, table=None, *, context=None, fits=None):
        """Predict the rows that follow some series.

        Parameters
        ----------
        recent : ndarray of shape (n_series, n_recent, n_features)
            The last rows of each series.

        future : Future
            The rows that follow, with their known values.

        table : DataFrame, default=None
            The table so far, if pipeline steps before the window depend on other rows:
            it is then transformed again at every step.

        context : DataFrame, default=None
            Rows before those that follow, to check whether these depend on them. None
            checks only whether rows that follow depend on each other.

        fits : ndarray of int, of shape (n_series,), default=None
            The number of the fit that predicts each series, as of
            :meth:`Outputs.add_fit`; None is the first.

        Returns
        -------
        ndarray of shape (n_series, steps, n_targets, 1 + n_quantiles), or None
            None if rows that follow depend on other rows, though no row of the table
            does.
        """
        outputs = self.outputs
        rows = FollowingRows(outputs.parts, outputs.panel, future, self.fed, table)
        forecast = _roll_out(outputs, recent, rows, fits)
        return forecast if rows.agrees_with_context(forecast, context) else None


def _roll_out(outputs, recent, following, fits):
    """Forecast series, with predictions fed back into windows that reach past the end.

    If `k` steps are predicted at once, block `j` is the prediction of the row
    ``j * k`` after the last one, whose window ends `horizon` rows before it. Blocks
    are predicted together as soon as the rows of their windows are filled.
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
                f"known={window.known!r} of SlidingWindow: these columns are not known "
                "for the rows to forecast. Pass the columns that they are computed "
                "from in X_future."
            )
    forecast, done, fed = None, 0, 0
    while done < n_blocks:
        n_filled = n_ahead if following.all_known else min(done * k, n_ahead)
        if n_filled > fed:
            new = following.rows(fed, n_filled, forecast)
            rows[:, n_recent + fed : n_recent + n_filled] = new
            fed = n_filled
        ready = min((fed + horizon) // k, n_blocks)
        ends = n_recent + k * np.arange(done + 1, ready + 1) - horizon
        block = _predict(outputs, rows, ends, fits)
        _check_no_infinity(block[:, : outputs.steps - done * k], done * k)
        if forecast is None:
            shape = (n_series, outputs.n_ahead, *block.shape[2:])
            forecast = np.empty(shape, block.dtype)
        forecast[:, done * k : ready * k] = block
        done = ready
    return forecast[:, : outputs.steps]


def _check_no_infinity(block, n_before):
    """Raise ValueError if predictions, after some steps, are infinite."""
    if block.dtype.kind != "f":  # labels
        return
    infinite = np.isinf(block).any(axis=(0, *range(2, block.ndim)))
    if infinite.any():
        step = n_before + int(infinite.argmax()) + 1
        raise ValueError(
            f"The forecast is infinite at step {step}. Predictions that are fed back "
            "may grow from step to step: forecast fewer steps, predict several at once "
            "(make_multistep), or regularize the regressor more."
        )


def _predict(outputs, rows, ends, fits):
    """Predict from the windows that end before `ends`, of all series."""
    geometry = outputs.parts.window.geometry
    n_series, _, n_features = rows.shape
    length = geometry.length
    at_once = max(_LARGEST // (len(ends) * length * n_features), 1)
    found = []
    for first in range(0, n_series, at_once):
        some = rows[first : first + at_once]
        windows = np.stack([geometry.cut(some, end) for end in ends], axis=1)
        own = fits
        if fits is not None:
            own = np.repeat(fits[first : first + at_once], len(ends))
        predicted = outputs.predict(windows.reshape(-1, length, n_features), own)
        found.append(predicted.reshape(len(some), -1, *predicted.shape[2:]))
    return np.concatenate(found)
