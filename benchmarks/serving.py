"""Latency of one window, beside bare Keras: ``python benchmarks/serving.py``.

A network of 32 units on windows of 24 x 3, in the process and over HTTP on the
loopback, by FastAPI. That of Keras is an LSTM and a dense layer alone, ours has a
linear part beside these. Each number is of 300 calls, one after the other, or by four
clients at the same time. The servers stop by themselves.
"""

import contextlib
import functools
import pathlib
import platform
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

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
    print(f"{platform.machine()}, {N_CALLS} calls each, ms")
    print(f"{'':42}{'p50':>8}{'p99':>8}")
    measure("in the process", ways, windows)
    del ways["sklstm, stream.push"]
    with contextlib.ExitStack() as open_ones:
        client = open_ones.enter_context(httpx.Client(trust_env=False))
        asks = {}
        for name, way in ways.items():
            url = f"{open_ones.enter_context(serving(way))}/window"
            asks[name] = functools.partial(ask, client, url)
        measure("HTTP", asks, windows)
        for name, one in asks.items():
            measure_clients(name, one, windows)


def ask(client, url, window):
    client.post(url, json={"window": window.tolist()}).raise_for_status()


def measure(where, calls, windows):
    """Report the times of calls that take turns, so that all meet the same load."""
    times = {name: [] for name in calls}
    for window in windows:
        for name, call in calls.items():
            times[name].append(seconds(call, window))
    for name, of_name in times.items():
        report(f"{where}: {name}", of_name)


def measure_clients(name, call, windows):
    """Report the times of calls by several clients at the same time."""
    began = time.perf_counter()
    with ThreadPoolExecutor(N_CLIENTS) as threads:
        times = list(threads.map(functools.partial(seconds, call), windows))
    rate = len(windows) / (time.perf_counter() - began)
    report(f"HTTP, {N_CLIENTS} clients: {name}", times, f"{rate:8.0f} a second")


def seconds(call, window):
    began = time.perf_counter()
    call(window)
    return time.perf_counter() - began


def report(title, times, more=""):
    p50, p99 = 1000 * np.percentile(times[10:], [50, 99])
    print(f"{title:42}{p50:8.2f}{p99:8.2f}{more}", flush=True)


@contextlib.contextmanager
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
