"""Predict samples in all sorts of company, and tell where a bit differs.

A program of its own: TensorFlow takes kernels and threads once a process.
"""

import keras
import numpy as np

from sklstm.networks import CustomSpec, NetworkSpec
from sklstm.sequences import SequenceTable
from sklstm.training import Network

N, F, LONGEST = 101, 3, 13

SPECS = {
    "lstm": {},
    "lstm of 5": {"units": (5,)},
    "wide": {"units": (72,)},
    "in parts": {"units": (41,)},
    "of odd units": {"units": (57,)},
    "stacked": {"units": (6, 5), "hidden_layer_sizes": (7, 3)},
    "gru": {"cell": "gru"},
    "simple_rnn": {"cell": "simple_rnn", "units": (13,)},
    "relu": {"activation": "relu"},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max", "n_outputs": 3, "output_activation": "softmax"},
    "attention": {"pooling": "attention"},
    "attention over odd units": {"pooling": "attention", "units": (5, 7)},
    "concat": {"pooling": "concat"},
    "none": {"pooling": "none", "n_outputs": 2},
    "both ways": {"bidirectional": True},
    "both ways, mean": {"bidirectional": True, "pooling": "mean", "units": (5, 4)},
    "both ways, none": {"bidirectional": True, "pooling": "none", "cell": "simple_rnn"},
    "attention over relu": {"pooling": "attention", "activation": "relu"},
    "convolution": {"conv_filters": (5,)},
    "convolutions": {"conv_filters": (8, 5), "conv_pool_size": 2, "pooling": "mean"},
    "decoder": {"n_steps_out": 3},
    "quantiles": {"n_quantiles": 3, "heads": "separate", "n_outputs": 2},
    "lstm-fcn": {"fcn_filters": (32, 16), "fcn_kernel_sizes": (8, 5)},
    "gru-fcn, pooled, excited, both ways, concat": {
        "fcn_filters": (19, 5),
        "fcn_kernel_sizes": (8, 5),
        "fcn_pool_size": 2,
        "fcn_squeeze_excite": True,
        "fcn_pooling": "concat",
        "patch_size": 2,
        "bidirectional": True,
        "pooling": "concat",
        "cell": "gru",
    },
    "embedding": {"n_tokens": 9, "embedding_dim": 5, "n_features": 1},
}


def specs():
    """Give the networks by their names."""
    for name, changes in SPECS.items():
        shape = {"n_features": F, "n_outputs": 1, "units": (8,)}
        yield name, NetworkSpec(**{**shape, **changes})
    for builder in (masked_model, flat_model, each_step):
        per_step = builder is each_step
        spec = CustomSpec(LONGEST, F, 1, "linear", 0, 0, per_step, builder)
        yield builder.__name__, spec


def masked_model(spec):
    """Build a network of layers that know masks."""
    return keras.Sequential(
        [
            keras.Input((None, spec.n_features)),
            keras.layers.LSTM(7, return_sequences=True),
            keras.layers.GRU(6),
            keras.layers.Dense(1),
        ]
    )


def flat_model(spec):
    """Build a network that knows nothing of steps."""
    return keras.Sequential(
        [
            keras.Input((spec.n_timesteps, spec.n_features)),
            keras.layers.Conv1D(5, 3, padding="same"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(9, "tanh"),
            keras.layers.Dense(1),
        ]
    )


def each_step(spec):
    """Build a network with an output for every step."""
    inputs = keras.Input((None, spec.n_features))
    states = keras.layers.LSTM(5, return_sequences=True)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1)(states))


def table_of(spec, ragged, generator):
    """Make sequences."""
    lengths = np.full(N, LONGEST)
    if ragged:
        lengths = generator.integers(0, LONGEST + 1, N)
    values = generator.normal(size=(lengths.sum(), spec.n_features))
    if getattr(spec, "n_tokens", 0):
        values = generator.integers(0, spec.n_tokens, values.shape)
    return SequenceTable(values.astype("f"), np.cumsum(lengths) - lengths, lengths)


def companies(generator):
    """Give numbers of samples that are predicted together."""
    yield from ([i] for i in (0, 7, N - 1))
    yield np.arange(N)[::-1]
    for n in (2, 3, 5, 8, 13, 17, 33, 50, 63, 64, 65, 77, 100):
        yield generator.permutation(N)[:n]
    for n in (2, 5, 11):  # as many as there are sizes of blocks for many samples
        yield np.repeat(np.arange(N), n)


def outputs_of(network, table, samples):
    """Predict samples in one call; give what came, sample by sample."""
    outputs = network.predict(table.take(np.asarray(samples)))
    if not network.spec.per_step:
        return list(outputs)
    return np.split(outputs, np.cumsum(table.lengths[samples])[:-1])


def differences():
    """Tell of each network and company in which a prediction has other bits."""
    for name, spec in specs():
        network = Network(spec, seed=0)
        for ragged in (False, True):
            generator = np.random.default_rng(1)
            table = table_of(spec, ragged, generator)
            expected = outputs_of(network, table, np.arange(N))
            for samples in companies(generator):
                outputs = outputs_of(network, table, samples)
                differ = [
                    i
                    for i, output in zip(samples, outputs, strict=True)
                    if output.tobytes() != expected[i].tobytes()
                ]
                if differ:
                    yield f"{name}, ragged={ragged}: {len(differ)} of {len(samples)}"
        assert np.std(np.concatenate(expected)) > 0


if __name__ == "__main__":
    print("differ:", [*differences()])
