"""Docstrings agree where what they describe does, by scikit-learn's own check."""

import itertools

import pytest

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger

pytest.importorskip("numpydoc")
consistency = pytest.importorskip("sklearn.utils._testing")
if not hasattr(consistency, "assert_docstring_consistency"):
    pytest.skip("scikit-learn has no check of docstrings", allow_module_level=True)

ESTIMATORS = [LSTMRegressor, LSTMClassifier, LSTMTagger]

# Parameters of one name whose descriptions differ, and why.
OF_THEIR_OWN = {
    "dropout": '"auto" of the classifier goes by its convolutions',
    "embedding_dim": "an unknown token is a missing time step, which has no label",
    "epochs": '"auto" makes other numbers of updates',
    "loss": "losses of numbers and of classes",
    "patch_size": '"auto" of the classifier goes by its convolutions',
    "pooling": '"auto" of the classifier goes by its convolutions',
    "validation_split": "the classifier holds out samples of each class",
    "window_norm": "the regressor normalizes by the feature that y continues",
}
OTHER_DEFAULTS = ("bidirectional", "learning_rate")
ATTRIBUTES_OF_THEIR_OWN = {
    "classes_": "of multilabel y the numbers of the columns",
    "history_": "of a regressor the loss is that of residuals",
    "model_": "of a regressor the network is not all",
    "n_outputs_": "of a regressor the targets",
}


@pytest.mark.filterwarnings("ignore:Checking was skipped")  # parameters of one alone
@pytest.mark.parametrize("pair", [*itertools.combinations(ESTIMATORS, 2)])
def test_estimators_describe_the_same_in_the_same_words(pair):
    consistency.assert_docstring_consistency(
        pair,
        include_params=True,
        exclude_params=[*OF_THEIR_OWN],
        include_attrs=True,
        exclude_attrs=[*ATTRIBUTES_OF_THEIR_OWN],
        ignore_types=(*OTHER_DEFAULTS, "class_weight"),
    )
