"""The fused layers and the networks of them, against stock Keras layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from sklstm.networks import (
    FusedGRU,
    FusedLSTM,
    FusedSimpleRNN,
    NetworkSpec,
    build,
    fuse,
    initial_weights,
)

T, F = 5, 3
LENGTHS = np.array([5, 0, 3, 1, 4])


def draw(*shape, seed=0):
    generator = np.random.default_rng([seed, *shape])
    return generator.normal(size=shape).astype(np.float32)


FUSED = {
    layers.LSTM: FusedLSTM,
    layers.GRU: FusedGRU,
    layers.SimpleRNN: FusedSimpleRNN,
}


def pair(units, n_parts=1, features=F, kind=layers.LSTM, **arguments):
    """A stock layer whose weights are all other than zero, and its fused twin."""
    stock = kind(units, **arguments)
    stock.build((5 if arguments.get("stateful") else None, None, features))
    stock.set_weights([0.4 * draw(*w.shape, seed=9) for w in stock.get_weights()])
    return stock, FUSED[kind].of(stock, n_parts)


# Cells whose time steps a loop computes: layer, arguments, and number of states.
LOOPS = {
    "GRU": (layers.GRU, {}, 1),
    "GRU, relu": (layers.GRU, {"activation": "relu"}, 1),
    "GRU, elu and softsign": (
        layers.GRU,
        {"activation": "elu", "recurrent_activation": "softsign"},
        1,
    ),
    "simple RNN": (layers.SimpleRNN, {}, 1),
    "simple RNN, relu": (layers.SimpleRNN, {"activation": "relu"}, 1),
    "simple RNN, gelu": (layers.SimpleRNN, {"activation": "gelu"}, 1),
    "LSTM, relu": (layers.LSTM, {"activation": "relu"}, 2),
    "LSTM, linear": (layers.LSTM, {"activation": "linear"}, 2),
    "LSTM, silu and hard_sigmoid": (
        layers.LSTM,
        {"activation": "silu", "recurrent_activation": "hard_sigmoid"},
        2,
    ),
}


def run(layer, x, state=None, compiled=False, **arguments):
    """Outputs of a layer, and the gradients of a sum of these with random weights."""
    x = tf.constant(x)
    state = None if state is None else [tf.constant(s) for s in state]

    def call(x, state):
        weights = [w.value for w in layer.trainable_weights]
        sources = [x, *(state or []), *weights]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            outputs = tf.nest.flatten(layer(x, initial_state=state, **arguments))
            loss = sum(tf.reduce_sum(o * draw(*o.shape)) for o in outputs)
        return outputs, tape.gradient(loss, sources)

    outputs, gradients = (tf.function(call) if compiled else call)(x, state)
    gradients = [tf.zeros(()) if g is None else g for g in gradients]
    return [np.asarray(a) for a in outputs], [np.asarray(a) for a in gradients]


def assert_alike(ours, theirs, atol=1e-5):
    for kind, expected in zip(ours, theirs, strict=True):
        for a, b in zip(kind, expected, strict=True):
            np.testing.assert_allclose(
                a, b, rtol=1e-5, atol=atol * max(abs(b).max(), 1)
            )


def op_types(function, *arguments):
    """Types of all operations of a compiled function, those nested in others too."""
    graph = tf.function(function).get_concrete_function(*arguments).graph.as_graph_def()
    nested = [node.op for f in graph.library.function for node in f.node_def]
    return {node.op for node in graph.node} | set(nested)


# ------------------------------------------------------------------- the fused layer
UNITS = [4, 5, 64, 65]


@pytest.mark.parametrize(
    ("n_parts", "n_samples", "compiled"),
    [(1, 1, False), (2, 1, True), (1, 5, True), (2, 5, False)],
)
@pytest.mark.parametrize("units", UNITS)
def test_outputs_and_gradients_are_those_of_keras(units, n_parts, n_samples, compiled):
    stock, fused = pair(units, n_parts)
    x = draw(n_samples, T, F)
    assert_alike(run(fused, x, compiled=compiled), run(stock, x))


@pytest.mark.parametrize("features", [1, 8])
@pytest.mark.parametrize("n_timesteps", [1, 9])
@pytest.mark.parametrize("units", [1, 66])
def test_it_takes_any_number_of_steps_and_features(units, n_timesteps, features):
    stock, fused = pair(units, 2, features)
    x = draw(3, n_timesteps, features)
    assert_alike(run(fused, x), run(stock, x))


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("return_state", [False, True])
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize(
    ("units", "n_parts", "with_state"), [(5, 1, True), (64, 2, True), (4, 2, False)]
)
def test_arguments_mean_what_they_mean_to_keras(
    units, n_parts, with_state, return_sequences, return_state, go_backwards
):
    stock, fused = pair(
        units,
        n_parts,
        return_sequences=return_sequences,
        return_state=return_state,
        go_backwards=go_backwards,
    )
    x = draw(5, T, F)
    state = [draw(5, units, seed=1), draw(5, units, seed=2)] if with_state else None
    assert_alike(run(fused, x, state), run(stock, x, state))


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("return_state", [False, True])
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize(
    ("units", "n_parts", "compiled"), [(5, 2, True), (65, 2, False), (64, 1, True)]
)
def test_lengths_are_a_mask(
    units, n_parts, return_sequences, return_state, go_backwards, compiled
):
    stock, fused = pair(
        units,
        n_parts,
        return_sequences=return_sequences,
        return_state=return_state,
        go_backwards=go_backwards,
        zero_output_for_mask=return_sequences,
    )
    x = draw(5, T, F)
    state = [draw(5, units, seed=1), draw(5, units, seed=2)]
    # What a sequence of no steps puts out of a state has a test of its own.
    lengths = LENGTHS if return_sequences else np.maximum(LENGTHS, 1)
    mask = tf.sequence_mask(lengths, T)
    ours = run(fused, x, state, compiled=compiled, lengths=lengths)
    assert_alike(ours, run(stock, x, state, mask=mask))


@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("units", [5, 64])
def test_a_sequence_of_no_steps_puts_out_what_keras_does(units, return_sequences):
    stock, fused = pair(
        units,
        2,
        return_sequences=return_sequences,
        return_state=True,
        zero_output_for_mask=return_sequences,
    )
    x, lengths = draw(2, T, F), np.array([0, 2])
    state = [draw(2, units, seed=1), draw(2, units, seed=2)]
    expected = run(stock, x, state, mask=tf.sequence_mask(lengths, T))
    assert_alike(run(fused, x, state, lengths=lengths), expected)


@pytest.mark.parametrize("lengths", [[0] * 5, [T] * 5, [1] * 5, [0, 0, 0, 0, T]])
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("units", [4, 65])
def test_all_lengths_may_be_none_full_or_mixed(units, return_sequences, lengths):
    stock, fused = pair(
        units,
        2,
        return_sequences=return_sequences,
        zero_output_for_mask=return_sequences,
    )
    x, mask = draw(5, T, F), tf.sequence_mask(lengths, T)
    assert_alike(run(fused, x, lengths=np.array(lengths)), run(stock, x, mask=mask))


@pytest.mark.parametrize("n_samples", [1, 5])
@pytest.mark.parametrize("units", [5, 64])
def test_it_does_without_a_bias(units, n_samples):
    stock, fused = pair(units, 2, use_bias=False)
    x, lengths = draw(n_samples, T, F), LENGTHS[-n_samples:]
    assert len(fused.trainable_weights) == 2
    mask = tf.sequence_mask(lengths, T)
    assert_alike(run(fused, x, lengths=lengths), run(stock, x, mask=mask))


@pytest.mark.parametrize("units", [4, 5, 64])
@pytest.mark.parametrize("n_parts", [1, 2])
def test_a_batch_of_no_samples_has_no_outputs_and_gradients_of_zero(units, n_parts):
    _, fused = pair(units, n_parts)
    (outputs,), gradients = run(fused, draw(0, T, F), lengths=np.zeros(0, np.int32))
    assert outputs.shape == (0, units)
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


@pytest.mark.parametrize(("units", "n_parts"), [(4, 1), (5, 2), (64, 1), (65, 2)])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_what_stands_behind_the_end_changes_nothing(units, n_parts, go_backwards):
    _, fused = pair(
        units,
        n_parts,
        return_sequences=True,
        return_state=True,
        go_backwards=go_backwards,
    )
    x = draw(5, T, F)
    behind = np.arange(T) >= LENGTHS[:, np.newaxis]
    garbage = np.where(behind[..., np.newaxis], 1e4 * draw(5, T, F, seed=5), x)
    ours = run(fused, x, lengths=LENGTHS)
    assert_alike(run(fused, garbage, lengths=LENGTHS), ours, atol=1e-7)
    np.testing.assert_array_equal(
        ours[0][0][:, :: -1 if go_backwards else 1][behind], 0
    )
    np.testing.assert_array_equal(ours[1][0][behind], 0)


class Stack(layers.Layer):
    """Layers one after the other, all with the same arguments."""

    def __init__(self, *stacked):
        super().__init__()
        self.supports_masking = True
        self.stacked = stacked

    def call(self, x, initial_state=None, **arguments):
        for layer in self.stacked:
            x = layer(x, **arguments)
        return x


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_a_stack_is_a_stack_of_keras(go_backwards, compiled):
    below = pair(
        6,
        2,
        return_sequences=True,
        go_backwards=go_backwards,
        zero_output_for_mask=True,
    )
    above = pair(64, 2, features=6)
    stock, fused = (Stack(*stacked) for stacked in zip(below, above, strict=True))
    x, full = draw(5, T, F), np.full(5, T)
    assert_alike(run(fused, x, compiled=compiled), run(stock, x))
    assert_alike(run(fused, x, compiled=compiled, lengths=full), run(stock, x))
    if not go_backwards:  # else Keras's steps no longer begin at the first
        mask = tf.sequence_mask(LENGTHS, T)
        ours = run(fused, x, compiled=compiled, lengths=LENGTHS)
        assert_alike(ours, run(stock, x, mask=mask))


def test_both_directions_in_keras_bidirectional_are_those_of_stock_layers():
    both = [layers.Bidirectional(Layer(5)) for Layer in (FusedLSTM, layers.LSTM)]
    x = draw(4, T, F)
    ours, theirs = (layer(x) for layer in both)
    both[0].set_weights(both[1].get_weights())
    np.testing.assert_allclose(both[0](x), theirs, atol=1e-6)
    assert ours.shape == theirs.shape


# ------------------------------------------------------------- loops over time steps
@pytest.mark.parametrize(
    ("n_parts", "n_samples", "n_timesteps", "compiled"),
    [(1, 5, 5, False), (2, 5, 9, True), (1, 1, 1, True), (2, 3, 8, False)],
)
@pytest.mark.parametrize("name", [*LOOPS])
def test_outputs_and_gradients_of_a_loop_are_those_of_keras(
    name, n_parts, n_samples, n_timesteps, compiled
):
    kind, arguments, _ = LOOPS[name]
    stock, fused = pair(6, n_parts, kind=kind, **arguments)
    x = draw(n_samples, n_timesteps, F)
    assert_alike(run(fused, x, compiled=compiled), run(stock, x))


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("name", [*LOOPS])
def test_loops_take_lengths_states_and_directions(name, return_sequences, go_backwards):
    kind, arguments, n_states = LOOPS[name]
    stock, fused = pair(
        5,
        2,
        kind=kind,
        return_sequences=return_sequences,
        return_state=True,
        go_backwards=go_backwards,
        zero_output_for_mask=return_sequences,
        **arguments,
    )
    x = draw(5, T, F)
    state = [draw(5, 5, seed=i + 1) for i in range(n_states)]
    lengths = LENGTHS if return_sequences else np.maximum(LENGTHS, 1)
    mask = tf.sequence_mask(lengths, T)
    ours = run(fused, x, state, lengths=lengths, compiled=True)
    assert_alike(ours, run(stock, x, state, mask=mask))


@pytest.mark.parametrize("kind", [*FUSED])
def test_all_loops_do_without_a_bias_and_without_samples(kind):
    relu = {"activation": "relu", "kind": kind}
    stock, fused = pair(5, 2, use_bias=False, **relu)
    x = draw(4, T, F)
    assert_alike(run(fused, x), run(stock, x))
    (outputs,), gradients = run(pair(5, 2, **relu)[1], draw(0, T, F))
    assert outputs.shape == (0, 5)
    assert all(not gradient.any() for gradient in gradients)


@pytest.mark.parametrize("n_parts", [1, 2])
@pytest.mark.parametrize("kind", [*FUSED])
def test_recurrent_dropout_drops_what_keras_drops(kind, n_parts):
    x = draw(6, 9, F)
    found = []
    for place in range(2):  # two pairs of layers with generators of the same seed
        one = pair(8, n_parts, kind=kind, recurrent_dropout=0.5, seed=3)[place]
        found.append([run(one, x, training=True) for _ in range(2)])
    for theirs, ours in zip(*found, strict=True):
        assert_alike(ours, theirs)
    first, second = (outputs for (outputs, *_), _ in found[0])
    assert not np.allclose(first, second)
    stock, fused = pair(8, n_parts, kind=kind, recurrent_dropout=0.5)
    assert_alike(run(fused, x), run(stock, x))


@pytest.mark.parametrize("name", [*LOOPS])
def test_loops_ignore_what_stands_behind_the_end(name):
    kind, arguments, _ = LOOPS[name]
    _, fused = pair(5, 2, kind=kind, return_sequences=True, **arguments)
    x = draw(5, T, F)
    behind = np.arange(T) >= LENGTHS[:, np.newaxis]
    garbage = np.where(behind[..., np.newaxis], 100 * draw(5, T, F, seed=5), x)
    ours = run(fused, x, lengths=LENGTHS)
    assert_alike(run(fused, garbage, lengths=LENGTHS), ours, atol=1e-7)
    np.testing.assert_array_equal(ours[0][0][behind], 0)


def test_a_gru_that_resets_before_the_product_is_computed_by_keras():
    stock, fused = pair(5, kind=layers.GRU, reset_after=False)
    assert not fused._fusible()
    x, lengths = draw(5, T, F), np.maximum(LENGTHS, 1)
    expected = run(stock, x, mask=tf.sequence_mask(lengths, T))
    assert_alike(run(fused, x, lengths=lengths), expected)


# --------------------------------------------------------------- where Keras computes
BY_KERAS = {
    "softmax": {"activation": "softmax"},
    "softmax gates": {"recurrent_activation": "softmax"},
    "dropout": {"dropout": 0.5},
    "float64": {"dtype": "float64"},
    "stateful": {"stateful": True},
}


@pytest.mark.parametrize("return_state", [False, True])
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("name", [*BY_KERAS])
def test_other_arguments_are_computed_by_keras(name, return_sequences, return_state):
    arguments = {
        **BY_KERAS[name],
        "return_sequences": return_sequences,
        "return_state": return_state,
        "zero_output_for_mask": return_sequences,
    }
    x = draw(5, T, F).astype(arguments.get("dtype", "float32"))
    stock, fused = pair(5, 2, **arguments)
    if name == "stateful":
        fused.states = [keras.Variable(state) for state in stock.states]
    assert not fused._fusible()
    for given in ({}, {"lengths": LENGTHS}):
        stock_given = {"mask": tf.sequence_mask(LENGTHS, T)} if given else {}
        expected = tf.nest.flatten(stock(x, **stock_given))
        outputs = tf.nest.flatten(fused(x, **given))
        for a, b in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_there_are_zeros_behind_the_end_where_keras_computes_too():
    _, fused = pair(5, dropout=0.5, return_sequences=True, return_state=True)
    outputs, *_ = fused(draw(5, T, F), lengths=LENGTHS)
    behind = np.arange(T) >= LENGTHS[:, np.newaxis]
    np.testing.assert_array_equal(np.asarray(outputs)[behind], 0)
    assert (np.asarray(outputs)[~behind] != 0).any()


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("units", [5, 64])
def test_a_mask_with_holes_is_computed_by_keras(units, go_backwards):
    stock, fused = pair(units, 2, go_backwards=go_backwards)
    x = draw(5, T, F)
    mask = tf.constant(np.random.default_rng(0).random((5, T)) < 0.5)
    assert_alike(run(fused, x, mask=mask), run(stock, x, mask=mask))


@pytest.mark.parametrize("dtype", ["int32", "float64", "float16"])
def test_sequences_of_other_types_are_taken_as_by_keras(dtype):
    stock, fused = pair(5)
    x = np.round(3 * draw(4, T, F)).astype(dtype)
    ours, theirs = fused(x), stock(x)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_the_mask_of_a_masking_layer_is_taken():
    stock, fused = pair(5)
    x = draw(5, T, F)
    x[np.arange(T) >= LENGTHS[:, np.newaxis]] = -9
    masked = layers.Masking(-9.0)(x)
    np.testing.assert_allclose(fused(masked), stock(masked), atol=1e-6)
    assert not np.allclose(fused(masked), fused(x))


def test_lengths_and_a_mask_together_are_refused():
    _, fused = pair(5)
    with pytest.raises(ValueError, match=r"lengths or mask, not both"):
        fused(draw(5, T, F), lengths=LENGTHS, mask=np.ones((5, T), bool))


@pytest.mark.parametrize("units", [5, 64])
def test_the_fused_operation_is_taken_where_it_may(units):
    stock, fused = pair(units, 2)
    x = tf.constant(draw(4, T, F))
    lengths = tf.constant([1, 2, 3, 4])
    assert "BlockLSTMV2" in op_types(fused, x)
    assert "BlockLSTMV2" in op_types(lambda x, n: fused(x, lengths=n), x, lengths)
    assert "BlockLSTMV2" not in op_types(stock, x)


@pytest.mark.parametrize("name", [*BY_KERAS])
def test_the_fused_operation_is_not_taken_elsewhere(name):
    arguments = BY_KERAS[name]
    _, fused = pair(5, **arguments)
    x = tf.constant(draw(5, T, F).astype(arguments.get("dtype", "float32")))
    if name == "stateful":
        fused.states = [keras.Variable(draw(5, 5)) for _ in range(2)]
    types = op_types(fused, x)
    assert not {kind for kind in types if "BlockLSTM" in kind}


def test_a_mask_goes_by_keras_in_the_graph_too():
    _, fused = pair(5)
    types = op_types(lambda x: fused(x, mask=tf.ones((4, T), bool)), draw(4, T, F))
    assert "BlockLSTM" not in types
    assert "While" in types or "StatelessWhile" in types


# ------------------------------------------------------------------ config and saving
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"return_sequences": True, "go_backwards": True, "use_bias": False},
        {"activation": "relu", "dropout": 0.2, "recurrent_dropout": 0.1, "seed": 3},
        {"kernel_regularizer": "l2", "unit_forget_bias": False, "unroll": True},
    ],
)
def test_its_config_is_that_of_the_stock_layer(arguments):
    stock = layers.LSTM(4, name="lstm", **arguments)
    fused = FusedLSTM(4, name="lstm", **arguments)
    assert fused.get_config() == stock.get_config()
    stock.build((None, None, 3))
    assert FusedLSTM.of(stock, 2).get_config() == stock.get_config()


def test_the_twin_shares_its_weights_with_the_layer():
    stock, fused = pair(5)
    assert [w is v for w, v in zip(fused.weights, stock.weights, strict=True)]
    stock.set_weights([2 * w for w in stock.get_weights()])
    np.testing.assert_allclose(
        fused(draw(2, T, F)), stock(draw(2, T, F)), atol=1e-6, rtol=1e-5
    )


def fused_model():
    model = keras.Sequential([keras.Input((None, F)), FusedLSTM(4), layers.Dense(1)])
    model.set_weights([draw(*w.shape, seed=4) for w in model.get_weights()])
    return model


def test_a_model_with_it_is_saved_and_loaded(tmp_path):
    model = fused_model()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = draw(6, T, F)
    assert isinstance(loaded.layers[0], FusedLSTM)
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0)
    )


def test_a_model_with_it_trains_in_keras_fit_as_one_of_stock_layers():
    model = fused_model()
    stock = keras.Sequential([keras.Input((None, F)), layers.LSTM(4), layers.Dense(1)])
    stock.set_weights(model.get_weights())
    x, y = draw(16, T, F), draw(16, 1)
    histories = []
    for one in (model, stock):
        one.compile("adam", "mse")
        histories.append(one.fit(x, y, epochs=2, shuffle=False, verbose=0).history)
    np.testing.assert_allclose(histories[0]["loss"], histories[1]["loss"], rtol=1e-4)
    for a, b in zip(model.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


# --------------------------------------------------------------------- whole networks
SPECS = [
    NetworkSpec(F, 2, (5,)),
    NetworkSpec(F, 1, (4, 64), hidden_layer_sizes=(3,)),
    NetworkSpec(F, 3, (6,), activation="relu", output_activation="softmax"),
    NetworkSpec(F, 2, (5, 3), dropout=0.4),
]


def with_gaps():
    """Sequences with missing steps; these moved to the front; and their lengths."""
    X = draw(6, T, F)
    X[0, :3] = X[1, 4:] = X[2, 2:4] = X[3, [0, 2, 4]] = X[4] = np.nan
    there = ~np.isnan(X).any(axis=2)
    order = np.argsort(~there, axis=1, kind="stable")
    moved = np.take_along_axis(X, order[..., np.newaxis], axis=1)
    moved = np.where(np.isnan(moved), draw(6, T, F, seed=8), moved)
    return X, moved, there.sum(axis=1).astype(np.int32)


def value_and_gradients(model, inputs):
    with tf.GradientTape() as tape:
        outputs = model(inputs, training=False)
        loss = tf.reduce_sum(outputs * draw(*outputs.shape))
    gradients = tape.gradient(loss, [w.value for w in model.trainable_weights])
    return [np.asarray(outputs)], [np.asarray(gradient) for gradient in gradients]


@pytest.mark.parametrize("n_parts", [1, 2])
@pytest.mark.parametrize("spec", SPECS)
def test_the_fused_network_is_the_stock_one_on_sequences_with_gaps(spec, n_parts):
    model = build(spec)
    for variable, value in zip(model.variables, initial_weights(model, 3), strict=True):
        variable.assign(value)
    X, moved, lengths = with_gaps()
    core = fuse(spec, model, n_parts)
    ours = value_and_gradients(core, [moved, lengths])
    assert_alike(ours, value_and_gradients(model, X))
    assert {id(w) for w in core.weights} == {id(w) for w in model.weights}


def test_the_stock_network_is_of_stock_layers_alone():
    model = build(SPECS[1])
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert not any(isinstance(layer, FusedLSTM) for layer in model.layers)


def test_the_fused_network_scales_its_outputs_as_the_stock_one_does():
    model = build(SPECS[0], scale=(2.0, 3.0), offset=(10.0, -5.0))
    X, moved, lengths = with_gaps()
    np.testing.assert_allclose(
        fuse(SPECS[0], model)([moved, lengths]), model(X), atol=1e-5
    )


# -------------------------------------------------------------------- initial weights
def drawn(spec, seed):
    model = build(spec)
    values = initial_weights(model, seed)
    assert len(values) == len(model.variables)
    names = [variable.name for variable in model.variables]
    return list(zip(names, values, strict=True))


def of_kind(values, name):
    found = [value for its_name, value in values if its_name == name]
    assert found
    return found


def test_initial_weights_depend_on_the_seed_alone():
    spec = NetworkSpec(F, 2, (6, 5), dropout=0.2, hidden_layer_sizes=(4,))
    keras.utils.set_random_seed(1)
    first = drawn(spec, 7)
    keras.utils.set_random_seed(2)
    again, other = drawn(spec, 7), drawn(spec, 8)
    for (_, value), (_, same) in zip(first, again, strict=True):
        np.testing.assert_array_equal(value, same)
    for kind in ("kernel", "recurrent_kernel"):
        for a, b in zip(of_kind(first, kind), of_kind(other, kind), strict=True):
            assert not np.allclose(a, b)


def test_layers_of_one_shape_get_weights_of_their_own():
    values = drawn(NetworkSpec(5, 5, (5, 5), hidden_layer_sizes=(5, 5)), 0)
    for kind in ("kernel", "recurrent_kernel"):
        kernels = of_kind(values, kind)
        shapes = {kernel.shape for kernel in kernels}
        assert len({kernel.tobytes() for kernel in kernels}) == len(kernels)
        assert len(shapes) < len(kernels)


def test_drawing_leaves_the_model_as_it_is():
    model = build(NetworkSpec(F, 2, (6,), dropout=0.2))
    before = [np.array(v.value) for v in model.variables]
    initial_weights(model, 5)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(np.array(variable.value), value)


def test_recurrent_kernels_are_orthogonal():
    for kernel in of_kind(drawn(NetworkSpec(F, 2, (16, 9)), 3), "recurrent_kernel"):
        np.testing.assert_allclose(kernel @ kernel.T, np.eye(len(kernel)), atol=1e-5)


def test_biases_are_zero_but_for_open_forget_gates():
    values = drawn(NetworkSpec(F, 2, (6,), hidden_layer_sizes=(4,)), 3)
    lstm, hidden, output = of_kind(values, "bias")
    np.testing.assert_array_equal(lstm, np.repeat([0.0, 1.0, 0.0, 0.0], 6))
    np.testing.assert_array_equal(hidden, np.zeros(4))
    np.testing.assert_array_equal(output, np.zeros(2))


def test_kernels_lie_within_the_bounds_of_glorot_and_fill_them():
    spec = NetworkSpec(8, 4, (32,), hidden_layer_sizes=(16,))
    for kernel in of_kind(drawn(spec, 3), "kernel"):
        bound = np.sqrt(6 / sum(kernel.shape))
        assert np.abs(kernel).max() <= bound
        assert np.abs(kernel).max() > 0.9 * bound
        assert abs(kernel.mean()) < 0.15 * bound


def test_weights_are_distributed_as_in_a_fresh_layer_of_keras():
    fresh = layers.LSTM(40)
    fresh.build((None, None, 10))
    values = drawn(NetworkSpec(10, 2, (40,)), 3)
    ours = of_kind(values, "kernel")[0], of_kind(values, "recurrent_kernel")[0]
    quantiles = np.linspace(0.05, 0.95, 10)
    for a, b in zip(ours, fresh.get_weights()[:2], strict=True):
        a, b = (np.quantile(one, quantiles) for one in (a, b))
        np.testing.assert_allclose(a, b, atol=0.04)
    np.testing.assert_array_equal(of_kind(values, "bias")[0], fresh.get_weights()[2])


def test_initial_weights_follow_from_the_seed_alone():
    keras.utils.set_random_seed(1)
    model = build(NetworkSpec(3, 2, (5, 4)))
    first = initial_weights(model, seed=7)
    keras.utils.set_random_seed(2)
    model.set_weights([weights + 1 for weights in model.get_weights()])
    second = initial_weights(model, seed=7)
    other = initial_weights(model, seed=7000)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


def test_dropout_is_at_work_in_training_alone():
    spec = NetworkSpec(3, 2, (50,), dropout=0.5)
    model = build(spec)
    X = draw(4, 5, 3)
    calm = [np.asarray(model(X, training=False)) for _ in range(2)]
    noisy = [np.asarray(model(X, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*calm)
    assert not np.allclose(*noisy)
