"""Forecasts past the last row of a table."""

import warnings

import pandas as pd

from sklstm._validation import as_list, check_int, shortened
from sklstm._window_step import fitted_table
from sklstm.forecasting._fed import are_alike, check_fed, refuse_unlike
from sklstm.forecasting._following import FollowingRows, look_at_other_rows
from sklstm.forecasting._future import Future
from sklstm.forecasting._outputs import Outputs
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._parts import parts_of
from sklstm.forecasting._result_tables import forecast_columns
from sklstm.forecasting._rollout import roll_out
from sklstm.forecasting._undo import opened
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
    fitted, X, target, restore = opened(fitted, X, target)
    parts = parts_of(fitted, "forecast")
    panel, seen = Panel(X, parts.window.group_by), fitted_table(parts.window)
    future = Future.after(panel, steps, X_future, seen.pace)
    if parts.window.history is not None:
        warn_of_new_groups(panel.groups, seen.remembered, stacklevel=3)
    transformed = parts.transform(panel.given)
    recent = parts.window.last_rows(transformed, parts.window.geometry.n_recent)
    outputs = Outputs(parts, recent, panel, target)
    fed = feedback(outputs, parts.window, panel, future, steps)
    check_fed(fitted, parts, panel, transformed, fed, outputs.n_targets)
    columns = forecast_columns(
        outputs.names, outputs.n_targets, outputs.quantiles, panel.group_column
    )
    table = panel.frame if look_at_other_rows(parts, panel, transformed) else None
    following = FollowingRows(parts, panel, future, fed, table)
    predicted = roll_out(outputs, recent, following, parts.window, steps)
    if not following.agree_with_context(predicted, panel.frame):
        # What no row of the table shows: values that are seen first in later rows.
        following = FollowingRows(parts, panel, future, fed, panel.frame)
        predicted = roll_out(outputs, recent, following, parts.window, steps)
    if outputs.n_empty:
        _warn_of_empty_windows(outputs.n_empty, parts.window)
    return _as_frame(restore(predicted), columns, future, panel)


def _warn_of_empty_windows(n_windows, window):
    warnings.warn(
        f"{n_windows} windows hold no row, as X, with what fit remembers, has fewer "
        f"than horizon={window.horizon} rows of the series, or they are NaN: what is "
        "forecast from them is the same for all, near the mean of y. Pass more rows "
        'of X; of arrays, fit with SlidingWindow(history="fit").',
        UserWarning,
        stacklevel=3,
    )


def feedback(outputs, window, panel, future, steps, told_by="X_future"):
    """Find the columns that predictions must be fed back into.

    `told_by` is the parameter that tells what is known.

    Returns
    -------
    dict
        Each with the number of its target; nothing where no window reaches so far.

    Raises
    ------
    ValueError
        If a window needs columns that are neither predicted nor known.
    """
    k, horizon = outputs.n_steps, window.geometry.horizon
    unknown = [column for column in panel.columns if column not in future.known]
    n_ahead = -(-steps // k) * k
    if outputs.names is None and len(unknown) == outputs.n_targets == 1:
        # Labels do not bear the name of numbers, where nothing is fed back.
        is_it = are_alike(panel.frame[unknown[0]], outputs.example)
        outputs.names = unknown if is_it or n_ahead > horizon else None
    if window.geometry.known:
        _check_known_ahead(window, panel, future, steps, n_ahead, told_by)
    if n_ahead <= horizon:
        return {}
    if outputs.names is None and not unknown and horizon:
        raise ValueError(
            f"{told_by} tells all columns of X, but one of them may be what is "
            "forecast, and the pipeline does not remember what y was called. Say "
            f"target, and leave it out of {told_by} if X has it."
        )
    names = outputs.names or []
    told = [name for name in names if name in future.known]
    if told:
        raise ValueError(
            f"{told_by} has {shortened(told)}, which is what is to be forecast. Leave "
            f"the column out of {told_by}."
        )
    if horizon < k > 1:
        raise ValueError(
            f"horizon={horizon} for targets of {k} steps: a window holds rows that it "
            f"predicts. Fit with SlidingWindow(horizon={k})."
        )
    if unknown and horizon == 0:
        raise ValueError(
            f"horizon=0: a window holds the row that it predicts, so that {told_by} "
            f"must have all columns of it, but lacks {shortened(unknown)}. Add these, "
            "or fit with SlidingWindow(horizon=1)."
        )
    missing = [column for column in unknown if column not in names]
    if missing and not names:
        raise ValueError(
            f"A forecast of {steps} steps needs to know which columns y held: say "
            f"target, such as target={missing[0]!r}, as the pipeline does not remember "
            "its names. Columns that are neither predicted nor known: "
            f"{shortened(missing)}; what is none of y's add to {told_by}, leave out of "
            "X, or predict all steps at once: make_multistep(X, y, "
            f"{steps}) with SlidingWindow(horizon={steps})."
        )
    if missing:
        raise ValueError(
            f"A forecast of {steps} steps needs columns that are neither predicted nor "
            f"known: {shortened(missing)}. Add them to {told_by}, leave them out of X, "
            "or predict all steps at once: make_multistep(X, y, "
            f"{steps}) with SlidingWindow(horizon={steps}). {_hint(names, panel)}"
        )
    fed = {name: i for i, name in enumerate(names) if name in unknown}
    for name in fed:
        if not are_alike(panel.frame[name], outputs.example):
            refuse_unlike(name, panel.frame[name], outputs.example)
    return fed


def _check_known_ahead(window, panel, future, steps, n_ahead, told_by):
    """Refuse to do without what windows hold of the rows that are forecast."""
    known = as_list(window.known)
    lacking = [c for c in known if c in panel.columns and c not in future.known]
    if lacking:
        raise ValueError(
            f"known of SlidingWindow says that {shortened(lacking)} will be known of "
            f"the rows to forecast, but {told_by} does not tell."
        )
    if n_ahead > steps:
        raise ValueError(
            f"steps={steps}, but the pipeline predicts several steps at once from what "
            f"is known of all of them: forecast {n_ahead} steps, and use the first "
            f"{steps}. (In a backtest, let gap and test part together have a multiple "
            "of so many rows.)"
        )


def _hint(names, panel):
    """Say what may be wrong with the names of the targets."""
    strangers = [name for name in names if name not in panel.columns]
    if strangers:
        return (
            f"What is predicted is called {shortened(strangers)}, no column of X: "
            "if y was one of these columns, name it in target."
        )
    return f"Predicted are {shortened(names)}."


def _as_frame(predicted, columns, future, panel):
    """Return forecasts of shape (n_series, n_steps, n_targets, n) as a table."""
    rows = future.series_by_series()
    table = {}
    if panel.group_column is not None:
        table[panel.group_column] = rows[panel.group_column]
    numbers = predicted.reshape(len(rows), len(columns))
    table |= dict(zip(columns, numbers.T, strict=True))
    return pd.DataFrame(table, index=rows.index)
