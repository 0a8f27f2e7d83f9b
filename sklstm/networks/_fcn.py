"""The fully convolutional network beside the recurrent layers [1]_.

References
----------
.. [1] F. Karim, S. Majumdar, H. Darabi and S. Chen, "LSTM Fully Convolutional Networks
   for Time Series Classification", IEEE Access 6, 2018.
.. [2] F. Karim, S. Majumdar, H. Darabi and S. Harford, "Multivariate LSTM-FCNs for Time
   Series Classification", Neural Networks 116, 2019, section 3.
"""

import keras
from keras import layers, ops

from sklstm.networks._steps import Steps, make_pooling, pool_max, pool_mean, pool_steps

# Reduction ratio of squeeze and excite [2]_.
_SQUEEZE = 16

# Standard deviation of the initial kernels. Batch normalization cancels their scale;
# updates of Adam change larger kernels less in proportion.
_DEVIATION = 0.5

# Factor of the maximum beside the mean, which is several times smaller, and the limit
# of its dropout: few samples may share a maximum by chance.
_MAXIMUM_SCALE, _MAX_DROPOUT = 0.05, 0.5

# Keras's default momentum needs thousands of updates.
_MOMENTUM = 0.9


def make_fcn(spec):
    """Create the layers of the fully convolutional network."""
    made = []
    if spec.fcn_pooling == "concat" and spec.dropout:
        rate = min(spec.dropout, _MAX_DROPOUT)
        made.append(layers.Dropout(rate, seed=0, name="fcn_maximum_dropout"))
    if spec.fcn_dropout:
        rate, shape = spec.fcn_dropout, (None, 1)  # drops all channels of a sample
        made.append(layers.Dropout(rate, shape, seed=0, name="fcn_dropout"))
    sizes = zip(spec.fcn_filters, spec.fcn_kernel_sizes, strict=True)
    for depth, (filters, kernel_size) in enumerate(sizes, start=1):
        name = f"fcn_{depth}"
        normal = keras.initializers.RandomNormal(stddev=_DEVIATION, seed=0)
        conv = layers.Conv1D(
            filters,
            kernel_size,
            padding="same",
            use_bias=False,
            kernel_initializer=normal,
            name=name,
        )
        norm = layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")
        made += [conv, norm]
        if _is_pooled(spec, depth):
            made += make_pooling(spec.fcn_pool_size, name)
        if _excites(spec, depth):
            made += _make_excite(filters, name)
    return made


def run_fcn(spec, layer, x, steps, run):
    """Run the convolutions and pool over the time steps, to (n_samples, n_channels).

    Parameters as of :func:`sklstm.networks._connect.connect`; x is padded at the end.
    """
    mask = ops.expand_dims(steps.mask, -1)
    for depth in range(1, len(spec.fcn_filters) + 1):
        name = f"fcn_{depth}"
        # Zeros as padding, as "same" pads the longest sequence.
        x = run(layer[name], ops.where(mask, x, 0.0), steps)
        x = ops.relu(run(layer[f"{name}_norm"], x, steps))
        if _is_pooled(spec, depth):
            # Zeros as padding do not change the maximum of a ReLU's outputs.
            x = pool_steps(layer, name, ops.where(mask, x, 0.0))
            # Of no negative number: ONNX rounds their quotients to zero.
            lengths = steps.lengths + spec.fcn_pool_size - 1
            steps = Steps.up_to(lengths // spec.fcn_pool_size, x)
            mask = ops.expand_dims(steps.mask, -1)
        if _excites(spec, depth):
            x = _excite(layer, name, x, steps)
    x = _pool(spec, layer, x, steps)
    return layer["fcn_dropout"](x) if spec.fcn_dropout else x


def _pool(spec, layer, x, steps):
    if spec.fcn_pooling != "concat":
        return {"mean": pool_mean, "max": pool_max}[spec.fcn_pooling](x, steps)
    maximum = _MAXIMUM_SCALE * pool_max(x, steps)
    if spec.dropout:
        maximum = layer["fcn_maximum_dropout"](maximum)
    return ops.concatenate([pool_mean(x, steps), maximum], axis=-1)


def _is_pooled(spec, depth):
    return spec.fcn_pool_size > 1 and depth < len(spec.fcn_filters)


def _excites(spec, depth):
    return spec.fcn_squeeze_excite and depth < len(spec.fcn_filters)


def _make_excite(filters, name):
    sizes = [
        ("squeeze", max(filters // _SQUEEZE, 1), "relu"),
        ("excite", filters, "sigmoid"),
    ]
    return [
        layers.Dense(
            units,
            activation,
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed=0),
            name=f"{name}_{suffix}",
        )
        for suffix, units, activation in sizes
    ]


def _excite(layer, name, x, steps):
    """Scale the channels of each sequence by weights computed from its mean."""
    weights = layer[f"{name}_squeeze"](pool_mean(x, steps))
    weights = layer[f"{name}_excite"](weights)
    return x * ops.expand_dims(weights, 1)
