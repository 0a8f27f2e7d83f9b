"""Forecasts from many origins within a table, of one fitted pipeline."""

import numpy as np
import pandas as pd

from sklstm.forecasting._fed import refuse_fed
from sklstm.forecasting._following import FollowingRows
from sklstm.forecasting._forecast import feedback
from sklstm.forecasting._future import Future
from sklstm.forecasting._outputs import Outputs
from sklstm.forecasting._result_tables import backtest_table
from sklstm.forecasting._rollout import roll_out
from sklstm.forecasting._truth import truth_of
from sklstm.preprocessing._seen_target import differ


class Origins:
    """A fitted pipeline, and the table that it forecasts parts of.

    With `undo` the table is in transformed units; y is not, nor are forecasts.
    """

    def __init__(self, parts, panel, y, known, target, transformed, undo=None):
        self.undo = undo
        self.parts, self.panel, self.y = parts, panel, y
        self.known, self.target = known, target
        self.n_recent = parts.window.geometry.n_recent
        self.line = panel.line(parts.window.missing_rows(transformed))

    def forecast_after(self, fold, train):
        """Forecast a fold where steps before the window look at other rows."""
        panel = self.panel
        origins = np.full(len(panel.groups), -1)
        origins[fold.groups] = fold.origins
        rows = np.flatnonzero(panel.places <= origins[panel.codes])
        table = panel.frame.iloc[rows]
        some = self.parts.window.features_of(
            self.parts.transform(panel.as_given(table))
        )
        values = np.full((len(panel.frame), some.shape[1]), np.nan, some.dtype)
        values[rows] = some
        return self.forecast(values, [fold], train, table)

    def n_steps(self, fold):
        """Count the time steps from the origins of a fold to its last test row."""
        origins = np.zeros(len(self.panel.groups), dtype=int)
        origins[fold.groups] = self._place_of_origins(fold)
        steps = self.line.places[fold.test] - origins[self.panel.codes[fold.test]]
        return int(steps.max())

    def _place_of_origins(self, fold):
        """Return the time step of each group's origin.

        It is that of the last train row; of a group without one, the step before the
        first test row.
        """
        rows = self.panel.rows_at(fold.groups, fold.origins)
        first = self.panel.rows_at(fold.groups, fold.origins + 1)
        places = self.line.places
        return np.where(fold.trained, places[rows], places[first] - 1)

    def forecast(self, values, folds, train, table=None):
        """Forecast the test rows of some folds, from the features of all rows."""
        panel, window = self.panel, self.parts.window
        codes = np.concatenate([fold.groups for fold in folds])
        origins = np.concatenate([fold.origins for fold in folds])
        places = np.concatenate([self._place_of_origins(fold) for fold in folds])
        places = places[:, np.newaxis]
        codes = codes[:, np.newaxis]
        before = places + np.arange(1 - self.n_recent, 1)
        rows, there = self.line.rows_at(codes, before)
        recent = values[rows]
        recent[~there] = np.nan
        steps = max(map(self.n_steps, folds))
        ahead = places + np.arange(1, steps + 1)
        rows, there = self.line.rows_at(codes, ahead)
        future = Future.within(panel, rows, self.known, there)
        outputs = Outputs(self.parts, recent, panel, self.target, self.y)
        fed = feedback(outputs, window, panel, future, steps, told_by="known")
        self._check_fed(fed, outputs.n_targets, train)
        following = FollowingRows(self.parts, panel, future, fed, table)
        predicted = roll_out(outputs, recent, following, window, steps)
        if table is None and not following.agree_with_context(predicted):
            # What no row of the table shows: values that are predicted first.
            return pd.concat([self.forecast_after(fold, train) for fold in folds])
        if self.undo is not None:
            predicted = self.undo.restore(predicted, self.line, codes, places)
        is_test = there & self._is_test(folds, rows)
        return self._frame(outputs, predicted, folds, origins, rows, is_test)

    def _check_fed(self, fed, n_targets, rows):
        """Refuse to feed predictions into columns that y was not, in some rows."""
        frame = (self.panel if self.undo is None else self.undo.given).frame
        for column, target in fed.items():
            if not pd.api.types.is_numeric_dtype(frame[column].dtype):
                continue
            X = frame[column].to_numpy(float, na_value=np.nan)[rows]
            y = self._truth(n_targets)[rows, target].astype(float)
            wrong = differ(X, y)
            if wrong.any():
                i = np.argmax(wrong)
                refuse_fed(column, f"row {rows[i]}", X[i], y[i])

    def _truth(self, n_targets):
        return truth_of(self.y, n_targets)

    def _is_test(self, folds, rows):
        """Tell which of the rows that follow are test rows of their fold."""
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

    def _frame(self, outputs, predicted, folds, origins, rows, is_test):
        """Put the forecasts of test rows beside the truth."""
        panel = self.panel
        numbers = [np.repeat(fold.number, len(fold.groups)) for fold in folds]
        series, step = np.nonzero(is_test)
        row = rows[series, step]
        # Without times, the places of rows in their groups can be compared as such.
        times = pd.Index(panel.places) if panel.times is None else panel.times
        origin = panel.rows_at(panel.codes[row], origins[series])
        origin = pd.Series(times[origin])
        if (origins < 0).any():
            origin = origin.where(origins[series] >= 0)
        table = {
            "fold": np.concatenate(numbers)[series],
            "origin": origin,
            "step": step + 1,
            "time": times[row],
        }
        if panel.group_by is not None:
            table[panel.group_by] = panel.groups[panel.codes[row]]
        return backtest_table(
            table,
            outputs.names,
            self._truth(outputs.n_targets)[row],
            predicted[series, step],
            outputs.quantiles,
        )
