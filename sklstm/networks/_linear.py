"""A linear part beside a network, in stock layers."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from sklstm._compat.keras import own_names


@dataclass(frozen=True)
class LinearSpec:
    """All that a linear part is computed of; what each is, its estimator tells.

    Parameters
    ----------
    n_timesteps, n_steps : int
        Steps of a window, and the last of them that are inputs.

    by_place : bool
        Whether missing steps keep their places.

    means, deviations, floors : ndarray of shape (n_features,)
        Of the features, and the least deviations of windows.

    features : ndarray of int, of shape (n_columns,)
        Which feature each column of the targets continues; -1 for none.

    slopes, offsets, low, high : ndarray of shape (n_columns,)
        Of these; and the levels within which windows are near those of the fit.

    beyond, far : float
        Distances from these levels, in units of ``high - low``.

    members : list of (str, ndarray, ndarray, ndarray, ndarray)
        What each linear model is relative to, its coefficients and intercepts, and how
        much it counts in each column for windows near these levels, and far from them.

    norm : {"none", "last", "standard"}
        What the network sees windows relative to.

    scales : ndarray of shape (n_columns,)
        By which the outputs of the network are multiplied besides.
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


@own_names()
def with_linear_part(model, spec, n_steps_out=0):
    """Put a linear part beside a model.

    Parameters
    ----------
    model : keras.Model
        Of the network; from (n_samples, n_timesteps, n_features).

    spec : LinearSpec
        The linear part.

    n_steps_out : int, default=0
        Steps of an output that is a sequence.

    Returns
    -------
    keras.Model
        From the same sequences to ``linear + scales * network``.
    """
    inputs = keras.Input(model.input_shape[1:], name="sequences")
    there = ops.logical_not(ops.all(ops.isnan(inputs), axis=-1))
    x, there = _last_steps(inputs, there, spec)
    x = _filled(x, there, spec)
    linear, scales = _linear(x, ops.cast(there, x.dtype), spec)
    if n_steps_out:
        linear = ops.reshape(linear, (-1, n_steps_out, linear.shape[-1] // n_steps_out))
        scales = ops.reshape(scales, (-1, *linear.shape[1:]))
    added = model(inputs)
    if len(added.shape) > len(linear.shape):  # quantiles
        linear, scales = ops.expand_dims(linear, -1), ops.expand_dims(scales, -1)
    return keras.Model(inputs, linear + scales * added, name="sklstm")


def _last_steps(x, there, spec):
    """Cut the last steps, with missing ones before sequences that are shorter."""
    if not spec.by_place:  # those that are there go to the end
        places = ops.cumsum(ops.ones_like(there, dtype="int32"), axis=1)
        n_places = ops.max(places, axis=1, keepdims=True)
        order = ops.argsort(places + n_places * ops.cast(there, "int32"), axis=1)
        x = ops.take_along_axis(x, ops.expand_dims(order, -1), axis=1)
        there = ops.take_along_axis(ops.cast(there, "int32"), order, axis=1) > 0
    # Two layers: Keras 3.6 can't load a layer that is called at unlike depths.
    before = (spec.n_timesteps, 0)
    x = layers.ZeroPadding1D(before)(ops.where(ops.isnan(x), 0.0, x))
    there = ops.expand_dims(ops.cast(there, "int32"), -1)
    there = layers.ZeroPadding1D(before)(there)
    return x[:, -spec.n_timesteps :], there[:, -spec.n_timesteps :, 0] > 0


def _filled(x, there, spec):
    """Fill missing steps by the step before; the first ones by the first there is."""
    n_timesteps = spec.n_timesteps
    places = np.arange(n_timesteps, dtype="int32")
    earlier = places[np.newaxis, :] <= places[:, np.newaxis]
    latest = ops.expand_dims(ops.where(there, places, -1), 1)
    latest = ops.max(ops.where(earlier, latest, -1), axis=2)
    first = ops.min(ops.where(there, places, n_timesteps - 1), axis=1, keepdims=True)
    chosen = ops.expand_dims(ops.where(latest < 0, first, latest), -1)
    x = ops.take_along_axis(x, ops.repeat(chosen, x.shape[-1], axis=-1), axis=1)
    some = ops.expand_dims(ops.any(there, axis=1, keepdims=True), -1)
    return ops.where(some, x, spec.means.astype("float32"))


def _linear(x, there, spec):
    """Compute outputs of the linear part, and scales of those of the network."""
    near = _nearness(x[:, -1], spec)
    total = weight = 0.0
    for number, (norm, coef, intercept, if_near, if_far) in enumerate(spec.members):
        relative, levels, scales = _relative(x, there, spec, norm)
        dense = layers.Dense(coef.shape[1], name=f"linear_{number}")
        out = levels + scales * dense(relative)
        dense.set_weights([coef.astype("float32"), intercept.astype("float32")])
        at_least, more = if_far.astype("float32"), (if_near - if_far).astype("float32")
        counts = near * more + at_least
        total, weight = total + counts * out, weight + counts
    _, _, scales = _relative(x, there, spec, spec.norm)
    return total / weight, scales * spec.scales.astype("float32")


def _relative(x, there, spec, norm):
    """Compute inputs, levels and scales as `Units.relative` of the estimators does."""
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
            n = ops.maximum(ops.sum(there, axis=1, keepdims=True), 1.0)
            each = ops.expand_dims(there, -1)
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
    columns, followed = np.maximum(spec.features, 0), spec.features >= 0
    levels = ops.take(last, columns, axis=1) * spec.slopes.astype("float32")
    levels = levels + spec.offsets.astype("float32")
    low, high = spec.low.astype("float32"), spec.high.astype("float32")
    distance = ops.maximum(ops.subtract(low, levels), levels - high) / np.maximum(
        high - low, 1e-12
    )
    near = ops.clip((spec.far - distance) / (spec.far - spec.beyond), 0.0, 1.0)
    return ops.where(followed, near, ops.ones_like(near))
