"""Residuals of a linear part, which a network learns."""

from dataclasses import dataclass, replace

import numpy as np

from sklstm._stored import stored_as
from sklstm.estimators._linear_part import LinearPart

# Minimum deviation, so that later data with larger residuals can be learned.
_LEAST_DEVIATION = 1e-3


@stored_as("linear residual")
@dataclass(frozen=True)
class LinearResidual:
    """Scaled residuals of the targets after the linear part.

    Parameters
    ----------
    part : LinearPart
        Fitted.

    norm : {"none", "last", "standard"}
        Norm of the windows that the network sees.

    deviations : ndarray of shape (n_columns,)
        Divisors of the residuals, besides the scale of each window.
    """

    part: LinearPart
    norm: str
    deviations: np.ndarray

    @classmethod
    def fit(cls, part, norm, whole, y):
        """Return the residual that has unit variance over these samples."""
        residual = cls(part, norm, np.ones(y.shape[1]))
        return replace(residual, deviations=_deviations(residual.of(whole, y)))

    def refit(self, whole, y, weights):
        """Return the residual with the linear part fitted on other samples."""
        part = self.part.refit(whole, y.reshape(len(y), -1), weights)
        return replace(self, part=part)

    def predict(self, whole, shape):
        """Return predictions of the linear part, and scales of the network's outputs.

        Both have the `shape` of the targets: ``targets = linear + scales * residual``.
        """
        linear, scales = self.part.predict(whole, self.norm)
        return linear.reshape(shape), (scales * self.deviations).reshape(shape)

    def of(self, whole, targets):
        """Return the residual of targets."""
        return residual_of(targets, *self.predict(whole, targets.shape))

    def targets(self, whole, residual):
        """Return the targets that have this residual."""
        linear, scales = self.predict(whole, residual.shape)
        return linear + scales * residual.astype(np.float64)


def residual_of(targets, linear, scales):
    """Compute the residual of targets, in float32."""
    return ((targets - linear) / scales).astype(np.float32)


def _deviations(residual):
    """Compute root mean squares of columns with NaN, bounded from below."""
    known = ~np.isnan(residual)
    squares = np.where(known, residual.astype(np.float64), 0.0) ** 2
    found = np.sqrt(squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    return np.maximum(found, _LEAST_DEVIATION)
