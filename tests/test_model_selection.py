"""Splits in time, beside their definitions and scikit-learn's own splitters."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
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
    X = np.zeros((n_rows, 1))
    tests = [test for _, test in KFold(n_splits).split(X)]
    trains = []
    for test in tests:
        kept = []
        for row in range(n_rows):
            window = range(row - horizon - window_length + 1, row - horizon + 1)
            seen = {row, *window} & {*test}
            after = row - test[-1] - (window_length + horizon - 1)
            if not seen and not 0 < after <= embargo:
                kept.append(row)
        trains.append(kept)
    if [] in trains:
        message = f"Fold {trains.index([])} of PurgedKFold has no row left to train on"
        with pytest.raises(ValueError, match=message):
            list(splitter.split(X))
        return
    for fold, train, test in zip(splitter.split(X), trains, tests, strict=True):
        np.testing.assert_array_equal(fold[0], train)
        np.testing.assert_array_equal(fold[1], test)


@pytest.mark.parametrize("embargo", [2, 3])
def test_a_fold_that_leaves_no_row_is_an_error(embargo):
    # of the 20 rows, 10 to 16 see the first half, and 17 to 19 are the embargo's
    pipe = make_pipeline(SlidingWindow(4, horizon=4), Ridge())
    splitter = PurgedKFold(2, pipeline=pipe, embargo=embargo)
    if embargo == 2:
        assert [*next(splitter.split(np.zeros((20, 1))))[0]] == [19]
    else:
        with pytest.raises(ValueError, match="Fold 0 of PurgedKFold has no row left"):
            next(splitter.split(np.zeros((20, 1))))


def test_purge_as_a_number_and_times_of_a_panel(panel):
    splitter = PurgedKFold(3, purge=2, embargo=1, time="day")
    for train, test in splitter.split(panel):
        day = panel["day"]
        last = day[test].max()
        left_out = pd.date_range(last, periods=4)[1:]
        in_fold = day.between(day[test].min(), last)
        expected = ~in_fold & ~day.isin(left_out)
        np.testing.assert_array_equal(train, np.flatnonzero(expected))


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
