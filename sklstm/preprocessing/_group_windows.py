"""The windows of several groups, or of a table with gaps, as slices of one table."""

import numpy as np

from sklstm._series import count_up
from sklstm.sequences import SequenceTable


def windows_of_groups(
    values, groups, before, missing, *, window_length, horizon, beside_known=None
):
    """Stack one group after the other, and cut a window for each row.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The rows of all groups.

    groups : Groups
        The rows of each group, in the order of time.

    before : Before
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
    order, n_before = groups.order, before.sizes
    # Where each row is in its group, behind what is before it and missing.
    steps = np.ones(n_rows, dtype=np.int64)
    if missing is not None:
        steps += np.minimum(groups.arranged(missing), window_length + horizon - 1)
    places = np.cumsum(steps)
    places += groups.repeat(n_before - places[groups.starts])
    sizes = places[groups.ends - 1] + 1
    # The last `horizon` steps of a group are in no window.
    used = np.maximum(sizes - horizon, 0)
    kept = used if beside_known is None else sizes
    begins = np.cumsum(kept) - kept
    table = np.full((kept.sum(), values.shape[1]), np.nan, values.dtype)
    here = places < groups.repeat(kept)
    table[(places + groups.repeat(begins))[here]] = values[order[here]]
    if n_before.any():
        at = count_up(n_before)
        here = at < np.repeat(kept, n_before)
        table[(at + np.repeat(begins, n_before))[here]] = before.values[here]
    if beside_known is not None:
        # Only of those last steps it takes what is known from the next group.
        table = beside_known(table)[count_up(sizes) < np.repeat(used, sizes)]
        begins = np.cumsum(used) - used
    if not len(table):  # no step at all; a table of no rows would be no table
        table = np.full((1, values.shape[1]), np.nan, dtype=values.dtype)
    ends = np.maximum(places - horizon + 1, 0)
    starts, lengths = np.empty(n_rows, np.intp), np.empty(n_rows, np.intp)
    lengths[order] = np.minimum(ends, window_length)
    starts[order] = groups.repeat(begins) + ends - lengths[order]
    starts[lengths == 0] = 0
    return SequenceTable(table, starts, lengths, window_length)


def last_steps(values, groups, before, missing, n_steps):
    """Give the last steps of each group.

    Parameters
    ----------
    values, groups, before, missing
        As for :func:`windows_of_groups`.

    n_steps : int
        How many of each.

    Returns
    -------
    ndarray of shape (n_groups, n_steps, n_features)
        Missing steps where a group, with what is before it, has fewer.
    """
    last = groups.last(n_steps)
    steps = np.ones(len(last.order), dtype=np.int64)
    if missing is not None:
        steps += np.minimum(missing[last.order], n_steps)
    passed = np.cumsum(steps)
    recent = np.full((len(groups), n_steps, values.shape[1]), np.nan, values.dtype)
    numbers = np.arange(len(groups))
    places = n_steps - 1 - (last.repeat(passed[last.ends - 1]) - passed)
    here = places >= 0
    recent[last.repeat(numbers)[here], places[here]] = values[last.order[here]]
    if not before.sizes.any():
        return recent
    n_own = np.diff(passed[last.ends - 1], prepend=0)
    places = count_up(before.sizes) + np.repeat(
        n_steps - n_own - before.sizes, before.sizes
    )
    here = places >= 0
    recent[np.repeat(numbers, before.sizes)[here], places[here]] = before.values[here]
    return recent
