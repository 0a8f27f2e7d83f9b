"""Networks in ONNX's form, run by its own runtime."""

import numpy as np
import pytest

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.estimators import LSTMTagger

pytest.importorskip("tf2onnx")
onnxruntime = pytest.importorskip("onnxruntime")

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


REGRESSORS = {
    "linear part, window_norm": {"linear_skip": 4, "window_norm": "standard"},
    "defaults": {},
    "network alone": {"linear_skip": 0, "units": (4, 3), "hidden_layer_sizes": 5},
    "norm of the last value": {"window_norm": "last", "patch_size": 1},
    "patches": {"patch_size": 3, "linear_skip": 0},
    "two directions": {"bidirectional": True, "pooling": "mean", "linear_skip": 0},
    "GRU, attention": {"cell": "gru", "pooling": "attention", "linear_skip": 0},
    "simple RNN, maximum": {"cell": "simple_rnn", "pooling": "max", "linear_skip": 0},
    "last, maximum and mean": {"pooling": "concat", "linear_skip": 0},
    "convolution": {"conv_filters": 4, "conv_pool_size": 2, "linear_skip": 0},
    "quantiles": {"loss": "quantile", "linear_skip": 0},
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name, tmp_path):
    X = sequences()
    arguments = {"units": 4, **QUICK, **REGRESSORS[name]}
    regressor = LSTMRegressor(**arguments).fit(X, level(X))
    call = in_onnx(regressor, tmp_path / "model.onnx")
    predict = regressor.predict
    if arguments.get("loss") == "quantile":
        predict = lambda X: regressor.predict_quantiles(X)[:, np.newaxis]  # noqa: E731
    # Other numbers of samples and of time steps than in fit.
    for one in (X, X[:1], sequences(7, 14), sequences(3, 6)):
        expected = predict(one)
        found = call(one).reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * 50)


def test_a_sequence_of_targets(tmp_path):
    X = sequences()
    y = np.stack([level(X), -level(X)], axis=1)[:, :, np.newaxis]
    regressor = LSTMRegressor(units=4, **QUICK).fit(X, y)
    found = in_onnx(regressor, tmp_path / "model.onnx")(X)
    np.testing.assert_allclose(found, regressor.predict(X), rtol=1e-5, atol=1e-4)


CLASSIFIERS = {
    "LSTM-FCN": {},
    "squeeze and excite": {"fcn_squeeze_excite": True},
    "no convolutions": {"fcn_filters": ()},
}


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classifiers(name, n_classes, tmp_path):
    X = sequences()
    arguments = {"units": 4, **QUICK, **CLASSIFIERS[name]}
    classifier = LSTMClassifier(**arguments).fit(X, np.arange(len(X)) % n_classes)
    call = in_onnx(classifier, tmp_path / "model.onnx")
    for one in (X, X[:1], sequences(5, 12)):
        expected = classifier.predict_proba(one)[:, -call(one).shape[1] :]
        np.testing.assert_allclose(call(one), expected, atol=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_taggers(bidirectional, tmp_path):
    X = sequences()
    labels = np.digitize(X[:, :, 0], [-0.5, 0.5])
    tagger = LSTMTagger(units=4, bidirectional=bidirectional, **QUICK).fit(X, labels)
    call = in_onnx(tagger, tmp_path / "model.onnx")
    for one in (X, X[:1], sequences(5, 12)):
        there = ~np.isnan(one).all(axis=2)
        expected = tagger.predict_proba(one)[there]
        np.testing.assert_allclose(call(one)[there], expected, atol=1e-5)
