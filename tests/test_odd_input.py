"""Odd values in every parameter: taken for what they are, or refused by their names."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    PadSequences,
    PanelTimeSeriesSplit,
    PurgedKFold,
    SlidingWindow,
)
from sklstm.forecasting import (
    backtest,
    conformal_intervals,
    forecast,
    make_windows,
    stream,
)
from sklstm.metrics import skip_missing
from sklstm.model_selection import assert_no_leakage


def series(n_rows=90):
    rng = np.random.default_rng(0)
    days = pd.date_range("2026-01-01", periods=n_rows)
    return pd.DataFrame({"a": rng.normal(size=n_rows).cumsum()}, index=days)


def ridge(*arguments, **parameters):
    filled = SimpleImputer(
        strategy="constant", fill_value=0.0, keep_empty_features=True
    )
    window = SlidingWindow(*arguments, **parameters, flatten=True)
    return make_pipeline(window, filled, Ridge())


# -------------------------------------------------------- narrow integers of NumPy
NARROW = np.int8(60), np.uint8(20)  # of which the sum and the negatives overflow


def test_a_forecast_and_a_backtest_with_narrow_integers():
    X = series()
    wide, narrow = ridge(60, horizon=20), ridge(NARROW[0], horizon=NARROW[1])
    expected = forecast(wide.fit(X, X["a"]), X, 23)
    found = forecast(narrow.fit(X, X["a"]), X, np.int8(23))
    pd.testing.assert_frame_equal(found, expected)
    folds = TimeSeriesSplit(2, test_size=4)
    expected = backtest(wide, X, X["a"], folds, refit=2)
    found = backtest(narrow, X, X["a"], folds, refit=np.uint8(2))
    pd.testing.assert_frame_equal(found, expected)


def test_a_stream_with_narrow_integers():
    X = series()
    lives = []
    for length in (60, np.uint8(60), np.int8(60)):
        live = stream(ridge(length).fit(X[:70], X["a"][:70]))
        lives.append([live.push(X.iloc[[row]]) for row in range(70, 90)])
    np.testing.assert_array_equal(lives[0], lives[1])
    np.testing.assert_array_equal(lives[0], lives[2])


def test_narrow_integers_train_as_wide_ones():
    X = np.random.default_rng(0).normal(size=(40, 3, 1))
    found = []
    for number in (int, np.uint8, np.int8):
        network = LSTMRegressor(
            number(2), epochs=number(2), batch_size=number(60), random_state=0
        )
        found.append(network.fit(X, X[:, 0, 0]).predict(X))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_a_narrow_number_of_folds():
    days = pd.date_range("2026-01-01", periods=30)
    past = pd.DataFrame(
        {
            "fold": np.arange(30),
            "origin": days - pd.Timedelta(days=1),
            "step": 1,
            "time": days,
            "truth": np.arange(30.0),
            "forecast": 0.0,
        }
    )
    expected = conformal_intervals(past, coverage=0.5, n_folds=20)
    found = conformal_intervals(past, coverage=0.5, n_folds=np.uint8(20))
    pd.testing.assert_frame_equal(found, expected)


# ------------------------------------------------------------------ cells of a table
@pytest.mark.parametrize("group_by", [None, "g"])
def test_na_among_objects_is_a_missing_value(group_by):
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "g": 0, "b": 1.0})
    objects = X.astype({"b": object})
    X.loc[1, "b"] = np.nan
    objects.loc[1, "b"] = pd.NA
    windows = [
        np.asarray(SlidingWindow(2, group_by=group_by).fit_transform(table))
        for table in (X, objects)
    ]
    np.testing.assert_array_equal(*windows)
    assert objects.loc[1, "b"] is pd.NA
    if group_by is None:
        windows = SlidingWindow(2).fit_transform(objects.to_numpy())
        np.testing.assert_array_equal(windows, SlidingWindow(2).fit_transform(X))


def test_a_complex_column_does_not_lose_its_imaginary_part():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [1 + 2j, 3j]})
    with pytest.raises(ValueError, match="Complex data not supported: column 'b' of X"):
        SlidingWindow(1).fit(X)


@pytest.mark.parametrize("X", [pd.DataFrame(index=range(5)), pl.DataFrame()])
def test_a_table_without_columns(X):
    with pytest.raises(ValueError, match=r"0 feature\(s\) .* X has no columns"):
        SlidingWindow(1).fit(X)
    with pytest.raises(ValueError, match=r"0 feature\(s\) .* X has no columns"):
        LSTMRegressor().fit(X, np.zeros(len(X)))


def test_integers_of_128_bits():
    X = pl.DataFrame({"a": [10**30, 1, 2]}, schema={"a": pl.Int128})
    y = np.zeros(3)
    fitted = ridge(1).fit(X.cast(pl.Float64), y)
    calls = [
        lambda: ridge(1).fit(X, y),
        lambda: forecast(fitted, X, 1, target="a"),
        lambda: make_windows(X, y, 1),
        lambda: assert_no_leakage(ridge(1), X, y, 2),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"Column 'a' of X holds Int128.*Float64"):
            call()


# --------------------------------------------------------------------------- targets
X3 = np.linspace(-1, 1, 16).reshape(4, 4, 1)
NO_NUMBERS = {
    "text": ["a", "b", "c", "d"],
    "one text": [1.0, 2.0, 3.0, "4"],
    "words": np.array(["abc"] * 4, dtype=object),
    "dates": [pd.Timestamp("2026-01-01")] * 4,
    "days": np.array([datetime.date(2026, 1, 1)] * 4),
    "bytes": np.array([b"1"] * 4),
    "ragged": [[1.0], [2.0, 3.0], [1.0], [1.0]],
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_targets_that_are_no_numbers_are_told_with_their_sample(kind):
    with pytest.raises((TypeError, ValueError), match="y must hold numbers, but"):
        LSTMRegressor().fit(X3, NO_NUMBERS[kind])


@pytest.mark.parametrize("missing", [None, pd.NA, np.nan])
def test_a_list_of_targets_may_have_holes(missing):
    network = LSTMRegressor(1, epochs=1, random_state=0)
    known = network.fit(X3[1:], [1.0, 2.0, 3.0]).predict(X3)
    holed = network.fit(X3, [missing, 1.0, 2.0, 3.0]).predict(X3)
    np.testing.assert_array_equal(holed, known)


@pytest.mark.parametrize("y", [3, "abcd", {"a": 1}, np.array(3.0)])
@pytest.mark.parametrize("estimator", [LSTMRegressor(), LSTMClassifier()])
def test_what_has_no_entry_a_sample_is_no_target(y, estimator):
    with pytest.raises(ValueError, match="y must hold a target for each row of X"):
        estimator.fit(X3, y)


@pytest.mark.parametrize("odd", [["a"] * 4, [b"a"] * 4, ["a", 1.0, 1.0, 1.0], [1j] * 4])
def test_weights_that_are_no_numbers(odd):
    for weights in (np.array(odd), np.array(odd, dtype=object)):
        with pytest.raises(ValueError, match="sample_weight must hold numbers"):
            LSTMRegressor().fit(X3, np.zeros(4), sample_weight=weights)


@pytest.mark.parametrize("given", ["sample_weight", "class_weight"])
def test_weights_too_large_for_the_network(given):
    weights = {"sample_weight": np.full(4, 1e300)}
    network = LSTMClassifier(1, epochs=1)
    if given == "class_weight":
        weights, network.class_weight = {}, {0: 1e300, 1: 1.0}
    with pytest.raises(ValueError, match=f"{given}.* too large for float32"):
        network.fit(X3, [0, 1, 0, 1], **weights)


# ------------------------------------------------------------- names, times and folds
@pytest.mark.parametrize("group_by", [["a"], {"a"}, {"a": 1}, np.array(["a"])])
def test_groups_named_by_what_is_no_name(group_by):
    X, pipe = series(), ridge(1, group_by=group_by)
    calls = [
        lambda: pipe.fit(X),
        lambda: backtest(pipe, X, X["a"], 2),
        lambda: assert_no_leakage(pipe, X, X["a"], 2),
        lambda: list(PurgedKFold(2, pipeline=pipe).split(X)),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="group_by must be one column"):
            call()


@pytest.mark.parametrize("by", [3, None, 1.5])
def test_errors_parted_by_what_is_no_column(by):
    past = pd.DataFrame(columns=["fold", "origin", "step", "time", "truth", "forecast"])
    with pytest.raises(
        ValueError, match=f"by must name columns of the backtest, got {by}"
    ):
        conformal_intervals(past, by=by)


@pytest.mark.parametrize("groups", [1.5, [1, 2], np.zeros((90, 1)), object])
def test_groups_of_a_proof_that_name_nothing(groups):
    X = series()
    with pytest.raises(ValueError, match="groups must be the name of a column"):
        assert_no_leakage(ridge(1), X, X["a"], 2, groups=groups)


def test_a_proof_of_windows_of_no_size():
    X = series()
    bad = {"window_length": [None, np.nan, "2", 0], "horizon": [None, np.nan, "1", -1]}
    for name, values in bad.items():
        for value in values:
            pipe = ridge(2).set_params(**{f"slidingwindow__{name}": value})
            with pytest.raises(ValueError, match=f"{name} must be an int"):
                assert_no_leakage(pipe, X, X["a"], 2)
            with pytest.raises(ValueError, match=f"{name} must be an int"):
                list(PurgedKFold(2, pipeline=pipe).split(X))


def test_a_proof_of_windows_longer_than_the_table_comes_to_an_end():
    X = series()
    for length in (10**6, 10**12, 10**20):
        with pytest.raises(AssertionError, match="hold test row"):
            assert_no_leakage(ridge(length), X, X["a"], PurgedKFold(2, purge=1))


def test_times_that_have_no_order():
    rows = np.zeros((4, 1))
    times = pd.Index([True, datetime.date(2026, 1, 1), True, False], dtype=object)
    with pytest.raises(ValueError, match=r"time holds bool, date, which have no order"):
        list(PanelTimeSeriesSplit(2, time=times).split(rows))


def test_times_of_half_precision():
    times = np.array([0.5, 1.5, 2.5, 3.5])
    expected = list(PanelTimeSeriesSplit(2, time=times).split(times))
    halves = times.astype(np.float16)
    for X, time in ((times, halves), (pd.DataFrame({"at": halves}), "at")):
        found = list(PanelTimeSeriesSplit(2, time=time).split(X))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_equal(one, other)


@pytest.mark.parametrize("name", ["X", "y"])
def test_rows_of_unequal_length(name):
    arguments = {"X": [[1.0], [2.0]], "y": [1.0, 2.0], name: [[1.0], [2.0, 3.0]]}
    with pytest.raises(ValueError, match=f"{name} must be an array, but its parts"):
        make_windows(**arguments, window_length=1)


@pytest.mark.parametrize("X", [[[1.0], [2.0], [3.0]], ((1.0,), (2.0,), (3.0,))])
def test_a_list_has_no_index_that_tells_time(X):
    with pytest.raises(ValueError, match="time=None takes the index of a DataFrame"):
        list(PanelTimeSeriesSplit(2).split(X))


def test_a_proof_of_rows_of_unequal_length():
    with pytest.raises(ValueError, match="list of sequences of unequal length"):
        assert_no_leakage(ridge(1), [[1.0], [2.0, 3.0]], [1.0, 2.0], 2)


def test_a_proof_of_a_column_without_a_number():
    X = series().assign(empty=np.nan)
    assert_no_leakage(ridge(2), X, X["a"], TimeSeriesSplit(2))


def test_a_scorer_of_no_name():
    with pytest.raises(ValueError, match="scoring must be a name"):
        skip_missing(None)


@pytest.mark.parametrize("y", [None, 3, "abc", {}])
def test_a_scorer_of_what_are_no_targets(y):
    model = Ridge().fit([[1.0], [2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="y must hold a target for each row"):
        skip_missing("r2")(model, [[1.0], [2.0]], y)


def test_a_scorer_of_other_rows_or_weights_than_those_of_X():  # noqa: N802
    X = np.arange(6.0).reshape(-1, 1)
    model, scorer = Ridge().fit(X, X[:, 0]), skip_missing("r2")
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        scorer(model, X, [np.nan, 1.0, 2.0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        scorer(model, X, [np.nan, *range(5)], sample_weight=np.ones(5))


@pytest.mark.parametrize("groups", [None, [], np.array([])])
def test_no_rows_have_no_groups(groups):
    with pytest.raises(ValueError, match=r"need 1 rows.* but X has 0"):
        make_windows(np.zeros((0, 1)), [], 1, horizon=0, groups=groups)


def test_a_fit_transform_that_fails_leaves_nothing_fitted():
    pad = PadSequences(10**12)
    with pytest.raises(MemoryError, match="max_timesteps=1000000000000"):
        pad.fit_transform([[1.0]])
    assert vars(pad) == vars(PadSequences(10**12))


# ------------------------------------------------------------- tables of other kinds
def test_what_only_looks_like_a_frame_is_told_how_to_be_read():
    arrow = pytest.importorskip("pyarrow")
    columns = {"a": np.arange(9.0), "b": np.arange(9.0)}
    window = SlidingWindow(2).fit(np.zeros((9, 2)))
    with pytest.raises(TypeError, match=r"for X: .* got Table\. Pass X\.to_pandas"):
        SlidingWindow(2).fit(arrow.table(columns))
    with pytest.raises(TypeError, match=r"for X: .* got Table\. Pass X\.to_pandas"):
        window.transform(arrow.table(columns))
    for group_by in (None, "a"):
        lazy = pl.DataFrame(columns).lazy()
        with pytest.raises(TypeError, match=r"got LazyFrame\. Pass X\.collect"):
            SlidingWindow(2, group_by=group_by).fit(lazy)


@pytest.mark.parametrize("unit", ["s", "us"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_groups_named_by_dates_are_the_same_in_every_unit(unit, zone):
    days = pd.date_range("2026-01-01", periods=2, tz=zone).repeat(3)
    X = pd.DataFrame({"day": days.as_unit("ns"), "a": np.arange(6.0)})
    window = SlidingWindow(2, group_by="day").fit(X)
    assert list(window.history_) == [days[0], days[-1]]
    later = X.assign(day=days.as_unit(unit), a=X["a"] + 10).set_axis(range(6, 12))
    found = np.asarray(window.transform(later))[[0, 3], :, 0]
    np.testing.assert_array_equal(found, [[1, 2], [4, 5]])
