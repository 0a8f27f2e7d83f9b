"""Display of errors of backtests: by step ahead, and by fold."""

import textwrap

import numpy as np
import pandas as pd

from sklstm._compat.sklearn import check_matplotlib_support
from sklstm._pipeline import steps_of
from sklstm.forecasting import backtest
from sklstm.inspection._backtest_errors import (
    check_metric,
    errors_by,
    one_table,
    origins_of,
    target_of,
    warn_of_unlike_rows,
)
from sklstm.inspection._drawing import axes_of, styled, thinned

# More bars than these are too thin to be told apart.
_MOST_BARS = 40
_MOST_LABELS = 8
# What `from_predictions` calls a table without a name; no legend tells it.
_NAMELESS = "forecast"


class BacktestDisplay:
    """Errors of forecasts by step and by fold, of one model or several.

    It is recommended to use :meth:`from_estimator` or :meth:`from_predictions`. All
    parameters are stored as attributes.

    Parameters
    ----------
    errors_by_step : DataFrame of shape (n_steps, n_models)
        The error of each model at each step, over all folds.

    errors_by_fold : DataFrame of shape (n_folds, n_models)
        The error of each model in each fold, over all steps.

    metric_name : str, default="error"
        What is measured.

    origins : Series, default=None
        For each fold the time of the last known row, to label it by.

    target_name : str or int, default=None
        Whose error it is, to label the axis by.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The errors by step, a line a model.

    bars_ : list of matplotlib BarContainer
        The errors by fold; empty where there are too many folds for bars.

    fold_lines_ : list of matplotlib Line2D
        The errors by fold, where these are too many for bars.

    ax_ : ndarray of Axes, of shape (2,)
        The axes: by step, by fold.

    figure_ : matplotlib Figure
        The figure with the axes.

    See Also
    --------
    sklstm.forecasting.backtest : Makes the forecasts.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.inspection import BacktestDisplay
    >>> backtest = pd.DataFrame({
    ...     "fold": [0, 0, 1, 1], "step": [1, 2, 1, 2],
    ...     "truth": [10.0, 20.0, 30.0, 40.0], "forecast": [11.0, 23.0, 32.0, 45.0]})
    >>> display = BacktestDisplay.from_predictions({"network": backtest})
    >>> display.errors_by_step
          network
    step
    1         1.5
    2         4.0
    """

    def __init__(
        self,
        errors_by_step,
        errors_by_fold,
        *,
        metric_name="error",
        origins=None,
        target_name=None,
    ):
        self.errors_by_step = errors_by_step
        self.errors_by_fold = errors_by_fold
        self.metric_name = metric_name
        self.origins = origins
        self.target_name = target_name

    @classmethod
    def from_estimator(
        cls,
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
        metric="mae",
        only_target=None,
        target_name=None,
        name=None,
        **plot_kw,
    ):
        """Run a backtest, and draw its errors.

        Parameters
        ----------
        pipeline, X, y, cv, refit, known, target, season_length, n_jobs
            As for :func:`sklstm.forecasting.backtest`.

        metric, only_target
            As for :meth:`from_predictions`.

        target_name : str or int, default=None
            What to call the target; None takes `only_target`, `target` or the name of
            y.

        name : str, default=None
            What to call the pipeline; None takes the class of its last step.

        **plot_kw : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        BacktestDisplay
            The drawn display.

        Raises
        ------
        ValueError
            As :func:`sklstm.forecasting.backtest` and :meth:`from_predictions` do.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_metric(metric)
        if isinstance(metric, str) and metric == "mase" and season_length is None:
            raise ValueError(
                'metric="mase" needs season_length, the steps of a season (1 is the '
                "last value), got None."
            )
        found = backtest(
            pipeline,
            X,
            y,
            cv,
            refit=refit,
            known=known,
            target=target,
            season_length=season_length,
            n_jobs=n_jobs,
        )
        if name is None:
            inner = getattr(pipeline, "forecaster", pipeline)
            name = type(list(steps_of(inner))[-1][1]).__name__
        if target_name is None and only_target is None:
            target_name = _single_name(target, y)
        return cls.from_predictions(
            {name: found},
            metric=metric,
            only_target=only_target,
            target_name=target_name,
            **plot_kw,
        )

    @classmethod
    def from_predictions(
        cls, backtests, *, metric="mae", only_target=None, target_name=None, **plot_kw
    ):
        """Draw the errors of backtests that were made before.

        Parameters
        ----------
        backtests : DataFrame or dict of str to DataFrame
            What :func:`sklstm.forecasting.backtest` returns, of several models by name.

        metric : {"mae", "rmse", "mase"} or callable, default="mae"
            The mean absolute error, the root of the mean squared error, the mean
            absolute scaled error (of backtests with `season_length`), or a function
            ``metric(y_true, y_pred)`` that returns a number.

        only_target : str or int, default=None
            The target to measure. Needed where there are several, as errors in units
            of their own have no mean.

        target_name : str or int, default=None
            What to call the target in the label of the axis; None takes the one that
            is measured, where the tables tell it.

        **plot_kw : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        BacktestDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If a table lacks columns, a forecast is NaN, no truth is known, or a
            parameter is not allowed.

        Warns
        -----
        UserWarning
            If the truth of some rows is NaN: they are left out. If models do not have
            the same folds, steps and times.
        """
        check_matplotlib_support(f"{cls.__name__}.from_predictions")
        metric_name, measure = check_metric(metric)
        if isinstance(backtests, pd.DataFrame):
            backtests = {_NAMELESS: backtests}
        table = one_table(backtests, only_target, scaled=metric == "mase")
        warn_of_unlike_rows(table)
        display = cls(
            errors_by(table, "step", measure),
            errors_by(table, "fold", measure),
            metric_name=metric_name,
            origins=origins_of(table),
            target_name=target_of(table) if target_name is None else target_name,
        )
        return display.plot(**plot_kw)

    def plot(self, ax=None, *, line_kw=None, bar_kw=None):
        """Draw two panels: the error by step, and by fold.

        Parameters
        ----------
        ax : array of two matplotlib Axes, default=None
            The axes to draw on; None makes a figure.

        line_kw : dict, default=None
            Keywords for matplotlib's `plot`.

        bar_kw : dict, default=None
            Keywords for matplotlib's `bar`.

        Returns
        -------
        BacktestDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `ax` is not two axes, or keywords are no dict.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from matplotlib.lines import Line2D
        from matplotlib.patches import Rectangle

        line_kw = styled("line_kw", line_kw, {"marker": "o", "markersize": 4}, Line2D)
        bar_kw = styled("bar_kw", bar_kw, {}, Rectangle)
        share = {"sharey": True, "figsize": (10, 4)}
        self.ax_ = axes_of(ax, (1, 2), **share)
        self.figure_ = self.ax_[0].figure
        self._draw_steps(self.ax_[0], line_kw)
        self._draw_folds(self.ax_[1], line_kw, bar_kw)
        for one in self.ax_:  # after both are drawn, which may share this axis
            one.set_ylim(bottom=min(0, one.get_ylim()[0]))
        label = self._label()
        self.ax_[0].set_ylabel(label)
        if ax is None:  # numbers at both, which share the axis
            self.ax_[1].tick_params(labelleft=True)
        else:
            self.ax_[1].set_ylabel(label)
        if list(self.errors_by_step) != [_NAMELESS]:
            self.ax_[0].legend(fontsize="small")
        return self

    def _label(self):
        """Return the label of the axis of errors."""
        if self.target_name is None:
            return self.metric_name
        target = self.target_name
        target = target if isinstance(target, str) else f"column {target}"
        return textwrap.fill(f"{self.metric_name} of {target}", 40)

    def _draw_steps(self, ax, line_kw):
        from matplotlib.ticker import MaxNLocator

        self.lines_ = []
        for number, (name, errors) in enumerate(self.errors_by_step.items()):
            own = {"label": name, "color": f"C{number}", **line_kw}
            self.lines_ += ax.plot(errors.index.to_numpy(), errors.to_numpy(), **own)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.set_xlabel("step ahead")
        ax.set_title("error by step", fontsize="medium")

    def _draw_folds(self, ax, line_kw, bar_kw):
        frame = self.errors_by_fold
        n_folds, n_models = frame.shape
        places = np.arange(n_folds)
        self.bars_, self.fold_lines_ = [], []
        for number, (name, errors) in enumerate(frame.items()):
            own = {"label": name, "color": f"C{number}"}
            if frame.size > _MOST_BARS:
                self.fold_lines_ += ax.plot(
                    places, errors.to_numpy(), **{**own, **line_kw}
                )
                continue
            width = 0.8 / n_models
            left = places + (number - (n_models - 1) / 2) * width
            bars = ax.bar(left, errors.to_numpy(), **{"width": width, **own, **bar_kw})
            self.bars_.append(bars)
        shown = places[:: thinned(n_folds, _MOST_LABELS)]
        if self.origins is None:
            ax.set_xticks(shown, [str(frame.index[i]) for i in shown])
            ax.set_xlabel("fold")
        else:
            labels, hour = _labels(self.origins.reindex(frame.index))
            ax.set_xticks(shown, [labels[i] for i in shown], rotation=30, ha="right")
            ax.set_xlabel(f"origin of the fold{hour}")
        ax.set_title("error by fold", fontsize="medium")


def _labels(origins):
    """Return origins as text, and apart from them the hour, where all share it."""
    if origins.dtype.kind != "M":
        return [str(origin) for origin in origins], ""
    hours = origins.dt.time
    if (hours != hours.iloc[0]).any():
        return [str(origin) for origin in origins], ""
    hour = hours.iloc[0].isoformat().removesuffix(":00")
    hour = "" if hour == "00:00" else f", at {hour}"
    return origins.dt.strftime("%Y-%m-%d").tolist(), hour


def _single_name(target, y):
    """Return the name of the one target of a backtest, by what it was called with."""
    if target is not None and np.ndim(target) == 0:
        return target
    return y.name if isinstance(y, pd.Series) else None
