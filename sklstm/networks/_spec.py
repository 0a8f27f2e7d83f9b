"""What shapes a network, and the stock Keras model of that shape."""

from dataclasses import dataclass

import keras
from keras import layers, ops


@dataclass(frozen=True)
class NetworkSpec:
    """All that shapes a network; two fits of one spec differ in weights alone.

    Parameters
    ----------
    n_features : int
        Features of a time step.

    n_outputs : int
        Width of the output layer.

    units : tuple of int
        Units of each LSTM layer, from the input on.

    activation : str, default="tanh"
        Of the cell's candidate and output, as in `keras.layers.LSTM`.

    dropout : float, default=0.0
        Share of each LSTM layer's outputs that training sets to zero.

    hidden_layer_sizes : tuple of int, default=()
        Units of the dense ReLU layers after the last state.

    output_activation : str, default="linear"
        Of the output layer.
    """

    n_features: int
    n_outputs: int
    units: tuple[int, ...]
    activation: str = "tanh"
    dropout: float = 0.0
    hidden_layer_sizes: tuple[int, ...] = ()
    output_activation: str = "linear"


def build(spec, seed=0, *, scale=None, offset=None):
    """Build a Keras model of stock layers with fresh weights.

    Parameters
    ----------
    spec : NetworkSpec
        The shape.

    seed : int, default=0
        All that the initial weights and the dropout masks depend on.

    scale, offset : array-like of shape (n_outputs,), default=None
        Where given, the model ends in ``output * scale + offset``.

    Returns
    -------
    keras.Model
        From ``(n_samples, n_timesteps, n_features)`` to ``(n_samples, n_outputs)``.
        Time steps that are NaN in all features are masked: the state passes through
        them.
    """
    seeds = iter(range(seed, seed + 1000))
    inputs = keras.Input((None, spec.n_features), name="sequences")
    missing = ops.isnan(inputs)
    there = ops.logical_not(ops.all(missing, axis=-1))
    x = ops.where(missing, 0.0, inputs)
    for depth, units in enumerate(spec.units, start=1):
        lstm = layers.LSTM(
            units,
            activation=spec.activation,
            return_sequences=depth < len(spec.units),
            kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
            recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
            # cuDNN refuses masks with missing steps before or between others.
            use_cudnn=False,
            seed=next(seeds),
            name=f"lstm_{depth}",
        )
        x = lstm(x, mask=there)
        if spec.dropout:
            dropout = layers.Dropout(spec.dropout, seed=next(seeds))
            x = dropout(x)
    for depth, units in enumerate(spec.hidden_layer_sizes, start=1):
        x = _dense(units, "relu", next(seeds), f"hidden_{depth}")(x)
    x = _dense(spec.n_outputs, spec.output_activation, next(seeds), "output")(x)
    if scale is not None:
        x = layers.Rescaling(list(scale), list(offset), name="units_of_y")(x)
    return keras.Model(inputs, x, name="sklstm")


def _dense(units, activation, seed, name):
    initializer = keras.initializers.GlorotUniform(seed)
    return layers.Dense(
        units, activation=activation, kernel_initializer=initializer, name=name
    )
