"""Objects of Python and NumPy of which files would name private classes."""

import re

import numpy as np

from sklstm._stored._kinds import describe, makes


@describe.register(re.Pattern)
def _(pattern):
    return "pattern", [pattern.pattern, pattern.flags]


makes("pattern")(lambda state: re.compile(*state))


@describe.register(np.dtype)
def _(dtype):
    return ("dtype", dtype.str) if dtype.names is None else None


makes("dtype")(np.dtype)


@describe.register(np.ufunc)
def _(function):
    known = getattr(np, function.__name__, None) is function
    return ("ufunc", function.__name__) if known else None


@makes("ufunc")
def _(name):
    function = getattr(np, name, None)
    if not isinstance(function, np.ufunc):
        raise ValueError(f"The file names numpy.{name}, which is no function of NumPy.")
    return function
