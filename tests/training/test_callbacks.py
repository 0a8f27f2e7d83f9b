"""Callbacks that speak to somebody speak to him, from copies and clones."""

import threading

import keras
import numpy as np
import optuna
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler

X = np.random.default_rng(0).normal(size=(30, 4, 2))
Y = X[:, -1, 0]
QUICK = {"units": 3, "random_state": 0}
EPOCHS = 4


class Collects(keras.callbacks.Callback):
    def __init__(self, seen):
        super().__init__()
        self.seen = seen
        self.n_epochs = 0
        self.lock = threading.Lock()  # can't be copied

    def on_epoch_end(self, epoch, logs=None):
        self.n_epochs += 1
        with self.lock:
            self.seen.append(epoch)


class Prunes(keras.callbacks.Callback):
    """As in Optuna's integration of Keras."""

    def __init__(self, trial, monitor):
        super().__init__()
        self._trial = trial
        self._monitor = monitor

    def on_epoch_end(self, epoch, logs=None):
        self._trial.report(float(logs[self._monitor]), step=epoch)
        if self._trial.should_prune():
            raise optuna.TrialPruned(f"Trial was pruned at epoch {epoch}.")


def test_a_callback_collects_from_fits_clones_and_cross_validation():
    seen = []
    mine = Collects(seen)
    reg = LSTMRegressor(**QUICK, epochs=EPOCHS, callbacks=[mine])
    reg.fit(X, Y)
    assert seen == [0, 1, 2, 3]
    clone(make_pipeline(PerFeatureScaler(), reg)).fit(X, Y)
    cross_val_score(reg, X, Y, cv=3)
    assert sorted(seen) == sorted([0, 1, 2, 3] * 5)
    assert mine.n_epochs == 0  # what is the callback's own is the copy's
    assert reg.callbacks_[0].n_epochs == EPOCHS


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_in_threads_speaks_to_the_same_list(n_jobs):
    import joblib

    seen = []
    reg = LSTMRegressor(**QUICK, epochs=EPOCHS, callbacks=Collects(seen))
    search = GridSearchCV(reg, {"units": [2, 3]}, cv=2, n_jobs=n_jobs)
    with joblib.parallel_config("threading"):
        search.fit(X, Y)
    assert sorted(seen) == sorted([0, 1, 2, 3] * (2 * 2 + 1))


def test_optuna_prunes_trials_of_a_study_in_memory():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=1e-9))

    def objective(trial):
        reg = LSTMRegressor(
            **QUICK,
            epochs=EPOCHS,
            callbacks=[Prunes(trial, "loss")],
            learning_rate=trial.suggest_float("learning_rate", 1e-3, 1e-2),
        )
        if trial.number % 2:
            return -cross_val_score(reg, X, Y, cv=2, error_score="raise").mean()
        return reg.fit(X, Y).history_["loss"][-1]

    study.optimize(objective, n_trials=4)
    assert [t.state.name for t in study.trials] == ["PRUNED"] * 4
    assert all(list(t.intermediate_values) == [0] for t in study.trials)


def test_optuna_hears_of_every_epoch():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(pruner=optuna.pruners.NopPruner())
    histories = []

    def objective(trial):
        prunes = Prunes(trial, "loss")
        reg = LSTMRegressor(**QUICK, epochs=EPOCHS, callbacks=prunes).fit(X, Y)
        histories.append(reg.history_["loss"])
        return reg.history_["loss"][-1]

    study.optimize(objective, n_trials=2)
    for trial, history in zip(study.trials, histories, strict=True):
        assert list(trial.intermediate_values.values()) == history


def test_callbacks_of_keras_keep_nothing_from_fit_to_fit():
    history, stopping = keras.callbacks.History(), keras.callbacks.EarlyStopping("loss")
    told = []
    said = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: told.append(e))
    callbacks = [history, stopping, said]
    reg = LSTMRegressor(**QUICK, epochs=EPOCHS, callbacks=callbacks)
    first = reg.fit(X, Y).callbacks_[0].history
    assert reg.fit(X, Y).callbacks_[0].history == first == reg.history_
    assert history.history == {}
    assert not hasattr(stopping, "wait") or stopping.wait == 0
    assert told == [0, 1, 2, 3] * 2
