"""Random tables of sequences beside dense arrays, and odd ones, which are refused."""

import numpy as np
import polars as pl
from fuzz_outcomes import Outcome, fuzz
from fuzz_tables import ODD_NUMBERS, mostly
from hypothesis import given
from hypothesis import strategies as st

from sklstm import SequenceTable

_ODD_VALUES = [3, None, "abc", [], [[1.0], [2.0, 3.0]], np.zeros(3), [["a"]], {}]
_ODD_VALUES += [np.zeros((2, 2, 2)), np.zeros((2, 1), "M8[s]"), [[1j]], [[None]]]
_ODD_VALUES += [pl.DataFrame({"a": [1.0, 2.0]})]
_ODD_ROWS = [3, None, "abc", [0.5], [-1], [10**6], [10**20], [np.nan], ["a"], [[0]], {}]
_ODD_ROWS += [[True], np.zeros(1, "M8[s]"), [1j], [None], np.array([0], np.uint64)]


@fuzz(60)
@given(st.data())
def test_tables_are_made_or_refused(data):
    draw = data.draw
    values = draw(mostly([np.arange(6.0).reshape(3, 2)], _ODD_VALUES))
    starts = draw(mostly([[0], np.array([1], np.uint8), [np.int8(1)]], _ODD_ROWS))
    lengths = draw(mostly([[2], np.array([0], np.int8)], _ODD_ROWS))
    n_timesteps = draw(mostly([None, 2, np.uint8(3)], ODD_NUMBERS))
    made = Outcome(SequenceTable, values, starts, lengths, n_timesteps)
    if made.failed:
        return
    table = made.value
    assert table.shape[0] == len(starts)
    if table.n_timesteps < 1000:
        dense = Outcome(table.to_array)  # text has no missing steps
        assert dense.failed or dense.value.shape == table.shape


@fuzz(60)
@given(st.data())
def test_tables_of_odd_arrays(data):
    draw = data.draw
    array = draw(mostly([np.arange(6.0).reshape(1, 3, 2)], _ODD_VALUES))
    made = Outcome(SequenceTable.from_array, array)
    assert made.failed or made.value.ndim == 3
    sequences = draw(
        mostly([[np.zeros((2, 1)), np.ones((1, 1))]], [*_ODD_VALUES, _ODD_VALUES])
    )
    n_timesteps = draw(mostly([None, 2, 3], ODD_NUMBERS))
    made = Outcome(SequenceTable.from_sequences, sequences, n_timesteps)
    assert made.failed or len(made.value) == len(sequences)
