"""Scorers that skip rows with a missing target."""

import functools

import numpy as np
import pandas as pd
from sklearn.metrics import get_scorer
from sklearn.utils import check_consistent_length

from sklstm._validation import check_same_index

_RESPONSES = {"predict", "predict_proba", "predict_log_proba", "decision_function"}


def skip_missing(scoring):
    """Make a scorer that leaves out the rows whose target is missing.

    scikit-learn's scorers raise for NaN in y, so that the score of a cross-validation
    is NaN. This scorer predicts for all rows of X, because a row may be in the windows
    of other rows, and scores the rows that have a target.

    Parameters
    ----------
    scoring : str or callable
        Name of a scorer of scikit-learn, such as "neg_mean_absolute_error", or a
        scorer: a callable of an estimator, X and y.

    Returns
    -------
    callable
        A scorer for the `scoring` of :func:`~sklearn.model_selection.cross_val_score`,
        :class:`~sklearn.model_selection.GridSearchCV` and the like. If there are
        several outputs, it leaves out the rows where any of them is missing; the
        estimators' own `score` leaves out missing targets output by output.

    Raises
    ------
    ValueError
        If scikit-learn has no scorer of that name. The scorer raises if no row has a
        target, or if y has another number of rows or another pandas index than X.

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
            'scoring must be a name of a scorer, such as "r2", or a callable of an '
            "estimator, X and y; got None."
        )
    return _SkipMissing(get_scorer(scoring))


class _SkipMissing:
    """A scorer; a class, because a nested function can't be pickled."""

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
                "y has a missing target (NaN) in every row, so that no row can be "
                "scored."
            )
        y = np.array(targets[~missing].tolist())
        return self._scorer(_RowSubset(estimator, ~missing), X, y, **params)

    def __repr__(self):
        return f"skip_missing({self._scorer!r})"


class _RowSubset:
    """A fitted estimator that predicts for all rows of X and returns some of them."""

    def __init__(self, estimator, mask):
        self._estimator = estimator
        self._mask = mask

    def __getattr__(self, name):
        if name.startswith("__") and name != "__sklearn_tags__":
            raise AttributeError(name)
        found = getattr(self._estimator, name)
        if name not in _RESPONSES:
            return found

        @functools.wraps(found)  # scikit-learn reads the name
        def select(X):
            return _rows(found(X), self._mask)

        return select


def _rows(responses, mask):
    if isinstance(responses, list):  # an array per output, as of scikit-learn's trees
        return [_rows(one, mask) for one in responses]
    return np.asarray(responses)[mask]
