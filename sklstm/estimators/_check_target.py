"""Checks of y, and targets of regressors."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from sklstm._validation import check_same_index, check_target_of_rows, is_number


def check_y_given(estimator, y):
    """Raise if y is None."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None"
        )


def check_rows_of_y(estimator, X, y, reset):
    """Raise unless X and y have the same rows; with `reset`, learn names of targets."""
    check_target_of_rows(X, y)
    check_same_index(X, y)
    if reset:
        vars(estimator).pop("target_names_in_", None)
        if (names := _names_of_targets(y)) is not None:
            estimator.target_names_in_ = names


def check_target(y):
    """Validate y as numbers, NaN allowed, and return it with one to three axes."""
    with _name_bad_value(y):
        if isinstance(y, (list, tuple)):
            y = np.asarray(y)
        if type(y) is pd.Series and isinstance(y.dtype, np.dtype):
            y = y.to_numpy()  # which scikit-learn reads faster
        if _are_plain_floats(y):
            return y
        if getattr(getattr(y, "dtype", None), "kind", "") == "O":
            y = np.where(pd.isna(y), np.nan, y)
        y = check_array(
            y,
            ensure_2d=False,
            allow_nd=True,
            dtype="numeric",
            ensure_all_finite="allow-nan",
            input_name="y",
        )
    if y.dtype.kind in "mM":
        raise ValueError(f"y must hold numbers, got {y.dtype}.")
    if y.ndim > 3 or y.ndim == 0:
        raise ValueError(
            "y must have shape (n_samples,), (n_samples, n_outputs) or (n_samples, "
            f"n_steps, n_outputs), got {y.shape}."
        )
    return y


def _are_plain_floats(y):
    """Return whether targets are an array that scikit-learn's checks leave as it is."""
    is_array = type(y) is np.ndarray and y.dtype in (np.float64, np.float32)
    return is_array and 1 <= y.ndim <= 3 and y.size > 0 and not np.isinf(y).any()


@contextmanager
def _name_bad_value(y):
    """Add the value and the sample that failed to an error of conversion."""
    try:
        yield
    except (TypeError, ValueError) as error:
        flat = np.array(y, dtype=object).reshape(len(y), -1)
        for sample, value in ((i, v) for i, row in enumerate(flat) for v in row):
            if isinstance(value, (str, bytes)) or not is_number(value):
                raise type(error)(
                    f"y must hold numbers, but holds {value!r} in sample {sample}: "
                    f"{error}"
                ) from error
        raise


def holds_nan(y):
    """Return whether targets hold NaN."""
    return y.dtype.kind == "f" and bool(np.isnan(y).any())


def _names_of_targets(y):
    """Return the names of a Series or of columns, if all are str; else None."""
    if not hasattr(y, "to_pandas") and not isinstance(y, (pd.Series, pd.DataFrame)):
        return None
    # polars calls a Series without a name "".
    names = list(y.columns) if hasattr(y, "columns") else [y.name or None]
    if not all(isinstance(name, str) for name in names):
        return None
    return np.asarray(names, dtype=object)
