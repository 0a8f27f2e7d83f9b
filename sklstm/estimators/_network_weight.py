"""Weight of the network beside a linear part, measured on later samples."""

import numpy as np

from sklstm.estimators._linear_residual import residual_of

# Shares of the samples where later ones begin: two cuts for few samples, one for many.
_CUTS, _CUT, _FEW = (0.6, 0.8), (0.8,), 500

# Number of parts of the later samples, from whose gains the standard error is computed.
_N_PARTS = 8

# Number of standard errors from which the weight is not reduced.
_SIGNIFICANT = 3.0

# A network alone is tried if both together leave less than this share of the squared
# residuals of the linear part.
_MOSTLY_NETWORK = 0.7


def measure(residual, samples, fit_network, may_be_alone):
    """Train networks on earlier samples, and compare their outputs with later samples.

    Parameters
    ----------
    residual : LinearResidual
        Of the linear part.

    samples : Samples
        All training samples in order, with residuals as targets.

    fit_network : callable
        ``fit_network(samples, sees_norm)`` returns a trained network, which sees
        normalized or plain windows.

    may_be_alone : bool
        Whether a network without the linear part may be chosen.

    Returns
    -------
    weight : float
        Weight of the network beside the linear part, in [0, 1].

    alone : bool
        Whether a network without the linear part is better than both together.
    """
    n = len(samples)
    if n < 20:
        return 0.0, False
    y = residual.targets(samples.whole, samples.targets)
    cuts = [int(cut * n) for cut in (_CUTS if n < _FEW else _CUT)]
    trials = [_Trial(residual, samples, y, cut, fit_network) for cut in cuts]
    outputs, targets, weights = (
        _join([getattr(trial, name) for trial in trials])
        for name in ("outputs", "residual", "weights")
    )
    weight = _weight(outputs, targets, weights)
    left = _error(targets - weight * outputs, weights) / _error(targets, weights)
    if not may_be_alone or not left < _MOSTLY_NETWORK:
        return weight, False
    residuals = _join([trial.alone(weight) for trial in trials])
    alone = _error(residuals[:, 1], weights) < _error(residuals[:, 0], weights)
    return (1.0, True) if alone else (weight, False)


class _Trial:
    """A network trained on the samples before a cut, compared with those after it.

    Attributes
    ----------
    outputs, residual : ndarray of the shape of the targets
        Outputs of the network for the later samples, and the residuals it should
        predict.

    weights : ndarray of shape (n_samples,) or None
        Weights of the later samples.
    """

    def __init__(self, residual, samples, y, cut, fit_network):
        n = len(samples)
        later = np.arange(cut, min(n, cut + max(n // 5, 1)))
        early, late = samples.take(np.arange(cut)), samples.take(later)
        residual = residual.refit(early.whole, y[:cut], early.weights)
        targets = residual.of(early.whole, y[:cut])
        network = fit_network(early.with_targets(targets), True)
        linear, self._scales = residual.predict(late.whole, y[later].shape)
        self.outputs = network.predict(late.table)
        self.residual = residual_of(y[later], linear, self._scales)
        self.weights = late.weights
        self._fit_network = fit_network
        self._early = early.with_targets(y[:cut].astype(np.float32))
        self._late = late.with_targets(y[later])

    def alone(self, weight):
        """Return the errors of both together, and of a network alone."""
        together = (self.residual - weight * self.outputs) * self._scales
        network = self._fit_network(self._early, False)
        alone = self._late.targets - network.predict(self._late.table)
        return np.stack([together, alone], axis=1)


def _join(parts):
    return None if parts[0] is None else np.concatenate(parts)


def weight_of(outputs, samples):
    """Compute the weight of outputs for samples that did not train the network."""
    return _weight(outputs, samples.targets, samples.weights)


def _error(residual, weights):
    """Compute the mean squared residual; NaN are left out."""
    squares = residual.astype(np.float64) ** 2
    squares = squares.reshape(len(squares), -1)
    if weights is not None:
        squares = squares * weights[:, np.newaxis]
    return max(float(np.nanmean(squares)), 1e-300)


def _weight(outputs, targets, weights):
    """Compute the least-squares weight, reduced if its gain is not significant."""
    known = ~np.isnan(targets)
    outputs = np.where(known, outputs.astype(np.float64), 0.0)
    targets = np.where(known, targets.astype(np.float64), 0.0)
    if weights is not None:
        root = np.sqrt(weights).reshape(-1, *[1] * (targets.ndim - 1))
        outputs, targets = outputs * root, targets * root
    power = (outputs**2).sum()
    if not power > 0:
        return 0.0
    weight = float(np.clip((outputs * targets).sum() / power, 0, 1))
    gains = targets**2 - (targets - weight * outputs) ** 2
    parts = [part.sum() for part in np.array_split(gains, min(_N_PARTS, len(gains)))]
    error = np.std(parts, ddof=1) / np.sqrt(len(parts)) if len(parts) > 1 else np.inf
    significance = np.mean(parts) / error if error > 0 else np.inf
    return weight * float(np.clip(significance / _SIGNIFICANT, 0, 1))
