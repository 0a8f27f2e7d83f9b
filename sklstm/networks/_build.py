"""The Keras models of a network: one of stock layers, and its fused twin."""

import keras
from keras import layers, ops

from sklstm.networks._custom import CustomSpec, build_custom, masked
from sklstm.networks._fused import FusedLSTM
from sklstm.networks._names import own_names


@own_names()
def build(spec, *, scale=None, offset=None):
    """Build a Keras model of stock layers.

    Its weights are fresh, but the same at every call: :func:`initial_weights` draws
    others.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The shape; or who builds the model.

    scale, offset : array-like of shape (n_outputs,), default=None
        Where given, the model ends in ``output * scale + offset``.

    Returns
    -------
    keras.Model
        From ``(n_samples, n_timesteps, n_features)`` to ``(n_samples, n_outputs)``.
        Time steps that are NaN in all features are masked: the state passes through
        them.
    """
    if isinstance(spec, CustomSpec):
        model = build_custom(spec)
        return model if scale is None else masked(model, scale=scale, offset=offset)
    inputs = keras.Input((None, spec.n_features), name="sequences")
    missing = ops.isnan(inputs)
    there = ops.logical_not(ops.all(missing, axis=-1))
    x = ops.where(missing, 0.0, inputs)
    for depth, units in enumerate(spec.units, start=1):
        lstm = layers.LSTM(
            units,
            activation=spec.activation,
            return_sequences=depth < len(spec.units),
            kernel_initializer=keras.initializers.GlorotUniform(seed=0),
            recurrent_initializer=keras.initializers.Orthogonal(seed=0),
            # cuDNN refuses masks with missing steps before or between others.
            use_cudnn=False,
            seed=0,
            name=f"lstm_{depth}",
        )
        x = lstm(x, mask=there)
        if spec.dropout:
            x = layers.Dropout(spec.dropout, seed=0, name=f"dropout_{depth}")(x)
    for depth, units in enumerate(spec.hidden_layer_sizes, start=1):
        x = _dense(units, "relu", f"hidden_{depth}")(x)
    x = _dense(spec.n_outputs, spec.output_activation, "output")(x)
    if scale is not None:
        x = layers.Rescaling(list(scale), list(offset), name="units_of_y")(x)
    return keras.Model(inputs, x, name="sklstm")


def _dense(units, activation, name):
    initializer = keras.initializers.GlorotUniform(seed=0)
    return layers.Dense(
        units, activation=activation, kernel_initializer=initializer, name=name
    )


@own_names()
def fuse(spec, model, n_parts=1):
    """Make the twin of a model that takes lengths, with its LSTM layers fused.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        Of the model. The twin of a custom one takes sequences with NaN for missing
        steps, and runs it as it is.

    model : keras.Model
        From :func:`build`.

    n_parts : int, default=1
        Parts of a batch that are computed at the same time.

    Returns
    -------
    keras.Model
        Over the same variables, from ``[sequences, lengths]``: sequences that begin at
        the first of `n_timesteps` steps, and the number of steps of each.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.networks import NetworkSpec, build, fuse
    >>> spec = NetworkSpec(n_features=1, n_outputs=1, units=(4,))
    >>> model = build(spec)
    >>> X = np.array([[[np.nan], [2.0], [3.0]]], dtype="float32")
    >>> shifted = np.array([[[2.0], [3.0], [0.0]]], dtype="float32")
    >>> outputs = fuse(spec, model)([shifted, np.array([2], dtype="int32")])
    >>> bool(np.allclose(outputs, model(X), atol=1e-6))
    True
    """
    if isinstance(spec, CustomSpec):
        return masked(model)
    sequences = keras.Input(model.input_shape[1:], name="sequences")
    lengths = keras.Input((), dtype="int32", name="lengths")
    x = sequences
    for layer in model.layers:
        if isinstance(layer, layers.LSTM):
            x = FusedLSTM.of(layer, n_parts)(x, lengths=lengths)
        elif isinstance(layer, (layers.Dense, layers.Dropout, layers.Rescaling)):
            x = layer(x)
    return keras.Model([sequences, lengths], x, name="fused")
