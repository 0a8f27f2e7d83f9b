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

from sklstm.networks._steps import (
    Steps,
    make_pooling,
    pool_max,
    pool_mean,
    pool_steps,
)

# Channels that squeeze and excite makes one of [2]_.
_SQUEEZE = 16

# Of the initial kernels. Before a batch normalization they have no scale: the larger
# they are, the less of them a step of Adam is.
_DEVIATION = 0.5

# Beside the mean the maximum is several times as large, and few samples have
# some in common by chance: it is made smaller, and dropout leaves out half of it.
_SHARE_OF_MAXIMUM, _MOST_DROPPED = 0.05, 0.5

# Keras's own momentum is for thousands of updates.
_MOMENTUM = 0.9


def make_fcn(spec):
    """Make the layers of the fully convolutional network.

    Parameters
    ----------
    spec : NetworkSpec
        With `fcn_filters` and the like.

    Returns
    -------
    list of keras.layers.Layer
    """
    made = []
    if spec.fcn_pooling == "concat" and spec.dropout:
        rate = min(spec.dropout, _MOST_DROPPED)
        made.append(layers.Dropout(rate, seed=0, name="fcn_maximum_dropout"))
    if spec.fcn_dropout:
        whole = {"noise_shape": (None, 1), "seed": 0, "name": "fcn_dropout"}
        made.append(layers.Dropout(spec.fcn_dropout, **whole))
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
    """Run sequences through the convolutions, and pool their steps.

    Parameters
    ----------
    spec : NetworkSpec
        The network.

    layer : dict of str to keras.layers.Layer
        From :func:`make_fcn`.

    x : Tensor of shape (n_samples, n_timesteps, n_features)
        Sequences that begin at the first step.

    steps : Steps
        Which of their steps exist.

    run : callable
        Runs a layer: ``run(layer, x, steps)``.

    Returns
    -------
    Tensor of shape (n_samples, n_filters), or twice as many
    """
    there = ops.expand_dims(steps.there, -1)
    for depth in range(1, len(spec.fcn_filters) + 1):
        name = f"fcn_{depth}"
        # Behind the end of a sequence stands what "same" puts behind the longest.
        x = run(layer[name], ops.where(there, x, 0.0), steps)
        x = ops.relu(run(layer[f"{name}_norm"], x, steps))
        if _is_pooled(spec, depth):
            # A ReLU's zeros behind the end are no larger than what is there.
            x = pool_steps(layer, name, ops.where(there, x, 0.0))
            steps = Steps.up_to(-(-steps.lengths // spec.fcn_pool_size), x)
            there = ops.expand_dims(steps.there, -1)
        if _excites(spec, depth):
            x = _excite(layer, name, x, steps)
    x = _pool(spec, layer, x, steps)
    return layer["fcn_dropout"](x) if spec.fcn_dropout else x


def _pool(spec, layer, x, steps):
    if spec.fcn_pooling != "concat":
        return {"mean": pool_mean, "max": pool_max}[spec.fcn_pooling](x, steps)
    maximum = _SHARE_OF_MAXIMUM * pool_max(x, steps)
    if spec.dropout:
        maximum = layer["fcn_maximum_dropout"](maximum)
    return ops.concatenate([pool_mean(x, steps), maximum], axis=-1)


def _is_pooled(spec, depth):
    return spec.fcn_pool_size > 1 and depth < len(spec.fcn_filters)


def _excites(spec, depth):
    return spec.fcn_squeeze_excite and depth < len(spec.fcn_filters)


def _make_excite(filters, name):
    settings = {"use_bias": False}
    normal = [keras.initializers.HeNormal(seed=0) for _ in range(2)]
    return [
        layers.Dense(
            max(filters // _SQUEEZE, 1),
            "relu",
            kernel_initializer=normal[0],
            name=f"{name}_squeeze",
            **settings,
        ),
        layers.Dense(
            filters,
            "sigmoid",
            kernel_initializer=normal[1],
            name=f"{name}_excite",
            **settings,
        ),
    ]


def _excite(layer, name, x, steps):
    """Weigh the channels of each sequence by what its mean over time tells."""
    weights = layer[f"{name}_squeeze"](pool_mean(x, steps))
    weights = layer[f"{name}_excite"](weights)
    return x * ops.expand_dims(weights, 1)
