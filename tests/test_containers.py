"""Tables in containers of every kind: the same numbers, or an error with a place."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import (
    LSTMRegressor,
    PadSequences,
    PerFeatureScaler,
    Reshape3D,
    SlidingWindow,
)
from sklstm.forecasting import forecast, make_multistep, make_windows
from sklstm.sequences import SequenceTable

START = datetime.datetime(2026, 1, 1)
TIMES = [START + datetime.timedelta(hours=i) for i in range(4)]
TRANSFORMERS = [
    SlidingWindow(2),
    SlidingWindow(2, flatten=True),
    PerFeatureScaler(),
    Reshape3D(),
]
CONTAINERS = {
    "NumPy": lambda X: X,
    "list": lambda X: X.tolist(),
    "objects": lambda X: X.astype(object),
    "pandas": lambda X: pd.DataFrame(X, columns=["a", "b"]),
    "nullable": lambda X: pd.DataFrame(X, columns=["a", "b"]).astype("Float64"),
    "Arrow": lambda X: pd.DataFrame(X, columns=["a", "b"]).astype("float64[pyarrow]"),
    "sparse": lambda X: pd.DataFrame(X, columns=["a", "b"]).astype(
        pd.SparseDtype(float, np.nan)
    ),
    "polars": lambda X: pl.DataFrame({"a": X[:, 0], "b": X[:, 1]}, nan_to_null=True),
    "decimals": lambda X: pd.DataFrame(
        [[None if np.isnan(v) else Decimal(v) for v in row] for row in X]
    ),
}


@pytest.mark.parametrize("container", CONTAINERS)
@settings(deadline=None, max_examples=15)
@given(
    numbers=st.lists(
        st.tuples(*[st.sampled_from([0.0, 1.5, -2.25, np.nan])] * 2),
        min_size=2,
        max_size=8,
    )
)
def test_containers_hold_the_same_numbers(container, numbers):
    X = np.array(numbers)
    if np.isnan(X).all(axis=0).any():
        X[0] = 1.0
    for transformer in TRANSFORMERS:
        given, expected = CONTAINERS[container](X), transformer.fit_transform(X)
        found = np.asarray(transformer.fit_transform(given), dtype=float)
        np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-12)


NO_NUMBERS = {
    "objects that are times": (
        np.array([[np.datetime64("2026")]] * 4, dtype=object),
        r"holds datetime64\[Y\]",
    ),
    "lists of times": ([[np.datetime64("2026")]] * 4, r"holds datetime64\[Y\]"),
    "polars times": (pl.DataFrame({"t": TIMES}), "column 't' holds Datetime"),
    "polars dates": (
        pl.DataFrame({"a": [1.0] * 4, "t": [t.date() for t in TIMES]}),
        "column 't' holds Date",
    ),
    "polars hours": (
        pl.DataFrame({"a": [1.0] * 4, "t": [t.time() for t in TIMES]}),
        "column 't' holds Time",
    ),
    "polars durations": (
        pl.DataFrame({"t": [t - START for t in TIMES]}),
        "column 't' holds Duration",
    ),
    "polars text": (
        pl.DataFrame({"a": [1.0] * 4, "city": ["1", None, "Paris", "Rome"]}),
        "row 2, column 'city' holds 'Paris'",
    ),
    "polars categories": (
        pl.DataFrame({"city": pl.Series(["Paris"] * 4, dtype=pl.Categorical)}),
        "row 0, column 'city' holds 'Paris'",
    ),
    "polars lists": (
        pl.DataFrame({"a": [[1, 2]] * 4}),
        r"row 0, column 'a' holds \[1, 2\]",
    ),
    "sequences": (
        pd.DataFrame({"walk": [np.ones((50, 2))] * 4}),
        r"'walk' holds array\(\[\[1.{,80}\.\.\. \(ndarray\): .*: list\(X\['walk'\]\)",
    ),
    "objects": (
        pd.DataFrame({"a": pd.Series([1, None, 3, "x"], dtype=object)}),
        "row 3, column 'a' holds 'x'",
    ),
    "one name for two columns": (
        pd.DataFrame(np.eye(4)[:, :2], columns=["a", "a"]),
        "2 are named 'a'",
    ),
}


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
@pytest.mark.parametrize("name", NO_NUMBERS)
def test_what_is_no_number_is_named(name, transformer):
    X, message = NO_NUMBERS[name]
    with pytest.raises(ValueError, match=message):
        transformer.fit(X)


@pytest.mark.parametrize("X", [{"a": [1, 2]}, "text", None, {1, 2}], ids=repr)
@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_what_is_no_table_is_told(transformer, X):
    with pytest.raises(TypeError, match=f"got {type(X).__name__}"):
        transformer.fit(X)


# --------------------------------------------------------------------------- padding
def test_padded_sequences_keep_the_length_of_fit():
    long, short = np.arange(5.0), np.arange(2.0)
    padding = PadSequences().fit([long, short])
    assert padding.n_timesteps_ == 5
    assert padding.transform([short]).shape == (1, 5, 1)
    assert padding.transform([np.arange(7.0)]).shape == (1, 7, 1)
    fixed = PadSequences(max_timesteps=3).fit([short])
    assert fixed.n_timesteps_ == 3
    assert fixed.transform([long])[0, :, 0].tolist() == [2, 3, 4]


def test_a_flat_model_after_the_padding_predicts_short_sequences():
    X = [np.arange(n, dtype=float) for n in (3, 5, 4)]

    def flat(X):
        return np.nan_to_num(X).reshape(len(X), -1)

    ridge = make_pipeline(PadSequences(), FunctionTransformer(flat), Ridge())
    ridge.fit(X, [1.0, 2.0, 3.0])
    assert ridge.predict(X[:1]) == pytest.approx(ridge.predict(X)[:1])
    network = make_pipeline(PadSequences(), LSTMRegressor(units=1, epochs=1))
    network.fit(X, [1.0, 2.0, 3.0])
    assert network.predict([*X, np.arange(9.0)]).shape == (4,)


def test_more_than_memory_holds_is_told():
    X = [np.arange(3.0)]
    for steps in (10**12, 10**20):
        with pytest.raises(MemoryError, match=f"max_timesteps={steps} asks for"):
            PadSequences(max_timesteps=steps).fit_transform(X)


def test_dates_in_sequences_are_no_numbers():
    with pytest.raises(ValueError, match=r"Sample 0 of X .* Make features of dates"):
        PadSequences().fit([pd.DataFrame({"t": TIMES})])
    with pytest.raises(TypeError, match="got dict"):
        PadSequences().fit({"a": [1, 2]})


# --------------------------------------------------------------------------- windows
def test_narrow_integers_do_not_overflow():
    X, wide = np.arange(600.0).reshape(-1, 1), (200, 150)
    narrow = [np.uint8(number) for number in wide]
    for found, expected in zip(
        make_windows(X, X[:, 0], narrow[0], horizon=narrow[1]),
        make_windows(X, X[:, 0], wide[0], horizon=wide[1]),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)
    found = make_multistep(X, X[:, 0], narrow[0])[1]
    np.testing.assert_array_equal(found, make_multistep(X, X[:, 0], wide[0])[1])


def test_tables_and_targets_that_are_none():
    for X, y in [({"a": [1, 2]}, [1, 2]), ([[1], [2]], {"a": 1, "b": 2}), (3, 3)]:
        with pytest.raises(TypeError, match="array-like or DataFrame"):
            make_multistep(X, y, 2)
        with pytest.raises(TypeError, match="array-like or DataFrame"):
            make_windows(X, y, 2)
    with pytest.raises(ValueError, match="need 4 rows, but X has 0"):
        make_windows(np.zeros((0, 1)), np.zeros(0), 3)


def test_a_table_has_no_negative_number_of_steps():
    with pytest.raises(
        ValueError, match=r"n_timesteps must be an int from 0 .* got -1"
    ):
        SequenceTable(np.zeros((3, 1)), [], [], n_timesteps=-1)
    with pytest.raises(ValueError, match="n_timesteps must be an int from 0 to"):
        SequenceTable([], [], [], n_timesteps=-1)
    with pytest.raises(ValueError, match=r"got shape \(0,\)"):
        SequenceTable([], [], [])


def test_names_of_a_target_of_polars_are_remembered():
    X = pl.DataFrame({"a": np.arange(30.0), "b": np.arange(30.0) % 7})
    pipe = make_pipeline(SlidingWindow(3), LSTMRegressor(2, epochs=1))
    for y, names in [(X["a"], ["a"]), (X, ["a", "b"])]:
        assert list(pipe.fit(X, y)[-1].target_names_in_) == names
    assert list(forecast(pipe, X, steps=2).columns) == ["a", "b"]
    pipe.fit(X, pl.Series([*range(30)]))  # which has no name
    assert not hasattr(pipe[-1], "target_names_in_")
