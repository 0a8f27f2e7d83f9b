"""Properties of an index: times, numbers of rows, dates as text, levels."""

import warnings

import numpy as np
import pandas as pd


def is_time(index):
    """Return whether an index has a type of points or spans of time."""
    return isinstance(index, (pd.DatetimeIndex, pd.PeriodIndex, pd.TimedeltaIndex))


def numbers_rows(index):
    """Return whether the index of a table of groups only numbers its rows.

    Groups share numbers that are times, such as years. Numbers that occur once each
    number the rows; also in a table of one group, which may be a part of a table of
    several.
    """
    if isinstance(index, pd.RangeIndex):
        return True
    # Not `is_unique`: in pandas 2 a slice inherits a False.
    return index.dtype.kind in "iuf" and not index.duplicated().any()


def without_groups(index, codes):
    """Return an index without the levels that only number the groups of its rows.

    `codes` are the numbers of the groups, in the order in which groups first appear.
    """
    for level in reversed(range(index.nlevels)):
        if index.nlevels > 1:
            own, _ = pd.factorize(np.asarray(index.get_level_values(level)))
            index = index.droplevel(level) if (own == codes).all() else index
    return index


def reads_as_dates(index):
    """Return whether labels are text that pandas can read as dates."""
    some = index[:20]
    if isinstance(index, pd.MultiIndex) or not all(isinstance(x, str) for x in some):
        return False
    # Numbers, and mere names of days or months, are not dates.
    if not all(any(c.isdigit() for c in x) and not x.isdigit() for x in some):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of mixed formats
        return bool(pd.to_datetime(some, errors="coerce").notna().all())


def warn_of_levels(X, after=None, *, stacklevel=4):
    """Warn if the index has several levels, of which one may name entities.

    There is no warning if only one level changes, as for a single entity. `after` is
    the label of a row before the table. Return whether several levels change.
    """
    index = X.index if isinstance(X, pd.DataFrame) else None
    if not isinstance(index, pd.MultiIndex) or not len(index):
        return False
    change = [bool((codes != codes[0]).any()) for codes in index.codes]
    if isinstance(after, tuple) and len(after) == len(change):
        pairs = zip(change, index[0], after, strict=True)
        change = [changes or label != last for changes, label, last in pairs]
    if sum(change) < 2:
        return False
    names = [name for name in index.names if name is not None]
    example = f", such as group_by={names[0]!r}" if names else " (X.index.names = ...)"
    warnings.warn(
        f"The index of X has the levels {list(index.names)}, but group_by is None: "
        "windows take all rows for one series, and go across entities. Name the level "
        f"that tells entities{example}; or drop the other levels, if it is one series.",
        UserWarning,
        stacklevel=stacklevel,
    )
    return True
