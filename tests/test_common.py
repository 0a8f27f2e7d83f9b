"""scikit-learn's own checks, over every public estimator."""

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import column_or_1d
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm import (
    CompleteCaseRegressor,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    NaiveForecaster,
    PadSequences,
    PerFeatureScaler,
    PerTimestep,
    Reshape3D,
    SlidingWindow,
)
from sklstm.forecasting import TransformedTargetForecaster

# Small and quick to learn; the checks ask for good scores on a few hundred samples.
NETWORK = {
    "units": 8,
    "epochs": 30,
    "batch_size": 16,
    "learning_rate": 0.05,
    "random_state": 0,
}


class SameAtEveryTimeStep(LSTMTagger):
    """A classifier of sequences, made of a tagger, that y of the checks fits.

    The label of a sequence is that of each of its time steps; the last is predicted.
    """

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, self._repeated(X, y), sample_weight)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        return super().partial_fit(X, self._repeated(X, y), classes, sample_weight)

    def predict(self, X):
        return super().predict(X)[:, -1]

    def predict_proba(self, X):
        return super().predict_proba(X)[:, -1]

    def score(self, X, y, sample_weight=None):
        return self.scorer(y, self.predict(X), sample_weight=sample_weight)

    def _repeated(self, X, y):
        X = np.asarray(X)
        if y is None or X.ndim < 2:
            return y
        return np.repeat(column_or_1d(y, warn=True)[:, np.newaxis], X.shape[1], axis=1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.target_tags.one_d_labels = tags.target_tags.single_output = True
        tags.target_tags.two_d_labels = tags.target_tags.multi_output = False
        return tags


ESTIMATORS = [
    SlidingWindow(window_length=2),
    SlidingWindow(window_length=2, flatten=True),
    Reshape3D(),
    PadSequences(),
    PerTimestep(StandardScaler()),
    PerFeatureScaler(),
    PerFeatureScaler(method="robust"),
    # Windows of the row itself, as y of the checks is no column of X.
    TransformedTargetForecaster(
        make_pipeline(
            SlidingWindow(1, horizon=0, flatten=True), SimpleImputer(), Ridge()
        )
    ),
    LSTMRegressor(**NETWORK),
    LSTMClassifier(**{**NETWORK, "epochs": 12}),
    LSTMTagger(**{**NETWORK, "epochs": 12}),
    SameAtEveryTimeStep(**{**NETWORK, "epochs": 12}),
    NaiveForecaster(),
    CompleteCaseRegressor(Ridge()),
]

NEIGHBOURS = "the window of a row holds the rows before it: it depends on their order"
STEPS_ARE_NO_FEATURES = (
    "n_features_in_ counts the features of a step; the columns of a 2-D X are the "
    "steps of its sequences, whose number may differ from call to call"
)
MINIBATCHES = (
    "minibatches: a sample that stands twice is in two updates, one of weight 2 in one"
)
LABELS_OF_TIME_STEPS = (
    "y of the check has one label for each sample; a tagger needs one for each time "
    "step, as SameAtEveryTimeStep makes of it"
)
FIT_ONE_LABEL_A_SAMPLE = [
    "check_fit_score_takes_y",
    "check_estimators_overwrite_params",
    "check_dont_overwrite_parameters",
    "check_estimators_fit_returns_self",
    "check_readonly_memmap_input",
    "check_n_features_in_after_fitting",
    "check_positive_only_tag_during_fit",
    "check_estimators_dtypes",
    "check_sample_weights_pandas_series",
    "check_sample_weights_not_an_array",
    "check_sample_weights_list",
    "check_all_zero_sample_weights_error",
    "check_sample_weights_shape",
    "check_sample_weights_not_overwritten",
    "check_sample_weight_equivalence_on_dense_data",
    "check_dtype_object",
    "check_pipeline_consistency",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_fit2d_1sample",
    "check_dict_unchanged",
    "check_fit_idempotent",
    "check_fit_check_is_fitted",
    "check_n_features_in",
    "check_fit2d_predict1d",
]
EXPECTED_FAILED_CHECKS = {
    "SlidingWindow": {
        "check_methods_sample_order_invariance": NEIGHBOURS,
        "check_methods_subset_invariance": NEIGHBOURS,
    },
    "PadSequences": {
        "check_n_features_in": STEPS_ARE_NO_FEATURES,
        "check_n_features_in_after_fitting": STEPS_ARE_NO_FEATURES,
        "check_transformer_general": STEPS_ARE_NO_FEATURES,
    },
    "LSTMRegressor": {
        "check_sample_weight_equivalence_on_dense_data": MINIBATCHES,
    },
    "LSTMClassifier": {
        "check_sample_weight_equivalence_on_dense_data": MINIBATCHES,
    },
    "LSTMTagger": dict.fromkeys(FIT_ONE_LABEL_A_SAMPLE, LABELS_OF_TIME_STEPS),
    "SameAtEveryTimeStep": {
        "check_sample_weight_equivalence_on_dense_data": MINIBATCHES,
    },
}


def expected_failed_checks(estimator):
    return EXPECTED_FAILED_CHECKS.get(type(estimator).__name__, {})


@pytest.mark.filterwarnings("ignore:.*start cold")  # as arrays do
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failed_checks)
def test_sklearn_check(estimator, check):
    check(estimator)
