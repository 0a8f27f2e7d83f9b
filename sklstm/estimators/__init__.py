"""LSTM estimators for scikit-learn's pipelines and searches, and baselines."""

import importlib

# The LSTMs need TensorFlow, which takes seconds to import; the baselines don't.
_PUBLIC = {
    "CompleteCaseRegressor": "_complete_cases",
    "LSTMClassifier": "_classifier",
    "LSTMRegressor": "_regressor",
    "LSTMTagger": "_tagger",
    "NaiveForecaster": "_naive",
    "predict_quantiles": "_predict_quantiles",
}

__all__ = list(_PUBLIC)


def __getattr__(name):
    if name in _PUBLIC:
        module = importlib.import_module(f"{__name__}.{_PUBLIC[name]}")
        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_PUBLIC})
