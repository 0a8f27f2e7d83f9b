"""Random tables through splitters and the proof that nothing leaks."""

import numpy as np
import pandas as pd
from fuzz_outcomes import Outcome, fuzz
from fuzz_tables import ODD_NUMBERS, mostly, tables, window_parameters
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import PanelTimeSeriesSplit, PurgedKFold, SlidingWindow
from sklstm.model_selection import assert_no_leakage


def times_for(table):
    """Draw where a splitter finds the times of a table."""
    rows = np.arange(table.n_rows)
    usual = [None, rows, rows // 2]
    odd = ["shop", "a", "day", 0, "nowhere", 7, rows[1:], 1.5, rows.tolist()]
    return mostly(usual, odd)


@fuzz(40)
@given(st.data())
def test_folds_of_panels(data):
    table = data.draw(tables())
    draw = data.draw
    splitter = PanelTimeSeriesSplit(
        draw(mostly([2, 2, 3], ODD_NUMBERS)),
        time=draw(times_for(table)),
        gap=draw(mostly([0, 0, 1], ODD_NUMBERS)),
        test_size=draw(mostly([None, None, 1, 2], ODD_NUMBERS)),
        max_train_size=draw(mostly([None, None, 3], ODD_NUMBERS)),
    )
    folds = Outcome(lambda X: list(splitter.split(X)), table.X)
    if folds.failed:
        return
    assert len(folds.value) == splitter.n_splits
    for train, test in folds.value:
        assert_parts(train, test, table.n_rows)


@fuzz(40)
@given(st.data())
def test_purged_folds(data):
    table = data.draw(tables())
    draw = data.draw
    window = SlidingWindow(**draw(window_parameters(table)))
    pipeline = draw(
        mostly([None, make_pipeline(window, Ridge()), window], [3, Ridge()])
    )
    splitter = PurgedKFold(
        draw(mostly([2, 2, 3], ODD_NUMBERS)),
        purge=draw(mostly(["auto", 0, 1, 3], [*ODD_NUMBERS, "all"])),
        embargo=draw(mostly([0, 0, 1], ODD_NUMBERS)),
        pipeline=pipeline,
        time=draw(times_for(table)),
    )
    folds = Outcome(lambda X: list(splitter.split(X)), table.X)
    if folds.failed:
        return
    for train, test in folds.value:
        assert_parts(train, test, table.n_rows)
    tested = np.concatenate([test for _, test in folds.value])
    np.testing.assert_array_equal(np.sort(tested), np.arange(table.n_rows))


def assert_parts(train, test, n_rows):
    for part in (train, test):
        assert len(part)
        assert (np.diff(part) > 0).all()
        assert part[0] >= 0
        assert part[-1] < n_rows
    assert not np.intersect1d(train, test).size


@fuzz(15)
@given(st.data())
def test_the_proof_passes_or_says_why_not(data):
    table = data.draw(tables())
    window = SlidingWindow(**data.draw(window_parameters(table, st.just(True))))
    filled = SimpleImputer(
        strategy="constant", fill_value=0.0, keep_empty_features=True
    )
    pipeline = make_pipeline(window, filled, Ridge())
    y = np.random.default_rng(0).normal(size=table.n_rows).round(2)
    if hasattr(table.X, "iloc"):
        y = pd.Series(y, table.X.index)
    cv = data.draw(
        mostly([2, TimeSeriesSplit(2), KFold(2)], [0, None, [], [([0], [10**6])]])
    )
    Outcome(
        lambda X, y: assert_no_leakage(pipeline, X, y, cv),
        table.X,
        y,
        estimator=pipeline,
        allowed=(AssertionError,),
    )
