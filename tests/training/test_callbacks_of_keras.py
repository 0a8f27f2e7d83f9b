"""Keras's callbacks are called as in `keras.Model.fit`."""

import csv

import keras
import numpy as np
import pytest
from beside_keras import (
    OPTIMIZERS,
    SPEC,
    Both,
    assert_same_bits,
    data,
    schedule,
    trained,
)
from keras import callbacks, optimizers

from sklstm.sequences import SequenceTable
from sklstm.training import Network, Samples


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
