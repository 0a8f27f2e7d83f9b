"""Targets of regressors as they come: numbers, some of them missing, with names."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from sklstm._validation import is_number


def check_target(y):
    """Validate y, NaN allowed, and return it as an array of one to three axes."""
    with _naming_what_is_no_number(y):
        if isinstance(y, (list, tuple)):
            y = np.asarray(y)
        if getattr(getattr(y, "dtype", None), "kind", "") == "O":
            y = np.where(pd.isna(y), np.nan, y)  # of which there are several kinds
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


@contextmanager
def _naming_what_is_no_number(y):
    """Add to a failed conversion of y what failed, and in which sample."""
    try:
        yield
    except (TypeError, ValueError) as error:
        flat = np.array(y, dtype=object).reshape(len(y), -1)
        for sample, value in ((i, v) for i, row in enumerate(flat) for v in row):
            if isinstance(value, (str, bytes)) or not is_number(value):
                # The type and text of NumPy's error stay.
                raise type(error)(
                    f"y must hold numbers, but holds {value!r} in sample {sample}: "
                    f"{error}"
                ) from error
        raise


def holds_nan(y):
    """Return whether targets hold NaN."""
    return y.dtype.kind == "f" and bool(np.isnan(y).any())


def names_of_targets(y):
    """Return the names of a Series or of the columns of a DataFrame, if all are text.

    Those of polars count as those of pandas do.

    Returns
    -------
    ndarray of str, or None
    """
    if not hasattr(y, "to_pandas") and not isinstance(y, (pd.Series, pd.DataFrame)):
        return None
    # polars calls a Series without a name "".
    names = list(y.columns) if hasattr(y, "columns") else [y.name or None]
    if not all(isinstance(name, str) for name in names):
        return None
    return np.asarray(names, dtype=object)
