"""How much of what a network adds to a linear part holds for later samples."""

import numpy as np

from sklstm.training import Network

# Where later samples begin, as shares of the samples; of few there are two cuts.
_CUTS, _CUT, _FEW = (0.6, 0.8), (0.8,), 500

# Parts of the later samples, whose gains tell how sure their mean is.
_N_PARTS = 8

# In standard errors of the mean gain: where a gain begins to count, and counts in full.
_NOT_SURE, _SURE = 0.5, 2.0


def measured_weight(regressor, samples):
    """Train networks on earlier samples, and compare their outputs with later ones.

    Parameters
    ----------
    regressor : LSTMRegressor
        With a linear part.

    samples : Samples
        All that train, in their order, with what the linear part leaves as targets.

    Returns
    -------
    float
        In [0, 1].
    """
    n = len(samples)
    if n < 20:
        return 0.0
    y = _whole_targets(regressor, samples)
    outputs, targets, weights = [], [], []
    for cut in _CUTS if n < _FEW else _CUT:
        first = np.arange(int(cut * n))
        later = np.arange(len(first), min(n, int(cut * n) + max(n // 5, 1)))
        early, late = samples.take(first), samples.take(later)
        part = regressor.linear_part_.refit(
            early.whole, regressor._columns(y[first]), early.weights
        )
        rest = regressor._rest(part, early.whole, y[first])
        network = Network(regressor.network_.spec, regressor._seed)
        regressor._train_beside(network, early.with_targets(rest))
        outputs.append(network.predict(late.table))
        targets.append(regressor._rest(part, late.whole, y[later]))
        if late.weights is not None:
            weights.append(late.weights)
    late = np.concatenate(targets), np.concatenate(weights) if weights else None
    return _weight(np.concatenate(outputs), *late)


def weight_of(outputs, samples):
    """Compute the weight of outputs for samples that did not train the network."""
    return _weight(outputs, samples.targets, samples.weights)


def _whole_targets(regressor, samples):
    """Return the standardized targets that the linear part was taken from."""
    linear, scales = regressor.linear_part_.predict(
        samples.whole, regressor._norm_of_rest()
    )
    scales = scales * regressor._rest_scales
    columns = regressor._columns(samples.targets.astype(np.float64))
    return (linear + scales * columns).reshape(samples.targets.shape)


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
    sure = np.clip((sureness - _NOT_SURE) / (_SURE - _NOT_SURE), 0, 1)
    return weight * float(sure)
