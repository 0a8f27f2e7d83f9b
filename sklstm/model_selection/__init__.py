"""Splits in time, for scikit-learn's cross-validation and searches."""

from sklstm.model_selection._splitters import PanelTimeSeriesSplit, PurgedKFold

__all__ = ["PanelTimeSeriesSplit", "PurgedKFold"]
