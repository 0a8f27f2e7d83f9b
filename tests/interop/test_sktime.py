"""An LSTM in sktime's reduction to tabular regression."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, NaiveForecaster, Reshape3D, SlidingWindow
from sklstm.forecasting import forecast

pytest.importorskip("sktime")

from sktime.forecasting.compose import make_reduction

pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("ignore:The default of config:FutureWarning"),
]
LAGS = 12


@pytest.fixture
def price():
    t = np.arange(120)
    noise = np.random.default_rng(0).normal(size=120)
    index = pd.period_range("2026-01-01", periods=120, freq="D")
    return pd.Series(np.sin(t * np.pi / 6) + 0.05 * noise, index, name="price")


def reduction_of(estimator):
    steps = make_pipeline(Reshape3D(), estimator)
    return make_reduction(steps, window_length=LAGS, strategy="recursive")


def test_forecasts_of_both_are_the_same(price):
    lstm = LSTMRegressor(8, epochs=5, random_state=0)
    theirs = reduction_of(lstm).fit(price).predict(fh=np.arange(1, 25))
    y = price.where(np.arange(120) >= LAGS)
    ours = make_pipeline(SlidingWindow(LAGS), lstm).fit(price.to_frame(), y)
    expected = forecast(ours, price.to_frame(), 24)["price"]
    np.testing.assert_allclose(theirs, expected, rtol=1e-4, atol=1e-4)
    assert theirs.index.equals(expected.index)


def test_windows_run_forwards(price):
    theirs = reduction_of(NaiveForecaster(season_length=LAGS)).fit(price)
    found = theirs.predict(fh=np.arange(1, LAGS + 1))
    np.testing.assert_allclose(found, price[-LAGS:])
