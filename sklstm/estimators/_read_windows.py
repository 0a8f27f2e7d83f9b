"""The steps of sequences as a linear model sees them: by place, with none missing."""

import numpy as np

from sklstm.sequences import missing_rows

# Samples that are read together.
_BLOCK = 2048

# Less than this share of its mean, the deviation of a feature is one of rounding.
_CONSTANT = 1e-10


class WindowReader:
    """Reads sequences into arrays without missing steps, block by block.

    A missing step has the values of the step before it that is there; those before the
    first one have its values. A sequence of no step has the means of all.

    Parameters
    ----------
    n_timesteps : int
        Steps that are read, counted from the end of each sequence.

    by_place : bool
        Whether the last steps may be missing ones, as in windows of a table, where a
        step has its place in time; else each sequence ends at its last step that is
        there.

    means : ndarray of shape (n_features,)
        What a sequence of no step is read as.
    """

    def __init__(self, n_timesteps, by_place, means):
        self.n_timesteps = n_timesteps
        self.by_place = by_place
        self.means = means

    def blocks(self, table):
        """Yield slices of samples, their steps, and which of these are there.

        Parameters
        ----------
        table : SequenceTable
            The sequences, with rows that are missing steps.

        Yields
        ------
        chosen : slice
            Of samples.

        steps : ndarray of shape (n_chosen, n_timesteps, n_features)
            float64, finite.

        there : ndarray of bool, of shape (n_chosen, n_timesteps), or None
            None where no step is missing.
        """
        if not self.by_place:
            table = table.drop_missing()
        is_missing = missing_rows(table.values)
        holes = bool(is_missing.any()) or not len(table.values)
        for first in range(0, len(table), _BLOCK):
            chosen = slice(first, min(first + _BLOCK, len(table)))
            starts, lengths = table.starts[chosen], table.lengths[chosen]
            rows = (starts + lengths)[:, np.newaxis] - np.arange(
                self.n_timesteps, 0, -1
            )
            if not holes and (lengths >= self.n_timesteps).all():
                yield chosen, table.values[rows].astype(np.float64), None
                continue
            there = rows >= starts[:, np.newaxis]
            rows = np.where(there, rows, 0)
            there[there] = ~is_missing[rows[there]]
            yield chosen, self._filled(table.values, rows, there), there

    def _filled(self, values, rows, there):
        places = np.arange(self.n_timesteps)
        latest = np.maximum.accumulate(np.where(there, places, -1), axis=1)
        first = there.argmax(axis=1)[:, np.newaxis]
        rows = np.take_along_axis(rows, np.where(latest < 0, first, latest), axis=1)
        if not len(values):
            values = np.zeros((1, len(self.means)))
        steps = values[rows].astype(np.float64)
        steps[~there.any(axis=1)] = self.means
        return steps


def are_windows(table):
    """Return whether samples are windows of one table, in which a step has its place.

    Parameters
    ----------
    table : SequenceTable
        The sequences, in any order.

    Returns
    -------
    bool
        Whether most of the sequences reach into the next of the table.
    """
    starts, first = np.unique(table.starts, return_index=True)
    ends = starts + table.lengths[first]
    return len(starts) > 1 and bool((starts[1:] < ends[:-1]).mean() > 0.5)


def moments_of(blocks):
    """Compute means and deviations of the features over the steps of all windows.

    A step counts as often as there are windows with it, and so it does not matter
    whether these overlap in a table or stand in an array.

    Parameters
    ----------
    blocks : iterable
        From :meth:`WindowReader.blocks`, of one window at least.

    Returns
    -------
    means, deviations : ndarray of shape (n_features,)
        The deviation of a constant is 0.
    """
    n, means, squares = 0, 0.0, 0.0
    for _, steps, there in blocks:
        rows = steps.reshape(-1, steps.shape[2]) if there is None else steps[there]
        of_block = rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1])
        before, n = n, n + len(rows)
        gap, share = of_block - means, len(rows) / max(n, 1)
        squares = squares + ((rows - of_block) ** 2).sum(axis=0)
        squares = squares + gap**2 * before * share
        means = means + gap * share
    deviations = np.sqrt(squares / max(n, 1))
    return means, np.where(deviations > _CONSTANT * np.abs(means), deviations, 0.0)
