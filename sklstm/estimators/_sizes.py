"""Parameters that are one size, or one for each layer."""

import numpy as np


def read_sizes(name, value, at_least_one=False):
    """Read an int or a sequence of ints as a tuple.

    Parameters
    ----------
    name : str
        Of the parameter.

    value : int or array-like of int
        As the user passed it.

    at_least_one : bool, default=False
        Whether there must be a layer.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If there is anything but ints >= 1.
    """
    sizes = tuple(np.atleast_1d(value).tolist()) if np.ndim(value) <= 1 else ()
    whole = all(type(size) is int and size >= 1 for size in sizes)
    if not whole or np.ndim(value) > 1 or (at_least_one and not sizes):
        raise ValueError(
            f"{name} must be an int >= 1 or a sequence of such, one a layer; got "
            f"{value!r}."
        )
    return sizes
