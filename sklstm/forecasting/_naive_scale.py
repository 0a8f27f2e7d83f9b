"""What errors of a backtest are scaled by: those of the naive forecast before."""

import numpy as np
import pandas as pd

from sklstm.forecasting._truth import truth_of


def add_scale(found, panel, folds, y, window, season_length):
    """Return a backtest with a column more: the scale of each row's errors.

    Parameters
    ----------
    found : DataFrame
        What the folds gave.

    panel : Panel
        The table.

    folds : Folds
        Its folds, in the order of their numbers.

    y : array-like
        The targets.

    window : WindowStep
        Tells, by the index of the table, which rows are missing.

    season_length : int
        Steps of a season.

    Returns
    -------
    DataFrame
        With `scale`: the mean absolute change over a season, of a target, between the
        train rows that a group has in the fold. NaN where there is none.
    """
    names = found["target"].unique() if "target" in found else [None]
    scale = np.full(len(found), np.nan)
    changes = _Changes(
        panel, numbers_of(truth_of(y, len(names))), window, season_length
    )
    entity = np.zeros(len(found), dtype=int)
    if panel.group_by is not None:
        entity = panel.groups.get_indexer(found[panel.group_by])
    target = np.zeros(len(found), dtype=int)
    if "target" in found:
        target = pd.Index(names).get_indexer(found["target"])
    rows_of_fold = found.groupby("fold").indices
    for fold in folds:
        rows = rows_of_fold[fold.number]
        scale[rows] = changes.mean_within(fold.train)[entity[rows], target[rows]]
    return found.assign(scale=scale)


class _Changes:
    """The changes of targets over a season, row by row."""

    def __init__(self, panel, y, window, season_length):
        self._codes, self._n_groups = panel.series.codes, len(panel.groups)
        missing = window.missing_rows_by_index(panel.frame, panel.series.codes)
        line = panel.series.timeline(missing)
        before, there = line.rows_before(int(season_length))
        self._before, self._changes = before, np.abs(y - y[before])
        self._changes[~there] = np.nan

    def mean_within(self, rows):
        """Return the mean change of each group and target, between some rows.

        Returns
        -------
        ndarray of shape (n_groups, n_targets)
        """
        within = np.zeros(len(self._codes), dtype=bool)
        within[rows] = True
        within &= within[self._before]
        codes, changes = self._codes[within], self._changes[within]
        means = []
        for one in changes.T:
            known = ~np.isnan(one)
            count = np.bincount(codes[known], minlength=self._n_groups)
            total = np.bincount(codes[known], one[known], minlength=self._n_groups)
            with np.errstate(invalid="ignore"):
                means.append(total / count)
        return np.column_stack(means)


def numbers_of(y):
    """Return targets as floats; refuse what has no changes, such as labels."""
    try:
        return y.astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "season_length scales errors by changes of y, which must hold numbers: "
            f"{error}. Leave season_length at None for labels."
        ) from error
