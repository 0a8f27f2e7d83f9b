"""How much of what a network adds to a linear part holds for later samples."""

import numpy as np

from sklstm.estimators._linear_rest import rest_of

# Where later samples begin, as shares of the samples; of few there are two cuts.
_CUTS, _CUT, _FEW = (0.6, 0.8), (0.8,), 500

# Parts of the later samples, whose gains tell how sure their mean is.
_N_PARTS = 8

# Standard errors of the mean gain from which on it counts in full.
_SURE = 3.0

# Where the network leaves less than this share of the squares that the linear part
# leaves, a network alone may be better.
_MOSTLY_NETWORK = 0.7


def measure(rest, samples, fit_network, may_be_alone):
    """Train networks on earlier samples, and compare their outputs with later ones.

    Parameters
    ----------
    rest : LinearRest
        Beside the linear part.

    samples : Samples
        All that train, in their order, with the rest as targets.

    fit_network : callable
        ``fit_network(samples, sees_norm)`` returns a network that was trained on some
        samples, which sees windows relative to their norm or as they are.

    may_be_alone : bool
        Whether a network without the linear part may be better.

    Returns
    -------
    weight : float
        Of the network beside the linear part, in [0, 1].

    alone : bool
        Whether a network without the linear part is better than both together.
    """
    n = len(samples)
    if n < 20:
        return 0.0, False
    y = rest.targets(samples.whole, samples.targets)
    cuts = [int(cut * n) for cut in (_CUTS if n < _FEW else _CUT)]
    trials = [_Trial(rest, samples, y, cut, fit_network) for cut in cuts]
    outputs, targets, weights = (
        _join([getattr(trial, name) for trial in trials])
        for name in ("outputs", "rest", "weights")
    )
    weight = _weight(outputs, targets, weights)
    left = _error(targets - weight * outputs, weights) / _error(targets, weights)
    if not may_be_alone or not left < _MOSTLY_NETWORK:
        return weight, False
    rests = _join([trial.alone(weight) for trial in trials])
    alone = _error(rests[:, 1], weights) < _error(rests[:, 0], weights)
    return (1.0, True) if alone else (weight, False)


class _Trial:
    """Networks trained on the samples before a cut, and the samples after it.

    Attributes
    ----------
    outputs, rest : ndarray of the shape of the targets
        Of the later samples, what the network beside the linear part outputs, and what
        it should.

    weights : ndarray of shape (n_samples,) or None
        Of the later samples.
    """

    def __init__(self, rest, samples, y, cut, fit_network):
        n = len(samples)
        later = np.arange(cut, min(n, cut + max(n // 5, 1)))
        early, late = samples.take(np.arange(cut)), samples.take(later)
        rest = rest.refit(early.whole, y[:cut], early.weights)
        targets = rest.of(early.whole, y[:cut])
        network = fit_network(early.with_targets(targets), True)
        linear, self._scales = rest.predict(late.whole, y[later].shape)
        self.outputs = network.predict(late.table)
        self.rest = rest_of(y[later], linear, self._scales)
        self.weights = late.weights
        self._fit_network = fit_network
        self._early = early.with_targets(y[:cut].astype(np.float32))
        self._late = late.with_targets(y[later])

    def alone(self, weight):
        """Return what both together leave of y, and what a network alone leaves."""
        together = (self.rest - weight * self.outputs) * self._scales
        network = self._fit_network(self._early, False)
        alone = self._late.targets - network.predict(self._late.table)
        return np.stack([together, alone], axis=1)


def _join(parts):
    return None if parts[0] is None else np.concatenate(parts)


def weight_of(outputs, samples):
    """Compute the weight of outputs for samples that did not train the network."""
    return _weight(outputs, samples.targets, samples.weights)


def _error(rest, weights):
    """Compute the mean square of what is left of targets, NaN left out."""
    squares = rest.astype(np.float64) ** 2
    squares = squares.reshape(len(squares), -1)
    if weights is not None:
        squares = squares * weights[:, np.newaxis]
    return max(float(np.nanmean(squares)), 1e-300)


def _weight(outputs, targets, weights):
    """Compute the weight of least squares, less where its gain is not sure."""
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
    sureness = np.mean(parts) / error if error > 0 else np.inf
    return weight * float(np.clip(sureness / _SURE, 0, 1))
