"""A linear part beside a network, in stock layers."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from sklstm._compat.keras import isolated_name_counters
from sklstm.networks._steps import align_steps


@dataclass(frozen=True)
class LinearSpec:
    """The fitted values of a linear part, as the estimators compute them.

    Parameters
    ----------
    n_timesteps, n_steps : int
        Time steps of a window, and how many of the last ones are inputs.

    by_place : bool
        Whether missing time steps keep their positions.

    means, deviations, floors : ndarray of shape (n_features,)
        Means and standard deviations of the features, and the minimum deviation of a
        window.

    features : ndarray of int, of shape (n_columns,)
        Index of the feature that each column of the targets continues; -1 for none.

    slopes, offsets : ndarray of shape (n_columns,)
        Slope and offset from that feature to the target.

    low, high : ndarray of shape (n_columns,)
        Range of the levels of most windows of the fit.

    beyond, far : float
        Distances from this range, as multiples of ``high - low``, between which the
        weights of the linear models change from `near` to `far`.

    members : list of (str, ndarray, ndarray, ndarray, ndarray)
        Normalization of windows, coefficients, intercepts, and weights for windows near
        and far, for each linear model.

    norm : {"none", "last", "standard"}
        Normalization of windows for the network.

    scales : ndarray of shape (n_columns,)
        Additional scales of the network's outputs.
    """

    n_timesteps: int
    n_steps: int
    by_place: bool
    means: np.ndarray
    deviations: np.ndarray
    floors: np.ndarray
    features: np.ndarray
    slopes: np.ndarray
    offsets: np.ndarray
    low: np.ndarray
    high: np.ndarray
    beyond: float
    far: float
    members: list
    norm: str
    scales: np.ndarray


@isolated_name_counters()
def with_linear_part(model, spec, n_steps_out=0):
    """Add a linear part to a model.

    Parameters
    ----------
    model : keras.Model
        The network; its input has shape (n_samples, n_timesteps, n_features).

    spec : LinearSpec
        The linear part.

    n_steps_out : int, default=0
        Steps ahead of an output that is a sequence.

    Returns
    -------
    keras.Model
        A model of the same input that returns ``linear + scales * network``.
    """
    inputs = keras.Input(model.input_shape[1:], name="sequences")
    mask = ops.logical_not(ops.all(ops.isnan(inputs), axis=-1))
    x, mask = _last_steps(inputs, mask, spec)
    x = _fill_missing(x, mask, spec)
    linear, scales = _linear(x, ops.cast(mask, x.dtype), spec)
    if n_steps_out:
        linear = ops.reshape(linear, (-1, n_steps_out, linear.shape[-1] // n_steps_out))
        scales = ops.reshape(scales, (-1, *linear.shape[1:]))
    added = model(inputs)
    if len(added.shape) > len(linear.shape):  # quantiles
        linear, scales = ops.expand_dims(linear, -1), ops.expand_dims(scales, -1)
    return keras.Model(inputs, linear + scales * added, name="sklstm")


def _last_steps(x, mask, spec):
    """Return the last time steps, padded at the beginning with missing ones."""
    if not spec.by_place:
        x, mask = align_steps(x, mask, missing="start")
    # Two layers: Keras 3.6 can't load a layer that is called at two depths.
    before = (spec.n_timesteps, 0)
    x = layers.ZeroPadding1D(before)(ops.where(ops.isnan(x), 0.0, x))
    mask = ops.expand_dims(ops.cast(mask, "int32"), -1)
    mask = layers.ZeroPadding1D(before)(mask)
    return x[:, -spec.n_timesteps :], mask[:, -spec.n_timesteps :, 0] > 0


def _fill_missing(x, mask, spec):
    """Fill missing time steps by the previous ones, else by the first or the mean."""
    n_timesteps = spec.n_timesteps
    positions = np.arange(n_timesteps, dtype="int32")
    earlier = positions[np.newaxis, :] <= positions[:, np.newaxis]
    latest = ops.expand_dims(ops.where(mask, positions, -1), 1)
    latest = ops.max(ops.where(earlier, latest, -1), axis=2)
    first = ops.min(ops.where(mask, positions, n_timesteps - 1), axis=1, keepdims=True)
    source = ops.expand_dims(ops.where(latest < 0, first, latest), -1)
    x = ops.take_along_axis(x, ops.repeat(source, x.shape[-1], axis=-1), axis=1)
    has_steps = ops.expand_dims(ops.any(mask, axis=1, keepdims=True), -1)
    return ops.where(has_steps, x, spec.means.astype("float32"))


def _linear(x, mask, spec):
    """Compute outputs of the linear part, and scales of the network's outputs."""
    nearness = _nearness(x[:, -1], spec)
    total = total_weight = 0.0
    for number, (norm, coef, intercept, near, far) in enumerate(spec.members):
        relative, levels, scales = _normalize(x, mask, spec, norm)
        dense = layers.Dense(coef.shape[1], name=f"linear_{number}")
        out = levels + scales * dense(relative)
        dense.set_weights([coef.astype("float32"), intercept.astype("float32")])
        difference = (near - far).astype("float32")
        weight = nearness * difference + far.astype("float32")
        total, total_weight = total + weight * out, total_weight + weight
    _, _, scales = _normalize(x, mask, spec, spec.norm)
    return total / total_weight, scales * spec.scales.astype("float32")


def _normalize(x, mask, spec, norm):
    """Compute inputs, levels and scales of windows as the fit of the linear part."""
    last, used = x[:, -1], x[:, -spec.n_steps :]
    center = ops.zeros_like(last) + spec.means.astype("float32")
    unit = ops.zeros_like(last) + spec.deviations.astype("float32")
    ones = ops.ones_like(ops.take(last, np.zeros_like(spec.features), axis=1))
    followed = spec.features >= 0
    if norm == "none":
        levels, scales = 0.0 * ones, ones
    else:
        own = np.isin(np.arange(len(spec.means)), spec.features[followed])
        center = ops.where(own, last, center)
        if norm == "standard":
            n = ops.maximum(ops.sum(mask, axis=1, keepdims=True), 1.0)
            each = ops.expand_dims(mask, -1)
            mean = ops.sum(x * each, axis=1) / n
            around = (x - ops.expand_dims(mean, 1)) * each
            spreads = ops.sqrt(ops.sum(around * around, axis=1) / n)
            floors = spec.floors.astype("float32")
            unit = ops.where(own, ops.maximum(spreads, floors), unit)
        slopes = np.where(followed, spec.slopes, 0).astype("float32")
        offsets = np.where(followed, spec.offsets, 0).astype("float32")
        columns = np.maximum(spec.features, 0)
        levels = ops.take(last, columns, axis=1) * slopes + offsets
        scales = ops.take(unit, columns, axis=1) * np.abs(slopes)
        scales = ops.where(followed, scales, ones)
    relative = (used - ops.expand_dims(center, 1)) / ops.expand_dims(unit, 1)
    n_inputs = spec.n_steps * len(spec.means)
    return ops.reshape(relative, (-1, n_inputs)), levels, scales


def _nearness(last, spec):
    """Return 1 for levels within or near the range of the fit, falling to 0 far off."""
    columns, followed = np.maximum(spec.features, 0), spec.features >= 0
    levels = ops.take(last, columns, axis=1) * spec.slopes.astype("float32")
    levels = levels + spec.offsets.astype("float32")
    low, high = spec.low.astype("float32"), spec.high.astype("float32")
    distance = ops.maximum(ops.subtract(low, levels), levels - high) / np.maximum(
        high - low, 1e-12
    )
    near = ops.clip((spec.far - distance) / (spec.far - spec.beyond), 0.0, 1.0)
    return ops.where(followed, near, ops.ones_like(near))
