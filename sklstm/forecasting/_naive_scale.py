"""The errors of the naive forecast, by which errors of a backtest are scaled."""

import numpy as np
import pandas as pd

from sklstm.forecasting._target_column import truth_of


def add_scale(found, panel, folds, y, window, season_length):
    """Return the table of a backtest with the column `scale`.

    It is the mean absolute change of a target over a season, between the train rows
    of the group in the fold; NaN if no two train rows are a season apart.

    Parameters
    ----------
    found : DataFrame
        The table of the backtest.

    panel : Panel
        The table of rows.

    folds : Folds
        Its folds, in the order of their numbers.

    y : array-like
        The targets.

    window : WindowStep
        Finds, by the index of the table, which rows are missing.

    season_length : int
        Time steps of a season.

    Returns
    -------
    DataFrame
    """
    names = found["target"].unique() if "target" in found else [None]
    y = as_numbers(truth_of(y, len(names)))
    codes, n_groups = panel.series.codes, len(panel.groups)
    missing = window.missing_rows_by_index(panel.frame, codes)
    before, exists = panel.series.timeline(missing).rows_before(int(season_length))
    changes = np.abs(y - y[before])
    changes[~exists] = np.nan
    group = np.zeros(len(found), dtype=int)
    if panel.group_by is not None:
        group = panel.groups.get_indexer(found[panel.group_by])
    target = np.zeros(len(found), dtype=int)
    if "target" in found:
        target = pd.Index(names).get_indexer(found["target"])
    scale, rows_of_fold = np.full(len(found), np.nan), found.groupby("fold").indices
    for fold in folds:
        is_train = np.zeros(len(codes), dtype=bool)
        is_train[fold.train] = True
        within = is_train & is_train[before]
        means = _means_by_group(changes[within], codes[within], n_groups)
        rows = rows_of_fold[fold.number]
        scale[rows] = means[group[rows], target[rows]]
    return found.assign(scale=scale)


def _means_by_group(values, codes, n_groups):
    """Return the means of known values: (n_groups, n_targets)."""
    means = []
    for column in values.T:
        known = ~np.isnan(column)
        count = np.bincount(codes[known], minlength=n_groups)
        total = np.bincount(codes[known], column[known], minlength=n_groups)
        with np.errstate(invalid="ignore"):
            means.append(total / count)
    return np.column_stack(means)


def as_numbers(y):
    """Return targets as floats; raise if they are not numbers."""
    try:
        return y.astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "season_length scales errors by changes of y, which must hold numbers: "
            f"{error}. Leave season_length at None for labels."
        ) from error
