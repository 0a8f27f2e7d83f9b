"""Networks in ONNX's form, run by its own runtime."""

import keras
import numpy as np
import pytest

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.estimators import LSTMTagger

pytest.importorskip("tf2onnx")
onnxruntime = pytest.importorskip("onnxruntime")

# Keras looks for an alias that NumPy has not any more.
pytestmark = pytest.mark.filterwarnings("ignore:In the future `np.object`")

RNG = np.random.default_rng(0)
QUICK = {"epochs": 2, "random_state": 0}


def sequences(n=24, n_timesteps=9, n_features=2):
    """Sequences of which some begin, and one ends, with missing steps, or has a gap."""
    X = RNG.normal(size=(n, n_timesteps, n_features)).astype(np.float32)
    X[1, :4] = X[2, 3:5] = X[3, -1] = X[4, : n_timesteps - 1] = np.nan
    return X


def in_onnx(estimator, path):
    """Return the function that ONNX's runtime runs for the network of an estimator."""
    estimator.to_keras().export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    return lambda X: session.run(None, {given.name: X.astype(np.float32)})[0]


def level(X):
    return np.nansum(X[:, :, 0], axis=1) * 10 + 50


# Each parameter of a network occurs once: an export takes seconds.
REGRESSORS = {
    "linear part, window_norm": {"linear_skip": 4, "window_norm": "standard"},
    "two directions, quantiles": {
        "bidirectional": True,
        "loss": "quantile",
        "pooling": "concat",
        "linear_skip": 0,
        "window_norm": "last",
        "hidden_layer_sizes": 5,
    },
    "convolution, GRU, attention": {
        "conv_filters": 4,
        "conv_pool_size": 2,
        "cell": "gru",
        "units": (4, 3),
        "pooling": "attention",
    },
    "patches, simple RNN": {"patch_size": 3, "cell": "simple_rnn", "linear_skip": 0},
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name, tmp_path):
    X = sequences()
    arguments = {"units": 4, **QUICK, **REGRESSORS[name]}
    regressor = LSTMRegressor(**arguments).fit(X, level(X))
    call = in_onnx(regressor, tmp_path / "model.onnx")
    predict = getattr(regressor, "predict_quantiles", regressor.predict)
    # Other numbers of samples and of time steps than in fit.
    for one in (X, X[:1], sequences(7, 14), sequences(6, 6)):
        expected = predict(one)
        found = call(one).reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_a_sequence_of_targets(tmp_path):
    X = sequences()
    y = np.stack([level(X), -level(X)], axis=1)[:, :, np.newaxis]
    regressor = LSTMRegressor(units=4, **QUICK).fit(X, y)
    found = in_onnx(regressor, tmp_path / "model.onnx")(X)
    np.testing.assert_allclose(found, regressor.predict(X), rtol=1e-5, atol=1e-5)


CLASSIFIERS = {
    "LSTM-FCN": (3, {}),
    "squeeze and excite": (2, {"fcn_squeeze_excite": True, "fcn_pool_size": 2}),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name, tmp_path):
    X = sequences()
    n_classes, arguments = CLASSIFIERS[name]
    classifier = LSTMClassifier(units=4, **QUICK, **arguments)
    classifier.fit(X, np.arange(len(X)) % n_classes)
    call = in_onnx(classifier, tmp_path / "model.onnx")
    for one in (X, X[:1], sequences(5, 12)):
        expected = classifier.predict_proba(one)[:, -call(one).shape[1] :]
        np.testing.assert_allclose(call(one), expected, atol=1e-5)


def test_taggers(tmp_path):
    X = sequences()
    labels = np.digitize(X[:, :, 0], [-0.5, 0.5])
    tagger = LSTMTagger(units=4, **QUICK).fit(X, labels)
    call = in_onnx(tagger, tmp_path / "model.onnx")
    for one in (X, X[:1], sequences(5, 12)):
        there = ~np.isnan(one).all(axis=2)
        expected = tagger.predict_proba(one)[there]
        np.testing.assert_allclose(call(one)[there], expected, atol=1e-5)


def test_a_network_of_your_own(tmp_path):
    def build(spec):
        layers = [keras.layers.GRU(3), keras.layers.Dense(spec.n_outputs)]
        return keras.Sequential(layers)

    X = sequences()
    regressor = LSTMRegressor(model=build, **QUICK).fit(X, level(X))
    found = in_onnx(regressor, tmp_path / "model.onnx")(X)[:, 0]
    np.testing.assert_allclose(found, regressor.predict(X), rtol=1e-5)
