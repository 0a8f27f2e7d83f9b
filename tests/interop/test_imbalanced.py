"""Rare classes drawn more often, by the pipeline of imbalanced-learn."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict

from sklstm import LSTMClassifier, PerFeatureScaler, Reshape3D

imblearn = pytest.importorskip("imblearn")

from imblearn.over_sampling import SMOTE, RandomOverSampler  # noqa: E402
from imblearn.pipeline import make_pipeline  # noqa: E402
from imblearn.under_sampling import RandomUnderSampler  # noqa: E402

N_STEPS = 6


@pytest.fixture
def rare():
    """120 flat sequences of 6 steps of 2 features; one in six is of the rare class."""
    rng = np.random.default_rng(0)
    y = np.where(np.arange(120) % 6, "often", "seldom")
    shift = np.where(y == "seldom", 0.5, -0.5)
    return rng.normal(size=(120, 2 * N_STEPS)) + shift[:, None], y


def pipe_of(sampler, **parameters):
    clf = LSTMClassifier(**{"units": 4, "epochs": 2, "random_state": 0, **parameters})
    return make_pipeline(sampler, Reshape3D(n_features=2), PerFeatureScaler(), clf)


@pytest.mark.parametrize("Sampler", [RandomOverSampler, RandomUnderSampler, SMOTE])
def test_resampled_fits_are_fits_of_the_resampled(rare, Sampler):
    X, y = rare
    sampler = Sampler(random_state=0)
    pipe = pipe_of(sampler).fit(X, y)
    X_drawn, y_drawn = sampler.fit_resample(X, y)
    by_hand = pipe_of("passthrough").fit(X_drawn, y_drawn)
    assert sum(y_drawn == "seldom") == sum(y_drawn == "often")
    np.testing.assert_array_equal(pipe.predict_proba(X), by_hand.predict_proba(X))


def test_test_folds_are_not_resampled(rare):
    X, y = rare
    pipe = pipe_of(RandomOverSampler(random_state=0))
    folds = StratifiedKFold(3)
    proba = cross_val_predict(pipe, X, y, cv=folds, method="predict_proba")
    assert proba.shape == (120, 2)
    train, test = next(folds.split(X, y))
    by_hand = clone(pipe).fit(X[train], y[train]).predict_proba(X[test])
    np.testing.assert_array_equal(proba[test], by_hand)


def test_a_search_over_sampler_and_network_finds_the_rare(rare):
    X, y = rare
    pipe = pipe_of("passthrough", units=8, epochs=20, learning_rate=0.02)
    grid = {"passthrough": ["passthrough", RandomOverSampler(random_state=0)]}
    search = GridSearchCV(pipe, grid, cv=3, scoring="balanced_accuracy").fit(X, y)
    assert balanced_accuracy_score(y, search.predict(X)) > 0.8
