"""Scores over the rows that have a target."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, SlidingWindow
from sklstm.metrics import skip_missing

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
KNOWN = RNG.random(60) > 0.3


@pytest.mark.parametrize("name", ["r2", "neg_mean_absolute_error"])
@pytest.mark.parametrize("kind", [np.asarray, pd.Series, list])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_score_is_the_scorers_over_the_rows_that_have_a_target(name, kind, weighted):
    y = X[:, 0] + RNG.normal(size=60)
    model = Ridge().fit(X, y)
    weights = {"sample_weight": RNG.random(60)} if weighted else {}
    of_known = {key: value[KNOWN] for key, value in weights.items()}
    expected = get_scorer(name)(model, X[KNOWN], y[KNOWN], **of_known)
    found = skip_missing(name)(model, X, kind(np.where(KNOWN, y, np.nan)), **weights)
    assert found == pytest.approx(expected, rel=1e-12)
    assert skip_missing(name)(model, X, y) == get_scorer(name)(model, X, y)


@pytest.mark.parametrize("name", ["accuracy", "roc_auc", "neg_log_loss"])
def test_missing_labels_are_skipped(name):
    y = np.where(X[:, 0] + RNG.normal(size=60) > 0, "yes", "no")
    model = LogisticRegression().fit(X, y)
    holed = np.where(KNOWN, y.astype(object), None)
    expected = get_scorer(name)(model, X[KNOWN], y[KNOWN])
    assert skip_missing(name)(model, X, holed) == pytest.approx(expected, rel=1e-12)


def test_it_pickles_and_refuses_what_has_no_target():
    scorer = pickle.loads(pickle.dumps(skip_missing("r2")))
    model = Ridge().fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"missing target \(NaN\) in every row"):
        scorer(model, X, np.full(60, np.nan))
    assert "r2_score" in repr(scorer)
    with pytest.raises(ValueError, match="'r3' is not a valid scoring value"):
        skip_missing("r3")


def test_cross_validation_of_windows_over_a_series_with_holes():
    t = np.arange(80)
    table = pd.DataFrame({"a": np.sin(t / 3)}, index=pd.RangeIndex(80))
    y = table["a"].where(t % 7 != 0)
    pipe = make_pipeline(
        SlidingWindow(5), LSTMRegressor(units=4, epochs=5, random_state=0)
    )
    cv = TimeSeriesSplit(2)
    scoring = skip_missing("neg_mean_absolute_error")
    expected = []
    for train, test in cv.split(table):
        pipe.fit(table.iloc[train], y.iloc[train])
        known = y.iloc[test].notna()
        predicted = pipe.predict(table.iloc[test])[known]
        expected.append(-mean_absolute_error(y.iloc[test][known], predicted))
    found = cross_val_score(pipe, table, y, cv=cv, scoring=scoring)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    search = GridSearchCV(
        pipe, {"lstmregressor__epochs": [1, 5]}, cv=cv, scoring=scoring
    ).fit(table, y)
    assert search.best_score_ == pytest.approx(np.mean(expected), rel=1e-9)


@pytest.mark.parametrize("hole", [[], [3]])
def test_a_target_in_another_order_is_refused(hole):
    X = pd.DataFrame({"a": np.arange(9.0)}, pd.date_range("2026-01-01", periods=9))
    y = X["a"].copy()
    y.iloc[hole] = np.nan
    model = Ridge().fit(X, X["a"])
    scorer = skip_missing("r2")
    with pytest.raises(ValueError, match="X and y have different indices: row 0"):
        scorer(model, X, y[::-1])
    assert scorer(model, X, y) == scorer(model, X, y[::-1].to_numpy()[::-1])
