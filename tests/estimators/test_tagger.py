"""A label for every time step, beside masked layers of Keras and arithmetic by hand."""

import pickle

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers
from sklearn.base import clone, is_classifier
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMTagger, PadSequences, PerFeatureScaler
from sklstm.training import programs

N_SAMPLES, N_TIMESTEPS = 24, 7


@pytest.fixture(name="X")
def sequences():
    X = np.random.default_rng(0).normal(size=(N_SAMPLES, N_TIMESTEPS, 2))
    X[1, 4:] = np.nan
    X[2, :3] = np.nan
    X[3, [0, 2, 3, 6]] = np.nan
    return X


@pytest.fixture(name="y")
def tags(X):
    return np.digitize(np.nan_to_num(X).sum(axis=2), [-1, 1])


@pytest.fixture
def there(X):
    return ~np.isnan(X).all(axis=2)


def tagger(**settings):
    network = {"units": 4, "bidirectional": False}
    settings = {**network, "epochs": 1, "random_state": 0, **settings}
    return LSTMTagger(**settings)


def by_hand(n_classes, *recurrent):
    """Build a tagger as a tutorial does, -9 for missing steps."""
    dense = layers.Dense(n_classes, activation="softmax")
    return keras.Sequential(
        [
            keras.Input((None, 2)),
            layers.Masking(-9.0),
            *recurrent,
            layers.TimeDistributed(dense),
        ]
    )


STACKS = {
    "lstm": ({}, lambda: [layers.LSTM(4, return_sequences=True, use_cudnn=False)]),
    "stacked, both directions": (
        {"units": (4, 3), "bidirectional": True},
        lambda: (
            [
                layers.Bidirectional(
                    layers.LSTM(4, return_sequences=True, use_cudnn=False)
                )
                for _ in range(1)
            ]
            + [
                layers.Bidirectional(
                    layers.LSTM(3, return_sequences=True, use_cudnn=False)
                )
            ]
        ),
    ),
    "gru": (
        {"cell": "gru"},
        lambda: [layers.GRU(4, return_sequences=True, use_cudnn=False)],
    ),
}


@pytest.mark.parametrize("name", STACKS)
def test_training_is_that_of_masked_keras(name, X, y, there):
    settings, stack = STACKS[name]
    training = {"optimizer": "adam", "learning_rate": 0.01, "clipnorm": None}
    clf = tagger(**settings, **training, shuffle=False, batch_size=8)
    model = by_hand(3, *stack())
    model.set_weights(clf.initialize(X, y).model_.get_weights())
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    filled = np.where(np.isnan(X), -9.0, X)
    model.fit(filled, y, batch_size=8, shuffle=False, verbose=0)
    clf.fit(X, y)
    for ours, theirs in zip(clf.model_.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    expected = model.predict(filled, verbose=0)[there]
    np.testing.assert_allclose(clf.predict_proba(X)[there], expected, atol=1e-5)


def test_predictions_have_the_shape_of_y_and_nan_at_missing_steps(X, y, there):
    clf = tagger().fit(X, y)
    probabilities, labels = clf.predict_proba(X), clf.predict(X)
    assert probabilities.shape == (N_SAMPLES, N_TIMESTEPS, 3)
    np.testing.assert_array_equal(np.isnan(probabilities).any(axis=2), ~there)
    np.testing.assert_array_equal(np.isnan(labels), ~there)
    best = clf.classes_[probabilities[there].argmax(axis=1)]
    np.testing.assert_array_equal(labels[there], best)
    np.testing.assert_allclose(probabilities[there].sum(axis=1), 1)
    assert clf.predict(X[5:9]).dtype == y.dtype


def test_stock_model_gives_the_same_at_existing_steps(X, y, there):
    clf = tagger(bidirectional=True).fit(X, y)
    stock = clf.to_keras().predict(X, verbose=0)
    np.testing.assert_allclose(stock[there], clf.predict_proba(X)[there], atol=1e-6)


def test_what_y_holds_at_missing_steps_does_not_matter(X, y, there):
    expected = tagger(epochs=3).fit(X, y).predict_proba(X)
    for nothing in (-1, 99, np.nan):
        holed = np.where(there, y, nothing)
        clf = tagger(epochs=3).fit(X, holed)
        np.testing.assert_array_equal(clf.predict_proba(X), expected)
        assert clf.classes_.tolist() == [0, 1, 2]
        assert clf.score(X, holed) == clf.score(X, y)


def test_lists_of_labels_of_the_steps_that_exist(X, y, there):
    of_samples = [labels[exists] for labels, exists in zip(y, there, strict=True)]
    expected = tagger().fit(X, y)
    for ragged in (of_samples, [list(labels) for labels in of_samples]):
        clf = tagger().fit(X, ragged)
        np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))
        assert clf.score(X, ragged) == expected.score(X, y)
    series = pd.Series(of_samples)
    assert tagger().fit(X, series).score(X, series) == expected.score(X, y)


def test_steps_without_a_label_teach_nothing_and_do_not_count(X, y, there):
    partly = y.astype(float)
    partly[:, 3] = np.nan
    wrong = np.where(np.arange(N_TIMESTEPS) == 3, 2 - y, y)
    clf = tagger(epochs=2).fit(X, partly)
    counted = there & ~np.isnan(partly)
    right = clf.predict(X)[counted] == y[counted]
    assert clf.score(X, partly) == pytest.approx(right.mean())
    assert clf.score(X, wrong) != clf.score(X, partly)


def test_only_steps_with_a_label_are_in_loss_and_metrics(X, y):
    X, y = X[4:], y[4:].astype(float)
    first = np.where(np.arange(N_TIMESTEPS) == 0, y, np.nan)
    settings = {"optimizer": "sgd", "metrics": "accuracy", "batch_size": -1}
    alone = tagger(**settings).fit(X[:, :1], y[:, :1])
    partly = tagger(**settings).fit(X, first)
    for name, values in alone.history_.items():
        assert partly.history_[name] == pytest.approx(values, rel=1e-5)
    pairs = zip(partly.model_.get_weights(), alone.model_.get_weights(), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("nothing", [np.nan, None, pd.NA])
@pytest.mark.parametrize(
    "names", [["falls", "flat", "rises"], [0, 1, 2], [False, True]]
)
def test_lists_hold_what_is_no_label(names, nothing, X, y, there):
    labels = np.array(names)[y % len(names)]
    holed = labels.astype(object)
    holed[4, 2] = nothing
    listed = [list(of_sample) for of_sample in holed]
    ragged = [of[exists] for of, exists in zip(holed, there, strict=True)]
    reference = tagger().fit(X, holed)
    assert reference.classes_.dtype.kind == labels.dtype.kind
    for given in (listed, ragged, pd.DataFrame(holed)):
        clf = tagger().fit(X, given)
        assert clf.classes_.tolist() == names
        np.testing.assert_array_equal(clf.predict_proba(X), reference.predict_proba(X))


def test_lists_shorter_than_the_time_axis(X, y):
    X, tags = X[4:], y[4:].tolist()
    padded = PadSequences(max_timesteps=10).fit_transform(list(X))
    clf = tagger().fit(padded, tags)
    assert clf.predict(padded).shape == (N_SAMPLES - 4, 10)
    assert clf.score(padded, tags) == tagger().fit(X, tags).score(X, tags)


def test_labels_that_held_out_samples_alone_have(X, y):
    y = y.copy()
    y[-1, 2] = 7
    clf = tagger(validation_split=0.2).fit(X, y)
    assert clf.classes_.tolist() == [0, 1, 2, 7]


def test_another_number_of_steps_compiles_nothing_anew():
    rng = np.random.default_rng(0)
    traces = []
    for n_timesteps in (4, 6, 9):
        X = rng.normal(size=(20, n_timesteps, 1))
        tagger(units=5).fit(X, np.digitize(X[:, :, 0], [-0.5, 0.5]))
        traces.append(programs.n_traces)
    assert traces[0] == traces[1] == traces[2]


def test_a_masked_array_of_labels(X, y):
    masked = np.ma.masked_array(y, np.zeros_like(y) + (np.arange(N_TIMESTEPS) == 3))
    holed = np.where(np.arange(N_TIMESTEPS) == 3, np.nan, y)
    ours, theirs = tagger().fit(X, masked), tagger().fit(X, holed)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))


def test_score_is_the_accuracy_over_existing_steps(X, y, there):
    clf = tagger(epochs=3).fit(X, y)
    labels, weights = clf.predict(X), np.arange(N_SAMPLES) + 1.0
    assert clf.score(X, y) == accuracy_score(y[there], labels[there])
    of_steps = np.broadcast_to(weights[:, None], y.shape)[there]
    expected = accuracy_score(y[there], labels[there], sample_weight=of_steps)
    assert clf.score(X, y, weights) == pytest.approx(expected)


def test_labels_are_strings_and_two_classes_are_one_sigmoid(X, y, there):
    names = np.where(y > 0, "rises", "falls")
    clf = tagger(epochs=2).fit(X, names)
    assert clf.model_.output_shape == (None, None, 1)
    labels = clf.predict(X)
    assert labels.dtype == object
    assert set(labels[there]) <= {"rises", "falls"}
    assert clf.predict_proba(X).shape == (N_SAMPLES, N_TIMESTEPS, 2)


def test_the_type_says_what_zeros_and_ones_mean(X, y):
    binary = (y > 0).astype(int)
    assert tagger().fit(X, binary).model_.output_shape == (None, None, 1)
    multilabel = LSTMClassifier(units=4, epochs=1).fit(X, binary)
    assert multilabel.model_.output_shape == (None, N_TIMESTEPS)
    assert multilabel.predict(X).shape == binary.shape
    other_width = LSTMClassifier(units=4, epochs=1).fit(X, binary[:, :4])
    assert other_width.model_.output_shape == (None, 4)


@pytest.mark.parametrize(
    ("make", "got"),
    [
        (lambda y: y, r"shape \(24, 7\)"),
        (lambda y: np.where(y == 1, np.nan, y), r"shape \(24, 7\)"),
        (lambda y: np.array(["a", "b", "c"])[y], r"shape \(24, 7\)"),
        (lambda y: y.tolist(), r"shape \(24, 7\)"),
        (lambda y: [labels[: 1 + i % 3] for i, labels in enumerate(y)], "a list"),
        (lambda y: np.eye(3)[y], r"shape \(24, 7, 3\).*y\.argmax\(axis=2\)"),
    ],
    ids=["numbers", "with NaN", "strings", "lists", "ragged", "one-hot"],
)
def test_a_classifier_names_the_tagger(make, got, X, y):
    classifier = LSTMClassifier(units=4, epochs=1)
    with pytest.raises(ValueError, match=f"got .*{got}.* use LSTMTagger"):
        classifier.fit(X, make(y))
    assert not hasattr(classifier, "classes_")


def test_a_third_axis_of_one_is_left_out_with_a_warning(X, y):
    with pytest.warns(DataConversionWarning, match="n_timesteps"):
        clf = tagger().fit(X, y[:, :, np.newaxis])
    assert clf.predict(X).shape == y.shape


def test_two_axes_of_x_are_steps_of_one_feature(y):
    X = np.random.default_rng(0).normal(size=y.shape)
    assert tagger().fit(X, y).predict(X).shape == y.shape


def test_sample_weights_are_repetitions(X, y):
    settings = {"epochs": 5, "shuffle": False, "batch_size": -1}
    weights = np.array([2.0, *[1] * (N_SAMPLES - 1)])
    weighted = tagger(**settings).fit(X, y, sample_weight=weights)
    twice = np.repeat(np.arange(N_SAMPLES), weights.astype(int))
    repeated = tagger(**settings).fit(X[twice], y[twice])
    np.testing.assert_allclose(
        weighted.predict_proba(X), repeated.predict_proba(X), atol=2e-3
    )


def test_balanced_classes_are_those_of_steps():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 6, 1))
    y = (X[:, :, 0] + rng.normal(size=(100, 6)) > 2).astype(int)
    settings = {"units": 8, "epochs": 20, "learning_rate": 0.02}
    found = [
        tagger(class_weight=weight, **settings).fit(X, y).predict(X)[y == 1].mean()
        for weight in (None, "balanced")
    ]
    assert found[0] < 0.4 < 0.7 < found[1]


def test_a_running_sum_is_learned_in_a_pipeline_under_search():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 1)) for n in rng.integers(4, 12, size=120)]
    y = [(np.cumsum(x) > 0).astype(int) for x in X]
    pipe = make_pipeline(
        PadSequences(),
        PerFeatureScaler(),
        tagger(units=16, epochs=40, learning_rate=0.02),
    )
    grid = {"lstmtagger__units": [8, 16]}
    search = GridSearchCV(pipe, grid, cv=KFold(2)).fit(X, y)
    assert search.best_score_ > 0.85
    again = pickle.loads(pickle.dumps(search))
    assert again.score(X, y) == search.score(X, y)


def test_cross_val_predict_keeps_the_shape(X, y):
    labels = cross_val_predict(tagger(), X[4:], y[4:], cv=KFold(2))
    assert labels.shape == y[4:].shape


def test_a_number_of_folds_stratifies_by_nothing(X, y, there):
    holed = np.where(y == 2, np.nan, y)
    lists = [labels[exists] for labels, exists in zip(y, there, strict=True)]
    assert not is_classifier(tagger())
    for given in (y, holed, lists):
        scores = cross_val_score(tagger(), X, given, cv=3, error_score="raise")
        expected = cross_val_score(tagger(), X, given, cv=KFold(3))
        np.testing.assert_array_equal(scores, expected)


def test_scorers_see_all_of_the_probabilities_or_fail(X, y):
    X, y = X[4:], (y[4:] > 0).astype(int)
    shape = make_scorer(lambda y, p: p.size, response_method="predict_proba")
    scores = cross_val_score(tagger(), X, y, scoring=shape, cv=2)
    assert scores.tolist() == [10 * N_TIMESTEPS * 2] * 2
    with pytest.raises(ValueError, match="dim 3"):
        cross_val_score(tagger(), X, y, scoring="roc_auc", error_score="raise")


def test_threads_and_clones_give_the_same_bits(X, y):
    expected = tagger(dropout=0.2).fit(X, y).predict_proba(X)
    fitted = joblib.Parallel(2, prefer="threads")(
        joblib.delayed(clone(tagger(dropout=0.2)).fit)(X, y) for _ in range(2)
    )
    for one in fitted:
        np.testing.assert_array_equal(one.predict_proba(X), expected)


@pytest.mark.parametrize(
    "name", ["pooling", "heads", "conv_filters", "fcn_filters", "patch_size"]
)
def test_what_changes_the_time_steps_is_no_parameter(name):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        LSTMTagger(**{name: 1})


@pytest.mark.parametrize("norm", ["last", "standard"])
def test_sequences_are_normalized_by_themselves(norm, X, y):
    settings = {"window_norm": norm, "bidirectional": True}
    proba = tagger(**settings).fit(X, y).predict_proba(X)
    shifted = tagger(**settings).fit(X + 100, y).predict_proba(X + 100)
    np.testing.assert_allclose(shifted, proba, atol=1e-3)


def test_metrics_and_early_stopping_count_existing_steps_alone(X, y, there):
    clf = tagger(epochs=6, early_stopping=True, metrics="accuracy", batch_size=-1)
    clf.fit(X, y)
    assert {"accuracy", "val_accuracy", "val_loss"} <= {*clf.history_}
    # A share of the existing steps of the held-out samples, the last ones.
    n_held = there[-2:].sum()
    counts = np.array(clf.history_["val_accuracy"]) * n_held
    np.testing.assert_allclose(counts, counts.round(), atol=1e-4)


def test_unknown_tokens_have_a_label_too():
    rng = np.random.default_rng(0)
    words = rng.integers(10, 20, size=(80, 5))
    y = words % 2
    settings = {"embedding_dim": 8, "epochs": 30, "learning_rate": 0.02}
    clf = tagger(**settings).fit(words, y)
    assert clf.score(words, y) > 0.95
    new = words[:3].astype(float)
    new[0, 2], new[1, 4] = 77, np.nan
    probabilities = clf.predict_proba(new)
    assert np.isfinite(probabilities[0]).all()
    assert np.isnan(probabilities[1, 4]).all()
    stock = clf.to_keras().predict(new[:, :, np.newaxis], verbose=0)[..., 0]
    there = ~np.isnan(new)
    np.testing.assert_allclose(stock[there], probabilities[there][:, 1], atol=1e-6)


def test_a_network_of_ones_own(X, y, there):
    def convolutional(data):
        assert data.per_step
        return keras.Sequential(
            [
                keras.Input((data.n_timesteps, data.n_features)),
                layers.Conv1D(4, 3, padding="same", activation="relu"),
                layers.Dense(data.n_outputs, activation=data.output_activation),
            ]
        )

    def recurrent(data):
        states = layers.LSTM(4, return_sequences=True)
        outputs = layers.Dense(data.n_outputs, activation=data.output_activation)
        return keras.Sequential([keras.Input((None, 2)), states, outputs])

    masked = tagger(model=recurrent, epochs=2).fit(X, y).predict_proba
    np.testing.assert_allclose(masked(X)[1:2, :4], masked(X[1:2, :4]), atol=1e-6)

    clf = tagger(model=convolutional, epochs=3).fit(X[4:], y[4:])
    stock = clf.model_.predict(X[4:], verbose=0)
    np.testing.assert_allclose(clf.predict_proba(X[4:]), stock, atol=1e-6)
    with_missing = clf.predict(X)
    np.testing.assert_array_equal(np.isnan(with_missing), ~there)


def test_training_goes_on(X, y):
    clf = tagger().partial_fit(X, y, classes=[0, 1, 2, 3])
    clf.partial_fit(X, np.full_like(y, 3))
    clf.partial_fit(X[4:, :1], y[4:, :1])
    clf.partial_fit(X[4:5], [y[4].tolist()])
    assert clf.predict_proba(X[4:]).shape == (N_SAMPLES - 4, N_TIMESTEPS, 4)
    with pytest.raises(ValueError, match=r"got y of shape \(24,\)"):
        clf.partial_fit(X, y[:, 0])


def test_sequences_of_another_length_are_tagged(X, y):
    clf = tagger().fit(X, y)
    assert clf.predict(np.ones((2, 11, 2))).shape == (2, 11)
    np.testing.assert_array_equal(clf.predict(np.full((2, 3, 2), np.nan)), np.nan)


BAD = {
    "shape": (lambda X, y: y[:, :5], {}, r"n_timesteps\) = \(24, 7\)"),
    "one axis": (
        lambda X, y: y[:, 0],
        {},
        r"got y of shape \(24,\)\. For one label of each sequence use LSTMClassifier",
    ),
    "one-hot": (lambda X, y: np.eye(3)[y], {}, r"take y\.argmax\(axis=2\)"),
    "list": (
        lambda X, y: [[0, 1]] * 3 + [[0]] + [[0]] * 20,
        {},
        "y has 2 labels for sample 0, but X has 7 time steps",
    ),
    "continuous": (lambda X, y: y + 0.5, {}, "continuous"),
    "one class": (lambda X, y: np.ones_like(y), {}, "only one class"),
    "no label": (lambda X, y: np.full(y.shape, np.nan), {}, "no label at any"),
    "samples": (lambda X, y: y[:-1], {}, "inconsistent numbers of samples"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_label_of_steps_is_refused(name, X, y):
    make, settings, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        tagger(**settings).fit(X, make(X, y))


def test_labels_in_series_are_those_in_lists(X, y, there):
    ragged = [one[mask] for one, mask in zip(y, there, strict=True)]
    lists = tagger().fit(X, [one.tolist() for one in ragged])
    series = tagger().fit(X, [pd.Series(one, index=one + 5) for one in ragged])
    np.testing.assert_array_equal(series.predict_proba(X), lists.predict_proba(X))
    assert series.score(X, [pd.Series(one) for one in ragged]) == lists.score(X, y)


def test_labels_padded_on_the_other_side_are_told_of():
    X = PadSequences().fit_transform([np.ones((n, 1)) for n in (2, 4, 3)])
    in_front = np.array([[np.nan] * 2 + [0, 1], [0, 1, 0, 1], [np.nan, 1, 0, 1]])
    behind = np.array([[0, 1] + [np.nan] * 2, [0, 1, 0, 1], [1, 0, 1, np.nan]])
    for labels in (in_front, in_front.astype(object)):
        with pytest.warns(UserWarning, match="sample 0 .* padded on different sides"):
            tagger().fit(X, labels)
    tagger().fit(X, behind)
    # Labels that are not known, or that stand at missing time steps, are no news.
    fewer = behind.copy()
    fewer[1, 2] = np.nan
    tagger().fit(X, fewer)
    tagger().fit(X, np.nan_to_num(behind))
