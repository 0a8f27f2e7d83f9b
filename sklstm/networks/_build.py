"""The Keras models of a network: one of stock layers, and one of fused layers."""

import functools

import keras
from keras import layers, ops

from sklstm._compat.keras import isolated_name_counters
from sklstm.networks._connect import connect, make_layers
from sklstm.networks._custom import CustomSpec, build_custom, masked
from sklstm.networks._run import run_fused, run_masked
from sklstm.networks._steps import SelectSteps, Steps, align_steps


@isolated_name_counters()
def build(spec, *, scale=None, offset=None):
    """Build a Keras model of stock layers.

    Its initial weights are the same at every call; :func:`initial_weights` draws random
    ones.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The architecture.

    scale, offset : list of float, default=None
        If given, the model ends in ``output * scale + offset``. Their shapes are those
        of the last axes of the output.

    Returns
    -------
    keras.Model
        A model whose input has shape (n_samples, n_timesteps, n_features). Time steps
        that are NaN in all features are masked: the state passes through them.
    """
    if isinstance(spec, CustomSpec):
        model = build_custom(spec)
        return model if scale is None else masked(model, scale=scale, offset=offset)
    inputs = keras.Input((None, spec.n_features), name="sequences")
    missing = ops.isnan(inputs)
    mask = ops.logical_not(ops.all(missing, axis=-1))
    x = ops.where(missing, 0.0, inputs)
    steps = Steps(mask)
    if spec.sees_whole_sequences:
        x, _ = align_steps(x, mask, missing="end")
        steps = Steps.up_to(ops.sum(ops.cast(mask, "int32"), axis=1), x)
    x = connect(spec, make_layers(spec), x, steps, run_masked)
    if scale is not None:
        x = layers.Rescaling(scale, offset, name="original_scale")(x)
    return keras.Model(inputs, x, name="sklstm")


@isolated_name_counters()
def fuse(spec, model, n_parts=1):
    """Build a model with fused LSTM layers over the variables of another model.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The architecture of the model.

    model : keras.Model
        A model of :func:`build`.

    n_parts : int, default=1
        Parts of a batch that are computed at the same time.

    Returns
    -------
    keras.Model
        A model of ``[sequences, lengths]``: sequences padded at the end, and their
        numbers of time steps. For a `CustomSpec` nothing is fused, and the input is
        sequences with NaN for missing time steps. If every time step has an output, a
        last input is the mask of the outputs to compute, which have one axis for all
        samples and time steps.

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
        fused = masked(model)
        return _select_steps(fused) if spec.per_step else fused
    sequences = keras.Input(model.input_shape[1:], name="sequences")
    lengths = keras.Input((), dtype="int32", name="lengths")
    run = functools.partial(run_fused, n_parts=n_parts)
    layers_of_model = {layer.name: layer for layer in model.layers}
    steps = Steps.up_to(lengths, sequences)
    x = connect(spec, layers_of_model, sequences, steps, run)
    if "original_scale" in layers_of_model:
        x = layers_of_model["original_scale"](x)
    fused = keras.Model([sequences, lengths], x, name="fused")
    return _select_steps(fused) if spec.per_step else fused


def _select_steps(model):
    mask = keras.Input((None,), dtype="bool", name="selected")
    outputs = SelectSteps()(model.outputs[0], mask)
    return keras.Model([*model.inputs, mask], outputs, name=model.name)
