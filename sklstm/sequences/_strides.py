"""Arrays of samples that share rows, by the strides of their memory."""

import numpy as np
from numpy.lib.stride_tricks import as_strided


def rows_of(X):
    """Return the table of rows of an array of samples.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_timesteps, n_features)
        A strided view of overlapping windows, or any other array.

    Returns
    -------
    values : ndarray of shape (n_rows, n_features)
        Each row once, over the memory of `X` if its strides allow.

    step : int
        Number of rows from the start of one sample to that of the next.

    Raises
    ------
    ValueError
        Unless `X` has three axes.
    """
    if X.ndim != 3:
        raise ValueError(f"X must be 3-D, got {X.ndim}-D.")
    n_samples, n_timesteps, n_features = X.shape
    step = _rows_between_samples(X)
    if step is None:
        return X.reshape(n_samples * n_timesteps, n_features), n_timesteps
    n_rows = (n_samples - 1) * step + n_timesteps
    row = X.strides[1] if n_timesteps > 1 else X.strides[0]
    strides = (row, X.strides[2])
    return as_strided(X, (n_rows, n_features), strides, writeable=False), step


def samples_of(values, n_samples, n_timesteps, step):
    """View a table as samples that begin every `step` rows: undo :func:`rows_of`.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The table, of at least ``(n_samples - 1) * step + n_timesteps`` rows.

    n_samples, n_timesteps, step : int
        Number of samples, rows of each, and rows between their starts.

    Returns
    -------
    ndarray of shape (n_samples, n_timesteps, n_features)
        A view if the memory allows; read-only if samples share rows. Windows have
        ``strides[0] == strides[1]``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import rows_of, samples_of
    >>> windows = samples_of(np.array([[1], [2], [3], [4]]), 2, 3, step=1)
    >>> windows[:, :, 0]
    array([[1, 2, 3],
           [2, 3, 4]])
    >>> rows_of(windows)[0].ravel()
    array([1, 2, 3, 4])
    """
    n_features = values.shape[1]
    if step == n_timesteps:
        rows = values[: n_samples * n_timesteps]
        return rows.reshape(n_samples, n_timesteps, n_features)
    row, column = values.strides
    shape = (n_samples, n_timesteps, n_features)
    strides = (step * row, row, column)
    return as_strided(values, shape, strides, writeable=False).view(OverlappingSamples)


def held_once(X):
    """Return the values of an array that overlaps itself, each once: a view.

    Returns
    -------
    ndarray
        Of one axis; `X` itself if it does not overlap.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy.lib.stride_tricks import sliding_window_view
    >>> from sklstm.sequences import held_once
    >>> held_once(sliding_window_view(np.array([1, 2, 3, 4]), 3))
    array([1, 2, 3, 4])
    """
    steps = sorted(zip(X.strides, X.shape, strict=True))
    step, n_held = X.itemsize, 1
    for stride, size in steps:
        # Without gaps between the values.
        if stride < 0 or stride % step or stride > n_held * step:
            return X
        n_held += (size - 1) * (stride // step)
    if n_held >= X.size:
        return X
    return as_strided(X, (n_held,), (step,), writeable=False)


def compact_copy(X):
    """Return a copy of an array that overlaps itself if the array does.

    Examples
    --------
    >>> import numpy as np
    >>> from numpy.lib.stride_tricks import sliding_window_view
    >>> from sklstm.sequences import compact_copy, held_once
    >>> windows = compact_copy(sliding_window_view(np.arange(1000), 100))
    >>> windows.shape, held_once(windows).shape
    ((901, 100), (1000,))
    """
    held = held_once(X)
    if held is X:
        return np.array(X)
    return as_strided(np.array(held), X.shape, X.strides, writeable=False)


class OverlappingSamples(np.ndarray):
    """An array of samples that share rows, which is pickled as the table of these.

    NumPy would pickle each row once for every sample that holds it, and a reader of the
    copy, such as a pipeline with a cache, could not know that it was one row.
    """

    def __repr__(self):
        return repr(np.asarray(self))

    def __reduce__(self):
        values, step = rows_of(self) if self.ndim == 3 else (None, None)
        if step is None or step >= self.shape[1]:
            return np.asarray(self).__reduce__()
        return samples_of, (np.array(values), *self.shape[:2], step)


def _rows_between_samples(X):
    """Return the rows between the starts of samples; None if X must be copied.

    It must if samples are further apart than they are long, as the rows between them
    are not part of `X`.
    """
    n_samples, n_timesteps, _ = X.shape
    if n_samples <= 1 or X.size == 0:
        return None
    if n_timesteps == 1:
        return 1 if X.strides[0] > 0 else None
    between, row = X.strides[0], X.strides[1]
    if row <= 0 or between <= 0 or between % row:
        return None
    step = between // row
    return step if step <= n_timesteps else None
