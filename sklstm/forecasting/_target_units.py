"""Tables and targets in transformed units, and what brings predictions back."""

import numpy as np
import pandas as pd
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from sklstm._pipeline import steps_of
from sklstm._series import groups_of
from sklstm._validation import as_list, shortened
from sklstm.forecasting._differences import filled, integrate, weights_of
from sklstm.forecasting._lags import Lags, at_lag, between_lags
from sklstm.forecasting._target_column import (
    TargetColumns,
    columns_of,
    history_of,
    is_of_numbers,
    place_of_row,
)
from sklstm.forecasting._target_transform import TargetTransform

# Steps that fill what is missing, and those that know no other numbers than they saw.
_FILLING = SimpleImputer, KNNImputer, OneHotEncoder, OrdinalEncoder, TargetEncoder


class TargetUnits:
    """The units in which a forecaster sees its target: transformed, and differences.

    Parameters
    ----------
    transformer : None, str or transformer
        Of each target.

    difference : list of int
        Lags of differences, which are taken after it.

    window : WindowStep
        That of the forecaster, not fitted: it tells groups, history and gaps.

    before : list of transformers
        The steps of the forecaster before it.

    Attributes
    ----------
    columns : list
        The columns of X that each target is.

    transforms : list of TargetTransform
        One for each.

    weights : dict of int to float
        Of values before, as :func:`weights_of` gives them.

    n_steps : int
        How many steps a target has.

    lags : Lags
        What the transformed targets were before each row, where there are differences.
    """

    def __init__(self, transformer, difference, window, before):
        self.transformer, self._difference = transformer, tuple(difference)
        self._window, self._fills = window, any(map(_fills, before))
        self.weights = weights_of(difference)

    def fit(self, X, y):
        """Find the history of y in X, and transform both.

        Parameters
        ----------
        X : DataFrame, polars.DataFrame or ndarray of shape (n_rows, n_features)
            The table.

        y : array-like
            The targets, of one axis, two or three.

        Returns
        -------
        rows : ndarray of int
            From the first of each group on whose difference is known; without those
            that have no difference because a row before them is missing, where they
            are then missing steps themselves.

        changed : of the type of X
            All of the table, transformed.

        targets : of the form of y
            All targets, likewise.
        """
        found = self._found(X, y)
        self.columns, targets = found.columns, found.values.copy()
        self.n_steps = targets.shape[1]
        self.transforms = [TargetTransform(self.transformer) for _ in self.columns]
        self._means = np.empty(len(self.columns))
        for i, transform in enumerate(self.transforms):
            own, where = targets[:, :, i], place_of_row(X)
            own[:, -1] = transform.fit(own[:, -1], where)
            for step in range(self.n_steps - 1):
                own[:, step] = transform.transform(own[:, step], where)
            self._means[i] = np.nanmean(own[:, -1])
        levels, windows = self._transformed(X), None
        if self.weights:
            length = max(self.weights) + self.n_steps + self._window.geometry.length
            self.lags = Lags(self._window, length)
            windows = self.lags.fit(X, levels)
        return self._pairs(X, y, levels, targets, windows)

    def pairs(self, X, y):
        """Transform a table and its targets, as :meth:`fit` returns them."""
        found = self._found(X, y)
        if found.columns != self.columns:
            raise ValueError(
                f"y is {shortened(found.columns)} of X, but was "
                f"{shortened(self.columns)} in fit."
            )
        targets, where = found.values.copy(), place_of_row(X)
        for i, transform in enumerate(self.transforms):
            for step in range(self.n_steps):
                own = targets[:, step, i]
                targets[:, step, i] = transform.transform(own, where)
        levels = self._transformed(X)
        windows = self.lags.of(X, levels) if self.weights else None
        return self._pairs(X, y, levels, targets, windows)

    def changed(self, X):
        """Transform a table, which goes on from what `fit` remembers.

        Returns
        -------
        changed : of the type of X
            The table that the forecaster reads.

        windows : ndarray or SequenceTable of shape (n_rows, n_lags, n_targets), or None
            What the transformed targets were until each row; None without differences.
        """
        levels = self._transformed(X)
        if not self.weights:
            return self.with_history(X, levels), None
        windows = self.lags.of(X, levels)
        return self.with_history(X, self._differences(levels, windows)), windows

    def recent(self, X):
        """Return what the transformed targets were last in each series of a table.

        Returns
        -------
        ndarray of shape (n_series, n_recent, n_targets), or None
            None without differences.
        """
        return self.lags.until(X, self._transformed(X)) if self.weights else None

    def within(self, panel):
        """Transform a table by itself, without what `fit` remembers.

        Parameters
        ----------
        panel : Panel
            The table, in the units of y.

        Returns
        -------
        changed : of the type of the table
            The table that the forecaster reads.

        levels : ndarray of shape (n_rows, n_targets)
            The transformed targets.
        """
        X = panel.given
        levels = differences = self._transformed(X)
        if self.weights:
            line = panel.series.timeline(self.lags.missing_within(X, levels))
            differences = levels.copy()
            for lag, weight in self.weights.items():
                rows, there = line.rows_before(lag)
                earlier = np.where(there[:, np.newaxis], levels[rows], np.nan)
                differences -= weight * earlier
        return self.with_history(X, differences), levels

    @property
    def by_target(self):
        """The transform of each target, by the name of its column."""
        return dict(zip(self.columns, self.transforms, strict=True))

    @property
    def n_recent(self):
        """How many values before a forecast are looked at."""
        return self.lags.length if self.weights else 0

    def restored(self, predicted, recent):
        """Bring predictions that follow series back into the units of y.

        Parameters
        ----------
        predicted : ndarray of shape (n_series, n_steps, n_targets, 1 + n_quantiles)
            In transformed units; of each target the prediction, then its quantiles.

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
            recent = filled(recent, self._means)
        return self._back(predicted, integrate(predicted[..., 0], recent, self.weights))

    def restored_rows(self, predicted, windows, horizon):
        """Bring predictions of the rows of a table back into the units of y.

        Parameters
        ----------
        predicted : ndarray of shape (n_rows, n_steps, n_targets, 1 + n_quantiles)
            In transformed units.

        windows : ndarray or SequenceTable, or None
            As :meth:`changed` gives them.

        horizon : int
            How many rows before its own a window ends.

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
        if len(lacking):  # what is further back may stand for it
            n_recent = max(windows.shape[1] - n_steps, max(self.weights))
            recent = between_lags(windows, n_steps, n_recent, lacking)
            if horizon > n_steps:  # of which nothing is known yet
                recent[:, n_steps - horizon :] = np.nan
            recent = filled(recent, self._means)
            levels[lacking] = integrate(changes[lacking], recent, self.weights)
        return self._back(predicted, levels)

    def _back(self, predicted, levels=None):
        """Undo the transforms of predictions, which are changes to some levels."""
        values = np.array(predicted, dtype=float)
        if levels is not None:
            # A quantile is one of the last step, given that those before came true.
            values += (levels - predicted[..., 0])[..., np.newaxis]
        for i, transform in enumerate(self.transforms):
            if values.shape[-1] > 1 and not transform.is_increasing:
                raise ValueError(
                    f"transformer={transform!r} turns the order of values around, and "
                    "with it that of quantiles. Take its negative."
                )
            values[:, :, i] = transform.inverse_transform(values[:, :, i])
        return values

    # ------------------------------------------------------------------- transforming
    def _found(self, X, y):
        """Find what y holds, and where its history is in X."""
        group_by = self._window.group_by
        return TargetColumns(X, y, groups_of(X, group_by).codes, group_by)

    def _pairs(self, X, y, levels, targets, windows):
        """Return the rows whose difference is known, a table with these, and targets.

        Parameters
        ----------
        X, y
            In the units of y.

        levels : ndarray of shape (n_rows, n_targets)
            The history of the targets, transformed.

        targets : ndarray of shape (n_rows, n_steps, n_targets)
            Transformed.

        windows : ndarray or SequenceTable, or None
            Of `levels`.
        """
        rows = np.arange(len(X))
        if self.weights:
            first = windows
            if self.n_steps > 1:  # of the first step, as X begins with later ones
                first = self.lags.again(X, targets[:, 0])
            known = ~np.isnan(targets).any(axis=(1, 2))
            targets = self._differences_of_targets(targets, windows, first)
            levels = self._differences(levels, windows)
            rows = _from_first_known(levels, groups_of(X, self._window.group_by).codes)
            if self.n_steps == 1 and self.lags.tells_time:
                lost = known & np.isnan(targets).any(axis=(1, 2))
                rows = rows[~lost[rows]]
        if not len(rows):
            raise ValueError(
                f"difference={self._difference} needs more than {max(self.weights)} "
                f"rows of a series whose target is known, but X has {len(X)} rows"
                + ("." if self._window.group_by is None else " in all groups.")
            )
        return rows, self.with_history(X, levels), _like(y, targets)

    def _transformed(self, X):
        """Return the history of the targets, transformed: (n_rows, n_targets)."""
        levels = history_of(X, self.columns)
        for i, column in enumerate(self.columns):
            where = place_of_row(X, column)
            levels[:, i] = self.transforms[i].transform(levels[:, i], where)
        return levels

    def _differences(self, levels, windows):
        """Return the differences of values from those in windows that end with them."""
        differences = levels.copy()
        for lag, weight in self.weights.items():
            differences -= weight * at_lag(windows, lag)
        return differences

    def _differences_of_targets(self, targets, windows, first):
        """Return those of targets of several steps; `first` are windows of the first.

        Earlier values are those of X, or where it does not reach so far, of targets.
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

    def with_history(self, X, values):
        """Return X with other values in the columns of the targets.

        Where a difference is missing, the step is: a network can't read half of it.
        What is known in advance stays, and tables of which steps fill what is missing.
        """
        blank, others = np.isnan(values).any(axis=1), []
        if self.weights and blank.any() and not self._fills:
            kept = {*self.columns, *as_list(self._window.known), self._window.group_by}
            others = [c for c in columns_of(X) if c not in kept and is_of_numbers(X, c)]
        if not hasattr(X, "columns"):
            changed = X.copy() if X.dtype.kind in "fO" else X.astype(float)
            changed[:, self.columns] = values
            changed[np.ix_(blank, others)] = np.nan
            return changed
        new = {column: values[:, i] for i, column in enumerate(self.columns)}
        if not isinstance(X, pd.DataFrame):  # of polars
            new |= {c: np.where(blank, np.nan, X[c].to_numpy()) for c in others}
            return X.with_columns([type(X[c])(c, v) for c, v in new.items()])
        new |= {c: X[c].astype(float).where(~blank) for c in others}
        return _assigned(X, new)


def steps_before(forecaster, window):
    """Return the steps before the window of a pipeline, or of one searched over."""
    steps = [step for _, step in steps_of(getattr(forecaster, "estimator", forecaster))]
    places = [i for i, step in enumerate(steps) if step is window]
    return steps[: places[0]] if places else []


def _fills(step):
    """Return whether a step fills what is missing, or takes numbers for categories."""
    return isinstance(step, _FILLING) or any(
        isinstance(part, _FILLING) for part in step.get_params().values()
    )


def _assigned(X, new):
    """Return a copy of a DataFrame with other columns, whatever they are called."""
    changed = X.copy()
    for column, values in new.items():
        changed[column] = values
    return changed


def _from_first_known(values, codes):
    """Return the rows of each group from the first on that has a value."""
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
