"""What a fitted pipeline predicts at once: so many steps of so many targets."""

import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd

from sklstm._multistep import are_steps, multistep_name
from sklstm._validation import as_list
from sklstm.forecasting._fed import are_alike


class Outputs:
    """The predictions of a pipeline, as steps of named targets.

    Parameters
    ----------
    parts : SplitPipeline
        The pipeline.

    panel : Panel
        The table.

    recent : ndarray of shape (n_series, n_recent, n_features)
        Rows that there are: what is predicted from a window of them is looked at.

    known : list
        The columns that are known of the rows to forecast: of a single target without
        a name, the other column is the one that is predicted.

    steps : int
        Rows to forecast.

    target : str, int, sequence of such, or None
        The columns of X that hold the targets; None takes the names that y had.

    y : array-like, default=None
        The targets that the pipeline was fitted on, where they are at hand: they tell
        the names, and whether columns are steps.

    Raises
    ------
    ValueError
        If `target` names other than the targets that there are, or is needed to tell
        steps from targets.

    Attributes
    ----------
    unknown : list
        The columns that are not known.

    n_steps : int
        Steps that are predicted at once.

    n_ahead : int
        Rows that are predicted for so many `steps`.

    names : list or None
        The name of each target.

    quantiles : tuple of float
        Quantiles that are predicted besides.

    example : ndarray of shape (1, ...)
        The prediction from one window.

    n_empty : int
        How many windows that were predicted from held no row.
    """

    def __init__(self, parts, panel, recent, known, steps, *, target=None, y=None):
        self.parts, self.panel, self.known, self.steps = parts, panel, known, steps
        self.unknown = [column for column in panel.columns if column not in known]
        self._y = y
        self.quantiles = ()
        if hasattr(parts.predictor, "predict_quantiles"):
            self.quantiles = tuple(parts.predictor.quantiles)
        self.n_empty = 0
        windows = recent[:, -parts.window.geometry.length :]
        some = int(np.argmin(_are_empty(windows)))  # one with a row, if there is any
        with _no_warning_of_empty_ones():
            inputs = parts.inputs_of(windows[some : some + 1])
            self.example = np.asarray(parts.predictor.predict(inputs))
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
            # Labels do not have the name of numbers, where nothing is fed back.
            is_fed = self.n_ahead > parts.window.geometry.horizon
            if is_fed or are_alike(panel.frame[self.unknown[0]], self.example):
                self.names = self.unknown

    def _names_of_targets(self, target):
        """Return the names that y had, or that the user gives; None without."""
        names = names_of(self._y)
        if names is None:
            names = getattr(self.parts.predictor, "target_names_in_", None)
        base = multistep_name(names)
        if base is not None:  # which is a string, whatever the column is called
            called = {str(column): column for column in self.panel.columns}
            names = [called.get(base, base)]
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
        """Tell steps and targets of predictions of a shape."""
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
        """Return whether nameless columns are steps of one target."""
        if self._y is not None:
            return are_steps(np.asarray(self._y), self.panel.series.codes)
        n_features = len(self.panel.columns)
        if n_features < n_columns == self.parts.window.geometry.horizon:
            return True
        raise ValueError(
            f"The pipeline predicts {n_columns} numbers at once, with horizon="
            f"{self.parts.window.horizon}, and does not remember what y was called: "
            "are they steps or targets? Say target, such as "
            f"target={self.panel.columns[0]!r} for {n_columns} steps of it, or the "
            f"names of {n_columns} targets in the order of y."
        )

    def predict(self, windows):
        """Predict from windows.

        Parameters
        ----------
        windows : ndarray of shape (n_samples, window_length, n_features)
            Windows.

        Returns
        -------
        ndarray of shape (n_samples, n_steps, n_targets, 1 + n_quantiles)
            The prediction, then its quantiles.
        """
        empty = _are_empty(windows)
        if not empty.any():
            return self._predict(windows)
        self.n_empty += int(empty.sum())
        with _no_warning_of_empty_ones():  # at every step; the caller counts them
            return self._predict(windows)

    def _predict(self, windows):
        X = self.parts.inputs_of(windows)
        shape = (len(windows), self.n_steps, self.n_targets)
        predicted = np.asarray(self.parts.predictor.predict(X)).reshape(*shape, 1)
        if not self.quantiles:
            return predicted
        quantiles = self.parts.predictor.predict_quantiles(X).reshape(*shape, -1)
        return np.concatenate([predicted, quantiles], axis=-1)


def _are_empty(windows):
    """Return which windows hold no row."""
    return np.isnan(windows).all(axis=(1, 2))


@contextmanager
def _no_warning_of_empty_ones():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".* have no time step that is not")
        yield


def names_of(y):
    """Return the names of a Series or of the columns of a DataFrame; None without."""
    if hasattr(y, "columns"):  # of pandas or polars
        return None if isinstance(y.columns, pd.RangeIndex) else list(y.columns)
    return [y.name] if getattr(y, "name", None) not in (None, "") else None
