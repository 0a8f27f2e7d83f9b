"""The linear part of a regressor in NumPy: ridge, windows, units, what y continues."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from sklstm.estimators import _scaled_windows
from sklstm.estimators._linear_forms import WindowScaling, spreads_of
from sklstm.estimators._linear_part import LinearPart
from sklstm.estimators._read_windows import WindowReader, moments_of
from sklstm.estimators._ridge import PENALTIES, Moments, ridge_path
from sklstm.estimators._target_feature import find_continued, scale_of
from sklstm.forecasting import make_multistep
from sklstm.preprocessing import SlidingWindow
from sklstm.sequences import SequenceTable

nan = np.nan


# ------------------------------------------------------------------------------ ridge
def drawn(n=40, p=5, k=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * [1, 2, 0.5, 1, 3][:p] + 2
    y = X @ rng.normal(size=(p, k)) + rng.normal(size=(n, k)) + 4
    return X, y, rng.uniform(0.5, 2, n)


def summed(X, y, weights):
    moments = Moments(X.shape[1], y.shape[1])
    moments.add(X, y, weights)
    return moments


def mean_variance(X, weights):
    mean = np.average(X, axis=0, weights=weights)
    return np.average((X - mean) ** 2, axis=0, weights=weights).mean()


@pytest.mark.parametrize("weighted", [False, True])
def test_ridge_path_is_scikit_learns_ridge(weighted):
    X, y, weights = drawn()
    weights = weights if weighted else np.ones(len(X))
    coef, intercept = ridge_path(summed(X, y, weights))
    for number, penalty in enumerate(PENALTIES):
        ridge = Ridge(penalty * mean_variance(X, weights), solver="cholesky")
        ridge.fit(X, y, sample_weight=weights)
        np.testing.assert_allclose(coef[number], ridge.coef_.T, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(intercept[number], ridge.intercept_, rtol=1e-6)


def test_a_shrunk_intercept_is_the_coefficient_of_a_constant_column():
    X, y, weights = drawn()
    variance = mean_variance(X, weights)
    constant = np.full((len(X), 1), np.sqrt(variance))
    coef, intercept = ridge_path(summed(X, y, weights), [0.1, 10], True)
    for number, penalty in enumerate([0.1, 10]):
        ridge = Ridge(penalty * variance, fit_intercept=False, solver="cholesky")
        ridge.fit(np.hstack([X, constant]), y, sample_weight=weights)
        np.testing.assert_allclose(coef[number], ridge.coef_[:, :-1].T, rtol=1e-6)
        expected = ridge.coef_[:, -1] * constant[0, 0]
        np.testing.assert_allclose(intercept[number], expected, rtol=1e-6)


def test_sums_of_parts_are_those_of_all():
    X, y, weights = drawn()
    parts = [summed(X[s], y[s], weights[s]) for s in (slice(0, 7), slice(7, None))]
    both, whole = parts[0] + parts[1], summed(X, y, weights)
    in_turn = Moments(5, 2)
    for s in (slice(0, 30), slice(30, 30), slice(30, None)):
        in_turn.add(X[s], y[s], weights[s])
    for name in ("weight", "x", "y", "xx", "xy"):
        for other in (both, in_turn):
            np.testing.assert_allclose(getattr(other, name), getattr(whole, name))
    some = whole.of_inputs(np.array([3, 1]))
    alone = summed(X[:, [3, 1]], y, weights)
    for a, b in zip(ridge_path(some), ridge_path(alone), strict=True):
        np.testing.assert_allclose(a, b)


def test_inputs_that_do_not_vary_and_more_of_them_than_samples():
    y = np.arange(3.0)[:, np.newaxis]
    coef, intercept = ridge_path(summed(np.ones((3, 2)), y, np.ones(3)))
    np.testing.assert_allclose(coef, 0, atol=1e-12)
    np.testing.assert_allclose(intercept, 1)
    X = np.random.default_rng(0).normal(size=(4, 30))
    y = X[:, :1]
    coef, intercept = ridge_path(summed(X, y, np.ones(4)), [1e-9])
    np.testing.assert_allclose(X @ coef[0] + intercept[0], y, atol=1e-6)


# ---------------------------------------------------------------------------- windows
def read(reader, table):
    blocks = list(reader.blocks(table))
    steps = np.concatenate([block[1] for block in blocks])
    there = [np.ones(b[1].shape[:2], bool) if b[2] is None else b[2] for b in blocks]
    return steps[..., 0], np.concatenate(there)


def test_missing_steps_are_filled_in_their_places():
    values = np.array([[nan], [1.0], [nan], [3.0], [4.0], [nan], [nan]])
    table = SequenceTable(values, np.arange(5), np.full(5, 3))
    steps, there = read(WindowReader(3, True, np.array([9.0])), table)
    expected = [[1, 1, 1], [1, 1, 3], [3, 3, 4], [3, 4, 4], [4, 4, 4]]
    np.testing.assert_array_equal(steps, expected)
    np.testing.assert_array_equal(there, ~np.isnan(np.asarray(table)[..., 0]))


def test_sequences_that_have_no_places_end_at_the_last_step_there_is():
    values = np.array([[nan], [1.0], [nan], [3.0], [4.0], [nan], [nan]])
    table = SequenceTable(values, np.array([0, 3, 5]), np.array([3, 3, 2]))
    steps, there = read(WindowReader(3, False, np.array([9.0])), table)
    np.testing.assert_array_equal(steps, [[1, 1, 1], [3, 3, 4], [9, 9, 9]])
    expected = [[False, False, True], [False, True, True], [False] * 3]
    np.testing.assert_array_equal(there, expected)


@pytest.mark.parametrize("by_place", [True, False])
def test_shorter_and_longer_sequences_and_those_of_no_row(by_place):
    values = np.arange(1.0, 7.0)[:, np.newaxis]
    table = SequenceTable(values, np.array([0, 1, 4]), np.array([6, 1, 0]))
    steps, _ = read(WindowReader(3, by_place, np.array([9.0])), table)
    np.testing.assert_array_equal(steps, [[4, 5, 6], [2, 2, 2], [9, 9, 9]])
    empty = SequenceTable(np.zeros((0, 1)), np.array([0]), np.array([0]))
    steps, _ = read(WindowReader(2, by_place, np.array([9.0])), empty)
    np.testing.assert_array_equal(steps, [[9, 9]])


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 6), st.booleans())
def test_windows_are_filled_as_pandas_fills_them(seed, length, longer):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(20, 2)).astype(np.float32)
    values[rng.random(20) < 0.4] = nan
    starts = rng.integers(0, 20 - length, 10)
    table = SequenceTable(values, starts, np.full(10, length))
    n_timesteps = length + 2 * longer
    means = np.array([5.0, 6.0])
    blocks = list(WindowReader(n_timesteps, True, means).blocks(table))
    for sample, window in enumerate(np.asarray(table)):
        window = np.vstack([np.full((n_timesteps - length, 2), nan), window])
        filled = pd.DataFrame(window).ffill().bfill().fillna(pd.Series(means))
        [(_, steps, there)] = blocks
        np.testing.assert_array_equal(steps[sample], filled.to_numpy(np.float64))
        if there is None:
            assert not np.isnan(window).any()
        else:
            np.testing.assert_array_equal(there[sample], ~np.isnan(window[:, 0]))


def test_spreads_have_the_same_bits_with_and_without_missing_steps_around():
    steps = np.random.default_rng(0).normal(size=(30, 50, 2)) + 100
    features = np.array([1])
    alone = spreads_of(steps, None, features)
    there = np.ones((30, 50), bool)
    np.testing.assert_array_equal(spreads_of(steps, there, features), alone)
    there[:, :20] = False
    found = spreads_of(steps, there, features)
    np.testing.assert_allclose(found, steps[:, 20:, 1:].std(axis=1))


def test_units_by_hand():
    scaling = WindowScaling(
        np.array([1, -1]), np.array([-2.0, 1.0]), np.array([3.0, 0.0]), 2
    )
    steps = np.array([[[1.0, 10.0], [2.0, 10.0], [3.0, 16.0]]])
    blocks = [(slice(0, 1), steps, None)]
    scaling.fit(blocks, *moments_of(blocks))
    np.testing.assert_allclose(scaling.means, [2, 12])
    spread = np.std([10, 10, 16])
    X, levels, scales = scaling.relative(
        steps, scaling.spreads(steps, None), "standard"
    )
    # y = 3 - 2 * feature, and the second column of y is relative to nothing
    np.testing.assert_allclose(levels, [[3 - 2 * 16, 0]])
    np.testing.assert_allclose(scales, [[2 * spread, 1]])
    of_first = (np.array([2.0, 3.0]) - 2) / np.std([1, 2, 3])
    np.testing.assert_allclose(X, [[of_first[0], -6 / spread, of_first[1], 0]])
    X, levels, scales = scaling.relative(steps, scaling.spreads(steps, None), "last")
    np.testing.assert_allclose(levels, [[3 - 2 * 16, 0]])
    np.testing.assert_allclose(scales, [[2 * spread, 1]])  # of all rows: the same here
    X, levels, scales = scaling.relative(steps, scaling.spreads(steps, None), "none")
    np.testing.assert_array_equal(levels, [[0, 0]])
    np.testing.assert_array_equal(scales, [[1, 1]])
    assert not np.allclose(X[0, 3], 0)


# ----------------------------------------------------------------- what y goes on with
def rows_and_windows(rng, horizon, length=6, n_rows=120, n_features=3):
    rows = rng.normal(size=(n_rows, n_features)).cumsum(axis=0)
    window = SlidingWindow(length, horizon=horizon, history=None)
    return rows, window.fit_transform(rows)


def table_of(windows):
    table = SequenceTable.from_array(np.asarray(windows))
    return table.with_values(table.values.astype(np.float32))


@settings(max_examples=25)
@given(
    st.integers(0, 10**6),
    st.integers(0, 2),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
)
def test_the_feature_is_found_that_y_goes_on_with(seed, feature, horizon, dense, holes):
    rng = np.random.default_rng(seed)
    rows, _ = rows_and_windows(rng, horizon)
    if holes:
        rows[rng.random(len(rows)) < 0.1] = nan
    y = rows[:, feature]
    scale, mean = rng.uniform(0.01, 100, 3), rng.normal(size=3) * 100
    scaled = ((rows - mean) / scale).astype(np.float32)
    windows = SlidingWindow(6, horizon=horizon, history=None).fit_transform(scaled)
    windows = np.array(windows) if dense else windows
    y = ((y - np.nanmean(y)) / np.nanstd(y))[:, np.newaxis]
    features, slopes, offsets = find_continued(SequenceTable.from_array(windows), y)
    assert features.tolist() == [feature]
    told = slopes * scaled[:, feature] + offsets
    np.testing.assert_allclose(told, y[:, 0], atol=2e-3)


@pytest.mark.parametrize("steps", [2, 5])
def test_targets_of_several_steps_and_outputs(steps):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(150, 3)).cumsum(axis=0)
    X, y = make_multistep(rows, rows[:, [2, 0]], steps)
    window = SlidingWindow(5, horizon=steps, history=None)
    table = table_of(window.fit_transform(X))
    features, slopes, _ = find_continued(table, y.reshape(len(y), -1))
    assert features.tolist() == [2, 0] * steps
    np.testing.assert_allclose(slopes, 1, rtol=1e-3)


def test_groups_of_one_table_do_not_hide_it():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(120, 2)).cumsum(axis=0), columns=["a", "b"])
    table["shop"] = np.repeat(["x", "y", "z"], 40)
    window = SlidingWindow(5, group_by="shop", history=None)
    windows = window.fit_transform(table)
    y = table["b"].to_numpy()[:, np.newaxis]
    features, slopes, _ = find_continued(table_of(windows), y)
    assert features.tolist() == [1]
    np.testing.assert_allclose(slopes, 1, rtol=1e-3)


def test_none_is_found_in_what_goes_on_with_nothing():
    rng = np.random.default_rng(0)
    rows, windows = rows_and_windows(rng, 1)
    table = table_of(windows)
    noise = rng.normal(size=(120, 1))
    of_squares = rows[:, :1] ** 2
    shuffled = rng.permutation(120)
    for other, y in [
        (table, noise),
        (table, of_squares),
        (table, np.ones((120, 1))),
        (table, np.full((120, 1), nan)),
        (table_of(np.array(windows)[shuffled]), rows[shuffled, :1]),
        (table_of(np.array(windows)[:3]), rows[:3, :1]),
    ]:
        features, slopes, offsets = find_continued(other, y)
        assert (features.tolist(), slopes, offsets) == ([-1], 1, 0)


def test_scale_of_is_least_squares():
    rng = np.random.default_rng(0)
    _, windows = rows_and_windows(rng, 1)
    table = table_of(windows)
    y = rng.normal(size=(120, 2))
    y[5, 0] = nan
    slopes, offsets = scale_of(table, y, np.array([1, 2]))
    last = np.asarray(windows)[:, -1]
    for column, feature in enumerate([1, 2]):
        known = ~np.isnan(y[:, column]) & ~np.isnan(last[:, feature])
        expected = np.polyfit(last[known, feature], y[known, column], 1)
        found = slopes[column], offsets[column]
        np.testing.assert_allclose(found, expected, rtol=1e-5)


# --------------------------------------------------------------------- the linear part
def part_of(windows, y, norms, features, n_steps=4, **arguments):
    features = np.asarray(features)
    scaling = WindowScaling(
        features, np.ones(len(features)), np.zeros(len(features)), n_steps
    )
    table = table_of(windows)
    part = LinearPart(table.n_timesteps, True, scaling)
    return part.fit(table, y, norms=norms, **arguments)


def walk(n=200, seed=0, k=1):
    rows = np.random.default_rng(seed).normal(size=(n, k)).cumsum(axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(rows, 4, axis=0)
    return windows[:-1].swapaxes(1, 2), rows[4:]


@pytest.mark.parametrize("norm", ["last", "standard"])
def test_relative_forms_by_hand(norm):
    windows, y = walk()
    part = part_of(windows, y, (norm,), [0])
    [member] = part.members
    x = windows[..., 0].astype(np.float32).astype(np.float64)
    if norm == "last":  # NLinear, in units of the deviation of all steps
        spread = np.full(len(x), x.std())
    else:
        spread = np.maximum(x.std(axis=1), 0.5 * np.quantile(x.std(axis=1), 0.05))
    inputs = (x - x[:, -1:]) / spread[:, np.newaxis]
    expected = inputs @ member.coef[:, 0] + member.intercept[0]
    outputs, scales = part.predict(table_of(windows), norm)
    np.testing.assert_allclose(outputs[:, 0], x[:, -1] + spread * expected)
    np.testing.assert_allclose(scales[:, 0], spread)


def test_inputs_that_are_kept_have_the_bits_of_those_read_anew(monkeypatch):
    windows, y = walk(n=2500, k=2)  # of two blocks
    windows = windows.copy()
    windows[::7, 1] = nan
    weights = np.random.default_rng(1).uniform(0.5, 2, len(y))
    found = []
    for most in (0, 10**6):
        monkeypatch.setattr(_scaled_windows, "_MOST_KEPT", most)
        part = part_of(windows, y, ("none", "last"), [0, 1], weights=weights)
        found.append([member.coef for member in part.members])
    assert len(found[0]) == 2
    np.testing.assert_array_equal(*found)


def test_relative_forms_follow_level_and_scale():
    windows, y = walk()
    for norm in ("last", "standard"):
        part = part_of(windows, y, (norm,), [0])
        outputs, _ = part.predict(table_of(windows))
        moved, _ = part.predict(table_of(windows + 64))
        np.testing.assert_allclose(moved, outputs + 64, rtol=1e-5)
    larger, _ = part.predict(table_of(windows * 8))
    wide = windows[..., 0].std(axis=1) > part.scaling.floors[0]
    np.testing.assert_allclose(larger[wide], outputs[wide] * 8, rtol=1e-5)


def test_the_mean_of_three_without_the_one_that_knows_a_level_far_away():
    windows, y = walk()
    part = part_of(windows, y, ("last", "standard", "none"), [0])
    if len(part.members) == 1:
        pytest.skip("one form was surely better")
    far = table_of(windows + 1e4)
    outputs, _ = part.predict(far)
    near, _ = part.predict(table_of(windows))
    relative = LinearPart(part.n_timesteps, part.by_place, part.scaling)
    relative.reader, relative.low, relative.high = part.reader, part.low, part.high
    relative.members = [m for m in part.members if m.form.norm != "none"]
    expected, _ = relative.predict(table_of(windows))
    np.testing.assert_allclose(outputs - 1e4, expected, atol=1e-2)
    assert abs(near - expected).max() > 1e-6


def test_a_linear_series_is_continued_exactly():
    t = np.arange(200)
    rows = (np.sin(t * 0.3) + 0.5 * np.sin(t * 0.7 + 1) + 3)[:, np.newaxis]
    windows = np.lib.stride_tricks.sliding_window_view(rows, 12, axis=0)
    windows, y = windows[:-1].swapaxes(1, 2), rows[12:]
    for norms in [("none",), ("last",), ("none", "last")]:
        part = part_of(windows[:150], y[:150], norms, [0], 12)
        outputs, _ = part.predict(table_of(windows[150:]))
        np.testing.assert_allclose(outputs, y[150:], atol=2e-3)


def test_weight_zero_is_leaving_out():
    windows, y = walk(k=2)
    y = y[:, :1]
    weights = np.ones(len(y))
    weights[120:] = 0
    found = part_of(windows, y, ("last",), [0], weights=weights).members
    expected = part_of(windows[:120], y[:120], ("last",), [0]).members
    assert found[0].form.norm == expected[0].form.norm


def test_outputs_of_which_some_are_unknown_are_each_on_their_own():
    windows, y = walk(k=2)
    y = y.copy()
    y[:120, 1] = nan  # most samples lack the second
    part = part_of(windows, y, ("none",), [-1, -1])
    rest = slice(120, None)
    alone = part_of(windows[rest], y[rest, 1:], ("none",), [-1])
    both, one = part.members[0], alone.members[0]
    assert both.coef.shape == (8, 2)
    assert np.isfinite(both.coef).all()
    assert abs(both.coef[:, 1]).max() > 0
    assert one.coef.shape == (8, 1)


# --------------------------------------------------------------------------- the choice
def fitted_linear_part(X, y, weights, features=(-1,), norms=("none",)):
    table = SequenceTable.from_array(X)
    n = len(features)
    scaling = WindowScaling(np.array(features), np.ones(n), np.zeros(n), X.shape[1])
    part = LinearPart(X.shape[1], False, scaling)
    part.fit(table, y, weights, norms)
    return part


def test_samples_of_no_weight_have_no_part_in_the_choice_of_the_penalty():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 8, 1))
    y = X[:, :, 0] @ rng.normal(size=(8, 1)) + rng.normal(size=(300, 1))
    weights = (rng.random(300) < 0.5).astype(float)
    expected = fitted_linear_part(X, y, weights)
    y[weights == 0] = rng.normal(size=((weights == 0).sum(), 1))
    [found] = fitted_linear_part(X, y, weights).members
    assert found.penalty == expected.members[0].penalty
    np.testing.assert_array_equal(found.coef, expected.members[0].coef)
    # Where these alone are later, they count.
    weights = np.r_[np.ones(100), np.zeros(200)]
    assert len(fitted_linear_part(X, y, weights).members) == 1


def test_the_penalty_is_that_of_the_heavier_samples():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5, 1))
    slope = np.where(np.arange(400) % 2, 3.0, 0.0)  # every second goes by itself
    y = (slope * X[:, -1, 0] + rng.normal(size=400) / 10)[:, np.newaxis]
    of_light, of_heavy = 0.5 + (slope == 0) * 3, 0.5 + (slope > 0) * 3
    [none], [some] = (fitted_linear_part(X, y, w).members for w in (of_light, of_heavy))
    # What is solved for weighs samples too: the coefficient is near the heavy ones'.
    assert abs(none.coef[-1, 0]) < 0.6 < 2.4 < some.coef[-1, 0]
