"""The linear part of a regressor: ridge regressions on the last steps of a window."""

from dataclasses import dataclass

import numpy as np

from sklstm.estimators._linear_fit import fit_forms
from sklstm.estimators._linear_forms import Form
from sklstm.estimators._lone_outliers import hold_outliers
from sklstm.estimators._read_windows import WindowReader, moments_of
from sklstm.networks import LinearSpec

# How far beyond the levels of most windows the model that is relative to nothing begins
# to count less, and counts no more: in the distance between the 5 % lowest and highest.
_RANKS, _BEYOND, _FAR = (0.05, 0.95), 0.5, 1.0


@dataclass(frozen=True)
class Member:
    """A linear model among those whose mean is taken."""

    form: Form
    penalty: float
    coef: np.ndarray
    intercept: np.ndarray


class LinearPart:
    """Linear models of the last steps, whose mean is predicted.

    Each is ``y = level + scale * (inputs @ coef + intercept)``. Level and scale of a
    window are 0 and 1; or the last value of the feature that y continues, and its
    deviation over all rows or that of the window. The first kind counts less the
    farther a window is from the levels of `fit`.

    Parameters
    ----------
    n_timesteps : int
        Steps that the deviation of a window is taken over.

    by_place : bool
        As for :class:`WindowReader`.

    units : Units
        What y continues.
    """

    def __init__(self, n_timesteps, by_place, units):
        self.n_timesteps = n_timesteps
        self.by_place = by_place
        self.units = units

    def fit(self, table, y, weights=None, norms=("none",)):
        """Choose forms and penalties, and solve.

        Parameters
        ----------
        table : SequenceTable
            The sequences, with rows that are missing steps.

        y : ndarray of shape (n_samples, n_columns)
            Targets, standardized; NaN for none.

        weights : ndarray of shape (n_samples,), default=None
            Of the samples.

        norms : sequence of {"none", "last", "standard"}
            Forms to take the mean of, as far as none is surely better.
        """
        reader = WindowReader(
            self.n_timesteps, self.by_place, np.zeros(table.n_features)
        )
        means, deviations = moments_of(reader.blocks(table))
        self.reader = WindowReader(self.n_timesteps, self.by_place, means)
        self.units.fit(self.reader.blocks(table), means, deviations)
        chosen = self._chosen(table, y, weights)
        fitted = fit_forms(self.reader, self.units, *chosen, norms)
        self.members = [Member(*one) for one in fitted]
        self._learn_levels(chosen[0])
        return self

    def refit(self, table, y, weights=None):
        """Return another of the same forms and penalties, of other samples."""
        other = LinearPart(self.n_timesteps, self.by_place, self.units)
        other.reader = self.reader
        chosen = self._chosen(table, y, weights)
        given = [(member.form, member.penalty) for member in self.members]
        fitted = fit_forms(self.reader, self.units, *chosen, (), given)
        other.members = [Member(*one) for one in fitted]
        other._learn_levels(chosen[0])
        return other

    def _chosen(self, table, y, weights):
        """Choose samples; their weights are 1 in the mean, as penalties count them."""
        rows = self._rows_to_fit(table)
        weights = np.ones(len(y)) if weights is None else weights.astype(np.float64)
        kept = ~hold_outliers(table, y, self.units)
        if 4 * (weights[rows[kept[rows]]] > 0).sum() >= len(rows):
            weights = np.where(kept, weights, 0.0)
        weights = weights[rows] / weights.max()  # whose sum might be infinite
        weights /= weights[weights > 0].mean() if weights.any() else 1.0
        return table.take(rows), y[rows], weights

    def _rows_to_fit(self, table):
        """Choose samples with few missing steps, as far as there are enough of them."""
        missing = np.zeros(len(table))
        for chosen, _, there in self.reader.blocks(table):
            if there is not None:
                missing[chosen] = 1 - there[:, -self.units.n_steps :].mean(axis=1)
        for most in (0, 0.05, 0.1, 0.2, 0.5):
            rows = np.flatnonzero(missing <= most)
            if 2 * len(rows) >= len(table):
                return rows
        return np.arange(len(table))

    def _learn_levels(self, table):
        last = [steps[:, -1] for _, steps, _ in self.reader.blocks(table)]
        levels = self.units.levels(np.concatenate(last))
        self.low, self.high = np.quantile(levels, _RANKS, axis=0)

    # ------------------------------------------------------------------------ predict
    def predict(self, table, norm="none"):
        """Compute what the linear part gives, and the units of what the network adds.

        Those of a sequence have the same bits whatever others are in the table: each
        is multiplied on its own.

        Parameters
        ----------
        table : SequenceTable
            The sequences, with rows that are missing steps.

        norm : {"none", "last", "standard"}
            Of what the network sees.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_columns)
            In the units of the standardized targets.

        scales : ndarray of shape (n_samples, n_columns)
            What the outputs of the network are multiplied by.
        """
        outputs = np.empty((len(table), len(self.units.features)))
        scales = np.empty_like(outputs)
        for chosen, steps, there in self.reader.blocks(table):
            share = self._share_of_levels(steps[:, -1])
            spreads = self.units.spreads(steps, there)
            total, weight = np.zeros_like(share), np.zeros_like(share)
            for member in self.members:
                X, levels, units = self.units.relative(steps, spreads, member.form.norm)
                product = (X[:, np.newaxis] @ member.coef)[:, 0] + member.intercept
                counts = self._counts(member.form, share)
                total += counts * (levels + units * product)
                weight += counts
            outputs[chosen] = total / weight
            _, _, scales[chosen] = self.units.relative(steps, spreads, norm)
        return outputs, scales

    def spec(self, norm, scales):
        """Return all that it is computed of, for a model of Keras.

        `scales` are those of the outputs of the network.
        """
        units = self.units
        low, high = np.zeros((2, len(units.features)))
        low[units.followed], high[units.followed] = self.low, self.high
        return LinearSpec(
            n_timesteps=self.n_timesteps,
            n_steps=units.n_steps,
            by_place=self.by_place,
            means=units.means,
            deviations=units.deviations,
            floors=units.floors,
            features=units.features,
            slopes=units.slopes,
            offsets=units.offsets,
            low=low,
            high=high,
            beyond=_BEYOND,
            far=_FAR,
            members=[
                (m.form.norm, m.coef, m.intercept, *self._counts_of(m.form))
                for m in self.members
            ],
            norm=norm,
            scales=scales,
        )

    def _counts_of(self, form):
        """Return how much a model counts for windows that are near, and far."""
        near = np.ones(len(self.units.features))
        return self._counts(form, near), self._counts(form, 0 * near)

    def _counts(self, form, share):
        """Return how much a model counts, by how near windows are to known levels."""
        columns = form.columns(self.units.followed)
        if form.far:
            return columns * (1 - share)
        bounded = form.norm == "none" and len(self.members) > 1
        return columns * (share if bounded else np.ones_like(share))

    def _share_of_levels(self, last):
        """Tell how near windows are to the levels of fit: 1 near, 0 far."""
        share = np.ones((len(last), len(self.units.features)))
        if len(self.units.own):
            levels = self.units.levels(last)
            beyond = np.maximum(self.low - levels, levels - self.high)
            distance = beyond / np.maximum(self.high - self.low, 1e-12)
            nearness = np.clip((_FAR - distance) / (_FAR - _BEYOND), 0, 1)
            share[:, self.units.followed] = nearness
        return share
