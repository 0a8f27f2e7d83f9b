"""Predictions from rows that come one at a time, or many groups at a time."""

import warnings
from collections.abc import Mapping
from contextlib import contextmanager

import numpy as np
import pandas as pd

from sklstm._series import column_of, groups_of
from sklstm._validation import shortened
from sklstm._window_step import fitted_table
from sklstm.forecasting._forecaster import Forecaster
from sklstm.forecasting._quick_windows import QuickWindows
from sklstm.forecasting._row_by_row import are_close, work_row_by_row
from sklstm.forecasting._stream_labels import NextLabels
from sklstm.forecasting._stream_memory import StreamMemory
from sklstm.forecasting._stream_rows import RowReader
from sklstm.forecasting._stream_scale import StreamScale

# How many rows are kept to check that pipeline steps before the window are row by row.
_N_KEPT = 256


def stream(fitted):
    """Predict from rows as they come, in constant time and memory.

    Parameters
    ----------
    fitted : estimator
        A fitted pipeline with a `SlidingWindow`, a search over one, or a
        :class:`TransformedTargetForecaster`. Pipeline steps before the window must
        transform each row independently: unless they are known to, as most of
        scikit-learn are, each row is checked together with the 256 rows before it.

    Returns
    -------
    Stream
        Its :meth:`~Stream.push` takes the next row, or rows of many groups.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import CompleteCaseRegressor, SlidingWindow
    >>> from sklstm.forecasting import stream
    >>> X = 2.0 ** np.arange(6).reshape(-1, 1)
    >>> pipe = make_pipeline(
    ...     SlidingWindow(1, history="fit", flatten=True),
    ...     CompleteCaseRegressor(LinearRegression())).fit(X, X[:, 0])
    >>> prices = stream(pipe)
    >>> print(prices.push([64.0]).round(6))  # and what comes next?
    128.0
    >>> print(prices.push([128.0]).round(6))
    256.0

    The next rows of many groups, in one push:

    >>> import pandas as pd
    >>> hours = pd.date_range("2026-01-01", periods=4, freq="h")
    >>> X = pd.DataFrame({"shop": ["a", "b"] * 4}, index=hours.repeat(2))
    >>> X["sold"] = [1.0, 9, 2, 18, 4, 36, 8, 72]
    >>> pipe = make_pipeline(
    ...     SlidingWindow(1, group_by="shop", flatten=True),
    ...     CompleteCaseRegressor(LinearRegression())).fit(X[:6], X["sold"][:6])
    >>> print(stream(pipe).push(X[6:]).round(6))
    [ 16. 144.]
    """
    return Stream(fitted)


class Stream:
    """Predictions of a fitted pipeline from rows that come one at a time.

    A prediction equals, up to rounding, that of `predict` for the table of all rows so
    far, which continues the fitted table according to `history` of `SlidingWindow`.
    Each group has its own window.

    Parameters
    ----------
    fitted : estimator
        As for :func:`stream`.
    """

    def __init__(self, fitted):
        forecaster = Forecaster(fitted, "stream")
        self._parts, self._scale = forecaster.parts, None
        self._seen = fitted_table(self._parts.window)
        if self._parts.window.geometry.known:
            raise ValueError(
                f"known={self._parts.window.known!r} of SlidingWindow: a stream has "
                "nothing of rows to come. Use predict on the last rows, with the known "
                "covariates of the next."
            )
        _warn_of_no_history(self._parts, self._seen)
        self._is_checked = not work_row_by_row(self._parts.before)
        self._memory = StreamMemory()
        self._next_labels = NextLabels(self._parts, self._seen)
        self._reader = RowReader(self._parts, self._names())
        self._quick = QuickWindows(
            self._parts, self._seen, self._next_labels, self._first_windows
        )
        if forecaster.scale is not None:
            self._scale = StreamScale(forecaster.scale, self._parts.window, Stream)

    def push(self, row):
        """Take the next row, or the next rows, and predict.

        Parameters
        ----------
        row : Series, dict, array-like of shape (n_features,), DataFrame or ndarray of \
                shape (n_rows, n_features)
            A row of a table as in `fit`; an array in the order of its columns. The
            label (the name of a Series) is the time of the row: rows that are missing
            between the fitted ones and the first pushed one are missing time steps, if
            `history` of the window is "auto". A row without a label (a dict, an array,
            a Series without a name, a DataFrame with the default index) follows the
            last row of its group, pushed or fitted. Rows that are missing between two
            pushes count as in a table.

            A DataFrame or an array may hold many rows, such as one of each group: they
            are taken in their order, as if pushed one by one, but in much less time.

        Returns
        -------
        scalar or ndarray
            The prediction of the row that comes `horizon` rows after this one: of the
            next one with ``horizon=1``. In the shape of one entry of y. Of several
            rows, or an array of two axes, an ndarray with a prediction for each row.

        Raises
        ------
        ValueError
            If the row is not later than the one before it (in its group), or does not
            have the columns of `fit`; if a pipeline step before the window transforms
            it differently with rows before it; if it has no label, and the next one
            can't be found from those of the fitted rows. The row is then not taken; of
            several rows, none is taken, and the message names the first wrong one.
        """
        if hasattr(row, "to_pandas"):  # of polars
            row = row.to_pandas()
        if isinstance(row, pd.DataFrame) and len(row) > 1:
            return self._push_many(row)
        if isinstance(row, np.ndarray) and row.ndim == 2:
            return self._push_many(row)
        return self._push_one(row)

    def _push_one(self, row):
        if self._scale is None:
            return self._push(row)
        table, labelled = _as_table(row)
        if not isinstance(table, pd.DataFrame):
            table = self._with_names(table)
        with self._naming_columns(table):
            return self._scale.push(table, labelled, self._push)

    def _push_many(self, rows):
        """Take several rows, or none of them, and predict from each."""
        if not len(rows):
            raise ValueError(f"push takes a row or several, got shape {rows.shape}.")
        before = self.state()
        try:
            found = []
            if self._scale is None and not self._reader.has_learned:
                found.append(self._push_named(rows, 0))
            quick = self._push_rest_quickly(rows, len(found))
            if quick is not None:
                return np.concatenate([*found, quick])
            for i in range(len(found), len(rows)):
                found.append(self._push_named(rows, i))
            return np.concatenate(found)
        except BaseException:
            self.set_state(before)
            raise

    def _push_rest_quickly(self, rows, first):
        """Push rows from `first` on without validation; None if that can't be."""
        rest = self._part_of(rows, slice(first, None))
        if self._scale is not None or not len(rest):
            return None
        try:
            return self._push_quickly(rest)
        except (TypeError, ValueError):
            return None  # one by one, so that the error names the row

    def _part_of(self, rows, part):
        """Return a slice of rows, with the default index if theirs holds no labels."""
        if not isinstance(rows, pd.DataFrame):
            return rows[part]
        given = self._next_labels.are_given(rows.index, self._memory.labels)
        found = rows.iloc[part]
        return found if given else found.reset_index(drop=True)

    def _push_named(self, rows, i):
        """Push one of several rows; an error names it."""
        where, row = f"Row {i} of {len(rows)}", self._part_of(rows, slice(i, i + 1))
        if isinstance(rows, pd.DataFrame):
            where += f" ({rows.index[i]!r})"
        else:
            row = row[0]
        try:
            return np.asarray(self._push_one(row))[np.newaxis]
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{where}: {error}") from error

    def _push_quickly(self, row):
        """Take rows that need no validation, and predict; None for others."""
        rows = self._reader.read(
            row, lambda index: self._next_labels.are_given(index, self._memory.labels)
        )
        found = None if rows is None else self._quick.of(rows, self._memory)
        if found is None:
            return None
        windows, later = found
        predicted = self._parts.predictor.predict(self._parts.inputs_of(windows))
        self._memory.update(later)
        return predicted

    def _push(self, row):
        """Take the next row on the scale of the pipeline, and predict on it."""
        quick = self._push_quickly(row)
        if quick is not None:
            return quick[0]
        memory = self._memory
        table, labelled = self._read(row)
        line = self._pushed_group(table)
        if not labelled:
            table = self._with_next_label(table, line)
        label = table.index[0] if isinstance(table, pd.DataFrame) else None
        window = self._parts.window
        with self._naming_columns(table):
            X = self._parts.transform(table)
            values = window.features_of(X)
        (group,) = groups_of(X, window.group_by).names
        if labelled:
            self._check_later(label, line)
        head = self._checked_head(table, values) if self._is_checked else None
        has_time = labelled or self._seen.last is not None
        if group in memory.recent:
            missing = self._missing_before(X, group) if has_time else []
            steps = [memory.recent[group], *missing, values]
            recent = np.concatenate(steps)[-window.geometry.length :]
        else:
            recent = self._first_windows(X, [group], memory)[-1]
        inputs = self._parts.inputs_of(recent[np.newaxis].copy())
        predicted = self._parts.predictor.predict(inputs)[0]
        if memory.first is None:
            memory.first = X.copy()  # an array may be the user's
        memory.head = head
        memory.recent[group], memory.labels[line] = recent, label
        # Without a time, no rows are missing between this row and the next.
        index = X.index if isinstance(X, pd.DataFrame) else None
        memory.times[group], memory.ends[group] = index if has_time else None, None
        if labelled:
            memory.given[line] = label
        self._reader.learn(table)
        return predicted

    def _read(self, row):
        """Return a table of one row, and whether its label was given."""
        table, labelled = _as_table(row)
        if not isinstance(table, pd.DataFrame):
            return self._with_names(table), False
        table = self._in_order(table)
        given = self._next_labels.are_given(table.index, self._memory.labels)
        return table, labelled and given

    def _with_names(self, table):
        """Return a row with the column names of `fit`, if their number matches."""
        names = self._names()
        if len(names) != table.shape[1]:
            return table
        return pd.DataFrame([table[0].tolist()], columns=names)

    def state(self):
        """Return the state of the stream, for :meth:`set_state`."""
        scale = None if self._scale is None else self._scale.state()
        return self._memory.copy(), scale

    def set_state(self, state):
        """Restore a state that :meth:`state` returned."""
        memory, scale = state
        self._memory = memory.copy()
        if self._scale is not None:
            self._scale.set_state(scale)

    def _in_order(self, table):
        """Return a table with its columns in the order of `fit`."""
        names = self._names()
        return table[names] if {*names} == {*table.columns} else table

    def _names(self):
        """Return the column names that `fit` saw; none for an array."""
        first = [*self._parts.before, self._parts.window][0]
        return list(getattr(first, "feature_names_in_", ()))

    @contextmanager
    def _naming_columns(self, table):
        """Explain an error by the columns that differ from those of `fit`."""
        try:
            yield
        except (KeyError, ValueError) as error:
            names, columns = self._names(), list(getattr(table, "columns", ()))
            extra = [c for c in columns if c not in names]
            lacking = [c for c in names if c not in columns]
            if not names or not columns or not (extra or lacking):
                raise
            has = f"has {shortened(extra)}, which fit did not see" if extra else ""
            lacks = f"lacks {shortened(lacking)}" if lacking else ""
            raise ValueError(
                f"The row {' and '.join(filter(None, [has, lacks]))}; fit saw the "
                f"columns {names}."
            ) from error

    def _pushed_group(self, table):
        """Return the group of a row, as it was pushed."""
        group_by = self._parts.window.group_by
        if group_by is None:
            return None
        entity = column_of(table, group_by)
        if entity is None:
            return None
        return entity.iloc[0] if isinstance(entity, pd.Series) else entity[0]

    def _with_next_label(self, table, line):
        """Return a row with the label that follows the last one."""
        if not isinstance(table, pd.DataFrame):
            return table
        index = self._next_labels.of(line, self._memory.labels)
        return table if index is None else table.set_axis(index)

    def _first_windows(self, X, names, memory):
        """Return the windows that end with the first rows of groups, in their order."""
        window = self._parts.window
        for name in names:
            if window.history is not None and name not in self._seen.remembered:
                warnings.warn(
                    f"Group {name!r} was not in fit: it starts cold, with missing time "
                    "steps before its first row.",
                    UserWarning,
                    stacklevel=4,
                )
        # The first pushed row decides whether the stream continues the fitted table.
        if memory.first is not None:
            X = _stack([memory.first, X])
        return window.last_rows(X, window.geometry.length)[-len(names) :]

    def _missing_before(self, X, group):
        """Return a missing time step for each row between the last one and this."""
        window, last = self._parts.window, self._memory.times[group]
        if window.gaps != "missing" or last is None or not isinstance(X, pd.DataFrame):
            return []
        last = last if isinstance(last, pd.Index) else pd.Index([last])
        # Only the label of the last row matters.
        missing = window.missing_rows(_stack([X.set_axis(last), X]))
        if missing is None:
            return []
        recent = self._memory.recent[group]
        n_missing = min(int(missing[-1]), window.geometry.length)
        return [np.full((n_missing, recent.shape[1]), np.nan, recent.dtype)]

    def _checked_head(self, table, values):
        """Return the last rows; raise if the features of a row depend on them."""
        head = table
        if type(self._memory.head) is type(table):
            head = _stack([self._memory.head, table])[-_N_KEPT:]
        together = self._parts.window.features_of(self._parts.transform(head))
        if len(together) != len(head) or not are_close(
            np.concatenate([together[:-1], values]), together
        ):
            raise ValueError(
                "A stream keeps no rows for steps before the window, but one of "
                f"{self._parts.before} transforms a row differently with rows before "
                "it. Compute such columns before push, and fit without that step."
            )
        return head

    def _check_later(self, label, line):
        before = self._memory.given.get(line)
        if before is None:
            return
        try:
            later = bool(label > before)
        except TypeError as error:
            raise ValueError(
                f"The label {label!r} of the row can't be compared with {before!r}, "
                "that of the row before."
            ) from error
        if not later:
            raise ValueError(
                f"Rows must come in the order of time, each once: {label!r} came after "
                f"{before!r}."
            )


def _warn_of_no_history(parts, seen):
    """Warn if a stream starts cold because `fit` saw no index."""
    window = parts.window
    tells_time = seen.last is not None
    if window.history != "auto" or tells_time or window.geometry.length == 1:
        return
    remedy = 'fit on a DataFrame with such an index, or set history="fit"'
    if parts.before:
        remedy = (
            'fit on a DataFrame, with set_output(transform="pandas") for the steps '
            'before the window, which keeps its index; or set history="fit"'
        )
    warnings.warn(
        "The stream starts cold, with missing time steps before its first row: the "
        "window saw no pandas index in fit that tells whether rows continue the "
        f"fitted table. If they do, {remedy}; if not, set history=None.",
        UserWarning,
        stacklevel=4,
    )


def _stack(tables):
    return (pd.concat if hasattr(tables[0], "columns") else np.concatenate)(tables)


def _as_table(row):
    """Return a table of one row, and whether it has a label."""
    if hasattr(row, "to_pandas"):  # of polars
        row = row.to_pandas()
    if isinstance(row, pd.DataFrame):
        if len(row) != 1:
            raise ValueError(f"push takes one row, got a DataFrame of {len(row)}.")
        return row, True
    if isinstance(row, pd.Series):
        if isinstance(row.name, tuple):
            raise ValueError(
                f"A Series does not keep the names of the levels of its label "
                f"{row.name}: push a DataFrame of one row, such as X.iloc[[i]]."
            )
        index = None if row.name is None else pd.Index([row.name])
        return pd.DataFrame([row.to_dict()], index=index), row.name is not None
    if isinstance(row, Mapping):
        return pd.DataFrame([row]), False
    given, row = row, np.asarray(row)
    if row.dtype.kind in "US":  # NumPy converts numbers beside a string
        row = np.asarray(given, dtype=object)
    if row.ndim != 1:
        raise ValueError(
            f"row must be a Series, a DataFrame of one row, a dict or an array of "
            f"shape (n_features,), got shape {row.shape}."
        )
    return row[np.newaxis], False
