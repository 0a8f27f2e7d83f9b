"""Values that are missing in a row, from those that it has."""

import numpy as np
from sklearn.covariance import ledoit_wolf

# Added to the variances, as rounding may leave a covariance that has no inverse.
_LEAST = 1e-8


class ConditionalMean:
    """The mean of missing values given the others of a row, of a normal distribution.

    With m the mean and S the covariance of complete rows, the values at places b that
    are missing get ``m[b] + S[b, a] @ inv(S[a, a]) @ (x[a] - m[a])`` of those at the
    places a that are there [1]_. S is shrunk [2]_, so that it can be inverted, and is
    right where there are fewer rows than columns.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,)
        Mean and deviation of each column.

    correlation : ndarray of shape (n_features, n_features)
        The shrunk covariance of the standardized columns.

    References
    ----------
    .. [1] T. W. Anderson, "An Introduction to Multivariate Statistical Analysis", 3rd
       edition, 2003, theorem 2.5.1.
    .. [2] O. Ledoit and M. Wolf, "A Well-Conditioned Estimator for Large-Dimensional
       Covariance Matrices", Journal of Multivariate Analysis 88(2), 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.estimators._conditional_mean import ConditionalMean
    >>> x = np.arange(101.0)
    >>> conditional = ConditionalMean(np.column_stack([x, 2 * x]))
    >>> conditional.fill(np.array([[60.0, np.nan], [np.nan, np.nan]])).round()
    array([[ 60., 120.],
           [ 50., 100.]])
    """

    def __init__(self, X):
        X = np.asarray(X, dtype=np.float64)
        self.mean, deviation = X.mean(axis=0), X.std(axis=0)
        self.scale = np.where(deviation > 0, deviation, 1.0)
        self.correlation = np.eye(X.shape[1])
        if len(X) > 1 and deviation.any():
            shrunk, _ = ledoit_wolf((X - self.mean) / self.scale)
            # Columns of which one follows from others may not be shrunk at all.
            self.correlation = shrunk + _LEAST * self.correlation

    def fill(self, X):
        """Return rows with their missing values (NaN) filled; X stays as it is."""
        filled = np.array(X)
        missing = np.isnan(filled)
        rows = np.flatnonzero(missing.any(axis=1))
        patterns, which = np.unique(missing[rows], axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            own = rows[which.ravel() == number]
            filled[np.ix_(own, pattern)] = self._missing_of(filled[own], pattern)
        return filled

    def _missing_of(self, X, missing):
        there = ~missing
        z = ((X - self.mean) / self.scale)[:, there]
        of_there = self.correlation[np.ix_(there, there)]
        across = self.correlation[np.ix_(there, missing)]
        if there.any():
            across = np.linalg.solve(of_there, across)
        return self.mean[missing] + self.scale[missing] * (z @ across)
