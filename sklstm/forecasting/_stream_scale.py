"""Transform the rows of a stream, and bring its predictions to the original scale."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

from sklstm.forecasting._target_column import history_of


class StreamScale:
    """The target scale of a stream; remembers the values that differences need.

    Parameters
    ----------
    scale : TargetScale
        The target scale of the fitted forecaster.

    window : WindowStep
        The window step of the forecaster.

    make_stream : callable
        Returns a stream of a pipeline. A second stream, beside that of the forecaster,
        returns the last values of the target.
    """

    def __init__(self, scale, window, make_stream):
        self._scale, self._levels = scale, None
        # From the pushed row to the one before the first predicted step.
        self._n_ahead = window.geometry.horizon - scale.n_steps
        if scale.weights:
            last = make_pipeline(scale.lags.fitted, _IdentityPredictor())
            with scale.lags.no_warnings():  # which the stream of the forecaster gives
                self._levels = make_stream(last)

    def push(self, table, labelled, push):
        """Push a transformed row, and return the prediction on the original scale.

        Parameters
        ----------
        table : DataFrame or ndarray of one row
            The row on the original scale.

        labelled : bool
            Whether its label was given.

        push : callable
            Pushes a row to the forecaster, and returns its prediction.

        Returns
        -------
        scalar or ndarray
        """
        scale = self._scale
        values = history_of(table, scale.columns)
        for i, (column, transform) in enumerate(
            zip(scale.columns, scale.transforms, strict=True)
        ):
            label = table.index[0] if labelled else "pushed"
            where = f"the row {label} in column {column!r}"
            values[:, i] = transform.transform(values[:, i], lambda _, w=where: w)
        if self._levels is None:
            changed = scale.with_targets(table, values)
            return self._restore(push(_as_row(changed, labelled)), None)
        before = self._levels.state()
        try:
            row, _ = scale.lags.table(table, values)
            with scale.lags.no_warnings():
                recent = self._levels.push(_as_row(row, labelled))
            for lag, weight in scale.weights.items():
                exists = lag < len(recent)
                values -= weight * (recent[-1 - lag] if exists else np.nan)
            changed = scale.with_targets(table, values)
            return self._restore(push(_as_row(changed, labelled)), recent)
        except BaseException:
            self._levels.set_state(before)
            raise

    def state(self):
        """Return the state, for :meth:`set_state`."""
        return None if self._levels is None else self._levels.state()

    def set_state(self, state):
        """Restore a state that :meth:`state` returned."""
        if self._levels is not None:
            self._levels.set_state(state)

    def _restore(self, predicted, recent):
        predicted = np.asarray(predicted)
        shape = (1, self._scale.n_steps, len(self._scale.columns), 1)
        if recent is not None:
            n_later = max(self._n_ahead, 0)
            unknown = np.full((n_later, recent.shape[1]), np.nan)
            known = recent[: len(recent) + min(self._n_ahead, 0)]
            recent = np.concatenate([known, unknown])[np.newaxis]
        restored = self._scale.restore(predicted.reshape(shape), recent)
        return restored.reshape(predicted.shape)[()]


class _IdentityPredictor(BaseEstimator):
    """Return windows as predictions."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return np.asarray(X)


def _as_row(table, labelled):
    """Return a table of one row as the input of `push`, with its label or without."""
    if labelled:
        return table
    if isinstance(table, pd.DataFrame):
        return {column: table[column].iloc[0] for column in table.columns}
    return table[0].tolist()
