"""Checks of the quantiles that a regressor learns."""

import itertools
import warnings

import numpy as np


def learns_quantiles(loss):
    """Return whether a loss is "quantile"."""
    return isinstance(loss, str) and loss == "quantile"


def check_learns_quantiles(loss):
    """Return True if the loss is "quantile"; raise AttributeError otherwise."""
    if not learns_quantiles(loss):
        raise AttributeError(
            'predict_quantiles needs loss="quantile", which learns quantiles; got '
            f"loss={loss!r}."
        )
    return True


def check_quantiles(quantiles, metrics):
    """Return quantiles as a tuple of float; raise unless they ascend within (0, 1)."""
    ordered = tuple(np.asarray(quantiles).ravel().tolist())
    ascending = all(low < high for low, high in itertools.pairwise(ordered))
    if not ordered or not ascending or ordered[0] <= 0 or ordered[-1] >= 1:
        raise ValueError(
            "quantiles must be probabilities within (0, 1), in ascending order; "
            f"got {quantiles!r}."
        )
    if metrics is not None:
        raise ValueError(
            f"metrics={metrics!r} can't compare y with the quantiles that "
            "loss='quantile' gives. Set metrics=None."
        )
    return ordered


def warn_of_unused_quantiles(quantiles, loss):
    """Warn if quantiles are not the default, but the loss is not "quantile"."""
    if np.asarray(quantiles).ravel().tolist() == [0.1, 0.5, 0.9]:
        return
    warnings.warn(
        f"quantiles={quantiles!r} is not used with loss={loss!r}. Set "
        'loss="quantile" for the network to learn them.',
        UserWarning,
        stacklevel=2,
    )
