"""Fitted state as plain values: what files of estimators hold."""

from sklstm._stored import _library, _pandas  # noqa: F401 (which register kinds)
from sklstm._stored._estimator import StoredEstimator
from sklstm._stored._kinds import describe, makes, stored_as

__all__ = ["StoredEstimator", "describe", "makes", "stored_as"]
