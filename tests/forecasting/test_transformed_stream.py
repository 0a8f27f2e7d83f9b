"""Streams of a transformed target, beside forecasts and predictions of tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import (
    TransformedTargetForecaster,
    forecast,
    make_multistep,
    stream,
)

HOURS = pd.date_range("2026-01-01", periods=150, freq="h")
KINDS = {
    "log": {"transformer": "log"},
    "box-cox": {"transformer": "box-cox"},
    "change": {"difference": 1},
    "both": {"transformer": "log", "difference": (1, 5)},
}


def prices(n_rows=120, scale=10.0, seed=0):
    rng = np.random.default_rng(seed)
    price = scale * np.exp(rng.normal(scale=0.1, size=n_rows).cumsum())
    return pd.DataFrame(
        {"price": price, "load": rng.normal(size=n_rows)}, index=HOURS[:n_rows]
    )


def shops():
    parts = [
        prices(scale=s, seed=i).assign(shop=shop)
        for i, (shop, s) in enumerate({"a": 1.0, "b": 100.0, "c": 9.0}.items())
    ]
    return pd.concat(parts).sort_index(kind="stable")


def ridge(*before, **parameters):
    window = SlidingWindow(4, flatten=True, **parameters)
    return make_pipeline(*before, window, SimpleImputer(), Ridge(0.1))


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_a_forecast_of_one_step(kind):
    X = prices()[["price"]]
    own = TransformedTargetForecaster(ridge(), **KINDS[kind])
    own.fit(X[:80], X["price"][:80])
    rows = stream(own)
    for i in range(80, 110):
        found = rows.push(X.iloc[i])
        assert np.ndim(found) == 0
        ahead = forecast(own, X[: i + 1], 1)["price"].iloc[0]
        assert found == pytest.approx(ahead, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("history", ["auto", "fit", None])
def test_a_stream_is_predict_on_the_table_that_goes_on(kind, history):
    X = prices()
    own = TransformedTargetForecaster(ridge(history=history), **KINDS[kind])
    own.fit(X[:80], X["price"][:80])
    rows = stream(own)
    found = [rows.push(X.iloc[[i]]) for i in range(80, 119)]
    np.testing.assert_allclose(found, own.predict(X[80:])[1:])
    if history == "fit":  # without labels it goes on all the same
        rows = stream(own)
        assert rows.push(X.iloc[80].to_dict()) == pytest.approx(found[0])
        assert rows.push(X.iloc[81].to_list()) == pytest.approx(found[1])


@pytest.mark.parametrize("kind", KINDS)
def test_groups_and_rows_that_are_missing(kind):
    X = shops()
    pipe = make_pipeline(
        SlidingWindow(4, group_by="shop"),
        PerFeatureScaler(),
        LSTMRegressor(units=2, epochs=2),
    )
    own = TransformedTargetForecaster(pipe, **KINDS[kind]).fit(
        X[:240], X["price"][:240]
    )
    later = X[240:]
    rows = stream(own)
    found = pd.Series([rows.push(later.iloc[[i]]) for i in range(len(later))])
    for shop in "abc":
        of_shop = (later["shop"] == shop).to_numpy()
        expected = own.predict(later)[of_shop][1:]
        np.testing.assert_allclose(found[of_shop][:-1], expected, rtol=1e-4)

    holed = later.drop(later.index[[30]])  # of all three
    rows = stream(own)
    found = [rows.push(holed.iloc[[i]]) for i in range(len(holed))]
    with pytest.warns(UserWarning, match="rows are missing within X"):
        expected = own.predict(holed)
    of_shop = (holed["shop"] == "b").to_numpy()
    place = int(np.flatnonzero(holed.index[of_shop] > later.index[30])[0])
    mine, theirs = np.array(found)[of_shop][:-1], expected[of_shop][1:]
    # What is predicted from the last row before the hole is the row that is not there.
    np.testing.assert_allclose(
        np.delete(mine, place - 1), np.delete(theirs, place - 1), rtol=1e-4
    )


@pytest.mark.parametrize("kind", KINDS)
def test_several_steps_and_several_targets(kind):
    X = prices()[["price"]].assign(cost=prices(seed=3)["price"])
    given, y = make_multistep(X[:90], X["price"][:90], 3)
    own = TransformedTargetForecaster(ridge(horizon=3), **KINDS[kind]).fit(given, y)
    rows = stream(own)
    for i in range(90, 100):
        ahead = forecast(own, X[: i + 1], 3)["price"]
        np.testing.assert_allclose(rows.push(X.iloc[[i]]), ahead)

    own = TransformedTargetForecaster(ridge(), **KINDS[kind]).fit(X[:90], X[:90])
    rows = stream(own)
    for i in range(90, 100):
        ahead = forecast(own, X[: i + 1], 1).iloc[0]
        np.testing.assert_allclose(rows.push(X.iloc[i]), ahead)


def test_arrays_and_steps_before_the_window():
    X = prices().to_numpy()
    own = TransformedTargetForecaster(
        ridge(StandardScaler(), history="fit"), transformer="log", difference=1
    ).fit(X[:80], X[:80, 0])
    rows = stream(own)
    found = [rows.push(row) for row in X[80:-1]]
    np.testing.assert_allclose(found, own.predict(X[80:])[1:])


def test_a_row_that_is_refused_is_not_taken():
    X = prices()
    own = TransformedTargetForecaster(ridge(), transformer="log", difference=(1, 5))
    own.fit(X[:80], X["price"][:80])
    rows, other = stream(own), stream(own)
    expected = [other.push(X.iloc[[i]]) for i in range(80, 90)]
    found = []
    for i in range(80, 90):
        wrong = X.iloc[[i]].copy()
        wrong["price"] = 0.0
        with pytest.raises(ValueError, match=r"'log' needs positive values, but the r"):
            rows.push(wrong)
        with pytest.raises(ValueError, match="The row lacks 'load'"):
            rows.push(X[["price"]].iloc[[i]])
        with pytest.raises(ValueError, match="The row lacks 'price'"):
            rows.push(X[["load"]].iloc[[i]])
        with pytest.raises(ValueError, match="infinity"):
            rows.push(X.iloc[[i]].assign(load=np.inf))
        found.append(rows.push(X.iloc[[i]]))
        with pytest.raises(ValueError, match="in the order of time"):
            rows.push(X.iloc[[i]])
    np.testing.assert_array_equal(found, expected)


def test_a_stream_of_what_does_nothing_is_that_of_the_pipeline():
    X = prices()
    own = TransformedTargetForecaster(ridge()).fit(X[:80], X["price"][:80])
    other = ridge().fit(X[:80], X["price"][:80])
    assert stream(own).push(X.iloc[80]) == stream(other).push(X.iloc[80])
    cold = TransformedTargetForecaster(ridge(FunctionTransformer()), difference=1)
    cold.fit(X[:80].to_numpy(), X["price"][:80].to_numpy())
    with pytest.warns(UserWarning, match="stream starts cold") as told:
        stream(cold)
    assert len(told) == 1
