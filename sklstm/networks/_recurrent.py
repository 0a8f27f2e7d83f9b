"""Recurrent layers: of Keras, and the same ones run on sequences with lengths."""

import keras
from keras import layers, ops

from sklstm.networks._fused import FusedLSTM

_CELLS = {"lstm": layers.LSTM, "gru": layers.GRU, "simple_rnn": layers.SimpleRNN}


def make_recurrent(spec, units, name, return_sequences):
    """Make a recurrent layer of Keras.

    Parameters
    ----------
    spec : NetworkSpec
        Which tells the cell.

    units : int
        Units of the layer.

    name : str
        Its name.

    return_sequences : bool
        Whether it gives the states after all steps, or after the last one.

    Returns
    -------
    keras.layers.Layer
        `LSTM`, `GRU` or `SimpleRNN`, or a `Bidirectional` of it.
    """
    settings = {
        "activation": spec.activation,
        "recurrent_dropout": spec.recurrent_dropout,
        "return_sequences": return_sequences,
        "kernel_initializer": keras.initializers.GlorotUniform(seed=0),
        "recurrent_initializer": keras.initializers.Orthogonal(seed=0),
        "seed": 0,
    }
    if spec.cell != "simple_rnn":
        settings["recurrent_activation"] = spec.recurrent_activation
        # cuDNN refuses masks with missing steps before or between others.
        settings["use_cudnn"] = False
    layer = _CELLS[spec.cell](units, **settings, name=name)
    return layers.Bidirectional(layer, name=name) if spec.bidirectional else layer


def run_masked(layer, x, steps):
    """Run a recurrent layer of Keras as it is."""
    return layer(x, mask=steps.there)


def run_fused(layer, x, steps, n_parts):
    """Run a recurrent layer on sequences that begin at the first step.

    An LSTM, also within a `Bidirectional`, runs as a :class:`FusedLSTM`.
    """
    if isinstance(layer, layers.Bidirectional):
        both = layer.forward_layer, layer.backward_layer
        forward, backward = (run_fused(one, x, steps, n_parts) for one in both)
        if layer.return_sequences:
            backward = ops.flip(backward, axis=1)
        return ops.concatenate([forward, backward], axis=-1)
    if isinstance(layer, layers.LSTM):
        return FusedLSTM.of(layer, n_parts)(x, lengths=steps.lengths)
    return layer(x, mask=steps.there)
