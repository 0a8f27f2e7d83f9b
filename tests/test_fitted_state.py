"""Fitted state: whole in every thread, after every fault, and of known versions."""

import io
import os
import pickle
import threading
import time
import warnings

import joblib
import keras
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

import sklstm
from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.preprocessing import (
    PadSequences,
    PerFeatureScaler,
    PerTimestep,
    Reshape3D,
    SlidingWindow,
)

X = np.random.default_rng(0).normal(size=(24, 4, 2))
Y = np.arange(24) % 2
QUICK = {"units": 3, "epochs": 2, "random_state": 0}
BOTH = pytest.mark.parametrize("Estimator", [LSTMRegressor, LSTMClassifier])


@BOTH
@pytest.mark.parametrize("warm_start", [False, True])
def test_the_old_network_answers_until_the_new_one_stands(Estimator, warm_start):
    estimator = Estimator(**QUICK, warm_start=warm_start).fit(X, Y)
    first = getattr(estimator, "predict_proba", estimator.predict)(X)
    seen, failed, done = [], [], threading.Event()

    def ask():
        while not done.is_set():
            try:
                seen.append(getattr(estimator, "predict_proba", estimator.predict)(X))
            except Exception as error:
                failed.append(error)
            time.sleep(0.001)  # predictions all the time would hold up the fit

    class Waits(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            predicted = getattr(estimator, "predict_proba", estimator.predict)(X)
            np.testing.assert_array_equal(predicted, before[0])

    estimator.set_params(callbacks=Waits())
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    stages, before = [first], [first]
    for n_units in (3, 3, 3) if warm_start else (4, 5, 6):
        estimator.set_params(units=n_units).fit(X, Y)
        before[0] = getattr(estimator, "predict_proba", estimator.predict)(X)
        stages.append(before[0])
    done.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert all(any(np.array_equal(one, of) for of in stages) for one in seen)


def test_a_partial_fit_that_is_stopped_leaves_the_network():
    reg = LSTMRegressor(**QUICK).partial_fit(X, Y)
    predicted, history = reg.predict(X), reg.history_

    class Stops(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            raise KeyboardInterrupt

    reg.set_params(callbacks=Stops)
    with pytest.raises(KeyboardInterrupt):
        reg.partial_fit(X, Y)
    np.testing.assert_array_equal(reg.predict(X), predicted)
    assert reg.history_ == history


class FullDisk(io.BytesIO):
    def write(self, data):
        if self.tell() + len(data) > 1000:
            raise OSError(28, "No space left on device")
        return super().write(data)


@BOTH
def test_a_full_disk_changes_nothing(Estimator):
    estimator = Estimator(**QUICK).fit(X, Y)
    predicted, before = estimator.predict(X), dict(vars(estimator))
    with pytest.raises(OSError, match="No space left"):
        joblib.dump(estimator, FullDisk())
    assert vars(estimator) == before
    np.testing.assert_array_equal(estimator.predict(X), predicted)
    whole = io.BytesIO()
    joblib.dump(estimator.partial_fit(X, Y), whole)
    whole.seek(0)
    np.testing.assert_array_equal(joblib.load(whole).predict(X), estimator.predict(X))


class Dies(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        os._exit(1)


def test_a_search_whose_worker_dies_says_so_and_the_next_one_fits():
    reg = LSTMRegressor(**QUICK, callbacks=Dies())
    search = GridSearchCV(reg, {"units": [2, 3]}, cv=2, n_jobs=2)
    with joblib.parallel_config("loky"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joblib's, of what it could not clean up
        with pytest.raises(RuntimeError, match="worker process"):
            search.fit(X, Y)
    assert not hasattr(search, "best_estimator_")
    search.set_params(estimator__callbacks=None, n_jobs=1).fit(X, Y)
    assert search.predict(X).shape == (24,)


# ---------------------------------------------------------------------------- versions
def test_a_pickle_carries_the_versions():
    state = LSTMRegressor(**QUICK).fit(X, Y).__getstate__()
    assert state["_versions"] == {
        "sklstm": sklstm.__version__,
        "keras": keras.__version__,
        "scikit-learn": sklearn.__version__,
    }


@BOTH
def test_a_load_under_other_versions_warns_once(Estimator):
    estimator = Estimator(**QUICK).fit(X, Y)
    state = estimator.__getstate__()
    state["_versions"] = {**state["_versions"], "keras": "3.1.4", "sklstm": "0.0.1"}
    loaded = Estimator.__new__(Estimator)
    message = rf"{Estimator.__name__} was saved under sklstm 0.0.1 \(now .*keras 3.1.4"
    with pytest.warns(InconsistentVersionWarning, match=message) as seen:
        loaded.__setstate__(state)
    assert len(seen) == 1
    assert "scikit-learn" not in str(seen[0].message)
    np.testing.assert_array_equal(loaded.predict(X), estimator.predict(X))
    assert "_versions" not in vars(loaded)
    again = pickle.loads(pickle.dumps(loaded))  # of today's, and so without a word
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))
    with pytest.warns(InconsistentVersionWarning, match="keras unknown"):
        loaded.__setstate__({n: state[n] for n in state if n != "_versions"})


TRANSFORMERS = [
    SlidingWindow(2, history=None),
    PerFeatureScaler(),
    PerTimestep(StandardScaler()),
    Reshape3D(),
    PadSequences(),
]


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda t: type(t).__name__)
def test_transformers_carry_their_versions_too(transformer):
    data = list(X) if isinstance(transformer, PadSequences) else X[:, :, 0]
    transformer = clone(transformer).fit(data)
    expected = transformer.transform(data)
    state = transformer.__getstate__()
    current = {"sklstm": sklstm.__version__, "scikit-learn": sklearn.__version__}
    assert state["_versions"] == current
    again = pickle.loads(pickle.dumps(transformer))  # without a word
    np.testing.assert_array_equal(again.transform(data), expected)
    state["_versions"] = {**current, "sklstm": "0.0.1"}
    loaded = type(transformer).__new__(type(transformer))
    message = rf"^{type(transformer).__name__} was saved under sklstm 0.0.1 \(now"
    with pytest.warns(InconsistentVersionWarning, match=message) as seen:
        loaded.__setstate__(state)
    assert len(seen) == 1
    assert "_versions" not in vars(loaded)
    np.testing.assert_array_equal(loaded.transform(data), expected)


class Notes(keras.callbacks.Callback):
    """Writes on the estimator that is fitted, as users' callbacks do."""

    def __init__(self, estimator):
        super().__init__()
        self.estimator = estimator

    def on_epoch_end(self, epoch, logs=None):
        self.estimator.losses_ = [*getattr(self.estimator, "losses_", []), logs["loss"]]
        self.estimator.history_ = "of no use"


@BOTH
@pytest.mark.parametrize("warm_start", [False, True])
def test_what_a_callback_sets_on_the_estimator_stays(Estimator, warm_start):
    estimator = Estimator(**QUICK, warm_start=warm_start)
    estimator.set_params(callbacks=Notes(estimator)).fit(X, Y)
    assert estimator.losses_ == estimator.history_["loss"]  # which is that of fit
    losses = estimator.losses_
    estimator.fit(X, Y)
    assert estimator.losses_[:2] == losses
    assert len(estimator.losses_) == 4
    estimator.partial_fit(X, Y)
    assert len(estimator.losses_) == 5
