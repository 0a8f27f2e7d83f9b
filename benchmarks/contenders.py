"""One constructor a contender: regressors of the same network, for the same tables."""

import functools

import numpy as np

SETTINGS = {
    "sklstm": "its default: 1 intra-op, 2 inter-op",
    "sklstm, TensorFlow's threads": "SKLSTM_THREADS=tensorflow: TensorFlow's defaults",
    "Keras": "TensorFlow's defaults",
    "Keras, XLA": "TensorFlow's defaults; `use_cudnn=False, jit_compile=True`",
    "SciKeras": "TensorFlow's defaults",
    "skorch": "PyTorch's default: 2",
    "skorch, 1 thread": "torch.set_num_threads(1)",
    "PyTorch": "PyTorch's default: 2",
    "PyTorch, 1 thread": "torch.set_num_threads(1)",
    "BLAS": "OpenBLAS's default: 2",
    "pandas, skforecast, scikit-learn": "their defaults; one job",
}


# The network alone, as the peers have it: without the linear part beside it, which the
# defaults of the regressor have.
PLAIN = {
    "linear_skip": 0,
    "target_feature": None,
    "window_norm": None,
    "patch_size": 1,
}


def prepare(name):
    """Set the threads of a contender, before anything computes."""
    if name.endswith("1 thread"):
        import torch

        torch.set_num_threads(1)


def sklstm_regressor(**settings):
    """Make the regressor of this package."""
    from sklstm import LSTMRegressor

    rate = {"learning_rate": 0.001, "learning_rate_schedule": "constant"}
    return LSTMRegressor(random_state=0, **{**PLAIN, **rate, **settings})


def keras_model(n_features, units, use_cudnn="auto"):
    """Make the network in Keras."""
    import keras

    inputs = keras.Input((None, n_features))
    lstm = keras.layers.LSTM(units, use_cudnn=use_cudnn)
    outputs = keras.layers.Dense(1)(lstm(inputs))
    return keras.Model(inputs, outputs)


def scikeras_regressor(n_features=3, units=32, learning_rate=0.001, **settings):
    """Make SciKeras's regressor over the network in Keras."""
    from scikeras.wrappers import KerasRegressor

    return KerasRegressor(
        model=functools.partial(keras_model, n_features),
        model__units=units,
        loss="mse",
        optimizer="adam",
        optimizer__learning_rate=learning_rate,
        verbose=0,
        predict__batch_size=1024,
        random_state=0,
        **settings,
    )


def torch_module(n_features, units):
    """Make the network in PyTorch."""
    from torch_network import Network

    return Network(n_features, units)


def torch_epochs(network, X, y, batch_size):
    """Return a function that trains a network of PyTorch for some epochs."""
    import torch

    optimizer = torch.optim.Adam(network.parameters())
    X, y = torch.from_numpy(X), torch.from_numpy(y[:, np.newaxis])

    def run(n):
        for _ in range(n):
            for chosen in torch.randperm(len(X)).split(batch_size):
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(network(X[chosen]), y[chosen])
                loss.backward()
                optimizer.step()

    return run


def skorch_regressor(
    n_features=3, units=32, epochs=5, learning_rate=0.001, batch_size=32
):
    """Make skorch's regressor over the network in PyTorch."""
    import torch
    from skorch import NeuralNetRegressor
    from torch_network import Network

    return NeuralNetRegressor(
        Network,
        module__n_features=n_features,
        module__units=units,
        optimizer=torch.optim.Adam,
        lr=learning_rate,
        max_epochs=epochs,
        batch_size=batch_size,
        train_split=None,
        iterator_train__shuffle=True,
        iterator_valid__batch_size=1024,
        verbose=0,
    )
