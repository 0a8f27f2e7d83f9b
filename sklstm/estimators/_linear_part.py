"""The linear part of a regressor: a ridge regression on the last steps of a window."""

from dataclasses import dataclass

import numpy as np

from sklstm.estimators._read_windows import WindowReader
from sklstm.estimators._ridge import (
    PARTS,
    Moments,
    choose_penalty,
    ridge_path,
)
from sklstm.sequences import missing_rows

# Inputs of the ridge regression at most: their covariances are decomposed.
MOST_INPUTS = 1000

# Of the least of a window's deviations by which errors are divided: the share of the
# deviations of windows that are smaller, and what of it is taken.
_FLOOR_RANK, _FLOOR_SHARE = 0.05, 0.5

# Windows whose deviations differ by more than this count by their own deviation.
_UNLIKE = 8.0

# What another form than the first must save of the squared error.
_GAIN = 0.02


@dataclass(frozen=True)
class Form:
    """What inputs and outputs of the linear part are relative to.

    Parameters
    ----------
    norm : {"none", "last", "standard"}
        Nothing; the last value of the feature that y continues; that and the standard
        deviation of the window.

    own : bool
        Whether the features that y continues are the only inputs.
    """

    norm: str
    own: bool = False


class LinearPart:
    """A linear model of the last steps, with the units that the network learns in.

    ``y = level + scale * (inputs @ coef + intercept)``, plus `scale` times what the
    network adds. Level and scale of a window are 0 and 1; or the last value of the
    feature that y continues, and 1 or the standard deviation of the window.

    Parameters
    ----------
    n_timesteps : int
        Steps that the deviation of a window is taken over.

    n_steps : int
        Last steps that are inputs.

    by_place : bool
        As for :class:`WindowReader`.

    features : ndarray of int, of shape (n_columns,)
        Which feature each column of y continues; -1 for none.

    slopes, offsets : ndarray of shape (n_columns,)
        Of these: ``y = slope * feature + offset``.
    """

    def __init__(self, n_timesteps, n_steps, by_place, features, slopes, offsets):
        self.n_timesteps = n_timesteps
        self.n_steps = n_steps
        self.by_place = by_place
        self.features = features
        self.slopes = slopes
        self.offsets = offsets
        self._followed = features >= 0

    # ---------------------------------------------------------------------------- fit
    def fit(self, table, y, weights=None, norms=("none",)):
        """Choose the form and the penalty, and solve.

        Parameters
        ----------
        table : SequenceTable
            The sequences, with rows that are missing steps.

        y : ndarray of shape (n_samples, n_columns)
            Targets, standardized; NaN for none.

        weights : ndarray of shape (n_samples,), default=None
            Of the samples.

        norms : sequence of {"none", "last", "standard"}
            Forms to choose from; the first is taken unless another is better.
        """
        self._learn_units(table)
        forms = self._forms(norms)
        rows = self._rows_to_fit(table)
        table, y = table.take(rows), y[rows]
        self.n_fit_ = len(rows)
        weights = np.ones(len(y)) if weights is None else weights[rows]
        edges = np.round(PARTS * len(y)).astype(int)
        parts = {norm: self._parts(table, y, weights, edges, norm) for norm in norms}
        chosen = {form: self._choose(parts[form.norm], form) for form in forms}
        self.form = forms[0]
        if len(forms) > 1 and len(y) >= 10:
            errors = self._errors(table, y, weights, edges, chosen)
            self.errors_ = errors
            best = min(errors, key=errors.get)
            if errors[best] < (1 - _GAIN) * errors[forms[0]]:
                self.form = best
        self.penalty = chosen[self.form][0]
        self._solve(parts[self.form.norm])
        return self

    def refit(self, table, y, weights=None):
        """Return another of the same form and penalty, of other samples."""
        other = LinearPart(
            self.n_timesteps,
            self.n_steps,
            self.by_place,
            self.features,
            self.slopes,
            self.offsets,
        )
        vars(other).update({n: v for n, v in vars(self).items() if n != "coef"})
        rows = self._rows_to_fit(table)
        table, y = table.take(rows), y[rows]
        weights = np.ones(len(y)) if weights is None else weights[rows]
        edges = np.array([len(y)])
        other._solve(other._parts(table, y, weights, edges, self.form.norm))
        return other

    def _learn_units(self, table):
        there = table.values[~missing_rows(table.values)].astype(np.float64)
        self.means = there.mean(axis=0)
        deviations = there.std(axis=0)
        self.deviations = np.where(deviations > 0, deviations, 1.0)
        self.reader = WindowReader(self.n_timesteps, self.by_place, self.means)
        own = self.features[self._followed]
        self.floors = np.zeros(table.n_features)
        if len(own):
            found = [self._spreads(*block[1:], own) for block in self.reader.blocks(table)]
            found = np.concatenate(found)
            for feature, spreads in zip(own, found.T, strict=True):
                spreads = spreads[spreads > 0]
                low = np.quantile(spreads, _FLOOR_RANK) if len(spreads) else 1.0
                self.floors[feature] = _FLOOR_SHARE * low

    def _forms(self, norms):
        n_features = len(self.means)
        own = np.unique(self.features[self._followed])
        alone = [False, True] if 0 < len(own) < n_features else [False]
        return [Form(norm, only) for norm in norms for only in alone]

    def _rows_to_fit(self, table):
        """Choose samples with few missing steps, as far as there are enough of them."""
        missing = np.zeros(len(table))
        for chosen, _, there in self.reader.blocks(table):
            if there is not None:
                missing[chosen] = 1 - there[:, -self.n_steps :].mean(axis=1)
        for most in (0, 0.05, 0.1, 0.2, 0.5):
            rows = np.flatnonzero(missing <= most)
            if 2 * len(rows) >= len(table):
                return rows
        return np.arange(len(table))

    def _parts(self, table, y, weights, edges, norm):
        """Sum products, in parts that end at `edges`; and by output where y has NaN."""
        inputs = self.n_steps * table.n_features
        known = ~np.isnan(y)
        whole = known.all(axis=1)
        self._by_column = 2 * whole.sum() < len(y)
        columns = [[j] for j in range(y.shape[1])]
        groups = columns if self._by_column else [list(range(y.shape[1]))]
        parts = [[Moments(inputs, len(group)) for group in groups] for _ in edges]
        for chosen, steps, there in self.reader.blocks(table):
            X, levels, scales = self._relative(steps, there, norm)
            targets = (y[chosen] - levels) / scales
            numbers = np.arange(chosen.start, chosen.stop)
            place = np.searchsorted(edges, numbers, side="right")
            for part in np.unique(place):
                for moments, group in zip(parts[part], groups, strict=True):
                    of_part = (place == part) & known[chosen][:, group].all(axis=1)
                    moments.add(
                        X[of_part], targets[of_part][:, group], weights[chosen][of_part]
                    )
        return parts

    def _inputs_of(self, form):
        numbers = np.arange(self.n_steps * len(self.means))
        if not form.own:
            return numbers
        return numbers[np.isin(numbers % len(self.means), self.features)]

    def _choose(self, parts, form):
        inputs = self._inputs_of(form)
        of_inputs = [[m.of_inputs(inputs) for m in part] for part in parts]
        chosen = []
        for group in zip(*of_inputs, strict=True):
            group = [moments for moments in group if moments.weight > 0]
            chosen.append(choose_penalty(group) if len(group) > 1 else (1.0, []))
        penalty = float(np.exp(np.mean([np.log(one[0]) for one in chosen])))
        return penalty, [one[1] for one in chosen]

    def _errors(self, table, y, weights, edges, chosen):
        """Compare forms by their errors on later parts, in units that they share."""
        per_form = {form: [] for form in chosen}
        spreads = []
        for block, steps, there in self.reader.blocks(table):
            numbers = np.arange(block.start, block.stop)
            place = np.searchsorted(edges, numbers, side="right")
            _, _, scales = self._relative(steps, there, "standard")
            spreads.append(scales[place > 0])
            for norm in {form.norm for form in chosen}:
                X, levels, unit = self._relative(steps, there, norm)
                for form in (one for one in chosen if one.norm == norm):
                    inputs = self._inputs_of(form)
                    errors = np.full(y[block].shape, np.nan)
                    for column, models in self._models_of(chosen[form][1], y.shape[1]):
                        for part, (coef, intercept) in enumerate(models, start=1):
                            rows = place == part
                            out = X[rows][:, inputs] @ coef + intercept
                            out = levels[rows][:, column] + unit[rows][:, column] * out
                            errors[np.ix_(rows, column)] = y[block][rows][:, column] - out
                    per_form[form].append(errors[place > 0])
        spreads = np.concatenate(spreads)
        low, high = np.quantile(spreads, [0.1, 0.9], axis=0)
        unit = np.where(high > _UNLIKE * low, spreads, 1.0)
        weights = weights[len(y) - len(unit) :, np.newaxis]
        return {
            form: float(np.nanmean(weights * (np.concatenate(errors) / unit) ** 2))
            for form, errors in per_form.items()
        }

    def _models_of(self, paths, n_columns):
        if not self._by_column:
            return [(list(range(n_columns)), paths[0])]
        return [([j], path) for j, path in enumerate(paths)]

    def _solve(self, parts):
        inputs = self._inputs_of(self.form)
        n_columns = len(self.features)
        self.coef = np.zeros((self.n_steps * len(self.means), n_columns))
        self.intercept = np.zeros(n_columns)
        for number, group in enumerate(zip(*parts, strict=True)):
            total = group[0]
            for moments in group[1:]:
                total = total + moments
            columns = [number] if self._by_column else list(range(n_columns))
            if not total.weight > 0:
                continue
            model = next(ridge_path(total.of_inputs(inputs), [self.penalty]))
            self.coef[np.ix_(inputs, columns)], self.intercept[columns] = model

    # ------------------------------------------------------------------------ predict
    def predict(self, table):
        """Compute what the linear part gives, and the units of what the network adds.

        Those of a sequence have the same bits whatever others are in the table: each
        is multiplied on its own.

        Parameters
        ----------
        table : SequenceTable
            The sequences, with rows that are missing steps.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_columns)
            In the units of the standardized targets.

        scales : ndarray of shape (n_samples, n_columns)
            What the outputs of the network are multiplied by.
        """
        outputs = np.empty((len(table), len(self.features)))
        scales = np.empty_like(outputs)
        for chosen, steps, there in self.reader.blocks(table):
            X, levels, units = self._relative(steps, there, self.form.norm)
            product = (X[:, np.newaxis] @ self.coef)[:, 0] + self.intercept
            outputs[chosen] = levels + units * product
            scales[chosen] = units
        return outputs, scales

    def constants(self):
        """Return all that the linear part is computed of, for a model of Keras."""
        return {
            "n_timesteps": self.n_timesteps,
            "n_steps": self.n_steps,
            "by_place": self.by_place,
            "norm": self.form.norm,
            "own": set(self.features[self._followed].tolist()),
            "followed": self.features,
            "slopes": self.slopes,
            "offsets": self.offsets,
            "means": self.means,
            "deviations": self.deviations,
            "floors": self.floors,
            "kernel": self.coef,
            "intercept": self.intercept,
        }

    def _relative(self, steps, there, norm):
        """Return inputs, and levels and scales of the outputs, of one form."""
        last = steps[:, -1]
        used = steps[:, -self.n_steps :]
        n, n_columns = len(steps), len(self.features)
        levels, scales = np.zeros((n, n_columns)), np.ones((n, n_columns))
        centers = np.broadcast_to(self.means, last.shape)
        units = np.broadcast_to(self.deviations, last.shape)
        followed, own = self._followed, self.features[self._followed]
        if norm != "none" and len(own):
            centers, units = centers.copy(), units.copy()
            centers[:, own] = last[:, own]
            levels[:, followed] = self.slopes[followed] * last[:, own]
            levels[:, followed] += self.offsets[followed]
            if norm == "standard":
                spreads = self._spreads(steps, there, own)
                spreads = np.maximum(spreads, self.floors[own])
                units[:, own] = spreads
                scales[:, followed] = np.abs(self.slopes[followed]) * spreads
            else:
                scales[:, followed] = np.abs(self.slopes[followed] * self.deviations[own])
        X = (used - centers[:, np.newaxis]) / units[:, np.newaxis]
        return X.reshape(n, -1), levels, scales

    def _spreads(self, steps, there, features):
        """Compute the standard deviation of each window over the steps there are."""
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
