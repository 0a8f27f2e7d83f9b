"""A forecaster of a transformed target, with forecasts on the original scale."""

import itertools
import warnings

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.metrics import r2_score
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    check_is_fitted,
    validate_data,
)

from sklstm._compat.sklearn import (
    CallbackSupportMixin,
    check_method_params,
    routing_enabled,
    safe_indexing,
)
from sklstm._fit_task import fit_task
from sklstm._pipeline import find_window, steps_of
from sklstm._stored import StoredEstimator
from sklstm._validation import (
    all_or_nothing,
    as_list,
    check_int,
    check_same_index,
    check_table,
    check_target_of_rows,
    n_axes,
)
from sklstm.forecasting._lags import MISSING_ROWS
from sklstm.forecasting._split_pipeline import split_pipeline
from sklstm.forecasting._target_scale import TargetScale, steps_before
from sklstm.forecasting._target_transform import check_transformer


def _predicts_quantiles(self):
    """Return whether the last step of the forecaster predicts quantiles."""
    inner = getattr(self, "forecaster_", self.forecaster)
    inner = getattr(inner, "best_estimator_", inner)
    *_, (_, last) = steps_of(inner)
    return hasattr(last, "predict_quantiles")


class TransformedTargetForecaster(
    StoredEstimator, CallbackSupportMixin, RegressorMixin, BaseEstimator
):
    """Fit a forecaster to a transformed target, and forecast on the original scale.

    `TransformedTargetRegressor` of scikit-learn transforms y. This estimator transforms
    the column of X as well that holds the history of y, so that windows and targets are
    on the same scale, and forecasts can be fed back. `transformer` is applied first,
    such as the logarithm, and `difference` to its result. Both are undone by `predict`,
    :func:`forecast`, :func:`backtest`, :func:`stream`, :func:`conformal_intervals` and
    the Displays of :mod:`sklstm.inspection`.

    Parameters
    ----------
    forecaster : estimator
        A pipeline with a `SlidingWindow`, or a search over one. It is cloned.

    transformer : None, "log", "box-cox" or transformer, default=None
        "log" is for positive values that change in proportion to themselves. "box-cox"
        [1]_ estimates a power by maximum likelihood, from 0 (the logarithm) on.
        Otherwise any transformer of scikit-learn that has `inverse_transform`, such as
        ``PowerTransformer()`` or ``FunctionTransformer(np.log1p, np.expm1)``; it gets
        one column. Each target has its own transformer, which all groups share.

    difference : int or sequence of int, default=()
        Lags of differences in time steps, taken one after the other: ``1`` for changes
        from row to row, for series with a trend; ``12`` for changes from year to year
        of monthly data; ``(1, 12)`` for both. They are taken within each group. If a
        row or value is missing, so are the differences from it.

    Attributes
    ----------
    forecaster_ : estimator
        Fitted on the transformed target, without rows whose difference is not known:
        the first ones of each group, and those after rows that are missing by the
        index.

    target_columns_ : list
        The columns of X that hold the history of each target: those with the name of
        the target, or else those with its values. Empty if nothing is transformed.

    transformers_ : list
        The fitted transformer of each target, or its name.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if X is a DataFrame whose columns are all strings.

    See Also
    --------
    sklearn.compose.TransformedTargetRegressor : Transforms only y, for targets whose
        history is not in X.

    Notes
    -----
    A mean on the transformed scale is no mean on the original scale: with "log", the
    forecast is a median if errors are too high as often as too low, and a median is
    below the mean.

    If the value that a difference starts from is missing, it is replaced by the last
    known one before it, and by the mean in the first rows of a table.

    References
    ----------
    .. [1] G. Box, D. Cox, "An Analysis of Transformations", JRSS B 26 (2), 1964.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.impute import SimpleImputer
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import SlidingWindow
    >>> from sklstm.forecasting import TransformedTargetForecaster, forecast
    >>> months = pd.period_range("2026-01", periods=8, freq="M")
    >>> X = pd.DataFrame({"sold": 2.0 ** np.arange(8)}, index=months)
    >>> pipe = make_pipeline(
    ...     SlidingWindow(1, flatten=True), SimpleImputer(), LinearRegression())
    >>> growing = TransformedTargetForecaster(pipe, transformer="log", difference=1)
    >>> forecast(growing.fit(X, X["sold"]), X, steps=2).round(6)
              sold
    2026-09  256.0
    2026-10  512.0
    """

    def __init__(self, forecaster, *, transformer=None, difference=()):
        self.forecaster = forecaster
        self.transformer = transformer
        self.difference = difference

    def fit(self, X, y, **fit_params):
        """Fit the forecaster to the transformed target and its transformed history.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Rows in the order of time (within each group), with the columns of y.

        y : array-like of shape (n_rows,), (n_rows, n_outputs) or as of `make_multistep`
            The targets, neither shifted nor transformed. NaN is a missing target.

        **fit_params : dict
            Parameters for `fit` of the forecaster.

        Returns
        -------
        TransformedTargetForecaster
            The fitted forecaster.

        Raises
        ------
        ValueError
            If a parameter is invalid; if y is no column of X; if a value can't be
            transformed, or the transform can't be undone; if X has too few rows for
            the differences; if the value that the difference of the first target
            starts from is not known at the end of the window.
        """
        check_transformer(self.transformer)
        lags = _check_difference(self.difference)
        with all_or_nothing(self), fit_task(self, X, y, max_subtasks=1) as task:
            self.target_columns_, self.transformers_, self._scale = [], [], None
            if self.transformer is None and not lags:
                self._fit_forecaster(X, y, fit_params, task)
                validate_data(self, X, reset=True, skip_check_array=True)
                return self
            check_target_of_rows(X, y)
            check_same_index(X, y)
            X = as_table(X)
            validate_data(self, X, reset=True, skip_check_array=True)
            self._fit(X, y, lags, fit_params, task)
        return self

    def predict(self, X):
        """Predict y of each row from the rows up to `horizon` rows before.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            The table; the history of `fit` goes before it, according to `history` of
            `SlidingWindow`. Differences are added to the values in it.

        Returns
        -------
        ndarray of shape (n_rows, ...)
            On the original scale, in the shape of y.
        """
        check_is_fitted(self)
        self._check_columns(X)
        if self._scale is None:
            return self.forecaster_.predict(X)
        changed, windows = self._scale.transform_table(as_table(X))
        predicted = np.asarray(self.forecaster_.predict(changed))
        restored = self._restore(predicted[..., np.newaxis], windows)
        return restored.reshape(predicted.shape)

    @available_if(_predicts_quantiles)
    def predict_quantiles(self, X):
        """Predict quantiles of y of each row, if the forecaster predicts them.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            As in :meth:`predict`.

        Returns
        -------
        ndarray of shape (n_rows, ..., n_quantiles)
            On the original scale.

        Raises
        ------
        ValueError
            If the transformer reverses the order of values.
        """
        check_is_fitted(self)
        self._check_columns(X)
        changed, windows = X, None
        if self._scale is not None:
            changed, windows = self._scale.transform_table(as_table(X))
        parts = split_pipeline(self.forecaster_, "predict_quantiles")
        inputs = parts.window.transform(parts.transform(changed))
        for step in parts.after:
            inputs = step.transform(inputs)
        quantiles = parts.predictor.predict_quantiles(inputs)
        if self._scale is None:
            return quantiles
        predicted = np.asarray(parts.predictor.predict(inputs))[..., np.newaxis]
        both = np.concatenate([predicted, quantiles], axis=-1)
        restored = self._restore(both, windows).reshape(both.shape)
        return restored[..., 1:]

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination of the predictions.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            The table.

        y : array-like
            The truth; rows with NaN are left out.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of rows.

        Returns
        -------
        float
        """
        predicted = self.predict(X)
        truth = np.asarray(y, dtype=float).reshape(len(predicted), -1)
        has_truth = ~np.isnan(truth).any(axis=1)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)[has_truth]
        predicted = predicted.reshape(len(predicted), -1)
        return r2_score(
            truth[has_truth], predicted[has_truth], sample_weight=sample_weight
        )

    def get_metadata_routing(self):
        """Return how metadata goes to the forecaster."""
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(
            forecaster=self.forecaster, method_mapping=mapping
        )

    def _check_columns(self, X):
        """Raise unless a table has the columns of `fit`."""
        if n_axes(X) == 1:
            raise ValueError(
                "Expected 2D array, got 1D array instead: X must be a table of shape "
                "(n_rows, n_features). Reshape your data: X.reshape(-1, 1) is a table "
                "of one column, X.reshape(1, -1) one of one row."
            )
        validate_data(self, X, reset=False, skip_check_array=True)

    def _restore(self, predicted, windows):
        """Return predictions, whose last axis is quantiles, on the original scale."""
        scale = self._scale
        shape = (len(predicted), scale.n_steps, len(scale.columns), -1)
        horizon = self._window.geometry.horizon
        return scale.restore_rows(predicted.reshape(shape), windows, horizon)

    # ------------------------------------------------------------------------ fitting
    def _fit(self, X, y, lags, fit_params, task):
        window = find_window(self.forecaster)
        if window is None:
            raise ValueError(
                "forecaster must be a pipeline with a step that makes windows, such as "
                "make_pipeline(SlidingWindow(24), LSTMRegressor()), or a search over "
                f"one; got {self.forecaster!r}."
            )
        scale = TargetScale(
            self.transformer, lags, window, steps_before(self.forecaster, window)
        )
        rows, changed, targets = scale.fit(X, y)
        self._check_horizon(scale, window)
        self.target_columns_ = scale.columns
        self.transformers_ = [transform.fitted for transform in scale.transforms]
        self._scale = scale
        params = check_method_params(X, fit_params, indices=rows)
        self._fit_forecaster(
            safe_indexing(changed, rows), safe_indexing(targets, rows), params, task
        )
        # A search may have chosen another window.
        self._window = split_pipeline(self.forecaster_, type(self).__name__).window
        self._check_horizon(scale, self._window)

    def _fit_forecaster(self, X, y, fit_params, task):
        if routing_enabled():
            fit_params = process_routing(self, "fit", **fit_params).forecaster.fit
        self.forecaster_ = clone(self.forecaster)
        try:
            with (
                task.fit_of(self.forecaster_, "fit-forecaster"),
                warnings.catch_warnings(),
            ):
                if self._scale is not None and self._scale.weights:
                    # Lags has warned of missing rows; those left out here are not.
                    warnings.filterwarnings("ignore", f".*{MISSING_ROWS}")
                self.forecaster_.fit(X, y, **fit_params)
        except ValueError as error:
            differs = self._scale is not None and self._scale.weights
            window = find_window(self.forecaster) if differs else None
            if window is not None and len(X) < window.window_length:
                length = window.window_length
                raise ValueError(
                    f"difference={self.difference!r} leaves {len(X)} of the rows of X, "
                    f"while window_length={length} needs {length}: the difference of "
                    f"the first {sum(as_list(self.difference))} rows (of each group) "
                    "is not known. Pass more rows, or a smaller difference or "
                    "window_length."
                ) from error
            if differs and "NaN" in str(error):
                error.add_note(
                    "The difference from a missing row or value is NaN, and the last "
                    "step of the pipeline does not leave out rows without a target: "
                    "use one that does, such as the estimators of sklstm."
                )
            raise

    def _check_horizon(self, scale, window):
        """Raise unless windows end with the values that differences start from."""
        horizon, weights = int(window.horizon), scale.weights
        if not weights or horizon <= max(scale.n_steps, min(weights)):
            return
        raise ValueError(
            f"difference={self.difference!r} starts from a value {min(weights)} rows "
            f"before, but with horizon={horizon} and targets of {scale.n_steps} steps "
            f"the last {horizon - scale.n_steps} rows before these are not known. "
            f"Predict all steps at once: make_multistep(X, y, {horizon}) with "
            f"SlidingWindow(horizon={horizon}); or one after the other: horizon=1."
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.forecaster)
        tags.input_tags = inner.input_tags
        searched = getattr(self.forecaster, "estimator", self.forecaster)
        for _, first in itertools.islice(steps_of(searched), 1):
            # The tags of a pipeline do not tell.
            tags.input_tags.allow_nan = get_tags(first).input_tags.allow_nan
        tags.target_tags = inner.target_tags
        tags.regressor_tags.poor_score = True
        return tags


def wrapper_of(fitted):
    """Return the TransformedTargetForecaster, also of a search over one, or None.

    Raises
    ------
    ValueError
        If it is the last step of a pipeline, so that it does not see the table.
    """
    if isinstance(fitted, TransformedTargetForecaster):
        return fitted
    if hasattr(fitted, "best_estimator_"):
        return wrapper_of(fitted.best_estimator_)
    if hasattr(fitted, "steps") and fitted.steps:
        last = fitted.steps[-1][1]
        if not isinstance(last, str) and wrapper_of(last) is not None:
            raise ValueError(
                "A TransformedTargetForecaster must be given the table itself: move "
                f"the steps before it into its forecaster; got {fitted!r}."
            )
    return None


def as_table(X):
    """Return X as a table of two axes: a DataFrame, or an array."""
    X = check_table(X)
    if not hasattr(X, "columns"):
        X = np.asarray(X)
        if X.ndim != 2:
            raise ValueError(
                f"Expected 2D array, got {X.ndim}D array instead: X must be a table of "
                f"shape (n_rows, n_features), got shape {X.shape}."
            )
    return X


def _check_difference(difference):
    """Return the lags of differences as a list of int."""
    if isinstance(difference, str | bytes) or difference is None:
        raise ValueError(
            "difference must be an int >= 1 or a sequence of such, as 1 or (1, 12); "
            f"got {difference!r}."
        )
    lags = as_list(difference)
    for lag in lags:
        check_int("difference", lag, at_least=1, others=" or a sequence of such")
    return [int(lag) for lag in lags]
