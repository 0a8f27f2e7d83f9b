"""What a table of rows in time holds: groups, features, what is known in advance."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from sklstm._series import (
    Groups,
    TimeLabels,
    check_sorted,
    entities_of,
    groups_of,
    reads_as_dates,
    time_index,
)
from sklstm._validation import (
    as_list,
    check_group_by,
    check_no_infinity,
    check_numbers,
    check_rows,
    check_table,
    n_axes,
    shortened,
)

# Rows that the 32 bits of an index can count: more than windows of any use have.
LONGEST = 2**31 - 1


@dataclass(frozen=True)
class Rows:
    """The rows of a table as `SlidingWindow` reads them.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The features, as numbers.

    groups : Groups
        The rows of each group, in the order of time.

    group_column : int or None
        The position of the column that names the groups.

    labels : TimeLabels or None
        The index, where ``history="auto"`` looks at it.

    times : TimeLabels or None
        The index, where gaps between rows can be found by it.
    """

    values: np.ndarray
    groups: Groups
    group_column: int | None
    labels: TimeLabels | None
    times: TimeLabels | None


def read_rows(window, X, reset):
    """Read the rows of a table, with their times.

    Parameters
    ----------
    window : SlidingWindow
        Its parameters say what to read.

    X : DataFrame or array-like of shape (n_rows, n_columns)
        The table.

    reset : bool
        Whether `fit` reads it, and the columns are those of later tables.

    Returns
    -------
    Rows

    Raises
    ------
    ValueError
        If X is no such table, or its index is not sorted with ``history="auto"``.
    """
    values, groups, group_column = read_numbers(window, X, reset)
    index = time_index(X, window.group_by) if isinstance(X, pd.DataFrame) else None
    labels = times = None
    if window.history == "auto" and index is not None:
        labels = times = TimeLabels(index)
        check_sorted(labels, groups, window.group_by, how_to_sort)
    elif window.gaps != "ignore" and _may_show_gaps(index):
        times = TimeLabels(index)
    return Rows(values, groups, group_column, labels, times)


def _may_show_gaps(index):
    """Return whether missing rows may show in an index that need not be sorted."""
    if index is None or isinstance(index, pd.MultiIndex):
        return False
    return not index.hasnans


def read_numbers(window, X, reset):
    """Read the features of a table, and its groups.

    Parameters
    ----------
    window, X, reset
        As for :func:`read_rows`.

    Returns
    -------
    tuple of (ndarray of shape (n_rows, n_features), Groups, int or None)
        The numbers, the groups, and the position of the column that names these.
    """
    group_by, group_column = window.group_by, None
    if group_by is None:
        values = check_rows(window, X, reset=reset)
        groups = groups_of(values, None)
    else:
        check_table(X)
        check_group_by(group_by)
        if n_axes(X) != 2 or hasattr(X, "toarray"):
            check_rows(window, X, reset=reset)  # which says what is wrong
        validate_data(window, X, reset=reset, skip_check_array=True)
        X = X if hasattr(X, "columns") else np.asarray(X)
        group_column, entities, features = split_off(X, group_by)
        if not features.shape[1]:
            raise ValueError(
                f"Found 0 feature(s) in X beside the column of group_by={group_by!r}, "
                "while a minimum of 1 is required."
            )
        values = check_numbers(features, window)
        groups = Groups.of(entities, f"group_by={group_by!r}")
    check_no_infinity(window, values)
    return values, groups, group_column


def split_off(X, group_by):
    """Split a table into groups and features.

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
    """Raise if a number of rows is larger than 32 bits can count."""
    for name, value in {"window_length": window_length, "horizon": horizon}.items():
        if value > LONGEST:
            raise ValueError(
                f"{name} must be at most {LONGEST} (2**31 - 1) rows, got {value}."
            )


def warn_of_repeated_times(labels, groups):
    """Warn if sorted times or numbers occur twice, as those of several entities do.

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


def places_of_known(known, X, rows):
    """Return the places of the features that are known in advance.

    Parameters
    ----------
    known : str, int or sequence of such
        The columns.

    X : DataFrame or array-like of shape (n_rows, n_columns)
        The table.

    rows : Rows
        What was read of it.

    Returns
    -------
    tuple of int
        Their places, not counting the column of groups.

    Raises
    ------
    ValueError
        If there is no such column, or it is that of the groups.
    """
    n_columns = rows.values.shape[1] + (rows.group_column is not None)
    features = list(getattr(X, "columns", range(n_columns)))
    if rows.group_column is not None:
        del features[rows.group_column]
    known = as_list(known)
    strangers = [column for column in known if column not in features]
    if strangers:
        raise ValueError(
            f"known must name features of X, got {shortened(strangers)}. Features are "
            f"{features}; known=() stands for none of them."
        )
    return tuple(features.index(column) for column in known)
