"""The protocol of pipeline steps that make windows, for forecasts."""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sklstm._geometry import WindowGeometry


class WindowStep(metaclass=ABCMeta):
    """Base class of pipeline steps that make windows, for forecasts.

    :func:`~sklstm.forecasting.forecast`, :func:`~sklstm.forecasting.backtest`,
    :func:`~sklstm.forecasting.stream` and the displays work with any transformer that
    has the parameters `window_length` and `horizon`, and the methods and attributes of
    this class. Such a transformer need not inherit from it. A subclass must define
    `fit`, `transform`, `features_of` and `last_rows`.

    `transform` must return one window for each row of X. Unless the step has a
    `geometry` of its own, the window of row `t` holds the `window_length` rows of which
    the last is row ``t - horizon``.

    Parameters of the same name may replace these class attributes:

    Attributes
    ----------
    group_by : str, int or None
        Column or index level that names the group of each row.

    known : str, int or sequence of such
        Columns that are known in advance.

    history : object
        None if no rows of `fit` are put before those of another table.

    gaps : {"missing", "ignore"}
        "missing" if rows that are missing by the index are missing time steps.

    Notes
    -----
    A fitted step may have a `fitted_table_` that holds the rows of `fit`. Without it,
    forecasts do not use the table that `fit` got.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy.lib.stride_tricks import sliding_window_view
    >>> from sklearn.base import BaseEstimator, TransformerMixin
    >>> from sklstm.preprocessing import WindowStep
    >>> class LastRows(WindowStep, TransformerMixin, BaseEstimator):
    ...     def __init__(self, window_length=2, horizon=1):
    ...         self.window_length = window_length
    ...         self.horizon = horizon
    ...
    ...     def fit(self, X, y=None):
    ...         self.n_features_in_ = X.shape[1]
    ...         return self
    ...
    ...     def transform(self, X):
    ...         rows = self.features_of(X)
    ...         before = np.zeros((self.geometry.n_before, rows.shape[1]))
    ...         rows = np.concatenate([before, rows])[: len(rows) + len(before)]
    ...         windows = sliding_window_view(rows, self.window_length, axis=0)
    ...         return windows[: len(X)].swapaxes(1, 2)
    ...
    ...     def features_of(self, X):
    ...         return np.asarray(X, dtype=float)
    ...
    ...     def last_rows(self, X, n_rows):
    ...         rows = self.features_of(X)[-n_rows:]
    ...         before = np.zeros((n_rows - len(rows), rows.shape[1]))
    ...         return np.concatenate([before, rows])[np.newaxis]
    >>> LastRows().fit_transform(np.array([[1.0], [2.0], [3.0]]))[:, :, 0]
    array([[0., 0.],
           [0., 1.],
           [1., 2.]])
    """

    group_by = None
    known = ()
    history = None
    gaps = "ignore"

    @property
    def geometry(self):
        """The WindowGeometry of the windows; of a fitted step with known features."""
        return WindowGeometry(int(self.window_length), int(self.horizon))

    @abstractmethod
    def features_of(self, X):
        """Return the features of a table, as numbers, without the column of groups.

        They must have the values that they have in X: a forecast writes its predictions
        of a target into the target's column of what this returns. Transform windows in
        `transform` and :meth:`as_transformed`.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            A table such as that of `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
        """

    @abstractmethod
    def last_rows(self, X, n_rows):
        """Return the features of the last rows of each group.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            A table such as that of `fit`.

        n_rows : int
            The number of rows of each group.

        Returns
        -------
        ndarray of shape (n_groups, n_rows, n_features)
            For each group of X, in the order in which they first appear (one for all
            without `group_by`); NaN where X, with what `fit` remembers, has fewer rows.
        """

    def as_transformed(self, windows):
        """Return 3-D windows in the form that `transform` returns.

        Parameters
        ----------
        windows : ndarray of shape (n_samples, window_length, n_features)
            The windows.

        Returns
        -------
        ndarray or table
        """
        return windows

    def missing_rows(self, X):
        """Return the number of rows missing before each row, as in `transform`.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            A table such as that of `fit`.

        Returns
        -------
        ndarray of int, of shape (n_rows,), or None
            None if no row is missing.
        """
        return None

    def missing_rows_by_index(self, X, codes):
        """Return the number of rows missing before each row of a table, without `fit`.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            The table that the first pipeline step gets.

        codes : ndarray of int, of shape (n_rows,)
            The number of the group of each row.

        Returns
        -------
        ndarray of int, of shape (n_rows,), or None
            None if no row is missing.
        """
        return None


@dataclass(frozen=True)
class FittedTable:
    """What a step that makes windows remembers of the table that `fit` got.

    Parameters
    ----------
    last : Moment or None
        The last label of its index; None if the index is not used.

    frequency : Frequency or None
        The frequency of its rows.

    counts_missing : bool
        Whether rows that are missing, by the index, are missing time steps.

    remembered : mapping
        The last rows of each group.

    target : SeenTarget or None
        Some rows of y and of X.
    """

    last: Any = None
    frequency: Any = None
    counts_missing: bool = False
    remembered: Mapping = field(default_factory=dict)
    target: Any = None


def fitted_table(step):
    """Return the FittedTable of a fitted step, an empty one where it has none."""
    return getattr(step, "fitted_table_", FittedTable())


def makes_windows(estimator):
    """Return whether an estimator has the parameters of a step that makes windows."""
    return hasattr(estimator, "window_length") and hasattr(estimator, "horizon")


def check_window_step(step):
    """Raise TypeError unless a step has all members of WindowStep; names the others."""
    names = [name for name in vars(WindowStep) if not name.startswith("_")]
    # On the class first, as a property may need a fitted step.
    lacking = [
        name
        for name in ["transform", *names]
        if not hasattr(type(step), name) and not hasattr(step, name)
    ]
    if lacking:
        raise TypeError(
            f"{type(step).__name__} has window_length and horizon, as a step that "
            f"makes windows, but lacks {', '.join(lacking)}. Forecasts need these: "
            f"let {type(step).__name__} inherit from sklstm.preprocessing.WindowStep, "
            "which documents them."
        )
