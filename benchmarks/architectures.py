"""Networks as settings of sklstm, and as layers of Keras by hand."""

import numpy as np
from contenders import PLAIN, torch_epochs
from data import windows

N_SAMPLES, BATCH_SIZE, UNITS = 2048, 32, 32
ONE_STATE = {"bidirectional": False, "pooling": "last"}


def _recurrent(kind="LSTM", **settings):
    from keras import layers

    return getattr(layers, kind)(UNITS, **settings)


def _pooled(pool, bidirectional=False):
    from keras import layers

    lstm = _recurrent(return_sequences=True)
    lstm = layers.Bidirectional(lstm) if bidirectional else lstm
    return [lstm, getattr(layers, f"Global{pool}Pooling1D")()]


def _bidirectional():
    from keras import layers

    return [layers.Bidirectional(_recurrent())]


def _convolved():
    from keras import layers

    convolution = layers.Conv1D(32, 3, activation="relu")
    return [convolution, layers.MaxPooling1D(2), _recurrent()]


def _decoder():
    from keras import layers

    return [_recurrent(), layers.RepeatVector(12), _recurrent(return_sequences=True)]


# Settings of sklstm, and the layers before the last one.
NETWORKS = {
    "LSTM": ({}, lambda: [_recurrent()]),
    "LSTM, relu": ({"activation": "relu"}, lambda: [_recurrent(activation="relu")]),
    "LSTM, recurrent dropout": (
        {"recurrent_dropout": 0.2},
        lambda: [_recurrent(recurrent_dropout=0.2)],
    ),
    "GRU": ({"cell": "gru"}, lambda: [_recurrent("GRU")]),
    "simple RNN": ({"cell": "simple_rnn"}, lambda: [_recurrent("SimpleRNN")]),
    "two layers": (
        {"units": (UNITS, UNITS)},
        lambda: [_recurrent(return_sequences=True), _recurrent()],
    ),
    "both directions": ({"bidirectional": True}, _bidirectional),
    "maximum over steps": ({"pooling": "max"}, lambda: _pooled("Max")),
    "mean over steps, both directions": (
        {"pooling": "mean", "bidirectional": True},
        lambda: _pooled("Average", bidirectional=True),
    ),
    "convolution": ({"conv_filters": 32, "conv_pool_size": 2}, _convolved),
    "encoder-decoder, 12 steps": ({}, _decoder),
    "a label for every step": ({}, lambda: [_recurrent(return_sequences=True)]),
}


# Recurrent layers: settings of sklstm, and those of Keras's and PyTorch's layers.
CELLS = {
    "LSTM": ({}, "LSTM", {}),
    "GRU": ({"cell": "gru"}, "GRU", {}),
    "simple RNN": ({"cell": "simple_rnn"}, "SimpleRNN", {}),
    "LSTM in both directions": ({"bidirectional": True}, "LSTM", {}),
    "LSTM, relu": ({"activation": "relu"}, "LSTM", {"activation": "relu"}),
    "LSTM, recurrent dropout": (
        {"recurrent_dropout": 0.2},
        "LSTM",
        {"recurrent_dropout": 0.2},
    ),
}
OF_PYTORCH = {
    "LSTM": {},
    "GRU": {"kind": "GRU"},
    "simple RNN": {"kind": "RNN"},
    "LSTM in both directions": {"bidirectional": True},
}


def sklstm_cell(cell, units):
    """Return a function that trains for some epochs, from a new network on."""
    from sklstm import LSTMRegressor

    X, y = windows(N_SAMPLES, 50, 8)
    settings = {"units": units, "batch_size": BATCH_SIZE, "random_state": 0}
    model = LSTMRegressor(**{**PLAIN, **ONE_STATE, **settings, **CELLS[cell][0]})
    return lambda n: model.set_params(epochs=n).fit(X, y)


def keras_cell(cell, units):
    """Return a function that trains for some epochs."""
    import keras

    X, y = windows(N_SAMPLES, 50, 8)
    settings, kind, arguments = CELLS[cell]
    layer = getattr(keras.layers, kind)(units, **arguments)
    if "bidirectional" in settings:
        layer = keras.layers.Bidirectional(layer)
    model = keras.Sequential([keras.Input((None, 8)), layer, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return lambda n: model.fit(X, y, batch_size=BATCH_SIZE, epochs=n, verbose=0)


def torch_cell(cell, units):
    """Return a function that trains for some epochs."""
    from torch_network import Network

    X, y = windows(N_SAMPLES, 50, 8)
    return torch_epochs(Network(8, units, **OF_PYTORCH[cell]), X, y, BATCH_SIZE)


def _data(network):
    X, y = windows(N_SAMPLES, 50, 8)
    if network.startswith("encoder"):
        return X, X[:, :12, :1]
    if network.startswith("a label"):
        return X, (X[:, :, 0] > 0).astype(int)
    return X, y


def sklstm_epochs(network):
    """Give a function that trains for some epochs, from a new network on."""
    from sklstm import LSTMRegressor, LSTMTagger

    settings, _ = NETWORKS[network]
    X, y = _data(network)
    settings = {"units": UNITS, "batch_size": BATCH_SIZE, "random_state": 0, **settings}
    if y.dtype == int:
        model = LSTMTagger(bidirectional=False, **settings)
    else:
        model = LSTMRegressor(**{**PLAIN, **ONE_STATE, **settings})
    return lambda n: model.set_params(epochs=n).fit(X, y)


def keras_epochs(network):
    """Give a function that trains for some epochs."""
    import keras

    _, stack = NETWORKS[network]
    X, y = _data(network)
    labels = y.dtype == int
    output = keras.layers.Dense(1, "sigmoid" if labels else None)
    model = keras.Sequential([keras.Input((None, X.shape[2])), *stack(), output])
    model.compile("adam", "binary_crossentropy" if labels else "mse")
    y = y[:, :, np.newaxis] if labels else y
    return lambda n: model.fit(X, y, batch_size=BATCH_SIZE, epochs=n, verbose=0)


def texts():
    """Make 12,000 texts of 10 to 40 of 5,000 words, and the class of each."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(10, 41, size=12_000)
    words = rng.zipf(1.3, size=(12_000, 40)) % 5000
    classes = (words[:, :10].sum(axis=1) % 2).astype(int)
    return np.where(np.arange(40) < lengths[:, np.newaxis], words, np.nan), classes
