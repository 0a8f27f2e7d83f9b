"""What peers forecast of a series: learned once on the train rows, as sklstm does.

Later rows reach them only as what is known at an origin; parameters are not fitted
again, but of what says "refitted", which so learns from more rows than sklstm. They see
the target alone, filled where rows are missing. Each gives forecasts of shape
``(n_groups, n_origins, steps)``, seconds of fit, and of how many origins one was
forecast: peers that forecast an origin at a time take fewer. Seconds are of the
processor, so that peers may run for hours beside other work: with OMP_NUM_THREADS=1
they are what the clock would show.
"""

import functools
import importlib.metadata
import itertools
import time
import warnings

import numpy as np
import pandas as pd
from forecasters import filled
from sklearn.ensemble import HistGradientBoostingRegressor

MOST_ORIGINS = 150
# neuralforecast trains for minutes: on these alone, and with our window on fewer.
FEWER = {"airline", "log_gdp", "sunspots", "mackey_glass_6th"}
FEW = {*FEWER, "co2_monthly", "electric_equipment", "growing_season", "solar", "shops"}
FEW |= {"etth1"}


def peers():
    """Return each peer: who, and the function that forecasts a task."""
    boosting = {
        "skforecast, recursive": functools.partial(_skforecast, "recursive"),
        "skforecast, differenced": functools.partial(
            _skforecast, "recursive", differentiation=1
        ),
        "skforecast, direct": functools.partial(_skforecast, "direct"),
    }
    return {
        "ETS, defaults": functools.partial(_ets, lambda task, positive: [{}]),
        "Holt-Winters": functools.partial(_ets, _holt_winters),
        "Holt-Winters, refitted": functools.partial(_ets, _holt_winters, refit=True),
        "ETS by AIC": functools.partial(_ets, _ets_candidates),
        **boosting,
        "neuralforecast LSTM": _neuralforecast,
        "neuralforecast LSTM, our window": functools.partial(
            _neuralforecast, ours=True
        ),
    }


def takes(name, task):
    """Tell whether a peer is measured on a task."""
    if getattr(task, "groups", None) is None:
        return False  # no forecast
    if name.startswith("neuralforecast"):
        return task.name in (FEWER if name.endswith("window") else FEW)
    if name.endswith("refitted"):
        return len(task.groups) == 1 and task.n_rows < 400
    # skforecast's direct forecaster of several series has one target.
    return len(task.groups) == 1 or not name.endswith("direct")


def version(name):
    """Return the package of a peer, with its version."""
    first = name.replace(",", " ").split()[0]
    package = first if first in ("skforecast", "neuralforecast") else "statsmodels"
    return f"{package} {importlib.metadata.version(package)}"


def forecast(name, task):
    """Return what a peer forecasts, seconds of fit, and of how many origins one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence, and of frequencies
        return peers()[name](task)


def _targets(task):
    """Return the target of each group, of shape (n_groups, n_rows)."""
    return filled(task.groups[:, : task.n_rows, :1])[:, :, 0]


def _every(task):
    return -(-len(task.origins) // MOST_ORIGINS)


def _ets(candidates, task, refit=False):
    """Forecast by the one of the candidates that AIC prefers on the train rows."""
    predicted, seconds = [], 0.0
    every = 1 if len(task.groups) == 1 and len(task.origins) < 1000 else _every(task)
    for y in _targets(task):
        train = y[: task.n_train]
        start = time.process_time()
        fits = [
            (settings, _ets_model(train, settings).fit(disp=False))
            for settings in candidates(task, positive=train.min() > 0)
        ]
        settings, fit = min(fits, key=lambda pair: pair[1].aic)
        seconds += time.process_time() - start
        of_group = []
        for origin in task.origins[::every]:
            model = _ets_model(y[: origin + 1], settings)
            known = model.fit(disp=False) if refit else model.smooth(fit.params)
            of_group.append(known.forecast(task.steps))
        predicted.append(of_group)
    return np.array(predicted), seconds, every


def _ets_model(y, settings):
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    return ETSModel(y, **settings)


def _holt_winters(task, positive):
    return [{"trend": "add", **_season(task, "mul" if positive else "add")}]


def _ets_candidates(task, positive):
    """Return ETS with and without trend (damped), additive and multiplicative."""
    trends = [{}, {"trend": "add"}, {"trend": "add", "damped_trend": True}]
    if task.season == 1:
        return trends
    kinds = ["add", "mul"] if positive else ["add"]
    if task.season * task.n_train > 20_000:  # fits of minutes
        trends, kinds = trends[2:], kinds[:1]
    return [
        {**trend, **_season(task, kind)}
        for trend, kind in itertools.product(trends, kinds)
    ]


def _season(task, kind):
    if task.season == 1:
        return {}
    settings = {"seasonal": kind, "seasonal_periods": task.season}
    if task.season > 12:  # or all first states of a season are estimated
        settings["initialization_method"] = "heuristic"
    return settings


def _skforecast(kind, task, differentiation=None):
    """Forecast by gradient boosting on the last rows, as many as sklstm's window."""
    if len(task.groups) > 1:
        return _skforecast_panel(task, differentiation)
    from skforecast.direct import ForecasterDirect
    from skforecast.recursive import ForecasterRecursive

    settings = {
        "estimator": HistGradientBoostingRegressor(random_state=0),
        "lags": task.window,
        "differentiation": differentiation,
    }
    if kind == "direct":
        forecaster = ForecasterDirect(steps=task.steps, n_jobs=1, **settings)
    else:
        forecaster = ForecasterRecursive(**settings)
    y = pd.Series(_targets(task)[0], name="y")
    start = time.process_time()
    forecaster.fit(y[: task.n_train])
    seconds = time.process_time() - start
    every, n_last = _every(task), task.window + (differentiation or 0)
    predicted = [
        forecaster.predict(
            steps=task.steps, last_window=y[origin + 1 - n_last : origin + 1]
        )
        for origin in task.origins[::every]
    ]
    return np.array(predicted)[np.newaxis], seconds, every


def _skforecast_panel(task, differentiation):
    from skforecast.recursive import ForecasterRecursiveMultiSeries

    forecaster = ForecasterRecursiveMultiSeries(
        HistGradientBoostingRegressor(random_state=0),
        lags=task.window,
        differentiation=differentiation,
    )
    names = [f"g{i:03d}" for i in range(len(task.groups))]
    wide = pd.DataFrame(_targets(task).T, columns=names)
    start = time.process_time()
    forecaster.fit(wide[: task.n_train])
    seconds = time.process_time() - start
    every, n_last = _every(task), task.window + (differentiation or 0)
    predicted = []
    for origin in task.origins[::every]:
        last = wide[origin + 1 - n_last : origin + 1]
        long = forecaster.predict(steps=task.steps, last_window=last)
        of_level = {name: part["pred"] for name, part in long.groupby("level")}
        predicted.append([of_level[name].to_numpy() for name in names])
    return np.array(predicted).transpose(1, 0, 2), seconds, every


def _neuralforecast(task, ours=False):
    """Forecast by neuralforecast's LSTM, trained for its default of 1000 steps.

    Its window is three times the steps that are forecast, unless it is to be ours.
    """
    from neuralforecast import NeuralForecast
    from neuralforecast.models import LSTM

    size = {"input_size": task.window} if ours else {}
    quiet = {"logger": False, "enable_progress_bar": False}
    quiet |= {"enable_checkpointing": False, "enable_model_summary": False}
    model = LSTM(h=task.steps, **size, **quiet, alias="LSTM")
    y = _targets(task)
    table = pd.DataFrame(
        {
            "unique_id": np.repeat([f"g{i:03d}" for i in range(len(y))], task.n_rows),
            "ds": np.tile(np.arange(task.n_rows), len(y)),
            "y": y.ravel(),
        }
    )
    first = task.origins[0] + 1
    start = time.process_time()
    found = NeuralForecast(models=[model], freq=1).cross_validation(
        table,
        n_windows=None,
        val_size=first - task.n_train,
        test_size=task.n_rows - first,
        step_size=1,
    )
    seconds = time.process_time() - start  # and of predicting, which is short
    found = found.reset_index().sort_values(["unique_id", "cutoff", "ds"])
    return found["LSTM"].to_numpy().reshape(task.truth.shape), seconds, 1
