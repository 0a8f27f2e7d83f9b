"""The scores of a backtest."""

import warnings

import numpy as np
import pandas as pd

from sklstm._validation import as_list
from sklstm.forecasting._result_tables import check_backtest, check_by, groups_of

_NEEDED = ("step", "truth", "forecast")


def backtest_scores(backtested, *, by=None):
    """Compute the errors of a backtest for each step ahead, and each group.

    Parameters
    ----------
    backtested : DataFrame
        The table that :func:`backtest` returned; for `mase`, with `season_length`.

    by : str or sequence of str, default=None
        Columns whose values are scored separately. None takes `step`, and the column
        of groups, if there is one; ``"fold"`` scores each fold, ``()`` all rows
        together. Several targets are always scored separately.

    Returns
    -------
    DataFrame
        A row for each combination of their values, the index, with the columns

        - `n`: the number of forecasts with a known truth;
        - `mae`: the mean absolute error;
        - `rmse`: the root of the mean squared error;
        - `mase`: the mean absolute scaled error [1]_, if the backtest has a `scale`:
          the mean of absolute errors, each divided by its `scale`.

    Raises
    ------
    TypeError
        If `backtested` is no DataFrame.

    ValueError
        If columns are missing, truths are no numbers, or a forecast is not finite.

    Warns
    -----
    UserWarning
        If some errors have no scale, or one of 0: `mase` is that of the others.

    See Also
    --------
    sklstm.metrics.mean_absolute_scaled_error : Of predictions that are not those of a
        backtest.

    References
    ----------
    .. [1] R. J. Hyndman and A. B. Koehler, "Another Look at Measures of Forecast
       Accuracy", International Journal of Forecasting 22(4), 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import NaiveForecaster, SlidingWindow
    >>> from sklstm.forecasting import backtest, backtest_scores
    >>> X = np.array([1.0, 2, 4, 3, 5, 7, 6, 9]).reshape(-1, 1)
    >>> pipe = make_pipeline(SlidingWindow(1), NaiveForecaster())
    >>> cv = TimeSeriesSplit(2, test_size=2)
    >>> found = backtest(pipe, X, X[:, 0], cv, season_length=1)
    >>> backtest_scores(found).round(2)
          n  mae  rmse  mase
    step
    1     2  1.5  1.58  1.06
    2     2  3.0  3.16  2.12
    """
    by = _columns(backtested, by)
    truth, forecast = _numbers(backtested, "truth"), _numbers(backtested, "forecast")
    wrong = ~np.isfinite(forecast)
    if wrong.any():
        raise ValueError(
            f"backtested must have a finite forecast in every row, but {wrong.sum()} "
            f"are not, the first in row {int(wrong.argmax())}."
        )
    error = np.abs(truth - forecast)
    parts = {"n": ~np.isnan(error), "mae": error, "rmse": error**2}
    if "scale" in backtested.columns:
        parts["mase"] = _scaled(error, _numbers(backtested, "scale"))
    table = pd.DataFrame(parts)
    keys = [backtested[column].to_numpy() for column in by] or [np.zeros(len(table))]
    groups = table.groupby([pd.Series(key) for key in keys])
    scores = groups.mean().assign(n=groups["n"].sum())
    scores["rmse"] = np.sqrt(scores["rmse"])
    return scores.rename_axis(index=by) if by else scores.reset_index(drop=True)


def _columns(backtested, by):
    """Return the columns whose values are scored separately."""
    check_backtest(backtested, _NEEDED)
    columns = list(backtested.columns)
    by = ["step", *groups_of(columns)] if by is None else as_list(by)
    several = "target" in columns and len(backtested["target"].unique()) > 1
    if several and "target" not in by:
        by = ["target", *by]
    check_by(backtested, by)
    return by


def _numbers(backtested, column):
    try:
        return backtested[column].to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Column {column!r} of backtested must hold numbers: {error}."
        ) from error


def _scaled(error, scale):
    """Return errors over their scales; NaN, with a warning, if a scale is not > 0."""
    wrong = ~np.isnan(error) & ~(scale > 0)
    if wrong.any():
        warnings.warn(
            f"{int(wrong.sum())} of {len(error)} errors have no scale (NaN, or 0): the "
            "train rows of their group are too few for season_length, or do not change "
            "over a season. They are left out of mase.",
            UserWarning,
            stacklevel=3,
        )
    return error / np.where(scale > 0, scale, np.nan)
