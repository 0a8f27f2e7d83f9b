"""Whether the steps before a window work on each row of a table alone."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

# What needs no trial. Classes that inherit from these may do anything.
_ROW_BY_ROW = {
    Binarizer,
    KBinsDiscretizer,
    KNNImputer,
    MaxAbsScaler,
    MinMaxScaler,
    MissingIndicator,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SimpleImputer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
    VarianceThreshold,
}

# Rows that are tried alone; and so many more of those that hold NaN, which steps may
# fill from neighbours.
_TRIED = 8

# How often all rows are parted in two at random, in their order and out of it.
_SPLITS = 2


def work_row_by_row(steps):
    """Return whether fitted steps are of kinds that work on each row alone.

    Parameters
    ----------
    steps : iterable of transformers
        Those of scikit-learn that do; and pipelines, unions and column transformers
        of nothing else. Functions of NumPy that are ufuncs do.
    """
    return all(_works_row_by_row(step) for step in steps)


def _works_row_by_row(step):
    if step is None or isinstance(step, str):  # "passthrough" or "drop"
        return True
    kind = type(step)
    if kind is FunctionTransformer:
        return step.func is None or isinstance(step.func, np.ufunc)
    if kind is ColumnTransformer:
        return work_row_by_row(part for _, part, _ in step.transformers_)
    if kind is FeatureUnion:
        return work_row_by_row(part for _, part in step.transformer_list)
    if kind is Pipeline:
        return work_row_by_row(part for _, part in step.steps)
    return kind in _ROW_BY_ROW


def agree(some, others):
    """Return whether features are the same but for rounding; NaN equals NaN.

    Parameters
    ----------
    some, others : ndarray of shape (..., n_features)
        The features. What is rounding depends on the largest of each.
    """
    if some.shape != others.shape:
        return False
    coarse = np.float32 in (some.dtype, others.dtype)
    rtol, atol = (1e-4, 1e-6) if coarse else (1e-7, 1e-11)
    axes = tuple(range(some.ndim - 1))
    largest = np.max(np.abs(others), axis=axes, initial=0.0, where=~np.isnan(others))
    close = np.abs(some - others) <= atol * largest + rtol * np.abs(others)
    return bool((close | (np.isnan(some) & np.isnan(others))).all())


def depends_on_other_rows(parts, panel, transformed):
    """Return whether steps before the window give a row other values without the rest.

    Every row is compared, as it is among all rows and among a random half of them. A
    half out of order puts other neighbours beside a rare event, so that it shows even
    where it stands in the last row. What can't be told counts as depending.

    Parameters
    ----------
    parts : SplitPipeline
        The pipeline.

    panel : Panel
        The table.

    transformed : array-like
        What these steps make of it.
    """
    if work_row_by_row(parts.before):
        return False
    among = parts.window.features_of(transformed)
    for rows in _trials(panel):
        try:
            alone = parts.transform(panel.as_given(panel.frame.iloc[rows]))
            alone = parts.window.features_of(alone)
        except Exception:  # too few, or out of order, whatever it says; all rows follow
            return True
        if not agree(alone, among[rows]):
            return True
    return False


def _trials(panel):
    """Yield rows to try: some of them alone, then all of them in halves."""
    n_rows = len(panel.frame)
    spread = np.linspace(0, n_rows - 1, _TRIED).astype(int)
    holed = np.flatnonzero(panel.frame.isna().any(axis=1).to_numpy())
    if len(holed):
        holed = holed[np.linspace(0, len(holed) - 1, _TRIED).astype(int)]
    for row in np.union1d(spread, holed):
        yield [row]
    if n_rows < 2:
        return
    rng = np.random.default_rng(0)
    for in_order in [True] * _SPLITS + [False] * _SPLITS:
        mixed = rng.permutation(n_rows)
        for half in np.array_split(mixed, 2):
            yield np.sort(half) if in_order else half
