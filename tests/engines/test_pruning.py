"""Trials of Optuna end by epoch, through `fit` and all that is around it."""

import threading
import warnings

import keras
import numpy as np
import optuna
import pytest
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import TransformedTargetForecaster

KerasPruningCallback = pytest.importorskip("optuna_integration").KerasPruningCallback

EPOCHS = 6
QUICK = {"units": 3, "epochs": EPOCHS, "random_state": 0}


class Prunes(keras.callbacks.Callback):
    """As on the page of engines: Optuna's own callback in three lines."""

    def __init__(self, trial, monitor):
        super().__init__()
        self.trial, self.monitor = trial, monitor

    def on_epoch_end(self, epoch, logs=None):
        self.trial.report(float(logs[self.monitor]), step=epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned(f"pruned at epoch {epoch}")


class Counts(keras.callbacks.Callback):
    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append(epoch)


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # A study warns of its features that are on trial.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def a_trial(upper):
    """Return a trial that is pruned as soon as it reports more than `upper`."""
    pruner = optuna.pruners.ThresholdPruner(upper=upper)
    return optuna.create_study(pruner=pruner).ask()


@pytest.fixture(params=[KerasPruningCallback, Prunes])
def callback(request):
    return request.param


def test_a_bad_trial_ends_before_its_last_epoch(series, callback):
    X, y = series
    pruner = optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=2)
    study = optuna.create_study(pruner=pruner)
    for rate in (0.01, 0.02, 1e-6):
        study.enqueue_trial({"learning_rate": rate})
    trained = []

    def objective(trial):
        epochs = []
        trained.append(epochs)
        lstm = LSTMRegressor(
            **QUICK,
            linear_skip=0,  # begins far from the solution
            learning_rate=trial.suggest_float("learning_rate", 1e-6, 0.1, log=True),
            validation_split=0.2,
            callbacks=[callback(trial, "val_loss"), Counts(epochs)],
        )
        pipe = make_pipeline(SlidingWindow(6), PerFeatureScaler(), lstm)
        return min(pipe.fit(X, y)[-1].history_["val_loss"])

    study.optimize(objective, n_trials=3)
    assert [t.state.name for t in study.trials] == ["COMPLETE", "COMPLETE", "PRUNED"]
    assert trained[:2] == [[*range(EPOCHS)]] * 2
    assert trained[2] == [0, 1, 2] == [*study.trials[2].intermediate_values]
    assert study.best_params == {
        "learning_rate": study.trials[study.best_trial.number].params["learning_rate"]
    }


def test_what_is_reported_is_the_history(series, callback):
    X, y = series
    trial = a_trial(upper=np.inf)
    pruning = callback(trial, "val_loss")
    lstm = LSTMRegressor(**QUICK, validation_split=0.2, callbacks=pruning)
    pipe = make_pipeline(SlidingWindow(6), PerFeatureScaler(), lstm).fit(X, y)
    reported = trial.study.trials[0].intermediate_values
    assert [*reported.values()] == pipe[-1].history_["val_loss"]


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_pruning_leaves_an_unfitted_estimator_as_it_was(sequences, callback, method):
    X, y = sequences
    for Estimator in (LSTMRegressor, LSTMClassifier):
        pruning = callback(a_trial(upper=-1.0), "loss")
        estimator = Estimator(**QUICK, callbacks=[pruning])
        before = dict(vars(estimator))
        with pytest.raises(optuna.TrialPruned):
            getattr(estimator, method)(X, y)
        assert vars(estimator) == before
        assert not hasattr(estimator, "n_features_in_")


def test_pruning_a_refit_leaves_the_fitted_network(sequences, callback):
    X, y = sequences
    reg = LSTMRegressor(**QUICK).fit(X, y)
    before, predicted = dict(vars(reg)), reg.predict(X)
    reg.set_params(callbacks=[callback(a_trial(upper=-1.0), "loss")])
    with pytest.raises(optuna.TrialPruned):
        reg.fit(X, y)
    reg.set_params(callbacks=None)
    assert vars(reg) == before
    np.testing.assert_array_equal(reg.predict(X), predicted)


def test_pruning_passes_through_transformed_targets(series, callback):
    X, y = series
    lstm = LSTMRegressor(**QUICK, callbacks=callback(a_trial(upper=-1.0), "loss"))
    model = TransformedTargetForecaster(
        make_pipeline(SlidingWindow(6), PerFeatureScaler(), lstm), difference=1
    )
    before = dict(vars(model))
    with pytest.raises(optuna.TrialPruned):
        model.fit(X, y)
    assert vars(model) == before


def test_threads_prune_trials_of_their_own(series, callback):
    X, y = series
    pruner = optuna.pruners.ThresholdPruner(upper=1e-9, n_warmup_steps=2)
    study = optuna.create_study(pruner=pruner)
    threads = set()

    def objective(trial):
        threads.add(threading.get_ident())
        lstm = LSTMRegressor(**QUICK, callbacks=callback(trial, "loss"))
        make_pipeline(SlidingWindow(6), lstm).fit(X, y)

    study.optimize(objective, n_trials=6, n_jobs=2)
    assert len(threads) == 2
    assert [t.state.name for t in study.trials] == ["PRUNED"] * 6
    assert all([*t.intermediate_values] == [0, 1, 2] for t in study.trials)


def test_cross_validation_passes_pruning_on_if_errors_are_raised(series, callback):
    X, y = series
    lstm = LSTMRegressor(**QUICK, callbacks=callback(a_trial(upper=-1.0), "loss"))
    pipe = make_pipeline(SlidingWindow(6), PerFeatureScaler(), lstm)
    cv = TimeSeriesSplit(2)
    with pytest.raises(optuna.TrialPruned):
        cross_val_score(pipe, X, y, cv=cv, error_score="raise")
    # scikit-learn's default takes it for a failed fit.
    with pytest.raises(ValueError, match="All the 2 fits failed"):
        cross_val_score(pipe, X, y, cv=cv)


def test_one_pruned_fold_of_a_cross_validation_is_a_failed_fit(series):
    X, y = series
    trial = a_trial(upper=np.inf)

    class PrunesTheSecond(Prunes):
        def on_train_begin(self, logs=None):
            folds.append(0)

        def on_epoch_end(self, epoch, logs=None):
            if len(folds) == 2:
                raise optuna.TrialPruned

    folds = []
    lstm = LSTMRegressor(**QUICK, callbacks=PrunesTheSecond(trial, "loss"))
    pipe = make_pipeline(SlidingWindow(6), lstm)
    with pytest.warns(FitFailedWarning, match="TrialPruned"):
        scores = cross_val_score(pipe, X, y, cv=TimeSeriesSplit(2))
    assert np.isnan(scores).tolist() == [False, True]
