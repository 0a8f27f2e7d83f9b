"""How much of what a network adds to a linear part holds for later samples."""

from dataclasses import replace

import numpy as np

from sklstm.training import Network

# Where later samples begin, as shares of the samples; of few there are two cuts.
_CUTS, _CUT, _FEW = (0.6, 0.8), (0.8,), 500

# Parts of the later samples, whose gains tell how sure their mean is.
_N_PARTS = 8

# Standard errors of the mean gain from which on it counts in full.
_SURE = 3.0

# Where the network leaves less than this share of the squares that the linear part
# leaves, a network alone may be better.
_MOSTLY_NETWORK = 0.7


def measure(regressor, samples):
    """Train networks on earlier samples, and compare their outputs with later ones.

    Parameters
    ----------
    regressor : LSTMRegressor
        With a linear part.

    samples : Samples
        All that train, in their order, with what the linear part leaves as targets.

    Returns
    -------
    weight : float
        Of the network beside the linear part, in [0, 1].

    plain : bool
        Whether a network without the linear part is better than both together.
    """
    n = len(samples)
    if n < 20:
        return 0.0, False
    y = whole_targets(regressor, samples)
    cuts = [int(cut * n) for cut in (_CUTS if n < _FEW else _CUT)]
    trials = [_Trial(regressor, samples, y, cut) for cut in cuts]
    outputs, targets, weights = map(
        _join, zip(*(t.beside() for t in trials), strict=True)
    )
    weight = _weight(outputs, targets, weights)
    left = _error(targets - weight * outputs, weights) / _error(targets, weights)
    # Asked for, or of a warm start, whose weights may be set by hand.
    stays = regressor.linear_skip != "auto" or regressor.window_norm != "auto"
    stays = stays or not regressor._is_new
    if stays or not left < _MOSTLY_NETWORK:
        return weight, False
    rest = _join([trial.alone(weight) for trial in trials])
    plain = _error(rest[:, 1], weights) < _error(rest[:, 0], weights)
    return (1.0, True) if plain else (weight, False)


class _Trial:
    """Networks trained on the samples before a cut, and the samples after it."""

    def __init__(self, regressor, samples, y, cut):
        n = len(samples)
        self._regressor = regressor
        later = np.arange(cut, min(n, cut + max(n // 5, 1)))
        self._early, self._late = samples.take(np.arange(cut)), samples.take(later)
        self._y, self._y_late = y[:cut], y[later]
        columns = regressor._columns(self._y)
        self._part = regressor.linear_part_.refit(
            self._early.whole, columns, self._early.weights
        )

    def beside(self):
        """Return outputs beside the linear part, and targets and weights of these."""
        regressor, late = self._regressor, self._late
        rest = regressor._rest(self._part, self._early.whole, self._y)
        network = Network(regressor.network_.spec, regressor._seed)
        self._train(network, rest)
        self._outputs = network.predict(late.table)
        self._rest = regressor._rest(self._part, late.whole, self._y_late)
        return self._outputs, self._rest, late.weights

    def _train(self, network, targets):
        regressor, samples = self._regressor, self._early.with_targets(targets)
        regressor._train_beside(network, samples, regressor._n_epochs_of_trial)

    def alone(self, weight):
        """Return what both together leave of y, and what a network alone leaves."""
        regressor, late = self._regressor, self._late
        _, scales = self._part.predict(late.whole, regressor._norm_of_rest())
        scales = (scales * regressor._rest_scales).reshape(self._rest.shape)
        together = (self._rest - weight * self._outputs) * scales
        spec = replace(regressor.network_.spec, window_norm="none", norm_features=())
        network = Network(spec, regressor._seed)
        self._train(network, self._y.astype(np.float32))
        alone = self._y_late - network.predict(late.table)
        return np.stack([together, alone], axis=1)


def _join(parts):
    return None if parts[0] is None else np.concatenate(parts)


def weight_of(outputs, samples):
    """Compute the weight of outputs for samples that did not train the network."""
    return _weight(outputs, samples.targets, samples.weights)


def whole_targets(regressor, samples):
    """Return the standardized targets that the linear part was taken from.

    Parameters
    ----------
    regressor : LSTMRegressor
        With the linear part.

    samples : Samples
        With what it leaves as targets.

    Returns
    -------
    ndarray of the shape of the targets
    """
    linear, scales = regressor.linear_part_.predict(
        samples.whole, regressor._norm_of_rest()
    )
    scales = scales * regressor._rest_scales
    columns = regressor._columns(samples.targets.astype(np.float64))
    return (linear + scales * columns).reshape(samples.targets.shape)


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
