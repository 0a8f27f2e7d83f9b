"""TensorFlow's threads: by default, by the user, and by joblib in its workers."""

import contextlib
import subprocess
import sys

import joblib
import numpy as np
import pytest
import tensorflow as tf

from sklstm import LSTMRegressor
from sklstm.networks import NetworkSpec
from sklstm.training import _threads as threads
from sklstm.training import use_threads
from sklstm.training._threads import n_parts

SETTINGS = """
import tensorflow as tf
threading = tf.config.threading
print(threading.get_intra_op_parallelism_threads(),
      threading.get_inter_op_parallelism_threads())
"""


def printed_by(script, **environment):
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={**environment, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return result.stdout.split()


def settings_in_a_worker():
    from sklstm import LSTMRegressor

    LSTMRegressor(units=2, epochs=1).fit([[1.0, 2.0], [2.0, 3.0]], [1.0, 2.0])
    threading = tf.config.threading
    return (
        threading.get_intra_op_parallelism_threads(),
        threading.get_inter_op_parallelism_threads(),
    )


def test_use_threads_sets_one_thread_an_operation_and_many_side_by_side():
    script = f"from sklstm.training import use_threads; use_threads(3){SETTINGS}"
    assert printed_by(script) == ["1", "3"]


def test_the_import_sets_one_thread_an_operation():
    found = printed_by(f"import sklstm.training{SETTINGS}")
    assert found == ["1", str(joblib.cpu_count())]


def test_threads_of_a_tensorflow_that_has_begun_stay():
    script = f"import tensorflow as tf; tf.zeros(1); import sklstm.training{SETTINGS}"
    assert printed_by(script) == ["0", "0"]


def set_by_default(monkeypatch, intra=0, inter=0, gpus=(), **environment):
    """Calls of `use_threads` by `set_default_threads`."""
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    calls = []
    for name in ("OMP_NUM_THREADS", "SKLSTM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(threads, "use_threads", calls.append)
    counts = {"intra": intra, "inter": inter}
    for name, count in counts.items():
        get = f"get_{name}_op_parallelism_threads"
        monkeypatch.setattr(tf.config.threading, get, lambda count=count: count)
    threads.set_default_threads()
    return calls


def test_they_are_set_unless_the_user_has_set_them(monkeypatch):
    assert set_by_default(monkeypatch) == [None]
    assert set_by_default(monkeypatch, SKLSTM_THREADS="sklstm") == [None]
    assert set_by_default(monkeypatch, SKLSTM_THREADS="tensorflow") == []
    assert set_by_default(monkeypatch, intra=5) == []
    assert set_by_default(monkeypatch, inter=3) == []
    assert set_by_default(monkeypatch, gpus=["GPU:0"]) == []
    # OMP_NUM_THREADS is joblib's in its workers, and nobody's here.
    assert set_by_default(monkeypatch, OMP_NUM_THREADS="7") == [None]
    assert set_by_default(monkeypatch, TF_NUM_INTRAOP_THREADS="2") == []


def test_a_worker_of_ray_takes_the_threads_that_ray_gives(monkeypatch):
    ray = {"RAY_RAYLET_PID": "12", "OMP_NUM_THREADS": "3"}
    assert set_by_default(monkeypatch, **ray) == [3]


def test_a_wrong_variable_is_named(monkeypatch):
    with pytest.raises(ValueError, match=r"'sklstm' or 'tensorflow', got '4'"):
        set_by_default(monkeypatch, SKLSTM_THREADS="4")


def test_transformers_set_nothing():
    script = "import sklstm; sklstm.SlidingWindow(2)\nimport tensorflow"
    assert printed_by(script + SETTINGS) == ["0", "0"]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_worker_takes_the_threads_that_joblib_gives(n_threads):
    with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=n_threads):
        found = joblib.Parallel()([joblib.delayed(settings_in_a_worker)()])
    assert found == [(1, n_threads)]


def test_use_threads_says_that_it_is_too_late():
    tf.zeros(1)  # so it is
    with pytest.raises(RuntimeError, match=r"Call use_threads\(\) at the beginning"):
        use_threads(joblib.cpu_count() + 1)


@pytest.mark.parametrize("n_threads", [0, -1, 1.5, "2", True])
def test_use_threads_takes_a_positive_int(n_threads):
    with pytest.raises(ValueError, match=r"n_threads must be an int >= 1"):
        use_threads(n_threads)


def test_large_batches_of_wide_networks_are_parted():
    narrow, wide = NetworkSpec(1, 1, (4,)), NetworkSpec(1, 1, (4, 64))
    assert [n_parts(narrow, size) for size in (32, 4096)] == [1, 2]
    assert [n_parts(wide, size) for size in (8, 32, 512, 4096)] == [2, 2, 4, 8]
    dropped = NetworkSpec(1, 1, (48,), recurrent_dropout=0.2)
    for looped in (NetworkSpec(1, 1, (48,), cell="gru"), dropped):
        assert [n_parts(looped, size) for size in (32, 512)] == [1, 2]
    both = NetworkSpec(1, 1, (64,), bidirectional=True)
    assert [n_parts(both, size) for size in (32, 512)] == [1, 2]


TRAINED = """
import hashlib, numpy as np
from sklstm import LSTMRegressor
X = np.random.default_rng(0).normal(size=(300, 9, 3))
for cell, units, batch_size in [
    ("lstm", 8, 32), ("lstm", 48, 64), ("lstm", 70, 256), ("gru", 40, 256),
    ("simple_rnn", 16, 300),
]:
    model = LSTMRegressor(
        units=units, cell=cell, batch_size=batch_size, epochs=2, random_state=0
    )
    model.fit(X, X[:, -1, 0])
    print(hashlib.md5(model.predict(X).tobytes()).hexdigest())
"""


def test_one_seed_has_the_same_bits_with_any_number_of_threads():
    first, *others = (
        printed_by(
            f"from sklstm.training import use_threads; use_threads({n}){TRAINED}"
        )
        for n in (1, 5)
    )
    assert len(first) == 5
    assert all(other == first for other in others)


def runs_in_one_thread(spec, n_parts):
    """Whether a training runs in the calling thread."""
    context = sys.modules["tensorflow.python.eager.context"].context()
    plan = threads.CallPlan(spec, n_parts, trains=True)
    with plan.calling(plan.for_one_thread):
        executor = context.function_call_options.executor_type
    return executor == "SINGLE_THREADED_EXECUTOR"


def test_trainings_beside_others_run_in_their_own_threads(monkeypatch):
    get = "get_inter_op_parallelism_threads"
    monkeypatch.setattr(tf.config.threading, get, lambda: 4)
    wide, narrow = NetworkSpec(1, 1, (64,)), NetworkSpec(1, 1, (4,))
    looped = NetworkSpec(1, 1, (64,), cell="gru")
    with threads.one_of_the_trainings():
        alone = runs_in_one_thread(wide, 4), runs_in_one_thread(narrow, 1)
        with threads.one_of_the_trainings():
            of_two = [runs_in_one_thread(wide, n) for n in (2, 4)]
            loops = runs_in_one_thread(looped, 4)
        after = runs_in_one_thread(wide, 4)
    assert alone == (False, True)
    assert of_two == [False, True]
    assert not loops
    assert not after


def test_a_training_that_raises_is_not_counted_any_more():
    with pytest.raises(KeyError), threads.one_of_the_trainings():
        raise KeyError
    assert not threads._trainings


@pytest.mark.parametrize("settings", [{}, {"bidirectional": True}, {"dropout": 0.3}])
def test_a_training_beside_others_has_the_bits_of_one_alone(settings):
    X = np.random.default_rng(0).normal(size=(300, 9, 3))

    def outputs(n_others):
        with contextlib.ExitStack() as stack:
            for _ in range(n_others):
                stack.enter_context(threads.one_of_the_trainings())
            model = LSTMRegressor(
                units=(64, 33), epochs=2, random_state=0, **settings
            ).fit(X, X[:, -1, 0])
        return model.predict(X)

    alone, beside = outputs(0), outputs(joblib.cpu_count())
    np.testing.assert_array_equal(alone, beside)
    np.testing.assert_array_equal(alone, outputs(0))


# Functions that are called by the loss: one thread would wait for them without end.
WITH_FUNCTIONS = """
import contextlib, keras, numpy as np, tensorflow as tf
from sklstm import LSTMRegressor
from sklstm.training import _threads
X = np.random.default_rng(0).normal(size=(100, 6, 2)); y = X[:, -1, 0]

def squares(y, found):
    return tf.reduce_mean((y - found) ** 2, axis=-1)

def by_sign(y, found):
    return tf.cond(tf.reduce_mean(found) > 0, lambda: squares(y, found),
                   lambda: tf.reduce_mean((found - y) ** 2, axis=-1))

def counted(y, found):
    [total] = tf.while_loop(lambda s: s < 3, lambda s: [s + 1], [tf.constant(0)])
    return squares(y, found) * tf.cast(total, tf.float32) / 3

def losses(loss, units, n_others, **settings):
    model = LSTMRegressor(units=units, epochs=2, random_state=0, linear_skip=False,
                          loss=loss, validation_split=0.2, **settings)
    with contextlib.ExitStack() as stack:
        for _ in range(n_others):
            stack.enter_context(_threads.one_of_the_trainings())
        return [*model.fit(X, y).history_["loss"], *model.history_["val_loss"]]

for units in (8, 32):
    expected = losses(squares, units, 0)
    for name in ("squares", "by_sign", "counted"):
        for loss in (globals()[name], tf.function(globals()[name])):
            losses(loss, 64, 0, cell="gru")  # compiled for many threads
            for n_others in (0, 16):
                found = losses(loss, units, n_others)
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=0)
    adam = keras.optimizers.Adam(gradient_accumulation_steps=2)
    found = [losses(squares, units, n, optimizer=adam) for n in (0, 16)]
    assert found[0] == found[1] != expected
print("done")
"""


def test_losses_and_optimizers_that_call_functions():
    assert printed_by(WITH_FUNCTIONS) == ["done"]
