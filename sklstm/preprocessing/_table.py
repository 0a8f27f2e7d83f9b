"""What a table of rows in time holds: groups, features, what is known in advance."""

import warnings

import numpy as np
import pandas as pd

from sklstm._series import entities_of, reads_as_dates
from sklstm._validation import as_list, shortened

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
    entities = entities_of(X, group_by)
    if isinstance(X, np.ndarray):
        return int(group_by), entities, np.delete(X, group_by, axis=1)
    columns = list(X.columns)
    if group_by not in columns:
        return None, entities, X
    dropped = [group_by]
    rest = X.drop(columns=dropped) if isinstance(X, pd.DataFrame) else X.drop(dropped)
    return columns.index(group_by), entities, rest


def how_to_sort(labels, rows, group_by):
    """Return what to do about labels that fall, for ``history="auto"``.

    Parameters
    ----------
    labels : TimeLabels
        Those of the table.

    rows : ndarray of int
        The rows of the group where they fall.

    group_by : object
        What names the groups; None without groups.
    """
    needs = 'history="auto" needs rows in the order of time: '
    index = labels.index[rows]
    if reads_as_dates(index):
        return (
            f"{needs}labels such as {index[0]!r} are text that reads as dates, and "
            "sort as text. Parse them: X.index = pd.to_datetime(X.index), and y's "
            "alike; or set history=None."
        )
    advice = f"{needs}sort them (X.sort_index(), and y alike), or set history=None."
    if group_by is None and labels.n_rises(rows) > 1 and index.duplicated().any():
        return (
            f"{advice} If these are the rows of several entities, one after the other, "
            "name their column or index level in group_by instead."
        )
    return (
        f"{advice} If rows were shuffled, split in the order of time (TimeSeriesSplit, "
        "train_test_split(shuffle=False)); of HalvingGridSearchCV, which draws rows at "
        'random, name another resource, such as resource="lstmregressor__epochs".'
    )


def check_lengths(window_length, horizon):
    """Refuse numbers of rows that no table has and no array can count."""
    for name, value in {"window_length": window_length, "horizon": horizon}.items():
        if value > LONGEST:
            raise ValueError(
                f"{name} must be at most {LONGEST} (2**31 - 1) rows, got {value}."
            )


def warn_of_repeated_times(labels, groups):
    """Warn where sorted times or numbers occur twice, as those of several entities do.

    Parameters
    ----------
    labels : TimeLabels
        Those of the table.

    groups : Groups
        All of its rows, as one group.
    """
    if labels.kind == "other":
        return
    repeated = labels.repeats(groups)
    if repeated.any():
        row = int(np.argmax(repeated))
        label = labels.index[row]
        label = f"time {label!r}" if labels.tells_time else f"label {label}"
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
