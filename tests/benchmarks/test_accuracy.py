"""The benchmark of accuracy measures what it says: windows, origins and thinning."""

import pathlib

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"
pytestmark = [
    pytest.mark.skipif(not BENCHMARKS.exists(), reason="a package without benchmarks"),
    # windows of the first rows hold none
    pytest.mark.filterwarnings("ignore:.* have no time step that is not"),
]


@pytest.fixture
def modules(monkeypatch):
    """Give the modules of the benchmark."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import forecasters
    import kept
    import real_series

    return forecasters, real_series, kept


class FlatRidge(RegressorMixin, BaseEstimator):
    """A ridge on the windows of which no part is missing."""

    def __init__(self, alphas):
        self.alphas = alphas

    def fit(self, X, y):
        X, y = np.asarray(X).reshape(len(X), -1), np.asarray(y)
        whole = ~np.isnan(X).any(axis=1)
        ridge = make_pipeline(StandardScaler(), RidgeCV(self.alphas))
        self.ridge_ = ridge.fit(X[whole], y[whole])
        return self

    def predict(self, X):
        X = np.asarray(X).reshape(len(X), -1)
        return self.ridge_.predict(np.nan_to_num(X))


def tasks_of(real_series):
    rng = np.random.default_rng(0)
    walk = rng.normal(size=(3, 80, 1)).cumsum(axis=1)
    two = rng.normal(size=(90, 2)).cumsum(axis=0)
    make = real_series.Series
    yield make("several steps", walk[0, :, 0], season=4, steps=3, window=6)
    yield make("one step", walk[1, :, 0], season=4, steps=1, window=6)
    yield make("groups", walk, season=4, steps=3, window=6)
    yield make("two columns", two, season=1, steps=2, window=5)
    yield make("unseen", two, season=1, steps=1, window=5, seen=False)
    yield make("a gap", two[:, 0], 1, steps=2, window=5, train=50, test=70, end=85)


def test_baselines_see_the_windows_and_the_rows_that_the_pipeline_sees(modules):
    forecasters, real_series, _ = modules
    for task in tasks_of(real_series):
        steps = {"lstmregressor": FlatRidge(forecasters.ALPHAS)}
        steps["perfeaturescaler"] = "passthrough"
        through_pipeline, _ = forecasters.sklstm(task, parameters=steps)
        baseline, _ = forecasters.baselines(task)["ridge"]
        np.testing.assert_allclose(through_pipeline, baseline, err_msg=task.name)


def test_naive_forecasts_are_shifts(modules):
    forecasters, real_series, _ = modules
    task = next(tasks_of(real_series))
    y = pd.Series(task.values)
    found = {name: f[0] for name, (f, _) in forecasters.baselines(task).items()}
    for step in range(1, task.steps + 1):
        rows = task.origins + step
        last = y.shift(step)[rows]
        np.testing.assert_array_equal(found["last value"][:, step - 1], last)
        np.testing.assert_array_equal(
            found["last season"][:, step - 1], y.shift(4)[rows]
        )
        np.testing.assert_array_equal(task.truth[0, :, step - 1], y[rows])
    assert rows[-1] == len(y) - 1
    np.testing.assert_allclose(found["mean"], y[: task.n_train].mean())


def test_a_ridge_that_is_relative_follows_the_level(modules):
    forecasters, real_series, _ = modules
    wave = np.sin(np.arange(200) * 0.7)
    moved = wave + np.where(np.arange(200) < 140, 0, 1000)
    found = {}
    for name, values in {"still": wave, "moved": moved}.items():
        task = real_series.Series(name, values, season=1, steps=2, window=8)
        found[name] = forecasters.baselines(task)["ridge, relative"][0]
    # once the windows lie after the move
    np.testing.assert_allclose(found["moved"][:, 8:] - 1000, found["still"][:, 8:])


def test_rows_that_are_missing_are_filled_and_not_scored(modules):
    forecasters, real_series, _ = modules
    y = np.arange(40.0)
    y[[10, 31, 32]] = np.nan
    task = real_series.Series("holes", y, season=1, steps=1, window=4)
    last, _ = forecasters.baselines(task)["last value"]
    error = forecasters.errors(task, last)[0]
    truth = pd.Series(y)
    expected = (truth - truth.ffill().shift(1)).abs()[task.origins + 1]
    np.testing.assert_array_equal(error, expected)
    assert np.isnan(error).sum() == 2


def test_errors_of_some_origins_are_set_beside_those_of_the_same(modules, tmp_path):
    forecasters, real_series, kept = modules
    task = next(tasks_of(real_series))
    runs = kept.Kept(tmp_path / "runs.json")
    for name, (predicted, seconds) in forecasters.baselines(task).items():
        runs.add(task, name, predicted, seconds)
    truth = task.truth
    runs.add(task, "sklstm", truth + 2, 1.0, seed=0)
    runs.add(task, "sklstm", truth + 4, 1.0, seed=1)
    runs.add(task, "a peer", truth[:, ::5] + 1, 1.0, every=5)
    again = kept.Kept(tmp_path / "runs.json")
    assert again.error(task, "sklstm") == pytest.approx(3)
    naive = np.abs(truth - task.values[task.origins][:, np.newaxis])[0].mean(axis=1)
    assert again.error(task, "last value", every=5) == pytest.approx(
        naive[::5].mean(), rel=1e-5
    )
    _, best = again.best_baseline(task, every=5)
    assert again.ratio(task, "a peer") == pytest.approx(1 / best)
