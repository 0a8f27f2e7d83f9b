"""Forecasts of many series together: a small prediction a step."""

import numpy as np

# Numbers that the windows of one prediction may hold, so that many series go in parts.
_LARGEST = 2**24


def roll_out(outputs, recent, following, window, steps):
    """Forecast series, feeding predictions back in where windows reach past the end.

    Of `k` steps that are predicted at once, block `j` is the prediction of the row
    ``j * k`` after the last one, whose window ends `horizon` rows before it. As many
    blocks as the rows there are allow are predicted together.

    Parameters
    ----------
    outputs : Outputs
        What predicts from windows.

    recent : ndarray of shape (n_series, n_recent, n_features)
        The last rows of each series, as many as `n_recent` says.

    following : FollowingRows
        The rows after these.

    window : WindowStep
        Its geometry says where windows end.

    steps : int
        Rows to forecast.

    Returns
    -------
    ndarray of shape (n_series, steps, n_targets, 1 + n_quantiles)
    """
    geometry = window.geometry
    k, horizon = outputs.n_steps, geometry.horizon
    n_series, n_recent, n_features = recent.shape
    n_blocks = -(-steps // k)
    n_ahead = max(n_blocks * k - horizon, 0)
    n_known = n_blocks * k if geometry.known else n_ahead
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
            shape = (n_series, n_blocks * k, *block.shape[2:])
            forecast = np.empty(shape, block.dtype)
        forecast[:, done * k : ready * k] = block
        done = ready
    return forecast[:, :steps]


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
