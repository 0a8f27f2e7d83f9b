"""The loss of few operations, beside Keras's own with its automatic gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sklstm import LSTMRegressor
from sklstm.training._quick_loss import MeanLoss, SquaredError, quick_loss

SHAPES = {
    "one output": ((7, 1), (7, 1), (7,)),
    "two outputs": ((7, 2), (7, 2), (7,)),
    "steps": ((5, 3, 2), (5, 3, 2), (5, 3)),
    "one step": ((5, 1, 1), (5, 1, 1), (5, 1)),
    # These are left to Keras.
    "no weights": ((7, 2), (7, 2), None),
    "weights of each step alike": ((5, 3, 2), (5, 3, 2), (5, 1)),
    "targets without an axis": ((7,), (7, 1), (7,)),
    "predictions without an axis": ((7, 1), (7,), (7,)),
}


def drawn(shapes, seed=0):
    rng = np.random.default_rng(seed)
    y, predicted, weight = shapes
    weight = None if weight is None else rng.integers(0, 3, weight).astype(np.float32)
    y, predicted = (rng.normal(size=s).astype(np.float32) for s in (y, predicted))
    return tf.constant(y), tf.Variable(predicted), weight


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("compiled", [False, True])
def test_loss_and_gradient_are_those_of_keras(name, compiled):
    y, predicted, weight = drawn(SHAPES[name])

    def of(loss):
        with tf.GradientTape() as tape:
            value = 3.0 * loss(y, predicted, sample_weight=weight)
        return value, tape.gradient(value, predicted)

    run = tf.function(of) if compiled else of
    found, expected = run(SquaredError()), run(keras.losses.MeanSquaredError())
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=1e-7)


def test_a_batch_without_samples_has_loss_and_gradient_zero():
    y, predicted, weight = drawn(((0, 2), (0, 2), (0,)))
    with tf.GradientTape() as tape:
        loss = SquaredError()(y, predicted, sample_weight=weight)
    assert float(loss) == 0.0
    assert tape.gradient(loss, predicted).shape == (0, 2)


@pytest.mark.parametrize(
    "loss",
    ["mse", "mean_squared_error", "MeanSquaredError", keras.losses.MeanSquaredError()],
)
def test_which_losses_are_replaced(loss):
    expected = SquaredError if loss != "MeanSquaredError" else str
    assert type(quick_loss(loss)) is expected


class OfSquares(keras.losses.MeanSquaredError):
    """A subclass that may do anything."""


@pytest.mark.parametrize(
    "loss",
    [
        "mae",
        None,
        OfSquares(),
        keras.losses.MeanSquaredError(reduction="sum"),
        keras.losses.MeanSquaredError(dtype="float16"),
        keras.losses.Huber(),
        lambda y, predicted: predicted,
    ],
)
def test_other_losses_stay(loss):
    assert quick_loss(loss) is loss


def test_under_another_float_type_keras_computes():
    keras.config.set_floatx("float64")
    try:
        assert quick_loss("mse") == "mse"
    finally:
        keras.config.set_floatx("float32")


def test_the_mean_of_losses_is_that_of_keras():
    ours, of_keras = MeanLoss(name="loss"), keras.metrics.Mean(name="loss")
    for loss, n_samples in [(2.0, 32), (5.0, 7), (0.5, 0)]:
        for metric in (ours, of_keras):
            metric.update_state(tf.constant(loss), sample_weight=tf.constant(n_samples))
    assert float(ours.result()) == pytest.approx(float(of_keras.result()), rel=1e-7)
    for metric in (ours, of_keras):
        metric.update_state([1.0, 2.0], sample_weight=[1.0, 3.0])
        metric.update_state([4.0])
    assert float(ours.result()) == pytest.approx(float(of_keras.result()), rel=1e-7)
    ours.reset_state()
    assert float(ours.result()) == 0.0


def test_the_mean_of_losses_without_reduction_is_that_of_keras():
    ours, of_keras = MeanLoss(name="loss"), keras.metrics.Mean(name="loss")
    for metric in (ours, of_keras):
        metric.update_state([[1.0, 2.0], [5.0, 7.0]], sample_weight=tf.constant(2))
    assert float(ours.result()) == float(of_keras.result())


@pytest.mark.parametrize("kind", ["MeanAbsoluteError", "MeanSquaredError"])
def test_a_loss_without_reduction_trains_as_in_keras(kind):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 5, 2)), rng.normal(size=(40, 2))
    loss = getattr(keras.losses, kind)(reduction=None)
    settings = {"epochs": 2, "random_state": 0, "linear_skip": 0, "units": 3}
    lstm = LSTMRegressor(loss=loss, **settings).fit(X, y)
    assert np.isfinite(lstm.history_["loss"]).all()
    assert lstm.history_["loss"][1] < lstm.history_["loss"][0]


def test_a_mask_of_the_predictions_is_left_to_keras():
    inputs = keras.Input((4, 2))
    x = keras.layers.Masking(0.0)(inputs)
    model = keras.Model(inputs, keras.layers.LSTM(3, return_sequences=True)(x))
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 4, 2)), rng.normal(size=(6, 4, 3)).astype(np.float32)
    X[2:, 2:] = 0
    predicted, weight = model(X), np.ones((6, 4), np.float32)
    found = SquaredError()(y, predicted, sample_weight=weight)
    expected = keras.losses.MeanSquaredError()(y, predicted, sample_weight=weight)
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
    plain = keras.losses.MeanSquaredError()(y, np.asarray(predicted), weight)
    assert float(found) != pytest.approx(float(plain), rel=1e-3)
