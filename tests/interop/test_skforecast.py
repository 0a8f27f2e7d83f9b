"""An LSTM in skforecast's recursive forecaster, whose lags run backwards."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import LSTMRegressor, NaiveForecaster, SlidingWindow
from sklstm.forecasting import forecast

pytest.importorskip("skforecast")

from skforecast.model_selection import (
    TimeSeriesFold,
    backtesting_forecaster,
)
from skforecast.recursive import ForecasterRecursive

pytestmark = pytest.mark.interop
LAGS = 12


@pytest.fixture
def price():
    t = np.arange(120)
    noise = np.random.default_rng(0).normal(size=120)
    index = pd.date_range("2026-01-01", periods=120, freq="h")
    values = np.sin(t * np.pi / 6) + 0.05 * noise
    return pd.Series(values, index=index, name="price")


def forecaster_of(estimator):
    """Return a forecaster whose windows run forwards in time."""
    steps = make_pipeline(FunctionTransformer(np.fliplr), estimator)
    return ForecasterRecursive(estimator=steps, lags=LAGS)


def test_forecasts_of_both_are_the_same(price):
    lstm = LSTMRegressor(8, epochs=5, random_state=0)
    theirs = forecaster_of(lstm)
    theirs.fit(price)
    table = price.to_frame()
    # The first windows are not whole; skforecast leaves them out.
    y = price.where(np.arange(120) >= LAGS)
    ours = make_pipeline(SlidingWindow(LAGS), lstm).fit(table, y)
    expected = forecast(ours, table, 24)["price"]
    np.testing.assert_allclose(theirs.predict(24), expected, rtol=1e-4, atol=1e-4)


def test_windows_run_forwards(price):
    theirs = forecaster_of(NaiveForecaster(season_length=LAGS))
    theirs.fit(price)
    found = theirs.predict(LAGS)
    np.testing.assert_allclose(found, price[-LAGS:])


def test_backtests_of_theirs(price):
    lstm = LSTMRegressor(8, epochs=5, random_state=0)
    folds = TimeSeriesFold(steps=6, initial_train_size=96, refit=False)
    errors, predictions = backtesting_forecaster(
        forecaster_of(lstm),
        price,
        cv=folds,
        metric="mean_absolute_error",
        n_jobs=1,
        show_progress=False,
    )
    assert len(predictions) == 24
    assert float(errors.iloc[0, 0]) < 0.2
