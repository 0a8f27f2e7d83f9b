"""A linear part beside a network, in stock layers."""

import keras
import numpy as np
from keras import layers, ops

from sklstm.networks._names import own_names


@own_names()
def with_linear_part(model, part, weight, n_steps_out=0):
    """Put a linear part beside a model.

    Parameters
    ----------
    model : keras.Model
        Of the network; from (n_samples, n_timesteps, n_features).

    part : dict
        From :meth:`LinearPart.constants`.

    weight : float
        Of the outputs of the network.

    n_steps_out : int, default=0
        Steps of an output that is a sequence.

    Returns
    -------
    keras.Model
        From the same sequences to ``linear + weight * scale * network``.
    """
    inputs = keras.Input((None, len(part["means"])), name="sequences")
    there = ops.logical_not(ops.all(ops.isnan(inputs), axis=-1))
    x, there = _last_steps(inputs, there, part["n_timesteps"], part["by_place"])
    x = _filled(x, there, part["means"], part["n_timesteps"])
    linear, scales = _outputs(x, ops.cast(there, x.dtype), part)
    if n_steps_out:
        linear = ops.reshape(linear, (-1, n_steps_out, linear.shape[-1] // n_steps_out))
        scales = ops.reshape(scales, (-1, *linear.shape[1:]))
    added = model(inputs)
    if len(added.shape) > len(linear.shape):  # quantiles
        linear, scales = ops.expand_dims(linear, -1), ops.expand_dims(scales, -1)
    return keras.Model(inputs, linear + weight * scales * added, name="sklstm")


def _last_steps(x, there, n_timesteps, by_place):
    """Cut the last steps, with missing ones before sequences that are shorter."""
    if not by_place:
        places = ops.cumsum(ops.ones_like(there, dtype="int32"), axis=1)
        n_places = ops.max(places, axis=1, keepdims=True)
        order = ops.argsort(places + n_places * ops.cast(there, "int32"), axis=1)
        x = ops.take_along_axis(x, ops.expand_dims(order, -1), axis=1)
        there = ops.take_along_axis(there, order, axis=1)
    x = layers.ZeroPadding1D((n_timesteps, 0))(ops.where(ops.isnan(x), 0.0, x))
    there = layers.ZeroPadding1D((n_timesteps, 0))(
        ops.expand_dims(ops.cast(there, "int32"), -1)
    )
    return x[:, -n_timesteps:], there[:, -n_timesteps:, 0] > 0


def _filled(x, there, means, n_timesteps):
    """Fill missing steps by the step before; the first ones by the first there is."""
    places = np.arange(n_timesteps, dtype="int32")
    earlier = places[np.newaxis, :] <= places[:, np.newaxis]
    latest = ops.where(there, places, -1)
    latest = ops.where(earlier, ops.expand_dims(latest, 1), -1)
    latest = ops.max(latest, axis=2)
    first = ops.min(ops.where(there, places, n_timesteps - 1), axis=1, keepdims=True)
    chosen = ops.expand_dims(ops.where(latest < 0, first, latest), -1)
    x = ops.take_along_axis(x, ops.repeat(chosen, x.shape[-1], axis=-1), axis=1)
    some = ops.any(there, axis=1)[:, None, None]
    return ops.where(some, x, np.asarray(means, "float32"))


def _outputs(x, there, part):
    own, followed = part["own"], part["followed"]
    kernel, intercept = part["kernel"], part["intercept"]
    last, used = x[:, -1], x[:, -part["n_steps"] :]
    means, deviations = part["means"], part["deviations"]
    n_columns = len(followed)
    ones = ops.ones_like(last[:, :1])
    levels, scales = [], []
    center, unit = [], []
    for feature in range(len(means)):
        column = last[:, feature : feature + 1]
        if part["norm"] == "none" or feature not in own:
            center.append(ones * float(means[feature]))
            unit.append(ones * float(deviations[feature]))
            continue
        center.append(column)
        spread = ones * float(deviations[feature])
        if part["norm"] == "standard":
            spread = _spread(x[:, :, feature], there)
            spread = ops.maximum(spread, float(part["floors"][feature]))
        unit.append(spread)
    for column in range(n_columns):
        feature = followed[column]
        if part["norm"] == "none" or feature < 0:
            levels.append(0.0 * ones)
            scales.append(ones)
            continue
        slope = float(part["slopes"][column])
        level = slope * last[:, feature : feature + 1] + float(part["offsets"][column])
        levels.append(level)
        scales.append(abs(slope) * unit[feature])
    center, unit = ops.concatenate(center, axis=1), ops.concatenate(unit, axis=1)
    relative = (used - ops.expand_dims(center, 1)) / ops.expand_dims(unit, 1)
    relative = ops.reshape(relative, (-1, kernel.shape[0]))
    dense = layers.Dense(n_columns, name="linear")
    product = dense(relative)
    dense.set_weights([kernel.astype("float32"), intercept.astype("float32")])
    levels = ops.concatenate(levels, axis=1)
    scales = ops.concatenate(scales, axis=1)
    return levels + scales * product, scales


def _spread(x, there):
    n = ops.maximum(ops.sum(there, axis=1, keepdims=True), 1.0)
    mean = ops.sum(x * there, axis=1, keepdims=True) / n
    around = (x - mean) * there
    return ops.sqrt(ops.sum(around * around, axis=1, keepdims=True) / n)
