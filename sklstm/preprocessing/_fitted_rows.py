"""What `SlidingWindow` remembers of the fitted table, to go before another one."""

import warnings
from dataclasses import dataclass
from typing import Any

from sklstm._series import count_missing, frequencies_of
from sklstm._window_step import FittedTable
from sklstm.preprocessing._seen_target import SeenTarget
from sklstm.preprocessing._tails import Tails


@dataclass(frozen=True)
class FittedRows(FittedTable):
    """What `SlidingWindow` remembers of the table that `fit` got.

    Parameters
    ----------
    kind_of_time : str or None
        The kind of labels between which gaps show; None where they show none.

    frequency_within : Frequency or None
        How rows follow each other in groups that `fit` did not see.

    Other parameters are those of FittedTable.
    """

    kind_of_time: str | None = None
    frequency_within: Any = None

    @classmethod
    def of(cls, rows, y, window):
        """Return what is remembered of a table, and the rows missing before each.

        Parameters
        ----------
        rows : Rows
            The table.

        y : array-like or None
            The targets.

        window : SlidingWindow
            Its parameters say how much is remembered.

        Returns
        -------
        tuple of (FittedRows, ndarray of int of shape (n_rows,) or None)
        """
        values, groups = rows.values, rows.groups
        labels, times = rows.labels, rows.times
        shows = times is not None and times.show_gaps(window.group_by is not None)
        watches = shows and window.gaps == "missing"
        frequencies = frequencies_of(times, groups, of_table_where_short=watches)
        missing = _count_missing(rows, frequencies, window) if watches else None
        n_before = window.geometry.n_before
        seen = cls(
            last=None if labels is None else labels.span()[1],
            frequency=None if labels is None else labels.frequency(),
            counts_missing=watches,
            remembered=Tails(
                values, groups, labels, n_before, missing, frequencies, watches
            ),
            target=SeenTarget.of(y, values, groups),
            kind_of_time=times.kind if shows else None,
            frequency_within=None if times is None else times.frequency(),
        )
        return seen, missing

    def missing_rows(self, rows, window):
        """Count the rows missing before each of a table, by the fitted frequencies.

        Returns
        -------
        ndarray of int, of shape (n_rows,), or None
            None where none is missing, or the index does not tell.
        """
        if not self._counts_missing_in(rows, window):
            return None
        names = rows.groups.names
        frequencies = self.remembered.frequencies_of(names, self.frequency_within)
        return _count_missing(rows, frequencies, window)

    def before(self, rows, window):
        """Return the steps that go before each group of a table, as a Before."""
        tails, n_steps = self.remembered, window.geometry.n_before
        if window.history == "fit":
            return tails.all_before(rows.groups, n_steps)
        if window.history is None or rows.labels is None:
            return tails.none_before(rows.groups)
        adjoins = window.gaps == "ignore" or self._adjoins(rows.labels)
        counts = self._counts_missing_in(rows, window)
        return tails.earlier_than(rows.groups, n_steps, rows.labels, adjoins, counts)

    def warn_of_other_labels(self, rows, history):
        """Warn where the index is of another kind than that of the fitted table."""
        kind = None if rows.labels is None else rows.labels.kind
        if history == "auto" and self.last is not None and kind != self.last.kind:
            warnings.warn(
                f"X has an index of another kind ({kind or 'none: an array'}) than in "
                f"fit ({self.last.kind}), so that it is not known whether it goes on "
                "where the fitted table ended: its windows start without history. Give "
                'it such an index, or set history="fit" or history=None.',
                UserWarning,
                stacklevel=4,
            )

    def _counts_missing_in(self, rows, window):
        """Return whether rows that are missing in a later table are missing steps."""
        same = rows.times is not None and rows.times.kind == self.kind_of_time
        return same and window.gaps == "missing"

    def _adjoins(self, labels):
        """Return whether nothing is missing between the fitted table and another.

        Then nothing is missing in a group either, whose own rows may be rare.
        """
        if self.last is None:
            return False
        first, _ = labels.span()
        is_later = self.last.is_before(first)
        return is_later and not self.frequency.n_rows_between(self.last, first)


def _count_missing(rows, frequencies, window):
    are_sorted = window.history == "auto"  # or they were refused
    return count_missing(rows.times, rows.groups, frequencies, are_sorted=are_sorted)
