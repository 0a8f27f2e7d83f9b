"""Where y is a column of X: in the same rows, or some rows later or earlier."""

from dataclasses import dataclass

import numpy as np

# Most rows of a shift that is looked for, and of a period of the column. A periodic
# column equals others by its nature, such as a sine a cosine.
_FARTHEST, _LONGEST_PERIOD = 24, 40

# Rows compared at least, and those of them in which y changes.
_FEWEST, _FEWEST_CHANGES = 16, 5

# Columns of y that are looked at: the first ones, and the last.
_N_COLUMNS = 8

# Difference of equal numbers: this share of the range, or of the largest (rounding).
_OF_RANGE, _OF_LARGEST = 1e-6, 1e-12

# The same of the share of a range, for a first choice.
_NEAR = 1e-3


@dataclass(frozen=True)
class Place:
    """Where a column of y is found in X: ``y[t] = slope * X[t + shift] + offset``.

    Parameters
    ----------
    feature : int
        The feature of X.

    shift : int
        How many rows later than in y.

    is_scaled : bool
        Whether it differs by slope or offset.
    """

    feature: int
    shift: int
    is_scaled: bool


def places_of_target(seen):
    """Return the Places of the columns of y that are columns of X, a list.

    Parameters
    ----------
    seen : SeenTarget or None
        Some rows of X and y. Those at the end, which follow each other, are compared.

    Notes
    -----
    A column of y that is in X in the same row is not looked for in others. Columns that
    hardly change are left out, and those of X that repeat themselves.
    """
    if seen is None:
        return []
    n_last = _n_last(seen.places)
    features, y = seen.features[-n_last:], seen.y[-n_last:]
    some = y if y.shape[1] <= _N_COLUMNS else y[:, [*range(_N_COLUMNS - 1), -1]]
    found = (_place_of(features, column) for column in some.T)
    return [place for place in found if place is not None]


def _n_last(places):
    """Return the number of rows at the end that follow each other."""
    breaks = np.flatnonzero(np.diff(places) != 1)
    return len(places) - (breaks[-1] + 1 if len(breaks) else 0)


def _place_of(features, y):
    known = ~np.isnan(y)
    values = y[known]
    if len(values) < _FEWEST or not np.isfinite(values).all():
        return None
    if _n_changes(values) < _FEWEST_CHANGES or _is_ramp(values):
        return None
    same = (features == y[:, np.newaxis]).all(axis=0)  # quickly found, and usual
    if same.any():
        return Place(int(np.argmax(same)), 0, is_scaled=False)
    for shift, feature in _candidates(features, y):
        scaled = _is_scaled(features[:, feature], y, shift)
        if scaled is None:
            continue
        if not shift or not _is_periodic(features[:, feature]):
            return Place(feature, shift, scaled)
    return None


def _candidates(features, y):
    """Return pairs of shift and feature that some rows allow, the nearest first."""
    farthest = min(_FARTHEST, (len(y) - _FEWEST // 2) // 2)
    inner = np.arange(farthest, len(y) - farthest)
    inner = inner[~np.isnan(y[inner])]
    if len(inner) < 3:
        return []
    in_order = inner[np.argsort(y[inner])]
    low, high = in_order[[0, -1]]
    if not y[high] > y[low]:
        return []
    shifts = np.array(sorted(range(-farthest, farthest + 1), key=abs))
    # All features at once; each row leaves fewer pairs.
    shifts, chosen = (
        found.ravel()
        for found in np.meshgrid(shifts, np.arange(features.shape[1]), indexing="ij")
    )
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for row in (high, *in_order[1:-1]):
            first = features[low + shifts, chosen]
            distance = features[high + shifts, chosen] - first
            share = (features[row + shifts, chosen] - first) / distance
            near = np.abs(share - (y[row] - y[low]) / (y[high] - y[low])) < _NEAR
            shifts, chosen = shifts[near], chosen[near]
    return zip(shifts.tolist(), chosen.tolist(), strict=True)


def _is_scaled(x, y, shift):
    """Return whether y is x scaled, `shift` rows later; None if it is not x at all."""
    if shift > 0:
        x, y = x[shift:], y[:-shift]
    elif shift < 0:
        x, y = x[:shift], y[-shift:]
    known = ~np.isnan(y)
    x, y = x[known].astype(float), y[known]
    if len(y) < _FEWEST or _n_changes(y) < _FEWEST_CHANGES or np.isnan(x).any():
        return None
    if _are_equal(x, y):
        return False
    low, high = np.argmin(x), np.argmax(x)
    if not x[high] > x[low]:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        slope = (y[high] - y[low]) / (x[high] - x[low])
        return True if _are_equal(y[low] + slope * (x - x[low]), y) else None


def _are_equal(x, y):
    """Return whether numbers are equal but for rounding."""
    with np.errstate(over="ignore", invalid="ignore"):
        tolerance = _OF_RANGE * np.ptp(x) + _OF_LARGEST * np.abs(x).max()
        return bool((np.abs(x - y) <= tolerance).all())


def _is_ramp(y):
    """Return whether numbers grow by the same each, as any other ramp does."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _are_equal(np.linspace(y[0], y[-1], len(y)), y)


def _n_changes(y):
    return np.count_nonzero(y[1:] != y[:-1])


def _is_periodic(x):
    """Return whether a column repeats itself; NaN are left out."""
    for period in range(1, min(_LONGEST_PERIOD, len(x) - _FEWEST) + 1):
        later, earlier = x[period:], x[:-period]
        known = ~(np.isnan(later) | np.isnan(earlier))
        if known.sum() >= _FEWEST // 2 and _are_equal(later[known], earlier[known]):
            return True
    return False
