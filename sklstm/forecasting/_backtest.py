"""Forecasts from many origins in the past, with the truth."""

import itertools
import warnings

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sklstm._compat.sklearn import safe_indexing
from sklstm._pipeline import find_window
from sklstm._series import TimeLabels
from sklstm._validation import as_list, check_int, check_target_of_rows, shortened
from sklstm._window_step import fitted_table
from sklstm.forecasting._carried_transforms import KEY, CarriedTransforms
from sklstm.forecasting._folds import Folds
from sklstm.forecasting._forecaster import Forecaster
from sklstm.forecasting._linear_models import may_be_linear
from sklstm.forecasting._naive_scale import add_scale, as_numbers
from sklstm.forecasting._origins import Origins
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._progress import check_progress, tracked
from sklstm.forecasting._result_tables import check_name_of_groups
from sklstm.forecasting._target_column import truth_of
from sklstm.forecasting._tested_rows import table_of_rows

# Fits of linear models that forecast together, and the most rows of their table.
_FITS_TOGETHER, _MOST_ROWS = 10, 2**16


def backtest(
    pipeline,
    X,
    y,
    cv,
    *,
    refit=True,
    known=(),
    target=None,
    season_length=None,
    n_jobs=None,
    progress=False,
):
    """Forecast the test rows of each fold from its train rows.

    The origin of a fold is, in each group, the last train row. The rows after it are
    forecast as by :func:`forecast`: predictions are fed back, and only the columns in
    `known` of later rows are used. Folds that share a fit are forecast together.

    Parameters
    ----------
    pipeline : estimator
        A pipeline with a `SlidingWindow`, a search over one, or a
        :class:`TransformedTargetForecaster`. It is cloned, unless `refit` is "prefit".

    X : DataFrame or ndarray of shape (n_rows, n_features)
        The table; the rows of each group in the order of time.

    y : array-like of shape (n_rows,), (n_rows, n_outputs) or as of `make_multistep`
        The targets; of several steps the last is that of the row itself. NaN is a
        missing target, and `truth` is NaN there. Estimators of this package leave
        such rows out of their fit; others may raise an error.

    cv : int, splitter or iterable
        Folds whose train rows come before their test rows, such as those of
        `TimeSeriesSplit` or, with groups, `PanelTimeSeriesSplit`. An int is the number
        of splits of `PanelTimeSeriesSplit`. After a gap, steps are counted from the
        last train row.

    refit : bool, int or "prefit", default=True
        Whether to fit on each fold. An int `n` fits on every n-th fold. False fits
        once, on the train rows of the first fold, which should be many times the rows
        of a window. "prefit" takes a pipeline that is already fitted, on rows before
        all test rows: this is checked if the window remembers the index of its fit
        (``history="auto"`` and a DataFrame). Each forecast uses the rows up to the
        origin of its fold.

    known : str, int or sequence of such, default=()
        Columns of X that are known in advance, such as the calendar, in addition to
        `known` of the `SlidingWindow`.

    target : str, int or sequence of such, default=None
        The columns of X that are predicted. None takes the names of y; without names,
        for a single target, the one column that is not in `known`.

    season_length : int, default=None
        Time steps of a season. Adds the column `scale`, the errors of the naive
        forecast of one season. 1 is the naive forecast of the last value.

    n_jobs : int, default=None
        Number of fits at the same time, as in scikit-learn. For networks that train
        for seconds, processes are slower, as each starts TensorFlow; threads
        (``joblib.parallel_config("threading")``) share compiled programs.

    progress : bool, default=False
        Whether to show a progress bar, with one step for each fit. It needs rich. (The
        epochs of a network are shown by its `verbose`.)

    Returns
    -------
    DataFrame
        A row for each test row (and each target, if there are several) with the
        columns

        - `fold`, from 0 on;
        - `origin`: the time of the last known row, or its number in its group;
        - `step`: time steps from the origin, with those that are missing in X;
        - `time`: the time of the test row, or its number in its group;
        - the column or index level of groups, if there is one;
        - `target`, if there are several;
        - `truth` and `forecast`;
        - `q0.1` and so on, if the pipeline predicts quantiles;
        - `scale`, with `season_length`: the mean absolute error of the naive forecast
          of one season within the train rows of the group in the fold. NaN if there
          are too few. Absolute errors over it are scaled errors (MASE).

        If the target is transformed, its `attrs` hold the transform, on whose scale
        :func:`conformal_intervals` measures errors.

    Raises
    ------
    ValueError
        If a fit saw rows after a test row of the same group; if the train or test part
        of a fold is empty; if times repeat or are not sorted; if the column of groups
        has the name of a column of the result; if columns are needed that are neither
        predicted nor known; if predictions would be fed back into a column that y is
        not.

    Warns
    -----
    UserWarning
        If a group has no row before a test part, so that it starts cold. If train rows
        of other groups are as late as test rows. If with ``refit=False`` fewer than
        half of the first train rows have a complete window.

    See Also
    --------
    backtest_scores : Mean errors, for each step ahead.
    sklstm.inspection.BacktestDisplay : Draws the errors by step and by fold.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import CompleteCaseRegressor, SlidingWindow
    >>> from sklstm.forecasting import backtest
    >>> days = pd.date_range("2026-01-01", periods=8)
    >>> X = pd.DataFrame({"price": [1.0, 2, 4, 8, 16, 32, 64, 128]}, index=days)
    >>> pipe = make_pipeline(
    ...     SlidingWindow(1, flatten=True),
    ...     CompleteCaseRegressor(LinearRegression()))
    >>> backtest(pipe, X, X["price"], TimeSeriesSplit(2, test_size=2))
       fold     origin  step       time  truth  forecast
    0     0 2026-01-04     1 2026-01-05   16.0      16.0
    1     0 2026-01-04     2 2026-01-06   32.0      32.0
    2     1 2026-01-06     1 2026-01-07   64.0      64.0
    3     1 2026-01-06     2 2026-01-08  128.0     128.0
    """
    prefit = isinstance(refit, str) and refit == "prefit"
    if not prefit and not isinstance(refit, bool):
        check_int("refit", refit, at_least=1, others=", a bool or 'prefit'")
    check_progress(progress)
    window = find_window(pipeline)
    panel = Panel(X, getattr(window, "group_by", None))
    check_target_of_rows(X, y)
    if season_length is not None:  # before anything is fitted
        check_int("season_length", season_length, at_least=1, others=" or None")
        as_numbers(truth_of(y, 1))
    check_name_of_groups(panel.group_by)
    known = as_list(known)
    not_in_X = [column for column in known if column not in panel.columns]
    if not_in_X:
        raise ValueError(
            f"known has {shortened(not_in_X)}, but X has the columns {panel.columns}."
        )
    ahead = as_list(getattr(window, "known", ()))
    # Add the known covariates of the window that are columns of X.
    known += [c for c in ahead if c in panel.columns and c not in known]
    folds = Folds(panel, cv, X, y)
    every = None if prefit or refit is False else int(refit)
    # Folds do not share a fit with "prefit".
    n_folds = folds.check(1 if prefit else every)
    if prefit:
        _check_prefit(window, panel, folds)
    elif refit is False and window is not None:
        _warn_of_few_windows(window, panel, folds)
    run = delayed(_fit_and_forecast)
    # Not every backend of joblib has generators.
    return_as = "generator" if progress else "list"
    n_fits = -(-n_folds // (every or n_folds))
    size = _fits_together(pipeline, panel, n_fits, n_jobs)
    found = Parallel(n_jobs=n_jobs, return_as=return_as)(
        run(pipeline, panel, X, y, some, known, target, prefit)
        for some in _batches(folds.runs(every or n_folds), size)
    )
    if progress:
        found = list(tracked(found, n_fits, "backtest", size=lambda batch: batch[2]))
    result = table_of_rows([rows for batch, *_ in found for rows in batch], panel, y)
    # The transform of the first fit, which knew no row that is forecast.
    if found[0][1] is not None:
        result.attrs[KEY] = found[0][1]
    if season_length is not None:
        result = add_scale(result, panel, folds, y, window, season_length)
    return result


def _check_prefit(window, panel, folds):
    """Raise if a fold tests a fitted pipeline on times of its fit, if known."""
    last = fitted_table(window).last
    if last is None or panel.times is None:
        return
    labels = TimeLabels(panel.times)
    if labels.kind != last.kind:
        return
    for fold in folds:
        test = np.arange(len(panel.frame))[fold.test]
        first = labels.at(test[panel.times[test].argmin()])
        if not last.is_before(first):
            raise ValueError(
                f'refit="prefit": the pipeline was fitted on rows until {last.label}, '
                f"but fold {fold.number} of cv tests on {first.label}. Fit it on "
                "earlier rows, or start the folds later."
            )


def _warn_of_few_windows(window, panel, folds):
    """Warn if the only fit of a backtest has few complete windows."""
    first, *_ = itertools.islice(folds, 1)
    n_rows = np.bincount(panel.series.codes[first.train])
    n_complete = int(np.maximum(n_rows - window.geometry.n_before, 0).sum())
    if 2 * n_complete < n_rows.sum():
        warnings.warn(
            "refit=False fits on the train rows of the first fold alone: "
            f"{n_rows.sum()}, of which {n_complete} have a complete window "
            f"(window_length={window.window_length}, horizon={window.horizon}). Start "
            "the first fold later (fewer n_splits, a smaller test_size), or refit.",
            UserWarning,
            stacklevel=3,
        )


def _fit(pipeline, X, y):
    """Fit a pipeline; explain an error that is due to missing targets."""
    try:
        return pipeline.fit(X, y)
    except ValueError as error:
        if "NaN" in str(error) and pd.DataFrame(np.asarray(y)).isna().to_numpy().any():
            error.add_note(
                "y is NaN in train rows of the backtest, and the last step of the "
                "pipeline does not leave out such rows: use one that does, such as the "
                "estimators of sklstm, or leave them out of X and y."
            )
        raise


def _fits_together(pipeline, panel, n_fits, n_jobs):
    """Return the number of fits of a job, whose forecasts may be computed together.

    For long tables the fits take most of the time.
    """
    if len(panel.frame) > _MOST_ROWS or not may_be_linear(pipeline):
        return 1
    return max(min(_FITS_TOGETHER, n_fits // effective_n_jobs(n_jobs)), 1)


def _batches(runs, size):
    """Yield lists of `size` runs; the last may have fewer."""
    runs = iter(runs)
    while batch := list(itertools.islice(runs, size)):
        yield batch


def _fit_and_forecast(pipeline, panel, X, y, runs, known, target, prefit):
    """Fit on the first fold of each run, and forecast from the origins of all.

    Returns
    -------
    found : list of TestedRows
        The forecasts.

    transforms : CarriedTransforms or None
        The transforms of the target, of the first fit.

    n_runs : int
        The number of runs.
    """
    found, transforms, together = [], None, None
    for folds in runs:
        train, fitted = folds[0].train, pipeline
        if not prefit:
            fitted = _fit(clone(pipeline), _rows_of(X, train), _rows_of(y, train))
        forecaster = Forecaster(fitted, "backtest")
        if together is not None and together.join(forecaster, folds, train):
            continue
        if together is not None:
            found += together.forecast()
        together = Origins(forecaster, panel, y, known, target, folds, train)
        scale = forecaster.scale
        if transforms is None and scale is not None and scale.transformer is not None:
            transforms = CarriedTransforms(scale.by_target)
    return found + together.forecast(), transforms, len(runs)


def _rows_of(data, rows):
    """Return some rows, given as a slice or as numbers, of a table or a target.

    A copy, which pipeline steps may change.
    """
    if not isinstance(rows, slice):
        return safe_indexing(data, rows)
    some = getattr(data, "iloc", data)[rows]
    return some.copy() if hasattr(some, "copy") else some
