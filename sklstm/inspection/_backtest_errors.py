"""Mean errors of backtests, of which a display draws curves and bars."""

from numbers import Real

import numpy as np
import pandas as pd


def mean_absolute(y_true, y_pred):
    """Give the mean absolute error."""
    return np.mean(np.abs(y_true - y_pred))


def root_mean_squared(y_true, y_pred):
    """Give the root of the mean squared error."""
    return np.sqrt(np.mean((y_true - y_pred) ** 2))


_METRICS = {
    "mae": ("mean absolute error", mean_absolute),
    "rmse": ("root mean squared error", root_mean_squared),
    "mase": ("mean absolute scaled error", mean_absolute),  # of tables that are scaled
}


def errors_by(tables, key, measure):
    """Measure the error of each model in each part of its forecasts.

    Parameters
    ----------
    tables : dict of DataFrame
        The backtest of each model.

    key : {"step", "fold"}
        The column that parts them.

    measure : callable
        Gives the error of truth and forecasts.

    Returns
    -------
    DataFrame of shape (n_parts, n_models)
        NaN where a model has no such part.
    """
    found = {}
    for name, table in tables.items():
        found[name] = {
            part: _number(measure(own["truth"].to_numpy(), own["forecast"].to_numpy()))
            for part, own in table.groupby(key)
        }
    frame = pd.DataFrame(found).sort_index()
    return frame.rename_axis(index=key)


def check_metric(metric):
    """Give the name of a metric, and its function."""
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
        raise ValueError(f"metric must give a number, but gave {error!r}.")
    return float(error)


def scaled(name, table):
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
