"""Samples that are held out for validation: the last ones."""

import numpy as np


def last_samples(n_samples, share):
    """Return the indices of the last samples: a share of all, and at least one."""
    return np.arange(n_samples - max(round(n_samples * share), 1), n_samples)


def last_of_each_class(y, share):
    """Return the indices of the last samples of each class, in ascending order.

    Labels often are sorted, so the last samples of all would be of one class. At least
    one sample of every class remains.
    """
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    n_held = np.minimum(np.round(counts * share), counts - 1).astype(int)
    if not n_held.any():  # small classes: one sample of the largest ones
        n_largest = max(round(len(y) * share), 1)
        largest = np.argsort(-counts, kind="stable")[:n_largest]
        n_held[largest] = np.minimum(counts[largest] - 1, 1)
    of_class = [np.flatnonzero(codes == code) for code in range(len(counts))]
    last = [of[len(of) - n :] for of, n in zip(of_class, n_held, strict=True)]
    return np.sort(np.concatenate(last))
