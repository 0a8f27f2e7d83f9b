"""Choice and fit of the linear models of windows, with their penalties."""

from dataclasses import replace

import numpy as np

from sklstm.estimators._linear_forms import Form
from sklstm.estimators._ridge import PENALTIES, Moments, ridge_path
from sklstm.estimators._scaled_windows import ScaledWindows

# Ends of the parts of the samples: the errors of a part are those of a model of all
# earlier parts. With many inputs, which take long to solve, there are fewer parts.
_PARTS, _FEW_PARTS, _MANY_INPUTS = (0.4, 0.55, 0.7, 0.85, 1.0), (0.7, 0.85, 1.0), 400

# Errors are clipped at this multiple of the median, as for shifts of the level.
_LARGE = 5.0

# Samples with a residual above this multiple of the median have lower weights; power.
_OUTLYING, _POWER = 6.0, 4

# Maximum rounds of reweighting, and about how many samples they use.
_ROUNDS, _ENOUGH = 3, 1000

# With more columns of y, form and penalty are chosen on this number of them.
_MANY_COLUMNS = 32

# The same if columns are solved one by one, as most samples lack some of them.
_MANY_APART = 4

# Number of standard errors from which a form is clearly better.
_CLEAR = 5.0

# Deviations of windows that differ by this factor need norm="standard".
_UNLIKE = 20.0


def fit_forms(reader, scaling, table, y, weights, norms, given=None):
    """Fit linear models of windows, and choose among them.

    Parameters
    ----------
    reader : WindowReader
        Of the windows.

    scaling : WindowScaling
        Fitted.

    table, y, weights
        The samples: a SequenceTable, targets of shape (n_samples, n_columns) with NaN
        if missing, and weights of shape (n_samples,).

    norms : sequence of {"none", "last", "standard"}
        The norms to choose from.

    given : list of (Form, float), default=None
        Forms and penalties that were chosen before; then nothing is chosen.

    Returns
    -------
    list of (Form, penalty, coef, intercept)
        The models to average.
    """
    most = _MANY_COLUMNS if _are_whole(y) else _MANY_APART
    if given is None and y.shape[1] > most:
        some = np.linspace(0, y.shape[1] - 1, most).astype(int)
        samples = table, y[:, some], weights
        chosen = fit_forms(reader, scaling.of_columns(some), *samples, norms)
        given = [(form, penalty) for form, penalty, *_ in chosen]
    data = _Windows(reader, scaling, table, y, weights, in_parts=given is None)
    if given is not None:
        return [(*one, *data.solve(*one)) for one in given]
    if "standard" in norms and len(norms) > 1 and data.are_unlike():
        norms = ("standard",)
    found = [data.choose(norm) for norm in norms]
    kept = _clearly_better(found, data.later) if len(found) > 1 else found
    forms = [(form, penalty) for form, penalty, _ in kept]
    if not any(form.columns(scaling.followed).all() for form, _ in forms):
        form, penalty, _ = data.choose("none")
        forms.append((replace(form, own=False, rest=True), penalty))
    return [(*one, *data.solve(*one)) for one in forms]


def _are_whole(y):
    """Return whether most samples have all outputs, so that one solution serves all."""
    return 2 * (~np.isnan(y)).all(axis=1).sum() >= len(y)


def _clearly_better(found, weights):
    """Return the form that is clearly better than all others, or all forms.

    Errors are weighted by samples; weights have mean 1. If the best form has
    ``norm="none"``, the others stay for windows far from the levels of the fit.
    """
    errors = [error for *_, error in found]
    reference = min(errors, key=lambda error: np.mean(error * weights))
    errors = [_bounded(error, reference) * weights for error in errors]
    best = int(np.argmin([error.mean() for error in errors]))
    for other, error in enumerate(errors):
        if other != best and not _t_statistic(error - errors[best]) > _CLEAR:
            return found
    if found[best][0].norm != "none":
        return [found[best]]
    others = [one for one in found if one is not found[best]]
    far = [(replace(form, far=True), *rest) for form, *rest in others]
    return [found[best], *far]


def _t_statistic(gains):
    """Compute mean over standard error, from eight parts as neighbours correlate."""
    parts = [part.mean() for part in np.array_split(gains, 8) if len(part)]
    error = np.std(parts, ddof=1) / np.sqrt(len(parts)) if len(parts) > 2 else np.inf
    return np.mean(parts) / max(error, 1e-300)


def _bounded(errors, reference):
    """Clip errors at a multiple of the median of a reference, unless that is near 0."""
    median, mean = np.median(reference), reference.mean()
    return np.minimum(errors, _LARGE * median) if median > 0.1 * mean else errors


class _Windows:
    """Inputs and outputs of linear models, for a set of samples."""

    def __init__(self, reader, scaling, table, y, weights, in_parts=True):
        self._inputs = ScaledWindows(reader, scaling, table)
        self._scaling = scaling
        self._y = y
        self._weights = weights
        columns = range(y.shape[1])
        apart = [[column] for column in columns]
        self._groups = [list(columns)] if _are_whole(y) else apart
        few = scaling.n_steps * len(scaling.means) > _MANY_INPUTS
        shares = (_FEW_PARTS if few else _PARTS) if in_parts else (1.0,)
        self._ends = np.round(np.array(shares) * len(y)).astype(int)
        # If the first part has all the weight, later samples have equal weights.
        weighted = weights[self._ends[0] :].any()
        self._weights_of_later = weights if weighted else np.ones(len(weights))
        self._known_sums = {}

    def are_unlike(self):
        """Return whether the deviations of windows differ by large factors."""
        low, high = np.quantile(self._inputs.spreads, [0.1, 0.9], axis=0)
        floors = self._scaling.floors[self._scaling.own]
        return bool(
            (np.maximum(high, floors) > _UNLIKE * np.maximum(low, floors)).any()
        )

    def choose(self, norm):
        """Choose inputs and penalty of a form, by the errors on later samples.

        Returns
        -------
        form : Form
        penalty : float
        errors : ndarray of shape (n_later,)
        """
        n_features = len(self._scaling.means)
        some_own = 0 < len(np.unique(self._scaling.own)) < n_features
        forms = [Form(norm, own) for own in ([False, True] if some_own else [False])]
        parts = self._moments(norm)
        best = None
        for form in forms:
            errors, self.later = self._errors_of_penalties(form, parts)
            if errors is None:
                return form, 1.0, np.zeros(1)
            reference = errors[(errors * self.later).mean(axis=1).argmin()]
            means = (_bounded(errors, reference) * self.later).mean(axis=1)
            number = int(np.argmin(means))
            if best is None or means[number] < best[0]:
                best = means[number], form, PENALTIES[number], errors[number]
        return best[1:]

    def solve(self, form, penalty):
        """Solve for all samples."""
        parts = self._moments(form.norm)
        total = parts[0]
        for part in parts[1:]:
            total = [a + b for a, b in zip(total, part, strict=True)]
        coef, intercept = self._path(form, total, [penalty])
        return coef[0], intercept[0]

    def _errors_of_penalties(self, form, parts):
        """Compute absolute errors on later samples of models of the samples before.

        Returns
        -------
        errors : ndarray of shape (n_penalties, n_later), or None
            None without samples.

        weights : ndarray of shape (n_later,)
            Of mean 1.
        """
        if len(self._y) < 8:
            return None, np.ones(1)
        before, models = parts[0], []
        for part in parts[1:]:
            models.append(self._path(form, before, PENALTIES))
            before = [a + b for a, b in zip(before, part, strict=True)]
        inputs, errors, weights = self._scaling.inputs_of(form), [], []
        for numbers, X, levels, scales, y in self._blocks(form.norm):
            place = np.searchsorted(self._ends, numbers, side="right")
            for part in np.unique(place[place > 0]):
                rows = place == part
                coef, intercept = models[part - 1]
                coef = coef[:, inputs]
                out = X[rows][:, inputs] @ coef + intercept[:, np.newaxis]
                error = np.abs(y[rows] - levels[rows] - scales[rows] * out)
                known = ~np.isnan(error[0])
                n = np.maximum(known.sum(axis=1), 1)
                error = np.where(known, error, 0.0).sum(axis=2) / n
                weight = self._weights_of_later[numbers[rows]]
                counts = known.any(axis=1) & (weight > 0)
                errors.append(error[:, counts])
                weights.append(weight[counts])
        errors = np.concatenate(errors, axis=1) if errors else np.zeros((1, 0))
        if not errors.shape[1]:
            return None, np.ones(1)
        weights = np.concatenate(weights)
        return errors, weights / weights.mean()

    def _path(self, form, sums, penalties):
        """Solve for each penalty; outputs without samples are predicted as 0."""
        inputs, n_columns = self._scaling.inputs_of(form), self._y.shape[1]
        n_inputs = self._scaling.n_steps * len(self._scaling.means)
        coef = np.zeros((len(penalties), n_inputs, n_columns))
        intercept = np.zeros((len(penalties), n_columns))
        shrink = bool(self._scaling.followed.any())
        for group, moments in zip(self._groups, sums, strict=True):
            if moments.weight > 0:
                of_inputs = moments.of_inputs(inputs)
                found = ridge_path(of_inputs, penalties, shrink)
                coef[:, inputs[:, np.newaxis], group] = found[0]
                intercept[:, group] = found[1]
        return coef, intercept

    def _moments(self, norm):
        """Return the moments of each part, for each group of outputs."""
        if norm not in self._known_sums:
            weights = self._weights * self._weights_of_fit(norm)
            everything = np.arange(len(self._y))
            self._known_sums[norm] = self._sums(norm, everything, weights, self._ends)
        return self._known_sums[norm]

    def _weights_of_fit(self, norm):
        """Return lower weights for outliers, from a model of up to 2000 samples."""
        n = len(self._y)
        weights = np.ones(n)
        if n < 20 or not self._scaling.followed.any():
            return weights
        some = np.arange(0, n, max(n // _ENOUGH, 1))
        for _ in range(_ROUNDS):
            before = weights[some]
            weights[some] = _outlier_weights(self._residuals(norm, some, some, before))
            if np.mean(np.abs(weights[some] - before)) < 1e-3:
                break
        if len(some) == n:
            return weights
        return _outlier_weights(
            self._residuals(norm, np.arange(n), some, weights[some])
        )

    def _residuals(self, norm, of, some, weights):
        """Compute root mean squared residuals of samples by a model of `some`."""
        weights = self._weights[some] * weights
        [sums] = self._sums(norm, some, weights, [len(self._y)])
        coef, intercept = self._path(Form(norm), sums, [10.0])
        residuals = []
        for _, X, levels, scales, y in self._blocks(norm, of):
            rest = ((y - levels) / scales - X @ coef[0] - intercept[0]) ** 2
            known = ~np.isnan(rest)
            n = np.maximum(known.sum(axis=1), 1)
            squares = np.where(known, rest, 0.0).sum(axis=1) / n
            residuals.append(np.sqrt(squares))
        return np.concatenate(residuals)

    def _sums(self, norm, of, weights, ends):
        n_inputs = self._scaling.n_steps * len(self._scaling.means)
        parts = [[Moments(n_inputs, len(g)) for g in self._groups] for _ in ends]
        first = 0
        for numbers, X, levels, scales, y in self._blocks(norm, of):
            place = np.searchsorted(ends, numbers, side="right")
            targets, known = (y - levels) / scales, ~np.isnan(y)
            of_block = weights[first : first + len(numbers)]
            first += len(numbers)
            for part in np.unique(place):
                for group, moments in zip(self._groups, parts[part], strict=True):
                    rows = (place == part) & known[:, group].all(axis=1)
                    moments.add(X[rows], targets[rows][:, group], of_block[rows])
        return parts

    def _blocks(self, norm, of=None):
        """Yield indices, inputs, levels, scales and targets of samples."""
        for numbers, *inputs in self._inputs.blocks(norm, of):
            yield numbers, *inputs, self._y[numbers]


def _outlier_weights(residuals):
    """Return weights: 1, or less for residuals of several medians."""
    typical, mean = np.median(residuals), residuals.mean()
    typical = 0.3 * mean if typical < 0.1 * mean else typical
    if not typical > 0:
        return np.ones(len(residuals))
    return np.minimum(1, _OUTLYING * typical / np.maximum(residuals, typical)) ** _POWER
