"""The last rows of a fitted table, and what of them goes before another table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sklstm._series import Frequency, TimeLabels, count_up, n_rows_between


@dataclass(frozen=True)
class Tail:
    """The last rows of a table, or of one of its groups.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The rows.

    labels : TimeLabels or None
        When they were; one label at least tells when the group was.

    frequency : Frequency
        How they follow each other.

    missing : ndarray of int, of shape (n_rows,), or None
        How many rows are missing before each of them.
    """

    values: np.ndarray
    labels: TimeLabels | None
    frequency: Frequency
    missing: np.ndarray | None


@dataclass(frozen=True)
class Before:
    """The steps to put before each group of a table, one group after the other.

    Parameters
    ----------
    values : ndarray of shape (n_steps, n_features)
        The steps.

    sizes : ndarray of int, of shape (n_groups,)
        How many each group has.

    n_between : ndarray of int, of shape (n_groups,), or None
        How many rows are missing between the two tables, by a regular frequency; the
        last steps stand for them. 0 if they are more than the rows of the first table,
        as the second does not continue it then. None if it is not known.
    """

    values: np.ndarray
    sizes: np.ndarray
    n_between: np.ndarray | None = None

    @classmethod
    def nothing(cls, values, groups):
        """Put no step before the groups of a table."""
        return cls(values[:0], np.zeros(len(groups), dtype=np.int64))

    def behind_missing(self, n_steps, at_most):
        """Put missing steps before these, but keep `at_most` of each group."""
        sizes = np.minimum(self.sizes + n_steps, at_most)
        values = np.full((sizes.sum(), self.values.shape[1]), np.nan, self.values.dtype)
        kept = np.minimum(self.sizes, sizes)
        old_ends, new_ends = np.cumsum(self.sizes), np.cumsum(sizes)
        at = count_up(kept) - np.repeat(kept, kept)
        values[np.repeat(new_ends, kept) + at] = self.values[
            np.repeat(old_ends, kept) + at
        ]
        return Before(values, sizes)


class Tails(Mapping):
    """The last rows of each group of a table: a :class:`Tail` for each name.

    They are kept as columns; the tail of a group is made when it is asked for.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The table.

    groups : Groups
        Its rows, in the order of time in each group.

    labels : TimeLabels or None
        Those of the table.

    n_remembered : int
        How many rows of each group.

    missing : ndarray of int, of shape (n_rows,), or None
        How many rows are missing before each.

    frequencies : list of Frequency
        How the rows of each group follow each other.

    watches : bool
        Whether rows that are missing were counted.
    """

    def __init__(
        self, values, groups, labels, n_remembered, missing, frequencies, watches
    ):
        # One label at least tells when the group was.
        last = groups.last(max(n_remembered, 1))
        self._n_remembered, self.frequencies = n_remembered, frequencies
        self._sizes, self._starts = last.sizes, last.starts
        self._n_fitted = groups.sizes
        self._values = values[last.order]
        self._labels = None if labels is None else labels.take(last.order)
        self._missing = None if missing is None else missing[last.order]
        self._places = {name: i for i, name in enumerate(groups.names)}
        # Of the rows that are forgotten: the first of each group, and the holes.
        self._forgot = groups.sizes > n_remembered
        firsts = groups.order[groups.starts]
        self._first = None if labels is None else labels.take(firsts)
        self._knows_holes = [
            watches and frequency.is_regular for frequency in frequencies
        ]
        self._holes = None
        if labels is not None and missing is not None:
            self._holes = labels.holes(groups, missing)

    def __len__(self):
        """Return the number of groups."""
        return len(self._places)

    def __iter__(self):
        """Return an iterator over the names of the groups."""
        return iter(self._places)

    def __contains__(self, name):
        """Return whether there is such a group."""
        return name in self._places

    def __getitem__(self, name):
        """Return the tail of a group."""
        i = self._places[name]
        part = slice(self._starts[i], self._starts[i] + self._sizes[i])
        own = slice(part.start, part.stop if self._n_remembered else part.start)
        missing = None if self._missing is None else self._missing[own].copy()
        return Tail(
            self._values[own].copy(),
            None if self._labels is None else self._labels.part(part),
            self.frequencies[i],
            missing if missing is not None and missing.any() else None,
        )

    def frequencies_of(self, names, otherwise):
        """Return the frequencies of groups; `otherwise` for groups without a tail."""
        places, frequencies = self._places, self.frequencies
        return [frequencies[places[n]] if n in places else otherwise for n in names]

    def none_before(self, groups):
        """Put nothing before a table."""
        return Before.nothing(self._values, groups)

    def all_before(self, groups, n_steps):
        """Return the steps before a table whose rows follow right after these.

        Parameters
        ----------
        groups : Groups
            The rows of the table.

        n_steps : int
            How many steps at most, for each group.

        Returns
        -------
        Before
        """
        there, tails = self._matching(groups)
        n_rows = self._sizes[tails]
        none = np.zeros_like(n_rows)
        return self._steps(len(groups), there, tails, n_rows, none, n_steps)

    def earlier_than(self, groups, n_steps, labels, adjoins, watches_gaps):
        """Return the rows that are earlier than those of a table.

        Parameters
        ----------
        groups : Groups
            The rows of the table.

        n_steps : int
            How many steps at most, for each group.

        labels : TimeLabels
            Its labels.

        adjoins : bool
            Whether nothing is missing between the tables: rows that are later than the
            last one here follow it.

        watches_gaps : bool
            Whether rows missing within a table are missing steps.

        Returns
        -------
        Before
            The rows that are earlier than the first of their group, then a missing
            step for each row between the two. Nothing where the labels can't be
            compared.
        """
        known = self._labels
        if known is None or known.kind != labels.kind:
            return self.none_before(groups)
        there, tails = self._matching(groups)
        first = labels.take(groups.order[groups.starts[there]])
        starts, n_rows = self._starts[tails], self._sizes[tails]
        is_later = known.take(starts + n_rows - 1).are_before(first)
        # Where tables overlap, or this one is the later, some may be earlier.
        some = np.flatnonzero(~is_later)
        if len(some):
            own = n_rows[some]
            at = np.repeat(starts[some], own) + count_up(own)
            earlier = known.take(at).are_before(first.take(np.repeat(some, own)))
            n_rows[some] = np.add.reduceat(earlier, np.cumsum(own) - own, dtype=int)
        frequencies = [self.frequencies[i] for i in tails.tolist()]
        # Of a group by itself that the tables adjoin says nothing.
        counts = np.array(
            [watches_gaps and frequency.is_regular for frequency in frequencies], bool
        )
        asked = np.flatnonzero((n_rows > 0) & (counts | (is_later & (not adjoins))))
        last = known.take((starts + n_rows - 1)[asked])
        n_between = np.zeros(len(there), dtype=np.int64)
        n_fitted = self._n_fitted[tails]
        n_between[asked] = n_rows_between(
            [frequencies[i] for i in asked.tolist()],
            last,
            first.take(asked),
            at_most=max(n_steps, n_fitted.max(initial=0) + 1),
        )
        before = self._steps(len(groups), there, tails, n_rows, n_between, n_steps)
        told = np.zeros(len(groups), dtype=np.int64)
        goes_on = n_between <= n_fitted
        told[there] = np.where(counts & goes_on, n_between, 0)
        return replace(before, n_between=told)

    def read_again(self, groups, labels):
        """Return the groups of a table that begin within rows that are not kept.

        Parameters
        ----------
        groups : Groups
            The rows of the table.

        labels : TimeLabels
            Its labels.

        Returns
        -------
        ndarray of int
            The places of groups that begin after the first row that `fit` saw of them,
            not in a hole between these, and end before the last.
        """
        known = self._labels
        if known is None or known.kind != labels.kind or not self._forgot.any():
            return np.array([], dtype=int)
        there, tails = self._matching(groups)
        forgot = self._forgot[tails]
        there, tails = there[forgot], tails[forgot]
        ends = known.take(self._starts[tails] + self._sizes[tails] - 1)
        last = labels.take(groups.order[groups.ends[there] - 1])
        first = labels.take(groups.order[groups.starts[there]])
        within = ~ends.are_before(last) & self._first.take(tails).are_before(first)
        found = [
            place
            for place, i in zip(there[within], tails[within], strict=True)
            if self._saw(i, labels.at(groups.order[groups.starts[place]]))
        ]
        return np.array(found, dtype=int)

    def _saw(self, i, moment):
        """Return whether a moment is that of a row of a group, or close to one."""
        if not self._knows_holes[i]:  # all that is known are the rows at the end
            part = slice(self._starts[i], self._starts[i] + self._sizes[i])
            return bool((self._labels.part(part).index == moment.label).any())
        if self._holes is None:
            return True
        of_group, around = self._holes
        own = around[slice(*np.searchsorted(of_group, [i, i + 1]))]
        k = np.searchsorted(own[:, 1], moment.position)
        return bool(k == len(own) or moment.position <= own[k, 0])

    def _matching(self, groups):
        """Return which of some groups have a tail, and the places of these tails."""
        places = self._places
        tails = np.array([places.get(name, -1) for name in groups.names], dtype=int)
        there = np.flatnonzero(tails >= 0)
        return there, tails[there]

    def _steps(self, n_groups, there, tails, n_rows, n_between, n_steps):
        """Return the first rows of tails, with the missing steps among and after them.

        Parameters
        ----------
        n_groups : int
            How many groups the table has.

        there : ndarray of int, of shape (n_tails,)
            Those that have a tail.

        tails : ndarray of int, of shape (n_tails,)
            The places of the tails.

        n_rows, n_between : ndarray of int, of shape (n_tails,)
            How many rows of each, and how many missing steps after them.

        n_steps : int
            How many steps at most: the last.

        Returns
        -------
        Before
        """
        sizes = np.zeros(n_groups, dtype=np.int64)
        if not self._n_remembered:
            return Before(self._values[:0], sizes)
        within = count_up(n_rows)
        rows = np.repeat(self._starts[tails], n_rows) + within
        steps = np.ones(len(rows), dtype=np.int64)
        if self._missing is not None:
            steps += np.where(within > 0, np.minimum(self._missing[rows], n_steps), 0)
        passed = np.concatenate([[0], np.cumsum(steps)])
        ends = np.cumsum(n_rows)
        begins = passed[ends - n_rows]
        n_all = passed[ends] - begins + np.minimum(n_between, n_steps)
        sizes[there] = kept = np.minimum(n_all, n_steps)
        # Where each row is among the steps that are kept.
        places = passed[1:] - 1 - np.repeat(begins + n_all - kept, n_rows)
        here = places >= 0
        places += np.repeat(np.cumsum(kept) - kept, n_rows)
        values = np.full(
            (kept.sum(), self._values.shape[1]), np.nan, self._values.dtype
        )
        values[places[here]] = self._values[rows[here]]
        return Before(values, sizes)
