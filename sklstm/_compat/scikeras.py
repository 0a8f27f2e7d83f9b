"""Private members of SciKeras, and its estimators.

Overrides of its classes are in :mod:`sklstm._scikeras`.
"""

import functools

from sklstm._garbage import without_garbage_collection

# Workers of joblib import a module of an estimator by its name. Its first import that
# needs TensorFlow is this one.
with without_garbage_collection():
    from scikeras._utils import get_optimizer_class, route_params, unflatten_params
    from scikeras.wrappers import BaseWrapper, KerasClassifier, KerasRegressor

SEEN_IN = "0.13.0", "0.13.0"

__all__ = [
    "KerasClassifier",
    "KerasRegressor",
    "optimizer_class",
    "remove_more_tags",
    "routed_to",
    "unflatten_params",
]

# The class of an optimizer by its name, cached because SciKeras creates an optimizer to
# find its class.
optimizer_class = functools.cache(get_optimizer_class)


def routed_to(name, params):
    """Return the parameters with the prefix ``name__``, without the prefix."""
    return route_params(params, name, set())


def remove_more_tags():
    """Remove `_more_tags` from SciKeras's base class.

    scikit-learn reports it as a missing port to `__sklearn_tags__`, and nothing calls
    it any more.
    """
    if "_more_tags" in vars(BaseWrapper):
        del BaseWrapper._more_tags
