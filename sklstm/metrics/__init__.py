"""Errors scaled by the naive forecast's, and scorers that skip missing targets."""

from sklstm.metrics._scaled_error import mean_absolute_scaled_error
from sklstm.metrics._skip_missing import skip_missing

__all__ = ["mean_absolute_scaled_error", "skip_missing"]
