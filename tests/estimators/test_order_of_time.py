"""A panel is the same panel, whether its rows come by time or entity by entity."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.estimators._order_of_time import in_order_of_time
from sklstm.sequences import SequenceTable
from sklstm.training import Samples

DAYS = pd.date_range("2026-01-01", periods=40)


def shops(seed=0):
    rng = np.random.default_rng(seed)
    chaos = {}
    for name in "abc":
        x = [rng.uniform(0.1, 0.9)]
        for _ in DAYS[1:]:
            x.append(3.9 * x[-1] * (1 - x[-1]))
        chaos[name] = x
    chaos["noise"] = rng.uniform(size=len(DAYS))
    tables = [pd.DataFrame({"shop": n, "sold": x}, DAYS) for n, x in chaos.items()]
    return pd.concat(tables)


def fitted(X, **settings):
    lstm = LSTMRegressor(4, epochs=3, random_state=0, **settings)
    pipe = make_pipeline(SlidingWindow(3, group_by="shop"), PerFeatureScaler(), lstm)
    return pipe.fit(X, X["sold"])


@pytest.mark.parametrize(
    "settings", [{}, {"early_stopping": True}, {"network_weight": 1.0}]
)
def test_rows_by_time_and_by_entity_give_the_same_bits(settings):
    by_entity = shops()
    by_time = by_entity.sort_index(kind="stable")
    one, other = fitted(by_entity, **settings), fitted(by_time, **settings)
    assert one[-1].network_weight_ == other[-1].network_weight_
    assert one[-1].history_ == other[-1].history_
    np.testing.assert_array_equal(one.predict(by_time), other.predict(by_time))


def order(starts, lengths):
    """Return the order of samples whose targets are their numbers."""
    table = SequenceTable(np.zeros((99, 1)), np.array(starts), np.array(lengths), 3)
    samples = Samples(table, np.arange(len(starts)), None, table)
    return in_order_of_time(samples).targets.tolist()


def test_the_last_windows_of_entities_of_unequal_length_are_simultaneous():
    starts = [0, 0, 0, 1, 2, 3, 4, 5, 8, 8, 8, 9]
    lengths = [1, 2, 3, 3, 3, 3, 3, 3, 1, 2, 3, 3]
    assert order(starts, lengths) == [0, 1, 2, 3, 4, 8, 5, 9, 6, 10, 7, 11]


@pytest.mark.parametrize(
    ("starts", "lengths"),
    [
        ([0, 0, 0, 1, 2, 3], [1, 2, 3, 3, 3, 3]),  # one series
        ([0, 5, 0, 5, 0, 5, 1, 6], [1, 1, 2, 2, 3, 3, 3, 3]),  # by time
        ([0, 5, 0, 0, 5, 1], [1, 3, 2, 3, 2, 3]),  # in no order
        ([0, 3, 5, 6, 9], [3, 2, 1, 3, 2]),  # sequences of their own
    ],
)
def test_other_samples_keep_their_order(starts, lengths):
    assert order(starts, lengths) == list(range(len(starts)))
