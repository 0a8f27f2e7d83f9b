"""The versions that a pickle was made by, and a warning where they are others."""

import warnings

import sklearn
from sklearn.exceptions import InconsistentVersionWarning

import sklstm


class VersionWarning(InconsistentVersionWarning):
    """Warn of a pickle made by other versions; a kind of scikit-learn's warning.

    Parameters
    ----------
    estimator_name : str
        Name of the estimator.

    current, original : dict of str to str
        Versions of the packages, now and then.
    """

    def __init__(self, *, estimator_name, current, original):
        super().__init__(
            estimator_name=estimator_name,
            current_sklearn_version=current["scikit-learn"],
            original_sklearn_version=original.get("scikit-learn"),
        )
        self.current = current
        self.original = original

    def __str__(self):
        others = ", ".join(
            f"{name} {self.original.get(name, 'unknown')} (now {version})"
            for name, version in self.current.items()
            if self.original.get(name) != version
        )
        return (
            f"{self.estimator_name} was pickled under {others}. It may fail or predict "
            "otherwise; fit it anew, or load it under the versions it was made by."
        )


def versions(**others):
    """Give the versions that a fitted estimator depends on, those of others besides."""
    own = {"sklstm": sklstm.__version__, "scikit-learn": sklearn.__version__}
    return {**own, **others}


def warn_of_other_versions(estimator, original, current):
    """Warn, once for all packages, where the versions of a pickle are not today's."""
    if original != current:
        name = type(estimator).__name__
        warnings.warn(
            VersionWarning(estimator_name=name, current=current, original=original),
            stacklevel=3,
        )
