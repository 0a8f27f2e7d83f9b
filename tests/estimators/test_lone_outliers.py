"""A single value far from all around it does not bend the linear part."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.estimators._linear_forms import WindowScaling
from sklstm.estimators._lone_outliers import have_outliers
from sklstm.forecasting import make_multistep
from sklstm.sequences import SequenceTable

N, LENGTH, STEPS = 240, 24, 12


def months(seed=0):
    t = np.arange(N)
    noise = np.random.default_rng(seed).normal(size=N)
    return 20 + 0.03 * t + 3 * np.sin(t * np.pi / 6) + 0.8 * noise


def held(series, slope=1.0, offset=0.0, n=None):
    """Which windows or their targets hold an outlier; y on another scale than X."""
    n = len(series) - LENGTH - STEPS + 1 if n is None else n
    y = np.stack([series[LENGTH + k : LENGTH + k + n] for k in range(STEPS)], axis=1)
    table = SequenceTable(
        series[: LENGTH + n - 1, np.newaxis].astype(np.float32),
        np.arange(n),
        np.full(n, LENGTH),
    )
    scaling = WindowScaling(
        np.zeros(STEPS, int), np.full(STEPS, slope), np.full(STEPS, offset), LENGTH
    )
    return have_outliers(table, slope * y + offset, scaling)


@pytest.mark.parametrize(("slope", "offset"), [(1, 0), (-0.01, 5), (1000, -3)])
@pytest.mark.parametrize("at", [50, 120, 200, 230, 234])
@pytest.mark.parametrize("value", [300.0, -80.0])
def test_samples_with_an_outlier_in_window_or_targets_are_found(
    at, value, slope, offset
):
    series = months()
    assert not held(series, slope, offset).any()
    series[at] = value
    starts = np.arange(N - LENGTH - STEPS + 1)
    expected = (starts <= at) & (at < starts + LENGTH + STEPS)
    np.testing.assert_array_equal(held(series, slope, offset), expected)


def test_what_a_series_is_like_is_no_outlier():
    rng = np.random.default_rng(0)
    every_year = months() + 100 * (np.arange(N) % 12 == 0)
    shift = months() + 100 * (np.arange(N) > 100)
    pulse = months() + 100 * ((np.arange(N) > 100) & (np.arange(N) < 104))
    rare = (rng.random(N) < 0.05).astype(float)
    for series in (every_year, shift, pulse, rare, np.zeros(N), np.arange(N) ** 3.0):
        assert not held(series).any()
    for degrees in (3, 5, 100):
        series = rng.standard_t(degrees, size=(20, N))
        assert np.mean([held(one).any() for one in series]) <= 0.05
        series = series.cumsum(axis=1)
        assert np.mean([held(one).any() for one in series]) <= 0.05
    grows = np.exp(np.arange(N) / 20) * (1 + np.sin(np.arange(N) * np.pi / 6) / 2)
    assert not held(grows).any()


def test_three_are_events_and_no_outliers():
    series = months()
    series[[50, 130]] += 300
    assert held(series).any()
    series[200] += 300
    assert not held(series).any()


@pytest.mark.parametrize("ahead", [0, 1])
def test_what_another_feature_tells_is_no_outlier(ahead):
    """A holiday in its own row, or known in the row before."""
    series = months()
    series[120] += 300
    flag = np.zeros(N)
    flag[120 - ahead] = 1
    rows = np.stack([series, flag], axis=1)
    table = SequenceTable(rows, np.arange(N - LENGTH), np.full(N - LENGTH, LENGTH))
    scaling = WindowScaling(np.array([0]), np.ones(1), np.zeros(1), LENGTH)
    assert not have_outliers(table, series[LENGTH:, np.newaxis], scaling).any()
    plain = np.stack([series, np.cos(np.arange(N))], axis=1)
    assert have_outliers(
        table.with_values(plain), series[LENGTH:, np.newaxis], scaling
    ).any()


def test_samples_of_their_own_are_not_looked_at():
    X = np.random.default_rng(0).normal(size=(50, 6, 1))
    X[7, 3] = 1000
    scaling = WindowScaling(np.array([0]), np.ones(1), np.zeros(1), 6)
    assert not have_outliers(SequenceTable.from_array(X), X[:, 0], scaling).any()


@pytest.mark.parametrize("at", [42, 84, 126, 138, 158])
def test_one_outlier_does_not_spoil_a_forecast(at):
    clean = pd.DataFrame({"sold": months()})
    spoilt = clean.copy()
    spoilt.loc[at] *= 10
    n = 157  # rows that train, of those that have targets
    errors = []
    for table in (clean, spoilt):
        X, Y = make_multistep(table, table["sold"], STEPS)
        pipe = make_pipeline(
            SlidingWindow(LENGTH, horizon=STEPS),
            PerFeatureScaler(),
            LSTMRegressor(epochs=1, network_weight=0.0, random_state=0),
        )
        pipe.fit(X[:n], Y[:n])
        X, Y = make_multistep(clean, clean["sold"], STEPS)
        windows = pipe[0].fit_transform(X)
        predicted = pipe[1:].predict(windows)
        errors.append(np.abs(predicted - Y.to_numpy())[n + STEPS - 1 :].mean())
    assert errors[1] < 1.1 * errors[0]


def test_samples_of_weight_zero_and_few_others_keep_what_there_is():
    series = months()[:60]
    series[30] = 500  # in most samples
    table = pd.DataFrame({"sold": series})
    pipe = make_pipeline(
        SlidingWindow(LENGTH), LSTMRegressor(epochs=1, network_weight=0.0)
    )
    weights = (np.arange(60) > 30).astype(float)
    pipe.fit(table, table["sold"], lstmregressor__sample_weight=weights)
    assert np.isfinite(pipe.predict(table)).all()
