"""Training of networks, against `keras.Model.fit`; and the pool of programs."""

import csv
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks, layers, losses, metrics, optimizers
from keras.src.random.seed_generator import global_seed_generator
from plain import PLAIN
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, SlidingWindow
from sklstm.networks import NetworkSpec
from sklstm.sequences import SequenceTable
from sklstm.training import Network, Samples, Schedule
from sklstm.training._pool import ProgramPool

F, T, N = 2, 3, 21
SPEC = NetworkSpec(F, 1, (4,))


@pytest.fixture
def pool(monkeypatch):
    """A pool of nobody else."""
    return new_pool(monkeypatch)


def new_pool(monkeypatch, capacity=8):
    pool = ProgramPool(capacity)
    monkeypatch.setattr("sklstm.training._network.programs", pool)
    return pool


def data(n=N, n_outputs=1, seed=0):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, T, F)).astype(np.float32)
    y = X[:, -1:, 0] + X[:, 0, 1:] + np.arange(n_outputs, dtype=np.float32)
    return X, y


def stock_of(network, masked=False):
    """The network as a tutorial writes it, with the same weights."""
    spec = network.spec
    stock = keras.Sequential([keras.Input((None, spec.n_features))])
    if masked:
        stock.add(layers.Masking(-9.0))
    for depth, units in enumerate(spec.units, start=1):
        stock.add(layers.LSTM(units, return_sequences=depth < len(spec.units)))
    stock.add(layers.Dense(spec.n_outputs, activation=spec.output_activation))
    stock.set_weights(network.model.get_weights())
    return stock


def schedule(**changes):
    arguments = {
        "optimizer": optimizers.Adam(0.01),
        "loss": "mse",
        "epochs": 2,
        "batch_size": 8,
        "seed": 0,
        "shuffle": False,
    }
    return Schedule(**{**arguments, **changes})


class Both:
    """A network trained by the engine, and a stock model by `keras.Model.fit`.

    What is new in every fit (an optimizer, callbacks) is given as a function.
    """

    def __init__(
        self,
        spec=SPEC,
        train=None,
        validation=None,
        weights=(None, None),
        make_optimizer=lambda: optimizers.Adam(0.01),
        make_callbacks=lambda place: [],
        loss="mse",
        make_metrics=lambda: None,
        **changes,
    ):
        X, y = data() if train is None else train
        self.X, self.network = X, Network(spec, seed=3)
        self.stock = stock_of(self.network)
        self.stock.compile(
            make_optimizer(), loss, metrics=make_metrics(), run_eagerly=True
        )
        self.callbacks = [make_callbacks(place) for place in ("ours", "theirs")]
        plan = schedule(
            optimizer=make_optimizer(),
            loss=loss,
            metrics=make_metrics(),
            callbacks=self.callbacks[0],
            **changes,
        )
        held_out = None
        if validation is not None:
            held_out = Samples(
                SequenceTable.from_array(validation[0]), validation[1], weights[1]
            )
            if weights[1] is not None:
                validation = (*validation, weights[1])
        samples = Samples(SequenceTable.from_array(X), y, weights[0])
        self.ours = self.network.train(samples, plan, held_out)
        self.theirs = self.stock.fit(
            X,
            y,
            plan.batch_size,
            plan.epochs,
            sample_weight=weights[0],
            validation_data=validation,
            shuffle=False,
            callbacks=self.callbacks[1],
            verbose=0,
        ).history

    def assert_alike(self):
        assert [*self.ours] == [*self.theirs]
        for name, values in self.theirs.items():
            np.testing.assert_allclose(self.ours[name], values, rtol=1e-4, atol=1e-6)
        both = self.network.model.get_weights(), self.stock.get_weights()
        for ours, theirs in zip(*both, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


# -------------------------------------------------------------- optimizers and losses
def decaying():
    return optimizers.schedules.ExponentialDecay(0.05, 2, 0.5)


OPTIMIZERS = {
    "adam": lambda: optimizers.Adam(0.03, beta_1=0.8, amsgrad=True),
    "adam, no amsgrad": lambda: optimizers.Adam(0.03, beta_2=0.9, epsilon=1e-3),
    "adam, clipnorm": lambda: optimizers.Adam(0.03, clipnorm=0.01, epsilon=1),
    "adam, numpy": lambda: optimizers.Adam(0.03, beta_1=np.float64(0.7)),
    "adam, accumulating": lambda: optimizers.Adam(0.1, gradient_accumulation_steps=2),
    "adam, schedule": lambda: optimizers.Adam(decaying()),
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(0.01, centered=True),
    "adamw": lambda: optimizers.AdamW(0.03, weight_decay=0.5),
    "clipnorm": lambda: optimizers.SGD(0.5, clipnorm=0.01),
    "clipvalue": lambda: optimizers.SGD(0.5, clipvalue=0.01),
    "global_clipnorm": lambda: optimizers.SGD(0.5, global_clipnorm=0.01),
    "schedule": lambda: optimizers.SGD(decaying()),
    "ema": lambda: optimizers.Adam(0.03, use_ema=True, ema_momentum=0.7),
    "overwriting ema": lambda: optimizers.Adam(
        0.03, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=2
    ),
    "accumulating": lambda: optimizers.SGD(0.1, gradient_accumulation_steps=2),
}


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


def test_a_program_is_for_one_type_of_floats(pool):
    loss_with(optimizers.Adam(0.03))
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        loss_with(optimizers.Adam(0.03))
    finally:
        keras.config.set_dtype_policy(policy)
    assert len(pool._kinds) == 2


def loss_with(optimizer):
    X, y = data()
    samples = Samples(SequenceTable.from_array(X), y)
    plan = schedule(optimizer=optimizer)
    return Network(SPEC, seed=3).train(samples, plan)["loss"][-1]


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


def pseudo_huber(y, predicted):
    return keras.ops.mean(keras.ops.sqrt(1 + keras.ops.square(y - predicted)), axis=-1)


class Scaled(losses.Loss):
    """A loss whose state no config tells."""

    def __init__(self, factor):
        super().__init__(name="scaled")
        self.factor = factor

    def call(self, y, predicted):
        return self.factor * keras.ops.mean(keras.ops.square(y - predicted), axis=-1)


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


def test_sample_weights_work_as_in_keras_fit_for_the_validation_too():
    weights = np.random.default_rng(4).uniform(0, 3, N).astype(np.float32)
    weights[[0, 5]] = 0
    both = Both(
        validation=data(10, seed=1),
        weights=(weights, weights[:10]),
        make_metrics=metrics_of_all_kinds,
    )
    both.assert_alike()


# --------------------------------------------------------------------------- callbacks
def getting_worse():
    """Validation data of the opposite targets."""
    X, y = data(10, seed=1)
    return X, -y


def test_early_stopping_stops_and_restores_as_in_keras_fit():
    both = Both(
        validation=getting_worse(),
        make_callbacks=lambda _: [
            callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
        ],
        epochs=9,
    )
    both.assert_alike()
    (ours,), (theirs,) = both.callbacks
    assert len(both.ours["loss"]) < 9
    assert ours.stopped_epoch == theirs.stopped_epoch > 0
    best = int(np.argmin(both.ours["val_loss"]))
    again = Network(SPEC, seed=3)
    X, y = data()
    again.train(Samples(SequenceTable.from_array(X), y), schedule(epochs=best + 1))
    for a, b in zip(
        again.model.get_weights(), both.network.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_reducing_the_learning_rate_works_as_in_keras_fit():
    both = Both(
        validation=getting_worse(),
        make_callbacks=lambda _: [
            callbacks.ReduceLROnPlateau("val_loss", factor=0.3, patience=1)
        ],
        epochs=6,
    )
    both.assert_alike()
    assert both.ours["learning_rate"][-1] < both.ours["learning_rate"][0]


def test_scheduling_the_learning_rate_works_as_in_keras_fit():
    both = Both(
        make_callbacks=lambda _: [
            callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 + epoch / 50)
        ],
        epochs=4,
    )
    both.assert_alike()
    assert len(set(both.ours["learning_rate"])) == 4


def test_a_checkpoint_of_the_model_predicts_as_the_network(tmp_path):
    both = Both(
        validation=data(10, seed=1),
        make_callbacks=lambda place: [
            callbacks.ModelCheckpoint(tmp_path / f"{place}.keras")
        ],
        make_metrics=lambda: ["mae"],
    )
    both.assert_alike()
    loaded = keras.models.load_model(tmp_path / "ours.keras")
    expected = both.network.predict(SequenceTable.from_array(both.X))
    np.testing.assert_allclose(loaded.predict(both.X, verbose=0), expected, atol=1e-6)
    theirs = keras.models.load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(expected, theirs.predict(both.X, verbose=0), atol=1e-5)
    kept, kept_there = (np.asarray(m.optimizer.iterations) for m in (loaded, theirs))
    assert kept == kept_there == 6
    assert type(loaded.optimizer) is type(theirs.optimizer)


def test_a_checkpoint_of_the_best_is_the_one_of_keras_fit(tmp_path):
    both = Both(
        validation=getting_worse(),
        make_callbacks=lambda place: [
            callbacks.ModelCheckpoint(
                tmp_path / f"{place}.keras", "val_loss", save_best_only=True
            )
        ],
        epochs=4,
    )
    best = [
        keras.models.load_model(tmp_path / f"{name}.keras").get_weights()
        for name in ("ours", "theirs")
    ]
    for a, b in zip(*best, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    last = both.network.model.get_weights()
    assert max(abs(a - b).max() for a, b in zip(best[0], last, strict=True)) > 1e-3


def test_checkpoints_after_some_batches_are_those_of_keras_fit(tmp_path):
    def checkpoint(place):
        (tmp_path / place).mkdir()
        path = tmp_path / place / "{epoch}-{batch}.weights.h5"
        return [
            callbacks.ModelCheckpoint(path, save_freq=2, save_weights_only=True),
        ]

    both = Both(make_callbacks=checkpoint)
    both.assert_alike()
    names = [
        sorted(path.name for path in (tmp_path / place).iterdir())
        for place in ("ours", "theirs")
    ]
    assert names[0] == names[1] != []
    for name in names[0]:
        for place, model in (("ours", both.network.model), ("theirs", both.stock)):
            model.load_weights(tmp_path / place / name)
        for a, b in zip(
            both.network.model.get_weights(), both.stock.get_weights(), strict=True
        ):
            np.testing.assert_allclose(a, b, atol=1e-5)


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_a_csv_log_has_the_columns_and_rows_of_keras_fit(tmp_path):
    Both(
        validation=data(10, seed=1),
        make_callbacks=lambda place: [callbacks.CSVLogger(tmp_path / f"{place}.csv")],
        make_metrics=lambda: ["mae"],
    )
    ours, theirs = (rows_of(tmp_path / f"{name}.csv") for name in ("ours", "theirs"))
    assert [*ours[0]] == [*theirs[0]]
    assert len(ours) == len(theirs) == 2
    for a, b in zip(ours, theirs, strict=True):
        a, b = (np.array([*row.values()], float) for row in (a, b))
        np.testing.assert_allclose(a, b, rtol=1e-4)


class Recorder(callbacks.Callback):
    """Keeps every call: its name, epoch or batch, and logs."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def _note(self, hook, *given):
        *index, logs = given if given else (None,)
        self.calls.append((hook, *index, dict(logs or {})))


def _noting(hook):
    if hook.startswith(("on_epoch", "on_train_batch", "on_test_batch")):
        return lambda self, index, logs=None: self._note(hook, index, logs)
    return lambda self, logs=None: self._note(hook, logs)


for phase in ("train", "epoch", "train_batch", "test", "test_batch"):
    for when in ("begin", "end"):
        setattr(Recorder, f"on_{phase}_{when}", _noting(f"on_{phase}_{when}"))


def assert_same_calls(ours, theirs):
    assert [call[:-1] for call in ours.calls] == [call[:-1] for call in theirs.calls]
    for (*name, a), (*_, b) in zip(ours.calls, theirs.calls, strict=True):
        assert [*a] == [*b], name
        for key in b:
            np.testing.assert_allclose(float(a[key]), float(b[key]), rtol=1e-4)


def test_every_hook_is_called_as_in_keras_fit():
    both = Both(
        validation=data(10, seed=1),
        make_callbacks=lambda _: [Recorder()],
        make_metrics=lambda: ["mae"],
        epochs=2,
    )
    both.assert_alike()
    (ours,), (theirs,) = both.callbacks
    assert_same_calls(ours, theirs)
    assert {call[0] for call in ours.calls} == {
        f"on_{phase}_{when}"
        for phase in ("train", "epoch", "train_batch", "test", "test_batch")
        for when in ("begin", "end")
    }
    assert ours.params == theirs.params


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_train_batch_begin"])
def test_hooks_of_a_lambda_callback_are_called_as_in_keras_fit(hook):
    noted = []

    def watching(place):
        def note(batch, logs):
            noted.append((place, batch, *[float(v) for v in (logs or {}).values()]))

        return [callbacks.LambdaCallback(**{hook: note})]

    Both(make_callbacks=watching)
    ours, theirs = (
        np.array([call[1:] for call in noted if call[0] == place])
        for place in ("ours", "theirs")
    )
    assert len(ours) == 6
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_the_older_names_of_batch_hooks_work_as_in_keras_fit():
    class Older(callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.batches = []

        def on_batch_end(self, batch, logs=None):
            self.batches.append((batch, float(logs["loss"])))

    both = Both(make_callbacks=lambda _: [Older()])
    (ours,), (theirs,) = both.callbacks
    assert len(ours.batches) == 6
    np.testing.assert_allclose(ours.batches, theirs.batches, rtol=1e-4)


def test_stopping_within_an_epoch_works_as_in_keras_fit():
    class Stops(Recorder):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            self.model.stop_training = (
                sum(c[0] == self.calls[-1][0] for c in self.calls) == 5
            )

    both = Both(
        validation=data(10, seed=1), make_callbacks=lambda _: [Stops()], epochs=4
    )
    both.assert_alike()
    (ours,), (theirs,) = both.callbacks
    assert len(both.ours["loss"]) == 2
    assert_same_calls(ours, theirs)


def test_setting_the_learning_rate_within_an_epoch_works_as_in_keras_fit():
    class Slower(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate = 0.05 / (1 + batch)

    both = Both(make_callbacks=lambda _: [Slower()])
    both.assert_alike()
    assert both.ours["loss"][0] != Both().ours["loss"][0]


def test_a_callback_may_read_and_set_weights_and_predict_as_in_keras_fit():
    class Meddles(callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(np.asarray(self.model(data()[0])))
            self.seen.extend(self.model.get_weights())
            self.model.set_weights([0.5 * w for w in self.model.get_weights()])

    both = Both(make_callbacks=lambda _: [Meddles()])
    both.assert_alike()
    (ours,), (theirs,) = both.callbacks
    assert len(ours.seen) == len(theirs.seen) > 0
    for a, b in zip(ours.seen, theirs.seen, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_terminating_on_nan_works_as_in_keras_fit():
    X, y = data()
    both = Both(
        train=(X, 1e25 * y),
        make_optimizer=lambda: optimizers.SGD(0.1, clipvalue=0.1),
        make_callbacks=lambda _: [callbacks.TerminateOnNaN(), Recorder()],
    )
    (_, ours), (_, theirs) = both.callbacks
    assert both.ours == both.theirs == {"loss": [np.inf]}
    assert [call[:-1] for call in ours.calls] == [call[:-1] for call in theirs.calls]


def test_weights_that_are_not_finite_stop_and_leave_the_network_as_it_was():
    X, y = data()
    network, recorder = Network(SPEC, seed=3), Recorder()
    samples = Samples(SequenceTable.from_array(X), y)
    before = network.predict(samples.table)
    plan = schedule(
        optimizer=optimizers.SGD(1e30),
        callbacks=[callbacks.TerminateOnNaN(), recorder],
    )
    with pytest.raises(ValueError, match=r"weights that are not finite"):
        network.train(samples, plan)
    np.testing.assert_array_equal(network.predict(samples.table), before)
    n_batches = sum(call[0] == "on_train_batch_end" for call in recorder.calls)
    assert n_batches < 6


def test_averaged_weights_may_be_swapped_in_for_the_validation_as_in_keras_fit():
    both = Both(
        validation=data(10, seed=1),
        make_optimizer=OPTIMIZERS["ema"],
        make_callbacks=lambda _: [callbacks.SwapEMAWeights(swap_on_epoch=True)],
    )
    both.assert_alike()


@pytest.mark.parametrize("verbose", [1, 2])
def test_progress_is_shown_and_changes_nothing(capsys, verbose):
    shown = trained({"verbose": verbose, "batch_size": 1})
    printed = capsys.readouterr().out
    assert "Epoch 2/2" in printed
    assert "val_mae" in printed
    assert_same_bits(shown, trained({"batch_size": 1}))
    assert capsys.readouterr().out == ""


# ---------------------------------------------------------------------- ragged tables
def ragged(n=N):
    """Samples of 0 to T steps, and the same as a dense array for keras's Masking."""
    X, y = data(n)
    lengths = np.random.default_rng(6).integers(0, T + 1, n)
    lengths[:3] = 0, T, 1
    sequences = [x[:len_] for x, len_ in zip(X, lengths, strict=True)]
    dense = np.full_like(X, -9.0)
    for row, sequence in zip(dense, sequences, strict=True):
        row[: len(sequence)] = sequence
    return SequenceTable.from_sequences(sequences, T), dense, y


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


# --------------------------------------------------------------------------- the pool
def trained(changes=(), metric=True, **network):
    """Weights and history of a fit, all of it new."""
    X, y = data(40)
    network = Network(**{"spec": SPEC, "seed": 3, **network})
    plan = {"shuffle": True, "metrics": ["mae"] if metric else None, **dict(changes)}
    samples = Samples(SequenceTable.from_array(X), y)
    history = network.train(samples, schedule(**plan), samples)
    return network.model.get_weights(), history


def assert_same_bits(one, other):
    for a, b in zip(one[0], other[0], strict=True):
        np.testing.assert_array_equal(a, b)
    assert one[1] == other[1]


def test_a_search_over_what_is_an_input_traces_nothing_anew(pool):
    t = np.arange(90)
    X = np.c_[np.sin(t / 3), np.cos(t / 5)]
    pipe = make_pipeline(
        SlidingWindow(3), LSTMRegressor(**PLAIN, units=4, epochs=1, random_state=0)
    )
    pipe.fit(X, X[:, 0])
    pipe.set_params(lstmregressor__validation_split=0.2).fit(X, X[:, 0])
    after_first = pool.n_traces
    assert after_first == 2
    grid = {
        "slidingwindow__window_length": [2, 5],
        "lstmregressor__learning_rate": [0.01, 0.003],
        "lstmregressor__batch_size": [7, 32],
        "lstmregressor__clipnorm": [None, 0.5],
        "lstmregressor__epochs": [1, 2],
    }
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2)).fit(X, X[:, 0])
    assert pool.n_traces == after_first
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_what_shapes_a_program_is_traced_anew(pool):
    _, history = trained()
    for number, changes in enumerate(
        [
            {"optimizer": optimizers.SGD(0.01)},
            {"optimizer": optimizers.Adam(0.01, beta_1=0.5)},
            {"loss": "mae"},
            {"metrics": ["mse"]},
        ],
        start=2,
    ):
        assert trained(changes)[1] != history
        assert pool.n_traces == 2 * number


def test_losses_with_states_that_no_config_tells_share_no_program(pool):
    for factor in (1.0, 5.0):
        Both(loss=Scaled(factor)).assert_alike()
    assert len(pool._kinds) == 2


def test_losses_of_one_name_share_no_program(pool):
    def pinball(quantile):
        def loss(y, predicted):
            error = y - predicted
            return keras.ops.maximum(quantile * error, (quantile - 1) * error)

        return loss

    for quantile in (0.1, 0.9):
        Both(loss=pinball(quantile)).assert_alike()
    assert len(pool._kinds) == 2


def wrapped(factor):
    def scaled_error(y, predicted):
        return factor * keras.ops.abs(y - predicted)

    return metrics.MeanMetricWrapper(scaled_error, name="scaled")


class Counting(metrics.Metric):
    """A metric whose state no config tells."""

    def __init__(self, step):
        super().__init__(name="counting")
        self.step = step
        self.total = self.add_weight(initializer="zeros", name="total")

    def update_state(self, y, predicted, sample_weight=None):
        self.total.assign_add(self.step)

    def result(self):
        return self.total + 0.0


@pytest.mark.parametrize("make", [wrapped, Counting])
def test_metrics_with_states_that_no_config_tells_share_no_program(pool, make):
    for factor in (1.0, 5.0):
        Both(make_metrics=lambda factor=factor: [make(factor)]).assert_alike()
    assert len(pool._kinds) == 2


def test_one_metric_instance_in_many_fits_is_traced_once(pool):
    for metric in (Counting(2.0), metrics.RootMeanSquaredError()):
        before = pool.n_traces
        results = [trained({"metrics": [metric]}) for _ in range(3)]
        for again in results[1:]:
            assert_same_bits(again, results[0])
        assert pool.n_traces == before + 2


def test_no_more_kinds_are_kept_than_the_capacity(monkeypatch):
    pool = new_pool(monkeypatch, capacity=2)
    first = trained(spec=NetworkSpec(F, 1, (1,)))
    for units in (2, 3):
        trained(spec=NetworkSpec(F, 1, (units,)))
        assert len(pool._kinds) <= 2
    assert pool.n_traces == 4
    trained(spec=NetworkSpec(F, 1, (2,)))  # of the two that are kept
    assert pool.n_traces == 4
    assert_same_bits(trained(spec=NetworkSpec(F, 1, (1,))), first)


def test_a_warm_program_gives_the_bits_of_a_cold_one(monkeypatch):
    spec = NetworkSpec(F, 1, (30, 4), dropout=0.3)
    new_pool(monkeypatch)
    cold = trained(spec=spec)
    trained({"optimizer": optimizers.Adam(0.3)}, spec=spec, seed=8)  # warms it
    warm = trained(spec=spec)
    new_pool(monkeypatch)
    assert_same_bits(warm, cold)
    assert_same_bits(trained(spec=spec), cold)


@pytest.mark.parametrize("kind", ["name", "one instance"])
def test_fits_in_threads_give_the_bits_of_fits_one_after_another(pool, kind):
    metric = "mae" if kind == "name" else metrics.RootMeanSquaredError()
    barrier = threading.Barrier(4)
    spec = NetworkSpec(F, 1, (30,), dropout=0.2)

    def fit(seed, together):
        def wait(epoch, logs):
            if together:
                barrier.wait(60)

        plan = {
            "callbacks": [callbacks.LambdaCallback(on_epoch_begin=wait)],
            "metrics": [metric],
            "batch_size": 4 + seed,
            "epochs": 3,
        }
        return trained(plan, spec=spec, seed=seed)

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(fit, range(4), [True] * 4))
    for seed, result in enumerate(together):
        assert_same_bits(result, fit(seed, False))
    assert pool.n_traces == 2


def test_a_fit_within_a_fit_of_the_same_kind_disturbs_neither(pool):
    inner = []
    plan = {
        "callbacks": [
            callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: inner.append(trained(seed=5))
            )
        ]
    }
    outer = trained(plan)
    assert len(inner) == 2
    assert_same_bits(outer, trained())
    for result in inner:
        assert_same_bits(result, trained(seed=5))


class FailsError(Exception):
    """Raised by hand."""


@pytest.mark.parametrize("hook", ["on_epoch_end", "on_train_batch_end"])
@pytest.mark.parametrize("metric", [False, True])
def test_a_fit_after_a_failed_one_gives_the_same_bits(monkeypatch, hook, metric):
    def fail(*_, **__):
        raise FailsError

    new_pool(monkeypatch)
    expected = trained(metric=metric)
    pool = new_pool(monkeypatch)
    for _ in range(2):
        with pytest.raises(FailsError):
            trained({"callbacks": [callbacks.LambdaCallback(**{hook: fail})]}, metric)
    assert_same_bits(trained(metric=metric), expected)
    assert_same_bits(trained(metric=metric), expected)
    assert pool.n_traces == 2


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


# ---------------------------------------------------------------------- nothing global
def drawn_after(action):
    """Numbers that global generators give after seeding, and some action."""
    # An older Keras does not seed its own generator, and draws to make it.
    state = global_seed_generator().state
    keras.utils.set_random_seed(5)
    state.assign([5, 0])
    action()
    return [
        random.random(),
        np.random.random(),  # noqa: NPY002
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
        float(keras.initializers.GlorotUniform()((1, 1))[0, 0]),
    ]


def test_a_fit_draws_from_no_global_generator(pool):
    calm = drawn_after(lambda: None)
    assert drawn_after(lambda: None) == calm
    assert drawn_after(lambda: trained(spec=NetworkSpec(F, 1, (3,), dropout=0.2))) == (
        calm
    )
    assert drawn_after(trained) == calm  # warm


def test_global_seeds_change_no_fit(pool):
    results = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        results.append(trained(spec=NetworkSpec(F, 1, (3,), dropout=0.2)))
    assert_same_bits(*results)


def settings():
    return {
        "environment": dict(os.environ),
        "threads": (
            tf.config.threading.get_inter_op_parallelism_threads(),
            tf.config.threading.get_intra_op_parallelism_threads(),
        ),
        "eager": tf.config.functions_run_eagerly(),
        "jit": tf.config.optimizer.get_jit(),
        "floats": (keras.config.floatx(), keras.config.epsilon()),
        "policy": keras.config.dtype_policy().name,
        "numpy": np.geterr(),
    }


def test_a_fit_changes_no_setting(pool):
    before = settings()
    trained()
    assert settings() == before


def test_an_optimizer_and_callbacks_stay_as_they_were_given():
    optimizer = optimizers.Adam(0.01)
    stopping = callbacks.EarlyStopping("loss", patience=0, min_delta=1e3)
    plan = {"optimizer": optimizer, "callbacks": [stopping]}
    results = [trained(plan) for _ in range(2)]
    assert_same_bits(*results)
    assert not optimizer.built
    assert stopping.model is None


# -------------------------------------------------------------------------- prediction
def windows(n=3000):
    values = np.random.default_rng(7).normal(size=(n + T - 1, F)).astype(np.float32)
    return SequenceTable(values, np.arange(n), np.full(n, T))


def test_many_windows_in_chunks_are_predicted_as_one_by_one(monkeypatch):
    network, table = Network(NetworkSpec(F, 2, (5, 30)), seed=1), windows()
    whole = network.predict(table)
    monkeypatch.setattr("sklstm.training._call_size._FIRST_STEPS", 1)
    np.testing.assert_array_equal(network.predict(table), whole)
    single = [network.predict(table.take([i])) for i in range(len(table))]
    np.testing.assert_array_equal(np.concatenate(single), whole)
    stock = stock_of(network)
    expected = stock.predict(np.asarray(table), batch_size=3000, verbose=0)
    np.testing.assert_allclose(whole, expected, atol=1e-6)


def test_ragged_sequences_in_chunks_are_predicted_as_at_once(monkeypatch):
    network, table = Network(SPEC, seed=1), ragged(200)[0]
    whole = network.predict(table)
    monkeypatch.setattr("sklstm.training._call_size._FIRST_STEPS", 1)
    np.testing.assert_array_equal(network.predict(table), whole)


def test_threads_may_predict_at_once_and_while_others_train():
    networks = [Network(SPEC, seed=seed) for seed in range(3)]
    table = windows(200)
    expected = [network.predict(table) for network in networks]
    fresh = [Network(SPEC, seed=seed) for seed in range(3)]
    for network in fresh[:1]:
        assert network.model is not None

    def work(i):
        if i % 8 == 7:
            return trained()
        return fresh[i % 3].predict(table)

    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(work, range(48)))
    for i, result in enumerate(results):
        if i % 8 == 7:
            assert_same_bits(result, results[7])
        else:
            np.testing.assert_array_equal(result, expected[i % 3])
