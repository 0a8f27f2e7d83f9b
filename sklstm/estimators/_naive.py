"""Naive forecasts: the last value, or the value of the last season."""

import warnings
from itertools import chain

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import CallbackSupportMixin, check_sample_weight
from sklstm._fit_task import fit_task
from sklstm._multistep import multistep_name
from sklstm._stored import StoredEstimator
from sklstm._validation import (
    all_or_nothing,
    check_int,
    check_no_infinity,
    shortened,
)
from sklstm.estimators._check_target import check_rows_of_y, check_target, check_y_given
from sklstm.estimators._known_score import KnownScoreMixin
from sklstm.estimators._no_steps import warn_of_empty
from sklstm.estimators._other_scale import warn_of_other_scale
from sklstm.estimators._present_values import first_present
from sklstm.estimators._read_sequences import read_sequences
from sklstm.estimators._repeated_feature import check_last_column, find_repeated
from sklstm.estimators._target_feature import steps_to_target


class NaiveForecaster(
    StoredEstimator, CallbackSupportMixin, KnownScoreMixin, BaseEstimator
):
    """Predict the last value of a window, or the value a season before the target.

    The naive and the seasonal naive forecast [1]_, which any other forecast should
    beat. It replaces an :class:`LSTMRegressor` in a pipeline, without a scaler, as it
    predicts values of the windows.

    Parameters
    ----------
    season_length : int, default=1
        Number of rows of a season, such as 12 for months with a yearly season. 1
        predicts the last value.

    horizon : int, default=1
        Number of rows from the last time step of a window to its (first) target:
        `horizon` of the `SlidingWindow`; but 1 for targets of
        :func:`~sklstm.forecasting.make_multistep`, whose first comes right after the
        window. It is used for seasons only.

    target_feature : int, sequence of int or "auto", default="auto"
        Index of the feature whose earlier values are predicted, on the last axis of
        X. With a single one, the columns of a y of shape (n_samples, k) are k steps
        ahead from `horizon` on, as `make_multistep` arranges them; with a sequence of
        k, they are these k features, `horizon` steps ahead. "auto" finds the feature
        whose later values y has, and warns if there is none; columns of y that
        continue the same feature are its steps ahead.

    Attributes
    ----------
    target_feature_ : ndarray of int, of shape (n_columns,)
        The feature of each column of y: those of the first step ahead, then of the
        next.

    target_mean_ : ndarray of shape (), (n_outputs,) or (n_steps, n_outputs)
        Mean of y, predicted for windows without values.

    n_features_in_ : int
        Number of features of a time step; of a 2-D X its number of columns.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X was a DataFrame.

    target_names_in_ : ndarray of str
        Names of the targets, if y was a Series or DataFrame that has names.

    See Also
    --------
    sklstm.metrics.mean_absolute_scaled_error : Errors relative to those of the naive
        forecast.

    Notes
    -----
    Let T be the last row of a window. The target at T + h is predicted by the latest
    value of the window at the same position in the season [1]_, ``y[T + h - k * m]``
    with ``k = ceil(h / m)`` and m the `season_length`. If that value is missing (NaN),
    the value one season before is taken, and so on; if all are missing, the last value
    of the window; without any value, the mean of y.

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
            Windows; two axes are read as one feature.

        y : array-like of shape (n_samples,), (n_samples, n_outputs) or \
                (n_samples, n_steps, n_outputs)
            Targets; NaN are left out.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the mean of y.

        Returns
        -------
        NaiveForecaster
            Itself.

        Raises
        ------
        ValueError
            If a parameter is invalid, the windows are shorter than a season, y does not
            match `target_feature`, or y continues a column of a flat X that is not its
            last.

        Warns
        -----
        UserWarning
            If y is on another scale than its feature, or ``target_feature="auto"``
            finds none.
        """
        check_int("season_length", self.season_length, at_least=1)
        check_int("horizon", self.horizon, at_least=0)
        check_y_given(self, y)
        with all_or_nothing(self), fit_task(self, X, y, sample_weight):
            table = self._read(X, reset=True)
            check_rows_of_y(self, X, y, reset=True)
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
                warn_of_other_scale(table, feature, columns[:, column], stacklevel=3)
                self._warn_of_other_horizon(table, feature, columns[:, column])
        return self

    def predict(self, X):
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Windows; with three axes any number of time steps that holds a season.

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
            lags = self._lags_to_try(h, table.n_timesteps)
            found = first_present(table, feature, lags)
            empty = np.isnan(found)
            n_empty = max(n_empty, int(empty.sum()))
            predicted[:, column] = np.where(empty, means[column], found)
        warn_of_empty(n_empty, len(table), self, stacklevel=3)
        return predicted.reshape(len(table), *self.target_mean_.shape)

    def _outputs_of(self, y, table):
        """Return for each column of y its index, its horizon, and its feature."""
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
        """Return the target features as non-negative indices."""
        given, n_features = self.target_feature, table.n_features
        if isinstance(given, str) and given == "auto":
            return self._find_features(y, table)
        features = [given] if np.ndim(given) == 0 else list(given)
        for feature in features:
            least, others = -n_features, ' or "auto"'
            check_int("target_feature", feature, at_least=least, others=others)
            if feature >= n_features:
                raise ValueError(
                    f"target_feature must be less than {n_features}, the number of "
                    f"features of X, got {given!r}."
                )
        return [int(feature) % n_features for feature in features]

    def _find_features(self, y, table):
        """Return a feature for each target, or one whose steps ahead y holds."""
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
        """Raise if y has columns of other targets in place of steps ahead."""
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
                f"y is the value of feature {feature} {ahead} rows after the last one "
                f"of its window, but horizon={self.horizon}. Set horizon={ahead} on "
                f"{type(self).__name__}, or correct the horizon of SlidingWindow or y.",
                UserWarning,
                stacklevel=3,
            )

    def _nearest_lag(self, horizon):
        """Return the lag of the latest value at the same position in the season."""
        season = int(self.season_length)
        return -horizon % season if horizon else season

    def _lags_to_try(self, horizon, n_timesteps):
        """Return lags in order of preference."""
        nearest = self._nearest_lag(horizon)
        seasons = range(nearest, n_timesteps, int(self.season_length))
        # With horizon 0 the last time step is at the target itself.
        return chain(seasons, range(0 if horizon else 1, n_timesteps))

    def _check_long_enough(self, table):
        needed = 1 + max(self._nearest_lag(h) for _, h, _ in self._outputs)
        if table.n_timesteps < needed and int(self.season_length) > 1:
            raise ValueError(
                f"season_length={self.season_length} needs windows of at least "
                f"{needed} time steps (horizon={self.horizon}), but X has "
                f"{table.n_timesteps}. Raise window_length of the SlidingWindow, or "
                "lower season_length."
            )

    def _read(self, X, reset):
        """Validate X as an LSTMRegressor does, but keep its dtype."""
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
    """Return the weighted mean of each output, over the targets that are not NaN."""
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
