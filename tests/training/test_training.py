"""The network and its training, against stock Keras models with the same weights."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindow
from sklstm.networks import NetworkSpec, build, initial_weights
from sklstm.sequences import SequenceTable
from sklstm.training import Network, Samples, Schedule

RNG = np.random.default_rng(0)


def stock_model(units=(5,), hidden=(), outputs=2, features=3, activation="linear"):
    """The network as a tutorial writes it, without a thought for missing steps."""
    model = keras.Sequential([keras.Input((None, features))])
    for i, size in enumerate(units):
        model.add(layers.LSTM(size, return_sequences=i < len(units) - 1))
    for size in hidden:
        model.add(layers.Dense(size, activation="relu"))
    model.add(layers.Dense(outputs, activation=activation))
    return model


@pytest.mark.parametrize("units", [(5,), (4, 6), (3, 4, 5)])
@pytest.mark.parametrize("hidden", [(), (7,), (4, 3)])
def test_outputs_are_those_of_the_stock_model_with_the_same_weights(units, hidden):
    spec = NetworkSpec(3, 2, units, hidden_layer_sizes=hidden)
    network, stock = Network(spec, seed=3), stock_model(units, hidden)
    stock.set_weights(network.model.get_weights())
    X = RNG.normal(size=(6, 9, 3)).astype(np.float32)
    outputs = network.predict(SequenceTable.from_array(X))
    np.testing.assert_allclose(outputs, stock.predict(X, verbose=0), atol=1e-6)


def with_missing_steps():
    X = RNG.normal(size=(6, 7, 3)).astype(np.float32)
    X[0, :3] = np.nan  # before
    X[1, 5:] = np.nan  # after
    X[2, 2:4] = np.nan  # between
    X[3, [0, 3, 6]] = np.nan  # all over
    X[4, :6] = np.nan  # one step left
    return X


@pytest.mark.parametrize("units", [(5,), (4, 6)])
def test_a_missing_step_is_one_that_is_not_there(units):
    network = Network(NetworkSpec(3, 2, units), seed=0)
    stock = stock_model(units)
    stock.set_weights(network.model.get_weights())
    X = with_missing_steps()
    outputs = network.predict(SequenceTable.from_array(X).drop_missing())
    for output, sequence in zip(outputs, X, strict=True):
        there = sequence[~np.isnan(sequence).any(axis=1)]
        expected = stock.predict(there[np.newaxis], verbose=0)[0]
        np.testing.assert_allclose(output, expected, atol=1e-6)


def test_the_keras_model_takes_nan_for_missing_steps_as_keras_masks_them():
    network = Network(NetworkSpec(3, 2, (5,)), seed=0)
    masked = keras.Sequential(
        [
            keras.Input((None, 3)),
            layers.Masking(mask_value=-9.0),
            layers.LSTM(5),
            layers.Dense(2),
        ]
    )
    masked.set_weights(network.model.get_weights())
    X = with_missing_steps()
    expected = masked.predict(np.nan_to_num(X, nan=-9.0), verbose=0)
    np.testing.assert_allclose(network.model.predict(X, verbose=0), expected, atol=1e-6)


def test_a_sequence_without_steps_gives_the_output_of_the_zero_state():
    network = Network(NetworkSpec(3, 2, (5,)), seed=0)
    weights = network.model.get_weights()
    weights[-1] = np.array([0.25, -3.0], dtype=np.float32)  # the output's bias
    network.model.set_weights(weights)
    empty = SequenceTable.from_array(np.full((1, 4, 3), np.nan, np.float32))
    outputs = network.predict(empty.drop_missing())
    np.testing.assert_allclose(outputs, [[0.25, -3.0]])


def schedule(**changes):
    arguments = {
        "optimizer": keras.optimizers.Adam(0.01),
        "loss": "mse",
        "epochs": 2,
        "batch_size": 8,
        "seed": 0,
    }
    return Schedule(**{**arguments, **changes})


@pytest.mark.parametrize("weighted", [False, True])
def test_training_gives_the_weights_and_losses_of_keras_fit(weighted):
    X = RNG.normal(size=(30, 6, 3)).astype(np.float32)
    y = X[:, -1, :2] + X[:, 0, :2]
    weights = RNG.uniform(0.5, 2, size=30).astype(np.float32) if weighted else None
    network, stock = Network(NetworkSpec(3, 2, (5,)), seed=1), stock_model()
    stock.set_weights(network.model.get_weights())
    stock.compile(keras.optimizers.Adam(0.01), "mse")
    expected = stock.fit(
        X, y, 8, 2, sample_weight=weights, shuffle=False, verbose=0
    ).history
    samples = Samples(SequenceTable.from_array(X), y, weights)
    history = network.train(samples, schedule(shuffle=False))
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-4)
    for ours, theirs in zip(
        network.model.get_weights(), stock.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_overlapping_windows_train_like_their_dense_copy():
    X = RNG.normal(size=(40, 2)).astype(np.float32)
    windows = SlidingWindow(5).fit_transform(X)
    y = RNG.normal(size=(40, 1)).astype(np.float32)
    results = []
    for table in (windows, np.array(windows)):
        network = Network(NetworkSpec(2, 1, (4,)), seed=0)
        table = SequenceTable.from_array(table).drop_missing().take(np.arange(1, 40))
        network.train(Samples(table, y[1:]), schedule())
        results.append(network.model.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_order_of_an_epoch_is_a_permutation_and_another_each_time():
    orders = np.array([schedule().order(epoch, 20) for epoch in range(3)])
    np.testing.assert_array_equal(np.sort(orders), np.tile(np.arange(20), (3, 1)))
    assert len({tuple(order) for order in orders}) == 3
    np.testing.assert_array_equal(schedule().order(1, 20), orders[1])
    np.testing.assert_array_equal(schedule(shuffle=False).order(1, 20), np.arange(20))


def test_a_failed_training_leaves_weights_and_moments_as_they_were():
    class Fails(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise RuntimeError("stopped by hand")

    X = RNG.normal(size=(30, 6, 3)).astype(np.float32)
    samples = Samples(SequenceTable.from_array(X), X[:, -1, :2])
    network, untouched = (Network(NetworkSpec(3, 2, (5,)), seed=1) for _ in range(2))
    for net in (network, untouched):
        net.train(samples, schedule(epochs=1))
    before = network.predict(samples.table)
    with pytest.raises(RuntimeError, match=r"stopped by hand"):
        network.train(samples, schedule(epochs=1, first_epoch=1, callbacks=[Fails()]))
    np.testing.assert_array_equal(network.predict(samples.table), before)
    for net in (network, untouched):
        net.train(samples, schedule(epochs=1, first_epoch=1))
    np.testing.assert_array_equal(
        network.predict(samples.table), untouched.predict(samples.table)
    )


def test_initial_weights_follow_from_the_seed_alone():
    keras.utils.set_random_seed(1)
    model = build(NetworkSpec(3, 2, (5, 4)))
    first = initial_weights(model, seed=7)
    keras.utils.set_random_seed(2)
    model.set_weights([weights + 1 for weights in model.get_weights()])
    second = initial_weights(model, seed=7)
    other = initial_weights(model, seed=7000)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


def test_dropout_is_at_work_in_training_alone():
    spec = NetworkSpec(3, 2, (50,), dropout=0.5)
    model = build(spec)
    X = RNG.normal(size=(4, 5, 3)).astype(np.float32)
    calm = [np.asarray(model(X, training=False)) for _ in range(2)]
    noisy = [np.asarray(model(X, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*calm)
    assert not np.allclose(*noisy)


# ---------------------------------------------------------------------------- to_keras
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


def test_a_learning_rate_may_be_any_number():
    X = np.random.default_rng(0).normal(size=(20, 4, 1))
    settings = {"units": 2, "epochs": 1, "random_state": 0}
    rates = 1, np.float32(1), 1.0
    histories = [
        LSTMRegressor(**settings, learning_rate=rate).fit(X, X[:, -1, 0]).history_
        for rate in rates
    ]
    assert histories[0] == histories[1] == histories[2]
