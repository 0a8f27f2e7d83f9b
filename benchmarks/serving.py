"""Latency of one window, beside bare Keras: ``python benchmarks/serving.py``.

A network of 32 units on windows of 24 x 3, in the process and over HTTP on the
loopback, by FastAPI. That of Keras is an LSTM and a dense layer alone, ours has a
linear part beside these. Each number is of 300 calls, one after the other, or by four
clients at the same time. The servers stop by themselves.
"""

import pathlib
import platform
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import joblib
import keras
import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import stream

N_CALLS, N_CLIENTS = 300, 4


class Window(BaseModel):
    """A window of numbers."""

    window: list[list[float]]


def main():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(2000, 3)).cumsum(axis=0)
    pipe = make_pipeline(
        SlidingWindow(24, history="fit"),
        PerFeatureScaler(),
        LSTMRegressor(units=32, epochs=1, random_state=0),
    ).fit(table, table[:, 0])
    with tempfile.TemporaryDirectory() as folder:  # as a server does
        path = pathlib.Path(folder) / "model.joblib"
        joblib.dump(pipe, path)
        pipe = joblib.load(path)
    model, scale = keras.Sequential([keras.Input((None, 3))]), pipe[1]
    model.add(keras.layers.LSTM(32))
    model.add(keras.layers.Dense(1))
    after = pipe[1:]
    windows = rng.normal(size=(N_CALLS, 24, 3))
    live = stream(pipe)

    def of_keras(window, call):
        X = scale.transform(window[np.newaxis]).astype(np.float32)
        return float(np.asarray(call(X))[0, 0])

    ways = {
        "sklstm, pipe[1:].predict": lambda w: float(after.predict(w[np.newaxis])[0]),
        "sklstm, stream.push": lambda w: float(live.push(w[0])),
        "Keras, model(x)": lambda w: of_keras(w, model),
        "Keras, model.predict(x)": lambda w: of_keras(
            w, lambda X: model.predict(X, verbose=0)
        ),
    }
    print(f"{platform.processor() or platform.machine()}, {N_CALLS} calls each, ms")
    print(f"{'':42}{'p50':>8}{'p99':>8}")
    for name, way in ways.items():
        report(f"in the process: {name}", [seconds(way, w) for w in windows])
    del ways["sklstm, stream.push"]
    for name, way in ways.items():
        with serving(way) as address, httpx.Client(trust_env=False) as client:
            url = f"{address}/window"

            def ask(window, url=url, client=client):
                client.post(url, json={"window": window.tolist()}).raise_for_status()

            report(f"HTTP: {name}", [seconds(ask, w) for w in windows])
            with ThreadPoolExecutor(N_CLIENTS) as threads:
                began = time.perf_counter()
                times = list(threads.map(lambda w: seconds(ask, w), windows))
                rate = N_CALLS / (time.perf_counter() - began)
            report(f"HTTP, {N_CLIENTS} clients: {name}", times, f"{rate:8.0f} a second")


def seconds(call, window):
    began = time.perf_counter()
    call(window)
    return time.perf_counter() - began


def report(title, times, more=""):
    p50, p99 = 1000 * np.percentile(times[10:], [50, 99])
    print(f"{title:42}{p50:8.2f}{p99:8.2f}{more}", flush=True)


@contextmanager
def serving(predict):
    """Serve a function of a window on a free port of the loopback."""
    app = FastAPI()

    @app.post("/window")
    def answer(request: Window):
        return {"prediction": predict(np.array(request.window))}

    # Of a socket that does not say TCP, asyncio delays small answers by 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as loopback:
        loopback.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [loopback]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{loopback.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


if __name__ == "__main__":
    sys.exit(main())
