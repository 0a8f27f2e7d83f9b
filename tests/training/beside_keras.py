"""A network that is trained by the engine, beside a stock model that Keras trains."""

import keras
import numpy as np
from keras import layers, losses, optimizers

from sklstm.networks import NetworkSpec
from sklstm.sequences import SequenceTable
from sklstm.training import Network, Samples, Schedule

F, T, N = 2, 3, 21
SPEC = NetworkSpec(F, 1, (4,))


def data(n=N, n_outputs=1, seed=0):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, T, F)).astype(np.float32)
    y = X[:, -1:, 0] + X[:, 0, 1:] + np.arange(n_outputs, dtype=np.float32)
    return X, y


def stock_of(network, masked=False):
    """The network as a tutorial writes it, with the same weights."""
    spec = network.spec
    stock = keras.Sequential([keras.Input((None, spec.n_features))])
    if masked:
        stock.add(layers.Masking(-9.0))
    for depth, units in enumerate(spec.units, start=1):
        stock.add(layers.LSTM(units, return_sequences=depth < len(spec.units)))
    for units in spec.hidden_layer_sizes:
        stock.add(layers.Dense(units, activation="relu"))
    stock.add(layers.Dense(spec.n_outputs, activation=spec.output_activation))
    stock.set_weights(network.model.get_weights())
    return stock


def schedule(**changes):
    arguments = {
        "optimizer": optimizers.Adam(0.01),
        "loss": "mse",
        "epochs": 2,
        "batch_size": 8,
        "seed": 0,
        "shuffle": False,
    }
    return Schedule(**{**arguments, **changes})


class Both:
    """A network trained by the engine, and a stock model by `keras.Model.fit`.

    What is new in every fit (an optimizer, callbacks) is given as a function.
    """

    def __init__(
        self,
        spec=SPEC,
        train=None,
        validation=None,
        weights=(None, None),
        make_optimizer=lambda: optimizers.Adam(0.01),
        make_callbacks=lambda place: [],
        loss="mse",
        make_metrics=lambda: None,
        **changes,
    ):
        X, y = data() if train is None else train
        self.X, self.network = X, Network(spec, seed=3)
        self.stock = stock_of(self.network)
        self.stock.compile(
            make_optimizer(), loss, metrics=make_metrics(), run_eagerly=True
        )
        self.callbacks = [make_callbacks(place) for place in ("ours", "theirs")]
        plan = schedule(
            optimizer=make_optimizer(),
            loss=loss,
            metrics=make_metrics(),
            callbacks=self.callbacks[0],
            **changes,
        )
        held_out = None
        if validation is not None:
            held_out = Samples(
                SequenceTable.from_array(validation[0]), validation[1], weights[1]
            )
            if weights[1] is not None:
                validation = (*validation, weights[1])
        samples = Samples(SequenceTable.from_array(X), y, weights[0])
        self.ours = self.network.train(samples, plan, held_out)
        self.theirs = self.stock.fit(
            X,
            y,
            plan.batch_size,
            plan.epochs,
            sample_weight=weights[0],
            validation_data=validation,
            shuffle=False,
            callbacks=self.callbacks[1],
            verbose=0,
        ).history

    def assert_alike(self):
        assert [*self.ours] == [*self.theirs]
        for name, values in self.theirs.items():
            np.testing.assert_allclose(self.ours[name], values, rtol=1e-4, atol=1e-6)
        both = self.network.model.get_weights(), self.stock.get_weights()
        for ours, theirs in zip(*both, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


def decaying():
    return optimizers.schedules.ExponentialDecay(0.05, 2, 0.5)


OPTIMIZERS = {
    "adam": lambda: optimizers.Adam(0.03, beta_1=0.8, amsgrad=True),
    "adam, no amsgrad": lambda: optimizers.Adam(0.03, beta_2=0.9, epsilon=1e-3),
    "adam, clipnorm": lambda: optimizers.Adam(0.03, clipnorm=0.01, epsilon=1),
    "adam, numpy": lambda: optimizers.Adam(0.03, beta_1=np.float64(0.7)),
    "adam, accumulating": lambda: optimizers.Adam(0.1, gradient_accumulation_steps=2),
    "adam, schedule": lambda: optimizers.Adam(decaying()),
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(0.01, centered=True),
    "adamw": lambda: optimizers.AdamW(0.03, weight_decay=0.5),
    "clipnorm": lambda: optimizers.SGD(0.5, clipnorm=0.01),
    "clipvalue": lambda: optimizers.SGD(0.5, clipvalue=0.01),
    "global_clipnorm": lambda: optimizers.SGD(0.5, global_clipnorm=0.01),
    "schedule": lambda: optimizers.SGD(decaying()),
    "ema": lambda: optimizers.Adam(0.03, use_ema=True, ema_momentum=0.7),
    "overwriting ema": lambda: optimizers.Adam(
        0.03, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=2
    ),
    "accumulating": lambda: optimizers.SGD(0.1, gradient_accumulation_steps=2),
    "nadam": lambda: optimizers.Nadam(0.03),
    "adamax": lambda: optimizers.Adamax(0.03),
    "adagrad": lambda: optimizers.Adagrad(0.03),
    "adadelta": lambda: optimizers.Adadelta(0.3),
    "adafactor": lambda: optimizers.Adafactor(0.03),
    "ftrl": lambda: optimizers.Ftrl(0.03),
    "lamb": lambda: optimizers.Lamb(0.03),
    "lion": lambda: optimizers.Lion(0.003, weight_decay=0.1),
}


def pseudo_huber(y, predicted):
    return keras.ops.mean(keras.ops.sqrt(1 + keras.ops.square(y - predicted)), axis=-1)


class Scaled(losses.Loss):
    """A loss whose state no config tells."""

    def __init__(self, factor):
        super().__init__(name="scaled")
        self.factor = factor

    def call(self, y, predicted):
        return self.factor * keras.ops.mean(keras.ops.square(y - predicted), axis=-1)


def trained(changes=(), metric=True, **network):
    """Weights and history of a fit, all of it new."""
    X, y = data(40)
    network = Network(**{"spec": SPEC, "seed": 3, **network})
    plan = {"shuffle": True, "metrics": ["mae"] if metric else None, **dict(changes)}
    samples = Samples(SequenceTable.from_array(X), y)
    history = network.train(samples, schedule(**plan), samples)
    return network.model.get_weights(), history


def assert_same_bits(one, other):
    for a, b in zip(one[0], other[0], strict=True):
        np.testing.assert_array_equal(a, b)
    assert one[1] == other[1]


def ragged(n=N):
    """Samples of 0 to T steps, and the same as a dense array for keras's Masking."""
    X, y = data(n)
    lengths = np.random.default_rng(6).integers(0, T + 1, n)
    lengths[:3] = 0, T, 1
    sequences = [x[:len_] for x, len_ in zip(X, lengths, strict=True)]
    dense = np.full_like(X, -9.0)
    for row, sequence in zip(dense, sequences, strict=True):
        row[: len(sequence)] = sequence
    return SequenceTable.from_sequences(sequences, T), dense, y


def loss_with(optimizer):
    X, y = data()
    samples = Samples(SequenceTable.from_array(X), y)
    plan = schedule(optimizer=optimizer)
    return Network(SPEC, seed=3).train(samples, plan)["loss"][-1]


def with_missing_steps():
    X = np.random.default_rng(0).normal(size=(6, 7, 3)).astype(np.float32)
    X[0, :3] = np.nan  # before
    X[1, 5:] = np.nan  # after
    X[2, 2:4] = np.nan  # between
    X[3, [0, 3, 6]] = np.nan  # all over
    X[4, :6] = np.nan  # one step left
    return X
