"""`assert_no_leakage` finds the faults that were planted, and no others."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import PanelTimeSeriesSplit, PurgedKFold, SlidingWindow
from sklstm.forecasting import make_multistep
from sklstm.model_selection import assert_no_leakage

CV = TimeSeriesSplit(3)
HOURS = pd.date_range("2026-01-01", periods=90, freq="h")


@pytest.fixture(name="X")
def table():
    noise = np.random.default_rng(0).normal(size=(90, 2))
    return pd.DataFrame(noise.cumsum(axis=0), columns=["price", "load"], index=HOURS)


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"shop": ["a", "b"] * 60, "sold": rng.normal(size=120)})
    return table.assign(day=np.arange(120) // 2)


def windows(*before, length=3, horizon=1, **settings):
    window = SlidingWindow(length, horizon=horizon, flatten=True, **settings)
    return make_pipeline(*before, window, SimpleImputer(), Ridge())


# ----------------------------------------------------------------- nothing to be found
@pytest.mark.parametrize("horizon", [1, 2, 5])
@pytest.mark.parametrize("kind", ["frame", "array"])
def test_windows_behind_the_horizon_are_clean(horizon, kind, X):
    y = X["price"]
    if kind == "array":
        pipe = windows(StandardScaler(), horizon=horizon, history="fit")
        assert_no_leakage(pipe, X.to_numpy(), y.to_numpy(), CV)
    else:
        assert_no_leakage(windows(horizon=horizon), X, y, CV)


def test_a_target_that_is_no_column_may_have_a_horizon_of_zero(X):
    y = np.random.default_rng(1).normal(size=90)
    assert_no_leakage(windows(horizon=0), X, y, CV)


@pytest.mark.filterwarnings("ignore:.* missing within X")
def test_purged_folds_and_panels_are_clean(X, panel):
    pipe = windows()
    assert_no_leakage(pipe, X, X["price"], PurgedKFold(4, pipeline=pipe))
    of_shops = windows(group_by="shop", history=None)
    cv = PanelTimeSeriesSplit(3, time="day")
    assert_no_leakage(of_shops, panel, panel["sold"], cv, groups="shop")


def test_rows_without_windows_may_be_shuffled(X):
    y = (np.random.default_rng(1).normal(size=90) > 0).astype(int)
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    assert_no_leakage(pipe, X, y, KFold(3, shuffle=True, random_state=0))


def test_nothing_is_changed_by_the_proof(X):
    before, pipe = X.copy(), windows(StandardScaler().set_output(transform="pandas"))
    assert_no_leakage(pipe, X, X["price"], CV)
    pd.testing.assert_frame_equal(X, before)
    assert not hasattr(pipe[0], "mean_")


# ---------------------------------------------------------------------- planted faults
def test_a_scaler_that_was_fitted_before_the_split(X):
    scaler = StandardScaler().fit(X)

    def scale(rows):
        return scaler.transform(rows)

    for step in (
        FrozenEstimator(scaler),
        FunctionTransformer(scaler.transform),
        FunctionTransformer(scale),
    ):
        with pytest.raises(AssertionError, match="fitted before the split"):
            assert_no_leakage(windows(step, history="fit"), X, X["price"], CV)
    assert_no_leakage(windows(scaler, history="fit"), X, X["price"], CV)  # fitted anew


def test_a_horizon_of_zero_with_the_target_among_the_columns(X):
    message = "depends on its own target, which is in column 'price' .*slidingwindow"
    with pytest.raises(AssertionError, match=message):
        assert_no_leakage(windows(horizon=0), X, X["price"], CV)


def test_columns_without_names(X):
    unnamed = X.set_axis([0, 1], axis=1)
    pipe = windows(FunctionTransformer(lambda rows: rows), horizon=0)
    with pytest.raises(AssertionError, match="is in column 0"):
        assert_no_leakage(pipe, unnamed, X["price"], CV)


def test_a_centred_rolling_mean(X):
    def smooth(rows):
        return rows.rolling(3, center=True, min_periods=1).mean()

    message = r"depends on rows from .*'functiontransformer'"
    with pytest.raises(AssertionError, match=message):
        assert_no_leakage(windows(FunctionTransformer(smooth)), X, X["price"], CV)

    def trailing(rows):
        return rows.rolling(3, min_periods=1).mean()

    assert_no_leakage(windows(FunctionTransformer(trailing)), X, X["price"], CV)


def test_windows_across_groups(panel):
    X = panel[["sold"]]
    cv = PanelTimeSeriesSplit(3, time=panel["day"])
    with pytest.raises(AssertionError, match=r"rows of other groups.*'slidingwindow'"):
        assert_no_leakage(
            windows(history=None), X, panel["sold"], cv, groups=panel["shop"]
        )


@pytest.mark.filterwarnings("ignore:y is the column")
def test_a_target_that_is_shifted_the_wrong_way(X):
    y = X["price"].shift(1).fillna(0.0)
    with pytest.raises(AssertionError, match="its own target, which is in column"):
        assert_no_leakage(windows(), X, y, CV)


@pytest.mark.filterwarnings("ignore:y is the column")
@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
def test_a_target_that_is_shifted_over_the_split(X):
    y = X["price"].shift(-1).fillna(0.0)
    with pytest.raises(AssertionError, match="leave a gap of 1 rows"):
        assert_no_leakage(windows(), X, y, CV)
    assert_no_leakage(windows(), X, y, TimeSeriesSplit(3, gap=1))


def test_shuffled_folds_over_overlapping_windows(X):
    cv = KFold(3, shuffle=True, random_state=0)
    with pytest.raises(
        AssertionError, match=r"window and target of train row .* PurgedK"
    ):
        assert_no_leakage(windows(), X, X["price"], cv)
    with pytest.raises(AssertionError, match="reach 3 rows back"):
        assert_no_leakage(windows(), X, X["price"], KFold(3))


def test_an_lstm_is_looked_at_as_well(X):
    from sklstm import LSTMRegressor, PerFeatureScaler

    def pipe(horizon):
        network = LSTMRegressor(units=4, epochs=3, random_state=0)
        window = SlidingWindow(3, horizon=horizon)
        return make_pipeline(window, PerFeatureScaler(), network)

    assert_no_leakage(pipe(1), X, X["price"], CV)
    with pytest.raises(AssertionError, match="'slidingwindow'"):
        assert_no_leakage(clone(pipe(0)), X, X["price"], CV)


def test_what_is_known_in_advance_may_matter_but_no_target_may_be_called_so():
    X = pd.DataFrame(
        np.random.default_rng(0).normal(size=(90, 2)).cumsum(axis=0),
        columns=["price", "offer"],
        index=pd.date_range("2026-01-01", periods=90, freq="h"),
    )
    cv = TimeSeriesSplit(3)
    for horizon in (1, 3):
        window = SlidingWindow(4, horizon=horizon, known="offer", flatten=True)
        pipe = make_pipeline(window, SimpleImputer(), Ridge())
        assert_no_leakage(pipe, X, X["price"], cv)
        leaky = pipe.set_params(slidingwindow__known=["price"])
        with pytest.raises(AssertionError, match="its own target, which is in"):
            assert_no_leakage(leaky, X, X["price"], cv)


@pytest.mark.parametrize("dtype", [float, bool])
def test_targets_of_two_values_are_found_where_they_stand(dtype):
    rng = np.random.default_rng(0)
    up = rng.integers(0, 2, 90)
    X = pd.DataFrame({"up": up.astype(dtype), "noise": rng.normal(size=90)})

    def pipe(**window):
        window = SlidingWindow(3, history="fit", flatten=True, **window)
        return make_pipeline(window, SimpleImputer(), Ridge())

    assert_no_leakage(pipe(), X, up * 1.0, TimeSeriesSplit(3))
    for leaky in (pipe(known="up"), pipe(horizon=0)):
        with pytest.raises(AssertionError, match="its own target"):
            assert_no_leakage(leaky, X, up * 1.0, TimeSeriesSplit(3))


def test_groups_of_arrays_and_the_window_of_a_search():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=120).cumsum(), np.arange(120) % 2])
    window = SlidingWindow(3, group_by=1, history="fit", flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge())
    assert_no_leakage(pipe, X, X[:, 0], TimeSeriesSplit(3))
    hours = pd.date_range("2026-01-01", periods=90, freq="h")
    X = pd.DataFrame({"price": rng.normal(size=90), "hour": hours.hour}, index=hours)
    pipe = make_pipeline(SlidingWindow(3, flatten=True), SimpleImputer(), Ridge())
    grid = {"slidingwindow__known": [["hour"]]}
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2))
    assert_no_leakage(search, X, X["price"], TimeSeriesSplit(2))


def test_targets_of_several_steps_overlap_after_the_fold_as_well():
    X = np.random.default_rng(0).normal(size=(60, 1))
    trimmed, Y = make_multistep(X, np.arange(60.0), 5)
    pipe = make_pipeline(SlidingWindow(1, horizon=0, flatten=True), Ridge())
    for train, test in PurgedKFold(3, pipeline=pipe).split(trimmed, Y):
        assert not set(Y[train].ravel()) & set(Y[test].ravel())
    folds = [(np.arange(30, 56), np.arange(20, 30))]
    with pytest.raises(AssertionError, match="they reach 4 rows back"):
        assert_no_leakage(pipe, trimmed, Y, folds)


@pytest.mark.filterwarnings("ignore:.*start cold")
@pytest.mark.parametrize("history", ["fit", "auto"])
def test_polars_tables_and_lists_leak_as_arrays_do(history):
    X = np.random.default_rng(0).normal(size=(60, 2)).cumsum(axis=0)
    table = pl.DataFrame({"price": X[:, 0], "load": X[:, 1], "on": X[:, 1] > 0})

    def pipe(horizon):
        window = SlidingWindow(3, horizon=horizon, history=history, flatten=True)
        return make_pipeline(window, SimpleImputer(), Ridge())

    for data in (table, table.to_pandas(), X, X.tolist()):
        assert_no_leakage(pipe(1), data, X[:, 0], TimeSeriesSplit(3))
        with pytest.raises(AssertionError, match="depends on its own target"):
            assert_no_leakage(pipe(0), data, X[:, 0], TimeSeriesSplit(3))


def test_leakage_is_looked_for_in_tables():
    with pytest.raises(ValueError, match=r"needs a table X.*got shape \(12, 3, 2\)"):
        assert_no_leakage(
            Ridge(), np.zeros((12, 3, 2)), np.zeros(12), TimeSeriesSplit(3)
        )


def test_an_empty_table_is_told_as_by_the_splitter():
    pipeline = make_pipeline(SlidingWindow(1, flatten=True), Ridge())
    with pytest.raises(ValueError, match="number of samples"):
        assert_no_leakage(pipeline, np.empty((0, 1)), np.empty(0), TimeSeriesSplit(2))


def hidden(horizon):
    """Pipelines whose windows are no step of their own."""
    window = SlidingWindow(3, horizon=horizon, flatten=True)
    some = ColumnTransformer([("windows", window, ["price", "load"])])
    for hides in (some, FeatureUnion([("windows", window)])):
        yield make_pipeline(hides, SimpleImputer(), Ridge())
    yield VotingRegressor([("one", windows(horizon=horizon))])


def test_windows_that_others_hide_are_looked_at(X):
    for pipe, leaky in zip(hidden(1), hidden(0), strict=True):
        assert_no_leakage(pipe, X, X["price"], CV)
        with pytest.raises(AssertionError, match="they reach 3 rows back"):
            assert_no_leakage(pipe, X, X["price"], KFold(3))
        with pytest.raises(AssertionError, match="depends on its own target"):
            assert_no_leakage(leaky, X, X["price"], CV)


@pytest.mark.filterwarnings("ignore:.*start cold")
@pytest.mark.parametrize("dtype", ["objects", "decimals", "polars decimals", "Int64"])
def test_numbers_of_every_type_leak(dtype):
    price = np.random.default_rng(0).integers(-9, 9, size=60).cumsum()
    frame = pd.DataFrame({"price": price})
    decimals = [Decimal(int(number)) for number in price]
    X = {
        "objects": frame.astype(object),
        "decimals": pd.DataFrame({"price": decimals}),
        "polars decimals": pl.DataFrame({"price": decimals}),
        "Int64": frame.astype("Int64").mask(frame.index.to_numpy()[:, None] == 5),
    }[dtype]
    assert_no_leakage(windows(), X, price, CV)
    with pytest.raises(AssertionError, match="depends on its own target"):
        assert_no_leakage(windows(horizon=0), X, price, CV)


def test_narrow_integers_reach_as_far_as_others():
    X = np.random.default_rng(0).normal(size=(1500, 1)).cumsum(axis=0)
    for size in (int, np.uint8):
        pipe = windows(length=size(200), horizon=size(100), history="fit")
        assert_no_leakage(pipe, X, X[:, 0], TimeSeriesSplit(2))
        with pytest.raises(AssertionError, match="they reach 299 rows back"):
            assert_no_leakage(pipe, X, X[:, 0], KFold(2))


def test_folds_of_another_table_and_names_that_repeat(X):
    folds = [(np.arange(30), np.array([30, 10**6]))]
    with pytest.raises(ValueError, match=r"has row 1000000 in its test part.* 90 rows"):
        assert_no_leakage(windows(), X, X["price"], folds)
    twice = X.set_axis(["price", "price"], axis=1)
    with pytest.raises(ValueError, match="2 are named 'price'"):
        assert_no_leakage(windows(), twice, X["price"], CV)


@pytest.mark.filterwarnings("ignore:.*start cold")
@pytest.mark.parametrize("scaled", [False, True])
def test_a_panel_without_groups_is_told(scaled):
    levels = [[*"ab"], pd.date_range("2026-01-01", periods=30)]
    index = pd.MultiIndex.from_product(levels, names=["shop", "day"])
    walk = np.random.default_rng(0).normal(size=60).cumsum()
    X = pd.DataFrame({"price": walk}, index)
    scaler = [StandardScaler()] if scaled else []
    window = SlidingWindow(3, flatten=True)
    pipe = make_pipeline(*scaler, window, SimpleImputer(), Ridge())
    with pytest.warns(UserWarning, match="has the levels.*across entities"):
        assert_no_leakage(pipe, X, X["price"], TimeSeriesSplit(3))
