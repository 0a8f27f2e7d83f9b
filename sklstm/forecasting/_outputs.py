"""The predictions of a fitted pipeline: their steps, targets and quantiles."""

import warnings
from contextlib import contextmanager

import numpy as np

from sklstm._multistep import are_steps, multistep_name
from sklstm._validation import as_list
from sklstm.forecasting._check_feedback import are_same_kind
from sklstm.forecasting._plain_predict import plain_predict
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
        windows = recent[:, -parts.window.geometry.length :]
        some = int(np.argmin(_are_empty(windows)))  # a window with a row, if possible
        with _ignore_empty_windows():
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
        self._plain = plain_predict(parts)
        self.n_ahead = -(-steps // self.n_steps) * self.n_steps
        if self.names is None and len(self.unknown) == n_targets == 1:
            # Labels do not take the name of a column of numbers, unless fed back.
            is_fed = self.n_ahead > parts.window.geometry.horizon
            if is_fed or are_same_kind(panel.frame[self.unknown[0]], self.example):
                self.names = self.unknown

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
        is_plain = self._plain is not None and windows.dtype == np.float64
        if is_plain and np.isfinite(windows).all():
            shape = (len(windows), self.n_steps, self.n_targets, 1)
            return self._plain(windows).reshape(shape)
        empty = _are_empty(windows)
        if not empty.any():
            return self._predict(windows)
        self.n_empty += int(empty.sum())
        with _ignore_empty_windows():  # the caller warns once
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
def _ignore_empty_windows():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".* have no time step that is not")
        yield
