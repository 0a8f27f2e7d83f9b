"""`model=`: networks that a user's own function builds."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, PerFeatureScaler, SlidingWindow

RNG = np.random.default_rng(0)
QUICK = {"epochs": 2, "random_state": 0}
CONSTANT = {"learning_rate": 0.001, "learning_rate_schedule": "constant"}


def recurrent(data, n_units=4, bidirectional=False):
    lstm = layers.LSTM(n_units)
    return keras.Sequential(
        [
            keras.Input((None, data.n_features)),
            layers.Bidirectional(lstm) if bidirectional else lstm,
            layers.Dense(data.n_outputs, activation=data.output_activation),
        ]
    )


def functional(data):
    inputs = keras.Input((None, data.n_features))
    x = layers.LSTM(4, return_sequences=True)(inputs)
    x = layers.LSTM(4)(x)
    return keras.Model(inputs, layers.Dense(data.n_outputs)(x))


def convolutional(data):
    return keras.Sequential(
        [
            keras.Input((data.n_timesteps, data.n_features)),
            layers.Conv1D(3, 2, activation="relu"),
            layers.Flatten(),
            layers.Dense(data.n_outputs, activation=data.output_activation),
        ]
    )


@pytest.fixture
def pipe(series):
    network = LSTMRegressor(model=recurrent, **QUICK)
    return make_pipeline(SlidingWindow(6), PerFeatureScaler(), network)


def test_the_builder_is_told_what_the_data_are(sequences):
    told = []

    def spy(data):
        told.append(data)
        return recurrent(data)

    X, y = sequences
    LSTMClassifier(model=spy, **QUICK).fit(X, y % 2 + (X[:, 0, 0] > 1))
    data = told[0]
    assert (data.n_timesteps, data.n_features) == X.shape[1:]
    assert data.n_outputs == 3
    assert data.output_activation == "softmax"


@pytest.mark.parametrize("model", [recurrent, functional, convolutional])
def test_training_is_that_of_keras_from_the_same_weights(model):
    X = RNG.normal(size=(40, 5, 3)).astype(np.float32)
    y = X[:, -1, 0].astype(np.float64)
    reg = LSTMRegressor(
        model=model,
        shuffle=False,
        standardize_target=False,
        batch_size=16,
        **QUICK,
        **CONSTANT,
    )
    reg.initialize(X, y)
    stock = keras.models.clone_model(reg.model_)
    stock.set_weights(reg.model_.get_weights())
    stock.compile(keras.optimizers.Adam(0.001), "mse")
    expected = stock.fit(X, y, 16, 2, shuffle=False, verbose=0).history["loss"]
    reg.fit(X, y)
    np.testing.assert_allclose(reg.history_["loss"], expected, rtol=1e-4)
    np.testing.assert_allclose(
        reg.predict(X), stock.predict(X, verbose=0)[:, 0], atol=1e-5
    )


@pytest.mark.parametrize("model", [recurrent, functional])
def test_missing_steps_are_masked(model):
    X = RNG.normal(size=(20, 6, 2))
    X[:, :3] = np.nan
    reg = LSTMRegressor(model=model, **QUICK).fit(X, RNG.normal(size=20))
    np.testing.assert_allclose(reg.predict(X), reg.predict(X[:, 3:]), atol=1e-5)


def test_search_over_the_arguments_of_the_builder(pipe, series):
    grid = {"lstmregressor__model__n_units": [2, 5]}
    grid["lstmregressor__model__bidirectional"] = [True, False]
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2)).fit(*series)
    best = search.best_params_
    kernel = search.best_estimator_[-1].model_.get_weights()[0]
    assert kernel.shape[1] == 4 * best["lstmregressor__model__n_units"]


def test_the_seed_decides_alone(pipe, series):
    X, y = series
    keras.utils.set_random_seed(1)
    first = clone(pipe).fit(X, y).predict(X)
    keras.utils.set_random_seed(2)
    np.testing.assert_array_equal(clone(pipe).fit(X, y).predict(X), first)


def test_it_pickles_exports_and_goes_on(pipe, series):
    X, y = series
    pipe.fit(X, y)
    again = pickle.loads(pickle.dumps(pipe))
    np.testing.assert_array_equal(again.predict(X), pipe.predict(X))
    windows, reg = pipe[:-1].transform(X), pipe[-1]
    exported = reg.to_keras().predict(windows.astype(np.float32), verbose=0)
    np.testing.assert_allclose(exported[:, 0], reg.predict(windows), atol=1e-5)
    n_epochs = reg.current_epoch
    assert reg.partial_fit(windows, y).current_epoch == n_epochs + 1


def compiled(data):
    model = recurrent(data)
    model.compile("adam", "mse")
    return model


def too_wide(data):
    return keras.Sequential([keras.Input((None, 1)), layers.LSTM(2), layers.Dense(3)])


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (lambda data: 3, TypeError, r"must return a keras\.Model, got 3"),
        (keras.Sequential([layers.LSTM(2)]), TypeError, r"got a model\. Every fit"),
        (compiled, ValueError, r"not compiled"),
        (too_wide, ValueError, r"output has shape \(None, 1\).*got \(None, 3\)"),
        ("lstm", ValueError, r"The 'model' parameter"),
    ],
)
def test_a_builder_that_builds_something_else_is_told_so(model, error, message):
    X = RNG.normal(size=(10, 4, 1))
    reg = LSTMRegressor(model=recurrent, **QUICK).fit(X, X[:, 0, 0])
    before = reg.predict(X)
    with pytest.raises(error, match=message):
        reg.set_params(model=model).fit(X, X[:, 0, 0])
    np.testing.assert_array_equal(reg.set_params(model=recurrent).predict(X), before)


def test_a_classifier_wants_probabilities():
    X = RNG.normal(size=(30, 4, 1))

    def logits(data):
        dense = layers.Dense(data.n_outputs, bias_initializer="ones")
        return keras.Sequential([keras.Input((4, 1)), layers.LSTM(2), dense])

    clf = LSTMClassifier(model=logits, **QUICK).fit(X, np.arange(30) % 3)
    with pytest.raises(ValueError, match=r"End .* activation='softmax'"):
        clf.predict(X)


def test_arguments_without_a_builder_go_nowhere():
    with pytest.raises(ValueError, match=r"model__n_units needs model to be set"):
        LSTMRegressor(model__n_units=3).fit(np.ones((4, 3, 1)), np.arange(4))


class Subclassed(keras.Model):
    """A network as a class of one's own, which has no shape before it is called."""

    def __init__(self, n_outputs):
        super().__init__()
        self.lstm, self.dense = layers.LSTM(4), layers.Dense(n_outputs)

    def call(self, x):
        return self.dense(self.lstm(x))


def test_a_subclass_of_model_is_a_network_like_others():
    X = RNG.normal(size=(20, 5, 2))
    y = X[:, -1]
    reg = LSTMRegressor(model=lambda data: Subclassed(data.n_outputs), **QUICK)
    predicted = reg.fit(X, y).predict(X)
    stock = reg.to_keras().predict(X, verbose=0)
    np.testing.assert_allclose(predicted, stock, atol=1e-5)
    with pytest.raises(ValueError, match=r"output has shape \(None, 2\).*\(None, 3\)"):
        LSTMRegressor(model=lambda data: Subclassed(3), **QUICK).fit(X, y)


def test_a_subclass_of_model_skips_missing_steps():
    X = RNG.normal(size=(20, 5, 2))
    X[:, :2] = np.nan
    reg = LSTMRegressor(model=lambda data: Subclassed(1), **QUICK).fit(X, X[:, 4, 0])
    stock = reg.to_keras().predict(X, verbose=0)[:, 0]
    np.testing.assert_allclose(reg.predict(X), stock, atol=1e-5)
    zeros = reg.predict(np.nan_to_num(X))
    assert np.abs(zeros - reg.predict(X)).max() > 1e-4


def test_a_classifier_exports_a_network_that_takes_missing_steps():
    X = RNG.normal(size=(20, 5, 2))
    X[3, :2] = np.nan
    clf = LSTMClassifier(model=recurrent, **QUICK).fit(X, np.arange(20) % 2)
    stock = clf.to_keras().predict(X, verbose=0)[:, 0]
    np.testing.assert_allclose(stock, clf.predict_proba(X)[:, 1], atol=1e-6)


def test_sequences_and_quantiles_have_their_axes():
    X = RNG.normal(size=(30, 5, 2))
    y = RNG.normal(7, 2, size=(30, 3, 2))

    def decoder(data):
        n_quantiles = max(data.n_quantiles, 1)
        shape = data.n_steps_out, data.n_outputs, data.n_quantiles
        width = data.n_steps_out * data.n_outputs * n_quantiles
        return keras.Sequential(
            [
                keras.Input((None, data.n_features)),
                layers.LSTM(4),
                layers.Dense(width),
                layers.Reshape([size for size in shape if size]),
            ]
        )

    reg = LSTMRegressor(model=decoder, **QUICK).fit(X, y)
    assert reg.predict(X).shape == y.shape
    bands = LSTMRegressor(model=decoder, loss="quantile", **QUICK).fit(X, y)
    assert bands.predict_quantiles(X).shape == (*y.shape, 3)
    np.testing.assert_array_equal(bands.predict(X), bands.predict_quantiles(X)[..., 1])
    with pytest.raises(ValueError, match=r"output has shape \(None, 3, 2\)"):
        LSTMRegressor(model=recurrent, **QUICK).fit(X, y)
