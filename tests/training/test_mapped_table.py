"""Tables in mapped files (`numpy.memmap`): the same numbers, and little memory."""

import pathlib
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

import sklstm.sequences._mapped as mapped
from sklstm import LSTMClassifier, LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.sequences import SequenceTable, copy_of, empty_like_table, is_mapped
from sklstm.training._shared_rows import ALIGNMENT, share_rows

PLAIN = {"linear_skip": 0, "target_feature": None, "window_norm": None}
N_ROWS, N_FEATURES, N_FITTED = 400, 3, 300


@pytest.fixture
def all_large(monkeypatch):
    """Files for all that is computed of a mapped table, as if it were large."""
    monkeypatch.setattr(mapped, "_LARGE", 1)
    monkeypatch.setattr(PerFeatureScaler, "_block", 64)


@pytest.fixture
def rows():
    generator = np.random.default_rng(0)
    return generator.normal(size=(N_ROWS, N_FEATURES)).cumsum(axis=0)


def in_file(folder, rows, dtype=np.float32, offset=0):
    """Return a table as a read-only map of a file, and a copy in memory."""
    path = folder / f"table-{offset}-{np.dtype(dtype)}"
    path.write_bytes(b"x" * offset + np.ascontiguousarray(rows, dtype).tobytes())
    table = np.memmap(path, dtype, "r", offset, rows.shape)
    return table, np.array(table)


def pipe(estimator, *steps):
    return make_pipeline(SlidingWindow(6, history="fit"), *steps, estimator)


def assert_same_fit(make, table, copy, y):
    """Assert equal weights, history and predictions for a map and for memory."""
    of_file = make().fit(table[:N_FITTED], y[:N_FITTED])
    of_copy = make().fit(copy[:N_FITTED], y[:N_FITTED])
    assert of_file[-1].history_ == of_copy[-1].history_
    weights = (one[-1].model_.get_weights() for one in (of_file, of_copy))
    for ours, expected in zip(*weights, strict=True):
        assert_array_equal(ours, expected)
    assert_array_equal(of_file.predict(table), of_copy.predict(copy))
    later = table[N_FITTED + 1 :], copy[N_FITTED + 1 :]  # seldom aligned
    assert_array_equal(of_file.predict(later[0]), of_copy.predict(later[1]))


# ------------------------------------------------------------------------ the same bits
@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
@pytest.mark.parametrize("offset", [0, 128, 100], ids="offset {}".format)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("parameters", [PLAIN, {}, {"validation_split": 0.2}])
def test_fit_on_map_equals_fit_in_memory(
    tmp_path, all_large, rows, parameters, dtype, offset
):
    table, copy = in_file(tmp_path, rows, dtype, offset)

    def make():
        regressor = LSTMRegressor(4, epochs=2, random_state=0, **parameters)
        return pipe(regressor, PerFeatureScaler())

    assert_same_fit(make, table, copy, copy[:, 0])


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
def test_missing_rows_in_map(tmp_path, all_large, rows):
    rows[50:60] = rows[200] = np.nan
    table, copy = in_file(tmp_path, rows)
    y = np.nan_to_num(copy[:, 1])

    def make():
        return pipe(LSTMRegressor(4, epochs=2, random_state=0), PerFeatureScaler())

    assert_same_fit(make, table, copy, y)


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
def test_classes_weights_and_unknown_targets(tmp_path, all_large, rows):
    table, copy = in_file(tmp_path, rows)
    y = np.where(copy[:, 0] > 0, "up", "down").astype(object)
    y[::7] = None
    assert_same_fit(
        lambda: pipe(LSTMClassifier(4, epochs=2, random_state=0)), table, copy, y
    )


def test_sequences_of_a_map(tmp_path, rows):
    table, copy = in_file(tmp_path, rows)
    starts, lengths = np.arange(7, 300, 9), np.arange(7, 300, 9) % 12
    fits = [
        LSTMRegressor(4, epochs=2, random_state=0).fit(
            SequenceTable(values, starts, lengths, 12), np.arange(len(starts))
        )
        for values in (table, copy)
    ]
    weights = (one.model_.get_weights() for one in fits)
    for ours, expected in zip(*weights, strict=True):
        assert_array_equal(ours, expected)


def test_fit_leaves_the_file_as_it_is(tmp_path, all_large, rows):
    path = tmp_path / "table.npy"
    np.save(path, rows.astype(np.float32))
    before = path.read_bytes()
    table = np.load(path, mmap_mode="r+")
    pipe(LSTMRegressor(4, epochs=1), PerFeatureScaler()).fit(table, rows[:, 0])
    table.flush()
    assert path.read_bytes() == before


# ---------------------------------------------------------------------------- the parts
@pytest.mark.parametrize("n_features", [1, 3, 8, 16, 17])
@pytest.mark.parametrize("first", [0, 1, 5, 63])
def test_shared_rows_are_aligned_and_the_same(tmp_path, n_features, first):
    rows = np.arange(100.0 * n_features).reshape(100, n_features)
    table, _ = in_file(tmp_path, rows)
    values, n_before = share_rows(table[first:])
    assert values.ctypes.data % ALIGNMENT == 0
    assert np.shares_memory(values, table)
    assert_array_equal(values, rows[first - n_before :])


def test_rows_in_memory_are_not_shared():
    assert share_rows(np.zeros((10, 2), np.float32)) is None


@pytest.mark.parametrize("part", [np.s_[:, :2], np.s_[::2], np.s_[::-1], np.s_[:0]])
def test_what_is_no_memory_of_a_tensor_is_copied(tmp_path, all_large, rows, part):
    table, _ = in_file(tmp_path, rows)
    shared = share_rows(table[part])
    if not table[part].size:
        assert shared is None
        return
    assert_array_equal(shared.values, table[part])
    assert not np.shares_memory(shared.values, table)


def test_large_results_of_maps_are_in_files(tmp_path, all_large, rows):
    table, copy = in_file(tmp_path, rows)
    windows = SlidingWindow(5).fit_transform(table)
    scaled = PerFeatureScaler().fit_transform(windows)
    assert is_mapped(windows)
    assert is_mapped(scaled)
    assert_array_equal(
        scaled, PerFeatureScaler().fit_transform(SlidingWindow(5).fit_transform(copy))
    )
    assert not is_mapped(SlidingWindow(5).fit_transform(copy))


def test_small_results_of_maps_are_in_memory(tmp_path, rows):
    table, _ = in_file(tmp_path, rows)
    assert not is_mapped(SlidingWindow(5).fit_transform(table))


def test_temporary_files_have_no_name(tmp_path, all_large, rows, monkeypatch):
    table, _ = in_file(tmp_path, rows)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    copy = copy_of(table)
    assert is_mapped(copy)
    assert not list(folder.iterdir())


def test_a_pickle_of_a_part_of_a_map_reads_no_more_than_from_first_to_last(
    tmp_path, rows, monkeypatch
):
    table, copy = in_file(tmp_path, rows)
    starts, lengths = np.array([300, 100, 0]), np.array([10, 5, 0])
    some = SequenceTable(table, starts, lengths, 10)

    def fail(*_):
        raise AssertionError("rows were chosen, and so copied")

    monkeypatch.setattr("sklstm.sequences._table.chosen_rows", fail)
    values = some.__reduce__()[1][0]
    assert np.shares_memory(values, table)
    assert len(values) == 210
    again = pickle.loads(pickle.dumps(some))
    assert_array_equal(again, SequenceTable(copy, starts, lengths, 10))


def test_workers_of_joblib_map_the_file_themselves(tmp_path, rows):
    table, copy = in_file(tmp_path, np.tile(rows, (250, 1)))  # joblib maps from 1 MB on
    some = SequenceTable(table, np.arange(9, 90_000), np.full(89_991, 4))[500:]
    jobs = joblib.Parallel(2)(joblib.delayed(seen_by_a_worker)(some) for _ in range(2))
    expected = copy[509 : 509 + 4].sum(), True
    assert jobs == [expected, expected]


def test_workers_of_joblib_get_what_is_in_a_file_without_a_name(
    tmp_path, all_large, rows
):
    table, copy = in_file(tmp_path, np.tile(rows, (250, 1)))
    some = SequenceTable(copy_of(table), np.arange(9), np.full(9, 80_000))
    assert is_mapped(some.values)
    (seen, _), _ = joblib.Parallel(2)(
        joblib.delayed(seen_by_a_worker)(some) for _ in range(2)
    )
    assert seen == copy[:80_000].sum()


def seen_by_a_worker(table):
    return np.asarray(table[0]).sum(), is_mapped(table.values)


def test_full_disk_is_an_error(tmp_path, rows):
    table, _ = in_file(tmp_path, rows)
    with pytest.raises((OSError, MemoryError)):
        empty_like_table(table, (2**56, 8))


# --------------------------------------------------------------------------- the memory
WITHIN_LIMIT = """
import pathlib, resource, sys
import numpy as np
from sklearn.pipeline import make_pipeline
from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow

plain = {"linear_skip": 0, "target_feature": None, "window_norm": None}
pipe = make_pipeline(SlidingWindow(48), PerFeatureScaler(),
                     LSTMRegressor(4, epochs=1, random_state=0, **plain))
small = np.random.default_rng(0).normal(size=(300, 16)).astype("float32")
pipe.fit(small, small[:, 0])
status = pathlib.Path("/proc/self/status").read_text()
allocated = int(status.split("VmData:")[1].split()[0]) * 1024
limit = allocated + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
X = np.load(sys.argv[1], mmap_mode="r")
try:
    np.array(X)
except MemoryError:
    print("no space for a copy")
y = np.full(len(X), np.nan, np.float32)
y[::2000] = X[::2000, 0]
print(np.isfinite(pipe.fit(X, y).predict(X[:10_000])).all())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has this limit")
def test_trains_on_more_than_the_memory(tmp_path):
    # RLIMIT_DATA limits what a process allocates, in use or not. It leaves out maps of
    # files, whose pages can leave the memory, and the code of libraries, by which
    # RLIMIT_AS would be a limit on TensorFlow.
    path = tmp_path / "table.npy"
    table = np.lib.format.open_memmap(path, "w+", np.float32, (2**21, 16))
    for first in range(0, len(table), 2**16):
        part = np.random.default_rng(first).normal(size=(2**16, 16))
        table[first : first + 2**16] = part
    limit = str(table.nbytes * 3 // 4)
    root = pathlib.Path(mapped.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", WITHIN_LIMIT, str(path), limit],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["no space for a copy", "True"]
