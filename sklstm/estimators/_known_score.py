"""R² over the targets that are known."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from sklstm._validation import check_same_index, check_target_of_rows
from sklstm.estimators._check_target import check_target


class KnownScoreMixin(RegressorMixin):
    """A regressor whose `score` leaves out targets that are missing."""

    def score(self, X, y, sample_weight=None):
        """Compute R², the mean over outputs (and time steps); NaN in y is left out.

        Parameters
        ----------
        X : array-like
            As for :meth:`predict`.

        y : array-like
            As for :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        float
        """
        check_target_of_rows(X, y)
        check_same_index(X, y)
        return r2_of_known(check_target(y), self.predict(X), sample_weight)


def r2_of_known(y_true, y_pred, sample_weight=None):
    """Compute the mean over outputs of R², each over the samples that have it.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,) or (n_samples, ...)
        Targets; NaN is left out.

    y_pred : ndarray of the same shape
        Predictions.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If no target is known.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.estimators._known_score import r2_of_known
    >>> r2_of_known(np.array([1.0, np.nan, 3.0]), np.array([1.0, 7.0, 2.0]))
    0.5
    """
    y_true, y_pred = (y.reshape(len(y_true), -1) for y in (y_true, y_pred))
    scores = []
    for truth, predicted in zip(y_true.T, y_pred.T, strict=True):
        known = ~np.isnan(truth)
        if known.any():
            weights = None if sample_weight is None else np.asarray(sample_weight)
            weights = None if weights is None else weights[known]
            scores.append(
                r2_score(truth[known], predicted[known], sample_weight=weights)
            )
    if not scores:
        raise ValueError("Input y contains NaN in place of every target.")
    return float(np.mean(scores))
