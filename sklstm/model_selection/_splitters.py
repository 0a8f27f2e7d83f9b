"""Splits in time: of many entities at once, and without windows that overlap."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator, KFold, TimeSeriesSplit
from sklearn.utils import indexable

from sklstm._compat.sklearn import num_samples
from sklstm._geometry import WindowGeometry
from sklstm._multistep import are_steps
from sklstm._pipeline import rows_before_windows, windows_within
from sklstm._series import Groups, column_of, number_times
from sklstm._validation import check_group_by, check_int


class _TimeSplit(BaseCrossValidator):
    """Splits of time steps, and the rows of each.

    Subclasses define `_split_steps`, which yields pairs of arrays of time steps,
    numbered from 0 on.
    """

    def split(self, X, y=None, groups=None):
        """Generate the rows of every train and test part.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            The table.

        y : array-like of shape (n_rows,) or (n_rows, n_steps), default=None
            Only :class:`PurgedKFold` uses it, if it has several steps.

        groups : array-like of shape (n_rows,), default=None
            Not used: the folds are the same for all entities.

        Yields
        ------
        train, test : ndarray of int
            Numbers of rows, ascending.
        """
        indexable(X, y, groups)
        n_splits = self.get_n_splits()
        times, n_rows = self._row_times(X), num_samples(X)
        if len(times) != n_rows:
            raise ValueError(f"time has {len(times)} entries, but X has {n_rows} rows.")
        steps = number_times(times)
        n_steps = int(steps.max(initial=-1)) + 1
        n_overlapping = self._n_overlapping(X, y)
        keep_apart = self._keep_apart(X, steps, n_overlapping)
        parts = self._split_steps(n_steps, n_splits, n_overlapping)
        for fold, (train, test) in enumerate(parts):
            train, test = (_rows_in(part, steps, n_steps) for part in (train, test))
            train = keep_apart(train, test)
            if not len(train):
                raise ValueError(
                    f"Fold {fold} of {type(self).__name__} has no row left to train "
                    f"on, of {n_steps} time steps. Leave out less around the test "
                    "part, or use other folds."
                )
            yield train, test

    def _row_times(self, X):
        return _times(X, self.time)

    def _n_overlapping(self, X, y):
        """Return the number of rows before a row whose targets overlap with its own."""
        return 0

    def _keep_apart(self, X, steps, n_overlapping):
        """Return a function that removes further rows from a train part."""
        return lambda train, test: train

    def get_n_splits(self, X=None, y=None, groups=None):
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object
            Not used.

        Returns
        -------
        int
        """
        check_int("n_splits", self.n_splits, at_least=2)
        return int(self.n_splits)


class PanelTimeSeriesSplit(_TimeSplit):
    """Time-ordered folds over many entities whose rows share time stamps.

    Every test time is later than every train time, for all entities at once, in any
    order of the rows: :class:`sklearn.model_selection.TimeSeriesSplit` over the time
    stamps, not over the rows.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.

    time : str, int or array-like of shape (n_rows,), default=None
        The time of each row: the name of a column or of an index level of a DataFrame,
        the position of a column of an array, or the times themselves. None takes the
        index of a DataFrame. A column stays in X, and estimators can't use one of
        dates: move it to the index, or let the pipeline drop it.

    gap : int, default=0
        Number of time steps left out between train and test part.

    test_size : int, default=None
        Number of time steps of a test part. None is ``n_steps // (n_splits + 1)``.

    max_train_size : int, default=None
        Maximum number of time steps of a train part, the last ones. None takes all.

    See Also
    --------
    PurgedKFold : Folds that also train on rows after the test part.

    Examples
    --------
    Two shops, three days each; the last day is the test part.

    >>> import pandas as pd
    >>> from sklstm.model_selection import PanelTimeSeriesSplit
    >>> X = pd.DataFrame({"shop": [*"aaabbb"], "day": [1, 2, 3, 1, 2, 3]})
    >>> for train, test in PanelTimeSeriesSplit(n_splits=2, time="day").split(X):
    ...     print(train, test)
    [0 3] [1 4]
    [0 1 3 4] [2 5]
    """

    def __init__(
        self, n_splits=5, *, time=None, gap=0, test_size=None, max_train_size=None
    ):
        self.n_splits = n_splits
        self.time = time
        self.gap = gap
        self.test_size = test_size
        self.max_train_size = max_train_size

    def _split_steps(self, n_steps, n_splits, n_overlapping):
        check_int("gap", self.gap, at_least=0)
        for name in ("test_size", "max_train_size"):
            if getattr(self, name) is not None:
                check_int(name, getattr(self, name), at_least=1)
        # NumPy's narrow integers overflow.
        gap, test_size = int(self.gap), int(self.test_size or n_steps // (n_splits + 1))
        needed = n_splits * test_size + gap + 1
        if not test_size:
            raise ValueError(
                f"n_splits={n_splits} is too large: X has {n_steps} time steps, fewer "
                "than a test part of one for each split and one to train on."
            )
        if n_steps < needed:
            raise ValueError(
                f"{n_splits} test parts of {test_size} time steps after a gap of "
                f"{self.gap} leave nothing to train on: X has {n_steps} time steps. "
                "Use a smaller n_splits, test_size or gap."
            )
        splitter = TimeSeriesSplit(
            n_splits,
            max_train_size=self.max_train_size and int(self.max_train_size),
            test_size=test_size,
            gap=gap,
        )
        return splitter.split(np.zeros(n_steps))


class PurgedKFold(_TimeSplit):
    """Contiguous folds of rows in time, without train rows that overlap the test fold.

    The train part holds rows before and after the test fold. A row after it whose
    window or target reaches back into the fold is purged [1]_; and, with targets of
    several steps (:func:`sklstm.forecasting.make_multistep`), a row before it whose
    targets overlap with those of the fold. (Other rows before it are kept:
    neither window nor target of a row holds anything later than the row.)

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.

    purge : int or "auto", default="auto"
        Number of time steps purged after the test fold. "auto" reads it from
        `pipeline`: a row reaches back ``window_length + horizon - 1`` time steps. For
        y of several steps, one fewer than these is purged before the fold. With
        `group_by` as many rows of each group are purged too, as its rows may be rarer
        than the time steps of all.

    embargo : int, default=0
        Number of time steps left out in addition, after the purged ones.

    pipeline : estimator, default=None
        For ``purge="auto"``: a pipeline, or a search over one, with a step that has
        `window_length` and `horizon`, as `SlidingWindow`, also within another such as
        a ColumnTransformer or a VotingRegressor; of several the longest reach
        counts. For a search over windows, pass a pipeline with the longest.

    time : str, int or array-like of shape (n_rows,), default=None
        The time of each row, as for :class:`PanelTimeSeriesSplit`. None takes each row
        for a time step, in the order of the rows.

    Notes
    -----
    In the table of the train rows, those after the fold follow those before it. With
    dates or whole numbers in the index, `SlidingWindow` takes the gap for missing time
    steps. Without, windows of the first rows after the gap hold rows from before it:
    no test row, but rows that are not neighbours.

    A test part that is not the last one starts cold, as with
    :class:`~sklearn.model_selection.KFold`: `SlidingWindow` remembers the end of the
    train part, which is later, so that the windows of the first
    ``window_length + horizon - 1`` rows have missing time steps (NaN) in place of the
    train rows before the fold. That lowers the score, most for long windows and
    short folds, so that a search over windows prefers short ones. Use folds much
    longer than a window, or compare windows by
    :class:`~sklearn.model_selection.TimeSeriesSplit`, whose test parts follow the train
    part, or by :func:`sklstm.forecasting.backtest`.

    References
    ----------
    .. [1] M. López de Prado, "Advances in Financial Machine Learning", Wiley 2018,
       sections 7.4.1 and 7.4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.linear_model import Ridge
    >>> from sklstm import SlidingWindow
    >>> from sklstm.model_selection import PurgedKFold
    >>> pipe = make_pipeline(SlidingWindow(2, flatten=True), Ridge())
    >>> for train, test in PurgedKFold(3, pipeline=pipe).split(np.zeros((9, 1))):
    ...     print(train, test)
    [5 6 7 8] [0 1 2]
    [0 1 2 8] [3 4 5]
    [0 1 2 3 4 5] [6 7 8]
    """

    def __init__(
        self, n_splits=5, *, purge="auto", embargo=0, pipeline=None, time=None
    ):
        self.n_splits = n_splits
        self.purge = purge
        self.embargo = embargo
        self.pipeline = pipeline
        self.time = time

    def _row_times(self, X):
        return np.arange(num_samples(X)) if self.time is None else _times(X, self.time)

    def _split_steps(self, n_steps, n_splits, n_overlapping):
        check_int("embargo", self.embargo, at_least=0)
        left_out = max(self._n_purged(), n_overlapping) + int(self.embargo)
        left_out = min(left_out, n_steps)  # NumPy takes 64 bits at most
        if n_steps < n_splits:
            raise ValueError(
                f"n_splits={n_splits} folds need as many time steps, but X has "
                f"{n_steps}."
            )
        for train, test in KFold(n_splits).split(np.zeros(n_steps)):
            before = train < test[0] - n_overlapping
            yield train[before | (train > test[-1] + left_out)], test

    def _n_overlapping(self, X, y):
        if self.purge != "auto" or y is None:
            return 0
        y = np.asarray(y)
        if y.ndim == 1:
            return 0
        groups = self._groups(X)
        codes = np.zeros(len(y), dtype=int) if groups is None else groups.codes
        return y.shape[1] - 1 if are_steps(y, codes) else 0

    def _groups(self, X):
        """Return the Groups of the pipeline's `group_by`; None without."""
        group_by = group_by_of(windows_within(self.pipeline))
        if group_by is None:
            return None
        return Groups.of(named_column(X, group_by, "group_by"), "group_by")

    def _keep_apart(self, X, steps, n_overlapping):
        groups = self._groups(X) if self.purge == "auto" else None
        if groups is None:
            return super()._keep_apart(X, steps, n_overlapping)
        n_purged = self._n_purged()
        order = np.lexsort((steps, groups.codes))
        codes = groups.codes[order]

        def keep_apart(train, test):
            is_test = np.zeros(len(order), dtype=bool)
            is_test[test] = True
            is_test = is_test[order]
            reaches = _are_soon_after(is_test, codes, max(n_purged, n_overlapping))
            reaches |= _are_soon_after(is_test[::-1], codes[::-1], n_overlapping)[::-1]
            return np.setdiff1d(train, order[reaches], assume_unique=True)

        return keep_apart

    def _n_purged(self):
        if self.purge != "auto":
            check_int("purge", self.purge, at_least=0, others=' or "auto"')
            return int(self.purge)
        if self.pipeline is None:
            raise ValueError(
                'purge="auto" reads window length and horizon from a pipeline, but '
                "pipeline is None. Pass pipeline=, or purge as a number of time steps."
            )
        windows = windows_within(self.pipeline)
        if not windows:
            raise ValueError(
                'purge="auto" finds no step with window_length and horizon in '
                f"pipeline={self.pipeline!r}. Pass purge as a number of time steps."
            )
        group_by = group_by_of(windows)
        if group_by is not None and self.time is None:
            raise ValueError(
                f"time=None takes every row for a time step, but with group_by="
                f"{group_by!r} of the pipeline rows of several "
                "groups share time steps. Pass time, such as the name of the index."
            )
        return reach_of(windows) + rows_before_windows(self.pipeline)


def reach_of(windows):
    """Return the number of rows that the longest window reaches back from its own."""
    return max(geometry_of(one).n_before for one in windows)


def geometry_of(window):
    """Return the geometry of a step that has `window_length` and `horizon`."""
    check_int("window_length", window.window_length, at_least=1)
    check_int("horizon", window.horizon, at_least=0)
    # Python's own integers: NumPy's narrow ones overflow.
    return WindowGeometry(int(window.window_length), int(window.horizon))


def group_by_of(windows):
    """Return `group_by` of the first window that has it; None without."""
    names = (getattr(one, "group_by", None) for one in windows)
    group_by = next((name for name in names if name is not None), None)
    check_group_by(group_by)
    return group_by


def last_chosen(chosen, codes):
    """Return the place of the last chosen row until each row in its group, or -1.

    `chosen` is a mask of shape (n_rows,), group by group in the order of time or in
    reverse; `codes` are the numbers of the groups.
    """
    last = np.maximum.accumulate(np.where(chosen, np.arange(len(codes)), -1))
    return np.where(codes[last] == codes, last, -1)


def _are_soon_after(is_test, codes, n_rows):
    """Return which rows are at most `n_rows` rows after a test row of their group."""
    last = last_chosen(is_test, codes)
    return (last >= 0) & (np.arange(len(codes)) - last <= n_rows)


def _rows_in(part, steps, n_steps):
    """Return the rows whose time step is in a part."""
    chosen = np.zeros(n_steps, dtype=bool)
    chosen[part] = True
    return np.flatnonzero(chosen[steps])


def _times(X, time):
    if time is None:
        index = X.index if isinstance(X, (pd.DataFrame, pd.Series)) else None
        if index is None or isinstance(index, pd.MultiIndex):
            levels = "" if index is None else f" of the levels {list(index.names)}"
            raise ValueError(
                "time=None takes the index of a DataFrame for the time of its rows. "
                f"Name a column or an index level{levels}, or pass the times."
            )
        return index
    if isinstance(time, (str, Integral)):
        return named_column(X, time, "time")
    if not isinstance(time, (pd.Index, pd.Series)):
        time = np.asarray(time)
    if np.ndim(time) != 1:
        raise ValueError(
            "time must be the name of a column or of an index level, the number of a "
            f"column, or one time per row; got shape {np.shape(time)}."
        )
    return time


def named_column(X, name, parameter):
    """Return a column or index level of a table; raise unless it is the only one."""
    columns = list(getattr(X, "columns", ())).count(name)
    if columns > 1:
        raise ValueError(f"{parameter}={name!r} names {columns} columns of X.")
    column = column_of(X, name)
    if isinstance(column, pd.Series):
        return column.array
    if column is not None:
        return column if isinstance(column, pd.Index) else np.asarray(column)
    if hasattr(X, "columns"):
        raise ValueError(
            f"{parameter}={name!r} is neither a column nor an index level of X: it has "
            f"the columns {list(X.columns)}."
        )
    raise ValueError(
        f"{parameter}={name!r} is no column of X, an array of shape {np.shape(X)}. "
        f"{parameter} may be the number of a column of an array of two axes; of "
        "other arrays pass one value per row."
    )
