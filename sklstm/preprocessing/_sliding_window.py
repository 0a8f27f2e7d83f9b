"""Windows over a table of rows in time, one for each row."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import (
    Interval,
    StrOptions,
    check_feature_names_in,
    validate_params,
)
from sklstm._fit_task import fit_task
from sklstm._geometry import WindowGeometry
from sklstm._series import (
    Groups,
    column_of,
    missing_by_index,
    time_index,
    warn_of_levels,
)
from sklstm._validation import (
    all_or_nothing,
    as_list,
    check_same_index,
)
from sklstm._window_step import WindowStep
from sklstm.preprocessing._base import SequenceTransformer
from sklstm.preprocessing._cold_rows import (
    warn_of_a_wrong_history,
    warn_of_cold_rows,
    warn_of_rows_between,
    warn_of_tables_without_index,
)
from sklstm.preprocessing._fitted_rows import FittedRows
from sklstm.preprocessing._gaps import (
    warn_of_gaps,
    warn_of_no_frequency,
    warn_of_unread_dates,
)
from sklstm.preprocessing._group_windows import (
    last_steps,
    windows_of_groups,
    windows_of_one,
)
from sklstm.preprocessing._last_rows import History
from sklstm.preprocessing._new_groups import warn_of_new_groups
from sklstm.preprocessing._seen_target import warn_of_known_target
from sklstm.preprocessing._table import (
    check_lengths,
    places_of_known,
    read_numbers,
    read_rows,
    warn_of_repeated_times,
)
from sklstm.preprocessing._target_in_windows import warn_of_target


class SlidingWindow(WindowStep, SequenceTransformer):
    """Make one window for each row of a table, from the rows before it.

    Rows are kept: the output has as many windows as X has rows, so that `y` is never
    shifted, and every splitter, scorer and `Pipeline` of scikit-learn stays valid. With
    ``horizon=h`` the window of row `t` ends with row `t - h`. Rows that do not exist
    are missing time steps (NaN), which the networks of this package skip.

    Parameters
    ----------
    window_length : int
        Number of time steps of a window.

    horizon : int, default=1
        Number of rows from the last time step of a window to the row of the window.
        With 1, ``y[t]`` is predicted from the rows before row `t`, and a target that is
        also a column of X cannot leak. With 0 a window includes its own row.

    history : {"auto", "fit"} or None, default="auto"
        Whether the last ``window_length + horizon - 1`` rows of `fit` go before the
        rows of `transform`. :meth:`fit_transform` always starts without history.

        - "auto": those that are earlier than X by the pandas index. Rows that are
          missing between the two tables are treated according to `gaps`. The index must
          be sorted in each group. An array has no index, and starts without history; a
          warning tells it if there is no `group_by`.
        - "fit": always, for arrays under `TimeSeriesSplit` without a gap. X must be the
          rows right after those of `fit`: train scores and other folds are wrong. Only
          an array that begins with the fitted rows is told, by a warning.
        - None: never.

    group_by : str, int or None, default=None
        Name of the column or index level (of an array the position of the column) that
        names the group of each row, such as a shop or a sensor. No window holds rows of
        two groups, in any order of the rows. The column is not a feature. Groups that
        `fit` did not see start without history.

    known : str, int or sequence of such, default=()
        Columns that are known in advance, such as the calendar or planned offers (of an
        array their positions). A window holds them `horizon` rows later than the other
        columns: its last time step has their values in the row itself, beside the last
        known values of the other columns. With ``flatten=True`` each value may be
        missing by itself. Otherwise a time step is missing as a whole if its past or
        its known part is: a row that does not exist then costs two time steps, its own
        and the one `horizon` rows before, and the row `horizon` rows after it is
        predicted without its own known values. The target must not be one of these
        columns; `fit` warns if it is.

    gaps : {"missing", "ignore"}, default="missing"
        How to treat gaps: labels of a group (a pandas index of dates, periods,
        durations or whole numbers) that are further apart than others.

        - "missing": a missing time step for each row that does not exist, within a
          table and between two tables. A warning counts them.
        - "ignore": nothing, as for an index without frequency. Each row follows the one
          before it, and a later table follows the fitted one directly, also over rows
          that a splitter leaves out. Use it for trades, visits and other events, for
          nights without measurements, or for a numbered table that was filtered on
          purpose.

        Numbers have a frequency if all steps are multiples of the shortest, and two of
        three are the shortest: years, or row numbers after `dropna`. Numbers of the
        rows of all groups together have none.

    flatten : bool, default=False
        Whether to return a table ``(n_rows, window_length * n_features)`` with columns
        such as ``price[t-3]``, for any other regressor, instead of 3-D windows.

    Attributes
    ----------
    history_ : mapping
        The last rows of each group (of one for all rows without `group_by`).

    fitted_table_ : FittedTable
        What forecasts use of the table that `fit` got.

    n_features_in_ : int
        Number of columns of X, including that of the groups.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X is a DataFrame and all are strings.

    See Also
    --------
    PerFeatureScaler : Scales windows without copying them.
    Reshape3D : Reshapes a table whose rows are windows already.

    Notes
    -----
    Without groups and gaps the windows are a read-only strided view of one copy of the
    table, which needs no more memory for longer windows. Otherwise they are a
    :class:`~sklstm.sequences.SequenceTable`, which behaves as the same array over one
    copy of the table; ``np.asarray`` makes the array.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.preprocessing import SlidingWindow
    >>> X = np.array([[10.0], [20.0], [30.0], [40.0]])
    >>> SlidingWindow(window_length=3).fit_transform(X)[:, :, 0]
    array([[nan, nan, nan],
           [nan, nan, 10.],
           [nan, 10., 20.],
           [10., 20., 30.]])

    With ``horizon=0`` a window ends with its own row:

    >>> SlidingWindow(window_length=3, horizon=0).fit_transform(X)[3, :, 0]
    array([20., 30., 40.])

    New rows continue the fitted table:

    >>> window = SlidingWindow(window_length=3, history="fit").fit(X)
    >>> window.transform(np.array([[50.0], [60.0]]))[:, :, 0]
    array([[20., 30., 40.],
           [30., 40., 50.]])

    Windows stay within their group:

    >>> import pandas as pd
    >>> X = pd.DataFrame({"shop": ["a", "b", "a", "b"], "sold": [1.0, 5.0, 2.0, 6.0]})
    >>> window = SlidingWindow(window_length=2, horizon=0, group_by="shop")
    >>> np.asarray(window.fit_transform(X))[:, :, 0]
    array([[nan,  1.],
           [nan,  5.],
           [ 1.,  2.],
           [ 5.,  6.]])

    As a table, for any other regressor, with a known covariate:

    >>> X = pd.DataFrame({"sold": [5.0, 9.0, 6.0], "offer": [0.0, 1.0, 0.0]})
    >>> window = SlidingWindow(1, known="offer", flatten=True)
    >>> window.set_output(transform="pandas").fit_transform(X)
       sold[t-1]  offer[t]
    0        NaN       0.0
    1        5.0       1.0
    2        9.0       0.0
    """

    _parameter_constraints = {
        "window_length": [Interval(Integral, 1, None, closed="left")],
        "horizon": [Interval(Integral, 0, None, closed="left")],
        "history": [StrOptions({"auto", "fit"}), None],
        "group_by": "no_validation",  # what it may be depends on X
        "known": "no_validation",  # likewise
        "gaps": [StrOptions({"missing", "ignore"})],
        "flatten": ["boolean"],
    }

    def __init__(
        self,
        window_length,
        *,
        horizon=1,
        history="auto",
        group_by=None,
        known=(),
        gaps="missing",
        flatten=False,
    ):
        self.window_length = window_length
        self.horizon = horizon
        self.history = history
        self.group_by = group_by
        self.known = known
        self.gaps = gaps
        self.flatten = flatten

    def fit(self, X, y=None):
        """Remember the last rows of X, in each group.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Rows in the order of time (within each group).

        y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
            Has no effect on windows. `forecast` feeds predictions back only into a
            column of X that is y. Warns if y has several steps (`make_multistep`) and
            the horizon is shorter, as windows then hold the first of them; if y is a
            column of X some rows later or earlier; and if it is one with ``horizon=0``.

        Returns
        -------
        SlidingWindow
            The fitted transformer.

        Raises
        ------
        ValueError
            If X has fewer rows than a window, values that are no finite numbers (NaN
            is allowed), or, with ``history="auto"``, an index that is not sorted; or
            if X and y both have an index, and these differ.
        """
        with all_or_nothing(self), fit_task(self, X, y):
            self._fit(X, y)
        return self

    def fit_transform(self, X, y=None):
        """Fit, and return the window of each row, without history.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Rows in the order of time (within each group).

        y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_rows, window_length, n_features), SequenceTable or table
            As :meth:`transform` returns it.
        """
        with all_or_nothing(self), fit_task(self, X, y):
            rows, missing = self._fit(X, y)
        history = History.none(rows.values, rows.groups)
        return self._wrap_output(self._windows(rows, history, missing), X)

    def transform(self, X):
        """Return the window of each row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Rows in the order of time (within each group), at least one.

        Returns
        -------
        ndarray of shape (n_rows, window_length, n_features), SequenceTable or table
            A read-only view; with `group_by` a SequenceTable; with `flatten` a 2-D
            array, or what `set_output` says.
        """
        rows, history, missing = self._read_with_history(X)
        groups = rows.groups
        if self.group_by is None and not self._warned_of_levels:
            last = self.fitted_table_.last
            last = None if last is None else last.label
            warn_of_levels(X, after=last, stacklevel=3)
        if self.history is not None:
            warn_of_new_groups(groups.names, self.history_)
            self._warn_of_history(rows, history)
        if missing is not None and not self._warned_of_gaps:
            warn_of_gaps(X, missing, len(groups), self.geometry.n_before)
        return self._wrap_output(self._windows(rows, history, missing), X)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the output's last axis.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns, if `fit` saw none.

        Returns
        -------
        ndarray of str
            The names of the features; with `flatten` of each feature at each lag,
            ``price[t-3]`` for "three rows ago".
        """
        check_is_fitted(self, "history_")
        names = check_feature_names_in(self, input_features)
        if self._group_column is not None:
            names = np.delete(names, self._group_column)
        if not self.flatten:
            return names
        return np.array(self.geometry.column_names(names), dtype=object)

    def __getstate__(self):
        state = super().__getstate__()
        state.pop("history_", None)  # which is in `fitted_table_`
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        if "fitted_table_" in vars(self):
            self.history_ = self.fitted_table_.remembered

    # ------------------------------------------------------- the protocol of WindowStep
    @property
    def geometry(self):
        """The WindowGeometry of the windows; of a fitted step with known features."""
        # Python's own integers: NumPy's narrow ones overflow.
        return WindowGeometry(
            int(self.window_length),
            int(self.horizon),
            known=getattr(self, "_known_places", ()),
            whole_steps=not self.flatten,
        )

    def features_of(self, X):
        check_is_fitted(self)
        return read_numbers(self, X, reset=False)[0]

    def last_rows(self, X, n_rows):
        return last_steps(*self._read_with_history(X), n_rows)

    def as_transformed(self, windows):
        if not self.flatten:
            return windows
        return self._wrap_output(windows.reshape(len(windows), -1), windows)

    def missing_rows(self, X):
        rows = read_rows(self, X, reset=False)
        return self.fitted_table_.missing_rows(rows, self)

    def missing_rows_by_index(self, X, codes):
        if self.gaps == "ignore" or not isinstance(X, pd.DataFrame):
            return None
        of_groups = self.group_by is not None
        if of_groups and column_of(X, self.group_by) is None:
            return None  # an earlier pipeline step makes it
        index, groups = time_index(X, self.group_by), Groups.of(codes, "groups")
        return missing_by_index(index, groups, of_groups=of_groups)

    # ------------------------------------------------------------------ private helpers
    def _fit(self, X, y):
        validate_params(self)
        check_lengths(self.window_length, self.horizon)
        check_same_index(X, y)
        rows = read_rows(self, X, reset=True)
        values, groups, labels = rows.values, rows.groups, rows.labels
        self._group_column = rows.group_column
        self._known_places = places_of_known(self.known, X, rows)
        if self.group_by is None:
            self._warned_of_levels = warn_of_levels(X)
        if labels is not None:
            warn_of_repeated_times(labels, groups)
        if len(values) < self.window_length:
            raise ValueError(
                f"window_length={self.window_length} is longer than the table that "
                f"fit got: n_samples={len(values)}. Pass at least as many rows as "
                "a window has time steps, or a smaller window_length."
            )
        self.fitted_table_, missing = FittedRows.of(rows, y, self)
        self.history_ = self.fitted_table_.remembered
        self._warned_of_gaps = missing is not None
        geometry, seen = self.geometry, self.fitted_table_
        if missing is not None:
            warn_of_gaps(X, missing, len(groups), geometry.n_before)
        elif seen.counts_missing and rows.times.are_times:
            warn_of_no_frequency(rows.times, groups, self.history_.frequencies)
        elif self.gaps == "missing" and isinstance(X, pd.DataFrame):
            warn_of_unread_dates(time_index(X, self.group_by))
        if geometry.horizon:  # with 0 the window holds its own row
            warn_of_known_target(seen.target, as_list(self.known), geometry.known)
        if len(geometry.known) < values.shape[1]:
            names = list(getattr(X, "columns", range(self.n_features_in_)))
            if self._group_column is not None:
                del names[self._group_column]
            warn_of_target(seen.target, y, groups, names, geometry)
        return rows, missing

    def _read_with_history(self, X):
        """Return the Rows of X, their History, and the rows missing before each."""
        check_is_fitted(self)
        rows, seen = read_rows(self, X, reset=False), self.fitted_table_
        missing = seen.missing_rows(rows, self)
        seen.warn_of_other_labels(rows, self.history)
        return rows, seen.history_of(rows, self), missing

    def _warn_of_history(self, rows, history):
        """Warn of windows whose history is missing or wrong."""
        seen, geometry = self.fitted_table_, self.geometry
        if self.history == "fit":
            if seen.start is not None and not rows.has_index:
                warn_of_a_wrong_history(rows.values, seen.start, geometry)
        elif seen.tells_no_place_of(rows):
            [last] = self.history_.values()
            given = rows.values, seen.start, last.values
            warn_of_tables_without_index(*given, geometry)
        if rows.labels is not None:
            given = rows.labels, rows.groups, history, self.history_
            warn_of_cold_rows(*given, geometry.n_before)
            if self.gaps == "missing":
                warn_of_rows_between(history, rows.groups, geometry)

    def _windows(self, rows, history, missing):
        geometry = self.geometry
        if self.flatten and geometry.known:
            # Known values of the first rows are moved to these time steps.
            history = history.after_missing(geometry.horizon, geometry.n_before)
        if self.group_by is None and missing is None:
            windows = windows_of_one(rows.values, history.values, geometry)
        else:
            windows = windows_of_groups(rows, history, missing, geometry)
        if not self.flatten:
            return windows
        return np.asarray(windows).reshape(len(windows), -1)
