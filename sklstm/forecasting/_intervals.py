"""Conformal prediction intervals, calibrated in the order of time."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from sklstm._validation import check_int, shortened

_NEEDED = ["fold", "origin", "step", "time", "truth", "forecast"]


def conformal_intervals(
    backtested, forecasts=None, *, coverage=0.9, by=("step",), n_folds=None
):
    """Give forecasts intervals that hold the truth as often as they promise to.

    How far the forecasts of a backtest were from the truth tells how wide an interval
    must be: split conformal prediction [1]_, of each step ahead on its own. Where the
    backtest has quantiles, the outermost of them are moved by what they lacked
    (conformalized quantile regression [2]_), so that intervals are wide where the
    future is uncertain. The arithmetic is that of MAPIE (``pip install mapie``).

    Parameters
    ----------
    backtested : DataFrame
        What :func:`backtest` gave.

    forecasts : DataFrame, default=None
        What :func:`forecast` gave for the rows after those of the backtest, of one
        target. None gives the backtest's own forecasts intervals: those of each fold
        from the folds before it whose truth was known at its origin.

    coverage : float, default=0.9
        Share of truths that the intervals are to hold, within (0, 1).

    by : str or sequence of str, default=("step",)
        Columns whose values are calibrated on their own: with ``("step", "shop")``
        each shop has its own width, and needs as many folds of its own. ``()`` takes
        all errors together.

    n_folds : int, default=None
        Learn from the newest folds alone, so many: for series that change. None
        learns from all.

    Returns
    -------
    DataFrame
        `backtested` with two more columns, `lower` and `upper`; or `forecasts` with
        columns such as ``price_lower`` and ``price_upper``. They are infinite where
        there are no more errors to learn from than ``1 / (1 - coverage)``, which is
        10 for 0.9.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or columns are missing.

    ImportError
        If MAPIE is not installed.

    Notes
    -----
    The promise holds where past and future errors are exchangeable: where the model
    errs tomorrow as it did in the backtest. A level that shifts, or an error that
    grows, breaks it; compare the coverage that intervals of earlier folds had
    (``forecasts=None``), and look at `n_folds`.

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
    by = [by] if isinstance(by, str) else list(by)
    _check(backtested, coverage, by, n_folds)
    if forecasts is None:
        return _of_backtest(backtested, coverage, by, n_folds)
    known = backtested[backtested["truth"].notna()]
    target, rows = _as_backtested(forecasts, backtested, by)
    bounds = _bounds(known, rows, coverage, by, n_folds)
    names = [f"{target}_lower", f"{target}_upper"]
    return forecasts.assign(**dict(zip(names, bounds.T, strict=True)))


def _of_backtest(backtested, coverage, by, n_folds):
    """Calibrate each fold on what was known of those before it."""
    table = backtested.reset_index(drop=True)
    # Groups that start cold have no origin: what the others know is known.
    origins = table["origin"].fillna(table.groupby("fold")["origin"].transform("min"))
    found = np.tile([-np.inf, np.inf], (len(table), 1))
    for (fold, origin), places in table.groupby(["fold", origins]).indices.items():
        earlier = (table["fold"] < fold) & (table["time"] <= origin)
        known = table[earlier & table["truth"].notna()]
        found[places] = _bounds(known, table.iloc[places], coverage, by, n_folds)
    return backtested.assign(lower=found[:, 0], upper=found[:, 1])


def _bounds(known, rows, coverage, by, n_folds):
    """Give the intervals of some rows, (n_rows, 2), from rows whose truth is known."""
    bounds = np.tile([-np.inf, np.inf], (len(rows), 1))
    errors = _parted(known, by)
    for key, some in _parted(rows.set_axis(np.arange(len(rows))), by).items():
        own = some.index
        past = errors.get(key, known[:0])
        if n_folds is not None:
            past = past[past["fold"].isin(np.unique(past["fold"])[-n_folds:])]
        if len(past) > max(1 / coverage, 1 / (1 - coverage)):
            bounds[own] = _conformal(past, some, coverage)
    return bounds


def _parted(table, by):
    """Part a table by the values of columns; nothing parts it into itself."""
    return dict(iter(table.groupby(by))) if by else {(): table}


def _conformal(past, rows, coverage):
    """Calibrate on past forecasts, and give the intervals of others."""
    try:
        from mapie.regression import (
            ConformalizedQuantileRegressor,
            SplitConformalRegressor,
        )
    except ImportError as error:
        raise ImportError(
            "conformal_intervals needs MAPIE: pip install mapie"
        ) from error
    quantiles = [c for c in rows.columns if str(c).startswith("q0.")]
    if len(quantiles) < 2:
        columns = ["forecast"]
        regressor = SplitConformalRegressor(
            _Column(0), confidence_level=coverage, prefit=True
        )
        options = {}
    else:
        columns = [quantiles[0], quantiles[-1], "forecast"]
        regressor = ConformalizedQuantileRegressor(
            [_Column(i) for i in range(3)], confidence_level=coverage, prefit=True
        )
        options = {"symmetric_correction": True}
    regressor.conformalize(past[columns].to_numpy(), past["truth"].to_numpy())
    _, bounds = regressor.predict_interval(rows[columns].to_numpy(), **options)
    return bounds[:, :, 0]


class _Column(RegressorMixin, BaseEstimator):
    """Stands for a model whose predictions are there already: a column of X."""

    fitted_ = True  # as MAPIE asks for

    def __init__(self, column=0):
        self.column = column

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return np.asarray(X)[:, self.column]


def _as_backtested(forecasts, backtested, by):
    """Name the target of a forecast, and give it the columns of a backtest."""
    levels = [name for name in forecasts.index.names if name is not None]
    groups = [
        column
        for column in backtested.columns
        if column not in _NEEDED and (column in [*forecasts.columns, *levels])
    ]
    missing = [column for column in by if column not in [*_NEEDED, *groups]]
    if missing:
        raise ValueError(f"forecasts lacks {shortened(missing)}, which by names.")
    numbers = [
        column
        for column in forecasts.columns
        if column not in groups and not str(column).endswith(("_lower", "_upper"))
    ]
    target = numbers[0] if numbers else None
    quantiles = {c: str(c).removeprefix(f"{target}_") for c in numbers[1:]}
    strangers = [c for c, short in quantiles.items() if not short.startswith("q0.")]
    if target is None or strangers:
        raise ValueError(
            "forecasts must hold one target (and its quantiles), got the columns "
            f"{list(forecasts.columns)}. Take the targets one by one."
        )
    rows = pd.DataFrame(index=np.arange(len(forecasts)))
    for name in groups:
        there = name in forecasts.columns
        own = forecasts[name] if there else forecasts.index.get_level_values(name)
        rows[name] = np.asarray(own)
    for column, short in {target: "forecast", **quantiles}.items():
        rows[short] = forecasts[column].to_numpy()
    # Group by group, the rows of each in the order of time.
    steps = rows.groupby(groups).cumcount() if groups else np.arange(len(rows))
    return target, rows.assign(step=steps + 1)


def _check(backtested, coverage, by, n_folds):
    missing = [c for c in [*_NEEDED, *by] if c not in backtested.columns]
    if missing:
        raise ValueError(
            f"backtested must be what backtest gives, but lacks {shortened(missing)}."
        )
    if "target" in backtested.columns:
        raise ValueError(
            "backtested holds several targets. Take them one by one: "
            'backtested[backtested["target"] == ...].drop(columns="target").'
        )
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be within (0, 1), got {coverage!r}.")
    if n_folds is not None:
        check_int("n_folds", n_folds, at_least=1, others=" or None")
