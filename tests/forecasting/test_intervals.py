"""Conformal intervals, beside sorted errors by hand, and how often they hold."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from statsmodels.datasets import co2, sunspots

from sklstm import SlidingWindow
from sklstm.forecasting import backtest, conformal_intervals, forecast


def ridge(window_length, **parameters):
    window = SlidingWindow(window_length, flatten=True, **parameters)
    return make_pipeline(window, SimpleImputer(), Ridge())


def made_up(n_folds=40, steps=3, seed=0, **columns):
    """A backtest of hourly rows, `steps` a fold."""
    rng = np.random.default_rng(seed)
    n_rows = n_folds * steps
    hours = pd.date_range("2026-01-01", periods=n_rows + 1, freq="h")
    fold, step = np.divmod(np.arange(n_rows), steps)
    predicted = rng.normal(size=n_rows)
    return pd.DataFrame(
        {
            "fold": fold,
            "origin": hours[fold * steps],
            "step": step + 1,
            "time": hours[1:],
            "truth": predicted + rng.normal(size=n_rows) * (step + 1),
            "forecast": predicted,
            **columns,
        }
    )


def width_by_hand(errors, coverage):
    """The ceil((n + 1) * coverage)-th smallest error: Lei et al., algorithm 2."""
    rank = math.ceil((len(errors) + 1) * Fraction(str(coverage)))
    return np.sort(errors)[rank - 1]


@pytest.mark.parametrize("coverage", [0.6, 0.8, 0.9])
@pytest.mark.parametrize("n_folds", [None, 15])
def test_each_fold_is_calibrated_on_those_before_it(coverage, n_folds):
    past = made_up()
    found = conformal_intervals(past, coverage=coverage, n_folds=n_folds)
    for row in found.itertuples():
        earlier = past[(past["fold"] < row.fold) & (past["step"] == row.step)]
        errors = (earlier["truth"] - earlier["forecast"]).abs().to_numpy()
        errors = errors[-n_folds:] if n_folds else errors
        if Fraction(str(coverage)) * (len(errors) + 1) > len(errors):
            assert (row.lower, row.upper) == (-np.inf, np.inf)
        else:
            width = width_by_hand(errors, coverage)
            assert row.lower == pytest.approx(row.forecast - width)
            assert row.upper == pytest.approx(row.forecast + width)


def test_truths_that_came_after_the_origin_do_not_calibrate():
    past = made_up(steps=1)
    late = past.assign(origin=past["origin"] - pd.Timedelta(hours=5))
    found = conformal_intervals(late, coverage=0.8)
    for row in found[20:].itertuples():
        known = late[late["time"] <= row.origin]
        width = width_by_hand((known["truth"] - known["forecast"]).abs(), 0.8)
        assert row.upper == pytest.approx(row.forecast + width)


def test_forecasts_are_calibrated_on_the_whole_backtest():
    X = sunspots.load_pandas().data[["SUNACTIVITY"]]
    X = X.set_axis(pd.period_range("1700", periods=len(X), freq="Y"))
    pipe = ridge(11).fit(X, X["SUNACTIVITY"])
    past = backtest(pipe, X, X["SUNACTIVITY"], TimeSeriesSplit(40, test_size=3))
    ahead = forecast(pipe, X, 3, target="SUNACTIVITY")
    found = conformal_intervals(past, ahead, coverage=0.8)
    assert list(found) == ["SUNACTIVITY", "SUNACTIVITY_lower", "SUNACTIVITY_upper"]
    for step, row in enumerate(found.to_numpy(), start=1):
        own = past[past["step"] == step]
        width = width_by_hand((own["truth"] - own["forecast"]).abs(), 0.8)
        np.testing.assert_allclose(row[1:], [row[0] - width, row[0] + width])
    few = conformal_intervals(past, ahead, coverage=0.8, n_folds=12)
    assert not np.allclose(few, found)


def test_groups_have_widths_of_their_own_where_asked_for():
    calm = made_up(shop="calm")
    wild = calm.assign(shop="wild", truth=10 * calm["truth"], forecast=0.0)
    past = pd.concat([calm, wild], ignore_index=True)
    found = conformal_intervals(past, by=("step", "shop"))
    alone = conformal_intervals(calm)
    np.testing.assert_allclose(found["upper"][found["shop"] == "calm"], alone["upper"])
    hours = pd.date_range("2026-02-01", periods=3, freq="h")
    ahead = pd.DataFrame(
        {"shop": ["wild"] * 3 + ["calm"] * 3, "sold": 0.0}, index=[*hours, *hours]
    )
    bounds = conformal_intervals(past, ahead, by=("step", "shop"))
    assert (bounds["sold_upper"][:3] > 3 * bounds["sold_upper"][3:].to_numpy()).all()
    in_index = ahead.rename_axis("hour").set_index("shop", append=True)
    same = conformal_intervals(past, in_index, by=("step", "shop"))
    np.testing.assert_array_equal(same["sold_upper"], bounds["sold_upper"])


def test_where_nothing_is_known_nothing_is_promised():
    cold = made_up().assign(origin=pd.NaT)
    found = conformal_intervals(cold, coverage=0.5)
    assert (found["lower"] == -np.inf).all()
    assert (found["upper"] == np.inf).all()


def test_all_errors_together():
    past = made_up()
    found = conformal_intervals(past, by=(), coverage=0.8)
    row = found.iloc[-1]
    known = past[past["fold"] < row["fold"]]
    width = width_by_hand((known["truth"] - known["forecast"]).abs(), 0.8)
    assert row["upper"] == pytest.approx(row["forecast"] + width)
    one = conformal_intervals(past, by="step")
    pd.testing.assert_frame_equal(one, conformal_intervals(past))


def test_a_group_that_is_behind_keeps_none_of_the_others_waiting():
    past = pd.concat([made_up(shop="a"), made_up(shop="b", seed=1)], ignore_index=True)
    behind = past["shop"] == "b"
    past.loc[behind, "origin"] = past["origin"].min()
    with pytest.warns(UserWarning, match="needs 9 more folds"):
        found = conformal_intervals(past, by=("step", "shop"))
    alone = conformal_intervals(made_up(shop="a"))
    np.testing.assert_allclose(found["upper"][~behind], alone["upper"])
    assert np.isinf(found["upper"][behind]).all()


def test_the_newest_folds_are_the_newest_that_are_known():
    past = made_up(steps=1)
    late = past.assign(origin=past["origin"] - pd.Timedelta(hours=15))
    found = conformal_intervals(late, coverage=0.8, n_folds=12)
    row = found.iloc[-1]
    errors = (past["truth"] - past["forecast"]).abs()
    known = errors[late["time"] <= row["origin"]].to_numpy()[-12:]
    assert row["upper"] == pytest.approx(row["forecast"] + width_by_hand(known, 0.8))


def test_columns_of_the_users_own_and_repeated_labels_do_no_harm():
    past = made_up().assign(error=1.0)
    past = past.set_axis([0] * len(past))
    hours = pd.date_range("2026-02-01", periods=3, freq="h", name="sold")
    ahead = pd.DataFrame({"sold": 0.0}, index=hours)
    once = conformal_intervals(past, ahead)
    pd.testing.assert_frame_equal(conformal_intervals(past, once), once)
    expected = conformal_intervals(made_up())
    np.testing.assert_allclose(conformal_intervals(past)["upper"], expected["upper"])


def test_quantiles_are_moved_by_what_they_lacked():
    past = made_up()
    spread = 1 + np.abs(past["forecast"])
    past = past.assign(
        **{
            "q0.1": past["forecast"] - spread,
            "q0.5": past["forecast"],
            "q0.9": past["forecast"] + spread,
        }
    )
    found = conformal_intervals(past, coverage=0.8)
    row = found.iloc[-1]
    own = past[(past["step"] == row["step"]) & (past["fold"] < row["fold"])]
    # Romano et al., equation 6
    lacked = np.maximum(own["q0.1"] - own["truth"], own["truth"] - own["q0.9"])
    rank = int(np.ceil((len(own) + 1) * 0.8))
    moved = np.sort(lacked)[rank - 1]
    assert row["lower"] == pytest.approx(row["q0.1"] - moved)
    assert row["upper"] == pytest.approx(row["q0.9"] + moved)


def real_series():
    spots = sunspots.load_pandas().data["SUNACTIVITY"]
    spots.index = pd.period_range("1700", periods=len(spots), freq="Y")
    gas = co2.load_pandas().data["co2"].interpolate()
    return {
        "sunspots, a year ahead": (spots, 11, TimeSeriesSplit(200, test_size=1)),
        "sunspots, 3 years": (spots, 11, TimeSeriesSplit(60, test_size=3)),
        "carbon dioxide, 8 weeks": (gas, 60, TimeSeriesSplit(120, test_size=8)),
    }


@pytest.mark.parametrize("coverage", [0.8, 0.9])
@pytest.mark.parametrize("name", real_series())
def test_intervals_hold_as_often_as_promised_on_real_series(name, coverage):
    y, window_length, cv = real_series()[name]
    X = y.to_frame("y")
    past = backtest(ridge(window_length), X, X["y"], cv, refit=20)
    found = conformal_intervals(past, coverage=coverage)
    finite = found[np.isfinite(found["upper"])]
    share = finite["truth"].between(finite["lower"], finite["upper"]).mean()
    # Three standard deviations of a share of so many folds, whose errors are alike.
    slack = 3 * np.sqrt(coverage * (1 - coverage) / finite["fold"].nunique())
    assert len(finite) > 100
    assert abs(share - coverage) < slack


@pytest.mark.parametrize("coverage", [0.6, 0.9])
@pytest.mark.parametrize("quantiles", [False, True])
def test_sides_are_calibrated_on_their_own(coverage, quantiles):
    past = made_up(steps=1, n_folds=60)
    low = high = past["forecast"]
    if quantiles:
        low, high = low - 0.3, high + 0.2
        past = past.assign(**{"q0.1": low, "q0.9": high})
    found = conformal_intervals(past, coverage=coverage, symmetric=False)
    row = found.iloc[-1]
    known = slice(0, 59)
    half = (1 + Fraction(str(coverage))) / 2
    below = width_by_hand((low - past["truth"])[known], half)
    above = width_by_hand((past["truth"] - high)[known], half)
    assert row["lower"] == pytest.approx(low.iloc[-1] - below)
    assert row["upper"] == pytest.approx(high.iloc[-1] + above)
    n_finite = int(np.isfinite(found["upper"]).sum())
    assert 60 - n_finite == math.ceil(half / (1 - half))


@pytest.mark.parametrize("symmetric", [True, False])
def test_one_sided_errors_are_held_as_promised(symmetric):
    rng = np.random.default_rng(0)
    past = made_up(n_folds=1500, steps=1)
    past["truth"] = past["forecast"] + rng.exponential(size=len(past))
    found = conformal_intervals(past[:800], coverage=0.8, symmetric=symmetric)
    ahead = pd.DataFrame({"y": [0.0]}, index=past["time"].iloc[[800]])
    bounds = conformal_intervals(past[:800], ahead, coverage=0.8, symmetric=symmetric)
    lower, upper = bounds[["y_lower", "y_upper"]].iloc[0]
    errors = (past["truth"] - past["forecast"])[800:]
    assert errors.between(lower, upper).mean() == pytest.approx(0.8, abs=0.04)
    assert (lower > 0) == (not symmetric)  # all errors are above
    if not symmetric:  # as many are missed below as above
        assert (errors < lower).mean() == pytest.approx(0.1, abs=0.03)
        assert (errors > upper).mean() == pytest.approx(0.1, abs=0.03)
    finite = found[np.isfinite(found["upper"])]
    held = finite["truth"].between(finite["lower"], finite["upper"]).mean()
    assert held == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("symmetric", [True, False])
def test_large_values_and_few_bits(dtype, symmetric):
    past = made_up()
    for column in ("truth", "forecast"):
        past[column] = (past[column] * 1e3 + 3e9).astype(dtype)
    found = conformal_intervals(past, coverage=0.8, symmetric=symmetric)
    small = past.assign(
        truth=past["truth"].astype(float) - 3e9,
        forecast=past["forecast"].astype(float) - 3e9,
    )
    expected = conformal_intervals(small, coverage=0.8, symmetric=symmetric)
    np.testing.assert_allclose(found["upper"] - 3e9, expected["upper"], atol=1e-5)
    np.testing.assert_allclose(found["lower"] - 3e9, expected["lower"], atol=1e-5)


def test_mapie_gives_the_same():
    mapie = pytest.importorskip("mapie.regression")
    past = made_up(steps=1)
    ahead = pd.DataFrame({"y": [0.5]}, index=[past["time"].iloc[-1]])
    found = conformal_intervals(past, ahead, coverage=0.8)

    class Identity(RegressorMixin, BaseEstimator):
        fitted_ = True

        def fit(self, X, y=None):
            return self

        def predict(self, X):
            return np.asarray(X)[:, 0]

    one = mapie.SplitConformalRegressor(
        Identity(), confidence_level=0.8, prefit=True
    ).conformalize(past[["forecast"]].to_numpy(), past["truth"].to_numpy())
    _, bounds = one.predict_interval(np.array([[0.5]]))
    np.testing.assert_allclose(found[["y_lower", "y_upper"]], bounds[:, :, 0])


def test_infinite_intervals_say_what_is_missing():
    past = made_up(n_folds=6)
    ahead = pd.DataFrame({"y": 0.0}, index=HOURS)
    with pytest.warns(UserWarning, match=r"coverage=0.9 needs 3 more folds whose"):
        found = conformal_intervals(past, ahead)
    assert np.isinf(found["y_upper"]).all()
    more = made_up(n_folds=9)
    assert np.isfinite(conformal_intervals(more, ahead)["y_upper"]).all()
    with pytest.warns(UserWarning, match="needs 10 more folds"):
        conformal_intervals(more, ahead, symmetric=False)
    with pytest.warns(UserWarning, match="raise n_folds=8, .* or|needs 1 more fold "):
        conformal_intervals(more, ahead, n_folds=8)
    with pytest.warns(UserWarning, match="The newest fold has .* needs 1 more fold "):
        conformal_intervals(more)  # eight are before it
    conformal_intervals(made_up(n_folds=10))


def test_rows_without_truth_calibrate_nothing():
    past = made_up(n_folds=60)
    holes = np.arange(len(past)) % 5 == 0
    holed = past.assign(truth=past["truth"].where(~holes))
    ahead = pd.DataFrame({"y": 0.0}, index=HOURS)
    found = conformal_intervals(holed, ahead, coverage=0.8)
    expected = conformal_intervals(past[~holes], ahead, coverage=0.8)
    pd.testing.assert_frame_equal(found, expected)
    checked = conformal_intervals(holed, coverage=0.8)
    assert np.isfinite(checked["upper"][-3:]).all()


@pytest.mark.parametrize("name", ["backtested", "forecasts"])
@pytest.mark.parametrize("table", [np.zeros((3, 2)), {"a": 1}, 3.0])
def test_no_tables(name, table):
    with pytest.raises(TypeError, match=f"{name} must be the DataFrame that .*, got"):
        conformal_intervals(**{"backtested": made_up(), name: table})


HOURS = pd.date_range("2026-02-01", periods=3, freq="h")
BAD = {
    "coverage": ({"coverage": 90}, r"coverage must be within \(0, 1\), got 90"),
    "symmetric": ({"symmetric": "no"}, "symmetric must be a bool, got 'no'"),
    "a word": ({"coverage": "high"}, "coverage must be within .* got 'high'"),
    "a clash": (
        {"forecasts": pd.DataFrame({"step": ["a"], "sold": [2.0]})},
        "forecasts has a column 'step', a name .* Rename",
    ),
    "n_folds": ({"n_folds": 0}, "n_folds must be an int >= 1 or None, got 0"),
    "by": (
        {"by": ("shop",)},
        "by must name columns of the backtest, got 'shop'",
    ),
    "columns": ({"backtested": made_up()[["fold"]]}, "lacks 'origin', 'step'"),
    "targets": ({"backtested": made_up(target="price")}, "holds several targets"),
    "several": (
        {"forecasts": pd.DataFrame({"a": [1.0], "b": [2.0]})},
        r"must hold one target .*\['a', 'b'\]",
    ),
    "group": (
        {
            "backtested": made_up(shop="a"),
            "forecasts": pd.DataFrame({"sold": 0.0}, index=HOURS),
            "by": ("step", "shop"),
        },
        "forecasts lacks 'shop', which by names",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_be_calibrated_is_told(name):
    changed, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        conformal_intervals(**{"backtested": made_up(), **changed})


def test_steps_that_no_fold_reaches_are_told():
    past = made_up(n_folds=30)
    n_steps = past["step"].max()
    days = pd.date_range("2026-01-01", periods=n_steps + 1, freq="h")
    ahead = pd.DataFrame({"y": 0.0}, index=days)
    with pytest.warns(
        UserWarning, match=r"test parts \(test_size\) have as many steps"
    ):
        found = conformal_intervals(past, ahead)
    assert list(np.isinf(found["y_upper"])) == [False] * n_steps + [True]


@pytest.mark.parametrize(
    ("coverage", "symmetric", "n_folds"),
    [
        *((0.8, True, 4), (0.9, True, 9), (0.95, True, 19)),
        *((0.8, False, 9), (0.9, False, 19), (0.95, False, 39)),
    ],
)
def test_as_many_folds_as_the_documentation_says(coverage, symmetric, n_folds):
    level = {"coverage": coverage, "symmetric": symmetric}
    for n in (n_folds - 1, n_folds):
        ahead = made_up(n + 1)
        past, ahead = ahead[ahead["fold"] < n], ahead[ahead["fold"] == n]
        ahead = ahead.set_index("time")[["forecast"]].set_axis(["price"], axis=1)
        if n < n_folds:
            with pytest.warns(UserWarning, match="needs 1 more"):
                found = conformal_intervals(past, ahead, **level)
        else:
            found = conformal_intervals(past, ahead, **level)
        assert np.isfinite(found["price_upper"]).all() == (n == n_folds)


def test_intervals_of_a_biased_forecast_may_leave_it_outside():
    past = made_up(30)
    past["truth"] = past["forecast"] - 5 + past["truth"] / 20
    found = conformal_intervals(past, coverage=0.8, symmetric=False)
    found = found[np.isfinite(found["lower"])]
    assert len(found)
    assert (found["upper"] < found["forecast"]).all()
    found = conformal_intervals(past, coverage=0.8)
    assert (found["upper"] >= found["forecast"]).all()
