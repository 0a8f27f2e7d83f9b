"""The data that the contenders are measured on; all of it is made here."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def series(n_rows, n_features, dtype=np.float32):
    """Make a table of waves and random walks."""
    rng = np.random.default_rng(0)
    time = np.arange(n_rows)[:, np.newaxis]
    waves = np.sin(time / (10 + np.arange(n_features)))
    walks = rng.normal(scale=0.1, size=(n_rows, n_features)).cumsum(axis=0)
    kinds = np.arange(n_features) % 2
    return np.where(kinds, walks, waves + 0.1 * rng.normal(size=waves.shape)).astype(
        dtype
    )


def windows(n_samples, n_timesteps, n_features):
    """Make dense windows, and the next value of the first series for each."""
    table = series(n_samples + n_timesteps, n_features)
    view = sliding_window_view(table, n_timesteps, axis=0)[:n_samples]
    X = np.ascontiguousarray(view.transpose(0, 2, 1))
    return X, table[n_timesteps:, 0]


def search_windows():
    """Make 2,000 windows of a noisy sine, a cosine and a random walk."""
    rng, time = np.random.default_rng(0), np.arange(2024)
    noisy = np.sin(time / 10) + 0.1 * rng.normal(size=2024)
    walk = 0.1 * rng.normal(size=2024).cumsum()
    table = np.stack([noisy, np.cos(time / 10), walk], axis=1).astype(np.float32)
    view = sliding_window_view(table, 24, axis=0)[:2000]
    return np.ascontiguousarray(view.transpose(0, 2, 1)), table[24:, 0]
