"""What classifies labelled series: sklstm, baselines and peers.

Each takes a set and gives what `class_scores.scores` takes besides the labels, and
seconds. A contender of which the package is not installed is left out.
"""

import functools
import importlib.metadata
import importlib.util
import time

import numpy as np
from command_line import set_parameters
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

OURS = "sklstm"
DTW = "1-NN DTW"
KERNELS = "MiniRocket, ridge"
MAJORITY = "majority"
# The package of each contender that is not of scikit-learn.
PACKAGES = {DTW: "dtaidistance", KERNELS: "aeon"}
SHORTEST = 9  # steps of a kernel of MiniRocket


def sklstm(task, seed=0, parameters=None):
    """Return the predictions of sklstm's default pipeline, and seconds of fit.

    Parameters
    ----------
    task : LabelledSeries
        What is to be classified.

    seed : int, default=0
        The `random_state`.

    parameters : dict, default=None
        Parameters of the pipeline, or of its `LSTMClassifier`, to set.
    """
    from sklstm import LSTMClassifier, PadSequences, PerFeatureScaler

    X_train, y_train, X_test, _ = task.split
    pad = [PadSequences()] if task.unequal else []
    pipe = make_pipeline(*pad, PerFeatureScaler(), LSTMClassifier(random_state=seed))
    set_parameters(pipe, parameters)
    start = time.perf_counter()
    pipe.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    probabilities = pipe.predict_proba(X_test)
    predicted = pipe.classes_[probabilities.argmax(axis=1)]
    return (predicted, probabilities, pipe.classes_), seconds


def baselines():
    """Return the baselines that are installed, by name."""
    return _installed({MAJORITY: _majority, DTW: _nearest_by_dtw})


def peers():
    """Return the peers that are installed, by name."""
    return _installed({KERNELS: _random_kernels})


def version(contender):
    """Return the package of a contender and its version."""
    package = PACKAGES.get(contender, "scikit-learn")
    return f"{package} {importlib.metadata.version(package)}"


def _installed(contenders):
    return {
        name: classify
        for name, classify in contenders.items()
        if name not in PACKAGES or importlib.util.find_spec(PACKAGES[name])
    }


def _majority(task, seed=0):
    """Predict the most frequent class, by how frequent classes are."""
    X_train, y_train, X_test, _ = task.split
    start = time.perf_counter()
    most = DummyClassifier(strategy="prior").fit(np.zeros((len(X_train), 1)), y_train)
    seconds = time.perf_counter() - start
    none = np.zeros((len(X_test), 1))
    return (most.predict(none), most.predict_proba(none), most.classes_), seconds


def _nearest_by_dtw(task, seed=0):
    """Predict the label of the nearest train sample, warped in time without a bound.

    Features are over their deviation in the train samples. Seconds are of the search
    for neighbours, as there is no fit.
    """
    from dtaidistance import dtw_ndim

    X_train, y_train, X_test, _ = task.split
    deviation = np.concatenate([*X_train]).std(axis=0)
    every = [np.ascontiguousarray(x / deviation) for x in [*X_train, *X_test]]
    n_train = len(X_train)
    start = time.perf_counter()
    distances = dtw_ndim.distance_matrix_fast(
        every,
        len(deviation),
        block=((0, n_train), (n_train, len(every))),
        compact=True,
    )
    nearest = np.reshape(distances, (n_train, -1)).argmin(axis=0)
    seconds = time.perf_counter() - start
    return (y_train[nearest],), seconds


def _random_kernels(task, seed=0):
    """Predict by a ridge on parts of positive values of convolutions.

    Short series are filled with zeros behind.

    References
    ----------
    Dempster, A., Schmidt, D. and Webb, G. (2021), "MiniRocket: a very fast (almost)
    deterministic transform for time series classification", KDD.
    """
    from aeon.transformations.collection.convolution_based import MiniRocket

    _compile_kernels(task.split[0][0].shape[1])
    X_train, y_train, X_test, _ = task.split
    n_timesteps = max([SHORTEST, *(len(x) for x in [*X_train, *X_test])])
    ridge = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10))
    pipe = make_pipeline(
        MiniRocket(random_state=seed), StandardScaler(with_mean=False), ridge
    )
    start = time.perf_counter()
    pipe.fit(_filled(X_train, n_timesteps), y_train)
    seconds = time.perf_counter() - start
    return (pipe.predict(_filled(X_test, n_timesteps)),), seconds


@functools.cache
def _compile_kernels(n_features):
    """Let MiniRocket compile before it is timed."""
    from aeon.transformations.collection.convolution_based import MiniRocket

    few = np.random.default_rng(0).normal(size=(4, n_features, SHORTEST))
    MiniRocket(random_state=0).fit_transform(few.astype(np.float32))


def _filled(X, n_timesteps):
    """Return an array of shape (n_samples, n_features, n_timesteps), zeros behind."""
    filled = np.zeros((len(X), X[0].shape[1], n_timesteps), dtype=np.float32)
    for row, x in zip(filled, X, strict=True):
        row[:, : len(x)] = x.T
    return filled
