"""Display of forecasts with history, truth and intervals."""

import warnings

import numpy as np
import pandas as pd

from sklstm._compat.sklearn import check_matplotlib_support
from sklstm._pipeline import find_window
from sklstm._validation import check_int, shortened
from sklstm.forecasting import forecast as run_forecast
from sklstm.forecasting._result_tables import (
    quantile_of,
    quantiles_among,
    read_forecast_columns,
)
from sklstm.inspection._drawing import axes_of, lone_points, styled
from sklstm.inspection._long_table import long_table

# In points: of what has no extent along the axis of time.
_LONE_MARKER, _LONE_BAND = 4, 6


class ForecastDisplay:
    """Forecast after the history that it goes on from, with its bands and the truth.

    It is recommended to use :meth:`from_estimator` or :meth:`from_predictions`. All
    parameters are stored as attributes.

    Parameters
    ----------
    forecast : DataFrame of shape (n_rows, n_columns) or Series
        What :func:`sklstm.forecasting.forecast` returns: a column for each target, then
        its quantiles (``price_q0.1``) or interval (``price_lower``, ``price_upper``),
        and the column or index level that names the group, if any.

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
        kinds = read_forecast_columns(c for c in found.columns if c != group_by)
        strangers = [c for c, _ in kinds.values() if c not in table.columns]
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
        """Draw a forecast that was made before.

        Parameters
        ----------
        forecast : DataFrame of shape (n_rows, n_columns) or Series
            What :func:`sklstm.forecasting.forecast` returns.

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
            If tables do not go together, or a parameter is not allowed.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        if n_history is not None:
            check_int("n_history", n_history, at_least=0, others=" or None")
        table, n_groups = long_table(
            self.forecast,
            self.history,
            self.truth,
            self.group_by,
            group=group,
            n_history=n_history,
        )
        panels = _panels_of(table)
        notes = _notes(panels.values())
        styles = _styles(line_kw, history_kw, truth_kw, band_kw)
        n_targets = table["target"].nunique()
        n_drawn = len(panels) // n_targets
        axes = _axes_of_panels(ax, n_drawn, n_targets)
        self.figure_ = axes[0].figure
        self.lines_, self.history_lines_, self.truth_lines_ = [], [], []
        self.bands_, self.quantile_lines_ = [], []
        for i, ((target, name), values) in enumerate(panels.items()):
            self._draw(axes[i], target, values, notes, styles)
            # Of targets under one another, the first and last have the labels.
            if not pd.isna(name) and (ax is not None or i < n_drawn):
                axes[i].set_title(str(name), fontsize="medium")
            if ax is None and i < len(panels) - n_drawn:
                axes[i].set_xlabel("")
        self._explain(axes, ax is None)
        if group is None and n_groups > n_drawn:
            self.legend_.set_title(f"first {n_drawn} of {n_groups} groups")
        self.ax_ = axes[0] if len(axes) == 1 else axes
        return self

    def _draw(self, ax, target, values, notes, styles):
        """Draw one panel, with the forecast in front."""
        history = values.pop("history", None)
        if history is not None:
            self.history_lines_ += _line(ax, history, styles["history"])
            if np.isfinite(history.iloc[-1]):  # all goes on from the last known row
                last = history.iloc[-1:]
                values = {kind: pd.concat([last, own]) for kind, own in values.items()}
        forecast = values["forecast"]
        x = _as_drawn(forecast.index)
        bands, lines = pair_kinds(values)
        for number, (label, low, high) in enumerate(bands):
            alpha = 0.2 + 0.15 * min(number, 3)  # inner bands are darker
            ends = values[low].to_numpy(), values[high].to_numpy()
            style = {"label": label + notes[label], "alpha": alpha, **_edges(*ends)}
            self.bands_.append(ax.fill_between(x, *ends, **(style | styles["band"])))
        if "truth" in values:
            self.truth_lines_ += _line(ax, values["truth"], styles["truth"])
        for label, kind in lines:
            # The median is the forecast itself, where quantiles are what is learned.
            if not np.array_equal(values[kind], forecast):
                style = {**styles["line"], "label": label, "linestyle": ":"}
                self.quantile_lines_ += _line(ax, values[kind], style)
        self.lines_ += _line(ax, forecast, styles["line"])
        name = target if isinstance(target, str) else f"column {target}"
        ax.set(xlabel=forecast.index.name, ylabel=name)
        if history is None and len(forecast) == 1:  # no span of time to choose ticks by
            ax.set_xticks(x, forecast.index.astype(str))
        else:
            _format_dates(ax, forecast.index)

    def _explain(self, axes, own_figure):
        """Add one legend for all panels, outside of them."""
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


# -------------------------------------------------------------------------- the panels
def _panels_of(table):
    """Return the numbers of each panel of a long table, as a Series a kind."""
    panels = table.groupby(["target", "group"], sort=False, dropna=False)
    return {
        key: dict(iter(panel.groupby("kind", sort=False)["value"]))
        for key, panel in panels
    }


def pair_kinds(kinds):
    """Pair the lowest quantile with the highest, the next with the next.

    Parameters
    ----------
    kinds : iterable of str
        What a panel has, in any order.

    Returns
    -------
    bands : list of tuple (label, low, high)
        Pairs of kinds, the interval and then the widest first.

    lines : list of tuple (label, kind)
        A quantile without a partner.

    Examples
    --------
    >>> from sklstm.inspection._forecast_display import pair_kinds
    >>> pair_kinds(["forecast", "q0.1", "q0.5", "q0.9"])
    ([('quantiles 0.1 to 0.9', 'q0.1', 'q0.9')], [('quantile 0.5', 'q0.5')])
    """
    bands = [("interval", "lower", "upper")] if "lower" in kinds else []
    left = quantiles_among(kinds)
    while len(left) > 1:
        low, high = left.pop(0), left.pop()
        label = f"quantiles {quantile_of(low):g} to {quantile_of(high):g}"
        bands.append((label, low, high))
    return bands, [(f"quantile {quantile_of(one):g}", one) for one in left]


def _notes(panels):
    """Return what the label of each band adds where it is not known everywhere.

    Of few errors :func:`sklstm.forecasting.conformal_intervals` returns infinite
    bounds, which can't be drawn. Bands of one label share the note in all panels, as
    they share the entry of the legend.
    """
    known = {}
    for values in panels:
        bands, _ = pair_kinds(values)
        for label, low, high in bands:
            finite = np.isfinite(values[low]) & np.isfinite(values[high])
            known.setdefault(label, []).extend(finite)
    return {
        label: "" if all(own) else " (where known)" if any(own) else " (unknown)"
        for label, own in known.items()
    }


# ------------------------------------------------------------------------ the picture
def _styles(line_kw, history_kw, truth_kw, band_kw):
    """Return the keywords of all artists; the forecast and its bands in one colour."""
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


def _axes_of_panels(ax, n_groups, n_targets):
    """Return axes: targets under one another, groups beside one another."""
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


def _line(ax, values, style):
    """Draw a line, with markers at points that have no neighbour."""
    x, values = _as_drawn(values.index), values.to_numpy()
    lone = lone_points(values)
    marked = {}
    if len(lone) and "marker" not in style:
        marked = {"marker": "o", "markersize": _LONE_MARKER, "markevery": list(lone)}
    return ax.plot(x, values, **{**marked, **style})


def _edges(low, high):
    """Return edge widths that show the parts of a band that are one point wide."""
    both = np.isfinite(low) & np.isfinite(high)
    starts = np.flatnonzero(both & ~np.append(False, both[:-1]))
    # The last known row, at which the band begins, is no interval.
    seen = np.isin(starts, lone_points(np.where(both, low, np.nan)))
    seen &= low[starts] != high[starts]
    return {"linewidth": [_LONE_BAND * one for one in seen] or 0, "edgecolor": "face"}


def _legend_within(ax, own):
    """Add a legend within the given axes, above the lines.

    Outside of them it could cover titles and other axes of the user.
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
    """Return times as matplotlib takes them, in UTC."""
    if isinstance(index, pd.DatetimeIndex) and index.tz is not None:
        index = index.tz_convert("UTC").tz_localize(None)
    return index.to_numpy()


def _format_dates(ax, index):
    """Format dates concisely, in their own time zone."""
    if isinstance(index, pd.DatetimeIndex):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(tz=index.tz, minticks=3, maxticks=8)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=index.tz))
    elif index.dtype.kind in "iu":
        from matplotlib.ticker import MaxNLocator

        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
