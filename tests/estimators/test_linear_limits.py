"""What a linear start holds to: order, size of weights, length, and what it refuses."""

import numpy as np
import pytest
from test_linear_start import linear_alone, logistic_map, regressor, walk

from sklstm import LSTMRegressor
from sklstm.sequences import SequenceTable

nan = np.nan


@pytest.mark.parametrize("factor", [1e-30, 1e-6, 1e6])
def test_the_size_of_all_weights_does_not_matter(factor):
    X, y = walk()
    weights = np.random.default_rng(1).uniform(0.5, 2, len(y))
    expected = linear_alone().fit(X, y, weights).predict(X)
    found = linear_alone().fit(X, y, weights * factor).predict(X)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_order_of_windows_of_a_table_does_not_hide_what_they_are():
    rows = np.random.default_rng(0).normal(size=(120, 2)).cumsum(axis=0)
    table = SequenceTable(rows.astype(np.float32), np.arange(114), np.full(114, 6))
    y = rows[6:, 1]
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(y))
        fitted = linear_alone().fit(table[order], y[order])
        assert fitted.linear_part_.by_place
        assert fitted.target_feature_.tolist() == [1]
        assert fitted.window_norm_ == "standard"


def test_the_order_of_sequences_does_not_make_them_windows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 7, 1)), rng.normal(size=60)
    for sample, n_missing in enumerate(rng.integers(0, 5, 60)):
        X[sample, 7 - n_missing :] = nan
    table = SequenceTable.from_array(X)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(60)
        assert not linear_alone().fit(table[order], y[order]).linear_part_.by_place


@pytest.mark.parametrize(
    ("batch_size", "n_epochs"), [(-1, 603), (603, 603), (302, 302), (1, 10)]
)
def test_there_are_as_many_updates_as_samples(batch_size, n_epochs):
    X, y = logistic_map(603)
    fitted = regressor(epochs="auto", network_weight=1.0, batch_size=batch_size)
    assert len(fitted.fit(X, y).history_["loss"]) == n_epochs


def test_how_long_a_warm_start_trains_does_not_hang_on_the_weight_before():
    X, y = logistic_map(100)
    fitted = regressor(warm_start=True, validation_split=0.2, epochs="auto").fit(X, y)
    fitted.network_weight_ = 0.0
    assert len(fitted.fit(X, y).history_["loss"]) > 1


def test_a_linear_part_that_has_no_meaning_is_refused():
    import keras

    X, y = walk(n=40)
    counts = np.round(abs(y))
    losses = ["poisson", "MAPE", keras.losses.poisson, keras.losses.Poisson()]
    for loss in [*losses, keras.losses.Poisson]:
        with pytest.raises(ValueError, match="linear_skip=3 can't go with loss="):
            regressor(linear_skip=3, loss=loss).fit(X, counts)
    with pytest.raises(ValueError, match="linear_skip=3 can't go with embedding_dim=2"):
        regressor(linear_skip=3, embedding_dim=2).fit(counts[:, np.newaxis], y)

    def own(y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

    assert regressor(linear_skip=3, loss=own).fit(X, y).linear_part_ is not None


def test_weights_that_were_set_are_gone_on_from(monkeypatch):
    X, y = logistic_map(200)
    begun = []
    given = {"units": 8, "epochs": 60, "learning_rate": 0.02}
    without = LSTMRegressor._without_linear_part
    monkeypatch.setattr(
        LSTMRegressor,
        "_without_linear_part",
        lambda self, samples: begun.append(1) or without(self, samples),
    )
    monkeypatch.setattr("sklstm.estimators._network_weight._MOSTLY_NETWORK", np.inf)
    monkeypatch.setattr(
        "sklstm.estimators._network_weight._Trial.alone",
        lambda self, weight: np.stack([self.residual, 0 * self.residual], axis=1),
    )
    regressor(**given).fit(X, y)
    assert begun == [1]
    regressor(warm_start=True, **given).fit(X, y)
    assert begun == [1, 1]
    regressor(warm_start=True, **given).initialize(X, y).fit(X, y)
    assert begun == [1, 1]
