"""Ridge regression in closed form, from sums over samples."""

from dataclasses import dataclass, field

import numpy as np

# Penalties to choose from, in multiples of the mean variance of the inputs.
PENALTIES = np.array([1e-9, 1e-6, *10.0 ** np.arange(-3, 6)])


@dataclass
class Moments:
    """Weighted sums over samples of products of inputs and outputs."""

    n_inputs: int
    n_outputs: int
    weight: float = 0.0
    x: np.ndarray = field(init=False)
    y: np.ndarray = field(init=False)
    xx: np.ndarray = field(init=False)
    xy: np.ndarray = field(init=False)

    def __post_init__(self):
        """Set the sums to zero."""
        p, k = self.n_inputs, self.n_outputs
        self.x, self.y = np.zeros(p), np.zeros(k)
        self.xx, self.xy = np.zeros((p, p)), np.zeros((p, k))

    def add(self, X, y, weights):
        """Add samples with inputs X (n, p), outputs y (n, k) and weights (n,)."""
        roots = np.sqrt(weights)
        weighted = X * roots[:, np.newaxis]
        self.weight += weights.sum()
        self.x += roots @ weighted
        self.y += weights @ y
        self.xx += weighted.T @ weighted  # symmetric: half the products
        self.xy += weighted.T @ (y * roots[:, np.newaxis])

    def __add__(self, other):
        """Add the sums of other samples."""
        both = Moments(self.n_inputs, self.n_outputs)
        for name in ("weight", "x", "y", "xx", "xy"):
            setattr(both, name, getattr(self, name) + getattr(other, name))
        return both

    def of_inputs(self, chosen):
        """Return the sums for some of the inputs."""
        some = Moments(len(chosen), self.n_outputs, self.weight)
        some.x, some.y = self.x[chosen], self.y
        some.xx, some.xy = self.xx[np.ix_(chosen, chosen)], self.xy[chosen]
        return some


def ridge_path(moments, penalties=PENALTIES, shrink_intercept=False):
    """Return the ridge models of several penalties.

    A model minimizes the sum of ``(y - X coef - intercept) ** 2`` plus the penalty,
    times the mean variance of the inputs, times the sum of ``coef ** 2`` [1]_.

    Parameters
    ----------
    moments : Moments
        Of the samples.

    penalties : sequence of float
        In multiples of the mean variance of the inputs.

    shrink_intercept : bool, default=False
        Whether the intercept is penalized too, as the coefficient of a constant input
        of the mean deviation; without evidence the prediction is then 0.

    Returns
    -------
    coef : ndarray of shape (n_penalties, n_inputs, n_outputs)

    intercept : ndarray of shape (n_penalties, n_outputs)

    References
    ----------
    .. [1] A. Hoerl, R. Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal
       Problems", Technometrics 12 (1), 1970.
    """
    n = moments.weight
    mean_x, mean_y = moments.x / n, moments.y / n
    scale = np.mean(np.diag(moments.xx) / n - mean_x**2)
    scale = scale if scale > 0 else 1.0
    if shrink_intercept:
        constant = np.sqrt(scale)
        last = constant * moments.x[:, np.newaxis]
        xx = np.block([[moments.xx, last], [last.T, constant**2 * n]])
        xy = np.vstack([moments.xy, constant * moments.y])
    else:
        xx = moments.xx - n * np.outer(mean_x, mean_x)
        xy = moments.xy - n * np.outer(mean_x, mean_y)
    coef = _solutions(xx, xy, np.multiply(penalties, scale))
    if shrink_intercept:
        return coef[:, :-1], coef[:, -1] * constant
    return coef, mean_y - mean_x @ coef


def _solutions(xx, xy, penalties):
    """Solve (xx + penalty) coef = xy for each penalty."""
    if len(penalties) == 1 and penalties[0] > 1e-6 * np.trace(xx):  # well conditioned
        return np.linalg.solve(xx + penalties[0] * np.eye(len(xx)), xy)[np.newaxis]
    values, vectors = np.linalg.eigh(xx)
    shares = 1 / (np.maximum(values, 0) + penalties[:, np.newaxis])
    return vectors @ (shares[:, :, np.newaxis] * (vectors.T @ xy))
