"""scikit-learn's own checks, over every public estimator."""

import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklstm
from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    PadSequences,
    PerFeatureScaler,
    PerTimestep,
    Reshape3D,
    SlidingWindow,
)

# Small and quick to learn; the checks ask for good scores on a few hundred samples.
NETWORK = {"units": 8, "epochs": 20, "learning_rate": 0.03, "random_state": 0}

ESTIMATORS = [
    SlidingWindow(window_length=2),
    SlidingWindow(window_length=2, flatten=True),
    Reshape3D(),
    PadSequences(),
    PerTimestep(StandardScaler()),
    PerFeatureScaler(),
    PerFeatureScaler(method="robust"),
    LSTMRegressor(**NETWORK),
    LSTMClassifier(**NETWORK),
]

EXPECTED_FAILED_CHECKS = {}


def expected_failed_checks(estimator):
    return EXPECTED_FAILED_CHECKS.get(type(estimator).__name__, {})


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failed_checks)
def test_sklearn_check(estimator, check):
    check(estimator)
