"""What a network looks at, by scikit-learn and SHAP."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, Reshape3D, SlidingWindow

N_STEPS = 4


@pytest.fixture(scope="module")
def fitted():
    """A network of 4 steps of 2 features whose y is one of these 8 numbers."""
    X = np.random.default_rng(0).normal(size=(300, 2 * N_STEPS))
    y = X[:, 4]  # step 2, feature 0
    lstm = LSTMRegressor(8, epochs=30, learning_rate=0.02, random_state=0)
    return (
        make_pipeline(Reshape3D(n_features=2), PerFeatureScaler(), lstm).fit(X, y),
        X,
        y,
    )


def test_permuting_flat_windows_finds_the_step(fitted):
    pipe, X, y = fitted
    found = permutation_importance(pipe, X, y, n_repeats=3, random_state=0)
    assert found.importances_mean.shape == (8,)
    assert found.importances_mean.argmax() == 4
    # R² of an independent copy of y: 1 - 2, less than that of the truth
    assert found.importances_mean[4] == pytest.approx(2, abs=0.3)
    assert np.delete(found.importances_mean, 4).max() < 0.2


def test_permuting_columns_of_a_table_finds_the_column():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 2)), columns=["cause", "other"])
    y = -X["cause"].shift(2, fill_value=0).rename("effect")
    lstm = LSTMRegressor(8, epochs=20, learning_rate=0.02, random_state=0)
    pipe = make_pipeline(SlidingWindow(4), PerFeatureScaler(), lstm).fit(X, y)
    found = permutation_importance(pipe, X, y, n_repeats=2, random_state=0)
    assert found.importances_mean[0] > 1
    assert found.importances_mean[1] < 0.2


@pytest.mark.interop
def test_values_of_shap_add_up_and_find_the_step(fitted):
    shap = pytest.importorskip("shap")
    pipe, X, _ = fitted
    explainer = shap.PermutationExplainer(pipe.predict, X[:50], seed=0)
    explained = explainer(X[50:60])
    total = explained.values.sum(axis=1) + explained.base_values
    np.testing.assert_allclose(total, pipe.predict(X[50:60]), atol=1e-4)
    np.testing.assert_allclose(
        explained.base_values, pipe.predict(X[:50]).mean(), atol=1e-4
    )
    sizes = np.abs(explained.values).mean(axis=0)
    assert sizes.argmax() == 4
    assert np.delete(sizes, 4).max() < sizes[4] / 3
