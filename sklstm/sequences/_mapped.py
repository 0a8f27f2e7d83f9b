"""Tables in files that are mapped into memory (`numpy.memmap`), whole or in part.

What is computed of such a table, and is large, goes to a file too: a temporary one
without a name, which the operating system deletes with the last array that uses it.
Pages of a file can leave the memory at any time; those of other arrays can't.
"""

import mmap
import os
import tempfile

import numpy as np

from sklstm.sequences._missing_steps import row_blocks

# Arrays below this number of bytes are in memory in any case.
_LARGE = 2**26


def is_mapped(array):
    """Return whether an array is a view of a file that is mapped into memory.

    Parameters
    ----------
    array : ndarray
        Any array.

    Returns
    -------
    bool
        Whether one of the arrays that it is a view of maps a file.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import is_mapped
    >>> is_mapped(np.zeros(3))
    False
    """
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "base", None)
    return array is not None


def as_sent(values):
    """Return the array to pickle in place of a table: a copy if its file has no name.

    joblib sends the name of the file that an array maps, from process to process.
    """
    mapping = values
    while mapping is not None and not isinstance(mapping, np.memmap):
        mapping = getattr(mapping, "base", None)
    return np.array(values) if getattr(mapping, "filename", "") is None else values


def empty_like_table(values, shape, dtype=None):
    """Return a new array for what is computed of a table.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The table.

    shape : tuple of int
        Of the new array.

    dtype : dtype, default=None
        Of the new array; None is that of the table.

    Returns
    -------
    ndarray
        Its contents are arbitrary. If it is large, and `values` is in a mapped file, it
        is in a temporary file.

    Raises
    ------
    OSError
        If the folder of temporary files has no space for it.
    """
    dtype = np.dtype(values.dtype if dtype is None else dtype)
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if n_bytes < _LARGE or dtype.hasobject or not is_mapped(values):
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(prefix="sklstm-") as file:
        if hasattr(os, "posix_fallocate"):
            # A disk that is full later would end the process by a signal.
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        return np.asarray(np.memmap(file, dtype, "w+", shape=shape))


def as_type(values, dtype):
    """Return a table in another type; the same array if it has that type.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The table.

    dtype : dtype
        The type.

    Returns
    -------
    ndarray of shape (n_rows, n_features)
        As of :func:`empty_like_table`, if it is new.
    """
    return values if values.dtype == dtype else copy_of(values, dtype)


def copy_of(values, dtype=None):
    """Return a copy of a table, in rows one after the other; see :func:`as_type`."""
    copy = empty_like_table(values, values.shape, dtype)
    for rows in row_blocks(len(values)):
        copy[rows] = values[rows]
    return copy


def chosen_rows(values, chosen):
    """Return some rows of a table.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The table.

    chosen : ndarray of bool, of shape (n_rows,)
        Which rows.

    Returns
    -------
    ndarray of shape (n_chosen, n_features)
        A copy, as of :func:`empty_like_table`.
    """
    if not is_mapped(values):
        return values[chosen]
    n_chosen = int(np.count_nonzero(chosen))
    copy = empty_like_table(values, (n_chosen, *values.shape[1:]))
    first = 0
    for rows in row_blocks(len(values)):
        piece = values[rows][chosen[rows]]
        copy[first : first + len(piece)] = piece
        first += len(piece)
    return copy
