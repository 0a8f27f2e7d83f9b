"""NaN in y: a row without a target, in fit, in scores and in what is held out."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from plain import PLAIN
from sklearn.base import clone
from sklearn.metrics import r2_score

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.networks import KnownLoss, QuantileLoss

QUICK = {"units": 4, "epochs": 3, "batch_size": 8, "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 5, 2))
KNOWN = RNG.random(40) > 0.3
Y = X[:, -1, 0] + 3


def assert_same_predictions(a, b):
    np.testing.assert_array_equal(a.predict(X), b.predict(X))


def holed(y, value=np.nan):
    y = np.array(y, dtype=object if value is not np.nan else None)
    y[~KNOWN] = value
    return y


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"loss": "quantile"},
        {"loss": lambda y, p: keras.ops.mean(abs(y - p), axis=-1)},
        {"standardize_target": False},
        {"validation_split": 0.2},
        {"early_stopping": True},
        {"metrics": ["mae"]},
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_fit_without_some_targets_is_one_on_the_samples_that_have_them(
    parameters, weighted
):
    weights = RNG.random(40) if weighted else None
    of_known = weights[KNOWN] if weighted else None
    reg = LSTMRegressor(**QUICK, **parameters)
    left_out = clone(reg).fit(X[KNOWN], Y[KNOWN], sample_weight=of_known)
    reg.fit(X, holed(Y), sample_weight=weights)
    assert_same_predictions(reg, left_out)
    assert reg.history_ == left_out.history_
    truth = holed(Y)
    found = reg.score(X, truth, sample_weight=weights)
    predicted = reg.predict(X)[KNOWN]
    assert found == pytest.approx(
        r2_score(Y[KNOWN], predicted, sample_weight=of_known), rel=1e-12
    )
    np.testing.assert_array_equal(truth, holed(Y))


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(holed(Y)),
        pd.Series(holed(Y)).astype("Float64"),
        holed(Y, None),
        holed(Y, pd.NA),
        list(holed(Y)),
    ],
    ids=["Series", "Float64", "None", "NA", "list"],
)
def test_a_missing_target_is_nan_none_or_na(y):
    by_hand = LSTMRegressor(**QUICK).fit(X[KNOWN], Y[KNOWN])
    reg = LSTMRegressor(**QUICK).fit(X, y)
    assert_same_predictions(reg, by_hand)
    by_hand = by_hand.score(X[KNOWN], Y[KNOWN])
    assert reg.score(X, y) == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize(
    ("labels", "value"),
    [([0, 1], np.nan), (["no", "yes"], None), ([0, 1, 2], pd.NA), (["a", "b"], np.nan)],
)
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_sample_without_a_label_is_left_out(labels, value, class_weight):
    y = np.resize(labels, 40)
    missing = np.array(y, dtype=object)
    missing[~KNOWN] = value
    clf = LSTMClassifier(**QUICK, class_weight=class_weight, validation_split=0.2)
    left_out = clone(clf).fit(X[KNOWN], y[KNOWN])
    clf.fit(X, missing)
    np.testing.assert_array_equal(clf.predict_proba(X), left_out.predict_proba(X))
    assert clf.classes_.tolist() == labels
    assert clf.score(X, missing) == np.mean(left_out.predict(X[KNOWN]) == y[KNOWN])


def test_labels_of_floats_with_nan_are_these_floats():
    clf = LSTMClassifier(**QUICK).fit(X, holed(np.resize([0.0, 1.0], 40)))
    assert clf.classes_.tolist() == [0, 1]


def test_partial_fit_leaves_samples_out_and_goes_on():
    y = holed(Y)
    reg, left_out = LSTMRegressor(**QUICK), LSTMRegressor(**QUICK)
    for part in (slice(0, 20), slice(20, 40)):
        reg.partial_fit(X[part], y[part])
        of = KNOWN[part]
        left_out.partial_fit(X[part][of], y[part][of])
    assert_same_predictions(reg, left_out)


# ------------------------------------------------------------- several outputs, steps
def with_holes(shape, seed=1):
    rng = np.random.default_rng(seed)
    y = 5 + 3 * rng.normal(size=shape)
    y[rng.random(shape) < 0.3] = np.nan
    y[0] = np.nan  # no target at all
    return y


def descended(reg, y, of_outputs, weights=None):
    """Weights after one step of gradient descent, over the known targets by hand."""
    reg = clone(reg).initialize(X, y)
    model = reg.model_
    scaled = (y - np.nanmean(y.reshape(-1, y.shape[-1]), axis=0)) / np.nanstd(
        y.reshape(-1, y.shape[-1]), axis=0
    )
    known = ~np.isnan(scaled)
    n_known = known.sum()
    w = np.ones(y.shape)
    if weights is not None:
        w = np.broadcast_to(weights.reshape(-1, *[1] * (y.ndim - 1)), y.shape)
    with tf.GradientTape() as tape:
        outputs = model(X.astype(np.float32))
        loss = 0.0
        for at in zip(*np.nonzero(known), strict=True):
            loss += w[at] * of_outputs(np.float32(scaled[at]), outputs[at]) / n_known
    gradients = tape.gradient(loss, model.trainable_variables)
    return [
        variable.numpy() - 0.1 * gradient.numpy()
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True)
    ]


def pinball(y, outputs):
    p = np.array([0.2, 0.7], np.float32)
    return keras.ops.mean(keras.ops.maximum(p * (y - outputs), (p - 1) * (y - outputs)))


LOSSES = {
    "mse": ({}, lambda y, p: (y - p) ** 2),
    "mae": ({"loss": "mae"}, lambda y, p: abs(y - p)),
    "class": (
        {"loss": keras.losses.Huber, "loss__delta": 100.0},
        lambda y, p: (y - p) ** 2 / 2,
    ),
    "function": (
        {"loss": lambda y, p: keras.ops.mean((y - p) ** 4, axis=-1)},
        lambda y, p: (y - p) ** 4,
    ),
    "quantile": ({"loss": "quantile", "quantiles": (0.2, 0.7)}, pinball),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("shape", [(40, 3), (40, 2, 2)])
def test_a_missing_output_gives_no_loss_and_no_gradient(name, shape):
    parameters, of_outputs = LOSSES[name]
    y = with_holes(shape)
    reg = LSTMRegressor(
        **PLAIN,
        units=3,
        epochs=1,
        batch_size=-1,
        optimizer="sgd",
        learning_rate=0.1,
        learning_rate_schedule="constant",
        random_state=0,
        **parameters,
    )
    expected = descended(reg, y, of_outputs)
    reg.fit(X, y)
    for found, by_hand in zip(reg.model_.trainable_weights, expected, strict=True):
        np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=2e-6)


def test_weights_go_with_missing_outputs():
    y, weights = with_holes((40, 3)), np.random.default_rng(2).random(40)
    reg = LSTMRegressor(
        **{**QUICK, "epochs": 1, "batch_size": -1},
        **PLAIN,
        optimizer="sgd",
        learning_rate=0.1,
        learning_rate_schedule="constant",
    )
    # Where it scales y itself, weights would count in the scale as well.
    y = (y - np.nanmean(y, axis=0)) / np.nanstd(y, axis=0)
    reg.set_params(standardize_target=False).fit(X, y, sample_weight=weights)
    expected = descended(reg, y, LOSSES["mse"][1], weights)
    for found, by_hand in zip(reg.model_.trainable_weights, expected, strict=True):
        np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=2e-6)


def test_scale_and_score_ignore_missing_outputs():
    y = with_holes((40, 3))
    reg = LSTMRegressor(**QUICK, validation_split=0.2).fit(X, y)
    assert np.isfinite(reg.history_["val_loss"]).all()
    predicted = reg.predict(X)
    known = ~np.isnan(y)
    expected = [
        r2_score(y[known[:, k], k], predicted[known[:, k], k]) for k in range(3)
    ]
    assert reg.score(X, y) == pytest.approx(np.mean(expected), rel=1e-12)
    np.testing.assert_allclose(
        LSTMRegressor(**QUICK).fit(X, y).target_encoder_.offset_, np.nanmean(y, axis=0)
    )


def test_targets_that_are_all_known_train_as_ever():
    y = np.nan_to_num(with_holes((40, 3)))
    plain = LSTMRegressor(**QUICK).fit(X, y)
    more = LSTMRegressor(**QUICK).fit(
        np.concatenate([X, X[:1]]), np.concatenate([y, np.full((1, 3), np.nan)])
    )
    assert_same_predictions(plain, more)


def test_an_optimizer_goes_on_over_chunks_with_and_without_holes():
    y = with_holes((40, 3))[1:]
    full = np.where(np.isnan(y), 0, y)
    reg = LSTMRegressor(**QUICK).partial_fit(X[1:], full).partial_fit(X[1:], y)
    assert int(reg.model_.optimizer.iterations) == 2 * 5


def test_some_labels_of_a_sample_may_be_missing():
    labels = np.c_[X[:, -1, 0] > 0, X[:, -1, 1] > 0, X[:, 0, 0] > 0].astype(float)
    y = np.where(np.isnan(with_holes((40, 3))), np.nan, labels)
    clf = LSTMClassifier(**{**QUICK, "epochs": 40}).fit(X, y)
    predicted, known = clf.predict(X), ~np.isnan(y)
    right = (predicted == y) | ~known
    assert clf.score(X, y) == right[known.any(axis=1)].all(axis=1).mean()
    assert clf.score(X, y) > 0.7
    assert np.isfinite(clf.history_["loss"]).all()


# ------------------------------------------------------------------------------- errors
def test_an_output_without_any_target_is_named():
    y = with_holes((40, 3))
    y[:, 1] = np.nan
    with pytest.raises(ValueError, match=r"nothing but NaN in outputs \[1\]"):
        LSTMRegressor(**QUICK).fit(X, y)


def test_a_loss_over_all_outputs_at_once_is_refused():
    reg = LSTMRegressor(**QUICK, loss="cosine_similarity")
    with pytest.raises(ValueError, match=r"loss='cosine_similarity' is no mean over"):
        reg.fit(X, with_holes((40, 3)))


def test_metrics_of_outputs_with_holes_are_refused():
    with pytest.raises(ValueError, match=r"metrics=\['mae'\] can't leave out the NaN"):
        LSTMRegressor(**QUICK, metrics=["mae"]).fit(X, with_holes((40, 3)))


def test_a_score_without_any_truth_is_an_error():
    reg = LSTMRegressor(**QUICK).fit(X, Y)
    with pytest.raises(ValueError, match="NaN in place of every"):
        reg.score(X, np.full(40, np.nan))
    clf = LSTMClassifier(**QUICK).fit(X, Y > 3)
    with pytest.raises(ValueError, match="NaN in place of every"):
        clf.score(X, np.full(40, np.nan))


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "binary_crossentropy"])
def test_the_loss_of_known_targets_is_keras_own_over_these(loss):
    y = (RNG.random((6, 3)) > 0.5).astype(np.float32)
    outputs = RNG.random((6, 3)).astype(np.float32)
    known = RNG.random((6, 3)) > 0.4
    of_known = keras.losses.get(loss)(y[known][:, None], outputs[known][:, None])
    found = KnownLoss.of(loss, 3)(np.where(known, y, np.nan), outputs)
    assert float(found) == pytest.approx(float(np.mean(of_known)), rel=1e-5)


def test_a_loss_of_quantiles_counts_known_targets_alone():
    y, outputs = np.array([[1.0, np.nan]]), np.array([[[0.0, 2.0], [7.0, 8.0]]])
    loss = KnownLoss.of(QuantileLoss([0.1, 0.9]), 2)
    assert float(loss(y, outputs)) == pytest.approx((0.1 * 1 + 0.1 * 1) / 2)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=str)
@pytest.mark.parametrize("labels", [["a", "b"], [0, 1.0], [False, True]], ids=str)
@pytest.mark.parametrize("container", [list, pd.Series, lambda y: np.array(y, object)])
def test_labels_of_any_type_may_be_missing(labels, missing, container):
    known = np.tile([True, True, True, False], 10)
    y = [labels[i % 3 == 0] for i in range(40)]
    holed = [label if there else missing for label, there in zip(y, known, strict=True)]
    classifier = LSTMClassifier(**QUICK).fit(X, container(holed))
    expected = LSTMClassifier(**QUICK).fit(X[known], np.array(y)[known])
    assert classifier.classes_.tolist() == sorted(labels)
    assert_same_predictions(classifier, expected)
    right = expected.predict(X[known]) == np.array(y)[known]
    assert classifier.score(X, container(holed)) == pytest.approx(right.mean())


def test_the_text_nan_is_a_class():
    y = np.tile(["a", "nan"], 20)
    assert LSTMClassifier(**QUICK).fit(X, y).classes_.tolist() == ["a", "nan"]
