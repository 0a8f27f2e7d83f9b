"""Forecasts past the last row of a table."""

import warnings

import pandas as pd

from sklstm._validation import check_int
from sklstm._window_step import fitted_table
from sklstm.forecasting._fed import check_fed
from sklstm.forecasting._forecaster import Forecaster
from sklstm.forecasting._future import Future
from sklstm.forecasting._outputs import Outputs
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._result_tables import forecast_columns
from sklstm.forecasting._rollout import Rollout
from sklstm.preprocessing._new_groups import warn_of_new_groups


def forecast(fitted, X, steps, X_future=None, *, target=None):
    """Forecast the rows that follow a table, in all its groups at once.

    A pipeline that predicts one row is applied again and again, its predictions fed
    back into the columns that they predict (a recursive forecast). One that was fitted
    on targets of several steps (see :func:`make_multistep`) predicts so many at once
    (a direct forecast), and is applied again where more are asked for. Windows that
    need nothing but known rows, because of their `horizon`, are predicted together.

    Parameters
    ----------
    fitted : estimator
        A fitted pipeline with a `SlidingWindow`, a search over one, or a
        :class:`TransformedTargetForecaster`.

    X : DataFrame or ndarray of shape (n_rows, n_features)
        The table up to now, with the columns that `fit` got; the rows of each group
        in the order of time. What `fit` remembers goes before it, as in `predict`.

    steps : int
        Rows to forecast, for each group.

    X_future : DataFrame or ndarray, default=None
        What is known of these rows, such as the calendar: some of the columns of X,
        with an index that goes on where that of X ends. With groups, either rows for
        each of them, or the same for all (without the column that names them). What
        `known` of the `SlidingWindow` names bears on the forecast of the row itself;
        other columns, which windows hold `horizon` rows late, on later ones.

    target : str, int or sequence of such, default=None
        The columns of X that are predicted. None takes the names of y in `fit`, where
        it had them and the estimator remembers them, as those of this package do;
        otherwise, of a single target, the one column that X_future does not hold. y
        must have been that column as it stands in X: predictions are fed back into
        it, and would be wrong of a y that was shifted, scaled or differenced.

    Returns
    -------
    DataFrame of shape (steps * n_groups, n_columns)
        A column for each target (and, after it, its quantiles, where the estimator
        predicts these: ``price_q0.1``), after the column that names the group, if
        there is one. The index goes on where that of X ends; of an array it numbers
        the rows. Group by group.

    Raises
    ------
    ValueError
        If columns are needed that are neither predicted nor known; if predictions
        would be fed back into a column that y was not in `fit`; if times repeat,
        are not sorted, or X_future does not go on where X ends; if with ``horizon=0``
        a row would have to be known before it is predicted.

    MemoryError
        If so many steps do not fit into the memory of the machine.

    Notes
    -----
    The quantiles of a later step of a recursive forecast are those given that the
    medians before it came true: too narrow. For intervals with a promise see
    :func:`conformal_intervals`.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import CompleteCaseRegressor, SlidingWindow
    >>> from sklstm.forecasting import forecast
    >>> days = pd.date_range("2026-01-01", periods=6)
    >>> X = pd.DataFrame({"price": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]}, index=days)
    >>> pipe = make_pipeline(
    ...     SlidingWindow(1, flatten=True),
    ...     CompleteCaseRegressor(LinearRegression()))
    >>> forecast(pipe.fit(X, X["price"]), X, steps=3).round(6)
                price
    2026-01-07   64.0
    2026-01-08  128.0
    2026-01-09  256.0
    """
    check_int("steps", steps, at_least=1)
    steps = int(steps)  # NumPy's narrow integers overflow
    forecaster = Forecaster(fitted, "forecast")
    parts, target = forecaster.parts, forecaster.check_target(target)
    X, levels = forecaster.table_after_fit(X)
    panel, seen = Panel(X, parts.window.group_by), fitted_table(parts.window)
    future = Future.after(panel, steps, X_future, seen.frequency)
    if parts.window.history is not None:
        warn_of_new_groups(panel.groups, seen.remembered, stacklevel=3)
    transformed = parts.transform(panel.given)
    recent = parts.window.last_rows(transformed, parts.window.geometry.n_recent)
    outputs = Outputs(parts, panel, recent, future.known, steps, target=target)
    rollout = Rollout(outputs, transformed, told_by="X_future")
    check_fed(forecaster.fitted, outputs, transformed, rollout.fed)
    columns = forecast_columns(
        outputs.names, outputs.n_targets, outputs.quantiles, panel.group_column
    )
    table = panel.frame if rollout.depends_on_other_rows else None
    predicted = rollout.predict(recent, future, table, context=panel.frame)
    if predicted is None:  # values that are seen first in later rows: see them all
        predicted = rollout.predict(recent, future, panel.frame)
    if outputs.n_empty:
        _warn_of_empty_windows(outputs.n_empty, parts.window)
    return _as_frame(forecaster.restored(predicted, levels), columns, future, panel)


def _warn_of_empty_windows(n_windows, window):
    warnings.warn(
        f"{n_windows} windows hold no row, as X, with what fit remembers, has fewer "
        f"than horizon={window.horizon} rows of the series, or they are NaN: what is "
        "forecast from them is the same for all, near the mean of y. Pass more rows "
        'of X; of arrays, fit with SlidingWindow(history="fit").',
        UserWarning,
        stacklevel=3,
    )


def _as_frame(predicted, columns, future, panel):
    """Return forecasts of shape (n_series, n_steps, n_targets, n) as a table."""
    rows = future.series_by_series()
    table = {}
    if panel.group_column is not None:
        table[panel.group_column] = rows[panel.group_column]
    numbers = predicted.reshape(len(rows), len(columns))
    table |= dict(zip(columns, numbers.T, strict=True))
    return pd.DataFrame(table, index=rows.index)
