"""LSTM estimators for scikit-learn's pipelines, searches and metrics."""

from sklstm.estimators._classifier import LSTMClassifier
from sklstm.estimators._predict_quantiles import predict_quantiles
from sklstm.estimators._regressor import LSTMRegressor

__all__ = ["LSTMClassifier", "LSTMRegressor", "predict_quantiles"]
