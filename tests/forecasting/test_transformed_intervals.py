"""Intervals of a transformed target, and pictures of its forecasts."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer

from sklstm import LSTMRegressor, SlidingWindow, predict_quantiles
from sklstm.forecasting import (
    TransformedTargetForecaster,
    backtest,
    conformal_intervals,
    forecast,
    make_multistep,
)

DAYS = pd.date_range("2026-01-01", periods=200)
CV = TimeSeriesSplit(15, test_size=4)


def visits(n_rows=120):
    """Make a positive series whose errors are as large as itself."""
    rng = np.random.default_rng(0)
    logarithm = np.sin(np.arange(n_rows) / 3) + 0.8 * rng.normal(size=n_rows)
    return pd.DataFrame({"visits": np.exp(logarithm)}, index=DAYS[:n_rows])


def ridge():
    window = SlidingWindow(5, flatten=True)
    return make_pipeline(window, SimpleImputer(), Ridge())


def wrapped(transformer=None, difference=()):
    return TransformedTargetForecaster(
        ridge(), transformer=transformer, difference=difference
    )


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("difference", [(), 1])
def test_intervals_under_a_logarithm_are_those_of_logarithms(difference, symmetric):
    X = visits()
    own = wrapped("log", difference)
    past = backtest(own, X, X["visits"], CV)
    own.fit(X, X["visits"])
    log = np.log(X)
    inner = wrapped(difference=difference)
    past_log = backtest(inner, log, log["visits"], CV)
    inner.fit(log, log["visits"])
    kwargs = {"coverage": 0.8, "symmetric": symmetric}
    found = conformal_intervals(past, forecast(own, X, 4), **kwargs)
    expected = conformal_intervals(past_log, forecast(inner, log, 4), **kwargs)
    pd.testing.assert_frame_equal(found, np.exp(expected))
    assert (found["visits_lower"] > 0).all()

    found = conformal_intervals(past, **kwargs)
    expected = conformal_intervals(past_log, **kwargs)
    columns = ["truth", "forecast", "lower", "upper"]
    np.testing.assert_allclose(found[columns], np.exp(expected[columns]))
    assert (found["lower"] >= 0).all()
    inside = found[np.isfinite(found["upper"])]
    held = inside["truth"].between(inside["lower"], inside["upper"]).mean()
    assert 0.65 < held < 0.95


def test_without_a_transform_differences_give_intervals_in_units():
    X = visits()
    own = wrapped(difference=1).fit(X, X["visits"])
    past = backtest(own, X, X["visits"], CV)
    assert not past.attrs
    ahead = forecast(own, X, 4)
    found = conformal_intervals(past, ahead, coverage=0.8)
    by_step = past.assign(error=(past["truth"] - past["forecast"]).abs())
    for step, errors in by_step.groupby("step")["error"]:
        width = np.sort(errors)[int(np.ceil(16 * 0.8)) - 1]
        row = found.iloc[step - 1]
        assert row["visits_upper"] - row["visits"] == pytest.approx(width)
        assert row["visits"] - row["visits_lower"] == pytest.approx(width)


@pytest.mark.parametrize(
    "transformer",
    [
        "box-cox",
        PowerTransformer("box-cox"),
        PowerTransformer(),
        FunctionTransformer(np.log1p, np.expm1),
        FunctionTransformer(np.sqrt, np.square),
        FunctionTransformer(np.reciprocal, np.reciprocal),
    ],
    ids=repr,
)
def test_the_truth_lies_as_often_within_as_on_the_scale_of_errors(transformer):
    X = visits()
    own = wrapped(transformer)
    past = backtest(own, X, X["visits"], CV)
    own.fit(X, X["visits"])
    found = conformal_intervals(past, forecast(own, X, 4), coverage=0.8)
    assert (found["visits_lower"] <= found["visits"]).all()
    assert (found["visits"] <= found["visits_upper"]).all()
    # The interval of the last fold itself would hold 13 of 15 truths of a step.
    first = own.fit(X[:60], X["visits"][:60])._scale.transforms[0]
    there = {
        c: first.transform_forecasts(past[c].to_numpy(), str) for c in past.columns[-2:]
    }
    errors = np.abs(there["truth"] - there["forecast"]).reshape(15, 4)
    width = np.sort(errors, axis=0)[12]
    ahead = first.transform_forecasts(found["visits"].to_numpy(), str)
    ends = np.stack([ahead - width, ahead + width], axis=1)
    expected = np.sort(first.inverse_transform(ends), axis=1)
    kind = getattr(transformer, "func", None)
    if kind is np.sqrt:  # there is no root below zero
        expected = np.stack([np.maximum(ends[:, 0], 0), ends[:, 1]], axis=1) ** 2
    elif kind is np.reciprocal:  # nor a number beyond infinity
        assert ((ends[:, 0] > 0) | (found["visits_upper"] > 1e9)).all()
        return
    np.testing.assert_allclose(
        found[["visits_lower", "visits_upper"]], expected, atol=1e-9
    )


def test_what_nothing_is_transformed_to_is_the_end_of_the_scale():
    X = visits()
    for transformer in ("box-cox", PowerTransformer("box-cox", standardize=False)):
        transform = wrapped(transformer).fit(X, X["visits"])._scale.transforms[0]
        assert transform.inverse_transform(np.array([-1e6, -np.inf])).tolist() == [0, 0]
        assert transform.inverse_transform(np.array([np.inf])).tolist() == [np.inf]
    few = backtest(wrapped("log"), X, X["visits"], TimeSeriesSplit(3, test_size=4))
    with pytest.warns(UserWarning, match="infinite intervals"):
        found = conformal_intervals(few)
    assert (found["lower"] == 0).all()
    assert (found["upper"] == np.inf).all()


def test_the_transform_goes_with_the_table_and_can_be_named(tmp_path):
    X = visits()
    own = wrapped("box-cox").fit(X, X["visits"])
    past = backtest(own, X, X["visits"], CV, refit=False)
    expected = conformal_intervals(past, coverage=0.8)
    for table in (
        past.copy(),
        past[past["fold"] >= 0],
        copy.deepcopy(past),
        pickle.loads(pickle.dumps(past)),
    ):
        found = conformal_intervals(table, coverage=0.8)
        pd.testing.assert_frame_equal(found, expected)
    pytest.importorskip("pyarrow")
    past.to_parquet(tmp_path / "past.parquet")
    again = pd.read_parquet(tmp_path / "past.parquet")
    with pytest.raises(ValueError, match=r"lost its transform, .* 'box-cox\("):
        conformal_intervals(again)
    first = clone(own).fit(X[:60], X["visits"][:60])
    found = conformal_intervals(again, coverage=0.8, transformer=first)
    np.testing.assert_allclose(found["lower"], expected["lower"])
    log = backtest(wrapped("log"), X, X["visits"], CV)
    log.to_parquet(tmp_path / "log.parquet")
    again = pd.read_parquet(tmp_path / "log.parquet")
    np.testing.assert_allclose(
        conformal_intervals(again)["lower"], conformal_intervals(log)["lower"]
    )


def test_any_backtest_can_be_measured_on_a_scale():
    X = visits()
    inner = TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp)
    pipe = make_pipeline(SlidingWindow(5, flatten=True), SimpleImputer(), inner)
    past = backtest(pipe, X, X["visits"], CV)
    assert (conformal_intervals(past)["lower"] < 0).any()
    assert (conformal_intervals(past, transformer="log")["lower"] >= 0).all()
    past.loc[7, "forecast"] = -1.0
    with pytest.raises(ValueError, match="row 7 of column 'forecast' of backtested ho"):
        conformal_intervals(past, transformer="log")
    with pytest.raises(ValueError, match=r"transformer must be None.*got 'sqrt'"):
        conformal_intervals(past, transformer="sqrt")


def test_several_targets_one_by_one():
    X = visits().assign(sales=1000 * visits()["visits"][::-1].to_numpy())
    for transformer in ("log", PowerTransformer()):
        own = wrapped(transformer).fit(X, X)
        past = backtest(own, X, X, CV)
        one = past[past["target"] == "sales"].drop(columns="target")
        ahead = forecast(own, X, 4)[["sales"]]
        found = conformal_intervals(one, ahead, coverage=0.8)
        assert (found["sales_lower"] > 0).all() or transformer != "log"
        assert (found["sales_lower"] < found["sales"]).all()
    with pytest.raises(ValueError, match="transforms of several targets, 'visits', 's"):
        conformal_intervals(one)


def test_quantiles_are_brought_back_and_calibrated_on_the_scale():
    X = visits()
    pipe = make_pipeline(
        SlidingWindow(5),
        LSTMRegressor(units=2, epochs=5, loss="quantile", random_state=0),
    )
    own = TransformedTargetForecaster(pipe, transformer="log").fit(X, X["visits"])
    log = np.log(X)
    inner = clone(pipe).fit(log, log["visits"])
    found, expected = forecast(own, X, 4), np.exp(forecast(inner, log, 4))
    pd.testing.assert_frame_equal(found, expected, rtol=1e-4, check_dtype=False)
    np.testing.assert_allclose(
        predict_quantiles(own, X), np.exp(predict_quantiles(inner, log)), rtol=1e-4
    )
    past = backtest(own, X, X["visits"], CV, refit=False)
    past_log = backtest(pipe, log, log["visits"], CV, refit=False)
    mine = conformal_intervals(past, found, coverage=0.8)
    theirs = conformal_intervals(past_log, forecast(inner, log, 4), coverage=0.8)
    ends = ["visits_lower", "visits_upper"]
    np.testing.assert_allclose(mine[ends], np.exp(theirs[ends]), rtol=1e-3)

    # A quantile of a later step is one given the medians before it.
    own.set_params(transformer=None, difference=1).fit(X, X["visits"])
    changes = X.diff().dropna()
    inner = clone(pipe).fit(changes, changes["visits"])
    found, ahead = forecast(own, X, 4), forecast(inner, changes, 4)
    before = np.append(X["visits"].iloc[-1], found["visits"][:-1])
    for column in found.columns:
        np.testing.assert_allclose(found[column], before + ahead[column], rtol=1e-4)
    expected = predict_quantiles(inner, changes) + X["visits"].to_numpy()[:-1, None]
    np.testing.assert_allclose(predict_quantiles(own, X)[1:], expected, rtol=1e-4)
    assert not hasattr(wrapped("log"), "predict_quantiles")

    own.set_params(transformer=FunctionTransformer(np.reciprocal, np.reciprocal))
    own.fit(X, X["visits"])
    with pytest.raises(ValueError, match="reverses the order of values"):
        forecast(own, X, 4)


def test_pictures_are_in_the_units_of_y():
    pytest.importorskip("matplotlib").use("Agg")
    from sklstm.inspection import BacktestDisplay, ForecastDisplay

    X = visits()
    own = wrapped("log", 1).fit(X[:100], X["visits"][:100])
    display = ForecastDisplay.from_estimator(own, X[:100], 6, y_true=X["visits"])
    drawn = display.lines_[0].get_ydata()
    assert drawn[0] == X["visits"].iloc[99]
    np.testing.assert_allclose(drawn[1:], forecast(own, X[:100], 6)["visits"])
    assert display.history_lines_[0].get_ydata()[-1] == X["visits"].iloc[99]

    display = BacktestDisplay.from_estimator(own, X, X["visits"], CV)
    past = backtest(own, X, X["visits"], CV)
    errors = (past["truth"] - past["forecast"]).abs().groupby(past["step"]).mean()
    np.testing.assert_allclose(display.lines_[0].get_ydata(), errors)
    assert list(display.errors_by_step) == ["Ridge"]


def test_the_importance_of_lags_is_that_of_the_pipeline_within():
    pytest.importorskip("matplotlib").use("Agg")
    from sklstm.inspection import LagImportanceDisplay

    X = visits()
    changes = np.log(X).diff().dropna()
    own = wrapped("log", 1).fit(X, X["visits"])
    inner = ridge().fit(changes, changes["visits"])
    found = LagImportanceDisplay.from_estimator(own, X, X["visits"], random_state=0)
    expected = LagImportanceDisplay.from_estimator(
        inner, changes, changes["visits"], random_state=0
    )
    np.testing.assert_allclose(found.importances, expected.importances)
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())
    given, y = make_multistep(X, X["visits"], 3)
    pipe = ridge().set_params(slidingwindow__horizon=3)
    own = TransformedTargetForecaster(pipe, transformer="log", difference=1)
    found = LagImportanceDisplay.from_estimator(own.fit(given, y), given, y)
    assert np.isfinite(found.importances).all()
    with pytest.raises(ValueError, match="y is called 'visits', but is not that col"):
        LagImportanceDisplay.from_estimator(own, X, 2 * X["visits"])
