"""Convolution and batch normalization beside stock Keras layers, and in any threads."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from sklstm.networks._stable_sums import StableConv, StableNorm

THERE = np.arange(9) < np.array([9, 4, 1, 0, 7])[:, np.newaxis]


def draw(*shape, seed=0):
    generator = np.random.default_rng([seed, *shape])
    return generator.normal(size=shape).astype(np.float32)


def run(layer, x, weights, *arguments, **settings):
    """Return outputs, and gradients of their sum with random weights."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, *arguments, **settings)
        loss = tf.reduce_sum(outputs * draw(*outputs.shape))
    gradients = tape.gradient(loss, [x, *(weight.value for weight in weights)])
    return [np.asarray(one) for one in (outputs, *gradients)]


def assert_alike(ours, expected):
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("n_features", [1, 3])
def test_convolution_is_that_of_keras(padding, kernel_size, n_features):
    conv = layers.Conv1D(5, kernel_size, padding=padding, activation="tanh")
    conv.build((None, None, n_features))
    conv.bias.assign(draw(5))
    x = draw(4, 9, n_features)
    ours = run(StableConv(conv), x, conv.trainable_weights)
    assert_alike(ours, run(conv, x, conv.trainable_weights))


def norm_of(n_features):
    norm = layers.BatchNormalization(momentum=0.8)
    norm.build((None, None, n_features))
    weights = [draw(n_features, seed=seed) for seed in range(4)]
    norm.set_weights([*weights[:3], np.abs(weights[3])])
    return norm


@pytest.mark.parametrize("there", [THERE, np.ones((5, 9), bool)], ids=["some", "all"])
def test_normalization_is_that_of_keras_over_the_steps_that_exist(there):
    x = 3 * draw(5, 9, 4) + 2
    norm, stock = norm_of(4), norm_of(4)
    ours = run(StableNorm(norm), x, norm.trainable_weights, there, training=True)
    expected = run(
        stock, x, stock.trainable_weights, mask=tf.constant(there), training=True
    )
    assert_alike(ours, expected)
    assert_alike(norm.get_weights(), stock.get_weights())


def test_one_sample_is_normalized_by_the_moving_moments():
    norm, x, there = norm_of(2), draw(1, 9, 2), np.eye(1, 9, dtype=bool)
    gamma, beta, mean, variance = norm.get_weights()
    weights = norm.trainable_weights
    outputs, of_x, *_ = run(StableNorm(norm), x, weights, there, training=True)
    slope = gamma / np.sqrt(variance + norm.epsilon)
    np.testing.assert_allclose(outputs, (x - mean) * slope + beta, atol=1e-5)
    np.testing.assert_allclose(of_x, draw(1, 9, 2) * slope, atol=1e-5)
    moved = 0.8 * mean + 0.2 * x[0, 0]
    np.testing.assert_allclose(norm.moving_mean.numpy(), moved, atol=1e-6)


def test_the_first_batch_of_all_sets_the_moving_moments():
    norm = layers.BatchNormalization()
    norm.build((None, None, 2))
    for x in (3 * draw(1, 9, 2) + 5, draw(4, 9, 2)):
        norm.moving_mean.assign([0.0, 0.0])
        norm.moving_variance.assign([1.0, 1.0])
        there = np.ones(x.shape[:2], bool)
        outputs = StableNorm(norm)(tf.constant(x), there, training=True).numpy()
        mean, deviation = x.mean(axis=(0, 1)), x.std(axis=(0, 1))
        np.testing.assert_allclose(norm.moving_mean.numpy(), mean, rtol=1e-5)
        np.testing.assert_allclose(outputs * deviation, x - mean, atol=0.01)


def test_prediction_normalizes_by_the_moving_moments():
    norm = norm_of(4)
    x = draw(5, 9, 4)
    np.testing.assert_array_equal(StableNorm(norm)(x, THERE), norm(x, training=False))


PROGRAM = """
import hashlib, sys
import numpy as np, tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[1]))
tf.config.threading.set_inter_op_parallelism_threads(int(sys.argv[1]))
from sklstm import LSTMClassifier, LSTMRegressor
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 130, 2)).cumsum(axis=1)
classifier = LSTMClassifier(
    units=4, fcn_filters=(16, 8), fcn_squeeze_excite=True, epochs=2, random_state=0)
outputs = classifier.fit(X, np.arange(40) % 2).predict_proba(X).tobytes()
regressor = LSTMRegressor(conv_filters=32, conv_pool_size=4, epochs=2, random_state=0)
outputs += regressor.fit(X, X[:, -1, 0]).predict(X).tobytes()
print(hashlib.sha256(outputs).hexdigest())
"""


@pytest.mark.parametrize("onednn", ["0", "1"])
def test_training_gives_the_same_bits_for_any_number_of_threads(onednn):
    environment = {
        **os.environ,
        "TF_ENABLE_ONEDNN_OPTS": onednn,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    found = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, n_threads],
            env=environment,
            capture_output=True,
            check=True,
            timeout=300,
        ).stdout
        for n_threads in ("1", "5")
    ]
    assert len(set(found)) == 1


def test_twins_share_the_weights_of_the_layers():
    conv = layers.Conv1D(5, 3, name="here")
    conv.build((None, None, 2))
    twin = StableConv(conv)
    assert {id(w) for w in twin.weights} == {id(w) for w in conv.weights}
    assert twin.name == "here"
    assert twin.compute_output_shape((None, 9, 2)) == (None, 7, 5)
    assert isinstance(keras.Sequential([twin]), keras.Model)
