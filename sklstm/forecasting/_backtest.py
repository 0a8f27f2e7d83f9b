"""Forecasts from many origins in the past, beside what came true."""

import itertools
import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sklstm._compat.sklearn import safe_indexing
from sklstm._pipeline import find_window
from sklstm._series import TimeLabels
from sklstm._validation import as_list, check_int, check_target_of_rows, shortened
from sklstm._window_step import fitted_table
from sklstm.forecasting._folds import Folds
from sklstm.forecasting._forecaster import Forecaster
from sklstm.forecasting._naive_scale import add_scale, numbers_of
from sklstm.forecasting._origins import Origins
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._result_tables import check_name_of_groups
from sklstm.forecasting._scale import KEY, Scale
from sklstm.forecasting._truth import truth_of


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
):
    """Forecast the test rows of every fold from its train rows, beside the truth.

    The origin of a fold is, in each group, the last train row. What comes after it is
    forecast as :func:`forecast` does it: predictions are fed back in, and of later
    rows nothing is seen but the columns in `known`. Folds that share a fit are
    forecast together.

    Parameters
    ----------
    pipeline : estimator
        A pipeline with a `SlidingWindow`, a search over one, or a
        :class:`TransformedTargetForecaster`. It is cloned, unless `refit` is "prefit".

    X : DataFrame or ndarray of shape (n_rows, n_features)
        The table; the rows of each group in the order of time.

    y : array-like of shape (n_rows,), (n_rows, n_outputs) or as of `make_multistep`
        The targets; of several steps the last is that of the row itself. NaN is no
        target: `truth` is NaN there. Estimators of this package leave such rows out
        of their fit; others may refuse them.

    cv : int, splitter or iterable
        Folds whose train rows come before their test rows, such as those of
        `TimeSeriesSplit` or, with groups, `PanelTimeSeriesSplit`, which an int
        stands for. After a gap, steps are counted from the last train row.

    refit : bool, int or "prefit", default=True
        Whether each fold is fitted anew; an int fits every so many folds; False fits
        once, on the train rows of the first fold alone: let that have many times the
        rows of a window. "prefit" takes a pipeline that is fitted already, and as it
        is: on rows before all test rows, which is checked where the window remembers
        the index of its fit (``history="auto"`` and a DataFrame), and elsewhere is up
        to you. A fit is used with the rows up to the origin of every fold.

    known : str, int or sequence of such, default=()
        Columns of X that are known in advance, such as the calendar, besides those
        that `known` of the `SlidingWindow` names.

    target : str, int or sequence of such, default=None
        The columns of X that are predicted. None takes the names of y; without names,
        of a single target, the one column that is not in `known`.

    season_length : int, default=None
        Steps of a season, by whose naive forecast errors are to be scaled: adds the
        column `scale`. 1 is the last value.

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
        - `step`: time steps from the origin, with those that are missing in X;
        - `time`: that of the test row, or its number in its group;
        - the column or index level that names the group, if there is one;
        - `target`, where there are several;
        - `truth` and `forecast`;
        - `q0.1` and so on, where the pipeline predicts quantiles;
        - `scale`, with `season_length`: the mean absolute error of the naive forecast
          of one season within the train rows that the group has in the fold. NaN where
          these are too few. Absolute errors over it are scaled errors (MASE).

        Of a transformed target its `attrs` tell the transform, on whose scale
        :func:`conformal_intervals` measures errors.

    Raises
    ------
    ValueError
        If a fit saw rows after a test row of the same group, a part is empty, times
        repeat or are not sorted, the groups are named by a column that is called as
        one of the result, columns are needed that are neither predicted nor
        known, or predictions would be fed back into a column that y is not.

    Warns
    -----
    UserWarning
        If a group begins in a test part: it has no row before, and starts cold. If
        train rows of other groups are as late as test rows. If with ``refit=False``
        fewer than half of the first train rows have a complete window.

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
    window = find_window(pipeline)
    panel = Panel(X, getattr(window, "group_by", None))
    check_target_of_rows(X, y)
    if season_length is not None:  # before anything is fitted
        check_int("season_length", season_length, at_least=1, others=" or None")
        numbers_of(truth_of(y, 1))
    check_name_of_groups(panel.group_by)
    known = as_list(known)
    strangers = [column for column in known if column not in panel.columns]
    if strangers:
        raise ValueError(
            f"known has {shortened(strangers)}, but X has the columns {panel.columns}."
        )
    ahead = as_list(getattr(window, "known", ()))
    # Of the window's own, those that are not made by a step before it.
    known += [c for c in ahead if c in panel.columns and c not in known]
    folds = Folds(panel, cv, X, y)
    every = None if prefit or refit is False else int(refit)
    # A pipeline that is fitted already was fitted on no fold's train rows.
    n_folds = folds.check(1 if prefit else every)
    if prefit:
        _check_prefit(window, panel, folds)
    elif refit is False and window is not None:
        _warn_of_short(window, panel, folds)
    run = delayed(_fit_and_forecast)
    found = Parallel(n_jobs=n_jobs)(
        run(pipeline, panel, X, y, some, known, target, prefit)
        for some in folds.runs(every or n_folds)
    )
    result = pd.concat(found, ignore_index=True)
    # That of the first fit: it was known before all of these forecasts.
    result.attrs = found[0].attrs
    if season_length is not None:
        result = add_scale(result, panel, folds, y, window, season_length)
    return result


def _check_prefit(window, panel, folds):
    """Refuse to test a fitted pipeline on what it was fitted on, where that shows."""
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
                "earlier rows, or let the folds begin later."
            )


def _warn_of_short(window, panel, folds):
    """Tell where the one fit of a backtest sees few windows that are complete."""
    first, *_ = itertools.islice(folds, 1)
    n_rows = np.bincount(panel.series.codes[first.train])
    n_complete = int(np.maximum(n_rows - window.geometry.n_before, 0).sum())
    if 2 * n_complete < n_rows.sum():
        warnings.warn(
            "refit=False fits on the train rows of the first fold alone: "
            f"{n_rows.sum()}, of which {n_complete} have a complete window "
            f"(window_length={window.window_length}, horizon={window.horizon}). Let "
            "the first fold begin later (fewer n_splits, a smaller test_size), or "
            "refit.",
            UserWarning,
            stacklevel=3,
        )


def _fit(pipeline, X, y):
    """Fit, and say what a refusal of missing targets is about."""
    try:
        return pipeline.fit(X, y)
    except ValueError as error:
        if "NaN" in str(error) and pd.DataFrame(np.asarray(y)).isna().to_numpy().any():
            error.add_note(
                "y is NaN in train rows of the backtest, which is no target. The last "
                "step of the pipeline does not leave such rows out: use one that does, "
                "as the estimators of sklstm, or leave them out of X and y."
            )
        raise


def _fit_and_forecast(pipeline, panel, X, y, folds, known, target, prefit):
    """Fit on the first of some folds, and forecast all of them."""
    train = np.arange(len(panel.frame))[folds[0].train]
    fitted = pipeline
    if not prefit:
        fitted = _fit(clone(pipeline), safe_indexing(X, train), safe_indexing(y, train))
    forecaster = Forecaster(fitted, "backtest")
    found = Origins(forecaster, panel, y, known, target, folds, train).forecast()
    if forecaster.units is not None and forecaster.units.transformer is not None:
        found.attrs[KEY] = Scale(forecaster.units.by_target)
    return found
