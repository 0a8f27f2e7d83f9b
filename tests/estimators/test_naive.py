"""The naive forecasts: by hand, by pandas, and as a step of everything."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from airline import load_airline
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from statsmodels.datasets import elnino

from sklstm import NaiveForecaster, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import (
    backtest,
    conformal_intervals,
    forecast,
    make_multistep,
    stream,
)

NAN = np.nan


def naive(window_length, season_length=1, *, window=None, **parameters):
    return make_pipeline(
        SlidingWindow(window_length, **(window or {})),
        NaiveForecaster(season_length, **parameters),
    )


# ------------------------------------------------------------------ arithmetic by hand
@pytest.mark.parametrize(
    ("season_length", "horizon", "expected"),
    [
        *((1, 1, 6), (1, 9, 6), (3, 1, 4), (3, 2, 5), (3, 3, 6), (3, 4, 4), (6, 1, 1)),
        *((4, 1, 3), (4, 5, 3), (4, 8, 6), (1, 0, 5), (3, 0, 3)),
    ],
)
@pytest.mark.parametrize("shape", [(1, 6), (1, 6, 1)])
def test_a_target_is_the_newest_of_its_season_in_the_window(
    season_length, horizon, expected, shape
):
    X = np.arange(1.0, 7.0).reshape(shape)
    model = NaiveForecaster(season_length, horizon=horizon).fit(X, [50.0])
    assert model.predict(X).tolist() == [expected]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ([1, 2, 3, 4, 5, 6], 4),
        ([1, 2, 3, NAN, 5, 6], 1),  # one more season
        ([NAN, 2, 3, NAN, 5, 6], 6),  # the last value
        ([NAN, 2, 3, NAN, NAN, NAN], 3),
        ([NAN] * 6, 20),  # the mean of y
    ],
)
def test_what_is_missing_is_looked_for_further_back(window, expected):
    X = np.array([[1.0] * 6, [2.0] * 6, window])
    model = NaiveForecaster(3).fit(X, [10.0, 30.0, NAN])
    assert model.predict(X).tolist() == [1, 2, expected]


def test_columns_of_y_are_steps_of_one_feature_or_one_step_of_several():
    X = np.arange(12.0).reshape(1, 6, 2)  # 0 2 4 6 8 10, and 1 3 5 7 9 11
    steps = NaiveForecaster(3, target_feature=0).fit(X, [[0.0] * 5])
    assert steps.predict(X).tolist() == [[6, 8, 10, 6, 8]]
    steps = NaiveForecaster(3, horizon=2, target_feature=-1).fit(X, [[0.0] * 2])
    assert steps.predict(X).tolist() == [[9, 11]]
    two = NaiveForecaster(3, target_feature=[1, 0]).fit(X, [[0.0, 0.0]])
    assert two.predict(X).tolist() == [[7, 6]]
    both = NaiveForecaster(3, target_feature=(0, 1)).fit(X, np.zeros((1, 4, 2)))
    assert both.predict(X).tolist() == [[[6, 7], [8, 9], [10, 11], [6, 7]]]
    one = NaiveForecaster(3, target_feature=[1]).fit(X, np.zeros((1, 2, 1)))
    assert one.predict(X).tolist() == [[[7], [9]]]


def test_the_mean_of_y_is_weighted_and_leaves_out_what_is_missing():
    X = np.full((4, 2), NAN)
    y = np.array([[1.0, 10.0], [3.0, NAN], [NAN, 30.0], [9.0, 50.0]])
    weights = [1, 1, 1, 0]
    with pytest.warns(UserWarning, match="4 of the 4 samples of X have no time step"):
        found = NaiveForecaster().fit(X, y, sample_weight=weights).predict(X)
    assert found.tolist() == [[2.0, 20.0]] * 4


# --------------------------------------------------------------------- beside pandas
@pytest.mark.parametrize("horizon", [1, 3, 12, 15])
@pytest.mark.parametrize("season_length", [1, 12])
def test_in_a_pipeline_it_is_the_shift_of_pandas(season_length, horizon):
    X = load_airline()
    y = X["passengers"]
    window = {"horizon": horizon}
    pipe = naive(24, season_length, window=window, horizon=horizon).fit(X, y)
    lag = -(-horizon // season_length) * season_length
    expected = y.shift(lag)
    # Where the season before is not there, the last value; and the mean.
    expected = expected.fillna(y.shift(horizon)).fillna(y.mean())
    np.testing.assert_array_equal(pipe.predict(X), expected)


def test_flat_windows_are_those_of_one_feature():
    X = load_airline()
    flat = naive(12, 12, window={"flatten": True}).fit(X, X["passengers"])
    deep = naive(12, 12).fit(X, X["passengers"])
    np.testing.assert_array_equal(flat.predict(X), deep.predict(X))


@pytest.mark.filterwarnings("ignore:.* missing within X")
def test_a_panel_with_a_hole():
    sold = np.random.default_rng(0).normal(size=(40, 2))
    days = pd.Index(np.repeat(np.arange(40), 2), name="day")
    table = pd.DataFrame({"shop": np.tile(["a", "b"], 40), "price": 1.0}, index=days)
    table["sold"] = sold.ravel()
    table = table[(days != 20) | (table["shop"] == "b")]
    window = {"group_by": "shop"}
    pipe = naive(8, 7, window=window, target_feature=1).fit(table, table["sold"])
    wide = pd.DataFrame(sold, columns=["a", "b"])
    wide.loc[20, "a"] = NAN
    # Day 27 of a lacks day 20, and predicts day 26.
    season = wide.shift(7).fillna(wide.shift(1)).fillna(table["sold"].mean())
    expected = [season.loc[day, shop] for day, shop in table["shop"].items()]
    np.testing.assert_allclose(pipe.predict(table), expected, rtol=1e-14)


# ------------------------------------------------------------ forecasts and backtests
@pytest.mark.parametrize("n_steps", [1, 5, 24])
def test_forecasts_repeat_the_last_season_recursive_and_direct(n_steps):
    X = load_airline()
    y = X["passengers"]
    expected = np.resize(y[-12:], 24)
    pipe = naive(12, 12).fit(X, y)
    np.testing.assert_array_equal(forecast(pipe, X, 24)["passengers"], expected)
    trimmed, Y = make_multistep(X, y, n_steps)
    pipe = naive(12, 12, window={"horizon": n_steps}).fit(trimmed, Y)
    found = forecast(pipe, X, n_steps)["passengers"]
    np.testing.assert_array_equal(found, expected[:n_steps])


def test_a_backtest_of_the_airline_passengers():
    X = load_airline()
    y = X["passengers"]
    cv = TimeSeriesSplit(4, test_size=12)
    found = backtest(naive(12, 12), X, y, cv)
    np.testing.assert_array_equal(found["forecast"], y.shift(12)[-48:])
    np.testing.assert_array_equal(found["truth"], y[-48:])
    last = backtest(naive(1), X, y, cv, refit=False)
    np.testing.assert_array_equal(last["forecast"], np.repeat(y[95::12][:4], 12))
    trimmed, Y = make_multistep(X, y, 12)
    direct = naive(12, 12, window={"horizon": 12})
    direct = backtest(direct, trimmed, Y, cv)
    np.testing.assert_array_equal(direct["forecast"], found["forecast"])
    checked = conformal_intervals(found, coverage=0.5, by=())
    assert (checked["lower"] <= checked["forecast"]).all()


def test_a_series_of_statsmodels_with_two_targets():
    years = elnino.load_pandas().data.set_index("YEAR")
    months = pd.date_range("1950-01-01", periods=years.size, freq="MS")
    X = pd.DataFrame({"sea": years.to_numpy().ravel()}, index=months)
    X["double"] = 2 * X["sea"]
    pipe = naive(12, 12, target_feature=[0, 1])
    found = backtest(pipe, X, X, TimeSeriesSplit(3, test_size=24))
    for name, own in found.groupby("target"):
        expected = X[name].shift(12)[-72:].to_numpy(copy=True).reshape(3, 24)
        expected[:, 12:] = expected[:, :12]  # fed back
        np.testing.assert_array_equal(own["forecast"], expected.ravel())


def test_a_stream_gives_the_forecasts_of_the_next_row():
    X = load_airline()
    pipe = naive(12, 12).fit(X[:100], X["passengers"][:100])
    live = stream(pipe)
    found = [float(np.squeeze(live.push(X[row : row + 1]))) for row in range(100, 103)]
    assert found == X["passengers"].iloc[89:92].tolist()


# -------------------------------------------------------------------------- in a search
def test_a_search_chooses_the_season():
    X = load_airline()
    y = X["passengers"]
    cv = TimeSeriesSplit(3, test_size=24)
    pipe = naive(24)
    grid = {"naiveforecaster__season_length": [1, 5, 12]}
    scoring = "neg_mean_absolute_error"
    search = GridSearchCV(pipe, grid, cv=cv, scoring=scoring).fit(X, y)
    expected = [
        np.mean([(y - y.shift(m)).abs().iloc[test].mean() for _, test in cv.split(X)])
        for m in (1, 5, 12)
    ]
    np.testing.assert_allclose(-search.cv_results_["mean_test_score"], expected)
    assert np.isfinite(cross_val_score(pipe, X, y, cv=cv)).all()
    halves = [(np.arange(72), np.arange(72, 144)), (np.arange(72, 144), np.arange(72))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows that are tested before their train
        assert cross_val_predict(pipe, X, y, cv=halves).shape == (144,)


def test_missing_targets_are_left_out_of_fit_and_score():
    X = load_airline()
    y = X["passengers"].copy()
    y.iloc[::5] = NAN
    pipe = naive(12, 12).fit(X, y)
    known = y.notna().to_numpy()
    shifted = (
        X["passengers"].shift(12).fillna(X["passengers"].shift(1)).fillna(y.mean())
    )
    rest = ((y - shifted) ** 2)[known].sum()
    expected = 1 - rest / ((y - y.mean()) ** 2)[known].sum()
    assert pipe.score(X, y) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"nothing but NaN, .* in outputs \[0\]"):
        pipe.fit(X, y * NAN)


def test_clone_parameters_and_pickle():
    model = NaiveForecaster(12, horizon=3, target_feature=[0, 1])
    assert clone(model).get_params() == {
        "season_length": 12,
        "horizon": 3,
        "target_feature": [0, 1],
    }
    X = np.random.default_rng(0).normal(size=(5, 14, 2))
    model.fit(X, X[:, 0])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(model.predict(X), X[:, 4])


# ---------------------------------------------------- the feature that y goes on with
@pytest.fixture
def prices():
    rng = np.random.default_rng(0)
    days = pd.date_range("2026-01-01", periods=120)
    price = 20 + rng.normal(size=120).cumsum()
    load, sold = rng.normal(size=120), rng.poisson(0.2, size=120) * 1.0
    twice = 2 * price
    columns = {"load": load, "twice": twice, "price": price, "sold": sold}
    return pd.DataFrame(columns, days)


@pytest.mark.filterwarnings("ignore:y is the column")
@pytest.mark.parametrize("horizon", [0, 1, 3])
@pytest.mark.parametrize("name", ["load", "twice", "price", "sold"])
def test_the_feature_that_y_goes_on_with_is_found(prices, name, horizon):
    y = prices[name]
    pipe = naive(8, 7, window={"horizon": horizon}, horizon=horizon).fit(prices, y)
    assert pipe[-1].target_feature_.tolist() == [prices.columns.get_loc(name)]
    np.testing.assert_array_equal(pipe.predict(prices)[20:], y.shift(7)[20:])


def test_features_of_several_targets_and_steps_are_found(prices):
    both = prices[["sold", "load"]]
    pipe = naive(8, 7).fit(prices, both)
    assert pipe[-1].target_feature_.tolist() == [3, 0]
    np.testing.assert_array_equal(pipe.predict(prices)[20:], both.shift(7)[20:])
    for y in (prices[["price"]], both):
        trimmed, Y = make_multistep(prices, y, 3)
        pipe = naive(8, 7, window={"horizon": 3}).fit(trimmed, Y)
        found = forecast(pipe, prices, 3)
        expected = prices[y.columns].iloc[-7:-4]
        np.testing.assert_array_equal(found, expected)
    # Without names, columns that go on with one feature are its steps.
    steps = prices["price"].to_numpy()
    steps = np.column_stack([steps[:-2], steps[1:-1], steps[2:]])
    windows = SlidingWindow(4).fit_transform(prices)[:-2]
    model = NaiveForecaster().fit(windows, steps)
    assert model.target_feature_.tolist() == [2, 2, 2]
    one = prices[["price"]].assign(other=prices["price"])
    with pytest.raises(ValueError, match="has the columns 'price', 'other'"):
        naive(8).fit(prices[["price"]], one)


def test_the_feature_of_a_panel_is_found(prices):
    prices = prices.drop(columns="twice")
    both = pd.concat([prices.assign(shop="a"), 3 * prices.assign(shop="b")])
    both["shop"] = np.repeat(["a", "b"], 120)
    both = both.sort_index(kind="stable")
    pipe = naive(8, window={"group_by": "shop"}).fit(both, both["price"])
    assert pipe[-1].target_feature_.tolist() == [1]


def test_a_feature_that_is_not_found_is_told(prices):
    noisy = prices["price"] + np.random.default_rng(1).normal(size=120)
    with pytest.warns(UserWarning, match="none of the 4 features .* of feature 0"):
        pipe = naive(8).fit(prices[["price", "load", "twice", "sold"]], noisy)
    assert pipe[-1].target_feature_.tolist() == [0]
    naive(8, target_feature=2).fit(prices, noisy)  # silent
    y = prices[["price"]].assign(noisy=noisy)
    with pytest.warns(UserWarning, match=r"Column 1 of y continues none"):
        pipe = naive(8).fit(prices[["price", "load", "sold"]], y)
    # In other units it is found, and told of its units.
    scaled = make_pipeline(SlidingWindow(8), PerFeatureScaler(), NaiveForecaster())
    prices = prices[["load", "price"]]
    with pytest.warns(UserWarning, match="on another scale than feature 1 of the win"):
        scaled.fit(prices, prices["price"])


def test_windows_laid_flat_of_several_features_are_refused(prices):
    prices = prices[["price", "load"]]
    pipe = naive(5, window={"flatten": True})
    with pytest.raises(ValueError, match=r"column 8 of X.*the last, column 9.*flatten"):
        pipe.fit(prices, prices["price"])
    pipe.set_output(transform="pandas")
    with pytest.raises(ValueError, match=r"column 8 \('price\[t-1\]'\) of X"):
        pipe.fit(prices, prices["price"])
    assert pipe.set_params(naiveforecaster__target_feature=0).fit(prices, prices.load)
    naive(5, window={"flatten": True}).fit(prices[["price"]], prices["price"])


# ------------------------------------------------------------------------ what is wrong
X3 = np.random.default_rng(0).normal(size=(20, 6, 2))


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        ({"season_length": 0}, X3[:, 0, 0], "season_length must be an int >= 1, got 0"),
        ({"season_length": 1.5}, X3[:, 0, 0], "season_length must be an int >= 1"),
        ({"horizon": -1}, X3[:, 0, 0], "horizon must be an int >= 0, got -1"),
        ({"target_feature": 2}, X3[:, 0, 0], "target_feature must be less than 2"),
        ({"target_feature": -3}, X3[:, 0, 0], "target_feature must be an int >= -2"),
        ({"target_feature": "price"}, X3[:, 0, 0], "target_feature must be an int"),
        ({"target_feature": [0, 1]}, X3[:, 0, 0], "for each of the 1 targets of y"),
        ({"target_feature": [0, 1]}, X3[:, :3, 0], "for each of the 3 targets of y"),
        ({"target_feature": 0}, X3, "for each of the 2 targets of y"),
        (
            {"season_length": 7},
            X3[:, 0, 0],
            "season_length=7 needs windows of at least 7 time steps .*window_length",
        ),
        ({}, None, "requires y to be passed"),
        ({}, X3[:9, 0, 0], "inconsistent numbers of samples"),
        (
            {},
            pd.DataFrame(X3[:, 0], columns=["a", "b"]),
            r"y has the columns 'a', 'b'.*target_feature=\[0, 1\]",
        ),
    ],
)
def test_what_is_refused(parameters, y, message):
    model = NaiveForecaster(target_feature=0).fit(X3, X3[:, 0, 0])
    before = model.predict(X3)
    model.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(X3, y)
    np.testing.assert_array_equal(
        model.set_params(season_length=1, horizon=1, target_feature=0).predict(X3),
        before,
    )


def test_predict_refuses_windows_that_are_shorter_and_other_shapes():
    model = NaiveForecaster(6, target_feature=0).fit(X3, X3[:, 0, 0])
    with pytest.raises(ValueError, match="season_length=6 needs windows of at least 6"):
        model.predict(X3[:, :5])
    assert model.predict(np.concatenate([X3, X3], axis=1)).shape == (20,)
    with pytest.raises(ValueError, match="was fitted on X of shape"):
        model.predict(X3[:, :, 0])
    with pytest.raises(ValueError, match="contains infinity"):
        model.predict(np.where(X3 > 1, np.inf, X3))


def test_a_scaler_between_windows_and_forecast_is_told():
    X = load_airline()
    y = X["passengers"]
    pipe = make_pipeline(SlidingWindow(12), PerFeatureScaler(), NaiveForecaster(12))
    with pytest.warns(UserWarning, match="on another scale than feature 0 of the win"):
        pipe.fit(X, y)
    noisy = y + np.random.default_rng(0).normal(size=144)
    naive(12, 12).fit(X, noisy)  # silent: it is like the column
    growth = pd.DataFrame({"a": 3.0 ** np.arange(30)})
    naive(4, window={"horizon": 2}).fit(growth, growth["a"])  # silent: of its values


def test_flat_windows_at_a_stride_and_rows_of_years_are_taken_as_they_are():
    rows = np.random.default_rng(0).normal(size=600).cumsum()
    first = np.arange(0, 594, 2)
    X, y = np.stack([rows[i : i + 5] for i in first]), rows[first + 5]
    np.testing.assert_array_equal(NaiveForecaster().fit(X, y).predict(X), X[:, -1])
    years = rows.reshape(-1, 12)
    naive = NaiveForecaster(season_length=12).fit(years[:-1], years[1:, 0])
    np.testing.assert_array_equal(naive.predict(years), years[:, 0])


@pytest.mark.filterwarnings("ignore:y is the column")
@pytest.mark.parametrize("ahead", [0, 2, 3])
def test_another_horizon_than_the_windows_have_is_told(ahead):
    X = 5 + np.random.default_rng(0).normal(size=(80, 2)).cumsum(axis=0)
    window = SlidingWindow(4, horizon=ahead)
    naive = NaiveForecaster(target_feature=1)
    with pytest.warns(UserWarning, match=f"{ahead} rows after .* Set horizon={ahead}"):
        make_pipeline(window, naive).fit(X, X[:, 1])
    make_pipeline(window, naive.set_params(horizon=ahead)).fit(X, X[:, 1])


@pytest.mark.parametrize("rows", [np.arange(80.0), np.ones(80), np.arange(80) % 7.0])
def test_the_asked_horizon_is_believed_where_others_would_do(rows):
    X = rows[:, np.newaxis]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pipe = make_pipeline(SlidingWindow(4), NaiveForecaster()).fit(X, rows)
    assert not [one for one in caught if "Set horizon" in str(one.message)]
    np.testing.assert_array_equal(pipe.predict(X)[1:], rows[:-1])
