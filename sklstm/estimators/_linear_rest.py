"""What a linear part leaves of the targets, for a network to learn."""

from dataclasses import dataclass, replace

import numpy as np

from sklstm.estimators._linear_part import LinearPart

# What the linear part leaves at least, so that later data can be learned from.
_LEAST_DEVIATION = 1e-3


@dataclass(frozen=True)
class LinearRest:
    """Targets less the linear part, in the units in which the network learns them.

    Parameters
    ----------
    part : LinearPart
        Fitted.

    norm : {"none", "last", "standard"}
        What the network sees windows relative to.

    deviations : ndarray of shape (n_columns,)
        By which the rest is divided, besides the units of each window.
    """

    part: LinearPart
    norm: str
    deviations: np.ndarray

    @classmethod
    def fit(cls, part, norm, whole, y):
        """Return the rest whose deviations over samples are one.

        Parameters
        ----------
        part, norm
            As for the class.

        whole : SequenceTable
            The sequences, with rows that are missing steps.

        y : ndarray of shape (n_samples, n_columns)
            Targets; NaN for none.
        """
        rest = cls(part, norm, np.ones(y.shape[1]))
        return replace(rest, deviations=_deviations(rest.of(whole, y)))

    def refit(self, whole, y, weights):
        """Return the rest that the same linear models leave, fitted on other samples.

        Parameters
        ----------
        whole : SequenceTable
            The sequences, with rows that are missing steps.

        y : ndarray of shape (n_samples, ...)
            Targets; NaN for none.

        weights : ndarray of shape (n_samples,) or None
            Of the samples.
        """
        part = self.part.refit(whole, y.reshape(len(y), -1), weights)
        return replace(self, part=part)

    def predict(self, whole, shape):
        """Return the outputs of the linear part, and the units of those of the network.

        Parameters
        ----------
        whole : SequenceTable
            The sequences, with rows that are missing steps.

        shape : tuple of int
            Of the targets.

        Returns
        -------
        linear, scales : ndarray of this shape
            ``targets = linear + scales * rest``.
        """
        linear, scales = self.part.predict(whole, self.norm)
        return linear.reshape(shape), (scales * self.deviations).reshape(shape)

    def of(self, whole, targets):
        """Return the rest of targets."""
        return rest_of(targets, *self.predict(whole, targets.shape))

    def targets(self, whole, rest):
        """Return the targets of which something was the rest."""
        linear, scales = self.predict(whole, rest.shape)
        return linear + scales * rest.astype(np.float64)


def rest_of(targets, linear, scales):
    """Compute the rest of targets beside outputs of the linear part, in float32."""
    return ((targets - linear) / scales).astype(np.float32)


def _deviations(rest):
    """Compute deviations from zero of columns with NaN, and bound them from below."""
    known = ~np.isnan(rest)
    squares = np.where(known, rest.astype(np.float64), 0.0) ** 2
    found = np.sqrt(squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    return np.maximum(found, _LEAST_DEVIATION)
