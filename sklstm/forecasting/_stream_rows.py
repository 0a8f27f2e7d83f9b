"""Read pushed rows without validation, where an earlier push shows that it holds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklstm.preprocessing import SlidingWindow

# Values of these types are float64 in a table; bools and others are left to validation.
_NUMBERS = frozenset({float, int, np.float64, np.int64})
_LARGEST_INT = 2**63


@dataclass(frozen=True)
class QuickRows:
    """Rows that need no validation.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The features, finite or NaN.

    groups : list of length n_rows
        The group of each row.

    index : Index of length n_rows, or None
        The given labels; None without.

    table : DataFrame or ndarray
        The rows; of one row that is no table, None.
    """

    values: np.ndarray
    groups: list
    index: pd.Index | None
    table: object = None


class RowReader:
    """Reads rows that have the columns and types of a row that was validated before.

    Parameters
    ----------
    parts : SplitPipeline
        The pipeline. Rows are read only if its first step is a `SlidingWindow`.

    names : list
        The column names that `fit` saw; empty for an array.
    """

    def __init__(self, parts, names):
        group_by = parts.window.group_by
        self._names, self._group_by = names, group_by
        self._features = [name for name in names if name != group_by]
        own_groups = group_by is None or not names or group_by in names
        known = type(parts.window) is SlidingWindow and not parts.before
        self._reads = known and own_groups
        # What a validated row has shown: the columns of tables, or the number of them.
        self._columns = self._width = None

    @property
    def has_learned(self):
        """Whether a row was validated, so that others may be read."""
        return self._width is not None

    def learn(self, table):
        """Note the columns of a table of one row that was validated and taken."""
        if not self._reads:
            return
        if not isinstance(table, pd.DataFrame):
            self._width = table.shape[1]
        elif self._names and list(table.columns) == self._names:
            self._columns, self._width = table.columns, len(self._names)

    def read(self, row, labelled):
        """Return the QuickRows of what `push` gets; None if validation must read it.

        `labelled` is a function of an index, whether it holds labels.
        """
        if self._width is None:
            return None
        kind = type(row)
        if kind is pd.DataFrame:
            return self._read_frame(row, labelled)
        if kind is np.ndarray:
            return self._read_array(row)
        index = None
        if kind is pd.Series:
            if self._columns is None or isinstance(row.name, tuple):
                return None
            if not row.index.equals(self._columns):
                return None
            index = None if row.name is None else pd.Index([row.name])
            row = row.tolist()
        elif kind is dict:
            if self._columns is None or len(row) != self._width:
                return None
            try:
                row = [row[name] for name in self._names]
            except KeyError:
                return None
        elif kind not in (list, tuple):
            return None
        return self._read_values(row, index)

    def _read_frame(self, rows, labelled):
        if self._columns is None or not rows.columns.equals(self._columns):
            return None
        if isinstance(rows.index, pd.MultiIndex) or not len(rows):
            return None
        groups = self._one_group(len(rows))
        if self._group_by is not None:
            groups = _names_of(rows[self._group_by].to_numpy())
        if groups is None:
            return None
        index = rows.index if labelled(rows.index) else None
        return _checked(self._numbers_of(rows), groups, index, rows)

    def _numbers_of(self, rows):
        if self._group_by is None:
            return rows.to_numpy()
        if len(self._features) > 3:
            return rows[self._features].to_numpy()
        columns = [rows[name].to_numpy() for name in self._features]
        if any(column.dtype.kind not in "iuf" for column in columns):
            return np.empty(0, dtype=object)
        return np.stack(columns, axis=1)

    def _read_array(self, rows):
        # A table of names takes no rows of an array.
        table = rows if rows.ndim == 2 and not self._names else None
        if rows.ndim == 1:
            rows = rows[np.newaxis]
        if rows.ndim != 2 or rows.shape[1] != self._width or not len(rows):
            return None
        if rows.dtype not in (np.float64, np.int64):
            return None
        groups = self._one_group(len(rows))
        if self._group_by is not None:
            place = self._place_of_group()
            groups = _names_of(rows[:, place])
            rows = np.delete(rows, place, axis=1)
        return None if groups is None else _checked(rows, groups, None, table)

    def _read_values(self, row, index):
        """Read one row as a list of values."""
        if len(row) != self._width:
            return None
        groups = self._one_group(1)
        if self._group_by is not None:
            place = self._place_of_group()
            groups = _names_of([row[place]])
            row = [*row[:place], *row[place + 1 :]]
        if groups is None or not all(type(value) in _NUMBERS for value in row):
            return None
        if any(type(value) is int and abs(value) >= _LARGEST_INT for value in row):
            return None
        return _checked(np.array([row], dtype=np.float64), groups, index, None)

    def _place_of_group(self):
        names = self._names
        return names.index(self._group_by) if names else int(self._group_by)

    @staticmethod
    def _one_group(n_rows):
        return ["all rows"] * n_rows


def _names_of(entities):
    """Return the names of groups; None if validation must read them."""
    names = entities if isinstance(entities, list) else entities.tolist()
    types = {*map(type, names)}
    if types <= {str} or types <= {int}:
        return names
    if types <= {float} and not any(name != name for name in names):
        return names
    return None


def _checked(values, groups, index, table):
    """Return QuickRows; None unless all values are numbers, finite or NaN."""
    if values.dtype.kind in "iu":
        values = values.astype(np.float64)
    if values.dtype not in (np.float64, np.float32) or np.isinf(values).any():
        return None
    if index is not None and index.hasnans:
        return None
    return QuickRows(values, groups, index, table)
