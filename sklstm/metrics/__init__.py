"""Errors in units of those of the naive forecast, or over rows that have a target."""

from sklstm.metrics._scaled_error import mean_absolute_scaled_error
from sklstm.metrics._skip_missing import skip_missing

__all__ = ["mean_absolute_scaled_error", "skip_missing"]
