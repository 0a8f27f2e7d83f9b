"""Targets of several steps and complete windows, beside loops over rows."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import PurgedKFold, SlidingWindow
from sklstm.forecasting import make_multistep, make_windows
from sklstm.model_selection import assert_no_leakage


@settings(deadline=None, max_examples=80)
@given(
    n_rows=st.integers(1, 25),
    window_length=st.integers(1, 6),
    horizon=st.integers(0, 4),
    steps=st.integers(1, 4),
    stride=st.integers(1, 8),
    n_outputs=st.integers(0, 2),
)
def test_windows_and_targets_are_those_of_a_loop(
    n_rows, window_length, horizon, steps, stride, n_outputs
):
    X = np.random.default_rng(0).normal(size=(n_rows, 2))
    y = X[:, 0] if not n_outputs else X[:, :n_outputs]
    expected = []
    for start in range(0, n_rows, stride):
        first = start + window_length - 1 + horizon
        if max(first + steps, start + window_length) <= n_rows:
            target = y[first] if steps == 1 else y[first : first + steps]
            expected.append((X[start : start + window_length], target))
    parameters = {"horizon": horizon, "steps": steps, "stride": stride}
    if not expected:
        with pytest.raises(ValueError, match=r"need .* rows, but X has"):
            make_windows(X, y, window_length, **parameters)
        return
    windows, targets = make_windows(X, y, window_length, **parameters)
    np.testing.assert_array_equal(windows, np.stack([one for one, _ in expected]))
    np.testing.assert_array_equal(targets, np.stack([one for _, one in expected]))


def test_windows_are_views():
    X = np.zeros((1000, 3))
    windows, targets = make_windows(X, X[:, 0], 50, steps=10)
    assert np.shares_memory(windows, X)
    assert np.shares_memory(targets, X)
    assert not windows.flags.writeable


def test_no_window_holds_rows_of_two_groups():
    groups = np.array(list("abababaab"))
    X = np.arange(9.0)
    windows, targets = make_windows(X, X, 2, groups=groups)
    rows = {"a": [0, 2, 4, 6, 7], "b": [1, 3, 5, 8]}
    expected = [
        (own[i], own[i + 1], own[i + 2])
        for own in rows.values()
        for i in range(len(own) - 2)
    ]
    found = np.column_stack([windows[:, :, 0], targets])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("steps", [1, 3, 6])
def test_a_target_holds_nothing_later_than_its_row(steps):
    X = pd.DataFrame({"price": np.arange(20.0)}, index=range(100, 120))
    trimmed, Y = make_multistep(X, X["price"], steps)
    assert trimmed.index.equals(Y.index)
    assert Y.columns[-1] == "price[t]"
    for label, row in Y.iterrows():
        expected = X["price"].loc[label - steps + 1 : label]
        np.testing.assert_array_equal(row, expected)
    windows = SlidingWindow(2, horizon=steps).fit_transform(trimmed)
    following = windows[steps + 1 :, -1, 0] + 1
    np.testing.assert_array_equal(Y.iloc[steps + 1 :, 0], following)


def test_several_outputs_give_sequences_of_them():
    y = np.random.default_rng(0).normal(size=(10, 2))
    _, Y = make_multistep(y, y, 4)
    assert Y.shape == (7, 4, 2)
    np.testing.assert_array_equal(Y[3], y[3:7])


def test_no_target_holds_rows_of_two_groups():
    shops = np.array(list("abababaabcaab"))
    X = pd.DataFrame({"price": np.arange(13.0)}, index=range(100, 113))
    trimmed, Y = make_multistep(X, X["price"], 3, groups=shops)
    expected = {}
    for shop in "ab":  # c has one row
        own = X["price"][shops == shop]
        for i in range(2, len(own)):
            expected[own.index[i]] = own.iloc[i - 2 : i + 1].tolist()
    assert list(Y.index) == sorted(expected)
    assert trimmed.index.equals(Y.index)
    for label, row in Y.iterrows():
        assert row.tolist() == expected[label]
    with pytest.raises(ValueError, match="more than the rows of any group"):
        make_multistep(X, X["price"], 8, groups=shops)


# ----------------------------------------------------------- rows that are not there
GRIDS = {
    "days": pd.date_range("2026-01-01", periods=40),
    "hours": pd.date_range("2026-01-01", periods=40, freq="h", tz="Europe/Berlin"),
    "business days": pd.date_range("2026-01-01", periods=40, freq="B"),
    "months": pd.period_range("2001-01", periods=40, freq="M"),
    "numbers": pd.RangeIndex(1990, 2030),
}


def targets_of_full_calendar(y, grid, steps):
    """The targets by pandas, with the rows of the calendar that y lacks put in."""
    full = y.reindex(grid[grid >= y.index[0]])
    lags = pd.concat([full.shift(k) for k in range(steps - 1, -1, -1)], axis=1)
    return lags[steps - 1 :].loc[lambda lags: lags.index.isin(y.index)]


@pytest.mark.filterwarnings("ignore:.* missing within X")
@settings(deadline=None, max_examples=60)
@given(
    grid=st.sampled_from([*GRIDS]),
    lost=st.lists(st.sets(st.integers(0, 39), max_size=9), min_size=1, max_size=2),
    steps=st.integers(1, 7),
    whole=st.booleans(),
    long=st.booleans(),
)
def test_targets_are_those_of_the_full_calendar(grid, lost, steps, whole, long):
    index, parts, expected = GRIDS[grid], [], []
    for i, own in enumerate(lost):
        rows = np.setdiff1d(range(40), [*own, *(range(12, 20) if long else ())])
        y = pd.Series(rows + 100 * i, index[rows], name="p")
        parts.append(y if whole else y.astype(float))
        expected.append(targets_of_full_calendar(parts[-1], index, steps))
    groups = np.repeat(range(len(lost)), [len(y) for y in parts])
    y, expected = pd.concat(parts), pd.concat(expected)
    groups = {"groups": groups} if len(lost) > 1 else {}
    trimmed, Y = make_multistep(y.to_frame(), y, steps, **groups)
    assert trimmed.index.equals(expected.index)
    assert Y.index.equals(expected.index)
    np.testing.assert_array_equal(Y, expected)
    np.testing.assert_array_equal(Y["p[t]"], trimmed["p"])
    _, Y = make_multistep(y.to_frame(), np.column_stack([y, -y]), steps, **groups)
    np.testing.assert_array_equal(Y, np.stack([expected, -expected], axis=-1))
    _, Y = make_multistep(y.to_frame(), y.astype(str), steps, **groups)
    known = expected.notna().to_numpy()
    np.testing.assert_array_equal(Y.notna(), known)
    np.testing.assert_array_equal(
        Y.to_numpy()[known].astype(float), expected.to_numpy()[known]
    )


class RidgeOfWholeRows(Ridge):
    def fit(self, X, y):
        whole = np.asarray(y.notna().all(axis=1))
        return super().fit(X[whole], y[whole])


def with_a_hole(n_rows=90):
    hours = pd.date_range("2026-01-01", periods=n_rows, freq="h")
    walk = np.random.default_rng(0).normal(size=n_rows).cumsum()
    X = pd.DataFrame({"price": walk}, index=hours)
    return X.drop(hours[[20, 21, 33, 70]])


def test_rows_that_are_missing_are_told_and_may_be_ignored():
    X = with_a_hole()
    told = "4 rows are missing within X.* at 3 places.*Targets are missing"
    with pytest.warns(UserWarning, match=told):
        _, Y = make_multistep(X, X["price"], 4)
    assert Y.isna().to_numpy().sum() == 3 * 1 + 3 * 1 + (3 + 2)
    with pytest.warns(UserWarning, match="4 rows are missing"):  # by the index of y
        _, same = make_multistep(X.to_numpy(), X["price"], 4)
    pd.testing.assert_frame_equal(same, Y)
    _, Y = make_multistep(X, X["price"], 4, gaps="ignore")
    _, same = make_multistep(X.to_numpy(), X["price"].to_numpy(), 4)
    np.testing.assert_array_equal(Y, same)
    with pytest.raises(ValueError, match='gaps must be "missing" or "ignore", got 3'):
        make_multistep(X, X["price"], 4, gaps=3)


@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("level", [0, 1])
def test_a_level_of_groups_is_no_time(level):
    X = pd.concat({"a": with_a_hole(), "b": with_a_hole(80)}, names=["shop", "hour"])
    shops = X.index.get_level_values("shop")
    if level:
        X = X.swaplevel()
    _, Y = make_multistep(X, X["price"], 4, groups=shops)
    expected = [
        targets_of_full_calendar(own, pd.date_range("2026", periods=90, freq="h"), 4)
        for own in (with_a_hole()["price"], with_a_hole(80)["price"])
    ]
    np.testing.assert_array_equal(Y, np.concatenate(expected))


@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("gaps", ["missing", "ignore"])
def test_windows_and_targets_of_several_steps_do_not_overlap_over_holes(gaps):
    X = with_a_hole()
    trimmed, Y = make_multistep(X, X["price"], 4, gaps=gaps)
    window = SlidingWindow(5, horizon=4, flatten=True, gaps=gaps)
    windows = window.fit_transform(trimmed)
    for held, targets in zip(windows, Y.to_numpy(), strict=True):
        assert not {*held[~np.isnan(held)]} & {*targets}
    pipe = make_pipeline(window, SimpleImputer(), RidgeOfWholeRows())
    assert_no_leakage(pipe, trimmed, Y, TimeSeriesSplit(3, gap=3))
    with pytest.raises(AssertionError, match="Leave a gap of 3 rows"):
        assert_no_leakage(pipe, trimmed, Y, TimeSeriesSplit(3))
    pipe.set_params(slidingwindow__horizon=3)
    with pytest.raises(AssertionError, match="its own target"):
        assert_no_leakage(pipe, trimmed, Y, TimeSeriesSplit(3, gap=3))


# ------------------------------------------------------------- a horizon too short
def told_by_fit(X, Y, horizon, **params):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        SlidingWindow(2, horizon=horizon, **params).fit(X, Y)
    return [str(one.message) for one in told if "steps at once" in str(one.message)]


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("kind", ["names", "values", "values with holes", "groups"])
def test_windows_that_hold_part_of_their_targets_are_told(kind, n_outputs):
    X = with_a_hole() if kind == "values with holes" else with_a_hole()[34:65]
    groups, group_by = None, None
    if kind == "groups":
        X = pd.concat([X.assign(shop="a"), X.assign(shop="b") * 2]).sort_index()
        groups, group_by = X["shop"], "shop"
    y = X["price"] if n_outputs == 1 else np.column_stack([X["price"]] * n_outputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        trimmed, Y = make_multistep(X, y, 4, groups=groups)
    Y = Y if kind == "names" else np.asarray(Y)
    assert not told_by_fit(trimmed, trimmed[["price"]], 0, group_by=group_by)
    for horizon in range(4):
        (told,) = told_by_fit(trimmed, Y, horizon, group_by=group_by)
        assert "y holds 4 steps at once, the first of them 3 rows before" in told
        assert f"horizon={horizon} the window" in told
        assert "Set horizon=4." in told
    assert not told_by_fit(trimmed, Y, 4, group_by=group_by)
    assert not told_by_fit(trimmed, Y, 0, group_by=group_by, known="price")


def test_targets_that_are_no_steps_are_not_told():
    X = with_a_hole()[34:65]
    for Y in (
        np.random.default_rng(0).normal(size=(31, 3)),
        np.zeros((31, 2)),
        np.full((31, 2), np.nan),
        np.column_stack([np.arange(31), np.arange(31)]),
        [[*"ab"]] * 31,
        None,
        X["price"],
    ):
        assert not told_by_fit(X, Y, 1)


@pytest.mark.parametrize("cut", [make_windows, make_multistep])
def test_a_row_without_a_group_is_told(cut):
    groups = np.array(["a", None, "a", "b", "a", "b"], dtype=object)
    with pytest.raises(ValueError, match=r"groups is missing \(NaN\) in row 1"):
        cut(np.zeros((6, 1)), np.arange(6.0), 2, groups=groups)


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.filterwarnings("ignore:y holds 4 steps at once")
def test_with_the_horizon_of_the_steps_nothing_leaks():
    hours = pd.date_range("2026-01-01", periods=90, freq="h")
    walk = np.random.default_rng(0).normal(size=90).cumsum()
    X = pd.DataFrame({"price": walk}, index=hours)
    trimmed, Y = make_multistep(X, X["price"], 4)
    for horizon, clean in ((4, True), (3, False)):
        window = SlidingWindow(5, horizon=horizon, flatten=True)
        pipe = make_pipeline(window, SimpleImputer(), Ridge())
        if clean:
            assert_no_leakage(pipe, trimmed, Y, TimeSeriesSplit(3, gap=3))
            assert_no_leakage(pipe, trimmed, Y, PurgedKFold(3, pipeline=pipe))
            with pytest.raises(AssertionError, match="Leave a gap of 3 rows"):
                assert_no_leakage(pipe, trimmed, Y, TimeSeriesSplit(3))
        else:
            with pytest.raises(AssertionError, match="its own target"):
                assert_no_leakage(pipe, trimmed, Y, TimeSeriesSplit(3, gap=3))


def test_purged_folds_leave_out_rows_whose_targets_overlap():
    hours = pd.date_range("2026-01-01", periods=60, freq="h")
    X = pd.concat(
        pd.DataFrame({"shop": shop, "price": i + np.arange(60.0) ** 2}, index=hours)
        for i, shop in enumerate("ab")
    )
    X, Y = make_multistep(X, X["price"], 4, groups=X["shop"])
    pipe = make_pipeline(SlidingWindow(5, horizon=4, group_by="shop"), Ridge())
    cv = PurgedKFold(3, pipeline=pipe, time=X.index)
    for train, test in cv.split(X, Y):
        for shop in "ab":
            own = (X["shop"] == shop).to_numpy()
            seen, held = (
                set(Y[own & np.isin(range(len(X)), part)].to_numpy().ravel())
                for part in (train, test)
            )
            assert not seen & held
    with pytest.raises(ValueError, match="time=None takes every row for a time step"):
        next(PurgedKFold(3, pipeline=pipe).split(X, Y))


def test_a_stride_may_be_longer_than_the_table():
    X = np.arange(10.0)
    for stride in (10, 10**20):
        windows, targets = make_windows(X, X, 3, stride=stride)
        assert (windows.ravel().tolist(), targets.tolist()) == ([0, 1, 2], [3])
    with pytest.raises(TypeError, match=r"groups must be an array-like.*got 3"):
        make_windows(X, X, 3, groups=3)


BAD = {
    "window_length": ({"window_length": 0}, "window_length must be an int >= 1, got 0"),
    "horizon": ({"horizon": -1}, "horizon must be an int >= 0, got -1"),
    "steps": ({"steps": 1.5}, r"steps must be an int >= 1, got 1\.5"),
    "stride": ({"stride": True}, "stride must be an int >= 1, got True"),
    "long": ({"window_length": 10}, "need 11 rows, but X has 10"),
    "groups": ({"groups": [0, 1] * 5}, "need 6 rows of a group, but X has 5"),
    "lengths": ({"y": np.zeros(9)}, "inconsistent numbers of samples"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_be_cut_is_told(name):
    changed, message = BAD[name]
    parameters = {"X": np.zeros((10, 1)), "y": np.zeros(10), "window_length": 5}
    with pytest.raises(ValueError, match=message):
        make_windows(**{**parameters, **changed})


def test_more_steps_than_rows():
    with pytest.raises(ValueError, match="steps=6 is more than the rows of X and y: 5"):
        make_multistep(np.zeros((5, 1)), np.zeros(5), 6)


@pytest.mark.parametrize(
    ("groups", "error", "said"),
    [
        ("shop", TypeError, r"got 'shop'\. Pass the column itself: groups=X\['shop'\]"),
        ("day", TypeError, r"groups=X\.index\.get_level_values\('day'\)"),
        ("town", TypeError, "one entry per row, got 'town'. Pass a column"),
        (["shop"], ValueError, r"X has 9 rows, groups has 1 entries\. .*X\['shop'\]"),
        (["a", "b"], ValueError, "X has 9 rows, groups has 2 entries"),
    ],
)
@pytest.mark.parametrize("make", [make_windows, make_multistep])
def test_groups_are_entries_not_a_name(make, groups, error, said):
    X = pd.DataFrame({"sold": np.arange(9.0), "shop": list("abc") * 3})
    X.index.name = "day"
    with pytest.raises(error, match=said):
        make(X, X["sold"], 2, groups=groups)
