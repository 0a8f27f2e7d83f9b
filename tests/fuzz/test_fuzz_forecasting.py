"""Random tables through forecasts, backtests and streams: rows, or an error helps."""

import numpy as np
import pandas as pd
from fuzz_outcomes import Outcome, fuzz
from fuzz_tables import ODD_NUMBERS, mostly, tables, window_parameters
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, SlidingWindow
from sklstm.forecasting import (
    backtest,
    conformal_intervals,
    forecast,
    make_multistep,
    make_windows,
    stream,
)

_ODD_TABLES = [
    None,
    3,
    "abc",
    {},
    [],
    np.zeros(4),
    np.zeros((0, 2)),
    np.zeros((2, 2, 2)),
]
_ODD_TABLES += [pd.Series([1.0, 2.0]), pd.DataFrame(), {"a": [1.0]}]


def pipeline_for(draw, table):
    """Draw a flat linear pipeline, or now and then a tiny network."""
    if draw(st.sampled_from([False] * 19 + [True])):
        window = SlidingWindow(**draw(window_parameters(table, st.just(False))))
        network = LSTMRegressor(units=1, epochs=1, batch_size=64, random_state=0)
        return make_pipeline(window, network)
    window = SlidingWindow(**draw(window_parameters(table, st.just(True))))
    filled = SimpleImputer(
        strategy="constant", fill_value=0.0, keep_empty_features=True
    )
    return make_pipeline(window, filled, Ridge())


def target_of(table, draw):
    """Give a column of a table as its target, or something else."""
    name = table.columns[0]
    kind = draw(mostly(["column"] * 5 + ["numbers"], ["short", "missing", "text"]))
    if kind == "column" and table.group_by != name:
        if isinstance(table.X, np.ndarray):
            return table.X[:, name] if table.X.ndim == 2 else table.X[:1]
        if hasattr(table.X, "iloc"):
            return table.X.iloc[:, 0]
        if hasattr(table.X, "columns"):
            return table.X[name]
    if kind == "text":
        return np.array(["abc"] * table.n_rows, dtype=object)
    if kind == "missing":
        return np.full(table.n_rows, np.nan)
    return np.arange(max(table.n_rows - (kind == "short"), 0)) * 1.5


def targets(table):
    return mostly([None, None, *table.columns[:1]], ["nowhere", 7, [], ["a", "a"]])


@fuzz(25)
@given(st.data())
def test_forecasts(data):
    table = data.draw(tables())
    pipe, y = pipeline_for(data.draw, table), target_of(table, data.draw)
    if Outcome(pipe.fit, table.X, y).failed:
        return
    predicted = Outcome(pipe.predict, table.X)
    if not predicted.failed:
        assert len(predicted.value) == table.n_rows
    at = data.draw(st.sampled_from([table.n_rows, table.n_rows // 2, 1]))
    X = table.X.iloc[:at] if hasattr(table.X, "iloc") else table.X[:at]
    X = data.draw(mostly([X], _ODD_TABLES))
    steps = data.draw(mostly([1, 2, 3, 5], [0, -1, 1.5, "2", None, [1]]))
    future = data.draw(mostly([None, None, None, X], _ODD_TABLES))
    target = data.draw(targets(table))
    found = Outcome(
        lambda X, future: forecast(pipe, X, steps, future, target=target), X, future
    )
    if not found.failed:
        assert isinstance(found.value, pd.DataFrame)
        assert len(found.value) % steps == 0
        assert len(found.value) >= steps


@fuzz(25)
@given(st.data())
def test_backtests(data):
    table = data.draw(tables())
    pipe, y = pipeline_for(data.draw, table), target_of(table, data.draw)
    X = data.draw(mostly([table.X], _ODD_TABLES))
    rows = [np.arange(3), np.arange(3, 5)]
    odd = [0, "cv", [], [([0], [10**6])], [([0], [])], [([5], [0])], 3, None]
    cv = data.draw(mostly([2, TimeSeriesSplit(2), [rows]], [*odd, KFold(2)]))
    arguments = {
        "refit": data.draw(mostly([True, False, 2], ODD_NUMBERS)),
        "known": data.draw(mostly([(), (), table.columns[1:]], ["nowhere", 7])),
        "target": data.draw(targets(table)),
    }
    found = Outcome(
        lambda X, y: backtest(pipe, X, y, cv, **arguments), X, y, estimator=pipe
    )
    if found.failed:
        return
    told = ["fold", "origin", "step", "time", "truth", "forecast"]
    assert set(told) <= set(found.value.columns)
    assert (found.value["step"] >= 1).all()
    bounds = Outcome(lambda past: conformal_intervals(past, coverage=0.5), found.value)
    if not bounds.failed:
        assert len(bounds.value) == len(found.value)
        assert not (bounds.value["lower"] > bounds.value["upper"]).any()


@fuzz(25)
@given(st.data())
def test_streams(data):
    table = data.draw(tables())
    pipe, y = pipeline_for(data.draw, table), target_of(table, data.draw)
    at = table.n_rows // 2
    X, rest = (
        (table.X.iloc[:at], table.X.iloc[at:])
        if hasattr(table.X, "iloc")
        else (table.X[:at], table.X[at:])
    )
    if Outcome(pipe.fit, X, y[:at]).failed:
        return
    live = Outcome(stream, pipe)
    if live.failed:
        return
    for i in range(min(table.n_rows - at, 4)):
        rows = [rest[i]] if isinstance(rest, np.ndarray) else [rest[i : i + 1]]
        if isinstance(rest, pd.DataFrame):
            rows += [rest.iloc[i], rest.iloc[i].to_dict(), rest.iloc[i].to_numpy()]
        odd = [None, 3, "abc", {}, [], [[1.0]], rest, {"a": None}, pd.Series([1.0])]
        pushed = Outcome(live.value.push, data.draw(mostly(rows, odd)))
        assert pushed.failed or np.size(pushed.value) == 1


@fuzz(25)
@given(st.data())
def test_windows_before_any_pipeline(data):
    table = data.draw(tables())
    X = data.draw(mostly([table.X], _ODD_TABLES))
    y = target_of(table, data.draw)
    codes = np.arange(table.n_rows) % 2
    holed = np.where(codes, None, "p")
    groups = data.draw(mostly([None, None, codes, codes.tolist()], [holed, "shop", 3]))
    sizes = mostly([1, 1, 2, 3], ODD_NUMBERS)
    length, steps, stride = (data.draw(sizes) for _ in range(3))
    horizon = data.draw(mostly([0, 1, 2], ODD_NUMBERS))
    options = {"horizon": horizon, "steps": steps, "stride": stride, "groups": groups}
    cut = Outcome(lambda X, y: make_windows(X, y, length, **options), X, y)
    if not cut.failed:
        windows, own = cut.value
        assert len(windows) == len(own)
        assert windows.shape[1] == length
    several = Outcome(lambda X, y: make_multistep(X, y, steps, groups=groups), X, y)
    if not several.failed:
        trimmed, own = several.value
        assert len(trimmed) == len(own)
        assert own.shape[1] == steps


@fuzz(25)
@given(st.data())
def test_intervals(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    n_folds, n_steps = data.draw(st.integers(0, 12)), data.draw(st.integers(1, 3))
    step = np.tile(np.arange(n_steps), n_folds)
    fold = np.repeat(np.arange(n_folds), n_steps)
    scale = data.draw(st.sampled_from([1.0, 1e9, 1e-9]))
    dtype = data.draw(st.sampled_from(["f8", "f4"]))
    forecasts = (rng.normal(size=len(fold)) * scale + scale).astype(dtype)
    truth = (forecasts + rng.normal(size=len(fold)) * scale / 100).astype(dtype)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(fold * n_steps + step, "D")
    past = pd.DataFrame(
        {
            "fold": fold,
            "origin": times - pd.to_timedelta(step + 1, "D"),
            "step": step + 1,
            "time": times,
            "truth": truth,
            "forecast": forecasts,
        }
    )
    odd = [past.drop(columns="truth"), past.to_numpy(), None, 3, past.assign(target=1)]
    past = data.draw(mostly([past], odd))
    ahead = pd.DataFrame({"a": np.arange(n_steps) * scale})
    arguments = {
        "forecasts": data.draw(mostly([None, ahead], _ODD_TABLES)),
        "coverage": data.draw(mostly([0.5, 0.8], [0, 1, 2.0, "0.9", None, np.nan])),
        "by": data.draw(mostly([("step",), "step", ()], ["nowhere", None, 3])),
        "n_folds": data.draw(mostly([None, None, 3], ODD_NUMBERS)),
    }
    found = Outcome(lambda past: conformal_intervals(past, **arguments), past)
    if found.failed:
        return
    asked = past if arguments["forecasts"] is None else arguments["forecasts"]
    assert len(found.value) == len(asked)
    lower, upper = (
        found.value.iloc[:, -2].to_numpy(),
        found.value.iloc[:, -1].to_numpy(),
    )
    assert not (lower > upper).any()
