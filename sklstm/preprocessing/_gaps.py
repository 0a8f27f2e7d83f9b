"""Rows that are missing within a table: how many, and what is said of them."""

import warnings

import numpy as np

from sklstm._validation import shortened

# Fewer rows than these tell no pace.
_ROWS_OF_A_PACE = 3


def paces_of(times, groups, *, of_table_where_short):
    """Find the pace of each group.

    Parameters
    ----------
    times : TimeLabels or None
        The labels of the table; without them no group has a pace.

    groups : dict of ndarray
        The rows of each group, in the order of time.

    of_table_where_short : bool
        Whether a group of one or two rows has the pace of the table, if that is
        regular.

    Returns
    -------
    dict of Pace
    """
    if times is None:
        return {}
    paces = {name: times.pace(rows) for name, rows in groups.items()}
    if of_table_where_short and times.pace().is_regular:
        short = [name for name, rows in groups.items() if len(rows) < _ROWS_OF_A_PACE]
        paces.update(dict.fromkeys(short, times.pace()))
    return paces


def count_missing(times, groups, paces, *, are_sorted):
    """Count the rows missing before each row in its group.

    Parameters
    ----------
    times : TimeLabels
        The labels of the table.

    groups : dict of ndarray
        The rows of each group.

    paces : dict of Pace
        A group without a regular one counts none.

    are_sorted : bool
        Whether it is known that times fall in no group; one in which they do counts
        none.

    Returns
    -------
    ndarray of int, of shape (n_rows,), or None
        None where none is missing.
    """
    missing = np.zeros(len(times.index), dtype=np.int64)
    for name, rows in groups.items():
        pace = paces.get(name)
        regular = pace is not None and pace.is_regular
        if regular and (are_sorted or times.first_unsorted(rows) is None):
            missing[rows] = times.missing_before(rows, pace)
    return missing if missing.any() else None


def warn_of_gaps(X, missing):
    """Warn of the rows that are not there between those of a table."""
    row, n_rows = int(np.argmax(missing > 0)), int(missing.sum())
    warnings.warn(
        f"{n_rows} {'row is' if n_rows == 1 else 'rows are'} missing within X, "
        f"{int(missing[row])} of them before {X.index[row]!r} (row {row}): windows "
        "hold missing steps there. (Rows that were taken out, as by shuffled folds, "
        'count too.) Set gaps="ignore" if rows follow each other as they stand.',
        UserWarning,
        stacklevel=4,
    )


def warn_of_no_pace(times, groups, paces):
    """Warn where time stamps do not tell whether rows are missing."""
    odd = [name for name, rows in groups.items() if len(rows) >= _ROWS_OF_A_PACE]
    odd = [name for name in odd if not paces[name].is_regular]
    if odd:
        where = "" if len(groups) == 1 else f" (groups {shortened(odd)})"
        warnings.warn(
            f"The times of X are not equally far apart{where}, so that it is not known "
            "whether rows are missing: windows hold the rows as they stand. Resample X "
            'to a regular index, or set gaps="ignore" if that is right.',
            UserWarning,
            stacklevel=4,
        )
