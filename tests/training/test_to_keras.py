"""Export to stock Keras layers."""

import subprocess
import sys

import numpy as np
from beside_keras import with_missing_steps

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.estimators import LSTMTagger

RNG = np.random.default_rng(0)


# Elsewhere, nothing of these can be imported.
LOAD = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("sklstm", "sklearn", "scikeras"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocker())
import keras
import numpy as np
model = keras.saving.load_model(sys.argv[1])
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
"""


def load_elsewhere(model, X, folder):
    paths = [str(folder / name) for name in ("model.keras", "X.npy", "out.npy")]
    model.save(paths[0])
    np.save(paths[1], X.astype(np.float32))
    subprocess.run([sys.executable, "-c", LOAD, *paths], check=True)
    return np.load(paths[2])


def test_to_keras_predicts_in_units_of_y_where_sklstm_is_not(tmp_path):
    X = with_missing_steps()
    y = np.c_[np.arange(6) * 1000.0, np.arange(6) - 50]
    reg = LSTMRegressor(units=(4, 3), epochs=2, random_state=0).fit(X, y)
    model = reg.to_keras()
    assert all(layer.__module__.startswith("keras.") for layer in model.layers)
    out = load_elsewhere(model, X, tmp_path)
    np.testing.assert_allclose(out, reg.predict(X), rtol=1e-5)


def test_to_keras_of_a_classifier_gives_probabilities(tmp_path):
    X, y = RNG.normal(size=(12, 4, 2)), np.arange(12) % 3
    X[0, :2] = np.nan
    clf = LSTMClassifier(units=4, epochs=1, random_state=0).fit(X, y)
    out = clf.to_keras().predict(X.astype(np.float32), verbose=0)
    np.testing.assert_allclose(out, clf.predict_proba(X), atol=1e-6)
    np.testing.assert_array_equal(load_elsewhere(clf.to_keras(), X, tmp_path), out)


def test_linear_part_and_tagger_load_elsewhere(tmp_path):
    X = RNG.normal(size=(30, 6, 2))
    X[3, 2:4] = np.nan
    quick = {"units": 4, "epochs": 1, "random_state": 0}
    reg = LSTMRegressor(**quick, window_norm="standard", linear_skip=3)
    reg.fit(X, 100 * X[:, -1, 0] + 7)
    out = load_elsewhere(reg.to_keras(), X, tmp_path)
    np.testing.assert_allclose(out[:, 0], reg.predict(X), rtol=1e-4, atol=1e-3)
    tagger = LSTMTagger(**quick).fit(X, np.where(X[:, :, 0] > 0, 2, 1))
    out = load_elsewhere(tagger.to_keras(), X, tmp_path)
    there = ~np.isnan(X).all(axis=2)
    expected = tagger.predict_proba(X)[there][:, -out.shape[-1] :]
    np.testing.assert_allclose(out[there], expected, atol=1e-6)
