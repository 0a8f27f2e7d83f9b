"""Private members of SciKeras.

What is overridden of its classes stands in :mod:`sklstm._scikeras`.
"""

import functools

from scikeras._utils import get_optimizer_class, route_params, unflatten_params
from scikeras.wrappers import BaseWrapper

SEEN_IN = "0.13.0", "0.13.0"

__all__ = ["optimizer_class", "remove_more_tags", "routed_to", "unflatten_params"]

# The class of an optimizer by its name. SciKeras makes an optimizer to ask for its
# class, which is as slow as a short epoch.
optimizer_class = functools.cache(get_optimizer_class)


def routed_to(name, params):
    """Return the parameters that are routed to one, without the prefix ``name__``."""
    return route_params(params, name, set())


def remove_more_tags():
    """Remove `_more_tags` from SciKeras's base class.

    scikit-learn takes it for an unfinished port to `__sklearn_tags__`. Nothing calls
    it any more, and it would fail, for its base class has none.
    """
    if "_more_tags" in vars(BaseWrapper):
        del BaseWrapper._more_tags
