"""Splits in time, for scikit-learn's cross-validation and searches."""

from sklstm.model_selection._leakage import assert_no_leakage
from sklstm.model_selection._splitters import PanelTimeSeriesSplit, PurgedKFold

__all__ = ["PanelTimeSeriesSplit", "PurgedKFold", "assert_no_leakage"]
