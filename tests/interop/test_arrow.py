"""Tables of Polars and Arrow through whole pipelines: the same bits as of pandas."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import forecast

N_ROWS = 90
FIRST = datetime.datetime(2026, 1, 1)


@pytest.fixture
def frame():
    """A table of pandas; its index counts rows."""
    t = np.arange(N_ROWS)
    noise = np.random.default_rng(0).normal(size=N_ROWS)
    table = {"price": np.sin(t / 3), "load": noise, "count": t % 7}
    return pd.DataFrame(table)


def pipe_of(**parameters):
    lstm = LSTMRegressor(units=4, epochs=2, random_state=0)
    return make_pipeline(SlidingWindow(5, **parameters), PerFeatureScaler(), lstm)


def as_arrow_types(frame):
    """Return pandas over the memory of Arrow, by way of a table of Arrow."""
    return pa.Table.from_pandas(frame).to_pandas(types_mapper=pd.ArrowDtype)


CONTAINERS = {
    "polars": pl.from_pandas,
    "polars from Arrow": lambda frame: pl.from_arrow(pa.Table.from_pandas(frame)),
    "Arrow to pandas": lambda frame: pa.Table.from_pandas(frame).to_pandas(),
    "types of Arrow": as_arrow_types,
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_pipeline_gives_the_bits_of_pandas(frame, container):
    pandas = pipe_of().fit(frame, frame["price"])
    table = CONTAINERS[container](frame)
    pipe = pipe_of().fit(table, table["price"])
    np.testing.assert_array_equal(pipe.predict(table), pandas.predict(frame))
    assert pipe.feature_names_in_.tolist() == ["price", "load", "count"]
    assert pipe[-1].target_names_in_.tolist() == ["price"]
    alone = pipe_of().fit(frame[["price"]], frame["price"])
    ahead = pipe_of().fit(table[["price"]], table["price"])
    np.testing.assert_array_equal(
        forecast(ahead, table[["price"]], 3), forecast(alone, frame[["price"]], 3)
    )


@pytest.mark.parametrize("container", CONTAINERS)
def test_folds_give_the_scores_of_pandas(frame, container):
    # Tables of Polars have no index, to tell that a test fold goes on from its train
    # fold.
    pipe, folds = pipe_of(history="fit"), TimeSeriesSplit(2)
    expected = cross_val_score(pipe, frame, frame["price"], cv=folds)
    table = CONTAINERS[container](frame)
    found = cross_val_score(pipe, table, table["price"], cv=folds)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("container", CONTAINERS)
def test_groups_are_those_of_pandas(frame, container):
    frame["shop"] = np.array(["a", "b", "c"])[np.arange(N_ROWS) % 3]
    pipe = pipe_of(group_by="shop")
    expected = clone(pipe).fit(frame, frame["price"]).predict(frame)
    table = CONTAINERS[container](frame)
    found = pipe.fit(table, table["price"]).predict(table)
    np.testing.assert_array_equal(found, expected)


def test_times_of_polars_become_an_index(frame):
    hours = [FIRST + datetime.timedelta(hours=i) for i in range(N_ROWS)]
    table = pl.from_pandas(frame[["price"]]).with_columns(hour=pl.Series(hours))
    indexed = table.to_pandas().set_index("hour")
    pipe = pipe_of().fit(indexed, indexed["price"])
    expected = pipe_of().fit(frame[["price"]], frame["price"])
    ahead = forecast(pipe, indexed, 2)
    np.testing.assert_array_equal(ahead, forecast(expected, frame[["price"]], 2))
    assert ahead.index[0] == pd.Timestamp(FIRST) + pd.Timedelta(hours=N_ROWS)


def test_times_of_arrow_are_converted_as_the_warning_says(frame):
    hours = pd.date_range(FIRST, periods=N_ROWS, freq="h")
    indexed = frame[["price"]].set_index(hours)
    table = as_arrow_types(indexed)
    with pytest.warns(UserWarning, match=r"X\.index = pd\.DatetimeIndex\(X\.index\)"):
        pipe_of().fit(table, table["price"])
    table.index = pd.DatetimeIndex(table.index)
    pipe = pipe_of().fit(table, table["price"])
    expected = pipe_of().fit(indexed, indexed["price"])
    found = forecast(pipe, table, 2)
    np.testing.assert_array_equal(found, forecast(expected, indexed, 2))
    assert (found.index == hours[-1] + pd.to_timedelta([1, 2], "h")).all()


def test_a_table_of_arrow_is_told_what_to_become(frame):
    table = pa.Table.from_pandas(frame)
    with pytest.raises(TypeError, match=r"to_pandas\(\), or polars\.from_arrow\(X\)"):
        pipe_of().fit(table, frame["price"])
