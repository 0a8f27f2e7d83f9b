"""Forecasts after what was known, beside what came true."""

import warnings

import numpy as np
import pandas as pd

from sklstm._compat.sklearn import check_matplotlib_support
from sklstm._pipeline import find_window
from sklstm._validation import check_int, shortened
from sklstm.forecasting import forecast as run_forecast
from sklstm.inspection._drawing import axes_of, lone_points, styled
from sklstm.inspection._forecast_series import (
    as_frame,
    before,
    choose_groups,
    find_group_by,
    make_series,
    merely_numbers_rows,
    note_unknown,
    read_targets,
    split_groups,
)

_MOST_GROUPS = 4
_LEAST_HISTORY = 20
# In points: of what has no extent along the axis of time.
_LONE_MARKER, _LONE_BAND = 4, 6


class ForecastDisplay:
    """Forecast after the history that it goes on from, with its bands and the truth.

    It is recommended to use :meth:`from_estimator` or :meth:`from_predictions`. All
    parameters are stored as attributes.

    Parameters
    ----------
    forecast : DataFrame of shape (n_rows, n_columns) or Series
        What :func:`sklstm.forecasting.forecast` gives: a column for each target, after
        it its quantiles (``price_q0.1``) or interval (``price_lower``,
        ``price_upper``), and the column or index level that names the group, if any.

    history : DataFrame or Series, default=None
        Known values of the targets; those earlier than the forecast are drawn.

    truth : DataFrame, Series or array-like, default=None
        What came true; an array has the rows of `forecast`.

    group_by : str or int, default=None
        The column or index level that names the group. None takes the first column
        that is not of numbers, or the index level that is not of times.

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
        The forecast in each panel.

    history_lines_, truth_lines_ : list of matplotlib Line2D
        What was known, and what came true; empty where not given.

    bands_ : list of matplotlib PolyCollection
        Pairs of quantiles and intervals, panel by panel; without the rows where a
        bound is infinite or NaN, of which the legend tells.

    quantile_lines_ : list of matplotlib Line2D
        Quantiles without a partner, that are not the forecast itself.

    legend_ : matplotlib Legend
        One for all panels: of the figure, or of the first axes that were given.

    ax_ : matplotlib Axes or ndarray of Axes
        The axes, an array for several panels.

    figure_ : matplotlib Figure
        The figure with the axes.

    See Also
    --------
    BacktestDisplay : Draws the errors of forecasts from many origins.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.inspection import ForecastDisplay
    >>> days = pd.date_range("2026-01-01", periods=6)
    >>> price = pd.Series([1.0, 2, 3, 4, 5, 6], index=days, name="price")
    >>> forecast = pd.DataFrame({"price": [4.5, 5.5], "price_lower": [4.0, 4.5],
    ...                          "price_upper": [5.0, 6.5]}, index=days[3:5])
    >>> display = ForecastDisplay.from_predictions(
    ...     forecast, history=price, truth=price)
    >>> display.lines_[0].get_ydata().tolist()
    [3.0, 4.5, 5.5]
    """

    def __init__(self, forecast, *, history=None, truth=None, group_by=None):
        self.forecast = forecast
        self.history = history
        self.truth = truth
        self.group_by = group_by

    @classmethod
    def from_estimator(
        cls, fitted, X, steps, X_future=None, *, target=None, y_true=None, **plot_kw
    ):
        """Forecast the rows that follow a table, and draw them.

        Parameters
        ----------
        fitted : estimator
            A fitted pipeline with a `SlidingWindow`, or a search over one.

        X : DataFrame or ndarray of shape (n_rows, n_features)
            The table up to now; its columns that are forecast are the history.

        steps : int
            Rows to forecast, for each group.

        X_future : DataFrame or ndarray, default=None
            What is known of these rows, as for :func:`sklstm.forecasting.forecast`.

        target : str, int or sequence of such, default=None
            The columns that are predicted, likewise.

        y_true : DataFrame, Series or array-like, default=None
            What came true.

        **plot_kw : dict
            Parameters of :meth:`plot`: `group`, `n_history`, `ax` and keywords of
            artists.

        Returns
        -------
        ForecastDisplay
            The drawn display.

        Raises
        ------
        ValueError
            As :func:`sklstm.forecasting.forecast` and :meth:`plot` do.

        Warns
        -----
        UserWarning
            If what is forecast are no columns of X, so that no history is drawn.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        found = run_forecast(fitted, X, steps, X_future, target=target)
        table = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
        group_by = getattr(find_window(fitted), "group_by", None)
        targets = [c for c in read_targets(found.columns) if c != group_by]
        strangers = [name for name in targets if name not in table.columns]
        if strangers:
            warnings.warn(
                f"No history is drawn, as X has no columns {shortened(strangers)}, "
                "which is what the forecast is called. Name the columns of X that are "
                "predicted in target, or pass history to from_predictions.",
                UserWarning,
                stacklevel=2,
            )
        return cls.from_predictions(
            found,
            history=None if strangers else table,
            truth=y_true,
            group_by=group_by,
            **plot_kw,
        )

    @classmethod
    def from_predictions(
        cls, forecast, *, history=None, truth=None, group_by=None, **plot_kw
    ):
        """Draw a forecast that is there already.

        Parameters
        ----------
        forecast : DataFrame of shape (n_rows, n_columns) or Series
            What :func:`sklstm.forecasting.forecast` gives.

        history : DataFrame or Series, default=None
            Known values of the targets; those earlier than the forecast are drawn.

        truth : DataFrame, Series or array-like, default=None
            What came true; an array has the rows of `forecast`.

        group_by : str or int, default=None
            The column or index level that names the group. None takes the first column
            that is not of numbers, or the index level that is not of times.

        **plot_kw : dict
            Parameters of :meth:`plot`.

        Returns
        -------
        ForecastDisplay
            The drawn display.

        Raises
        ------
        ValueError
            As :meth:`plot` does.
        """
        check_matplotlib_support(f"{cls.__name__}.from_predictions")
        display = cls(forecast, history=history, truth=truth, group_by=group_by)
        return display.plot(**plot_kw)

    def plot(
        self,
        ax=None,
        *,
        group=None,
        n_history=None,
        line_kw=None,
        history_kw=None,
        truth_kw=None,
        band_kw=None,
    ):
        """Draw a panel for each target, and for each of the first groups.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, default=None
            One for each panel; None makes a figure.

        group : object, default=None
            The name of the group to draw; None draws the first four.

        n_history : int, default=None
            How many rows of history to draw; None draws four times the steps, and at
            least 20.

        line_kw, history_kw, truth_kw : dict, default=None
            Keywords for matplotlib's `plot`: of the forecast (and quantiles without a
            partner), the history and the truth.

        band_kw : dict, default=None
            Keywords for matplotlib's `fill_between`.

        Returns
        -------
        ForecastDisplay
            The display itself.

        Raises
        ------
        ValueError
            If tables do not go together, or a parameter is not what is said above.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        if n_history is not None:
            check_int("n_history", n_history, at_least=0, others=" or None")
        series, n_groups = self._series(group, n_history)
        styles = _styles(line_kw, history_kw, truth_kw, band_kw)
        names = list(dict.fromkeys(one.group for one in series))
        n_targets = len(series) // len(names)
        axes = _panels(ax, len(names), n_targets)
        self.figure_ = axes[0].figure
        self.lines_, self.history_lines_, self.truth_lines_ = [], [], []
        self.bands_, self.quantile_lines_ = [], []
        for number, (one, panel) in enumerate(zip(series, axes, strict=True)):
            self._draw(panel, one, styles)
            # Of targets under one another, the first and last have the labels.
            if one.group is not None and (ax is not None or number < len(names)):
                panel.set_title(str(one.group), fontsize="medium")
            if ax is None and number < len(series) - len(names):
                panel.set_xlabel("")
        self._explain(axes, ax is None)
        if group is None and n_groups > len(names):
            self.legend_.set_title(f"first {len(names)} of {n_groups} groups")
        self.ax_ = axes[0] if len(axes) == 1 else axes
        return self

    def _series(self, group, n_history):
        """Arrange the panels, target by target; count all groups."""
        forecast, group_by = self._read_forecast()
        targets = read_targets([c for c in forecast.columns if c != group_by])
        history, truth = self.history, self.truth
        if history is not None:
            history = as_frame("history", history, list(targets))
        if truth is not None:
            truth = as_frame("truth", truth, list(targets), like=forecast)
            if not isinstance(self.truth, (pd.Series, pd.DataFrame)) and (
                group_by in forecast.columns
            ):
                truth.insert(0, group_by, forecast[group_by])
        by_number = merely_numbers_rows(forecast, history, group_by)
        groups = split_groups(forecast, group_by, "forecast")
        pasts = _by_group(history, group_by, "history")
        truths = _by_group(truth, group_by, "truth")
        found = []
        for name in choose_groups(groups, group, _MOST_GROUPS):
            own, past = groups[name], pasts.get(name)
            if past is not None:
                n_rows = _n_history(n_history, len(own))
                past = before(past, own, n_rows, by_number)
            found.append((name, own, past, truths.get(name)))
        note_unknown(targets, [own for _, own, _, _ in found])
        series = [
            make_series(name, target, bounds, own, past, true, by_number)
            for target, bounds in targets.items()
            for name, own, past, true in found
        ]
        return series, len(groups)

    def _read_forecast(self):
        forecast = self.forecast
        if isinstance(forecast, pd.Series):
            forecast = forecast.to_frame(
                "y" if forecast.name is None else forecast.name
            )
        if not isinstance(forecast, pd.DataFrame) or not len(forecast):
            raise ValueError(
                "forecast must be a DataFrame or Series of at least one row, as "
                f"sklstm.forecasting.forecast gives it, got {self.forecast!r}."
            )
        return forecast, find_group_by(forecast, self.group_by)

    def _draw(self, ax, one, styles):
        """Draw one panel, what matters most in front."""
        if len(one.history):
            x = _as_drawn(one.history_x)
            self.history_lines_ += _line(ax, x, one.history, styles["history"])
        x = _as_drawn(one.x)
        for number, (label, low, high) in enumerate(one.bands):
            alpha = 0.2 + 0.15 * min(number, 3)  # inner bands are darker
            style = {"label": label, "alpha": alpha, **_edges(low, high)}
            style |= styles["band"]
            self.bands_.append(ax.fill_between(x, low, high, **style))
        if one.truth is not None:
            self.truth_lines_ += _line(ax, x, one.truth, styles["truth"])
        for label, values in one.lines:
            style = {**styles["line"], "label": label, "linestyle": ":"}
            self.quantile_lines_ += _line(ax, x, values, style)
        self.lines_ += _line(ax, x, one.forecast, styles["line"])
        name = one.target if isinstance(one.target, str) else f"column {one.target}"
        ax.set(xlabel=one.x_name, ylabel=name)
        if len(one.x) + len(one.history) == 1:  # no span of time to choose ticks by
            ax.set_xticks(x, one.x.astype(str))
        else:
            _format_dates(ax, one.x)

    def _explain(self, axes, own_figure):
        """Add one legend for all panels, where it covers nothing."""
        handles = {}
        for panel in axes:
            for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
        own = {"handles": handles.values(), "labels": handles.keys()}
        own["fontsize"] = "small"
        if own_figure:
            n_columns = len(handles) if len(handles) <= 5 else 3
            place = {
                "loc": "outside upper center",
                "ncols": n_columns,
                "frameon": False,
            }
            self.legend_ = self.figure_.legend(**own, **place)
        else:
            self.legend_ = _legend_within(axes[0], own)


# ------------------------------------------------------------------------- the tables
def _by_group(table, group_by, name):
    return {} if table is None else split_groups(table, group_by, name)


def _n_history(n_history, steps):
    return max(4 * steps, _LEAST_HISTORY) if n_history is None else n_history


# ------------------------------------------------------------------------ the picture
def _styles(line_kw, history_kw, truth_kw, band_kw):
    """Give the keywords of all artists; the forecast and its bands in one colour."""
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

    line = {"label": "forecast", "color": "tab:orange", "zorder": 3}
    history = {"label": "history", "color": "tab:blue"}
    truth = {"label": "truth", "color": "black", "linewidth": 1, "linestyle": "--"}
    line = styled("line_kw", line_kw, line, Line2D)
    band = {"facecolor": line["color"]}
    return {
        "line": line,
        "history": styled("history_kw", history_kw, history, Line2D),
        "truth": styled("truth_kw", truth_kw, truth, Line2D),
        "band": styled("band_kw", band_kw, band, PolyCollection),
    }


def _panels(ax, n_groups, n_targets):
    """Give axes: targets under one another, groups beside one another."""
    if n_targets > 1 or n_groups == 1:
        shape, share = (n_targets, n_groups), {"sharex": "col"}
    else:
        shape, share = (-(-n_groups // 2), 2), {}
    size = (
        8 if shape[1] == 1 else min(5 * shape[1], 15),
        1.2 + min(2.4, 18 / shape[0]) * shape[0],
    )
    n_panels = n_groups * n_targets
    if ax is not None:
        return axes_of(ax, (n_panels, 1))
    axes = axes_of(None, shape, figsize=size, **share)
    for unused in axes[n_panels:]:
        unused.remove()
    return axes[:n_panels]


def _line(ax, x, values, style):
    """Draw a line, with markers at points that it does not reach."""
    lone = lone_points(values)
    marked = {}
    if len(lone) and "marker" not in style:
        marked = {"marker": "o", "markersize": _LONE_MARKER, "markevery": list(lone)}
    return ax.plot(x, values, **{**marked, **style})


def _edges(low, high):
    """Give edges to those parts of a band that are a point wide, and so no area."""
    both = np.isfinite(low) & np.isfinite(high)
    starts = np.flatnonzero(both & ~np.append(False, both[:-1]))
    # The last known row, at which the band begins, is no interval.
    seen = np.isin(starts, lone_points(np.where(both, low, np.nan)))
    seen &= low[starts] != high[starts]
    return {"linewidth": [_LONE_BAND * one for one in seen] or 0, "edgecolor": "face"}


def _legend_within(ax, own):
    """Add a legend to axes, in a room of its own above what is drawn.

    Outside it could cover titles and neighbours, of which we know nothing.
    """
    box = ax.get_window_extent()
    for n_columns in range(len(own["labels"]), 0, -1):
        legend = ax.legend(loc="upper center", ncols=n_columns, **own)
        extent = legend.get_window_extent()
        if extent.width <= box.width:
            break
    share = 1.5 * extent.height / box.height  # half as much again, for margins
    if share < 0.5:  # or else the lines would have less room than the legend
        scale = ax.yaxis.get_transform()
        low, high = scale.transform(ax.get_ylim())
        top = scale.inverted().transform(low + (high - low) / (1 - share))
        ax.set_ylim(top=top, auto=None)
    return legend


def _as_drawn(index):
    """Give times as matplotlib takes them, in UTC."""
    if isinstance(index, pd.DatetimeIndex) and index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    return index.to_numpy()


def _format_dates(ax, index):
    """Show dates without repeating what neighbours share, in their own time zone."""
    if isinstance(index, pd.DatetimeIndex):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(tz=index.tz, minticks=3, maxticks=8)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=index.tz))
    elif index.dtype.kind in "iu":
        from matplotlib.ticker import MaxNLocator

        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
