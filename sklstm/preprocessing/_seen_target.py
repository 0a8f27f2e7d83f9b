"""What `fit` of a window remembers of y: whether it is a column of X."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklstm._stored import stored_as
from sklstm.sequences import row_blocks

# Number of rows remembered from the end, and again from all the others.
_REMEMBERED = 64


@stored_as("seen target")
@dataclass(frozen=True)
class SeenTarget:
    """Some rows of y and of X, and where the two differ.

    Parameters
    ----------
    group : object
        The largest group, of which the rows are.

    places : ndarray of int, of shape (n_remembered,)
        The positions of the rows in their group, ascending.

    rows : ndarray of int, of shape (n_remembered,)
        Their numbers in the table.

    y : ndarray of shape (n_remembered, n_columns)
        The target in these rows; further axes are flattened.

    features : ndarray of shape (n_remembered, n_features)
        The features in these rows.

    elsewhere : dict of (int, int) to tuple of (int, float, float)
        Features and columns of y that are equal in the rows remembered but not in all
        rows: the first row where they differ, and their values in it.
    """

    group: object
    places: np.ndarray
    rows: np.ndarray
    y: np.ndarray
    features: np.ndarray
    elsewhere: dict

    @classmethod
    def of(cls, y, values, groups):
        """Compare y with the columns of a table, and remember some rows.

        `values` is of shape (n_rows, n_features). Return None unless y has numbers.
        """
        y = None if y is None else _as_numbers(y)
        if y is None or len(y) != len(values) or not y.shape[1]:
            return None
        largest = int(np.argmax(groups.sizes))
        group, own = groups.names[largest], groups.rows(largest)
        places = _choose_rows(y if len(groups) == 1 else y[own])
        rows = own[places]
        elsewhere = {}
        for feature, column in _equal_pairs(values[rows], y[rows]):
            row = _first_difference(values[:, feature], y[:, column])
            if row is not None:
                found = row, float(values[row, feature]), float(y[row, column])
                elsewhere[feature, column] = found
        return cls(group, places, rows, y[rows], values[rows].copy(), elsewhere)

    def columns(self):
        """Return the set of features that equal some column of y in all rows.

        Constant ones, which are equal by chance, are not in it.
        """
        return {feature for feature, _ in self._pairs()}

    def last_is_feature(self):
        """Return whether the last column of y equals some feature in all rows."""
        return any(column == self.y.shape[1] - 1 for _, column in self._pairs())

    def _pairs(self):
        """Yield features and columns of y that are equal and not constant."""
        for feature, column in _equal_pairs(self.features, self.y):
            x, y = self.features[:, feature], self.y[:, column]
            several = len(np.unique(x[~np.isnan(x) & ~np.isnan(y)])) > 1
            if several and (feature, column) not in self.elsewhere:
                yield feature, column


def warn_of_known_target(seen, known, known_places):
    """Warn if a column that is named in `known` is the target.

    `seen` is a SeenTarget or None, `known_places` the positions of `known` among
    features.
    """
    if seen is None or not known:
        return
    columns = seen.columns()
    wrong = [
        name
        for name, place in zip(known, known_places, strict=True)
        if place in columns
    ]
    if wrong:
        warnings.warn(
            f"known={wrong[0]!r} names the target: y is that column of X, so that each "
            "window holds the value that it is to predict. Leave the column out of "
            "known; windows hold its past values anyway.",
            UserWarning,
            stacklevel=4,
        )


def differ(x, y):
    """Return where columns differ by more than rounding, and both hold numbers.

    Both are of shape (n_rows,) or (n_rows, n_columns). The tolerance depends on the
    largest number in each column of x.
    """
    equal = np.asarray(x == y)
    if equal.all():  # quickly found, and what is usual
        return ~equal
    return _differ(x, y, _largest(x))


def _first_difference(x, y):
    """Return the first row where two columns differ, or None; see :func:`differ`."""
    blocks = row_blocks(len(x))
    if all(np.array_equal(x[rows], y[rows]) for rows in blocks):
        return None
    largest = max((_largest(x[rows]) for rows in blocks), default=0.0)
    for rows in blocks:
        wrong = _differ(x[rows], y[rows], largest)
        if wrong.any():
            return rows.start + int(np.argmax(wrong))
    return None


def _differ(x, y, largest):
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    close = np.isclose(x, y, rtol=1e-5, atol=1e-8 * largest)
    return ~(close | np.isnan(x) | np.isnan(y))


def _largest(x):
    x = np.asarray(x, dtype=float)
    return np.max(np.abs(x), axis=0, initial=0.0, where=np.isfinite(x))


def _as_numbers(y):
    """Return y as floats of two axes; None if it does not hold numbers."""
    try:
        if isinstance(y, (pd.Series, pd.DataFrame)):
            y = y.to_numpy(dtype=float, na_value=np.nan)
        if not isinstance(y, np.ndarray) or y.dtype.kind != "f":
            y = np.asarray(y, dtype=float)
    except (TypeError, ValueError):  # names of classes, lists of unequal length
        return None
    return y.reshape(len(y), -1) if y.ndim else None


def _choose_rows(y):
    """Return the last rows, some of the others, and the extremes of each column."""
    n_rows = len(y)
    last = np.arange(max(n_rows - _REMEMBERED, 0), n_rows)
    others = np.linspace(0, n_rows - 1, _REMEMBERED).astype(int)
    extremes = []
    for rows in row_blocks(n_rows):
        some = y[rows, :8]
        filled = np.where(np.isnan(some), 0.0, some)
        of_block = filled.argmin(axis=0), filled.argmax(axis=0)
        extremes.append(rows.start + np.concatenate(of_block))
    candidates = np.unique(extremes)
    filled = np.nan_to_num(y[candidates, :8])
    found = candidates[[*filled.argmin(axis=0), *filled.argmax(axis=0)]]
    return np.unique(np.concatenate([last, others, found]))


def _equal_pairs(features, y):
    """Yield the pairs of a feature and a column of y that are equal in these rows."""
    for column in range(y.shape[1]):
        wrong = differ(features, y[:, [column]]).any(axis=0)
        for feature in np.flatnonzero(~wrong).tolist():
            yield feature, column
