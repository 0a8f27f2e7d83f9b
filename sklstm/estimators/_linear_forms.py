"""Scaling of the inputs and outputs of linear models of windows."""

import copy
from dataclasses import dataclass

import numpy as np

from sklstm._stored import stored_as

# The minimum deviation of a window: this share of this quantile of the deviations.
_FLOOR_RANK, _FLOOR_SHARE = 0.05, 0.5


@stored_as("form")
@dataclass(frozen=True)
class Form:
    """Scaling, inputs and outputs of a linear model of windows.

    Parameters
    ----------
    norm : {"none", "last", "standard"}
        Whether windows are relative to nothing; to the last value of the feature that y
        continues; or to that, divided by the standard deviation of the window.

    own : bool, default=False
        Whether only the features that y continues are inputs.

    rest : bool, default=False
        Whether only columns of y that continue no feature are outputs.

    far : bool, default=False
        Whether the model counts only for windows far from the levels of the fit.
    """

    norm: str
    own: bool = False
    rest: bool = False
    far: bool = False

    def columns(self, followed):
        """Return a mask of the columns of y that the model predicts.

        A column that continues no feature may depend on levels, which normalized
        windows lack: it is left to models with ``norm="none"``.
        """
        if self.rest or (self.norm != "none" and not followed.all()):
            return followed != self.rest
        return np.ones_like(followed)


@stored_as("window scaling")
class WindowScaling:
    """Levels and scales of windows, for the linear models and the network.

    Parameters
    ----------
    features : ndarray of int, of shape (n_columns,)
        Index of the feature that each column of y continues; -1 for none.

    slopes, offsets : ndarray of shape (n_columns,)
        ``y = slope * feature + offset``.

    n_steps : int
        Number of last time steps that are inputs of linear models.
    """

    def __init__(self, features, slopes, offsets, n_steps):
        self.features = features
        self.slopes = slopes
        self.offsets = offsets
        self.n_steps = n_steps
        self.followed = features >= 0
        self.own = features[self.followed]

    def fit(self, blocks, means, deviations):
        """Learn moments of the features, and minimum deviations of windows."""
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
        """Return the scaling for some columns of y."""
        some = copy.copy(self)
        some.features, some.followed = self.features[chosen], self.followed[chosen]
        some.slopes, some.offsets = self.slopes[chosen], self.offsets[chosen]
        some.own = some.features[some.followed]
        return some

    def inputs_of(self, form):
        """Return the indices of the inputs of a form."""
        numbers = np.arange(self.n_steps * len(self.means))
        if not form.own:
            return numbers
        return numbers[np.isin(numbers % len(self.means), self.features)]

    def spreads(self, steps, present):
        """Compute the deviations of windows in the features that y continues."""
        own, places = np.unique(self.own, return_inverse=True)
        return spreads_of(steps, present, own)[:, places]

    def relative(self, steps, spreads, norm):
        """Return the scaled inputs of a norm, and levels and scales of its outputs.

        Parameters
        ----------
        steps : ndarray of shape (n_samples, n_timesteps, n_features)
            From :meth:`WindowReader.blocks`.

        spreads : ndarray of shape (n_samples, n_own)
            From :meth:`spreads`.

        norm : {"none", "last", "standard"}
            As in :class:`Form`.

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
        deviations = np.broadcast_to(self.deviations, last.shape)
        followed, own = self.followed, self.own
        if norm != "none":
            centers, deviations = centers.copy(), deviations.copy()
            centers[:, own] = last[:, own]
            levels[:, followed] = self.levels(last)
            if norm == "standard":
                deviations[:, own] = np.maximum(spreads, self.floors[own])
            scales[:, followed] = np.abs(self.slopes[followed]) * deviations[:, own]
        X = used - centers[:, np.newaxis]
        X /= deviations[:, np.newaxis]
        return X.reshape(len(steps), -1), levels, scales

    def levels(self, last):
        """Return the last values of the continued features, on the scale of y."""
        slopes, offsets = self.slopes[self.followed], self.offsets[self.followed]
        return slopes * last[:, self.own] + offsets


def spreads_of(steps, present, features):
    """Compute deviations of features over the present time steps of each window.

    `steps` has shape (n_samples, n_timesteps, n_features); `present` is a mask of shape
    (n_samples, n_timesteps), or None if no time step is missing. The result has shape
    (n_samples, n_chosen), with 0 where all time steps are missing.
    """
    spreads = np.empty((len(steps), len(features)))
    for place, feature in enumerate(features):
        x = np.ascontiguousarray(steps[:, :, feature])
        if present is None:
            spreads[:, place] = x.std(axis=1)
            continue
        n = np.maximum(present.sum(axis=1), 1)
        mean = np.where(present, x, 0.0).sum(axis=1) / n
        around = np.where(present, x - mean[:, np.newaxis], 0.0)
        spreads[:, place] = np.sqrt((around**2).sum(axis=1) / n)
    return spreads
