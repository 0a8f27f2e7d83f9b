"""Steps before the window that show what they carry on first in rows to come."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import SlidingWindow
from sklstm.forecasting import backtest, forecast

DAYS = pd.date_range("2026-01-01", periods=40)


def carry_on(X):
    """Add to the load what it was above 2 the day before, and the price above 50."""
    load = (X["load"] - 2).clip(lower=0).shift(1, fill_value=0.0)
    price = (X["price"] - 50).clip(lower=0).shift(1, fill_value=0.0)
    return X.assign(load=X["load"] + 5 * load + price)


def rising():
    """A price that rises past 50 on the last days, and loads below 2."""
    load = np.random.default_rng(0).uniform(-1, 1, len(DAYS))
    price = np.arange(len(DAYS)) * 1.5
    return pd.DataFrame({"price": price, "load": load}, index=DAYS)


def piped(length=2):
    window = SlidingWindow(length, flatten=True)
    filled = FunctionTransformer(np.nan_to_num)
    return make_pipeline(FunctionTransformer(carry_on), window, filled, Ridge(1e-3))


def loop(fitted, X, load):
    """Grow the table by a row, predict it, and write it in."""
    found = []
    for day, known in load.items():
        row = pd.DataFrame({"price": 0.0, "load": known}, index=[day])
        X = pd.concat([X, row])
        found.append(fitted.predict(X)[-1])
        X.loc[day, "price"] = found[-1]
    return found


@pytest.mark.parametrize("loads", [[3.0, 0, 0, 0], [0, 4.0, 0, 3.0], [0.0, 0, 0, 0]])
@pytest.mark.parametrize("n_rows", [30, 34])
def test_a_forecast_carries_on_what_it_sees_first(loads, n_rows):
    X = rising()[:n_rows]
    fitted = piped().fit(X, X["price"])
    load = pd.Series(loads, DAYS[n_rows : n_rows + 4], name="load")
    found = forecast(fitted, X, 4, load.to_frame())
    np.testing.assert_allclose(found["price"], loop(fitted, X, load), rtol=1e-6)


@pytest.mark.parametrize("refit", [True, False])
def test_a_backtest_carries_on_what_it_predicts_first(refit):
    X = rising()
    X["price"] = X["price"].clip(upper=49)  # but predictions rise further
    cv = TimeSeriesSplit(2, test_size=6)
    found = backtest(piped(), X, X["price"], cv, known="load", refit=refit)
    for fold, (train, test) in enumerate(cv.split(X)):
        fit_on = train if refit else next(cv.split(X))[0]
        fitted = piped().fit(X.iloc[fit_on], X["price"].iloc[fit_on])
        expected = loop(fitted, X.iloc[train], X["load"].iloc[test])
        ours = found.loc[found["fold"] == fold, "forecast"]
        np.testing.assert_allclose(ours, expected, rtol=1e-6)
    assert found["forecast"].max() > 50
