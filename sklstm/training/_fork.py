"""Detection of processes that were forked after TensorFlow had computed.

A fork does not copy threads, so that TensorFlow would wait for its threads for ever.
"""

import os

from sklstm._compat.tensorflow import has_computed

_cannot_compute = False


def check_not_forked():
    """Raise RuntimeError if TensorFlow had computed before this process was forked."""
    if _cannot_compute:
        raise RuntimeError(
            "TensorFlow can't compute in this process: it was forked (os.fork, "
            "multiprocessing's 'fork') from a process in which TensorFlow had "
            "computed, and would hang. Fork before the first fit or predict, and load "
            "or fit the model in the child; or start the process with joblib's 'loky' "
            "or multiprocessing's 'spawn' or 'forkserver'."
        )


def _after_fork():
    global _cannot_compute
    _cannot_compute = _cannot_compute or has_computed()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
