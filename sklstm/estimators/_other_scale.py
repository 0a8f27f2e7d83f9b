"""Warning of `fit` about y on another scale than the values that are repeated."""

import warnings

import numpy as np

from sklstm.estimators._present_values import first_present

# Minimum number of values to compare.
_LEAST = 10


def warn_of_other_scale(table, feature, y, *, stacklevel):
    """Warn if y is on another scale than the feature whose values are predicted.

    This happens if windows or y are scaled before a naive forecast; it is then too weak
    a baseline. There is no warning if most targets are values of the feature, or have
    similar mean and deviation. `y` has shape (n_samples,).
    """
    x = first_present(table, feature, [0])
    x, y = x[~np.isnan(x)], y[~np.isnan(y)].astype(np.float64)
    if min(len(x), len(y)) < _LEAST or _are_values_of(y, x, table.dtype):
        return
    far = abs(y.mean() - x.mean()) > y.std()
    if not far and x.std() / 3 <= y.std() <= 3 * x.std():
        return
    warnings.warn(
        f"y (mean {y.mean():.3g}, deviation {y.std():.3g}) is on another scale than "
        f"feature {feature} of the windows (mean {x.mean():.3g}, deviation "
        f"{x.std():.3g}), whose values are predicted. Leave out the scaler of "
        "windows or y, or pass the feature that y has as target_feature.",
        UserWarning,
        stacklevel=stacklevel,
    )


def _are_values_of(y, x, dtype):
    """Return whether most targets are values of a feature, in its precision."""
    return np.isin(y.astype(dtype), x.astype(dtype)).mean() >= 0.5
