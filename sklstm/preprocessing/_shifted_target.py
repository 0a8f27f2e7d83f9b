"""A warning of targets that are a column of X in other rows."""

import warnings

import numpy as np

from sklstm.preprocessing._seen_target import differ

# Most rows of a shift that is looked for, and of a period of the column. A periodic
# column equals others by its nature, such as a sine a cosine.
_FARTHEST, _LONGEST_PERIOD = 24, 40

# Rows compared at least, and those of them in which the column changes.
_FEWEST, _FEWEST_CHANGES = 16, 5

# Columns of y that are looked at.
_N_COLUMNS = 8


def warn_of_shifted_target(seen, names, geometry):
    """Warn if y is a column of X, but some rows later or earlier.

    There is no warning if a column of y is one of X in the same rows.

    Parameters
    ----------
    seen : SeenTarget or None
        Some rows of X and y.

    names : sequence
        Names or positions of the features.

    geometry : WindowGeometry
        Which rows the windows hold.
    """
    if seen is None or seen.columns():
        return
    n_last = _n_last(seen.places)
    features, targets = seen.features[-n_last:], seen.y[-n_last:, :_N_COLUMNS]
    for y in targets.T:
        feature, shift = _find(features, y)
        horizon = 0 if feature in geometry.known else geometry.horizon
        if shift > 0 and horizon:
            _warn_of_later(names[feature], shift, horizon)
            return
        if shift < 0 and -shift >= horizon:
            _warn_of_earlier(names[feature], -shift, horizon)
            return


def _warn_of_later(name, shift, horizon):
    n_ahead = horizon + shift
    warnings.warn(
        f"y is the column {name!r} of X {_rows(shift)} later (y[t] = X[t + {shift}]), "
        f"so that with horizon={horizon} it is {n_ahead} rows after the last time step "
        f"of its window. Pass y unshifted: the column itself, and set horizon={n_ahead}"
        f" if {n_ahead} rows ahead are meant. Forecasts are labelled as if y was not "
        "shifted.",
        UserWarning,
        stacklevel=5,
    )


def _warn_of_earlier(name, shift, horizon):
    warnings.warn(
        f"y is the column {name!r} of X {_rows(shift)} earlier (y[t] = X[t - {shift}]),"
        f" so that with horizon={horizon} windows may hold the value that they are to "
        "predict, and scores are too good. If that is not meant, pass y unshifted: the "
        "column itself.",
        UserWarning,
        stacklevel=5,
    )


def _rows(n_rows):
    return "1 row" if n_rows == 1 else f"{n_rows} rows"


def _n_last(places):
    """Return the number of rows at the end that follow each other."""
    breaks = np.flatnonzero(np.diff(places) != 1)
    return len(places) - (breaks[-1] + 1 if len(breaks) else 0)


def _find(features, y):
    """Return feature and shift, by which y is a feature; (0, 0) if it is none."""
    for shift in _candidates(features, y):
        for feature in _equal_after(features, y, shift):
            if not _is_periodic(features[:, feature]):
                return feature, shift
    return 0, 0


def _candidates(features, y):
    """Return the shifts by which some feature is equal to y in a row, nearest first."""
    farthest = min(_FARTHEST, len(y) - _FEWEST)
    known = np.flatnonzero(~np.isnan(y))
    if farthest < 1 or not len(known):
        return []
    row = known[len(known) // 2]
    shifts = np.array([s * sign for s in range(1, farthest + 1) for sign in (1, -1)])
    shifts = shifts[(row + shifts >= 0) & (row + shifts < len(y))]
    wrong = differ(features[row + shifts], y[[row], np.newaxis])
    return shifts[~wrong.all(axis=1)].tolist()


def _equal_after(features, y, shift):
    """Return the features that y is equal to, `shift` rows later."""
    if shift > 0:
        x, y = features[shift:], y[:-shift]
    else:
        x, y = features[:shift], y[-shift:]
    known = ~np.isnan(y)
    x, y = x[known], y[known]
    if len(y) < _FEWEST or _n_changes(y) < _FEWEST_CHANGES or _is_ramp(y):
        return []
    wrong = (np.isnan(x) | differ(x, y[:, np.newaxis])).any(axis=0)
    return np.flatnonzero(~wrong).tolist()


def _n_changes(y):
    return int(differ(y[1:], y[:-1]).sum())


def _is_ramp(y):
    """Return whether y grows by the same in each row, as all rows of a ramp do."""
    steps = np.diff(y)
    return not differ(steps[1:], steps[:-1]).any()


def _is_periodic(x):
    """Return whether a column repeats itself."""
    longest = min(_LONGEST_PERIOD, len(x) - _FEWEST)
    return any(not differ(x[p:], x[:-p]).any() for p in range(1, longest + 1))
