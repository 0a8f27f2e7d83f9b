"""The mean absolute scaled error."""

import numpy as np
from sklearn.metrics import mean_absolute_error
from sklearn.utils import check_array

from sklstm._validation import check_int


def mean_absolute_scaled_error(
    y_true,
    y_pred,
    *,
    y_train,
    season_length=1,
    sample_weight=None,
    multioutput="uniform_average",
):
    """Compute the mean absolute error divided by that of the naive forecast.

    The MASE [1]_. It is below 1 if the forecasts are better than the (seasonal) naive
    forecast one season ahead is on the training rows. It does not depend on the scale
    of a series, so that it compares series of different scales.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets.

    y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The predictions.

    y_train : array-like of shape (n_train,) or (n_train, n_outputs)
        The targets that the model was fitted on, of one series in the order of time.
        NaN means a missing target.

    season_length : int, default=1
        Time steps of a season. 1 scales by the errors of the last value.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the predictions.

    multioutput : {"raw_values", "uniform_average"} or array-like of shape \
            (n_outputs,), default="uniform_average"
        Whether to return the error of each output, their mean, or their mean with these
        weights.

    Returns
    -------
    float or ndarray of shape (n_outputs,)

    Raises
    ------
    ValueError
        If the shapes are inconsistent, `y_true` or `y_pred` is not finite, or `y_train`
        has no changes over a season to scale by.

    See Also
    --------
    sklstm.forecasting.backtest_scores : The MASE of a backtest, scaled by the training
        rows of every origin.

    Notes
    -----
    With m the `season_length` and n the rows of `y_train`,

        MASE = mean(abs(y_true - y_pred)) / mean(abs(y_train[m:] - y_train[:n - m]))

    References
    ----------
    .. [1] R. J. Hyndman and A. B. Koehler, "Another Look at Measures of Forecast
       Accuracy", International Journal of Forecasting 22(4), 2006.

    Examples
    --------
    >>> from sklstm.metrics import mean_absolute_scaled_error
    >>> y_train = [1.0, 3.0, 2.0, 5.0]  # changes of 2, 1 and 3
    >>> float(mean_absolute_scaled_error([6.0, 4.0], [5.0, 5.0], y_train=y_train))
    0.5
    >>> float(mean_absolute_scaled_error(
    ...     [6.0, 4.0], [5.0, 5.0], y_train=y_train, season_length=2))
    0.6666666666666666
    """
    check_int("season_length", season_length, at_least=1)
    errors = mean_absolute_error(
        y_true, y_pred, sample_weight=sample_weight, multioutput="raw_values"
    )
    y_train = check_array(
        y_train,
        ensure_2d=False,
        dtype=np.float64,
        ensure_all_finite="allow-nan",
        input_name="y_train",
    )
    train = y_train.reshape(len(y_train), -1)
    if train.shape[1] != len(errors):
        raise ValueError(
            f"y_train must have the {len(errors)} outputs of y_true, got shape "
            f"{y_train.shape}."
        )
    scaled = errors / _check_scale(
        naive_errors(train, int(season_length)), season_length
    )
    if isinstance(multioutput, str) and multioutput == "raw_values":
        return scaled
    weights = None if isinstance(multioutput, str) else np.asarray(multioutput)
    if isinstance(multioutput, str) and multioutput != "uniform_average":
        raise ValueError(
            'multioutput must be "raw_values", "uniform_average" or weights of shape '
            f"({len(errors)},), got {multioutput!r}."
        )
    if weights is not None and weights.shape != errors.shape:
        raise ValueError(
            f"multioutput must hold a weight for each of the {len(errors)} outputs, "
            f"got {multioutput!r}."
        )
    return np.average(scaled, weights=weights)


def naive_errors(y, season_length):
    """Compute the mean absolute error of the seasonal naive forecast of each output.

    Parameters
    ----------
    y : ndarray of shape (n_rows, n_outputs)
        One series in the order of time; NaN means missing.

    season_length : int
        Time steps of a season.

    Returns
    -------
    ndarray of shape (n_outputs,)
        NaN for an output without two values that are one season apart.
    """
    changes = np.abs(y[season_length:] - y[:-season_length])
    exists = ~np.isnan(changes)
    with np.errstate(invalid="ignore"):
        return np.where(exists, changes, 0.0).sum(axis=0) / exists.sum(axis=0)


def _check_scale(scale, season_length):
    missing = np.flatnonzero(np.isnan(scale)).tolist()
    if missing:
        raise ValueError(
            "y_train has no two values that are one season apart "
            f"(season_length={season_length}) in outputs {missing}, so that errors "
            "can't be scaled. Pass more rows, or fewer that are NaN."
        )
    constant = np.flatnonzero(scale == 0).tolist()
    if constant:
        raise ValueError(
            f"y_train does not change over a season (season_length={season_length}) in "
            f"outputs {constant}: errors can't be scaled by a naive error of 0."
        )
    return scale
