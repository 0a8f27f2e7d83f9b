"""LSTMRegressor and LSTMClassifier: the contract of their parameters and targets."""

import collections.abc
import functools
import inspect
import pickle
import re
import threading

import keras
import numpy as np
import pandas as pd
import pytest
from plain import PLAIN
from scikeras.wrappers import KerasClassifier, KerasRegressor
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, r2_score

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, SlidingWindow
from sklstm.sequences import SequenceTable

QUICK = {"units": 4, "epochs": 2, "random_state": 0}
LEARNS = {"units": 8, "epochs": 40, "learning_rate": 0.02, "random_state": 0}
BOTH = pytest.mark.parametrize("Estimator", [LSTMRegressor, LSTMClassifier])
EACH = pytest.mark.parametrize("Estimator", [LSTMRegressor, LSTMClassifier, LSTMTagger])


def same_state(a, b):
    """Whether two fitted estimators hold the same weights."""
    pairs = zip(a.model_.get_weights(), b.model_.get_weights(), strict=True)
    return all(np.array_equal(x, y) for x, y in pairs)


# ----------------------------------------------------------------------- what they are
def test_they_are_scikeras_wrappers_of_their_kind():
    assert isinstance(LSTMRegressor(), KerasRegressor)
    assert isinstance(LSTMClassifier(), KerasClassifier)
    assert isinstance(LSTMTagger(), KerasClassifier)
    assert is_regressor(LSTMRegressor())
    assert is_classifier(LSTMClassifier())
    assert not is_classifier(LSTMRegressor())


@EACH
def test_documented_defaults_are_those_of_the_signature(Estimator):
    documented = dict(
        re.findall(
            r"^(\w+) : .*?default=(.+)$", inspect.getdoc(Estimator), re.MULTILINE
        )
    )
    parameters = inspect.signature(Estimator).parameters
    assert set(documented) == set(parameters)
    for name, text in documented.items():
        assert repr(parameters[name].default) == text.replace('"', "'")


@EACH
def test_an_unknown_argument_is_a_type_error(Estimator):
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'unit'"):
        Estimator(unit=3)
    with pytest.raises(ValueError, match=r"Invalid parameter 'unit'"):
        Estimator().set_params(unit=3)
    with pytest.raises(TypeError, match=r"argument 'fit__epochs'"):
        Estimator(fit__epochs=3)


@EACH
def test_repr_shows_what_was_changed(Estimator):
    shown = repr(Estimator(units=3, optimizer__beta_1=0.8))
    assert "units=3" in shown
    assert "optimizer__beta_1=0.8" in shown
    assert "patience" not in shown


def test_a_subclass_has_parameters_of_its_own():
    class Mine(LSTMRegressor):
        def __init__(self, units=5, random_state=None, **routed):
            super().__init__(units=units, random_state=random_state, **routed)

    assert set(Mine().get_params()) == {"units", "random_state"}
    assert clone(Mine(units=3, optimizer__beta_1=0.5)).optimizer__beta_1 == 0.5


# ------------------------------------------------------------------------- regression
def test_it_learns_and_predicts_in_the_units_of_y(sequences):
    X, _ = sequences
    y = 5000 + 300 * X[:, -1, 0]
    reg = LSTMRegressor(**LEARNS).fit(X, y)
    assert reg.score(X, y) > 0.95
    assert reg.score(X, y) == r2_score(y, reg.predict(X))
    assert 4000 < reg.predict(X).mean() < 6000


def test_standardizing_the_target_is_standardizing_it_by_hand(sequences):
    X, _ = sequences
    y = np.c_[5000 + 300 * X[:, -1, 0], X[:, 0, 1]]
    mean, std = y.mean(axis=0), y.std(axis=0)
    inside = LSTMRegressor(**QUICK).fit(X, y).predict(X)
    by_hand = LSTMRegressor(**QUICK, standardize_target=False)
    by_hand = by_hand.fit(X, (y - mean) / std).predict(X) * std + mean
    np.testing.assert_allclose(inside, by_hand, rtol=1e-5)


@pytest.mark.parametrize("shape", [(60,), (60, 1), (60, 3)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_predictions_have_the_shape_and_type_of_y(sequences, shape, dtype):
    X, _ = sequences
    y = np.random.default_rng(0).normal(size=shape).astype(dtype)
    predicted = LSTMRegressor(**QUICK).fit(X, y).predict(X)
    assert predicted.shape == shape
    assert predicted.dtype == dtype


def test_y_may_come_from_pandas_and_be_constant(sequences):
    X, _ = sequences
    y = pd.DataFrame({"a": np.full(60, 7.0), "b": range(60)}, index=range(100, 160))
    predicted = LSTMRegressor(**QUICK).fit(X, y).predict(X)
    assert predicted.shape == (60, 2)
    assert np.isfinite(predicted).all()


# ---------------------------------------------------------------------- classification
@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"]),
        np.array(["a", "b"], dtype=object),
        np.array([-1, 1]),
        np.array([False, True]),
        np.array([3.0, 7.0]),
        pd.Categorical(["low", "high"]),
    ],
    ids=["str", "object", "int", "bool", "float", "categorical"],
)
def test_labels_of_any_type_come_back(sequences, labels):
    X, codes = sequences
    y = np.asarray(labels)[codes]
    clf = LSTMClassifier(**LEARNS).fit(X, pd.Series(y))
    np.testing.assert_array_equal(clf.classes_, np.unique(y))
    assert clf.score(X, y) == accuracy_score(y, clf.predict(X)) > 0.9
    assert clf.predict(X).dtype == clf.classes_.dtype


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_probabilities_are_columns_of_classes_and_sum_to_one(sequences, n_classes):
    X, _ = sequences
    y = np.arange(60) % n_classes
    clf = LSTMClassifier(**QUICK).fit(X, y)
    proba = clf.predict_proba(X)
    assert proba.shape == (60, n_classes)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[proba.argmax(axis=1)])
    assert clf.predict_proba(X[:1]).shape == (1, n_classes)


def test_multilabel_has_a_probability_a_label(sequences):
    X, _ = sequences
    Y = (X[:, -1] > 0).astype(int)
    clf = LSTMClassifier(**{**LEARNS, "epochs": 80}).fit(X, Y)
    assert clf.predict_proba(X).shape == (60, 3)
    np.testing.assert_array_equal(clf.predict(X), clf.predict_proba(X) > 0.5)
    assert (clf.predict(X) == Y).mean() > 0.9


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "kl_divergence"])
def test_a_loss_over_one_column_a_class_equals_the_sparse_one(sequences, loss):
    X, _ = sequences
    y = np.array(["a", "b", "c"])[np.arange(60) % 3]
    expected = LSTMClassifier(**QUICK).fit(X, y)
    given = LSTMClassifier(**QUICK, loss=loss).fit(X, y)
    np.testing.assert_allclose(
        given.predict_proba(X), expected.predict_proba(X), atol=1e-5
    )


@pytest.mark.parametrize(
    "loss",
    [
        "sparse_categorical_crossentropy",
        keras.losses.SparseCategoricalCrossentropy,
        keras.losses.SparseCategoricalCrossentropy(),
        keras.losses.sparse_categorical_crossentropy,
        "CategoricalCrossentropy",
        "mse",
    ],
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_losses_of_every_form_learn_two_classes_and_more(sequences, loss, n_classes):
    X, y = sequences
    y = y if n_classes == 2 else y + (X[:, 0, 0] > 0)
    clf = LSTMClassifier(**LEARNS, loss=loss).fit(X, y)
    assert clf.score(X, y) > 0.9
    np.testing.assert_allclose(clf.predict_proba(X).sum(axis=1), 1)


def test_multilabel_refuses_a_loss_of_exclusive_labels():
    with pytest.raises(
        ValueError, match=r"loss='categorical_crossentropy'.*multilabel"
    ):
        LSTMClassifier(loss="categorical_crossentropy").fit(GOOD, np.eye(10, 3) > 0)


def test_class_weight_is_a_sample_weight_and_changes_no_array_of_the_caller(sequences):
    X, y = sequences
    weight = np.linspace(0.5, 1.5, 60)
    kept = weight.copy()
    by_class = LSTMClassifier(**QUICK, class_weight={0: 1, 1: 5})
    by_class.fit(X, y, sample_weight=weight)
    by_hand = LSTMClassifier(**QUICK).fit(X, y, weight * np.where(y, 5, 1))
    np.testing.assert_array_equal(weight, kept)
    assert same_state(by_class, by_hand)


def test_balanced_weights_are_inverse_to_the_share_of_a_class(sequences):
    X, _ = sequences
    y = np.repeat([0, 1], [45, 15])
    balanced = LSTMClassifier(**QUICK, class_weight="balanced").fit(X, y)
    by_hand = LSTMClassifier(**QUICK).fit(X, y, np.where(y, 60 / 30, 60 / 90))
    assert same_state(balanced, by_hand)


# -------------------------------------------------------------------- missing and more
def test_samples_of_weight_zero_or_without_steps_are_left_out(sequences):
    X, y = sequences
    few = LSTMClassifier(**QUICK).fit(X[20:], y[20:])
    weight = np.r_[np.zeros(20), np.ones(40)]
    weighted = LSTMClassifier(**QUICK).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(weighted.predict_proba(X), few.predict_proba(X))
    X = X.copy()
    X[:20] = np.nan
    assert same_state(LSTMClassifier(**QUICK).fit(X, y), few)


def test_missing_steps_change_nothing_wherever_they_stand(sequences):
    X, y = sequences
    gaps = np.full((60, 3, 3), np.nan)
    apart = np.concatenate([gaps[:, :1], X[:, :4], gaps, X[:, 4:], gaps], axis=1)
    plain = LSTMRegressor(**QUICK).fit(X, y)
    padded = LSTMRegressor(**QUICK).fit(apart, y)
    assert same_state(plain, padded)
    np.testing.assert_array_equal(plain.predict(X), plain.predict(apart))


def test_two_axes_are_one_feature(sequences):
    X, y = sequences
    flat = LSTMRegressor(**QUICK).fit(X[:, :, 0], y)
    deep = LSTMRegressor(**QUICK).fit(X[:, :, :1], y)
    assert same_state(flat, deep)
    assert (flat.n_features_in_, deep.n_features_in_) == (8, 1)


def test_predict_takes_other_lengths_types_and_tables(sequences):
    X, y = sequences
    reg = LSTMRegressor(**QUICK).fit(X.astype(np.float32), y)
    expected = reg.predict(X.astype(np.float32))
    np.testing.assert_allclose(reg.predict(X), expected, rtol=1e-5)
    np.testing.assert_array_equal(reg.predict(SequenceTable.from_array(X)), expected)
    np.testing.assert_array_equal(reg.predict(X.tolist()), expected)
    assert reg.predict(X[:, :3]).shape == (60,)
    assert reg.predict(np.concatenate([X, X], axis=1)).shape == (60,)
    assert reg.predict(np.ones((2, 4, 3), dtype=int)).shape == (2,)


def test_more_samples_than_one_batch_of_predictions_keep_their_order(sequences):
    X, y = sequences
    reg = LSTMRegressor(**QUICK).fit(X, y)
    many = np.tile(X, (50, 1, 1))
    np.testing.assert_allclose(
        reg.predict(many), np.tile(reg.predict(X), 50), rtol=1e-5
    )


def test_a_window_of_many_groups_is_trained_as_its_array():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"g": list("abc") * 20, "v": rng.normal(size=60)})
    windows = SlidingWindow(4, group_by="g").fit_transform(X)
    assert isinstance(windows, SequenceTable)
    table = LSTMRegressor(**QUICK).fit(windows, X["v"])
    array = LSTMRegressor(**QUICK).fit(np.asarray(windows), X["v"])
    assert same_state(table, array)


# ---------------------------------------------------------------------------- training
@BOTH
def test_the_same_random_state_gives_the_same_bits_and_touches_nothing(
    Estimator, sequences
):
    X, y = sequences
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = Estimator(**QUICK, dropout=0.2).fit(X, y)
    after = np.random.get_state()[1]  # noqa: NPY002
    np.testing.assert_array_equal(after, before)
    keras.utils.set_random_seed(99)
    assert same_state(first, Estimator(**QUICK, dropout=0.2).fit(X, y))
    other = Estimator(**{**QUICK, "random_state": 1}, dropout=0.2).fit(X, y)
    assert not same_state(first, other)


def test_a_random_state_instance_moves_on():
    X, y = np.ones((4, 3, 1)), np.arange(4)
    rng = np.random.RandomState(0)
    first, second = (
        LSTMRegressor(units=2, epochs=1, random_state=rng).fit(X, y) for _ in range(2)
    )
    assert not same_state(first, second)


@BOTH
def test_partial_fits_are_the_epochs_of_a_fit(Estimator, sequences):
    X, y = sequences
    alone = (
        {**PLAIN, "dropout": 0.1} if Estimator is LSTMRegressor else {"dropout": 0.1}
    )
    settings = {**QUICK, "epochs": 3, "learning_rate_schedule": "constant"}
    whole = Estimator(**settings, **alone).fit(X, y)
    steps = Estimator(**QUICK, **alone)
    for _ in range(3):
        steps.partial_fit(X, y)
    assert same_state(whole, steps)
    assert whole.history_ == steps.history_


def test_a_pickle_between_partial_fits_changes_nothing(sequences):
    X, y = sequences
    straight = LSTMRegressor(**QUICK, dropout=0.1).partial_fit(X, y).partial_fit(X, y)
    paused = LSTMRegressor(**QUICK, dropout=0.1).partial_fit(X, y)
    paused = pickle.loads(pickle.dumps(paused)).partial_fit(X, y)
    assert same_state(straight, paused)


def test_partial_fit_knows_classes_that_are_yet_to_come(sequences):
    X, _ = sequences
    clf = LSTMClassifier(**QUICK)
    clf.partial_fit(X[:20], ["a", "b"] * 10, classes=["a", "b", "c"])
    clf.partial_fit(X[20:], ["b", "c"] * 20)
    assert clf.predict_proba(X).shape == (60, 3)
    with pytest.raises(ValueError, match=r"does not know: \['d'\]"):
        clf.partial_fit(X[:2], ["a", "d"])
    with pytest.raises(ValueError, match='class_weight="balanced"'):
        clf.set_params(class_weight="balanced").partial_fit(X[:2], ["a", "b"])


def test_warm_start_goes_on_and_a_plain_fit_starts_anew(sequences):
    X, y = sequences
    cold = LSTMRegressor(**QUICK).fit(X, y)
    state = pickle.dumps(cold.model_.get_weights())
    assert pickle.dumps(cold.fit(X, y).model_.get_weights()) == state
    warm = LSTMRegressor(**QUICK, warm_start=True).fit(X, y)
    first = warm.history_["loss"][0]
    assert warm.fit(X, y).history_["loss"][0] < first
    assert not same_state(warm, cold)


def test_warm_start_keeps_the_linear_part_that_a_plain_fit_drops():
    X = np.random.default_rng(0).normal(size=(200, 3, 2))
    y = X[:, -1, 0]
    product = y * X[:, -1, 1]  # of which a linear model knows nothing
    reg = LSTMRegressor(**LEARNS, warm_start=True).fit(X, y)
    part = reg.linear_part_
    assert part is not None
    with pytest.warns(UserWarning, match="the linear part stays as fit left it"):
        assert reg.fit(X, product).linear_part_ is part
    assert reg.set_params(warm_start=False).fit(X, product).linear_part_ is None
    assert reg.network_weight_ == 1


@pytest.mark.parametrize("how", ["partial_fit", "warm_start"])
@pytest.mark.parametrize("change", [{"units": 7}, {"activation": "relu"}])
def test_a_built_network_can_not_become_another(sequences, how, change):
    X, y = sequences
    reg = LSTMRegressor(**QUICK, warm_start=True).fit(X, y).set_params(**change)
    with pytest.raises(ValueError, match=f"built with {next(iter(change))}="):
        reg.partial_fit(X, y) if how == "partial_fit" else reg.fit(X, y)


def test_partial_fits_with_a_metric_go_on_with_the_optimizer(sequences):
    X, y = sequences
    plain = LSTMRegressor(**QUICK).partial_fit(X, y).partial_fit(X, y)
    metric = keras.metrics.MeanAbsoluteError()
    counted = LSTMRegressor(**QUICK, metrics=metric).partial_fit(X, y)
    assert same_state(plain, counted.partial_fit(X, y))


def test_partial_fit_takes_up_another_loss(sequences):
    X, y = sequences
    reg = LSTMRegressor(**QUICK, metrics=["mae"]).partial_fit(X, y)
    reg.set_params(loss="mae").partial_fit(X, y)
    assert reg.history_["loss"][0] != pytest.approx(reg.history_["mae"][0])
    assert reg.history_["loss"][1] == pytest.approx(reg.history_["mae"][1])


def test_early_stopping_on_classes_of_few_samples(sequences):
    X, _ = sequences
    y = np.arange(60) % 20
    clf = LSTMClassifier(**QUICK, early_stopping=True).fit(X, y)
    assert len(clf.history_["val_loss"]) == 2
    assert len(clf.classes_) == 20


def test_early_stopping_keeps_the_best_weights(sequences):
    X, _ = sequences
    y = np.random.default_rng(3).normal(size=60)  # nothing to learn: it overfits
    reg = LSTMRegressor(
        **PLAIN,
        units=16,
        epochs=200,
        learning_rate=0.03,
        early_stopping=True,
        validation_split=0.25,
        patience=5,
        random_state=0,
    ).fit(X, y)
    losses = reg.history_["val_loss"]
    assert len(losses) < 200
    assert len(losses) == np.argmin(losses) + 1 + 5
    error = ((reg.predict(X[45:]) - y[45:]) / y[:45].std()) ** 2
    np.testing.assert_allclose(error.mean(), min(losses), rtol=1e-4)


def test_validation_is_the_last_samples(sequences):
    X, y = sequences
    y = y.astype(float)
    held_out = LSTMRegressor(**QUICK, validation_split=0.25, network_weight=0.5)
    held_out.fit(X, y)
    few = LSTMRegressor(**QUICK, network_weight=0.5).fit(X[:45], y[:45])
    assert same_state(held_out, few)
    np.testing.assert_array_equal(held_out.predict(X), few.predict(X))
    assert len(held_out.history_["val_loss"]) == 2


def test_validation_of_a_classifier_is_the_last_samples_of_each_class(sequences):
    X, _ = sequences
    y = np.repeat(["a", "b", "c"], 20)
    held_out = LSTMClassifier(**QUICK, validation_split=0.2).fit(X, y)
    trained = np.r_[0:16, 20:36, 40:56]
    assert same_state(held_out, LSTMClassifier(**QUICK).fit(X[trained], y[trained]))


# ----------------------------------------------------------- SciKeras's own parameters
def test_routed_parameters_reach_the_optimizer_the_loss_and_the_callbacks(sequences):
    X, y = sequences
    reg = LSTMRegressor(
        **QUICK,
        optimizer="sgd",
        optimizer__momentum=0.5,
        loss="Huber",
        loss__delta=0.3,
        callbacks=keras.callbacks.ReduceLROnPlateau,
        callbacks__factor=0.25,
        callbacks__monitor="loss",
    )
    reg = clone(reg).set_params(callbacks__patience=7).fit(X, y)
    assert isinstance(reg.model_.optimizer, keras.optimizers.SGD)
    assert reg.model_.optimizer.momentum == 0.5
    # Huber's loss of an error of 10, by hand
    loss = float(reg.model_.loss(np.array([[0.0]]), np.array([[10.0]])))
    assert loss == pytest.approx(0.3 * (10 - 0.15))
    assert reg.callbacks_[0].factor == 0.25
    assert reg.callbacks_[0].patience == 7


def test_learning_rate_and_clipnorm_reach_the_optimizer(sequences):
    X, y = sequences
    settings = {**QUICK, "learning_rate_schedule": "constant"}
    reg = LSTMRegressor(**settings, learning_rate=0.125, clipnorm=0.5).fit(X, y)
    assert float(reg.model_.optimizer.learning_rate) == 0.125
    assert reg.model_.optimizer.clipnorm == 0.5
    routed = LSTMRegressor(**settings, optimizer__learning_rate=0.25).fit(X, y)
    assert float(routed.model_.optimizer.learning_rate) == 0.25


@pytest.mark.parametrize("give", ["name", "class", "instance"])
def test_an_optimizer_is_a_name_a_class_or_an_instance_that_stays_unused(
    sequences, give
):
    X, y = sequences
    settings = {**QUICK, "learning_rate": 0.02, "learning_rate_schedule": "constant"}
    expected = LSTMRegressor(**settings, optimizer="rmsprop").fit(X, y)
    RMSprop = keras.optimizers.RMSprop
    optimizer = {"name": "RMSprop", "class": RMSprop, "instance": RMSprop(0.02)}[give]
    reg = LSTMRegressor(**settings, optimizer=optimizer)
    assert same_state(reg.fit(X, y), expected)
    assert same_state(reg.fit(X, y), expected)
    if give == "instance":
        assert not optimizer.built


class CountEpochs(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.n_epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.n_epochs += 1


@pytest.mark.parametrize("container", [lambda c: c, lambda c: [c], lambda c: {"a": c}])
def test_callbacks_are_used_as_copies(sequences, container):
    X, y = sequences
    mine = CountEpochs()
    reg = LSTMRegressor(**QUICK, callbacks=container(mine)).fit(X, y)
    assert reg.callbacks_[0].n_epochs == 2
    assert mine.n_epochs == 0
    assert len(pickle.dumps(reg)) < 100_000


def test_a_metric_given_as_an_instance_stays_unused(sequences):
    X, y = sequences
    metric = keras.metrics.MeanAbsoluteError(name="mae")
    reg = LSTMRegressor(**QUICK, metrics=metric).fit(X, y)
    assert len(reg.history_["mae"]) == 2
    assert float(metric.total) == 0


def test_a_metric_may_have_a_value_a_class(sequences):
    X, _ = sequences
    y = np.arange(60) % 3
    clf = LSTMClassifier(
        **QUICK,
        loss="categorical_crossentropy",
        metrics=keras.metrics.F1Score,
        warm_start=True,
    )
    assert np.shape(clf.fit(X, y).history_["f1_score"]) == (2, 3)


def test_parameters_routed_to_parameters(sequences):
    X, y = sequences
    reg = LSTMRegressor(
        **QUICK,
        optimizer__learning_rate=keras.optimizers.schedules.ExponentialDecay,
        optimizer__learning_rate__initial_learning_rate=0.5,
        optimizer__learning_rate__decay_steps=1,
        optimizer__learning_rate__decay_rate=0.5,
    ).fit(X, y)
    n_updates = 2 * 2
    rate = float(reg.model_.optimizer.learning_rate)
    assert rate == pytest.approx(0.5 * 0.5**n_updates)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"optimizer__beta_1": "a"}, "optimizer__beta_1 must be a number such as 0.9"),
        ({"optimizer__epsilon": None}, "optimizer__epsilon must be a number such as"),
        (
            {"optimizer__weight_decay": "a"},
            "optimizer__weight_decay must be a number or None, got 'a'",
        ),
        (
            {"optimizer": "sgd", "optimizer__momentum": 5},
            "optimizer='sgd' can't be made with optimizer__momentum=5",
        ),
        (
            {"loss": "Huber", "loss__delta": "x"},
            "loss__delta must be a number such as 1.0, got 'x'",
        ),
    ],
)
def test_routed_values_that_are_no_numbers_are_refused(sequences, parameters, message):
    X, y = sequences
    with pytest.raises((TypeError, ValueError), match=message):
        LSTMRegressor(**QUICK, **parameters).fit(X, y)
    LSTMRegressor(**QUICK, optimizer__name="mine", optimizer__clipvalue=None).fit(X, y)


def convolved(spec, n_filters=3):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"optimizer__nope": 2}, "optimizer__nope is no .* Adam,.* optimizer__beta_1"),
        (
            {"loss": "Huber", "loss__nope": 2},
            "loss__nope is no argument of Huber, which takes loss__delta",
        ),
        (
            {"metrics": keras.metrics.MeanAbsoluteError, "metrics__nope": 2},
            "metrics__nope is no argument of MeanAbsoluteError.* metrics__name",
        ),
        ({"metrics": ["mae"], "metrics__nope": 2}, "metrics__nope needs metrics to be"),
        (
            {"callbacks": keras.callbacks.EarlyStopping, "callbacks__nope": 2},
            "callbacks__nope is no argument of EarlyStopping.* callbacks__patience",
        ),
        (
            {"callbacks": [keras.callbacks.EarlyStopping], "callbacks__0__nope": 2},
            "callbacks__0__nope is no argument of EarlyStopping",
        ),
        (
            {"callbacks": {"a": keras.callbacks.EarlyStopping}, "callbacks__b__c": 2},
            "callbacks__b__c is no argument of EarlyStopping",
        ),
        (
            {"model": convolved, "model__nope": 2},
            "model__nope is no argument of convolved.* model__n_filters",
        ),
    ],
)
def test_a_routed_argument_that_nobody_takes_is_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        LSTMRegressor(**QUICK, **parameters).fit(GOOD, LABELS)


def test_a_classifier_refuses_the_loss_of_quantiles():
    with pytest.raises(ValueError, match=r"loss='quantile' is for numbers"):
        LSTMClassifier(**QUICK, loss="quantile").fit(GOOD, LABELS)


@pytest.mark.parametrize("metric", ["AUC", "Precision", keras.metrics.F1Score])
def test_a_metric_over_columns_names_the_loss_that_has_them(metric):
    y = np.arange(10) % 3
    with pytest.raises(ValueError, match=r"one column per class.*categorical_cross"):
        LSTMClassifier(**QUICK, metrics=[metric]).fit(GOOD, y)
    loss = "categorical_crossentropy"
    clf = LSTMClassifier(**QUICK, metrics=[metric], loss=loss).fit(GOOD, y)
    assert len(clf.history_) == 2


@pytest.mark.parametrize("name", ["callbacks__patience", "metrics__name"])
def test_a_route_to_nothing_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} needs .* but it is None"):
        LSTMRegressor(**QUICK, **{name: 3}).fit(GOOD, LABELS)


def test_metrics_are_in_the_history(sequences):
    X, y = sequences
    clf = LSTMClassifier(**QUICK, metrics=["accuracy"], validation_split=0.2).fit(X, y)
    assert set(clf.history_) == {"loss", "val_loss", "accuracy", "val_accuracy"}


def test_initialize_builds_without_training(sequences):
    X, y = sequences
    reg = LSTMRegressor(**QUICK, **PLAIN).initialize(X, y)
    assert reg.current_epoch == 0
    assert reg.predict(X).shape == (60,)
    other = LSTMRegressor(**QUICK, **PLAIN).partial_fit(X, y)
    assert same_state(reg.partial_fit(X, y), other)


def test_initialize_fits_the_linear_part(sequences):
    X, y = sequences
    weighs = {"network_weight": 0.5, "warm_start": True}
    reg = LSTMRegressor(**QUICK, **weighs).initialize(X, y)
    assert reg.network_weight_ == 0.5
    fitted = LSTMRegressor(**QUICK, **weighs).fit(X, y)
    np.testing.assert_array_equal(reg.fit(X, y).predict(X), fitted.predict(X))


def test_verbose_shows_a_line_an_epoch(sequences, capsys):
    X, y = sequences
    LSTMRegressor(**QUICK).fit(X, y)
    assert capsys.readouterr().out == ""
    LSTMRegressor(**QUICK, verbose=2).fit(X, y)
    assert "Epoch 2/2" in capsys.readouterr().out


# --------------------------------------------------------------------------- bad input
GOOD = np.random.default_rng(0).normal(size=(10, 4, 2))
LABELS = np.arange(10) % 2


def broken(place, value):
    X = GOOD.copy()
    X[place] = value
    return X


BAD_DATA = {
    "text": (
        np.full((10, 4, 2), "a"),
        LABELS,
        r"row 0, column 0 holds 'a' \(str\)",
    ),
    "infinity": (broken((3, 2, 1), np.inf), LABELS, "sample 3, step 2, feature 1"),
    "too large": (broken((3, 2, 1), 1e300), LABELS, "sample 3, step 2, feature 1"),
    "part of a step": (
        broken((4, 1, 0), np.nan),
        LABELS,
        r"sample 4, step 1, features \[0\].*SimpleImputer",
    ),
    "one axis": (np.arange(10.0), LABELS, "got 1D array.*Reshape your data"),
    "four axes": (np.ones((10, 2, 2, 2)), LABELS, "got 4D array"),
    "ragged": ([[1.0, 2.0], [3.0]] * 5, LABELS, "unequal length.*PadSequences"),
    "no samples": (GOOD[:0], LABELS[:0], r"\(0, 4, 2\)"),
    "no steps": (GOOD[:, :0], LABELS, r"\(10, 0, 2\)"),
    "nothing there": (np.full((10, 4, 2), np.nan), LABELS, "nothing to fit"),
    "short y": (GOOD, LABELS[:9], r"inconsistent numbers of samples: \[10, 9\]"),
    "no y": (GOOD, None, "requires y to be passed"),
    "NaN in all of y": (GOOD, np.full(10, np.nan), "y contains NaN.*nothing to fit"),
    "None in all of y": (GOOD, np.array([None] * 10), "y contains NaN.*nothing to fit"),
    "infinity in y": (GOOD, np.r_[np.inf, LABELS[1:]], "y contains infinity"),
    "times": (
        pd.DataFrame({"when": pd.date_range("2024", periods=10)}),
        LABELS,
        "column 'when' holds datetime64",
    ),
}


@BOTH
@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data_is_named(Estimator, name):
    X, y, message = BAD_DATA[name]
    with pytest.raises(ValueError, match=message):
        Estimator(**QUICK).fit(X, y)


BAD_WEIGHTS = {
    "negative": (np.r_[1.0, -2.0, np.ones(8)], "negative, got -2.0 for sample 1"),
    "all zero": (np.zeros(10), "zero"),
    "short": (np.ones(9), r"sample_weight.shape == \(9,\), expected \(10,\)"),
    "NaN": (np.r_[np.nan, np.ones(9)], "sample_weight contains NaN"),
}


@BOTH
@pytest.mark.parametrize("name", BAD_WEIGHTS)
def test_bad_weights_are_named(Estimator, name):
    weights, message = BAD_WEIGHTS[name]
    with pytest.raises(ValueError, match=message):
        Estimator(**QUICK).fit(GOOD, LABELS, sample_weight=weights)


BAD_PARAMETERS = {
    "units": [0, -1, 2.5, "many", (), (3, 0), (3, 2.5), [[1, 2]]],
    "dropout": [1.0, -0.1, "a"],
    "hidden_layer_sizes": [0, (3, 0)],
    "activation": ["tang", None],
    "optimizer": ["adamm"],
    "learning_rate": [0, -1, "fast"],
    "clipnorm": [0, "a"],
    "loss": ["mze", 3],
    "epochs": [0, 1.5],
    "batch_size": [0, -2, 2.5],
    "shuffle": ["yes"],
    "validation_split": [1.0, -0.1],
    "early_stopping": ["yes"],
    "patience": [-1],
    "warm_start": [2],
    "random_state": ["a", -1.5],
}


@BOTH
@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n, values in BAD_PARAMETERS.items() for v in values]
)
def test_a_bad_parameter_is_named_with_what_came(Estimator, name, value):
    estimator = Estimator(**{**QUICK, name: value})
    with pytest.raises(ValueError, match=name) as caught:
        estimator.fit(GOOD, LABELS)
    assert str(value) in str(caught.value)


@pytest.mark.parametrize("callbacks", [3, ["a"], object()])
def test_a_callback_that_is_none_is_named(callbacks):
    with pytest.raises(TypeError, match=r"callbacks must be a keras"):
        LSTMRegressor(**QUICK, callbacks=callbacks).fit(GOOD, LABELS)


def test_routed_parameters_of_an_instance_are_refused():
    reg = LSTMRegressor(optimizer=keras.optimizers.Adam(), optimizer__beta_1=0.5)
    with pytest.raises(ValueError, match=r"optimizer__beta_1 needs optimizer"):
        reg.fit(GOOD, LABELS)
    with pytest.raises(ValueError, match=r"loss__delta needs loss"):
        LSTMRegressor(loss="mse", loss__delta=0.5).fit(GOOD, LABELS)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(10), "at least 2 classes.*one class"),
        (np.linspace(0, 1, 10), "Unknown label type: continuous"),
        (np.ones((10, 2, 2)), "y.argmax"),
    ],
)
def test_bad_labels_are_named(y, message):
    with pytest.raises(ValueError, match=message):
        LSTMClassifier(**QUICK).fit(GOOD, y)


def test_bad_targets_are_named():
    with pytest.raises(ValueError, match=r"y must have shape.*got \(10, 2, 2, 1\)"):
        LSTMRegressor(**QUICK).fit(GOOD, np.ones((10, 2, 2, 1)))
    reg = LSTMRegressor(**QUICK).fit(GOOD, LABELS)
    with pytest.raises(ValueError, match=r"y must have shape \(n_samples,\)"):
        reg.partial_fit(GOOD, np.ones((10, 2)))


def test_targets_that_are_no_numbers_or_too_large_are_named():
    with pytest.raises(ValueError, match=r"y must hold numbers, got datetime64"):
        LSTMRegressor(**QUICK).fit(GOOD, pd.date_range("2024", periods=10))
    with pytest.raises(ValueError, match="y has values too large"):
        LSTMRegressor(**QUICK).fit(GOOD, np.linspace(0, 1e300, 10))


def test_a_training_that_diverges_is_an_error_that_says_what_to_do():
    reg = LSTMRegressor(**QUICK, optimizer="sgd", learning_rate=1e38)
    with pytest.raises(ValueError, match=r"not finite.*learning_rate"):
        reg.fit(GOOD, LABELS)
    assert not reg.initialized_


def test_a_callback_of_keras_that_can_not_be_copied_is_named():
    stopping = keras.callbacks.EarlyStopping()
    stopping.lock = threading.Lock()
    with pytest.raises(TypeError, match=r"callbacks are copied.*Pass its class"):
        LSTMRegressor(**QUICK, callbacks=stopping).fit(GOOD, LABELS)
    LSTMRegressor(**QUICK, callbacks=None).fit(GOOD, LABELS)


def test_a_subclass_may_have_abstract_bases():
    class Mine(LSTMRegressor, collections.abc.Hashable):
        def __hash__(self):
            return 1

    assert is_regressor(Mine())


@EACH
def test_prediction_needs_a_fit(Estimator):
    estimator = Estimator()
    with pytest.raises(NotFittedError):
        estimator.predict(GOOD)
    with pytest.raises(NotFittedError):
        estimator.to_keras()
    assert not hasattr(estimator, "model_")
    assert not hasattr(estimator, "classes_")


def test_prediction_needs_the_features_of_the_fit():
    reg = LSTMRegressor(**QUICK).fit(GOOD, LABELS)
    with pytest.raises(ValueError, match=r"X has 3 features.*expecting 2 features"):
        reg.predict(np.ones((2, 4, 3)))
    with pytest.raises(ValueError, match=r"fitted on X of shape \(n, n_timesteps"):
        reg.predict(np.ones((2, 4)))
    flat = pd.DataFrame(GOOD[:, :, 0], columns=list("abcd"))
    reg.fit(flat, LABELS)
    with pytest.raises(ValueError, match=r"feature names should match"):
        reg.predict(flat.rename(columns={"a": "z"}))


class Fails(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("stopped by hand")


@BOTH
@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("fault", ["data", "training", "parameter"])
def test_a_failed_fit_leaves_the_earlier_state_whole(Estimator, warm_start, fault):
    estimator = Estimator(**QUICK, warm_start=warm_start).fit(GOOD, LABELS)
    predicted, before = estimator.predict(GOOD), dict(vars(estimator))
    X = GOOD[:, :, :1] if fault == "data" else GOOD
    y = LABELS[:9] if fault == "data" else LABELS
    changes = {"training": {"callbacks": Fails()}, "parameter": {"loss": "mze"}}
    estimator.set_params(**changes.get(fault, {}))
    with pytest.raises((RuntimeError, ValueError)):
        estimator.fit(X, y)
    estimator.set_params(callbacks=None, loss=before["loss"])
    assert vars(estimator) == before
    np.testing.assert_array_equal(estimator.predict(GOOD), predicted)


@BOTH
def test_a_failed_first_fit_leaves_it_unfitted(Estimator):
    estimator = Estimator(**QUICK, callbacks=Fails())
    before = dict(vars(estimator))
    with pytest.raises(RuntimeError, match=r"stopped by hand"):
        estimator.fit(GOOD, LABELS)
    assert vars(estimator) == before


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        ("mae", np.abs),
        (
            "huber",
            lambda error: np.where(abs(error) < 1, error**2 / 2, abs(error) - 0.5),
        ),
    ],
)
def test_losses_of_a_regressor_are_over_standardized_targets(loss, formula):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4, 1)), rng.normal(5, 3, size=30)
    settings = {"units": 2, "epochs": 1, "learning_rate": 1e-12, "random_state": 0}
    regressor = LSTMRegressor(loss=loss, **settings, **PLAIN).fit(X, y)
    error = (y - regressor.predict(X)) / y.std()
    assert regressor.history_["loss"][0] == pytest.approx(formula(error).mean(), 1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        None,
        functools.partial(keras.losses.huber, delta=2.0),
        keras.losses.Huber,
        keras.losses.LogCosh(),
    ],
    ids=["None", "function", "class", "instance"],
)
def test_a_loss_is_none_a_function_a_class_or_an_instance(loss):
    X = np.random.default_rng(0).normal(size=(10, 3, 1))
    regressor = LSTMRegressor(loss=loss, units=2, epochs=1).fit(X, X[:, 0, 0])
    assert np.isfinite(regressor.history_["loss"]).all()


@pytest.mark.parametrize(
    "loss",
    [
        "binary_crossentropy",
        "CategoricalCrossentropy",
        keras.losses.BinaryCrossentropy,
        keras.losses.CategoricalFocalCrossentropy(),
        keras.losses.sparse_categorical_crossentropy,
    ],
    ids=["name", "class name", "class", "instance", "function"],
)
def test_a_regressor_refuses_losses_of_classes(loss):
    X = np.zeros((4, 3, 1))
    with pytest.raises(ValueError, match="is for classes, but LSTMRegressor predicts"):
        LSTMRegressor(loss=loss).fit(X, np.arange(4.0))
