"""The predictions of a fitted pipeline: their steps, targets and quantiles."""

import itertools
import warnings
from contextlib import contextmanager

import numpy as np

from sklstm._multistep import are_steps, multistep_name
from sklstm._validation import as_list
from sklstm._window_step import fitted_table
from sklstm.forecasting._check_feedback import are_same_kind
from sklstm.forecasting._linear_models import linear_model
from sklstm.forecasting._target_column import names_of


class Outputs:
    """The predictions of a pipeline, as steps of named targets.

    Parameters
    ----------
    parts : SplitPipeline
        The pipeline.

    panel : Panel
        The table.

    recent : ndarray of shape (n_series, n_recent, n_features)
        Rows of the table, for the example of a prediction.

    known : list
        The known columns of the rows to forecast. A single target without a name is
        the one column that is not known.

    steps : int
        The number of rows to forecast.

    target : str, int, sequence of such, or None
        The columns of X that hold the targets; None takes the names that y had.

    y : array-like, default=None
        The targets that the pipeline was fitted on, if available: for their names, and
        for whether columns are steps.

    Raises
    ------
    ValueError
        If `target` does not name the targets, or is needed to distinguish steps from
        targets.

    Attributes
    ----------
    unknown : list
        The columns that are not known.

    n_steps : int
        The number of steps that are predicted at once.

    n_ahead : int
        `steps`, rounded up to a multiple of `n_steps`.

    names : list or None
        The name of each target.

    quantiles : tuple of float
        The quantiles that are predicted as well.

    example : ndarray of shape (1, ...)
        The prediction from one window.

    n_empty : int
        The number of windows without a row that were predicted from.
    """

    def __init__(self, parts, panel, recent, known, steps, *, target=None, y=None):
        self.parts, self.panel, self.known, self.steps = parts, panel, known, steps
        self.unknown = [column for column in panel.columns if column not in known]
        self._y = y
        self.quantiles = ()
        if hasattr(parts.predictor, "predict_quantiles"):
            self.quantiles = tuple(parts.predictor.quantiles)
        self.n_empty = 0
        self._fits, self._linear = [parts], [linear_model(parts)]
        self.example = self._example_of(recent[:, -parts.window.geometry.length :])
        shape = self.example.shape[1:]
        names = self._names_of_targets(target)
        self.n_steps, n_targets, self.names = self._read(shape, names)
        if self.names is not None and len(self.names) != n_targets:
            raise ValueError(
                f"target must name the {n_targets} targets that the pipeline predicts, "
                f"got {self.names}."
            )
        self.n_targets = n_targets
        self.n_ahead = -(-steps // self.n_steps) * self.n_steps
        if self.names is None and len(self.unknown) == n_targets == 1:
            # Labels do not take the name of a column of numbers, unless fed back.
            is_fed = self.n_ahead > parts.window.geometry.horizon
            if is_fed or are_same_kind(panel.frame[self.unknown[0]], self.example):
                self.names = self.unknown

    def _example_of(self, windows):
        """Return the prediction from one of some windows, with a row if possible."""
        some = int(np.argmin(_are_empty(windows)))
        window = windows[some : some + 1]
        if self._is_linear(window):
            return self._linear[0](window)
        with _ignore_empty_windows():
            return np.asarray(
                self.parts.predictor.predict(self.parts.inputs_of(window))
            )

    def _names_of_targets(self, target):
        """Return the names of y, or those of the user; None without."""
        names = names_of(self._y)
        if names is None:
            names = getattr(self.parts.predictor, "target_names_in_", None)
        base = multistep_name(names)
        if base is not None:  # a string, even if the name of the column is not
            by_name = {str(column): column for column in self.panel.columns}
            names = [by_name.get(base, base)]
        elif names is not None:
            names = list(names)
        if target is None:
            return names
        target = as_list(target)
        if names and names != target and {*names} <= {*self.panel.columns}:
            raise ValueError(
                f"target names {target}, but y was {names}, which X has as well. "
                "Leave target out."
            )
        return target

    def _read(self, shape, names):
        """Return the numbers of steps and targets of predictions, and the names."""
        if len(shape) == 2:
            return *shape, names
        if not shape:
            return 1, 1, names
        n_columns = shape[0]
        if names is not None and len(names) == 1:
            return n_columns, 1, names
        if names is None and n_columns > 1 and self._are_steps(n_columns):
            return n_columns, 1, None
        return 1, n_columns, names

    def _are_steps(self, n_columns):
        """Return whether columns without names are steps of one target."""
        if self._y is not None:
            return are_steps(np.asarray(self._y), self.panel.series.codes)
        n_features = len(self.panel.columns)
        if n_features < n_columns == self.parts.window.geometry.horizon:
            return True
        raise ValueError(
            f"The pipeline predicts {n_columns} numbers at once, with horizon="
            f"{self.parts.window.horizon}, and does not remember the names of y: "
            "are they steps or targets? Pass target, such as "
            f"target={self.panel.columns[0]!r} for {n_columns} steps of it, or the "
            f"names of {n_columns} targets in the order of y, such as "
            f"target={[*self.panel.columns[:n_columns]]!r}."
        )

    def add_fit(self, parts):
        """Add a fit on other rows, whose predictions differ by coefficients alone.

        Return its number; None if it may differ by more.
        """
        linear, first = linear_model(parts), self._linear[0]
        if linear is None or first is None or linear.coef.shape != first.coef.shape:
            return None
        seen, other = (fitted_table(one.window) for one in (self.parts, parts))
        if not seen.counts_missing_as(other, self.panel.series.names):
            return None
        self._fits.append(parts)
        self._linear.append(linear)
        return len(self._fits) - 1

    def predict(self, windows, fits=None):
        """Predict from windows.

        Parameters
        ----------
        windows : ndarray of shape (n_samples, window_length, n_features)
            Windows.

        fits : ndarray of int, of shape (n_samples,), default=None
            The number of the fit that predicts from each; None is the first.

        Returns
        -------
        ndarray of shape (n_samples, n_steps, n_targets, 1 + n_quantiles)
            The prediction, then its quantiles.
        """
        all_linear = self._is_linear(windows)

        def predict(fit, some):
            # A missing value in the windows of one fit does not slow the others.
            linear = all_linear or self._is_linear(some)
            return (self._predict_linear if linear else self._predict)(fit, some)

        if fits is None:
            return predict(0, windows)
        bounds = [0, *(np.flatnonzero(np.diff(fits)) + 1).tolist(), len(fits)]
        parts = [
            predict(fits[low], windows[low:high])
            for low, high in itertools.pairwise(bounds)
        ]
        return np.concatenate(parts)

    def _is_linear(self, windows):
        """Return whether the model is known to be linear, and takes these windows."""
        known = self._linear[0] is not None and windows.dtype == np.float64
        return known and bool(np.isfinite(windows).all())

    def _predict_linear(self, fit, windows):
        shape = (len(windows), self.n_steps, self.n_targets, 1)
        return self._linear[fit](windows).reshape(shape)

    def _predict(self, fit, windows):
        empty = _are_empty(windows)
        if not empty.any():
            return self._predict_by(self._fits[fit], windows)
        self.n_empty += int(empty.sum())
        with _ignore_empty_windows():  # the caller warns once
            return self._predict_by(self._fits[fit], windows)

    def _predict_by(self, parts, windows):
        X = parts.inputs_of(windows)
        shape = (len(windows), self.n_steps, self.n_targets)
        predicted = np.asarray(parts.predictor.predict(X)).reshape(*shape, 1)
        if not self.quantiles:
            return predicted
        quantiles = parts.predictor.predict_quantiles(X).reshape(*shape, -1)
        return np.concatenate([predicted, quantiles], axis=-1)


def _are_empty(windows):
    """Return which windows hold no row."""
    return np.isnan(windows).all(axis=(1, 2))


@contextmanager
def _ignore_empty_windows():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".* have no time step that is not")
        yield
