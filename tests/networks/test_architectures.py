"""Networks by parameters: each is the network that Keras's layers build by hand."""

import keras
import numpy as np
import pytest
from keras import layers
from plain import PLAIN
from sklearn.exceptions import NotFittedError
from sklearn.metrics import mean_pinball_loss

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.networks import QuantileLoss

N_SAMPLES, N_TIMESTEPS, N_FEATURES = 12, 9, 3


@pytest.fixture(name="X")
def sequences():
    return np.random.default_rng(0).normal(size=(N_SAMPLES, N_TIMESTEPS, N_FEATURES))


@pytest.fixture
def y():
    return np.random.default_rng(1).normal(size=(N_SAMPLES, 2))


def missing_steps(X):
    """Leave out steps before, between and behind others; one sample keeps none."""
    X = X.copy()
    X[1, :4] = np.nan
    X[2, 5:] = np.nan
    X[3, [0, 2, 3, 7]] = np.nan
    X[4, ::2] = np.nan
    X[5] = np.nan
    return X


def fitted(X, y, **settings):
    training = {"epochs": 1, "random_state": 0, "learning_rate_schedule": "constant"}
    settings = {"units": 4, **training, **PLAIN, **settings}
    return LSTMRegressor(standardize_target=False, **settings).fit(X, y)


def by_hand(*stack, n_features=N_FEATURES):
    """Build a model by hand, from layers as a tutorial writes them."""
    return keras.Sequential([keras.Input((None, n_features)), *stack])


def with_weights_of(regressor, model):
    model.set_weights(regressor.model_.get_weights())
    return model


STACKS = {
    "gru": ({"cell": "gru"}, lambda: [layers.GRU(4), layers.Dense(2)]),
    "simple rnn": (
        {"cell": "simple_rnn", "activation": "relu"},
        lambda: [layers.SimpleRNN(4, activation="relu"), layers.Dense(2)],
    ),
    "gates": (
        {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
        lambda: [
            layers.LSTM(4, activation="relu", recurrent_activation="hard_sigmoid"),
            layers.Dense(2),
        ],
    ),
    "bidirectional, stacked": (
        {"units": (4, 3), "bidirectional": True},
        lambda: [
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.Bidirectional(layers.LSTM(3)),
            layers.Dense(2),
        ],
    ),
    "bidirectional GRU": (
        {"cell": "gru", "bidirectional": True},
        lambda: [layers.Bidirectional(layers.GRU(4)), layers.Dense(2)],
    ),
    "mean": (
        {"pooling": "mean"},
        lambda: [
            layers.LSTM(4, return_sequences=True),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2),
        ],
    ),
    "max": (
        {"pooling": "max", "bidirectional": True},
        lambda: [
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.GlobalMaxPooling1D(),
            layers.Dense(2),
        ],
    ),
    "convolutions": (
        {"conv_filters": (5, 6), "conv_kernel_size": 2},
        lambda: [
            layers.Conv1D(5, 2, activation="relu"),
            layers.Conv1D(6, 2, activation="relu"),
            layers.LSTM(4),
            layers.Dense(2),
        ],
    ),
    "convolution, pooled": (
        {"conv_filters": 5, "conv_pool_size": 2, "conv_activation": "tanh"},
        lambda: [
            layers.Conv1D(5, 3, activation="tanh"),
            layers.MaxPooling1D(2),
            layers.LSTM(4),
            layers.Dense(2),
        ],
    ),
    "dense layers": (
        {"hidden_layer_sizes": (6, 5), "hidden_activation": "gelu"},
        lambda: [
            layers.LSTM(4),
            layers.Dense(6, activation="gelu"),
            layers.Dense(5, activation="gelu"),
            layers.Dense(2),
        ],
    ),
}


@pytest.mark.parametrize("name", STACKS)
def test_network_is_the_one_built_by_hand(name, X, y):
    settings, stack = STACKS[name]
    regressor = fitted(X, y, **settings)
    model = with_weights_of(regressor, by_hand(*stack()))
    np.testing.assert_allclose(
        regressor.predict(X), model.predict(X, verbose=0), atol=2e-6
    )


@pytest.mark.parametrize("name", STACKS)
def test_missing_steps_are_skipped(name, X, y):
    """A sequence with missing steps is the shorter sequence without them."""
    settings, _ = STACKS[name]
    gaps = missing_steps(X)
    regressor = fitted(gaps, y, **settings)
    outputs = regressor.predict(gaps)
    for i in [0, 1, 2, 3, 4]:
        alone = gaps[i][~np.isnan(gaps[i]).all(axis=1)]
        expected = regressor.predict(alone[np.newaxis])
        np.testing.assert_allclose(outputs[[i]], expected, atol=2e-6)


@pytest.mark.parametrize(
    "settings",
    [
        *(settings for settings, _ in STACKS.values()),
        {"pooling": "attention"},
        {"pooling": "concat"},
        {"pooling": "concat", "bidirectional": True, "activation": "relu"},
        {"pooling": "concat", "bidirectional": True, "cell": "gru", "conv_filters": 4},
        {"heads": "separate", "hidden_layer_sizes": (3,)},
        {"conv_filters": 4, "conv_pool_size": 2, "pooling": "attention"},
    ],
    ids=str,
)
def test_model_of_stock_layers_gives_the_same(settings, X, y):
    gaps = missing_steps(X)
    regressor = fitted(gaps, y, **settings)
    outputs = regressor.to_keras().predict(gaps, verbose=0)
    np.testing.assert_allclose(outputs, regressor.predict(gaps), atol=2e-6)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_concat_is_the_last_state_the_maximum_and_the_mean(bidirectional, X, y):
    settings = {"pooling": "concat", "bidirectional": bidirectional}
    settings |= {"batch_size": -1, "shuffle": False, "warm_start": True}
    regressor = fitted(X, y, **settings)
    inputs = keras.Input((None, N_FEATURES))
    lstm = layers.LSTM(4, return_sequences=True, return_state=True)
    if bidirectional:
        states, h, _, h_back, _ = layers.Bidirectional(lstm)(inputs)
        last = [h, h_back]
    else:
        states, h, _ = lstm(inputs)
        last = [h]
    pooled = [layers.GlobalMaxPooling1D()(states)]
    pooled.append(layers.GlobalAveragePooling1D()(states))
    outputs = layers.Dense(2)(layers.Concatenate()([*last, *pooled]))
    model = with_weights_of(regressor, keras.Model(inputs, outputs))
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(regressor.predict(X), expected, atol=2e-6)
    model.compile(keras.optimizers.Adam(regressor.learning_rate), "mse")
    model.fit(X, y, batch_size=N_SAMPLES, shuffle=False, verbose=0)
    regressor.fit(X, y)
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(regressor.predict(X), expected, atol=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_concat_skips_missing_steps(bidirectional, X, y):
    gaps = missing_steps(X)
    regressor = fitted(gaps, y, pooling="concat", bidirectional=bidirectional)
    outputs = regressor.predict(gaps)
    for i in [0, 1, 2, 3, 4]:
        alone = gaps[i][~np.isnan(gaps[i]).all(axis=1)]
        expected = regressor.predict(alone[np.newaxis])
        np.testing.assert_allclose(outputs[[i]], expected, atol=2e-6)


def test_attention_is_a_mean_by_weights(X, y):
    regressor = fitted(X, y, pooling="attention")
    weights = regressor.model_.get_layer
    lstm = layers.LSTM(4, return_sequences=True)
    lstm.build(X.shape)
    lstm.set_weights(weights("lstm_1").get_weights())
    states = lstm(X.astype("float32")).numpy()
    kernel, bias = weights("attention").get_weights()
    (score,) = weights("attention_score").get_weights()
    scores = np.exp(np.tanh(states @ kernel + bias) @ score)
    pooled = (states * scores / scores.sum(axis=1, keepdims=True)).sum(axis=1)
    kernel, bias = weights("output").get_weights()
    expected = pooled @ kernel + bias
    np.testing.assert_allclose(regressor.predict(X), expected, atol=2e-6)


def test_separate_heads_are_networks_after_one_encoder(X, y):
    regressor = fitted(X, y, heads="separate", hidden_layer_sizes=(3,))
    inputs, lstm = keras.Input((None, N_FEATURES)), layers.LSTM(4)
    hidden = [layers.Dense(3, activation="relu") for _ in range(2)]
    output = [layers.Dense(1) for _ in range(2)]
    state = lstm(inputs)
    outputs = [output[i](hidden[i](state)) for i in range(2)]
    model = keras.Model(inputs, layers.Concatenate()(outputs))
    of_name = {"lstm_1": lstm}
    for i in range(2):
        of_name |= {f"hidden_1_of_{i}": hidden[i], f"output_of_{i}": output[i]}
    for name, layer in of_name.items():
        layer.set_weights(regressor.model_.get_layer(name).get_weights())
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(regressor.predict(X), expected, atol=2e-6)


@pytest.mark.parametrize("name", STACKS)
def test_an_epoch_trains_as_keras_does(name, X, y):
    """One batch, from the same weights: the step of Adam is the same."""
    settings, stack = STACKS[name]
    once = fitted(X, y, **settings, batch_size=-1, shuffle=False, warm_start=True)
    model = with_weights_of(once, by_hand(*stack()))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model.fit(X, y, epochs=3, batch_size=N_SAMPLES, shuffle=False, verbose=0)
    # A fresh optimizer goes on from the same weights.
    once.set_params(epochs=3, learning_rate=0.01).fit(X, y)
    np.testing.assert_allclose(once.predict(X), model.predict(X, verbose=0), atol=2e-4)


def test_dropout_in_the_cell_is_for_training_alone(X, y):
    regressor = fitted(X, y, recurrent_dropout=0.5, epochs=2)
    again = fitted(X, y, recurrent_dropout=0.5, epochs=2)
    without = fitted(X, y, epochs=2)
    np.testing.assert_array_equal(regressor.predict(X), again.predict(X))
    assert not np.allclose(regressor.predict(X), without.predict(X))


def test_kernel_longer_than_the_sequences(X, y):
    with pytest.raises(ValueError, match=r"conv_kernel_size=10 .* longest .* has 9"):
        fitted(X, y, conv_filters=4, conv_kernel_size=10)
    with pytest.raises(ValueError, match="after convolution 2"):
        fitted(X, y, conv_filters=(4, 4), conv_pool_size=4)


def test_shorter_sequences_than_the_kernel_give_the_zero_state(X, y):
    regressor = fitted(X, y, conv_filters=4, conv_kernel_size=5)
    short = regressor.predict(X[:3, :2])
    bias = regressor.model_.get_layer("output").get_weights()[1]
    np.testing.assert_allclose(short, np.tile(bias, (3, 1)), atol=1e-6)


def test_separate_heads_of_a_softmax(X):
    with pytest.raises(ValueError, match="heads='separate'"):
        LSTMClassifier(heads="separate", epochs=1).fit(X, np.arange(N_SAMPLES) % 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cell", "rnn"),
        ("bidirectional", "yes"),
        ("pooling", "min"),
        ("heads", "both"),
        ("conv_kernel_size", 0),
        ("conv_pool_size", 0),
        ("conv_activation", "cosine"),
        ("recurrent_dropout", 1.0),
        ("recurrent_activation", "steps"),
    ],
)
def test_parameters_that_are_not_allowed(name, value, X, y):
    with pytest.raises(ValueError, match=rf"'{name}' parameter of LSTMRegressor"):
        LSTMRegressor(**{name: value}).fit(X, y)


def test_conv_filters_must_be_whole_numbers(X, y):
    with pytest.raises(ValueError, match="conv_filters must be"):
        LSTMRegressor(conv_filters=(4, 0)).fit(X, y)


# ----------------------------------------------------------------- sequence to sequence
@pytest.fixture
def y_of_steps():
    return np.random.default_rng(2).normal(3, 2, size=(N_SAMPLES, 5, 2))


@pytest.mark.parametrize("settings", [{}, {"bidirectional": True}, {"cell": "gru"}])
def test_encoder_decoder_is_the_one_built_by_hand(settings, X, y_of_steps):
    regressor = fitted(X, y_of_steps, hidden_layer_sizes=(6,), **settings)
    kind = {"gru": layers.GRU}.get(settings.get("cell"), layers.LSTM)
    encoder = kind(4)
    if settings.get("bidirectional"):
        encoder = layers.Bidirectional(encoder)
    model = by_hand(
        encoder,
        layers.RepeatVector(5),
        kind(4, return_sequences=True),
        layers.TimeDistributed(layers.Dense(6, activation="relu")),
        layers.TimeDistributed(layers.Dense(2)),
    )
    with_weights_of(regressor, model)
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(regressor.predict(X), expected, atol=2e-6)


def test_sequences_of_targets_are_standardized_by_output(X, y_of_steps):
    y = y_of_steps * [1.0, 100.0]
    regressor = LSTMRegressor(units=4, epochs=2, random_state=0).fit(X, y)
    encoder = regressor.target_encoder_
    np.testing.assert_allclose(encoder.offset_, y.mean(axis=(0, 1)))
    np.testing.assert_allclose(encoder.scale_, y.std(axis=(0, 1)))
    predicted = regressor.predict(X)
    assert predicted.shape == y.shape
    stock = regressor.to_keras().predict(X, verbose=0)
    np.testing.assert_allclose(stock, predicted, rtol=1e-5, atol=1e-4)


def test_score_of_sequences_is_of_every_step_and_output(X, y_of_steps):
    regressor = LSTMRegressor(units=4, epochs=2, random_state=0).fit(X, y_of_steps)
    errors = ((y_of_steps - regressor.predict(X)) ** 2).sum(axis=0)
    total = ((y_of_steps - y_of_steps.mean(axis=0)) ** 2).sum(axis=0)
    score = regressor.score(X, y_of_steps)
    assert score == pytest.approx((1 - errors / total).mean())


def test_weights_of_sequences_are_repetitions(X, y_of_steps):
    """A sample of weight 2 is two samples, in a batch that holds all."""
    settings = {"units": 4, "epochs": 5, "shuffle": False, "random_state": 0}
    settings |= {"batch_size": -1, "standardize_target": False}
    weights = np.array([2, *[1] * (N_SAMPLES - 1)])
    weighted = LSTMRegressor(**settings).fit(X, y_of_steps, sample_weight=weights)
    twice = np.repeat(np.arange(N_SAMPLES), weights)
    repeated = LSTMRegressor(**settings).fit(X[twice], y_of_steps[twice])
    # The sums of weights differ, but not what Adam makes of gradients.
    np.testing.assert_allclose(
        weighted.predict(X), repeated.predict(X), rtol=1e-3, atol=1e-3
    )


def test_sequences_learn_to_be_reversed():
    rng = np.random.default_rng(0)
    X = rng.choice([-1.0, 1.0], size=(400, 4, 1))
    y = X[:, ::-1]
    regressor = LSTMRegressor(
        units=24, epochs=60, learning_rate=0.02, random_state=0
    ).fit(X[:300], y[:300])
    assert regressor.score(X[300:], y[300:]) > 0.8


def test_separate_heads_of_sequences(X, y_of_steps):
    with pytest.raises(ValueError, match=r"heads='separate' needs y of shape"):
        LSTMRegressor(heads="separate", epochs=1).fit(X, y_of_steps)


def test_target_of_other_steps_when_training_goes_on(X, y_of_steps):
    regressor = LSTMRegressor(units=4, epochs=1).fit(X, y_of_steps)
    with pytest.raises(ValueError, match=r"\(n_samples, 5, 2\)"):
        regressor.partial_fit(X, y_of_steps[:, :4])


# ---------------------------------------------------------------------------- quantiles
def test_quantiles_of_what_is_not_fitted(X):
    with pytest.raises(NotFittedError):
        LSTMRegressor(loss="quantile").predict_quantiles(X)


def test_quantile_loss_is_the_one_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, predicted = rng.normal(size=(30, 2)), rng.normal(size=(30, 2, 3))
    quantiles = (0.1, 0.5, 0.8)
    expected = np.mean(
        [
            mean_pinball_loss(y, predicted[..., i], alpha=q)
            for i, q in enumerate(quantiles)
        ]
    )
    assert float(QuantileLoss(quantiles)(y, predicted)) == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(), (2,), (4, 2)])
@pytest.mark.parametrize("heads", ["joint", "separate"])
def test_quantiles_never_cross_and_the_median_is_predicted(shape, heads, X):
    if len(shape) == 2 and heads == "separate":
        pytest.skip("is refused")
    y = np.random.default_rng(0).normal(5, 3, size=(N_SAMPLES, *shape))
    regressor = LSTMRegressor(
        units=4, loss="quantile", heads=heads, epochs=3, learning_rate=0.1
    ).fit(X, y)
    quantiles = regressor.predict_quantiles(X)
    assert quantiles.shape == (N_SAMPLES, *shape, 3)
    assert (np.diff(quantiles, axis=-1) > 0).all()
    np.testing.assert_array_equal(regressor.predict(X), quantiles[..., 1])
    stock = regressor.to_keras().predict(X, verbose=0)
    np.testing.assert_allclose(stock.reshape(quantiles.shape), quantiles, rtol=1e-4)


def test_quantiles_cover_what_they_say():
    """The noise grows with the last step, and so must the width."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, size=(3000, 3, 1))
    y = rng.normal(size=3000) * (0.2 + X[:, -1, 0])
    regressor = LSTMRegressor(
        units=8, loss="quantile", epochs=20, learning_rate=0.01, random_state=0
    ).fit(X[:2000], y[:2000])
    low, _, high = regressor.predict_quantiles(X[2000:]).T
    inside = (low < y[2000:]) & (y[2000:] < high)
    assert inside.mean() == pytest.approx(0.8, abs=0.05)
    noisy = X[2000:, -1, 0] > 0.5
    assert (high - low)[noisy].mean() > 1.5 * (high - low)[~noisy].mean()


def test_median_between_quantiles_and_outside(X, y):
    settings = {"units": 4, "epochs": 1, "loss": "quantile", "random_state": 0}
    between = LSTMRegressor(**settings, quantiles=(0.4, 0.8)).fit(X, y)
    low, high = np.moveaxis(between.predict_quantiles(X), -1, 0)
    np.testing.assert_allclose(between.predict(X), low + (high - low) / 4, rtol=1e-6)
    outside = LSTMRegressor(**settings, quantiles=(0.6, 0.9)).fit(X, y)
    nearest = outside.predict_quantiles(X)[..., 0]
    np.testing.assert_array_equal(outside.predict(X), nearest)


@pytest.mark.parametrize(
    "quantiles", [(), (0.0, 0.5), (0.5, 1.0), (0.9, 0.1), (0.5, 0.5)]
)
def test_quantiles_that_are_none(quantiles, X, y):
    with pytest.raises(ValueError, match="quantiles must be probabilities"):
        LSTMRegressor(loss="quantile", quantiles=quantiles).fit(X, y)


def test_quantiles_need_their_loss(X, y):
    regressor = LSTMRegressor(units=4, epochs=1).fit(X, y)
    assert not hasattr(regressor, "predict_quantiles")
    with pytest.raises(ValueError, match=r"metrics=.* can't compare"):
        LSTMRegressor(loss="quantile", metrics="mae").fit(X, y)


def test_other_quantiles_when_training_goes_on(X, y):
    regressor = LSTMRegressor(units=4, epochs=1, loss="quantile").fit(X, y)
    regressor.set_params(quantiles=(0.2, 0.5, 0.8))
    with pytest.raises(ValueError, match=r"can't go on with quantiles"):
        regressor.partial_fit(X, y)


# ------------------------------------------------------------------------------- tokens
@pytest.fixture
def tokens():
    return np.random.default_rng(0).choice([-3, 5, 8, 40_000_001], size=(N_SAMPLES, 6))


def test_embedding_is_the_one_built_by_hand(tokens, y):
    regressor = fitted(tokens, y, embedding_dim=7)
    assert regressor.vocabulary_.tolist() == [-3, 5, 8, 40_000_001]
    model = keras.Sequential(
        [keras.Input((None,)), layers.Embedding(5, 7), layers.LSTM(4), layers.Dense(2)]
    )
    with_weights_of(regressor, model)
    numbers = np.searchsorted(regressor.vocabulary_, tokens) + 1
    expected = model.predict(numbers, verbose=0)
    np.testing.assert_allclose(regressor.predict(tokens), expected, atol=2e-6)
    stock = regressor.to_keras().predict(tokens[..., np.newaxis], verbose=0)
    np.testing.assert_allclose(stock, expected, atol=2e-6)


def test_an_embedding_trains_as_keras_does(tokens, y):
    """As a product with one-hot rows, whose gradient is dense.

    Of an Embedding's sparse gradient, Keras's Adam squares the parts of a token that
    appears more than once, not their sum.
    """
    settings = {"embedding_dim": 7, "batch_size": -1, "shuffle": False}
    once = fitted(tokens, y, **settings, warm_start=True)
    product = layers.Dense(7, use_bias=False)
    model = with_weights_of(
        once, by_hand(product, layers.LSTM(4), layers.Dense(2), n_features=5)
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    one_hot = np.eye(5)[np.searchsorted(once.vocabulary_, tokens) + 1]
    model.fit(one_hot, y, epochs=3, batch_size=N_SAMPLES, shuffle=False, verbose=0)
    once.set_params(epochs=3, learning_rate=0.01).fit(tokens, y)
    expected = model.predict(one_hot, verbose=0)
    np.testing.assert_allclose(once.predict(tokens), expected, atol=2e-4)


def test_unknown_tokens_are_missing_steps(tokens, y):
    tokens = tokens[..., np.newaxis]
    regressor = fitted(tokens, y, embedding_dim=7)
    unknown = np.insert(tokens, [0, 3], [[6], [99]], axis=1)
    expected = regressor.predict(tokens)
    np.testing.assert_allclose(regressor.predict(unknown), expected, atol=1e-6)
    stock = regressor.to_keras().predict(unknown, verbose=0)
    np.testing.assert_allclose(stock, expected, atol=2e-6)


def test_classes_of_texts_are_learned():
    """The class is the first of two words that appears."""
    rng = np.random.default_rng(0)
    texts = rng.integers(10, 30, size=(600, 12)).astype(float)
    texts[np.arange(600), rng.integers(0, 12, 600)] = y = rng.choice([1, 2], 600)
    texts[:50, 9:] = np.nan
    seen = (texts == y[:, np.newaxis]).any(axis=1)
    classifier = LSTMClassifier(
        units=16, embedding_dim=8, epochs=15, learning_rate=0.01, random_state=0
    ).fit(texts[:400], y[:400])
    assert classifier.score(texts[400:][seen[400:]], y[400:][seen[400:]]) > 0.95


def test_tokens_must_be_integers(tokens, y):
    X = tokens.astype(float)
    X[2, 3] = 0.5
    with pytest.raises(ValueError, match=r"integer tokens in X, got 0.5 at sample 2"):
        fitted(X, y, embedding_dim=7)
    regressor = fitted(tokens, y, embedding_dim=7)
    with pytest.raises(ValueError, match="integer tokens"):
        regressor.predict(X)


def test_tokens_are_one_feature(X, y):
    with pytest.raises(ValueError, match=r"one feature.* has 3 features"):
        fitted(X, y, embedding_dim=7)
