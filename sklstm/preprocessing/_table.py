"""What a table of rows in time holds: groups, features, what is known in advance."""

import warnings
from numbers import Integral

import numpy as np
import pandas as pd

from sklstm._validation import as_list, reads_as_dates, shortened
from sklstm.preprocessing._groups import Groups

# Rows that the 32 bits of an index can count: more than windows of any use have.
LONGEST = 2**31 - 1


def split_off(X, group_by):
    """Part a table into groups and features.

    Returns
    -------
    tuple of (int or None, array-like, table)
        Position of the column (None for an index level), the group of each row, and
        the columns that are features.
    """
    if isinstance(X, np.ndarray):
        whole = isinstance(group_by, Integral) and not isinstance(group_by, bool)
        if not whole or not 0 <= group_by < X.shape[1]:
            raise ValueError(
                "group_by must be the position of a column of the array X, 0 to "
                f"{X.shape[1] - 1}, got {group_by!r}."
            )
        return int(group_by), X[:, group_by], np.delete(X, group_by, axis=1)
    columns = list(X.columns)
    if group_by in columns:
        features = (
            X.drop(columns=[group_by])
            if isinstance(X, pd.DataFrame)
            else (X.drop([group_by]))
        )
        return columns.index(group_by), X[group_by], features
    if isinstance(X, pd.DataFrame) and group_by in X.index.names:
        return None, X.index.get_level_values(group_by), X
    levels = [name for name in getattr(X, "index", pd.Index([])).names if name]
    raise ValueError(
        f"group_by must be a column or an index level of X, got {group_by!r}. Columns: "
        f"{columns}; index levels: {levels}."
    )


def rows_of_groups(entities, parameter):
    """Give the rows of each group, in the order in which they stand in the table.

    As :meth:`Groups.of` does, in a dict.
    """
    groups = Groups.of(entities, parameter)
    return dict(zip(groups.names, groups.rows_of_each(), strict=True))


def time_index(X, group_by):
    """Give the index without the level that names the group."""
    if group_by is not None and group_by not in X.columns and X.index.nlevels > 1:
        return X.index.droplevel(group_by)
    return X.index


def check_sorted(labels, groups, group_by):
    """Refuse labels that fall, in each group."""
    falls = labels.falls(groups)
    if not falls.any():
        return
    at = int(np.argmax(falls))
    row, i = groups.order[at], int(np.searchsorted(groups.ends, at, side="right"))
    where = "" if group_by is None else f" (group {groups.names[i]!r})"
    raise ValueError(
        f"The index of X is not sorted{where}: label {labels.index[row]!r} of row "
        f"{row} is earlier than the one before it. "
        f'history="auto" needs rows in the order of time: '
        f"{_remedy(labels, groups.rows(i), group_by)}"
    )


def _remedy(labels, rows, group_by):
    """Say what to do about labels that fall."""
    index = labels.index[rows]
    if reads_as_dates(index):
        return (
            f"labels such as {index[0]!r} are text that reads as dates, and sort as "
            "text. Parse them: X.index = pd.to_datetime(X.index), and y's alike; or "
            "set history=None."
        )
    advice = "sort them (X.sort_index(), and y alike), or set history=None."
    if group_by is None and labels.n_rises(rows) > 1 and index.duplicated().any():
        advice += (
            " If these are the rows of several entities, one after the other, name "
            "their column or index level in group_by instead."
        )
    else:
        advice += (
            " If rows were shuffled, split in the order of time (TimeSeriesSplit, "
            "train_test_split(shuffle=False)); of HalvingGridSearchCV, which draws "
            "rows at random, name another resource, such as "
            'resource="lstmregressor__epochs".'
        )
    return advice


def check_lengths(window_length, horizon):
    """Refuse numbers of rows that no table has and no array can count."""
    for name, value in {"window_length": window_length, "horizon": horizon}.items():
        if value > LONGEST:
            raise ValueError(
                f"{name} must be at most {LONGEST} (2**31 - 1) rows, got {value}."
            )


def warn_of_repeated_times(labels):
    """Warn where times or numbers occur twice, as those of several entities do."""
    times = labels.index
    if labels.kind == "other" or times.is_unique:
        return
    # Not `is_unique` alone: in pandas 2 a slice inherits a False.
    repeated = times.duplicated()
    if repeated.any():
        row = int(np.argmax(repeated))
        label = f"time {times[row]!r}" if labels.tells_time else f"label {times[row]}"
        warnings.warn(
            f"The {label} of row {row} of X is that of an earlier row. "
            "If these are rows of several entities, windows go across them: name their "
            "column or index level in group_by.",
            UserWarning,
            stacklevel=4,
        )


def places_of_known(known, columns, group_column):
    """Find the columns that are known in advance among the features of a table.

    Returns
    -------
    ndarray of int
        Their places, not counting the column of groups.

    Raises
    ------
    ValueError
        If there is no such column, or it is that of the groups.
    """
    features = list(columns)
    if group_column is not None:
        del features[group_column]
    known = as_list(known)
    strangers = [column for column in known if column not in features]
    if strangers:
        raise ValueError(
            f"known must name features of X, got {shortened(strangers)}. Features are "
            f"{features}; known=() stands for none of them."
        )
    return np.array([features.index(column) for column in known], dtype=int)
