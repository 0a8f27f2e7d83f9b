"""Forecasts of a transformed target, beside the same arithmetic by hand."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PowerTransformer,
    StandardScaler,
)

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import (
    TransformedTargetForecaster,
    backtest,
    forecast,
    make_multistep,
)

MONTHS = pd.period_range("2015-01", periods=150, freq="M")


def sales(n_rows=120, scale=100.0):
    """Make a growing series with a season that grows with it, and a calendar."""
    rng = np.random.default_rng(0)
    t = np.arange(n_rows)
    season, noise = 0.3 * np.sin(2 * np.pi * t / 12), 0.05 * rng.normal(size=n_rows)
    sold = scale * np.exp(0.01 * t + season + noise)
    return pd.DataFrame({"sold": sold, "month": 1.0 + t % 12}, index=MONTHS[:n_rows])


def shops():
    """Make two series of unlike scale in one table, month by month."""
    parts = [sales(60).assign(shop="a"), sales(60, scale=1.0).assign(shop="b")]
    return pd.concat(parts).sort_index(kind="stable")


def ridge(window_length=6, **parameters):
    window = SlidingWindow(window_length, flatten=True, **parameters)
    return make_pipeline(window, SimpleImputer(), Ridge(0.1))


def wrapped(transformer=None, difference=(), **parameters):
    return TransformedTargetForecaster(
        ridge(**parameters), transformer=transformer, difference=difference
    )


class Doubled(TransformerMixin, BaseEstimator):
    """Doubles, and can't be undone."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return 2 * X


class Sequences(Ridge):
    """Takes targets of three axes."""

    def fit(self, X, y, sample_weight=None):
        self.shape_ = y.shape[1:]
        return super().fit(X, y.reshape(len(y), -1), sample_weight)

    def predict(self, X):
        return super().predict(X).reshape(-1, *self.shape_)


# ------------------------------------------------------------------------ a transformer
UNITS = {
    "log": (np.log, np.exp, "log"),
    "log1p": (np.log1p, np.expm1, FunctionTransformer(np.log1p, np.expm1)),
    "root": (np.sqrt, np.square, FunctionTransformer(np.sqrt, np.square)),
}


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("name", UNITS)
def test_a_transform_is_that_of_data_transformed_by_hand(name, steps):
    there, back, transformer = UNITS[name]
    X = sales()[["sold"]]
    by_hand = there(X)
    pipe = ridge(horizon=steps)
    if steps == 1:
        given, y, other, z = X, X["sold"], by_hand, by_hand["sold"]
    else:
        given, y = make_multistep(X, X["sold"], steps)
        other, z = make_multistep(by_hand, by_hand["sold"], steps)
    own = TransformedTargetForecaster(pipe, transformer=transformer).fit(given, y)
    inner = clone(pipe).fit(other, z)
    np.testing.assert_allclose(own.predict(X), back(inner.predict(by_hand)))
    found, expected = forecast(own, X, 8), forecast(inner, by_hand, 8)
    pd.testing.assert_frame_equal(found, back(expected))
    np.testing.assert_allclose(own.forecaster_.predict(by_hand), inner.predict(by_hand))


def test_box_cox_is_scipys_and_yeo_johnson_scikit_learns():
    X = sales()[["sold"]]
    z, power = stats.boxcox(X["sold"])
    own = wrapped("box-cox").fit(X, X["sold"])
    assert own._scale.transforms[0].power == pytest.approx(power, abs=1e-6)
    by_hand = X.assign(sold=z)
    inner = ridge().fit(by_hand, by_hand["sold"])
    expected = (forecast(inner, by_hand, 5) * power + 1) ** (1 / power)
    pd.testing.assert_frame_equal(forecast(own, X, 5), expected, rtol=1e-5)

    johnson = PowerTransformer()
    by_hand = X.assign(sold=johnson.fit_transform(X[["sold"]].to_numpy()))
    inner = ridge().fit(by_hand, by_hand["sold"])
    expected = johnson.inverse_transform(forecast(inner, by_hand, 5).to_numpy())
    own = wrapped(PowerTransformer()).fit(X, X["sold"])
    np.testing.assert_allclose(forecast(own, X, 5), expected)
    assert isinstance(own.transformers_[0], PowerTransformer)


def test_a_negative_power_of_box_cox_is_the_logarithm():
    X = pd.DataFrame({"x": np.random.default_rng(0).pareto(1, 200) + 1})
    assert stats.boxcox(X["x"])[1] < 0
    own = wrapped("box-cox").fit(X, X["x"])
    other = wrapped("log").fit(X, X["x"])
    np.testing.assert_allclose(own.predict(X), other.predict(X))


# -------------------------------------------------------------------------- differences
@pytest.mark.parametrize("difference", [1, (1,), 12, (1, 1), (1, 12)])
def test_differences_are_those_of_pandas(difference):
    X = sales()[["sold"]]
    by_hand = X
    for lag in np.atleast_1d(difference):
        by_hand = by_hand.diff(lag)
    by_hand = by_hand.dropna()
    inner = ridge().fit(by_hand, by_hand["sold"])
    own = wrapped(difference=difference).fit(X, X["sold"])
    # Each prediction is the change from values of the table itself.
    base = (X - by_hand)["sold"].loc[by_hand.index]
    expected = inner.predict(by_hand) + base
    found = own.predict(X)
    np.testing.assert_allclose(found[-len(by_hand) :], expected)
    assert np.isfinite(found).all()

    changes = forecast(inner, by_hand, 15)["sold"].to_numpy()
    values = list(X["sold"])
    for change in changes:  # of each lag, what was known or forecast before
        parts = {(1,): [1], (12,): [12], (1, 1): [1, 1, -2], (1, 12): [1, 12, -13]}
        lags = parts[tuple(np.atleast_1d(difference))]
        values.append(change + sum(np.sign(i) * values[-abs(i)] for i in lags))
    np.testing.assert_allclose(forecast(own, X, 15)["sold"], values[len(X) :])


def test_first_differences_add_up():
    X = sales()[["sold"]]
    by_hand = X.diff().dropna()
    inner = ridge().fit(by_hand, by_hand["sold"])
    own = wrapped(difference=1).fit(X, X["sold"])
    expected = X["sold"].iloc[-1] + forecast(inner, by_hand, 9).cumsum()
    pd.testing.assert_frame_equal(forecast(own, X, 9), expected)


def test_log_then_season_is_growth_by_year():
    X = sales()[["sold"]]
    by_hand = np.log(X).diff(12).dropna()
    inner = ridge().fit(by_hand, by_hand["sold"])
    own = wrapped("log", 12).fit(X, X["sold"])
    growth = np.exp(forecast(inner, by_hand, 12)["sold"].to_numpy())
    np.testing.assert_allclose(
        forecast(own, X, 12)["sold"], X["sold"].to_numpy()[-12:] * growth
    )


@pytest.mark.parametrize("difference", [1, 4, (1, 4)])
def test_targets_of_several_steps(difference):
    X, steps = sales()[["sold"]], 3
    by_hand = X
    for lag in np.atleast_1d(difference):
        by_hand = by_hand.diff(lag)
    given, y = make_multistep(X, X["sold"], steps)
    other, z = make_multistep(by_hand, by_hand["sold"], steps)
    other, z = other[z.notna().all(axis=1)], z.dropna()
    own = wrapped(difference=difference, horizon=steps).fit(given, y)
    inner = ridge(horizon=steps).fit(other, z)
    changes = forecast(inner, by_hand.dropna(), 6)["sold"].to_numpy()
    values = list(X["sold"])
    lags = {(1,): [1], (4,): [4], (1, 4): [1, 4, -5]}[tuple(np.atleast_1d(difference))]
    for change in changes:
        values.append(change + sum(np.sign(i) * values[-abs(i)] for i in lags))
    # No row but those whose first difference is not known is lost.
    np.testing.assert_allclose(forecast(own, X, 6)["sold"], values[len(X) :], rtol=1e-7)
    assert own.predict(X).shape == (len(X), steps)
    # Predictions of the last row are those that a forecast from its window makes.
    ahead = forecast(own, X[:-steps], steps)["sold"]
    np.testing.assert_allclose(own.predict(X)[-1], ahead)


def test_targets_of_several_steps_of_an_array_with_several_targets():
    X = np.column_stack([sales()["sold"], sales(scale=3.0)["sold"].to_numpy()[::-1]])
    given, y = make_multistep(X, X, 2)
    window = SlidingWindow(6, horizon=2, history="fit", flatten=True)
    flat = make_pipeline(window, SimpleImputer(), Sequences())
    own = TransformedTargetForecaster(flat, transformer="log", difference=1)
    own.fit(given, y)
    assert own.target_columns_ == [0, 1]
    assert own.predict(given).shape == y.shape
    found = forecast(own, X, 2)
    assert list(found.columns) == [0, 1]
    # Differences and logarithms of each column alone, as the first alone has them.
    log = np.diff(np.log(X), axis=0)
    other, z = make_multistep(log, log, 2)
    inner = flat.fit(other, z)
    expected = np.log(X[-1]) + np.cumsum(
        forecast(inner, log, 2, target=[0, 1]).to_numpy(), axis=0
    )
    np.testing.assert_allclose(found.to_numpy(), np.exp(expected))


@pytest.mark.parametrize("kwargs", [{"transformer": "log"}, {"difference": (1, 12)}])
def test_groups_are_as_by_themselves(kwargs):
    X = shops()
    pipe = ridge(window_length=4, group_by="shop")
    own = TransformedTargetForecaster(pipe, **kwargs).fit(X, X["sold"])
    by_hand = X.copy()
    if "transformer" in kwargs:
        by_hand["sold"] = np.log(X["sold"])
    else:
        by_shop = X.groupby("shop")["sold"]
        year = X["sold"] - by_shop.shift(12)
        by_hand["sold"] = year - year.groupby(X["shop"].to_numpy()).shift(1)
        by_hand = by_hand.dropna()
    inner = clone(pipe).fit(by_hand, by_hand["sold"])
    future = sales(66)[["month"]][60:]
    found = forecast(own, X, 6, future)
    changes = forecast(inner, by_hand, 6, future)
    for shop in "ab":
        change = changes.loc[changes["shop"] == shop, "sold"].to_numpy()
        values = list(X.loc[X["shop"] == shop, "sold"])
        if "transformer" in kwargs:
            expected = np.exp(change)
        else:
            for one in change:
                values.append(one + values[-1] + values[-12] - values[-13])
            expected = values[60:]
        np.testing.assert_allclose(found.loc[found["shop"] == shop, "sold"], expected)


def test_a_table_that_goes_on_starts_from_the_fitted_rows():
    X = sales()
    own = wrapped("log", (1, 12)).fit(X[:100], X["sold"][:100])
    np.testing.assert_allclose(own.predict(X[100:]), own.predict(X)[100:])
    future = sales(130)[["month"]][120:]
    pd.testing.assert_frame_equal(
        forecast(own, X[100:], 10, future), forecast(own, X, 10, future)
    )


def test_differences_do_not_go_over_rows_that_are_missing():
    days = pd.date_range("2026-01-01", periods=80)
    X = pd.DataFrame({"x": np.arange(80.0) ** 1.5, "z": 1.0}, index=days)
    X = X.drop(X.index[40])
    pipe = make_pipeline(
        SlidingWindow(3), PerFeatureScaler(), LSTMRegressor(units=2, epochs=2)
    )
    own = TransformedTargetForecaster(pipe, difference=1)
    with pytest.warns(UserWarning, match="1 row is missing"):
        own.fit(X, X["x"])
    changed, _ = own._scale.transform_table(X)
    expected = X["x"].diff().to_numpy(copy=True)
    expected[40] = np.nan  # the day after the one that is not there
    np.testing.assert_allclose(changed["x"], expected)
    np.testing.assert_array_equal(changed["z"].isna(), np.isnan(expected))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = own.predict(X)
    # The value from two days ago stands for the one that is not there.
    inner = own.forecaster_.predict(changed[1:])
    assert found[40] == pytest.approx(X["x"].iloc[39] + inner[39], rel=1e-5)
    assert found[41] == pytest.approx(X["x"].iloc[40] + inner[40], rel=1e-5)


@pytest.mark.parametrize("difference", [1, (1, 7)])
def test_after_missing_rows_any_regressor_fits(difference):
    days = pd.date_range("2026-01-01", periods=120)
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=120)}, index=days)
    holed = X.drop(X.index[[50, 51, 80]])
    by_hand = holed.asfreq("D")
    for lag in np.atleast_1d(difference):
        by_hand = by_hand.diff(lag)
    by_hand = by_hand.dropna()
    own = wrapped(difference=difference)
    with pytest.warns(UserWarning, match="3 rows are missing within X") as told:
        own.fit(holed, holed["x"])
    assert len(told) == 1
    with pytest.warns(UserWarning, match="rows are missing within X"):
        inner = ridge().fit(by_hand, by_hand["x"])
    np.testing.assert_allclose(own.forecaster_[-1].coef_, inner[-1].coef_)
    expected = inner.predict(by_hand) + (holed["x"] - by_hand["x"]).dropna()
    found = pd.Series(own.predict(holed), holed.index)
    assert np.isfinite(found).all()
    # But for what is left out of the one table, the windows are the same.
    same = expected.index[(expected.index < days[50]) | (expected.index > days[108])]
    np.testing.assert_allclose(found[same], expected[same])


def test_steps_before_the_window_get_whole_steps_or_fill_them():
    X = sales().assign(quarter=[1, 2, 3, 4] * 30, place=["a", "b"] * 60)
    one_hot = (OneHotEncoder(sparse_output=False), ["quarter"])
    for before, columns in (
        ([StandardScaler()], ["sold", "month"]),
        ([PowerTransformer(), MinMaxScaler()], ["sold", "quarter"]),
        ([SimpleImputer()], ["sold", "month", "quarter"]),
        (
            [make_column_transformer(one_hot, (SimpleImputer(), ["sold"]))],
            ["sold", "quarter"],
        ),
        (
            [ColumnTransformer([("a", "passthrough", ["sold"])])],
            ["sold", "month", "place"],
        ),
    ):
        pipe = make_pipeline(
            *(step.set_output(transform="pandas") for step in before),
            SlidingWindow(3),
            LSTMRegressor(units=2, epochs=1),
        )
        own = TransformedTargetForecaster(pipe, transformer="log", difference=(1, 4))
        some = X[columns]
        own.fit(some, X["sold"])
        assert np.isfinite(own.predict(some)).all()


def test_a_missing_target_is_a_row_without_one():
    X = sales()[["sold"]]
    y = X["sold"].copy()
    y.iloc[[30, 31]] = np.nan
    pipe = make_pipeline(SlidingWindow(3), LSTMRegressor(units=2, epochs=2))
    own = TransformedTargetForecaster(pipe, transformer="log", difference=1).fit(X, y)
    assert np.isfinite(own.predict(X)).all()
    assert np.isfinite(own.score(X, y))
    with pytest.raises(ValueError, match="NaN") as error:
        wrapped(difference=1).fit(X, y)
    assert "The difference from a missing row or value" in error.value.__notes__[0]


def test_no_row_sees_what_is_later():
    X = sales()
    own = wrapped("log", (1, 12)).fit(X[:80], X["sold"][:80])
    other = X.copy()
    other.iloc[100:, 0] *= 7
    np.testing.assert_array_equal(own.predict(X)[:101], own.predict(other)[:101])


# ----------------------------------------------------------------------------- backtest
KINDS = {
    "log": {"transformer": "log"},
    "box-cox": {"transformer": "box-cox"},
    "change": {"difference": 1},
    "both": {"transformer": "log", "difference": (1, 12)},
}


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_backtest_is_a_loop_of_fits_and_forecasts(kind, refit):
    X, cv = sales()[["sold"]], TimeSeriesSplit(3, test_size=8)
    own = wrapped(**KINDS[kind])
    found = backtest(own, X, X["sold"], cv, refit=refit)
    np.testing.assert_allclose(found["truth"], X["sold"][96:])
    expected = []
    for fold, (train, _) in enumerate(cv.split(X)):
        if refit or fold == 0:
            own.fit(X.iloc[train], X["sold"].iloc[train])
        expected += [*forecast(own, X.iloc[train], 8)["sold"]]
    np.testing.assert_allclose(found["forecast"], expected)
    if not refit:
        own = wrapped(**KINDS[kind]).fit(X[:96], X["sold"][:96])
        again = backtest(own, X, X["sold"], cv, refit="prefit")
        pd.testing.assert_frame_equal(again, found)


def test_a_backtest_of_groups_with_known_columns_and_a_gap():
    X, cv = shops(), TimeSeriesSplit(2, test_size=6, gap=2)
    own = TransformedTargetForecaster(
        ridge(window_length=4, group_by="shop", known="month"),
        transformer="log",
        difference=1,
    )
    found = backtest(own, X, X["sold"], cv)
    for fold, (train, test) in enumerate(cv.split(X)):
        some, later = X.iloc[train], X[["month", "shop"]].iloc[train[-1] + 1 :]
        own.fit(some, some["sold"])
        ahead = forecast(own, some, 4, later).set_index("shop", append=True)["sold"]
        mine = found[found["fold"] == fold].set_index(["time", "shop"])["forecast"]
        np.testing.assert_allclose(mine, ahead.loc[mine.index])
        assert {*mine.index.get_level_values(0)} == {*X.index[test]}


# ------------------------------------------------------------------------- scikit-learn
def test_search_cross_validation_clone_and_pickle():
    X = sales()
    grid = {
        "transformer": [None, "log"],
        "difference": [(), 1, (1, 12)],
        "forecaster__slidingwindow__window_length": [4, 12],
    }
    search = GridSearchCV(wrapped(), grid, cv=TimeSeriesSplit(3), error_score="raise")
    search.fit(X, X["sold"])
    assert search.best_params_["transformer"] == "log"
    future = sales(126)[["month"]][120:]
    found = forecast(search, X, 6, future)
    pd.testing.assert_frame_equal(forecast(search.best_estimator_, X, 6, future), found)
    again = pickle.loads(pickle.dumps(search))
    pd.testing.assert_frame_equal(forecast(again, X, 6, future), found)
    scores = cross_val_score(search.best_estimator_, X, X["sold"], cv=3)
    assert np.isfinite(scores).all()


def test_what_does_nothing_is_the_forecaster_itself():
    X = sales()[["sold"]]
    own, other = wrapped().fit(X, X["sold"]), ridge().fit(X, X["sold"])
    np.testing.assert_array_equal(own.predict(X), other.predict(X))
    pd.testing.assert_frame_equal(forecast(own, X, 4), forecast(other, X, 4))
    cv = TimeSeriesSplit(2, test_size=5)
    pd.testing.assert_frame_equal(
        backtest(wrapped(), X, X["sold"], cv), backtest(ridge(), X, X["sold"], cv)
    )
    assert own.target_columns_ == own.transformers_ == []


def test_nothing_that_is_given_changes():
    X, transformer = sales(), PowerTransformer()
    before, y = X.copy(), X["sold"].copy()
    own = wrapped(transformer, [1])
    own.fit(X, y).predict(X)
    forecast(own, X[["sold", "month"]], 2, sales(122)[["month"]][120:])
    pd.testing.assert_frame_equal(X, before)
    pd.testing.assert_series_equal(y, before["sold"])
    assert not hasattr(transformer, "lambdas_")
    assert own.difference == [1]
    values = X.to_numpy()
    wrapped("log", 1).fit(values, values[:, 0]).predict(values)
    np.testing.assert_array_equal(values, before)


def test_sample_weights_go_with_their_rows():
    X = sales()[["sold"]]
    weights = np.where(np.arange(len(X)) < 60, 1e-9, 1.0)
    own = wrapped(difference=1).fit(X, X["sold"], ridge__sample_weight=weights)
    by_hand = X.diff().dropna()
    inner = ridge().fit(by_hand, by_hand["sold"], ridge__sample_weight=weights[1:])
    np.testing.assert_allclose(own.forecaster_[-1].coef_, inner[-1].coef_)


def test_integers_and_polars_and_arrays_are_the_same():
    polars = pytest.importorskip("polars")
    X = sales().round().astype(int).reset_index(drop=True)
    expected = wrapped("log", 1, history="fit").fit(X, X["sold"]).predict(X[:100])
    for given in (X.to_numpy(), polars.from_pandas(X), X.astype("Int64")):
        y = given[:, 0] if isinstance(given, np.ndarray) else given["sold"]
        own = wrapped("log", 1, history="fit").fit(given, y)
        np.testing.assert_allclose(own.predict(given[:100]), expected)


# ------------------------------------------------------------------------- which column
def test_the_history_of_y_is_the_column_called_so_or_else_the_one_alike():
    X = sales().assign(other=sales()["sold"][::-1].to_numpy())
    named = wrapped("log").fit(X, X["sold"])
    alike = wrapped("log").fit(X, X["sold"].to_numpy())
    renamed = wrapped("log").fit(X, X["sold"].rename("y"))
    assert named.target_columns_ == alike.target_columns_ == ["sold"]
    assert renamed.target_columns_ == ["sold"]
    values = X[["other", "sold"]].to_numpy()
    assert wrapped("log").fit(values, values[:, 1]).target_columns_ == [1]
    both = wrapped("log").fit(X, X[["other", "sold"]])
    assert both.target_columns_ == ["other", "sold"]
    future = sales(123)[["month"]][120:]
    assert list(forecast(both, X, 3, future)) == ["other", "sold"]


def test_a_y_that_is_no_column_is_refused():
    X = sales()
    own = wrapped("log")
    with pytest.raises(ValueError, match=r"y is no column of X, which has 'sold'"):
        own.fit(X, np.arange(1.0, 121.0))
    with pytest.raises(ValueError, match=r"called 'sold'.* row 0 \(2015-01\) of y it"):
        own.fit(X, np.log(X["sold"]))
    with pytest.raises(ValueError, match=r"is equal to 'sold', 'again'"):
        own.fit(X.assign(again=X["sold"]), X["sold"].to_numpy())
    own.fit(X, X["sold"])
    with pytest.raises(ValueError, match="target names 'month', but y was"):
        forecast(own, X, 2, target="month")
    with pytest.raises(ValueError, match="target names 'month', but y was"):
        backtest(own, X, X["sold"], 2, target="month")


# ------------------------------------------------------------------------------- errors
@pytest.mark.parametrize("name", ["log", "box-cox"])
@pytest.mark.parametrize("value", [0.0, -2.0])
def test_what_has_no_logarithm_is_named(name, value):
    X = sales()
    own = wrapped(name).fit(X, X["sold"])
    wrong = X.copy()
    wrong.iloc[7, 0] = value
    message = rf"transformer='{name}' needs positive values, but row 7 \(2015-08\) of"
    with pytest.raises(ValueError, match=rf"{message} y holds {value:g}\. .*log1p"):
        wrapped(name).fit(wrong, wrong["sold"])
    with pytest.raises(ValueError, match=f"{message} column 'sold' of X holds"):
        own.predict(wrong)
    with pytest.raises(ValueError, match=f"{message} column 'sold' of X holds"):
        forecast(own, wrong, 2)
    values = wrong[["sold"]].to_numpy()
    with pytest.raises(ValueError, match="but row 7 of y holds"):
        wrapped(name).fit(values, values[:, 0])


def test_what_another_transformer_can_not_take_is_named():
    X = sales()[["sold"]]
    X.iloc[5] = -1.0
    with pytest.raises(ValueError, match=r"refuses the target: .* -1, in row 5 \(2015"):
        wrapped(PowerTransformer("box-cox")).fit(X, X["sold"])
    log = FunctionTransformer(np.log, np.exp, check_inverse=False)
    with pytest.raises(ValueError, match=r"makes nan of -1, in row 5 \(2015-06\) of y"):
        wrapped(log).fit(X, X["sold"])


def test_a_table_of_other_columns_or_without_numbers():
    X = sales()
    own = wrapped("log", 1).fit(X[:60], X["sold"][:60])
    other, folds = X.rename(columns={"sold": "bought"}), TimeSeriesSplit(2, test_size=9)
    for call in (
        lambda: own.predict(other),
        lambda: forecast(own, other, 2),
        lambda: backtest(own, other, X["sold"], folds, refit="prefit"),
    ):
        with pytest.raises(ValueError, match=r"unseen at fit time:\n- bought"):
            call()
    text = X.astype({"sold": object})
    text.iloc[3, 0] = "many"
    with pytest.raises(ValueError, match=r"row 3 \(2015-04\) of col.* 'many'"):
        own.predict(text)
    text.iloc[3, 0] = None  # nothing is no text
    assert np.isfinite(own.predict(text)).all()
    infinite = X.copy()
    infinite.iloc[3, 0] = np.inf
    for difference in ((), 1):
        with pytest.raises(ValueError, match=r"row 3 \(2015-04\) of y holds inf"):
            wrapped("box-cox", difference).fit(infinite, infinite["sold"])


@pytest.mark.parametrize(
    ("transformer", "message"),
    [
        (Normalizer(), r"Normalizer\(\) has no inverse_transform"),
        (Doubled(), r"Doubled\(\) has no inverse_transform"),
        (StandardScaler, "with inverse_transform, .*; got <class"),
        ("sqrt", 'must be None, "log", "box-cox" or a transformer .*; got \'sqrt\''),
        (FunctionTransformer(np.log1p), "does not undo its transform: .* comes back"),
    ],
)
def test_what_can_not_be_undone_is_refused(transformer, message):
    X = sales()
    own = wrapped(transformer)
    with pytest.raises(ValueError, match=message):
        own.fit(X, X["sold"])
    assert not hasattr(own, "forecaster_")


@pytest.mark.parametrize("difference", [0, -1, 1.5, "1", (1, 0), None, True])
def test_a_difference_is_a_number_of_steps(difference):
    X = sales()
    with pytest.raises(ValueError, match="difference must be an int >= 1 or a seq"):
        wrapped(difference=difference).fit(X, X["sold"])


def test_differences_need_rows_and_values_that_are_known():
    X = sales()
    with pytest.raises(ValueError, match=r"difference=\(1, 12\) needs more than 13 r"):
        wrapped(difference=(1, 12)).fit(X[:13], X["sold"][:13])
    few = r"difference=\(1, 12\) leaves 3 of the rows of X, while window_length=\d+ n"
    with pytest.raises(ValueError, match=few):
        wrapped(difference=(1, 12)).fit(X[:16], X["sold"][:16])
    with pytest.raises(
        ValueError, match=r"horizon=3 and targets of 1 steps the last 2"
    ):
        wrapped(difference=1, horizon=3).fit(X, X["sold"])
    # What is a year ago is known three months ahead.
    own = wrapped(difference=12, horizon=3).fit(X[["sold"]], X["sold"])
    predicted = own.predict(X[["sold"]])
    ahead = forecast(own, X[["sold"]][:-3], 3)["sold"]
    np.testing.assert_allclose(predicted[-3:], ahead)


def test_a_failed_fit_changes_nothing():
    X = sales()
    own = wrapped("log").fit(X, X["sold"])
    before = own.predict(X)
    with pytest.raises(ValueError, match="needs positive"):
        own.fit(-X, -X["sold"])
    np.testing.assert_array_equal(own.predict(X), before)


def test_it_is_the_outermost_and_holds_windows():
    X = sales()
    with pytest.raises(ValueError, match="must be a pipeline with a step that makes w"):
        TransformedTargetForecaster(LinearRegression(), difference=1).fit(X, X["sold"])
    outer = make_pipeline(StandardScaler().set_output(transform="pandas"), wrapped(1))
    outer[-1].set_params(transformer=None, difference=1)
    outer.fit(X, outer[0].fit_transform(X)["sold"])
    with pytest.raises(ValueError, match="must be given the table itself"):
        forecast(outer, X, 2)
