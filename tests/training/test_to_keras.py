"""Export to stock Keras layers."""

import subprocess
import sys

import numpy as np
from beside_keras import with_missing_steps

from sklstm import LSTMClassifier, LSTMRegressor

RNG = np.random.default_rng(0)


LOAD = """
import sys
import keras
import numpy as np
model = keras.saving.load_model(sys.argv[1])
assert not any(name.split(".")[0] == "sklstm" for name in sys.modules)
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


def test_to_keras_of_a_classifier_gives_probabilities():
    X, y = RNG.normal(size=(12, 4, 2)), np.arange(12) % 3
    clf = LSTMClassifier(units=4, epochs=1, random_state=0).fit(X, y)
    out = clf.to_keras().predict(X.astype(np.float32), verbose=0)
    np.testing.assert_allclose(out, clf.predict_proba(X), atol=1e-6)
