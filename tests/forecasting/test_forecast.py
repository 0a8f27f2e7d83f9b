"""Forecasts past the last row, beside a loop of `predict` over a growing table."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sklstm import (
    CompleteCaseRegressor,
    LSTMClassifier,
    LSTMRegressor,
    PerFeatureScaler,
    SlidingWindow,
)
from sklstm._pipeline import SplitPipeline
from sklstm.forecasting import forecast, make_multistep, stream
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._row_by_row import depends_on_other_rows, work_row_by_row

HOURS = pd.date_range("2026-01-01", periods=150, freq="h", name="hour of the day")


def series(n_rows=120, seed=0):
    rng = np.random.default_rng(seed)
    walk = rng.normal(size=n_rows).cumsum()
    return pd.DataFrame(
        {"price": walk, "hour": HOURS[:n_rows].hour * 1.0}, index=HOURS[:n_rows]
    )


def calendar(steps, n_rows=120):
    after = HOURS[n_rows : n_rows + steps]
    return pd.DataFrame({"hour": after.hour * 1.0}, index=after)


def ridge(*before, window_length=5, horizon=1, **parameters):
    window = SlidingWindow(window_length, horizon=horizon, flatten=True, **parameters)
    return make_pipeline(*before, window, SimpleImputer(), Ridge())


def by_growing_table(fitted, X, X_future, targets=("price",)):
    """Append a row without targets, predict it, write the prediction in; and so on."""
    table, targets = X.copy(), list(targets)
    for label, known in X_future.iterrows():
        row = pd.DataFrame([known], index=[label]).reindex(columns=X.columns)
        table = pd.concat([table, row])
        table.loc[label, targets] = fitted.predict(table)[-1]
    return table.loc[X_future.index, targets].rename_axis(X.index.name)


BEFORE = {
    "nothing": [],
    "a scaler": [StandardScaler()],
    "chosen columns": [
        make_column_transformer((StandardScaler(), ["price"]), remainder="passthrough")
    ],
    "a rolling mean": [
        FunctionTransformer(lambda X: X.rolling(4, min_periods=1).mean())
    ],
    "differences": [FunctionTransformer(lambda X: X.diff().fillna(0.0))],
    "the calendar": [FunctionTransformer(lambda X: X.assign(day=X.index.day_of_week))],
}


@pytest.mark.parametrize("horizon", [1, 2, 7])
@pytest.mark.parametrize("before", BEFORE)
def test_recursion_is_predict_on_the_growing_table(before, horizon):
    X, ahead = series(), calendar(10)
    pipe = ridge(*BEFORE[before], horizon=horizon).fit(X, X["price"])
    found = forecast(pipe, X, 10, ahead)
    expected = by_growing_table(pipe, X, ahead)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-7, check_freq=False)


def test_recursion_of_an_lstm_is_predict_on_the_growing_table():
    X, ahead = series(), calendar(6)
    pipe = make_pipeline(
        SlidingWindow(8), PerFeatureScaler(), LSTMRegressor(units=4, epochs=2)
    ).fit(X, X["price"])
    found = forecast(pipe, X, 6, ahead)
    expected = by_growing_table(pipe, X, ahead)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_several_targets_are_fed_back_together():
    X = series().assign(load=lambda X: X["price"].shift(1).fillna(0.0) ** 2)
    targets = ["load", "price"]  # not in the order of the columns
    pipe = ridge().fit(X, X[targets])
    found = forecast(pipe, X, 7, calendar(7), target=targets)
    expected = by_growing_table(pipe, X, calendar(7), targets)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-7, check_freq=False)


def test_names_of_targets_are_remembered_by_the_estimators():
    X = series().rename(columns={"hour": "load"})[["load", "price"]]
    pipe = make_pipeline(SlidingWindow(4), LSTMRegressor(units=2, epochs=1))
    pipe.fit(X, X[["price", "load"]])
    found = forecast(pipe, X, 3)
    assert list(found.columns) == ["price", "load"]
    expected = by_growing_table(pipe, X, calendar(3)[[]], ["price", "load"])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 4, 6, 13])
def test_direct_forecasts_are_one_prediction_and_go_on_from_themselves(steps):
    X, ahead = series(), calendar(18)
    trimmed, Y = make_multistep(X, X["price"], 6)
    pipe = ridge(horizon=6).fit(trimmed, Y)
    known = None if steps <= 6 else ahead[:steps]
    found = forecast(pipe, X, steps, known, target="price")
    table = X.copy()
    for first in range(0, steps, 6):
        table = pd.concat([table, ahead[first : first + 6]])
        six = pipe.predict(table)[-1]
        table.iloc[-6:, 0] = six
    np.testing.assert_allclose(found["price"], table["price"][120 : 120 + steps])
    assert found.index.equals(HOURS[120 : 120 + steps])


def test_steps_are_told_from_targets():
    X = series()
    trimmed, Y = make_multistep(X, X["price"], 6)
    lstm = make_pipeline(SlidingWindow(4, horizon=6), LSTMRegressor(units=2, epochs=1))
    assert list(forecast(lstm.fit(trimmed, Y), X, 6)) == ["price"]
    nameless = ridge(horizon=6).fit(trimmed, Y.to_numpy())
    assert forecast(nameless, X, 6).shape == (6, 1)
    sequences = make_multistep(X, X.to_numpy(), 6)[1]  # (n, 6, 2)
    found = forecast(lstm.fit(trimmed, sequences), X, 6, target=["price", "hour"])
    expected = lstm.predict(pd.concat([X, calendar(6)]))[-1]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_single_step_of_make_multistep_is_fed_back():
    X = series()[["price"]]
    trimmed, Y = make_multistep(X, X["price"], 1)
    lstm = make_pipeline(SlidingWindow(4), LSTMRegressor(units=2, epochs=1))
    assert list(forecast(lstm.fit(trimmed, Y), X, 3)) == ["price"]


def test_with_a_long_horizon_known_rows_are_predicted_in_one_call():
    X = series()[["price"]]
    pipe = ridge(horizon=8).fit(X, X["price"])
    calls = []
    predict = pipe[-1].predict
    pipe[-1].predict = lambda X: calls.append(len(X)) or predict(X)
    forecast(pipe, X, 8)
    assert calls == [1, 8]  # one to see the shape
    calls.clear()
    forecast(pipe, X, 20)
    assert calls == [1, 8, 8, 4]


def test_one_step_is_one_small_prediction_however_long_the_history():
    X = series()[["price"]]
    pipe = ridge().fit(X, X["price"])
    seen = []
    predict = pipe[-1].predict
    pipe[-1].predict = lambda X: seen.append(len(X)) or predict(X)
    forecast(pipe, X, 10)
    assert seen == [1] * 11


KNOWN_BEFORE = {
    "nothing": [],
    "a scaler": [StandardScaler().set_output(transform="pandas")],
    "a rolling mean": BEFORE["a rolling mean"],
}


@pytest.mark.parametrize("horizon", [0, 1, 3])
@pytest.mark.parametrize("before", KNOWN_BEFORE)
def test_windows_with_what_is_known_of_the_row_itself(before, horizon):
    X, ahead = series(), calendar(8)
    if horizon == 0:  # with the row itself, nothing may be fed back
        X, target = X[["hour"]], "y"
        y = series()["price"]
    else:
        y, target = X["price"], "price"
    pipe = ridge(*KNOWN_BEFORE[before], horizon=horizon, known="hour").fit(X, y)
    found = forecast(pipe, X, 8, ahead, target=target)
    if horizon:
        expected = by_growing_table(pipe, X, ahead)
    else:
        expected = pipe.predict(pd.concat([X, ahead]))[-8:, np.newaxis]
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_what_is_known_matters_for_the_row_itself():
    rng = np.random.default_rng(0)
    offer = rng.integers(0, 2, size=150) * 1.0
    X = pd.DataFrame({"sold": 10 + 5 * offer, "offer": offer}, index=HOURS)
    ahead = X[["offer"]][120:]
    for known, error in (("offer", 0.2), ((), 1.0)):
        pipe = ridge(window_length=3, known=known).fit(X[:120], X["sold"][:120])
        found = forecast(pipe, X[:120], 30, ahead)
        mean_error = (found["sold"] - X["sold"][120:]).abs().mean()
        assert (mean_error < 0.2) if known else (mean_error > error)


@pytest.mark.parametrize("steps", [6, 12])
def test_direct_forecasts_from_what_is_known_of_all_steps(steps):
    X, ahead = series(), calendar(12)
    trimmed, Y = make_multistep(X, X["price"], 6)
    pipe = ridge(window_length=9, horizon=6, known=["hour"]).fit(trimmed, Y)
    found = forecast(pipe, X, steps, ahead, target="price")
    table = X.copy()
    for first in range(0, steps, 6):
        table = pd.concat([table, ahead[first : first + 6]])
        table.iloc[-6:, 0] = pipe.predict(table)[-1]
    np.testing.assert_allclose(found["price"], table["price"][120:])
    with pytest.raises(ValueError, match="forecast 6 steps, and use the first 4"):
        forecast(pipe, X, 4, ahead, target="price")
    with pytest.raises(ValueError, match=r"'hour' will be known .* X_future does not"):
        forecast(pipe, X, 6, target="price")


def panel(shops="abc", n_rows=60):
    return pd.concat(
        series(n_rows, seed).assign(shop=shop) for seed, shop in enumerate(shops)
    )


@pytest.mark.parametrize("order", ["by group", "by time"])
@pytest.mark.parametrize("where", ["column", "index level"])
def test_groups_are_forecast_each_from_its_own_rows(where, order):
    X = panel()
    if order == "by time":
        X = X.sort_index(kind="stable")
    given = X.set_index("shop", append=True) if where == "index level" else X
    pipe = ridge(group_by="shop").fit(given, given["price"])
    ahead = calendar(5, n_rows=60)
    found = forecast(pipe, given, 5, ahead)
    for shop in "abc":
        own = X[X["shop"] == shop]
        future = ahead.assign(shop=shop)
        table = own.copy()
        for label in future.index:
            table = pd.concat([table, future.loc[[label]]])
            as_given = table
            if where == "index level":
                as_given = table.set_index("shop", append=True)
            table.loc[label, "price"] = pipe.predict(as_given)[-1]
        if where == "index level":
            numbers = found.xs(shop, level="shop")["price"]
        else:
            numbers = found.loc[found["shop"] == shop, "price"]
        np.testing.assert_allclose(numbers, table["price"][-5:])
        assert numbers.index.equals(future.index)
    if where == "index level":
        assert found.index.names == given.index.names


def test_groups_end_when_they_end():
    X = panel()
    X = X[(X["shop"] != "b") | (X.index < HOURS[40])][["price", "shop"]]
    pipe = ridge(group_by="shop").fit(X, X["price"])
    found = forecast(pipe, X, 3)
    assert list(found["shop"]) == [*"aaabbbccc"]
    assert found.index[3:6].equals(HOURS[40:43])
    alone = forecast(pipe, X[X["shop"] == "b"], 3)
    pd.testing.assert_frame_equal(found.iloc[3:6], alone)


def test_known_columns_may_differ_from_group_to_group():
    X = panel().rename(columns={"hour": "offer"})
    X["offer"] = np.random.default_rng(1).normal(size=len(X))
    pipe = ridge(group_by="shop").fit(X, X["price"])
    ahead = pd.concat(
        calendar(4, n_rows=60).assign(shop=shop, offer=i)[["shop", "offer"]]
        for i, shop in enumerate("cab")
    )
    found = forecast(pipe, X, 4, ahead)
    for shop in "abc":
        alone = forecast(pipe, X[X["shop"] == shop], 4, ahead[ahead["shop"] == shop])
        pd.testing.assert_frame_equal(found[found["shop"] == shop], alone)


def test_one_calendar_is_for_all_groups_also_where_they_end_at_different_times():
    X = panel()
    X = X[(X["shop"] != "b") | (X.index < HOURS[57])]
    pipe = ridge(group_by="shop").fit(X, X["price"])
    found = forecast(pipe, X, 4, calendar(7, n_rows=57))
    for shop, end in {"a": 60, "b": 57, "c": 60}.items():
        alone = forecast(pipe, X[X["shop"] == shop], 4, calendar(4, n_rows=end))
        pd.testing.assert_frame_equal(found[found["shop"] == shop], alone)


def test_targets_without_a_name_are_asked_for():
    X = series().rename(columns={"hour": "load"})
    both = ridge(horizon=2).fit(X, X[["load", "price"]])
    with pytest.raises(ValueError, match="are they steps or targets"):
        forecast(both, X, 2)
    found = forecast(both, X, 2, target=["load", "price"])
    assert list(found) == ["load", "price"]
    known = series().set_axis(series().index + pd.Timedelta(hours=120))
    with pytest.raises(ValueError, match="X_future has all columns of X, but one"):
        forecast(
            ridge().fit(X, X["price"]), X, 3, known.rename(columns={"hour": "load"})
        )
    lstm = make_pipeline(SlidingWindow(3), LSTMRegressor(units=2, epochs=1))
    with pytest.raises(ValueError, match=r"target names \['load'\], but y was"):
        forecast(lstm.fit(X, X["price"]), X, 3, target="load")


def test_the_name_of_a_forecast_does_not_depend_on_its_steps():
    X, ahead = series(), calendar(3)
    pipe = ridge().fit(X, X["price"])
    assert list(forecast(pipe, X, 1, ahead)) == list(forecast(pipe, X, 3, ahead))


def test_few_rows_go_on_at_the_frequency_of_the_fitted_ones():
    X = series()
    pipe = ridge().fit(X, X["price"])
    found = forecast(pipe, X[-1:], 2, calendar(2))
    pd.testing.assert_frame_equal(found, forecast(pipe, X, 2, calendar(2)))
    alone = X[-1:].set_axis([pd.Timestamp("2030-01-01")])
    fresh = ridge(history=None)
    with pytest.raises(ValueError, match="The rows of X are too few"):
        forecast(fresh.fit(X, X["price"]), alone, 2, target="price")


def test_two_rows_go_on_at_the_frequency_of_the_fitted_ones():
    months = pd.date_range("2026-01-31", periods=40, freq="ME")
    X = pd.DataFrame({"price": np.arange(40.0)}, index=months)
    pipe = ridge().fit(X[:36], X["price"][:36])
    found = forecast(pipe, X[36:38], 2)  # 31 January, 28 February
    assert list(found.index) == list(months[38:])


def test_groups_have_frequencies_of_their_own():
    weeks = pd.date_range("2026-01-01", periods=10, freq="7D")
    days = pd.date_range("2026-01-01", periods=40, freq="D")
    X = pd.concat(
        pd.DataFrame({"shop": shop, "price": np.arange(len(times)) % 3}, index=times)
        for shop, times in {"a": days, "b": weeks}.items()
    )
    found = forecast(ridge(group_by="shop").fit(X, X["price"]), X, 2)
    assert list(found.index[2:]) == list(weeks[-1] + pd.to_timedelta([7, 14], "D"))


@pytest.mark.parametrize("n_rows", [5, 24, 60])
def test_steps_that_depends_on_other_rows_are_found_in_small_tables(n_rows):
    step = FunctionTransformer(lambda X: X.diff().fillna(0.0))
    X = series(n_rows)[["price"]]
    pipe = ridge(step, window_length=3).fit(X, X["price"])
    found = forecast(pipe, X, 4)
    expected = by_growing_table(pipe, X, calendar(4, n_rows)[[]])
    pd.testing.assert_frame_equal(found, expected, rtol=1e-7, check_freq=False)


def test_a_short_table_goes_on_where_the_fitted_one_ended():
    X = series()
    pipe = ridge(window_length=10).fit(X[:100], X["price"][:100])
    found = forecast(pipe, X[100:103], 4, calendar(4, n_rows=103))
    expected = forecast(pipe, X[:103], 4, calendar(4, n_rows=103))
    pd.testing.assert_frame_equal(found, expected)


def test_arrays_are_numbered_on():
    X = series()[["price"]].to_numpy()
    pipe = make_pipeline(StandardScaler(), ridge(history=None)).fit(X, X[:, 0])
    found = forecast(pipe, X, 3)
    assert list(found.index) == [120, 121, 122]
    table = X
    for _ in range(3):
        last = pipe.predict(np.vstack([table, [[np.nan]]]))[-1]
        table = np.vstack([table, [[last]]])
    np.testing.assert_allclose(found[0], table[-3:, 0])
    with_hours = series().to_numpy()
    pipe = ridge(history=None).fit(with_hours, with_hours[:, 0])
    known = np.column_stack([np.full(3, np.nan), calendar(3)["hour"]])
    named = series().rename_axis(None)
    expected = forecast(
        ridge(history=None).fit(named, named["price"]), named, 3, calendar(3)
    )
    np.testing.assert_allclose(
        forecast(pipe, with_hours, 3, known)[0], expected["price"]
    )


INDEXES = {
    "hours": pd.date_range("2026-01-01", periods=40, freq="h"),
    "hours with an outage": pd.date_range("2026-01-01", periods=44, freq="h").delete(
        slice(10, 14)
    ),
    "business days": pd.bdate_range("2026-01-01", periods=40),
    "ends of months": pd.date_range("2026-01-31", periods=40, freq="ME"),
    "days over a change of clocks": pd.date_range(
        "2026-02-20", periods=40, freq="D", tz="Europe/Berlin"
    ),
    "days at an hour that clocks skip": pd.date_range(
        "2026-02-20 02:30", periods=40
    ).tz_localize("Europe/Berlin", nonexistent="shift_forward"),
    "days at an hour that clocks have twice": pd.date_range(
        "2026-09-20 02:30", periods=40
    ).tz_localize("Europe/Berlin", ambiguous=np.ones(40, dtype=bool)),
    "quarters": pd.period_range("2016Q1", periods=40, freq="Q"),
    "periods of 15 minutes": pd.period_range("2026-01-01", periods=40, freq="15min"),
    "periods of two weeks": pd.period_range("2026-01-01", periods=40, freq="2W"),
    "every other period of two days": pd.period_range(
        "2026-01-01", periods=80, freq="2D"
    )[::2],
    "years": pd.Index(range(1900, 1940)),
    "numbers": pd.RangeIndex(0, 80, 2),
    "durations": pd.timedelta_range("0s", periods=40, freq="5s"),
}


@pytest.mark.filterwarnings("ignore:4 rows are missing within X")
@pytest.mark.parametrize("name", INDEXES)
def test_the_index_goes_on(name):
    whole = INDEXES[name]
    X = pd.DataFrame({"price": np.arange(40.0)}, index=whole)[:30]
    found = forecast(ridge().fit(X, X["price"]), X, 10)
    assert list(found.index) == list(whole[30:])


@pytest.mark.filterwarnings("ignore:The times of X are not equally far apart")
def test_times_far_apart_in_other_ways_are_told_by_x_future():
    days = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-09", "2026-01-11"])
    times = days.append(days + pd.Timedelta(days=20))
    X = pd.DataFrame({"price": np.arange(8.0)}, index=times)
    pipe = ridge(window_length=2).fit(X, X["price"])
    with pytest.raises(ValueError, match="not equally far apart in time"):
        forecast(pipe, X, 2)
    ahead = pd.DataFrame(index=pd.to_datetime(["2026-03-01", "2026-03-04"]))
    assert forecast(pipe, X, 2, ahead).index.equals(ahead.index)
    with pytest.raises(ValueError, match="needs a time later than"):
        forecast(pipe, X, 1, ahead.set_axis(times[:2]))


@pytest.mark.filterwarnings("ignore:.* missing within X")  # numbers of one series
@pytest.mark.parametrize("order", ["by group", "by time"])
def test_numbers_of_rows_are_no_times(order):
    X = panel()[["price", "shop"]]
    X = X.sort_index(kind="stable") if order == "by time" else X
    numbered = X.reset_index(drop=True)
    pipe = ridge(group_by="shop").fit(numbered, numbered["price"])
    expected = forecast(ridge(group_by="shop").fit(X, X["price"]), X, 3)
    np.testing.assert_allclose(forecast(pipe, numbered, 3)["price"], expected["price"])
    kept = np.random.default_rng(0).random(len(X)) < 0.7
    holed = numbered[kept]  # labels with holes, as boolean masks leave them
    found = forecast(pipe, holed, 3)
    first = holed.index[-1] + 1
    assert list(found.index) == list(range(first, first + 9))
    alone = holed[holed["shop"] == "a"].drop(columns="shop")
    found = forecast(ridge().fit(alone, alone["price"]), alone, 2)
    assert list(found.index) == [alone.index[-1] + 1, alone.index[-1] + 2]


def test_quantiles_stand_beside_the_median():
    X = series()
    lstm = LSTMRegressor(units=3, epochs=2, loss="quantile", quantiles=(0.1, 0.5, 0.8))
    pipe = make_pipeline(SlidingWindow(4), PerFeatureScaler(), lstm).fit(X, X["price"])
    found = forecast(pipe, X, 3, calendar(3))
    assert list(found) == ["price", "price_q0.1", "price_q0.5", "price_q0.8"]
    window = pipe[1].transform(pipe[0].transform(pd.concat([X, calendar(1)])))[-1:]
    first = pipe[-1].predict_quantiles(window)[0]
    np.testing.assert_allclose(found.iloc[0, 1:].astype(float), first, rtol=1e-5)


def test_a_search_and_a_transformed_target_are_seen_through():
    X = series()[["price"]]
    search = GridSearchCV(ridge(), {"ridge__alpha": [1.0]}, cv=TimeSeriesSplit(2))
    plain = forecast(ridge().fit(X, X["price"]), X, 4, target="price")
    found = forecast(search.fit(X, X["price"]), X, 4)
    pd.testing.assert_frame_equal(found, plain)
    scaled = TransformedTargetRegressor(ridge(), transformer=StandardScaler())
    found = forecast(scaled.fit(X, X["price"]), X, 4)
    expected = by_growing_table(scaled, X, calendar(4)[[]])
    np.testing.assert_allclose(found, expected)
    inner = make_pipeline(StandardScaler(), ridge(history=None))
    outer = make_pipeline(FunctionTransformer(), inner).fit(X, X["price"])
    found = forecast(outer, X, 4)
    np.testing.assert_allclose(found, by_growing_table(outer, X, calendar(4)[[]]))


def test_classes_are_forecast_and_fed_back():
    steps = np.array([0.0, 0.0, 1.0])[np.arange(90) % 3]
    X = pd.DataFrame({"on": steps}, index=HOURS[:90])
    clf = LSTMClassifier(units=8, epochs=60, random_state=0)
    pipe = make_pipeline(SlidingWindow(4), clf).fit(X, X["on"])
    assert list(forecast(pipe, X, 6)["on"]) == [0, 0, 1, 0, 0, 1]


def test_tables_of_polars():
    polars = pytest.importorskip("polars")
    X = panel()[["price", "shop"]].reset_index(drop=True)
    pipe = ridge(group_by="shop").fit(X, X["price"])
    found = forecast(pipe, polars.from_pandas(X), 3)
    pd.testing.assert_frame_equal(found, forecast(pipe, X, 3))


def test_nothing_of_the_arguments_changes():
    X, ahead = series(), calendar(4)
    pipe = ridge().fit(X, X["price"])
    before = X.copy(), ahead.copy(), pipe.predict(X)
    forecast(pipe, X, 4, ahead)
    pd.testing.assert_frame_equal(X, before[0])
    pd.testing.assert_frame_equal(ahead, before[1])
    np.testing.assert_array_equal(pipe.predict(X), before[2])


def test_groups_that_fit_did_not_see_start_cold_and_are_told():
    X = panel()[["price", "shop"]]
    known = X[X["shop"] != "c"]
    pipe = ridge(group_by="shop").fit(known, known["price"])
    new = pd.concat([known, X[X["shop"] == "c"][:2]])
    with pytest.warns(UserWarning, match="fit did not see: 'c'. Their windows start"):
        found = forecast(pipe, new, 2)
    assert list(found["shop"]) == [*"aabbcc"]


def bad(**changed):
    X = series()
    given = {"X": X, "steps": 4, "X_future": calendar(4), **changed}
    return given


BAD = {
    "steps": (bad(steps=0), "steps must be an int >= 1, got 0"),
    "no future": (bad(X_future=None), "neither predicted nor known: 'hour'"),
    "late": (bad(X_future=calendar(6)[1:]), "X_future does not go on where X ends: "),
    "early": (bad(X_future=calendar(6, n_rows=118)), "X_future does not go on"),
    "of another kind": (bad(X_future=calendar(4).reset_index(drop=True)), "go on"),
    "array": (
        bad(X_future=np.zeros((4, 2))),
        "X_future must be a DataFrame, as X is, whose",
    ),
    "short": (bad(steps=5), r"steps=5 needs as many rows in X_future, but it has 4\."),
    "strange": (
        bad(X_future=calendar(4).assign(snow=0.0)),
        "X_future has columns that X does not have: 'snow'",
    ),
    "told": (
        bad(X_future=calendar(4).assign(price=1.0)),
        "X_future has 'price', which is to be forecast",
    ),
    "unsorted": (
        bad(X=series().iloc[[*range(118), 119, 118]]),
        "not sorted: label .* of row 119 is earlier",
    ),
    "no time": (
        bad(X=series().set_axis([*series().index[:5], pd.NaT, *series().index[6:]])),
        r"index of X is missing \(NaN or NaT\) in row 5.*Fill it\.$",
    ),
    "no time ahead": (
        bad(X_future=calendar(2).set_axis([calendar(1).index[0], pd.NaT])),
        r"index of X_future is missing \(NaN or NaT\) in row 1.*Fill it\.$",
    ),
    "repeated": (
        bad(X=series().iloc[[*range(119), 118]]),
        "of row 119 of X is that of an earlier row.*name their column in group_by",
    ),
    "one axis": (bad(X=series()["price"]), "X must be a DataFrame or an array of two"),
    "target": (bad(target=["price", "hour"]), "target must name the 1 targets"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_be_forecast_is_told(name):
    arguments, message = BAD[name]
    X = series()
    pipe = ridge().fit(X, X["price"])
    with pytest.raises(ValueError, match=message):
        forecast(pipe, **{"target": "price", **arguments})


@pytest.mark.filterwarnings("ignore:y is the column")
def test_a_horizon_of_zero_needs_all_of_the_row():
    X = series()
    pipe = ridge(horizon=0).fit(X, X["price"])
    with pytest.raises(ValueError, match=r"horizon=0: .* lacks 'price'"):
        forecast(pipe, X, 3, calendar(3), target="price")
    hours = X[["hour"]]
    pipe = ridge(horizon=0).fit(hours, X["price"])
    found = forecast(pipe, hours, 3, calendar(3))
    np.testing.assert_allclose(found["y"], pipe.predict(calendar(3)))


def test_targets_that_overlap_their_windows_are_refused():
    X = series()[["price"]]
    trimmed, Y = make_multistep(X, X["price"], 6)
    with pytest.warns(UserWarning, match="y holds 6 steps at once"):
        pipe = ridge(horizon=2).fit(trimmed, Y)
    with pytest.raises(ValueError, match="horizon=2 for targets of 6 steps"):
        forecast(pipe, X, 12, target="price")


def test_groups_of_x_future_are_those_of_x():
    X = panel()
    pipe = ridge(group_by="shop").fit(X, X["price"])
    ahead = pd.concat(calendar(2, n_rows=60).assign(shop=shop) for shop in "abcd")
    with pytest.raises(ValueError, match="groups of which X has no row: 'd'"):
        forecast(pipe, X, 2, ahead)
    with pytest.raises(ValueError, match="no row of the groups 'c', which X has"):
        forecast(pipe, X, 2, ahead[ahead["shop"] < "c"])


def test_a_row_without_a_group_and_a_name_that_is_no_column():
    X = panel()[["price", "shop"]]
    pipe = ridge(group_by="shop").fit(X, X["price"])
    holed = X.assign(shop=X["shop"].where(X.index != HOURS[7]))
    with pytest.raises(ValueError, match=r"'shop' is missing \(NaN\) in row 7 of X"):
        forecast(pipe, holed, 2)
    lstm = make_pipeline(SlidingWindow(3), LSTMRegressor(units=2, epochs=1))
    price = X[["price"]][:60]
    lstm.fit(price, price["price"].rename("sold"))
    with pytest.raises(
        ValueError, match=r"called 'sold', no column of X: if y was one"
    ):
        forecast(lstm, price, 2)


@pytest.mark.filterwarnings("ignore:.* missing within X")
def test_searches_without_a_best_estimator_and_unfitted_ones():
    X = series()[["price"]]
    search = GridSearchCV(ridge(), {"ridge__alpha": [1.0]}, refit=False)
    with pytest.raises(NotFittedError):
        forecast(search, X, 2)
    with pytest.raises(ValueError, match="a search over one with refit=True"):
        forecast(search.fit(X, X["price"]), X, 2)
    with pytest.raises(NotFittedError):
        forecast(TransformedTargetRegressor(ridge()), X, 2)
    with pytest.raises(ValueError, match="X has no rows"):
        forecast(ridge().fit(X, X["price"]), X[:0], 2)


def test_arrays_of_x_future_have_the_columns_of_x():
    X = series().to_numpy()
    pipe = ridge(history=None).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="must have the 2 columns of X, NaN in those"):
        forecast(pipe, X, 3, calendar(3).to_numpy())


def test_what_x_future_lacks_is_told_by_column_and_time():
    X, following = series(), calendar(3)
    following.iloc[1, following.columns.get_loc("hour")] = np.nan
    pipe = make_pipeline(SlidingWindow(4), LSTMRegressor(2, epochs=1, random_state=0))
    with pytest.raises(ValueError, match="NaN in some features") as caught:
        forecast(pipe.fit(X, X["price"]), X, 3, following)
    [note] = caught.value.__notes__
    assert f"in column 'hour' at {following.index[1]}: pass its value" in note


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_forecast_that_grows_to_infinity_is_told():
    X = pd.DataFrame({"price": 10.0 ** np.arange(0, 100, 10)})
    pipe = make_pipeline(
        SlidingWindow(1, flatten=True), CompleteCaseRegressor(LinearRegression())
    ).fit(X, X["price"])
    finite = forecast(pipe, X, 1)["price"].iloc[0]
    assert np.isfinite(finite)
    n_more = int((308.2 - np.log10(finite)) / 10)  # to the largest float
    assert np.isfinite(forecast(pipe, X, 1 + n_more)["price"]).all()
    message = f"infinite at step {2 + n_more}. Predictions that are fed back may grow"
    with pytest.raises(ValueError, match=message):
        forecast(pipe, X, 5 + n_more)


def test_an_estimator_without_windows_is_refused():
    X = series()
    with pytest.raises(ValueError, match="forecast needs a pipeline with a"):
        forecast(LinearRegression().fit(X, X["price"]), X, 2)


def yesterday(X):
    return X.assign(yesterday=X["holiday"].shift(1).fillna(0.0))


def holidays(days, n_rows=200):
    """A price that rises by half the day after a holiday."""
    times = pd.date_range("2026-01-01", periods=n_rows, freq="D")
    holiday = np.isin(np.arange(n_rows), days) * 1.0
    X = pd.DataFrame({"holiday": holiday, "price": 10.0}, index=times)
    X["price"] += 5 * X["holiday"].shift(1).fillna(0.0)
    return X


@pytest.mark.parametrize("days", [(20, 61, 103, 150, 199), (199,), (202,), (199, 201)])
@pytest.mark.parametrize("history", ["auto", None])
def test_rare_events_before_the_window_are_seen(days, history):
    whole = holidays((3, 60, 100, *days), 205)
    pipe = make_pipeline(
        FunctionTransformer(yesterday),
        SlidingWindow(1, flatten=True, known=["holiday", "yesterday"], history=history),
        SimpleImputer(strategy="most_frequent"),
        LinearRegression(),
    )
    pipe.fit(whole[:200], whole["price"][:200])
    # Forecast from a table that may show none of it.
    X, ahead = whole[150:200], whole[["holiday"]][200:]
    found = forecast(pipe, X, 5, ahead, target="price")
    np.testing.assert_allclose(found["price"], whole["price"][200:], rtol=1e-6)
    np.testing.assert_allclose(found, by_growing_table(pipe, X, ahead))


LOOKING = {
    "a lag": lambda X: X.shift(1).fillna(0.0),
    "a long lag": lambda X: X.shift(7).fillna(0.0),
    "an even lag": lambda X: X.shift(2).fillna(0.0),
    "a later row": lambda X: X.shift(-1).fillna(0.0),
    "differences": lambda X: X.diff(30).fillna(0.0),
    "sums": lambda X: X.cumsum(),
    "a rolling maximum": lambda X: X.rolling(3, min_periods=1).max(),
    "each column's mean": lambda X: X - X.mean(),
    "by hour": lambda X: X - X.groupby(X.index.hour).transform("mean"),
    "filled forward": lambda X: (
        X.add(X.index.hour, axis=0).where(X != 1.0).ffill().fillna(-1.0)
    ),
}
ALONE = {
    "a square": lambda X: X**2,
    "the hour": lambda X: X.assign(h=X.index.hour),
    "filled": lambda X: X.where(X != 1.0).fillna(0.0),
    "float32": lambda X: X.astype(np.float32) / 3,
}


@pytest.mark.parametrize("place", [0, 57, 119])
@pytest.mark.parametrize("name", [*LOOKING, *ALONE])
def test_every_row_tells_whether_steps_look_at_others(name, place):
    X = pd.DataFrame({"rare": (np.arange(120) == place) * 1.0}, index=HOURS[:120])
    step = FunctionTransformer({**LOOKING, **ALONE}[name])
    pipe = ridge(step).fit(X, X["rare"])
    parts = SplitPipeline.of(pipe, "forecast")
    looks = depends_on_other_rows(parts, Panel(X, None), parts.transform(X))
    assert looks == (name in LOOKING)


def test_steps_of_scikit_learn_are_not_tried():
    X = series()
    columns = make_column_transformer(
        (StandardScaler(), ["price"]),
        (make_pipeline(SimpleImputer(), OneHotEncoder()), ["hour"]),
        sparse_threshold=0,
    )
    pipe = ridge(columns, FunctionTransformer(np.square)).fit(X, X["price"])
    calls = []
    transform = pipe[0].transform
    pipe[0].transform = lambda X: calls.append(len(X)) or transform(X)
    forecast(pipe, X, 3, calendar(3), target="price")
    assert calls == [120, 1, 1]
    assert not work_row_by_row([FunctionTransformer(lambda X: X)])
    kept = make_column_transformer((FunctionTransformer(lambda X: X.diff()), ["price"]))
    assert not work_row_by_row([kept.fit(X)])


@pytest.mark.parametrize("steps", [10**11, 10**20, 10**400])
@pytest.mark.parametrize("as_array", [False, True])
def test_more_steps_than_memory_holds_are_told_at_once(steps, as_array):
    X = series()[["price"]]
    X = X.to_numpy() if as_array else X
    pipe = ridge().fit(X, X[:, 0] if as_array else X["price"])
    with pytest.raises(MemoryError, match=r"steps=10+ of 1 series are 10+ rows"):
        forecast(pipe, X, steps)


def voting(kind, *names):
    return kind([(name, ridge()) for name in names])


HIDDEN = {
    "voting": (voting(VotingRegressor, "x", "y"), "VotingRegressor. Put them before"),
    "stacking": (voting(StackingRegressor, "x"), "StackingRegressor. Put them before"),
    "voting after a step": (
        make_pipeline(
            StandardScaler().set_output(transform="pandas"),
            voting(VotingRegressor, "x"),
        ),
        "VotingRegressor. Put them before",
    ),
    "a search": (
        GridSearchCV(voting(VotingRegressor, "x"), {}, cv=TimeSeriesSplit(2)),
        "VotingRegressor. Put them before",
    ),
    "transformed targets": (
        TransformedTargetRegressor(voting(VotingRegressor, "x")),
        "VotingRegressor. Put them before",
    ),
    "bags": (BaggingRegressor(ridge(), n_estimators=2), "BaggingRegressor. Put them"),
    "columns": (
        make_pipeline(
            make_column_transformer(
                (SlidingWindow(3, flatten=True), ["price"]), remainder="passthrough"
            ),
            SimpleImputer(),
            Ridge(),
        ),
        "ColumnTransformer. Put them after it",
    ),
    "a union": (
        make_pipeline(
            make_union(SlidingWindow(3, flatten=True), SlidingWindow(6, flatten=True)),
            SimpleImputer(),
            Ridge(),
        ),
        "FeatureUnion. Put them after it",
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("caller", ["forecast", "stream"])
def test_windows_that_are_no_step_are_told_where_they_belong(name, caller):
    fitted, message = HIDDEN[name]
    X = series()
    fitted = clone(fitted)
    with warnings.catch_warnings():  # of bags, whose rows are drawn at random
        warnings.simplefilter("ignore")
        fitted = fitted.fit(X.to_numpy() if name == "bags" else X, X["price"])
    call = {
        "stream": lambda: stream(fitted),
        "forecast": lambda: forecast(fitted, X, 3, calendar(3), target="price"),
    }
    with pytest.raises(ValueError, match=f"{caller} needs the windows .*{message}"):
        call[caller]()


def test_several_estimators_after_the_window_are_forecast_with():
    X, ahead = series(), calendar(5)
    several = VotingRegressor([("x", Ridge()), ("y", Ridge(100.0))])
    window = SlidingWindow(5, flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), several).fit(X, X["price"])
    found = forecast(pipe, X, 5, ahead)
    expected = by_growing_table(pipe, X, ahead)
    pd.testing.assert_frame_equal(found, expected, check_freq=False)
    lstm = LSTMRegressor(units=2, epochs=1)
    several = VotingRegressor([("x", lstm), ("y", clone(lstm))])
    pipe = make_pipeline(SlidingWindow(5), several).fit(X, X["price"])
    found = forecast(pipe, X, 5, ahead)
    np.testing.assert_allclose(found, by_growing_table(pipe, X, ahead), rtol=1e-4)


class SpeaksOfEmptyWindows(Ridge):
    """Warns as networks do of samples without a step, which it reads as zeros."""

    def fit(self, X, y):
        return super().fit(np.nan_to_num(X).reshape(len(X), -1), y)

    def predict(self, X):
        if np.isnan(X).all(axis=(1, 2)).any():
            warnings.warn(
                f"1 of the {len(X)} samples of X have no time step that is not missing",
                UserWarning,
                stacklevel=2,
            )
        return super().predict(np.nan_to_num(X).reshape(len(X), -1))


def test_empty_windows_are_counted_once():
    X = panel()[["price", "shop"]]
    window = SlidingWindow(3, horizon=3, group_by="shop", history=None)
    pipe = make_pipeline(window, SpeaksOfEmptyWindows()).fit(X, X["price"])
    short = X[(X["shop"] != "a") | (X.index <= HOURS[0])]
    with pytest.warns(
        UserWarning, match="^2 windows hold no row, .* horizon=3"
    ) as told:
        found = forecast(pipe, short, 8)
    assert len(told) == 1
    with pytest.warns(UserWarning, match="samples of X have no time step"):
        expected = by_growing_table(
            pipe, short[short["shop"] == "a"], calendar(8, 1)[[]].assign(shop="a")
        )
    np.testing.assert_allclose(found[found["shop"] == "a"]["price"], expected["price"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forecast(pipe, X, 8)


def test_groups_of_half_precision():
    X = np.column_stack([np.tile([1, 2], 8), np.arange(16)]).astype(np.float16)
    window = SlidingWindow(2, group_by=0, flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X, X[:, 1])
    found = forecast(pipe, X, 1, target=1)
    same = forecast(pipe, X.astype(np.float32), 1, target=1)
    np.testing.assert_allclose(found[1], same[1], rtol=1e-2)


@pytest.mark.filterwarnings("ignore:.*to_datetime")
def test_dates_as_text_are_no_times():
    X = series()[["price"]]
    text = X.set_axis(X.index.strftime("%Y-%m-%d %H:%M"))
    pipe = ridge().fit(text, X["price"].to_numpy())
    with pytest.raises(ValueError, match=r"no times \(pd.to_datetime makes times"):
        forecast(pipe, text, 2)


def test_a_target_with_the_name_of_the_groups_is_refused():
    X = panel()[["price", "shop"]]
    pipe = ridge(group_by="shop").fit(X, X["price"])
    with pytest.raises(ValueError, match="would be called 'shop', as is that of group"):
        forecast(pipe, X, 1, target="shop")
    assert list(forecast(pipe, X, 1, target="price")) == ["shop", "price"]
    X = X.rename(columns={"shop": "y"})  # what a target without a name is called
    pipe = ridge(group_by="y", horizon=2).fit(X.assign(load=1.0), X["price"].to_numpy())
    with pytest.raises(ValueError, match="would be called 'y', as is that of group_by"):
        forecast(pipe, X.assign(load=1.0), 1)


def test_without_names_of_y_the_target_is_asked_for():
    X = pd.DataFrame({"p": np.arange(30.0), "q": np.arange(30.0) % 7})
    pipe = make_pipeline(SlidingWindow(3, flatten=True), SimpleImputer(), Ridge())
    pipe.fit(X, X["p"])
    with pytest.raises(ValueError, match="which columns y held: say target, such as"):
        forecast(pipe, X, steps=2)
    future = X[["q"]][:2].set_axis([30, 31])
    found = forecast(pipe, X, steps=2, X_future=future, target="p")
    assert list(found.columns) == ["p"]
