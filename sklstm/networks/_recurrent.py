"""Recurrent layers of Keras."""

import keras
from keras import layers

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
