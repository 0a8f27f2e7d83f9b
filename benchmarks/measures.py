"""What is measured: each function runs in a fresh process, and gives numbers."""

import functools
import time

import architectures
import lstm_fcn as networks
import numpy as np
from contenders import (
    keras_model,
    scikeras_regressor,
    sklstm_regressor,
    skorch_regressor,
    torch_epochs,
    torch_module,
)
from data import search_windows, series, windows
from peak import peak_growth, seconds
from time_series import backtest, panel_windows, push, splits  # noqa: F401, by names


# ------------------------------------------------------------------------------ search
def search(name, n_jobs=1, backend="loky"):
    """Time a grid search of 25 fits, cold."""
    import joblib
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

    X, y = search_windows()
    if name.startswith("sklstm"):
        regressor, prefix, rate = sklstm_regressor(epochs=5), "", "learning_rate"
    elif name == "SciKeras":
        regressor, prefix = scikeras_regressor(epochs=5), "model__"
        rate = "optimizer__learning_rate"
    else:
        regressor, prefix, rate = skorch_regressor(epochs=5), "module__", "lr"
        y = y[:, np.newaxis]
    grid = {f"{prefix}units": [16, 32], rate: [0.01, 0.003], "batch_size": [32, 64]}
    cv = TimeSeriesSplit(3)
    grid_search = GridSearchCV(
        regressor, grid, cv=cv, n_jobs=n_jobs, scoring="neg_mean_squared_error"
    )
    with joblib.parallel_config(backend=backend):
        elapsed = seconds(lambda: grid_search.fit(X, y))
    return {"seconds": elapsed, "best score": float(grid_search.best_score_)}


# ------------------------------------------------------------------------------- epoch
def epoch(name, size, n_samples=2048):
    """Time an epoch over 2,048 windows, or more.

    That of sklstm includes its checks of X and y, and a new network for two epochs.
    """
    n_timesteps, n_features, units, batch_size = size
    X, y = windows(n_samples, n_timesteps, n_features)
    runs = {
        "sklstm": _sklstm_epochs,
        "Keras": functools.partial(_keras_epochs, xla=name.endswith("XLA")),
        "PyTorch": _torch_epochs,
        "BLAS": _products,
    }
    run = runs[name.split(",")[0]](X, y, units, batch_size)
    run(1)
    return {"seconds": seconds(lambda: run(2), repeats=3) / 2}


large_batch = epoch


def cell(name, cell, units, kernels=None):
    """Time an epoch of one recurrent layer over 2,048 sequences of 50 steps x 8."""
    makers = {
        "sklstm": architectures.sklstm_cell,
        "Keras": architectures.keras_cell,
        "PyTorch": architectures.torch_cell,
    }
    run = makers[name.split(",")[0]](cell, units)
    run(1)
    return {"seconds": seconds(lambda: run(2), repeats=3) / 2}


def architecture(name, network):
    """Time an epoch of some network over 2,048 sequences of 50 steps x 8 features."""
    ours = name.startswith("sklstm")
    make = architectures.sklstm_epochs if ours else architectures.keras_epochs
    run = make(network)
    run(1)
    return {"seconds": seconds(lambda: run(2), repeats=3) / 2}


def lstm_fcn(name, network):
    """Time an epoch of a classifier over 512 sequences."""
    epochs_of = {
        "sklstm": networks.sklstm_epochs,
        "Keras": networks.keras_epochs,
        "PyTorch": networks.torch_epochs,
    }
    run = epochs_of[name.split(",")[0]](*networks.NETWORKS[network])
    run(1)
    return {"seconds": seconds(lambda: run(4), repeats=3) / 4}


def texts(name):
    """Measure the growth while an epoch of 12,000 texts is learned, and the time."""
    words, classes = architectures.texts()
    result = {}
    if name == "Keras":
        import keras

        inputs = keras.Input((None,))
        x = keras.layers.Embedding(5000, 64, mask_zero=True)(inputs)
        x = keras.layers.LSTM(64, use_cudnn=False)(x)
        network = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(x))
        network.compile("adam", "binary_crossentropy")
        words = np.nan_to_num(words + 1).astype(int) % 5000

        def run():
            network.fit(words, classes, batch_size=32, verbose=0)
    else:
        from sklstm import LSTMClassifier

        settings = {"embedding_dim": 64, "units": 64, "epochs": 1, "random_state": 0}
        network = LSTMClassifier(**settings, **architectures.ONE_STATE)

        def run():
            network.fit(words, classes)

    with peak_growth(result):
        result["cold, s"] = seconds(run)
    return {**result, "seconds": seconds(run, repeats=3)}


def _sklstm_epochs(X, y, units, batch_size):
    regressor = sklstm_regressor(units=units, batch_size=batch_size)
    return lambda n: regressor.set_params(epochs=n).fit(X, y)


def _keras_epochs(X, y, units, batch_size, xla):
    # Keras leaves XLA out where the layer may use cuDNN.
    model = keras_model(X.shape[2], units, use_cudnn=False if xla else "auto")
    model.compile("adam", "mse", jit_compile=xla)
    return lambda n: model.fit(X, y, batch_size=batch_size, epochs=n, verbose=0)


def _torch_epochs(X, y, units, batch_size):
    return torch_epochs(torch_module(X.shape[2], units), X, y, batch_size)


def _products(X, y, units, batch_size):
    """Multiply the matrices of the forward and the backward pass, and nothing else."""
    n_samples, n_timesteps, n_features = X.shape
    rng = np.random.default_rng(0)
    state = rng.normal(size=(batch_size, n_features + units)).astype(np.float32)
    weights = rng.normal(size=(n_features + units, 4 * units)).astype(np.float32)
    gates = state @ weights
    to_gates, to_state = np.empty_like(gates), np.empty_like(state)
    to_weights = np.empty_like(weights)

    def run(n):
        for _ in range(n * (n_samples // batch_size) * n_timesteps):
            np.dot(state, weights, out=to_gates)
            np.dot(gates, weights.T, out=to_state)
            np.dot(state.T, gates, out=to_weights)

    return run


# ------------------------------------------------------------------ one fit, one window
def _fitted(name, X, y, units=32, epochs=1):
    if name.startswith("sklstm"):
        return sklstm_regressor(units=units, epochs=epochs).fit(X, y)
    if name == "SciKeras":
        regressor = scikeras_regressor(X.shape[2], units, epochs=epochs)
        return regressor.fit(X, y)
    return skorch_regressor(X.shape[2], units, epochs).fit(X, y[:, np.newaxis])


def overhead(name):
    """Time a warm fit of one epoch over 64 windows."""
    X, y = windows(64, 24, 3)
    _fitted(name, X, y)
    return {"seconds": seconds(lambda: _fitted(name, X, y), repeats=15)}


def start(name):
    """Time a process up to its first fitted model, over 64 windows."""
    import psutil

    began = psutil.Process().create_time()
    _fitted(name, *windows(64, 24, 3))
    return {"seconds": time.time() - began}


def update(name, units):
    """Time an update on 32 of 3,200 windows of 24 x 3."""
    X, y = windows(3200, 24, 3)
    regressor = sklstm_regressor(units=units, epochs=4).fit(X, y)
    return {"seconds": seconds(lambda: regressor.fit(X, y), repeats=9) / 400}


def predict(name, n_samples):
    """Time a warm prediction."""
    X, y = windows(10_000, 24, 3)
    regressor = _fitted(name, X[:256], y[:256])
    X = X[:n_samples]
    regressor.predict(X)
    repeats = 50 if n_samples == 1 else 9
    return {"seconds": seconds(lambda: regressor.predict(X), repeats)}


# ------------------------------------------------------------------------------ memory
def memory(name):
    """Measure the growth while fitting on windows of 96 of 300,000 x 8 rows."""
    from sklearn.pipeline import make_pipeline

    from sklstm import PerFeatureScaler, SlidingWindow

    table = series(300_000, 8, np.float64)
    result = {"table, MiB": table.nbytes / 2**20}
    if name.startswith("sklstm"):
        regressor = sklstm_regressor(units=16, epochs=1)
        model = make_pipeline(SlidingWindow(96), PerFeatureScaler(), regressor)
        model.fit(table[:2000], table[:2000, 0])
        with peak_growth(result):
            model.fit(table, table[:, 0])
        return result
    network = keras_model(8, 16)
    network.compile("adam", "mse")
    settings = {"epochs": 1, "batch_size": 32, "verbose": 0}
    if name == "Keras, batches from the table":
        import keras

        batches = functools.partial(
            keras.utils.timeseries_dataset_from_array,
            sequence_length=96,
            shuffle=True,
            batch_size=settings.pop("batch_size"),
        )
        network.fit(batches(table[:2000], table[96:2000, 0]), **settings)
        with peak_growth(result):
            network.fit(batches(table, table[96:, 0]), **settings)
        return result
    view = np.lib.stride_tricks.sliding_window_view(table, 96, axis=0)[:-1]
    view, y = view.transpose(0, 2, 1), table[96:, 0]
    network.fit(view[:2000], y[:2000], **settings)
    with peak_growth(result):
        network.fit(view, y, **settings)
    return result


def resident(name, n_fits=500, after=100):
    """Measure the growth over fits, each of another network."""
    import psutil

    X, y = windows(64, 24, 3)
    process, sizes = psutil.Process(), []
    for i in range(n_fits):
        sizes_of_layers = 4 + i % 60, 4 + i // 60
        sklstm_regressor(units=sizes_of_layers, epochs=1).fit(X, y)
        sizes.append(process.memory_info().rss / 2**20)
    return {"MiB": sizes[-1] - sizes[after - 1], "MiB at first": sizes[after - 1]}


# ------------------------------------------------------------------------------ growth
def growth(name, n_rows, window_length):
    """Time a fit of one epoch through the whole pipeline, warm."""
    from sklearn.pipeline import make_pipeline

    from sklstm import PerFeatureScaler, SlidingWindow

    table = series(n_rows, 4, np.float64)
    regressor = sklstm_regressor(units=8, epochs=1, batch_size=1024)
    window = SlidingWindow(window_length)
    model = make_pipeline(window, PerFeatureScaler(), regressor)
    model.fit(table[:2000], table[:2000, 0])
    return {"seconds": seconds(lambda: model.fit(table, table[:, 0]))}
