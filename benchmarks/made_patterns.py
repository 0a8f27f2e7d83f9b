"""Labelled series whose label is a pattern in noise: which, where, how many."""

import functools

import numpy as np


def sets():
    """Return the function that makes each set, by name."""
    return {
        "cylinder_bell_funnel_30": functools.partial(_cylinder_bell_funnel, 30),
        "cylinder_bell_funnel_300": functools.partial(_cylinder_bell_funnel, 300),
        "shapelets_250": functools.partial(_shapelets, 200, 300, 250, 3),
        "shapelets_1000": functools.partial(_shapelets, 150, 150, 1000, 2),
        "order": _order,
        "counting": _counting,
        "imbalanced": _imbalanced,
    }


def split(X, y, n_train):
    """Return the first samples to train on, and the others."""
    return X[:n_train], y[:n_train], X[n_train:], y[n_train:]


def z_scored(X):
    """Return each series with mean 0 and deviation 1, as the UCR archive has them."""
    return (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)


def _cylinder_bell_funnel(n_train, n_test=300, n_timesteps=128, seed=0):
    """Return plateaus, rises and falls of chance length.

    References
    ----------
    Saito, N. (1994), "Local feature extraction and its applications using a library of
    bases", PhD thesis, Yale: (6 + h) u(t) + e(t), with h and e(t) standard normal and
    u(t) on [a, b] 1, (t - a) / (b - a) or (b - t) / (b - a); a in [16, 32] and b - a in
    [32, 96].
    """
    rng = np.random.default_rng([seed, n_train])
    n_samples = n_train + n_test
    y = rng.permutation(np.arange(n_samples) % 3)
    t = np.arange(1, n_timesteps + 1)
    a = rng.integers(16, 33, size=(n_samples, 1))
    b = a + rng.integers(32, 97, size=(n_samples, 1))
    inside = (a <= t) & (t <= b)
    shapes = np.array([np.ones(inside.shape), (t - a) / (b - a), (b - t) / (b - a)])
    height = 6 + rng.normal(size=(n_samples, 1))
    X = height * inside * shapes[y, np.arange(n_samples)]
    X = X + rng.normal(size=X.shape)
    return split(X[..., np.newaxis], y, n_train)


def _patterns(length):
    """Return three short shapes of equal energy: a block, a tooth and a wave."""
    t = np.linspace(0, 1, length)
    block = np.where(t < 0.5, 1.0, -1.0)
    tooth = 2 * ((2 * t) % 1) - 1
    wave = np.sin(6 * np.pi * t)
    return [shape / np.sqrt(np.mean(shape**2)) for shape in (block, tooth, wave)]


def _add(series, pattern, start):
    series[start : start + len(pattern)] += pattern


def _shapelets(n_train, n_test, n_timesteps, n_classes, seed=0):
    """Return noise in which a short pattern hides; which one is the label."""
    rng = np.random.default_rng([seed, 2, n_timesteps])
    y = rng.permutation(np.arange(n_train + n_test) % n_classes)
    X = rng.normal(size=(len(y), n_timesteps))
    patterns = _patterns(30)
    for series, label in zip(X, y, strict=True):
        pattern = rng.uniform(1.2, 2.0) * patterns[label]
        _add(series, pattern, rng.integers(n_timesteps - 30))
    return split(X[..., np.newaxis], y, n_train)


def _order(n_train=300, n_test=300, n_timesteps=100, seed=0):
    """Return noise with a block and a tooth; which of them is first is the label."""
    rng = np.random.default_rng([seed, 3])
    y = rng.permutation(np.arange(n_train + n_test) % 2)
    X = 0.6 * rng.normal(size=(len(y), n_timesteps))
    block, tooth, _ = _patterns(16)
    for series, label in zip(X, y, strict=True):
        first, second = (block, tooth) if label else (tooth, block)
        start = rng.integers(n_timesteps - 40)
        _add(series, rng.uniform(0.6, 1.4) * first, start)
        later = rng.integers(start + 16, n_timesteps - 16)
        _add(series, rng.uniform(0.6, 1.4) * second, later)
    return split(X[..., np.newaxis], y, n_train)


def _counting(n_train=300, n_test=300, n_timesteps=100, seed=0):
    """Return noise with two, three or four pulses; how many is the label."""
    rng = np.random.default_rng([seed, 4])
    y = rng.permutation(np.arange(n_train + n_test) % 3) + 2
    X = 0.35 * rng.normal(size=(len(y), n_timesteps))
    for series, count in zip(X, y, strict=True):
        # places of a grid of 12, moved within it: pulses never touch
        for place in rng.choice(n_timesteps // 12, size=count, replace=False):
            width = rng.integers(3, 9)
            pulse = rng.uniform(0.8, 1.8) * np.hanning(width + 2)[1:-1]
            _add(series, pulse, 12 * place + rng.integers(3))
    return split(X[..., np.newaxis], y, n_train)


def _imbalanced(n_train=2000, n_test=1500, n_timesteps=60, seed=0):
    """Return noise of which one in fifty hides a wave, in the test rows as well."""
    rng = np.random.default_rng([seed, 5])
    parts = []
    for n_samples in (n_train, n_test):
        y = rng.permutation(np.arange(n_samples) % 50 == 0).astype(int)
        X = rng.normal(size=(n_samples, n_timesteps)) + rng.normal(size=(n_samples, 1))
        wave = _patterns(20)[2]
        for sample in np.flatnonzero(y):
            pattern = rng.uniform(1.2, 2.0) * wave
            _add(X[sample], pattern, rng.integers(n_timesteps - 20))
        parts += [X[..., np.newaxis], y]
    return tuple(parts)
