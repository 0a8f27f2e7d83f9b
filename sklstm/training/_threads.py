"""How many threads compute, and into how many parts they cut a batch.

TensorFlow has two kinds of threads: some that share the work of one operation, and
some that run operations side by side. An LSTM is a chain of small operations, which
gain nothing from the first kind; two halves of a batch, computed side by side by the
second kind, gain nearly the number of cores.
"""

import contextlib
import multiprocessing
import os

import joblib
import tensorflow as tf

from sklstm._compat.tensorflow import in_calling_thread
from sklstm.networks import CustomSpec

# Parts that a batch is cut into, and the units from which on that pays.
_PARTS = 2
_UNITS_TO_PART = 40


def use_threads(n_threads=None):
    """Set TensorFlow's threads to what is fastest for LSTMs on a CPU.

    To be called before TensorFlow computes anything: it takes no other setting later.
    Without this call TensorFlow's own defaults hold. The workers of joblib's processes
    (``n_jobs=2``) take the number that joblib gives them, as NumPy does. A convolution
    gets one thread: over long sequences it is slower then.

    Parameters
    ----------
    n_threads : int, default=None
        Operations that run side by side, each in one thread. None takes the number of
        cores.

    Raises
    ------
    RuntimeError
        If TensorFlow has begun to compute in this process.

    ValueError
        If `n_threads` is no positive int.

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
            "TensorFlow has computed something already, and its threads can't be set "
            "any more. Call use_threads() at the beginning of the program."
        ) from error


def follow_joblib():
    """Take the number of threads that joblib gives a worker process.

    joblib tells it by OMP_NUM_THREADS, which TensorFlow does not read. What the user
    has set of TensorFlow stays; so does the main process.
    """
    given = os.environ.get("OMP_NUM_THREADS", "")
    threading = tf.config.threading
    set_by_user = (
        threading.get_intra_op_parallelism_threads()
        or threading.get_inter_op_parallelism_threads()
        or "TF_NUM_INTRAOP_THREADS" in os.environ
        or "TF_NUM_INTEROP_THREADS" in os.environ
    )
    is_worker = multiprocessing.parent_process() is not None
    if not is_worker or not given.isdecimal() or int(given) < 1 or set_by_user:
        return
    try:
        use_threads(int(given))
    except RuntimeError:
        return  # the worker has computed with TensorFlow before


def n_parts(spec):
    """Choose into how many concurrent parts the batches of a network are cut.

    Not by the number of threads: the sums of a gradient are rounded otherwise in other
    parts, and one `random_state` shall give the same bits in a worker with one thread.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The network.

    Returns
    -------
    int
        1 where the layers are too small to gain.
    """
    return _PARTS if max(spec.units, default=0) >= _UNITS_TO_PART else 1


def executor(spec, n_parts):
    """Choose who runs the operations of a network.

    Those of a small network take less time than it takes to hand them to other threads:
    the thread that calls runs them all, one after the other.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The network.

    n_parts : int
        From :func:`n_parts`.

    Returns
    -------
    context manager
        In which to compile the network's functions, and to call them.
    """
    if n_parts > 1 or isinstance(spec, CustomSpec) or spec.fcn_filters:
        return contextlib.nullcontext()
    return in_calling_thread()
