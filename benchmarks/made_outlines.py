"""Labelled outlines and curves, z-scored as the UCR archive has them."""

import functools

import numpy as np
from made_patterns import split, z_scored


def sets():
    """Return the function that makes each set, by name."""
    return {
        "outlines_of_6": functools.partial(_outlines, 36, 300, 250, 6, 0.18, 0.06),
        "outlines_of_50": functools.partial(_outlines, 200, 300, 430, 50, 0.1, 1.0),
        "demand": _demand,
    }


def _outlines(n_train, n_test, n_timesteps, n_classes, spread, turn, seed=0):
    """Return the radius of closed contours, step by step around them.

    Parameters
    ----------
    n_train, n_test, n_timesteps, n_classes : int
        The sizes.

    spread : float
        How much the contours of a class differ.

    turn : float
        In what part of the contour the first step may lie; 1 is anywhere.

    seed : int, default=0
        What the set is made from.
    """
    rng = np.random.default_rng([seed, 6, n_classes])
    harmonics = np.arange(2, 13)
    fall = 1 / harmonics  # as smooth as outlines of leaves are
    shared = fall * rng.normal(size=(2, len(harmonics)))
    own = 0.45 * fall * rng.normal(size=(n_classes, 2, len(harmonics)))
    labels = np.arange(n_classes)
    y = np.r_[
        rng.permutation(np.resize(labels, n_train)),
        rng.permutation(np.resize(labels, n_test)),
    ]
    n_samples = len(y)
    noise = spread * fall * rng.normal(size=(n_samples, 2, len(harmonics)))
    cosines, sines = np.moveaxis(shared + own[y] + 2 * noise, 1, 0)
    angle = np.linspace(0, 2 * np.pi, n_timesteps, endpoint=False)
    start = 2 * np.pi * turn * rng.uniform(size=(n_samples, 1))
    bend = 0.15 * rng.normal(size=(n_samples, 1))  # steps are not even in angle
    bent = angle + bend * np.sin(angle + 2 * np.pi * rng.uniform(size=(n_samples, 1)))
    phase = harmonics * (bent + start)[..., np.newaxis]
    X = np.einsum("ith,ih->it", np.cos(phase), cosines)
    X += np.einsum("ith,ih->it", np.sin(phase), sines)
    X += 0.02 * rng.normal(size=X.shape)
    return split(z_scored(X)[..., np.newaxis], y, n_train)


def _demand(n_train=67, n_test=1000, n_timesteps=24, seed=0):
    """Return the hourly demand of days; the label is the half of the year."""
    rng = np.random.default_rng([seed, 7])
    y = rng.permutation(np.arange(n_train + n_test) % 2)
    hours = np.arange(n_timesteps)

    def peak(hour, width, height):
        around = hour[:, np.newaxis] + 0.45 * rng.normal(size=(len(y), 1))
        return height[:, np.newaxis] * np.exp(-(((hours - around) / width) ** 2) / 2)

    def uneven(height):
        return height * np.exp(0.2 * rng.normal(size=len(y)))

    morning = peak(np.where(y, 8.6, 9.2), 2.0, uneven(np.ones(len(y))))
    noon = peak(np.where(y, 13.5, 13.0), 2.5, uneven(np.where(y, 0.6, 0.75)))
    evening = peak(np.where(y, 18.3, 19.5), 2.2, uneven(np.where(y, 1.2, 0.9)))
    X = morning + noon + evening + 0.05 * rng.normal(size=(len(y), n_timesteps))
    return split(z_scored(X)[..., np.newaxis], y, n_train)
