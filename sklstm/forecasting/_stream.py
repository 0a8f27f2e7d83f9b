"""Predictions from rows that come one at a time."""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

from sklstm._pipeline import Parts

# Rows on which it is tried out whether steps before the window look at other rows.
_CHECKED = 5


def stream(fitted):
    """Predict from rows that come one at a time, in constant time and memory.

    Parameters
    ----------
    fitted : estimator
        A fitted pipeline with a `SlidingWindow`, or a search over one. Steps before
        the window must work on each row alone.

    Returns
    -------
    Stream
        Its :meth:`~Stream.push` takes the next row.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.impute import SimpleImputer
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import SlidingWindow
    >>> from sklstm.forecasting import stream
    >>> X = 2.0 ** np.arange(6).reshape(-1, 1)
    >>> pipe = make_pipeline(
    ...     SlidingWindow(1, history="fit", flatten=True),
    ...     SimpleImputer(strategy="constant", fill_value=0.5),
    ...     LinearRegression()).fit(X, X[:, 0])
    >>> prices = stream(pipe)
    >>> print(prices.push([64.0]).round(6))  # and what comes next?
    128.0
    >>> print(prices.push([128.0]).round(6))
    256.0
    """
    return Stream(fitted)


class Stream:
    """What a fitted pipeline has to remember of rows that come one at a time.

    A prediction is the one that `predict` would give, to rounding, for the table of all
    rows so far, which goes on where the fitted one ended as the `history` of
    `SlidingWindow` says. Each group is remembered on its own.

    Parameters
    ----------
    fitted : estimator
        As for :func:`stream`.
    """

    def __init__(self, fitted):
        self._parts = Parts.of(fitted, "stream")
        if self._parts.window._has_known:
            raise ValueError(
                f"known={self._parts.window.known!r} of SlidingWindow: a stream has "
                "nothing of rows to come. Use predict on the last rows, with what is "
                "known of the next."
            )
        self._first = None
        self._head = []
        self._recent, self._labels = {}, {}

    def push(self, row):
        """Take the next row, and predict.

        Parameters
        ----------
        row : Series, DataFrame of one row, dict or array-like of shape (n_features,)
            What `fit` got a table of. The label of the first row (the name of a
            Series) tells when it was: rows missing since the fitted ones are missing
            steps, if `history` of the window is "auto". Rows that are missing between
            two pushes are not noticed, as within a table: push them as NaN.

        Returns
        -------
        scalar or ndarray
            The prediction of the row that comes `horizon` rows after this one: of the
            next one with ``horizon=1``. In the shape of one entry of y.

        Raises
        ------
        ValueError
            If the row is not later than the one before it (in its group), or is not
            like the rows of `fit`, or (of the first rows) a step before the window
            gives it other values where rows are before it. It is then not taken.
        """
        table = _as_table(row)
        label = table.index[0] if isinstance(table, pd.DataFrame) else None
        window = self._parts.window
        X = self._parts.transform(table)
        values, groups = window._read_numbers(X, reset=False)
        (group,) = groups
        self._check_later(label, group)
        if self._parts.before and len(self._head) < _CHECKED:
            self._check_alone(table, values)
            head = [*self._head, table]
        else:
            head = self._head
        if group in self._recent:
            recent = np.concatenate([self._recent[group][1:], values])
        else:
            recent = self._begin(X, group)
        inputs = self._parts.inputs_of(recent[np.newaxis])
        predicted = self._parts.predictor.predict(inputs)[0]
        self._first, self._head = X if self._first is None else self._first, head
        self._recent[group], self._labels[group] = recent, label
        return predicted

    def _begin(self, X, group):
        """Give the window that ends with the first row of a group."""
        window = self._parts.window
        if window.history is not None and group not in window.history_:
            warnings.warn(
                f"Group {group!r} was not in fit: it starts cold, with missing steps "
                "before its first row.",
                UserWarning,
                stacklevel=3,
            )
        # The first of all rows tells whether the stream goes on from the fitted table.
        if self._first is not None:
            X = _stack([self._first, X])
        return window._rows_until(X, window.window_length)[group]

    def _check_alone(self, table, values):
        """Refuse steps before the window that look at rows which are not kept."""
        together = self._parts.transform(_stack([*self._head, table]))
        together = self._parts.window._features_of(together)[-1:]
        if not np.allclose(together, values, rtol=1e-6, atol=1e-12, equal_nan=True):
            raise ValueError(
                "A stream keeps no rows for steps before the window, but one of "
                f"{self._parts.before} gives a row other values where rows are before "
                "it. Compute such columns before push, and fit without that step."
            )

    def _check_later(self, label, group):
        before = self._labels.get(group)
        if before is None or label is None:
            return
        try:
            later = bool(label > before)
        except TypeError as error:
            raise ValueError(
                f"The row's label {label!r} can't be compared with {before!r}, that of "
                "the row before."
            ) from error
        if not later:
            raise ValueError(
                f"Rows must come in the order of time, each once: {label!r} came after "
                f"{before!r}."
            )


def _stack(tables):
    return (pd.concat if hasattr(tables[0], "columns") else np.concatenate)(tables)


def _as_table(row):
    """Make a table of one row, of the kind that the row is of."""
    if isinstance(row, pd.DataFrame):
        if len(row) != 1:
            raise ValueError(f"push takes one row, got a DataFrame of {len(row)}.")
        return row
    if isinstance(row, pd.Series):
        if isinstance(row.name, tuple):
            raise ValueError(
                f"A Series has lost the names of the levels of its label {row.name}: "
                "push a DataFrame of one row, such as X.iloc[[i]]."
            )
        index = None if row.name is None else pd.Index([row.name])
        return pd.DataFrame([row.to_dict()], index=index)
    if isinstance(row, Mapping):
        return pd.DataFrame([row])
    row = np.asarray(row)
    if row.ndim != 1:
        raise ValueError(
            f"row must be a Series, a DataFrame of one row, a dict or an array of "
            f"shape (n_features,), got shape {row.shape}."
        )
    return row[np.newaxis]
