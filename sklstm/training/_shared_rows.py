"""A table in a mapped file as memory of a tensor, without a copy."""

from typing import NamedTuple

import numpy as np

from sklstm.sequences import copy_of, is_mapped

# Alignment of TensorFlow's memory in bytes.
ALIGNMENT = 64


class SharedRows(NamedTuple):
    """Rows of a table over its own memory, from an aligned address on.

    Parameters
    ----------
    values : ndarray of shape (n_before + n_rows, n_features)
        Rows that are before the table in its file, and the table.

    n_before : int
        The number of the former.
    """

    values: np.ndarray
    n_before: int


def share_rows(values):
    """Return the SharedRows of a table in a mapped file; None for one in memory.

    TensorFlow reads the rows of each batch from the file, and the operating system
    keeps as many in memory as there is space for. A table that is no such memory (its
    columns are a part of those in the file, or its first row begins at an odd address)
    is copied to a temporary file, or to memory if it is small.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The table, in float32.

    Returns
    -------
    SharedRows or None
    """
    if not is_mapped(values) or not values.size:
        return None
    n_before = _rows_to_aligned(values)
    if n_before is None:
        values, n_before = copy_of(values), 0
        if not is_mapped(values):
            return None
    return SharedRows(np.asarray(_Memory(values, n_before)), n_before)


def _rows_to_aligned(values):
    """Return how many rows before a table an aligned row is; None without any."""
    row = values.strides[0]
    if not values.flags.c_contiguous or row != values.shape[1] * values.itemsize:
        return None
    address = values.ctypes.data
    for n_before in range((address - _first_address(values)) // row + 1):
        if (address - n_before * row) % ALIGNMENT == 0:
            return n_before
        if n_before == ALIGNMENT:
            return None
    return None


def _first_address(array):
    """Return the first address of the array that this one is a view of."""
    first = array.ctypes.data
    while (array := getattr(array, "base", None)) is not None:
        if isinstance(array, np.ndarray):
            first = array.ctypes.data
    return first


class _Memory:
    """Memory of rows, as an array that may be written.

    DLPack has no other arrays. TensorFlow never writes into the arguments of a
    function.
    """

    def __init__(self, values, n_before):
        self.values = values  # keeps the memory
        interface = values.__array_interface__
        address = interface["data"][0] - n_before * values.strides[0]
        n_rows, n_features = values.shape
        self.__array_interface__ = {
            "version": 3,
            "typestr": interface["typestr"],
            "shape": (n_before + n_rows, n_features),
            "data": (address, False),
        }
