"""Warnings of rows that are missing within a table."""

import re
import warnings

import numpy as np
import pandas as pd

from sklstm._series import ROWS_OF_A_FREQUENCY, is_time, reads_as_dates
from sklstm._validation import shortened

# Above this share of rows, and this number, a warning does not say where they are.
_MANY, _FEW = 0.05, 10

_DATES = {"date", "datetime", "datetime64", "period"}

# Text that reads as a date may be a name, such as "1a" or "row 12".
_HAS_A_YEAR = re.compile(r"\b\d{4}\b|\d+[-/.]\d+[-/.]\d+")


def warn_of_gaps(
    X, missing, n_groups, n_remembered, holds="Windows hold missing time steps"
):
    """Warn of the rows that are missing within a table.

    There is no warning of one gap in each group that is longer than a window, as a fold
    in the middle of a table leaves. `holds` says what takes the place of missing rows.
    """
    places, n_rows = np.flatnonzero(missing), int(missing.sum())
    share = n_rows / (len(X) + n_rows)
    many = share > _MANY and n_rows > _FEW
    if many and len(places) <= n_groups and missing[places].min() >= n_remembered:
        return
    if many:
        found = (
            f"About {round(20 * share) * 5} % of the rows are missing within X, by its "
            "index (shuffled folds, filters and dropna take rows out too)."
        )
    else:
        row, where = int(places[0]), ""
        if len(places) > 1:
            where = f" at {len(places)} places, the first {int(missing[row])}"
        found = (
            f"{n_rows} {'row is' if n_rows == 1 else 'rows are'} missing within X, by "
            f"its index,{where} before row {row} ({X.index[row]})."
        )
    warnings.warn(
        f'{found} {holds} (NaN) for them. Set gaps="ignore" if no row is missing.',
        UserWarning,
        stacklevel=4,
    )


def warn_of_no_frequency(times, groups, frequencies):
    """Warn if times do not show whether rows are missing."""
    odd = [
        name
        for name, n_rows, frequency in zip(
            groups.names, groups.sizes.tolist(), frequencies, strict=True
        )
        if n_rows >= ROWS_OF_A_FREQUENCY and not frequency.is_regular
    ]
    if odd:
        where = "" if len(groups) == 1 else f" (groups {shortened(odd)})"
        warnings.warn(
            f"The times of X are not equally far apart{where}, so that it is not known "
            "whether rows are missing: windows hold the rows that exist. Resample X "
            'to a regular index, or set gaps="ignore" if that is right.',
            UserWarning,
            stacklevel=4,
        )


def warn_of_unread_dates(index):
    """Warn if labels are dates of a type that is not read as times."""
    several = isinstance(index, pd.MultiIndex)
    if several or is_time(index) or index.dtype.kind in "iufb":
        return
    if pd.api.types.infer_dtype(index[:20], skipna=True) not in _DATES:
        if not all(isinstance(x, str) and _HAS_A_YEAR.search(x) for x in index[:20]):
            return
        if not reads_as_dates(index):
            return
    zones = {getattr(label, "tzinfo", None) for label in index}
    parsed = f"pd.to_datetime(X.index{', utc=True' if len(zones) > 1 else ''})"
    if isinstance(index.dtype, pd.ArrowDtype):  # which `to_datetime` of pandas 2 keeps
        parsed = "pd.DatetimeIndex(X.index)"
    warnings.warn(
        f"The index of X holds dates as {type(index[0]).__name__} objects, between "
        "which missing rows are not found, within X or between two tables. Parse "
        f"them: X.index = {parsed}, and y.index too; or set "
        'gaps="ignore".',
        UserWarning,
        stacklevel=4,
    )
