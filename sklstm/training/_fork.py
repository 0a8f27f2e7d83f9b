"""A process that was forked from one in which TensorFlow has computed.

A fork copies none of the threads, and TensorFlow would wait for its own for ever.
"""

import os

from sklstm._compat.tensorflow import has_computed

_is_deaf = False


def check_not_forked():
    """Raise an error where TensorFlow can't compute.

    Raises
    ------
    RuntimeError
        If TensorFlow had computed before this process was forked.
    """
    if _is_deaf:
        raise RuntimeError(
            "TensorFlow can't compute in this process: it was forked (os.fork, "
            "multiprocessing's 'fork') from one in which TensorFlow had computed, and "
            "would hang. Fork before the first fit or predict, and load or fit the "
            "model in the child; or start the process by joblib's 'loky' or "
            "multiprocessing's 'spawn' or 'forkserver'."
        )


def _after_fork():
    global _is_deaf
    _is_deaf = _is_deaf or has_computed()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
