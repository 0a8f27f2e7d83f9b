"""The linear part of a regressor: ridge regressions on the last time steps."""

from dataclasses import dataclass

import numpy as np

from sklstm._stored import stored_as
from sklstm.estimators._linear_fit import fit_forms
from sklstm.estimators._linear_forms import Form
from sklstm.estimators._lone_outliers import have_outliers
from sklstm.estimators._read_windows import WindowReader, moments_of
from sklstm.networks import LinearSpec

# A model of plain values loses weight for windows outside the range between these
# quantiles of the levels: from _BEYOND to _FAR times the range away from it.
_RANKS, _BEYOND, _FAR = (0.05, 0.95), 0.5, 1.0


@stored_as("linear model")
@dataclass(frozen=True)
class Member:
    """One of the linear models whose weighted mean is predicted."""

    form: Form
    penalty: float
    coef: np.ndarray
    intercept: np.ndarray


@stored_as("linear part")
class LinearPart:
    """Weighted mean of linear models of the last time steps.

    Each model is ``y = level + scale * (inputs @ coef + intercept)``. Level and scale
    of a window are 0 and 1; or the last value of the feature that y continues, and its
    deviation over all rows or over the window. A model of the first kind has less
    weight for windows far from the levels of `fit`.

    Parameters
    ----------
    n_timesteps : int
        Number of time steps over which the deviation of a window is computed.

    by_place : bool
        As for :class:`WindowReader`.

    scaling : WindowScaling
        Not yet fitted.
    """

    def __init__(self, n_timesteps, by_place, scaling):
        self.n_timesteps = n_timesteps
        self.by_place = by_place
        self.scaling = scaling

    def fit(self, table, y, weights=None, norms=("none",)):
        """Choose forms and penalties, and solve.

        Parameters
        ----------
        table : SequenceTable
            The sequences, with rows for missing time steps.

        y : ndarray of shape (n_samples, n_columns)
            Standardized targets; NaN is missing.

        weights : ndarray of shape (n_samples,), default=None
            Sample weights.

        norms : sequence of {"none", "last", "standard"}
            Norms whose models are averaged, unless one of them is clearly better.
        """
        reader = WindowReader(
            self.n_timesteps, self.by_place, np.zeros(table.n_features)
        )
        means, deviations = moments_of(reader.blocks(table))
        self.reader = WindowReader(self.n_timesteps, self.by_place, means)
        self.scaling.fit(self.reader.blocks(table), means, deviations)
        return self._solve(table, y, weights, norms)

    def refit(self, table, y, weights=None):
        """Return a copy with the same forms and penalties, fitted on other samples."""
        other = LinearPart(self.n_timesteps, self.by_place, self.scaling)
        other.reader = self.reader
        given = [(member.form, member.penalty) for member in self.members]
        return other._solve(table, y, weights, (), given)

    def _solve(self, table, y, weights, norms, given=None):
        table, y, weights = self._chosen(table, y, weights)
        fitted = fit_forms(self.reader, self.scaling, table, y, weights, norms, given)
        self.members = [Member(*one) for one in fitted]
        last = [steps[:, -1] for _, steps, _ in self.reader.blocks(table)]
        levels = self.scaling.levels(np.concatenate(last))
        self.low, self.high = np.quantile(levels, _RANKS, axis=0)
        return self

    def _chosen(self, table, y, weights):
        """Choose the samples of the fit, with weights of mean 1."""
        rows = self._rows_to_fit(table)
        weights = np.ones(len(y)) if weights is None else weights.astype(np.float64)
        kept = ~have_outliers(table, y, self.scaling)
        if 4 * (weights[rows[kept[rows]]] > 0).sum() >= len(rows):
            weights = np.where(kept, weights, 0.0)
        weights = weights[rows] / weights.max()  # a sum might be infinite
        weights /= weights[weights > 0].mean() if weights.any() else 1.0
        return table.take(rows), y[rows], weights

    def _rows_to_fit(self, table):
        """Choose the samples with fewest missing time steps: at least half of all."""
        missing = np.zeros(len(table))
        for chosen, _, present in self.reader.blocks(table):
            if present is not None:
                missing[chosen] = 1 - present[:, -self.scaling.n_steps :].mean(axis=1)
        for most in (0, 0.05, 0.1, 0.2, 0.5):
            rows = np.flatnonzero(missing <= most)
            if 2 * len(rows) >= len(table):
                return rows
        return np.arange(len(table))

    # ------------------------------------------------------------------------ predict
    def predict(self, table, norm="none"):
        """Predict, and return the scales of the network's outputs.

        Each sequence is multiplied on its own, so the results do not depend on the
        other sequences of the table, to the last bit.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_columns)
            Predictions of the standardized targets.

        scales : ndarray of shape (n_samples, n_columns)
            Factors of the outputs of a network that sees windows by `norm`.
        """
        outputs = np.empty((len(table), len(self.scaling.features)))
        scales = np.empty_like(outputs)
        for chosen, steps, present in self.reader.blocks(table):
            share = self._nearness(steps[:, -1])
            spreads = self.scaling.spreads(steps, present)
            total, weight = np.zeros_like(share), np.zeros_like(share)
            for member in self.members:
                form = member.form
                X, levels, scale = self.scaling.relative(steps, spreads, form.norm)
                product = (X[:, np.newaxis] @ member.coef)[:, 0] + member.intercept
                counts = self._counts(form, share)
                total += counts * (levels + scale * product)
                weight += counts
            outputs[chosen] = total / weight
            _, _, scales[chosen] = self.scaling.relative(steps, spreads, norm)
        return outputs, scales

    def spec(self, norm, scales):
        """Return the fitted values; `scales` are those of the network outputs."""
        scaling = self.scaling
        low, high = np.zeros((2, len(scaling.features)))
        low[scaling.followed], high[scaling.followed] = self.low, self.high
        return LinearSpec(
            n_timesteps=self.n_timesteps,
            n_steps=scaling.n_steps,
            by_place=self.by_place,
            means=scaling.means,
            deviations=scaling.deviations,
            floors=scaling.floors,
            features=scaling.features,
            slopes=scaling.slopes,
            offsets=scaling.offsets,
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
        """Return the weights of a model for windows near the levels of fit, and far."""
        near = np.ones(len(self.scaling.features))
        return self._counts(form, near), self._counts(form, 0 * near)

    def _counts(self, form, share):
        """Return the weights of a model; `share` is the nearness to known levels."""
        columns = form.columns(self.scaling.followed)
        if form.far:
            return columns * (1 - share)
        bounded = form.norm == "none" and len(self.members) > 1
        return columns * (share if bounded else np.ones_like(share))

    def _nearness(self, last):
        """Compute the nearness to the levels of fit, from 1 (near) to 0 (far)."""
        share = np.ones((len(last), len(self.scaling.features)))
        if len(self.scaling.own):
            levels = self.scaling.levels(last)
            beyond = np.maximum(self.low - levels, levels - self.high)
            distance = beyond / np.maximum(self.high - self.low, 1e-12)
            nearness = np.clip((_FAR - distance) / (_FAR - _BEYOND), 0, 1)
            share[:, self.scaling.followed] = nearness
        return share
