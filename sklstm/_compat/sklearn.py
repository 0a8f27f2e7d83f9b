"""Private members of scikit-learn.

Names that scikit-learn has for its own modules and that third-party estimators use are
imported here under public names. Of `Interval`, `Options`, `StrOptions` and
`HasMethods` an estimator makes its class attribute ``_parameter_constraints``, which
:func:`validate_params` reads.
"""

# Rows of an array, a table or a list by their numbers.
from sklearn.utils import _safe_indexing as safe_indexing

# An ImportError that names who needs matplotlib.
from sklearn.utils._optional_dependencies import check_matplotlib_support

# What values a parameter may have.
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

# Output in the container that `set_output` asks for.
from sklearn.utils._set_output import _wrap_data_with_container as wrap_output

# Whether metadata routing is enabled.
from sklearn.utils.metadata_routing import _routing_enabled as routing_enabled

# Names of the columns of X, checked against those of fit.
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in

# Parameters of fit for some rows: what has an entry a row is cut.
from sklearn.utils.validation import _check_method_params as check_method_params

# Weights as an array, one a sample.
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

# Number of samples of anything that has some.
from sklearn.utils.validation import _num_samples as num_samples

SEEN_IN = "1.7.0", "1.9.1"

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_feature_names_in",
    "check_matplotlib_support",
    "check_method_params",
    "check_sample_weight",
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
    """Raise unless all parameters obey the estimator's ``_parameter_constraints``."""
    estimator._validate_params()


def offer_set_output(cls):
    """Have a class offer `set_output`, whose `transform` is not wrapped."""
    cls._sklearn_auto_wrap_output_keys = {"transform"}


def scorer_function(scorer):
    """Return the metric that a scorer of `make_scorer` was made of, else itself."""
    return getattr(scorer, "_score_func", scorer)


def scorer_sign(scorer):
    """Return -1 for a scorer of `make_scorer` that negates an error, else 1."""
    return getattr(scorer, "_sign", 1)
