"""Serve forecasts over HTTP, with FastAPI: windows, batches, and rows as they come.

``python examples/serving.py`` fits a small model, saves it, and answers on
http://127.0.0.1:8000 until Ctrl-C (a number after it is another port);
http://127.0.0.1:8000/docs shows what can be asked.
``uvicorn serving:app_of_environment --factory --workers 2`` (in this folder) serves the
pipeline in the file that the environment variable ``MODEL`` names, by two processes.
They need ``pip install ".[serving]"``.
"""

import os
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import stream


class Window(BaseModel):
    """A window: its time steps, each with all features; null is a missing value."""

    window: list[list[float | None]]


class Windows(BaseModel):
    """Windows of equal length."""

    windows: list[list[list[float | None]]]


class Row(BaseModel):
    """A new row of a sensor, with its time; without one it follows the last row."""

    values: dict[str, float | None]
    time: str | None = None


def app_of_environment():
    """Return the app of the pipeline in the file that MODEL names."""
    return create_app(os.environ["MODEL"])


def create_app(path):
    """Return the app that serves the pipeline in a file.

    Each process loads it: TensorFlow can't compute in the child of a process in which
    it has computed.
    """
    app = FastAPI(title="Forecasts of sensors")
    pipe = joblib.load(path)
    window_step, after_window = pipe[0], pipe[1:]
    features = [n for n in pipe.feature_names_in_ if n != window_step.group_by]
    # The first prediction compiles the network; a length of its own comes with it.
    after_window.predict(np.zeros((1, window_step.window_length, len(features))))
    live = {name: Sensor(pipe, name) for name in window_step.history_}

    # Functions without `async` run in threads: predictions may run at the same time.
    @app.post("/window")
    def predict_window(request: Window):
        """Predict what follows a window."""
        with telling_the_client():
            X = as_array([request.window])
            return {"prediction": float(after_window.predict(X)[0])}

    @app.post("/windows")
    def predict_windows(request: Windows):
        """Predict what follows each of many windows, in one call of the network."""
        with telling_the_client():
            X = as_array(request.windows)
            return {"predictions": after_window.predict(X).tolist()}

    @app.post("/sensors/{name}")
    def push(name: str, row: Row):
        """Take the new row of a sensor, and predict the next one."""
        if name not in live:
            raise HTTPException(404, f"No sensor {name!r}; there are {sorted(live)}.")
        with telling_the_client():
            return {"prediction": live[name].push(row)}

    return app


class Sensor:
    """The stream of one sensor, which takes one row at a time."""

    def __init__(self, pipe, name):
        self._stream, self._name = stream(pipe), name
        self._group_by = pipe[0].group_by
        self._lock = threading.Lock()  # a stream is for one thread

    def push(self, row):
        """Return the prediction of the row after this one."""
        index = None if row.time is None else pd.DatetimeIndex([row.time])
        table = pd.DataFrame([{**row.values, self._group_by: self._name}], index=index)
        with self._lock:
            return float(self._stream.push(table))


def as_array(windows):
    """Return windows as an array of three axes, with NaN for null."""
    lengths = {len(window) for window in windows}
    widths = {len(step) for window in windows for step in window}
    if len(lengths) != 1 or len(widths) != 1 or 0 in lengths | widths:
        raise ValueError(
            "windows must be of equal length, and every time step must hold all "
            f"features; got lengths {sorted(lengths)} and widths {sorted(widths)}."
        )
    return np.array(windows, dtype=float)


@contextmanager
def telling_the_client():
    """Answer 422 where the input is wrong: the messages name the row or the column."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise HTTPException(422, str(error)) from error


def fit_model():
    """Fit a small model of three sensors."""
    hours = pd.date_range("2026-01-01", periods=240, freq="h")
    tables = []
    for number, name in enumerate(["attic", "cellar", "hall"]):
        angle = 2 * np.pi * hours.hour / 24 + number
        noise = np.random.default_rng(number).normal(scale=0.2, size=len(hours))
        table = {"celsius": 18 + number + 3 * np.sin(angle) + noise}
        table["humidity"] = 50 + 10 * np.cos(angle)
        tables.append(pd.DataFrame({"sensor": name, **table}, index=hours))
    X = pd.concat(tables)
    return make_pipeline(
        SlidingWindow(24, group_by="sensor"),
        PerFeatureScaler(),
        LSTMRegressor(units=8, epochs=3, random_state=0),
    ).fit(X, X["celsius"])


if __name__ == "__main__":
    import uvicorn

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.joblib"
        joblib.dump(fit_model(), path)
        port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
        uvicorn.run(create_app(path), host="127.0.0.1", port=port)
