"""What the inputs and outputs of a linear model of windows are relative to."""

import copy
from dataclasses import dataclass

import numpy as np

# Of the least deviation of a window that is divided by: of the deviations of windows
# the share that is smaller, and what of it is taken.
_FLOOR_RANK, _FLOOR_SHARE = 0.05, 0.5


@dataclass(frozen=True)
class Form:
    """What a linear model is relative to, and what it sees.

    Parameters
    ----------
    norm : {"none", "last", "standard"}
        Nothing; the last value of the feature that y continues; that, in units of the
        standard deviation of the window.

    own : bool, default=False
        Whether it sees only the features that y continues.

    rest : bool, default=False
        Whether it is for those columns of y alone that continue no feature.

    far : bool, default=False
        Whether it counts for windows alone that are far from the levels of the fit.
    """

    norm: str
    own: bool = False
    rest: bool = False
    far: bool = False

    def columns(self, followed):
        """Return which columns of y it is for.

        What a window is relative to, its inputs do not tell; a column that continues
        no feature may need it, and so is left to models relative to nothing.
        """
        if self.rest or (self.norm != "none" and not followed.all()):
            return followed != self.rest
        return np.ones_like(followed)


class Units:
    """Levels and spreads of windows, in which linear models and networks compute.

    Parameters
    ----------
    features : ndarray of int, of shape (n_columns,)
        Which feature each column of y continues; -1 for none.

    slopes, offsets : ndarray of shape (n_columns,)
        Of these: ``y = slope * feature + offset``.

    n_steps : int
        Last steps that are inputs of linear models.
    """

    def __init__(self, features, slopes, offsets, n_steps):
        self.features = features
        self.slopes = slopes
        self.offsets = offsets
        self.n_steps = n_steps
        self.followed = features >= 0
        self.own = features[self.followed]

    def fit(self, blocks, means, deviations):
        """Learn means and deviations of the features, and least spreads of windows.

        Parameters
        ----------
        blocks : iterable
            From :meth:`WindowReader.blocks`.

        means, deviations : ndarray of shape (n_features,)
            From :func:`moments_of`.
        """
        self.means = means
        self.deviations = np.where(deviations > 0, deviations, 1.0)
        self.floors = np.zeros(len(means))
        if not len(self.own):
            return self
        spreads = np.concatenate([self.spreads(*block[1:]) for block in blocks])
        own, first = np.unique(self.own, return_index=True)
        for feature, of_windows in zip(own, spreads.T[first], strict=True):
            varying = of_windows[of_windows > 0]
            low = np.quantile(varying, _FLOOR_RANK) if len(varying) else 1.0
            self.floors[feature] = _FLOOR_SHARE * low
        return self

    def of_columns(self, chosen):
        """Return the units of some columns of y."""
        some = copy.copy(self)
        some.features, some.followed = self.features[chosen], self.followed[chosen]
        some.slopes, some.offsets = self.slopes[chosen], self.offsets[chosen]
        some.own = some.features[some.followed]
        return some

    def inputs_of(self, form):
        """Return the numbers of the inputs that a form sees."""
        numbers = np.arange(self.n_steps * len(self.means))
        if not form.own:
            return numbers
        return numbers[np.isin(numbers % len(self.means), self.features)]

    def spreads(self, steps, there):
        """Compute the deviations of windows in the features that y continues."""
        own, places = np.unique(self.own, return_inverse=True)
        return spreads_of(steps, there, own)[:, places]

    def relative(self, steps, spreads, norm):
        """Return inputs of a form, and levels and scales of its outputs.

        Parameters
        ----------
        steps : ndarray of shape (n_samples, n_timesteps, n_features)
            From :meth:`WindowReader.blocks`.

        spreads : ndarray of shape (n_samples, n_own)
            From :meth:`spreads`.

        norm : {"none", "last", "standard"}
            Of the form.

        Returns
        -------
        X : ndarray of shape (n_samples, n_steps * n_features)

        levels, scales : ndarray of shape (n_samples, n_columns)
            ``y = levels + scales * (X @ coef + intercept)``.
        """
        last, used = steps[:, -1], steps[:, -self.n_steps :]
        shape = len(steps), len(self.features)
        levels, scales = np.zeros(shape), np.ones(shape)
        centers = np.broadcast_to(self.means, last.shape)
        units = np.broadcast_to(self.deviations, last.shape)
        followed, own = self.followed, self.own
        if norm != "none":
            centers, units = centers.copy(), units.copy()
            centers[:, own] = last[:, own]
            levels[:, followed] = self.levels(last)
            if norm == "standard":
                units[:, own] = np.maximum(spreads, self.floors[own])
            scales[:, followed] = np.abs(self.slopes[followed]) * units[:, own]
        X = (used - centers[:, np.newaxis]) / units[:, np.newaxis]
        return X.reshape(len(steps), -1), levels, scales

    def levels(self, last):
        """Return what the last values of features are in the units of y."""
        return (
            self.slopes[self.followed] * last[:, self.own]
            + (self.offsets[self.followed])
        )


def spreads_of(steps, there, features):
    """Compute the standard deviation of each window over the steps there are.

    Parameters
    ----------
    steps : ndarray of shape (n_samples, n_timesteps, n_features)
        Windows.

    there : ndarray of bool, of shape (n_samples, n_timesteps), or None
        Which steps count; None for all.

    features : ndarray of int, of shape (n_chosen,)
        Which features.

    Returns
    -------
    ndarray of shape (n_samples, n_chosen)
        0 where no step counts.
    """
    spreads = np.empty((len(steps), len(features)))
    for place, feature in enumerate(features):
        x = np.ascontiguousarray(steps[:, :, feature])
        if there is None:
            spreads[:, place] = x.std(axis=1)
            continue
        n = np.maximum(there.sum(axis=1), 1)
        mean = np.where(there, x, 0.0).sum(axis=1) / n
        around = np.where(there, x - mean[:, np.newaxis], 0.0)
        spreads[:, place] = np.sqrt((around**2).sum(axis=1) / n)
    return spreads
