"""Number of threads, and of parts of a batch that are computed at the same time.

TensorFlow has intra-op threads, which share the work of one operation, and inter-op
threads, which run operations at the same time. The operations of an LSTM are too small
for intra-op threads. Inter-op threads that each compute a part of the batch are faster
by nearly the number of cores.
"""

import contextlib
import multiprocessing
import os
from dataclasses import dataclass
from typing import Any

import joblib
import tensorflow as tf

from sklstm._compat.tensorflow import in_calling_thread, without_graph_optimizer
from sklstm.networks import CustomSpec

_VARIABLE = "SKLSTM_THREADS"

# Minimum number of units for which two parts of a batch are computed at the same time,
# whatever its size, so that a search over batch sizes compiles nothing anew; and that
# for loops over time steps, whose operations cost as much for a part as for all.
_UNITS_TO_PART, _LOOPED_UNITS_TO_PART = 32, 64

# Products of units and samples of a batch from which on 2, 4 and 8 parts are.
_SIZES_TO_PART = 2**13, 2**15, 2**17

# Minimum number of units for which two blocks are predicted at the same time.
_UNITS_TO_PREDICT = 40

# The trainings that run at this time.
_trainings = set()


def use_threads(n_threads=None):
    """Set TensorFlow's threads to the fastest settings for LSTMs on a CPU.

    The import of an LSTM estimator does this by itself, if TensorFlow has not computed
    before and its threads are not set; the environment variable
    ``SKLSTM_THREADS=tensorflow`` keeps TensorFlow's own defaults. Worker processes of
    joblib (``n_jobs=2``), Dask and Ray use the number of threads that these set for
    them, as NumPy does. Call this function to set another number, before TensorFlow
    computes anything; later calls raise.

    Each operation then runs in one thread. Large networks of another kind, such as deep
    convolutional ones, are slower in the same process.

    Parameters
    ----------
    n_threads : int, default=None
        Number of operations that run at the same time, each in one thread. None means
        the number of cores.

    Raises
    ------
    RuntimeError
        If TensorFlow has already computed in this process.

    ValueError
        If `n_threads` is not a positive int.

    Examples
    --------
    >>> from sklstm.training import use_threads
    >>> use_threads(2)  # doctest: +SKIP
    """
    if n_threads is None:
        n_threads = joblib.cpu_count()
    if not isinstance(n_threads, int) or isinstance(n_threads, bool) or n_threads < 1:
        raise ValueError(f"n_threads must be an int >= 1 or None, got {n_threads!r}.")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    except RuntimeError as error:
        raise RuntimeError(
            "TensorFlow has already computed in this process, so that its threads "
            "can't be set any more. Call use_threads() at the beginning of the program."
        ) from error


def set_default_threads():
    """Call :func:`use_threads`, unless the threads are set already.

    They are set if TensorFlow has computed in this process, or if the user has set its
    threads, by `tf.config.threading` or by its environment variables. With a GPU, and
    with the environment variable ``SKLSTM_THREADS=tensorflow``, TensorFlow's own
    defaults stay. joblib, Dask and Ray set OMP_NUM_THREADS for their workers, which
    TensorFlow does not read.
    """
    asked = os.environ.get(_VARIABLE, "sklstm")
    if asked not in ("sklstm", "tensorflow"):
        raise ValueError(
            f"The environment variable {_VARIABLE} must be 'sklstm' or 'tensorflow', "
            f"got {asked!r}."
        )
    threading = tf.config.threading
    set_by_user = (
        threading.get_intra_op_parallelism_threads()
        or threading.get_inter_op_parallelism_threads()
        or "TF_NUM_INTRAOP_THREADS" in os.environ
        or "TF_NUM_INTEROP_THREADS" in os.environ
    )
    if asked == "tensorflow" or set_by_user or tf.config.list_physical_devices("GPU"):
        return
    given = os.environ.get("OMP_NUM_THREADS", "")
    # Ray starts its workers itself.
    of_ray = "RAY_RAYLET_PID" in os.environ
    is_worker = of_ray or multiprocessing.parent_process() is not None
    follows = is_worker and given.isdecimal() and int(given) > 0
    with contextlib.suppress(RuntimeError):  # TensorFlow has already computed
        use_threads(int(given) if follows else None)


def n_parts(spec, batch_size):
    """Return the number of parts into which the batches of a network are split.

    It does not depend on the number of threads: the rounding of gradients depends on
    the parts, and the same `random_state` must lead to the same bits in any process.
    """
    units = max(spec.units, default=0)
    parts = 2 ** sum(units * batch_size >= smallest for smallest in _SIZES_TO_PART)
    least = _LOOPED_UNITS_TO_PART if _trains_by_loop(spec) else _UNITS_TO_PART
    parts = max(parts, 2 if units >= least else 1)
    # The two directions run at the same time.
    return max(parts // 2, 1) if getattr(spec, "bidirectional", False) else parts


def n_blocks(spec):
    """Return the number of blocks of samples that are predicted at the same time."""
    return 2 if max(spec.units, default=0) >= _UNITS_TO_PREDICT else 1


@contextlib.contextmanager
def one_of_the_trainings():
    """Return a context manager of a training that others may run beside."""
    this = object()
    _trainings.add(this)
    try:
        yield
    finally:
        _trainings.discard(this)


@dataclass(frozen=True)
class CallPlan:
    """The threads in which the functions of a network run.

    Operations run in the calling thread if the network is small, because to pass them
    to other threads takes longer than to run them, or if other trainings keep the other
    threads busy. TensorFlow optimizes only the graphs that gain from it: the training
    of loops over time steps of many operations each.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The network.

    n_parts : int
        Parts of a batch, or blocks, that are computed at the same time.

    trains : bool
        Whether the functions train.
    """

    spec: Any
    n_parts: int
    trains: bool

    @property
    def for_one_thread(self):
        """Whether to compile for one thread; many can run it as well."""
        return self._is_small or (self.trains and not self._gains)

    @contextlib.contextmanager
    def settings(self, in_one_thread):
        """Return a context manager in which to compile functions, or to call them."""
        with contextlib.ExitStack() as stack:
            if in_one_thread:
                stack.enter_context(in_calling_thread())
            if not self._gains:
                stack.enter_context(without_graph_optimizer())
            yield

    def calling(self, for_one_thread):
        """Return a context manager in which to call functions that were compiled."""
        now = self._is_small or _is_crowded(self.n_parts)
        return self.settings(for_one_thread and now)

    @property
    def _is_small(self):
        spec = self.spec
        is_custom = isinstance(spec, CustomSpec)
        return not (
            self.n_parts > 1 or is_custom or spec.bidirectional or spec.fcn_filters
        )

    @property
    def _gains(self):
        """Whether TensorFlow's graph optimizer makes the network faster."""
        is_custom = isinstance(self.spec, CustomSpec)
        return is_custom or (self.trains and _trains_by_loop(self.spec))


def _is_crowded(n_parts):
    """Return whether there are more parts of batches than threads to compute them."""
    n_trainings = len(_trainings)
    if n_trainings < 2:
        return False
    n_threads = tf.config.threading.get_inter_op_parallelism_threads()
    return n_trainings * n_parts > (n_threads or joblib.cpu_count())


def _trains_by_loop(spec):
    """Return whether training loops over time steps, by operations for each."""
    if isinstance(spec, CustomSpec):
        return False
    return not spec.is_fused or spec.recurrent_dropout > 0
