"""Errors of the backtests of several models, read as one table."""

import warnings
from collections import Counter
from collections.abc import Mapping
from numbers import Real

import numpy as np
import pandas as pd

from sklstm._validation import shortened

_NEEDED = ("fold", "step", "truth", "forecast")


def mean_absolute(y_true, y_pred):
    """Return the mean absolute error."""
    return np.mean(np.abs(y_true - y_pred))


def root_mean_squared(y_true, y_pred):
    """Return the root of the mean squared error."""
    return np.sqrt(np.mean((y_true - y_pred) ** 2))


_METRICS = {
    "mae": ("mean absolute error", mean_absolute),
    "rmse": ("root mean squared error", root_mean_squared),
    "mase": ("mean absolute scaled error", mean_absolute),  # of tables that are scaled
}


def one_table(backtests, only_target=None, *, scaled=False):
    """Return the rows of the backtests of several models that have a truth.

    Parameters
    ----------
    backtests : dict of DataFrame
        What `backtest` returned, by the name of the model.

    only_target : str or int, default=None
        The target whose rows are taken, where there are several.

    scaled : bool, default=False
        Whether truths and forecasts are divided by the scale of their errors.

    Returns
    -------
    DataFrame
        With the column "model".
    """
    if not isinstance(backtests, Mapping) or not backtests:
        raise ValueError(
            "backtests must be the DataFrame that backtest returns, or a dict of "
            f"name to such DataFrames, got {backtests!r}."
        )
    tables = []
    for name, table in backtests.items():
        some = _complete_rows(name, table, only_target)
        tables.append((_scaled(name, some) if scaled else some).assign(model=name))
    return pd.concat(tables)


def errors_by(table, key, measure):
    """Return the error of each model in each part of its forecasts.

    Parameters
    ----------
    table : DataFrame
        As :func:`one_table` returns it.

    key : {"step", "fold"}
        The column that tells the parts.

    measure : callable
        Returns the error of truths and forecasts.

    Returns
    -------
    DataFrame of shape (n_parts, n_models)
        NaN where a model has no such part.
    """
    found = {
        name: {
            part: _number(measure(own["truth"].to_numpy(), own["forecast"].to_numpy()))
            for part, own in rows.groupby(key)
        }
        for name, rows in table.groupby("model", sort=False)
    }
    return pd.DataFrame(found).sort_index().rename_axis(index=key)


def origins_of(table):
    """Return the origin of each fold; None where groups or models have others."""
    if "origin" not in table.columns:
        return None
    pairs = table[["fold", "origin"]].drop_duplicates()
    if pairs["fold"].duplicated().any() or pairs["origin"].isna().any():
        return None
    return pairs.set_index("fold")["origin"]


def target_of(table):
    """Return the target whose errors these are; None where the table does not tell."""
    names = table["target"].unique() if "target" in table.columns else []
    return names[0] if len(names) == 1 else None


def warn_of_unlike_rows(table):
    """Warn of models whose errors differ because their rows do."""
    keys = ["fold", "step"]
    if "time" in table.columns and table["time"].notna().all():
        keys.append("time")  # folds of the same number may be others
    # As often, too: groups have rows of the same fold, step and time.
    rows = {
        name: Counter(own[keys].itertuples(index=False, name=None))
        for name, own in table.groupby("model", sort=False)
    }
    first, *others = rows
    unlike = [name for name in others if rows[name] != rows[first]]
    if unlike:
        warnings.warn(
            f"{shortened(unlike)}: not the folds, steps or times of {first!r}, so that "
            "errors differ for that reason as well. Run all backtests with the same X "
            "and cv, or keep the rows that all have.",
            UserWarning,
            stacklevel=3,
        )


def check_metric(metric):
    """Return the name of a metric, and its function."""
    if isinstance(metric, str) and metric in _METRICS:
        return _METRICS[metric]
    if callable(metric):
        return getattr(metric, "__name__", "error").replace("_", " "), metric
    raise ValueError(
        f"metric must be one of {list(_METRICS)} or a function metric(y_true, y_pred), "
        f"got {metric!r}."
    )


def _number(error):
    if not isinstance(error, Real):
        raise ValueError(f"metric must return a number, but returned {error!r}.")
    return float(error)


def _complete_rows(name, table, only_target):
    """Return the rows of a target that have a truth."""
    if not isinstance(table, pd.DataFrame):
        raise ValueError(
            f"backtests must hold the DataFrames that backtest returns, but {name!r} "
            f"is {type(table).__name__}."
        )
    lacking = [column for column in _NEEDED if column not in table.columns]
    if lacking:
        raise ValueError(
            f"backtests must have the columns {list(_NEEDED)}, but {name!r} lacks "
            f"{lacking}."
        )
    table = _of_target(name, table, only_target)
    wrong = ~np.isfinite(table["forecast"].to_numpy(float))
    if wrong.any():
        raise ValueError(
            f"backtests must have a finite forecast in every row, but {name!r} has "
            f"{int(wrong.sum())} that are not, the first in row {int(wrong.argmax())}."
        )
    missing = ~np.isfinite(table["truth"].to_numpy(float))
    if missing.all():
        raise ValueError(f"backtests must have a truth, but {name!r} has none.")
    if missing.any():
        warnings.warn(
            f"{name!r}: the truth of {int(missing.sum())} of {len(table)} rows is not "
            "known (NaN). They are left out of the errors.",
            UserWarning,
            stacklevel=4,
        )
    return table[~missing]


def _of_target(name, table, only_target):
    """Return the rows of a target."""
    targets = list(table["target"].unique()) if "target" in table.columns else []
    if only_target is None and len(targets) > 1:
        raise ValueError(
            f"only_target must name one of the targets of {name!r}, whose errors have "
            f"units of their own: {shortened(targets)}."
        )
    if only_target is None:
        return table
    if only_target not in targets:
        raise ValueError(
            f"only_target must be one of the targets of {name!r}: "
            f"{shortened(targets) or 'it has no column of targets'}; got "
            f"{only_target!r}."
        )
    return table[table["target"] == only_target]


def _scaled(name, table):
    """Return a backtest in units of the naive forecast's errors before each origin."""
    if "scale" not in table.columns:
        raise ValueError(
            f'metric="mase" needs the column "scale", which {name!r} lacks: run '
            "backtest with season_length."
        )
    scale = table["scale"].to_numpy(float)
    wrong = ~(scale > 0)
    if wrong.any():
        raise ValueError(
            f'metric="mase" needs a scale greater than 0 in every row, but {name!r} '
            f"has {scale[wrong][0]} in {int(wrong.sum())}, the first in row "
            f"{int(wrong.argmax())}: the train rows of its group are too few for "
            "season_length, or do not change over a season. Leave such rows out."
        )
    unitless = {part: table[part] / scale for part in ("truth", "forecast")}
    return table.assign(**unitless)
