"""Sizes of the files of one fitted pipeline: ``python benchmarks/file_sizes.py``.

It needs skops, and tf2onnx for ONNX; what is not installed is left out.
"""

import importlib.util
import pathlib
import pickle
import tempfile
import zipfile

import joblib
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow


def main():
    days = pd.date_range("2020-01-01", periods=1000, freq="B")
    t = np.arange(len(days))
    X = pd.DataFrame({"price": 50 + np.sin(t / 9), "week": t % 5.0}, index=days)
    pipe = make_pipeline(
        SlidingWindow(24), PerFeatureScaler(), LSTMRegressor(epochs=10, random_state=0)
    )
    pipe.fit(X, X["price"])
    with tempfile.TemporaryDirectory() as folder:
        for name, write in writers(pipe).items():
            path = pathlib.Path(folder) / name
            write(path)
            print(f"{name:24}{path.stat().st_size / 1000:8.1f} kB")


def writers(pipe):
    """Return functions that write a file, by its name."""
    found = {
        "model.pickle": lambda path: path.write_bytes(pickle.dumps(pipe)),
        "model.joblib": lambda path: joblib.dump(pipe, path),
        "compressed.joblib": lambda path: joblib.dump(pipe, path, compress=3),
    }
    if importlib.util.find_spec("skops"):
        import skops.io

        found["model.skops"] = lambda path: skops.io.dump(pipe, path)
        found["compressed.skops"] = lambda path: skops.io.dump(
            pipe, path, compression=zipfile.ZIP_DEFLATED
        )
    found["network.keras"] = lambda path: pipe[-1].to_keras().save(path)
    if importlib.util.find_spec("tf2onnx"):
        found["network.onnx"] = lambda path: (
            pipe[-1].to_keras().export(path, format="onnx", verbose=False)
        )
    return found


if __name__ == "__main__":
    main()
