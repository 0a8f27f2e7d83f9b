"""Parameters that are one size, or one for each layer."""

from numbers import Integral, Real

import numpy as np

from sklstm._compat.sklearn import Interval, StrOptions

COUNT = Interval(Integral, 1, None, closed="left")
FRACTION = Interval(Real, 0, 1, closed="left")

COUNT_OR_AUTO = [COUNT, StrOptions({"auto"})]


def read_sizes(name, value, at_least_one=False):
    """Return an int or a sequence of ints as a tuple; raise unless all are >= 1."""
    sizes = tuple(np.atleast_1d(value).tolist()) if np.ndim(value) <= 1 else ()
    whole = all(type(size) is int and size >= 1 for size in sizes)
    if not whole or np.ndim(value) > 1 or (at_least_one and not sizes):
        raise ValueError(
            f"{name} must be an int >= 1 or a sequence of such, one per layer; got "
            f"{value!r}."
        )
    return sizes
