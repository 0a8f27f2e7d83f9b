"""Validation of X of an estimator of sequences."""

import numpy as np

from sklstm._validation import check_3d, check_rows, n_axes
from sklstm.sequences import SequenceTable


def read_sequences(estimator, X, reset):
    """Validate X of two or three axes, and return its table.

    Parameters
    ----------
    estimator : estimator
        It learns the number of features, their names and the number of axes.

    X : array-like of shape (n_samples, n_timesteps, n_features) or \
            (n_samples, n_timesteps)
        Sequences; two axes are read as one feature.

    reset : bool
        Whether X is that of `fit`.

    Returns
    -------
    SequenceTable
        With rows for missing time steps.

    Raises
    ------
    ValueError
        If X has other axes than in `fit`, or neither two nor three.
    """
    n = n_axes(X)
    name = type(estimator).__name__
    if not reset and n != estimator._n_axes_in and n in (2, 3):
        shapes = {2: "(n_samples, n_timesteps)", 3: "(n, n_timesteps, n_features)"}
        raise ValueError(
            f"X has shape {np.shape(X)}, but {name} was fitted on X "
            f"of shape {shapes[estimator._n_axes_in]}."
        )
    if n == 2:
        X = check_rows(estimator, X, reset=reset)
        table = SequenceTable.from_array(X[:, :, np.newaxis])
    elif n == 3:
        table = SequenceTable.from_array(check_3d(estimator, X)).drop_unused()
        table = table.with_values(check_rows(estimator, table.values, reset=reset))
    else:
        raise ValueError(
            f"Expected 2D or 3D array, got {n}D array instead. {name} needs X of shape "
            "(n_samples, n_timesteps, n_features). Reshape your data: one series of "
            "numbers with SlidingWindow on X.reshape(-1, 1); one sample with "
            "X.reshape(1, -1)."
        )
    if reset:
        estimator._n_axes_in = n
    return table
