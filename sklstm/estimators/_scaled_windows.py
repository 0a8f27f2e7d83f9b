"""The inputs of linear models for a set of samples, read again and again."""

import numpy as np

from sklstm.estimators._read_windows import slices_of_blocks

# Maximum number of values for which the inputs of a norm are kept: 32 MiB.
_MOST_KEPT = 2**22


class ScaledWindows:
    """Inputs, levels and scales of samples, by norm.

    Those of a few samples are kept until another norm is asked for.

    Parameters
    ----------
    reader : WindowReader
        Of the windows.

    scaling : WindowScaling
        Fitted.

    table : SequenceTable
        The samples.

    Attributes
    ----------
    spreads : ndarray of shape (n_samples, n_own)
        Deviations of the windows in the features that y continues.
    """

    def __init__(self, reader, scaling, table):
        self._reader = reader
        self._scaling = scaling
        self._table = table
        self._kept = None, None
        # Of a sample: its time steps, and levels and scales of its outputs.
        self._n_values = reader.n_timesteps * len(scaling.means)
        self._n_values += 2 * len(scaling.features)
        self.spreads = np.concatenate(
            [scaling.spreads(*block[1:]) for block in reader.blocks(table)]
        )

    def blocks(self, norm, of=None):
        """Yield blocks of samples.

        Parameters
        ----------
        norm : {"none", "last", "standard"}
            As of :class:`Form`.

        of : ndarray of int, default=None
            Indices of some samples, ascending; None means all.

        Yields
        ------
        numbers : ndarray of int, of shape (n_chosen,)
            Indices of the samples.

        X, levels, scales : ndarray
            As of :meth:`WindowScaling.relative`.
        """
        of = np.arange(len(self._table)) if of is None else of
        if len(self._table) * self._n_values > _MOST_KEPT:
            yield from self._read(norm, of)
            return
        if self._kept[0] != norm:
            read = self._read(norm, np.arange(len(self._table)))
            _, *parts = zip(*read, strict=True)
            self._kept = norm, [_joined(part) for part in parts]
        all_of_them = len(of) == len(self._table)
        for chosen in slices_of_blocks(len(of)):
            rows = chosen if all_of_them else of[chosen]
            yield of[chosen], *(of_all[rows] for of_all in self._kept[1])

    def _read(self, norm, of):
        for chosen, steps, _ in self._reader.blocks(self._table.take(of)):
            numbers = of[chosen]
            spreads = self.spreads[numbers]
            yield numbers, *self._scaling.relative(steps, spreads, norm)


def _joined(arrays):
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
