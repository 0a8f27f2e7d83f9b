"""Predictions from rows that come one at a time."""

import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from numbers import Integral

import numpy as np
import pandas as pd

from sklstm._series import TimeLabels, column_of, groups_of
from sklstm._validation import shortened
from sklstm._window_step import fitted_table
from sklstm.forecasting._forecaster import Forecaster
from sklstm.forecasting._row_by_row import are_close, work_row_by_row
from sklstm.forecasting._stream_scale import StreamScale

# How many rows are kept to check that pipeline steps before the window are row by row.
_N_KEPT = 256


def stream(fitted):
    """Predict from rows that come one at a time, in constant time and memory.

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
        Its :meth:`~Stream.push` takes the next row.

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
        self._first = self._head = None
        _warn_of_no_history(self._parts, self._seen)
        self._is_checked = not work_row_by_row(self._parts.before)
        self._recent, self._labels, self._given, self._rows = {}, {}, {}, {}
        if forecaster.scale is not None:
            self._scale = StreamScale(forecaster.scale, self._parts.window, Stream)

    def push(self, row):
        """Take the next row, and predict.

        Parameters
        ----------
        row : Series, DataFrame of one row, dict or array-like of shape (n_features,)
            A row of a table as in `fit`; an array in the order of its columns. The
            label (the name of a Series) is the time of the row: rows that are missing
            between the fitted ones and the first pushed one are missing time steps, if
            `history` of the window is "auto". A row without a label (a dict, an array,
            a Series without a name, a DataFrame with the default index) follows the
            last row of its group, pushed or fitted. Rows that are missing between two
            pushes count as in a table.

        Returns
        -------
        scalar or ndarray
            The prediction of the row that comes `horizon` rows after this one: of the
            next one with ``horizon=1``. In the shape of one entry of y.

        Raises
        ------
        ValueError
            If the row is not later than the one before it (in its group), or does not
            have the columns of `fit`; if a pipeline step before the window transforms
            it differently with rows before it; if it has no label, and the next one
            can't be found from those of the fitted rows. The row is then not taken.
        """
        if self._scale is None:
            return self._push(row)
        table, labelled = _as_table(row)
        if not isinstance(table, pd.DataFrame):
            table = self._with_names(table)
        with self._naming_columns(table):
            return self._scale.push(table, labelled, self._push)

    def _push(self, row):
        """Take the next row on the scale of the pipeline, and predict on it."""
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
        if group in self._recent:
            missing = self._missing_before(X, group) if has_time else []
            steps = [self._recent[group], *missing, values]
            recent = np.concatenate(steps)[-window.geometry.length :]
        else:
            recent = self._first_window(X, group)
        inputs = self._parts.inputs_of(recent[np.newaxis])
        predicted = self._parts.predictor.predict(inputs)[0]
        self._first, self._head = X if self._first is None else self._first, head
        self._recent[group], self._labels[line] = recent, label
        # Without a time, no rows are missing between this row and the next.
        self._rows[group] = X if has_time else None
        if labelled:
            self._given[line] = label
        return predicted

    def _read(self, row):
        """Return a table of one row, and whether its label was given."""
        table, labelled = _as_table(row)
        if not isinstance(table, pd.DataFrame):
            return self._with_names(table), False
        table = self._in_order(table)
        if labelled and _is_default(table.index):
            # The default index is a label only for the first row of numbered rows.
            labelled = self._last.kind == "number" and not self._labels
        return table, labelled

    def _with_names(self, table):
        """Return a row with the column names of `fit`, if their number matches."""
        names = self._names()
        if len(names) != table.shape[1]:
            return table
        return pd.DataFrame([table[0].tolist()], columns=names)

    def state(self):
        """Return the state of the stream, for :meth:`set_state`."""
        return {k: dict(v) if isinstance(v, dict) else v for k, v in vars(self).items()}

    def set_state(self, state):
        """Restore a state that :meth:`state` returned."""
        vars(self).update(state)

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

    @property
    def _last(self):
        """The last moment of the fitted table; without one, a moment of no kind."""
        last = self._seen.last
        return TimeLabels(pd.Index([""])).at(0) if last is None else last

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
        seen = self._seen
        # Without times, windows do not depend on labels.
        if seen.last is None or not isinstance(table, pd.DataFrame):
            return table
        tail = seen.remembered.get(line, None if line is not None else self._only())
        fitted = None if tail is None else tail.labels
        if (label := self._labels.get(line)) is not None:
            last = TimeLabels(pd.Index([label])).at(0)
        elif fitted is not None:
            last = fitted.at(-1)
        elif labels := [one for one in self._labels.values() if one is not None]:
            # A new group starts with the latest label of other groups.
            return table.set_axis([max(labels)])
        else:
            last = seen.last
        own = [] if tail is None else [tail.frequency]
        for frequency in [*own, seen.frequency]:
            if last.kind == self._last.kind:
                after = frequency.labels_after(last, 1)
                if after is not None:
                    return table.set_axis(after)
        after = None if self._parts.before else _nearest_label_after(last)
        if after is None:
            raise ValueError(
                f"The row has no label, and the rows so far do not tell which comes "
                f"after {last.label!r}. Push a Series whose name is the label, or a "
                "DataFrame of one row with its index."
            )
        return table.set_axis([after])

    def _only(self):
        """Return the history of a table without groups."""
        if self._parts.window.group_by is not None:
            return None
        return next(iter(self._seen.remembered.values()), None)

    def _first_window(self, X, group):
        """Return the window that ends with the first row of a group."""
        window = self._parts.window
        if window.history is not None and group not in self._seen.remembered:
            warnings.warn(
                f"Group {group!r} was not in fit: it starts cold, with missing time "
                "steps before its first row.",
                UserWarning,
                stacklevel=3,
            )
        # The first pushed row decides whether the stream continues the fitted table.
        if self._first is not None:
            X = _stack([self._first, X])
        return window.last_rows(X, window.geometry.length)[-1]

    def _missing_before(self, X, group):
        """Return a missing time step for each row between the last one and this."""
        window, last = self._parts.window, self._rows[group]
        if window.gaps != "missing" or last is None or not hasattr(X, "columns"):
            return []
        missing = window.missing_rows(_stack([last, X]))
        if missing is None:
            return []
        n_missing = min(int(missing[-1]), window.geometry.length)
        shape = n_missing, self._recent[group].shape[1]
        return [np.full(shape, np.nan, self._recent[group].dtype)]

    def _checked_head(self, table, values):
        """Return the last rows; raise if the features of a row depend on them."""
        head = table
        if type(self._head) is type(table):
            head = _stack([self._head, table])[-_N_KEPT:]
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
        before = self._given.get(line)
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


def _is_default(index):
    return isinstance(index, pd.RangeIndex) and index.equals(pd.RangeIndex(1))


def _nearest_label_after(moment):
    """Return the next possible label, so that no row is missing between the two."""
    label = moment.label
    if moment.kind == "number":
        return label + 1 if isinstance(label, Integral) else np.nextafter(label, np.inf)
    if moment.kind.startswith("period"):
        return label + 1
    if moment.kind.endswith("time") or moment.kind == "duration":
        return label + pd.Timedelta(1, unit=label.unit).as_unit(label.unit)
    return None


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
