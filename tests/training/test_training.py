"""Training of networks, against `keras.Model.fit`."""

import keras
import numpy as np
import pytest
from beside_keras import (
    OPTIMIZERS,
    SPEC,
    Both,
    F,
    N,
    Scaled,
    T,
    assert_same_bits,
    data,
    decaying,
    loss_with,
    pseudo_huber,
    ragged,
    schedule,
    stock_of,
    trained,
)
from keras import callbacks, losses, metrics, optimizers

from sklstm import SlidingWindow
from sklstm.networks import NetworkSpec
from sklstm.sequences import SequenceTable
from sklstm.training import Network, Samples


@pytest.mark.parametrize("name", [*OPTIMIZERS])
def test_optimizers_work_as_in_keras_fit(name):
    Both(make_optimizer=OPTIMIZERS[name]).assert_alike()


def test_negative_clipnorm_clips_nothing_as_in_keras():
    Both(make_optimizer=lambda: optimizers.SGD(0.05, clipnorm=-1.0)).assert_alike()


def test_loss_scaling_is_refused_by_name():
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam())
    with pytest.raises(ValueError, match=r"LossScaleOptimizer.*within it, Adam"):
        loss_with(optimizer)


def test_reading_the_model_between_epochs_keeps_a_schedule_going():
    X, y = data()
    samples = Samples(SequenceTable.from_array(X), y)
    networks = [Network(SPEC, seed=3) for _ in range(2)]
    for network, reads in zip(networks, [True, False], strict=True):
        for epoch in range(3):
            plan = schedule(
                optimizer=optimizers.SGD(decaying()), epochs=1, first_epoch=epoch
            )
            network.train(samples, plan)
            assert not reads or network.model.optimizer.iterations > 0
    ours, theirs = (network.model.get_weights() for network in networks)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_batch_size_may_be_larger_than_any_number_of_samples():
    X, y = data()
    samples = Samples(SequenceTable.from_array(X), y)
    histories = [
        Network(SPEC, seed=3).train(samples, schedule(batch_size=size), samples)
        for size in (10**12, len(X))
    ]
    assert histories[0] == histories[1]


def test_clipping_in_these_tests_does_matter():
    free = loss_with(optimizers.SGD(0.5))
    for name in ("clipnorm", "clipvalue", "global_clipnorm"):
        assert abs(loss_with(OPTIMIZERS[name]()) - free) > 1e-2


def test_weights_left_out_of_weight_decay_stay_left_out():
    def optimizer():
        one = optimizers.AdamW(0.03, weight_decay=1.0)
        one.exclude_from_weight_decay(var_names=["kernel"])
        return one

    Both(make_optimizer=optimizer).assert_alike()


LOSSES = {
    "mae": "mae",
    "huber": losses.Huber(delta=0.3, reduction="sum"),
    "function": pseudo_huber,
    "class": Scaled(3.0),
}


@pytest.mark.parametrize("name", [*LOSSES])
def test_losses_work_as_in_keras_fit(name):
    Both(loss=LOSSES[name]).assert_alike()


def test_targets_may_have_one_axis_and_be_float64():
    X, y = data()
    both = Both(train=(X, y[:, 0].astype(np.float64)), make_metrics=lambda: ["mae"])
    both.assert_alike()
    assert both.ours["loss"][-1] < both.ours["loss"][0]


def classes(n=N):
    return np.random.default_rng(2).integers(0, 3, n)


def test_classes_as_numbers_and_their_accuracy_work_as_in_keras_fit():
    (X, _), (X_val, _) = data(), data(10, seed=1)
    both = Both(
        NetworkSpec(F, 3, (4,), output_activation="softmax"),
        (X, classes()),
        (X_val, classes(10)),
        loss="sparse_categorical_crossentropy",
        make_metrics=lambda: ["accuracy"],
    )
    both.assert_alike()
    assert {"accuracy", "val_accuracy"} <= {*both.ours}


@pytest.mark.parametrize("n_axes", [1, 2])
def test_two_classes_and_their_accuracy_work_as_in_keras_fit(n_axes):
    X, y = data()
    y = (y > 0).astype(np.float32)
    both = Both(
        NetworkSpec(F, 1, (4,), output_activation="sigmoid"),
        (X, y if n_axes == 2 else y[:, 0]),
        loss="binary_crossentropy",
        make_metrics=lambda: ["accuracy", metrics.AUC(name="auc")],
    )
    both.assert_alike()


def metrics_of_all_kinds():
    return ["mae", metrics.RootMeanSquaredError(), pseudo_huber]


@pytest.mark.parametrize("batch_size", [5, 100])
def test_metrics_have_the_names_and_values_of_keras_fit(batch_size):
    both = Both(
        NetworkSpec(F, 2, (3, 4)),
        data(n_outputs=2),
        data(10, 2, seed=1),
        make_metrics=metrics_of_all_kinds,
        batch_size=batch_size,
    )
    both.assert_alike()
    assert {"mae", "root_mean_squared_error", "val_mae"} <= {*both.ours}


@pytest.mark.parametrize("weighted", [False, True])
def test_sample_weights_work_as_in_keras_fit_for_the_validation_too(weighted):
    weights = np.random.default_rng(4).uniform(0, 3, N).astype(np.float32)
    weights[[0, 5]] = 0
    both = Both(
        NetworkSpec(F, 2, (5,)),
        data(n_outputs=2),
        data(10, 2, seed=1),
        weights=(weights, weights[:10]) if weighted else (None, None),
        make_metrics=metrics_of_all_kinds,
    )
    both.assert_alike()


# ------------------------------------------------------------------------------ tables


@pytest.mark.parametrize("units", [(4,), (5, 3)])
def test_ragged_sequences_train_like_masked_ones_in_keras_fit(units):
    table, dense, y = ragged()
    network = Network(NetworkSpec(F, 1, units), seed=3)
    stock = stock_of(network, masked=True)
    stock.compile(optimizers.Adam(0.01), "mse", run_eagerly=True)
    history = network.train(Samples(table, y), schedule(), Samples(table, y))
    given = {"validation_data": (dense, y), "shuffle": False, "verbose": 0}
    expected = stock.fit(dense, y, 8, 2, **given).history
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-4)
    for a, b in zip(network.model.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    predicted = stock(dense)
    np.testing.assert_allclose(network.predict(table), predicted, atol=1e-5)


def test_batches_without_any_step_train_the_output_alone():
    X, y = data(8)
    table = SequenceTable.from_sequences([X[0, :0]] * 8, T)
    network = Network(SPEC, seed=3)
    before = network.model.get_weights()
    network.train(Samples(table, y), schedule())
    after = network.model.get_weights()
    for a, b in zip(before[:3], after[:3], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(before[-1], after[-1])


def test_overlapping_windows_train_like_their_dense_copy():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(40, 2)).astype(np.float32)
    windows = SlidingWindow(5).fit_transform(X)
    y = generator.normal(size=(40, 1)).astype(np.float32)
    results = []
    for table in (windows, np.array(windows)):
        network = Network(NetworkSpec(2, 1, (4,)), seed=0)
        table = SequenceTable.from_array(table).drop_missing().take(np.arange(1, 40))
        network.train(Samples(table, y[1:]), schedule(shuffle=True))
        results.append(network.model.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


# ---------------------------------------------------------- what training leaves behind


def test_a_failed_training_leaves_weights_and_moments_as_they_were():
    class Fails(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise RuntimeError("stopped by hand")

    X = np.random.default_rng(0).normal(size=(30, 6, 3)).astype(np.float32)
    samples = Samples(SequenceTable.from_array(X), X[:, -1, :2])
    plan = {"epochs": 1, "shuffle": True}
    network, untouched = (Network(NetworkSpec(3, 2, (5,)), seed=1) for _ in range(2))
    for net in (network, untouched):
        net.train(samples, schedule(**plan))
    before = network.predict(samples.table)
    with pytest.raises(RuntimeError, match=r"stopped by hand"):
        network.train(samples, schedule(**plan, first_epoch=1, callbacks=[Fails()]))
    np.testing.assert_array_equal(network.predict(samples.table), before)
    for net in (network, untouched):
        net.train(samples, schedule(**plan, first_epoch=1))
    np.testing.assert_array_equal(
        network.predict(samples.table), untouched.predict(samples.table)
    )


def test_what_was_handed_out_is_not_changed_by_later_training():
    X, y = data(40)
    network = Network(SPEC, seed=3)
    samples = Samples(SequenceTable.from_array(X), y)
    copies, handed_out = [], []
    for epoch in range(3):
        plan = schedule(epochs=1, first_epoch=epoch, metrics=["mae"])
        network.train(samples, plan, samples)
        state = network.__getstate__()
        handed_out += network.model.get_weights()
        handed_out += [*state["_variables"], *state["_moments"]]
        handed_out += [*network._variables, *network._moments]
        handed_out.append(network.predict(samples.table))
        copies += [np.array(one) for one in handed_out[len(copies) :]]
    trained()
    for one, copy in zip(handed_out, copies, strict=True):
        np.testing.assert_array_equal(one, copy)
    np.testing.assert_array_equal(samples.table.values, data(40)[0].reshape(-1, F))
    np.testing.assert_array_equal(samples.targets, data(40)[1])


def test_changing_what_was_handed_out_changes_no_network():
    X, y = data(40)
    networks = [Network(SPEC, seed=3) for _ in range(2)]
    samples = Samples(SequenceTable.from_array(X), y)
    for network in networks:
        network.train(samples, schedule())
    for array in [
        *networks[0].model.get_weights(),
        networks[0].predict(samples.table),
    ]:
        if array.flags.writeable:
            array[...] = 7
    for network in networks:
        network.train(samples, schedule(first_epoch=2))
    np.testing.assert_array_equal(*[n.predict(samples.table) for n in networks])


def test_three_calls_of_one_epoch_are_one_call_of_three():
    X, y = data(40)
    samples = Samples(SequenceTable.from_array(X), y)
    at_once, step_by_step = (
        Network(NetworkSpec(F, 1, (4,), dropout=0.3), seed=3) for _ in range(2)
    )
    at_once.train(samples, schedule(shuffle=True, epochs=3))
    for epoch in range(3):
        plan = schedule(epochs=1, first_epoch=epoch, shuffle=True)
        step_by_step.train(samples, plan)
        trained(seed=9)
    pairs = zip(
        at_once.model.get_weights(), step_by_step.model.get_weights(), strict=True
    )
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)


def test_an_optimizer_and_callbacks_stay_as_they_were_given():
    optimizer = optimizers.Adam(0.01)
    stopping = callbacks.EarlyStopping("loss", patience=0, min_delta=1e3)
    plan = {"optimizer": optimizer, "callbacks": [stopping]}
    results = [trained(plan) for _ in range(2)]
    assert_same_bits(*results)
    assert not optimizer.built
    assert stopping.model is None
