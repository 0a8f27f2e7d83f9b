"""Linear models without scikit-learn's checks, beside their own `predict`."""

import threading
import time
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.dummy import DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    BayesianRidge,
    LinearRegression,
    OrthogonalMatchingPursuit,
    PoissonRegressor,
    Ridge,
)
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklstm import CompleteCaseRegressor, SlidingWindow
from sklstm._pipeline import SplitPipeline
from sklstm.forecasting import _linear_models as linear_models
from sklstm.forecasting import _outputs as outputs_module
from sklstm.forecasting import backtest
from sklstm.forecasting._linear_models import LINEAR, linear_model, may_be_linear
from sklstm.preprocessing import WindowStep

DAYS = pd.date_range("2026-01-01", periods=120)


def table():
    rng = np.random.default_rng(0)
    price = 3 + np.sin(np.arange(120) / 3) + 0.1 * rng.normal(size=120)
    return pd.DataFrame({"price": price, "load": rng.normal(size=120)}, index=DAYS)


def split(*after, y="price", flatten=True):
    X = table()
    pipe = make_pipeline(SlidingWindow(5, flatten=flatten), *after)
    return SplitPipeline.of(pipe.fit(X, X[y]), "a test")


@pytest.mark.parametrize("model", sorted(LINEAR, key=lambda kind: kind.__name__))
@pytest.mark.parametrize("scaled", [False, True])
def test_every_linear_model_to_the_last_bit(model, scaled):
    scaler = [StandardScaler()] if scaled else []
    model = model(n_nonzero_coefs=2) if model is OrthogonalMatchingPursuit else model()
    parts = split(SimpleImputer(), *scaler, model)
    windows = np.random.default_rng(1).normal(size=(7, 5, 2))
    for some in (windows, windows[:1], windows[::2]):
        expected = parts.predictor.predict(parts.inputs_of(some))
        np.testing.assert_array_equal(linear_model(parts)(some), expected)


@pytest.mark.parametrize("names", ["price", ["price", "load"]])
def test_a_linear_model_fitted_on_complete_rows(names):
    parts = split(CompleteCaseRegressor(Ridge()), y=names)
    windows = np.random.default_rng(1).normal(size=(7, 5, 2))
    expected = parts.predictor.predict(parts.inputs_of(windows))
    np.testing.assert_array_equal(linear_model(parts)(windows), expected)
    parts = split(CompleteCaseRegressor(DummyRegressor()), y=names)
    assert linear_model(parts) is None


@pytest.mark.parametrize("params", [{"with_mean": False}, {"with_std": False}])
def test_several_targets_and_scalers_in_part(params):
    parts = split(
        SimpleImputer(), StandardScaler(**params), Ridge(), y=["price", "load"]
    )
    windows = np.random.default_rng(1).normal(size=(7, 5, 2))
    expected = parts.predictor.predict(parts.inputs_of(windows))
    np.testing.assert_array_equal(linear_model(parts)(windows), expected)


class Positive(LinearRegression):
    """A subclass that predicts otherwise."""

    def predict(self, X):
        return np.maximum(super().predict(X), 0)


OTHERS = {
    "subclass": [SimpleImputer(), Positive()],
    "link": [SimpleImputer(), PoissonRegressor()],
    "returns a deviation": [SimpleImputer(), BayesianRidge()],
    "no linear model": [SimpleImputer(), DummyRegressor()],
    "indicator": [SimpleImputer(add_indicator=True), Ridge()],
    "other scaler": [SimpleImputer(), MinMaxScaler(), Ridge()],
    "other missing value": [SimpleImputer(), SimpleImputer(missing_values=0), Ridge()],
}


@pytest.mark.parametrize("name", OTHERS)
def test_others_predict_by_themselves(name):
    assert linear_model(split(*OTHERS[name])) is None


def test_methods_that_were_replaced_are_called():
    parts = split(SimpleImputer(), Ridge())
    assert linear_model(parts) is not None
    parts.predictor.predict = lambda X: np.zeros(len(X))
    assert linear_model(parts) is None


@pytest.mark.parametrize("refit", [True, 2, False])
def test_a_backtest_is_that_of_the_models_themselves(monkeypatch, refit):
    X = table()
    X.iloc[50:53, 1] = np.nan  # windows that are not finite go the long way
    calls = []

    def noted(parts):
        model = linear_model(parts)
        vars(model)["coef"] = Noted(model.coef, calls)
        return model

    pipe = make_pipeline(SlidingWindow(5, flatten=True), SimpleImputer(), Ridge())
    cv = TimeSeriesSplit(4, test_size=20)
    monkeypatch.setattr(outputs_module, "linear_model", noted)
    found = backtest(pipe, X, X["price"], cv, refit=refit, known="load")
    assert sum(calls) > 40
    monkeypatch.setattr(outputs_module, "linear_model", lambda parts: None)
    expected = backtest(pipe, X, X["price"], cv, refit=refit, known="load")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


class Noted:
    """Coefficients that note each product with them."""

    def __init__(self, coef, calls):
        self._coef, self._calls, self.shape = coef, calls, coef.shape

    __array_ufunc__ = None

    def __rmatmul__(self, X):
        self._calls.append(len(X))
        return X @ self._coef


def by_fold_alone(pipe, X, y, cv, **settings):
    """Backtest each fold in a call of its own."""
    found = [
        backtest(pipe, X, y, [fold], **settings).assign(fold=number)
        for number, fold in enumerate(cv.split(X))
    ]
    return pd.concat(found, ignore_index=True)


@pytest.mark.parametrize("known", [(), "load"])
@pytest.mark.parametrize("holes", [None, "X", "index"])
def test_folds_that_are_forecast_together_are_those_of_each_alone(known, holes):
    X = table() if known else table()[["price"]]
    if holes == "X":  # at an origin, too
        X.iloc[[40, 79, 97], 0] = np.nan
    if holes == "index":
        X = X.drop(X.index[[30, 31, 70, 95, 96]])
    y = X["price"].rename("price")
    pipe = make_pipeline(SlidingWindow(5, flatten=True), CompleteCaseRegressor(Ridge()))
    cv = TimeSeriesSplit(12, test_size=6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows that are missing
        together = backtest(pipe, X, y, cv, known=known)
        alone = by_fold_alone(pipe, X, y, cv, known=known)
    pd.testing.assert_frame_equal(together, alone, check_exact=True)


def test_folds_of_groups_and_of_unequal_length_are_those_of_each_alone():
    one = table().rename_axis("day").reset_index()
    X = pd.concat([one.assign(shop="a"), one.assign(shop="b", price=one["load"])])
    X = X.sort_values("day", kind="stable").set_index("day")
    pipe = make_pipeline(
        SlidingWindow(3, group_by="shop", flatten=True), CompleteCaseRegressor(Ridge())
    )
    rows = np.arange(len(X))
    folds = [
        (rows[:n], rows[n : n + 2 * steps])
        for n, steps in [(80, 4), (88, 4), (96, 7), (110, 4), (118, 2)]
    ]
    together = backtest(pipe, X, X["price"], folds, known="load")
    alone = [
        backtest(pipe, X, X["price"], [fold], known="load").assign(fold=number)
        for number, fold in enumerate(folds)
    ]
    alone = pd.concat(alone, ignore_index=True)
    pd.testing.assert_frame_equal(together, alone, check_exact=True)


def test_the_order_of_a_table_of_several_targets_is_that_of_the_fits():
    X = table()
    pipe = make_pipeline(SlidingWindow(5, flatten=True), CompleteCaseRegressor(Ridge()))
    found = backtest(pipe, X, X, TimeSeriesSplit(3, test_size=2))
    order = [(0, "price"), (0, "load"), (1, "price"), (1, "load"), (2, "price")]
    pairs = list(dict.fromkeys(zip(found["fold"], found["target"], strict=True)))
    assert pairs == [*order, (2, "load")]


def test_a_target_that_is_no_column_in_a_later_fold_is_told_of():
    X = table()
    y = X["price"].copy()
    y.iloc[90] += 1
    pipe = make_pipeline(SlidingWindow(5, flatten=True), CompleteCaseRegressor(Ridge()))
    cv = TimeSeriesSplit(8, test_size=10)
    with pytest.raises(ValueError, match="row 90"):
        backtest(pipe, X, y, cv, known="load")


class LastRows(WindowStep, TransformerMixin, BaseEstimator):
    """A foreign step that makes flat windows, of rows within the table."""

    def __init__(self, window_length=3, horizon=1):
        self.window_length, self.horizon = window_length, horizon

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        rows = np.concatenate([np.zeros((3, X.shape[1])), self.features_of(X)])
        windows = np.lib.stride_tricks.sliding_window_view(rows, 3, axis=0)
        return self.as_transformed(windows[: len(X)].swapaxes(1, 2))

    def features_of(self, X):
        return np.asarray(X, dtype=float)

    def last_rows(self, X, n_rows):
        return self.features_of(X)[np.newaxis, -n_rows:]

    def as_transformed(self, windows):
        return windows.reshape(len(windows), -1)


def test_a_foreign_window_step_before_a_linear_model():
    X, cv = table()[["price"]], TimeSeriesSplit(12, test_size=4)
    found = backtest(make_pipeline(LastRows(), Ridge()), X, X["price"], cv)
    alone = by_fold_alone(make_pipeline(LastRows(), Ridge()), X, X["price"], cv)
    pd.testing.assert_frame_equal(found, alone, check_exact=True)


def test_targets_of_test_rows_alone_may_be_anything():
    X = table()[["price"]]
    y = X["price"].astype(object)
    y.iloc[118] = "closed"
    pipe = make_pipeline(SlidingWindow(5, flatten=True), CompleteCaseRegressor(Ridge()))
    cv = TimeSeriesSplit(4, test_size=10)
    found = backtest(pipe, X, y, cv, refit=False)
    assert found["truth"].iloc[-2] == "closed"


class Slow(LinearRegression):
    """Counts the threads that fit it."""

    threads = set()

    def fit(self, X, y):
        self.threads.add(threading.get_ident())
        time.sleep(0.05)
        return super().fit(X, y)


def test_jobs_share_the_fits_of_linear_models(monkeypatch):
    monkeypatch.setitem(vars(linear_models), "LINEAR", {*LINEAR, Slow})
    X, cv = table()[["price"]], TimeSeriesSplit(8, test_size=5)
    pipe = make_pipeline(SlidingWindow(5, flatten=True), CompleteCaseRegressor(Slow()))
    assert may_be_linear(pipe)
    with joblib.parallel_config("threading"):
        found = backtest(pipe, X, X["price"], cv, n_jobs=4)
    assert len(Slow.threads) > 1
    pipe[-1].estimator = LinearRegression()
    expected = backtest(pipe, X, X["price"], cv)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)


def test_which_pipelines_may_be_linear():
    window = SlidingWindow(5, flatten=True)
    assert may_be_linear(make_pipeline(window, CompleteCaseRegressor(Ridge())))
    assert may_be_linear(make_pipeline(window, SimpleImputer(), Ridge()))
    assert not may_be_linear(make_pipeline(window, SimpleImputer(), Positive()))
    assert not may_be_linear(make_pipeline(SlidingWindow(5), Ridge()))
    assert not may_be_linear(make_pipeline(StandardScaler(), window, Ridge()))
    assert not may_be_linear(make_pipeline(window, MinMaxScaler(), Ridge()))
    assert not may_be_linear(window)
    assert not may_be_linear(None)
