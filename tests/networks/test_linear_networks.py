"""Normalized windows, patches and the exported linear part, against NumPy and Keras."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from sklstm import LSTMRegressor
from sklstm.networks import NetworkSpec, build, fuse
from sklstm.networks._patches import make_patches
from sklstm.networks._steps import Steps
from sklstm.networks._window_norm import normalize_windows

nan = np.nan
T, F = 7, 2
LENGTHS = np.array([7, 0, 3, 1, 4, 6], dtype=np.int32)


def sequences(seed=0):
    """Sequences at the front, other numbers behind them."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(len(LENGTHS), T, F)) * [1, 10] + 3).astype(np.float32)


# --------------------------------------------------------------------- by hand in NumPy
@pytest.mark.parametrize("norm", ["last", "standard"])
@pytest.mark.parametrize("features", [(0, 1), (1,)])
def test_windows_are_normalized_over_the_steps_there_are(norm, features):
    x = sequences()
    found = np.array(normalize_windows(x, Steps.up_to(LENGTHS, x), norm, features))
    for sample, length in enumerate(LENGTHS):
        for feature in range(F if length else 0):
            own = x[sample, :length, feature].astype(np.float64)
            expected = own
            if feature in features:
                expected = own - own[-1]
                if norm == "standard":
                    expected = (own - own.mean()) / max(own.std(), 1e-6)
            of_sample = found[sample, :length, feature]
            np.testing.assert_allclose(of_sample, expected, rtol=1e-4, atol=1e-5)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("size", [2, 3, 7, 9])
def test_patches_end_at_the_last_step(size):
    x = sequences()
    patches, steps = make_patches(x, Steps.up_to(LENGTHS, x), size)
    patches = np.array(patches)
    np.testing.assert_array_equal(steps.lengths, -(-LENGTHS // size))
    assert patches.shape == (len(x), -(-T // size), size * F)
    for sample, length in enumerate(LENGTHS):
        n = -(-int(length) // size)
        own = x[sample, :length]
        full = np.concatenate([*[own[:1]] * (n * size - int(length)), own])
        expected = full.reshape(n, size * F)
        np.testing.assert_array_equal(patches[sample, :n], expected)
        assert np.array(steps.mask)[sample].sum() == n


# ----------------------------------------------------------------- stock and fused twin
SPECS = {
    "last": {"window_norm": "last", "norm_features": (0, 1)},
    "standard of one": {"window_norm": "standard", "norm_features": (1,)},
    "patches": {"patch_size": 3},
    "patches longer than sequences": {"patch_size": 9},
    "patches, both ways, mean": {
        **{"patch_size": 2, "bidirectional": True, "pooling": "mean"},
        **{"window_norm": "standard", "norm_features": (0,)},
    },
    "patches, attention": {"patch_size": 2, "pooling": "attention", "cell": "gru"},
    "patches, convolution": {"patch_size": 2, "conv_filters": (3,)},
}


@pytest.mark.parametrize("name", SPECS)
def test_the_model_of_keras_is_the_fused_twin(name):
    given = {"n_features": F, "n_outputs": 2, "units": (3,), **SPECS[name]}
    if "conv_filters" in given:
        given["conv_kernel_size"] = 1
    spec = NetworkSpec(**given)
    model = build(spec)
    twin = fuse(spec, model)
    x = sequences()
    outputs = np.array(twin([x, LENGTHS]))
    rng = np.random.default_rng(0)
    with_holes = np.full((len(x), T + 2, F), nan, np.float32)
    for sample, length in enumerate(LENGTHS):  # steps that are there, among others
        places = np.sort(rng.choice(T + 2, length, replace=False))
        with_holes[sample, places] = x[sample, :length]
    np.testing.assert_allclose(model(with_holes), outputs, rtol=1e-4, atol=1e-5)
    # what stands behind the ends does not matter
    behind = np.arange(T) >= LENGTHS[:, np.newaxis]
    other = np.where(behind[..., np.newaxis], 1e3, x).astype(np.float32)
    np.testing.assert_allclose(twin([other, LENGTHS]), outputs, rtol=1e-4, atol=1e-5)


# ------------------------------------------------------------------- the exported model
def regressor(**parameters):
    given = {"units": 2, "epochs": 1, "network_weight": 0.7, "random_state": 0}
    return LSTMRegressor(**{**given, **parameters})


def rows_and_windows(n=90, k=2, length=6, holes=False, seed=0):
    rows = np.random.default_rng(seed).normal(size=(n, k)).cumsum(axis=0)
    if holes:
        rows[4::9] = rows[5::9] = nan
    view = np.lib.stride_tricks.sliding_window_view(rows, length, axis=0)
    return view[:-1].swapaxes(1, 2), rows[length:]


def assert_exported(fitted, X):
    exported = fitted.to_keras()
    outputs = np.array(exported(np.array(X, np.float32)))
    if fitted.loss == "quantile":
        expected = fitted.predict_quantiles(X)
        outputs = np.sort(outputs, axis=-1)
    else:
        expected = fitted.predict(X)
    outputs = outputs.reshape(expected.shape)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5 * scale)


TARGETS = {
    "one step": lambda y: y[2:, 0],
    "several steps": lambda y: np.stack([y[:-2, 1], y[1:-1, 1], y[2:, 1]], axis=1),
    "two targets, one of them in no feature": lambda y: np.stack(
        [y[2:, 0], y[2:, 1] ** 2], axis=1
    ),
    "sequences": lambda y: np.stack([y[:-2], y[1:-1], y[2:]], axis=1),
    "in no feature": lambda y: y[2:, 0] * y[2:, 1],
}


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("target", TARGETS)
def test_the_exported_model_predicts_the_same(target, holes):
    X, y = rows_and_windows(holes=holes)
    y = TARGETS[target](y)
    fitted = regressor().fit(X[:-2], y)
    assert_exported(fitted, X)
    assert_exported(fitted, X[:, 2:])  # shorter than in fit
    longer, _ = rows_and_windows(length=9, holes=holes)
    assert_exported(fitted, longer)
    none = np.array(X[:5])
    none[1] = nan
    none[2, 1:] = nan
    none[3, :-1] = nan
    assert_exported(fitted, none)
    assert_exported(fitted, X + 1e3)


@pytest.mark.parametrize("norm", [None, "last", "standard"])
@pytest.mark.parametrize("size", [1, 4])
def test_the_exported_model_has_norms_and_patches(norm, size):
    X, y = rows_and_windows(holes=True)
    fitted = regressor(window_norm=norm, patch_size=size).fit(X, y[:, 1])
    assert (fitted.window_norm_, fitted.patch_size_) == (norm, size)
    assert_exported(fitted, X)


@pytest.mark.parametrize("standardize", [False, True])
def test_the_exported_model_has_quantiles(standardize):
    X, y = rows_and_windows()
    fitted = regressor(loss="quantile", standardize_target=standardize)
    assert_exported(fitted.fit(X, y[:, 0]), X)
    assert_exported(fitted.fit(X, y), X)


def test_the_exported_model_of_sequences_that_have_no_places():
    X, y = rows_and_windows()
    ragged = np.array(X)
    for sample, n_missing in enumerate(np.arange(len(X)) % 7):
        ragged[sample, :n_missing] = nan
    fitted = regressor(linear_skip=3).fit(ragged, y[:, 0])
    assert not fitted.linear_part_.by_place
    assert_exported(fitted, ragged)
    late = ragged[:, ::-1]  # missing steps at the end, and then within
    assert_exported(fitted, late)
    assert_exported(fitted, np.concatenate([ragged, ragged], axis=1))


def test_the_exported_model_needs_no_sklstm(tmp_path):
    X, y = rows_and_windows(holes=True)
    fitted = regressor().fit(X, y)
    fitted.to_keras().save(tmp_path / "model.keras")
    np.save(tmp_path / "X.npy", np.array(X, np.float32))
    code = """
        import sys
        import keras
        import numpy as np
        model = keras.models.load_model("model.keras")
        np.save("outputs.npy", np.array(model(np.load("X.npy"))))
        assert "sklstm" not in sys.modules
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, check=True
    )
    outputs = np.load(tmp_path / "outputs.npy")
    np.testing.assert_allclose(outputs, fitted.predict(X), rtol=1e-3, atol=1e-4)
