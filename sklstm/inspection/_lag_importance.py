"""Importance of each lag of each feature, by permutation."""

import copy
import textwrap

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import check_scoring
from sklearn.utils import check_consistent_length, check_random_state

from sklstm._compat.sklearn import (
    check_matplotlib_support,
    safe_indexing,
    scorer_function,
    scorer_sign,
)
from sklstm._geometry import label_of_lag, lag_of_label
from sklstm._validation import check_int
from sklstm.forecasting._forecaster import Forecaster
from sklstm.inspection._drawing import axes_of, styled, thinned

_MOST_LAG_LABELS, _MOST_BLOCK_LABELS, _MOST_FEATURES = 12, 8, 40


class LagImportanceDisplay:
    """Heat map of how much each lag of each feature matters to a fitted pipeline.

    The importance of a block of lags of a feature is the score before, minus the score
    after the block was permuted across samples [1]_. Lags that tell much the same (as
    neighbours often do) share their importance: permute them together by
    `lags_per_block`.

    It is recommended to use :meth:`from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    importances : ndarray of shape (n_features, n_blocks, n_repeats)
        The importances, one for each permutation; the newest block is the last.

    feature_names : sequence of str, of length n_features
        The features.

    lags : sequence of tuple (newest, oldest), of length n_blocks
        The labels of the first and last lag of each block, such as ("t-1", "t-3").

    name : str, default="decrease in score"
        What the importances are, to label the colours by.

    Attributes
    ----------
    image_ : matplotlib AxesImage
        The heat map.

    colorbar_ : matplotlib Colorbar
        Beside it.

    ax_ : matplotlib Axes
        The axes with the heat map.

    figure_ : matplotlib Figure
        The figure with the axes.

    See Also
    --------
    sklearn.inspection.permutation_importance : The same for the columns of a table.

    References
    ----------
    .. [1] L. Breiman, "Random Forests", Machine Learning 45 (1), 2001.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import CompleteCaseRegressor, SlidingWindow
    >>> from sklstm.inspection import LagImportanceDisplay
    >>> X = pd.DataFrame({"price": np.random.default_rng(0).normal(size=200)})
    >>> y = -X["price"].shift(3, fill_value=0)
    >>> window = SlidingWindow(4, flatten=True)
    >>> pipe = make_pipeline(window, CompleteCaseRegressor(Ridge())).fit(X, y)
    >>> display = LagImportanceDisplay.from_estimator(pipe, X, y, random_state=0)
    >>> display.to_frame().index[0]
    'price[t-3]'
    """

    def __init__(self, importances, *, feature_names, lags, name="decrease in score"):
        self.importances = importances
        self.feature_names = feature_names
        self.lags = lags
        self.name = name

    @property
    def importances_mean(self):
        """Mean of `importances` over repeats, of shape (n_features, n_blocks)."""
        return np.mean(self.importances, axis=-1)

    @property
    def importances_std(self):
        """Standard deviation over repeats, of shape (n_features, n_blocks)."""
        return np.std(self.importances, axis=-1)

    @classmethod
    def from_estimator(
        cls,
        fitted,
        X,
        y,
        *,
        n_repeats=5,
        lags_per_block=1,
        scoring=None,
        max_samples=1000,
        random_state=None,
        ax=None,
        image_kw=None,
    ):
        """Permute each block of lags of each feature, score again, and draw.

        Values are permuted between samples alone that have the same steps of the
        block: missing steps (before the first row of a series) stay missing.

        Parameters
        ----------
        fitted : estimator
            A fitted pipeline with a `SlidingWindow`, or a search over one. Of a
            `TransformedTargetForecaster` lags and scores are those of the transformed
            target.

        X : DataFrame or ndarray of shape (n_rows, n_features)
            The table, as `predict` takes it; rather one that `fit` has not seen.

        y : array-like of shape (n_rows,), or with further axes
            The targets.

        n_repeats : int, default=5
            Permutations of each block.

        lags_per_block : int, default=1
            Neighbouring lags that are permuted together, counted from the newest.

        scoring : str or callable, default=None
            As everywhere in scikit-learn; None takes the predictor's own `score`.

        max_samples : int or None, default=1000
            The most rows whose windows are used, chosen at random; None uses all.
            Only windows of this many rows are made in memory.

        random_state : int, RandomState instance or None, default=None
            Chooses rows and permutations.

        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a figure.

        image_kw : dict, default=None
            Keywords for matplotlib's `imshow`.

        Returns
        -------
        LagImportanceDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If `fitted` has no step that makes windows, no window has a step, or a
            parameter is not allowed.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        forecaster = Forecaster(fitted, cls.__name__)
        X, y = forecaster.pairs(X, y)
        parts = forecaster.parts
        _check_parameters(n_repeats, lags_per_block, max_samples, scoring, parts.window)
        check_consistent_length(X, y)
        rng = check_random_state(random_state)
        names, lags = _names_and_lags(parts, X)
        scorer = check_scoring(parts.predictor, scoring=scoring)
        windows, rows = _some_windows(parts, X, max_samples, rng)
        y = safe_indexing(y, rows)

        def score(some):
            return scorer(parts.predictor, parts.inputs_of(some), y)

        blocks = blocks_of_lags(len(lags), lags_per_block)
        display = cls(
            block_importances(score, windows, blocks, n_repeats, rng),
            feature_names=names,
            lags=[(lags[stop - 1], lags[start]) for start, stop in blocks],
            name=_name(scoring, parts.predictor),
        )
        return display.plot(ax=ax, image_kw=image_kw)

    def to_frame(self):
        """Return the importances as a table, the most important first.

        Returns
        -------
        DataFrame of shape (n_features * n_blocks, 2)
            The columns "importance" and "std", over the repeats; indexed by names such
            as ``price[t-3]`` or ``price[t-3..t-1]``.
        """
        times = [_time(newest, oldest) for newest, oldest in self.lags]
        index = [f"{name}[{time}]" for name in self.feature_names for time in times]
        frame = pd.DataFrame(
            {
                "importance": self.importances_mean.ravel(),
                "std": self.importances_std.ravel(),
            },
            index=pd.Index(index, name="block"),
        )
        return frame.sort_values("importance", ascending=False, kind="stable")

    def plot(self, ax=None, *, image_kw=None):
        """Draw the heat map: features down, lags across, the newest on the right.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on; None makes a figure.

        image_kw : dict, default=None
            Keywords for matplotlib's `imshow`, such as ``{"cmap": "magma"}``. The
            default colours diverge from 0 only where importances are clearly negative.

        Returns
        -------
        LagImportanceDisplay
            The display itself.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from matplotlib.image import AxesImage

        mean = self.importances_mean
        colours = _colours(mean, self.importances_std)
        image_kw = styled(
            "image_kw",
            image_kw,
            {"aspect": "auto", "interpolation": "nearest", **colours},
            AxesImage,
        )
        n_features, n_blocks = mean.shape
        width = float(np.clip(3.5 + 0.25 * n_blocks, 6.4, 12))
        height = float(np.clip(1.5 + 0.35 * n_features, 2.6, 12))
        (self.ax_,) = axes_of(ax, (1, 1), figsize=(width, height))
        self.figure_ = self.ax_.figure
        self.image_ = self.ax_.imshow(mean, **image_kw)
        self.colorbar_ = self.figure_.colorbar(
            self.image_, ax=self.ax_, label=textwrap.fill(self.name, 20)
        )
        self._label()
        return self

    def _label(self):
        """Label as many features and lags as fit."""
        single = all(newest == oldest for newest, oldest in self.lags)
        most = _MOST_LAG_LABELS if single else _MOST_BLOCK_LABELS
        shown = _labelled_blocks(self.lags, most)
        times = [_time(*self.lags[i]) for i in shown]
        turned = {} if single else {"rotation": 30, "ha": "right"}
        self.ax_.set_xticks(shown, times, **turned)
        every = thinned(len(self.feature_names), _MOST_FEATURES)
        features = np.arange(0, len(self.feature_names), every)
        self.ax_.set_yticks(features, [self.feature_names[i] for i in features])
        self.ax_.set(xlabel="lag" if single else "block of lags", ylabel="feature")


# ------------------------------------------------------------------------- arithmetic
def blocks_of_lags(n_lags, lags_per_block):
    """Cut the lags into blocks, from the newest on; the oldest block may be shorter.

    Returns
    -------
    list of tuple (start, stop)
        In the order of time.

    Examples
    --------
    >>> from sklstm.inspection._lag_importance import blocks_of_lags
    >>> blocks_of_lags(7, 3)
    [(0, 1), (1, 4), (4, 7)]
    """
    stops = range(n_lags, 0, -lags_per_block)
    return [(max(stop - lags_per_block, 0), stop) for stop in stops][::-1]


def permutation_within(patterns, rng):
    """Return a permutation of samples within groups of equal patterns.

    Parameters
    ----------
    patterns : ndarray of shape (n_samples, n)
        Samples with equal rows form a group.

    rng : RandomState
        Permutes.

    Returns
    -------
    ndarray of int, of shape (n_samples,)
    """
    _, kind = np.unique(patterns, axis=0, return_inverse=True)
    order = np.arange(len(patterns))
    for one in range(kind.max() + 1):
        alike = np.flatnonzero(kind == one)
        order[alike] = rng.permutation(alike)
    return order


def block_importances(score, windows, blocks, n_repeats, rng):
    """Compute how much a score decreases when each block is permuted.

    Parameters
    ----------
    score : callable
        Returns the score of windows.

    windows : ndarray of shape (n_samples, n_timesteps, n_features)
        Changed during the call, and restored at its end.

    blocks : list of tuple (start, stop)
        The time steps of each block.

    n_repeats : int
        Permutations of each.

    rng : RandomState
        Permutes.

    Returns
    -------
    ndarray of shape (n_features, n_blocks, n_repeats)
    """
    # Steps, not values: a value that is missing by itself moves with the others.
    missing = np.isnan(windows).all(axis=2)
    before = score(windows)
    found = np.empty((windows.shape[2], len(blocks), n_repeats))
    for feature, b, repeat in np.ndindex(*found.shape):
        steps = slice(*blocks[b])
        block = windows[:, steps, feature].copy()
        order = permutation_within(missing[:, steps], rng)
        windows[:, steps, feature] = block[order]
        found[feature, b, repeat] = before - score(windows)
        windows[:, steps, feature] = block
    return found


# ----------------------------------------------------------------------- the pipeline
def _check_parameters(n_repeats, lags_per_block, max_samples, scoring, window):
    check_int("n_repeats", n_repeats, at_least=1)
    check_int("lags_per_block", lags_per_block, at_least=1)
    if lags_per_block > window.window_length:
        raise ValueError(
            f"lags_per_block={lags_per_block} is more than a window has lags: "
            f"window_length={window.window_length}."
        )
    if max_samples is not None:
        check_int("max_samples", max_samples, at_least=1, others=" or None")
    if scoring is not None and not isinstance(scoring, str) and not callable(scoring):
        raise ValueError(
            "scoring must be the name of one score, a callable or None, got "
            f"{scoring!r}."
        )


def _with_flatten(window, flatten):
    """Return a copy of a fitted window step with another `flatten`."""
    other = copy.copy(window)
    other.flatten = flatten
    return other


def _names_and_lags(parts, X):
    """Return the names of the features, and the labels of the lags, oldest first."""
    names = getattr(X, "columns", None)
    names = None if names is None else [str(name) for name in names]
    try:
        for step in parts.before:
            names = step.get_feature_names_out(names)
        features = _with_flatten(parts.window, False).get_feature_names_out(names)
    except (AttributeError, ValueError):  # steps that do not tell names
        features = _with_flatten(parts.window, False).get_feature_names_out()
    features, geometry = list(features), parts.window.geometry
    lags, horizon = geometry.lags, geometry.horizon
    if len(geometry.known) == len(features):
        lags = [lag - horizon for lag in lags]
    elif horizon:
        for place in geometry.known:  # beside the rest, though of later rows
            features[place] = f"{features[place]}, {horizon} later"
    return features, [label_of_lag(lag) for lag in lags]


def _some_windows(parts, X, max_samples, rng):
    """Return the windows of some rows, of those that have a time step.

    Returns
    -------
    windows : ndarray of shape (n_samples, window_length, n_features)
        A copy, which may be changed.

    rows : ndarray of int, of shape (n_samples,)
    """
    windows = _with_flatten(parts.window, False).transform(parts.transform(X))
    if np.ndim(windows) != 3:
        raise ValueError(
            f"The importance of lags needs windows of three axes, but "
            f"{type(parts.window).__name__} makes an output of shape "
            f"{np.shape(windows)}."
        )
    n_rows = len(windows)
    n_samples = n_rows if max_samples is None else min(max_samples, n_rows)
    order, chosen = rng.permutation(n_rows), np.empty(0, dtype=int)
    # All windows at once may be far too large, so look at few at a time.
    for first in range(0, n_rows, n_samples):
        rows = order[first : first + n_samples]
        has_step = ~np.isnan(np.asarray(windows[rows])).all(axis=(1, 2))
        chosen = np.append(chosen, rows[has_step])[:n_samples]
        if len(chosen) == n_samples:
            break
    if not len(chosen):
        raise ValueError(
            f"X has no window with a time step in its {n_rows} rows. Pass more rows "
            f"than horizon={parts.window.horizon}, or those with history before them."
        )
    chosen.sort()
    return np.array(windows[chosen]), chosen


def _name(scoring, predictor):
    """Return the label of the colours: what decreases, or, of an error, increases."""
    if scoring is None:
        kind = "score"
        if is_regressor(predictor):
            kind = "R²"
        elif is_classifier(predictor):
            kind = "accuracy"
        return f"decrease in {kind}"
    if isinstance(scoring, str):
        name, sign = scoring.removeprefix("neg_"), -scoring.startswith("neg_")
    else:
        function = scorer_function(scoring)
        name, sign = getattr(function, "__name__", "score"), scorer_sign(scoring)
    return f"{'increase' if sign < 0 else 'decrease'} in {name.replace('_', ' ')}"


# ------------------------------------------------------------------------ the picture
def _time(newest, oldest):
    return newest if newest == oldest else f"{oldest}..{newest}"


def _labelled_blocks(lags, most):
    """Return the blocks whose labels are shown: at round lags, and the newest."""
    every = thinned(len(lags), most)
    numbers = np.arange(len(lags), 0, -1)
    single = lags[-1][0] == lags[-1][1]
    if single:  # lags that are multiples, such as whole days of hours
        numbers = numbers + lag_of_label(lags[-1][0]) - 1
    shown = np.flatnonzero(numbers % every == 0)
    last = len(lags) - 1
    if len(shown) and last - shown[-1] <= every / 2:  # no room for both
        shown = shown[:-1]
    return np.append(shown, last)


def _colours(mean, std):
    """Return colour map and limits: diverging if there are clearly negative values."""
    largest = float(np.abs(mean).max())
    if (mean + std).min() < -0.05 * largest:
        return {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}
    return {"cmap": "viridis", "vmin": 0, "vmax": largest or 1}
