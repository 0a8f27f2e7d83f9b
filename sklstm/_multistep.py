"""Targets of several steps ahead in the columns of y: names and values."""

import numpy as np

from sklstm._geometry import label_of_lag


def multistep_names(name, n_steps):
    """Return the names of the columns that `make_multistep` makes from a Series."""
    return [f"{name}[{label_of_lag(lag)}]" for lag in range(n_steps - 1, -1, -1)]


def multistep_name(names):
    """Return the name that `multistep_names` made these from; None if it did not."""
    if names is None or not len(names):
        return None
    name = str(names[-1]).removesuffix("[t]")
    return name if list(names) == multistep_names(name, len(names)) else None


def are_steps(y, codes):
    """Return whether y has several steps, as `make_multistep` arranges them.

    Every column must hold the value that the next one has a row before; if rows are
    missing, the value that many columns later. `codes` are the numbers of the rows'
    groups, within which rows are in the order of time.
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
            return False  # so many missing rows are not more likely
        before, row = before[~agree], row[~agree]
        if not len(row):
            return True
    return False
