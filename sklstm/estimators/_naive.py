"""The naive forecast: the last value, or that of the last season."""

import warnings
from itertools import chain

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import check_sample_weight
from sklstm._multistep import multistep_name
from sklstm._validation import (
    all_or_nothing,
    check_int,
    check_no_infinity,
    check_same_index,
    check_target_of_rows,
    shortened,
)
from sklstm.estimators._check_target import check_target, names_of_targets
from sklstm.estimators._known_score import KnownScoreMixin
from sklstm.estimators._no_steps import warn_of_empty
from sklstm.estimators._other_units import warn_of_other_units
from sklstm.estimators._present_values import first_present
from sklstm.estimators._read_sequences import read_sequences
from sklstm.estimators._repeated_feature import check_last_column, find_repeated
from sklstm.estimators._target_feature import steps_to_target


class NaiveForecaster(KnownScoreMixin, BaseEstimator):
    """Predict the last value of a window, or the value a season before the target.

    The naive and the seasonal naive forecast [1]_, which any other should beat. It
    stands where an :class:`LSTMRegressor` stands, without a scaler in between, as it
    predicts what the windows hold.

    Parameters
    ----------
    season_length : int, default=1
        Steps of a season, such as 12 for months with a yearly season. 1 predicts the
        last value.

    horizon : int, default=1
        Steps from the last one of a window to its (first) target: `horizon` of the
        `SlidingWindow`; but 1 for targets of
        :func:`~sklstm.forecasting.make_multistep`, whose first comes right after the
        window. It matters for seasons alone.

    target_feature : int, sequence of int or "auto", default="auto"
        The feature of the windows whose earlier values are predicted, counted as in
        the last axis of X. Of a single one, the columns of a y of shape (n_samples, k)
        are the k steps from `horizon` on, as `make_multistep` arranges them; of a
        sequence of k, they are these k features, `horizon` steps ahead. "auto" finds
        the feature whose later values y has, and warns if there is none; columns of y
        are steps of it if they go on with the same one.

    Attributes
    ----------
    target_feature_ : ndarray of int, of shape (n_columns,)
        The feature of each column of y: of several steps those of the first step, then
        of the next.

    target_mean_ : ndarray of shape (), (n_outputs,) or (n_steps, n_outputs)
        The mean of y, predicted where a window holds no value.

    n_features_in_ : int
        Features of a time step; of a 2-D X its number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X was a DataFrame.

    target_names_in_ : ndarray of str
        Names of the targets, where y was a Series or DataFrame that names them.

    See Also
    --------
    sklstm.metrics.mean_absolute_scaled_error : Errors in units of those of the naive
        forecast.

    Notes
    -----
    The target h steps after the last one of a window, which is at T, is predicted by
    the newest value of its season that the window holds [1]_,
    ``y[T + h - k * m]`` with ``k = ceil(h / m)`` and m the `season_length`. Where that
    value is missing (NaN), one more season before is taken; where the window has none,
    its last value; and where it has no value at all, the mean of y.

    References
    ----------
    .. [1] R. J. Hyndman and G. Athanasopoulos, "Forecasting: Principles and Practice",
       3rd edition, 2021, section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import NaiveForecaster, SlidingWindow
    >>> from sklstm.forecasting import forecast
    >>> X = np.array([[1.0], [2.0], [3.0], [10.0], [20.0], [30.0]])
    >>> pipe = make_pipeline(SlidingWindow(3), NaiveForecaster(season_length=3))
    >>> forecast(pipe.fit(X, X[:, 0]), X, steps=4).to_numpy().ravel()
    array([10., 20., 30., 10.])
    """

    def __init__(self, season_length=1, *, horizon=1, target_feature="auto"):
        self.season_length = season_length
        self.horizon = horizon
        self.target_feature = target_feature

    def fit(self, X, y, sample_weight=None):
        """Learn the shape and the mean of y.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Windows; of two axes those of one feature.

        y : array-like of shape (n_samples,), (n_samples, n_outputs) or \
                (n_samples, n_steps, n_outputs)
            Targets; NaN is no target.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the mean of y.

        Returns
        -------
        NaiveForecaster
            Itself.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the windows are shorter than a season,
            y is not what `target_feature` says, or y goes on with a column of a flat X
            that is not its last.

        Warns
        -----
        UserWarning
            If y is in other units than the feature that is predicted from, or
            ``target_feature="auto"`` finds none.
        """
        check_int("season_length", self.season_length, at_least=1)
        check_int("horizon", self.horizon, at_least=0)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None"
            )
        with all_or_nothing(self):
            vars(self).pop("target_names_in_", None)
            table = self._read(X, reset=True)
            check_target_of_rows(X, y)
            check_same_index(X, y)
            if (names := names_of_targets(y)) is not None:
                self.target_names_in_ = names
            y = check_target(y)
            self.target_mean_ = _mean_of_known(y, sample_weight, table.starts)
            self._outputs = self._outputs_of(y, table)
            self.target_feature_ = np.array([feature for *_, feature in self._outputs])
            self._check_long_enough(table)
        if self._n_axes_in == 3:
            columns = y.reshape(len(y), -1)
            of_first = [column for column, h, _ in self._outputs if h == self.horizon]
            for column in of_first:
                feature = self._outputs[column][2]
                warn_of_other_units(table, feature, columns[:, column], stacklevel=3)
                self._warn_of_other_horizon(table, feature, columns[:, column])
        return self

    def predict(self, X):
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Windows; of three axes with any number of time steps that holds a season.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_outputs) or \
                (n_samples, n_steps, n_outputs)
            In the shape of y.
        """
        check_is_fitted(self)
        table = self._read(X, reset=False)
        self._check_long_enough(table)
        means = self.target_mean_.ravel()
        predicted = np.empty((len(table), len(means)))
        n_empty = 0
        for column, h, feature in self._outputs:
            found = first_present(table, feature, self._asked(h, table.n_timesteps))
            empty = np.isnan(found)
            n_empty = max(n_empty, int(empty.sum()))
            predicted[:, column] = np.where(empty, means[column], found)
        warn_of_empty(n_empty, len(table), self, stacklevel=3)
        return predicted.reshape(len(table), *self.target_mean_.shape)

    # ------------------------------------------------------------------ what is asked
    def _outputs_of(self, y, table):
        """Return for each column of y its number, its steps ahead, and its feature."""
        features = self._features(y, table)
        horizon, shape = int(self.horizon), y.shape[1:]
        steps, targets = (1, 1) if not shape else (1, shape[0])
        if len(shape) == 2:
            steps, targets = shape
        elif len(features) == 1:
            steps, targets = targets, 1
        names = getattr(self, "target_names_in_", None)
        if len(shape) == 1 and steps > 1 and names is not None:
            self._check_steps(names)
        if len(features) != targets:
            raise ValueError(
                f"target_feature must name a feature for each of the {targets} targets "
                f"of y, which has shape {y.shape}; got {self.target_feature!r}."
            )
        ahead = np.repeat(horizon + np.arange(steps), targets).tolist()
        columns = range(steps * targets)
        return list(zip(columns, ahead, features * steps, strict=True))

    def _features(self, y, table):
        """Return the target features as a list of numbers from 0 on."""
        given, n_features = self.target_feature, table.n_features
        if isinstance(given, str) and given == "auto":
            return self._found_features(y, table)
        features = [given] if np.ndim(given) == 0 else list(given)
        for feature in features:
            check_int(
                "target_feature", feature, at_least=-n_features, others=' or "auto"'
            )
            if feature >= n_features:
                raise ValueError(
                    f"target_feature must be less than {n_features}, the number of "
                    f"features of X, got {given!r}."
                )
        return [int(feature) % n_features for feature in features]

    def _found_features(self, y, table):
        """Find a feature for each target, or the one that y holds steps of."""
        if self._n_axes_in == 2:
            columns = getattr(self, "feature_names_in_", None)
            check_last_column(table, y.reshape(len(y), -1)[:, 0], columns, self)
        names = getattr(self, "target_names_in_", None)
        steps_by_name = multistep_name(names)
        first = y[:, 0] if y.ndim == 3 else y.reshape(len(y), -1)
        if y.ndim == 2 and steps_by_name is not None:
            first = first[:, :1]
        features = find_repeated(table, first, stacklevel=6)
        are_steps = names is None or steps_by_name is not None or table.n_features == 1
        same = y.ndim == 2 and are_steps and len(set(features)) == 1
        return features[:1] if same else features

    def _check_steps(self, names):
        """Refuse columns of y that have names of their own for steps of one."""
        if multistep_name(names) is None:
            raise ValueError(
                f"y has the columns {shortened(names)}: targets of their own, but "
                f"target_feature={self.target_feature!r} takes them for steps of one. "
                "Name a feature for each, such as "
                f"target_feature={list(range(len(names)))}."
            )

    def _warn_of_other_horizon(self, table, feature, y):
        ahead = steps_to_target(table, y, feature, int(self.horizon))
        if ahead != self.horizon:
            warnings.warn(
                f"y is the value of feature {feature} {ahead} steps after the last one "
                f"of its window, but horizon={self.horizon}. Set horizon={ahead} on "
                f"{type(self).__name__}, or mend the horizon of SlidingWindow or y.",
                UserWarning,
                stacklevel=3,
            )

    def _nearest(self, horizon):
        """Return how many steps before the last one the newest season's value is."""
        season = int(self.season_length)
        return -horizon % season if horizon else season

    def _asked(self, horizon, n_timesteps):
        """List the steps before the last in the order in which a value is sought."""
        seasons = range(self._nearest(horizon), n_timesteps, int(self.season_length))
        # Of what is known with the target itself, its own step is none before it.
        return chain(seasons, range(0 if horizon else 1, n_timesteps))

    def _check_long_enough(self, table):
        needed = 1 + max(self._nearest(h) for _, h, _ in self._outputs)
        if table.n_timesteps < needed and int(self.season_length) > 1:
            raise ValueError(
                f"season_length={self.season_length} needs windows of at least "
                f"{needed} time steps (horizon={self.horizon}), but X has "
                f"{table.n_timesteps}. Raise window_length of the SlidingWindow, or "
                "lower season_length."
            )

    # -------------------------------------------------------------------- what is read
    def _read(self, X, reset):
        """Validate X as an LSTMRegressor does, in the precision that it has."""
        table = read_sequences(self, X, reset)
        check_no_infinity(self, table.values, table.locate)
        return table

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True
        return tags


def _mean_of_known(y, sample_weight, samples):
    """Compute the weighted mean of each output, over the samples that have it."""
    weights = np.ones(len(y))
    if sample_weight is not None:
        weights = check_sample_weight(
            sample_weight, samples, dtype=np.float64, ensure_non_negative=True
        )
    columns = y.reshape(len(y), -1).astype(np.float64)
    known = ~np.isnan(columns)
    total = weights @ known
    if not total.all():
        raise ValueError(
            "Input y contains nothing but NaN, or targets of weight zero, in outputs "
            f"{np.flatnonzero(total == 0).tolist()}; there is nothing to learn of "
            "these. Leave them out of y."
        )
    means = (weights @ np.where(known, columns, 0.0)) / total
    return means.reshape(y.shape[1:])
