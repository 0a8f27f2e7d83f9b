"""Told at fit: a forecast that is a value of the windows, and y in other units."""

import warnings

import numpy as np

from sklstm.estimators._present_values import first_present

# Of fewer targets nothing can be told.
_LEAST = 10


def warn_of_other_units(table, feature, y, *, stacklevel):
    """Warn where y is no column of the windows, and far from what they hold.

    A scaler between the windows and a forecast that repeats their values makes it one
    in other units, and so a baseline that is beaten for no merit. Targets that are
    values of the feature, or are like them in level and spread, are no news.

    Parameters
    ----------
    table : SequenceTable
        The windows.

    feature : int
        The feature whose values are predicted.

    y : ndarray of shape (n_samples,)
        The targets that should be values of that feature.

    stacklevel : int
        As in :func:`warnings.warn`.
    """
    x = first_present(table, feature, [0])
    x, y = x[~np.isnan(x)], y[~np.isnan(y)].astype(np.float64)
    if min(len(x), len(y)) < _LEAST or _are_values_of(y, x, table.dtype):
        return
    far = abs(y.mean() - x.mean()) > y.std()
    if not far and x.std() / 3 <= y.std() <= 3 * x.std():
        return
    warnings.warn(
        f"y (mean {y.mean():.3g}, deviation {y.std():.3g}) is in other units than "
        f"feature {feature} of the windows (mean {x.mean():.3g}, deviation "
        f"{x.std():.3g}), whose values are predicted. Leave out what scales the "
        "windows or y, or name the feature that y is in target_feature.",
        UserWarning,
        stacklevel=stacklevel,
    )


def _are_values_of(y, x, dtype):
    """Return whether most targets are values of a feature, in its precision."""
    return np.isin(y.astype(dtype), x.astype(dtype)).mean() >= 0.5
