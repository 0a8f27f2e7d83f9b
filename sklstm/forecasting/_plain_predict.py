"""Predictions of linear models from finite windows, without scikit-learn's checks."""

import numpy as np
from sklearn import linear_model
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

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


def plain_predict(parts):
    """Return the predictions of a pipeline as a function of windows, where known.

    Recursive forecasts predict one step at a time. scikit-learn then checks one row at
    a time, in each pipeline step, which takes 50 times as long as the arithmetic of a
    linear model. The function does the same operations on the same numbers.

    Parameters
    ----------
    parts : SplitPipeline
        The fitted pipeline. The function exists if windows are flat, the steps after
        them are SimpleImputer or StandardScaler, and the last one is one of `LINEAR`,
        or a CompleteCaseRegressor of one.

    Returns
    -------
    callable or None
        A function of finite windows of shape (n_samples, window_length, n_features),
        float64.
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
    coef, intercept = np.asarray(predictor.coef_), predictor.intercept_
    if coef.dtype != np.float64:
        return None
    coef = coef if coef.ndim == 1 else coef.T

    def predict(windows):
        X = windows.reshape(len(windows), -1)
        for mean, scale in scales:
            X = X if mean is None else X - mean
            X = X if scale is None else X / scale
        return X @ coef + intercept

    return predict


def _keeps_finite(step):
    """Return whether a step is an imputer that keeps all columns, and adds none."""
    if type(step) is not SimpleImputer or step.add_indicator:
        return False
    missing = step.missing_values
    is_nan = isinstance(missing, float) and np.isnan(missing)
    statistics = np.asarray(step.statistics_)
    return is_nan and statistics.dtype.kind == "f" and not np.isnan(statistics).any()
