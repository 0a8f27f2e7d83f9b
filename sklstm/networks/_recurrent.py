"""Recurrent layers of Keras."""

import keras
from keras import layers

_CELLS = {"lstm": layers.LSTM, "gru": layers.GRU, "simple_rnn": layers.SimpleRNN}


def make_recurrent(spec, units, name, return_sequences):
    """Create an `LSTM`, `GRU` or `SimpleRNN`, or a `Bidirectional` of it."""
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
        # cuDNN needs masks of right-padded sequences.
        settings["use_cudnn"] = False
    layer = _CELLS[spec.cell](units, **settings, name=name)
    return layers.Bidirectional(layer, name=name) if spec.bidirectional else layer
