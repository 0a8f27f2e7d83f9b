"""What `SlidingWindow` remembers of the fitted table."""

import warnings
from dataclasses import dataclass
from typing import Any

from sklstm._series import count_missing, frequencies_of
from sklstm._stored import stored_as
from sklstm._window_step import FittedTable
from sklstm.preprocessing._last_rows import History, LastRows
from sklstm.preprocessing._seen_target import SeenTarget
from sklstm.preprocessing._start_of_fit import StartOfFit


@stored_as("fitted rows")
@dataclass(frozen=True)
class FittedRows(FittedTable):
    """What `SlidingWindow` remembers of the table that `fit` got.

    Parameters
    ----------
    kind_of_time : str or None
        The kind of labels that show gaps; None if they show none.

    frequency_of_new_groups : Frequency or None
        The frequency of groups that `fit` did not see.

    start : StartOfFit or None
        How the table begins, if it is of one series without an index but 0, 1, ...,
        and history is used.

    Other parameters are those of FittedTable.
    """

    kind_of_time: str | None = None
    frequency_of_new_groups: Any = None
    start: Any = None

    @classmethod
    def of(cls, rows, y, window):
        """Return what a fitted window remembers, and the rows missing before each row.

        The latter is an ndarray of int of shape (n_rows,), or None without any.
        """
        labels, times = rows.labels, rows.times
        shows_gaps = times is not None and times.show_gaps(window.group_by is not None)
        counts = shows_gaps and window.gaps == "missing"
        frequencies = frequencies_of(times, rows.groups, of_table_where_short=counts)
        missing = _count_missing(rows, frequencies, window) if counts else None
        n_before = window.geometry.n_before
        of_one = window.group_by is None and window.history is not None
        knows_start = of_one and not rows.has_index
        seen = cls(
            last=None if labels is None else labels.last(),
            frequency=None if labels is None else labels.frequency(),
            counts_missing=counts,
            remembered=LastRows(rows, n_before, missing, frequencies, counts),
            target=SeenTarget.of(y, rows.values, rows.groups),
            kind_of_time=times.kind if shows_gaps else None,
            frequency_of_new_groups=None if times is None else times.frequency(),
            start=StartOfFit.of(rows.values) if knows_start else None,
        )
        return seen, missing

    def missing_rows(self, rows, window):
        """Return the number of rows missing before each, by the fitted frequencies.

        None if no row is missing, or the index does not show it.
        """
        if not self._counts_missing_in(rows, window):
            return None
        frequencies = self.remembered.frequencies_of(
            rows.groups.names, self.frequency_of_new_groups
        )
        return _count_missing(rows, frequencies, window)

    def counts_missing_as(self, other, names):
        """Return whether the same rows of a table are missing by another fit.

        `names` are the groups of the table.
        """
        if self.kind_of_time != other.kind_of_time:
            return False
        own, others = (
            fit.remembered.frequencies_of(names, fit.frequency_of_new_groups)
            for fit in (self, other)
        )
        return own == others

    def history_of(self, rows, window):
        """Return the time steps before each group of a table, as a History."""
        last_rows, n_steps = self.remembered, window.geometry.n_before
        if window.history == "fit":
            return last_rows.history_of(rows.groups, n_steps)
        if window.history is None or rows.labels is None:
            return History.none(rows.values, rows.groups)
        adjoins = window.gaps == "ignore" or self._adjoins(rows.labels)
        counts = self._counts_missing_in(rows, window)
        return last_rows.earlier_history_of(
            rows.groups, n_steps, rows.labels, adjoins, counts
        )

    def tells_no_place_of(self, rows):
        """Return whether no index tells whether a table continues the fitted one.

        The fitted table was an array, or both have the index 0, 1, ...
        """
        both_new = rows.labels is not None and not rows.has_index
        return self.start is not None and (self.last is None or both_new)

    def warn_of_other_labels(self, rows, history):
        """Warn if the index is of another kind than that of the fitted table."""
        kind = None if rows.labels is None else rows.labels.kind
        if history == "auto" and self.last is not None and kind != self.last.kind:
            warnings.warn(
                f"X has an index of another kind ({kind or 'none: an array'}) than in "
                f"fit ({self.last.kind}), so that it is not known whether it continues "
                "the fitted table: its windows start without history. Pass X with "
                'such an index, or set history="fit" or history=None.',
                UserWarning,
                stacklevel=4,
            )

    def _counts_missing_in(self, rows, window):
        """Return whether rows that are missing in a later table are missing steps."""
        same = rows.times is not None and rows.times.kind == self.kind_of_time
        return same and window.gaps == "missing"

    def _adjoins(self, labels):
        """Return whether no row is missing between the fitted table and another.

        Then none is missing in a group either, even if its own rows are rare.
        """
        if self.last is None:
            return False
        first = labels.first()
        is_later = self.last.is_before(first)
        return is_later and not self.frequency.n_rows_between(self.last, first)


def _count_missing(rows, frequencies, window):
    are_sorted = window.history == "auto"  # by check_sorted
    return count_missing(rows.times, rows.groups, frequencies, are_sorted=are_sorted)
