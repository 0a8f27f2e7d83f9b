"""Searches on a cluster of Ray: two processes on this machine."""

import joblib
import numpy as np
import one_search
import pytest
from one_search import DiesOnce, make_search, make_table, scores_of

ray = pytest.importorskip("ray")

from ray.util.joblib import register_ray  # noqa: E402

pytestmark = [
    pytest.mark.engines,
    pytest.mark.filterwarnings("ignore"),  # Ray's, of its own next versions
]


@pytest.fixture(scope="module", autouse=True)
def cluster():
    # Workers do not have the folders of pytest: what is in them is sent by value.
    ray.cloudpickle.register_pickle_by_value(one_search)
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=100_000_000,
    )
    register_ray()
    yield
    ray.shutdown()
    ray.cloudpickle.unregister_pickle_by_value(one_search)


@pytest.fixture(scope="module")
def alone():
    table = make_table()
    return make_search().set_params(n_jobs=1).fit(table, table["price"])


def search_on_ray(search, **arguments):
    table = make_table()
    with joblib.parallel_config("ray", n_jobs=2, ray_remote_args=arguments):
        return search.fit(table, table["price"])


def test_two_processes_give_the_scores_of_one_job_bit_for_bit(alone):
    table = make_table()
    search = search_on_ray(make_search())
    np.testing.assert_array_equal(scores_of(search), scores_of(alone))
    np.testing.assert_array_equal(search.predict(table), alone.predict(table))


def test_a_search_survives_a_lost_worker_if_ray_may_restart_it(alone, tmp_path):
    died = tmp_path / "died"
    search = make_search(callbacks=DiesOnce(died))
    search_on_ray(search, max_restarts=-1, max_task_retries=-1)
    assert died.exists()
    np.testing.assert_array_equal(scores_of(search), scores_of(alone))


def test_a_search_that_lost_a_worker_says_so(tmp_path):
    died = tmp_path / "died"
    search = make_search(callbacks=DiesOnce(died))
    with pytest.raises(ray.exceptions.ActorDiedError, match="worker process has died"):
        search_on_ray(search)
    assert died.exists()
    assert not hasattr(search, "best_estimator_")


def test_a_worker_has_the_threads_that_ray_gives_it():
    def settings():
        import tensorflow as tf

        import sklstm.training  # noqa: F401

        return tf.config.threading.get_inter_op_parallelism_threads()

    assert ray.get(ray.remote(settings).remote()) == 1
