"""Forecasts from many origins within a table, of one fitted pipeline."""

import numpy as np

from sklstm.forecasting._check_feedback import FedRows
from sklstm.forecasting._future import Future
from sklstm.forecasting._outputs import Outputs
from sklstm.forecasting._read_once import read_once
from sklstm.forecasting._rollout import Rollout
from sklstm.forecasting._target_column import truth_of
from sklstm.forecasting._tested_rows import TestedRows

# Most numbers in the rows of the series that are forecast together.
_LARGEST = 2**24


class Origins:
    """The origins of some folds, and the fitted forecaster that forecasts from them.

    Parameters
    ----------
    forecaster : Forecaster
        The fitted forecaster.

    panel : Panel
        The table, on the original scale.

    y : array-like of shape (n_rows, ...)
        The targets.

    known : list
        The known covariates.

    target : str, int, sequence of such, or None
        The parameter of the user.

    folds : list of Fold
        The folds.

    train : ndarray of int
        The rows that the forecaster was fitted on.
    """

    def __init__(self, forecaster, panel, y, known, target, folds, train):
        self._forecaster, self._parts = forecaster, forecaster.parts
        self._known, self._folds, self._fit_of = known, list(folds), {}
        target = forecaster.check_target(target)
        self._panel, self._levels = forecaster.table_alone(panel)
        window = self._parts.window
        transformed, self._values, missing = read_once(self._parts, self._panel)
        self._line = self._panel.series.timeline(missing)
        self._n_recent = window.geometry.n_recent
        steps = max(map(self._n_steps, folds))
        recent = self._last_of(self._values, folds[:1], self._n_recent)
        self._outputs = Outputs(
            self._parts, self._panel, recent, known, steps, target=target, y=y
        )
        self._rollout = Rollout(self._outputs, transformed, known_from="known")
        truth = truth_of(y, self._outputs.n_targets)
        self._fed_rows = FedRows(panel.frame, truth, self._rollout.fed)
        self._fed_rows.check(train)

    def join(self, forecaster, folds, train):
        """Add folds of another fit of the same pipeline, if possible.

        All are forecast together then. It is possible if the fits differ by linear
        coefficients alone.

        Parameters
        ----------
        forecaster, folds, train
            As of `Origins`.

        Returns
        -------
        bool
            Whether the folds were added.
        """
        outputs = self._outputs
        if forecaster.scale is not None or self._parts.before or outputs.n_targets > 1:
            return False
        if max(map(self._n_steps, folds)) != outputs.steps:
            return False
        number = outputs.add_fit(forecaster.parts)
        if number is None:
            return False
        self._fed_rows.check(train)
        self._fit_of |= {fold.number: number for fold in folds}
        self._folds += folds
        return True

    def forecast(self):
        """Forecast the test rows of all folds, as many at a time as memory holds.

        Returns
        -------
        list of TestedRows
        """
        folds = self._folds
        if self._rollout.depends_on_other_rows:
            return [rows for fold in folds for rows in self._forecast_seeing_all(fold)]
        n_numbers = self._values.shape[1] * (self._n_recent + self._outputs.steps)
        at_once = max(_LARGEST // (n_numbers * max(len(f.groups) for f in folds)), 1)
        parts = [folds[i : i + at_once] for i in range(0, len(folds), at_once)]
        return [rows for some in parts for rows in self._forecast(self._values, some)]

    def _forecast_seeing_all(self, fold):
        """Forecast a fold if pipeline steps before the window depend on other rows."""
        panel = self._panel
        origins = np.full(len(panel.groups), -1)
        origins[fold.groups] = fold.origins
        rows = np.flatnonzero(panel.series.places <= origins[panel.series.codes])
        table = panel.frame.iloc[rows]
        some = self._parts.transform(panel.as_given(table))
        some = self._parts.window.features_of(some)
        values = np.full((len(panel.frame), some.shape[1]), np.nan, some.dtype)
        values[rows] = some
        return self._forecast(values, [fold], table)

    def _forecast(self, values, folds, table=None):
        """Return the TestedRows of some folds, from the features of all rows."""
        recent = self._last_of(values, folds, self._n_recent)
        rows, exists = self._rows_from(folds, np.arange(1, self._outputs.steps + 1))
        # Integers hold no NaN.
        read = None if self._parts.before or values.dtype.kind != "f" else values
        future = Future.within(self._panel, rows, self._known, exists, read)
        fits = None
        if self._fit_of:
            numbers = [self._fit_of.get(fold.number, 0) for fold in folds]
            fits = np.repeat(numbers, [len(fold.groups) for fold in folds])
        predicted = self._rollout.predict(recent, future, table, fits=fits)
        if predicted is None:  # pipeline steps before the window need all rows
            return [rows for fold in folds for rows in self._forecast_seeing_all(fold)]
        if self._levels is not None:
            n_recent = self._forecaster.scale.n_recent
            before = self._last_of(self._levels, folds, n_recent)
            predicted = self._forecaster.restore(predicted, before)
        is_test = exists & self._is_test(folds, rows)
        return [self._tested_rows(folds, predicted, rows, is_test)]

    def _last_of(self, values, folds, n_rows):
        """Return the last values at the origins of folds: (n_series, n_rows, n)."""
        rows, exists = self._rows_from(folds, np.arange(1 - n_rows, 1))
        last = values[rows]
        last[~exists] = np.nan
        return last

    def _rows_from(self, folds, steps):
        """Return the rows some steps after origins, and which of them exist."""
        codes = np.concatenate([fold.groups for fold in folds])
        places = np.concatenate([self._steps_of_origins(fold) for fold in folds])
        return self._line.rows_at(codes[:, np.newaxis], places[:, np.newaxis] + steps)

    def _n_steps(self, fold):
        """Count the time steps from the origins of a fold to its last test row."""
        origins = np.zeros(len(self._panel.groups), dtype=int)
        origins[fold.groups] = self._steps_of_origins(fold)
        own = origins[self._panel.series.codes[fold.test]]
        return int((self._line.places[fold.test] - own).max())

    def _steps_of_origins(self, fold):
        """Return the time step of the origin of each group.

        It is that of the last train row, or without one the time step before the first
        test row.
        """
        rows = self._panel.series.rows_at(fold.groups, fold.origins)
        first = self._panel.series.rows_at(fold.groups, fold.origins + 1)
        places = self._line.places
        return np.where(fold.trained, places[rows], places[first] - 1)

    def _is_test(self, folds, rows):
        """Return which of the rows that follow are test rows of their fold."""
        is_test, first = np.zeros(rows.shape, dtype=bool), 0
        for fold in folds:
            own = slice(first, first + len(fold.groups))
            numbers = fold.test
            if isinstance(numbers, slice):
                within = rows[own] >= numbers.start
                is_test[own] = within & (rows[own] < numbers.stop)
            else:
                is_test[own] = np.isin(rows[own], numbers)
            first = own.stop
        return is_test

    def _tested_rows(self, folds, predicted, rows, is_test):
        """Return the forecasts of test rows as TestedRows."""
        series, step = np.nonzero(is_test)
        numbers = [np.repeat(fold.number, len(fold.groups)) for fold in folds]
        groups = np.concatenate([fold.groups for fold in folds])
        places = np.concatenate([fold.origins for fold in folds])
        origins = self._panel.series.rows_at(groups, places)
        origins[places < 0] = -1
        return TestedRows(
            fold=np.concatenate(numbers)[series],
            origin=origins[series],
            step=step + 1,
            row=rows[series, step],
            predicted=predicted[series, step],
            names=self._outputs.names,
            quantiles=self._outputs.quantiles,
        )
