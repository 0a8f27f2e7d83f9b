"""Backtests, beside a loop that fits and forecasts fold by fold."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.externals.loky import get_reusable_executor
from joblib.parallel import ThreadingBackend
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMRegressor, PanelTimeSeriesSplit, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import backtest, forecast, make_multistep

HOURS = pd.date_range("2026-01-01", periods=120, freq="h", name="when")


def series(n_rows=120, seed=0):
    rng = np.random.default_rng(seed)
    walk = rng.normal(size=n_rows).cumsum()
    return pd.DataFrame(
        {"price": walk, "hour": HOURS[:n_rows].hour * 1.0}, index=HOURS[:n_rows]
    )


def panel(shops="abc", n_rows=60):
    return pd.concat(
        series(n_rows, seed).assign(shop=shop) for seed, shop in enumerate(shops)
    )


def ridge(*before, window_length=5, horizon=1, **parameters):
    window = SlidingWindow(
        window_length, horizon=horizon, flatten=True, history=None, **parameters
    )
    return make_pipeline(*before, window, SimpleImputer(), Ridge())


BEFORE = {
    "nothing": [],
    "a scaler": [StandardScaler().set_output(transform="pandas")],
    "a rolling mean": [
        FunctionTransformer(lambda X: X.rolling(4, min_periods=1).mean())
    ],
}


@pytest.mark.parametrize("refit", [True, 2, False])
@pytest.mark.parametrize("before", BEFORE)
def test_a_backtest_is_a_forecast_from_every_origin(before, refit):
    X = series()
    pipe, cv = ridge(*BEFORE[before]), TimeSeriesSplit(5, test_size=8)
    found = backtest(pipe, X, X["price"], cv, refit=refit, known=["hour"])
    assert len(found) == 40
    every = {True: 1, 2: 2, False: 5}[refit]
    for fold, (train, test) in enumerate(cv.split(X)):
        if fold % every == 0:
            fitted = clone(pipe).fit(X.iloc[train], X["price"].iloc[train])
        expected = forecast(fitted, X[: train[-1] + 1], 8, X[["hour"]].iloc[test])
        own = found[found["fold"] == fold]
        np.testing.assert_allclose(own["forecast"], expected["price"], rtol=1e-9)
        np.testing.assert_array_equal(own["truth"], X["price"].iloc[test])
        assert list(own["time"]) == list(X.index[test])
        assert (own["origin"] == X.index[train[-1]]).all()
        assert list(own["step"]) == list(range(1, 9))


@pytest.mark.parametrize("where", ["column", "index level"])
@pytest.mark.parametrize("refit", [True, False])
def test_groups_are_backtested_each_from_its_own_rows(refit, where):
    X = panel().sort_index(kind="stable")
    if where == "index level":
        X = X.set_index("shop", append=True)
    pipe = ridge(group_by="shop")
    cv = PanelTimeSeriesSplit(3, time="when", test_size=6)
    found = backtest(pipe, X, X["price"], cv, refit=refit, known=["hour"])
    fitted = None
    for fold, (train, test) in enumerate(cv.split(X)):
        if refit or fitted is None:
            fitted = clone(pipe).fit(X.iloc[train], X["price"].iloc[train])
        ahead = X.iloc[test].drop(columns="price")
        expected = forecast(fitted, X.iloc[train], 6, ahead)
        own = found[found["fold"] == fold]
        np.testing.assert_allclose(own["forecast"], expected["price"], rtol=1e-9)
        assert list(own["shop"]) == list(np.repeat([*"abc"], 6))
        if where == "column":
            assert list(own["time"]) == list(expected.index)


def test_nothing_after_the_origin_matters_but_what_is_known():
    X = series()
    cv = [(np.arange(80), np.arange(80, 90))]
    changed = X.copy()
    changed.loc[HOURS[80:], "price"] = 1e6
    for before in BEFORE.values():
        first, second = (
            backtest(ridge(*before), table, X["price"], cv, known=["hour"])
            for table in (X, changed)
        )
        np.testing.assert_array_equal(first["forecast"], second["forecast"])


def test_direct_forecasts_of_several_steps():
    X = series()
    trimmed, Y = make_multistep(X, X["price"], 6)
    pipe, cv = ridge(horizon=6), TimeSeriesSplit(3, test_size=6)
    found = backtest(pipe, trimmed, Y, cv)
    for fold, (train, test) in enumerate(cv.split(trimmed)):
        fitted = clone(pipe).fit(trimmed.iloc[train], Y.iloc[train])
        own = found[found["fold"] == fold]
        table = trimmed.iloc[: test[-1] + 1]
        np.testing.assert_allclose(own["forecast"], fitted.predict(table)[-1])
        np.testing.assert_array_equal(own["truth"], trimmed["price"].iloc[test])
    nameless = backtest(pipe, trimmed, Y.to_numpy(), cv)
    np.testing.assert_allclose(nameless["forecast"], found["forecast"])


@pytest.mark.parametrize("refit", [True, False])
def test_windows_with_what_is_known_of_the_row_itself(refit):
    X = panel().sort_index(kind="stable")
    pipe = ridge(group_by="shop", known=["hour"])
    cv = PanelTimeSeriesSplit(3, test_size=6)
    found = backtest(pipe, X, X["price"], cv, refit=refit)
    fitted = None
    for fold, (train, test) in enumerate(cv.split(X)):
        if refit or fitted is None:
            fitted = clone(pipe).fit(X.iloc[train], X["price"].iloc[train])
        expected = forecast(fitted, X.iloc[train], 6, X.iloc[test][["hour", "shop"]])
        own = found[found["fold"] == fold]
        np.testing.assert_allclose(own["forecast"], expected["price"], rtol=1e-9)


@pytest.mark.parametrize("network", [False, True])
def test_ragged_folds_with_known_columns(network):
    X = panel().assign(offer=lambda X: X["price"].shift(2).fillna(0))
    X = X[(X["shop"] != "b") | (X.index < HOURS[55])].sort_index(kind="stable")
    window = {"group_by": "shop", "known": ["hour", "offer"]}
    pipe = ridge(**window)
    if network:
        lstm = LSTMRegressor(units=2, epochs=1, random_state=0)
        pipe = make_pipeline(SlidingWindow(3, **window), lstm)
    cv = PanelTimeSeriesSplit(3, test_size=7)
    found = backtest(pipe, X, X["price"], cv, refit=False, known=["hour"])
    assert np.isfinite(found["forecast"]).all()
    train, _ = next(iter(cv.split(X)))
    fitted = clone(pipe).fit(X.iloc[train], X["price"].iloc[train])
    for fold, (train, test) in enumerate(cv.split(X)):
        for shop in X["shop"].iloc[test].unique():
            ahead = X.iloc[test].query("shop == @shop")
            known = X.iloc[train].query("shop == @shop")
            own = found[(found["fold"] == fold) & (found["shop"] == shop)]
            columns = ["hour", "offer", "shop"]
            expected = forecast(fitted, known, len(ahead), ahead[columns])
            np.testing.assert_allclose(own["forecast"], expected["price"], rtol=1e-5)


def test_known_columns_that_a_step_makes():
    X = series()[["price"]]
    step = FunctionTransformer(lambda X: X.assign(hour=X.index.hour * 1.0))
    made = backtest(ridge(step, known="hour"), X, X["price"], 3)
    given = backtest(ridge(known="hour"), series(), X["price"], 3)
    np.testing.assert_allclose(made["forecast"], given["forecast"])


def test_int_names_of_steps_and_nameless_frames():
    X = pd.DataFrame({0: series()["price"]})
    trimmed, Y = make_multistep(X, X[0], 3)
    cv = TimeSeriesSplit(3, test_size=6)
    expected = backtest(ridge(horizon=3), trimmed, Y, cv)
    nameless = pd.DataFrame(Y.to_numpy(), index=Y.index)
    found = backtest(ridge(horizon=3), trimmed, nameless, cv)
    pd.testing.assert_frame_equal(found, expected)


def test_several_targets_have_rows_each():
    X = series().rename(columns={"hour": "load"})
    found = backtest(ridge(), X, X, TimeSeriesSplit(2, test_size=4))
    assert list(found.columns[:5]) == ["fold", "origin", "step", "time", "target"]
    wide = found.pivot_table("truth", "time", "target")
    pd.testing.assert_frame_equal(
        wide[["price", "load"]], X[-8:], check_names=False, check_freq=False
    )


def test_after_a_gap_steps_count_from_the_last_train_row():
    X = series()[["price"]]
    cv = TimeSeriesSplit(2, test_size=4, gap=3)
    found = backtest(ridge(), X, X["price"], cv)
    assert list(found["step"]) == [4, 5, 6, 7] * 2
    train, _ = next(iter(cv.split(X)))
    fitted = clone(ridge()).fit(X.iloc[train], X["price"].iloc[train])
    expected = forecast(fitted, X.iloc[train], 7, target="price")[3:]
    np.testing.assert_allclose(found["forecast"][:4], expected["price"])


def test_folds_of_unequal_length():
    X = series()[["price"]]
    cv = [(np.arange(60), np.arange(60, 63)), (np.arange(80), np.arange(80, 90))]
    together = backtest(ridge(), X, X["price"], cv, refit=False)
    assert list(together["step"]) == [1, 2, 3, *range(1, 11)]
    first = backtest(ridge(), X, X["price"], cv[:1])
    np.testing.assert_allclose(together["forecast"][:3], first["forecast"])


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("before", BEFORE)
def test_unequal_folds_of_one_fit_are_as_each_alone(before, steps):
    X = series()
    y = make_multistep(X, X["price"], steps)[1] if steps > 1 else X[["price"]]
    X = X.loc[y.index]
    pipe = ridge(*BEFORE[before], horizon=steps, known="hour").fit(X[:60], y[:60])
    n = len(X)  # the last fold has fewer rows after it than the longest forecast
    cv = [(np.arange(a), np.arange(a, b)) for a, b in [(60, 64), (80, 92), (n - 4, n)]]
    together = backtest(pipe, X, y, cv, refit="prefit")
    alone = [backtest(pipe, X, y, [one], refit="prefit") for one in cv]
    alone = pd.concat(alone, keys=range(3), names=["part", None])
    assert len(together) == 20
    np.testing.assert_allclose(together["forecast"], alone["forecast"], rtol=1e-9)
    pd.testing.assert_series_equal(
        together["time"], alone["time"].reset_index(drop=True)
    )


def test_arrays_have_numbers_of_rows_for_times():
    X = series()[["price"]]
    expected = backtest(ridge(), X, X["price"], TimeSeriesSplit(2, test_size=4))
    array = X.to_numpy()
    found = backtest(ridge(), array, array[:, 0], TimeSeriesSplit(2, test_size=4))
    np.testing.assert_allclose(found["forecast"], expected["forecast"])
    assert list(found["time"]) == list(range(112, 120))
    assert list(found["origin"]) == [111] * 4 + [115] * 4


def test_a_number_of_folds_splits_in_time():
    X = panel()
    pipe = ridge(group_by="shop")
    found = backtest(pipe, X, X["price"], 4, known=["hour"])
    cv = PanelTimeSeriesSplit(4)
    expected = backtest(pipe, X, X["price"], cv, known=["hour"])
    pd.testing.assert_frame_equal(found, expected)


def test_jobs_give_the_same():
    X = series()
    arguments = (ridge(), X, X["price"], TimeSeriesSplit(4, test_size=5))
    expected = backtest(*arguments, known=["hour"])
    found = backtest(*arguments, known=["hour"], n_jobs=2)
    pd.testing.assert_frame_equal(found, expected)
    # Small workers that later take on a network look to joblib as if they leaked.
    get_reusable_executor().shutdown(wait=True)


def test_quantiles_of_an_lstm_and_a_search():
    X = series()
    lstm = LSTMRegressor(
        units=3, epochs=1, loss="quantile", quantiles=(0.2, 0.8), random_state=0
    )
    pipe = make_pipeline(SlidingWindow(4), PerFeatureScaler(), lstm)
    cv = TimeSeriesSplit(2, test_size=3)
    found = backtest(pipe, X, X["price"], cv, known=["hour"])
    assert (found["q0.2"] < found["q0.8"]).all()
    search = GridSearchCV(ridge(), {"ridge__alpha": [1.0]}, cv=TimeSeriesSplit(2))
    found = backtest(search, X, X["price"], cv, known=["hour"])
    expected = backtest(ridge(), X, X["price"], cv, known=["hour"])
    pd.testing.assert_frame_equal(found, expected)


def test_the_pipeline_and_the_table_stay_as_they_are():
    X = series()
    before, pipe = X.copy(), ridge()
    backtest(pipe, X, X["price"], TimeSeriesSplit(2), known=["hour"])
    pd.testing.assert_frame_equal(X, before)
    assert not hasattr(pipe[-1], "coef_")


def test_a_group_that_begins_in_a_test_part_starts_cold():
    X = panel()[["price", "shop"]]
    X = X[(X["shop"] != "b") | (X.index >= HOURS[50])]
    cv = PanelTimeSeriesSplit(2, test_size=10)
    with pytest.warns(UserWarning, match="Fold 1: groups without a row .*: 'b'"):
        found = backtest(ridge(group_by="shop"), X, X["price"], cv)
    new = found[(found["shop"] == "b") & (found["fold"] == 1)]
    assert new["origin"].isna().all()
    assert list(new["step"]) == list(range(1, 11))
    assert np.isfinite(new["forecast"]).all()


def test_a_fit_forecasts_no_rows_that_it_has_seen():
    X = series()[["price"]]
    cv = [(np.arange(50), np.arange(50, 55)), (np.arange(30), np.arange(30, 35))]
    backtest(ridge(), X, X["price"], cv)
    with pytest.raises(
        ValueError, match="Fold 0 of cv trains on rows after test row 30"
    ):
        backtest(ridge(), X, X["price"], cv, refit=False)


def test_train_rows_of_other_groups_that_are_too_late_are_told():
    X = panel()[["price", "shop"]]  # one group after the other
    cv = TimeSeriesSplit(2, test_size=9)
    with pytest.warns(UserWarning, match="PanelTimeSeriesSplit splits all groups"):
        backtest(ridge(group_by="shop"), X, X["price"], cv)


def test_holes_in_the_target_are_missing_steps():
    X = series()[["price"]]
    X.iloc[[5, 40, 77]] = np.nan
    y = X["price"].fillna(0)
    found = backtest(ridge(), X, y, TimeSeriesSplit(3, test_size=6))
    assert np.isfinite(found["forecast"]).all()


@pytest.mark.parametrize("n_rows", [24, 30, 31, 60])
def test_what_looks_ahead_does_not_see_the_test_rows(n_rows):
    smooth = FunctionTransformer(
        lambda X: X.bfill().rolling(3, center=True, min_periods=1).mean()
    )
    X = series(n_rows)[["price"]].assign(other=np.arange(n_rows) % 4.0)
    X.iloc[n_rows - 5, 1] = np.nan
    changed = X.copy()
    changed.iloc[n_rows - 4 :] += 1000.0
    cv = [(np.arange(n_rows - 4), np.arange(n_rows - 4, n_rows))]
    y = X[["price", "other"]].fillna(0)
    first, second = (backtest(ridge(smooth), one, y, cv) for one in (X, changed))
    np.testing.assert_array_equal(first["forecast"], second["forecast"])


def test_nameless_steps_of_groups_are_steps():
    X = panel().sort_index(kind="stable")[["price", "shop"]]
    trimmed, Y = make_multistep(X, X["price"], 3, groups=X["shop"])
    pipe = ridge(horizon=3, group_by="shop")
    cv = PanelTimeSeriesSplit(3, test_size=3)
    expected = backtest(pipe, trimmed, Y, cv)
    found = backtest(pipe, trimmed, Y.to_numpy(), cv)
    pd.testing.assert_frame_equal(found, expected)


def test_rows_before_the_test_part_are_known_where_none_of_them_trains():
    X = panel()[["price", "shop"]]
    X = X[(X["shop"] != "b") | (X.index < HOURS[20]) | (X.index >= HOURS[50])]
    cv = PanelTimeSeriesSplit(2, test_size=5, max_train_size=10)
    found = backtest(ridge(group_by="shop"), X, X["price"], cv)
    assert found["step"].max() == 5
    first = found[(found["shop"] == "b") & (found["fold"] == 0)]
    assert (first["origin"] == HOURS[19]).all() or len(first) == 5


def test_folds_may_be_masks():
    X = series()[["price"]]
    mask = np.arange(120) < 100
    found = backtest(ridge(), X, X["price"], [(mask, ~mask)])
    numbers = [(np.flatnonzero(mask), np.flatnonzero(~mask))]
    expected = backtest(ridge(), X, X["price"], numbers)
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.filterwarnings("ignore:y is the column")
@pytest.mark.parametrize(
    "other", [lambda y: y.diff().fillna(0), lambda y: y.shift(-1, fill_value=0)]
)
def test_predictions_go_into_no_column_that_y_is_not(other):
    X = series()
    cv = TimeSeriesSplit(2, test_size=4)
    with pytest.raises(ValueError, match="can't be fed back into column 'price' of X"):
        backtest(ridge(), X, other(X["price"]), cv, known=["hour"])
    ahead = backtest(ridge(horizon=4), X, other(X["price"]), cv)  # nothing is fed
    assert len(ahead) == 8


def test_memory_is_bounded_by_forecasting_folds_in_parts(monkeypatch):
    X = panel()
    arguments = (ridge(group_by="shop"), X, X["price"], 5)
    expected = backtest(*arguments, refit=False, known=["hour"])
    monkeypatch.setattr("sklstm.forecasting._origins._LARGEST", 1)
    monkeypatch.setattr("sklstm.forecasting._rollout._LARGEST", 1)
    found = backtest(*arguments, refit=False, known=["hour"])
    pd.testing.assert_frame_equal(found, expected)


NAMES = ["fold", "origin", "step", "time", "target", "truth", "forecast", "q0.1"]


@pytest.mark.parametrize("name", [*NAMES, "lower", "upper"])
@pytest.mark.parametrize("level", [False, True])
def test_groups_are_not_called_as_a_column_of_the_result(name, level):
    X = panel().rename(columns={"shop": name})
    if level:
        X = X.set_index(name, append=True)
    with pytest.raises(ValueError, match=f"group_by='{name}' is the name .* Rename"):
        backtest(ridge(group_by=name), X, X["price"], 3, known=["hour"])


class Holed(Ridge):
    """A Ridge that leaves rows without a target out."""

    def fit(self, X, y):
        there = np.isfinite(np.asarray(y)).reshape(len(X), -1).all(axis=1)
        return super().fit(X[there], np.asarray(y)[there])


def holed_ridge(**parameters):
    return make_pipeline(*[step for _, step in ridge(**parameters).steps[:-1]], Holed())


@pytest.mark.parametrize("nullable", [False, True])
def test_rows_without_a_target_have_no_truth(nullable):
    X = panel().sort_index(kind="stable")
    y = X["price"].copy()
    y.iloc[np.arange(len(y)) % 7 == 3] = np.nan
    pipe, cv = holed_ridge(group_by="shop"), PanelTimeSeriesSplit(3, test_size=6)
    given = y.astype("Float64") if nullable else y
    if nullable:
        pipe = ridge(group_by="shop")
        train, _ = next(iter(cv.split(X)))
        pipe.fit(X.iloc[train], X["price"].iloc[train])
        found = backtest(pipe, X, given, cv, known=["hour"], refit="prefit")
    else:
        found = backtest(pipe, X, given, cv, known=["hour"])
    rows = X.assign(y=y).set_index("shop", append=True)["y"]
    expected = rows.loc[list(zip(found["time"], found["shop"], strict=True))]
    np.testing.assert_array_equal(found["truth"], expected)
    assert 0 < found["truth"].isna().sum() < len(found)
    assert np.isfinite(found["forecast"]).all()


def test_each_target_is_missing_on_its_own():
    X = series().rename(columns={"hour": "load"})
    Y = X.copy()
    Y.iloc[117, 0] = Y.iloc[119, 1] = np.nan
    found = backtest(holed_ridge(), X, Y, TimeSeriesSplit(2, test_size=4))
    expected = backtest(holed_ridge(), X, X, TimeSeriesSplit(2, test_size=4))
    holes = found[found["truth"].isna()]
    assert list(zip(holes["time"], holes["target"], strict=True)) == [
        (HOURS[117], "price"),
        (HOURS[119], "load"),
    ]
    np.testing.assert_array_equal(found["forecast"], expected["forecast"])


def test_a_refusal_of_missing_targets_is_explained():
    X = series()
    y = X["price"].where(np.arange(120) % 9 != 2)
    with pytest.raises(ValueError, match="contains NaN") as caught:
        backtest(ridge(), X, y, 3, known=["hour"])
    assert "y is NaN in train rows of the backtest" in caught.value.__notes__[0]


@pytest.mark.parametrize("frozen", [False, True])
def test_a_pipeline_that_is_fitted_already(frozen):
    X = series()
    pipe = ridge().fit(X[:60], X["price"][:60])
    cv = [(np.arange(90), np.arange(90, 95)), (np.arange(70), np.arange(70, 75))]
    given = (FrozenEstimator(pipe), True) if frozen else (pipe, "prefit")
    found = backtest(given[0], X, X["price"], cv, refit=given[1], known=["hour"])
    for fold, (train, test) in enumerate(cv):
        expected = forecast(pipe, X.iloc[train], 5, X[["hour"]].iloc[test])
        own = found[found["fold"] == fold]
        np.testing.assert_allclose(own["forecast"], expected["price"], rtol=1e-9)


@pytest.mark.parametrize("groups", [False, True])
def test_a_fitted_pipeline_is_not_tested_on_what_it_saw(groups):
    X = panel().sort_index(kind="stable") if groups else series(60)
    window = SlidingWindow(5, flatten=True, group_by="shop" if groups else None)
    pipe = make_pipeline(window, SimpleImputer(), Ridge())
    seen = X[X.index <= HOURS[50]]
    pipe.fit(seen, seen["price"])
    arguments = (pipe, X, X["price"])
    options = {"known": ["hour"], "refit": "prefit"}
    cv = PanelTimeSeriesSplit(2, test_size=5)  # which begins at hour 50
    with pytest.raises(ValueError, match=r"fitted on rows until .*, but fold 0 of cv"):
        backtest(*arguments, cv, **options)
    assert len(backtest(*arguments, PanelTimeSeriesSplit(2, test_size=4), **options))


def test_a_single_fit_on_few_rows_is_told():
    X = series()[["price"]]
    cv = TimeSeriesSplit(10, test_size=10)  # the first fold trains on 20 rows
    with pytest.warns(UserWarning, match="first fold alone: 20, of which 5 have a"):
        backtest(ridge(window_length=15), X, X["price"], cv, refit=False)
    backtest(ridge(window_length=15), X, X["price"], cv, refit=5)
    backtest(ridge(window_length=10), X, X["price"], cv, refit=False)


def test_polars_is_as_pandas():
    polars = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    X = panel().sort_index(kind="stable").reset_index(drop=True)
    table = polars.from_pandas(X)
    pipe, cv = ridge(group_by="shop"), TimeSeriesSplit(3, test_size=9)
    expected = backtest(pipe, X, X["price"], cv, known=["hour"])
    found = backtest(pipe, table, table["price"], cv, known=["hour"], target="price")
    pd.testing.assert_frame_equal(found, expected)


PEAK = """
import sys, tracemalloc
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklstm import SlidingWindow
from sklstm.forecasting import backtest
X = np.random.default_rng(0).normal(size=(50_000, 1)).cumsum(0)
window = SlidingWindow(3, flatten=True, history=None)
pipe = make_pipeline(window, SimpleImputer(), Ridge())
for folds in (2, 200):
    tracemalloc.start()
    backtest(pipe, X, X[:, 0], TimeSeriesSplit(folds, test_size=2), refit=False)
    print(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
"""


def test_memory_does_not_grow_with_folds():
    found = subprocess.run(
        [sys.executable, "-c", PEAK], capture_output=True, text=True, check=True
    )
    few, many = map(int, found.stdout.split())
    # 198 train parts of 50,000 rows would be 79 MB.
    assert many - few < 10e6


ROWS = np.arange(50)
BAD = {
    "scalar X": ({"X": 5.0}, "X must be a DataFrame or an array of two axes"),
    "scalar y": ({"y": 5.0}, "y must hold a target for each row of X, got 5.0"),
    "3-D": ({"X": np.zeros((120, 2, 2))}, "X must be a DataFrame or an array of two"),
    "cv": ({"cv": "five"}, "cv must be an int, a splitter or an iterable .* 'five'"),
    "cv bool": ({"cv": True}, "cv must be an int, a splitter .* got True"),
    "no pairs": ({"cv": [1, 2]}, "pairs of train and test rows, but fold 0 is 1"),
    "beyond": ({"cv": [(ROWS, [120])]}, "test part of fold 0 .* 0 to 119.* got 120"),
    "negative": ({"cv": [(ROWS, [-3])]}, "test part of fold 0 .* 0 to 119.* got -3"),
    "floats": ({"cv": [(ROWS * 1.0, [60])]}, "train part of fold 0 .* of float64"),
    "mask": ({"cv": [(ROWS > 9, [60])]}, "a mask of 120 bools; got .* bool"),
    "overlap": ({"cv": [(ROWS, ROWS[40:])]}, "after test row 40, or on itself"),
    "refit": (
        {"refit": 0.5},
        r"refit must be an int >= 1, a bool or 'prefit', got 0\.5",
    ),
    "known": ({"known": ["snow"]}, "known has 'snow', but X has the columns"),
    "missing": (
        {"known": []},
        "neither predicted nor known: 'hour'. Add them to known",
    ),
    "told": ({"known": ["hour", "price"]}, "known has 'price', which is to be"),
    "KFold": ({"cv": KFold(3)}, "Fold 0 of cv trains on rows after test row 0"),
    "empty": ({"cv": [([], [1])]}, "Fold 0 of cv has no train row"),
    "no test": ({"cv": [([1], [])]}, "Fold 0 of cv has no test row"),
    "lengths": ({"y": np.zeros(7)}, "inconsistent numbers of samples"),
    "repeated": ({"X": series().iloc[[0, *range(119)]]}, "is that of an earlier row"),
    "letters": ({"known": "hol"}, "known has 'hol', but X has"),
    "no fold": ({"cv": []}, "gives no fold"),
    "no window": ({"pipeline": Ridge()}, "backtest needs a pipeline with a"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_be_backtested_is_told(name):
    changed, message = BAD[name]
    X = series()
    given = {"pipeline": ridge(), "X": X, "y": X["price"], "known": ["hour"]}
    given |= {"cv": TimeSeriesSplit(3)}
    with pytest.raises(ValueError, match=message):
        backtest(**{**given, **changed})


@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("gaps", ["missing", "ignore"])
def test_rows_missing_within_the_table_are_steps_of_the_backtest(grouped, gaps):
    """As on the table into which pandas has put the missing rows."""
    rng = np.random.default_rng(0)
    hours = pd.date_range("2026-01-01", periods=90, freq="h")
    full = pd.DataFrame({"price": rng.normal(size=90).cumsum()}, index=hours)
    window = SlidingWindow(4, flatten=True, gaps=gaps)
    if grouped:
        other = full * 2 + 1
        full = pd.concat([full.assign(shop="a"), other.assign(shop="b")])
        window.set_params(group_by="shop")
    pipe = make_pipeline(window, SimpleImputer(), Ridge())
    early = full[full.index < hours[40]]
    pipe.fit(early, early["price"])
    there = (rng.random(len(full)) < 0.8) & ~np.isin(full.index, hours[62:65])
    there |= np.isin(full.index, hours[[40, 59, 69, 79, 89]])  # origins among them
    later = full.index >= hours[40]
    holed = full[there & later]
    grid = full.assign(price=full["price"].where(there))[later]

    def backtested(X):
        known = X["price"].notna().to_numpy()
        folds = [
            (
                np.flatnonzero(X.index < hours[first]),
                np.flatnonzero(
                    known & (X.index >= hours[first]) & (X.index < hours[first + 9])
                ),
            )
            for first in (60, 70, 80)
        ]
        return backtest(pipe, X, X["price"], folds, refit="prefit")

    found, expected = backtested(holed), backtested(grid)
    if gaps == "missing":
        pd.testing.assert_frame_equal(found, expected)
        assert found["step"].max() == 9
    else:
        assert not found["step"].equals(expected["step"])


@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("before", [[], [StandardScaler()]], ids=["", "scaled"])
def test_a_backtest_over_a_missing_row_is_the_forecast(before):
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=40).delete(35)
    X = pd.DataFrame({"a": rng.normal(size=39).cumsum()}, index=days)
    pipe = make_pipeline(
        *before, SlidingWindow(2, flatten=True), SimpleImputer(), Ridge()
    )
    pipe.set_output(transform="pandas")
    found = backtest(pipe, X, X["a"], [(np.arange(33), np.arange(33, 39))])
    ahead = forecast(pipe.fit(X[:33], X["a"][:33]), X[:33], 7)["a"]
    np.testing.assert_allclose(found["forecast"], ahead.reindex(found["time"]))


@pytest.mark.parametrize(("refit", "n_fits"), [(True, 5), (2, 3), (False, 1)])
def test_a_progress_bar_counts_the_fits(refit, n_fits, monkeypatch, capsys):
    bar = pytest.importorskip("rich.progress")
    totals, X = [], series()
    monkeypatch.setattr(
        bar, "track", lambda found, _, total: totals.append(total) or found
    )
    cv = TimeSeriesSplit(5, test_size=8)
    settings = {"refit": refit, "known": ["hour"]}
    found = backtest(ridge(), X, X["price"], cv, progress=True, **settings)
    assert totals == [n_fits]
    monkeypatch.undo()
    shown = backtest(ridge(), X, X["price"], cv, progress=True, **settings)
    assert "backtest" in capsys.readouterr().out
    silent = backtest(ridge(), X, X["price"], cv, **settings)
    pd.testing.assert_frame_equal(found, silent)
    pd.testing.assert_frame_equal(shown, silent)


def test_progress_is_a_bool_and_needs_rich(monkeypatch):
    X, cv = series(), TimeSeriesSplit(5, test_size=8)
    with pytest.raises(ValueError, match="progress must be a bool, got 'yes'"):
        backtest(ridge(), X, X["price"], cv, known=["hour"], progress="yes")
    monkeypatch.setitem(sys.modules, "rich", None)
    with pytest.raises(ImportError, match="pip install rich"):
        backtest(ridge(), X, X["price"], cv, known=["hour"], progress=True)


class WithoutGenerators(ThreadingBackend):
    supports_return_generator = False


def test_a_backend_without_generators():
    register_parallel_backend("without generators", WithoutGenerators)
    X, cv = series(), TimeSeriesSplit(5, test_size=8)
    with parallel_config("without generators", n_jobs=2):
        found = backtest(ridge(), X, X["price"], cv, known=["hour"])
    expected = backtest(ridge(), X, X["price"], cv, known=["hour"])
    pd.testing.assert_frame_equal(found, expected)
