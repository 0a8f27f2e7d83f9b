"""scikit-learn's callbacks are told of fits, trainings and epochs."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import (
    CompleteCaseRegressor,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    NaiveForecaster,
    PadSequences,
    PerFeatureScaler,
    PerTimestep,
    Reshape3D,
    SlidingWindow,
)
from sklstm.forecasting import TransformedTargetForecaster

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")

RNG = np.random.default_rng(0)
X3 = RNG.normal(size=(60, 6, 2))
Y = X3[:, -1, 0] + X3[:, 2, 1]
TABLE = pd.DataFrame(
    {"a": 3 + np.sin(np.arange(120) / 5)}, pd.date_range("2026-01-01", periods=120)
)
NETWORK = {"epochs": 3, "random_state": 0}


class Recorder:
    """Records the tasks that it is told of; asks to stop at the end of some."""

    max_propagation_depth = None

    def __init__(self, stop_at=None):
        self.tasks, self.open, self.stop_at = [], 0, stop_at

    def setup(self, estimator, context):
        self.open += 1

    def teardown(self, estimator, context):
        self.open -= 1

    def on_fit_task_begin(self, estimator, context, *, X, metadata):
        self.tasks.append(("begin", type(estimator).__name__, context.task_name))
        self.metadata = metadata

    def on_fit_task_end(self, estimator, context):
        self.tasks.append(("end", type(estimator).__name__, context.task_name))
        return self.n_ended("epoch") == self.stop_at

    def n_ended(self, name):
        return sum(task[0] == "end" and task[2] == name for task in self.tasks)


def test_a_fit_a_training_and_its_epochs():
    recorder = Recorder()
    LSTMClassifier(4, **NETWORK).set_callbacks(recorder).fit(X3, Y > 0)
    name = "LSTMClassifier"
    epochs = [(what, name, "epoch") for what in ("begin", "end")] * 3
    assert recorder.tasks == [
        ("begin", name, "fit"),
        ("begin", name, "train"),
        *epochs,
        ("end", name, "train"),
        ("end", name, "fit"),
    ]
    assert not recorder.open


def test_the_trials_of_a_regressor_are_told_of():
    recorder = Recorder()
    LSTMRegressor(4, **NETWORK).set_callbacks(recorder).fit(X3, Y)
    assert recorder.n_ended("trial") == 2  # two cuts, since there are few samples
    assert recorder.n_ended("train") == recorder.n_ended("fit") == 1


def test_weights_of_samples_are_metadata():
    recorder, weights = Recorder(), np.ones(60)
    LSTMRegressor(4, **NETWORK).set_callbacks(recorder).fit(X3, Y, weights)
    assert recorder.metadata["sample_weight"] is weights


@pytest.mark.parametrize("settings", [{}, {"linear_skip": 0}, {"network_weight": 1.0}])
@pytest.mark.parametrize("early", [False, True])
def test_scores_of_epochs_are_those_of_shorter_fits(settings, early):
    monitor = callback.ScoringMonitor(scoring="neg_mean_absolute_error")
    settings = {
        **settings,
        "learning_rate_schedule": "constant",
        "validation_split": 0.2 if early else None,
        "random_state": 0,
    }
    regressor = LSTMRegressor(4, epochs=3, **settings).set_callbacks(monitor)
    regressor.fit(X3, Y)
    scores = monitor.get_logs().data_as_pandas["neg_mean_absolute_error"]
    assert len(scores) == 3
    if not early:
        # With a validation part the weight of the network is known at the end alone.
        last = -mean_absolute_error(Y, regressor.predict(X3))
        assert scores.iloc[-1] == pytest.approx(last, abs=1e-6)
    if not early and "network_weight" in settings:
        shorter = LSTMRegressor(4, epochs=1, **settings).fit(X3, Y)
        first = -mean_absolute_error(Y, shorter.predict(X3))
        assert scores.iloc[0] == pytest.approx(first, abs=1e-6)


def test_scores_of_labels_and_of_time_steps():
    monitor = callback.ScoringMonitor(scoring="accuracy")
    classifier = LSTMClassifier(4, **NETWORK).set_callbacks(monitor).fit(X3, Y > 0)
    scores = monitor.get_logs().data_as_pandas["accuracy"]
    assert scores.iloc[-1] == classifier.score(X3, Y > 0)
    score = {"score": lambda estimator, X, y: estimator.score(X, y)}
    monitor = callback.ScoringMonitor(scoring=score)
    labels = np.where(X3[:, :, 0] > 0, "up", "down")
    tagger = LSTMTagger(4, **NETWORK).set_callbacks(monitor).fit(X3, labels)
    scores = monitor.get_logs().data_as_pandas
    assert scores.iloc[-1, -1] == tagger.score(X3, labels)


def test_callbacks_change_no_result():
    plain = LSTMRegressor(4, **NETWORK).fit(X3, Y)
    told = LSTMRegressor(4, **NETWORK)
    told.set_callbacks(Recorder(), callback.ScoringMonitor(scoring="r2")).fit(X3, Y)
    np.testing.assert_array_equal(told.predict(X3), plain.predict(X3))
    assert told.history_ == plain.history_


def test_a_callback_stops_the_training():
    recorder = Recorder(stop_at=2)
    settings = {"linear_skip": 0, "epochs": 9, "random_state": 0}
    regressor = LSTMRegressor(4, **settings).set_callbacks(recorder).fit(X3, Y)
    assert len(regressor.history_["loss"]) == recorder.n_ended("epoch") == 2


def test_an_error_ends_the_callbacks_and_leaves_the_estimator():
    recorder = Recorder()
    regressor = LSTMRegressor(4, **NETWORK).set_callbacks(recorder)
    before = set(vars(regressor))
    with pytest.raises(ValueError, match="infinity"):
        regressor.fit(np.full((60, 6, 2), np.inf), Y)
    assert not recorder.open
    assert set(vars(regressor)) == before
    scaler = PerFeatureScaler().set_callbacks(recorder)
    with pytest.raises(ValueError, match="infinity"):
        scaler.fit(np.full((60, 6, 2), np.inf))
    assert not recorder.open


@pytest.mark.parametrize(
    ("estimator", "X", "y"),
    [
        (SlidingWindow(5), TABLE, None),
        (PerFeatureScaler(), X3, None),
        (PerTimestep(PerFeatureScaler()), X3, None),
        (Reshape3D(), X3[:, :, 0], None),
        (PadSequences(), list(X3), None),
        (NaiveForecaster(target_feature=0), X3, Y),
        (CompleteCaseRegressor(Ridge()), X3[:, :, 0], Y),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_every_estimator_tells_of_its_fit(estimator, X, y, method):
    if not hasattr(estimator, method):
        pytest.skip("a predictor")
    recorder = Recorder()
    estimator = clone(estimator).set_callbacks(recorder)
    getattr(estimator, method)(X, y)
    assert recorder.n_ended("fit") == 1
    assert not recorder.open
    assert clone(estimator)._skl_callbacks == [recorder]
    assert {"_callback_fit_ctx", "_skl_callbacks_to_teardown"}.isdisjoint(
        vars(estimator)
    )


def test_a_search_over_a_transformed_forecaster_is_told_of_to_its_epochs():
    recorder = Recorder()
    pipe = make_pipeline(SlidingWindow(5), PerFeatureScaler(), LSTMRegressor(4))
    growing = TransformedTargetForecaster(pipe, difference=1)
    grid = {"forecaster__lstmregressor__epochs": [2, 3]}
    search = GridSearchCV(growing, grid, cv=TimeSeriesSplit(2), n_jobs=1)
    search.set_params(estimator__forecaster__lstmregressor__network_weight=1.0)
    search.set_callbacks(recorder).fit(TABLE, TABLE["a"])
    fits = {name for what, name, task in recorder.tasks if task == "fit"}
    assert {"GridSearchCV", "Pipeline", "SlidingWindow", "LSTMRegressor"} < fits
    best = search.best_params_["forecaster__lstmregressor__epochs"]
    assert recorder.n_ended("epoch") == 2 * (2 + 3) + best


def test_a_progress_bar_of_processes(capsys):
    pytest.importorskip("rich")
    pipe = make_pipeline(SlidingWindow(5, flatten=True), CompleteCaseRegressor(Ridge()))
    grid = {"completecaseregressor__estimator__alpha": [0.1, 1.0]}
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2), n_jobs=2)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None))
    search.fit(TABLE, TABLE["a"])
    shown = capsys.readouterr().out
    for name in ("GridSearchCV", "SlidingWindow", "CompleteCaseRegressor"):
        assert f"{name} - fit" in shown


def test_fitted_estimators_with_callbacks_are_pickled():
    monitor = callback.ScoringMonitor(scoring="r2")
    regressor = LSTMRegressor(4, **NETWORK).set_callbacks(monitor).fit(X3, Y)
    again = pickle.loads(pickle.dumps(regressor))
    np.testing.assert_array_equal(again.predict(X3), regressor.predict(X3))
    again.fit(X3, Y)


def test_a_callback_that_fails_at_the_end_leaves_the_estimator():
    class Fails(Recorder):
        def on_fit_task_end(self, estimator, context):
            if context.task_name == "fit":
                raise RuntimeError("at the end")

    for estimator in (LSTMRegressor(4, **NETWORK), PerFeatureScaler(), Reshape3D()):
        X = X3[:, :, 0] if isinstance(estimator, Reshape3D) else X3
        recorder = Fails()
        before = vars(estimator.set_callbacks(recorder)).copy()
        with pytest.raises(RuntimeError, match="at the end"):
            estimator.fit(X, Y)
        assert vars(estimator) == before
        assert not recorder.open


def test_with_held_out_samples_the_estimator_of_an_epoch_has_its_weight():
    class Keeps(Recorder):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "epoch":
                self.last = fitted_estimator

    recorder, noisy = Keeps(), Y + RNG.normal(size=60)
    regressor = LSTMRegressor(4, validation_split=0.2, **NETWORK)
    regressor.set_callbacks(recorder).fit(X3, noisy)
    assert recorder.last.network_weight_ == regressor.network_weight_ < 1
    np.testing.assert_array_equal(recorder.last.predict(X3), regressor.predict(X3))
    in_file = recorder.last.__getstate__()
    assert {"_callback_fit_ctx", "_parent_callback_ctx"}.isdisjoint(in_file)


def test_trials_do_not_stop_early():
    recorder = Recorder(stop_at=1)
    LSTMRegressor(4, **NETWORK).set_callbacks(recorder).fit(X3, Y)
    assert recorder.n_ended("trial") == 2
    assert recorder.n_ended("epoch") == 3 * NETWORK["epochs"]


@pytest.mark.parametrize("name", ["network_weight", "linear_skip"])
def test_an_array_as_a_parameter_is_refused_by_name(name):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of LSTMRegressor"):
        LSTMRegressor(4, **{name: np.array([1.0, 2.0])}).fit(X3, Y)
