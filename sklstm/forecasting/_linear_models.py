"""Predictions of linear models from finite windows, without scikit-learn's checks."""

import numpy as np
from sklearn import linear_model
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from sklstm._pipeline import steps_of
from sklstm.estimators import CompleteCaseRegressor
from sklstm.preprocessing import SlidingWindow

# Linear regressors of scikit-learn whose prediction is X @ coef + intercept. Subclasses
# may do anything.
LINEAR = {
    linear_model.ElasticNet,
    linear_model.ElasticNetCV,
    linear_model.HuberRegressor,
    linear_model.Lars,
    linear_model.LarsCV,
    linear_model.Lasso,
    linear_model.LassoCV,
    linear_model.LassoLars,
    linear_model.LassoLarsCV,
    linear_model.LassoLarsIC,
    linear_model.LinearRegression,
    linear_model.OrthogonalMatchingPursuit,
    linear_model.OrthogonalMatchingPursuitCV,
    linear_model.QuantileRegressor,
    linear_model.Ridge,
    linear_model.RidgeCV,
    linear_model.TheilSenRegressor,
}


class LinearModel:
    """Predictions of a linear pipeline: those of its steps, of the same operations.

    Parameters
    ----------
    scales : list of (ndarray or None, ndarray or None)
        What each step subtracts from the columns, and divides them by.

    coef : ndarray of shape (n_columns,) or (n_columns, n_targets)
        The coefficients.

    intercept : float or ndarray of shape (n_targets,)
        The intercept.
    """

    def __init__(self, scales, coef, intercept):
        self.scales, self.coef, self.intercept = scales, coef, intercept

    def __call__(self, windows):
        """Predict from finite windows, (n_samples, window_length, n_features)."""
        X = windows.reshape(len(windows), -1)
        for mean, scale in self.scales:
            X = X if mean is None else X - mean
            X = X if scale is None else X / scale
        return X @ self.coef + self.intercept


def may_be_linear(pipeline):
    """Return whether a pipeline that is not fitted may become a LinearModel."""
    steps = [step for _, step in steps_of(pipeline)]
    if len(steps) < 2 or type(steps[0]) is not SlidingWindow or not steps[0].flatten:
        return False
    *after, last = steps[1:]
    if type(last) is CompleteCaseRegressor:
        last = last.estimator
    scales = all(type(step) in (StandardScaler, SimpleImputer) for step in after)
    return scales and type(last) in LINEAR


def linear_model(parts):
    """Return a pipeline as a LinearModel; None if it is not known to be one.

    Recursive forecasts predict one step at a time. scikit-learn then checks one row at
    a time, in each pipeline step, which takes 50 times as long as the arithmetic of a
    linear model.

    Parameters
    ----------
    parts : SplitPipeline
        The fitted pipeline. It is known to be linear if windows are flat, the steps
        after them are SimpleImputer or StandardScaler, and the last one is one of
        `LINEAR`, or a CompleteCaseRegressor of one.

    Returns
    -------
    LinearModel or None
        It takes finite windows, float64.
    """
    predictor = parts.predictor
    if type(predictor) is CompleteCaseRegressor and "predict" not in vars(predictor):
        predictor = predictor.estimator_
    if type(parts.window) is not SlidingWindow or not parts.window.flatten:
        return None
    if type(predictor) not in LINEAR or "predict" in vars(predictor):
        return None
    scales = []
    for step in parts.after:
        if "transform" in vars(step):
            return None
        if type(step) is StandardScaler:
            mean = step.mean_ if step.with_mean else None
            scales.append((mean, step.scale_ if step.with_std else None))
        elif not _keeps_finite(step):
            return None
    coef = np.asarray(predictor.coef_)
    if coef.dtype != np.float64:
        return None
    coef = coef if coef.ndim == 1 else coef.T
    return LinearModel(scales, coef, predictor.intercept_)


def _keeps_finite(step):
    """Return whether a step is an imputer that keeps all columns, and adds none."""
    if type(step) is not SimpleImputer or step.add_indicator:
        return False
    missing = step.missing_values
    is_nan = isinstance(missing, float) and np.isnan(missing)
    statistics = np.asarray(step.statistics_)
    return is_nan and statistics.dtype.kind == "f" and not np.isnan(statistics).any()
