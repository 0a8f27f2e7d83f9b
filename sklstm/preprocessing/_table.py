"""Reading a table of rows in time: groups, features, labels, known covariates."""

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

_LONGEST = 2**31 - 1


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
        The index, if ``history="auto"`` uses it.

    times : TimeLabels or None
        The index, if it may show gaps.

    has_index : bool
        Whether there is an index other than 0, 1, ..., which any new table has.
    """

    values: np.ndarray
    groups: Groups
    group_column: int | None
    labels: TimeLabels | None
    times: TimeLabels | None
    has_index: bool


def read_rows(window, X, reset):
    """Return the Rows of a table, by the parameters of `window`.

    `reset` is whether `fit` reads it. Raise ValueError unless X is such a table, and,
    with ``history="auto"``, its index is sorted.
    """
    values, groups, group_column = read_numbers(window, X, reset)
    index = time_index(X, window.group_by) if isinstance(X, pd.DataFrame) else None
    labels = times = None
    if window.history == "auto" and index is not None:
        labels = times = TimeLabels(index)
        check_sorted(labels, groups, window.group_by, advice_on_order)
    elif window.gaps != "ignore" and not (
        index is None or isinstance(index, pd.MultiIndex) or index.hasnans
    ):
        times = TimeLabels(index)
    has_index = isinstance(X, pd.DataFrame) and not _is_default(X.index)
    return Rows(values, groups, group_column, labels, times, has_index)


def _is_default(index):
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def read_numbers(window, X, reset):
    """Return features as numbers, Groups, and the position of their column or None.

    Parameters are those of :func:`read_rows`.
    """
    group_by, group_column = window.group_by, None
    if group_by is None:
        values = check_rows(window, X, reset=reset)
        groups = groups_of(values, None)
    else:
        check_table(X)
        check_group_by(group_by)
        if n_axes(X) != 2 or hasattr(X, "toarray"):
            check_rows(window, X, reset=reset)  # raises
        validate_data(window, X, reset=reset, skip_check_array=True)
        X = X if hasattr(X, "columns") else np.asarray(X)
        group_column, entities, features = split_groups(X, group_by)
        if not features.shape[1]:
            raise ValueError(
                f"Found 0 feature(s) in X beside the column of group_by={group_by!r}, "
                "while a minimum of 1 is required."
            )
        values = check_numbers(features, window)
        groups = Groups.of(entities, f"group_by={group_by!r}")
    check_no_infinity(window, values)
    return values, groups, group_column


def split_groups(X, group_by):
    """Split a table into groups and features.

    Return the position of the column that names groups (None for an index level), the
    group of each row, and the table of the other columns.
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


def advice_on_order(labels, rows, group_by):
    """Return what to do about labels that fall, for ``history="auto"``.

    `rows` are those of the group where `labels` (TimeLabels) fall.
    """
    needs = 'history="auto" needs rows in the order of time: '
    index = labels.index[rows]
    if reads_as_dates(index):
        return (
            f"{needs}labels such as {index[0]!r} are text that reads as dates, and "
            "sort as text. Parse them: X.index = pd.to_datetime(X.index), and "
            "y.index too; or set history=None."
        )
    advice = f"{needs}sort them (X.sort_index(), and y too), or set history=None."
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
    """Raise if a number of rows is more than 32 bits can count."""
    for name, value in {"window_length": window_length, "horizon": horizon}.items():
        if value > _LONGEST:
            raise ValueError(
                f"{name} must be at most {_LONGEST} (2**31 - 1) rows, got {value}."
            )


def warn_of_repeated_times(labels, groups):
    """Warn if sorted times or numbers repeat within a group."""
    if labels.kind == "other":
        return
    repeated = labels.repeats(groups)
    if repeated.any():
        row = int(groups.order[np.argmax(repeated)])
        label = labels.index[row]
        label = f"time {label!r}" if labels.are_times else f"label {label}"
        if len(groups) == 1:
            found = (
                "an earlier row. If these are rows of several entities, windows go "
                "across them: name their column or index level in group_by."
            )
        else:
            found = (
                "an earlier row of its group. Windows hold both, one after the other: "
                "keep one row for each time of a group, or let group_by name what "
                "tells them apart."
            )
        warnings.warn(
            f"The {label} of row {row} of X is that of {found}",
            UserWarning,
            stacklevel=4,
        )


def places_of_known(known, X, rows):
    """Return the positions of `known` among the features, a tuple of int.

    Raise ValueError if one of the columns is not a feature.
    """
    known = as_list(known)
    if not known:
        return ()
    n_columns = rows.values.shape[1] + (rows.group_column is not None)
    features = list(getattr(X, "columns", range(n_columns)))
    if rows.group_column is not None:
        del features[rows.group_column]
    strangers = [column for column in known if column not in features]
    if strangers:
        raise ValueError(
            f"known must name features of X, got {shortened(strangers)}. Features are "
            f"{features}; known=() means none."
        )
    return tuple(features.index(column) for column in known)
