"""The layers of a network, and their order."""

import dataclasses

import keras
from keras import layers, ops

from sklstm.networks._fcn import make_fcn, run_fcn
from sklstm.networks._patches import make_patches
from sklstm.networks._quantiles import ascending_quantiles
from sklstm.networks._recurrent import make_recurrent
from sklstm.networks._steps import (
    ALL_STEPS,
    convolve,
    make_attention,
    make_convolution,
    pool_attention,
    pool_concat,
    pool_max,
    pool_mean,
)
from sklstm.networks._window_norm import normalize_windows


def make_layers(spec):
    """Create all layers of a `NetworkSpec`, as a dict by their names."""
    made = make_fcn(spec)
    if spec.n_tokens:
        uniform = keras.initializers.RandomUniform(seed=0)
        sizes = spec.n_tokens, spec.embedding_dim
        made.append(layers.Embedding(*sizes, uniform, name="embedding"))
    for depth, filters in enumerate(spec.conv_filters, start=1):
        made += make_convolution(spec, filters, f"conv_{depth}")
    for depth, units in enumerate(spec.units, start=1):
        more = depth < len(spec.units) or spec.pooling != "last"
        made.append(make_recurrent(spec, units, f"{spec.cell}_{depth}", more))
        if spec.dropout:
            made.append(layers.Dropout(spec.dropout, seed=0, name=f"dropout_{depth}"))
    if spec.pooling == "attention":
        made += make_attention(spec.units[-1], "attention")
    if spec.n_steps_out:
        made.append(layers.RepeatVector(spec.n_steps_out, name="repeated"))
        one_way = dataclasses.replace(spec, bidirectional=False)
        made.append(make_recurrent(one_way, spec.units[-1], "decoder", True))
    for head, width in _heads(spec):
        for depth, units in enumerate(spec.hidden_layer_sizes, start=1):
            name = f"hidden_{depth}{head}"
            made.append(_dense(units, spec.hidden_activation, name))
        made.append(_dense(width, spec.output_activation, f"output{head}"))
    return {layer.name: layer for layer in made}


def connect(spec, layer, x, steps, run):
    """Run sequences through the layers of a network.

    Parameters
    ----------
    spec : NetworkSpec
        The network.

    layer : dict of str to keras.layers.Layer
        From :func:`make_layers`.

    x : Tensor of shape (n_samples, n_timesteps, n_features)
        The sequences; finite everywhere.

    steps : Steps
        Which time steps exist.

    run : callable
        A function that runs a layer over time steps: ``run(layer, x, steps)``.

    Returns
    -------
    Tensor of shape (n_samples, n_outputs) or (n_samples, n_steps_out, n_outputs)
        The outputs. If every time step has an output, the shape is
        (n_samples, n_timesteps, n_outputs). Quantiles are one more axis.
    """
    if spec.n_tokens:
        x = layer["embedding"](ops.cast(x[..., 0], "int32"))
    if spec.window_norm != "none":
        x = normalize_windows(x, steps, spec.window_norm, spec.norm_features)
    fcn_outputs = [run_fcn(spec, layer, x, steps, run)] if spec.fcn_filters else []
    if spec.patch_size > 1:
        x, steps = make_patches(x, steps, spec.patch_size)
    for depth in range(1, len(spec.conv_filters) + 1):
        x, steps = convolve(spec, layer, f"conv_{depth}", x, steps, run)
    for depth in range(1, len(spec.units) + 1):
        x = run(layer[f"{spec.cell}_{depth}"], x, steps)
        if spec.dropout:
            x = layer[f"dropout_{depth}"](x)
    x = _pool(spec, layer, x, steps)
    if fcn_outputs:
        x = ops.concatenate([x, *fcn_outputs], axis=-1)
    if spec.n_steps_out:
        x = run(layer["decoder"], layer["repeated"](x), ALL_STEPS)
    outputs = []
    for head, _ in _heads(spec):
        out = x
        for depth in range(1, len(spec.hidden_layer_sizes) + 1):
            out = layer[f"hidden_{depth}{head}"](out)
        outputs.append(layer[f"output{head}"](out))
    x = outputs[0] if len(outputs) == 1 else ops.concatenate(outputs, axis=-1)
    if spec.n_quantiles:
        return ascending_quantiles(x, spec.n_outputs, spec.n_quantiles)
    return x


def _pool(spec, layer, x, steps):
    if spec.pooling in ("last", "none"):
        return x
    if spec.pooling == "attention":
        return pool_attention(x, steps, layer["attention"], layer["attention_score"])
    if spec.pooling == "concat":
        return pool_concat(x, steps, spec.bidirectional)
    return {"mean": pool_mean, "max": pool_max}[spec.pooling](x, steps)


def _heads(spec):
    """Return for each head the suffix of its layers' names, and its output width."""
    each = max(spec.n_quantiles, 1)
    if spec.heads == "joint":
        return [("", spec.n_outputs * each)]
    return [(f"_of_{i}", each) for i in range(spec.n_outputs)]


def _dense(units, activation, name):
    initializer = keras.initializers.GlorotUniform(seed=0)
    return layers.Dense(
        units, activation=activation, kernel_initializer=initializer, name=name
    )
