"""The pool of compiled programs."""

import gc
import threading
from collections import OrderedDict
from contextlib import contextmanager

import keras

from sklstm._compat.tensorflow import clear_kernel_cache
from sklstm.training._program import Functions, Program


class Recent:
    """An LRU cache of objects that take long to make, and much memory.

    Parameters
    ----------
    capacity : int
        How many are kept; where there are more, the half goes that was not used for
        longest: to free memory takes a while, however much it is.

    make : callable
        Makes a thing. Threads wait for each other.
    """

    def __init__(self, capacity, make):
        self.capacity = capacity
        self._make = make
        # To make one thing, a user's builder may ask for another.
        self._lock = threading.RLock()
        self._kept = OrderedDict()

    def __call__(self, *arguments):
        """Return the thing made of these arguments; make it where it is not kept."""
        # What Keras's layers compute in depends on these as well.
        key = arguments, keras.config.floatx(), keras.config.dtype_policy().name
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._make(*arguments)
            self._kept.move_to_end(key)
            too_many = len(self._kept) > self.capacity
            while too_many and len(self._kept) > self.capacity // 2 + 1:
                self._kept.popitem(last=False)
            thing = self._kept[key]
        if too_many:
            _free_what_is_gone()
        return thing

    def __len__(self):
        return len(self._kept)

    def things(self):
        """Return all that are kept, in a new list."""
        with self._lock:
            return list(self._kept.values())


class ProgramPool:
    """Compiled programs to lease; one that is given back serves the next fit.

    Threads may lease at the same time: each gets a program of its own, of which all of
    a kind share what was traced once.

    Parameters
    ----------
    capacity : int
        Kinds of programs that are kept, as in :class:`Recent`.
    """

    def __init__(self, capacity):
        self._lock = threading.Lock()
        self._kinds = Recent(capacity, lambda *key: _Kind())

    @contextmanager
    def lease(self, spec, schedule, samples, n_parts):
        """Lease a program for a network, a schedule, and samples of their kind.

        Parameters
        ----------
        spec : NetworkSpec
            The network.

        schedule : Schedule
            What shapes the program, of optimizer, loss and metrics.

        samples : Samples
            Whose targets tell type and shape.

        n_parts : int
            Parts of a batch that are computed at the same time.

        Yields
        ------
        Program
            Whose variables may hold anything: :meth:`Program.begin` sets them.
        """
        targets = samples.targets
        shape = targets.shape[2 if spec.per_step else 1 :]
        key = spec, schedule.key(), n_parts, targets.dtype.str, shape
        kind = self._kinds(*key)
        with self._lock:
            program = kind.idle.pop() if kind.idle else None
        if program is None:
            program = Program(spec, schedule, n_parts, kind.functions)
        yield program
        # After a failure it is not known what state the program is in.
        with self._lock:
            kind.idle.append(program)

    @property
    def n_traces(self):
        """The functions that the programs in the pool were traced into."""
        return sum(len(kind.functions) for kind in self._kinds.things())


def _free_what_is_gone():
    """Free the memory of compiled functions that nothing refers to any more.

    They refer to themselves in circles.
    """
    gc.collect()
    clear_kernel_cache()


class _Kind:
    def __init__(self):
        self.functions = Functions()
        self.idle = []
