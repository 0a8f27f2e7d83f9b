"""Transform tables and targets, and bring predictions to the original scale."""

import numpy as np
import pandas as pd
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from sklstm._pipeline import steps_of
from sklstm._series import groups_of
from sklstm._stored import stored_as
from sklstm._validation import as_list, shortened
from sklstm.forecasting._differences import fill_missing, integrate, weights_of
from sklstm.forecasting._lags import Lags, at_lag, between_lags
from sklstm.forecasting._target_column import (
    as_series,
    columns_of,
    find_target,
    history_of,
    is_of_numbers,
    row_namer,
)
from sklstm.forecasting._target_transform import TargetTransform

# Pipeline steps that fill missing values, or that take numbers for categories.
_FILLING = SimpleImputer, KNNImputer, OneHotEncoder, OrdinalEncoder, TargetEncoder


@stored_as("target scale")
class TargetScale:
    """The scale of the target in a forecaster: transformed, then differenced.

    Parameters
    ----------
    transformer : None, str or transformer
        The transformer of each target.

    difference : list of int
        Lags of the differences.

    window : WindowStep
        The window step of the forecaster, not fitted.

    before : list of transformers
        The pipeline steps before it.

    Attributes
    ----------
    columns : list
        The columns of X that each target is.

    transforms : list of TargetTransform
        The transform of each target.

    weights : dict of int to float
        The weights of earlier values in the differences.

    n_steps : int
        The number of steps of a target.

    lags : Lags
        The earlier values of the transformed targets, if there are differences.
    """

    def __init__(self, transformer, difference, window, before):
        self.transformer, self._difference = transformer, tuple(difference)
        self._window, self._fills = window, any(map(_fills, before))
        self.weights = weights_of(difference)

    def fit(self, X, y):
        """Fit the transforms, and transform a table and its targets.

        Parameters
        ----------
        X : DataFrame, polars.DataFrame or ndarray of shape (n_rows, n_features)
            The table.

        y : array-like
            The targets, of one axis, two or three.

        Returns
        -------
        rows : ndarray of int
            The rows of each group from the first known difference on. Rows without a
            difference, because a row before them is missing, are left out if they then
            count as missing time steps.

        changed : of the type of X
            The whole table, transformed.

        targets : of the form of y
            All targets, transformed.
        """
        values, self.columns = self._find_target(X, y)
        self.n_steps = values.shape[1]
        self.transforms = [TargetTransform(self.transformer) for _ in self.columns]
        for i, transform in enumerate(self.transforms):
            transform.fit(values[:, -1, i], row_namer(X))
        targets = self._transform_targets(X, values)
        self._means = np.nanmean(targets[:, -1], axis=0)
        levels, windows = self._transform_history(X), None
        if self.weights:
            length = max(self.weights) + self.n_steps + self._window.geometry.length
            self.lags = Lags(self._window, length)
            windows = self.lags.fit(X, levels)
        return self._pairs(X, y, levels, targets, windows)

    def transform_pairs(self, X, y):
        """Transform a table and its targets, as :meth:`fit` returns them."""
        values, columns = self._find_target(X, y)
        if columns != self.columns:
            raise ValueError(
                f"y is {shortened(columns)} of X, but was {shortened(self.columns)} in "
                "fit."
            )
        targets = self._transform_targets(X, values)
        levels = self._transform_history(X)
        windows = self.lags.windows(X, levels) if self.weights else None
        return self._pairs(X, y, levels, targets, windows)

    def transform_table(self, X):
        """Transform a table that continues the fitted one.

        Returns
        -------
        changed : of the type of X
            The transformed table.

        windows : ndarray or SequenceTable of shape (n_rows, n_lags, n_targets), or None
            The transformed targets up to each row; None without differences.
        """
        levels = self._transform_history(X)
        if not self.weights:
            return self.with_targets(X, levels), None
        windows = self.lags.windows(X, levels)
        return self.with_targets(X, self._differences(levels, windows)), windows

    def last_values(self, X):
        """Return the last values of the transformed targets in each series of a table.

        Returns
        -------
        ndarray of shape (n_series, n_recent, n_targets), or None
            None without differences.
        """
        if not self.weights:
            return None
        return self.lags.last_values(X, self._transform_history(X))

    def transform_alone(self, panel):
        """Transform a table without the history of `fit`.

        Parameters
        ----------
        panel : Panel
            The table, on the original scale.

        Returns
        -------
        changed : of the type of the table
            The transformed table.

        levels : ndarray of shape (n_rows, n_targets)
            The transformed targets, before differences.
        """
        X = panel.given
        levels = differences = self._transform_history(X)
        if self.weights:
            timeline = panel.series.timeline(self.lags.missing_within(X, levels))
            differences = levels.copy()
            for lag, weight in self.weights.items():
                rows, exists = timeline.rows_before(lag)
                earlier = np.where(exists[:, np.newaxis], levels[rows], np.nan)
                differences -= weight * earlier
        return self.with_targets(X, differences), levels

    @property
    def by_target(self):
        """The transform of each target, by the name of its column."""
        return dict(zip(self.columns, self.transforms, strict=True))

    @property
    def n_recent(self):
        """The number of values before a forecast that differences need."""
        return self.lags.length if self.weights else 0

    def restore(self, predicted, recent):
        """Return predictions of the rows after series, on the original scale.

        Parameters
        ----------
        predicted : ndarray of shape (n_series, n_steps, n_targets, 1 + n_quantiles)
            The prediction of each target, then its quantiles.

        recent : ndarray of shape (n_series, n_recent, n_targets) or None
            The transformed values before; None without differences.

        Returns
        -------
        ndarray of the shape of `predicted`
        """
        predicted = np.asarray(predicted, dtype=float)
        if not self.weights:
            return self._back(predicted)
        n_lacking = max(max(self.weights) - recent.shape[1], 0)
        if n_lacking:
            wider = (0, 0), (n_lacking, 0), (0, 0)
            recent = np.pad(recent, wider, constant_values=np.nan)
        if np.isnan(recent).any():
            recent = fill_missing(recent, self._means)
        return self._back(predicted, integrate(predicted[..., 0], recent, self.weights))

    def restore_rows(self, predicted, windows, horizon):
        """Return predictions of the rows of a table, on the original scale.

        Parameters
        ----------
        predicted : ndarray of shape (n_rows, n_steps, n_targets, 1 + n_quantiles)
            The predictions.

        windows : ndarray or SequenceTable, or None
            The windows that :meth:`transform_table` returns.

        horizon : int
            The horizon of the windows.

        Returns
        -------
        ndarray of the shape of `predicted`
        """
        predicted = np.asarray(predicted, dtype=float)
        if not self.weights:
            return self._back(predicted)
        n_steps, changes = self.n_steps, predicted[..., 0]
        levels = changes.copy()
        for step in range(n_steps):
            for lag, weight in self.weights.items():
                earlier = levels[:, step - lag] if lag <= step else None
                if earlier is None:
                    earlier = at_lag(windows, n_steps - 1 - step + lag)
                levels[:, step] += weight * earlier
        lacking = np.flatnonzero(np.isnan(levels).any(axis=(1, 2)))
        if len(lacking):  # fill missing values with earlier ones
            n_recent = max(windows.shape[1] - n_steps, max(self.weights))
            recent = between_lags(windows, n_steps, n_recent, lacking)
            if horizon > n_steps:  # the last rows are not known yet
                recent[:, n_steps - horizon :] = np.nan
            recent = fill_missing(recent, self._means)
            levels[lacking] = integrate(changes[lacking], recent, self.weights)
        return self._back(predicted, levels)

    def _back(self, predicted, levels=None):
        """Undo the transforms of predictions, of which `levels` is the integral."""
        values = np.array(predicted, dtype=float)
        if levels is not None:
            # A quantile assumes that the predictions of earlier steps come true.
            values += (levels - predicted[..., 0])[..., np.newaxis]
        for i, transform in enumerate(self.transforms):
            if values.shape[-1] > 1:
                transform.check_increasing()
            values[:, :, i] = transform.inverse_transform(values[:, :, i])
        return values

    # ------------------------------------------------------------------- transforming
    def _find_target(self, X, y):
        group_by = self._window.group_by
        return find_target(X, y, groups_of(X, group_by).codes, group_by)

    def _transform_targets(self, X, values):
        """Return targets transformed: (n_rows, n_steps, n_targets)."""
        targets, where = values.copy(), row_namer(X)
        for i, transform in enumerate(self.transforms):
            for step in range(self.n_steps):
                targets[:, step, i] = transform.transform(values[:, step, i], where)
        return targets

    def _pairs(self, X, y, levels, targets, windows):
        """Return rows, table and targets as :meth:`fit` does.

        Parameters
        ----------
        X, y
            On the original scale.

        levels : ndarray of shape (n_rows, n_targets)
            The transformed history of the targets.

        targets : ndarray of shape (n_rows, n_steps, n_targets)
            The transformed targets.

        windows : ndarray or SequenceTable, or None
            The windows of `levels`.
        """
        rows = np.arange(len(X))
        if self.weights:
            first = windows
            if self.n_steps > 1:  # of the first step, as X begins with later ones
                first = self.lags.windows_of_fitted(X, targets[:, 0])
            known = ~np.isnan(targets).any(axis=(1, 2))
            targets = self._differences_of_targets(targets, windows, first)
            levels = self._differences(levels, windows)
            rows = _rows_from_first_known(
                levels, groups_of(X, self._window.group_by).codes
            )
            if self.n_steps == 1 and self.lags.tells_time:
                lost = known & np.isnan(targets).any(axis=(1, 2))
                rows = rows[~lost[rows]]
        if not len(rows):
            raise ValueError(
                f"difference={self._difference} needs more than {max(self.weights)} "
                f"rows of a series whose target is known, but X has {len(X)} rows"
                + ("." if self._window.group_by is None else " in all groups.")
            )
        return rows, self.with_targets(X, levels), _like(y, targets)

    def _transform_history(self, X):
        """Return the history of the targets, transformed: (n_rows, n_targets)."""
        levels = history_of(X, self.columns)
        for i, column in enumerate(self.columns):
            where = row_namer(X, column)
            levels[:, i] = self.transforms[i].transform(levels[:, i], where)
        return levels

    def _differences(self, levels, windows):
        """Return the differences of values; the windows end with the same values."""
        differences = levels.copy()
        for lag, weight in self.weights.items():
            differences -= weight * at_lag(windows, lag)
        return differences

    def _differences_of_targets(self, targets, windows, first):
        """Return the differences of targets; `first` are windows of the first step.

        Earlier values are taken from X or, if they are missing there, from targets.
        """
        differences = targets.copy()
        for step in range(self.n_steps):
            for lag, weight in self.weights.items():
                if lag <= step:
                    earlier = targets[:, step - lag]
                else:
                    earlier = at_lag(windows, self.n_steps - 1 - step + lag)
                    of_targets = at_lag(first, lag - step)
                    earlier = np.where(np.isnan(earlier), of_targets, earlier)
                differences[:, step] -= weight * earlier
        return differences

    def with_targets(self, X, values):
        """Return X with new values in the columns of the targets.

        If a difference is missing, the other features of the row become NaN as well,
        so that it is a missing time step; but not known covariates, nor if pipeline
        steps fill missing values.
        """
        blank, others = np.isnan(values).any(axis=1), []
        if self.weights and blank.any() and not self._fills:
            kept = {*self.columns, *as_list(self._window.known), self._window.group_by}
            others = [c for c in columns_of(X) if c not in kept]
            others = [c for c in others if is_of_numbers(as_series(X, c))]
        if not hasattr(X, "columns"):
            changed = X.copy() if X.dtype.kind in "Of" else X.astype(float)
            changed[:, self.columns] = values
            changed[np.ix_(blank, others)] = np.nan
            return changed
        new = {column: values[:, i] for i, column in enumerate(self.columns)}
        if not isinstance(X, pd.DataFrame):  # of polars
            new |= {c: np.where(blank, np.nan, X[c].to_numpy()) for c in others}
            return X.with_columns([type(X[c])(c, v) for c, v in new.items()])
        new |= {c: X[c].astype(float).where(~blank) for c in others}
        changed = X.copy()
        for column, column_values in new.items():  # assign takes only names
            changed[column] = column_values
        return changed


def steps_before(forecaster, window):
    """Return the steps before the window in a pipeline, or a search over one."""
    steps = [step for _, step in steps_of(getattr(forecaster, "estimator", forecaster))]
    places = [i for i, step in enumerate(steps) if step is window]
    return steps[: places[0]] if places else []


def _fills(step):
    """Return whether a step fills missing values, or takes numbers for categories."""
    return isinstance(step, _FILLING) or any(
        isinstance(part, _FILLING) for part in step.get_params().values()
    )


def _rows_from_first_known(values, codes):
    """Return the rows of each group from the first known value on."""
    known = pd.Series(~np.isnan(values).all(axis=1))
    return np.flatnonzero(known.groupby(codes).cummax().to_numpy())


def _like(y, targets):
    """Return transformed targets in the form of y."""
    values = targets.reshape(np.shape(y))
    if isinstance(y, pd.Series):
        return pd.Series(values, index=y.index, name=y.name)
    if isinstance(y, pd.DataFrame):
        return pd.DataFrame(values, index=y.index, columns=y.columns)
    return values
