"""Private members of scikit-learn.

Functions that third-party estimators need are imported here under public names.
`Interval`, `Options`, `StrOptions` and `HasMethods` are for the class attribute
``_parameter_constraints``, which :func:`validate_params` checks.
"""

from contextlib import nullcontext

# Select rows of an array, a table or a list by indices.
from sklearn.utils import _safe_indexing as safe_indexing

# Raise an ImportError that names the caller if matplotlib is missing.
from sklearn.utils._optional_dependencies import check_matplotlib_support

# Constraints of parameters.
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

# Wrap output in the container of `set_output`.
from sklearn.utils._set_output import _wrap_data_with_container as wrap_output

# Whether metadata routing is enabled.
from sklearn.utils.metadata_routing import _routing_enabled as routing_enabled

# Check feature names against those of fit.
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in

# Select rows of the parameters of fit that have one entry per row.
from sklearn.utils.validation import _check_method_params as check_method_params

# Convert sample weights to an array.
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

# Return the number of samples.
from sklearn.utils.validation import _num_samples as num_samples

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback._callback_support import (
        # Tear down the callbacks of an estimator at the end of a block.
        callback_management_context as managed_callbacks,
    )
except ImportError:  # before 1.9

    class CallbackSupportMixin:
        """Mixin of scikit-learn 1.9 and later; here without effect."""

    def managed_callbacks(estimator):
        """Return a context manager that does nothing."""
        return nullcontext()


SEEN_IN = "1.7.0", "1.9.1"

# What callbacks set on an estimator while it is fitted.
OF_A_FIT = ("_callback_fit_ctx", "_parent_callback_ctx", "_skl_callbacks_to_teardown")

__all__ = [
    "OF_A_FIT",
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "callback_context",
    "callbacks_of",
    "check_feature_names_in",
    "check_matplotlib_support",
    "check_method_params",
    "check_sample_weight",
    "managed_callbacks",
    "num_samples",
    "offer_set_output",
    "routing_enabled",
    "safe_indexing",
    "scorer_function",
    "scorer_sign",
    "validate_params",
    "wrap_output",
]


def validate_params(estimator):
    """Raise unless all parameters satisfy the estimator's constraints."""
    estimator._validate_params()


def callback_context(estimator, max_subtasks):
    """Return the context of the fit of an estimator for its callbacks, or None."""
    if not hasattr(estimator, "_init_callback_context"):
        return None
    return estimator._init_callback_context(max_subtasks=max_subtasks)


def callbacks_of(estimator):
    """Return the callbacks that `set_callbacks` has set on an estimator."""
    return getattr(estimator, "_skl_callbacks", ())


def offer_set_output(cls):
    """Make a class offer `set_output` without wrapping its `transform`."""
    cls._sklearn_auto_wrap_output_keys = {"transform"}


def scorer_function(scorer):
    """Return the metric of a scorer of `make_scorer`; another scorer itself."""
    return getattr(scorer, "_score_func", scorer)


def scorer_sign(scorer):
    """Return -1 for a scorer of `make_scorer` that negates an error, else 1."""
    return getattr(scorer, "_sign", 1)
