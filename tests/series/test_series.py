"""Which rows form which series, in which order, at which times: beside pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sklstm.forecasting
import sklstm.preprocessing
from sklstm._multistep import multistep_name, multistep_names
from sklstm._series import (
    Groups,
    TimeLabels,
    check_sorted,
    check_unique,
    column_of,
    groups_of,
    number_times,
    numbers_rows,
    time_index,
    without_groups,
)
from sklstm.forecasting import backtest
from sklstm.preprocessing import SlidingWindow

ENTITIES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=30)
DAYS = pd.date_range("2026-01-01", periods=6)


def no_remedy(labels, rows, group_by):
    return "Sort them."


# ------------------------------------------------------------------- the rows of groups
@given(ENTITIES)
def test_groups_are_those_of_pandas(entities):
    groups, column = Groups.of(entities, "shop"), pd.Series(entities)
    by_pandas = column.groupby(column, sort=False)
    assert groups.names == list(column.unique())
    for name, rows in zip(groups.names, groups.rows_of_each(), strict=True):
        np.testing.assert_array_equal(rows, by_pandas.indices[name])
    np.testing.assert_array_equal(groups.codes, by_pandas.ngroup())
    np.testing.assert_array_equal(groups.places, by_pandas.cumcount())
    last = groups.last(2)
    assert sorted(last.order) == list(column.groupby(column).tail(2).index)


@given(ENTITIES, st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_line_of_time_steps_counts_missing_rows(entities, lag, random):
    groups = Groups.of(entities, "shop")
    missing = np.array([random.randint(0, 2) for _ in entities])
    # The same by pandas: a column of each group, at the time steps of its rows.
    table = pd.DataFrame({"shop": entities, "row": np.arange(len(entities))})
    table["step"] = (missing + 1).astype(int)
    table["step"] = table.groupby("shop")["step"].cumsum()
    rows, there = groups.timeline(missing).rows_before(lag)
    for row, (shop, step) in enumerate(zip(table["shop"], table["step"], strict=True)):
        at = table[(table["shop"] == shop) & (table["step"] == step - lag)]
        assert there[row] == (len(at) == 1)
        if len(at):
            assert rows[row] == at["row"].iloc[0]


def test_rows_at_places_of_groups():
    groups = Groups.of([*"abab"], "shop")
    codes, places = np.array([0, 1, 1, 0]), np.array([0, 0, 9, -1])
    np.testing.assert_array_equal(groups.rows_at(codes, places), [0, 1, 3, 0])


def test_a_row_without_a_group_is_named():
    with pytest.raises(ValueError, match=r"shop is missing \(NaN\) in row 1; every"):
        Groups.of(["a", None], "shop")
    frame = pd.DataFrame({"shop": ["a", None]})
    told = r"group_by='shop' is missing \(NaN\) in row 1 of X_future; every"
    with pytest.raises(ValueError, match=told):
        groups_of(frame, "shop", "X_future")


# ---------------------------------------------------------- where a table tells of them
def test_columns_come_before_levels_and_positions_are_those_of_arrays():
    frame = pd.DataFrame({"shop": [*"ab"], 0: [1, 2]}, index=pd.Index([5, 6], name="t"))
    assert list(column_of(frame, "shop")) == [*"ab"]
    assert list(column_of(frame, "t")) == [5, 6]
    assert list(column_of(frame, 0)) == [1, 2]
    assert column_of(frame, 1) is None
    array = np.arange(6).reshape(2, 3)
    assert list(column_of(array, 2)) == [2, 5]
    for stranger in (3, -1, "shop", True):
        assert column_of(array, stranger) is None
    assert column_of(array.reshape(2, 3, 1), 0) is None


def test_groups_of_a_table():
    assert len(groups_of(np.zeros((3, 1)), None)) == 1
    frame = pd.DataFrame({"shop": [*"ab"]})
    assert groups_of(frame, "shop").names == [*"ab"]
    told = r"must be a column or an index level of X, got 'x'\. Columns: \['shop'\]"
    with pytest.raises(ValueError, match=told):
        groups_of(frame, "x")
    with pytest.raises(ValueError, match="position of a column of the array X, 0 to 1"):
        groups_of(np.zeros((3, 2)), 2)


def test_times_are_what_is_left_of_the_levels():
    index = pd.MultiIndex.from_product([[*"ab"], DAYS], names=["shop", "day"])
    frame = pd.DataFrame({"sold": np.arange(12)}, index=index)
    assert time_index(frame, "shop").equals(DAYS.append(DAYS))
    assert time_index(frame, None).equals(index)
    codes = np.repeat([0, 1], 6)
    assert without_groups(index, codes).equals(DAYS.append(DAYS))
    assert without_groups(index, codes[::-1]).nlevels == 2
    assert without_groups(DAYS, np.arange(6)).equals(DAYS)


# ------------------------------------------------------------------ the order of times
INDICES = {
    "days": DAYS,
    "zones": DAYS.tz_localize("Europe/Berlin"),
    "periods": DAYS.to_period("D"),
    "durations": DAYS - DAYS[0],
    "numbers": pd.Index(range(6)),
    "names": pd.Index([*"abcdef"]),
    "mixed types by group": pd.Index([*"abc", 1, 2, 3]),
}


@pytest.mark.parametrize("kind", INDICES)
def test_unsorted_and_repeated_times_are_found_in_each_group(kind):
    index = INDICES[kind]
    groups = Groups.of([*"aaabbb"], "shop")
    ascending = TimeLabels(index)
    check_sorted(ascending, groups, "shop", no_remedy)
    check_unique(ascending, groups, "shop")
    falls = TimeLabels(index[[0, 1, 2, 4, 3, 5]])
    with pytest.raises(ValueError, match=r"X_future is not sorted \(group 'b'\): .*"):
        check_sorted(falls, groups, "shop", no_remedy, "X_future")
    repeats = TimeLabels(index[[0, 1, 2, 3, 5, 5]])
    check_sorted(repeats, groups, "shop", no_remedy)
    with pytest.raises(ValueError, match=r"of row 5 of X \(group 'b'\) is that of an"):
        check_unique(repeats, groups, "shop")
    if kind != "mixed types by group":
        one = Groups.of_one("all rows", 6)
        with pytest.raises(ValueError, match=r"of row 4 is earlier than .* Sort them"):
            check_sorted(falls, one, None, no_remedy)


@pytest.mark.parametrize("kind", [*INDICES][:-1])
def test_times_are_numbered_as_pandas_ranks_them(kind):
    shuffled = INDICES[kind][[3, 1, 1, 5, 0]]
    expected = pd.Series(shuffled).rank(method="dense") - 1
    np.testing.assert_array_equal(number_times(shuffled), expected)


# ------------------------------------------------- an index that only numbers its rows
@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.RangeIndex(4), True),
        (pd.Index([3, 1, 8, 9]), True),
        (pd.Index([0.5, 1.5, 8.0, 9.0]), True),
        (pd.Index([1990, 1991, 1990, 1991]), False),
        (DAYS[:4], False),
        (pd.Index([*"abcd"]), False),
        (pd.MultiIndex.from_product([[*"ab"], [1, 2]]), False),
    ],
)
def test_numbers_that_occur_once_each_number_rows(index, expected):
    assert numbers_rows(index) == expected


def test_a_table_of_one_group_has_no_times_where_one_of_several_has_none():
    """A loop over groups gives what all of them together give."""
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import TimeSeriesSplit
    from sklearn.pipeline import make_pipeline

    from sklstm import CompleteCaseRegressor

    X = pd.DataFrame({"sold": np.arange(24.0) ** 2, "shop": [*"ab"] * 12})
    alone = X[X["shop"] == "b"]  # labelled 1, 3, 5, ...
    window = SlidingWindow(2, flatten=True, group_by="shop")
    pipe = make_pipeline(window, CompleteCaseRegressor(LinearRegression()))
    found = backtest(pipe, alone, alone["sold"], TimeSeriesSplit(2, test_size=2))
    assert list(found["time"]) == [8, 9, 10, 11]


# --------------------------------------------------------------- several steps in y
@given(st.text(), st.integers(1, 20))
def test_names_of_steps_are_read_back(name, n_steps):
    assert multistep_name(multistep_names(name, n_steps)) == name


def test_other_names_are_no_steps():
    assert multistep_names("price", 3) == ["price[t-2]", "price[t-1]", "price[t]"]
    for names in (None, [], ["price"], ["a[t-1]", "b[t]"], ["a[t-2]", "a[t]"]):
        assert multistep_name(names) is None


@pytest.mark.parametrize("name", ["make_multistep", "make_windows"])
def test_windows_before_a_pipeline_are_of_preprocessing_and_of_forecasting(name):
    of_forecasting = getattr(sklstm.forecasting, name)
    assert getattr(sklstm.preprocessing, name) is of_forecasting
    assert name in sklstm.preprocessing.__all__
    assert name in sklstm.forecasting.__all__
