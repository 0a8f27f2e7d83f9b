"""LSTM-FCN: the network that Keras's layers build by hand, and what it holds to."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.metrics import log_loss

from sklstm import LSTMClassifier

N_SAMPLES, N_TIMESTEPS, N_FEATURES = 12, 10, 3


@pytest.fixture(name="X")
def sequences():
    return np.random.default_rng(0).normal(size=(N_SAMPLES, N_TIMESTEPS, N_FEATURES))


@pytest.fixture
def y():
    return np.arange(N_SAMPLES) % 3


@pytest.fixture
def gaps(X):
    X = X.copy()
    X[1, :4] = X[2, 5:] = X[3, [0, 2, 3, 7]] = X[4, ::2] = np.nan
    return X


def lstm_fcn(**settings):
    small = {"units": 4, "fcn_filters": (5, 6), "fcn_pooling": "mean"}
    settings = {**small, "bidirectional": False, **settings}
    return LSTMClassifier(random_state=0, **{"epochs": 2, "patch_size": 1, **settings})


def convolutional(x, filters, kernels, squeeze=None, pool=1, last="mean"):
    """The convolutional half of LSTM-FCN, as the papers draw it."""
    for depth, (n_filters, kernel) in enumerate(zip(filters, kernels, strict=True)):
        conv = layers.Conv1D(n_filters, kernel, padding="same", use_bias=False)
        norm = layers.BatchNormalization(momentum=0.9)
        x = layers.ReLU()(norm(conv(x)))
        if pool > 1 and depth < len(filters) - 1:
            x = layers.MaxPooling1D(pool)(x)
        if squeeze and depth < len(filters) - 1:
            weights = layers.GlobalAveragePooling1D()(x)
            weights = layers.Dense(squeeze[depth], "relu", use_bias=False)(weights)
            weights = layers.Dense(n_filters, "sigmoid", use_bias=False)(weights)
            x = layers.Multiply()([x, layers.Reshape((1, n_filters))(weights)])
    mean, maximum = layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)
    both = layers.Concatenate()([mean, layers.Rescaling(0.05)(maximum)])
    return {"mean": mean, "max": maximum, "concat": both}[last]


def by_hand(recurrent, filters=(5, 6), kernels=(8, 5), **settings):
    inputs = keras.Input((N_TIMESTEPS, N_FEATURES))
    joined = [recurrent(inputs), convolutional(inputs, filters, kernels, **settings)]
    outputs = layers.Dense(3, "softmax")(layers.Concatenate()(joined))
    return keras.Model(inputs, outputs)


STACKS = {
    "LSTM-FCN": ({}, lambda: by_hand(layers.LSTM(4))),
    "kernels": (
        {"fcn_kernel_size": (3, 2)},
        lambda: by_hand(layers.LSTM(4), kernels=(3, 2)),
    ),
    "one kernel, four convolutions": (
        {"fcn_filters": (4, 5, 6, 7), "fcn_kernel_size": 3},
        lambda: by_hand(layers.LSTM(4), (4, 5, 6, 7), (3, 3, 3, 3)),
    ),
    "kernels of auto": (
        {"fcn_filters": (4, 5, 6, 7)},
        lambda: by_hand(layers.LSTM(4), (4, 5, 6, 7), (8, 5, 3, 3)),
    ),
    "MLSTM-FCN": (
        {"fcn_filters": (32, 6), "fcn_squeeze_excite": True},
        lambda: by_hand(layers.LSTM(4), (32, 6), squeeze=(2,)),
    ),
    "pooled": (
        {"fcn_pool_size": 5},
        lambda: by_hand(layers.LSTM(4), pool=5),
    ),
    "maximum": (
        {"fcn_pooling": "max"},
        lambda: by_hand(layers.LSTM(4), last="max"),
    ),
    "mean and maximum": (
        {"fcn_pooling": "concat", "fcn_pool_size": 2},
        lambda: by_hand(layers.LSTM(4), pool=2, last="concat"),
    ),
    "dimension shuffle": (
        {"patch_size": N_TIMESTEPS},
        lambda: by_hand(lambda x: layers.LSTM(4)(layers.Reshape((1, -1))(x))),
    ),
    "patches": (
        {"patch_size": 5, "cell": "gru", "bidirectional": True},
        lambda: by_hand(
            lambda x: layers.Bidirectional(layers.GRU(4))(layers.Reshape((2, -1))(x))
        ),
    ),
}


def with_weights_of(classifier, model):
    """Set weights by the kinds of their layers: the orders of layers differ."""
    ours = {}
    for layer in classifier.model_.layers:
        ours.setdefault(type(layer).__name__, []).append(layer.get_weights())
    dense = ours["Dense"]
    ours["Dense"] = sorted(dense, key=lambda w: len(w) > 1)  # the output is the last
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(ours[type(layer).__name__].pop(0))
    assert not any(w for of_kind in ours.values() for one in of_kind for w in one)
    return model


@pytest.mark.parametrize("name", STACKS)
def test_network_is_the_one_built_by_hand(name, X, y):
    settings, stack = STACKS[name]
    classifier = lstm_fcn(dropout=0.0, **settings).fit(X, y)
    model = with_weights_of(classifier, stack())
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(classifier.predict_proba(X), expected, atol=2e-6)


@pytest.mark.parametrize("name", STACKS)
def test_it_trains_as_keras_does(name, X, y):
    settings, stack = STACKS[name]
    settings = {"learning_rate_schedule": "constant", "dropout": 0.0, **settings}
    settings |= {"batch_size": 6, "shuffle": False, "warm_start": True, "epochs": 1}
    classifier = lstm_fcn(**settings).fit(X, y)
    model = with_weights_of(classifier, stack())
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(X, y, batch_size=6, epochs=2, shuffle=False, verbose=0)
    # A fresh optimizer goes on from the same weights.
    classifier.set_params(epochs=2).fit(X, y)
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(classifier.predict_proba(X), expected, atol=2e-3)
    moments = classifier.model_.get_layer("fcn_2_norm").get_weights()[2:]
    stock = [layer for layer in model.layers if "batch_norm" in layer.name][1]
    for ours, of_keras in zip(moments, stock.get_weights()[2:], strict=True):
        np.testing.assert_allclose(ours, of_keras, rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("squeeze", [False, True])
@pytest.mark.parametrize("pool", [1, 3])
def test_missing_steps_are_skipped(squeeze, pool, gaps, y):
    """A sequence with missing steps is the shorter sequence without them."""
    classifier = lstm_fcn(
        fcn_squeeze_excite=squeeze,
        fcn_pool_size=pool,
        fcn_pooling="concat",
        patch_size=3,
    ).fit(gaps, y)
    outputs = classifier.predict_proba(gaps)
    for i in range(6):
        alone = gaps[i][~np.isnan(gaps[i]).all(axis=1)]
        expected = classifier.predict_proba(alone[np.newaxis])
        np.testing.assert_allclose(outputs[[i]], expected, atol=2e-6)


def test_missing_steps_are_not_in_the_moments_of_a_batch(gaps, y):
    """The steps that exist, one after the other, train as they do behind a gap."""
    shifted = np.full_like(gaps, np.nan)
    for i, sequence in enumerate(gaps):
        kept = sequence[~np.isnan(sequence).all(axis=1)]
        shifted[i, : len(kept)] = kept
    longer = np.concatenate([shifted, np.full_like(shifted, np.nan)], axis=1)
    ours, others = (lstm_fcn().fit(X, y).predict_proba(X) for X in (gaps, longer))
    np.testing.assert_allclose(ours, others, atol=1e-6)


@pytest.mark.parametrize("window_norm", [None, "last", "standard"])
def test_model_of_stock_layers_gives_the_same(window_norm, gaps, y):
    classifier = lstm_fcn(
        fcn_squeeze_excite=True,
        fcn_pool_size=4,
        fcn_pooling="concat",
        window_norm=window_norm,
        patch_size="auto",
    ).fit(gaps, y)
    outputs = classifier.to_keras().predict(gaps, verbose=0)
    np.testing.assert_allclose(outputs, classifier.predict_proba(gaps), atol=2e-6)


def test_a_prediction_has_the_same_bits_alone(gaps, y):
    classifier = lstm_fcn().fit(gaps, y)
    whole = classifier.predict_proba(gaps)
    alone = [classifier.predict_proba(gaps[[i]]) for i in range(N_SAMPLES)]
    np.testing.assert_array_equal(whole, np.concatenate(alone))


def test_only_the_shape_tells_where_windows_are_standardized(X, y):
    classifier = lstm_fcn(window_norm="standard").fit(X, y)
    moved = 5 * X + 100
    expected = classifier.predict_proba(X)
    np.testing.assert_allclose(classifier.predict_proba(moved), expected, atol=1e-4)
    plain = lstm_fcn().fit(X, y)
    assert abs(plain.predict_proba(moved) - plain.predict_proba(X)).max() > 0.01


@pytest.mark.parametrize("batch_size", [1, 11, -1])
def test_batches_of_one_sample_train(batch_size, X, y):
    # Of eleven, one sample is left over.
    X[..., 0] += 2 * y[:, np.newaxis]
    classifier = lstm_fcn(batch_size=batch_size, epochs=60, dropout=0.0).fit(X, y)
    assert np.isfinite(classifier.predict_proba(X)).all()
    assert classifier.score(X, y) > 0.9


def test_partial_fit_comes_to_what_fit_learns():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 30, 1)) + y[:, np.newaxis, np.newaxis]
    classifier = lstm_fcn(batch_size=10)
    for _ in range(5):
        classifier.partial_fit(X, y, classes=[0, 1])
    assert classifier.score(X, y) > 0.9


@pytest.mark.parametrize("early_stopping", [False, True])
def test_held_out_loss_is_that_of_the_network_that_fit_leaves(early_stopping):
    """With the moments of the best epoch, where it went back to that."""
    # Noise, in which the held-out loss gets worse sooner or later.
    X, y = np.random.default_rng(0).normal(size=(60, 20, 2)), np.arange(60) % 2
    settings = {"epochs": 100, "validation_split": 0.2, "patience": 3}
    classifier = lstm_fcn(early_stopping=early_stopping, **settings).fit(X, y)
    losses = classifier.history_["val_loss"]
    assert (len(losses) < 100) == early_stopping
    expected = min(losses) if early_stopping else losses[-1]
    found = log_loss(y[48:], classifier.predict_proba(X[48:]))  # the last of each class
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_copy_by_pickle_goes_on_as_the_network_itself(X, y):
    classifier = lstm_fcn().fit(X, y)
    copy = pickle.loads(pickle.dumps(classifier))
    ours, others = (
        one.partial_fit(X, y).predict_proba(X) for one in (classifier, copy)
    )
    np.testing.assert_array_equal(ours, others)


def test_patches_are_those_of_the_first_sequences():
    X, y = np.random.default_rng(0).normal(size=(12, 150, 1)), np.arange(12) % 2
    classifier = lstm_fcn(patch_size="auto").partial_fit(X[:, :70], y)
    assert classifier.patch_size_ == classifier.partial_fit(X, y).patch_size_ == 2
    assert lstm_fcn(patch_size="auto").fit(X, y).patch_size_ == 4


@pytest.mark.parametrize("settings", [{}, {"batch_size": 1, "epochs": 5}])
def test_single_samples_teach_what_many_do(settings):
    """A batch of one sample is not normalized by itself, which would hide its level."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    X = rng.normal(size=(200, 20, 1)) + y[:, np.newaxis, np.newaxis]
    classifier = lstm_fcn(fcn_filters=16, **settings)
    if settings:
        classifier.fit(X, y)
    else:
        for sample, label in zip(X, y, strict=True):
            classifier.partial_fit(sample[np.newaxis], [label], classes=[0, 1])
    assert classifier.score(X, y) > 0.9


def test_one_epoch_leaves_moments_of_the_data():
    """The first batch sets the moving moments; zeros and ones would take long to go."""
    X = np.random.default_rng(0).normal(size=(64, 20, 2)) + 50
    classifier = lstm_fcn(fcn_filters=8, batch_size=-1, epochs=1, learning_rate=1e-9)
    classifier.fit(X, np.arange(64) % 2)
    convolve = classifier.model_.get_layer("fcn_1")
    outputs = convolve(X.astype("float32")).numpy().reshape(-1, 8)
    mean, variance = classifier.model_.get_layer("fcn_1_norm").get_weights()[2:]
    np.testing.assert_allclose(mean, outputs.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(variance, outputs.var(axis=0), rtol=1e-2)


def test_constant_sequences_of_any_length_are_alike_where_standardized():
    X = np.full((20, 30, 1), 1000.1)
    X[::2, 17:] = np.nan
    classifier = lstm_fcn(window_norm="standard", bidirectional=True)
    classifier.fit(X, np.arange(20) // 2 % 2)
    zero = classifier.predict_proba(np.zeros((1, 30, 1)))
    np.testing.assert_array_equal(classifier.predict_proba(X[1::2]), zero.repeat(10, 0))


def test_without_convolutions_nothing_of_them_is_compiled_anew(X, y):
    specs = set()
    for n in (1, 20, 40):
        X_long = np.concatenate([X] * n, axis=1)
        classifier = LSTMClassifier(units=2, fcn_filters=(), epochs=1).fit(X_long, y)
        specs.add(classifier.network_.spec)
    assert len(specs) == 1


def test_weights_count_in_the_loss_alone(X, y):
    weights = np.where(y == 0, 0.0, 1.0)
    zero = lstm_fcn().fit(X, y, sample_weight=weights)
    without = lstm_fcn().fit(X[y > 0], y[y > 0])
    assert zero.classes_.tolist() == without.classes_.tolist()
    expected = without.predict_proba(X)
    np.testing.assert_allclose(zero.predict_proba(X), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("n_timesteps", "pool_size", "patch_size"),
    [(1, 1, 1), (64, 1, 1), (65, 1, 2), (151, 2, 4), (430, 4, 8), (2000, 4, 32)],
)
def test_auto_goes_by_the_longest_sequence(n_timesteps, pool_size, patch_size):
    X = np.zeros((4, n_timesteps, 1))
    X[0, n_timesteps // 2 + 1 :] = np.nan
    classifier = LSTMClassifier(units=1, epochs=1).fit(X, [0, 1, 0, 1])
    assert classifier.fcn_pool_size_ == pool_size
    assert classifier.patch_size_ == patch_size
    convolutions = [
        layer.filters
        for layer in classifier.model_.layers
        if isinstance(layer, layers.Conv1D)
    ]
    assert convolutions == list(classifier.fcn_filters_)


def test_auto_of_the_first_fit_holds_when_training_goes_on(X, y):
    classifier = LSTMClassifier(units=1, epochs=1, warm_start=True).fit(X, y)
    longer = np.concatenate([X] * 20, axis=1)
    assert classifier.fit(longer, y).fcn_pool_size_ == 1
    assert clone(classifier).fit(longer, y).fcn_pool_size_ == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fcn_filters", "many"),
        ("fcn_filters", 0),
        ("fcn_filters", (8, 2.5)),
        ("fcn_kernel_size", (8, 5)),
        ("fcn_kernel_size", 0),
        ("fcn_pool_size", 0),
        ("fcn_pooling", "last"),
        ("fcn_dropout", 1.0),
        ("fcn_squeeze_excite", "yes"),
        ("patch_size", 0),
        ("window_norm", "mean"),
        ("dropout", "much"),
        ("pooling", "first"),
    ],
)
def test_parameters_that_are_not_allowed(name, value, X, y):
    classifier = LSTMClassifier(epochs=1).set_params(**{name: value})
    with pytest.raises(ValueError, match=name):
        classifier.fit(X, y)
    assert not hasattr(classifier, "classes_")


def test_other_convolutions_when_training_goes_on(X, y):
    classifier = lstm_fcn(warm_start=True).fit(X, y)
    for name, value in {
        "fcn_filters": (5, 7),
        "fcn_pool_size": 2,
        "patch_size": 2,
    }.items():
        changed = clone(classifier).fit(X, y).set_params(**{name: value})
        with pytest.raises(ValueError, match=f"built with {name}"):
            changed.fit(X, y)


def test_a_shape_in_noise_is_found_by_few_samples():
    """What an LSTM alone needs hundreds of samples for."""
    rng = np.random.default_rng(0)
    y = np.arange(160) % 2
    X = rng.normal(size=(160, 80, 1))
    for i, label in enumerate(y):
        at = rng.integers(70)
        X[i, at : at + 10, 0] += 3 * np.sin(np.arange(10) * (0.7 if label else 1.9))
    classifier = LSTMClassifier(random_state=0).fit(X[:60], y[:60])
    assert classifier.score(X[60:], y[60:]) > 0.9


def rare_shapes(n_rare, seed):
    """Return 600 noisy sequences, `n_rare` of which hide another shape than most."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(600) < n_rare)
    X = rng.normal(size=(600, 40, 1))
    for sequence, is_rare in zip(X, y, strict=True):
        at = rng.integers(31)
        pitch = 1.9 if is_rare else 0.7
        sequence[at : at + 10, 0] += 2.25 * np.sin(pitch * np.arange(10))
    return X, y


def test_a_class_of_two_percent_is_found():
    """Of its 12 samples; with weights better than without, and by few false alarms."""
    X, y = rare_shapes(n_rare=12, seed=0)
    X_new, is_rare = rare_shapes(n_rare=100, seed=100)
    balanced, plain = (
        LSTMClassifier(class_weight=weight, random_state=0).fit(X, y).predict(X_new)
        for weight in ("balanced", None)
    )
    assert balanced[is_rare].mean() > 0.8
    assert balanced[is_rare].mean() >= plain[is_rare].mean()
    assert balanced[~is_rare].mean() < 0.05


def test_convolutions_are_left_out_of_whole_samples(X, y):
    classifier = lstm_fcn(fcn_dropout=0.4).fit(X, y)
    layer = classifier.model_.get_layer("fcn_dropout")
    seen = np.asarray(layer(np.ones((2000, 6), "float32"), training=True))
    assert (seen == seen[:, :1]).all()
    np.testing.assert_allclose(np.unique(seen), [0, 1 / 0.6], rtol=1e-6)
    assert abs((seen[:, 0] == 0).mean() - 0.4) < 0.05


def test_recurrent_layers_learn_alone_where_convolutions_are_left_out(X, y):
    """At a share of almost 1 no sample of a batch of six shows the convolutions."""
    settings = {"batch_size": 6, "shuffle": False, "dropout": 0.0}
    before, after = (
        {
            layer.name: layer.get_weights()
            for layer in lstm_fcn(fcn_dropout=1 - 1e-6, epochs=epochs, **settings)
            .fit(X, y)
            .model_.layers
        }
        for epochs in (1, 3)
    )
    for name in ("fcn_1", "fcn_2"):
        np.testing.assert_array_equal(before[name], after[name])
    assert np.abs(before["lstm_1"][0] - after["lstm_1"][0]).max() > 0


@pytest.mark.parametrize(
    ("a_class", "n_steps", "expected"),
    [(15, 6, 0.0), (16, 6, 0.3), (16, 149, 0.3), (16, 150, 0.0)],
)
def test_share_of_auto_goes_by_samples_and_steps(a_class, n_steps, expected):
    X = np.random.default_rng(0).normal(size=(3 * a_class, n_steps, 1))
    y = np.arange(len(X)) % 3
    classifier = LSTMClassifier(units=2, fcn_filters=3, epochs=1).fit(X, y)
    assert classifier.fcn_dropout_ == expected
    rates = [
        layer.rate for layer in classifier.model_.layers if "Dropout" in str(layer)
    ]
    assert (0.3 in rates) == (expected == 0.3)
