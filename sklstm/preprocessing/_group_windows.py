"""The windows of several groups, or of a table with gaps, as slices of one table."""

import numpy as np

from sklstm.sequences import SequenceTable


def windows_of_groups(
    values, groups, before, missing, *, window_length, horizon, beside_known=None
):
    """Stack one group after the other, and cut a window for each row.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The rows of all groups.

    groups : dict of ndarray
        The rows of each group, in the order of time.

    before : dict of ndarray of shape (n_before, n_features)
        What comes before the first row of each group.

    missing : ndarray of int, of shape (n_rows,), or None
        How many rows are missing before each row in its group.

    window_length, horizon : int
        Time steps of a window; and from its last one to its row.

    beside_known : callable, default=None
        Puts what is known in advance beside earlier rows of the stacked table.

    Returns
    -------
    SequenceTable of shape (n_rows, window_length, n_features)
    """
    n_rows = len(values)
    order = np.concatenate(list(groups.values()))
    n_own = np.array([len(rows) for rows in groups.values()])
    before = [before[name] for name in groups]
    n_before = np.array([len(rows) for rows in before])
    # Where each row is in its group, behind what is before it and missing.
    steps = np.ones(n_rows, dtype=np.int64)
    if missing is not None:
        steps += np.minimum(missing[order], window_length + horizon - 1)
    last = np.cumsum(n_own) - 1
    places = np.cumsum(steps)
    places += np.repeat(n_before - places[last - n_own + 1], n_own)
    sizes = places[last] + 1
    # The last `horizon` steps of a group are in no window.
    used = np.maximum(sizes - horizon, 0)
    kept = used if beside_known is None else sizes
    begins = np.cumsum(kept) - kept
    table = np.full((kept.sum(), values.shape[1]), np.nan, values.dtype)
    here = places < np.repeat(kept, n_own)
    table[(places + np.repeat(begins, n_own))[here]] = values[order[here]]
    if n_before.any():
        at = _count_up(n_before)
        here = at < np.repeat(kept, n_before)
        rows = np.concatenate(before)[here]
        table[(at + np.repeat(begins, n_before))[here]] = rows
    if beside_known is not None:
        # Only of those last steps it takes what is known from the next group.
        table = beside_known(table)[_count_up(sizes) < np.repeat(used, sizes)]
        begins = np.cumsum(used) - used
    if not len(table):  # no step at all; a table of no rows would be no table
        table = np.full((1, values.shape[1]), np.nan, dtype=values.dtype)
    ends = np.maximum(places - horizon + 1, 0)
    starts, lengths = np.empty(n_rows, np.intp), np.empty(n_rows, np.intp)
    lengths[order] = np.minimum(ends, window_length)
    starts[order] = np.repeat(begins, n_own) + ends - lengths[order]
    starts[lengths == 0] = 0
    return SequenceTable(table, starts, lengths, window_length)


def _count_up(sizes):
    """Count from 0 on within each of several parts: 0, 1, 0, 1, 2 of sizes 2 and 3."""
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
