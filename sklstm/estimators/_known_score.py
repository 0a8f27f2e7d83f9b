"""R² over the targets that are not missing."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from sklstm.estimators._check_target import check_rows_of_y, check_target


class KnownScoreMixin(RegressorMixin):
    """Mixin of a regressor whose `score` leaves out missing targets."""

    def score(self, X, y, sample_weight=None):
        """Return R², averaged over outputs (and steps ahead); NaN in y are left out.

        Parameters
        ----------
        X : array-like
            As for :meth:`predict`.

        y : array-like
            As for :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        float
        """
        check_rows_of_y(self, X, y, reset=False)
        return r2_of_known(check_target(y), self.predict(X), sample_weight)


def r2_of_known(y_true, y_pred, sample_weight=None):
    """Return the mean R² over outputs, each over the samples whose target is not NaN.

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
            weights = sample_weight
            weights = None if weights is None else np.asarray(weights)[known]
            scores.append(
                r2_score(truth[known], predicted[known], sample_weight=weights)
            )
    if not scores:
        raise ValueError("Input y contains NaN in place of every target.")
    return float(np.mean(scores))
