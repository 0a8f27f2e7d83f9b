"""The pool of compiled programs."""

import gc
import threading
from collections import OrderedDict
from contextlib import contextmanager

import keras

from sklstm._compat.tensorflow import clear_kernel_cache
from sklstm.training._program import Functions, Program


class LRUCache:
    """LRU cache of a function whose results are slow to create and large.

    Parameters
    ----------
    capacity : int
        Maximum number of entries. When there are more, the least recently used half is
        dropped at once, because freeing memory is slow, however much it is.

    create : callable
        The function. For equal arguments one thread at a time calls it.
    """

    def __init__(self, capacity, create):
        self.capacity = capacity
        self._create = create
        self._lock = threading.Lock()
        self._entries = OrderedDict()

    def __call__(self, *arguments):
        """Return the cached result for these arguments, or create it.

        Threads that ask for other results do not wait for the creation.
        """
        # The dtypes of Keras's layers depend on these settings.
        key = arguments, keras.config.floatx(), keras.config.dtype_policy().name
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            too_many = len(self._entries) > self.capacity
            while too_many and len(self._entries) > self.capacity // 2 + 1:
                self._entries.popitem(last=False)
        if too_many:
            # Compiled functions hold references to themselves.
            gc.collect()
            clear_kernel_cache()
        with entry.lock:
            if not entry.results:
                entry.results.append(self._create(*arguments))
            return entry.results[0]

    def __len__(self):
        return len(self.values())

    def values(self):
        """Return all results in a new list."""
        with self._lock:
            return [result for one in self._entries.values() for result in one.results]


class _Entry:
    """A result, or none yet, and the lock of its creation."""

    def __init__(self):
        # Reentrant: a user's builder may fit another network.
        self.lock = threading.RLock()
        self.results = []


class ProgramPool:
    """Compiled programs to lease; a returned program serves the next fit.

    Threads that lease at the same time get different programs. All programs of one kind
    share their traced functions.

    Parameters
    ----------
    capacity : int
        Maximum number of kinds, the least recently used go first.
    """

    def __init__(self, capacity):
        self._lock = threading.Lock()
        # The functions and the idle programs of each kind.
        self._kinds = LRUCache(capacity, lambda *key: (Functions(), []))

    @contextmanager
    def lease(self, spec, schedule, samples, n_parts):
        """Lease a program.

        Parameters
        ----------
        spec : NetworkSpec or CustomSpec
            The network.

        schedule : Schedule
            Optimizer, loss and metrics.

        samples : Samples
            The dtype and the shape of their targets are used.

        n_parts : int
            Parts of a batch that are computed at the same time.

        Yields
        ------
        Program
            Its variables have arbitrary values until :meth:`Program.begin` is called.
        """
        targets = samples.targets
        shape = targets.shape[2 if spec.per_step else 1 :]
        key = spec, schedule.key(), n_parts, targets.dtype.str, shape
        functions, idle = self._kinds(*key)
        with self._lock:
            program = idle.pop() if idle else None
        if program is None:
            program = Program(spec, schedule, n_parts, functions)
        yield program
        # After an error the program is dropped: its state is not known.
        with self._lock:
            idle.append(program)

    @property
    def n_traces(self):
        """Number of traced functions in the pool."""
        return sum(len(functions) for functions, _ in self._kinds.values())
