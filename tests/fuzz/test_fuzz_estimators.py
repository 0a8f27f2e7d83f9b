"""Random samples and targets through the estimators: predictions, or an error helps."""

import inspect

import numpy as np
import pandas as pd
from fuzz_outcomes import Outcome, fuzz
from fuzz_sequences import labels, numbers, samples, step_labels, weights
from fuzz_tables import ODD_NUMBERS, mostly
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    PerFeatureScaler,
    predict_quantiles,
)
from sklstm.metrics import skip_missing

# scikit-learn's scorers have errors of their own.
_OF_SCORERS = (TypeError, ValueError)
_TINY = {"units": 1, "epochs": 1, "batch_size": 64, "random_state": 0}
_USUAL = [
    {},
    {"early_stopping": True},
    {"shuffle": False, "warm_start": True},
    {"units": np.uint8(1), "epochs": np.int8(1), "batch_size": np.uint8(200)},
    {"validation_split": 0.5, "patience": np.int64(1)},
    {"batch_size": -1, "clipnorm": 1},
]
_OF_CLASSIFIERS = [
    {"fcn_filters": ()},
    {"fcn_filters": (3, 2), "fcn_squeeze_excite": True, "fcn_pool_size": 2},
    {"fcn_filters": np.uint8(2), "window_norm": "standard", "patch_size": 2},
]
_ODD = [*ODD_NUMBERS, "nope", (), (0,), [1, "a"], {"a": 1}, np.zeros(2), object, -0.5]


def parameters(estimator):
    """Draw parameters: of a tiny network, and now and then one of any odd value."""
    known = inspect.signature(estimator).parameters
    names = [n for n in known if n not in ("routed", "verbose", "random_state")]
    names += ["optimizer__nope", "callbacks__x", "nope__nope", "model__units"]
    one = st.sampled_from(names).flatmap(
        lambda name: st.sampled_from(_ODD).map(lambda value: {name: value})
    )
    of_kind = _OF_CLASSIFIERS if estimator is LSTMClassifier else []
    usual = st.sampled_from(_USUAL + of_kind)
    return st.one_of(*[usual] * 4, one).map(lambda more: {**_TINY, **more})


def n_of(X):
    """Count samples, as far as X has any."""
    return len(X) if hasattr(X, "__len__") else 3


def steps_of(X):
    shape = getattr(X, "shape", ())
    return shape[1] if len(shape) > 1 else 2


@fuzz(20)
@given(st.data())
def test_regressors(data):
    draw = data.draw
    X = draw(samples())
    y, weight = draw(numbers(n_of(X))), draw(weights(n_of(X)))
    network = made(LSTMRegressor, draw)
    if network is None:
        return
    fitted = Outcome(network.fit, X, y, weight, estimator=network)
    if fitted.failed:
        return
    again = draw(mostly(["none"], ["partial", "other", "twice"]))
    if again == "partial":
        Outcome(network.partial_fit, X, y, weight, estimator=network)
    elif again == "other":
        Outcome(network.partial_fit, draw(samples()), y, estimator=network)
    elif again == "twice":
        Outcome(network.fit, draw(samples()), y, estimator=network)
    said = predicted_of(network.predict, X, np.shape(y)[1:])
    if said is not None and np.ndim(y) == 2 and isinstance(y, pd.DataFrame):
        assert not isinstance(said, pd.DataFrame)
    if said is not None:
        score = Outcome(network.score, X, y, weight)
        assert score.failed or np.ndim(score.value) == 0
        scorer = skip_missing("neg_mean_absolute_error")
        Outcome(scorer, network, X, draw(numbers(n_of(X))), allowed=_OF_SCORERS)
        assert_alone(network.predict, X, said)
    other = draw(samples())
    predicted_of(network.predict, other, np.shape(y)[1:])


@fuzz(20)
@given(st.data())
def test_classifiers(data):
    draw = data.draw
    X = draw(samples())
    y = draw(labels(n_of(X), steps_of(X)))
    weight = draw(weights(n_of(X)))
    network = made(LSTMClassifier, draw)
    if network is None:
        return
    if Outcome(network.fit, X, y, weight, estimator=network).failed:
        return
    assert len(network.classes_) > 1
    if draw(mostly([False], [True])):
        Outcome(network.partial_fit, X, y, estimator=network)
    said = predicted_of(network.predict, X, None)
    proba = Outcome(network.predict_proba, X)
    if said is not None:
        assert said.shape[:1] == (len(X),)
        known = said[~pd.isna(said)] if said.ndim == 1 else []
        assert set(known) <= set(network.classes_.tolist())
        assert proba.value.shape[0] == len(X)
        total = proba.value.sum(axis=-1)
        if np.ndim(y) == 1:
            np.testing.assert_allclose(total, 1, rtol=1e-5)
        score = Outcome(network.score, X, y, weight)
        assert score.failed or 0 <= score.value <= 1
        Outcome(skip_missing("accuracy"), network, X, y, allowed=_OF_SCORERS)
        assert_alone(network.predict_proba, X, proba.value)
    predicted_of(network.predict, draw(samples()), None)


@fuzz(20)
@given(st.data())
def test_taggers(data):
    draw = data.draw
    X = draw(samples())
    y = draw(step_labels(n_of(X), steps_of(X)))
    weight = draw(weights(n_of(X)))
    network = made(LSTMTagger, draw)
    if network is None:
        return
    if Outcome(network.fit, X, y, weight, estimator=network).failed:
        return
    said = predicted_of(network.predict, X, np.shape(X)[1:2])
    proba = Outcome(network.predict_proba, X)
    if said is not None:
        known = said[~pd.isna(said)]
        assert set(known.tolist()) <= set(network.classes_.tolist())
        np.testing.assert_allclose(proba.value[~pd.isna(said)].sum(axis=-1), 1)
        score = Outcome(network.score, X, y, weight)
        assert score.failed or 0 <= score.value <= 1
        assert_alone(network.predict_proba, X, proba.value)
    predicted_of(network.predict, draw(samples()), None)


def made(kind, draw):
    """Make an estimator; None where the constructor refuses a parameter."""
    told = draw(parameters(kind))
    tried = Outcome(lambda: kind(**told))
    return tried.value


def predicted_of(method, X, shape):
    """Predict; one entry for each sample, or an error that helps."""
    said = Outcome(method, X)
    if said.failed:
        return None
    assert len(said.value) == len(X)
    if shape is not None:
        assert said.value.shape[1:] == shape
    return said.value


def assert_alone(method, X, said):
    """A sample's prediction has the same bits in no company."""
    if not isinstance(X, np.ndarray):
        return
    alone = Outcome(method, X[-1:])
    if not alone.failed:
        np.testing.assert_array_equal(alone.value, said[-1:])


@fuzz(10)
@given(st.data())
def test_quantiles_by_any_estimator(data):
    draw = data.draw
    X = draw(samples(n_samples=8, n_features=1))
    y = draw(numbers(n_of(X)))
    quantiles = draw(mostly([(0.1, 0.9)], [(), 0.5, (0.9, 0.1), "a", None, [0, 1]]))
    network = LSTMRegressor(**_TINY, loss="quantile", quantiles=quantiles)
    pipe = make_pipeline(PerFeatureScaler(), network)
    search = GridSearchCV(network, {"units": [1]}, cv=2, error_score="raise")
    estimator = draw(mostly([network, pipe], [search, DummyRegressor(), Ridge(), 3]))
    if hasattr(estimator, "fit") and Outcome(estimator.fit, X, y).failed:
        return
    found = Outcome(lambda X: predict_quantiles(estimator, X), draw(mostly([X], [3])))
    if not found.failed:
        assert found.value.shape == (len(X), *np.shape(y)[1:], 2)
        assert (np.diff(found.value, axis=-1) >= 0).all()
