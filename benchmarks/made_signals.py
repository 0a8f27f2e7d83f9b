"""Labelled signals: rhythm, level, memory, and a trend that begins at a change."""

import numpy as np
from made_patterns import split


def sets():
    """Return the function that makes each set, by name."""
    return {
        "frequency": _frequency,
        "level": _level,
        "autoregressions": _autoregressions,
        "trend_after_change": _trend_after_change,
    }


def _frequency(n_train=60, n_test=300, n_timesteps=500, seed=0):
    """Return noisy sines of any phase; the label is how fast they are."""
    rng = np.random.default_rng([seed, 8])
    y = rng.permutation(np.arange(n_train + n_test) % 2)
    cycles = np.where(y, 24.0, 20.0) + rng.normal(size=len(y))
    phase = rng.uniform(0, 2 * np.pi, size=(len(y), 1))
    angle = 2 * np.pi * np.linspace(0, 1, n_timesteps) * cycles[:, np.newaxis]
    X = np.sin(angle + phase) + rng.normal(size=angle.shape)
    return split(X[..., np.newaxis], y, n_train)


def _level(n_train=100, n_test=300, n_timesteps=60, seed=0):
    """Return like walks around three levels: z-scores would hide the label."""
    rng = np.random.default_rng([seed, 9])
    y = rng.permutation(np.arange(n_train + n_test) % 3)
    level = 1.5 * y + 0.25 * rng.normal(size=len(y))
    noise = rng.normal(size=(len(y), n_timesteps))
    X = level[:, np.newaxis] + _remembered(noise, 0.8)
    return split(X[..., np.newaxis], y, n_train)


def _remembered(shocks, part):
    """Return an autoregression of order 1 along the steps, of deviation 1."""
    state = np.zeros_like(shocks)
    state[:, 0] = shocks[:, 0]
    for t in range(1, shocks.shape[1]):
        fresh = np.sqrt(1 - part**2) * shocks[:, t]
        state[:, t] = part * state[:, t - 1] + fresh
    return state


def _autoregressions(n_train=3000, n_test=300, n_timesteps=50, seed=0):
    """Return pairs of features that follow one another by unlike coefficients."""
    rng = np.random.default_rng([seed, 10])
    coefficients = np.array(
        [
            [[0.6, 0.3], [-0.3, 0.6]],
            [[0.6, -0.3], [0.3, 0.6]],
            [[0.6, 0.0], [0.0, 0.6]],
            [[0.3, 0.3], [0.3, 0.3]],
        ]
    )
    y = rng.permutation(np.arange(n_train + n_test) % len(coefficients))
    state, steps = np.zeros((len(y), 2)), []
    for _ in range(20 + n_timesteps):
        shock = rng.normal(size=state.shape)
        state = np.einsum("nij,nj->ni", coefficients[y], state) + shock
        steps.append(state)
    return split(np.stack(steps[20:], axis=1), y, n_train)


def _trend_after_change(n_train=500, n_test=300, n_timesteps=100, seed=0):
    """Return walks that rise, fall or go on as before from some step on."""
    rng = np.random.default_rng([seed, 11])
    y = rng.permutation(np.arange(n_train + n_test) % 3)
    change = rng.integers(30, 80, size=(len(y), 1))
    slope = (y - 1) * rng.uniform(0.04, 0.1, size=len(y))
    since = np.clip(np.arange(n_timesteps) - change, 0, None)
    around = 3 * rng.normal(size=(len(y), 1))
    noise = _remembered(rng.normal(size=(len(y), n_timesteps)), 0.7)
    X = around + slope[:, np.newaxis] * since + 0.7 * noise
    return split(X[..., np.newaxis], y, n_train)
