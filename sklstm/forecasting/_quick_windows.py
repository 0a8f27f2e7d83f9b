"""The windows of pushed rows that need no validation, of many groups at once."""

import numpy as np
import pandas as pd

from sklstm._series import TimeLabels, missing_in_steps
from sklstm.forecasting._stream_memory import StreamMemory


class QuickWindows:
    """Makes the windows that end with pushed rows, in the order of the rows.

    They are those of rows that are pushed one by one. Whatever needs an error, or a
    look at the whole table, is left to that: the result is None then.

    Parameters
    ----------
    parts : SplitPipeline
        The pipeline, whose first step is a `SlidingWindow`.

    seen : FittedRows
        What the window remembers of the fitted table.

    next_labels : NextLabels
        The labels of rows without one.

    first_windows : callable
        Returns the windows that end with the first rows of groups, for a table of them,
        the names of the groups, and the StreamMemory.
    """

    def __init__(self, parts, seen, next_labels, first_windows):
        self._window, self._seen = parts.window, seen
        self._next_labels, self._first_windows = next_labels, first_windows

    def of(self, rows, memory):
        """Return windows of shape (n_rows, length, n_features), and their memory.

        Parameters
        ----------
        rows : QuickRows
            The rows.

        memory : StreamMemory
            What the stream remembers; not changed.

        Returns
        -------
        tuple (ndarray, StreamMemory), or None
            The windows, and what is to be remembered in addition.
        """
        n_rows, later = len(rows.groups), StreamMemory()
        rounds, windows = _rounds(rows.groups), None
        for number, own in enumerate(rounds):
            before = memory.over(later) if number else memory
            found = self._of_round(_take(rows, own), before)
            if found is None:
                return None
            some, new = found
            later.update(new)
            if len(rounds) == 1:
                return some, later
            if windows is None:
                windows = np.empty((n_rows, *some.shape[1:]), some.dtype)
            windows[own] = some
        return windows, later

    def _of_round(self, rows, memory):
        """Make the windows of rows of different groups, as :meth:`of`."""
        groups, seen = rows.groups, self._seen
        lines = groups if self._window.group_by is not None else [None]
        index = rows.index
        if index is None and seen.last is not None:
            index = self._next_labels.of_each(groups, lines, memory.labels)
            if index is None:
                return None
        later = StreamMemory()
        if index is None:
            label = 0 if isinstance(rows.table, pd.DataFrame) else None
            labels, ends = [label] * len(groups), None
            later.times, later.ends = dict.fromkeys(groups), dict.fromkeys(groups)
        else:
            times = TimeLabels(index)
            positions = times.integers()
            if positions is None:
                return None
            labels, ends = _labels_of(index, positions), (times.kind, positions)
            later.times = dict(zip(groups, labels, strict=True))
            pairs = [(times.kind, position) for position in positions.tolist()]
            later.ends = dict(zip(groups, pairs, strict=True))
        later.labels = dict(zip(lines, labels, strict=True))
        if rows.index is not None:
            later.given = later.labels
            if not _are_later(later.given, memory.given):
                return None
        windows = self._windows(rows, index, ends, memory, later)
        if windows is None:
            return None
        # Copies: steps after the window may work in place, and views keep all windows.
        recent = [window.copy() for window in windows]
        later.recent = dict(zip(groups, recent, strict=True))
        return windows, later

    def _windows(self, rows, index, ends, memory, later):
        """Make windows of groups that were pushed before, and of others."""
        known = [group in memory.recent for group in rows.groups]
        if all(known):
            return self._next_windows(rows, ends, memory)
        new = [i for i, is_known in enumerate(known) if not is_known]
        table = rows.table
        if table is None or not self._stays_first(ends, new, memory):
            return None
        if isinstance(table, pd.DataFrame) and rows.index is None and index is not None:
            table = table.set_axis(index)
        by_position = getattr(table, "iloc", table)
        if memory.first is None:
            later.first = by_position[:1].copy()
        names = [rows.groups[i] for i in new]
        if len(new) == len(known):
            return self._first_windows(by_position[new], names, memory)
        old = np.flatnonzero(known).tolist()
        some = None if ends is None else (ends[0], ends[1][old])
        others = self._next_windows(_take(rows, old), some, memory)
        if others is None:  # before new groups are warned of
            return None
        first = self._first_windows(by_position[new], names, memory)
        dtype = np.result_type(first, others)
        windows = np.empty((len(known), *first.shape[1:]), dtype)
        windows[new], windows[old] = first, others
        return windows

    def _stays_first(self, ends, new, memory):
        """Return whether the first row of all is the earliest one.

        It decides then, for all groups, whether they continue the fitted table.
        """
        if ends is None:
            return True
        kind, positions = ends
        first = positions[0]
        if memory.first is not None:
            times = TimeLabels(memory.first.index)
            first = times.integers()
            if times.kind != kind or first is None:
                return False
        return bool((positions[new] >= first).all())

    def _next_windows(self, rows, ends, memory):
        """Move the last windows on by the new rows, and the rows missing before."""
        values, groups = rows.values, rows.groups
        before = [memory.recent[group] for group in groups]
        before = before[0][np.newaxis] if len(before) == 1 else np.stack(before)
        missing = self._n_missing(groups, ends, memory)
        if missing is None or before.dtype != values.dtype:
            return None
        windows = np.empty_like(before)
        windows[:, :-1], windows[:, -1] = before[:, 1:], values
        length = windows.shape[1]
        for i in np.flatnonzero(missing).tolist():
            n_steps = min(int(missing[i]) + 1, length)
            windows[i, : length - n_steps] = before[i, n_steps:]
            windows[i, length - n_steps : -1] = np.nan
        return windows

    def _n_missing(self, groups, ends, memory):
        """Return the number of rows missing before each; None if not known so."""
        if ends is None:
            return np.zeros(len(groups), dtype=np.int64)
        kind, positions = ends
        last = [_end(memory, group) for group in groups]
        if any(end is None or end[0] not in (None, kind) for end in last):
            return None
        last = [
            position if end[0] is None else end[1]
            for end, position in zip(last, positions.tolist(), strict=True)
        ]
        steps = positions - np.array(last)
        if (steps < 0).any():
            return None
        seen = self._seen
        if self._window.gaps != "missing" or kind != seen.kind_of_time:
            return np.zeros(len(groups), dtype=np.int64)
        frequencies = seen.remembered.frequencies_of(
            groups, seen.frequency_of_new_groups
        )
        return missing_in_steps(frequencies, steps)


def _end(memory, group):
    """Return kind and position of the last label of a group, or None.

    The kind is None if the last row has no time.
    """
    end = memory.ends.get(group)
    if end is not None:
        return end
    label = memory.times.get(group)
    if label is None:
        return None, None
    times = TimeLabels(label if isinstance(label, pd.Index) else pd.Index([label]))
    positions = times.integers()
    return None if positions is None else (times.kind, int(positions[0]))


def _are_later(labels, before):
    """Return whether labels are later than those before them."""
    try:
        return all(
            (last := before.get(line)) is None or label > last
            for line, label in labels.items()
        )
    except TypeError:
        return False


def _labels_of(index, positions):
    """Return the labels of an index as a list."""
    if (positions == positions[0]).all():
        return [index[0]] * len(index)
    return index.tolist()


def _rounds(groups):
    """Return lists of rows: the first row of each group, the second, and so on."""
    if len({*groups}) == len(groups):
        return [list(range(len(groups)))]
    rounds, passed = [], {}
    for row, group in enumerate(groups):
        number = passed[group] = passed.get(group, -1) + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(row)
    return rounds


def _take(rows, own):
    """Return some of the QuickRows."""
    if len(own) == len(rows.groups):
        return rows
    table = rows.table
    return type(rows)(
        rows.values[own],
        [rows.groups[i] for i in own],
        None if rows.index is None else rows.index[own],
        None if table is None else getattr(table, "iloc", table)[own],
    )
