"""Ridge regression in closed form, its penalty chosen on later samples."""

from dataclasses import dataclass, field

import numpy as np

# Ends of the parts of the samples, in their order: a model of all parts before is
# judged on the next.
PARTS = np.array([0.4, 0.55, 0.7, 0.85, 1.0])

# Penalties: so many samples' mean variance of the inputs.
PENALTIES = 10.0 ** np.arange(-4, 5.5, 0.5)


@dataclass
class Moments:
    """Weighted sums of products over samples, of which ridge regressions are made.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Columns.
    """

    n_inputs: int
    n_outputs: int
    weight: float = 0.0
    x: np.ndarray = field(init=False)
    y: np.ndarray = field(init=False)
    xx: np.ndarray = field(init=False)
    xy: np.ndarray = field(init=False)
    yy: np.ndarray = field(init=False)

    def __post_init__(self):
        """Begin with sums of nothing."""
        p, k = self.n_inputs, self.n_outputs
        self.x, self.y, self.yy = np.zeros(p), np.zeros(k), np.zeros(k)
        self.xx, self.xy = np.zeros((p, p)), np.zeros((p, k))

    def add(self, X, y, weights):
        """Add samples, inputs X (n, p) and outputs y (n, k), of weights (n,)."""
        weighted = X * weights[:, np.newaxis]
        self.weight += weights.sum()
        self.x += weighted.sum(axis=0)
        self.y += weights @ y
        self.xx += weighted.T @ X
        self.xy += weighted.T @ y
        self.yy += weights @ y**2

    def __add__(self, other):
        """Join the sums of two sets of samples."""
        both = Moments(self.n_inputs, self.n_outputs)
        for name in ("weight", "x", "y", "xx", "xy", "yy"):
            setattr(both, name, getattr(self, name) + getattr(other, name))
        return both

    def of_inputs(self, chosen):
        """Return the sums of some of the inputs alone."""
        some = Moments(len(chosen), self.n_outputs, self.weight)
        some.x, some.y, some.yy = self.x[chosen], self.y, self.yy
        some.xx, some.xy = self.xx[np.ix_(chosen, chosen)], self.xy[chosen]
        return some

    def centered(self):
        """Return covariances of the inputs with each other and with the outputs."""
        n = self.weight
        xx = self.xx / n - np.outer(self.x, self.x) / n**2
        xy = self.xy / n - np.outer(self.x, self.y) / n**2
        return xx, xy

    def squared_error(self, coef, intercept):
        """Return the sum over samples and outputs of the squared error of a model."""
        of_products = np.einsum("pk,pk->", coef, self.xx @ coef)
        crossed = -2 * np.einsum("pk,pk->", coef, self.xy)
        shifted = 2 * intercept @ (self.x @ coef - self.y)
        return (
            of_products
            + crossed
            + self.yy.sum()
            + shifted
            + (self.weight * intercept @ intercept)
        )


def ridge_path(moments, penalties=PENALTIES):
    """Yield the models of several penalties.

    A model minimizes the sum of ``(y - X coef - intercept) ** 2`` plus the penalty,
    times the mean variance of the inputs, times the sum of ``coef ** 2`` [1]_.

    Parameters
    ----------
    moments : Moments
        Of the samples.

    penalties : sequence of float
        Shares of the mean variance of the inputs.

    Yields
    ------
    coef : ndarray of shape (n_inputs, n_outputs)

    intercept : ndarray of shape (n_outputs,)

    References
    ----------
    .. [1] A. Hoerl, R. Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal
       Problems", Technometrics 12 (1), 1970.
    """
    xx, xy = moments.centered()
    means = moments.x / moments.weight, moments.y / moments.weight
    values, vectors = np.linalg.eigh(xx)
    values = np.maximum(values, 0)
    along = vectors.T @ xy
    scale = values.mean() if values.any() else 1.0
    for penalty in penalties:
        coef = vectors @ (along / (values + penalty * scale / moments.weight)[:, np.newaxis])
        yield coef, means[1] - means[0] @ coef


def choose_penalty(parts, penalties=PENALTIES):
    """Choose the penalty whose models of earlier parts predict later ones best.

    Parameters
    ----------
    parts : list of Moments
        Of the samples, part by part in their order.

    penalties : sequence of float
        To choose from.

    Returns
    -------
    float
        The penalty.

    path : list of (coef, intercept)
        For each part but the first the model of that penalty of all parts before it.
    """
    errors, paths = np.zeros(len(penalties)), []
    before = parts[0]
    for part in parts[1:]:
        paths.append(list(ridge_path(before, penalties)))
        errors += [part.squared_error(*model) for model in paths[-1]]
        before = before + part
    best = int(np.argmin(errors))
    return penalties[best], [path[best] for path in paths]
