"""What forecasts a series or predicts a regression: sklstm, and what costs nothing.

Each takes the table up to ``n_train`` to learn from, and gives forecasts from each of
the origins: ``(n_groups, n_origins, steps)``, with the seconds that learning took. The
baselines see the same complete windows as sklstm; windows of which part is missing are
sklstm's alone to use.
"""

import functools
import time
import warnings

import numpy as np
import pandas as pd
from command_line import set_parameters
from numpy.lib.stride_tricks import sliding_window_view
from real_series import Regression
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Wide enough for series of which nearly all variance is trend.
ALPHAS = np.logspace(-6, 4, 21)


def baselines(task):
    """Return the predictions of each baseline for a task, with seconds of fit."""
    if isinstance(task, Regression):
        names = {"mean": _mean_of_y, "ridge": _ridge_of_samples}
    else:
        names = {
            "mean": _mean,
            "last value": _last_value,
            "ridge": _ridge,
            "ridge, relative": functools.partial(_ridge, relative=True),
        }
        if task.season > 1:
            names["last season"] = _last_season
    return {name: _timed(forecast, task) for name, forecast in names.items()}


def sklstm(task, seed=0, parameters=None):
    """Return the predictions of sklstm's default pipeline, and seconds of fit.

    Parameters
    ----------
    task : Series or Regression
        What is to be predicted.

    seed : int, default=0
        The `random_state`.

    parameters : dict, default=None
        Parameters of the pipeline, or of its `LSTMRegressor`, to set.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of windows without a row
        if isinstance(task, Regression):
            return _sklstm_of_samples(task, seed, parameters)
        make = _sklstm_fed_back if task.recursive else _sklstm_direct
        return make(task, seed, parameters)


def errors(task, predicted, every=1):
    """Return the error of each prediction, the mean of its steps.

    Parameters
    ----------
    task : Series or Regression
        What was to be predicted.

    predicted : ndarray of shape (n_groups, n_origins, steps) or (n_samples,)
        The predictions.

    every : int, default=1
        Of how many origins one was forecast from.

    Returns
    -------
    ndarray of shape (n_groups, n_origins)
        Absolute or squared errors; NaN where no truth is known.
    """
    if isinstance(task, Regression):
        return np.abs(predicted - task.y[task.n_train :])[np.newaxis]
    error = task.truth[:, ::every] - predicted
    error = error**2 if task.squared else np.abs(error)
    if task.scales is not None:
        error = error / task.scales[:, np.newaxis, np.newaxis]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice")  # a NaN it is
        return np.nanmean(error, axis=2)


def filled(table):
    """Return a table of each group, missing rows filled by the row before."""
    shape = table.shape
    columns = table.transpose(1, 0, 2).reshape(shape[1], -1)
    whole = pd.DataFrame(columns).ffill().bfill().to_numpy()
    return whole.reshape(shape[1], shape[0], shape[2]).transpose(1, 0, 2)


def _timed(run, task):
    start = time.perf_counter()
    predicted = run(task)
    return predicted, time.perf_counter() - start


def _mean(task):
    """Predict the mean of the train rows, of each group."""
    mean = np.nanmean(task.groups[:, : task.n_train, 0], axis=1)
    return np.broadcast_to(mean[:, np.newaxis, np.newaxis], task.truth.shape)


def _last_value(task):
    last = filled(task.groups)[:, task.origins, :1]
    return np.broadcast_to(last, task.truth.shape)


def _last_season(task):
    ahead = 1 + np.arange(task.steps)
    ago = task.season * -(-ahead // task.season) - ahead
    return filled(task.groups)[:, task.origins[:, np.newaxis] - ago, 0]


def _ridge(task, relative=False):
    """Predict by a ridge on flat windows, or on what they are beside their last row.

    A target that is no feature stays as it is.
    """
    windows, targets = _windows(task)
    level = windows[:, :, -1, :] if relative else np.zeros(windows[:, :, -1].shape)
    flat = (windows - level[:, :, np.newaxis]).reshape(*windows.shape[:2], -1)
    if relative:  # the last row is zero
        flat = flat[:, :, : -windows.shape[3]]
    own = level[:, :, :1] if task.seen else 0 * level[:, :, :1]
    train = task.n_train - task.window - 2 * task.steps + 2
    X = flat[:, :train].reshape(-1, flat.shape[2])
    y = (targets - own)[:, :train].reshape(-1, task.steps)
    there = ~np.isnan(y).any(axis=1)
    ridge = make_pipeline(StandardScaler(), RidgeCV(ALPHAS)).fit(X[there], y[there])
    wanted = task.origins - (task.window - 1) - (task.steps - 1)
    predicted = ridge.predict(flat[:, wanted].reshape(-1, flat.shape[2]))
    return predicted.reshape(task.truth.shape) + own[:, wanted]


def _windows(task):
    """Return complete windows, and their targets, of the rows that sklstm sees.

    These are without the first ``steps - 1``, of which `make_multistep` has no targets.
    """
    table = task.groups[:, task.steps - 1 : task.n_rows]
    features = filled(table if task.seen else table[:, :, 1:])
    of_rows = sliding_window_view(features, task.window, axis=1)
    windows = of_rows.transpose(0, 1, 3, 2)[:, : -task.steps]
    targets = sliding_window_view(table[:, task.window :, 0], task.steps, axis=1)
    return windows, targets


def _mean_of_y(task):
    return np.full(len(task.y) - task.n_train, task.y[: task.n_train].mean())


def _ridge_of_samples(task):
    X, n = task.X.reshape(len(task.X), -1), task.n_train
    ridge = make_pipeline(StandardScaler(), RidgeCV(ALPHAS))
    return ridge.fit(X[:n], task.y[:n]).predict(X[n:])


def _sklstm_direct(task, seed, parameters):
    """Predict all steps at once."""
    from sklstm.forecasting import make_multistep

    X, labels = _table(task)
    y, n_own = X["y"], task.n_rows
    if task.steps > 1:
        X, y = make_multistep(X, y, task.steps, groups=labels)
        n_own = task.n_rows - task.steps + 1
    number = np.arange(len(X)) % n_own
    learned = number < task.n_train - task.steps + 1
    X = X if task.seen else X.drop(columns="y")
    pipe = _pipeline(task, task.steps, seed, parameters)
    start = time.perf_counter()
    pipe.fit(X[learned], y[learned])
    seconds = time.perf_counter() - start
    predicted = pipe.predict(X).reshape(len(task.groups), n_own, task.steps)
    # A row's targets end with it; with `steps - 1` rows cut off, they begin at row i.
    return predicted[:, task.origins + 1], seconds


def _sklstm_fed_back(task, seed, parameters):
    """Predict one step, and feed it back in."""
    from sklstm.forecasting import backtest

    X, _ = _table(task)
    pipe = _pipeline(task, 1, seed, parameters)
    start = time.perf_counter()
    pipe.fit(X[: task.n_train], X["y"][: task.n_train])
    seconds = time.perf_counter() - start
    folds = [(np.arange(o + 1), o + 1 + np.arange(task.steps)) for o in task.origins]
    found = backtest(pipe, X, X["y"], folds, refit="prefit")
    found = found.sort_values(["fold", "step"])
    return found["forecast"].to_numpy().reshape(task.truth.shape), seconds


def _sklstm_of_samples(task, seed, parameters):
    from sklstm import LSTMRegressor, PerFeatureScaler

    pipe = make_pipeline(PerFeatureScaler(), LSTMRegressor(random_state=seed))
    set_parameters(pipe, parameters)
    start = time.perf_counter()
    pipe.fit(task.X[: task.n_train], task.y[: task.n_train])
    seconds = time.perf_counter() - start
    return pipe.predict(task.X[task.n_train :]), seconds


def _table(task):
    """Return a long table of all groups, and the group of each row (None of one)."""
    groups = task.groups[:, : task.n_rows]
    n_groups, n_rows, n_columns = groups.shape
    names = ["y", *(f"x{i}" for i in range(1, n_columns))]
    index = np.tile(np.arange(n_rows), n_groups)
    X = pd.DataFrame(groups.reshape(-1, n_columns), index, names)
    if n_groups == 1:
        return X, None
    X["group"] = np.repeat(np.arange(n_groups), n_rows)
    return X, X["group"]


def _pipeline(task, horizon, seed, parameters):
    from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow

    group_by = "group" if len(task.groups) > 1 else None
    window = SlidingWindow(task.window, horizon=horizon, group_by=group_by)
    pipe = make_pipeline(window, PerFeatureScaler(), LSTMRegressor(random_state=seed))
    return set_parameters(pipe, parameters)
