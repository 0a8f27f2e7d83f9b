"""Which samples are held out to validate on: the last ones."""

import numpy as np


def last_samples(n_samples, share):
    """Choose the last samples.

    Parameters
    ----------
    n_samples : int
        Of how many.

    share : float
        The share to choose; one sample at least.

    Returns
    -------
    ndarray of int
        Their numbers, ascending.
    """
    return np.arange(n_samples - max(round(n_samples * share), 1), n_samples)


def last_of_each_class(y, share):
    """Choose the last samples of each class.

    Labels often come sorted; the last samples of all would be of one class.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Labels.

    share : float
        The share to choose; of every class one sample at least stays.

    Returns
    -------
    ndarray of int
        Their numbers, ascending.
    """
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    n_held = np.minimum(np.round(counts * share), counts - 1).astype(int)
    if not n_held.any():  # small classes: one sample of each of the largest
        n_largest = max(round(len(y) * share), 1)
        largest = np.argsort(-counts, kind="stable")[:n_largest]
        n_held[largest] = np.minimum(counts[largest] - 1, 1)
    of_class = [np.flatnonzero(codes == code) for code in range(len(counts))]
    last = [of[len(of) - n :] for of, n in zip(of_class, n_held, strict=True)]
    return np.sort(np.concatenate(last))
