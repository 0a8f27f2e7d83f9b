"""Samples of which nothing is known, and rows of y that are not those of X."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, SlidingWindow

T = np.arange(60)
TABLE = pd.DataFrame({"a": np.sin(T / 3)}, pd.date_range("2024", periods=60))
QUICK = {"units": 3, "epochs": 1, "random_state": 0}


def windows(*before, **parameters):
    return make_pipeline(
        *before, SlidingWindow(5, **parameters), LSTMRegressor(**QUICK)
    )


def test_a_last_row_alone_has_nothing_to_predict_from():
    X = TABLE.to_numpy()
    pipe = windows().fit(X, X[:, 0])
    with pytest.warns(
        UserWarning, match=r"1 of the 1 samples.*history=\"fit\""
    ) as seen:
        pipe.predict(X[-1:])
    assert len(seen) == 1
    assert windows(history="fit").fit(X[:-1], X[:-1, 0]).predict(X[-1:]).shape == (1,)


def test_a_step_that_loses_the_index_is_told_with_the_remedy():
    scaler = StandardScaler()
    pipe = windows(scaler, horizon=3).fit(TABLE[:-4], TABLE["a"][:-4])
    with (
        pytest.warns(UserWarning, match=r"3 of the 4 samples.*set_output"),
        pytest.warns(UserWarning, match=r"4 of the 4 rows of X start cold.*set_output"),
    ):
        pipe.predict(TABLE[-4:])
    scaler.set_output(transform="pandas")
    pipe.fit(TABLE[:-4], TABLE["a"][:-4]).predict(TABLE[-4:])


def test_the_cold_start_of_a_table_is_no_news():
    X = TABLE.to_numpy()
    pipe = windows(horizon=2, history=None)
    search = GridSearchCV(pipe, {"slidingwindow__horizon": [1, 3]}, cv=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(pipe.fit(X, X[:, 0]).predict(X)).all()
        assert np.isfinite(cross_val_predict(pipe, X, X[:, 0], cv=KFold(5))).all()
        scores = search.fit(X, X[:, 0]).cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()


def test_classifiers_tell_it_once_a_call_and_taggers_give_nan():
    X = np.random.default_rng(0).normal(size=(20, 4, 2))
    clf = LSTMClassifier(**QUICK).fit(X, np.arange(20) % 2)
    tagger = LSTMTagger(**QUICK)
    tagger.fit(X, np.resize([0, 1, 1], (20, 4)))
    nothing = np.full((2, 4, 2), np.nan)
    assert np.isnan(tagger.predict(nothing)).all()
    for call in (clf.predict, clf.predict_proba):
        with pytest.warns(UserWarning, match=r"2 of the 2 samples") as seen:
            call(nothing)
        assert len(seen) == 1


def test_the_index_of_y_is_that_of_x():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(20, 4)), columns=list("abcd"))
    y = X["d"] + X["c"]
    reg = LSTMRegressor(**QUICK)
    by_position = reg.fit(X, y.to_numpy()).predict(X)
    np.testing.assert_array_equal(reg.fit(X, y).predict(X), by_position)
    ordered = X.sort_values("a")
    message = "X and y have different indices: row 0 is"
    with pytest.raises(ValueError, match=message):
        reg.fit(ordered, y)
    with pytest.raises(ValueError, match=r"y.loc\[X.index\]"):
        reg.partial_fit(ordered, y.to_frame())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reg.fit(ordered, y.loc[ordered.index])
        reg.fit(ordered, y.loc[ordered.index].to_numpy())


def test_sequences_of_strange_tokens_are_told_as_such():
    tokens = np.arange(40).reshape(10, 4) % 5
    clf = LSTMClassifier(**QUICK, embedding_dim=2).fit(tokens, np.arange(10) % 2)
    with pytest.warns(UserWarning, match="Tokens that fit did not see") as seen:
        clf.predict(tokens + 5)
    assert "SlidingWindow" not in str(seen[0].message)
