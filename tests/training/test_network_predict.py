"""Outputs of networks, against stock Keras models with the same weights."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from beside_keras import (
    SPEC,
    F,
    T,
    assert_same_bits,
    ragged,
    stock_of,
    trained,
    with_missing_steps,
)

from sklstm.networks import NetworkSpec
from sklstm.sequences import SequenceTable
from sklstm.training import Network

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("units", [(5,), (4, 6), (3, 4, 5)])
@pytest.mark.parametrize("hidden", [(), (7,), (4, 3)])
def test_outputs_are_those_of_the_stock_model_with_the_same_weights(units, hidden):
    spec = NetworkSpec(3, 2, units, hidden_layer_sizes=hidden)
    network = Network(spec, seed=3)
    stock = stock_of(network)
    X = RNG.normal(size=(6, 9, 3)).astype(np.float32)
    outputs = network.predict(SequenceTable.from_array(X))
    np.testing.assert_allclose(outputs, stock.predict(X, verbose=0), atol=1e-6)


@pytest.mark.parametrize("units", [(5,), (4, 6)])
def test_a_missing_step_is_one_that_is_not_there(units):
    network = Network(NetworkSpec(3, 2, units), seed=0)
    stock = stock_of(network)
    X = with_missing_steps()
    outputs = network.predict(SequenceTable.from_array(X).drop_missing())
    for output, sequence in zip(outputs, X, strict=True):
        there = sequence[~np.isnan(sequence).any(axis=1)]
        expected = stock.predict(there[np.newaxis], verbose=0)[0]
        np.testing.assert_allclose(output, expected, atol=1e-6)


def test_the_keras_model_takes_nan_for_missing_steps_as_keras_masks_them():
    network = Network(NetworkSpec(3, 2, (5,)), seed=0)
    masked = stock_of(network, masked=True)
    X = with_missing_steps()
    expected = masked.predict(np.nan_to_num(X, nan=-9.0), verbose=0)
    np.testing.assert_allclose(network.model.predict(X, verbose=0), expected, atol=1e-6)


def test_a_sequence_without_steps_gives_the_output_of_the_zero_state():
    network = Network(NetworkSpec(3, 2, (5,)), seed=0)
    weights = network.model.get_weights()
    weights[-1] = np.array([0.25, -3.0], dtype=np.float32)  # the output's bias
    network.model.set_weights(weights)
    empty = SequenceTable.from_array(np.full((1, 4, 3), np.nan, np.float32))
    outputs = network.predict(empty.drop_missing())
    np.testing.assert_allclose(outputs, [[0.25, -3.0]])


# ------------------------------------------------------------------- blocks and threads


def windows(n=3000):
    values = np.random.default_rng(7).normal(size=(n + T - 1, F)).astype(np.float32)
    return SequenceTable(values, np.arange(n), np.full(n, T))


def test_many_windows_in_chunks_are_predicted_as_one_by_one(monkeypatch):
    network, table = Network(NetworkSpec(F, 2, (5, 30)), seed=1), windows()
    whole = network.predict(table)
    monkeypatch.setattr("sklstm.training._call_size._FIRST_STEPS", 1)
    np.testing.assert_array_equal(network.predict(table), whole)
    single = [network.predict(table.take([i])) for i in range(len(table))]
    np.testing.assert_array_equal(np.concatenate(single), whole)
    stock = stock_of(network)
    expected = stock.predict(np.asarray(table), batch_size=3000, verbose=0)
    np.testing.assert_allclose(whole, expected, atol=1e-6)


def test_ragged_sequences_in_chunks_are_predicted_as_at_once(monkeypatch):
    network, table = Network(SPEC, seed=1), ragged(200)[0]
    whole = network.predict(table)
    monkeypatch.setattr("sklstm.training._call_size._FIRST_STEPS", 1)
    np.testing.assert_array_equal(network.predict(table), whole)


def test_threads_may_predict_at_once_and_while_others_train():
    networks = [Network(SPEC, seed=seed) for seed in range(3)]
    table = windows(200)
    expected = [network.predict(table) for network in networks]
    fresh = [Network(SPEC, seed=seed) for seed in range(3)]
    for network in fresh[:1]:
        assert network.model is not None

    def work(i):
        if i % 8 == 7:
            return trained()
        return fresh[i % 3].predict(table)

    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(work, range(48)))
    for i, result in enumerate(results):
        if i % 8 == 7:
            assert_same_bits(result, results[7])
        else:
            np.testing.assert_array_equal(result, expected[i % 3])
