"""Searches on a cluster of Dask: two processes on this machine."""

import joblib
import numpy as np
import pytest
from one_search import DiesOnce, make_search, make_table, scores_of

from sklstm.sequences import SequenceTable, samples_of

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.engines,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets, at the end
]


@pytest.fixture(scope="module")
def client():
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(processes=True, **settings) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def two_workers(client):
    client.wait_for_workers(2)
    return client


@pytest.fixture(scope="module")
def alone():
    table = make_table()
    return make_search().set_params(n_jobs=1).fit(table, table["price"])


def n_tasks(dask_worker):
    return dask_worker.state.executed_count


def test_two_processes_give_the_scores_of_one_job_bit_for_bit(two_workers, alone):
    table = make_table()
    with joblib.parallel_config("dask"):
        search = make_search().fit(table, table["price"])
    np.testing.assert_array_equal(scores_of(search), scores_of(alone))
    np.testing.assert_array_equal(search.predict(table), alone.predict(table))
    assert min(two_workers.run(n_tasks).values()) > 0


def test_two_threads_give_the_scores_of_one_job_bit_for_bit(alone):
    table = make_table()
    settings = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(processes=False, **settings) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config("dask", client=client),
    ):
        search = make_search().fit(table, table["price"])
    np.testing.assert_array_equal(scores_of(search), scores_of(alone))


def test_a_search_survives_a_lost_worker_if_others_have_the_data(
    two_workers, alone, tmp_path
):
    table, died = make_table(), tmp_path / "died"
    y = table["price"]
    search = make_search(callbacks=DiesOnce(died))
    with joblib.parallel_config("dask", scatter=[table, y]):  # to all workers
        search.fit(table, y)
    assert died.exists()
    np.testing.assert_array_equal(scores_of(search), scores_of(alone))


def test_a_search_whose_data_was_lost_with_a_worker_says_so(two_workers, tmp_path):
    table, died = make_table(), tmp_path / "died"
    # One fit at a time, so that no other worker has fetched the data when one dies.
    search = make_search(callbacks=DiesOnce(died)).set_params(pre_dispatch=1)
    with (
        joblib.parallel_config("dask"),
        pytest.raises(distributed.client.FutureCancelledError),
    ):
        search.fit(table, table["price"])
    assert died.exists()
    assert not hasattr(search, "best_estimator_")


def bytes_sent(X):
    _, frames = distributed.protocol.serialize(X)
    return sum(memoryview(frame).nbytes for frame in frames)


def test_windows_are_sent_as_a_table():
    rows = np.random.default_rng(0).normal(size=(20_095, 8)).astype(np.float32)
    windows = samples_of(rows, 20_000, 96, step=1)
    table = SequenceTable.from_array(windows)
    places = 2 * 4 * 20_000
    assert bytes_sent(table) < rows.nbytes + places + 2_000
    assert bytes_sent(table[:2_000]) < rows[:2_095].nbytes + places / 10 + 2_000
    # As an array they are sent in full: Dask has a way of its own for arrays of NumPy.
    assert bytes_sent(windows) == windows.size * 4


def test_windows_in_a_table_give_the_scores_of_one_job(two_workers):
    rows = make_table().to_numpy(np.float32)
    windows = SequenceTable.from_array(samples_of(rows, 190, 8, step=1))
    found = []
    for place, n_jobs in (("dask", 2), ("threading", 1)):
        search = make_search(epochs=1).set_params(n_jobs=n_jobs)
        search.set_params(estimator__slidingwindow="passthrough")
        search.set_params(param_grid={"lstmregressor__units": [3, 4]})
        with joblib.parallel_config(place):
            found.append(scores_of(search.fit(windows, rows[8:198, 0])))
    np.testing.assert_array_equal(*found)
