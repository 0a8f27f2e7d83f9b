"""SlidingWindow, against loops and pandas' own shift, under real splitters."""

import pickle
import tracemalloc
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.utils import _safe_indexing

from sklstm.preprocessing import PerFeatureScaler, PerTimestep, SlidingWindow
from sklstm.sequences import SequenceTable

moderate = settings(max_examples=60, deadline=None)
N = np.nan

lengths = st.integers(1, 5)
horizons = st.integers(0, 4)
dtypes = st.sampled_from([np.float32, np.float64])


def windows_by_hand(rows, window_length, horizon):
    """The rule, read aloud: the window of row t ends at row t - horizon."""
    out = np.full((len(rows), window_length, rows.shape[1]), np.nan, rows.dtype)
    for t in range(len(rows)):
        for k in range(window_length):
            source = t - horizon - (window_length - 1 - k)
            if source >= 0:
                out[t, k] = rows[source]
    return out


def windows_by_group(rows, groups, window_length, horizon):
    """The same for each group alone, put back to where its rows stand."""
    out = np.full((len(rows), window_length, rows.shape[1]), np.nan, rows.dtype)
    groups = np.asarray(groups)
    for group in set(groups.tolist()):
        mine = groups == group
        out[mine] = windows_by_hand(rows[mine], window_length, horizon)
    return out


def numbered(n_rows, n_features=1, dtype=np.float64):
    """A table that holds no number twice."""
    return np.arange(1, n_rows * n_features + 1, dtype=dtype).reshape(n_rows, -1)


def seen(X, train, test):
    """The table of which only the rows of a split are there, the others missing."""
    rows = np.full(np.shape(X), np.nan)
    there = np.concatenate([train, test])
    rows[there] = np.asarray(X)[there]
    return rows


class LastStep(RegressorMixin, BaseEstimator):
    """Predicts the last step of the first feature: the forecast "as it was"."""

    def fit(self, X, y):
        self.is_fitted_ = True
        return self

    def predict(self, X):
        return np.asarray(X)[:, -1, 0]


# --------------------------------------------------------------------- the small table
TABLE = np.array([[10.0], [20.0], [30.0], [40.0]])
SMALL_TABLES = [
    # horizon, the windows of length 3 of rows 10, 20, 30, 40
    (0, [[N, N, 10], [N, 10, 20], [10, 20, 30], [20, 30, 40]]),
    (1, [[N, N, N], [N, N, 10], [N, 10, 20], [10, 20, 30]]),
    (2, [[N, N, N], [N, N, N], [N, N, 10], [N, 10, 20]]),
    (4, [[N, N, N], [N, N, N], [N, N, N], [N, N, N]]),
    (9, [[N, N, N], [N, N, N], [N, N, N], [N, N, N]]),
]


@pytest.mark.parametrize(("horizon", "expected"), SMALL_TABLES)
def test_small_table(horizon, expected):
    windows = SlidingWindow(3, horizon=horizon).fit_transform(TABLE)
    np.testing.assert_array_equal(windows[:, :, 0], expected)


def test_default_horizon_is_the_row_before():
    windows = SlidingWindow(window_length=3).fit_transform(TABLE)
    np.testing.assert_array_equal(windows[:, :, 0], SMALL_TABLES[1][1])


# ------------------------------------------------------------------- rules of windows
@moderate
@given(n_rows=st.integers(5, 12), length=lengths, horizon=horizons, dtype=dtypes)
def test_window_of_a_row_ends_horizon_rows_before_it(n_rows, length, horizon, dtype):
    X = numbered(n_rows, 2, dtype)
    windows = SlidingWindow(length, horizon=horizon).fit_transform(X)
    np.testing.assert_array_equal(windows, windows_by_hand(X, length, horizon))
    assert windows.dtype == dtype


@moderate
@given(n_rows=st.integers(5, 12), length=lengths)
def test_last_step_is_the_row_at_horizon_0(n_rows, length):
    X = numbered(n_rows, 2)
    windows = SlidingWindow(length, horizon=0).fit_transform(X)
    np.testing.assert_array_equal(windows[:, -1], X)


@moderate
@given(n_rows=st.integers(5, 12), length=lengths)
def test_full_windows_are_those_of_numpy(n_rows, length):
    X = numbered(n_rows, 2)
    full = SlidingWindow(length, horizon=0).fit_transform(X)[length - 1 :]
    by_numpy = sliding_window_view(X, length, axis=0).transpose(0, 2, 1)
    np.testing.assert_array_equal(full, by_numpy)


@moderate
@given(n=st.integers(5, 12), length=lengths, horizon=horizons, data=st.data())
def test_changing_a_row_changes_no_window_that_ends_before_it(n, length, horizon, data):
    t = data.draw(st.integers(0, n - 1))
    X = numbered(n, 2)
    changed = X.copy()
    changed[t] = -1
    transformer = SlidingWindow(length, horizon=horizon)
    before, after = transformer.fit_transform(X), transformer.fit_transform(changed)
    ends = np.arange(n) - horizon
    np.testing.assert_array_equal(before[ends < t], after[ends < t])
    in_window = (ends >= t) & (ends < t + length)
    assert ((before != after) & (after == -1)).any(axis=(1, 2))[in_window].all()


@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize("group_by", [None, 1])
@pytest.mark.parametrize("n_rows", [3, 10])
def test_rows_are_kept(n_rows, group_by, flatten):
    transformer = SlidingWindow(3, group_by=group_by, flatten=flatten)
    assert len(transformer.fit_transform(numbered(n_rows, 3))) == n_rows
    assert len(transformer.transform(numbered(2, 3))) == 2


def test_a_target_among_the_features_cannot_leak():
    price = pd.DataFrame({"price": np.random.default_rng(0).normal(size=50)})
    windows = SlidingWindow(10).fit_transform(price)
    for t in range(50):
        assert price["price"][t] not in windows[t]


@pytest.mark.parametrize(
    "cut", [np.s_[::2], np.s_[::-1], np.s_[:, ::-1], np.s_[:, 5:], np.s_[3:9, 1::3]]
)
def test_any_view_of_a_table_will_do(cut):
    X = numbered(12, 8)[cut]
    np.testing.assert_array_equal(
        SlidingWindow(3).fit_transform(X), windows_by_hand(X, 3, 1)
    )


@pytest.mark.parametrize(
    "X",
    [
        [[1, 4], [2, 5], [3, 6]],
        np.array([[1, 4], [2, 5], [3, 6]]),
        np.array([[1, 4], [2, 5], [3, 6]], dtype=object),
        np.asfortranarray([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]),
        pd.DataFrame({"a": [1, 2, 3], "b": [4.0, 5.0, 6.0]}),
        pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}, dtype="Int64"),
        pl.DataFrame({"a": [1, 2, 3], "b": [4.0, 5.0, 6.0]}),
    ],
    ids=["list", "int", "object", "Fortran", "pandas", "pandas Int64", "polars"],
)
def test_tables_of_every_kind(X):
    windows = SlidingWindow(2, horizon=0).fit_transform(X)
    expected = [[[N, N], [1, 4]], [[1, 4], [2, 5]], [[2, 5], [3, 6]]]
    np.testing.assert_array_equal(windows, expected)
    assert windows.dtype == np.float64


def test_missing_steps_stay_where_they_are():
    X = np.array([[1.0, 2.0], [N, N], [N, 3.0]])
    windows = SlidingWindow(2, horizon=0).fit_transform(X)
    np.testing.assert_array_equal(windows[2], [[N, N], [N, 3.0]])


# ------------------------------------------------------------------------------ memory
@pytest.mark.parametrize("window_length", [1, 2, 96])
def test_windows_are_a_read_only_view_of_one_table(window_length):
    windows = SlidingWindow(window_length).fit_transform(numbered(200, 3))
    assert windows.strides[0] == windows.strides[1]
    assert np.shares_memory(windows[100], windows[100 + window_length - 1])
    assert not windows.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        windows[0] = 0


def test_writing_to_the_table_afterwards_changes_no_window():
    X = numbered(6)
    transformer = SlidingWindow(2, history="fit").fit(X)
    windows = transformer.fit_transform(X)
    kept = windows.copy()
    X[:] = -1
    np.testing.assert_array_equal(windows, kept)
    np.testing.assert_array_equal(transformer.transform(X[:1])[0, :, 0], [5, 6])


@pytest.mark.parametrize("as_frame", [False, True], ids=["ndarray", "DataFrame"])
def test_windowing_and_scaling_take_twice_the_memory_of_the_table(as_frame):
    X = np.random.default_rng(0).normal(size=(1_000_000, 8))
    size = X.nbytes
    X = pd.DataFrame(X) if as_frame else X
    tracemalloc.start()
    try:
        windows = SlidingWindow(window_length=96).fit_transform(X)
        scaled = PerFeatureScaler().fit_transform(windows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert scaled.shape == (1_000_000, 96, 8)
    assert peak <= 2.05 * size


# ----------------------------------------------------------------------------- flatten
@pytest.mark.parametrize(
    ("horizon", "names"),
    [
        (0, ["price[t-1]", "load[t-1]", "price[t]", "load[t]"]),
        (1, ["price[t-2]", "load[t-2]", "price[t-1]", "load[t-1]"]),
        (3, ["price[t-4]", "load[t-4]", "price[t-3]", "load[t-3]"]),
    ],
)
def test_flat_columns_are_named_by_feature_and_lag(horizon, names):
    X = pd.DataFrame(numbered(6, 2), columns=["price", "load"])
    transformer = SlidingWindow(2, horizon=horizon, flatten=True).fit(X)
    assert transformer.get_feature_names_out().tolist() == names


@moderate
@given(length=lengths, horizon=horizons, grouped=st.booleans())
def test_flat_columns_are_what_pandas_shifts(length, horizon, grouped):
    X = pd.DataFrame(numbered(12, 2), columns=["price", "load"])
    shop = pd.Series(list("abbaabacabba"))
    transformer = SlidingWindow(length, horizon=horizon, flatten=True)
    if grouped:
        transformer.set_params(group_by="shop")
        flat = transformer.set_output(transform="pandas").fit_transform(
            X.assign(shop=shop)
        )
        by_pandas = X.groupby(shop)
    else:
        flat = transformer.set_output(transform="pandas").fit_transform(X)
        by_pandas = X
    assert flat.shape == (12, 2 * length)
    for lag in range(horizon, horizon + length):
        for name in X:
            column = f"{name}[t-{lag}]" if lag else f"{name}[t]"
            expected = by_pandas[name].shift(lag)
            pd.testing.assert_series_equal(flat[column], expected, check_names=False)


@pytest.mark.parametrize("group_by", [None, 1])
def test_flat_table_is_the_windows_laid_flat(group_by):
    X = numbered(10, 3)
    X[:, 1] = np.arange(10) % 2
    transformer = SlidingWindow(4, group_by=group_by)
    windows = np.asarray(transformer.fit_transform(X))
    flat = transformer.set_params(flatten=True).fit_transform(X)
    np.testing.assert_array_equal(flat, windows.reshape(10, -1))


def test_flat_table_goes_on_from_history_too():
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0]})
    transformer = SlidingWindow(2, flatten=True).fit(X[:3])
    np.testing.assert_array_equal(transformer.transform(X[3:]), [[2, 3], [3, 4]])


def test_pandas_output_keeps_index_and_has_the_names():
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=list("abc"))
    transformer = SlidingWindow(2, flatten=True).set_output(transform="pandas")
    expected = pd.DataFrame(
        {"x[t-2]": [N, N, 1.0], "x[t-1]": [N, 1.0, 2.0]}, index=X.index
    )
    pd.testing.assert_frame_equal(transformer.fit_transform(X), expected)
    pd.testing.assert_frame_equal(
        transformer.set_params(history=None).transform(X), expected
    )


def test_a_slice_of_a_panel_repeats_no_time():
    days = pd.date_range("2026-01-01", periods=5).repeat(2)
    panel = pd.DataFrame({"x": np.arange(10.0)}, index=days)
    assert not panel.index.is_unique  # pandas 2 lets slices inherit what was asked
    SlidingWindow(2).fit_transform(panel[::2])
    with pytest.warns(UserWarning, match="row 1 of X is that of an earlier row"):
        SlidingWindow(2).fit(panel)


def test_polars_output_has_the_names():
    X = pl.DataFrame({"x": [1.0, 2.0, 3.0]})
    transformer = SlidingWindow(2, flatten=True).set_output(transform="polars")
    flat = transformer.fit_transform(X)
    assert isinstance(flat, pl.DataFrame)
    assert flat.columns == ["x[t-2]", "x[t-1]"]
    np.testing.assert_array_equal(flat["x[t-1]"].to_numpy(), [N, 1, 2])


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_global_output_container_leaves_3d_pipelines_alone(container):
    X = pd.DataFrame(numbered(10, 2), columns=["a", "b"])
    pipe = make_pipeline(
        SlidingWindow(3), PerTimestep(SimpleImputer()), PerFeatureScaler(), LastStep()
    )
    expected = pipe.fit(X, X["a"]).predict(X)
    with sklearn.config_context(transform_output=container):
        windows = pipe[:-1].fit_transform(X)
        np.testing.assert_array_equal(pipe.fit(X, X["a"]).predict(X), expected)
    assert isinstance(windows, np.ndarray)
    assert windows.shape == (10, 3, 2)


def test_set_output_of_a_3d_transformer_changes_nothing():
    transformer = SlidingWindow(3).set_output(transform="pandas")
    assert isinstance(transformer.fit_transform(TABLE), np.ndarray)


def test_flat_windows_and_any_regressor_search_together():
    X = pd.DataFrame({"price": np.sin(np.arange(60.0))})
    pipe = make_pipeline(SlidingWindow(4, flatten=True), SimpleImputer(), Ridge(1e-6))
    grid = {"slidingwindow__window_length": [1, 4]}
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(3)).fit(X, X["price"])
    # A sine is a linear function of its last two values, and not of the last alone.
    assert search.best_params_ == {"slidingwindow__window_length": 4}
    assert search.best_score_ > 0.9


# --------------------------------------------------------------- history="auto": index
HOURS = pd.date_range("2024-03-30", periods=60, freq="h")
INDEXES = {
    "range": pd.RangeIndex(60),
    "range by 5": pd.RangeIndex(100, 400, 5),
    "integers": pd.Index(np.arange(60) * 7 - 30),
    "unsigned": pd.Index(np.arange(60), dtype="uint8"),
    "floats": pd.Index(np.linspace(0, 1, 60)),
    "hours": HOURS,
    "hours without freq": pd.DatetimeIndex(HOURS.to_numpy(), freq=None),
    "hours over a change of the clock": HOURS.tz_localize("UTC").tz_convert(
        "Europe/Berlin"
    ),
    "days over a change of the clock": pd.date_range(
        "2024-03-01", periods=60, freq="D", tz="Europe/Berlin"
    ),
    "starts of months": pd.date_range("2020-01-01", periods=60, freq="MS"),
    "ends of months": pd.date_range("2020-01-01", periods=60, freq="ME"),
    "quarters": pd.date_range("2020-01-01", periods=60, freq="QS"),
    "years": pd.date_range("1950-01-01", periods=60, freq="YS"),
    "years before 1677": pd.date_range("1500", periods=60, freq="YS", unit="s"),
    "business days": pd.date_range("2024-01-01", periods=60, freq="B"),
    "business days without freq": pd.DatetimeIndex(
        pd.date_range("2024-01-01", periods=60, freq="B").to_numpy(), freq=None
    ),
    "durations": pd.timedelta_range("0h", periods=60, freq="15min"),
    "periods of a month": pd.period_range("2020-01", periods=60, freq="M"),
    "periods of two weeks": pd.period_range("2024-01-01", periods=60, freq="2W"),
}
UNCOUNTED = {  # labels that have an order, and nothing in between
    "strings": pd.Index([f"row {i:02}" for i in range(60)]),
    "strings as objects": pd.Index([f"row {i:02}" for i in range(60)], dtype=object),
    "two levels": pd.MultiIndex.from_product([range(6), range(10)]),
}


def assert_windows_of_splits(X, cv, transformer, groups=None):
    """Each test fold's windows are those of the table with the unseen rows missing."""
    length, horizon = transformer.window_length, transformer.horizon
    features = X.drop(columns=groups) if groups in X else X
    for train, test in cv.split(X):
        windows = clone(transformer).fit(X.iloc[train]).transform(X.iloc[test])
        rows = seen(features, train, test)
        if groups is None:
            expected = windows_by_hand(rows, length, horizon)[test]
        else:
            names = X[groups] if groups in X else X.index.get_level_values(groups)
            expected = windows_by_group(rows, names, length, horizon)[test]
        np.testing.assert_array_equal(np.asarray(windows), expected)


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.parametrize("gap", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("kind", INDEXES)
def test_rows_of_a_gap_are_missing_steps(kind, gap):
    X = pd.DataFrame(numbered(60, 2), index=INDEXES[kind], columns=["a", "b"])
    cv = TimeSeriesSplit(n_splits=8, gap=gap, test_size=5)
    assert_windows_of_splits(X, cv, SlidingWindow(6, horizon=2))


@pytest.mark.filterwarnings("ignore:The index of X has the levels")
@pytest.mark.parametrize("kind", UNCOUNTED)
def test_labels_that_only_have_an_order_go_on_too(kind):
    X = pd.DataFrame(numbered(60, 2), index=UNCOUNTED[kind], columns=["a", "b"])
    assert_windows_of_splits(X, TimeSeriesSplit(8), SlidingWindow(6, horizon=2))


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@moderate
@given(length=lengths, horizon=horizons, gap=st.integers(0, 9), size=st.integers(5, 20))
def test_any_window_over_any_gap(length, horizon, gap, size):
    X = pd.DataFrame(numbered(60), index=HOURS, columns=["a"])
    cv = TimeSeriesSplit(n_splits=3, gap=gap, test_size=5, max_train_size=size)
    assert_windows_of_splits(X, cv, SlidingWindow(length, horizon=horizon))


def test_first_window_of_a_test_fold_holds_the_last_rows_of_the_train_fold():
    X = pd.DataFrame({"price": np.arange(12.0)}, index=HOURS[:12])
    for train, test in TimeSeriesSplit(3).split(X):
        windows = SlidingWindow(3).fit(X.iloc[train]).transform(X.iloc[test])
        np.testing.assert_array_equal(windows[0, :, 0], X["price"].iloc[train[-3:]])


def test_only_the_rows_that_a_window_may_need_are_remembered():
    X = pd.DataFrame(numbered(40), columns=["a"])
    small, large = (SlidingWindow(3, horizon=2).fit(X[-n:]) for n in (10, 40))
    (remembered,) = small.history_.values()
    np.testing.assert_array_equal(remembered.values, X[-4:])
    sizes = [len(pickle.dumps(window.history_)) for window in (small, large)]
    assert abs(sizes[0] - sizes[1]) < 10


OUTAGE = pd.date_range("2024-01-01", periods=84, freq="h").delete(slice(10, 34))


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.parametrize("gap", [0, 1, 5])
def test_an_outage_in_the_fitted_table_hides_no_gap(gap):
    X = pd.DataFrame(numbered(60), index=OUTAGE, columns=["a"])
    transformer = SlidingWindow(8).fit(X[:40])
    first = transformer.transform(X[40 + gap :])[0, :, 0]
    np.testing.assert_array_equal(first, [*X["a"][32 + gap : 40], *[N] * gap])


@pytest.mark.parametrize("n_fitted", [1, 2, 3])
def test_a_short_fitted_table_is_gone_on_from(n_fitted):
    X = pd.DataFrame(numbered(5), index=HOURS[:5], columns=["a"])
    windows = SlidingWindow(1).fit(X[:n_fitted]).transform(X[n_fitted:])
    np.testing.assert_array_equal(windows[:, 0, 0], X["a"][n_fitted - 1 : -1])


@pytest.mark.filterwarnings("ignore:.*start cold")
@pytest.mark.parametrize(
    ("fitted", "later"),
    [
        (pd.RangeIndex(5), pd.RangeIndex(5)),
        (pd.RangeIndex(5, 10), pd.RangeIndex(5)),
        (HOURS[5:10], HOURS[:5]),
        (pd.Index([1, 2], dtype=object), pd.Index(["c", "d"], dtype=object)),
    ],
    ids=["the same again", "earlier", "earlier hours", "without an order"],
)
def test_what_does_not_come_later_starts_cold(fitted, later):
    X = pd.DataFrame({"a": numbered(len(fitted)).ravel()}, index=fitted)
    new = pd.DataFrame({"a": -numbered(len(later)).ravel()}, index=later)
    windows = SlidingWindow(2).fit(X).transform(new)
    np.testing.assert_array_equal(windows, windows_by_hand(new.to_numpy(), 2, 1))


@pytest.mark.parametrize(
    ("fitted", "later"),
    [
        (HOURS[:5], HOURS[5:10].tz_localize("UTC")),
        (HOURS[:5], pd.RangeIndex(5, 10)),
        (HOURS[:5].to_period("h"), HOURS[5:10]),
        (pd.period_range("2024", periods=5, freq="M"), HOURS[5:10].to_period("h")),
        (pd.RangeIndex(5), pd.Index(list("fghij"))),
        (pd.Index(list("abcde")), pd.RangeIndex(5, 10)),
        (HOURS[:5], None),
    ],
    ids=[
        "zone against none",
        "numbers after times",
        "times after periods",
        "other periods",
        "strings after numbers",
        "numbers after strings",
        "an array after times",
    ],
)
def test_labels_of_another_kind_start_cold_with_a_warning(fitted, later):
    X = pd.DataFrame(numbered(5), index=fitted)
    new = -numbered(5) if later is None else pd.DataFrame(-numbered(5), index=later)
    window = SlidingWindow(2).fit(X)
    with pytest.warns(UserWarning, match=r"index of another kind .* without history"):
        windows = window.transform(new)
    np.testing.assert_array_equal(windows, windows_by_hand(-numbered(5), 2, 1))


@pytest.mark.parametrize("index", [pd.RangeIndex(12), HOURS[:12]])
@pytest.mark.parametrize("overlap", [1, 2, 3])
def test_rows_that_are_known_already_may_go_before_new_ones(index, overlap):
    X = pd.DataFrame({"a": numbered(12).ravel()}, index=index)
    expected = windows_by_hand(X.to_numpy(), 3, 1)
    windows = SlidingWindow(3).fit(X[:8]).transform(X[8 - overlap :])
    np.testing.assert_array_equal(windows[overlap:], expected[8:])


@pytest.mark.parametrize("container", [np.asarray, pl.DataFrame], ids=["numpy", "pl"])
def test_auto_without_an_index_starts_cold(container):
    X = container(numbered(6, 2))
    transformer = SlidingWindow(2).fit(X[:4])
    with pytest.warns(
        UserWarning, match="^2 of the 2 rows of X start cold: fit and X have"
    ):
        windows = transformer.transform(X[4:])
    np.testing.assert_array_equal(windows, windows_by_hand(numbered(6, 2)[4:], 2, 1))


def test_a_frame_after_an_array_starts_cold():
    transformer = SlidingWindow(2).fit(numbered(4))
    new = pd.DataFrame(numbered(3) + 9, index=[10, 11, 12])
    with pytest.warns(
        UserWarning, match="^2 of the 3 rows of X start cold: fit and X have"
    ):
        windows = transformer.transform(new)
    assert np.isnan(windows[0]).all()


def told(transformer, table):
    """Return the texts of the warnings of `transform`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        transformer.transform(table)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("kind", ["array", "frame"])
def test_tables_without_an_index_of_their_own(kind):
    X = numbered(40) ** 2 % 7  # values occur again and again
    fitted, new = X[:30], X[30:]
    if kind != "array":
        fitted, new = pd.DataFrame(fitted), pd.DataFrame(new)
    with pytest.warns(UserWarning, match="3 of the 10 rows of X start cold: fit and"):
        SlidingWindow(3).fit(fitted).transform(new)


def test_history_before_the_first_rows_of_the_fit():
    X = np.random.default_rng(0).normal(size=(30, 1))
    transformer = SlidingWindow(3, history="fit").fit(X[:16])
    assert told(transformer, X[16:]) == []
    for table in (X[:16], X, X[:8]):
        with pytest.warns(UserWarning, match=f"of 3 of its {len(table)} rows hold"):
            transformer.transform(table)


@pytest.mark.parametrize("kind", ["array", "frame", "times"])
def test_rows_that_come_again_are_not_the_first_ones(kind):
    hours = np.arange(240) % 24 * 1.0
    X = hours[:, np.newaxis]
    if kind != "array":
        X = pd.DataFrame(X)
    if kind == "times":
        X.index = pd.date_range("2026-01-01", periods=len(X), freq="h")
    assert told(SlidingWindow(3, history="fit").fit(X[:192]), X[192:]) == []


def test_a_cold_start_that_is_meant_is_not_told():
    X = np.random.default_rng(0).normal(size=(20, 2))
    transformer = SlidingWindow(2).fit(X[:16])
    permuted = X[:16].copy()
    permuted[:, 0] = permuted[::-1, 0]
    overlap = X[14:]
    before = np.vstack([X[:1] - 9, X])
    for table in (X[:16], X, X[:3], before, permuted, overlap, X.astype("float32")):
        assert told(transformer, table) == []
    for history in ("fit", None):
        assert told(SlidingWindow(2, history=history).fit(X[:16]), X[16:]) == []
    of_the_row_itself = SlidingWindow(1, horizon=0).fit(X[:16])
    assert told(of_the_row_itself, X[16:]) == []


@pytest.mark.filterwarnings("ignore:5 rows are missing within X")
def test_kfold_starts_cold_but_for_the_fold_after_the_train_rows():
    X = pd.DataFrame(numbered(20), index=HOURS[:20], columns=["a"])
    for train, test in KFold(4).split(X):
        windows = SlidingWindow(3).fit(X.iloc[train]).transform(X.iloc[test])
        if test[-1] == 19:
            np.testing.assert_array_equal(windows[0, :, 0], X["a"].iloc[train[-3:]])
        else:
            alone = windows_by_hand(X.to_numpy()[test], 3, 1)
            np.testing.assert_array_equal(windows, alone)


def test_fit_transform_starts_cold_whatever_was_fitted():
    X = pd.DataFrame(numbered(8), columns=["a"])
    for history in ["auto", "fit", None]:
        transformer = SlidingWindow(3, history=history).fit(X[:4])
        np.testing.assert_array_equal(
            transformer.fit_transform(X[4:]), windows_by_hand(X[4:].to_numpy(), 3, 1)
        )


# --------------------------------------------------------- history="fit" and no history
@moderate
@given(length=lengths, horizon=horizons, n_splits=st.integers(2, 5), dtype=dtypes)
def test_arrays_go_on_under_time_series_split(length, horizon, n_splits, dtype):
    X = numbered(30, 2, dtype)
    for train, test in TimeSeriesSplit(n_splits).split(X):
        transformer = SlidingWindow(length, horizon=horizon, history="fit")
        windows = transformer.fit(X[train]).transform(X[test])
        expected = windows_by_hand(X, length, horizon)[test]
        np.testing.assert_array_equal(windows, expected)
        assert windows.dtype == dtype


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
def test_history_fit_asks_no_index():
    X = pd.DataFrame(numbered(4), index=[9, 3, 7, 1])
    transformer = SlidingWindow(2, history="fit").fit(X)
    np.testing.assert_array_equal(transformer.transform(X)[0, :, 0], [3, 4])


def test_without_history_every_table_starts_cold():
    X = pd.DataFrame(numbered(8), index=HOURS[:8])
    transformer = SlidingWindow(3, history=None).fit(X[:5])
    np.testing.assert_array_equal(
        transformer.transform(X[5:]), windows_by_hand(X[5:].to_numpy(), 3, 1)
    )


@pytest.mark.parametrize("history", ["auto", "fit"])
@pytest.mark.parametrize("horizon", [0, 1, 2])
def test_a_single_new_row_gets_its_whole_window(history, horizon):
    X = pd.DataFrame(numbered(9), columns=["a"])
    transformer = SlidingWindow(4, horizon=horizon, history=history).fit(X[:8])
    (window,) = transformer.transform(X[8:])
    np.testing.assert_array_equal(window, X[5 - horizon : 9 - horizon])


def test_a_table_shorter_than_the_window_is_fine_at_transform():
    transformer = SlidingWindow(4, history=None).fit(numbered(4))
    np.testing.assert_array_equal(
        transformer.transform(numbered(2))[:, :, 0], [[N, N, N, N], [N, N, N, 1]]
    )


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
def test_transform_leaves_the_history_as_it_was():
    transformer = SlidingWindow(3, history="fit").fit(numbered(6))
    first = transformer.transform(numbered(2))
    np.testing.assert_array_equal(transformer.transform(numbered(2)), first)


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
def test_float32_rows_after_float64_history_stay_float32():
    transformer = SlidingWindow(2, history="fit").fit(numbered(4))
    assert transformer.transform(numbered(2, dtype=np.float32)).dtype == np.float32


# -------------------------------------------------------------- gaps within a table
def holed(full, share, seed=0):
    """Some rows of a table, both ends among them, and which these are."""
    there = np.random.default_rng(seed).random(len(full)) < share
    there[[0, -1]] = True
    return full[there], there


def windows_of_grid(X, full, **params):
    """The same windows by pandas: missing rows put in, and taken out again."""
    grid = X.reindex(full.index)
    windows = SlidingWindow(**params).fit_transform(grid)
    return np.asarray(windows)[full.index.isin(X.index)]


PACES = {
    "hours": HOURS,
    "hours over a change of the clock": INDEXES["hours over a change of the clock"],
    "days over a change of the clock": INDEXES["days over a change of the clock"],
    "business days": INDEXES["business days"],
    "starts of months": INDEXES["starts of months"],
    "ends of months": INDEXES["ends of months"],
    "quarters": INDEXES["quarters"],
    "years": INDEXES["years"],
    "weeks": pd.date_range("2024-01-03", periods=60, freq="W-WED"),
    "periods of a month": INDEXES["periods of a month"],
    "periods of a day": pd.period_range("2024-01-01", periods=60, freq="D"),
}


@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("share", [0.95, 0.75])
@pytest.mark.parametrize("kind", PACES)
def test_rows_missing_within_a_table_are_missing_steps(kind, share):
    full = pd.DataFrame(numbered(60, 2), index=PACES[kind], columns=["a", "b"])
    X, _ = holed(full, share)
    for params in (
        {"window_length": 5},
        {"window_length": 3, "horizon": 2, "flatten": True},
        {"window_length": 3, "horizon": 2, "known": "b"},
        {"window_length": 1, "horizon": 0},
    ):
        expected = windows_of_grid(X, full, **params)
        window = SlidingWindow(**params)
        np.testing.assert_array_equal(window.fit_transform(X), expected)
        later = window.fit(X[:30]).transform(X[30:])
        np.testing.assert_array_equal(later, expected[30:])


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("place", ["column", "level"])
def test_rows_missing_within_a_group_are_missing_steps(place):
    parts, expected = [], []
    for seed, shop in enumerate("abc"):
        full = pd.DataFrame(numbered(60, 2) + 500 * seed, HOURS, ["x", "y"])
        X, _ = holed(full, 0.8, seed)
        expected.append(windows_of_grid(X, full, window_length=4, horizon=2))
        parts.append(X.assign(shop=shop, at=np.arange(len(X)) + 1000 * seed))
    X = pd.concat(parts).sort_index(kind="stable")
    order = np.argsort(X.pop("at").to_numpy()).argsort()
    expected = np.concatenate(expected)[order]
    X = X if place == "column" else X.set_index("shop", append=True)
    window = SlidingWindow(4, horizon=2, group_by="shop")
    np.testing.assert_array_equal(np.asarray(window.fit_transform(X)), expected)
    later = np.asarray(window.fit(X[:80]).transform(X[80:]))
    np.testing.assert_array_equal(later, expected[80:])


@pytest.mark.filterwarnings("ignore:.* missing within X")
def test_shuffled_folds_predict_from_the_hour_before_or_from_nothing(walk):
    pipe = make_pipeline(SlidingWindow(1, flatten=True), LastColumn())
    cv = KFold(4, shuffle=True, random_state=0)
    predicted = cross_val_predict(pipe, walk, walk["price"], cv=cv)
    for _, test in cv.split(walk):
        alone = walk["price"].iloc[test].asfreq("h").shift().reindex(HOURS[test])
        there = alone.notna().to_numpy()
        np.testing.assert_array_equal(predicted[test][there], alone[there])
        # The rest is missing, or the last row of the train part.
        assert np.isnan(predicted[test][~there]).sum() >= (~there).sum() - 1


class LastColumn(LastStep):
    """Predicts the last column of a flat table."""

    def predict(self, X):
        return np.asarray(X)[:, -1]


def test_missing_rows_are_counted_once():
    X = pd.DataFrame(numbered(60), HOURS, ["a"]).drop(HOURS[[5, 6, 40]])
    window = SlidingWindow(3)
    told = (
        r"^3 rows are missing within X, by its index, at 2 places, the first 2 before"
    )
    with pytest.warns(UserWarning, match=told + r" row 5 \(2024-.*:00\)\. "):
        window.fit(X)
    window.transform(X)  # told already
    window.fit(X[:4])
    told = r"^1 row is missing within X, by its index, before row 8 \(2024-"
    with pytest.warns(UserWarning, match=told):
        window.transform(X[30:])


@pytest.mark.parametrize("history", ["auto", "fit", None])
def test_gaps_may_be_ignored(history):
    X = pd.DataFrame(numbered(60), HOURS, ["a"]).drop(HOURS[[5, 6, 40]])
    windows = SlidingWindow(3, gaps="ignore", history=history).fit_transform(X)
    np.testing.assert_array_equal(windows, windows_by_hand(X.to_numpy(), 3, 1))


@pytest.mark.filterwarnings("ignore:3 rows are missing within X")
@pytest.mark.parametrize("history", ["fit", None])
def test_gaps_need_no_history(history):
    X = pd.DataFrame(numbered(60), HOURS, ["a"]).drop(HOURS[[5, 6, 40]])
    windows = SlidingWindow(3, history=history).fit_transform(X)
    expected = windows_of_grid(X, X.asfreq("h"), window_length=3)
    np.testing.assert_array_equal(windows, expected)


@pytest.mark.parametrize(
    "index", [pd.Index([0, 1, 2, 5, 7, 12]), pd.Index([0.5, 1.5, 2.5, 3.5, 7.5, 8.5])]
)
def test_numbers_without_a_pace_are_no_time(index):
    X = pd.DataFrame(numbered(6), index, ["a"])
    windows = SlidingWindow(2).fit_transform(X)
    np.testing.assert_array_equal(windows, windows_by_hand(X.to_numpy(), 2, 1))


def test_times_without_a_pace_are_taken_as_they_stand():
    rng = np.random.default_rng(0)
    index = HOURS[0] + pd.to_timedelta(rng.integers(1, 10**6, 60).cumsum(), unit="s")
    X = pd.DataFrame(numbered(60), index, ["a"])
    with pytest.warns(UserWarning, match="not equally far apart"):
        windows = SlidingWindow(3).fit_transform(X)
    np.testing.assert_array_equal(windows, windows_by_hand(X.to_numpy(), 3, 1))
    SlidingWindow(3, gaps="ignore").fit(X)


def test_a_regular_index_leaves_the_windows_a_view():
    X = pd.DataFrame(numbered(60), HOURS, ["a"])
    windows = SlidingWindow(3).fit_transform(X)
    assert windows.strides[0] == windows.strides[1]


# ------------------------------------------------------------------- whole pipelines
@pytest.fixture
def walk():
    price = np.random.default_rng(0).normal(size=60).cumsum()
    return pd.DataFrame({"price": price}, index=HOURS)


@pytest.mark.parametrize("horizon", [1, 3])
def test_cross_validation_scores_the_value_of_horizon_rows_ago(walk, horizon):
    cv = TimeSeriesSplit(4)
    pipe = make_pipeline(SlidingWindow(5, horizon=horizon), LastStep())
    scores = cross_val_score(
        pipe, walk, walk["price"], cv=cv, scoring="neg_mean_absolute_error"
    )
    error = (walk["price"] - walk["price"].shift(horizon)).abs()
    expected = [-error.iloc[test].mean() for _, test in cv.split(walk)]
    np.testing.assert_allclose(scores, expected)


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
def test_a_pipeline_predicts_across_a_gap_what_it_knows(walk):
    pipe = make_pipeline(SlidingWindow(5, horizon=3), LastStep())
    predicted = pipe.fit(walk[:20], walk["price"][:20]).predict(walk[22:])
    known = walk["price"].mask(walk.index.isin(HOURS[20:22]))
    np.testing.assert_array_equal(predicted, known.shift(3)[22:])


def test_cross_val_predict_with_groups_gives_the_row_before_in_the_group():
    X = pd.DataFrame({"sold": np.arange(30.0), "shop": list("abc") * 10})
    pipe = make_pipeline(SlidingWindow(4, group_by="shop"), LastStep())
    predicted = cross_val_predict(pipe, X, X["sold"], cv=KFold(2))
    # The first fold lies before its train rows, the second goes on from them.
    before = X.groupby("shop")["sold"].shift()
    np.testing.assert_array_equal(predicted, before)


# --------------------------------------------------------------------------- group_by
@st.composite
def interleaved(draw):
    names = draw(st.lists(st.sampled_from("abcd"), min_size=6, max_size=24))
    return pd.DataFrame({"x": numbered(len(names)).ravel(), "shop": names})


@moderate
@given(interleaved(), lengths, horizons)
def test_no_window_holds_a_row_of_another_group(X, length, horizon):
    transformer = SlidingWindow(length, horizon=horizon, group_by="shop")
    windows = np.asarray(transformer.fit_transform(X))
    shop_of = dict(zip(X["x"], X["shop"], strict=True))
    for window, shop in zip(windows[:, :, 0], X["shop"], strict=True):
        assert {shop_of[x] for x in window[~np.isnan(window)]} <= {shop}


@moderate
@given(interleaved(), lengths, horizons)
def test_windows_of_groups_are_those_of_each_group_alone(X, length, horizon):
    transformer = SlidingWindow(length, horizon=horizon, group_by="shop")
    windows = transformer.fit_transform(X)
    np.testing.assert_array_equal(
        np.asarray(windows),
        windows_by_group(X[["x"]].values, X["shop"], length, horizon),
    )


@pytest.mark.filterwarnings("ignore:Groups that fit did not see")
@moderate
@given(interleaved(), lengths, horizons, st.data())
def test_groups_of_arrays_go_on_from_the_fitted_rows(X, length, horizon, data):
    n = data.draw(st.integers(length, len(X) - 1))
    array = X.to_numpy()
    transformer = SlidingWindow(length, horizon=horizon, group_by=1, history="fit")
    windows = transformer.fit(array[:n]).transform(array[n:])
    expected = windows_by_group(X[["x"]].values, X["shop"], length, horizon)[n:]
    np.testing.assert_array_equal(np.asarray(windows), expected)


@pytest.mark.filterwarnings("ignore:Groups that fit did not see")
@moderate
@given(interleaved(), lengths, horizons, st.data())
def test_groups_of_a_frame_go_on_where_no_row_is_between(X, length, horizon, data):
    n = data.draw(st.integers(length, len(X) - 1))
    transformer = SlidingWindow(length, horizon=horizon, group_by="shop")
    windows = transformer.fit(X[:n]).transform(X[n:])
    expected = windows_by_group(X[["x"]].values, X["shop"], length, horizon)[n:]
    np.testing.assert_array_equal(np.asarray(windows), expected)


@pytest.fixture
def shops():
    """Three shops, hour by hour, in another order every hour."""
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(["a", "b", "c"]) for _ in range(20)])
    frame = pd.DataFrame(numbered(60, 2), columns=["sold", "price"])
    return frame.assign(shop=order).set_index(np.repeat(HOURS[:20], 3))


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.parametrize("hours_between", [0, 1, 3])
@pytest.mark.parametrize("place", ["column", "level"])
def test_groups_go_on_over_a_gap(shops, place, hours_between):
    if place == "level":
        shops = shops.set_index("shop", append=True)
    cv = TimeSeriesSplit(4, gap=3 * hours_between, test_size=6)
    transformer = SlidingWindow(5, group_by="shop")
    assert_windows_of_splits(shops, cv, transformer, groups="shop")


def test_groups_of_one_fitted_row_go_on(shops):
    first, second = shops[:3], shops[3:6]
    windows = SlidingWindow(2, group_by="shop").fit(first).transform(second)
    expected = first.set_index("shop").loc[second["shop"]]
    np.testing.assert_array_equal(np.asarray(windows)[:, -1], expected)


@pytest.mark.parametrize("history", ["auto", "fit"])
def test_new_groups_start_cold(history):
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "shop": list("aaaz")})
    transformer = SlidingWindow(2, group_by="shop", history=history).fit(X[:3])
    assert np.isnan(np.asarray(transformer.transform(X[3:]))).all()


@pytest.mark.parametrize("history", ["auto", "fit"])
def test_a_group_that_is_away_for_once_loses_nothing(history):
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "shop": list("abab")})
    transformer = SlidingWindow(1, group_by="shop", history=history).fit(X)
    new = pd.DataFrame({"x": [5.0], "shop": ["b"]}, index=[5])
    assert np.asarray(transformer.transform(new)).tolist() == [[[4.0]]]


GROUPS = {
    "strings": list("abab"),
    "integers": [3, 1, 3, 1],
    "booleans": [True, False, True, False],
    "floats": [0.5, 1.5, 0.5, 1.5],
    "categories": pd.Categorical(list("abab"), categories=list("bac")),
    "days": pd.to_datetime(["2024-01-02", "2024-01-01"] * 2),
}


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_groups_of_any_type(names):
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "by": names})
    transformer = SlidingWindow(2, group_by="by", history="fit")
    windows = np.asarray(transformer.fit_transform(X))
    np.testing.assert_array_equal(windows[:, :, 0], [[N, N], [N, N], [N, 1], [N, 2]])
    np.testing.assert_array_equal(
        np.asarray(transformer.transform(X))[:, :, 0], [[1, 3], [2, 4], [3, 1], [4, 2]]
    )


@pytest.mark.parametrize("position", [0, 1, 2])
def test_group_by_position_of_an_array(position):
    values, shops = numbered(6, 2), np.array(list("abbaba"), dtype=object)
    X = np.insert(values.astype(object), position, shops, axis=1)
    windows = SlidingWindow(2, group_by=position).fit_transform(X)
    assert windows.dtype == np.float64
    expected = windows_by_group(values, shops, 2, 1)
    np.testing.assert_array_equal(np.asarray(windows), expected)


def test_group_by_column_of_a_polars_frame():
    X = pl.DataFrame({"shop": list("abab"), "x": [1.0, 2.0, 3.0, 4.0]})
    windows = np.asarray(SlidingWindow(1, group_by="shop").fit_transform(X))
    np.testing.assert_array_equal(windows.ravel(), [N, N, 1, 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_groups_keep_the_type_of_the_features(dtype):
    X = pd.DataFrame({"x": np.arange(4, dtype=dtype), "shop": list("abab")})
    transformer = SlidingWindow(2, group_by="shop").fit(X)
    assert transformer.transform(X).dtype == dtype
    assert np.asarray(transformer.transform(X)).dtype == dtype


def test_the_group_is_no_feature():
    X = pd.DataFrame(numbered(4, 3), columns=["a", "shop", "b"])
    transformer = SlidingWindow(2, group_by="shop").fit(X)
    assert transformer.transform(X).shape == (4, 2, 2)
    assert transformer.get_feature_names_out().tolist() == ["a", "b"]
    assert transformer.n_features_in_ == 3
    assert transformer.feature_names_in_.tolist() == ["a", "shop", "b"]


def test_windows_of_groups_are_slices_of_one_table():
    X = pd.DataFrame({"x": np.arange(100.0), "shop": list("ab") * 50})
    windows = SlidingWindow(20, group_by="shop").fit_transform(X)
    assert isinstance(windows, SequenceTable)
    assert len(windows.values) <= 100
    dense = np.asarray(windows)
    np.testing.assert_array_equal(windows[7], dense[7])
    np.testing.assert_array_equal(windows[[3, 90]], dense[[3, 90]])
    np.testing.assert_array_equal(windows[:, -1, 0], dense[:, -1, 0])
    assert np.shares_memory(windows[50:].values, windows.values)


# ----------------------------------------------------------- as every other estimator
TRANSFORMERS = {
    "plain": SlidingWindow(3),
    "flat": SlidingWindow(3, flatten=True, horizon=0),
    "group": SlidingWindow(2, group_by="shop", history="fit"),
}


@pytest.fixture
def frame():
    return pd.DataFrame({"x": np.arange(8.0), "y": -np.arange(8.0), "shop": [0, 1] * 4})


@pytest.mark.parametrize("transformer", TRANSFORMERS.values(), ids=TRANSFORMERS)
def test_pickled_transformer_goes_on_the_same(transformer, frame):
    fitted = clone(transformer).fit(frame[:6])
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(
        np.asarray(again.transform(frame[6:])), np.asarray(fitted.transform(frame[6:]))
    )


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
@pytest.mark.parametrize("transformer", TRANSFORMERS.values(), ids=TRANSFORMERS)
def test_parameters_and_input_are_never_changed(transformer, frame):
    transformer = clone(transformer)
    params, data = transformer.get_params(), joblib.hash(frame)
    transformer.fit(frame)
    transformer.fit_transform(frame)
    transformer.transform(frame)
    assert transformer.get_params() == params
    assert joblib.hash(frame) == data


def test_parameters_are_what_the_design_names():
    defaults = {"horizon": 1, "history": "auto", "group_by": None, "flatten": False}
    defaults |= {"known": (), "gaps": "missing"}
    transformer = SlidingWindow(5)
    assert transformer.get_params() == {"window_length": 5, **defaults}
    assert clone(transformer).get_params() == transformer.get_params()
    assert transformer.set_params(horizon=3).horizon == 3
    with pytest.raises(TypeError, match="positional"):
        SlidingWindow(5, 1)


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
@pytest.mark.parametrize("group_by", [None, 1])
def test_a_read_only_table_will_do(group_by):
    X = numbered(6, 2)
    X.flags.writeable = False
    transformer = SlidingWindow(2, group_by=group_by, history="fit").fit(X)
    assert transformer.transform(X).shape[:2] == (6, 2)


@pytest.mark.parametrize(
    ("X", "names"),
    [
        (pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}), ["a", "b"]),
        (np.zeros((2, 2)), ["x0", "x1"]),
    ],
    ids=["DataFrame", "array"],
)
def test_windows_keep_the_names_of_the_features(X, names):
    assert SlidingWindow(2).fit(X).get_feature_names_out().tolist() == names


def test_names_may_be_given_for_an_array():
    transformer = SlidingWindow(1, flatten=True).fit(np.zeros((2, 2)))
    names = transformer.get_feature_names_out(["a", "b"])
    assert names.tolist() == ["a[t-1]", "b[t-1]"]


def test_a_changed_parameter_counts_from_the_next_fit_on():
    transformer = SlidingWindow(3, history="fit").fit(numbered(6))
    transformer.set_params(window_length=2)
    transformer.fit(numbered(6))
    assert transformer.transform(numbered(1)).shape == (1, 2, 1)


# ------------------------------------------------------------------------- y beside X
def test_y_in_another_order_is_refused():
    X = pd.DataFrame(numbered(10), HOURS[:10], ["a"])
    y = X["a"].sample(frac=1, random_state=0)
    window = SlidingWindow(2)
    for method in (window.fit, window.fit_transform):
        with pytest.raises(ValueError, match=r"row 0 is Timestamp.*y\.loc\[X\.index\]"):
            method(X, y)
    assert not hasattr(window, "history_")


@pytest.mark.parametrize("as_y", [np.asarray, list, lambda y: y.reset_index(drop=True)])
def test_y_without_an_index_of_its_own_goes_with_any_table(as_y):
    X = pd.DataFrame(numbered(10), HOURS[:10], ["a"])
    y, numbered_rows = as_y(X["a"]), X.reset_index(drop=True)
    given = [(X, y), (numbered_rows, X["a"])]
    for train, _ in TimeSeriesSplit(3).split(X):
        given.append((X.iloc[train], _safe_indexing(y, train)))
    for table, target in given:
        found = SlidingWindow(2).fit_transform(table, target)
        np.testing.assert_array_equal(found, SlidingWindow(2).fit_transform(table))


def test_narrow_integers_do_not_overflow():
    X = numbered(300)
    windows = SlidingWindow(np.uint8(60), horizon=np.uint8(200)).fit_transform(X)
    np.testing.assert_array_equal(windows, windows_by_hand(X, 60, 200))


# --------------------------------------------------------------------------- bad input
def test_unsorted_labels_get_the_advice_that_helps():
    months = [f"{month} 2018" for month in ("Jan", "Feb", "Mar", "Apr")]
    panel = pd.DatetimeIndex([*HOURS[:2], *HOURS[:2]])
    for index, advice in {
        tuple(months): r"pd\.to_datetime\(X\.index\)",
        tuple(panel): "in group_by instead",
        (3, 1, 4, 2): "lstmregressor__epochs",
    }.items():
        with pytest.raises(ValueError, match=advice):
            SlidingWindow(2).fit(GOOD_4.set_axis(pd.Index(index)))


GOOD_4 = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})


def test_a_slice_of_a_panel_has_unique_times():
    times = HOURS[:8].append(HOURS[:8])
    assert not times.is_unique  # which a slice of it inherits, in pandas 2
    SlidingWindow(2).fit(pd.DataFrame(numbered(8), times[:8], ["a"]))


def test_columns_of_one_name_are_refused():
    X = pd.DataFrame(numbered(4, 2), columns=["a", "a"])
    with pytest.raises(ValueError, match="2 are named 'a'"):
        SlidingWindow(2).fit(X)


GOOD = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [5.0, 6.0, 7.0, 8.0]})

BAD_PARAMETERS = [
    # parameters, parts of the message
    ({"window_length": 0}, ["'window_length'", r"\[1, inf\)", "Got 0"]),
    ({"window_length": -3}, ["'window_length'", r"\[1, inf\)", "Got -3"]),
    ({"window_length": 2.0}, ["'window_length'", "an int", r"Got 2\.0"]),
    ({"window_length": "3"}, ["'window_length'", "an int", "Got '3'"]),
    ({"window_length": None}, ["'window_length'", "an int", "Got None"]),
    ({"horizon": -1}, ["'horizon'", r"\[0, inf\)", "Got -1"]),
    ({"horizon": 1.5}, ["'horizon'", "an int", r"Got 1\.5"]),
    ({"history": "yes"}, ["'history'", "'auto'", "'fit'", "None", "Got 'yes'"]),
    ({"history": True}, ["'history'", "Got True"]),
    ({"flatten": "no"}, ["'flatten'", "bool", "Got 'no'"]),
    ({"group_by": "shop"}, ["group_by", "'shop'", r"\['x', 'y'\]", "level"]),
    ({"group_by": 7}, ["group_by", "got 7", r"\['x', 'y'\]"]),
    ({"group_by": ["x"]}, ["group_by must be one column", r"\['x'\]"]),
    ({"window_length": 10**20}, ["window_length must be at most", f"got {10**20}"]),
    ({"horizon": 10**20}, ["horizon must be at most", f"got {10**20}"]),
    ({"window_length": 5}, ["window_length=5", "longer than", "n_samples=4"]),
]


def index_of(*labels):
    return GOOD.set_axis(pd.Index(labels))


BAD_TABLES = {
    # X, error, parts of the message
    "strings": (
        GOOD.assign(s=["1", "2", "three", "4"]),
        ValueError,
        ["row 2", "column 's'", "'three'", "str"],
    ),
    "objects": (
        np.array([[1, 2], [3, {}], [5, 6]], dtype=object),
        TypeError,
        ["row 1", "column 1", "dict"],
    ),
    "times beside numbers": (
        GOOD.assign(when=HOURS[:4]),
        ValueError,
        ["column 'when'", "datetime64"],
    ),
    "times alone": (
        pd.DataFrame({"when": HOURS[:4]}),
        ValueError,
        ["column 'when'", "datetime64"],
    ),
    "complex": (np.ones((4, 2)) * 1j, ValueError, ["Complex data not supported"]),
    "inf": (
        GOOD.replace(7.0, np.inf),
        ValueError,
        ["SlidingWindow", "infinity", "row 2", "feature 1"],
    ),
    "-inf": (GOOD.replace(1.0, -np.inf).values, ValueError, ["row 0", "feature 0"]),
    "1-D": (np.arange(4.0), ValueError, ["2D", r"reshape\(-1, 1\)"]),
    "series": (GOOD["x"], ValueError, ["2-dimensional", "DataFrame"]),
    "3-D": (np.zeros((4, 2, 1)), ValueError, ["dim 3", "SlidingWindow"]),
    "4-D": (np.zeros((4, 2, 1, 1)), ValueError, ["dim 4", "SlidingWindow"]),
    "no rows": (np.empty((0, 2)), ValueError, ["0 sample", "minimum of 1"]),
    "no columns": (np.empty((4, 0)), ValueError, ["0 feature", "minimum of 1"]),
    "too short": (GOOD[:1], ValueError, ["window_length=2", "n_samples=1"]),
    "unsorted": (
        index_of(0, 1, 3, 2),
        ValueError,
        ["not sorted", "2", "row 3", "sort_index", "history=None"],
    ),
    "unsorted times": (
        GOOD.set_axis(HOURS[[0, 2, 1, 3]]),
        ValueError,
        ["not sorted", "2024-03-30 01:00", "row 2"],
    ),
    "unsorted strings": (index_of(*"abdc"), ValueError, ["'c'", "row 3"]),
    "unsorted unsigned": (
        GOOD.set_axis(pd.Index([0, 2, 1, 3], dtype="uint8")),
        ValueError,
        ["not sorted", "row 2"],
    ),
}


def assert_names(error, parts):
    for part in parts:
        error.match(part)


@pytest.mark.parametrize(("params", "parts"), BAD_PARAMETERS, ids=str)
def test_bad_parameters_are_named_with_what_is_allowed_and_what_came(params, parts):
    transformer = SlidingWindow(**{"window_length": 2, **params})
    with pytest.raises(ValueError, match=parts[0]) as error:
        transformer.fit(GOOD)
    assert_names(error, parts)
    assert not [name for name in vars(transformer) if name.endswith("_")]


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables_are_refused_with_the_place(case):
    X, kind, parts = BAD_TABLES[case]
    transformer = SlidingWindow(2)
    with pytest.raises(kind) as error:
        transformer.fit(X)
    assert_names(error, parts)
    with pytest.raises(NotFittedError):
        transformer.transform(GOOD)


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_failed_fit_keeps_the_earlier_state(case, method):
    X, kind, _ = BAD_TABLES[case]
    transformer = SlidingWindow(2).fit(GOOD)
    before = joblib.hash(vars(transformer))
    with pytest.raises(kind):
        getattr(transformer, method)(X)
    assert joblib.hash(vars(transformer)) == before


@pytest.mark.parametrize(("params", "parts"), BAD_PARAMETERS, ids=str)
def test_a_fit_with_bad_parameters_keeps_the_earlier_state(params, parts):
    transformer = SlidingWindow(2).fit(GOOD).set_params(**params)
    before = joblib.hash(vars(transformer))
    with pytest.raises(ValueError, match=parts[0]):
        transformer.fit(GOOD)
    assert joblib.hash(vars(transformer)) == before


@pytest.mark.parametrize(
    "case", ["strings", "inf", "1-D", "3-D", "no rows", "unsorted", "unsorted times"]
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_transform_refuses_what_fit_refuses(case):
    X, kind, parts = BAD_TABLES[case]
    fitted = SlidingWindow(2).fit(GOOD if case != "strings" else GOOD.assign(s=0.0))
    with pytest.raises(kind) as error:
        fitted.transform(X)
    assert_names(error, parts)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((2, 3)), "X has 3 features, but SlidingWindow is expecting 2"),
        (pd.DataFrame({"x": [1.0], "z": [2.0]}), "feature names should match.*\n.*z"),
        (pd.DataFrame({"y": [1.0], "x": [2.0]}), "must be in the same order"),
    ],
    ids=["number", "names", "order"],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_other_features_at_transform_are_refused(X, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        SlidingWindow(2).fit(GOOD).transform(X)


def test_transform_before_fit_is_refused():
    with pytest.raises(NotFittedError, match="SlidingWindow"):
        SlidingWindow(2).transform(GOOD)
    with pytest.raises(NotFittedError, match="SlidingWindow"):
        SlidingWindow(2).get_feature_names_out()


@pytest.mark.parametrize("history", ["fit", None])
def test_an_unsorted_index_is_fine_where_it_is_not_asked(history):
    X = index_of(3, 1, 2, 0)
    windows = SlidingWindow(2, history=history).fit_transform(X)
    np.testing.assert_array_equal(windows, windows_by_hand(X.to_numpy(), 2, 1))


@pytest.mark.filterwarnings("ignore:The label 0 of row 1")
def test_equal_labels_are_sorted():
    X = index_of(0, 0, 1, 1)
    assert SlidingWindow(2).fit_transform(X).shape == (4, 2, 2)


BY_SHOP = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "shop": list("abab")})


def test_groups_one_after_the_other_are_sorted_each():
    X = BY_SHOP.assign(shop=list("aabb")).set_axis([5, 6, 0, 1])
    assert SlidingWindow(2, group_by="shop").fit_transform(X).shape == (4, 2, 1)


BAD_GROUPS = {
    "unsorted in a group": (
        BY_SHOP.set_axis([0, 3, 2, 1]),
        "shop",
        ["not sorted", "'b'", "row 3"],
    ),
    "missing group": (
        BY_SHOP.assign(shop=["a", None, "a", "b"]),
        "shop",
        ["group_by='shop'", "missing", "row 1"],
    ),
    "column that is not there": (BY_SHOP, "store", ["group_by", "'store'", "'shop'"]),
    "level that is not there": (
        BY_SHOP.rename_axis("hour"),
        "day",
        ["group_by", "'day'", "'hour'"],
    ),
    "name in an array": (np.ones((4, 2)), "shop", ["group_by", "0 to 1", "'shop'"]),
    "position too large": (np.ones((4, 2)), 2, ["group_by", "0 to 1", "got 2"]),
    "position too small": (np.ones((4, 2)), -1, ["group_by", "0 to 1", "got -1"]),
    "no feature left": (BY_SHOP[["shop"]], "shop", ["0 feature"]),
    "1-D": (np.arange(4.0), 0, ["2", r"reshape\(-1, 1\)"]),
    "3-D": (np.zeros((4, 2, 1)), 0, ["SlidingWindow", "dim 3"]),
    "no rows": (BY_SHOP[:0], "shop", ["0 sample"]),
    "strings": (
        BY_SHOP.assign(x=["1", "two", "3", "4"]),
        "shop",
        ["row 1", "column 'x'", "'two'"],
    ),
    "inf": (BY_SHOP.replace(3.0, np.inf), "shop", ["infinity", "row 2"]),
}


@pytest.mark.parametrize("case", BAD_GROUPS)
def test_bad_groups_are_refused_and_change_nothing(case):
    X, group_by, parts = BAD_GROUPS[case]
    transformer = SlidingWindow(2).fit(GOOD).set_params(group_by=group_by)
    before = joblib.hash(vars(transformer))
    with pytest.raises(ValueError, match=parts[0]) as error:
        transformer.fit(X)
    assert_names(error, parts)
    assert joblib.hash(vars(transformer)) == before


@pytest.mark.parametrize(
    "index", [pd.Index([0, 1, np.nan, 3]), pd.DatetimeIndex([*HOURS[:3], pd.NaT])]
)
def test_a_missing_label_is_refused_with_its_row(index):
    row = int(index.isna().argmax())
    with pytest.raises(ValueError, match=f"missing .* in row {row}"):
        SlidingWindow(2).fit(pd.DataFrame({"a": range(4)}, index=index))


def test_a_window_made_shorter_after_fit_takes_the_last_rows():
    X = np.arange(10.0)[:, np.newaxis]
    window = SlidingWindow(5, history="fit").fit(X[:8]).set_params(window_length=2)
    assert window.transform(X[8:])[:, :, 0].tolist() == [[6, 7], [7, 8]]


# ----------------------------------------------------------------- known in advance
def windows_by_a_loop_with_known(rows, known, length, horizon):
    """Fill the windows of one series step by step."""
    windows = np.full((len(rows), length, rows.shape[1]), np.nan)
    for t in range(len(rows)):
        for step in range(length):
            past, own = t - horizon - (length - 1 - step), t - (length - 1 - step)
            if past < 0:
                continue
            windows[t, step] = rows[past]
            windows[t, step, known] = rows[own, known]
    return windows


@moderate
@given(
    n_rows=st.integers(7, 20),
    length=st.integers(1, 6),
    horizon=st.integers(0, 4),
    cut=st.integers(6, 20),
    groups=st.integers(1, 3),
)
def test_known_columns_are_those_of_the_row_itself(
    n_rows, length, horizon, cut, groups
):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "x": rng.normal(size=n_rows),
            "offer": rng.normal(size=n_rows),
            "y": rng.normal(size=n_rows),
            "shop": np.arange(n_rows) % groups,
            "hour": rng.normal(size=n_rows),
        }
    )
    parameters = {"horizon": horizon, "known": ["hour", "offer"], "history": "fit"}
    names, known = ["x", "offer", "y", "hour"], [1, 3]
    transformer = SlidingWindow(length, group_by="shop", **parameters)
    windows = np.asarray(transformer.fit_transform(X))
    parts = {shop: (X["shop"] == shop).to_numpy() for shop in range(groups)}
    for own in parts.values():
        rows = X.loc[own, names].to_numpy()
        expected = windows_by_a_loop_with_known(rows, known, length, horizon)
        np.testing.assert_array_equal(windows[own], expected)
    # What fit remembers goes before, as if the tables were one.
    cut = min(cut, n_rows - 1)
    later = np.asarray(transformer.fit(X[:cut]).transform(X[cut:]))
    for own in parts.values():
        if own[:cut].any() and own[cut:].any():
            expected = windows[own & (np.arange(n_rows) >= cut)]
            np.testing.assert_array_equal(later[own[cut:]], expected)
    alone = SlidingWindow(length, **parameters)
    series = X[names]
    expected = windows_by_a_loop_with_known(series.to_numpy(), known, length, horizon)
    np.testing.assert_array_equal(alone.fit_transform(series), expected)


def test_flat_windows_keep_what_there_is():
    X = pd.DataFrame(
        {"sold": [1.0, np.nan, 3, 4, 5], "holiday": [np.nan, 1, np.nan, 0, 1]}
    )
    flat = SlidingWindow(1, known="holiday", flatten=True).fit_transform(X)
    expected = [[np.nan, np.nan], [1, 1], [np.nan, np.nan], [3, 0], [4, 1]]
    np.testing.assert_array_equal(flat, expected)
    # Of a network, half a step is refused where it was given so, and not taken out.
    steps = SlidingWindow(1, known="holiday").fit_transform(X.assign(sold=1.0))
    np.testing.assert_array_equal(steps[2, 0], [1, np.nan])
    # A step whose past is missing is missing.
    steps = SlidingWindow(1, known="holiday").fit_transform(X.fillna({"holiday": 0}))
    np.testing.assert_array_equal(steps[2, 0], [np.nan, np.nan])


def test_names_of_known_columns_tell_their_time():
    X = pd.DataFrame(np.ones((9, 3)), columns=["price", "offer", "shop"])
    window = SlidingWindow(2, horizon=2, known="offer", group_by="shop", flatten=True)
    names = ["price[t-3]", "offer[t-1]", "price[t-2]", "offer[t]"]
    assert list(window.fit(X).get_feature_names_out()) == names
    window = SlidingWindow(1, known=[0], group_by=2, history=None).fit(X.to_numpy())
    assert list(window.get_feature_names_out()) == ["x0", "x1"]


@pytest.mark.parametrize("known", ["snow", ["price", "shop"], [1], None])
def test_known_must_name_features(known):
    X = pd.DataFrame(np.ones((9, 2)), columns=["price", "shop"])
    said = r"known must name features of X, got .*known=\(\) means none"
    with pytest.raises(ValueError, match=said):
        SlidingWindow(2, known=known, group_by="shop").fit(X)


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
def test_a_hole_takes_the_steps_beside_it():
    hours = pd.date_range("2026-01-01", periods=12, freq="h")
    X = pd.DataFrame({"x": np.arange(12.0), "hour": hours.hour * 1.0}, index=hours)
    window = SlidingWindow(4, known="hour").fit(X[:5])
    found = window.transform(X[7:9])  # two rows are missing between
    expected = [[3, 4], [np.nan] * 2, [np.nan] * 2, [np.nan] * 2]
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(found[1, -1], [7, 8])


LEVELS = pd.MultiIndex.from_product(
    [[*"ab"], pd.date_range("2026-01-01", periods=6)], names=["shop", "day"]
)


def test_levels_of_a_panel_without_groups_are_told():
    X = pd.DataFrame({"x": np.arange(12.0)}, LEVELS)
    told = r"has the levels \['shop', 'day'\], but group_by is None.*group_by='shop'"
    for history in ("auto", "fit", None):
        window = SlidingWindow(2, history=history)
        with pytest.warns(UserWarning, match=told) as warned:
            window.fit_transform(X)
        assert len(warned) == 1
        assert warned[0].filename == __file__
        window.transform(X[6:])  # once is enough
    window = SlidingWindow(2, history=None).fit(X.reset_index(drop=True))
    with pytest.warns(UserWarning, match=told) as warned:
        window.transform(X)
    assert warned[0].filename == __file__
    with pytest.warns(UserWarning, match=r"levels \[None, None\].*X.index.names = "):
        window.transform(X.rename_axis([None, None]))
    # One entity has one level that changes, until another follows.
    window = SlidingWindow(2).fit(X[:4])
    window.transform(X[4:6])
    for later in (X[6:], X[10:11]):
        with pytest.warns(UserWarning, match=told):
            window.transform(later)
    for level in LEVELS.names:
        other = X.swaplevel().sort_index() if level == "day" else X
        SlidingWindow(2, group_by=level).fit_transform(other)


@pytest.mark.parametrize("dtype", [int, float, "uint8"])
def test_numbers_that_repeat_are_told(dtype):
    years = pd.Index(np.arange(100, 106).repeat(2).astype(dtype))
    X = pd.DataFrame({"x": np.arange(12.0), "shop": [*"ab"] * 6}, index=years)
    with pytest.warns(UserWarning, match="label 100.* of row 1 of X is that of an ear"):
        SlidingWindow(2).fit(X[["x"]])
    SlidingWindow(2, group_by="shop").fit(X)
    SlidingWindow(2).fit(X[["x"]][::2])
    SlidingWindow(2, history=None).fit(X[["x"]])


def test_times_that_repeat_are_told():
    hours = pd.date_range("2026-01-01", periods=6, freq="h")
    X = pd.DataFrame({"x": np.arange(12.0), "shop": [*"ab"] * 6}, index=hours.repeat(2))
    with pytest.warns(UserWarning, match="of row 1 of X is that of an earlier row"):
        SlidingWindow(2).fit(X[["x"]])
    SlidingWindow(2, group_by="shop").fit(X)
    SlidingWindow(2, history=None).fit(X[["x"]])


def test_months_on_any_day_and_short_weeks_of_business_days_have_a_frequency():
    middle = pd.date_range("2000-01-01", periods=40, freq="MS") + pd.Timedelta(days=14)
    holiday = pd.date_range("2024-01-01", periods=9, freq="B").delete(3)
    for index, n_missing in ((middle, 0), (middle.delete([5, 9]), 2), (holiday, 1)):
        X = pd.DataFrame({"a": 1.0}, index=index)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            windows = SlidingWindow(len(index)).fit_transform(X)
        assert [str(one.message)[:1] for one in told] == [str(n_missing)] * bool(
            n_missing
        )
        # Without a missing row, one step of the last window is before the table.
        last = np.asarray(windows)[-1, :, 0]
        assert np.isnan(last).sum() == max(n_missing, 1)


def test_groups_of_another_type_are_told():
    X = pd.DataFrame({"shop": [1, 2] * 5, "a": np.arange(10.0)})
    window = SlidingWindow(2, group_by="shop").fit(X)
    with pytest.warns(UserWarning, match="Group '1' is of another type than 1 of fit"):
        window.transform(X.astype({"shop": str}))


def test_periods_and_times_of_one_day_are_one_index():
    days = pd.date_range("2026-01-01", periods=6)
    X = pd.DataFrame({"a": np.arange(6.0)}, index=days)
    SlidingWindow(2).fit(X.to_period("D"), X["a"])
    SlidingWindow(2).fit(X, X["a"].to_period("D"))
    with pytest.raises(ValueError, match="X and y have different indices"):
        SlidingWindow(2).fit(X, X["a"].to_period("D").shift(1, freq="D"))
    names = pd.Index(["x"] * 5 + [pd.NA], dtype="string")
    with pytest.raises(ValueError, match="X and y have different indices"):
        SlidingWindow(2, history=None).fit(
            X.set_axis(names), X["a"].set_axis(names[::-1])
        )
