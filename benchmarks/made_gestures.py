"""Labelled gestures: several features, of unequal length."""

import numpy as np


def sets():
    """Return the function that makes each set, by name."""
    return {"lags_of_20": _lags, "gestures": _gestures}


def _split(series, y, n_train):
    return series[:n_train], y[:n_train], series[n_train:], y[n_train:]


def _smooth(rng, n_timesteps, n_features, width=7):
    """Return noise of deviation 1 that is averaged over some steps."""
    noise = rng.normal(size=(n_timesteps + width - 1, n_features))
    window = np.lib.stride_tricks.sliding_window_view(noise, width, axis=0)
    return window.sum(axis=-1) / np.sqrt(width)


def _lags(n_train=240, n_test=300, seed=0):
    """Return 20 features; the label is by how many steps ten follow the others."""
    rng = np.random.default_rng([seed, 12])
    y = rng.permutation(np.arange(n_train + n_test) % 4)
    lags, series = np.array([-4, 0, 4, 8]), []
    for label in y:
        length, lag = rng.integers(40, 91), lags[label]
        base = _smooth(rng, length + 12, 10)
        first = base[8 : 8 + length]
        second = base[8 - lag : 8 - lag + length]
        both = np.concatenate([first, second], axis=1)
        series.append(both + 0.4 * rng.normal(size=both.shape))
    return _split(series, y, n_train)


def _gestures(n_train=100, n_test=250, seed=0):
    """Return curves in space that a hand draws at its own pace and size."""
    rng = np.random.default_rng([seed, 13])
    y = rng.permutation(np.arange(n_train + n_test) % 5)
    harmonics = np.arange(1, 6)
    shared = rng.normal(size=(3, 2, 5)) / harmonics
    own = 0.3 * rng.normal(size=(5, 3, 2, 5)) / harmonics
    series = []
    for label in y:
        pace = rng.uniform(0.3, 1.7, size=8)
        knots = np.r_[0, np.cumsum(pace)] / pace.sum()
        length = rng.integers(50, 121)
        time = np.interp(np.linspace(0, 1, length), np.linspace(0, 1, 9), knots)
        hand = 0.3 * rng.normal(size=(3, 2, 5)) / harmonics
        weights = shared + own[label] + hand
        phase = 2 * np.pi * harmonics * time[:, np.newaxis]
        curve = np.cos(phase) @ weights[:, 0].T + np.sin(phase) @ weights[:, 1].T
        curve = rng.uniform(0.7, 1.3) * curve + 0.3 * rng.normal(size=3)
        series.append(curve + 0.1 * rng.normal(size=curve.shape))
    return _split(series, y, n_train)
