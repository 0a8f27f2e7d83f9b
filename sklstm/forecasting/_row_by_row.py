"""Check whether pipeline steps before a window transform each row independently."""

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

# These need no check. Subclasses may do anything.
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

# How many rows are transformed alone; and how many that hold NaN, which pipeline steps
# may fill from other rows.
_N_ALONE = 8

# How often all rows are split into random halves, in order and out of order.
_N_SPLITS = 2


def work_row_by_row(steps):
    """Return whether all fitted transformers are known to transform rows independently.

    These are some transformers of scikit-learn, pipelines, unions and column
    transformers of them, and NumPy's ufuncs.
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


def are_close(some, others):
    """Return whether features are equal up to rounding; NaN equals NaN.

    Parameters
    ----------
    some, others : ndarray of shape (..., n_features)
        The tolerance of each feature is relative to its largest value.
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
    """Return whether pipeline steps before the window make rows depend on other rows.

    Each row is transformed among all rows, and among random halves of them. Halves out
    of order give a row other neighbours, so that rare events show as well. A transform
    that fails counts as depending.

    Parameters
    ----------
    parts : SplitPipeline
        The pipeline.

    panel : Panel
        The table.

    transformed : array-like
        The transformed table.
    """
    if work_row_by_row(parts.before):
        return False
    among = parts.window.features_of(transformed)
    for rows in _row_subsets(panel):
        try:
            alone = parts.transform(panel.as_given(panel.frame.iloc[rows]))
            alone = parts.window.features_of(alone)
        except Exception:  # too few rows, or out of order
            return True
        if not are_close(alone, among[rows]):
            return True
    return False


def _row_subsets(panel):
    """Yield rows to transform: some of them alone, then all of them in halves."""
    n_rows = len(panel.frame)
    spread = np.linspace(0, n_rows - 1, _N_ALONE).astype(int)
    holed = np.flatnonzero(panel.frame.isna().any(axis=1).to_numpy())
    if len(holed):
        holed = holed[np.linspace(0, len(holed) - 1, _N_ALONE).astype(int)]
    for row in np.union1d(spread, holed):
        yield [row]
    if n_rows < 2:
        return
    rng = np.random.default_rng(0)
    for in_order in [True] * _N_SPLITS + [False] * _N_SPLITS:
        mixed = rng.permutation(n_rows)
        for half in np.array_split(mixed, 2):
            yield np.sort(half) if in_order else half
