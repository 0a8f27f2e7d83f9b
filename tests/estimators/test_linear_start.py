"""A regressor whose network begins where ridge regression ends."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from airline import load_airline
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.estimators._ridge import PENALTIES

nan = np.nan


def regressor(**parameters):
    given = {"units": 2, "epochs": 1, "random_state": 0, **parameters}
    return LSTMRegressor(**given)


def linear_alone(**parameters):
    return regressor(network_weight=0.0, **parameters)


def windows_of(rows, length=6):
    """Windows of a table that end a row before their target, and the rows after."""
    view = np.lib.stride_tricks.sliding_window_view(rows, length, axis=0)
    return view[:-1].swapaxes(1, 2), rows[length:]


def walk(n=120, k=1, length=6, seed=0):
    rows = np.random.default_rng(seed).normal(size=(n, k)).cumsum(axis=0)
    X, y = windows_of(rows, length)
    return X, y[:, 0]


def logistic_map(n=600, length=3):
    x = [0.3]
    for _ in range(n + length - 1):
        x.append(3.9 * x[-1] * (1 - x[-1]))
    X, y = windows_of(np.array(x)[:, np.newaxis], length)
    return X, y[:, 0]


def flat(X):
    return np.asarray(X).reshape(len(X), -1)


# ---------------------------------------------------------------------- against a ridge
def test_the_linear_part_alone_is_scikit_learns_ridge():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 5, 3)) * [1, 10, 100]
    y = flat(X) @ rng.normal(size=15) + rng.normal(size=80) * 30 + 7
    fitted = linear_alone(target_feature=None, window_norm=None).fit(X, y)
    assert fitted.target_feature_ is None
    scales = X.std(axis=(0, 1))
    inputs = flat(X / scales)
    penalty = min(
        PENALTIES,
        key=lambda one: np.abs(
            fitted.predict(X)
            - Ridge(one * inputs.var(axis=0).mean()).fit(inputs, y).predict(inputs)
        ).max(),
    )
    ridge = Ridge(penalty * inputs.var(axis=0).mean()).fit(inputs, y)
    np.testing.assert_allclose(fitted.predict(X), ridge.predict(inputs), rtol=1e-4)
    new = rng.normal(size=(20, 5, 3)) * [1, 10, 100]
    expected = ridge.predict(flat(new / scales))
    np.testing.assert_allclose(fitted.predict(new), expected, rtol=1e-4)


@pytest.mark.parametrize("steps", [2, 5])
def test_exact_linear_data_is_learned_exactly(steps):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 5, 2))
    y = flat(X[:, -2:]) @ np.array([[1.0, 2], [3, -1], [0.5, 0], [4, 1]]) + [1, -5]
    fitted = linear_alone(linear_skip=steps).fit(X[:70], y[:70])
    np.testing.assert_allclose(fitted.predict(X[70:]), y[70:], atol=1e-3)
    lacking = linear_alone(linear_skip=1, target_feature=None).fit(X[:70], y[:70])
    last = LinearRegression().fit(X[:70, -1], y[:70])
    expected = last.predict(X[70:, -1])
    assert np.corrcoef(lacking.predict(X[70:])[:, 0], expected[:, 0])[0, 1] > 0.99
    assert abs(lacking.predict(X[70:]) - y[70:]).max() > 0.5


def test_weight_zero_is_leaving_out_and_two_is_twice():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4, 2)) * [1, 5]
    y = flat(X)[:, :3].sum(axis=1) + rng.normal(size=60)
    weights = np.ones(60)
    weights[rng.random(60) < 0.4] = 0
    X[weights == 0] *= 1000  # must not be seen at all
    there = weights > 0
    zero = linear_alone().fit(X, y, weights).predict(X)
    without = linear_alone().fit(X[there], y[there]).predict(X)
    np.testing.assert_allclose(zero, without, rtol=1e-6)


def test_outputs_that_lack_targets_are_each_on_their_own():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 4, 1))
    y = np.stack([flat(X).sum(axis=1), 3 * X[:, -2, 0] + 1], axis=1)
    holes = y.copy()
    holes[:50, 1] = nan
    holes[80:, 0] = nan
    found = linear_alone().fit(X, holes).predict(X)
    np.testing.assert_allclose(found, y, atol=2e-3)


def test_what_is_held_out_is_not_seen_by_the_linear_part():
    X, y = walk(n=126)
    first = int(len(y) * 0.75)
    other = y.copy()
    other[first:] = np.random.default_rng(1).normal(size=len(y) - first)
    a, b = (
        linear_alone(validation_split=0.25, target_feature=0).fit(X, one)
        for one in (y, other)
    )
    expected = linear_alone(target_feature=0).fit(X[:first], y[:first])
    np.testing.assert_allclose(a.predict(X), expected.predict(X), rtol=1e-5)
    assert a.predict(X).tobytes() == b.predict(X).tobytes()


def test_windows_of_a_table_and_in_an_array_are_fitted_alike():
    X, y = walk(k=2)
    view, copied = (linear_alone().fit(one, y).predict(X) for one in (X, np.array(X)))
    np.testing.assert_allclose(view, copied, rtol=1e-5)


# -------------------------------------------------------------------- levels and scales
@pytest.mark.parametrize("norm", ["last", "standard"])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_predictions_move_with_the_series(norm, weight):
    X, y = walk()
    fitted = regressor(window_norm=norm, network_weight=weight).fit(X, y)
    predicted = fitted.predict(X)
    assert fitted.target_feature_.tolist() == [0]
    np.testing.assert_allclose(fitted.predict(X + 64), predicted + 64, rtol=1e-4)
    if norm == "standard":
        wide = X[..., 0].std(axis=1) > np.quantile(X[..., 0].std(axis=1), 0.1)
        larger = fitted.predict(X * 8)
        # the network adds 1e-6 to a deviation
        np.testing.assert_allclose(larger[wide], 8 * predicted[wide], rtol=1e-4)


def test_fits_of_moved_and_of_larger_series_are_alike():
    X, y = walk()
    expected = regressor().fit(X, y).predict(X)
    for scale, shift in [(1e6, 0), (1e-3, 5), (3, 1e4)]:
        found = regressor().fit(X * scale + shift, y * scale + shift)
        assert found.target_feature_.tolist() == [0]
        moved = (found.predict(X * scale + shift) - shift) / scale
        np.testing.assert_allclose(moved, expected, atol=2e-2)


def test_values_far_from_zero_are_found_in_float32():
    X, y = walk()
    fitted = regressor().fit(X + 1e6, y + 1e6)
    assert fitted.target_feature_.tolist() == [0]
    error = np.abs(fitted.predict(X + 1e6) - y - 1e6).mean()
    assert error < 1.1 * np.abs(X[:, -1, 0] - y).mean()


# ----------------------------------------------------------------- the target's feature
def test_names_of_columns_that_are_time_steps_name_no_feature():
    X, y = walk(n=40)
    table = pd.DataFrame(flat(X), columns=[f"t-{6 - step}" for step in range(6)])
    with pytest.raises(ValueError, match="target_feature='t-2' is no feature"):
        regressor(target_feature="t-2").fit(table, y)
    found = linear_alone(target_feature=0).fit(table, y).predict(table)
    expected = linear_alone(target_feature=0).fit(X, y).predict(X)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("feature", [7, -1, "price", [0, 1, 1], 0.5, [[]]])
def test_a_feature_that_is_not_there_is_refused(feature):
    X, y = walk(n=40, k=2)
    with pytest.raises(ValueError, match="target_feature"):
        regressor(target_feature=feature).fit(X, y)


def test_features_for_each_output():
    rows = np.random.default_rng(0).normal(size=(80, 3)).cumsum(axis=0)
    X, y = windows_of(rows)
    for given, expected in [("auto", [2, 0]), ([1, 0], [1, 0]), (1, [1, 1])]:
        fitted = linear_alone(target_feature=given).fit(X, y[:, [2, 0]])
        assert fitted.target_feature_.tolist() == expected
    sequence = np.stack([y[:-1, :2], y[1:, :2]], axis=1)
    fitted = linear_alone().fit(X[:-1], sequence)
    assert fitted.target_feature_.tolist() == [0, 1, 0, 1]
    assert fitted.predict(X).shape == (len(X), 2, 2)


def test_a_column_that_goes_on_with_nothing_does_not_suffer_from_one_that_does():
    rng = np.random.default_rng(0)
    price = 10 * np.sin(np.arange(106) * 0.5) + 0.5 * rng.normal(size=106).cumsum()
    rows = np.stack([price, rng.normal(size=106)], axis=1)
    X, y = windows_of(rows)
    level = 20 * X[:, -1, 1] - 1.5 * X[:, -2, 0]
    both = np.stack([y[:, 0], level], axis=1)
    for norm in ("auto", "last", "standard"):
        fitted = linear_alone(window_norm=norm).fit(X[:70], both[:70])
        assert fitted.target_feature_.tolist() == [0, -1]
        error = abs(fitted.predict(X[70:])[:, 1] - level[70:]).mean()
        assert error < 0.05 * level.std()
        moved = fitted.predict(X[70:] + np.array([4096, 0]))[:, 0] - 4096
        if norm != "auto":
            np.testing.assert_allclose(moved, fitted.predict(X[70:])[:, 0], atol=0.05)


def test_a_constant_goes_on_with_nothing():
    X, _ = walk(n=40)
    for feature in ("auto", 0):
        fitted = linear_alone(target_feature=feature).fit(X, np.full(len(X), 3.0))
        assert fitted.target_feature_ is None
        np.testing.assert_allclose(fitted.predict(X), 3.0)


# -------------------------------------------------------------- how much of the network
def test_a_network_adds_nothing_to_a_random_walk():
    X, y = walk(n=300)
    fitted = regressor(epochs="auto").fit(X, y)
    assert fitted.network_weight_ < 0.3
    if fitted.network_weight_ == 0:
        assert len(fitted.history_["loss"]) == 1
    error = np.abs(fitted.predict(X) - y).mean()
    assert error < 1.05 * np.abs(X[:, -1, 0] - y).mean()


def test_a_network_is_all_of_what_is_not_linear():
    X, y = logistic_map()
    fitted = regressor(units=8, epochs=40, learning_rate=0.02).fit(X[:500], y[:500])
    assert fitted.network_weight_ > 0.8
    ridge = Ridge().fit(flat(X[:500]), y[:500]).predict(flat(X[500:]))
    ours = fitted.predict(X[500:])
    assert np.abs(ours - y[500:]).mean() < 0.3 * np.abs(ridge - y[500:]).mean()


def test_a_weight_that_is_given_is_used():
    X, y = walk(n=60)
    found = [
        regressor(network_weight=weight, epochs=3).fit(X, y)
        for weight in (0.0, 0.5, 1.0)
    ]
    assert [one.network_weight_ for one in found] == [0, 0.5, 1]
    none, half, whole = (one.predict(X) for one in found)
    np.testing.assert_allclose(half, (none + whole) / 2, rtol=1e-3, atol=1e-3)
    assert abs(none - whole).max() > 1e-4
    automatic = clone(found[0]).set_params(epochs="auto").fit(X, y)
    assert len(automatic.history_["loss"]) == 1


def test_the_weight_is_measured_on_what_is_held_out():
    X, y = logistic_map(300)
    noise = np.random.default_rng(0).permutation(y)
    first = int(len(y) * 0.8)
    for targets, low, high in [
        (y, 0.5, 1),
        (np.concatenate([y[:first], noise[first:]]), 0, 0.4),
    ]:
        fitted = regressor(
            units=8, epochs=60, learning_rate=0.02, validation_split=0.2
        ).fit(X, targets)
        assert low <= fitted.network_weight_ <= high
        assert len(fitted.history_["val_loss"]) == 60


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("network_weight", 1.5),
        ("network_weight", -0.1),
        ("network_weight", None),
        ("linear_skip", -1),
        ("linear_skip", 0.5),
        ("window_norm", "mean"),
        ("patch_size", 0),
    ],
)
def test_parameters_out_of_range_are_refused(name, value):
    X, y = walk(n=30)
    with pytest.raises(ValueError, match=name):
        regressor(**{name: value}).fit(X, y)


def test_convolutions_see_patches():
    X, y = walk(n=40, length=12)
    given = {"conv_filters": 3, "conv_kernel_size": 5}
    with pytest.raises(
        ValueError, match=r"no time step .* has 12, in patches of patch"
    ):
        regressor(patch_size=4, **given).fit(X, y)
    regressor(patch_size=2, **given).fit(X, y)
    assert regressor(**given).fit(X, y).patch_size_ == 1


# --------------------------------------------------------------- where there is no part
def test_where_there_is_no_linear_part():
    X, y = walk(n=40)
    counts = np.round(abs(y))
    for fitted in [
        regressor().partial_fit(X, y),
        regressor(loss="poisson", standardize_target=False).fit(X, counts),
        regressor(linear_skip=0).fit(X, y),
    ]:
        assert fitted.linear_part_ is None
        assert fitted.network_weight_ == 1
        assert np.isfinite(fitted.predict(X)).all()


@pytest.mark.parametrize("kind", ["none", "name", "function", "class", "instance"])
def test_losses_of_differences_have_one(kind):
    import keras

    loss = {
        "none": None,
        "name": "mean_squared_error",
        "function": keras.losses.mean_squared_error,
        "class": keras.losses.MeanSquaredError,
        "instance": keras.losses.MeanSquaredError(),
    }[kind]
    X, y = walk(n=40)
    expected = linear_alone().fit(X, y).predict(X)
    found = linear_alone(loss=loss).fit(X, y).predict(X)
    np.testing.assert_array_equal(found, expected)


# ------------------------------------------------------------------- small and odd data
@pytest.mark.parametrize("n", [1, 2, 3, 10])
@pytest.mark.parametrize("feature", ["auto", 0, None])
def test_few_samples(n, feature):
    X, y = walk(n=30)
    fitted = regressor(target_feature=feature).fit(X[:n], y[:n])
    assert np.isfinite(fitted.predict(X)).all()
    assert fitted.network_weight_ == 0


@pytest.mark.parametrize("feature", ["auto", 0, None])
@pytest.mark.parametrize("norm", ["auto", "last", "standard", None])
def test_features_that_are_constant(feature, norm):
    _, y = walk(n=40)
    X = np.full((len(y), 6, 1), 5.0)
    fitted = linear_alone(target_feature=feature, window_norm=norm).fit(X, y)
    # nothing tells y but its mean; relative to the feature it is shrunk to that
    np.testing.assert_allclose(fitted.predict(X), fitted.predict(X)[0], rtol=1e-6)
    if feature != 0:
        np.testing.assert_allclose(fitted.predict(X), y.mean(), rtol=1e-4, atol=1e-4)


def test_one_step_and_more_features_than_samples():
    X, y = walk(n=40, length=1)
    assert np.isfinite(regressor().fit(X, y).predict(X)).all()
    X, y = walk(n=40, k=20, length=10)
    fitted = linear_alone().fit(X, y)
    naive = np.abs(X[:, -1, 0] - y).mean()
    assert np.abs(fitted.predict(X) - y).mean() < 1.2 * naive


# ----------------------------------------------------------------------------- the bits
def test_a_prediction_alone_has_the_bits_it_has_in_company():
    X, y = walk(n=1100, k=2)
    holes = np.array(X[:1000])
    holes[::3, 1] = nan
    fitted = regressor(network_weight=1.0).fit(X[:200], y[:200])
    for samples in (X[:1000], holes):
        together = fitted.predict(samples)
        for n in (1, 2, 17):
            for first in (0, 3, 500):
                some = fitted.predict(samples[first : first + n])
                assert some.tobytes() == together[first : first + n].tobytes()
        backwards = fitted.predict(samples[::-1])
        assert backwards.tobytes() == together[::-1].tobytes()
    # steps that are missing elsewhere change nothing
    whole = np.flatnonzero(np.arange(1000) % 3 != 0)
    expected = fitted.predict(X[:1000])[whole]
    assert fitted.predict(holes)[whole].tobytes() == expected.tobytes()


def test_pickles_clones_and_threads_have_the_same_bits():
    X, y = walk()
    first = regressor(epochs=3).fit(X, y)
    expected = first.predict(X).tobytes()
    again = pickle.loads(pickle.dumps(first))
    assert again.predict(X).tobytes() == expected
    assert again.network_weight_ == first.network_weight_
    with ThreadPoolExecutor(2) as pool:
        fits = pool.map(lambda _: clone(first).fit(X, y).predict(X), range(3))
        assert {one.tobytes() for one in fits} == {expected}


# --------------------------------------------------------------- going on, and searches
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("linear_skip", 2),
        ("target_feature", None),
        ("target_feature", [0]),
        ("window_norm", "last"),
        ("patch_size", 2),
    ],
)
def test_going_on_with_another_start_is_refused(name, value):
    X, y = walk(n=40)
    fitted = regressor(warm_start=True).fit(X, y)
    before = fitted.predict(X).tobytes()
    fitted.set_params(**{name: value})
    for call in (fitted.fit, fitted.partial_fit):
        with pytest.raises(ValueError, match=f"built with {name}='auto'"):
            call(X, y)
    assert fitted.predict(X).tobytes() == before
    fitted.set_params(warm_start=False).fit(X, y)


def test_going_on_keeps_the_linear_part():
    X, y = walk(n=60)
    fitted = regressor(warm_start=True, network_weight=0.5).fit(X, y)
    part = fitted.linear_part_
    fitted.fit(X, y).partial_fit(X, y)
    assert fitted.linear_part_ is part
    assert fitted.network_weight_ == 0.5
    assert len(fitted.history_["loss"]) == 2


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("linear_skip", [0, 1, "auto"]),
        ("network_weight", [0.0, "auto"]),
        ("target_feature", ["auto", None]),
        ("window_norm", [None, "last"]),
        ("patch_size", [1, 3]),
    ],
)
def test_each_parameter_can_be_searched(name, values):
    rows = np.random.default_rng(0).normal(size=(60, 1)).cumsum(axis=0)
    pipe = make_pipeline(
        SlidingWindow(6, history="fit"), PerFeatureScaler(), regressor(batch_size=64)
    )
    grid = {f"lstmregressor__{name}": values}
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2), error_score="raise")
    search.fit(rows, rows[:, 0])
    found = search.best_estimator_[-1].get_params()[name]
    assert found == search.best_params_[f"lstmregressor__{name}"]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# ------------------------------------------------------------------- what costs nothing
def test_a_trend_with_a_season_is_forecast_like_the_best_simple_forecast():
    table = load_airline()
    y = table["passengers"].to_numpy()
    pipe = make_pipeline(
        SlidingWindow(24, history="fit"),
        PerFeatureScaler(),
        regressor(units=8, epochs=20),
    )
    first = 108
    pipe.fit(table[:first], y[:first])
    errors = {
        "ours": pipe.predict(table[first:]) - y[first:],
        "last value": y[first - 1 : -1] - y[first:],
        "last season": y[first - 12 : -12] - y[first:],
    }
    X, targets = windows_of(y[:, np.newaxis], 24)
    X, targets, first = flat(X), targets[:, 0], first - 24
    ridge = Ridge().fit(X[:first], targets[:first])
    errors["ridge"] = ridge.predict(X[first:]) - targets[first:]
    ours, *others = (np.abs(error).mean() for error in errors.values())
    assert ours < 1.2 * min(others)


def test_levels_that_no_fit_saw_are_left_to_models_relative_to_the_last_value():
    # White noise: of its own level a model is surely better; it knows no other level.
    noise = np.random.default_rng(208).normal(50, 1, 400)
    noise[280:] += 100
    X = pd.DataFrame({"v": noise})
    pipe = make_pipeline(
        SlidingWindow(12), PerFeatureScaler(), LSTMRegressor(network_weight=0.0)
    )
    pipe.fit(X[:280], X["v"][:280])
    assert pipe[-1].window_norm_ is None
    later = slice(300, None)
    error = np.abs(pipe.predict(X)[later] - noise[later]).mean()
    last_value = np.abs(np.diff(noise)[299:]).mean()
    assert error < 1.2 * last_value
    windows = pipe[:-1].transform(X)
    exported = pipe[-1].to_keras().predict(np.asarray(windows), verbose=0)[:, 0]
    np.testing.assert_allclose(exported, pipe.predict(X), rtol=1e-4)
