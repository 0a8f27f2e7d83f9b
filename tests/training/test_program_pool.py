"""The pool of compiled programs, and that nothing global changes with it."""

import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from beside_keras import Both, F, Scaled, assert_same_bits, loss_with, trained
from keras import callbacks, metrics, optimizers
from keras.src.random.seed_generator import global_seed_generator
from plain import PLAIN
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, SlidingWindow
from sklstm.networks import NetworkSpec
from sklstm.training._pool import LRUCache, ProgramPool


@pytest.fixture
def pool(monkeypatch):
    """A pool of nobody else."""
    return new_pool(monkeypatch)


def new_pool(monkeypatch, capacity=8):
    pool = ProgramPool(capacity)
    monkeypatch.setattr("sklstm.training._network.programs", pool)
    return pool


def test_a_program_is_for_one_type_of_floats(pool):
    loss_with(optimizers.Adam(0.03))
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        loss_with(optimizers.Adam(0.03))
    finally:
        keras.config.set_dtype_policy(policy)
    assert len(pool._kinds) == 2


@pytest.mark.filterwarnings("ignore:.*start cold")
def test_a_search_over_what_is_an_input_traces_nothing_anew(pool):
    t = np.arange(90)
    X = np.c_[np.sin(t / 3), np.cos(t / 5)]
    pipe = make_pipeline(
        SlidingWindow(3), LSTMRegressor(**PLAIN, units=4, epochs=1, random_state=0)
    )
    pipe.fit(X, X[:, 0])
    pipe.set_params(lstmregressor__validation_split=0.2).fit(X, X[:, 0])
    after_first = pool.n_traces
    assert after_first == 2
    grid = {
        "slidingwindow__window_length": [2, 5],
        "lstmregressor__learning_rate": [0.01, 0.003],
        "lstmregressor__batch_size": [7, 32],
        "lstmregressor__clipnorm": [None, 0.5],
        "lstmregressor__epochs": [1, 2],
    }
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2)).fit(X, X[:, 0])
    assert pool.n_traces == after_first
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_what_shapes_a_program_is_traced_anew(pool):
    _, history = trained()
    for number, changes in enumerate(
        [
            {"optimizer": optimizers.SGD(0.01)},
            {"optimizer": optimizers.Adam(0.01, beta_1=0.5)},
            {"loss": "mae"},
            {"metrics": ["mse"]},
        ],
        start=2,
    ):
        assert trained(changes)[1] != history
        assert pool.n_traces == 2 * number


def test_losses_with_states_that_no_config_tells_share_no_program(pool):
    for factor in (1.0, 5.0):
        Both(loss=Scaled(factor)).assert_alike()
    assert len(pool._kinds) == 2


def test_losses_of_one_name_share_no_program(pool):
    def pinball(quantile):
        def loss(y, predicted):
            error = y - predicted
            return keras.ops.maximum(quantile * error, (quantile - 1) * error)

        return loss

    for quantile in (0.1, 0.9):
        Both(loss=pinball(quantile)).assert_alike()
    assert len(pool._kinds) == 2


def wrapped(factor):
    def scaled_error(y, predicted):
        return factor * keras.ops.abs(y - predicted)

    return metrics.MeanMetricWrapper(scaled_error, name="scaled")


class Counting(metrics.Metric):
    """A metric whose state no config tells."""

    def __init__(self, step):
        super().__init__(name="counting")
        self.step = step
        self.total = self.add_weight(initializer="zeros", name="total")

    def update_state(self, y, predicted, sample_weight=None):
        self.total.assign_add(self.step)

    def result(self):
        return self.total + 0.0


@pytest.mark.parametrize("make", [wrapped, Counting])
def test_metrics_with_states_that_no_config_tells_share_no_program(pool, make):
    for factor in (1.0, 5.0):
        Both(make_metrics=lambda factor=factor: [make(factor)]).assert_alike()
    assert len(pool._kinds) == 2


def test_one_metric_instance_in_many_fits_is_traced_once(pool):
    for metric in (Counting(2.0), metrics.RootMeanSquaredError()):
        before = pool.n_traces
        results = [trained({"metrics": [metric]}) for _ in range(3)]
        for again in results[1:]:
            assert_same_bits(again, results[0])
        assert pool.n_traces == before + 2


def test_no_more_kinds_are_kept_than_the_capacity(monkeypatch):
    pool = new_pool(monkeypatch, capacity=2)
    first = trained(spec=NetworkSpec(F, 1, (1,)))
    for units in (2, 3):
        trained(spec=NetworkSpec(F, 1, (units,)))
        assert len(pool._kinds) <= 2
    assert pool.n_traces == 4
    trained(spec=NetworkSpec(F, 1, (2,)))  # of the two that are kept
    assert pool.n_traces == 4
    assert_same_bits(trained(spec=NetworkSpec(F, 1, (1,))), first)


def test_a_creation_makes_only_threads_wait_that_need_its_result():
    began, may_end, created = threading.Event(), threading.Event(), []

    def create(name):
        created.append(name)
        if name == "slow":
            began.set()
            assert may_end.wait(60)
        return name.upper()

    cache = LRUCache(4, create)
    with ThreadPoolExecutor(2) as threads:
        slow = [threads.submit(cache, "slow") for _ in range(2)]
        assert began.wait(60)
        assert cache("quick") == "QUICK"  # waits for ever if one lock serves all
        assert cache.values() == ["QUICK"]
        may_end.set()
        assert [one.result() for one in slow] == ["SLOW", "SLOW"]
    assert sorted(created) == ["quick", "slow"]


def test_what_could_not_be_created_is_tried_again():
    results = iter([ValueError("not yet"), "made"])

    def create(name):
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    cache = LRUCache(4, create)
    with pytest.raises(ValueError, match="not yet"):
        cache("name")
    assert len(cache) == 0
    assert cache("name") == cache("name") == "made"


def test_initial_weights_that_are_kept_are_nobodys_to_change():
    X, y = np.random.default_rng(0).normal(size=(2, 20, 4))
    y = y[:, 0]
    first, second = (
        LSTMRegressor(units=3, epochs=1, random_state=1, **PLAIN).initialize(X, y)
        for _ in range(2)
    )
    before = [w.copy() for w in second.network_.export().get_weights()]
    assert any(w.any() for w in before)
    first.network_.export()
    for values in first.network_._variables:
        values += 1
    third = LSTMRegressor(units=3, epochs=1, random_state=1, **PLAIN).initialize(X, y)
    for model in (second, third):
        for a, b in zip(model.network_.export().get_weights(), before, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_callback_that_changes_the_learning_rate_changes_no_other_fit():
    class Halve(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            optimizer = self.model.optimizer
            optimizer.learning_rate = optimizer.learning_rate / 2

    X, y = np.random.default_rng(0).normal(size=(2, 20, 4))
    model = LSTMRegressor(units=3, epochs=3, random_state=1, **PLAIN).fit(X, y[:, 0])
    clone(model).set_params(callbacks=[Halve()]).fit(X, y[:, 0])
    again = clone(model).fit(X, y[:, 0])
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.history_ == model.history_


def test_a_warm_program_gives_the_bits_of_a_cold_one(monkeypatch):
    spec = NetworkSpec(F, 1, (30, 4), dropout=0.3)
    new_pool(monkeypatch)
    cold = trained(spec=spec)
    trained({"optimizer": optimizers.Adam(0.3)}, spec=spec, seed=8)  # warms it
    warm = trained(spec=spec)
    new_pool(monkeypatch)
    assert_same_bits(warm, cold)
    assert_same_bits(trained(spec=spec), cold)


@pytest.mark.parametrize("kind", ["name", "one instance"])
def test_fits_in_threads_give_the_bits_of_fits_one_after_another(pool, kind):
    metric = "mae" if kind == "name" else metrics.RootMeanSquaredError()
    barrier = threading.Barrier(4)
    spec = NetworkSpec(F, 1, (30,), dropout=0.2)

    def fit(seed, together):
        def wait(epoch, logs):
            if together:
                barrier.wait(60)

        plan = {
            "callbacks": [callbacks.LambdaCallback(on_epoch_begin=wait)],
            "metrics": [metric],
            "batch_size": 4 + seed,
            "epochs": 3,
        }
        return trained(plan, spec=spec, seed=seed)

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(fit, range(4), [True] * 4))
    for seed, result in enumerate(together):
        assert_same_bits(result, fit(seed, False))
    assert pool.n_traces == 2


def test_a_fit_within_a_fit_of_the_same_kind_disturbs_neither(pool):
    inner = []
    plan = {
        "callbacks": [
            callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: inner.append(trained(seed=5))
            )
        ]
    }
    outer = trained(plan)
    assert len(inner) == 2
    assert_same_bits(outer, trained())
    for result in inner:
        assert_same_bits(result, trained(seed=5))


class FailsError(Exception):
    """Raised by hand."""


@pytest.mark.parametrize("hook", ["on_epoch_end", "on_train_batch_end"])
@pytest.mark.parametrize("metric", [False, True])
def test_a_fit_after_a_failed_one_gives_the_same_bits(monkeypatch, hook, metric):
    def fail(*_, **__):
        raise FailsError

    new_pool(monkeypatch)
    expected = trained(metric=metric)
    pool = new_pool(monkeypatch)
    for _ in range(2):
        with pytest.raises(FailsError):
            trained({"callbacks": [callbacks.LambdaCallback(**{hook: fail})]}, metric)
    assert_same_bits(trained(metric=metric), expected)
    assert_same_bits(trained(metric=metric), expected)
    assert pool.n_traces == 2


# ---------------------------------------------------------------------- nothing global


def drawn_after(action):
    """Numbers that global generators give after seeding, and some action."""
    # An older Keras does not seed its own generator, and draws to make it.
    state = global_seed_generator().state
    keras.utils.set_random_seed(5)
    state.assign([5, 0])
    action()
    return [
        random.random(),
        np.random.random(),  # noqa: NPY002
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
        float(keras.initializers.GlorotUniform()((1, 1))[0, 0]),
    ]


def test_a_fit_draws_from_no_global_generator(pool):
    calm = drawn_after(lambda: None)
    assert drawn_after(lambda: None) == calm
    assert drawn_after(lambda: trained(spec=NetworkSpec(F, 1, (3,), dropout=0.2))) == (
        calm
    )
    assert drawn_after(trained) == calm  # warm


def test_global_seeds_change_no_fit(pool):
    results = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        results.append(trained(spec=NetworkSpec(F, 1, (3,), dropout=0.2)))
    assert_same_bits(*results)


def settings():
    return {
        "environment": dict(os.environ),
        "threads": (
            tf.config.threading.get_inter_op_parallelism_threads(),
            tf.config.threading.get_intra_op_parallelism_threads(),
        ),
        "eager": tf.config.functions_run_eagerly(),
        "jit": tf.config.optimizer.get_jit(),
        "floats": (keras.config.floatx(), keras.config.epsilon()),
        "policy": keras.config.dtype_policy().name,
        "numpy": np.geterr(),
    }


def test_a_fit_changes_no_setting(pool):
    before = settings()
    trained()
    assert settings() == before
