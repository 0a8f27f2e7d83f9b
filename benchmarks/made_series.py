"""Series and sequences that are made by a formula and a seed, for benchmarks."""

import functools

import numpy as np
from real_series import Regression, Series


def made_series(seed=0):
    """Return the series that are made, one after the other."""
    makers = [_of_levels, _of_seasons, _of_chance, _of_dynamics, _solar, _shops]
    for number, make in enumerate(makers):
        yield from make(np.random.default_rng([seed, number]))


def regressions(seed=0, n_samples=1000, n_timesteps=20):
    """Return what is to be predicted of sequences, and is no forecast."""
    rng = np.random.default_rng([seed, 100])
    levels = rng.uniform(0.5, 2, size=(n_samples, 1, 2))
    X = levels + 0.3 * rng.normal(size=(n_samples, n_timesteps, 2))
    noise = 0.1 * rng.normal(size=n_samples)  # or a ridge would be exact
    yield Regression("mean_of_steps", X, X[:, :, 0].mean(axis=1) + noise)
    yield Regression("position_of_maximum", X, X[:, :, 0].argmax(axis=1).astype(float))
    yield Regression("product_of_ends", X, X[:, 0, 0] * X[:, -1, 0])
    few = rng.normal(size=(100, n_timesteps, 3))
    yield Regression("hundred_of_noise", few, rng.normal(size=100))


def _of_levels(rng):
    time = np.arange(400.0)
    noise = rng.normal(size=400)
    yield Series("trend", 0.1 * time + noise, season=1, steps=8, window=24)
    months = np.arange(240)
    wave = 5 * np.sin(2 * np.pi * months / 12)
    shifted = 50 + wave + np.where(months > 150, 30, 0) + rng.normal(size=240)
    yield Series("level_shift", shifted, season=12, steps=12, window=24)
    grown = 100 / (1 + np.exp(-(time[:300] - 120) / 30)) + rng.normal(size=300)
    yield Series("saturating", grown, season=1, steps=8, window=24)


def _of_seasons(rng):
    months = np.arange(240)
    season = (
        1 + 0.3 * np.sin(2 * np.pi * months / 12) + 0.1 * np.cos(np.pi * months / 3)
    )
    growing = 20 * np.exp(0.01 * months) * season * np.exp(0.03 * rng.normal(size=240))
    monthly = functools.partial(Series, values=growing, season=12, steps=12, window=24)
    yield monthly("growing_season")
    yield monthly("growing_season_fed_back", recursive=True)
    days = np.arange(730)
    week = np.array([0.0, 1.0, 1.5, 1.2, 3.0, 8.0, 6.0])
    visits = 20 + week[days % 7] + 3 * np.sin(2 * np.pi * days / 365)
    visits = visits + 0.5 * rng.normal(size=730)
    yield Series("weekly", visits, season=7, steps=7, window=14)
    holes = np.where(rng.random(730) < 0.03, np.nan, visits)
    yield Series("weekly_with_holes", holes, season=7, steps=7, window=14)


def _of_chance(rng):
    walk = rng.normal(size=500).cumsum()
    yield Series("random_walk", walk, season=1, steps=4, window=24)
    shocks, around = rng.normal(size=300), [0.0]
    for shock in shocks[1:]:
        around.append(0.7 * around[-1] + shock)
    yield Series("ar1", np.array(around), season=1, steps=4, window=24)


def _of_dynamics(rng):
    x = [0.3]
    for _ in range(999):
        x.append(3.9 * x[-1] * (1 - x[-1]))
    yield Series("logistic_map", np.array(x), season=1, steps=1, window=12)
    glass = mackey_glass(12_000)
    yield Series("mackey_glass", glass[:2000], season=1, steps=6, window=24)
    yield Series("mackey_glass_6th", glass[::6], season=1, steps=1, window=24)
    noisy = glass[::6] + 0.02 * rng.normal(size=2000)
    yield Series("mackey_glass_noisy", noisy, season=1, steps=4, window=24)


def mackey_glass(n_rows, delay=17, per_row=10):
    """Integrate the equation of Mackey and Glass by steps of a tenth of a row.

    Parameters
    ----------
    n_rows : int
        Rows to give, after 500 that are dropped.

    delay : int, default=17
        The delay, in rows.

    per_row : int, default=10
        Steps of Euler's method a row.

    Returns
    -------
    ndarray of shape (n_rows,)
        The series.

    References
    ----------
    Mackey, M. C. and Glass, L. (1977), "Oscillation and chaos in physiological control
    systems", Science 197: dx/dt = 0.2 x(t - d) / (1 + x(t - d)^10) - 0.1 x(t).
    """
    lag, dropped = delay * per_row, 500 * per_row
    x = np.full(lag + dropped + n_rows * per_row, 1.2)
    for t in range(lag, len(x) - 1):
        late = x[t - lag]
        x[t + 1] = x[t] + (0.2 * late / (1 + late**10) - 0.1 * x[t]) / per_row
    return x[lag + dropped :: per_row][:n_rows]


def _solar(rng):
    """Return the hourly output of panels: nothing at night, clouds by day."""
    hours = np.arange(24 * 90)
    days = hours // 24
    sun = np.sin(2 * np.pi * (hours % 24 - 6) / 24)
    cloud = np.repeat(rng.uniform(0.3, 1, size=90), 24)
    height = 1 + 0.3 * np.sin(2 * np.pi * days / 365)
    output = np.clip(sun * height * cloud + 0.05 * rng.normal(size=len(hours)), 0, None)
    yield Series("solar", 5 * np.where(sun > 0, output, 0), 24, steps=12, window=48)


def _shops(rng):
    """Return daily sales of 50 shops, from a handful a day to thousands."""
    scales = np.array([1.0, 10.0, 100.0, 1000.0])[np.arange(50) % 4]
    days = np.arange(210)
    week = 1 + 0.4 * np.sin(2 * np.pi * days / 7 + rng.uniform(0, 6, size=(50, 1)))
    drift = np.exp(0.02 * rng.normal(size=(50, 210)).cumsum(axis=1))
    noise = np.exp(0.1 * rng.normal(size=(50, 210)))
    sold = scales[:, np.newaxis] * 5 * week * drift * noise
    yield Series("shops", sold[..., np.newaxis], 7, steps=7, window=14, scales=scales)
