"""Targets of several steps ahead in the columns of y: their names, and their values."""

import numpy as np

from sklstm._geometry import label_of_lag


def multistep_names(name, n_steps):
    """Return the names of the columns that `make_multistep` makes of a Series."""
    return [f"{name}[{label_of_lag(lag)}]" for lag in range(n_steps - 1, -1, -1)]


def multistep_name(names):
    """Return the name that `multistep_names` made these of; None if it did not."""
    if names is None or not len(names):
        return None
    name = str(names[-1]).removesuffix("[t]")
    return name if list(names) == multistep_names(name, len(names)) else None


def are_steps(y, codes):
    """Return whether y is of several steps, as `make_multistep` arranges them.

    Parameters
    ----------
    y : ndarray
        The targets.

    codes : ndarray of int, of shape (n_rows,)
        The number of each row's group, within which rows are in the order of time.

    Returns
    -------
    bool
        Whether every column holds what the next one held a row before; or, where rows
        are missing, so many columns later as targets are missing before the last.
    """
    if y.ndim < 2 or y.shape[1] < 2:
        return False
    order = np.argsort(codes, kind="stable")
    before, row = order[:-1], order[1:]
    neighbours = codes[before] == codes[row]
    before, row = y[before[neighbours]], y[row[neighbours]]
    if not len(row):
        return False
    n_steps, axes = y.shape[1], tuple(range(1, y.ndim))
    for n_missing in range(n_steps):
        earlier, later = before[:, 1 + n_missing :], row[:, : n_steps - 1 - n_missing]
        both_missing = (earlier != earlier) & (later != later)
        agree = ((earlier == later) | both_missing).all(axis=axes)
        between = row[:, n_steps - 1 - n_missing : -1]
        agree &= (between != between).all(axis=axes)
        if not n_missing and agree.mean() < 0.5:
            return False  # that so many rows are missing is no more likely
        before, row = before[~agree], row[~agree]
        if not len(row):
            return True
    return False
