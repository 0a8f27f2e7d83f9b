"""The forecasts of test rows, and the table of a backtest that they make."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklstm.forecasting._result_tables import backtest_table
from sklstm.forecasting._target_column import truth_of


@dataclass(frozen=True)
class TestedRows:
    """The forecasts of test rows of some folds that share a fit.

    Parameters
    ----------
    fold : ndarray of int, of shape (n_rows,)
        The number of the fold.

    origin : ndarray of int, of shape (n_rows,)
        The row of the table that the forecast was made at; -1 before the first one.

    step : ndarray of int, of shape (n_rows,)
        The number of steps from there, from 1.

    row : ndarray of int, of shape (n_rows,)
        The row of the table that is forecast.

    predicted : ndarray of shape (n_rows, n_targets, 1 + n_quantiles)
        The forecast, then its quantiles.

    names : list or None
        The names of the targets.

    quantiles : tuple of float
        The quantiles.
    """

    fold: np.ndarray
    origin: np.ndarray
    step: np.ndarray
    row: np.ndarray
    predicted: np.ndarray
    names: list | None
    quantiles: tuple


def table_of_rows(found, panel, y):
    """Return the table of a backtest.

    One table of all forecasts is made faster than one of each fit.

    Parameters
    ----------
    found : list of TestedRows
        The forecasts of each fit.

    panel : Panel
        The table.

    y : array-like of shape (n_rows, ...)
        The targets.

    Returns
    -------
    DataFrame
        The forecasts of each fit, target by target.
    """
    first = found[0]

    def column(name):
        return np.concatenate([getattr(rows, name) for rows in found])

    row, origin, predicted = column("row"), column("origin"), column("predicted")
    # Without times, rows are labelled by their positions in the group.
    times = pd.Index(panel.series.places) if panel.times is None else panel.times
    origins = pd.Series(times[origin])
    if (origin < 0).any():
        origins = origins.where(origin >= 0)
    shared = {
        "fold": column("fold"),
        "origin": origins,
        "step": column("step"),
        "time": times[row],
    }
    if panel.group_by is not None:
        shared[panel.group_by] = panel.groups[panel.series.codes[row]]
    n_targets = predicted.shape[1]
    truth = truth_of(y, n_targets)[row]
    table = backtest_table(shared, first.names, truth, predicted, first.quantiles)
    if n_targets > 1 and len(found) > 1:
        part = np.repeat(np.arange(len(found)), [len(rows.row) for rows in found])
        table = table.iloc[np.argsort(np.tile(part, n_targets), kind="stable")]
    return table.reset_index(drop=True)
