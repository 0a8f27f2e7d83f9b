"""An invertible transform of one target: logarithm, Box-Cox, or any transformer."""

import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import PowerTransformer

from sklstm._stored import stored_as

# Transforms of positive numbers only.
_POSITIVE = ("log", "box-cox")

# On how many values the inverse transform is checked.
_N_CHECKED = 256

# Steps of the bisection for the last value that has an inverse.
_N_BISECTIONS = 60


@stored_as("target transform")
class TargetTransform:
    """A transform of the values of one target.

    Parameters
    ----------
    transformer : None, "log", "box-cox" or transformer
        None changes nothing.

    Attributes
    ----------
    fitted : None, str or transformer
        The fitted transformer; None, "log" and "box-cox" are unchanged.

    power : float
        The power of "box-cox".

    is_increasing : bool
        Whether the transform keeps the order of values.
    """

    def __init__(self, transformer):
        self.fitted, self.power = transformer, 0.0
        self.is_increasing, self._middle = True, 0.0

    def __repr__(self):
        if self.fitted == "box-cox":
            return f"box-cox({self.power:.4g})"
        return self.fitted if isinstance(self.fitted, str) else repr(self.fitted)

    @property
    def _least(self):
        """The lower bound of the values that can be transformed, if known."""
        method = getattr(self.fitted, "method", self.fitted)
        is_positive = isinstance(method, str) and method in _POSITIVE
        return 0.0 if is_positive else -np.inf

    def fit(self, values, where):
        """Fit to the known values, and check that the transform is invertible.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            NaN is missing.

        where : callable
            Returns the name of a row, for messages.
        """
        known = values[np.isfinite(values)]
        if not len(known):
            raise ValueError("y holds no number: all of it is NaN.")
        if isinstance(self.fitted, str) and self.fitted == "box-cox":
            self._check_positive(values, where)
            self.power = best_power(known)
        elif not isinstance(self.fitted, str | None):
            with self._range_in_error(values, where):
                self.fitted = clone(self.fitted).fit(known.reshape(-1, 1))
        self.transform(values, where)  # raises unless all can be transformed
        self._check_inverse(known)

    def transform(self, values, where):
        """Transform values; raise, with the name of the row, if one can't be.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            NaN stays.

        where : callable
            Returns the name of a row, for messages.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        if np.isinf(values).any():
            row = int(np.argmax(np.isinf(values)))
            raise ValueError(
                f"{where(row)} holds {values[row]}. Every value must be finite, or NaN "
                "(missing)."
            )
        if self.fitted is None:
            return values
        if isinstance(self.fitted, str):
            self._check_positive(values, where)
            return box_cox(values, self.power)
        known = ~np.isnan(values)
        with self._range_in_error(values, where):
            found = self._column(self.fitted.transform, values[known])
        transformed = np.full(len(values), np.nan)
        transformed[known] = found
        wrong = np.isfinite(values) & ~np.isfinite(transformed)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"transformer={self!r} makes {transformed[row]:g} of {values[row]:g}, "
                f"in {where(row)}: every value must become a finite number."
            )
        return transformed

    def transform_forecasts(self, values, where):
        """Transform forecasts, which may be 0 where the transform is a limit."""
        if self.fitted is None or not isinstance(self.fitted, str):
            return self.transform(values, where)
        inner = values != 0
        transformed = self.transform(np.where(inner, values, 1.0), where)
        return np.where(
            inner, transformed, -1.0 / self.power if self.power else -np.inf
        )

    def inverse_transform(self, values):
        """Undo the transform, of an array of any shape; NaN stays.

        Values outside of the range of the transform become its limit on that side.
        """
        if self.fitted is None:
            return values
        if isinstance(self.fitted, str):
            return inverse_box_cox(values, self.power)
        known = np.isfinite(values)
        found = np.array(values, dtype=float)
        if known.any():
            with np.errstate(all="ignore"):
                back = self._column(self.fitted.inverse_transform, values[known])
            low, high = self._least, np.inf
            if not self.is_increasing:
                low, high = high, low
            beyond = np.where(values[known] < self._middle, low, high)
            found[known] = np.where(np.isnan(back), beyond, back)
        if self._least == 0:
            found[found == -np.inf] = 0.0
        return found

    def restore_ends(self, inside, beyond):
        """Undo the transform of the ends of intervals.

        An end outside of the range of the transform becomes the last value in range,
        from the forecast to the end: 0 for the square root of a negative end.

        Parameters
        ----------
        inside : ndarray of shape (n_rows,)
            Transformed forecasts.

        beyond : ndarray of shape (n_rows,)
            Transformed ends, on one side of the forecasts; infinite if not known.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        found = self.inverse_transform(beyond)
        if self.fitted is None or isinstance(self.fitted, str):
            return found
        if not self.is_increasing:
            found = np.where(np.isinf(beyond), -beyond, found)
        tried = np.isfinite(beyond) & np.isfinite(inside)
        rows = np.flatnonzero(tried)[~self._in_range(inside[tried], beyond[tried])]
        near, far = inside[rows], beyond[rows]
        for _ in range(_N_BISECTIONS if len(rows) else 0):
            middle = near + (far - near) / 2
            in_range = self._in_range(inside[rows], middle)
            near, far = (
                np.where(in_range, middle, near),
                np.where(in_range, far, middle),
            )
        found[rows] = self.inverse_transform(near)
        return found

    def _in_range(self, inside, beyond):
        """Return which ends have an inverse, on their side of the forecasts."""
        found, start = self.inverse_transform(beyond), self.inverse_transform(inside)
        with np.errstate(all="ignore"):
            again = np.full(len(found), np.nan)
            finite = np.isfinite(found)
            if finite.any():
                again[finite] = self._column(self.fitted.transform, found[finite])
        same = np.isclose(
            again, beyond, rtol=1e-6, atol=1e-9 * np.abs(inside).max(initial=0.0)
        )
        sign = 1 if self.is_increasing else -1
        return same & (sign * (found - start) * (beyond - inside) >= 0)

    def _column(self, function, values):
        """Apply a function of one column to a vector."""
        found = np.asarray(function(values.reshape(-1, 1)), dtype=float)
        if found.size != len(values):
            raise TypeError(
                f"transformer={self!r} must make one column of one, but made an array "
                f"of shape {found.shape} of {len(values)} rows."
            )
        return found.ravel()

    def _check_positive(self, values, where):
        wrong = values <= 0
        if not wrong.any():
            return
        row = int(np.argmax(wrong))
        raise ValueError(
            f"transformer={self.fitted!r} needs positive values, but {where(row)} "
            f"holds {values[row]:g}. With zeros take FunctionTransformer(np.log1p, "
            'np.expm1), with negative values PowerTransformer("yeo-johnson").'
        )

    def check_increasing(self):
        """Raise if the transform does not keep the order of values."""
        if not self.is_increasing:
            raise ValueError(
                f"transformer={self!r} reverses the order of values, and with it that "
                "of quantiles. Use its negative."
            )

    @contextmanager
    def _range_in_error(self, values, where):
        """Add the range of the values to an error of the transformer."""
        try:
            with warnings.catch_warnings():
                # The caller raises for values that are not finite.
                warnings.simplefilter("ignore", RuntimeWarning)
                yield
        except ValueError as error:
            least, largest = int(np.nanargmin(values)), int(np.nanargmax(values))
            raise ValueError(
                f"transformer={self!r} refuses the target: {error} Its least value is "
                f"{values[least]:g}, in {where(least)}; its largest "
                f"{values[largest]:g}, in {where(largest)}."
            ) from error

    def _check_inverse(self, known):
        """Raise unless the transform is undone; find out whether it keeps the order."""
        tried = np.unique(known)
        tried = tried[np.linspace(0, len(tried) - 1, _N_CHECKED).astype(int)]
        tried = np.unique(tried)
        found = self.transform(tried, lambda row: f"the value {tried[row]:g}")
        again = self.inverse_transform(found)
        size = np.abs(tried).max()
        wrong = ~np.isclose(again, tried, rtol=1e-3, atol=1e-6 * size)
        if wrong.any():
            i = int(np.argmax(wrong))
            raise ValueError(
                f"The inverse_transform of transformer={self!r} does not undo its "
                f"transform: {tried[i]:g} comes back as {again[i]:g}."
            )
        self.is_increasing = bool((np.diff(found) >= 0).all())
        self._middle = np.median(found)


def check_transformer(transformer):
    """Raise unless a parameter is None, a name, or an invertible transformer."""
    if transformer is None or (
        isinstance(transformer, str) and transformer in _POSITIVE
    ):
        return
    allowed = (
        'transformer must be None, "log", "box-cox" or a transformer of one column '
        "with inverse_transform, such as FunctionTransformer(np.log1p, np.expm1)"
    )
    lacking = [
        name
        for name in ("fit", "transform", "inverse_transform")
        if not hasattr(transformer, name) or isinstance(transformer, type)
    ]
    if isinstance(transformer, type) or len(lacking) > 1:
        raise ValueError(f"{allowed}; got {transformer!r}.")
    if lacking:
        raise ValueError(f"{allowed}; {transformer!r} has no {lacking[0]}.")


def best_power(values):
    """Compute the Box-Cox power by maximum likelihood, but at least 0.

    A negative power has no inverse above ``-1 / power``, where forecasts may lie.

    References
    ----------
    G. Box, D. Cox, "An Analysis of Transformations", JRSS B 26 (2), 1964.
    """
    if len(np.unique(values)) < 2:
        return 1.0
    fitted = PowerTransformer("box-cox", standardize=False).fit(values.reshape(-1, 1))
    return max(float(fitted.lambdas_[0]), 0.0)


def box_cox(values, power):
    """Compute ``(values**power - 1) / power``; the logarithm for a power of 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.forecasting._target_transform import box_cox, inverse_box_cox
    >>> box_cox(np.array([1.0, 4.0]), 0.5)
    array([0., 2.])
    >>> inverse_box_cox(np.array([0.0, 2.0, -9.0]), 0.5)
    array([1., 4., 0.])
    """
    logarithm = np.log(values)
    return np.expm1(power * logarithm) / power if power else logarithm


def inverse_box_cox(values, power):
    """Compute the inverse of :func:`box_cox`; 0 for values below its range."""
    values = np.asarray(values, dtype=float)
    with np.errstate(over="ignore", divide="ignore"):
        if not power:
            return np.exp(values)
        return np.exp(np.log1p(np.maximum(power * values, -1.0)) / power)
