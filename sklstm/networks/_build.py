"""The Keras models of a network: one of stock layers, and its fused twin."""

import functools

import keras
from keras import layers, ops

from sklstm._compat.keras import own_names
from sklstm.networks._connect import connect, make_layers
from sklstm.networks._custom import CustomSpec, build_custom, masked
from sklstm.networks._run import run_fused, run_masked
from sklstm.networks._steps import ChosenSteps, Steps, squeeze_steps


@own_names()
def build(spec, *, scale=None, offset=None):
    """Build a Keras model of stock layers.

    Its weights are fresh, but the same at every call: :func:`initial_weights` draws
    others.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The shape; or who builds the model.

    scale, offset : list, default=None
        Of numbers that fit the last axes of the output. Where given, the model ends in
        ``output * scale + offset``.

    Returns
    -------
    keras.Model
        From ``(n_samples, n_timesteps, n_features)`` to the output of each sample.
        Time steps that are NaN in all features are masked: the state passes through
        them.
    """
    if isinstance(spec, CustomSpec):
        model = build_custom(spec)
        return model if scale is None else masked(model, scale=scale, offset=offset)
    inputs = keras.Input((None, spec.n_features), name="sequences")
    missing = ops.isnan(inputs)
    steps = Steps(ops.logical_not(ops.all(missing, axis=-1)))
    x = ops.where(missing, 0.0, inputs)
    if spec.sees_whole_sequences:
        x, steps = squeeze_steps(x, steps)
    x = connect(spec, make_layers(spec), x, steps, run_masked)
    if scale is not None:
        x = layers.Rescaling(scale, offset, name="units_of_y")(x)
    return keras.Model(inputs, x, name="sklstm")


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
        the first of `n_timesteps` steps, and the number of steps of each. Where every
        step has an output, a third input tells of each step whether its output is
        wanted; these come in one row.

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
        twin = masked(model)
        return _with_steps_chosen(twin) if spec.per_step else twin
    sequences = keras.Input(model.input_shape[1:], name="sequences")
    lengths = keras.Input((), dtype="int32", name="lengths")
    run = functools.partial(run_fused, n_parts=n_parts)
    layers_of_model = {layer.name: layer for layer in model.layers}
    steps = Steps.up_to(lengths, sequences)
    x = connect(spec, layers_of_model, sequences, steps, run)
    if "units_of_y" in layers_of_model:
        x = layers_of_model["units_of_y"](x)
    twin = keras.Model([sequences, lengths], x, name="fused")
    return _with_steps_chosen(twin) if spec.per_step else twin


def _with_steps_chosen(twin):
    chosen = keras.Input((None,), dtype="bool", name="chosen")
    outputs = ChosenSteps()(twin.outputs[0], chosen)
    return keras.Model([*twin.inputs, chosen], outputs, name=twin.name)
