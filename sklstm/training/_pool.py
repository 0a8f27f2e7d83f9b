"""The pool of compiled programs."""

import gc
import threading
from collections import OrderedDict
from contextlib import contextmanager

from tensorflow.python.eager import context

from sklstm.training._program import Functions, Program


class ProgramPool:
    """Compiled programs to lease; one that is given back serves the next fit.

    Threads may lease at the same time: each gets a program of its own, of which all of
    a kind share what was traced once.

    Parameters
    ----------
    capacity : int
        Kinds of programs that are kept; where there are more, the half goes that was
        not leased for longest: to free memory takes a while, however much it is.
    """

    def __init__(self, capacity):
        self.capacity = capacity
        self._lock = threading.Lock()
        self._kinds = OrderedDict()

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
        key = spec, schedule.key(), n_parts, targets.dtype.str, targets.shape[1:]
        with self._lock:
            kind = self._kinds.setdefault(key, _Kind())
            self._kinds.move_to_end(key)
            too_many = len(self._kinds) > self.capacity
            while too_many and len(self._kinds) > self.capacity // 2 + 1:
                self._kinds.popitem(last=False)
            program = kind.idle.pop() if kind.idle else None
        if too_many:
            free_what_is_gone()
        if program is None:
            program = Program(spec, schedule, n_parts, kind.functions)
        yield program
        # After a failure it is not known what state the program is in.
        with self._lock:
            kind.idle.append(program)

    @property
    def n_traces(self):
        """The functions that the programs in the pool were traced into."""
        with self._lock:
            return sum(len(kind.functions) for kind in self._kinds.values())


def free_what_is_gone():
    """Free the memory of compiled functions that nothing refers to any more.

    They refer to themselves in circles. TensorFlow, besides, keeps what it made of each
    operation that Python called on its own, one a shape of variable: a cache that it
    fills again where it is asked to.
    """
    gc.collect()
    context.context().clear_kernel_cache()


class _Kind:
    def __init__(self):
        self.functions = Functions()
        self.idle = []
