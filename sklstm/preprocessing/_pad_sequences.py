"""Padding of sequences of unequal length to one array."""

from numbers import Integral

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import Interval, StrOptions, validate_params
from sklstm._fit_task import fit_task
from sklstm._validation import (
    FLOATS,
    all_or_nothing,
    check_3d,
    check_no_infinity,
    check_numbers,
    check_table,
)
from sklstm.preprocessing._base import SequenceTransformer
from sklstm.sequences import SequenceTable


class PadSequences(ClassNamePrefixFeaturesOutMixin, SequenceTransformer):
    """Stack sequences of unequal length, with missing steps (NaN) after the short ones.

    Networks of this package skip missing steps, so that padding changes no prediction.

    Parameters
    ----------
    max_timesteps : int, default=None
        Length of the time axis; longer sequences are truncated. None is the length of
        the longest sequence in `fit`, or in `transform` if that is longer, so that
        nothing is truncated.

    truncate : {"pre", "post"}, default="pre"
        Whether a sequence that is too long loses its first steps or its last.

    Attributes
    ----------
    n_timesteps_ : int
        Length of the time axis: `max_timesteps`, or that of the longest sequence in
        `fit`.

    n_features_in_ : int
        Number of features of a time step.

    See Also
    --------
    SlidingWindow : Windows over one table of rows in time.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.preprocessing import PadSequences
    >>> X = [np.array([[1.0], [2.0], [3.0]]), np.array([[4.0]])]
    >>> PadSequences().fit_transform(X)[:, :, 0]
    array([[ 1.,  2.,  3.],
           [ 4., nan, nan]])
    >>> PadSequences(max_timesteps=2).fit_transform(X)[:, :, 0]
    array([[ 2.,  3.],
           [ 4., nan]])

    The time axis stays as long as the longest sequence that `fit` saw:

    >>> PadSequences().fit(X).transform([[5.0]])[:, :, 0]
    array([[ 5., nan, nan]])
    """

    _parameter_constraints = {
        "max_timesteps": [Interval(Integral, 1, None, closed="left"), None],
        "truncate": [StrOptions({"pre", "post"})],
    }

    def __init__(self, max_timesteps=None, truncate="pre"):
        self.max_timesteps = max_timesteps
        self.truncate = truncate

    def fit(self, X, y=None):
        """Learn the number of features and the length of the time axis.

        Parameters
        ----------
        X : list of array-like of shape (n_timesteps_i, n_features)
            The sequences; one of shape (n_timesteps_i,) has one feature. A 2-D array
            is a list of these.

        y : None
            Ignored.

        Returns
        -------
        PadSequences
            The fitted transformer.
        """
        with all_or_nothing(self), fit_task(self, X, y):
            validate_params(self)
            sequences = self._read(X)
            self.n_features_in_ = sequences[0].shape[1]
            self.n_timesteps_ = int(self.max_timesteps or max(map(len, sequences)))
            self._n_features_out = self.n_features_in_
        return self

    def transform(self, X):
        """Return the sequences as one array, with missing steps after the short ones.

        Parameters
        ----------
        X : list of array-like of shape (n_timesteps_i, n_features)
            The sequences.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps, n_features)
            float32 if every sequence is float32, else float64.

        Raises
        ------
        ValueError
            If a sequence is empty, has values that are not numbers or are infinite, or
            has another number of features; names the sample.

        MemoryError
            If the array is larger than memory.
        """
        check_is_fitted(self)
        sequences = self._read(X)
        for i, sequence in enumerate(sequences):
            if sequence.shape[1] != self.n_features_in_:
                raise ValueError(
                    f"X has {sequence.shape[1]} features, but PadSequences is "
                    f"expecting {self.n_features_in_} features as input (sample {i}). "
                    "X is a list of sequences, each (n_timesteps, n_features): "
                    "pass a single one as [sequence]."
                )
        steps = self.n_timesteps_
        if self.max_timesteps is None:
            steps = max(steps, *map(len, sequences))
        if self.truncate == "pre":
            sequences = [sequence[-steps:] for sequence in sequences]
        dtype = np.result_type(*{sequence.dtype for sequence in sequences})
        shape = (len(sequences), steps, self.n_features_in_)
        try:
            padded = np.full(shape, np.nan, dtype=dtype)
        except (MemoryError, ValueError) as error:  # ValueError for the largest
            raise MemoryError(
                f"max_timesteps={self.max_timesteps} asks for an array of shape "
                f"{shape}, more than memory holds. The longest sequence has "
                f"{max(map(len, sequences))} time steps."
            ) from error
        for row, sequence in zip(padded, sequences, strict=True):
            row[: len(sequence)] = sequence[:steps]
        return padded

    def inverse_transform(self, X):
        """Return the sequences, each without its missing steps.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features)
            Padded sequences.

        Returns
        -------
        list of ndarray of shape (n_timesteps_i, n_features)
            The sequences.
        """
        check_is_fitted(self)
        table = SequenceTable.from_array(check_3d(self, X)).drop_missing()
        ends = table.starts + table.lengths
        return [table.values[a:b] for a, b in zip(table.starts, ends, strict=True)]

    def _read(self, X):
        """Return every sequence as a 2-D float array, all of the same features."""
        check_table(X)
        if hasattr(X, "shape") and len(X.shape) == 2:
            X = check_numbers(X, self)
        elif hasattr(X, "shape") or not hasattr(X, "__len__"):
            X = np.asarray(X)
            if X.ndim == 0:
                raise ValueError(f"X must be a list of sequences, got {X!r}.")
        if not len(X):
            raise ValueError(
                "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is "
                "required by PadSequences."
            )
        sequences = [self._read_one(i, sequence) for i, sequence in enumerate(X)]
        widths = [sequence.shape[1] for sequence in sequences]
        for i, width in enumerate(widths):
            if width != widths[0]:
                raise ValueError(
                    f"All sequences of X must have the same features: sample 0 has "
                    f"{widths[0]}, sample {i} has {width}. Each is (n_timesteps, "
                    "n_features); transpose what is (n_features, n_timesteps)."
                )
        return sequences

    def _read_one(self, i, sequence):
        try:
            array = np.asarray(sequence)
            if array.dtype not in FLOATS:
                if array.dtype.kind == "c":
                    raise ValueError(f"got {array.dtype}. Complex data not supported")
                if array.dtype.kind in "mM":
                    raise ValueError(
                        f"got {array.dtype}. Make features of dates and durations, "
                        "such as the hour, or leave them out"
                    )
                array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise type(error)(f"Sample {i} of X must hold numbers: {error}") from error
        if array.ndim == 1:
            array = array[:, np.newaxis]
        if array.ndim == 0:
            raise ValueError(
                f"X must be a list of sequences, but sample {i} is one number. "
                "Expected 2D array, got 1D array instead. Reshape your data: one "
                "sequence is X.reshape(1, -1), sequences of one step are "
                "X.reshape(-1, 1)."
            )
        if array.ndim != 2 or 0 in array.shape:
            raise ValueError(
                f"Sample {i} of X must have shape (n_timesteps, n_features) with a "
                f"minimum of 1 step and 1 feature, got {array.shape}."
            )
        check_no_infinity(self, array, lambda row: (i, row))
        return array
