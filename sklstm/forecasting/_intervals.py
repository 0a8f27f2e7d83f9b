"""Conformal prediction intervals, calibrated in the order of time."""

import math
import warnings
from numbers import Real

import numpy as np
import pandas as pd

from sklstm._series import column_of
from sklstm._validation import as_list, check_int, shortened
from sklstm.forecasting._carried_transforms import (
    CarriedTransforms,
    restore_bounds,
    transform_forecasts,
)
from sklstm.forecasting._result_tables import (
    check_backtest,
    check_by,
    is_reserved,
    name_of,
    quantiles_among,
    read_forecast_columns,
)
from sklstm.forecasting._target_column import is_of_numbers

_NEEDED = ["fold", "origin", "step", "time", "truth", "forecast"]


def conformal_intervals(
    backtested,
    forecasts=None,
    *,
    coverage=0.9,
    by=("step",),
    n_folds=None,
    symmetric=True,
    transformer=None,
):
    """Compute prediction intervals that hold the truth with a given coverage.

    The width of an interval is computed from the errors of the forecasts of a backtest:
    split conformal prediction [1]_, separately for each step ahead. If the backtest has
    quantiles, the lowest and the highest are adjusted instead (conformalized quantile
    regression [2]_), so that intervals are wide where the future is uncertain.

    Parameters
    ----------
    backtested : DataFrame
        The table that :func:`backtest` returned.

    forecasts : DataFrame, default=None
        The table that :func:`forecast` returned for the rows after those of the
        backtest, of one target. None computes intervals for the forecasts of the
        backtest: for each fold from earlier folds whose truth was known at its origin.

    coverage : float, default=0.9
        Share of true values that the intervals are to hold, within (0, 1).

    by : str or sequence of str, default=("step",)
        Columns whose values are calibrated separately: with ``("step", "shop")`` each
        shop has its own widths, and needs enough folds of its own. ``()`` calibrates
        on all errors together.

    n_folds : int, default=None
        Number of newest folds to calibrate on, for series that change. None takes all.

    symmetric : bool, default=True
        Whether intervals reach as far below a forecast as above it. False calibrates
        the two sides separately, each to half of ``1 - coverage``: for forecasts that
        err to one side. That needs about twice as many errors, and the forecast itself
        is outside of the interval if nearly all errors are to one side.

    transformer : None, "log", "box-cox", transformer or TransformedTargetForecaster, \
            default=None
        Errors are measured on the transformed scale: with "log" they are relative to
        the forecast, and no end of an interval is below zero. None takes the
        transformer of the :class:`TransformedTargetForecaster` of the backtest, which
        the table carries in its `attrs`; pass it if that was lost, as in a file.
        A forecaster must be fitted; anything else is fitted to the truth.

    Returns
    -------
    DataFrame
        `backtested` with two more columns, `lower` and `upper`; or `forecasts` with
        columns such as ``price_lower`` and ``price_upper``. They are infinite if there
        are fewer errors than ``coverage / (1 - coverage)``, which is 4 for 0.8, 9 for
        0.9 and 19 for 0.95; if the sides are calibrated separately, 9, 19 and 39. Each
        fold has one error for each step and group.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or columns are missing.

    TypeError
        If `backtested` or `forecasts` is no DataFrame.

    Warns
    -----
    UserWarning
        If intervals of forecasts, or of the newest fold, are infinite; names the
        number of folds that are missing.

    Notes
    -----
    The coverage is guaranteed if past and future errors are exchangeable: if the model
    errs tomorrow as it did in the backtest. It is not if the level shifts or errors
    grow: compare the coverage of the intervals of earlier folds (``forecasts=None``),
    and consider `n_folds`.

    References
    ----------
    .. [1] J. Lei et al., "Distribution-Free Predictive Inference for Regression",
       JASA 113(523), 2018, algorithm 2.
    .. [2] Y. Romano, E. Patterson and E. Candès, "Conformalized Quantile Regression",
       NeurIPS 2019.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklstm.forecasting import conformal_intervals
    >>> days = pd.date_range("2026-01-01", periods=10)
    >>> past = pd.DataFrame({
    ...     "fold": range(10), "origin": days - pd.Timedelta(days=1), "step": 1,
    ...     "time": days, "truth": np.arange(10.0), "forecast": 0.0})
    >>> conformal_intervals(past, coverage=0.8)[["lower", "upper"]].tail(3)
       lower  upper
    7   -6.0    6.0
    8   -7.0    7.0
    9   -7.0    7.0
    """
    by = as_list(by)
    _check(backtested, forecasts, coverage, by, n_folds, symmetric)
    n_folds = n_folds and int(n_folds)  # NumPy's narrow integers overflow
    if forecasts is None:
        scale = CarriedTransforms.of(backtested, transformer)
        return _of_backtest(backtested, scale, coverage, by, n_folds, symmetric)
    target, rows = _as_backtested(forecasts, backtested, by)
    scale = CarriedTransforms.of(backtested, transformer, target)
    known = transform_forecasts(
        scale, backtested[backtested["truth"].notna()], "backtested"
    )
    rows = transform_forecasts(scale, rows, "forecasts")
    bounds, lacking = _bounds(known, rows, coverage, by, n_folds, symmetric)
    bounds = restore_bounds(scale, bounds, rows)
    n_steps = backtested["step"].max() if "step" in by else np.inf
    _warn_of_infinite(
        lacking, coverage, n_folds, "forecasts gets", 1, rows["step"].max() > n_steps
    )
    names = [name_of(target, end) for end in ("lower", "upper")]
    return forecasts.assign(**dict(zip(names, bounds.T, strict=True)))


def _of_backtest(backtested, scale, coverage, by, n_folds, symmetric):
    """Calibrate each fold on the earlier folds whose truth was known."""
    table = transform_forecasts(scale, backtested.reset_index(drop=True), "backtested")
    # Groups that start cold have no origin: take the one of other groups.
    origins = table["origin"].fillna(table.groupby("fold")["origin"].transform("min"))
    found = np.tile([-np.inf, np.inf], (len(table), 1))
    short, newest = 0, table["fold"].max()
    for (fold, origin), places in table.groupby(["fold", origins]).indices.items():
        earlier = (table["fold"] < fold) & (table["time"] <= origin)
        known = table[earlier & table["truth"].notna()]
        found[places], lacking = _bounds(
            known, table.iloc[places], coverage, by, n_folds, symmetric
        )
        # Only the newest fold should have enough folds before it.
        if fold == newest:
            short = max(short, lacking)
    _warn_of_infinite(short, coverage, n_folds, "The newest fold has", 2)
    found = restore_bounds(scale, found, table)
    return backtested.assign(lower=found[:, 0], upper=found[:, 1])


def _bounds(known, rows, coverage, by, n_folds, symmetric):
    """Return the intervals of some rows, from rows whose truth is known.

    Returns
    -------
    bounds : ndarray of shape (n_rows, 2)
        Infinite where there are too few errors.

    lacking : int
        The number of folds that are missing.
    """
    bounds = np.tile([-np.inf, np.inf], (len(rows), 1))
    needed = n_needed(coverage, symmetric)
    errors, lacking = _split_by(known, by), 0
    for key, some in _split_by(rows.set_axis(np.arange(len(rows))), by).items():
        past = errors.get(key, known[:0])
        if n_folds is not None:
            past = past[past["fold"].isin(np.unique(past["fold"])[-n_folds:])]
        if len(past) >= needed:
            bounds[some.index] = _conformal(past, some, coverage, symmetric)
            continue
        a_fold = max(len(past) // max(past["fold"].nunique(), 1), 1)
        lacking = max(lacking, -(-(needed - len(past)) // a_fold))
    return bounds, lacking


def _split_by(table, by):
    """Split a table by the values of columns."""
    return dict(iter(table.groupby(by))) if by else {(): table}


def _conformal(past, rows, coverage, symmetric):
    """Return the intervals of rows, calibrated on past forecasts."""
    quantiles = quantiles_among(rows.columns)
    low, high = "forecast", "forecast"
    if len(quantiles) > 1:
        low, high = quantiles[0], quantiles[-1]
    truth = past["truth"].to_numpy(float)
    below = past[low].to_numpy(float) - truth
    above = truth - past[high].to_numpy(float)
    if symmetric:
        below = above = np.maximum(below, above)
    level = _level(coverage, symmetric)
    return np.column_stack(
        [
            rows[low].to_numpy(float) - conformal_quantile(below, level),
            rows[high].to_numpy(float) + conformal_quantile(above, level),
        ]
    )


def _level(coverage, symmetric):
    """Return the share of scores that a bound covers."""
    return coverage if symmetric else (1 + coverage) / 2


def n_needed(coverage, symmetric=True):
    """Return the number of errors that a finite interval needs.

    Examples
    --------
    >>> from sklstm.forecasting._intervals import n_needed
    >>> n_needed(0.9), n_needed(0.9, symmetric=False)
    (9, 19)
    """
    level = _level(coverage, symmetric)
    return max(math.ceil(round(level / (1 - level), 9)), 1)


def conformal_quantile(scores, level):
    """Return the smallest score that covers a share of scores and a future one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.forecasting._intervals import conformal_quantile
    >>> float(conformal_quantile(np.array([4.0, 1.0, 3.0, 2.0]), 0.6))
    3.0
    """
    # Rounded, as 0.55 * 20 is 11.000000000000002.
    rank = math.ceil(round((len(scores) + 1) * level, 9))
    return np.partition(scores, rank - 1)[rank - 1]


def _warn_of_infinite(lacking, coverage, n_folds, who, depth, is_too_far=False):
    """Warn of missing folds; `is_too_far` if no fold has as many steps ahead."""
    if not lacking:
        return
    remedy = "lengthen the backtest, lower coverage, or pool errors with by=()"
    if is_too_far:
        remedy = f"let its test parts (test_size) have as many steps, {remedy}"
    if n_folds is not None:
        remedy = f"raise n_folds={n_folds}, {remedy}"
    warnings.warn(
        f"{who} infinite intervals: coverage={coverage} needs {lacking} more "
        f"fold{'s' if lacking > 1 else ''} whose truth is known. Remedy: {remedy}.",
        UserWarning,
        stacklevel=2 + depth,
    )


def _as_backtested(forecasts, backtested, by):
    """Return the target of a forecast, and its rows with the columns of a backtest."""
    groups = [
        column
        for column in backtested.columns
        if not is_reserved(column) and column_of(forecasts, column) is not None
    ]
    missing = [column for column in by if column not in [*_NEEDED, *groups]]
    if missing:
        raise ValueError(f"forecasts lacks {shortened(missing)}, which by names.")
    kinds = read_forecast_columns([c for c in forecasts.columns if c not in groups])
    targets = list(dict.fromkeys(target for target, _ in kinds.values()))
    if len(targets) != 1:
        clash = [target for target in targets if is_reserved(target)]
        if clash:
            raise ValueError(
                f"forecasts has a column {clash[0]!r}, a name that backtests reserve. "
                "Rename the column."
            )
        raise ValueError(
            "forecasts must hold one target (and its quantiles), got the columns "
            f"{list(forecasts.columns)}. Pass the targets one by one."
        )
    rows = pd.DataFrame(index=np.arange(len(forecasts)))
    for name in groups:
        rows[name] = np.asarray(column_of(forecasts, name))
    for column, (_, kind) in kinds.items():
        rows[kind] = forecasts[column].to_numpy()
    # Group by group, the rows of each in the order of time.
    steps = rows.groupby(groups).cumcount() if groups else np.arange(len(rows))
    return targets[0], rows.assign(step=steps + 1)


def _check(backtested, forecasts, coverage, by, n_folds, symmetric):
    check_backtest(backtested, _NEEDED)
    check_by(backtested, by)
    if forecasts is not None and not isinstance(forecasts, pd.DataFrame):
        raise TypeError(
            "forecasts must be the DataFrame that forecast returns, or None, got "
            f"{type(forecasts).__name__}."
        )
    if not isinstance(symmetric, bool):
        raise ValueError(f"symmetric must be a bool, got {symmetric!r}.")
    for column in ("truth", "forecast"):
        values = backtested[column].dropna()
        if len(values) and not is_of_numbers(values):
            raise ValueError(
                f"Column {column!r} of backtested must hold numbers, got values such "
                f"as {values.iloc[0]!r}: labels have no intervals."
            )
    if "target" in backtested.columns:
        raise ValueError(
            "backtested holds several targets. Pass them one by one: "
            'backtested[backtested["target"] == ...].drop(columns="target").'
        )
    if not isinstance(coverage, Real) or not 0 < coverage < 1:
        raise ValueError(f"coverage must be within (0, 1), got {coverage!r}.")
    if n_folds is not None:
        check_int("n_folds", n_folds, at_least=1, others=" or None")
