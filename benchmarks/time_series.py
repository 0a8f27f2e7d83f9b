"""Windows, splits and backtests of many series, beside pandas and skforecast."""

import functools
import warnings

import numpy as np
import pandas as pd
from contenders import PLAIN
from peak import peak_growth, seconds

N_LAGS, STEPS = 24, 24


def panel(n_entities, n_rows):
    """Make daily rows of entities, one after the other: waves and noise."""
    rng = np.random.default_rng(0)
    time = np.arange(n_rows)
    waves = np.sin(time / 7 + rng.uniform(0, 6, size=(n_entities, 1)))
    values = waves + 0.3 * rng.normal(size=(n_entities, n_rows))
    names = np.repeat([f"entity {i}" for i in range(n_entities)], n_rows)
    days = np.tile(pd.date_range("2020-01-01", periods=n_rows), n_entities)
    return pd.DataFrame({"entity": names, "sold": values.ravel()}, index=days)


def panel_windows(name, n_entities, n_rows):
    """Cut the windows of a panel: time, and memory at its largest."""
    from sklstm import SlidingWindow

    X = panel(n_entities, n_rows)

    def shifted():
        groups = X.groupby("entity", sort=False)["sold"]
        lags = {f"sold[t-{k}]": groups.shift(k) for k in range(N_LAGS, 0, -1)}
        return pd.DataFrame(lags)

    window = SlidingWindow(N_LAGS, group_by="entity")
    flat = SlidingWindow(N_LAGS, group_by="entity", flatten=True)
    run = {
        "sklstm": functools.partial(window.fit_transform, X),
        "sklstm, flatten=True": functools.partial(flat.fit_transform, X),
        "pandas": shifted,
    }[name]
    result = {}
    with peak_growth(result):
        result["cold, s"] = seconds(run)
    return {**result, "seconds": seconds(run, repeats=3)}


def splits(name, n_entities, n_rows):
    """Split a panel into five folds: time, and memory at its largest."""
    from sklearn.model_selection import TimeSeriesSplit

    from sklstm import PanelTimeSeriesSplit, PurgedKFold

    X = panel(n_entities, n_rows)
    splitter = {
        "sklstm": PanelTimeSeriesSplit(5),
        "sklstm, PurgedKFold": PurgedKFold(5, purge=N_LAGS, time=X.index),
        "scikit-learn, by rows": TimeSeriesSplit(5),
    }[name]

    def run():
        for _ in splitter.split(X):
            pass

    result = {}
    with peak_growth(result):
        run()
    return {**result, "seconds": seconds(run, repeats=3)}


def backtest(name, n_entities, n_rows, n_folds, refit, model="Ridge"):
    """Backtest a recursive model: time, memory at its largest, and its error."""
    X = panel(n_entities, n_rows)
    make = _backtest_sklstm if name == "sklstm" else _backtest_skforecast
    run = make(X, n_folds, refit, _regressor(model, newest_first=name != "sklstm"))
    result = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with peak_growth(result):
            error = run()
        return {**result, "seconds": seconds(run), "mean absolute error": error}


def push(name, n_entities):
    """Time a push into a stream of an LSTM: a row of each entity."""
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
    from sklstm.forecasting import stream

    X = panel(n_entities, 60)
    window = SlidingWindow(N_LAGS, group_by="entity" if n_entities > 1 else None)
    X = X if n_entities > 1 else X[["sold"]]
    lstm = LSTMRegressor(16, epochs=1, batch_size=256, random_state=0, **PLAIN)
    days = X.index.unique()
    fitted = X[X.index < days[24]]
    pipe = make_pipeline(window, PerFeatureScaler(), lstm)
    rows = [X[X.index == day] for day in days[24:]]
    live = stream(pipe.fit(fitted, fitted["sold"]))
    left = iter(rows)
    live.push(next(left))  # the first is validated, and opens the groups
    return {"seconds": seconds(lambda: live.push(next(left)), repeats=len(rows) - 2)}


def _regressor(model, newest_first=False):
    """Make a regressor of lags in columns."""
    from sklearn.linear_model import Ridge

    if model == "Ridge":
        return Ridge()
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    from sklstm import LSTMRegressor, Reshape3D

    settings = {**PLAIN, "units": 16, "epochs": 5, "batch_size": 256}
    lstm = LSTMRegressor(**settings, random_state=0)
    turn = FunctionTransformer(_turned) if newest_first else FunctionTransformer()
    return make_pipeline(turn, Reshape3D(), lstm)


def _turned(X):
    return np.asarray(X)[:, ::-1]


def _backtest_sklstm(X, n_folds, refit, regressor):
    from sklearn.pipeline import make_pipeline

    from sklstm import CompleteCaseRegressor, PanelTimeSeriesSplit, SlidingWindow
    from sklstm.forecasting import backtest

    several = len(X["entity"].unique()) > 1
    window = SlidingWindow(N_LAGS, flatten=True, group_by="entity" if several else None)
    # Complete windows alone are learned from, as by skforecast.
    pipe = make_pipeline(window, CompleteCaseRegressor(regressor))
    table = X if several else X[["sold"]]
    cv = PanelTimeSeriesSplit(n_folds, test_size=STEPS)

    def run():
        found = backtest(pipe, table, X["sold"], cv, refit=refit, target="sold")
        return float((found["truth"] - found["forecast"]).abs().mean())

    return run


def _backtest_skforecast(X, n_folds, refit, regressor):
    from skforecast.model_selection import (
        TimeSeriesFold,
        backtesting_forecaster,
        backtesting_forecaster_multiseries,
    )
    from skforecast.recursive import ForecasterRecursive, ForecasterRecursiveMultiSeries

    n_rows = len(X) // len(X["entity"].unique())
    cv = TimeSeriesFold(
        steps=STEPS,
        initial_train_size=n_rows - n_folds * STEPS,
        refit=refit,
        fixed_train_size=False,
        verbose=False,
    )
    settings = {
        "cv": cv,
        "metric": "mean_absolute_error",
        "n_jobs": 1,
        "show_progress": False,
    }
    if n_rows == len(X):
        series = X["sold"].asfreq("D")
        forecaster = ForecasterRecursive(regressor, lags=N_LAGS)
        return lambda: float(
            backtesting_forecaster(forecaster, series, **settings)[0].iloc[0, -1]
        )
    wide = X.pivot_table("sold", X.index, "entity", sort=False).asfreq("D")
    forecaster = ForecasterRecursiveMultiSeries(regressor, lags=N_LAGS, encoding=None)

    def run():
        errors, _ = backtesting_forecaster_multiseries(forecaster, wide, **settings)
        return float(errors["mean_absolute_error"].iloc[: wide.shape[1]].mean())

    return run
