"""Windows as arrays for linear models, with missing time steps filled."""

import numpy as np

from sklstm._stored import stored_as
from sklstm.sequences import missing_rows

# Number of samples in a block.
_BLOCK = 2048

# A feature with a deviation below this share of its mean is constant up to rounding.
_CONSTANT = 1e-10


@stored_as("window reader")
class WindowReader:
    """Reader of sequences as arrays without missing time steps, block by block.

    A missing time step takes the values of the last present one before it, or of the
    first present one. A sequence without time steps takes the means.

    Parameters
    ----------
    n_timesteps : int
        Number of time steps that are read, counted from the end of each sequence.

    by_place : bool
        Whether the last time steps may be missing, as in windows of a table. If False,
        each sequence ends at its last present time step.

    means : ndarray of shape (n_features,)
        Values for sequences without time steps.
    """

    def __init__(self, n_timesteps, by_place, means):
        self.n_timesteps = n_timesteps
        self.by_place = by_place
        self.means = means

    def blocks(self, table):
        """Yield slices of samples, their time steps, and the mask of these.

        Yields
        ------
        chosen : slice

        steps : ndarray of shape (n_chosen, n_timesteps, n_features)
            float64, finite.

        present : ndarray of bool, of shape (n_chosen, n_timesteps), or None
            None where no time step is missing.
        """
        if not self.by_place:
            table = table.drop_missing()
        is_missing = missing_rows(table.values)
        holes = bool(is_missing.any()) or not len(table.values)
        for chosen in slices_of_blocks(len(table)):
            starts, lengths = table.starts[chosen], table.lengths[chosen]
            back = np.arange(self.n_timesteps, 0, -1)
            rows = (starts + lengths)[:, np.newaxis] - back
            if not holes and (lengths >= self.n_timesteps).all():
                yield chosen, table.values[rows].astype(np.float64), None
                continue
            present = rows >= starts[:, np.newaxis]
            rows = np.where(present, rows, 0)
            present[present] = ~is_missing[rows[present]]
            yield chosen, self._filled(table.values, rows, present), present

    def _filled(self, values, rows, present):
        places = np.arange(self.n_timesteps)
        latest = np.maximum.accumulate(np.where(present, places, -1), axis=1)
        first = present.argmax(axis=1)[:, np.newaxis]
        rows = np.take_along_axis(rows, np.where(latest < 0, first, latest), axis=1)
        if not len(values):
            values = np.zeros((1, len(self.means)))
        steps = values[rows].astype(np.float64)
        steps[~present.any(axis=1)] = self.means
        return steps


def slices_of_blocks(n_samples):
    """Yield the slice of each block of samples."""
    for first in range(0, n_samples, _BLOCK):
        yield slice(first, min(first + _BLOCK, n_samples))


def are_windows(table):
    """Return whether most sequences overlap the next one, as windows of a table do."""
    starts, first = np.unique(table.starts, return_index=True)
    ends = starts + table.lengths[first]
    return len(starts) > 1 and bool((starts[1:] < ends[:-1]).mean() > 0.5)


def moments_of(blocks):
    """Compute mean and standard deviation of each feature over all present time steps.

    A time step counts once for each window that holds it, so overlapping windows and
    their copies give the same result. The deviation of a constant feature is 0.
    """
    n, means, squares = 0, 0.0, 0.0
    for _, steps, present in blocks:
        rows = steps.reshape(-1, steps.shape[2]) if present is None else steps[present]
        of_block = rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1])
        before, n = n, n + len(rows)
        gap, share = of_block - means, len(rows) / max(n, 1)
        squares = squares + ((rows - of_block) ** 2).sum(axis=0)
        squares = squares + gap**2 * before * share
        means = means + gap * share
    deviations = np.sqrt(squares / max(n, 1))
    return means, np.where(deviations > _CONSTANT * np.abs(means), deviations, 0.0)
