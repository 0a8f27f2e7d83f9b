"""The loss of a network by epoch."""

from collections.abc import Mapping
from numbers import Real

import numpy as np

from sklstm._compat.sklearn import check_matplotlib_support
from sklstm._pipeline import steps_of
from sklstm._validation import shortened
from sklstm.inspection._drawing import axes_of, styled

# Where estimators keep the fitted one that they wrap.
_WRAPPED = ("best_estimator_", "regressor_", "forecaster_", "estimator_")
# Where values differ by more than this factor, small ones can't be seen side by side.
_WIDE_RANGE = 50


class LossCurveDisplay:
    """Curves of the loss by epoch, in training and on what was held out.

    It is recommended to use :meth:`from_estimator` or :meth:`from_history`. All
    parameters are stored as attributes.

    Parameters
    ----------
    history : dict of str to list of float
        For each metric its value in each epoch; those on held-out samples begin with
        ``"val_"``.

    loss_name : str, default=None
        Which loss it is, to label the axis by.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The curves that were drawn, by metric.

    best_ : matplotlib Line2D or None
        The mark at the epoch with the least "val_loss".

    best_epoch_ : int or None
        That epoch, counted from 1.

    ax_ : matplotlib Axes
        The axes with the curves.

    figure_ : matplotlib Figure
        The figure with the axes.

    Examples
    --------
    >>> from sklstm.inspection import LossCurveDisplay
    >>> history = {"loss": [0.9, 0.4, 0.2, 0.1], "val_loss": [1.0, 0.5, 0.4, 0.6]}
    >>> display = LossCurveDisplay.from_history(history)
    >>> display.best_epoch_
    3
    """

    def __init__(self, history, *, loss_name=None):
        self.history = history
        self.loss_name = loss_name

    @classmethod
    def from_estimator(cls, fitted, *, metric="loss", ax=None, line_kw=None):
        """Draw the curves of the network in a fitted estimator.

        Parameters
        ----------
        fitted : estimator
            A fitted `LSTMRegressor`, `LSTMClassifier` or `LSTMTagger`, a pipeline that
            ends in one, or a search over such, which kept its best.

        metric : str, default="loss"
            The metric to draw, together with that on held-out samples.

        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a figure.

        line_kw : dict, default=None
            Keywords for matplotlib's `plot`.

        Returns
        -------
        LossCurveDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If no step has a `history_` of epochs, or it has no such metric.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        found = _find_trained(fitted)
        if found is None:
            raise ValueError(
                f"{cls.__name__} needs a fitted estimator with a history_ of its "
                "epochs, such as LSTMRegressor, or a pipeline or search with one; got "
                f"{fitted!r}."
            )
        loss = getattr(found, "loss", None)
        loss = loss if isinstance(loss, str) else None
        display = cls(found.history_, loss_name=loss)
        return display.plot(ax=ax, metric=metric, line_kw=line_kw)

    @classmethod
    def from_history(cls, history, *, metric="loss", ax=None, line_kw=None):
        """Draw the curves of a history.

        Parameters
        ----------
        history : dict of str to list of float
            For each metric its value in each epoch, such as `history_`.

        metric, ax, line_kw
            As for :meth:`from_estimator`.

        Returns
        -------
        LossCurveDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If `history` is no such dict, or has no such metric.
        """
        check_matplotlib_support(f"{cls.__name__}.from_history")
        return cls(history).plot(ax=ax, metric=metric, line_kw=line_kw)

    def plot(self, ax=None, *, metric="loss", line_kw=None):
        """Draw the curves; the axis is logarithmic where values differ much.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a figure.

        metric : str, default="loss"
            The metric to draw, together with that on held-out samples.

        line_kw : dict, default=None
            Keywords for matplotlib's `plot`.

        Returns
        -------
        LossCurveDisplay
            The display itself.

        Raises
        ------
        ValueError
            If the history is no dict of values by epoch, or has no such metric.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from matplotlib.lines import Line2D
        from matplotlib.ticker import MaxNLocator

        curves = _curves(self.history, metric)
        line_kw = styled("line_kw", line_kw, {}, Line2D)
        (self.ax_,) = axes_of(ax, (1, 1))
        self.figure_ = self.ax_.figure
        self.lines_ = {}
        for name, values in curves.items():
            epochs = np.arange(1, len(values) + 1)
            # A line through one point can't be seen.
            own = {"label": name, "marker": "o" if len(values) == 1 else ""} | line_kw
            (self.lines_[name],) = self.ax_.plot(epochs, values, **own)
        self._mark_best(curves)
        if spans_widely(np.concatenate(list(curves.values()))):
            self.ax_.set_yscale("log")
        whole = MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
        self.ax_.xaxis.set_major_locator(whole)
        label = metric
        if metric == "loss" and self.loss_name is not None:
            label = f"loss ({self.loss_name})"
        self.ax_.set(xlabel="epoch", ylabel=label.replace("_", " "))
        self.ax_.legend()
        return self

    def _mark_best(self, curves):
        """Mark the epoch with the least loss on held-out samples."""
        self.best_ = None
        self.best_epoch_ = best_epoch(self.history.get("val_loss", []))
        held_out = list(curves)[-1]
        if self.best_epoch_ is None or not held_out.startswith("val_"):
            return
        value = curves[held_out][self.best_epoch_ - 1]
        what = f"least val_loss: epoch {self.best_epoch_}"
        if held_out == "val_loss":
            what += f" ({value:.3g})"
        (self.best_,) = self.ax_.plot(
            [self.best_epoch_],
            [value],
            linestyle="none",
            marker="o",
            markerfacecolor="none",
            markersize=9,
            color="black",
            label=what,
        )


# ------------------------------------------------------------------------- arithmetic
def best_epoch(values):
    """Return the first epoch, from 1 on, with the least value; None without any.

    Examples
    --------
    >>> from sklstm.inspection._loss_curve import best_epoch
    >>> best_epoch([3.0, float("nan"), 1.0, 1.0])
    3
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).any():
        return None
    return int(np.argmin(np.where(np.isfinite(values), values, np.inf))) + 1


def spans_widely(values):
    """Return whether values are all positive, and differ by more than a factor 50."""
    values = values[np.isfinite(values)]
    if not len(values) or values.min() <= 0:
        return False
    return bool(values.max() > _WIDE_RANGE * values.min())


# ------------------------------------------------------------------------ the history
def _curves(history, metric):
    """Return the curves of a metric: in training, and on what was held out."""
    if not _is_history(history):
        raise ValueError(
            "history must be a dict of metric to values by epoch, such as "
            f"{{'loss': [0.5, 0.3]}}, got {history!r}."
        )
    metrics = [name for name in history if not name.startswith("val_")]
    if metric not in metrics:
        raise ValueError(
            f"metric must be one of those in the history, {shortened(metrics)}; got "
            f"{metric!r}."
        )
    names = [name for name in (metric, f"val_{metric}") if name in history]
    return {name: np.asarray(history[name], dtype=float) for name in names}


def _is_history(history):
    """Return whether `history_` is a history of epochs, as of a Keras estimator."""
    return (
        isinstance(history, Mapping)
        and len(history) > 0
        and all(isinstance(name, str) for name in history)
        and all(_are_numbers(values) for values in history.values())
    )


def _are_numbers(values):
    return (
        isinstance(values, (list, tuple, np.ndarray))
        and len(values) > 0
        and all(isinstance(value, Real) for value in values)
    )


def _find_trained(estimator):
    """Find the last step with a history of epochs, within whatever wraps it."""
    for _, step in reversed(list(steps_of(estimator))):
        if _is_history(getattr(step, "history_", None)):
            return step
        inner = [getattr(step, name, None) for name in _WRAPPED]
        found = [_find_trained(one) for one in inner if one is not None]
        found = [one for one in found if one is not None]
        if found:
            return found[0]
    return None
