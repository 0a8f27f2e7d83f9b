"""What a stream remembers of the rows that were pushed."""

from collections import ChainMap
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class StreamMemory:
    """What a stream remembers of the rows that were pushed.

    Groups are named as the window names them, lines are groups as they were pushed:
    None without groups.

    Parameters
    ----------
    recent : dict of group to ndarray of shape (window_length, n_features)
        The last time steps.

    labels, given : dict of line to label
        The last label, and the last one that was given.

    times : dict of group to label, or Index of one
        The last label of a transformed row; None if it has no time.

    ends : dict of group to tuple (kind, int)
        The position of that label, where it was computed.

    first : table of one row, or None
        The first row of all.

    head : table or None
        The last rows, if pipeline steps before the window are checked.
    """

    recent: dict = field(default_factory=dict)
    labels: dict = field(default_factory=dict)
    given: dict = field(default_factory=dict)
    times: dict = field(default_factory=dict)
    ends: dict = field(default_factory=dict)
    first: Any = None
    head: Any = None

    def copy(self):
        """Return a copy, which later rows do not change."""
        own = {name: value for name, value in self._items()}
        return StreamMemory(
            **{k: dict(v) if isinstance(v, dict) else v for k, v in own.items()}
        )

    def over(self, later):
        """Return a view of this memory after the changes `later`."""
        found = StreamMemory(first=self.first if later.first is None else later.first)
        for name in ("recent", "labels", "given", "times", "ends"):
            layers = ChainMap(getattr(later, name), getattr(self, name))
            setattr(found, name, layers)
        return found

    def update(self, later):
        """Remember the changes `later` as well."""
        for name in ("recent", "labels", "given", "times", "ends"):
            getattr(self, name).update(getattr(later, name))
        self.first = later.first if self.first is None else self.first

    def _items(self):
        return [(one.name, getattr(self, one.name)) for one in fields(self)]
