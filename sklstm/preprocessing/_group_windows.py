"""The windows of a table, as slices of one table of time steps."""

import numpy as np

from sklstm._series import count_up
from sklstm.sequences import SequenceTable, empty_like_table, samples_of


def windows_of_one(values, before, geometry):
    """Return a window for each row of one series without gaps.

    `values` are the rows, and `before` the time steps before them, of shape (n_steps,
    n_features); earlier ones are missing. The windows are a read-only strided view, of
    shape (n_rows, window_length, n_features).
    """
    n_rows, n_before = len(values), geometry.n_before
    table = empty_like_table(values, (n_before + n_rows, values.shape[1]))
    table[: n_before - len(before)] = np.nan
    table[n_before - len(before) : n_before] = before
    table[n_before:] = values
    table = geometry.shift_known(table)
    windows = samples_of(table, n_rows, geometry.length, step=1)
    windows.flags.writeable = False
    return windows


def windows_of_groups(rows, history, missing, geometry):
    """Return a window for each row of several groups, or of a table with gaps.

    Parameters
    ----------
    rows : Rows
        The rows of all groups.

    history : History
        The time steps before the first row of each group.

    missing : ndarray of int, of shape (n_rows,), or None
        Number of rows missing before each row in its group.

    geometry : WindowGeometry
        The geometry of the windows.

    Returns
    -------
    SequenceTable of shape (n_rows, window_length, n_features)
    """
    values, groups, horizon = rows.values, rows.groups, geometry.horizon
    n_rows = len(values)
    order, n_before = groups.order, history.sizes
    # The time step of each row in its group, after the history and missing steps.
    steps = np.ones(n_rows, dtype=np.int64)
    if missing is not None:
        steps += np.minimum(groups.arranged(missing), geometry.n_before)
    places = np.cumsum(steps)
    places += groups.repeat(n_before - places[groups.starts])
    sizes = places[groups.ends - 1] + 1
    # The last `horizon` steps of a group are in no window.
    used = np.maximum(sizes - horizon, 0)
    kept = sizes if geometry.known else used
    begins = np.cumsum(kept) - kept
    table = np.full((kept.sum(), values.shape[1]), np.nan, values.dtype)
    is_kept = places < groups.repeat(kept)
    table[(places + groups.repeat(begins))[is_kept]] = values[order[is_kept]]
    if n_before.any():
        at = count_up(n_before)
        is_kept = at < np.repeat(kept, n_before)
        table[(at + np.repeat(begins, n_before))[is_kept]] = history.values[is_kept]
    if geometry.known:
        # Only the last steps, which are dropped, get known values of the next group.
        table = geometry.shift_known(table)[count_up(sizes) < np.repeat(used, sizes)]
        begins = np.cumsum(used) - used
    if not len(table):  # as SequenceTable needs a row
        table = np.full((1, values.shape[1]), np.nan, dtype=values.dtype)
    ends = np.maximum(places - horizon + 1, 0)
    starts, lengths = np.empty(n_rows, np.intp), np.empty(n_rows, np.intp)
    lengths[order] = np.minimum(ends, geometry.length)
    starts[order] = groups.repeat(begins) + ends - lengths[order]
    starts[lengths == 0] = 0
    return SequenceTable(table, starts, lengths, geometry.length)


def last_steps(rows, history, missing, n_steps):
    """Return the last `n_steps` time steps of each group.

    The other parameters are those of :func:`windows_of_groups`. The result has shape
    (n_groups, n_steps, n_features), with missing steps for a group that has fewer.
    """
    values, groups = rows.values, rows.groups
    last = groups.last(n_steps)
    steps = np.ones(len(last.order), dtype=np.int64)
    if missing is not None:
        steps += np.minimum(missing[last.order], n_steps)
    passed = np.cumsum(steps)
    recent = np.full((len(groups), n_steps, values.shape[1]), np.nan, values.dtype)
    numbers = np.arange(len(groups))
    places = n_steps - 1 - (last.repeat(passed[last.ends - 1]) - passed)
    is_kept = places >= 0
    recent[last.repeat(numbers)[is_kept], places[is_kept]] = values[last.order[is_kept]]
    if not history.sizes.any():
        return recent
    n_own = np.diff(passed[last.ends - 1], prepend=0)
    places = count_up(history.sizes) + np.repeat(
        n_steps - n_own - history.sizes, history.sizes
    )
    is_kept = places >= 0
    numbers = np.repeat(numbers, history.sizes)[is_kept]
    recent[numbers, places[is_kept]] = history.values[is_kept]
    return recent
