"""Linear models without scikit-learn's checks, beside their own `predict`."""

import numpy as np
import pandas as pd
import pytest
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
from sklstm.forecasting import _outputs as outputs_module
from sklstm.forecasting import backtest
from sklstm.forecasting._plain_predict import LINEAR, plain_predict

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
        np.testing.assert_array_equal(plain_predict(parts)(some), expected)


@pytest.mark.parametrize("names", ["price", ["price", "load"]])
def test_a_linear_model_fitted_on_complete_rows(names):
    parts = split(CompleteCaseRegressor(Ridge()), y=names)
    windows = np.random.default_rng(1).normal(size=(7, 5, 2))
    expected = parts.predictor.predict(parts.inputs_of(windows))
    np.testing.assert_array_equal(plain_predict(parts)(windows), expected)
    parts = split(CompleteCaseRegressor(DummyRegressor()), y=names)
    assert plain_predict(parts) is None


@pytest.mark.parametrize("params", [{"with_mean": False}, {"with_std": False}])
def test_several_targets_and_scalers_in_part(params):
    parts = split(
        SimpleImputer(), StandardScaler(**params), Ridge(), y=["price", "load"]
    )
    windows = np.random.default_rng(1).normal(size=(7, 5, 2))
    expected = parts.predictor.predict(parts.inputs_of(windows))
    np.testing.assert_array_equal(plain_predict(parts)(windows), expected)


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
    assert plain_predict(split(*OTHERS[name])) is None


def test_methods_that_were_replaced_are_called():
    parts = split(SimpleImputer(), Ridge())
    assert plain_predict(parts) is not None
    parts.predictor.predict = lambda X: np.zeros(len(X))
    assert plain_predict(parts) is None


def test_a_backtest_is_that_of_the_models_themselves(monkeypatch):
    X = table()
    X.iloc[50:53, 1] = np.nan  # windows that are not finite go the long way
    calls = []

    def noted(parts):
        plain = plain_predict(parts)
        return lambda windows: calls.append(len(windows)) or plain(windows)

    pipe = make_pipeline(SlidingWindow(5, flatten=True), SimpleImputer(), Ridge())
    cv = TimeSeriesSplit(4, test_size=20)
    monkeypatch.setattr(outputs_module, "plain_predict", noted)
    found = backtest(pipe, X, X["price"], cv, known="load")
    assert len(calls) > 40
    monkeypatch.setattr(outputs_module, "plain_predict", lambda parts: None)
    expected = backtest(pipe, X, X["price"], cv, known="load")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
