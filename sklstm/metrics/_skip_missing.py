"""Scores over the rows that have a target."""

import functools

import numpy as np
import pandas as pd
from sklearn.metrics import get_scorer
from sklearn.utils import check_consistent_length

from sklstm._validation import check_same_index

_RESPONSES = {"predict", "predict_proba", "predict_log_proba", "decision_function"}


def skip_missing(scoring):
    """Make a scorer that leaves out the rows whose target is missing.

    scikit-learn's own scorers raise for a NaN in y, of which a cross-validation makes a
    score of NaN. This one predicts for all rows of X, of which each may be in the
    windows of others, and scores those that have a target.

    Parameters
    ----------
    scoring : str or callable
        A name of scikit-learn's, such as "neg_mean_absolute_error", or a scorer: a
        callable that takes an estimator, X and y.

    Returns
    -------
    callable
        A scorer for the `scoring` of :func:`~sklearn.model_selection.cross_val_score`,
        :class:`~sklearn.model_selection.GridSearchCV` and the like. Of several outputs
        it leaves out the rows where one is missing; the estimators' own `score` leaves
        out each on its own.

    Raises
    ------
    ValueError
        If no row has a target, y has other rows than X or another pandas index (by the
        scorer), or the name is none of scikit-learn's.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklstm.metrics import skip_missing
    >>> X = np.arange(6.0).reshape(-1, 1)
    >>> model = LinearRegression().fit(X, X[:, 0])
    >>> y = [0.0, 1.0, np.nan, 3.0, np.nan, 7.0]
    >>> round(skip_missing("neg_mean_absolute_error")(model, X, y), 6)
    -0.5
    """
    if scoring is None:
        raise ValueError(
            'scoring must be a name of scikit-learn\'s, such as "r2", or a callable '
            "that takes an estimator, X and y; got None."
        )
    return _SkipMissing(get_scorer(scoring))


class _SkipMissing:
    """A scorer; an object rather than a function, for processes to be sent it."""

    def __init__(self, scorer):
        self._scorer = scorer

    def __call__(self, estimator, X, y, sample_weight=None, **params):
        targets = np.asarray(y, dtype=object)
        if not targets.ndim:
            raise ValueError(f"y must hold a target for each row of X, got {y!r}.")
        check_consistent_length(X, targets, sample_weight)
        check_same_index(X, y)
        missing = pd.isna(targets)
        missing = missing.reshape(len(missing), -1).any(axis=1)
        if sample_weight is not None:
            params["sample_weight"] = np.asarray(sample_weight)[~missing]
        if not missing.any():
            return self._scorer(estimator, X, y, **params)
        if missing.all():
            raise ValueError(
                "y has a missing target (NaN) in every row; there is nothing to score."
            )
        of_known = np.array(targets[~missing].tolist())
        return self._scorer(_OfKnown(estimator, ~missing), X, of_known, **params)

    def __repr__(self):
        return f"skip_missing({self._scorer!r})"


class _OfKnown:
    """A fitted estimator whose predictions are those of some rows of X."""

    def __init__(self, estimator, known):
        self._estimator = estimator
        self._known = known

    def __getattr__(self, name):
        if name.startswith("__") and name != "__sklearn_tags__":
            raise AttributeError(name)
        found = getattr(self._estimator, name)
        if name not in _RESPONSES:
            return found

        @functools.wraps(found)  # scikit-learn asks for the name
        def of_known(X):
            return _rows(found(X), self._known)

        return of_known


def _rows(responses, known):
    if isinstance(responses, list):  # of several outputs, as scikit-learn's trees give
        return [_rows(one, known) for one in responses]
    return np.asarray(responses)[known]
