"""Forecasts past the last row of a table."""

import warnings

import pandas as pd

from sklstm._validation import check_int
from sklstm._window_step import fitted_table
from sklstm.forecasting._check_feedback import check_feedback
from sklstm.forecasting._forecaster import Forecaster
from sklstm.forecasting._future import Future
from sklstm.forecasting._outputs import Outputs
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._result_tables import forecast_columns
from sklstm.forecasting._rollout import Rollout
from sklstm.preprocessing._new_groups import warn_of_new_groups


def forecast(fitted, X, steps, X_future=None, *, target=None):
    """Forecast the rows that follow a table, in all its groups at once.

    A pipeline that predicts one row is applied once for each step ahead, and its
    predictions are fed back into the columns that they predict (a recursive forecast).
    A pipeline that was fitted on targets of several steps (see :func:`make_multistep`)
    predicts that many at once (a direct forecast), and is applied again if `steps` is
    larger. Windows that hold only known rows, because of their `horizon`, are
    predicted together.

    Parameters
    ----------
    fitted : estimator
        A fitted pipeline with a `SlidingWindow`, a search over one, or a
        :class:`TransformedTargetForecaster`.

    X : DataFrame or ndarray of shape (n_rows, n_features)
        The table up to the origin, with the columns of `fit`; the rows of each group
        in the order of time. The history of `fit` goes before it, as in `predict`.

    steps : int
        Rows to forecast, for each group.

    X_future : DataFrame or ndarray, default=None
        The known covariates of these rows, such as the calendar: some of the columns
        of X, with an index that continues that of X. With groups, either rows of each
        group, or the same rows for all (without the column that names groups). Columns
        that `known` of the `SlidingWindow` names are used to forecast the row itself;
        other columns, which windows hold `horizon` rows late, to forecast later rows.

    target : str, int or sequence of such, default=None
        The columns of X that are predicted. None takes the names of y in `fit`, if y
        had names and the estimator remembers them, as those of this package do;
        otherwise, for a single target, the one column that X_future does not hold. y
        must have had the values of that column: predictions are fed back into it,
        which is wrong if y was shifted, scaled or differenced.

    Returns
    -------
    DataFrame of shape (steps * n_groups, n_columns)
        A column for each target (and, after it, its quantiles, if the estimator
        predicts them: ``price_q0.1``), after the column that names the group, if
        there is one. The index continues that of X; for an array it numbers the rows.
        The rows of each group are together.

    Raises
    ------
    ValueError
        If columns are needed that are neither predicted nor known; if predictions
        would be fed back into a column that y was not in `fit`; if times repeat or
        are not sorted; if X_future does not continue X; if with ``horizon=0`` a row
        would have to be known before it is predicted.

    MemoryError
        If the forecast does not fit into the memory of the machine.

    Notes
    -----
    The quantiles of later steps of a recursive forecast are too narrow: they assume
    that the medians of earlier steps come true. For intervals with a guaranteed
    coverage see :func:`conformal_intervals`.

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
    rollout = Rollout(outputs, transformed, known_from="X_future")
    check_feedback(forecaster.fitted, outputs, transformed, rollout.fed)
    columns = forecast_columns(
        outputs.names, outputs.n_targets, outputs.quantiles, panel.group_column
    )
    table = panel.frame if rollout.depends_on_other_rows else None
    try:
        predicted = rollout.predict(recent, future, table, context=panel.frame)
        if predicted is None:  # pipeline steps before the window need all rows
            predicted = rollout.predict(recent, future, panel.frame)
    except ValueError as error:
        if "NaN" in str(error) and (missing := future.first_missing()):
            error.add_note(
                f"X_future is NaN in column {missing[0]!r} at {missing[1]}: pass its "
                "value, or impute it in the pipeline."
            )
        raise
    if outputs.n_empty:
        _warn_of_empty_windows(outputs.n_empty, parts.window)
    return _as_frame(forecaster.restore(predicted, levels), columns, future, panel)


def _warn_of_empty_windows(n_windows, window):
    warnings.warn(
        f"{n_windows} windows hold no row, as X, with the history of fit, has fewer "
        f"than horizon={window.horizon} rows of the series, or they are NaN: their "
        "forecasts are all the same, near the mean of y. Pass more rows of X; with "
        'arrays, fit with SlidingWindow(history="fit").',
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
