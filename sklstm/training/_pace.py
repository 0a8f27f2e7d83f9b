"""Calls of compiled programs that are short enough for a Ctrl-C to be heard.

Python hears of a signal between two calls of a compiled program, never within one.
"""

import time

# Seconds that a call may take.
_SECONDS = 0.25

# What the first one, of which nothing is known yet, has at most: sample steps, and
# products of a weight by a number, which a slow core computes in a quarter of a second.
_FIRST_STEPS = 2**14
_FIRST_PRODUCTS = 2**28


class Pace:
    """How many pieces of work (batches, blocks of samples) one call takes.

    Parameters
    ----------
    n_steps : int
        Sample steps of a piece: what the first guess is made of.

    n_weights : int, default=1
        Weights of the network, for the same.

    Examples
    --------
    >>> from sklstm.training._pace import Pace
    >>> list(Pace(n_steps=2**12).calls(0, 3))
    [(0, 3)]
    """

    def __init__(self, n_steps, n_weights=1):
        first = min(_FIRST_STEPS, _FIRST_PRODUCTS // max(n_weights, 1))
        self._size = max(first // max(n_steps, 1), 1)

    def calls(self, low, high):
        """Return (low, high) of one call after the other; time what is done between."""
        while low < high:
            end = min(low + self._size, high)
            began = time.perf_counter()
            yield low, end
            taken = max(time.perf_counter() - began, 1e-9)
            # At most fourfold: what was quick for few may be slow for many.
            fits = int((end - low) * _SECONDS / taken)
            self._size = max(min(fits, 4 * self._size), 1)
            low = end
