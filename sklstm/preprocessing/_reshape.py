"""Reshaping of flat tables of lags to 3-D arrays and back."""

from numbers import Integral

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import Interval, validate_params
from sklstm._fit_task import fit_task
from sklstm._validation import (
    all_or_nothing,
    check_3d,
    check_no_infinity,
    check_rows,
    n_axes,
)
from sklstm.preprocessing._base import SequenceTransformer


class Reshape3D(ClassNamePrefixFeaturesOutMixin, SequenceTransformer):
    """Turn a flat table into sequences: a row per sample, columns step by step.

    The columns of X are read as step 0 with all its features, then step 1, and so on:
    the order in which ``SlidingWindow(flatten=True)`` writes them.

    Parameters
    ----------
    n_timesteps : int, default=None
        Number of time steps of a sample. None is the number of columns divided by
        `n_features`; or, if that is None too, the number of columns, each a time step
        of one feature.

    n_features : int, default=None
        Number of features of a time step. None is the number of columns divided by
        `n_timesteps`, or 1 if that is None too.

    Attributes
    ----------
    n_timesteps_ : int
        Number of time steps of the output.

    n_features_ : int
        Number of features of the output.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X, if they are all strings.

    See Also
    --------
    SlidingWindow : From a table of rows in time to windows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.preprocessing import Reshape3D
    >>> X = np.array([[1, 10, 2, 20, 3, 30]])
    >>> Reshape3D(n_features=2).fit_transform(X)
    array([[[ 1, 10],
            [ 2, 20],
            [ 3, 30]]])
    >>> Reshape3D().fit_transform(X).shape
    (1, 6, 1)
    """

    _parameter_constraints = {
        "n_timesteps": [Interval(Integral, 1, None, closed="left"), None],
        "n_features": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(self, n_timesteps=None, n_features=None):
        self.n_timesteps = n_timesteps
        self.n_features = n_features

    def fit(self, X, y=None):
        """Compute both axes from the number of columns.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_timesteps * n_features)
            The flat table.

        y : None
            Ignored.

        Returns
        -------
        Reshape3D
            The fitted transformer.

        Raises
        ------
        ValueError
            If the number of columns is not a product of these two parameters.
        """
        with all_or_nothing(self), fit_task(self, X, y):
            validate_params(self)
            width = self._read(X, reset=True).shape[1]
            self.n_timesteps_, self.n_features_ = _axes(
                width, self.n_timesteps, self.n_features
            )
            self._n_features_out = self.n_features_
        return self

    def transform(self, X):
        """Return X as sequences, without a copy if possible.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_timesteps * n_features)
            The flat table.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps, n_features)
            The sequences, with the dtype of X.
        """
        check_is_fitted(self)
        values = self._read(X, reset=False)
        return values.reshape(len(values), self.n_timesteps_, self.n_features_)

    def inverse_transform(self, X):
        """Return the steps of each sample side by side, as in the flat table.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features)
            Sequences.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps * n_features)
            The flat table.
        """
        check_is_fitted(self)
        sequences = np.asarray(check_3d(self, X))
        if sequences.shape[1:] != (self.n_timesteps_, self.n_features_):
            raise ValueError(
                f"X must have shape (n_samples, {self.n_timesteps_}, "
                f"{self.n_features_}), got {sequences.shape}."
            )
        return sequences.reshape(len(sequences), -1)

    def _read(self, X, reset):
        if n_axes(X) > 2:
            raise ValueError(
                "Reshape3D needs a flat table (n_samples, n_timesteps * n_features), "
                f"got X with dim {n_axes(X)}: it needs no Reshape3D."
            )
        values = check_rows(self, X, reset=reset, dtype="numeric")
        check_no_infinity(self, values)
        return values


def _axes(width, n_timesteps, n_features):
    """Complete (n_timesteps, n_features) to a product of `width`.

    >>> _axes(6, None, None), _axes(6, 3, None), _axes(6, None, 6)
    ((6, 1), (3, 2), (1, 6))
    """
    # Narrow integers of NumPy would overflow.
    n_timesteps, n_features = (n and int(n) for n in (n_timesteps, n_features))
    if n_timesteps is None and n_features is None:
        n_features = 1
    if n_timesteps is None:
        n_timesteps = width // n_features
    if n_features is None:
        n_features = width // n_timesteps
    if n_timesteps * n_features != width or 0 in (n_timesteps, n_features):
        divisors = [d for d in range(1, width + 1) if width % d == 0]
        raise ValueError(
            f"X has {width} columns, which do not divide into n_timesteps="
            f"{n_timesteps or None} times n_features={n_features or None}. "
            f"Possible n_timesteps: {divisors}."
        )
    return n_timesteps, n_features
