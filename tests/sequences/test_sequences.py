"""SequenceTable and the algebra of windows, against loops and NumPy's own views."""

import copy
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.utils import _safe_indexing, shuffle

from sklstm.sequences import (
    SequenceTable,
    missing_rows,
    partly_missing_rows,
    rows_of,
    samples_of,
)

moderate = settings(max_examples=100, deadline=None)

sizes = st.integers(1, 6)
dtypes = st.sampled_from([np.float32, np.float64])
slices = st.builds(
    slice,
    st.none() | st.integers(-5, 5),
    st.none() | st.integers(-5, 5),
    st.sampled_from([None, 1, 2, 3, -1, -2]),
)


def numbered(*shape, dtype=np.float64):
    """An array that holds no number twice."""
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def overlapping(n_samples, n_timesteps, n_features, dtype=np.float64):
    """Windows as NumPy itself makes them."""
    table = numbered(n_samples + n_timesteps - 1, n_features, dtype=dtype)
    return sliding_window_view(table, n_timesteps, axis=0).transpose(0, 2, 1)


def dense_by_loop(values, starts, lengths, n_timesteps):
    """The array that a SequenceTable stands for, written one sample at a time."""
    dense = np.full((len(starts), n_timesteps, values.shape[1]), np.nan, values.dtype)
    for i, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        for k in range(length):
            dense[i, n_timesteps - length + k] = values[start + k]
    return dense


GEOMETRIES = {
    "dense": numbered,
    "windows": overlapping,
    "Fortran order": lambda *shape, dtype: np.asfortranarray(
        numbered(*shape, dtype=dtype)
    ),
    "one sample repeated": lambda n, t, f, dtype: np.broadcast_to(
        numbered(t, f, dtype=dtype), (n, t, f)
    ),
    "one step repeated": lambda n, t, f, dtype: np.broadcast_to(
        numbered(n, 1, f, dtype=dtype), (n, t, f)
    ),
    "one feature repeated": lambda n, t, f, dtype: np.broadcast_to(
        numbered(n, t, 1, dtype=dtype), (n, t, f)
    ),
    "features first": lambda n, t, f, dtype: numbered(f, n, t, dtype=dtype).transpose(
        1, 2, 0
    ),
    "time first": lambda n, t, f, dtype: numbered(t, n, f, dtype=dtype).transpose(
        1, 0, 2
    ),
}


@st.composite
def arrays_of_any_strides(draw):
    geometry = draw(st.sampled_from(sorted(GEOMETRIES)))
    X = GEOMETRIES[geometry](
        draw(sizes), draw(sizes), draw(st.integers(1, 3)), dtype=draw(dtypes)
    )
    return X[draw(slices), draw(slices), draw(slices)]


@st.composite
def tables(draw, missing=False):
    """Arguments of a SequenceTable: any slices, also empty and overlapping ones."""
    n_rows, n_samples = draw(st.integers(0, 12)), draw(st.integers(0, 6))
    values = numbered(n_rows, draw(st.integers(1, 3)), dtype=draw(dtypes))
    if missing:
        holes = draw(st.lists(st.booleans(), min_size=n_rows, max_size=n_rows))
        values[np.array(holes, dtype=bool)] = np.nan
    starts = [draw(st.integers(0, n_rows)) for _ in range(n_samples)]
    lengths = [draw(st.integers(0, n_rows - start)) for start in starts]
    n_timesteps = max(lengths, default=0) + draw(st.integers(0, 3))
    return values, starts, lengths, n_timesteps


@pytest.fixture
def ragged():
    """Three samples of 2, 3 and 3 steps, of which the last two overlap."""
    return SequenceTable(numbered(6, 2), starts=[0, 1, 3], lengths=[2, 3, 3])


# ------------------------------------------------------------ rows_of and samples_of
@moderate
@given(arrays_of_any_strides())
def test_rows_hold_every_sample_of_any_array(X):
    rows, step = rows_of(X)
    n_samples, n_timesteps, n_features = X.shape
    assert rows.shape[1] == n_features
    assert rows.dtype == X.dtype
    for i in range(n_samples):
        np.testing.assert_array_equal(rows[i * step : i * step + n_timesteps], X[i])


@moderate
@given(arrays_of_any_strides())
def test_samples_of_undoes_rows_of(X):
    rows, step = rows_of(X)
    np.testing.assert_array_equal(samples_of(rows, *X.shape[:2], step), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("cut", "n_rows"),
    [
        (np.s_[:], 10),
        (np.s_[3:], 7),
        (np.s_[::2], 10),
        (np.s_[:, 2:], 8),
        (np.s_[:, :2], 8),
        (np.s_[:, -1:], 7),
        (np.s_[1:5, 1:3], 5),
        (np.s_[::2, ::2], 5),
        (np.s_[:, :, 1:], 10),
        (np.s_[:, :, ::-1], 10),
    ],
)
def test_overlapping_rows_are_taken_once_and_not_copied(cut, n_rows, dtype):
    X = overlapping(7, 4, 3, dtype)[cut]
    rows, _ = rows_of(X)
    assert len(rows) == n_rows
    assert len(np.unique(rows[:, 0])) == n_rows
    assert np.shares_memory(rows, X)


@pytest.mark.parametrize("n_timesteps", [1, 2, 5])
def test_dense_array_is_its_own_table(n_timesteps):
    X = numbered(4, n_timesteps, 2)
    rows, step = rows_of(X)
    assert rows.shape == (4 * n_timesteps, 2)
    assert step == n_timesteps
    assert np.shares_memory(rows, X)


def test_rows_between_samples_are_no_part_of_the_table():
    X = numbered(5, 4, 2)
    X[:, 2:] = np.inf
    rows, _ = rows_of(X[:, :2])
    np.testing.assert_array_equal(rows, X[:, :2].reshape(10, 2))


def test_rows_of_a_writable_array_cannot_be_written():
    X = numbered(4, 3, 2)
    assert X.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        rows_of(X)[0][0] = 0


@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 3, 2, 1)])
def test_rows_of_refuses_other_than_three_axes(shape):
    with pytest.raises(ValueError, match=f"X must be 3-D, got {len(shape)}-D"):
        rows_of(np.zeros(shape))


@moderate
@given(n_samples=sizes, n_timesteps=sizes, step=st.integers(1, 8), spare=sizes)
def test_samples_begin_every_step_rows(n_samples, n_timesteps, step, spare):
    table = numbered((n_samples - 1) * step + n_timesteps + spare, 2)
    every = sliding_window_view(table, n_timesteps, axis=0).transpose(0, 2, 1)
    samples = samples_of(table, n_samples, n_timesteps, step)
    np.testing.assert_array_equal(samples, every[::step][:n_samples])
    assert np.shares_memory(samples, table)


def test_windows_are_read_only_and_share_each_row():
    windows = samples_of(numbered(9, 2), 5, 4, step=1)
    assert windows.strides[0] == windows.strides[1]
    assert not windows.flags.writeable


# --------------------------------------------------------------------- missing steps
N = np.nan
MISSING = [
    # row, missing, partly missing
    ([1.0, 2.0], False, False),
    ([N, N], True, False),
    ([N, 2.0], False, True),
    ([1.0, N], False, True),
    ([np.inf, -np.inf], False, False),
    ([0.0, N], False, True),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, object])
def test_a_row_is_missing_if_all_of_it_is_nan(dtype):
    values = np.array([row for row, _, _ in MISSING], dtype=dtype)
    missing, partly = missing_rows(values), partly_missing_rows(values)
    assert missing.tolist() == [m for _, m, _ in MISSING]
    assert partly.tolist() == [p for _, _, p in MISSING]


@pytest.mark.parametrize(
    ("row", "missing", "partly"),
    [
        (["a", None], False, True),
        ([None, None], True, False),
        ([None, N], True, False),
        (["nan", ""], False, False),
        ([pd.NaT, None], True, False),
        pytest.param([pd.NA, pd.NA], True, False, id="pandas.NA, all"),
        pytest.param(["a", pd.NA], False, True, id="pandas.NA, some"),
    ],
)
def test_objects_are_missing_where_they_are_no_value(row, missing, partly):
    values = np.array([row], dtype=object)
    assert missing_rows(values).tolist() == [missing]
    assert partly_missing_rows(values).tolist() == [partly]


class Flagging:
    """A value whose comparison sets the processor's flag, as NaN's does on 3.12."""

    def __ne__(self, other):
        return math.isnan(float("inf") - float("inf"))


def test_what_a_comparison_flags_is_no_warning():
    assert missing_rows(np.array([[Flagging()], ["a"]])).tolist() == [True, False]


@pytest.mark.parametrize("values", [[[0, 1]], [[True, False]], [["a", "nan"]]])
def test_values_that_have_no_nan_are_never_missing(values):
    assert not missing_rows(np.array(values)).any()
    assert not partly_missing_rows(np.array(values)).any()


# ----------------------------------------------------------- SequenceTable: to arrays
@moderate
@given(tables())
def test_gathered_samples_are_their_slices_with_missing_steps_in_front(arguments):
    np.testing.assert_array_equal(
        SequenceTable(*arguments).gather(), dense_by_loop(*arguments)
    )


@moderate
@given(tables())
def test_array_is_the_gathered_samples(arguments):
    table, expected = SequenceTable(*arguments), dense_by_loop(*arguments)
    dense = np.asarray(table)
    np.testing.assert_array_equal(dense, expected)
    assert dense.dtype == table.dtype == expected.dtype
    assert dense.shape == table.shape
    assert (dense.size, dense.ndim) == (table.size, table.ndim)
    assert len(table) == len(expected)


@moderate
@given(arrays_of_any_strides())
def test_table_of_any_array_is_that_array(X):
    table = SequenceTable.from_array(X)
    np.testing.assert_array_equal(np.asarray(table), X)
    assert table.dtype == X.dtype


@moderate
@given(arrays_of_any_strides(), st.data())
def test_gathered_batch_equals_the_dense_windows(X, data):
    n = len(X)
    some = st.integers(-n, n - 1) if n else st.nothing()
    batch = np.array(data.draw(st.lists(some, max_size=8 if n else 0)), dtype=int)
    gathered = SequenceTable.from_array(X).gather(batch)
    np.testing.assert_array_equal(gathered, X[batch])


@moderate
@given(tables(), st.integers(0, 15))
def test_a_shorter_time_axis_keeps_the_last_steps(arguments, n_timesteps):
    values, starts, lengths, _ = arguments
    kept = [min(length, n_timesteps) for length in lengths]
    later = [s + n - k for s, n, k in zip(starts, lengths, kept, strict=True)]
    np.testing.assert_array_equal(
        SequenceTable(*arguments).gather(n_timesteps=n_timesteps),
        dense_by_loop(values, later, kept, n_timesteps),
    )


def test_windows_stay_a_view_there_and_back():
    windows = overlapping(7, 4, 2)
    table = SequenceTable.from_array(windows)
    assert table.values.shape == (10, 2)
    assert np.shares_memory(table.to_array(), windows)
    assert table.to_array().strides == windows.strides


def test_table_of_a_table_is_itself(ragged):
    assert SequenceTable.from_array(ragged) is ragged


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_missing_steps_keep_the_type_of_floats(dtype):
    table = SequenceTable(numbered(3, 2, dtype=dtype), [0], [3], n_timesteps=5)
    assert table.gather().dtype == dtype


@pytest.mark.parametrize("values", [[[1], [2]], [[True], [False]]])
def test_missing_steps_before_integers_are_nan(values):
    dense = SequenceTable(values, [0, 0], [1, 2]).gather()
    np.testing.assert_array_equal(dense[0, 0], [np.nan])
    np.testing.assert_array_equal(dense[1], np.array(values, dtype=float))


def test_integers_stay_integers_where_nothing_is_missing():
    assert SequenceTable([[1], [2]], [0, 1], [1, 1]).gather().dtype.kind == "i"


@pytest.mark.parametrize("dtype", [int, np.float32, np.float64])
def test_table_without_rows_is_all_missing(dtype):
    dense = SequenceTable(np.empty((0, 2), dtype), [0, 0], [0, 0], 3).gather()
    assert dense.shape == (2, 3, 2)
    assert np.isnan(dense).all()


# ---------------------------------------------------------- SequenceTable: new of old
@moderate
@given(tables(missing=True))
def test_dropping_missing_steps_equals_deleting_them_by_hand(arguments):
    values, starts, lengths, n_timesteps = arguments
    dropped = SequenceTable(*arguments).drop_missing()
    assert not np.isnan(dropped.values).any()
    assert dropped.n_timesteps == n_timesteps
    for i, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        by_hand = [row for row in values[start : start + length] if row[0] == row[0]]
        a, b = dropped.starts[i], dropped.starts[i] + dropped.lengths[i]
        assert dropped.values[a:b].tolist() == [row.tolist() for row in by_hand]


def test_dropping_nothing_gives_the_table_itself(ragged):
    assert ragged.drop_missing() is ragged


def test_steps_missing_in_part_are_not_dropped():
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, 4.0]])
    dropped = SequenceTable(values, [0], [3]).drop_missing()
    np.testing.assert_array_equal(dropped.values, values[[0, 2]])


def test_dropping_leaves_the_table_as_it_was():
    values = np.array([[1.0], [np.nan], [3.0]])
    table = SequenceTable(values, [0], [3])
    table.drop_missing()
    np.testing.assert_array_equal(table.values, [[1.0], [np.nan], [3.0]])
    assert table.lengths.tolist() == [3]


@moderate
@given(tables())
def test_a_row_is_located_where_it_first_stands_in_the_array(arguments):
    table, dense = SequenceTable(*arguments), dense_by_loop(*arguments)
    for row, values in enumerate(table.values):
        places = np.argwhere((dense == values).all(axis=2))
        first = tuple(places[0].tolist()) if len(places) else None
        assert table.locate(row) == first


@moderate
@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), dtypes, st.data())
def test_stacked_sequences_come_back(lengths, dtype, data):
    sequences = [numbered(n, 2, dtype=dtype) + 100 * i for i, n in enumerate(lengths)]
    n_timesteps = data.draw(st.none() | st.integers(max(lengths), 9))
    table = SequenceTable.from_sequences(sequences, n_timesteps)
    assert table.shape == (len(lengths), n_timesteps or max(lengths), 2)
    assert table.dtype == dtype
    for sequence, row, n in zip(sequences, np.asarray(table), lengths, strict=True):
        np.testing.assert_array_equal(row[len(row) - n :], sequence)
        assert np.isnan(row[: len(row) - n]).all()


def test_other_values_are_seen_through_the_same_slices(ragged):
    tenfold = ragged.with_values(ragged.values * 10)
    np.testing.assert_array_equal(np.asarray(tenfold), np.asarray(ragged) * 10)


# ------------------------------------------------------- SequenceTable: like an array
INDICES = [
    0,
    -1,
    np.int64(1),
    np.s_[1:],
    np.s_[::-1],
    np.s_[:0],
    [0, 2],
    [2, 0, 0],
    [],
    np.array([-1, 0]),
    np.array([True, False, True]),
    [True, False, True],
    (0, -1),
    (0, -1, 1),
    np.s_[:, -1],
    np.s_[:, 1:],
    np.s_[:, ::-1, 0],
    np.s_[1, :, 0],
    np.s_[..., 0],
    np.s_[None],
    np.s_[:, None],
    (np.array([True, False, True]), slice(None), 1),
    ([0, 2], slice(1, None)),
    ([0, 2], -1),
    np.array([[0, 1], [1, 2]]),
    pytest.param(([0, 1], [1, 2]), id="pairs of sample and step"),
    pytest.param((np.array([True, False, True]), [1, 2]), id="pairs of mask and step"),
    pytest.param((), id="()"),
]


@pytest.mark.parametrize("key", INDICES, ids=str)
def test_indexing_gives_what_the_array_gives(ragged, key):
    np.testing.assert_array_equal(np.asarray(ragged[key]), np.asarray(ragged)[key])


@pytest.mark.parametrize("key", [3, -4, [0, 3]], ids=str)
def test_a_sample_that_is_not_there_is_an_index_error(ragged, key):
    with pytest.raises(IndexError):
        ragged[key]


def test_selected_samples_stay_a_table_over_the_same_rows(ragged):
    some = ragged[[2, 0]]
    assert isinstance(some, SequenceTable)
    assert np.shares_memory(some.values, ragged.values)
    assert some.n_timesteps == ragged.n_timesteps


def test_iterating_gives_the_samples(ragged):
    samples = list(ragged)
    np.testing.assert_array_equal(np.stack(samples), np.asarray(ragged))


def test_scikit_learn_indexes_and_shuffles_a_table(ragged):
    dense = np.asarray(ragged)
    np.testing.assert_array_equal(_safe_indexing(ragged, [2, 1]), dense[[2, 1]])
    np.testing.assert_array_equal(
        shuffle(ragged, random_state=0), shuffle(dense, random_state=0)
    )


@pytest.mark.parametrize(
    "function",
    [
        np.isnan,
        np.negative,
        np.nansum,
        np.ravel,
        lambda X: X * 2 + 1,
        lambda X: 1 - X,
        lambda X: X > 3,
        lambda X: X + X,
        lambda X: np.nanmean(X, axis=0),
    ],
)
def test_numpy_sees_the_array(ragged, function):
    np.testing.assert_array_equal(function(ragged), function(np.asarray(ragged)))


def test_a_copy_may_be_written_and_leaves_the_table_alone():
    table = SequenceTable.from_array(overlapping(4, 3, 2))
    before = table.values.copy()
    np.array(table)[:] = -1
    np.testing.assert_array_equal(table.values, before)


def test_an_array_of_another_type_is_made(ragged):
    assert np.asarray(ragged, dtype=np.float32).dtype == np.float32
    assert np.array(ragged, dtype=np.float32, copy=True).dtype == np.float32


def test_an_array_without_a_copy_is_refused(ragged):
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(ragged, copy=False)


def test_a_pickled_table_is_the_same(ragged):
    again = pickle.loads(pickle.dumps(ragged))
    np.testing.assert_array_equal(np.asarray(again), np.asarray(ragged))
    assert repr(again) == repr(ragged)


@moderate
@given(tables(missing=True))
def test_a_pickle_of_any_table_is_that_table(arguments):
    table = SequenceTable(*arguments)
    again = pickle.loads(pickle.dumps(table))
    np.testing.assert_array_equal(again.gather(), table.gather())
    assert (again.shape, again.dtype) == (table.shape, table.dtype)
    used = {
        row
        for start, length in zip(table.starts, table.lengths, strict=True)
        for row in range(start, start + length)
    }
    assert len(again.values) == max(len(used), min(1, len(table.values)))


PARTS = {
    "the first": np.arange(2_000),
    "some in the middle": np.arange(9_000, 11_000),
    "every tenth": np.arange(0, 20_000, 10),
    "two pieces": np.r_[500:1_500, 18_000:19_000],
}


@pytest.mark.parametrize("part", PARTS)
def test_a_pickle_of_a_part_holds_the_rows_of_the_part(part):
    windows = overlapping(20_000, 96, 8, np.float32)
    some = SequenceTable.from_array(windows)[PARTS[part]]
    pickled = pickle.dumps(some)
    rows = {row for start in PARTS[part] for row in range(start, start + 96)}
    places = some.starts.nbytes + some.lengths.nbytes
    assert len(pickled) - (len(rows) * 8 * 4 + places) in range(2_000)
    np.testing.assert_array_equal(pickle.loads(pickled), windows[PARTS[part]])


def test_the_rows_of_a_whole_table_are_pickled_as_they_are(ragged):
    # The same array each time, which joblib writes to a file once for all its workers.
    assert ragged.__reduce__()[1][0] is ragged.values


def test_a_copy_is_over_the_same_rows(ragged):
    some = ragged[1:]
    again = copy.copy(some)
    np.testing.assert_array_equal(np.asarray(again), np.asarray(some))
    assert again.values is ragged.values


def test_repr_tells_the_sizes(ragged):
    text = repr(ragged.with_values(ragged.values.astype(np.float32)))
    for part in ["3 samples", "3 time steps", "2 features", "6 rows", "float32"]:
        assert part in text


# --------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("values", "starts", "lengths", "n_timesteps", "message"),
    [
        (np.zeros(3), [0], [1], None, "values must be 2-D, .*got shape"),
        (np.zeros((3, 1, 1)), [0], [1], None, "values must be 2-D, .*got shape"),
        (np.zeros((3, 1)), [0, 1], [1], None, r"equally long, got shapes \(2,\)"),
        (np.zeros((3, 1)), [[0]], [[1]], None, r"1-D .* got shapes \(1, 1\)"),
        (np.zeros((3, 1)), [0, 2], [1, 2], None, r"Sample 1 \(start 2, length 2\)"),
        (np.zeros((3, 1)), [-1], [1], None, r"Sample 0 \(start -1, length 1\)"),
        (np.zeros((3, 1)), [1], [-1], None, r"Sample 0 \(start 1, length -1\)"),
        (np.zeros((3, 1)), [0], [3], 2, "3 rows and 2 time steps"),
    ],
)
def test_slices_that_are_none_are_refused(
    values, starts, lengths, n_timesteps, message
):
    with pytest.raises(ValueError, match=message):
        SequenceTable(values, starts, lengths, n_timesteps)


def test_fewer_values_than_the_slices_need_are_refused(ragged):
    with pytest.raises(ValueError, match="does not fit a table of 5 rows"):
        ragged.with_values(ragged.values[:5])


def test_a_table_is_not_changed_in_place():
    table = SequenceTable(np.array([[1.0], [2.0]]), [0, 0], [1, 2])
    with pytest.raises(TypeError, match="SequenceTable"):
        table *= 2
    assert table.values.ravel().tolist() == [1.0, 2.0]


def test_indices_of_64_bits_are_read_as_they_are():
    table = SequenceTable(np.zeros((3, 1)), np.array([0, 1]), np.array([1, 2]))
    assert table.starts.tolist() == [0, 1]
    assert table.lengths.tolist() == [1, 2]
    with pytest.raises(ValueError, match=f"start {2**32}"):
        SequenceTable(np.zeros((3, 1)), [0, 2**32], [1, 1])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6))
def test_rows_that_are_left_out_belong_to_no_sample(slices):
    starts = np.array([start for start, _ in slices], dtype=int)
    lengths = np.array([length for _, length in slices], dtype=int)
    table = SequenceTable(np.arange(10.0)[:, np.newaxis], starts, lengths, 5)
    smaller = table.drop_unused()
    used = {row for start, length in slices for row in range(start, start + length)}
    assert sorted(used or {0}) == smaller.values.ravel().tolist()
    np.testing.assert_array_equal(smaller.gather(), table.gather())


@pytest.mark.parametrize("odd", [["a"], [0.5], [None], [np.nan], [1j], [10**20], {}])
@pytest.mark.parametrize("name", ["starts", "lengths"])
def test_starts_and_lengths_that_are_no_ints_are_refused(name, odd):
    slices = {"starts": [0], "lengths": [1], name: odd}
    with pytest.raises(ValueError, match=f"{name} must be an array of ints"):
        SequenceTable(numbered(3, 1), **slices)


@pytest.mark.parametrize("n", [1.5, "2", np.nan, [1], True, 10**20, -1, np.int8(-1)])
def test_a_length_of_the_time_axis_that_is_no_int_is_refused(ragged, n):
    with pytest.raises(ValueError, match="n_timesteps must be an int"):
        SequenceTable(numbered(3, 1), [0], [1], n_timesteps=n)
    with pytest.raises(ValueError, match="n_timesteps must be an int"):
        ragged.gather(n_timesteps=n)


@pytest.mark.parametrize(
    "odd", [[], 3, "abc", None, [3.0], [[[1.0]], [[1.0, 2.0]]], [[[1.0], [2.0, 3.0]]]]
)
def test_what_is_no_list_of_sequences_is_refused(odd):
    with pytest.raises(ValueError, match=r"sequence"):
        SequenceTable.from_sequences(odd)


def test_lists_of_unequal_length_are_no_values():
    with pytest.raises(ValueError, match="values must be an array"):
        SequenceTable([[1.0], [2.0, 3.0]], [0], [1])


def test_text_and_dates_have_no_missing_steps():
    for values in (np.array([["a"]]), np.zeros((1, 1), "M8[s]")):
        assert SequenceTable(values, [0], [1]).to_array()[0, 0] == values[0]
        with pytest.raises(ValueError, match="have no NaN for the missing steps"):
            SequenceTable(values, [0], [1], n_timesteps=2).to_array()
