"""Imputation of missing values of a row from its other values."""

import numpy as np
from sklearn.covariance import ledoit_wolf

from sklstm._stored import stored_as
from sklstm.sequences import compact_copy

# Added to the variances, as a covariance may be singular up to rounding.
_LEAST = 1e-8

# Most numbers in rows that are kept until a row is filled.
_MOST_KEPT = 2**22


@stored_as("conditional mean")
class ConditionalMean:
    """Conditional mean of missing values given the other values of a row.

    Rows are normally distributed with mean m and covariance S of the complete rows.
    Missing values at positions b get ``m[b] + S[b, a] @ inv(S[a, a]) @ (x[a] - m[a])``
    from the known values at positions a [1]_. S is shrunk [2]_, so that it can be
    inverted even with fewer rows than columns.

    The mean and the covariance are computed when the first row is filled, as most
    tables of a backtest have none to fill.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The complete rows.

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
        self._rows, self._normal = compact_copy(X), None
        if self._rows.size > _MOST_KEPT:
            self._learned()

    def fill(self, X):
        """Return a copy of rows with their missing values (NaN) filled."""
        normal = self._learned()
        filled = np.array(X)
        missing = np.isnan(filled)
        rows = np.flatnonzero(missing.any(axis=1))
        patterns, which = np.unique(missing[rows], axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            own = rows[which.ravel() == number]
            filled[np.ix_(own, pattern)] = normal.given(filled[own], pattern)
        return filled

    def _learned(self):
        """Return the distribution; forget the rows."""
        rows = self._rows  # first: another thread may do the same
        normal = self._normal
        if normal is None:
            # Sums of many numbers of float32 are wrong.
            self._normal = normal = _Normal(np.asarray(rows, dtype=np.float64))
            self._rows = None
        return normal

    def __getstate__(self):
        return {"_rows": None, "_normal": self._learned()}


@stored_as("normal distribution")
class _Normal:
    """A normal distribution of rows: mean, deviations, and shrunk correlation."""

    def __init__(self, X):
        self.mean, deviation = X.mean(axis=0), X.std(axis=0)
        self.scale = np.where(deviation > 0, deviation, 1.0)
        self.correlation = np.eye(X.shape[1])
        if len(X) > 1 and deviation.any():
            shrunk, _ = ledoit_wolf((X - self.mean) / self.scale)
            # Without shrinkage, collinear columns make it singular.
            self.correlation = shrunk + _LEAST * self.correlation

    def given(self, X, missing):
        """Return the conditional means of some columns given the others."""
        known = ~missing
        z = ((X - self.mean) / self.scale)[:, known]
        of_known = self.correlation[np.ix_(known, known)]
        across = self.correlation[np.ix_(known, missing)]
        if known.any():
            across = np.linalg.solve(of_known, across)
        return self.mean[missing] + self.scale[missing] * (z @ across)
