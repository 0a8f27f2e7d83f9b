"""The labels of pushed rows that come without one."""

from numbers import Integral

import numpy as np
import pandas as pd

from sklstm._series import TimeLabels


class NextLabels:
    """The labels that follow the rows so far.

    Parameters
    ----------
    parts : SplitPipeline
        The pipeline.

    seen : FittedTable
        What the window remembers of the fitted table.
    """

    def __init__(self, parts, seen):
        self._seen, self._of_groups = seen, parts.window.group_by is not None
        self._may_be_nearest = not parts.before

    @property
    def last(self):
        """The last moment of the fitted table; without one, a moment of no kind."""
        last = self._seen.last
        return TimeLabels(pd.Index([""])).at(0) if last is None else last

    def are_given(self, index, labels):
        """Return whether an index holds labels; the default index may not.

        It does only for the first rows of numbered ones. `labels` are those so far.
        """
        if not _is_default(index):
            return True
        return self.last.kind == "number" and not labels

    def of(self, line, labels):
        """Return the next label of a group as an Index, None without times.

        Parameters
        ----------
        line : object
            The group of the row; None without groups.

        labels : mapping
            The last label of each group so far.
        """
        seen = self._seen
        # Without times, windows do not depend on labels.
        if seen.last is None:
            return None
        tail = seen.remembered.get(line, None if line is not None else self._only())
        fitted = None if tail is None else tail.labels
        if (label := labels.get(line)) is not None:
            last = TimeLabels(pd.Index([label])).at(0)
        elif fitted is not None:
            last = fitted.at(-1)
        elif known := [one for one in labels.values() if one is not None]:
            # A new group starts with the latest label of other groups.
            return pd.Index([max(known)])
        else:
            last = seen.last
        return self._after(last, [] if tail is None else [tail.frequency])

    def of_each(self, groups, lines, labels):
        """Return the next label of each of several groups as an Index.

        None if a group is new, or a label is not known.
        """
        remembered, found, known = self._seen.remembered, [], {}
        frequencies = remembered.frequencies_of(groups, None)
        for group, line, own in zip(groups, lines, frequencies, strict=True):
            if (label := labels.get(line)) is None:
                fitted = remembered[group].labels if group in remembered else None
                if fitted is None:
                    return None
                label = fitted.at(-1).label
            if (label, own) not in known:
                last = TimeLabels(pd.Index([label])).at(0)
                try:
                    after = self._after(last, [] if own is None else [own])
                except ValueError:  # which the row by itself raises again
                    return None
                known[label, own] = after[0]
            found.append(known[label, own])
        return pd.Index(found)

    def _after(self, last, own):
        """Return the label after the Moment `last`, first by the frequencies `own`."""
        for frequency in [*own, self._seen.frequency]:
            if last.kind == self.last.kind:
                after = frequency.labels_after(last, 1)
                if after is not None:
                    return after
        after = _nearest_label_after(last) if self._may_be_nearest else None
        if after is None:
            raise ValueError(
                f"The row has no label, and the rows so far do not tell which comes "
                f"after {last.label!r}. Push a Series whose name is the label, or a "
                "DataFrame of one row with its index."
            )
        return pd.Index([after])

    def _only(self):
        """Return the history of a table without groups."""
        if self._of_groups:
            return None
        return next(iter(self._seen.remembered.values()), None)


def _is_default(index):
    return isinstance(index, pd.RangeIndex) and index.equals(pd.RangeIndex(len(index)))


def _nearest_label_after(moment):
    """Return the next possible label, so that no row is missing between the two."""
    label = moment.label
    if moment.kind == "number":
        return label + 1 if isinstance(label, Integral) else np.nextafter(label, np.inf)
    if moment.kind.startswith("period"):
        return label + 1
    if moment.kind.endswith("time") or moment.kind == "duration":
        return label + pd.Timedelta(1, unit=label.unit).as_unit(label.unit)
    return None
