"""Forecasts past the last row, backtests, prediction intervals and streams."""

from sklstm.forecasting._backtest import backtest
from sklstm.forecasting._forecast import forecast
from sklstm.forecasting._intervals import conformal_intervals
from sklstm.forecasting._scores import backtest_scores
from sklstm.forecasting._stream import Stream, stream
from sklstm.forecasting._transformed_target import TransformedTargetForecaster
from sklstm.preprocessing import make_multistep, make_windows

__all__ = [
    "Stream",
    "TransformedTargetForecaster",
    "backtest",
    "backtest_scores",
    "conformal_intervals",
    "forecast",
    "make_multistep",
    "make_windows",
    "stream",
]
