"""Warnings of targets that windows hold, or that are further ahead than they seem."""

import warnings

import numpy as np
import pandas as pd

from sklstm._multistep import are_steps, multistep_name
from sklstm.preprocessing._shifted_target import places_of_target


def warn_of_target(seen, y, groups, names, geometry):
    """Warn if windows hold y, or if y was shifted although windows end before its row.

    Parameters
    ----------
    seen : SeenTarget or None
        Some rows of X and y.

    y : array-like or None
        The target.

    groups : Groups
        Of the rows.

    names : sequence
        Names or positions of the features.

    geometry : WindowGeometry
        Which rows the windows hold.
    """
    n_steps = 1 if y is None else _count_steps(y, groups, seen)
    if n_steps > 1:
        if geometry.horizon < n_steps:
            _warn_of_seen_steps(n_steps, geometry.horizon)
        return
    places = places_of_target(seen)
    if not places:
        return
    # Rows from the last time step of a window to what y has.
    ahead = [place.shift + _horizon_of(place, geometry) for place in places]
    nearest = int(np.argmin(ahead))
    place, horizon = places[nearest], _horizon_of(places[nearest], geometry)
    if place.shift > 0 and horizon:
        _warn_of_later(place, names, horizon)
    elif place.shift < 0 and not place.is_scaled:  # scaled it may be an effect
        if 0 <= -ahead[nearest] < geometry.length:
            _warn_of_earlier(place, names, horizon)
    elif not (place.shift or geometry.horizon) and place.feature in seen.columns():
        _warn_of_same(names[place.feature])


def _horizon_of(place, geometry):
    return 0 if place.feature in geometry.known else geometry.horizon


def _warn_of_later(place, names, horizon):
    shift, rows = place.shift, _rows(place.shift)
    warnings.warn(
        f"y is {_column(place, names)} {rows} later (y[t] = X[t + {shift}]), so that "
        f"with horizon={horizon} it is {horizon + shift} rows after the last time step "
        f"of its window. If y was shifted, pass the column itself and set horizon="
        f"{shift} for {rows} ahead: forecasts are labelled {rows} too early otherwise. "
        "If the column is a lag of y, set horizon=0.",
        UserWarning,
        stacklevel=5,
    )


def _warn_of_earlier(place, names, horizon):
    shift = -place.shift
    warnings.warn(
        f"y is {_column(place, names)} {_rows(shift)} earlier (y[t] = X[t - {shift}]), "
        f"so that with horizon={horizon} windows hold the value that they are to "
        "predict, and scores are too good. If that is not meant, pass y unshifted: the "
        "column itself.",
        UserWarning,
        stacklevel=5,
    )


def _warn_of_same(name):
    warnings.warn(
        f"y is the column {name!r} of X, and with horizon=0 the window of a row holds "
        "its value, so that scores are too good. If that is not meant, set horizon=1: "
        "windows then end one row before.",
        UserWarning,
        stacklevel=5,
    )


def _column(place, names):
    name = f"the column {names[place.feature]!r} of X"
    return f"{name}, scaled," if place.is_scaled else name


def _rows(n_rows):
    return "1 row" if n_rows == 1 else f"{n_rows} rows"


def _warn_of_seen_steps(n_steps, horizon):
    ends = f"{horizon} rows before its own" if horizon else "with its own"
    warnings.warn(
        f"y holds {n_steps} steps at once, the first of them {n_steps - 1} rows before "
        f"its row, but with horizon={horizon} the window of a row ends {ends}: "
        "windows hold part of what they predict, and scores are too good. Set horizon="
        f"{n_steps}. (Name columns that are known in advance in known.)",
        UserWarning,
        stacklevel=5,
    )


def _count_steps(y, groups, seen):
    """Return the number of steps of y, as `make_multistep` arranges them, or 1.

    They are told by their names, or by their values if the last of them is a column of
    X in the same row.
    """
    if isinstance(y, pd.DataFrame) and multistep_name(y.columns) is not None:
        return y.shape[1]
    if seen is None or seen.y.shape[1] < 2 or not seen.last_is_feature():
        return 1
    y = np.asarray(y)
    # Constant targets agree by chance.
    changes = (y[1:] != y[:-1]) & (y[1:] == y[1:]) & (y[:-1] == y[:-1])
    return y.shape[1] if changes.any() and are_steps(y, groups.codes) else 1
