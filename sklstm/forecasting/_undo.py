"""What is forecast in transformed units, and brought back into those of y."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import safe_indexing
from sklstm._validation import as_list, check_target_of_rows
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._scale import Scale
from sklstm.forecasting._transformed_target import as_table, wrapper_of


def opened(fitted, X, target=None):
    """Open a forecaster of a transformed target: its pipeline, and the table it reads.

    Parameters
    ----------
    fitted : estimator
        Any fitted pipeline, or a `TransformedTargetForecaster`.

    X : DataFrame or array-like of shape (n_rows, n_features)
        The table, in the units of y.

    target : str, int, sequence of such, or None
        The columns that the user says are predicted.

    Returns
    -------
    fitted : estimator
        What forecasts.

    X : table
        What it reads.

    target : str, int, sequence of such, or None
        The columns that it predicts.

    restore : callable
        Brings forecasts, of shape (n_series, n_steps, n_targets, 1 + n_quantiles),
        back into the units of y.

    Raises
    ------
    ValueError
        If `target` is other columns than y was in `fit`.
    """
    wrapper = wrapper_of(fitted)
    if wrapper is None:
        return fitted, X, target, _unchanged
    check_is_fitted(wrapper)
    if wrapper._units is None:  # neither a transform nor a difference
        return wrapper.forecaster_, X, target, _unchanged
    check_target(wrapper, target)
    wrapper._check_columns(X)
    units, X = wrapper._units, as_table(X)
    changed, _ = units.changed(X)
    recent = units.recent(X)

    def restore(predicted):
        return units.restored(predicted, recent)

    return wrapper.forecaster_, changed, units.columns, restore


def in_units(fitted, X, y):
    """Return what reads windows of a table, and the table and targets as it reads them.

    Parameters
    ----------
    fitted : estimator
        Any fitted pipeline, or a `TransformedTargetForecaster`.

    X, y : array-like
        The table and its targets, in the units of y.

    Returns
    -------
    fitted, X, y
        Of a forecaster of a transformed target, its pipeline; X and y are then
        transformed, without rows whose differences are not known.
    """
    wrapper = wrapper_of(fitted)
    if wrapper is None:
        return fitted, X, y
    check_is_fitted(wrapper)
    if wrapper._units is None:
        return wrapper.forecaster_, X, y
    wrapper._check_columns(X)
    check_target_of_rows(X, y)
    rows, changed, targets = wrapper._units.pairs(as_table(X), y)
    changed, targets = safe_indexing(changed, rows), safe_indexing(targets, rows)
    return wrapper.forecaster_, changed, targets


class Undo:
    """A table in transformed units, of which a backtest forecasts parts.

    Parameters
    ----------
    wrapper : TransformedTargetForecaster
        Is fitted, and transforms something.

    panel : Panel
        The table, in the units of y.

    Attributes
    ----------
    given : Panel
        That table.

    panel : Panel
        The table that the forecaster within reads.

    scale : Scale or None
        Of errors, where the target is transformed.
    """

    def __init__(self, wrapper, panel):
        wrapper._check_columns(panel.given)
        self._units, self.given = wrapper._units, panel
        changed, self._levels = self._units.within(panel)
        self.panel = Panel(changed, panel.group_by)
        self.scale = None
        if wrapper.transformer is not None:
            pairs = zip(self._units.columns, self._units.transforms, strict=True)
            self.scale = Scale(dict(pairs))

    def restore(self, predicted, line, codes, places):
        """Bring forecasts from origins within the table back into the units of y.

        Parameters
        ----------
        predicted : ndarray of shape (n_series, n_steps, n_targets, 1 + n_quantiles)
            In transformed units.

        line : Line
            Where the rows are.

        codes, places : ndarray of int, of shape (n_series, 1)
            The group and the time step of each origin.

        Returns
        -------
        ndarray of the shape of `predicted`
        """
        n_recent = self._units.n_recent
        rows, there = line.rows_at(codes, places + np.arange(1 - n_recent, 1))
        recent = self._levels[rows]
        recent[~there] = np.nan
        return self._units.restored(predicted, recent)


def check_target(wrapper, target):
    """Refuse names of other columns than those that were found to be y."""
    columns = wrapper.target_columns_
    if target is not None and as_list(target) != columns:
        raise ValueError(f"target names {target!r}, but y was {columns} in fit.")


def _unchanged(predicted):
    return predicted
