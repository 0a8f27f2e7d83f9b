"""Learning from sequences with LSTMs, the scikit-learn way."""

import importlib

from sklstm._garbage import without_garbage_collection

__version__ = "0.1.0"

# Where each public name lives. TensorFlow takes seconds to import, so a name is
# imported when it is first used: preparing data never waits for it.
_PUBLIC = {
    "CompleteCaseRegressor": "estimators",
    "LSTMClassifier": "estimators",
    "LSTMRegressor": "estimators",
    "LSTMTagger": "estimators",
    "NaiveForecaster": "estimators",
    "PadSequences": "preprocessing",
    "PanelTimeSeriesSplit": "model_selection",
    "PerFeatureScaler": "preprocessing",
    "PerTimestep": "preprocessing",
    "PurgedKFold": "model_selection",
    "Reshape3D": "preprocessing",
    "SequenceTable": "sequences",
    "SlidingWindow": "preprocessing",
    "predict_quantiles": "estimators",
    "show_versions": "_show_versions",
}
_SUBMODULES = (
    "estimators",
    "forecasting",
    "inspection",
    "metrics",
    "model_selection",
    "networks",
    "preprocessing",
    "sequences",
    "training",
)

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name):
    if name not in _PUBLIC and name not in _SUBMODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with without_garbage_collection():
        module = importlib.import_module(f"{__name__}.{_PUBLIC.get(name, name)}")
        found = getattr(module, name) if name in _PUBLIC else module
    globals()[name] = found  # the next access does not come here
    return found


def __dir__():
    return sorted({*globals(), *_PUBLIC, *_SUBMODULES})
