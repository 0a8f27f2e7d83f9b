"""Forecasts from many origins in the past, beside what came true."""

import warnings
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_consistent_length
from sklearn.utils.parallel import Parallel, delayed

from sklstm._pipeline import Parts, find_window
from sklstm._validation import as_list, check_int, shortened
from sklstm.forecasting._following import FollowingRows, look_at_other_rows
from sklstm.forecasting._forecast import feedback, n_recent
from sklstm.forecasting._future import Future
from sklstm.forecasting._outputs import Outputs
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._rollout import roll_out
from sklstm.model_selection import PanelTimeSeriesSplit

# Numbers in the rows of the series that are forecast together.
_LARGEST = 2**24


def backtest(pipeline, X, y, cv, *, refit=True, known=(), target=None, n_jobs=None):
    """Forecast the test rows of every fold from its train rows, beside the truth.

    The origin of a fold is, in each group, the last train row. What comes after it is
    forecast as :func:`forecast` does it: predictions are fed back in, and of later
    rows nothing is seen but the columns in `known`. Folds that share a fit are
    forecast together.

    Parameters
    ----------
    pipeline : estimator
        A pipeline with a `SlidingWindow`, or a search over one. It is cloned.

    X : DataFrame or ndarray of shape (n_rows, n_features)
        The table; the rows of each group in the order of time.

    y : array-like of shape (n_rows,), (n_rows, n_outputs) or as of `make_multistep`
        The targets; of several steps the last is that of the row itself.

    cv : int, splitter or iterable
        Folds whose train rows come before their test rows, such as those of
        `TimeSeriesSplit` or, with groups, `PanelTimeSeriesSplit`, which an int
        stands for. After a gap, steps are counted from the last train row.

    refit : bool or int, default=True
        Whether each fold is fitted anew; an int fits every so many folds; False fits
        on the train rows of the first fold alone. A fit is used with the rows up to
        the origin of every fold.

    known : str, int or sequence of such, default=()
        Columns of X that are known in advance, such as the calendar, besides those
        that `known` of the `SlidingWindow` names.

    target : str, int or sequence of such, default=None
        The columns of X that are predicted. None takes the names of y; without names,
        of a single target, the one column that is not in `known`.

    n_jobs : int, default=None
        Fits at the same time, as everywhere in scikit-learn. Networks that train for
        seconds lose by processes, each of which starts TensorFlow; threads
        (``joblib.parallel_config("threading")``) share what is compiled.

    Returns
    -------
    DataFrame
        A row for each test row (and each target, where there are several) with the
        columns

        - `fold`, from 0 on;
        - `origin`: the time of the last known row, or its number in its group;
        - `step`: rows from the origin;
        - `time`: that of the test row, or its number in its group;
        - the column or index level that names the group, if there is one;
        - `target`, where there are several;
        - `truth` and `forecast`;
        - `q0.1` and so on, where the pipeline predicts quantiles.

    Raises
    ------
    ValueError
        If a fit saw rows after a test row of the same group, a part is empty, times
        repeat or are not sorted, columns are needed that are neither predicted nor
        known, or predictions would be fed back into a column that y is not.

    Warns
    -----
    UserWarning
        If a group begins in a test part: it has no row before, and starts cold. If
        train rows of other groups are as late as test rows.

    See Also
    --------
    sklstm.inspection.BacktestDisplay : Draws the errors by step and by fold.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.impute import SimpleImputer
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import SlidingWindow
    >>> from sklstm.forecasting import backtest
    >>> days = pd.date_range("2026-01-01", periods=8)
    >>> X = pd.DataFrame({"price": [1.0, 2, 4, 8, 16, 32, 64, 128]}, index=days)
    >>> pipe = make_pipeline(
    ...     SlidingWindow(1, flatten=True),
    ...     SimpleImputer(strategy="constant", fill_value=0.5),
    ...     LinearRegression())
    >>> backtest(pipe, X, X["price"], TimeSeriesSplit(2, test_size=2))
       fold     origin  step       time  truth  forecast
    0     0 2026-01-04     1 2026-01-05   16.0      16.0
    1     0 2026-01-04     2 2026-01-06   32.0      32.0
    2     1 2026-01-06     1 2026-01-07   64.0      64.0
    3     1 2026-01-06     2 2026-01-08  128.0     128.0
    """
    check_consistent_length(X, y)
    if not isinstance(refit, bool):
        check_int("refit", refit, at_least=1, others=" or a bool")
    window = find_window(pipeline)
    panel = Panel(X, getattr(window, "group_by", None))
    known = as_list(known)
    strangers = [column for column in known if column not in panel.columns]
    if strangers:
        raise ValueError(
            f"known has {shortened(strangers)}, but X has the columns {panel.columns}."
        )
    ahead = as_list(getattr(window, "known", ()))
    # Of the window's own, those that are not made by a step before it.
    known += [c for c in ahead if c in panel.columns and c not in known]
    folds = _folds(panel, cv, X, y)
    every = int(refit) if refit else len(folds)
    runs = [folds[first : first + every] for first in range(0, len(folds), every)]
    for first, *others in runs:
        for fold in others:
            fold.check_after(first)
    run = delayed(_fit_and_forecast)
    found = Parallel(n_jobs=n_jobs)(
        run(pipeline, panel, X, y, some, known, target) for some in runs
    )
    return pd.concat(found, ignore_index=True)


def _folds(panel, cv, X, y):
    """Split the table, and tell what is odd about the folds."""
    if isinstance(cv, Integral):
        times = panel.places if panel.times is None else panel.times
        cv = PanelTimeSeriesSplit(cv, time=times)
    splits = cv.split(X, y) if hasattr(cv, "split") else cv
    folds = [_Fold(panel, number, *split) for number, split in enumerate(splits)]
    if not folds:
        raise ValueError(f"cv={cv!r} gives no fold.")
    for fold in folds:
        for message in fold.oddities():
            warnings.warn(f"Fold {fold.number}: {message}", UserWarning, stacklevel=3)
    return folds


class _Fold:
    """The series of one fold: the groups with test rows, and their origins."""

    def __init__(self, panel, number, train, test):
        train, test = (_row_numbers(part) for part in (train, test))
        for name, part in {"train": train, "test": test}.items():
            if not len(part):
                raise ValueError(f"Fold {number} of cv has no {name} row.")
        self._panel, self.number, self.train, self.test = panel, number, train, test
        places, n_groups = panel.places, len(panel.groups)
        self._trained_until = np.full(n_groups, -1)
        np.maximum.at(self._trained_until, panel.codes[train], places[train])
        self.check_after(self)
        first = np.full(n_groups, len(places))
        np.minimum.at(first, panel.codes[test], places[test])
        # Of a group without train rows, what is before the test part is known.
        seen = self._trained_until >= 0
        origins = np.where(seen, self._trained_until, first - 1)
        self.groups = np.unique(panel.codes[test])
        self.origins = origins[self.groups]
        self.n_steps = int((places[test] - origins[panel.codes[test]]).max())

    def check_after(self, fitted):
        """Refuse to test on what the fit of a fold, this or another, has seen."""
        codes, places = self._panel.codes[self.test], self._panel.places[self.test]
        wrong = places <= fitted._trained_until[codes]
        if wrong.any():
            row = self.test[np.argmax(wrong)]
            other = "" if fitted is self else f" of fold {self.number}"
            raise ValueError(
                f"Fold {fitted.number} of cv trains on rows after test row {row}"
                f"{other}. A backtest needs train rows before test rows, and folds in "
                "the order of time, as those of TimeSeriesSplit or "
                "PanelTimeSeriesSplit."
            )

    def oddities(self):
        """Tell what a user may not have meant."""
        panel = self._panel
        cold = panel.groups[self.groups[self.origins < 0]]
        if len(cold):
            yield (
                f"groups without a row before the test part: {shortened(cold)}. Their "
                "forecasts start cold, from missing steps."
            )
        if panel.times is None or len(panel.groups) == 1:
            return
        last, first = panel.times[self.train].max(), panel.times[self.test].min()
        if last >= first:
            yield (
                f"trains on times until {last}, although its first test time is "
                f"{first}, of another group. PanelTimeSeriesSplit splits all groups at "
                "the same times."
            )


def _row_numbers(part):
    part = np.asarray(part)
    return np.flatnonzero(part) if part.dtype.kind == "b" else part.astype(int)


def _fit_and_forecast(pipeline, panel, X, y, folds, known, target):
    """Fit on the first of some folds, and forecast all of them."""
    first = folds[0].train
    fitted = clone(pipeline).fit(_safe_indexing(X, first), _safe_indexing(y, first))
    parts = Parts.of(fitted, "backtest")
    transformed = parts.transform(panel.given)
    model = _Model(parts, panel, y, known, target)
    if look_at_other_rows(parts, panel, transformed):
        return pd.concat([model.forecast_after(fold) for fold in folds])
    values = parts.window._features_of(transformed)
    n_numbers = values.shape[1] * (model.n_recent + max(f.n_steps for f in folds))
    at_once = max(_LARGEST // (n_numbers * max(len(f.groups) for f in folds)), 1)
    return pd.concat(
        [
            model.forecast(values, folds[first : first + at_once])
            for first in range(0, len(folds), at_once)
        ]
    )


class _Model:
    """A fitted pipeline, and the table that it forecasts parts of."""

    def __init__(self, parts, panel, y, known, target):
        self.parts, self.panel, self.y = parts, panel, y
        self.known, self.target = known, target
        self.n_recent = n_recent(parts.window)

    def forecast_after(self, fold):
        """Forecast a fold where steps before the window look at other rows."""
        panel = self.panel
        origins = np.full(len(panel.groups), -1)
        origins[fold.groups] = fold.origins
        rows = np.flatnonzero(panel.places <= origins[panel.codes])
        table = panel.frame.iloc[rows]
        some = self.parts.window._features_of(
            self.parts.transform(panel.as_given(table))
        )
        values = np.full((len(panel.frame), some.shape[1]), np.nan, some.dtype)
        values[rows] = some
        return self.forecast(values, [fold], table)

    def forecast(self, values, folds, table=None):
        """Forecast the test rows of some folds, from the features of all rows."""
        panel, window = self.panel, self.parts.window
        codes = np.concatenate([fold.groups for fold in folds])
        origins = np.concatenate([fold.origins for fold in folds])
        places = origins[:, np.newaxis] + np.arange(1 - self.n_recent, 1)
        recent = values[panel.rows_at(codes[:, np.newaxis], places)]
        recent[places < 0] = np.nan
        steps = max(fold.n_steps for fold in folds)
        ahead = origins[:, np.newaxis] + np.arange(1, steps + 1)
        rows = panel.rows_at(codes[:, np.newaxis], ahead)
        there = panel.places[rows] == ahead  # others are stand-ins
        future = Future.within(panel, rows, self.known, there)
        outputs = Outputs(self.parts, recent, panel, self.target, self.y)
        fed = feedback(outputs, window, panel, future, steps, told_by="known")
        self._check_fed(fed, outputs.n_targets, folds[0].train)
        following = FollowingRows(self.parts, panel, future, fed, table)
        predicted = roll_out(outputs, recent, following, window, steps)
        is_test = there & self._is_test(folds, rows)
        return self._frame(outputs, predicted, folds, origins, rows, is_test)

    def _check_fed(self, fed, n_targets, rows):
        """Refuse to feed predictions into columns that y was not, in some rows."""
        truth = self._truth(n_targets)
        for column, target in fed.items():
            X = self.panel.frame[column].to_numpy()
            if X.dtype.kind not in "iuf":
                continue
            y = truth[rows, target].astype(float)
            same = np.isclose(X[rows], y) | np.isnan(X[rows].astype(float))
            if not same.all():
                row = rows[np.argmin(same)]
                raise ValueError(
                    f"Predictions can't be fed back into column {column!r} of X, as y "
                    f"is something else: in row {row} it is {truth[row, target]:g}, "
                    f"the column {X[row]:g}. Pass y as it stands in X, neither "
                    "shifted nor scaled; or predict all steps at once (make_multistep)."
                )

    def _truth(self, n_targets):
        """Give y of each row; of several steps the last; (n_rows, n_targets)."""
        return np.asarray(self.y).reshape(len(self.panel.frame), -1, n_targets)[:, -1]

    def _is_test(self, folds, rows):
        """Tell which of the rows that follow are test rows of their fold."""
        is_test, first = np.zeros(rows.shape, dtype=bool), 0
        for fold in folds:
            own = slice(first, first + len(fold.groups))
            chosen = np.zeros(len(self.panel.frame), dtype=bool)
            chosen[fold.test] = True
            is_test[own] = chosen[rows[own]]
            first = own.stop
        return is_test

    def _frame(self, outputs, predicted, folds, origins, rows, is_test):
        """Put the forecasts of test rows beside the truth."""
        panel = self.panel
        numbers = [np.repeat(fold.number, len(fold.groups)) for fold in folds]
        series, step = np.nonzero(is_test)
        row = rows[series, step]
        # Without times, the places of rows in their groups can be compared as such.
        times = pd.Index(panel.places) if panel.times is None else panel.times
        origin = panel.rows_at(panel.codes[row], origins[series])
        origin = pd.Series(times[origin])
        if (origins < 0).any():
            origin = origin.where(origins[series] >= 0)
        columns = {
            "fold": np.concatenate(numbers)[series],
            "origin": origin,
            "step": step + 1,
            "time": times[row],
        }
        if panel.group_by is not None:
            columns[panel.group_by] = panel.groups[panel.codes[row]]
        truth = self._truth(outputs.n_targets)
        parts = []
        for i in range(outputs.n_targets):
            own = dict(columns)
            if outputs.n_targets > 1:
                own["target"] = i if outputs.names is None else outputs.names[i]
            own["truth"] = truth[row, i]
            own["forecast"] = predicted[series, step, i, 0]
            for j, quantile in enumerate(outputs.quantiles, start=1):
                own[f"q{quantile:g}"] = predicted[series, step, i, j]
            parts.append(pd.DataFrame(own))
        return pd.concat(parts)
