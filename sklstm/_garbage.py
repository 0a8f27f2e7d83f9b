"""Python's garbage collection during imports."""

import contextlib
import gc
import threading

# More frozen objects than these were frozen by a user.
_FEW = 1_000


class _Pause:
    """A pause of garbage collection that several threads share."""

    def __init__(self):
        self._lock = threading.Lock()
        self._n_threads = 0
        self._was_enabled = False

    def begin(self):
        with self._lock:
            if not self._n_threads:
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._n_threads += 1

    def end(self):
        with self._lock:
            self._n_threads -= 1
            if not self._n_threads and self._was_enabled:
                _count_all_as_old()
                gc.enable()


_PAUSE = _Pause()


def _count_all_as_old():
    """Move all objects to the oldest generation, which Python seldom searches.

    The next collections, of young objects, would else search all those of the import:
    0.3 s within the first fit. Objects that a user froze would not be frozen any more;
    then nothing is moved. (Python 3.12 itself freezes some hundreds.)
    """
    if gc.get_freeze_count() < _FEW:
        gc.freeze()
        gc.unfreeze()


@contextlib.contextmanager
def without_garbage_collection():
    """Return a context manager for an import of TensorFlow.

    It makes some 300,000 objects that stay, which Python would search for garbage again
    and again, in a fifth of the time.
    """
    _PAUSE.begin()
    try:
        yield
    finally:
        _PAUSE.end()
