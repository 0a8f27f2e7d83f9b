"""Differences of a series, and their integration."""

import numpy as np


def weights_of(difference):
    """Compute the weights of earlier values in the inverse of a difference.

    Differences of lags ``l_1, l_2, ...``, one after the other, are the filter
    ``(1 - B**l_1) (1 - B**l_2) ...`` of the backshift operator B [1]_.

    Parameters
    ----------
    difference : sequence of int
        The lags.

    Returns
    -------
    dict of int to float
        The weight of each lag: ``v[t] = d[t] + sum(weight * v[t - lag])``.

    References
    ----------
    .. [1] G. Box, G. Jenkins, "Time Series Analysis: Forecasting and Control",
       Holden-Day 1970, chapter 4.

    Examples
    --------
    >>> from sklstm.forecasting._differences import weights_of
    >>> weights_of((1, 12))
    {1: 1.0, 12: 1.0, 13: -1.0}
    """
    filtered = np.ones(1)
    for lag in difference:
        filtered = np.convolve(filtered, [1.0, *np.zeros(lag - 1), -1.0])
    return {i: -float(c) for i, c in enumerate(filtered) if i and c}


def integrate(differences, recent, weights):
    """Compute values from their differences.

    Parameters
    ----------
    differences : ndarray of shape (n_series, n_steps, n_targets)
        The differences.

    recent : ndarray of shape (n_series, n_recent, n_targets)
        The values before the first step, the last one directly before it.

    weights : dict of int to float
        The weights that :func:`weights_of` returns, of lags up to `n_recent`.

    Returns
    -------
    ndarray of shape (n_series, n_steps, n_targets)

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.forecasting._differences import integrate
    >>> integrate(np.ones((1, 3, 1)), np.array([[[10.0]]]), {1: 1.0}).ravel()
    array([11., 12., 13.])
    """
    n_series, n_steps, n_targets = differences.shape
    n_recent = recent.shape[1]
    values = np.empty((n_series, n_recent + n_steps, n_targets))
    values[:, :n_recent] = recent
    values[:, n_recent:] = differences
    for step in range(n_recent, n_recent + n_steps):
        for lag, weight in weights.items():
            values[:, step] += weight * values[:, step - lag]
    return values[:, n_recent:]


def fill_missing(recent, default):
    """Fill missing values with the last known one, or else the first known one.

    Parameters
    ----------
    recent : ndarray of shape (n_series, n_recent, n_targets)
        Values in the order of time.

    default : ndarray of shape (n_targets,)
        Fills a series without known values.

    Returns
    -------
    ndarray of shape (n_series, n_recent, n_targets)

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.forecasting._differences import fill_missing
    >>> fill_missing(np.array([[[np.nan], [2.0], [np.nan]]]), np.array([0.0])).ravel()
    array([2., 2., 2.])
    """
    known = ~np.isnan(recent)
    places = np.arange(recent.shape[1])[:, np.newaxis]
    last = np.maximum.accumulate(np.where(known, places, -1), axis=1)
    at = np.where(last < 0, known.argmax(axis=1)[:, np.newaxis], last)
    found = np.take_along_axis(recent, at, axis=1)
    return np.where(np.isnan(found), default, found)
