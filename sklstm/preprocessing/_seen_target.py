"""What `fit` of a window saw of y: whether it is a column of X."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

# Rows that are remembered: so many of the last, and so many spread over the others.
_REMEMBERED = 64


@dataclass(frozen=True)
class SeenTarget:
    """Some rows of y beside those of X, and where the two differ.

    Parameters
    ----------
    group : object
        The group whose rows are remembered, the one with most of them.

    places : ndarray of int, of shape (n_remembered,)
        The places of the rows in their group, ascending.

    rows : ndarray of int, of shape (n_remembered,)
        Their numbers in the table.

    y : ndarray of shape (n_remembered, n_columns)
        The target in these rows; further axes are flattened.

    features : ndarray of shape (n_remembered, n_features)
        What the window got in these rows.

    elsewhere : dict of (int, int) to tuple of (int, float, float)
        Of features and columns of y that are alike in the rows remembered, but not in
        all rows: the first row where they differ, and what the two hold there.
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

        Parameters
        ----------
        y : array-like or None
            The targets.

        values : ndarray of shape (n_rows, n_features)
            The table.

        groups : Groups
            The rows of each group, in the order of time.

        Returns
        -------
        SeenTarget or None
            None where there are no targets, or they are no numbers.
        """
        y = None if y is None else _as_numbers(y)
        if y is None or len(y) != len(values) or not y.shape[1]:
            return None
        largest = int(np.argmax(groups.sizes))
        group, own = groups.names[largest], groups.rows(largest)
        places = _spread(y[own])
        rows = own[places]
        elsewhere = {}
        for feature, column in _alike(values[rows], y[rows]):
            wrong = differ(values[:, feature], y[:, column])
            if wrong.any():
                row = int(np.argmax(wrong))
                found = row, float(values[row, feature]), float(y[row, column])
                elsewhere[feature, column] = found
        return cls(group, places, rows, y[rows], values[rows].copy(), elsewhere)

    def columns(self):
        """Give the features that some column of y is, in all rows.

        Returns
        -------
        set of int
            Not those that hold one value, which are alike by chance.
        """
        found = set()
        for feature, column in _alike(self.features, self.y):
            x, y = self.features[:, feature], self.y[:, column]
            several = len(np.unique(x[~np.isnan(x) & ~np.isnan(y)])) > 1
            if several and (feature, column) not in self.elsewhere:
                found.add(feature)
        return found


def warn_of_known_target(seen, known, known_places):
    """Warn where the target is said to be known in advance.

    Parameters
    ----------
    seen : SeenTarget or None
        What `fit` saw of y.

    known : list
        The columns that are known in advance.

    known_places : ndarray of int
        Their places among the features.
    """
    columns = set() if seen is None else seen.columns()
    told = [
        name
        for name, place in zip(known, known_places, strict=True)
        if place in columns
    ]
    if told:
        warnings.warn(
            f"known={told[0]!r} names the target: y is that column of X, so that each "
            "window holds the very value that is to be predicted from it. Leave the "
            "column out of known; windows hold its past without that.",
            UserWarning,
            stacklevel=4,
        )


def differ(x, y):
    """Tell where columns differ by more than rounding, and both hold numbers.

    Parameters
    ----------
    x, y : ndarray of shape (n_rows,) or (n_rows, n_columns)
        The columns. What is rounding depends on the largest number in each of x.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    largest = np.max(np.abs(x), axis=0, initial=0.0, where=np.isfinite(x))
    close = np.isclose(x, y, rtol=1e-5, atol=1e-8 * largest)
    return ~(close | np.isnan(x) | np.isnan(y))


def _as_numbers(y):
    """Give y as floats of two axes; None where it can't be compared with numbers."""
    try:
        if isinstance(y, (pd.Series, pd.DataFrame)):
            y = y.to_numpy(dtype=float, na_value=np.nan)
        y = np.asarray(y, dtype=float)
    except (TypeError, ValueError):  # names of classes, lists of unequal length
        return None
    return y.reshape(len(y), -1) if y.ndim else None


def _spread(y):
    """Choose rows: the last ones, some of the others, the extremes of each column."""
    n_rows = len(y)
    last = np.arange(max(n_rows - _REMEMBERED, 0), n_rows)
    others = np.linspace(0, n_rows - 1, _REMEMBERED).astype(int)
    filled = np.nan_to_num(y[:, :8])
    return np.unique([*last, *others, *filled.argmin(axis=0), *filled.argmax(axis=0)])


def _alike(features, y):
    """Give the pairs of columns that do not differ in some rows."""
    for column in range(y.shape[1]):
        wrong = differ(features, y[:, [column]]).any(axis=0)
        for feature in np.flatnonzero(~wrong).tolist():
            yield feature, column
