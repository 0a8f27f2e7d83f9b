"""What a fit can't do as asked is told: by a warning where it may be meant."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, PerFeatureScaler

QUICK = {"units": 3, "epochs": 1, "random_state": 0}


def samples(n_samples=60):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 6, 2))
    return X, X[:, -1, 0] + 0.1 * rng.normal(size=n_samples)


def told(train, *arguments):
    """Return the texts of the warnings of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(*arguments)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("how", ["partial_fit", "warm_start"])
def test_a_linear_part_that_stays_is_told_where_y_is_another(how):
    X, y = samples()
    reg = LSTMRegressor(**QUICK, warm_start=how == "warm_start").fit(X, y)
    go_on = reg.fit if how == "warm_start" else reg.partial_fit
    go_on(X, y)
    with pytest.warns(UserWarning, match="samples is .* times that of the fit"):
        go_on(X, -y)


def test_a_network_alone_learns_on():
    X, y = samples()
    reg = LSTMRegressor(**QUICK, linear_skip=0).fit(X, y)
    assert told(reg.partial_fit, X, -y) == []
    from_the_start = LSTMRegressor(**QUICK).partial_fit(X, y)
    assert told(from_the_start.partial_fit, X, -y) == []


def test_a_table_without_windows_whose_column_is_y():
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 4)))
    with pytest.warns(UserWarning, match="y is column 2 of X.*SlidingWindow in front"):
        LSTMRegressor(**QUICK).fit(table, table[2])
    with pytest.warns(UserWarning, match="y is column 2 of X"):
        LSTMRegressor(**QUICK).fit(table, table[2].where(table.index % 3 > 0))


@pytest.mark.parametrize(
    "y",
    [
        lambda X: X[:, 2] + X[:, 3],
        lambda X: X[:, 2] > 0,  # few values
        lambda X: np.append(X[1:, 2], 0.0),
        lambda X: np.append(0.0, X[1:, 2]),
    ],
)
def test_tables_whose_columns_are_not_y(y):
    X = np.random.default_rng(0).normal(size=(50, 4))
    assert told(LSTMRegressor(**QUICK).fit, X, y(X) * 1.0) == []


def test_features_that_float32_rounds_are_told():
    X, y = samples()
    offset = np.array([0, 1e7])
    with pytest.warns(UserWarning, match=r"Feature 1 of X is about 1e\+07 and changes"):
        LSTMRegressor(**QUICK).fit(X + offset, y)
    with pytest.warns(UserWarning, match="float32, .* keeps steps of 1. Put"):
        LSTMClassifier(**QUICK).fit(X + offset, y > 0)


def test_features_that_float32_keeps_are_not():
    X, y = samples()
    offset = np.array([0, 1e7])
    fit = LSTMRegressor(**QUICK).fit
    assert told(fit, 1e6 * X + offset, y) == []
    assert told(fit, 0 * X + offset, y) == []  # constant
    assert told(fit, PerFeatureScaler().fit_transform(X + offset), y) == []


# ------------------------------------------------------------------------- classifiers
def labels_of_each(n_samples=40, n_labels=3):
    return np.random.default_rng(1).integers(0, 2, (n_samples, n_labels))


def test_one_hot_labels_are_told():
    X, _ = samples(40)
    y = np.eye(3, dtype=int)[np.arange(40) % 3]
    with pytest.warns(UserWarning, match=r"Pass y.argmax\(axis=1\) if") as caught:
        LSTMClassifier(**QUICK).fit(X, y)
    assert caught[0].filename == __file__  # the caller's line
    with (
        pytest.warns(UserWarning, match="one-hot"),
        pytest.raises(ValueError, match=r"Pass one-hot labels as y.argmax\(axis=1\)"),
    ):
        LSTMClassifier(**QUICK, loss="categorical_crossentropy").fit(X, y)


def test_other_multilabel_targets_are_not():
    X, _ = samples(40)
    fit = LSTMClassifier(**QUICK).fit
    assert told(fit, X, labels_of_each()) == []
    few = np.eye(3, dtype=int)[np.arange(6) % 3]
    assert told(fit, X[:6], few) == []


@pytest.mark.parametrize("kind", ["Int8", "Float64", "boolean", "sparse"])
def test_multilabel_targets_of_every_type(kind):
    X, _ = samples(40)
    y = labels_of_each()
    of_kind = csr_array(y) if kind == "sparse" else pd.DataFrame(y).astype(kind)
    expected = LSTMClassifier(**QUICK).fit(X, y)
    found = LSTMClassifier(**QUICK).fit(X, of_kind)
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))
    assert found.score(X, of_kind) == expected.score(X, y)


@pytest.mark.parametrize("estimator", [LSTMClassifier, LSTMTagger])
@pytest.mark.parametrize("weight", [-1, np.nan, np.inf, "a", None])
def test_weights_of_classes_are_numbers(estimator, weight):
    X, _ = samples(40)
    y = np.arange(40) % 2
    y = np.repeat(y[:, np.newaxis], 6, axis=1) if estimator is LSTMTagger else y
    clf = estimator(**QUICK, class_weight={0: weight, 1: 1})
    with pytest.raises(ValueError, match="class_weight must hold numbers >= 0"):
        clf.fit(X, y)


def test_later_calls_of_partial_fit_take_the_same_classes():
    X, _ = samples(40)
    y = np.resize(["a", "b", "c"], 40)
    clf = LSTMClassifier(**QUICK).partial_fit(X, y, classes=["a", "b", "c"])
    clf.partial_fit(X, y, classes=["c", "b", "a"]).partial_fit(X, y)
    before = clf.predict_proba(X)
    for other in (["a", "b"], ["a", "b", "c", "d"]):
        with pytest.raises(ValueError, match="classes must be those of the first call"):
            clf.partial_fit(X, y, classes=other)
    np.testing.assert_array_equal(clf.predict_proba(X), before)
