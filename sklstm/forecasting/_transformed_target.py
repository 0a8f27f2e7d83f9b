"""A forecaster of a transformed target, whose forecasts are in the units of y."""

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

from sklstm._compat.sklearn import check_method_params, routing_enabled, safe_indexing
from sklstm._pipeline import find_window, steps_of
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
from sklstm.forecasting._parts import parts_of
from sklstm.forecasting._target_transform import check_transformer
from sklstm.forecasting._target_units import TargetUnits, steps_before


def _predicts_quantiles(self):
    """Return whether the last step of the forecaster predicts quantiles."""
    inner = getattr(self, "forecaster_", self.forecaster)
    inner = getattr(inner, "best_estimator_", inner)
    *_, (_, last) = steps_of(inner)
    return hasattr(last, "predict_quantiles")


class TransformedTargetForecaster(RegressorMixin, BaseEstimator):
    """Forecast in transformed units of the target, and give forecasts in those of y.

    What `TransformedTargetRegressor` of scikit-learn does to y, this does to the column
    of X as well that holds the history of y, so that windows and targets are in the
    same units, and forecasts can be fed back. First `transformer` makes, for example,
    logarithms, of which then differences are taken. Both are undone in `predict`, and
    by :func:`forecast`, :func:`backtest`, :func:`stream`,
    :func:`conformal_intervals` and the Displays of :mod:`sklstm.inspection`.

    Parameters
    ----------
    forecaster : estimator
        A pipeline with a `SlidingWindow`, or a search over one. It is cloned.

    transformer : None, "log", "box-cox" or transformer, default=None
        "log" is for positive values that grow by shares of themselves. "box-cox"
        [1]_ finds the power between that and none at all by maximum likelihood.
        Otherwise any transformer of scikit-learn that has `inverse_transform`, such as
        ``PowerTransformer()`` or ``FunctionTransformer(np.log1p, np.expm1)``; it gets
        one column. Each target has one of its own, which all groups share.

    difference : int or sequence of int, default=()
        Lags of differences in time steps, taken one after the other: ``1`` learns
        changes from row to row, for series with a trend; ``12`` changes from year to
        year, of months; ``(1, 12)`` both. Within each group, and not over rows that
        are missing: where a value is missing, so are the differences from it.

    Attributes
    ----------
    forecaster_ : estimator
        Fitted on the transformed target, without rows whose difference is not known:
        the first ones of each group, and those after rows that are missing by the
        index.

    target_columns_ : list
        The columns of X that hold the history of each target: those called as y, or
        else those that are y. Empty where nothing is transformed.

    transformers_ : list
        What was fitted to each target: a transformer, or a name.

    n_features_in_ : int
        Columns of X.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X is a DataFrame whose columns are all strings.

    See Also
    --------
    sklearn.compose.TransformedTargetRegressor : Transforms y alone, for targets whose
        history is not in X.

    Notes
    -----
    A mean in transformed units is none in those of y: the forecast by "log" is a
    median where errors are as often too high as too low, and that is below the mean.

    Where the value that a difference starts from is missing, the last one known before
    it stands for it, and in the first rows of a table the mean.

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
        """Fit the forecaster to the transformed target, and its history.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            Rows in the order of time (within each group), with the columns of y as
            they stand there.

        y : array-like of shape (n_rows,), (n_rows, n_outputs) or as of `make_multistep`
            The targets, neither shifted nor transformed. NaN is no target.

        **fit_params : dict
            For `fit` of the forecaster, as a pipeline takes them.

        Returns
        -------
        TransformedTargetForecaster
            The fitted forecaster.

        Raises
        ------
        ValueError
            If a parameter is not what is said above; if y is no column of X; if a
            value can't be transformed, or the transform is not undone; if X has too
            few rows for the differences, or the value before the first target, which
            its difference starts from, is not known when the window ends.
        """
        check_transformer(self.transformer)
        lags = _check_difference(self.difference)
        with all_or_nothing(self):
            self.target_columns_, self.transformers_, self._units = [], [], None
            if self.transformer is None and not lags:
                self._fit_forecaster(X, y, fit_params)
                validate_data(self, X, reset=True, skip_check_array=True)
                return self
            check_target_of_rows(X, y)
            check_same_index(X, y)
            X = as_table(X)
            validate_data(self, X, reset=True, skip_check_array=True)
            self._fit(X, y, lags, fit_params)
        return self

    def predict(self, X):
        """Predict y of each row, from what was known `horizon` rows before.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            The table; what `fit` remembers goes before it, as the `history` of
            `SlidingWindow` says. Differences are added to the values in it.

        Returns
        -------
        ndarray of shape (n_rows, ...)
            In the units of y, of its shape.
        """
        check_is_fitted(self)
        self._check_columns(X)
        if self._units is None:
            return self.forecaster_.predict(X)
        changed, windows = self._units.changed(as_table(X))
        predicted = np.asarray(self.forecaster_.predict(changed))
        restored = self._restored(predicted[..., np.newaxis], windows)
        return restored.reshape(predicted.shape)

    @available_if(_predicts_quantiles)
    def predict_quantiles(self, X):
        """Predict quantiles of y of each row, where the forecaster predicts them.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_features)
            As in :meth:`predict`.

        Returns
        -------
        ndarray of shape (n_rows, ..., n_quantiles)
            In the units of y.

        Raises
        ------
        ValueError
            If the transformer turns the order of values around.
        """
        check_is_fitted(self)
        self._check_columns(X)
        changed, windows = X, None
        if self._units is not None:
            changed, windows = self._units.changed(as_table(X))
        parts = parts_of(self.forecaster_, "predict_quantiles")
        inputs = parts.window.transform(parts.transform(changed))
        for step in parts.after:
            inputs = step.transform(inputs)
        quantiles = parts.predictor.predict_quantiles(inputs)
        if self._units is None:
            return quantiles
        predicted = np.asarray(parts.predictor.predict(inputs))[..., np.newaxis]
        both = np.concatenate([predicted, quantiles], axis=-1)
        restored = self._restored(both, windows).reshape(both.shape)
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
        there = ~np.isnan(truth).any(axis=1)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)[there]
        predicted = predicted.reshape(len(predicted), -1)
        return r2_score(truth[there], predicted[there], sample_weight=sample_weight)

    def get_metadata_routing(self):
        """Return how metadata goes to the forecaster."""
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(
            forecaster=self.forecaster, method_mapping=mapping
        )

    def _check_columns(self, X):
        """Refuse a table whose columns are not those of `fit`."""
        if n_axes(X) == 1:
            raise ValueError(
                "Expected 2D array, got 1D array instead: X must be a table of shape "
                "(n_rows, n_features). Reshape your data: X.reshape(-1, 1) is a table "
                "of one column, X.reshape(1, -1) one of one row."
            )
        validate_data(self, X, reset=False, skip_check_array=True)

    def _restored(self, predicted, windows):
        """Bring predictions, of which the last axis is quantiles, into units of y."""
        units = self._units
        shape = (len(predicted), units.n_steps, len(units.columns), -1)
        horizon = self._window.geometry.horizon
        return units.restored_rows(predicted.reshape(shape), windows, horizon)

    # ------------------------------------------------------------------------ fitting
    def _fit(self, X, y, lags, fit_params):
        window = find_window(self.forecaster)
        if window is None:
            raise ValueError(
                "forecaster must be a pipeline with a step that makes windows, such as "
                "make_pipeline(SlidingWindow(24), LSTMRegressor()), or a search over "
                f"one; got {self.forecaster!r}."
            )
        units = TargetUnits(
            self.transformer, lags, window, steps_before(self.forecaster, window)
        )
        rows, changed, targets = units.fit(X, y)
        self._check_horizon(units, window)
        self.target_columns_ = units.columns
        self.transformers_ = [transform.fitted for transform in units.transforms]
        self._units = units
        params = check_method_params(X, fit_params, indices=rows)
        self._fit_forecaster(
            safe_indexing(changed, rows), safe_indexing(targets, rows), params
        )
        # A search may have chosen another.
        self._window = parts_of(self.forecaster_, type(self).__name__).window
        self._check_horizon(units, self._window)

    def _fit_forecaster(self, X, y, fit_params):
        if routing_enabled():
            fit_params = process_routing(self, "fit", **fit_params).forecaster.fit
        self.forecaster_ = clone(self.forecaster)
        try:
            with warnings.catch_warnings():
                if self._units is not None and self._units.weights:
                    # As many rows as the table lacked were told; more are left out.
                    warnings.filterwarnings("ignore", f".*{MISSING_ROWS}")
                self.forecaster_.fit(X, y, **fit_params)
        except ValueError as error:
            differs = self._units is not None and self._units.weights
            window = find_window(self.forecaster) if differs else None
            if window is not None and len(X) < window.window_length:
                length = window.window_length
                raise ValueError(
                    f"difference={self.difference!r} leaves {len(X)} of the rows of X, "
                    f"while window_length={length} needs {length}: what the first "
                    f"{sum(as_list(self.difference))} rows (of each group) differ from "
                    "is not known. Give more rows, or a smaller difference or "
                    "window_length."
                ) from error
            if differs and "NaN" in str(error):
                error.add_note(
                    "The difference from a value that is missing, as a row or as NaN, "
                    "is NaN. The last step of the pipeline does not leave rows without "
                    "a target out: use one that does, as the estimators of sklstm."
                )
            raise

    def _check_horizon(self, units, window):
        """Refuse differences from values that are not known when a window ends."""
        horizon, weights = int(window.horizon), units.weights
        if not weights or horizon <= max(units.n_steps, min(weights)):
            return
        raise ValueError(
            f"difference={self.difference!r} starts from a value {min(weights)} rows "
            f"before, but with horizon={horizon} and targets of {units.n_steps} steps "
            f"the last {horizon - units.n_steps} rows before these are not known. "
            f"Predict all steps at once: make_multistep(X, y, {horizon}) with "
            f"SlidingWindow(horizon={horizon}); or one after the other: horizon=1."
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.forecaster)
        tags.input_tags = inner.input_tags
        searched = getattr(self.forecaster, "estimator", self.forecaster)
        for _, first in itertools.islice(steps_of(searched), 1):
            # Of which a pipeline says nothing.
            tags.input_tags.allow_nan = get_tags(first).input_tags.allow_nan
        tags.target_tags = inner.target_tags
        tags.regressor_tags.poor_score = True
        return tags


def wrapper_of(fitted):
    """Return the forecaster of a transformed target that an estimator is, or None.

    Parameters
    ----------
    fitted : estimator
        The forecaster itself, or a search over it.

    Raises
    ------
    ValueError
        If steps of a pipeline stand before it, so that it does not see the table.
    """
    if isinstance(fitted, TransformedTargetForecaster):
        return fitted
    if hasattr(fitted, "best_estimator_"):
        return wrapper_of(fitted.best_estimator_)
    if hasattr(fitted, "steps") and fitted.steps:
        last = fitted.steps[-1][1]
        if not isinstance(last, str) and wrapper_of(last) is not None:
            raise ValueError(
                "A TransformedTargetForecaster must be given the table itself: put the "
                f"steps before it into the pipeline that it holds; got {fitted!r}."
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
