"""The last rows of a fitted table, and which of them go before another table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sklstm._series import Frequency, TimeLabels, count_up, n_rows_between
from sklstm._stored import stored_as


@dataclass(frozen=True)
class GroupRows:
    """The last rows of a group of a table.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The rows.

    labels : TimeLabels or None
        Their labels; at least the last one of the group.

    frequency : Frequency
        The frequency of the group.

    missing : ndarray of int, of shape (n_rows,), or None
        Number of rows missing before each row.
    """

    values: np.ndarray
    labels: TimeLabels | None
    frequency: Frequency
    missing: np.ndarray | None


@dataclass(frozen=True)
class History:
    """The time steps before each group of a table, one group after the other.

    Parameters
    ----------
    values : ndarray of shape (n_steps, n_features)
        The time steps.

    sizes : ndarray of int, of shape (n_groups,)
        The number of time steps of each group.

    n_between : ndarray of int, of shape (n_groups,), or None
        Number of rows missing between the fitted table and this one, by a regular
        frequency; they are the last time steps. 0 if more rows are missing than
        the fitted table has, as this table does not continue it then. None if unknown.
    """

    values: np.ndarray
    sizes: np.ndarray
    n_between: np.ndarray | None = None

    @classmethod
    def none(cls, values, groups):
        """Return no time step for each group of a table with these values."""
        return cls(values[:0], np.zeros(len(groups), dtype=np.int64))

    def after_missing(self, n_steps, at_most):
        """Return `n_steps` missing steps and then these, but the last `at_most`."""
        sizes = np.minimum(self.sizes + n_steps, at_most)
        values = np.full((sizes.sum(), self.values.shape[1]), np.nan, self.values.dtype)
        kept = np.minimum(self.sizes, sizes)
        from_end = count_up(kept) - np.repeat(kept, kept)
        old = np.repeat(np.cumsum(self.sizes), kept) + from_end
        values[np.repeat(np.cumsum(sizes), kept) + from_end] = self.values[old]
        return History(values, sizes)


@stored_as("last rows")
class LastRows(Mapping):
    """The last rows of each group of a table: names of groups to :class:`GroupRows`.

    They are stored as columns; a GroupRows is made on access.

    Parameters
    ----------
    rows : Rows
        The table.

    n_remembered : int
        The number of rows to remember of each group.

    missing : ndarray of int, of shape (n_rows,), or None
        Number of rows missing before each row, if `counts_missing`.

    frequencies : list of Frequency
        The frequency of each group.
    """

    def __init__(self, rows, n_remembered, missing, frequencies, counts_missing):
        groups, labels = rows.groups, rows.labels
        last = groups.last(max(n_remembered, 1))  # the last label in any case
        self._n_remembered, self.frequencies = n_remembered, frequencies
        self._sizes, self._starts, self._ends = last.sizes, last.starts, last.ends
        self._n_fitted = groups.sizes
        self._values = rows.values[last.order]
        self._labels = None if labels is None else labels.take(last.order)
        self._missing = None if missing is None else missing[last.order]
        self._numbers = {name: i for i, name in enumerate(groups.names)}
        # The first row and the gaps of each group, with the rows that are forgotten.
        firsts = groups.order[groups.starts]
        self._first = None if labels is None else labels.take(firsts)
        self._knows_gaps = [counts_missing and one.is_regular for one in frequencies]
        self._gaps = None
        if labels is not None and missing is not None:
            self._gaps = labels.gaps(groups, missing)

    def __getstate__(self):
        # Of 100,000 groups as columns: few frequencies are different ones.
        codes, different = _factorize(self.frequencies)
        own = {**vars(self), "frequencies": different, "_frequency_codes": codes}
        own["_numbers"] = list(self._numbers)
        return own

    def __setstate__(self, state):
        vars(self).update(state)
        if "_frequency_codes" in state:
            codes = vars(self).pop("_frequency_codes").tolist()
            self.frequencies = [state["frequencies"][code] for code in codes]
            self._numbers = {name: i for i, name in enumerate(state["_numbers"])}

    def __len__(self):
        return len(self._numbers)

    def __iter__(self):
        return iter(self._numbers)

    def __contains__(self, name):
        return name in self._numbers

    def __getitem__(self, name):
        i = self._numbers[name]
        part = slice(self._starts[i], self._ends[i])
        own = slice(part.start, part.stop if self._n_remembered else part.start)
        missing = None if self._missing is None else self._missing[own].copy()
        return GroupRows(
            self._values[own].copy(),
            None if self._labels is None else self._labels.part(part),
            self.frequencies[i],
            missing if missing is not None and missing.any() else None,
        )

    def frequencies_of(self, names, default):
        """Return the frequencies of groups; `default` for groups that are new."""
        numbers, frequencies = self._numbers, self.frequencies
        return [frequencies[numbers[n]] if n in numbers else default for n in names]

    def history_of(self, groups, n_steps):
        """Return the History of a table whose rows follow directly after these."""
        matched, own = self._match(groups)
        n_rows = self._sizes[own]
        between = np.zeros_like(n_rows)
        return self._history(len(groups), matched, own, n_rows, between, n_steps)

    def earlier_history_of(self, groups, n_steps, labels, adjoins, counts_missing):
        """Return the History of a table, of rows that are earlier than it by `labels`.

        For each group these are the rows earlier than its first one, then a missing
        step for each row between the two, but at most `n_steps`. It is empty if the
        labels can't be compared. `adjoins` is whether no row is missing between the
        tables, `counts_missing` whether rows missing within a table are missing time
        steps.
        """
        ours = self._labels
        if ours is None or ours.kind != labels.kind:
            return History.none(self._values, groups)
        matched, own = self._match(groups)
        first = labels.take(groups.order[groups.starts[matched]])
        is_later = ours.take(self._ends[own] - 1).are_before(first)
        n_rows = self._n_earlier(own, first, is_later)
        frequencies = [self.frequencies[i] for i in own.tolist()]
        # Rows of one group may be rare, so that `adjoins` is of the whole table.
        counts = np.array([counts_missing and f.is_regular for f in frequencies], bool)
        asked = np.flatnonzero((n_rows > 0) & (counts | (is_later & (not adjoins))))
        n_between = np.zeros(len(matched), dtype=np.int64)
        n_fitted = self._n_fitted[own]
        n_between[asked] = n_rows_between(
            [frequencies[i] for i in asked.tolist()],
            ours.take((self._starts[own] + n_rows - 1)[asked]),
            first.take(asked),
            at_most=max(n_steps, n_fitted.max(initial=0) + 1),
        )
        history = self._history(len(groups), matched, own, n_rows, n_between, n_steps)
        reported = np.zeros(len(groups), dtype=np.int64)
        continues = n_between <= n_fitted
        reported[matched] = np.where(counts & continues, n_between, 0)
        return replace(history, n_between=reported)

    def _n_earlier(self, own, first, is_later):
        """Return how many rows of groups are earlier than `first` of each.

        `is_later` marks the groups of which all rows are earlier.
        """
        n_rows = self._sizes[own]
        some = np.flatnonzero(~is_later)
        if len(some):
            sizes = n_rows[some]
            at = np.repeat(self._starts[own[some]], sizes) + count_up(sizes)
            earlier = self._labels.take(at).are_before(
                first.take(np.repeat(some, sizes))
            )
            starts = np.cumsum(sizes) - sizes
            n_rows[some] = np.add.reduceat(earlier, starts, dtype=int)
        return n_rows

    def begin_in_forgotten(self, groups, labels):
        """Return the numbers of groups that begin within rows that are not remembered.

        They begin after the first row of the group in `fit`, not in a gap of it, and
        end before the last one. `labels` are of the table.
        """
        ours = self._labels
        forgot = self._n_fitted > self._n_remembered
        if ours is None or ours.kind != labels.kind or not forgot.any():
            return np.array([], dtype=int)
        matched, own = self._match(groups)
        matched, own = matched[forgot[own]], own[forgot[own]]
        ends = ours.take(self._ends[own] - 1)
        last = labels.take(groups.order[groups.ends[matched] - 1])
        first = labels.take(groups.order[groups.starts[matched]])
        within = ~ends.are_before(last) & self._first.take(own).are_before(first)
        found = [
            number
            for number, i in zip(matched[within], own[within], strict=True)
            if self._is_near_row(i, labels.at(groups.order[groups.starts[number]]))
        ]
        return np.array(found, dtype=int)

    def _is_near_row(self, i, moment):
        """Return whether a moment is of a row of group `i`, and not within a gap."""
        if not self._knows_gaps[i]:  # only the last rows are known
            part = slice(self._starts[i], self._ends[i])
            return bool((self._labels.part(part).index == moment.label).any())
        if self._gaps is None:
            return True
        of_group, around = self._gaps
        own = around[slice(*np.searchsorted(of_group, [i, i + 1]))]
        k = np.searchsorted(own[:, 1], moment.position)
        return bool(k == len(own) or moment.position <= own[k, 0])

    def _match(self, groups):
        """Return which of these groups are remembered, and their numbers here."""
        numbers = self._numbers
        own = np.array([numbers.get(name, -1) for name in groups.names], dtype=int)
        matched = np.flatnonzero(own >= 0)
        return matched, own[matched]

    def _history(self, n_groups, matched, own, n_rows, n_between, n_steps):
        """Return the first rows of groups, with missing steps among and after them.

        `matched` and `own` are the numbers of the groups in the table and here,
        `n_rows` how many of their rows to take, `n_between` how many missing steps
        follow. Of all these, the last `n_steps` are kept.
        """
        sizes = np.zeros(n_groups, dtype=np.int64)
        if not self._n_remembered:
            return History(self._values[:0], sizes)
        within = count_up(n_rows)
        rows = np.repeat(self._starts[own], n_rows) + within
        steps = np.ones(len(rows), dtype=np.int64)
        if self._missing is not None:
            steps += np.where(within > 0, np.minimum(self._missing[rows], n_steps), 0)
        passed = np.concatenate([[0], np.cumsum(steps)])
        ends = np.cumsum(n_rows)
        begins = passed[ends - n_rows]
        n_all = passed[ends] - begins + np.minimum(n_between, n_steps)
        sizes[matched] = kept = np.minimum(n_all, n_steps)
        # The position of each row among the steps that are kept.
        places = passed[1:] - 1 - np.repeat(begins + n_all - kept, n_rows)
        is_kept = places >= 0
        places += np.repeat(np.cumsum(kept) - kept, n_rows)
        shape = kept.sum(), self._values.shape[1]
        values = np.full(shape, np.nan, self._values.dtype)
        values[places[is_kept]] = self._values[rows[is_kept]]
        return History(values, sizes)


def _factorize(values):
    """Return the number of each value among the different ones, and these."""
    numbers = {}
    codes = [numbers.setdefault(value, len(numbers)) for value in values]
    return np.array(codes, dtype=np.int64), list(numbers)
