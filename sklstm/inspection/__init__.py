"""Displays: importance of lags, forecasts, curves of the loss, errors of backtests."""

from sklstm.inspection._backtest_display import BacktestDisplay
from sklstm.inspection._forecast_display import ForecastDisplay
from sklstm.inspection._lag_importance import LagImportanceDisplay
from sklstm.inspection._loss_curve import LossCurveDisplay

__all__ = [
    "BacktestDisplay",
    "ForecastDisplay",
    "LagImportanceDisplay",
    "LossCurveDisplay",
]
