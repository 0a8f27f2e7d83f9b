"""Targets of several steps and complete windows, beside loops over rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    with pytest.raises(ValueError, match="more than any group has rows"):
        make_multistep(X, X["price"], 8, groups=shops)


@pytest.mark.parametrize("cut", [make_windows, make_multistep])
def test_a_row_without_a_group_is_told(cut):
    groups = np.array(["a", None, "a", "b", "a", "b"], dtype=object)
    with pytest.raises(ValueError, match=r"groups is missing \(NaN\) in row 1"):
        cut(np.zeros((6, 1)), np.arange(6.0), 2, groups=groups)


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.filterwarnings("ignore:.* missing within X")
def test_with_the_horizon_of_the_steps_nothing_leaks():
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import TimeSeriesSplit
    from sklearn.pipeline import make_pipeline

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
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

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
    with pytest.raises(ValueError, match="steps=6 is more than X and y have rows: 5"):
        make_multistep(np.zeros((5, 1)), np.zeros(5), 6)
