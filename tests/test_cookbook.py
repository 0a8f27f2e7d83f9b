"""Each entry of the cookbook is the network that is written by hand in Keras.

By hand means: stock layers, windows by a loop, scaling by the mean and the deviation of
the training rows, in NumPy. `pytest -s` shows the largest differences that were found.
"""

import functools
import importlib.util
import inspect
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
from keras import layers
from plain import PLAIN
from sklearn.base import clone, is_classifier
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import Pipeline

from sklstm import LSTMRegressor

ROOT = pathlib.Path(__file__).parent.parent
SCRIPT = ROOT / "examples" / "cookbook.py"

sys.path.append(str(SCRIPT.parent))  # for `import quiet`
_spec = importlib.util.spec_from_file_location("cookbook", SCRIPT)
cookbook = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cookbook)

# What an entry does not say itself: the networks that it names in words.
NETWORK = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "bidirectional": False,
    "pooling": "last",
}
# One epoch as `keras.Model.fit` runs it, in an order that both sides know.
LEARNING_RATE, BATCH_SIZE = 0.001, 64
TRAINING = {
    "optimizer": "adam",
    "learning_rate": LEARNING_RATE,
    "clipnorm": None,
    "epochs": 1,
    "batch_size": BATCH_SIZE,
    "shuffle": False,
    "validation_split": None,
    "early_stopping": False,
}
TOLERANCE = 1e-5
# Gradients before a batch normalization are so small that Adam makes steps of rounding.
AFTER_AN_EPOCH = {"lstm_fcn": 1e-3}
MASK = -99.0  # of steps that are not there; no scaled value comes near it


class ByHand(NamedTuple):
    """A Keras model, what it is trained on and predicts from, and what outputs mean."""

    model: Any
    x: Any
    targets: Any
    x_new: Any
    in_units: Callable = lambda outputs: outputs
    loss: Any = "mse"
    loss_weights: Any = None


@functools.cache
def run(name, **arguments):
    """Run an entry's own lines, with the training that both sides know."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (cookbook.LSTMRegressor, cookbook.LSTMClassifier):
            patch.setattr(cookbook, kind.__name__, functools.partial(pinned, kind))
        return cookbook.ENTRIES[name](**arguments)


def pinned(kind, **settings):
    alone = PLAIN if kind is LSTMRegressor else {}
    return kind(**{**NETWORK, **alone, **settings, **TRAINING})


def fitted_model(outcome):
    return getattr(outcome.model, "best_estimator_", outcome.model)


def untrained(outcome):
    """Give the entry's model as it was before its first update."""
    model = clone(fitted_model(outcome))
    x = outcome.X
    if isinstance(model, Pipeline):
        x = model[:-1].fit_transform(x, outcome.y)
    lstm_of(model).initialize(x, outcome.y)
    return model


def lstm_of(model):
    return model[-1] if isinstance(model, Pipeline) else model


def outputs_of(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


def predict_by_hand(hand):
    outputs = hand.model(hand.x_new, training=False)
    return hand.in_units(keras.tree.map_structure(keras.ops.convert_to_numpy, outputs))


def begin_moving_moments(model, first_batch):
    """Set those of batch normalizations to the first batch's, as Keras does not."""
    norms = [x for x in model.layers if isinstance(x, layers.BatchNormalization)]
    if norms:
        model(first_batch, training=True)
    for norm in norms:  # which moved a little from zeros and ones
        share = 1 - norm.momentum
        norm.moving_mean.assign(norm.moving_mean / share)
        norm.moving_variance.assign((norm.moving_variance - norm.momentum) / share)


def train_by_hand(hand, weights):
    hand.model.set_weights(weights)
    begin_moving_moments(hand.model, hand.x[:BATCH_SIZE])
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    hand.model.compile(
        optimizer, hand.loss, loss_weights=hand.loss_weights, jit_compile=False
    )
    settings = {"batch_size": BATCH_SIZE, "shuffle": False, "verbose": 0}
    hand.model.fit(hand.x, hand.targets, epochs=1, **settings)


def largest_difference(ours, theirs, unit=1.0):
    """Compare arrays, or lists of them."""
    if not isinstance(ours, list):
        ours, theirs = [ours], [theirs]
    pairs = zip(ours, theirs, strict=True)
    return max(np.abs((a.reshape(b.shape) - b) / unit).max() for a, b in pairs)


# ------------------------------------------------------------------------ data by hand
def windows_by_a_loop(rows, length, horizon=1):
    """Cut a window a row, which ends `horizon` rows before it."""
    windows = np.full((len(rows), length, rows.shape[1]), MASK)
    for row in range(len(rows)):
        stop = max(row - horizon + 1, 0)
        known = rows[max(stop - length, 0) : stop]
        windows[row, length - len(known) :] = known
    return windows


def by_mean_and_deviation(rows, seen):
    return (rows - seen.mean(axis=0)) / seen.std(axis=0)


def by_lowest_and_highest(rows, seen):
    low, high = seen.min(axis=0), seen.max(axis=0)
    return (rows - low) / (high - low)


def from_table(outcome, length, scale=by_mean_and_deviation, horizon=1):
    """Give windows to train on and to predict from, and the targets of the former.

    The last `horizon` rows of the training part are in none of its windows.
    """
    rows = np.concatenate([outcome.X, outcome.X_new]).astype(float)
    n_train = len(outcome.X)
    if scale is not None:
        rows = scale(rows, rows[: n_train - horizon])
    windows = windows_by_a_loop(rows, length, horizon)
    y = np.asarray(outcome.y)
    return (
        windows[horizon:n_train],
        windows[n_train:],
        y[horizon:].reshape(n_train - horizon, -1),
    )


def from_3d(outcome):
    """Scale each feature over all samples and steps of the training part."""
    steps = outcome.X.reshape(-1, outcome.X.shape[2])
    scaled = [by_mean_and_deviation(X, steps) for X in (outcome.X, outcome.X_new)]
    return *scaled, np.asarray(outcome.y).reshape(len(outcome.y), -1)


def standardize(y):
    """Give targets of zero mean and unit deviation, and the way back."""
    axes = tuple(range(y.ndim - 1))
    mean, deviation = y.mean(axis=axes), y.std(axis=axes)
    deviation = np.where(deviation == 0, 1, deviation)
    return (y - mean) / deviation, lambda outputs: outputs * deviation + mean


def regress(model, x, x_new, y):
    targets, in_units = standardize(y)
    return ByHand(model, x, targets, x_new, in_units)


def numbers_of(labels):
    names = sorted(set(labels))
    return np.array([names.index(label) for label in labels])


def of_sigmoid(outputs):
    return np.hstack([1 - outputs, outputs])


def stack(n_features, *stacked):
    return keras.Sequential([keras.Input((None, n_features)), *stacked])


# --------------------------------------------------------------------- entries by hand
def one_feature(outcome):
    x, x_new, y = from_table(outcome, 3)
    lstm = layers.LSTM(50, activation="relu")
    model = stack(1, layers.Masking(MASK), lstm, layers.Dense(1))
    return regress(model, x, x_new, y)


def two_features(outcome):
    x, x_new, y = from_table(outcome, 6, by_lowest_and_highest)
    model = stack(2, layers.Masking(MASK), layers.LSTM(32), layers.Dense(1))
    return regress(model, x, x_new, y)


def ten_series(outcome):
    x, x_new, y = from_table(outcome, 100, horizon=0)
    assert x.shape[1:] == (100, 10)
    model = stack(10, layers.Masking(MASK), layers.LSTM(32), layers.Dense(1))
    return regress(model, x, x_new, y)


def sine_next_10(outcome):
    x, x_new, y = from_table(outcome, 50, scale=None, horizon=10)
    sine = np.sin(np.arange(1000) / 8)
    # The first row of all has the number 9, and the first 10 rows have no window.
    np.testing.assert_array_equal(y[7], sine[17:27])
    np.testing.assert_allclose(x[7, -1, 0], sine[16], rtol=1e-6)
    model = stack(1, layers.Masking(MASK), layers.LSTM(32), layers.Dense(10))
    return regress(model, x, x_new, y)


def one_series(outcome):
    x = np.array(outcome.X).reshape(1, 10, 1)
    model = stack(1, layers.LSTM(32), layers.Dense(1))
    return regress(model, x, x, np.array(outcome.y).reshape(1, 1))


def two_series(outcome):
    steps = np.arange(11) / 2
    x = np.stack([np.sin(steps), np.cos(steps)], axis=1).reshape(1, 11, 2)[:, :10]
    model = stack(2, layers.LSTM(32), layers.Dense(2))
    return regress(model, x, x, np.array(outcome.y).reshape(1, 2))


def one_hot_letters(outcome):
    def encode(words):
        one_hot = np.zeros((len(words), 20, 4))
        for i, word in enumerate(words):
            for step, (letter,) in enumerate(word):
                one_hot[i, step, "ACGT".index(letter)] = 1
        return one_hot

    model = stack(4, layers.LSTM(16), layers.Dense(2, activation="softmax"))
    targets = np.eye(2)[numbers_of(outcome.y)]
    x, x_new = encode(outcome.X), encode(outcome.X_new)
    return ByHand(model, x, targets, x_new, loss="categorical_crossentropy")


def gaps_and_categories(outcome):
    means = np.nanmean(outcome.X[:, :, :2].astype(float), axis=(0, 1))

    def encode(X):
        encoded = np.zeros((len(X), 8, 5))
        for i, step in np.ndindex(X.shape[:2]):
            *measured, ward = X[i, step]
            filled = np.where(np.isnan(measured), means, measured)
            kinds = [ward == name for name in ("general", "intensive", "surgery")]
            encoded[i, step] = [*filled, *kinds]
        return encoded

    encoded = outcome._replace(X=encode(outcome.X), X_new=encode(outcome.X_new))
    return regress(stack(5, layers.LSTM(16), layers.Dense(1)), *from_3d(encoded))


def unequal_lengths(outcome):
    steps = np.concatenate(outcome.X)

    def pad(swings):
        padded = np.full((len(swings), max(map(len, swings)), 2), MASK)
        for i, swing in enumerate(swings):
            padded[i, : len(swing)] = by_mean_and_deviation(swing, steps)
        return padded

    assert len(set(map(len, outcome.X))) > 5
    model = stack(2, layers.Masking(MASK), layers.LSTM(32), layers.Dense(1))
    return regress(model, pad(outcome.X), pad(outcome.X_new), outcome.y[:, np.newaxis])


def two_outputs(outcome):
    assert outcome.X.shape[1:] == (30, 3)
    return regress(stack(3, layers.LSTM(32), layers.Dense(2)), *from_3d(outcome))


def separate_heads(outcome):
    inputs = keras.Input((30, 3))
    state = layers.LSTM(32)(inputs)
    hidden = [layers.Dense(16, activation="relu")(state) for _ in range(2)]
    outputs = [layers.Dense(1)(of_head) for of_head in hidden]
    x, x_new, y = from_3d(outcome)
    targets, in_units = standardize(y)
    return ByHand(
        keras.Model(inputs, outputs),
        x,
        [targets[:, :1], targets[:, 1:]],
        x_new,
        lambda outputs: in_units(np.hstack(outputs)),
        loss=["mse", "mse"],
        loss_weights=[0.5, 0.5],  # the mean of both losses, not their sum
    )


def three_classes(outcome):
    x, x_new, _ = from_3d(outcome)
    assert x.shape[1:] == (20, 5)
    model = stack(5, layers.LSTM(32), layers.Dense(3, activation="softmax"))
    loss = "sparse_categorical_crossentropy"
    return ByHand(model, x, numbers_of(outcome.y), x_new, loss=loss)


def sigmoid(outcome):
    assert outcome.X.shape[1:] == (20, 2)
    model = stack(2, layers.LSTM(32), layers.Dense(1, activation="sigmoid"))
    targets, loss = outcome.y[:, np.newaxis], "binary_crossentropy"
    return ByHand(model, outcome.X, targets, outcome.X_new, of_sigmoid, loss)


def dense_layers(outcome):
    hidden = layers.Dense(32, activation="relu")
    model = stack(1, layers.LSTM(64), hidden, layers.Dense(1))
    return regress(model, outcome.X, outcome.X_new, outcome.y[:, np.newaxis])


def convolutions(outcome):
    model = stack(
        1,
        layers.Conv1D(16, 5, activation="relu"),
        layers.MaxPooling1D(4),
        layers.LSTM(32),
        layers.Dense(1, activation="sigmoid"),
    )
    targets, loss = numbers_of(outcome.y)[:, np.newaxis], "binary_crossentropy"
    return ByHand(model, outcome.X, targets, outcome.X_new, of_sigmoid, loss)


def lstm_fcn(outcome):
    assert outcome.X.shape[1:] == (30, 1)
    inputs = x = keras.Input((30, 1))
    for filters, kernel in (128, 8), (256, 5), (128, 3):
        x = layers.Conv1D(filters, kernel, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    joined = [layers.LSTM(8)(inputs), layers.GlobalAveragePooling1D()(x)]
    outputs = layers.Dense(1, activation="sigmoid")(layers.Concatenate()(joined))
    targets, loss = numbers_of(outcome.y)[:, np.newaxis], "binary_crossentropy"
    model = keras.Model(inputs, outputs)
    return ByHand(model, outcome.X, targets, outcome.X_new, of_sigmoid, loss)


def encoder_decoder(outcome):
    assert outcome.X.shape[1:] == (10, 300)
    assert outcome.y.shape[1:] == (12, 300)
    model = stack(
        300,
        layers.LSTM(64),
        layers.RepeatVector(12),
        layers.LSTM(64, return_sequences=True),
        layers.TimeDistributed(layers.Dense(300)),
    )
    return regress(model, outcome.X, outcome.X_new, outcome.y)


def chosen(outcome, window, units, activation):
    x, x_new, y = from_table(outcome, window)
    *below, last = units
    kind = functools.partial(layers.LSTM, activation=activation)
    stacked = [kind(n, return_sequences=True) for n in below]
    model = stack(1, layers.Masking(MASK), *stacked, kind(last), layers.Dense(1))
    return regress(model, x, x_new, y)


def grid_search(outcome):
    best = outcome.search.best_params_
    units = best["lstmregressor__units"]
    units = units if isinstance(units, tuple) else (units,)
    window = best["slidingwindow__window_length"]
    return chosen(outcome, window, units, best["lstmregressor__activation"])


def bayesian_search(outcome):
    best = outcome.search.best_params
    units = (best["units"],) * best["layers"]
    return chosen(outcome, best["window"], units, best["activation"])


# An entry that nobody wrote by hand is a KeyError.
BY_HAND = {name: globals()[name] for name in cookbook.ENTRIES}
ARGUMENTS = {"ten_series": {"n_rows": 600}}  # the same lines on fewer rows


# ------------------------------------------------------------------------------- tests
@pytest.mark.parametrize("name", BY_HAND)
def test_entry_is_the_network_written_by_hand(name):
    outcome = run(name, **ARGUMENTS.get(name, {}))
    hand = BY_HAND[name](outcome)
    model, fresh = fitted_model(outcome), untrained(outcome)
    unit = 1.0
    if not is_classifier(model):  # a difference of predictions is one in deviations
        unit = np.std(outcome.y, axis=0)
        unit = np.where(unit == 0, 1, unit).reshape(np.shape(outcome.y)[1:] or (1,))

    first_weights = lstm_of(fresh).model_.get_weights()
    hand.model.set_weights(first_weights)
    ours = outputs_of(fresh, outcome.X_new)
    untrained_too = largest_difference(ours, predict_by_hand(hand), unit)

    train_by_hand(hand, first_weights)
    ours, expected = outputs_of(model, outcome.X_new), predict_by_hand(hand)
    predictions = largest_difference(ours, expected, unit)
    trained = lstm_of(model).model_.get_weights()
    weights = max(
        largest_difference([one], [other], max(np.abs(other).max(), 1))
        for one, other in zip(trained, hand.model.get_weights(), strict=True)
    )
    print(
        f"{name}: predictions {predictions:.0e}, weights {weights:.0e}, "
        f"predictions before training {untrained_too:.0e}"
    )
    assert untrained_too < TOLERANCE
    assert max(predictions, weights) < AFTER_AN_EPOCH.get(name, TOLERANCE)
    # The epoch has moved the weights by much more than that.
    assert largest_difference(trained, first_weights) > 50 * TOLERANCE
    if is_classifier(model):
        ours = np.array(sorted(set(outcome.y)))[expected.argmax(axis=1)]
    np.testing.assert_array_equal(outcome.predictions, ours)


def test_windows_that_a_tutorial_leaves_out_have_the_weight_zero():
    """Complete windows alone, and so a network without masking."""
    outcome = run("one_feature")
    hand = one_feature(outcome)
    lstm = layers.LSTM(50, activation="relu")
    model = stack(1, lstm, layers.Dense(1))
    complete = np.arange(len(outcome.X)) >= 3
    hand = regress(model, hand.x[2:], hand.x_new, outcome.y.to_numpy()[3:, np.newaxis])
    train_by_hand(hand, lstm_of(untrained(outcome)).model_.get_weights())

    weights = {"lstmregressor__sample_weight": complete.astype(float)}
    pipe = clone(outcome.model).fit(outcome.X, outcome.y, **weights)
    ours = pipe.predict(outcome.X_new)
    unit = np.std(outcome.y)
    assert largest_difference(ours, predict_by_hand(hand), unit) < TOLERANCE
    assert largest_difference(ours, outcome.predictions, unit) > TOLERANCE


def score_by_hand(outcome, written):
    """Train in each of the two folds by hand; give the mean R²."""
    scores = []
    for train, test in TimeSeriesSplit(2).split(outcome.X):
        X, y = (data.to_numpy() for data in (outcome.X, outcome.y))
        fold = outcome._replace(X=X[train], y=y[train], X_new=X[test])
        hand = written(fold)
        train_by_hand(hand, lstm_of(untrained(fold)).model_.get_weights())
        errors = y[test] - predict_by_hand(hand)[:, 0]
        scores.append(1 - (errors**2).sum() / ((y[test] - y[test].mean()) ** 2).sum())
    return np.mean(scores)


def test_grid_search_tries_all_and_takes_the_best():
    outcome = run("grid_search")
    results = outcome.search.cv_results_
    tried = {tuple(map(str, params.values())) for params in results["params"]}
    assert len(tried) == len(results["params"]) == 2 * 3 * 2
    assert outcome.search.best_score_ == results["mean_test_score"].max()
    assert len(set(results["mean_test_score"])) == len(tried)
    expected = score_by_hand(outcome, grid_search)
    assert outcome.search.best_score_ == pytest.approx(expected, abs=TOLERANCE)


def test_bayesian_search_takes_the_best_of_its_trials():
    outcome = run("bayesian_search")
    study = outcome.search
    values = [trial.value for trial in study.trials]
    assert len(values) == 10
    assert np.isfinite(values).all()
    assert study.best_value == max(values)
    tried = {tuple(trial.params.values()) for trial in study.trials}
    assert len(tried) == len(set(values)) > 5
    assert {"window", "units", "layers", "activation"} == set(study.best_params)
    expected = score_by_hand(outcome, bayesian_search)
    assert study.best_value == pytest.approx(expected, abs=TOLERANCE)


def test_bayesian_search_without_optuna_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"needs Optuna: .* install .optuna>=4.0"):
        cookbook.bayesian_search()
    cookbook.main(["bayesian_search"])
    assert "left out: bayesian_search needs Optuna" in capsys.readouterr().out


def test_every_entry_is_held_to_keras_and_stands_in_the_guide():
    written = {
        name
        for name, function in inspect.getmembers(cookbook, inspect.isfunction)
        if function.__module__ == "cookbook" and not name.startswith("make_")
    } - {"describe", "main"}
    assert written == set(cookbook.ENTRIES)
    page = (ROOT / "docs" / "guide" / "cookbook.md").read_text(encoding="utf-8")
    for name in written:
        assert page.count(f"[`{name}`](#{name})") == 1
        assert page.count(f":pyobject: {name}\n") == 1


def test_script_runs_the_entries_that_are_named():
    command = [sys.executable, str(SCRIPT), "two_series", "sigmoid"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("predicted 1 x 2: ") == 1
    assert float(done.stdout.split("accuracy ")[1].split()[0]) > 0.9
    assert done.stdout.splitlines()[-1].startswith("Done in")


def test_script_refuses_names_that_it_does_not_know():
    with pytest.raises(
        SystemExit, match=r"No entry has the name sine\. There are: one"
    ):
        cookbook.main(["sine"])
