"""Versions in a file, and a warning if they differ when it is loaded."""

import warnings

import sklearn
from sklearn.exceptions import InconsistentVersionWarning

import sklstm


class VersionWarning(InconsistentVersionWarning):
    """Warning that an estimator was saved with other versions of packages.

    Parameters
    ----------
    estimator_name : str
        Name of the estimator.

    current, original : dict of str to str
        Versions of the packages when loading and when saving.
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
            f"{self.estimator_name} was saved under {others}. It may fail or return "
            "other predictions; fit it again, or load it under the original versions."
        )


def versions(**others):
    """Return the versions of sklstm, scikit-learn and other packages."""
    own = {"sklstm": sklstm.__version__, "scikit-learn": sklearn.__version__}
    return {**own, **others}


def warn_of_other_versions(estimator, original, current):
    """Warn if the versions of a file are not the current ones."""
    if original != current:
        name = type(estimator).__name__
        warnings.warn(
            VersionWarning(estimator_name=name, current=current, original=original),
            stacklevel=3,
        )
