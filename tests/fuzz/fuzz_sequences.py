"""Strategies for sequences, targets and weights, those that estimators get."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
from fuzz_tables import mostly, numbers_of
from hypothesis import strategies as st

from sklstm import SequenceTable

_HOLES = ["none", "none", "steps", "front"]
_CONTAINERS = ["array", "array", "flat", "table", "windows"]
_ODD_CONTAINERS = ["list", "frame", "polars", "ragged", "text", "dates", "complex"]
_ODD_CONTAINERS += ["bytes", "none", "scalar", "four", "mapping"]


@st.composite
def samples(draw, n_samples=None, n_features=None):
    """Draw X for an estimator: of three axes, or two; in many containers."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    n = draw(mostly([2, 5, 8, 13], [0, 1])) if n_samples is None else n_samples
    n_steps = draw(mostly([1, 2, 4], [0]))
    n_features = n_features or draw(mostly([1, 1, 2], [0]))
    holes = draw(mostly(_HOLES, ["cells", "inf", "huge", "all"]))
    container = draw(mostly(_CONTAINERS, _ODD_CONTAINERS))
    shape = n, n_steps, n_features
    X = numbers_of("none", shape, rng) / 50 - 1
    if holes == "steps" and X.size:
        X[rng.random(shape[:2]) < 0.3] = np.nan
    elif holes == "front" and X.size:
        X[: n // 2, : n_steps - 1] = np.nan
    elif holes != "none":
        X = numbers_of(holes, shape, rng)
    if np.isfinite(X).all() and holes != "huge":
        kinds = ["f8", "f4", "i1", "u1", "i8", "?", "O"]
        X = (X * 50 + 50).astype(draw(st.sampled_from(kinds)))
    else:
        with np.errstate(over="ignore"):
            X = X.astype(draw(st.sampled_from(["f8", "f4", "f2", "O"])))
    return _contained(container, X)


def _contained(container, X):
    n, n_steps, n_features = X.shape
    if container == "flat":
        return X[:, :, 0] if n_features else X.reshape(n, 0)
    if container == "table":
        return SequenceTable.from_array(X)
    if container == "windows" and X.size:
        rows = X.reshape(-1, n_features)
        n_windows = min(n, len(rows) - n_steps + 1)
        view = np.lib.stride_tricks.sliding_window_view(rows, n_steps, axis=0)
        return view.transpose(0, 2, 1)[:n_windows]
    if container == "list":
        return X.tolist()
    if container in ("frame", "polars"):
        made = {"frame": pd.DataFrame, "polars": pl.DataFrame}[container]
        return made({f"step {i}": X[:, i, 0] for i in range(n_steps)} if X.size else {})
    if container == "ragged":
        return [one[: 1 + i % 2] for i, one in enumerate(X)]
    if container == "mapping":
        return {"X": X}
    odd = {"text": "U3", "dates": "M8[s]", "complex": "c16", "bytes": "S3"}
    if container in odd:
        return np.ones(X.shape, "i8").astype(odd[container])
    others = {"none": None, "scalar": 3.0, "four": X[np.newaxis]}
    return others.get(container, X)


def numbers(n):
    """Draw y of a regressor for `n` samples; gives it and the shape of a target."""
    y = np.linspace(-1, 2, n)
    holed = np.where(np.arange(n) % 3 == 1, np.nan, y)
    usual = ["plain", "plain", "holed", "column", "outputs", "Series", "nullable"]
    odd = ["short", "text", "dates", "None", "inf", "huge", "all missing", "complex"]
    odd += ["steps", "list", "narrow", "bools", "objects", "polars", "Arrow", "bytes"]
    odd += ["four", "constant", "frame", "scalar", "mapping", "halves", "large ints"]
    return mostly(usual, odd).map(lambda kind: _numbers(kind, y, holed))


def _numbers(kind, y, holed):
    n = len(y)
    return {
        "plain": y,
        "holed": holed,
        "column": y[:, np.newaxis],
        "outputs": np.stack([y, holed], axis=1),
        "Series": pd.Series(y, name="a"),
        "nullable": pd.Series(holed, dtype="Float64"),
        "short": y[1:],
        "text": np.array(["abc"] * n, dtype=object),
        "dates": np.zeros(n, "M8[s]"),
        "None": None,
        "inf": np.where(np.arange(n) == 1, np.inf, y),
        "huge": y * 1e300,
        "all missing": np.full(n, np.nan),
        "complex": y * 1j,
        "steps": np.stack([[y, -y], [holed, y]]).transpose(2, 0, 1),
        "list": y.tolist(),
        "narrow": (np.arange(n) % 3).astype(np.int8),
        "bools": np.arange(n) % 2 == 1,
        "objects": np.array([*holed.tolist()], dtype=object),
        "polars": pl.Series("a", y),
        "Arrow": pd.Series(y, dtype="double[pyarrow]"),
        "bytes": np.array([b"1"] * n),
        "four": np.zeros((n, 1, 1, 1)),
        "constant": np.ones(n),
        "frame": pd.DataFrame({"a": y, "b": y}),
        "scalar": 1.0,
        "mapping": {"y": y},
        "halves": holed.astype(np.float16),
        "large ints": np.full(n, 10**30, dtype=object),
    }[kind]


def labels(n, n_steps):
    """Draw y of a classifier for `n` samples of `n_steps` steps."""
    usual = ["text", "text", "ints", "three", "holed", "bools", "labels"]
    return _mostly_labels(usual, n, n_steps)


def step_labels(n, n_steps):
    """Draw y of a tagger for `n` samples of `n_steps` steps."""
    return _mostly_labels(["steps", "steps of text", "holed steps"], n, n_steps)


def _mostly_labels(usual, n, n_steps):
    odd = ["one", "floats", "bytes", "dates", "days", "mixed", "None", "short", "steps"]
    odd += ["all missing", "categories", "nullable", "objects", "scalar", "continuous"]
    odd += ["polars", "Arrow", "list", "complex", "lists", "inf", "narrow", "texts"]
    odd += ["holed labels", "steps of text", "four", "missing text"]
    return mostly(usual, odd).map(lambda kind: _labels(kind, n, n_steps))


def _labels(kind, n, n_steps):
    codes = np.arange(n) % 2
    text = np.array(["no", "yes"], dtype=object)[codes]
    missing = np.arange(n) % 3 == 1
    several = np.stack([codes, np.arange(n) // 2 % 2], axis=1)
    steps = (np.arange(n)[:, np.newaxis] + np.arange(n_steps)) % 2
    day = datetime.date(2024, 1, 1)
    return {
        "text": text,
        "ints": codes * 3 - 1,
        "three": np.arange(n) % 3,
        "holed": np.where(missing, np.nan, codes),
        "bools": codes == 1,
        "labels": several,
        "one": np.zeros(n),
        "floats": codes.astype(float),
        "bytes": np.array([b"a", b"b"])[codes],
        "dates": np.array([0, 1], "M8[s]")[codes],
        "days": np.array([day, day + datetime.timedelta(1)], dtype=object)[codes],
        "mixed": np.array([1, "a"], dtype=object)[codes],
        "None": None,
        "short": codes[1:],
        "steps": steps + 1,
        "all missing": np.full(n, np.nan),
        "categories": pd.Series(text, dtype="category"),
        "nullable": pd.Series(np.where(missing, None, codes), dtype="Int64"),
        "objects": np.where(missing, None, text),
        "scalar": 1,
        "continuous": np.linspace(0, 1, n),
        "polars": pl.Series("a", text.tolist(), dtype=pl.String),
        "Arrow": pd.Series(text, dtype="string[pyarrow]"),
        "list": text.tolist(),
        "complex": codes * 1j,
        "lists": [[one] * (1 + one) for one in codes.tolist()],
        "inf": np.where(codes, np.inf, 0.0),
        "narrow": codes.astype(np.uint8),
        "texts": np.array(["1", "2"])[several],
        "holed labels": np.where(missing[:, np.newaxis], np.nan, several),
        "holed steps": np.where(steps + codes[:, np.newaxis] > 1, np.nan, steps),
        "steps of text": np.array(["no", "yes"])[steps],
        "four": np.zeros((n, 1, 1, 1)),
        "missing text": pd.Series(np.where(missing, None, text), dtype="string"),
    }[kind]


def weights(n):
    """Draw weights of `n` samples."""
    ones = np.ones(n)
    odd = [ones - 1, -ones, ones * np.nan, ones[1:], ones * np.inf, np.ones((n, 2))]
    odd += [np.array(["a"] * n), 2.0, ones.tolist(), pd.Series(ones), ones * 1e300]
    return mostly([None, None, ones, np.arange(n)], odd)
