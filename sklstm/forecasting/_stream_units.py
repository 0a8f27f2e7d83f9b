"""Rows of a stream in transformed units, and its predictions in those of y."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from sklstm.forecasting._target_column import history_of


class StreamUnits:
    """What a stream has to remember of a target to take its differences and add them.

    Parameters
    ----------
    units : TargetUnits
        Those of the fitted forecaster.

    window : WindowStep
        That of the forecaster.

    make_stream : callable
        Makes a stream of a pipeline: one goes along with the stream of the forecaster,
        and gives the last values of the target.
    """

    def __init__(self, units, window, make_stream):
        self._units, self._levels = units, None
        # From the last row on which the first of the predicted steps builds.
        self._n_ahead = window.geometry.horizon - units.n_steps
        if units.weights:
            last = make_pipeline(units.lags.fitted, _AsItIs())
            with units.lags.no_warnings():  # the stream of the forecaster tells them
                self._levels = make_stream(last)

    def push(self, table, labelled, push):
        """Push a row in transformed units, and bring the prediction back.

        Parameters
        ----------
        table : DataFrame or ndarray of one row
            In the units of y.

        labelled : bool
            Whether its label was given.

        push : callable
            Pushes a row to the forecaster, and returns its prediction.

        Returns
        -------
        scalar or ndarray
        """
        units = self._units
        values = history_of(table, units.columns)
        for i, (column, transform) in enumerate(
            zip(units.columns, units.transforms, strict=True)
        ):
            label = table.index[0] if labelled else "pushed"
            where = f"the row {label} in column {column!r}"
            values[:, i] = transform.transform(values[:, i], lambda _, w=where: w)
        if self._levels is None:
            changed = units.with_history(table, values)
            return self._restored(push(_as_row(changed, labelled)), None)
        before = self._levels.state()
        try:
            row, _ = units.lags.table(table, values)
            with units.lags.no_warnings():
                recent = self._levels.push(_as_row(row, labelled))
            for lag, weight in units.weights.items():
                there = lag < len(recent)
                values -= weight * (recent[-1 - lag] if there else np.nan)
            changed = units.with_history(table, values)
            return self._restored(push(_as_row(changed, labelled)), recent)
        except BaseException:
            self._levels.set_state(before)
            raise

    def _restored(self, predicted, recent):
        predicted = np.asarray(predicted)
        shape = (1, self._units.n_steps, len(self._units.columns), 1)
        if recent is not None:
            n_later = max(self._n_ahead, 0)
            unknown = np.full((n_later, recent.shape[1]), np.nan)
            known = recent[: len(recent) + min(self._n_ahead, 0)]
            recent = np.concatenate([known, unknown])[np.newaxis]
        restored = self._units.restored(predicted.reshape(shape), recent)
        return restored.reshape(predicted.shape)[()]


class _AsItIs(BaseEstimator):
    """Predicts windows themselves."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return np.asarray(X)


def _as_row(table, labelled):
    """Return a table of one row as a stream takes it with its label, or without."""
    if labelled:
        return table
    if isinstance(table, pd.DataFrame):
        return {column: table[column].iloc[0] for column in table.columns}
    return table[0].tolist()
