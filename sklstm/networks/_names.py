"""Names of Keras objects that do not grow with every fit."""

import collections
from contextlib import contextmanager

from keras.src.backend.common import global_state

_COUNTERS = "object_name_uids"


@contextmanager
def own_names():
    """Count the Keras objects that are made in this context from the first one on.

    Keras counts all that it names (`adam_1`, `adam_2`, …), and TensorFlow keeps 40 KiB
    for every name of a variable that it has seen, for as long as the process lives.
    The counters are the thread's own; they go on afterwards where they were.
    """
    before = global_state.get_global_attribute(_COUNTERS)
    global_state.set_global_attribute(_COUNTERS, collections.defaultdict(int))
    try:
        yield
    finally:
        global_state.set_global_attribute(_COUNTERS, before)
