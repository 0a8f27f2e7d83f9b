"""How long the estimators train, and how the learning rate goes meanwhile."""

import keras
import numpy as np
import pytest
from beside_keras import schedule
from plain import PLAIN, PLAIN_CLASSIFIER

from sklstm import LSTMClassifier, LSTMRegressor

X = np.random.default_rng(0).normal(size=(70, 4, 1))
Y = X[:, -1, 0]


class Rates(keras.callbacks.Callback):
    """Note the learning rate of every epoch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_begin(self, epoch, logs=None):
        self.seen.append(float(self.model.optimizer.learning_rate))


class Halving(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        optimizer = self.model.optimizer
        optimizer.learning_rate = optimizer.learning_rate / 2


def rates(*others, epochs=6, **settings):
    """Fit, and give the learning rate of every epoch."""
    callbacks = [*others, Rates()]
    settings = {"units": 2, "learning_rate": 0.02, "random_state": 0, **settings}
    regressor = LSTMRegressor(epochs=epochs, callbacks=callbacks, **settings).fit(X, Y)
    return regressor.callbacks_[len(others)].seen


def half_a_cosine(epochs, learning_rate=0.02):
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate, decay_steps=epochs, alpha=0.01
    )
    return [float(schedule(epoch)) for epoch in range(epochs)]


@pytest.mark.parametrize("epochs", [1, 2, 6])
def test_learning_rate_goes_along_the_cosine_of_keras(epochs):
    np.testing.assert_allclose(rates(epochs=epochs), half_a_cosine(epochs), rtol=1e-5)


def test_constant_learning_rate():
    seen = rates(learning_rate_schedule="constant")
    np.testing.assert_allclose(seen, [0.02] * 6, rtol=1e-6)


def test_every_fit_begins_with_all_of_it():
    regressor = LSTMRegressor(units=2, epochs=3, callbacks=[Rates()], warm_start=True)
    first = [*regressor.fit(X, Y).callbacks_[0].seen]
    # What a callback holds, a copy of it holds as well.
    assert regressor.fit(X, Y).callbacks_[0].seen == 2 * first


def test_partial_fit_keeps_the_learning_rate():
    regressor = LSTMRegressor(units=2, learning_rate=0.02, callbacks=[Rates()])
    for n_calls in range(1, 4):
        seen = regressor.partial_fit(X, Y).callbacks_[0].seen
        np.testing.assert_allclose(seen, [0.02] * n_calls, rtol=1e-6)


def test_training_that_goes_on_has_all_of_the_learning_rate():
    regressor = LSTMRegressor(
        units=2, learning_rate=0.02, epochs=4, callbacks=[Rates()]
    )
    seen = regressor.fit(X, Y).partial_fit(X, Y).callbacks_[0].seen
    np.testing.assert_allclose(seen[4:], [0.02], rtol=1e-6)


def test_what_other_callbacks_make_of_it_stays():
    expected = half_a_cosine(6) / 2.0 ** np.arange(6)
    np.testing.assert_allclose(rates(Halving()), expected, rtol=1e-5)


def test_a_schedule_of_ones_own_is_the_only_one():
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    expected = 0.02 * 0.5 ** np.arange(1, 7)
    np.testing.assert_allclose(rates(scheduler), expected, rtol=1e-5)
    np.testing.assert_allclose(
        rates(optimizer=keras.optimizers.SGD(0.3)), [0.3] * 6, rtol=1e-6
    )
    by_update = keras.optimizers.schedules.ExponentialDecay(0.02, 100, 0.5)
    np.testing.assert_allclose(
        rates(optimizer__learning_rate=by_update),
        [float(by_update(3 * epoch)) for epoch in range(6)],
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("n_samples", "batch_size", "expected"),
    [(40, 32, 500), (640, 32, 50), (640, 64, 100), (2000, 1, 10), (50, -1, 1000)],
)
def test_epochs_make_a_thousand_updates(n_samples, batch_size, expected):
    """In 10 epochs at least, whatever that makes."""
    X = np.zeros((n_samples, 1, 1))
    labels = np.arange(n_samples) % 2
    clf = LSTMClassifier(units=1, batch_size=batch_size, **PLAIN_CLASSIFIER)
    clf.fit(X, labels)
    assert len(clf.history_["loss"]) == expected


def test_held_out_samples_are_no_updates():
    X = np.zeros((640, 1, 1))
    regressor = LSTMRegressor(units=1, validation_split=0.5, **PLAIN)
    assert len(regressor.fit(X, np.arange(640.0)).history_["loss"]) == 100


@pytest.mark.parametrize(("n_samples", "n_updates"), [(64, 300), (640, 640)])
@pytest.mark.parametrize("network_weight", [0.5, 0])
def test_beside_a_linear_part_a_sample_is_an_update(
    n_samples, n_updates, network_weight
):
    """In epochs of whole batches; but a network that is not used has one epoch."""
    X = np.random.default_rng(0).normal(size=(n_samples, 1, 1))
    regressor = LSTMRegressor(units=1, network_weight=network_weight, random_state=0)
    regressor.fit(X, X[:, 0, 0])
    expected = -(-n_updates // (n_samples // 32)) if network_weight else 1
    assert len(regressor.history_["loss"]) == expected


def test_a_scheduler_takes_part_in_the_trials_beside_a_linear_part(capsys):
    X = np.random.default_rng(0).normal(size=(400, 4, 1))
    y = X[:, -1, 0] ** 2  # of which a network alone learns all, if it learns

    class Told(keras.callbacks.Callback):
        begun = []

        def on_train_begin(self, logs=None):
            self.begun.append(1)

    def has_linear_part(learning_rate):
        scheduler = keras.callbacks.LearningRateScheduler(
            lambda epoch, rate: learning_rate, verbose=1
        )
        regressor = LSTMRegressor(
            units=8,
            epochs=15,
            learning_rate=0.01,
            callbacks=[scheduler, Told()],
            random_state=0,
        )
        return regressor.fit(X, y).linear_part_ is not None

    assert has_linear_part(1e-9)
    assert capsys.readouterr().out.count("LearningRateScheduler") == 15
    assert not has_linear_part(0.01)
    assert len(Told.begun) == 2  # of the trials nobody else is told


def test_a_learning_rate_may_be_any_number():
    X = np.random.default_rng(0).normal(size=(20, 4, 1))
    settings = {"units": 2, "epochs": 1, "random_state": 0}
    rates = 1, np.float32(1), 1.0
    histories = [
        LSTMRegressor(**settings, learning_rate=rate).fit(X, X[:, -1, 0]).history_
        for rate in rates
    ]
    assert histories[0] == histories[1] == histories[2]


@pytest.mark.parametrize("first", [1.0, 3.0])
def test_a_loss_whose_config_lacks_an_argument_is_compiled_for_each(first):
    def fit(delta):
        settings = {"epochs": 1, "random_state": 0, "standardize_target": False}
        regressor = LSTMRegressor(
            2, loss=keras.losses.Huber(delta), **settings, **PLAIN
        )
        return regressor.fit(X, 9 * Y).history_["loss"][0]

    losses = {delta: fit(delta) for delta in (first, 4.0 - first)}
    assert losses[3.0] > 1.5 * losses[1.0]  # of about the same residuals


def test_the_order_of_an_epoch_is_a_permutation_and_another_each_time():
    shuffled = schedule(shuffle=True)
    orders = np.array([shuffled.order(epoch, 20) for epoch in range(3)])
    np.testing.assert_array_equal(np.sort(orders), np.tile(np.arange(20), (3, 1)))
    assert len({tuple(order) for order in orders}) == 3
    np.testing.assert_array_equal(shuffled.order(1, 20), orders[1])
    np.testing.assert_array_equal(schedule(shuffle=False).order(1, 20), np.arange(20))
