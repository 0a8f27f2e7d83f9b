"""Splits in time, beside their definitions and scikit-learn's own splitters."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from sklstm import SlidingWindow
from sklstm.model_selection import PanelTimeSeriesSplit, PurgedKFold

RNG = np.random.default_rng(0)


@pytest.fixture
def panel():
    """Three shops whose rows stand in no order; one opened late, one closed early."""
    days = pd.date_range("2026-01-01", periods=24)
    parts = [
        pd.DataFrame({"shop": "a", "day": days}),
        pd.DataFrame({"shop": "b", "day": days[8:]}),
        pd.DataFrame({"shop": "c", "day": days[:15]}),
    ]
    table = pd.concat(parts, ignore_index=True)
    table["sold"] = RNG.normal(size=len(table))
    return table.sample(frac=1, random_state=0).reset_index(drop=True)


# ------------------------------------------------------------------------------- panel
@settings(deadline=None, max_examples=60)
@given(
    n_splits=st.integers(2, 4),
    gap=st.integers(0, 3),
    test_size=st.none() | st.integers(1, 4),
    max_train_size=st.none() | st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_times_are_those_of_time_series_split(
    n_splits, gap, test_size, max_train_size, seed
):
    rng = np.random.default_rng(seed)
    times = rng.permutation(np.repeat(np.arange(30), rng.integers(1, 5, size=30)))
    parameters = {"gap": gap, "test_size": test_size, "max_train_size": max_train_size}
    ours = PanelTimeSeriesSplit(n_splits, time=times, **parameters)
    theirs = TimeSeriesSplit(n_splits, **parameters).split(np.zeros(30))
    folds = list(ours.split(np.zeros((len(times), 1))))
    assert len(folds) == ours.get_n_splits() == n_splits
    for fold, expected in zip(folds, theirs, strict=True):
        for rows, steps in zip(fold, expected, strict=True):
            np.testing.assert_array_equal(np.flatnonzero(np.isin(times, steps)), rows)


def test_every_test_time_is_later_than_every_train_time(panel):
    splitter = PanelTimeSeriesSplit(3, time="day", gap=2)
    for train, test in splitter.split(panel):
        last, first = panel["day"][train].max(), panel["day"][test].min()
        assert first - last == pd.Timedelta(days=3)


@pytest.mark.parametrize("kind", ["column", "level", "index", "array", "number"])
def test_time_is_a_column_a_level_the_index_or_an_array(kind, panel):
    expected = list(PanelTimeSeriesSplit(3, time="day").split(panel))
    X, time = {
        "column": (panel, "day"),
        "level": (panel.set_index(["shop", "day"]), "day"),
        "index": (panel.set_index("day"), None),
        "array": (panel[["sold"]], panel["day"]),
        "number": (np.column_stack([panel["sold"], panel["day"].dt.day]), 1),
    }[kind]
    folds = PanelTimeSeriesSplit(3, time=time).split(X)
    for fold, of_column in zip(folds, expected, strict=True):
        for rows, others in zip(fold, of_column, strict=True):
            np.testing.assert_array_equal(rows, others)


def test_searches_take_it(panel):
    X, y = panel[["sold"]].assign(twice=2.0), panel["sold"]
    cv = PanelTimeSeriesSplit(3, time=panel["day"].to_numpy())
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=cv).fit(X, y)
    scores = cross_val_score(Ridge(**search.best_params_), X, y, cv=cv)
    assert search.best_score_ == pytest.approx(scores.mean())


def test_a_million_rows_of_a_thousand_entities():
    times = np.tile(np.arange(1000), 1000)
    splitter = PanelTimeSeriesSplit(5, time=times)
    folds = list(splitter.split(np.zeros((1_000_000, 1))))
    assert [len(test) for _, test in folds] == [166_000] * 5


BAD = {
    "n_splits": ({"n_splits": 1}, "n_splits must be an int >= 2, got 1"),
    "gap": ({"gap": -1}, "gap must be an int >= 0, got -1"),
    "test_size": ({"test_size": 0}, "test_size must be an int >= 1, got 0"),
    "long gap": ({"gap": 20}, "X has 24 time steps"),
    "large": (
        {"test_size": 12},
        "2 test parts of 12 time steps .* nothing to train on",
    ),
    "too many": (
        {"n_splits": 24},
        "n_splits=24 is too large: X has 24 time steps, fewer than a test part of one",
    ),
    "no column": (
        {"time": "hour"},
        "time='hour' is neither a column nor an index level",
    ),
    "short": ({"time": [1, 2, 3]}, "time has 3 entries, but X has 55 rows"),
    "missing": ({"time": [np.nan] + [1.0] * 54}, "The time of row 0 is missing"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_be_split_is_told(name, panel):
    parameters, message = BAD[name]
    splitter = PanelTimeSeriesSplit(**{"n_splits": 2, "time": "day", **parameters})
    with pytest.raises(ValueError, match=message):
        list(splitter.split(panel))


def test_an_index_of_levels_wants_a_name(panel):
    X = panel.set_index(["shop", "day"])
    with pytest.raises(ValueError, match=r"of the levels \['shop', 'day'\]"):
        list(PanelTimeSeriesSplit(2).split(X))
    with pytest.raises(ValueError, match="pass the times"):
        list(PanelTimeSeriesSplit(2).split(np.zeros((9, 1))))


@pytest.mark.parametrize("library", [pd, pl])
def test_text_that_sorts_otherwise_than_its_dates_is_refused(library):
    months = pd.date_range("2018-01-01", periods=12, freq="MS")
    for style in ("%b %Y", "%-m/%Y", "%d %B %Y"):
        X = library.DataFrame({"t": list(months.strftime(style))})
        for splitter in (
            PanelTimeSeriesSplit(3, time="t"),
            PurgedKFold(3, purge=1, time="t"),
        ):
            with pytest.raises(ValueError, match="text that reads as dates, such as"):
                next(splitter.split(X))
    for text in (  # whose order is that of time
        months.strftime("%Y-%m-%d"),
        months.strftime("%Y/%m"),
        ["2018-01-01", *months.strftime("%Y-%m-%dT%H:%M:%S")],
        [f"{year}Q{quarter}" for year in (2018, 2019) for quarter in (1, 2, 3, 4)],
        [f"week {week}" for week in range(10, 20)],
    ):
        X = library.DataFrame({"t": list(text)})
        *_, (_, test) = PanelTimeSeriesSplit(3, time="t").split(X)
        assert test[-1] == len(X) - 1


# ------------------------------------------------------------------------------ purged
@settings(deadline=None, max_examples=60)
@given(
    n_rows=st.integers(20, 60),
    n_splits=st.integers(2, 5),
    window_length=st.integers(1, 5),
    horizon=st.integers(0, 4),
    embargo=st.integers(0, 3),
)
def test_no_train_row_reaches_into_the_fold(
    n_rows, n_splits, window_length, horizon, embargo
):
    pipe = make_pipeline(SlidingWindow(window_length, horizon=horizon), Ridge())
    splitter = PurgedKFold(n_splits, pipeline=pipe, embargo=embargo)

    def may_train(row, test):
        window = range(row - horizon - window_length + 1, row - horizon + 1)
        after = row - test[-1] - (window_length + horizon - 1)
        return not {row, *window} & {*test} and not 0 < after <= embargo

    tests = [test for _, test in KFold(n_splits).split(np.zeros(n_rows))]
    expected = [[row for row in range(n_rows) if may_train(row, t)] for t in tests]
    folds = splitter.split(np.zeros((n_rows, 1)))
    for wanted, test in zip(expected, tests, strict=True):
        if not wanted:
            with pytest.raises(ValueError, match="has no row left to train on"):
                next(folds)
            return
        train, found = next(folds)
        np.testing.assert_array_equal(train, wanted)
        np.testing.assert_array_equal(found, test)


def test_any_step_with_window_length_and_horizon_tells_what_is_purged():
    class Window(BaseEstimator):
        def __init__(self, window_length=4, horizon=2):
            self.window_length = window_length
            self.horizon = horizon

    (train, _), _ = PurgedKFold(2, pipeline=Window()).split(np.zeros((20, 1)))
    assert train.tolist() == [15, 16, 17, 18, 19]
    narrow = Window(np.uint8(200), np.uint8(100))
    (train, _), _ = PurgedKFold(2, pipeline=narrow).split(np.zeros((2000, 1)))
    assert train[0] == 1000 + 200 + 100 - 1


def test_polars_tables_are_split_as_pandas_tables(panel):
    table = pl.from_pandas(panel)
    pipe = make_pipeline(SlidingWindow(2, group_by="shop", flatten=True), Ridge())
    for splitter in (
        PanelTimeSeriesSplit(2, time="day"),
        PurgedKFold(3, time="day", purge=1),
        PurgedKFold(3, time="day", pipeline=pipe),
        PanelTimeSeriesSplit(2, time=table["day"]),
    ):
        y = np.zeros((len(panel), 2))
        for ours, theirs in zip(
            splitter.split(table, y), splitter.split(panel, y), strict=True
        ):
            np.testing.assert_array_equal(ours[0], theirs[0])
            np.testing.assert_array_equal(ours[1], theirs[1])


def test_arrays_of_three_axes_have_no_column_of_times():
    X = np.zeros((12, 3, 2))
    for splitter in (PanelTimeSeriesSplit(2, time=0), PurgedKFold(2, purge=1, time=0)):
        with pytest.raises(ValueError, match=r"time=0 is no column of X.*\(12, 3, 2\)"):
            next(splitter.split(X))
    with pytest.raises(ValueError, match=r"one time per row; got shape \(12, 3, 2\)"):
        next(PanelTimeSeriesSplit(2, time=X).split(X))
    train, test = next(PurgedKFold(2, purge=1).split(X))
    assert (train[0], test[-1]) == (7, 5)
    far = PurgedKFold(2, purge=10**20)
    with pytest.raises(ValueError, match="has no row left to train on"):
        next(far.split(X))


@settings(deadline=None, max_examples=30)
@given(
    every=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    window_length=st.integers(1, 4),
    horizon=st.integers(0, 3),
    n_outputs=st.integers(1, 3),
)
@example(every=[3], window_length=1, horizon=0, n_outputs=2)
def test_groups_that_are_rarer_than_the_times_of_all_are_purged(
    every, window_length, horizon, n_outputs
):
    days = np.arange(120)
    parts = [(g, day) for g, step in enumerate([1, *every]) for day in days[::step]]
    X = pd.DataFrame(parts, columns=["shop", "day"]).sort_values("day")
    X["a"] = np.arange(len(X)) * 1.0  # its own row
    window = SlidingWindow(
        window_length, horizon=horizon, group_by="shop", history=None, gaps="ignore"
    )
    windows = np.asarray(window.fit_transform(X.reset_index(drop=True)))[:, :, -1]
    shifts = range(n_outputs)
    targets = np.column_stack([X.groupby("shop")["a"].shift(-k) for k in shifts])
    y = targets if n_outputs > 1 else targets[:, 0]
    pipe = make_pipeline(window, Ridge())
    for train, test in PurgedKFold(3, pipeline=pipe, time="day").split(X, y):
        assert not np.isin(windows[train], test).any()
        held = targets[test].ravel()
        assert not np.isin(targets[train], held[~np.isnan(held)]).any()
        # No more than that of a group that has a row each day.
        reach = max(window_length + horizon, n_outputs) - 1
        X_of = X.assign(row=np.arange(len(X)))
        daily = X_of[X_of["shop"] == 0]
        kept = daily["day"][daily["row"].isin(train)]
        first, last = X["day"].iloc[test].min(), X["day"].iloc[test].max()
        np.testing.assert_array_equal(
            kept, [*range(first - n_outputs + 1), *range(last + reach + 1, 120)]
        )


def test_purge_as_a_number_and_times_of_a_panel(panel):
    splitter = PurgedKFold(3, purge=2, embargo=1, time="day")
    for train, test in splitter.split(panel):
        day = panel["day"]
        last = day[test].max()
        left_out = pd.date_range(last, periods=4)[1:]
        in_fold = day.between(day[test].min(), last)
        expected = ~in_fold & ~day.isin(left_out)
        np.testing.assert_array_equal(train, np.flatnonzero(expected))


def test_windows_that_others_hide_tell_what_is_purged():
    near, far = SlidingWindow(2, flatten=True), SlidingWindow(4, horizon=2)
    columns = ColumnTransformer([("a", near, [0]), ("b", make_pipeline(far), [0])])
    voting = VotingRegressor([("a", make_pipeline(far, Ridge())), ("b", Ridge())])
    for pipeline in (make_pipeline(columns, Ridge()), voting):
        (train, _), _ = PurgedKFold(2, pipeline=pipeline).split(np.zeros((20, 1)))
        assert train.tolist() == [15, 16, 17, 18, 19]  # 4 + 2 - 1 rows after row 9


def test_narrow_integers_split_as_others():
    X, times = np.zeros((1000, 1)), np.arange(1000)
    for narrow, wide in zip(
        *(
            PanelTimeSeriesSplit(
                size(3),
                time=times,
                gap=size(200),
                test_size=size(150),
                max_train_size=size(255),
            ).split(X)
            for size in (np.uint8, int)
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(narrow[0], wide[0])
        np.testing.assert_array_equal(narrow[1], wide[1])


@settings(deadline=None, max_examples=25)
@given(
    days=st.lists(st.integers(0, 9), min_size=12, max_size=40),
    purge=st.integers(0, 2),
)
def test_tables_in_every_container_have_the_same_folds(days, purge):
    X = pd.DataFrame({"day": days, "sold": np.arange(len(days)) / 2})
    containers = [
        X.convert_dtypes(),
        X.convert_dtypes(dtype_backend="pyarrow"),
        X.set_index("day"),
        pl.from_pandas(X),
    ]
    for splitter in (
        PanelTimeSeriesSplit(2, time="day"),
        PurgedKFold(2, purge=purge, time="day"),
    ):
        found = [folds_of(splitter, one) for one in [X, *containers]]
        numbered = clone(splitter, safe=False)
        numbered.time = 0
        found.append(folds_of(numbered, X.to_numpy()))
        assert all(one == found[0] for one in found)


def folds_of(splitter, X):
    """The rows of each fold, or what was said instead."""
    try:
        return [[rows.tolist() for rows in fold] for fold in splitter.split(X)]
    except ValueError as error:
        return str(error)


def test_the_window_is_found_in_a_search_and_in_nested_pipelines():
    inner = make_pipeline(SlidingWindow(4, horizon=2, flatten=True), Ridge())
    search = GridSearchCV(inner, {"ridge__alpha": [1, 2]}, cv=TimeSeriesSplit(2))
    for pipeline in (inner, search, make_pipeline(inner), SlidingWindow(4, horizon=2)):
        (train, _), _ = PurgedKFold(2, pipeline=pipeline).split(np.zeros((20, 1)))
        assert train.tolist() == [15, 16, 17, 18, 19]


PURGE = {
    "no pipeline": ({}, 'purge="auto" reads window length and horizon from a pipeline'),
    "no window": ({"pipeline": make_pipeline(Ridge())}, "finds no step with window"),
    "purge": ({"purge": -1}, 'purge must be an int >= 0 or "auto", got -1'),
    "embargo": ({"purge": 1, "embargo": 0.5}, "embargo must be an int >= 0, got 0.5"),
    "empty": ({"purge": 1, "embargo": 20}, "Fold 0 of .* has no row left to train on"),
    "folds": (
        {"purge": 0, "n_splits": 30},
        "n_splits=30 folds need as many time steps",
    ),
}


@pytest.mark.parametrize("name", PURGE)
def test_what_can_not_be_purged_is_told(name):
    parameters, message = PURGE[name]
    with pytest.raises(ValueError, match=message):
        list(PurgedKFold(**{"n_splits": 2, **parameters}).split(np.zeros((20, 1))))


@pytest.mark.parametrize("Splitter", [PanelTimeSeriesSplit, PurgedKFold])
def test_parameters_are_stored_as_given_and_shown(Splitter):
    splitter = Splitter(7, time="day")
    assert splitter.n_splits == 7
    assert splitter.time == "day"
    assert repr(splitter).startswith(f"{Splitter.__name__}(")
    assert "n_splits=7" in repr(splitter)
    assert clone(splitter, safe=False).get_n_splits() == 7
