"""The rows that follow a table: their times and known covariates."""

import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklstm._series import column_of, labels_after
from sklstm._validation import shortened
from sklstm.forecasting._panel import Panel


@dataclass(frozen=True)
class Future:
    """Rows that follow the series of a table.

    Parameters
    ----------
    frame : DataFrame of shape (steps * n_series, n_columns)
        Ordered by step ahead, then by series, with the columns and the type of index
        of the table; NaN where not known.

    known : list
        The known columns.

    n_series : int
        The number of series.

    exists : ndarray of bool, of shape (steps * n_series,), or None
        Which rows exist; the others are placeholders. None is all.

    values : ndarray of shape (steps * n_series, n_features), or None
        The features of the rows in place of `frame`, which is None then.
    """

    frame: pd.DataFrame | None
    known: list
    n_series: int
    exists: np.ndarray | None = None
    values: np.ndarray | None = None

    @classmethod
    def after(cls, panel, steps, X_future=None, frequency=None):
        """Return the rows that follow a table, in each group.

        Parameters
        ----------
        panel : Panel
            The table.

        steps : int
            The number of rows of each group.

        X_future : DataFrame, ndarray or None
            Their known columns; a column of only NaN is not known.

        frequency : Frequency or None
            The frequency of the fitted table, used if X has none.

        Raises
        ------
        ValueError
            If X_future has other columns or groups than the table, too few rows, or
            other times than those that follow; or if the times are not known.

        MemoryError
            If the rows do not fit into the memory of the machine.
        """
        n_groups = len(panel.groups)
        _check_size(steps, panel)
        times = labels_after(panel.times, panel.series, steps, frequency)
        known, frame = [], pd.DataFrame(index=np.arange(n_groups * steps))
        if X_future is not None:
            future = _read(X_future, panel)
            rows = _first_rows(future, panel, steps, times)
            times = _checked_times(future, panel, rows, times)
            known = [c for c in future.columns if future.frame[c].notna().any()]
            frame = future.frame.iloc[rows.ravel()]
        elif times is None and panel.times is not None:
            why = "are too few"
            if len(panel.frame) > 1:
                why = "are not equally far apart in time"
            if panel.times.dtype.kind not in "iufMm" and not isinstance(
                panel.times, pd.PeriodIndex
            ):
                why = (
                    f"have labels such as {panel.times[0]!r}, which are no times "
                    "(pd.to_datetime makes times of dates)"
                )
            raise ValueError(
                f"The rows of X {why}, so that it is not known when the next {steps} "
                "will be. Pass X_future with their times in its index; it needs no "
                "columns."
            )
        frame = frame.reindex(columns=panel.frame.columns)
        frame.index = panel.index_after(times, steps)
        if panel.group_column is not None:
            frame[panel.group_column] = np.repeat(panel.groups, steps)
        by_step = np.arange(n_groups * steps).reshape(n_groups, steps).T.ravel()
        return cls(frame.iloc[by_step], known, n_groups)

    def first_missing(self):
        """Return the first known column that is NaN in some row, and the row's label.

        Return None if there is no such column.
        """
        for column in self.known:
            missing = self.frame[column].isna().to_numpy()
            if missing.any():
                return column, self.frame.index[missing.argmax()]
        return None

    @classmethod
    def within(cls, panel, rows, known, exists, values=None):
        """Return rows of the table itself, for a backtest.

        Parameters
        ----------
        panel : Panel
            The table.

        rows : ndarray of int, of shape (n_series, steps)
            The rows that follow each series.

        known : list
            The known covariates.

        exists : ndarray of bool, of shape (n_series, steps)
            Which of the rows exist; the others are placeholders.

        values : ndarray of shape (n_rows, n_features), default=None
            The features of all rows of the table, if no pipeline step transforms them.
        """
        own, exists = rows.T.ravel(), exists.T.ravel()
        unknown = [c for c in panel.columns if c not in known]
        if values is not None:
            values = values[own]
            values[:, [panel.columns.index(column) for column in unknown]] = np.nan
            return cls(None, list(known), len(rows), exists, values)
        frame = panel.frame.iloc[own].copy()
        frame[unknown] = np.nan
        return cls(frame, list(known), len(rows), exists)

    def series_by_series(self):
        """Return the rows ordered by series, then by step ahead."""
        order = np.arange(len(self.frame)).reshape(-1, self.n_series).T.ravel()
        return self.frame.iloc[order]


def _check_size(steps, panel):
    """Raise if the rows do not fit into memory."""
    n_rows = steps * len(panel.groups)
    # Three copies of the values, and labels that are objects at first.
    n_bytes = n_rows * (3 * 8 * len(panel.frame.columns) + 100)
    try:
        np.empty(n_bytes, dtype=np.uint8)
        fits = n_bytes <= _memory()
    except (MemoryError, OverflowError, ValueError):  # depending on the size
        fits = False
    if not fits:
        raise MemoryError(
            f"steps={steps} of {len(panel.groups)} series are {n_rows} rows, which "
            f"take about {n_bytes // 2**30} GiB, more than the machine has. Forecast "
            "fewer steps, or part of the groups at a time."
        )


def _memory():
    """Return the bytes of memory of the machine; infinity if not known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return np.inf


def _read(X_future, panel):
    """Return X_future as a Panel; without a column of groups, it is for all groups."""
    if hasattr(X_future, "to_pandas"):  # a table of polars
        X_future = X_future.to_pandas()
    if panel.is_frame and not isinstance(X_future, pd.DataFrame):
        raise ValueError(
            "X_future must be a DataFrame, as X is, whose index continues that of X; "
            f"got {type(X_future).__name__}."
        )
    group_by = panel.group_by
    if group_by is not None and column_of(X_future, group_by) is None:
        group_by = None
    future = Panel(X_future, group_by, name="X_future")
    if not future.is_frame and future.frame.shape[1] != panel.frame.shape[1]:
        raise ValueError(
            f"X_future must have the {panel.frame.shape[1]} columns of X, NaN in those "
            f"that are not known; got an array of shape {np.shape(X_future)}."
        )
    unknown = [c for c in future.columns if c not in panel.frame.columns]
    if unknown:
        raise ValueError(
            f"X_future has columns that X does not have: {shortened(unknown)}. X has "
            f"{list(panel.frame.columns)}."
        )
    return future


def _first_rows(future, panel, steps, times):
    """Return the first rows of X_future for each group of X: (n_groups, steps)."""
    n_groups = len(panel.groups)
    if future.group_by is None:
        place = np.zeros(n_groups, dtype=int)
        skipped = np.zeros(n_groups, dtype=int)
        if panel.group_by is not None and times is not None:
            # Groups may end at different times: each takes what follows its end.
            found = future.frame.index.get_indexer(times[::steps])
            skipped = np.maximum(found, 0)
    else:
        place = future.groups.get_indexer(panel.groups)
        not_in_X = future.groups.difference(panel.groups, sort=False)
        if len(not_in_X):
            raise ValueError(
                f"X_future has groups of which X has no row: {shortened(not_in_X)}. "
                "A forecast starts from the rows of X."
            )
        if (place < 0).any():
            raise ValueError(
                f"X_future has no row of the groups "
                f"{shortened(panel.groups[place < 0])}, which X has."
            )
        skipped = np.zeros(n_groups, dtype=int)
    n_own = future.series.sizes[place] - skipped
    if (n_own < steps).any():
        i = int(np.argmax(n_own < steps))
        of_group = "" if future.group_by is None else f" of group {panel.groups[i]!r}"
        raise ValueError(
            f"steps={steps} needs as many rows in X_future, but it has "
            f"{n_own[i]}{of_group}."
        )
    first = future.series.starts[place] + skipped
    return future.series.order[first[:, np.newaxis] + np.arange(steps)]


def _checked_times(future, panel, rows, expected):
    """Return the times of X_future, if they are those that follow X."""
    if panel.times is None:
        return None
    index = future.frame.index if future.times is None else future.times
    times = index[rows.ravel()]
    last = panel.times[panel.series.order[panel.series.ends - 1]]
    if expected is None:
        try:
            goes_on = np.asarray(times[:: rows.shape[1]] > last)
        except TypeError:  # of another kind
            goes_on = np.zeros(len(last), dtype=bool)
        goes_on = np.repeat(goes_on, rows.shape[1])
    else:
        goes_on = np.asarray(times == expected)
    if not goes_on.all():
        wrong = int(np.argmin(goes_on))
        i = wrong // rows.shape[1]
        of_group = "" if panel.group_by is None else f" in group {panel.groups[i]!r}"
        follows = f"a time later than {last[i]!r}"
        if expected is not None:
            follows = f"{expected[wrong]!r}"
        raise ValueError(
            f"X_future does not go on where X ends{of_group}: X ends at {last[i]!r}, "
            f"so X_future needs {follows}, but has {times[wrong]!r}."
        )
    return times
