"""Arrays that overlap themselves, beside those of the same values that do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.array_utils import byte_bounds
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from sklstm.sequences import compact_copy, held_once, samples_of

SHAPES = st.lists(st.integers(0, 4), min_size=1, max_size=3)


@given(shape=SHAPES, data=st.data())
def test_what_an_array_holds_is_in_it_once(shape, data):
    strides = [data.draw(st.integers(0, 5)) for _ in shape]
    X = as_strided(np.arange(100.0), shape, [8 * stride for stride in strides])
    held, copied = held_once(X), compact_copy(X)
    np.testing.assert_array_equal(copied, X)
    assert not np.shares_memory(copied, X) or not X.size
    if held is not X:
        np.testing.assert_array_equal(held, np.unique(X))
        assert copied.strides == X.strides
        low, high = byte_bounds(copied)
        assert high - low == held.nbytes < X.nbytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [1, 3])
def test_windows_hold_the_rows_of_their_table(dtype, n_features):
    table = np.arange(20 * n_features, dtype=dtype).reshape(20, n_features)
    windows = samples_of(table, 14, 6, step=1)
    np.testing.assert_array_equal(held_once(windows), table[:19].ravel())
    copied = compact_copy(windows)
    table[:] = -1
    assert copied[0, 0, 0] == 0
    assert copied[-1, -1, -1] == 19 * n_features - 1


@pytest.mark.parametrize(
    "X",
    [
        np.arange(12.0).reshape(3, 4),
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12.0).reshape(3, 4)[:, ::2],
        np.arange(12.0)[::-1],
        sliding_window_view(np.arange(12.0), 4)[:, ::-1],
        sliding_window_view(np.arange(12.0), 4)[::4, ::2],
        np.zeros((0, 3)),
    ],
    ids=["rows", "columns", "gaps", "reversed", "reversed windows", "every 2nd", "no"],
)
def test_what_does_not_overlap_or_has_gaps_is_itself(X):
    assert held_once(X) is X
    np.testing.assert_array_equal(compact_copy(X), X)
