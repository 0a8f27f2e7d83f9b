"""LSTM-FCN as settings of sklstm, and by hand in Keras and in PyTorch."""

import numpy as np

N_SAMPLES, BATCH_SIZE, UNITS, N_CLASSES = 512, 32, 32, 5
KERNELS = (8, 5, 3)

# Steps, filters, and steps of which the largest is kept after a convolution. The LSTM
# reads patches of which there are 32 at most.
NETWORKS = {
    "24 steps, (64, 64, 64)": (24, (64, 64, 64), 1),
    "128 steps, (64, 64, 64)": (128, (64, 64, 64), 1),
    "128 steps, (128, 256, 128)": (128, (128, 256, 128), 1),
    "432 steps, (64, 128, 128), pooled by 4": (432, (64, 128, 128), 4),
}


def _data(n_timesteps):
    X = np.random.default_rng(0).normal(size=(N_SAMPLES, n_timesteps, 1))
    return X.astype("float32"), np.arange(N_SAMPLES) % N_CLASSES


def _patch_size(n_timesteps):
    return -(-n_timesteps // 32)


def sklstm_epochs(n_timesteps, filters, pool_size):
    """Return a function that trains for some epochs, from a new network on."""
    from sklstm import LSTMClassifier

    X, y = _data(n_timesteps)
    classifier = LSTMClassifier(
        UNITS,
        fcn_filters=filters,
        fcn_pool_size=pool_size,
        fcn_pooling="mean",
        fcn_dropout=0,
        patch_size=_patch_size(n_timesteps),
        bidirectional=False,
        batch_size=BATCH_SIZE,
        random_state=0,
    )
    return lambda n: classifier.set_params(epochs=n).fit(X, y)


def keras_epochs(n_timesteps, filters, pool_size):
    """Return a function that trains for some epochs."""
    import keras
    from keras import layers

    X, y = _data(n_timesteps)
    inputs = keras.Input((n_timesteps, 1))
    size = _patch_size(n_timesteps)
    patches = layers.Reshape((n_timesteps // size, size))(inputs)
    state = layers.Dropout(0.8)(layers.LSTM(UNITS)(patches))
    x = inputs
    for depth, (n_filters, kernel) in enumerate(zip(filters, KERNELS, strict=True)):
        x = layers.Conv1D(n_filters, kernel, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        if pool_size > 1 and depth < len(filters) - 1:
            x = layers.MaxPooling1D(pool_size)(x)
    joined = layers.Concatenate()([state, layers.GlobalAveragePooling1D()(x)])
    model = keras.Model(inputs, layers.Dense(N_CLASSES, "softmax")(joined))
    model.compile("adam", "sparse_categorical_crossentropy")
    return lambda n: model.fit(X, y, batch_size=BATCH_SIZE, epochs=n, verbose=0)


def torch_epochs(n_timesteps, filters, pool_size):
    """Return a function that trains for some epochs."""
    import torch
    from torch_network import LSTMFCN

    X, y = map(torch.from_numpy, _data(n_timesteps))
    sizes = _patch_size(n_timesteps), filters, KERNELS, pool_size
    network = LSTMFCN(UNITS, N_CLASSES, *sizes)
    optimizer = torch.optim.Adam(network.parameters())
    loss = torch.nn.CrossEntropyLoss()

    def run(n):
        for _ in range(n):
            for chosen in torch.randperm(N_SAMPLES).split(BATCH_SIZE):
                optimizer.zero_grad()
                loss(network(X[chosen]), y[chosen]).backward()
                optimizer.step()

    return run
