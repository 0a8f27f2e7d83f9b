"""A check by perturbation that neither folds nor predictions leak."""

import inspect
import math
import warnings
from decimal import Decimal
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.model_selection import check_cv

from sklstm._compat.sklearn import safe_indexing
from sklstm._multistep import are_steps
from sklstm._pipeline import rows_before_windows, steps_of, windows_within
from sklstm._series import Groups, warn_of_levels
from sklstm._validation import (
    as_list,
    check_table,
    check_target_of_rows,
    n_axes,
)
from sklstm.model_selection._splitters import (
    geometry_of,
    group_by_of,
    last_chosen,
    named_column,
    reach_of,
)

# Number of test rows of each fold whose predictions are checked.
_ROWS_A_FOLD = 3

# A prediction has changed if it differs by more than this share of the standard
# deviation of predictions.
_CHANGED = 1e-4


def assert_no_leakage(pipeline, X, y, cv=5, *, groups=None):
    """Check by perturbation that folds and predictions do not leak.

    In every fold, no window or target of a train row may hold a test row. Then a clone
    is fitted on the train rows, and for the first, the middle and the last test row
    `t` values are changed that its prediction must not depend on: all rows from
    ``t - horizon + 1`` on (from ``t + 1`` on, of the columns in `known` of the window),
    the rows of other groups, and the target of row `t` in any column. The prediction
    must stay the same.

    Parameters
    ----------
    pipeline : estimator
        It is cloned. Window length and horizon are those of its step that has them,
        also within another such as a ColumnTransformer (for several the longest reach
        and the shortest horizon); without one, a row is predicted from itself.

    X : ndarray or DataFrame of shape (n_rows, n_features)
        The table; the rows of each group in the order of time.

    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        The targets.

    cv : int, splitter or iterable, default=5
        As in :func:`sklearn.model_selection.check_cv`.

    groups : str or array-like of shape (n_rows,), default=None
        The groups: a column or index level of X, or a label for each row. None uses
        `group_by` of the window, and without it takes all rows for one series.

    Raises
    ------
    AssertionError
        If something leaks; names rows, and the first pipeline step that leaks.

    Notes
    -----
    Data that your own functions read besides their argument can't be changed; but
    fitted estimators that they use are found. Nor can the check see how X was made:
    columns that were scaled or smoothed over all rows, or computed from the target,
    leak unseen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import CompleteCaseRegressor, SlidingWindow
    >>> from sklstm.model_selection import assert_no_leakage
    >>> X = np.random.default_rng(0).normal(size=(60, 1)).cumsum(axis=0)
    >>> def pipe(horizon):
    ...     window = SlidingWindow(3, horizon=horizon, history="fit", flatten=True)
    ...     return make_pipeline(window, CompleteCaseRegressor(Ridge()))
    >>> assert_no_leakage(pipe(horizon=1), X, X[:, 0], TimeSeriesSplit(3))
    >>> assert_no_leakage(pipe(horizon=0), X, X[:, 0], TimeSeriesSplit(3))
    Traceback (most recent call last):
    ...
    AssertionError: Fold 0: the prediction of row 15 depends on its own target, ...
    """
    _assert_nothing_is_fitted(pipeline)
    windows = windows_within(pipeline)
    table = _Table(X, y, groups, windows, rows_before_windows(pipeline))
    if windows and groups is None and table.group_column is None:
        warn_of_levels(X, stacklevel=3)  # which an earlier step may remove
    for fold, (train, test) in enumerate(
        _split(pipeline, cv, X, y, table.groups.codes)
    ):
        _check_rows_of_fold(fold, train, test, len(table.y))
        table.assert_apart(fold, train, test)
        with warnings.catch_warnings():
            for message in _REPORTED_BELOW:
                warnings.filterwarnings("ignore", message)
            _assert_causal(clone(pipeline), table, fold, X, y, train, test)


# Warnings of what an error reports with its rows, or of a gap that the check needs.
_REPORTED_BELOW = (
    "known=.* names the target",
    "y holds .* steps at once",
    "y is the column ",
    ".* rows of X start cold",
    ".* missing.* between the rows of fit and X",
)


def _assert_causal(model, table, fold, X, y, train, test):
    """Raise if predictions of a fold depend on values that they must not use."""
    model.fit(safe_indexing(X, train), safe_indexing(y, train))
    table.read_windows(windows_within(model))
    probe = _Probe(table, fold, model, test)
    for row in test[np.linspace(0, len(test) - 1, _ROWS_A_FOLD).astype(int)]:
        probe.assert_causal(row)


def _split(pipeline, cv, X, y, groups):
    splitter = check_cv(cv, y, classifier=is_classifier(pipeline))
    routing = getattr(splitter, "get_metadata_routing", None)
    # scikit-learn's splitters warn of groups that they do not use.
    wanted = routing is not None and routing().split.requests.get("groups") is True
    return splitter.split(X, y, groups if wanted else None)


def _check_rows_of_fold(fold, train, test, n_rows):
    for name, rows in {"train": train, "test": test}.items():
        rows = np.asarray(rows)
        if rows.dtype.kind == "b" or not len(rows):
            continue
        if rows.min() < -n_rows or rows.max() >= n_rows:
            row = rows[(rows < -n_rows) | (rows >= n_rows)][0]
            raise ValueError(
                f"Fold {fold} of cv has row {row} in its {name} part, but X has "
                f"{n_rows} rows, 0 to {n_rows - 1}. Make the folds of this table."
            )


# -------------------------------------------------------------- fitted before the split
def _assert_nothing_is_fitted(pipeline):
    for name, step in steps_of(clone(pipeline)):
        for used in [step, *_objects_used_by(step)]:
            if _is_fitted(used):
                raise AssertionError(
                    f"Step {name!r} uses {used!r}, which was fitted before the split "
                    "and may have seen the test rows. Make it a step of the pipeline, "
                    "so that it is fitted on train rows."
                )


def _objects_used_by(step):
    """Yield the objects in parameters of a pipeline step, and in functions of these."""
    for value in step.get_params(deep=False).values():
        yield getattr(value, "__self__", value)
        if inspect.isfunction(value):
            names = inspect.getclosurevars(value)
            yield from [*names.nonlocals.values(), *names.globals.values()]


def _is_fitted(used):
    return isinstance(used, BaseEstimator) and any(
        name.endswith("_") and not name.startswith("_") for name in vars(used)
    )


# ------------------------------------------------------------------------- the table
class _Table:
    """X and y, their groups, and the number of rows that windows reach back."""

    def __init__(self, X, y, groups, windows, n_before=0):
        self.X, self.y = _as_table(X), np.asarray(y)
        check_target_of_rows(self.X, y)
        self.read_windows(windows)
        reach = reach_of(windows) + n_before if windows else 0
        self.reach = min(reach, len(self.y))
        self.group_column = _name_of_groups(groups, windows)
        self.groups = self._read_groups(groups, X)
        self.timeline = self.groups.timeline(self._missing(windows))
        outputs = self.y.reshape(len(self.y), math.prod(self.y.shape[1:])).T
        found = [one for y in outputs for one in self._find_target(y)]
        self.target_columns = [one for one in found if one[2] >= 0]
        # How many rows later than its own a target is found in X.
        self.lead = max((-lag for _, _, lag in found), default=0)
        several = are_steps(self.y, self.groups.codes)
        self.overlap = self.y.shape[1] - 1 if several else 0

    def _read_groups(self, groups, X):
        """Return the rows of each group."""
        if self.group_column is not None:
            labels = named_column(X, self.group_column, "groups")
            return Groups.of(labels, "groups")
        if groups is None:
            return Groups.of_one("all rows", len(self.y))
        labels = np.asarray(groups)
        if labels.shape != self.y.shape[:1]:
            raise ValueError(
                "groups must be the name of a column or index level of X, the number "
                f"of a column of an array, or a label for each of the {len(self.y)} "
                f"rows of X; got {groups!r}."
            )
        return Groups.of(labels, "groups")

    def _missing(self, windows):
        """Return the number of rows missing before each; None if windows count none."""
        for window in windows:
            count = getattr(window, "missing_rows_by_index", None)
            missing = None if count is None else count(self.X, self.groups.codes)
            if missing is not None:
                return missing
        return None

    def read_windows(self, windows):
        """Read horizon and known columns of windows; in a search, of the best."""
        self.horizon = min((geometry_of(one).horizon for one in windows), default=0)
        known = [as_list(getattr(one, "known", ())) for one in windows]
        self.known = [name for names in known for name in names]

    def note_on_known(self):
        """Return a note on known columns that a pipeline step makes."""
        columns = _names(self.X)
        made = [name for name in self.known if name not in columns]
        if not made:
            return ""
        return (
            f" (known={made} are made by a step before the window: the columns of X "
            "from which it makes them were changed as if they were not known.)"
        )

    def assert_apart(self, fold, train, test):
        """Check that no train row reaches to a test row, back or ahead."""
        part = np.zeros(len(self.y), dtype=int)
        part[train], part[test] = 1, 2
        rows, codes = self.groups.order, self.groups.codes[self.groups.order]
        is_train, is_test = part[rows] == 1, part[rows] == 2
        reach = max(self.reach, self.overlap)
        row, other = _first_within(is_train, is_test, codes, reach)
        if row is not None:
            raise AssertionError(
                f"Fold {fold}: window and target of train row {rows[row]} hold "
                f"test row {rows[other]}; they reach {reach} rows back. Use "
                "TimeSeriesSplit, or PurgedKFold(pipeline=..., time=...)."
            )
        row, other = _first_within(is_test, is_train, codes, self.overlap)
        if row is not None and self.overlap:
            raise AssertionError(
                f"Fold {fold}: the targets of test row {rows[row]} hold values "
                f"that the targets of train row {rows[other]} also hold. Leave a gap "
                f"of {self.overlap} rows before the test part, as "
                f"TimeSeriesSplit(gap={self.overlap}) does, or score by "
                "sklstm.forecasting.backtest, which needs none."
            )
        # The same, in reverse order of time.
        rows, codes = rows[::-1], codes[::-1]
        row, other = _first_within(is_train[::-1], is_test[::-1], codes, self.lead)
        if row is not None:
            raise AssertionError(
                f"Fold {fold}: the target of train row {rows[row]} is known "
                f"at test row {rows[other]} at the earliest: y holds values of X "
                f"up to {self.lead} rows later. Pass y unshifted and "
                f"set the horizon, or leave a gap of {self.lead} rows."
            )

    def numeric_columns(self):
        """Yield position, name and values of the columns that hold numbers."""
        for i, name in enumerate(_names(self.X)):
            values = _column(self.X, i)
            numeric = values.dtype.kind in "iufb" and name != self.group_column
            if numeric and not pd.isna(values).all():
                yield i, name, values

    def _find_target(self, y):
        """Yield (column, name, lag) with ``y[t] == X[t - lag, column]``."""
        numeric = y.dtype.kind in "iufb"
        target = pd.Series(y.astype(float) if numeric else np.nan, range(len(y)))
        counts = target.value_counts()
        if len(counts) < 2 or (len(counts) == 2 and counts.min() < 5):
            return  # such a target is found by chance
        share = 0.99 if len(counts) > 2 else 0.9999  # two values often agree
        for column, name, values in self.numeric_columns():
            for lag in range(-self.reach - 1, self.reach + 2):
                earlier = self._shifted(values.astype(float), lag)
                known = earlier.notna() & target.notna()
                same = np.isclose(earlier[known], target[known])
                if known.sum() > 2 and same.mean() > share:
                    yield column, name, lag

    def _shifted(self, values, lag):
        """Return the value `lag` time steps before each row, within its group."""
        rows, exist = self.timeline.rows_before(lag)
        return pd.Series(np.where(exist, values[rows], np.nan))


def _name_of_groups(groups, windows):
    """Return the column or index level that names groups; None without."""
    if groups is None:
        return group_by_of(windows)
    return groups if isinstance(groups, (str, Integral)) else None


def _first_within(is_train, is_test, codes, reach):
    """Return the first train row at most `reach` rows after a test row, and it."""
    last = last_chosen(is_test, codes)
    reaches = is_train & (last >= 0) & (np.arange(len(last)) - last <= reach)
    if not reaches.any():
        return None, None
    place = int(np.argmax(reaches))
    return place, last[place]


# ----------------------------------------------------------------------- predictions
class _Probe:
    """A model fitted on a fold, and its predictions of the test rows."""

    def __init__(self, table, fold, model, test):
        self.table, self.fold, self.model, self.test = table, fold, model, test
        self.X = safe_indexing(table.X, test)
        self.predicted = self._predict(self.X)
        self.scale = _CHANGED * (np.std(self.predicted) or 1.0)

    def assert_causal(self, row):
        """Check that the prediction of a row depends on nothing that it must not."""
        table, test = self.table, self.test
        codes, places = table.groups.codes, table.timeline.places
        own = codes[test] == codes[row]
        late = own & (places[test] > places[row] - table.horizon)
        after = own & (places[test] > places[row])
        self._assert_no_effect(
            row, late, f"rows from {self._first(late)} on", after=after
        )
        if not own.all():
            self._assert_no_effect(row, ~own, "rows of other groups")
        for column, name, lag in table.target_columns:
            cell = own & (places[test] == places[row] - lag)
            if (lag >= table.horizon or name in table.known) and cell.any():
                at = self._first(cell)
                what = f"its own target, which is in column {name!r} of row {at}"
                self._assert_no_effect(row, cell, what, column)

    def _first(self, chosen):
        return self.test[np.argmax(chosen)] if chosen.any() else None

    def _assert_no_effect(self, row, chosen, what, column=None, after=None):
        """Check that a change of the chosen rows does not change a prediction.

        Known columns are changed only in the rows `after`, if given.
        """
        if not chosen.any():
            return
        X = _changed(self.table, self.X, chosen, column, after)
        at = int(np.flatnonzero(self.test == row)[0])
        difference = np.abs(self._predict(X)[at] - self.predicted[at])
        if np.max(difference) > self.scale:
            step = self._first_changed_step(X, at)
            raise AssertionError(
                f"Fold {self.fold}: the prediction of row {row} depends on {what}, "
                f"which it must not see (horizon={self.table.horizon}). The first "
                f"output that changes, in that row or before it, is of step {step!r}."
                + self.table.note_on_known()
            )

    def _first_changed_step(self, X, at):
        """Return the first pipeline step whose output differs in or before a row."""
        *transformers, (last, _) = list(steps_of(self.model))
        before, after = self.X, X
        unchanged = ~_rows_that_differ(before, after)
        for name, step in transformers:
            before, after = step.transform(before), step.transform(after)
            differ = _rows_that_differ(before, after)
            windows = bool(windows_within(step))
            if differ[at] if windows else (differ & unchanged).any():
                return name
            if windows:
                unchanged = ~differ
        return last

    def _predict(self, X):
        if hasattr(self.model, "predict_proba"):
            return np.asarray(self.model.predict_proba(X), dtype=float)
        return np.asarray(self.model.predict(X), dtype=float)


def _changed(table, X, chosen, column=None, after=None):
    """Return X with other numbers in the chosen rows, of all columns or of one."""
    everywhere = chosen
    X = X if hasattr(X, "columns") else X.astype(float)
    for i, name, values in table.numeric_columns():
        if column not in (None, i):
            continue
        known = after is not None and name in table.known
        chosen = after if known else everywhere
        old = _column(X, i)
        if values.dtype.kind == "b":
            new = old ^ chosen
        else:
            spread = float(np.nanstd(values.astype(float))) or 1.0
            old = old.astype(float)
            new = np.where(chosen, 2 * np.nanmax(values) + 3 * spread - old, old)
        X = _with_column(X, i, new)
    return X


def _as_table(X):
    """Return X with named or numbered columns; raise unless it is a table."""
    n = n_axes(X)  # raises if ragged
    X = check_table(X) if hasattr(X, "columns") else np.asarray(X)
    if n != 2:
        raise ValueError(
            "assert_no_leakage needs a table X of shape (n_rows, n_features), got "
            f"shape {tuple(X.shape)}. Pass the table of rows, with "
            "SlidingWindow as a step of the pipeline."
        )
    return X


def _names(X):
    return list(getattr(X, "columns", range(X.shape[1])))


def _column(X, i):
    """Return the values of a column of a pandas or polars DataFrame, or an array."""
    if not hasattr(X, "columns"):
        return _as_numbers(X[:, i])
    return _as_numbers(np.asarray(X.iloc[:, i] if hasattr(X, "iloc") else X[:, i]))


def _as_numbers(values):
    """Return objects as floats, if all are numbers, such as decimals."""
    if values.dtype.kind != "O":
        return values
    given = ~pd.isna(values)
    if not given.any() or not all(isinstance(v, Real | Decimal) for v in values[given]):
        return values
    numbers = np.full(len(values), np.nan)
    numbers[given] = values[given].astype(float)
    return numbers


def _with_column(X, i, values):
    """Return a copy of X with other values in a column."""
    if hasattr(X, "with_columns"):
        return X.with_columns(type(X[:, i])(X.columns[i], values))
    X = X.copy()
    if hasattr(X, "isetitem"):
        X.isetitem(i, values)
    else:
        X[:, i] = values
    return X


def _rows_that_differ(before, after):
    before, after = (np.asarray(one) for one in (before, after))
    if before.dtype.kind not in "iufb":
        before, after = (pd.DataFrame(one).to_numpy() for one in (before, after))
        return (before != after).any(axis=1)
    axes = tuple(range(1, before.ndim))
    return ~np.isclose(before, after, equal_nan=True).all(axis=axes)
