"""The example of serving, asked by a client over the loopback."""

import importlib.util
import pathlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pandas as pd
import pytest

fastapi = pytest.importorskip("fastapi")
uvicorn = pytest.importorskip("uvicorn")
httpx = pytest.importorskip("httpx")

EXAMPLE = pathlib.Path(__file__).parent.parent / "examples" / "serving.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("serving", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pipe(example):
    return example.fit_model()


@pytest.fixture
def client(example, pipe, tmp_path):  # for each test, as streams remember
    path = tmp_path / "model.joblib"
    joblib.dump(pipe, path)
    # Of a socket that does not say TCP, asyncio delays small answers by 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as loopback:
        loopback.bind(("127.0.0.1", 0))
        settings = uvicorn.Config(example.create_app(path), log_level="error")
        server = uvicorn.Server(settings)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [loopback]}, daemon=True
        )
        thread.start()
        until = time.monotonic() + 30
        while not server.started and time.monotonic() < until:
            time.sleep(0.05)
        address = f"http://127.0.0.1:{loopback.getsockname()[1]}"
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            yield client
        server.should_exit = True
        thread.join(30)


def windows(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal([18, 50], [3, 10], size=(n, 24, 2))


def rows_after(name, n=5):
    """The rows of a sensor that follow those of the example's fit."""
    hours = pd.date_range("2026-01-11", periods=n, freq="h")
    rng = np.random.default_rng(len(name))
    return pd.DataFrame(
        {
            "sensor": name,
            "celsius": rng.normal(18, 3, n),
            "humidity": rng.normal(50, 10, n),
        },
        index=hours,
    )


def push(client, name, time_, row):
    values = {"celsius": row["celsius"], "humidity": row["humidity"]}
    body = {"values": values, "time": time_ and str(time_)}
    return client.post(f"/sensors/{name}", json=body)


def test_a_window_and_a_batch_are_predicted_as_by_the_pipeline(client, pipe):
    X = windows(5)
    expected = pipe[1:].predict(X)
    answer = client.post("/windows", json={"windows": X.tolist()})
    assert answer.status_code == 200
    assert answer.json()["predictions"] == expected.tolist()
    for window, prediction in zip(X, expected, strict=True):
        answer = client.post("/window", json={"window": window.tolist()})
        assert answer.json() == {"prediction": prediction}  # in any company


def test_a_missing_time_step_is_a_step_of_null(client, pipe):
    X = windows(1)
    X[0, 3] = np.nan
    asked = [[None if np.isnan(v) else v for v in step] for step in X[0].tolist()]
    answer = client.post("/window", json={"window": asked})
    assert answer.json() == {"prediction": pipe[1:].predict(X)[0]}


def test_the_rows_of_each_sensor_are_a_stream_of_their_own(client, pipe):
    names = ["attic", "cellar"]
    tables = {name: rows_after(name) for name in names}

    def push_all(name):
        return [
            push(client, name, time_, row).json()["prediction"]
            for time_, row in tables[name].iterrows()
        ]

    with ThreadPoolExecutor(2) as threads:
        found = dict(zip(names, threads.map(push_all, names), strict=True))
    for name in names:
        # The window of the row after each: a row more, whose own values do not count.
        table = tables[name]
        longer = pd.concat(
            [table, table.iloc[[-1]].set_axis(rows_after(name, 6)[-1:].index)]
        )
        expected = pipe.predict(longer)[1:]
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)


def test_a_row_without_a_time_follows_the_last(client, pipe):
    table = rows_after("hall", 2)
    found = [push(client, "hall", None, row) for _, row in table.iterrows()]
    longer = pd.concat(
        [table, table.iloc[[-1]].set_axis(rows_after("hall", 3)[-1:].index)]
    )
    np.testing.assert_allclose(
        [answer.json()["prediction"] for answer in found],
        pipe.predict(longer)[1:],
        rtol=1e-5,
    )


def test_many_clients_at_a_time_get_what_one_gets(client, pipe):
    X = windows(40, seed=1)

    def ask(window):
        answer = client.post("/window", json={"window": window.tolist()})
        return answer.json()["prediction"]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, X)) == pipe[1:].predict(X).tolist()


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/window", {"window": windows(1)[0, :, :1].tolist()}, "1 features"),
        ("/window", {"window": []}, "must be of equal length"),
        ("/windows", {"windows": []}, "must be of equal length"),
        (
            "/windows",
            {"windows": [windows(1)[0].tolist(), windows(1)[0, 1:].tolist()]},
            r"got lengths [23, 24]",
        ),
        ("/window", {"window": [[1.0, None], [2.0, 3.0]]}, "NaN in some features"),
        ("/sensors/attic", {"values": {"celsius": 1.0}}, "lacks 'humidity'"),
        (
            "/sensors/attic",
            {"values": {"celsius": 1, "humidity": 2, "wind": 3}},
            "has 'wind'",
        ),
        (
            "/sensors/attic",
            {"values": {"celsius": 1.0, "humidity": 2.0}, "time": "2025-01-01"},
            "in the order of time",
        ),
        (
            "/sensors/attic",
            {"values": {"celsius": 1.0, "humidity": 2.0}, "time": "noon"},
            "noon",
        ),
    ],
)
def test_bad_input_is_a_422_with_our_message(client, path, body, message):
    push(client, "attic", "2026-02-01", {"celsius": 18.0, "humidity": 50.0})
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]


def test_other_bad_requests_are_told(client):
    assert client.post("/window", json={"window": "a"}).status_code == 422
    answer = push(client, "garage", None, {"celsius": 1.0, "humidity": 2.0})
    assert answer.status_code == 404
    assert "garage" in answer.json()["detail"]
