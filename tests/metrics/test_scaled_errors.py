"""Errors scaled by those of the naive forecast: by hand, and of backtests."""

import warnings

import numpy as np
import pandas as pd
import pytest
from airline import load_airline
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import (
    CompleteCaseRegressor,
    NaiveForecaster,
    PanelTimeSeriesSplit,
    SlidingWindow,
)
from sklstm.forecasting import (
    backtest,
    backtest_scores,
    conformal_intervals,
    forecast,
    make_multistep,
)
from sklstm.inspection import BacktestDisplay
from sklstm.metrics import mean_absolute_scaled_error

NAN = np.nan
TRAIN = [1.0, 5.0, 2.0, 9.0, 3.0]  # changes 4 3 7 6; over two steps 1 4 1


# ------------------------------------------------------------------ arithmetic by hand
@pytest.mark.parametrize(("season_length", "scale"), [(1, 5.0), (2, 2.0), (4, 2.0)])
def test_errors_are_over_the_mean_change_over_a_season(season_length, scale):
    found = mean_absolute_scaled_error(
        [1, 2, 3], [2, 2, 0], y_train=TRAIN, season_length=season_length
    )
    assert found == pytest.approx((1 + 0 + 3) / 3 / scale)
    weighted = mean_absolute_scaled_error(
        [1, 2, 3],
        [2, 2, 0],
        y_train=TRAIN,
        season_length=season_length,
        sample_weight=[1, 0, 3],
    )
    assert weighted == pytest.approx((1 + 9) / 4 / scale)


def test_pairs_of_which_one_is_missing_are_left_out_of_the_scale():
    holed = [1.0, 5.0, NAN, 9.0, 3.0]  # 4 and 6; over two steps 4
    assert mean_absolute_scaled_error([0], [10], y_train=holed) == 2
    found = mean_absolute_scaled_error([0], [10], y_train=holed, season_length=2)
    assert found == 2.5


def test_each_output_has_its_own_scale():
    train = np.column_stack([TRAIN, 10 * np.array(TRAIN)])
    truth, predicted = [[0, 0], [0, 0]], [[5, 50], [10, 0]]
    raw = mean_absolute_scaled_error(
        truth, predicted, y_train=train, multioutput="raw_values"
    )
    np.testing.assert_allclose(raw, [1.5, 0.5])
    assert mean_absolute_scaled_error(truth, predicted, y_train=train) == 1
    found = mean_absolute_scaled_error(
        truth, predicted, y_train=train, multioutput=[3, 1]
    )
    assert found == 1.25


def test_the_naive_forecast_of_the_train_part_has_error_1():
    y = load_airline()["passengers"].to_numpy()
    found = mean_absolute_scaled_error(y[12:], y[:-12], y_train=y, season_length=12)
    assert found == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"season_length": 0}, "season_length must be an int >= 1, got 0"),
        (
            {"season_length": 5},
            r"one season apart \(season_length=5",
        ),
        ({"y_train": [NAN, 1, NAN]}, "no two values that are one season apart"),
        ({"y_train": [2, 2, 2]}, "does not change over a season"),
        ({"y_train": [[1, 2], [3, 4]]}, "y_train must have the 1 outputs of y_true"),
        ({"y_train": [1, np.inf]}, "y_train contains infinity"),
        ({"y_pred": [1, 2]}, "inconsistent numbers of samples"),
        ({"y_true": [1, 2, NAN]}, "contains NaN"),
        ({"multioutput": "mean"}, "multioutput must be .*, got 'mean'"),
        ({"multioutput": [1, 2]}, "a weight for each of the 1 outputs"),
    ],
)
def test_what_is_refused(change, message):
    given = {"y_true": [1, 2, 3], "y_pred": [2, 2, 0], "y_train": TRAIN, **change}
    with pytest.raises(ValueError, match=message):
        mean_absolute_scaled_error(given.pop("y_true"), given.pop("y_pred"), **given)


# ---------------------------------------------------------------------------- backtests
def ridge(window_length=12, **window):
    window = SlidingWindow(window_length, flatten=True, **window)
    return make_pipeline(window, CompleteCaseRegressor(Ridge()))


def naive(window_length=12, season_length=12, **window):
    window = SlidingWindow(window_length, **window)
    return make_pipeline(window, NaiveForecaster(season_length))


@pytest.mark.parametrize("refit", [True, 2, False])
@pytest.mark.parametrize("max_train_size", [None, 40])
def test_the_scale_is_that_of_the_train_rows_of_each_origin(refit, max_train_size):
    X = load_airline()
    y = X["passengers"]
    cv = TimeSeriesSplit(4, test_size=12, max_train_size=max_train_size)
    found = backtest(ridge(), X, y, cv, refit=refit, season_length=12)
    plain = backtest(ridge(), X, y, cv, refit=refit)
    pd.testing.assert_frame_equal(found.drop(columns="scale"), plain)
    expected = []
    for fold, (train, test) in enumerate(cv.split(X)):
        own = found[found["fold"] == fold]
        assert own["scale"].iloc[0] == pytest.approx(
            y.iloc[train].diff(12).abs().mean(), rel=1e-12
        )
        expected.append(
            mean_absolute_scaled_error(
                y.iloc[test], own["forecast"], y_train=y.iloc[train], season_length=12
            )
        )
    scores = backtest_scores(found, by="fold")
    np.testing.assert_allclose(scores["mase"], expected, rtol=1e-12)
    assert scores.index.name == "fold"


def test_scores_are_those_of_scikit_learn_for_each_step():
    X = load_airline()
    cv = TimeSeriesSplit(5, test_size=6)
    found = backtest(ridge(), X, X["passengers"], cv)
    scores = backtest_scores(found)
    assert list(scores) == ["n", "mae", "rmse"]
    assert scores.index.tolist() == [1, 2, 3, 4, 5, 6]
    for step, own in found.groupby("step"):
        truth, predicted = own["truth"], own["forecast"]
        assert scores.loc[step, "n"] == 5
        assert scores.loc[step, "mae"] == pytest.approx(
            mean_absolute_error(truth, predicted)
        )
        assert scores.loc[step, "rmse"] == pytest.approx(
            root_mean_squared_error(truth, predicted)
        )
    (overall,) = backtest_scores(found, by=())["mae"]
    assert overall == pytest.approx(scores["mae"].mean())


def shops(n_days=60):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "shop": np.tile(["b", "a"], n_days),
            "sold": rng.normal(size=2 * n_days) * np.tile([100.0, 1.0], n_days),
        },
        index=pd.Index(np.repeat(np.arange(n_days), 2), name="day"),
    )
    table["price"] = 3 * table["sold"] + 1
    return table


def test_each_group_and_target_has_its_own_scale():
    table = shops()
    y = table[["sold", "price"]]
    pipe = make_pipeline(
        SlidingWindow(7, group_by="shop"), NaiveForecaster(7, target_feature=[0, 1])
    )
    cv = PanelTimeSeriesSplit(3, test_size=7)
    found = backtest(pipe, table, y, cv, season_length=7)
    for (fold, shop, target), own in found.groupby(["fold", "shop", "target"]):
        train = table[table.index < 60 - 7 * (3 - fold)]
        past = train[train["shop"] == shop][target]
        np.testing.assert_allclose(own["scale"], past.diff(7).abs().mean())
    scores = backtest_scores(found)
    assert scores.index.names == ["target", "step", "shop"]
    assert len(scores) == 2 * 7 * 2
    # Of another scale and level, and so of the same scaled errors.
    sold, price = (scores.loc[name] for name in ("sold", "price"))
    np.testing.assert_allclose(sold["mase"], price["mase"])
    np.testing.assert_allclose(3 * sold["rmse"], price["rmse"])
    by_shop = backtest_scores(found, by="shop")
    assert by_shop.index.names == ["target", "shop"]
    assert by_shop["n"].tolist() == [21] * 4
    one = backtest_scores(found[found["target"] == "sold"], by=["shop"])
    np.testing.assert_allclose(one, by_shop.loc["sold"])


@pytest.mark.filterwarnings("ignore:.* missing within X")
def test_rows_that_are_missing_are_steps_of_the_season():
    X = load_airline()
    kept = X.drop(X.index[30])
    y = kept["passengers"]
    cv = [(np.arange(119), np.arange(119, 143))]
    found = backtest(naive(), kept, y, cv, season_length=12)
    expected = y.reindex(X.index)[:120].diff(12).abs().mean()
    np.testing.assert_allclose(found["scale"], expected)
    found = backtest(naive(gaps="ignore"), kept, y, cv, season_length=12)
    np.testing.assert_allclose(found["scale"], y[:119].diff(12).abs().mean())


def test_targets_of_several_steps_and_missing_ones():
    X = load_airline()
    y = X["passengers"].copy()
    y.iloc[[20, 140]] = NAN
    cv = TimeSeriesSplit(3, test_size=12)
    window = SlidingWindow(12)
    single = make_pipeline(window, NaiveForecaster(12))
    found = backtest(single, X, y, cv, season_length=12)
    expected = y[:108].diff(12).abs().mean()
    np.testing.assert_allclose(found["scale"][:12], expected)
    scores = backtest_scores(found)
    assert scores["n"].sum() == 35
    trimmed, targets = make_multistep(X, X["passengers"], 12)
    direct = naive(horizon=12)
    found = backtest(direct, trimmed, targets, cv, season_length=12)
    expected = trimmed["passengers"][:97].diff(12).abs().mean()
    np.testing.assert_allclose(found["scale"][:12], expected)


def test_what_has_no_scale_is_left_out_and_told():
    table = shops(30)
    table.loc[table["shop"] == "a", "sold"] = 5.0
    pipe = naive(7, 7, group_by="shop")
    cv = PanelTimeSeriesSplit(2, test_size=7)
    found = backtest(pipe, table[["shop", "sold"]], table["sold"], cv, season_length=7)
    with pytest.warns(UserWarning, match="28 errors have no scale"):
        scores = backtest_scores(found, by="shop")
    assert np.isnan(scores.loc["a", "mase"])
    assert scores.loc["a", "mae"] == 0
    assert scores.loc["b", "mase"] > 0
    with pytest.raises(ValueError, match="needs a scale greater than 0 in every row"):
        BacktestDisplay.from_predictions(found, metric="mase")


def test_intervals_and_a_column_called_scale():
    X = load_airline()
    y = X["passengers"]
    found = backtest(naive(), X, y, TimeSeriesSplit(9, test_size=12), season_length=12)
    assert "scale" in conformal_intervals(found, coverage=0.8)
    ahead = forecast(naive().fit(X, y), X, 12)
    assert np.isfinite(conformal_intervals(found, ahead, coverage=0.8)).all(axis=None)
    other = X.rename(columns={"passengers": "scale"})
    found = backtest(
        naive(), other, other["scale"], TimeSeriesSplit(9), season_length=1
    )
    ahead = forecast(naive().fit(other, other["scale"]), other, 3)
    named = conformal_intervals(found, ahead, coverage=0.8)
    assert list(named) == ["scale", "scale_lower", "scale_upper"]
    with pytest.raises(ValueError, match="group_by='scale' is the name of a column"):
        backtest(
            naive(group_by="scale"),
            X.assign(scale="a"),
            y,
            TimeSeriesSplit(3),
        )


# ---------------------------------------------------------------------------- a display
def test_a_display_of_scaled_errors():
    X = load_airline()
    y = X["passengers"]
    cv = TimeSeriesSplit(3, test_size=12)
    display = BacktestDisplay.from_estimator(
        naive(), X, y, cv, season_length=12, metric="mase", name="naive"
    )
    found = backtest(naive(), X, y, cv, season_length=12)
    for key, errors in {
        "step": display.errors_by_step,
        "fold": display.errors_by_fold,
    }.items():
        expected = backtest_scores(found, by=key)["mase"]
        np.testing.assert_allclose(errors["naive"], expected)
    label = display.ax_[0].get_ylabel().replace("\n", " ")
    assert label == "mean absolute scaled error of passengers"
    with pytest.raises(ValueError, match='metric="mase" needs season_length'):
        BacktestDisplay.from_estimator(naive(), X, y, cv, metric="mase")
    with pytest.raises(ValueError, match='needs the column "scale"'):
        BacktestDisplay.from_predictions(found.drop(columns="scale"), metric="mase")


# ------------------------------------------------------------------------ what is wrong
def test_backtests_that_can_not_be_scored():
    X = load_airline()
    y = X["passengers"]
    cv = TimeSeriesSplit(3, test_size=12)
    for wrong in (0, 1.5, True, "12"):
        with pytest.raises(ValueError, match=r"season_length must be an int .* None"):
            backtest(naive(), X, y, cv, season_length=wrong)
    found = backtest(naive(), X, y, cv)
    with pytest.raises(TypeError, match="must be the DataFrame that backtest returns"):
        backtest_scores(found.to_numpy())
    with pytest.raises(ValueError, match="lacks 'truth'"):
        backtest_scores(found.drop(columns="truth"))
    with pytest.raises(
        ValueError, match="by must name columns of the backtest, got 'shop'"
    ):
        backtest_scores(found, by=["step", "shop"])
    with pytest.raises(ValueError, match="finite forecast in every row, but 36"):
        backtest_scores(found.assign(forecast=NAN))
    with pytest.raises(ValueError, match="'truth' of backtested must hold numbers"):
        backtest_scores(found.assign(truth="a"))
    none = found.assign(truth=NAN)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert backtest_scores(none)["mae"].isna().all()


def test_labels_have_no_scale():
    X = pd.DataFrame({"a": np.sin(np.arange(60.0))})
    y = pd.Series(np.where(X["a"] > 0, "up", "down"), name="sign")
    window = SlidingWindow(3, flatten=True, known="a")
    pipe = make_pipeline(window, SimpleImputer(), LogisticRegression())
    with pytest.raises(ValueError, match="season_length scales errors by changes of y"):
        backtest(pipe, X, y, TimeSeriesSplit(2), season_length=1)
    found = backtest(pipe, X, y, TimeSeriesSplit(2))
    with pytest.raises(ValueError, match="'truth' of backtested must hold numbers"):
        backtest_scores(found)
