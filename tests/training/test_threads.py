"""TensorFlow's threads: the user's to set, and joblib's in its workers."""

import subprocess
import sys

import joblib
import pytest
import tensorflow as tf

from sklstm.networks import NetworkSpec
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


def test_nothing_is_set_unasked_and_not_by_the_variable_in_the_main_process():
    assert printed_by(f"import sklstm.training{SETTINGS}", OMP_NUM_THREADS="1") == [
        "0",
        "0",
    ]


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


def test_batches_of_wide_networks_alone_are_parted():
    assert n_parts(NetworkSpec(1, 1, (4,))) == 1
    assert n_parts(NetworkSpec(1, 1, (4, 64))) == 2
