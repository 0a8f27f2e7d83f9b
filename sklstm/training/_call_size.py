"""Calls of compiled programs that are short enough to be interrupted by Ctrl-C.

Python handles signals between two calls of a compiled program, never within a call.
"""

import time

# Maximum duration of a call in seconds.
_SECONDS = 0.25

# Limits of the first call, whose speed is not known yet: time steps, and products of a
# weight and a number. A slow core computes them in a quarter of a second.
_FIRST_STEPS = 2**14
_FIRST_PRODUCTS = 2**28


class CallSize:
    """Number of batches, or of blocks of samples, that one call computes.

    Parameters
    ----------
    n_steps : int
        Time steps of a batch, over all its samples; for the first guess.

    n_weights : int, default=1
        Number of weights of the network; for the first guess.

    Examples
    --------
    >>> from sklstm.training._call_size import CallSize
    >>> list(CallSize(n_steps=2**12).calls(0, 3))
    [(0, 3)]
    """

    def __init__(self, n_steps, n_weights=1):
        first = min(_FIRST_STEPS, _FIRST_PRODUCTS // max(n_weights, 1))
        self._size = max(first // max(n_steps, 1), 1)

    def calls(self, low, high):
        """Yield the bounds (low, high) of each call, and measure how long it takes."""
        while low < high:
            end = min(low + self._size, high)
            began = time.perf_counter()
            yield low, end
            taken = max(time.perf_counter() - began, 1e-9)
            # Grow slowly: large calls may take longer per batch than small ones.
            fitting = int((end - low) * _SECONDS / taken)
            self._size = max(min(fitting, 4 * self._size), 1)
            low = end
