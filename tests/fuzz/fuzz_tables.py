"""Strategies for tables of every kind, and for what estimators are told."""

import datetime
import decimal
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import strategies as st

_NUMPY = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "f2", "f4", "f8", "O"]
_NULLABLE = ["Int8", "Int64", "UInt16", "Float32", "Float64", "boolean"]
_ARROW = ["int8[pyarrow]", "int64[pyarrow]", "float[pyarrow]", "double[pyarrow]"]
_POLARS = [pl.Int8, pl.Int64, pl.UInt32, pl.Float32, pl.Float64, pl.Boolean]
# Kinds of an index, those that tell time first.
TIMES = ["days", "zoned", "seconds", "months", "business", "period", "duration"]
INDICES = [*TIMES, "range", "int", "float", "text", "shuffled", "repeated", "missing"]
INDICES += ["holed days", "categories", "mixed", "levels", "intervals"]
INDICES += ["autumn", "clocks back", "quarters", "Arrow days", "bools", "narrow"]
HOLES = ["none", "none", "none", "cells", "rows", "all", "inf", "huge"]
_N_ROWS = [*range(13), 17, 23, 30, 41, 60]


@dataclass
class Table:
    """A table, with what a test must know of it."""

    X: Any
    kind: str
    n_rows: int
    columns: list
    group_by: Any = None
    numbers: Any = None


def index_of(kind, n_rows, rng):
    """Make an index of some kind."""
    begin = "2024-02-27"
    if kind in ("days", "months", "business"):
        freq = {"days": "D", "months": "MS", "business": "B"}[kind]
        return pd.date_range(begin, periods=n_rows, freq=freq, name="day")
    if kind == "zoned":  # over a change of the clocks
        return pd.date_range("2024-03-29", periods=n_rows, freq="h", tz="Europe/Paris")
    if kind == "autumn":
        return pd.date_range("2024-10-26", periods=n_rows, freq="h", tz="Europe/Paris")
    if kind == "clocks back":  # an hour that occurs twice
        hours = pd.date_range("2024-10-26", periods=n_rows, freq="h", tz="Europe/Paris")
        return hours.tz_localize(None)
    if kind == "quarters":
        return pd.period_range(begin, periods=n_rows, freq="Q")
    if kind == "Arrow days":
        days = pd.date_range(begin, periods=n_rows)
        return pd.Index(days, dtype="timestamp[ns][pyarrow]")
    if kind == "bools":
        return pd.Index(np.arange(n_rows) % 2 == 1)
    if kind == "narrow":
        return pd.Index(np.arange(n_rows).astype(np.int8))
    if kind == "seconds":
        return pd.date_range(begin, periods=n_rows, freq="s", unit="s")
    if kind == "period":
        return pd.period_range(begin, periods=n_rows, freq="M")
    if kind == "duration":
        return pd.timedelta_range("1h", periods=n_rows, freq="h")
    if kind == "int":
        return pd.Index(np.arange(n_rows) * 3 - 5)
    if kind == "float":
        return pd.Index(np.arange(n_rows) / 4)
    if kind == "text":
        return pd.Index([f"row {i:03}" for i in range(n_rows)], dtype=object)
    days = pd.date_range(begin, periods=n_rows)
    if kind == "shuffled":
        return days[rng.permutation(n_rows)]
    if kind == "repeated":
        return days[np.arange(n_rows) // 2]
    if kind == "missing":
        return days.where(rng.random(n_rows) > 0.1)
    if kind == "holed days":
        more = pd.date_range(begin, periods=2 * n_rows)
        return more[np.sort(rng.permutation(len(more))[:n_rows])]
    if kind == "categories":
        return pd.CategoricalIndex(rng.integers(0, 3, n_rows))
    if kind == "mixed":
        return pd.Index([i if i % 2 else str(i) for i in range(n_rows)], dtype=object)
    if kind == "levels":
        return pd.MultiIndex.from_arrays(
            [np.arange(n_rows) % 2, days], names=["shop", "day"]
        )
    if kind == "intervals":
        return pd.interval_range(0, n_rows, periods=n_rows) if n_rows else pd.Index([])
    return pd.RangeIndex(n_rows)


def numbers_of(holes, shape, rng):
    """Draw numbers that every dtype can hold, with holes."""
    values = rng.integers(0, 100, shape).astype(float)
    if holes == "cells":
        values[rng.random(shape) < 0.2] = np.nan
    elif holes == "rows":
        values[rng.random(shape[0]) < 0.3] = np.nan
    elif holes == "all":
        values[:] = np.nan
    elif values.size and holes in ("inf", "huge"):
        odd = {"inf": -np.inf, "huge": 1e39}[holes]
        values.flat[rng.integers(values.size)] = odd
    return values


def _cast(column, dtype):
    """Give a column a type, where it can hold what there is."""
    whole = np.isfinite(column).all() and (np.abs(column) < 200).all()
    kind = "f" if dtype == "O" else np.dtype(dtype).kind
    if kind in "iub" and not whole:
        dtype = "f8"
    with np.errstate(over="ignore"):
        return column.astype(dtype)


@st.composite
def tables(draw, kinds=("numpy", "list", "pandas", "nullable", "arrow", "polars")):
    """Draw a table of any kind; some have groups, some columns that are no numbers."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    kind = draw(st.sampled_from(kinds))
    n_rows = draw(st.sampled_from(_N_ROWS))
    n_columns = draw(st.sampled_from([1, 1, 2, 2, 3]))
    values = numbers_of(draw(st.sampled_from(HOLES)), (n_rows, n_columns), rng)
    odd = draw(mostly([None], list(_ODD_CELLS)))
    groups = draw(st.sampled_from([None, None, "text", "int", "holed"]))
    if kind in ("numpy", "list"):
        with np.errstate(over="ignore"):
            X = values.astype(draw(st.sampled_from(["f8", "f4", "f2", "O"])))
        if np.isfinite(values).all() and (np.abs(values) < 100).all():
            X = values.astype(draw(st.sampled_from(_NUMPY)))
        named = list(range(n_columns))
        group_by = None if groups is None else int(rng.integers(n_columns))
        if groups is not None and np.isfinite(values).all():
            X[:, group_by] = (values[:, group_by] % 2).astype(X.dtype)
        if odd is not None:
            X = _odd_array(draw, X)
        if kind == "list":
            X = X.tolist()
        return Table(X, kind, n_rows, named, group_by, values)
    names = ["a", "b", "c"][:n_columns]
    if kind == "polars":
        X = _polars(draw, values, names)
    else:
        index = index_of(draw(st.sampled_from(INDICES)), n_rows, rng)
        X = _pandas(draw, kind, values, names, index)
    codes = rng.integers(0, 3, n_rows)
    group = {"int": codes, "text": np.array(["p", "q", "r"], dtype=object)[codes]}
    group["holed"] = np.where(rng.random(n_rows) < 0.1, None, group["text"])
    more = {} if groups is None else {"shop": group[groups].tolist()}
    if odd is not None:
        more["odd"] = [_ODD_CELLS[odd]] * n_rows
    for name, column in more.items():
        if kind == "polars":
            X = X.with_columns(pl.Series(name, column, strict=False))
        else:
            X = X.assign(**{name: pd.Series(column, index=X.index, dtype=None)})
    if kind != "polars":
        named = draw(mostly([None], ["one name", "two levels", "numbers"]))
        if named == "one name":
            X.columns = ["a"] * X.shape[1]
        elif named == "two levels":
            X.columns = pd.MultiIndex.from_product([["of"], X.columns])
        elif named == "numbers":
            X.columns = range(X.shape[1])
        groups = groups if named is None else None
    group_by = None if groups is None else "shop"
    return Table(X, kind, n_rows, list(X.columns), group_by, values)


# What a column may hold that is no number.
_ODD_CELLS = {
    "text": "abc",
    "digits": "12",
    "bytes": b"a",
    "None": None,
    "bool": True,
    "dates": pd.Timestamp("2024-01-01"),
    "zoned": pd.Timestamp("2024-01-01", tz="Europe/Paris"),
    "days": datetime.date(2024, 1, 1),
    "durations": datetime.timedelta(hours=1),
    "decimals": decimal.Decimal("1.5"),
    "complex": 1 + 2j,
    "lists": [1.0],
    "large": 10**30,
}


def _odd_array(draw, X):
    """Give an array of what is no number, or that has more axes or fewer."""
    odd = ["S3", "U3", "c16", "M8[s]", "m8[s]", "V4"]
    dtype = draw(st.sampled_from([*odd, "wide", "flat", "cells"]))
    if dtype == "wide":
        return X[:, :, np.newaxis]
    if dtype == "flat":
        return X.ravel()
    if dtype == "cells":
        X = X.astype(object)
        if X.size:
            X[0, 0] = draw(st.sampled_from(list(_ODD_CELLS.values())))
        return X
    if dtype[0] in "mM":
        return np.zeros(X.shape, dtype)
    return np.ones(X.shape, dtype)


def _pandas(draw, kind, values, names, index):
    types = {"pandas": _NUMPY, "nullable": _NULLABLE, "arrow": _ARROW}[kind]
    columns = {}
    for i, name in enumerate(names):
        dtype, column = draw(st.sampled_from(types)), values[:, i]
        if kind == "pandas":
            columns[name] = _cast(column, dtype)
            continue
        there = column[~np.isnan(column)]
        whole = np.isfinite(there).all() and (np.abs(there) < 100).all()
        floating = "Float64" if kind == "nullable" else "double[pyarrow]"
        dtype = dtype if whole and dtype != "boolean" else floating
        filled = pd.Series(column, dtype=object).where(~np.isnan(column), pd.NA)
        columns[name] = filled.astype(dtype).array
    return pd.DataFrame(columns, index=index)


def _polars(draw, values, names):
    columns = []
    for i, name in enumerate(names):
        dtype, column = draw(st.sampled_from(_POLARS)), values[:, i]
        there = column[~np.isnan(column)]
        whole = np.isfinite(there).all() and (np.abs(there) < 100).all()
        cells = [None if np.isnan(cell) else cell for cell in column]
        series = pl.Series(name, cells, dtype=pl.Float64)
        columns.append(series.cast(dtype if whole else pl.Float64))
    return pl.DataFrame(columns)


# Values that no parameter of a number may have, or that are far too large.
ODD_NUMBERS = [0, -1, 1.5, "2", None, True, 10**12, 10**20, np.nan, [1], np.uint8(200)]
ODD_NUMBERS += [np.int8(-1), np.float64(2.0), np.array(2), {}, b"1", 2j]
WINDOW_LENGTHS = [1, 2, 3, 5, np.int64(4), 30, np.uint8(3)]
HORIZONS = [0, 1, 1, 1, 2, 5, np.int64(3), 70, np.uint8(2), np.int8(1)]


def mostly(usual, odd):
    """Draw from the usual values; one time in ten from the odd."""
    return st.one_of(
        *[st.sampled_from(usual)] * 9,
        st.sampled_from(odd),
    )


@st.composite
def window_parameters(draw, table, flatten=None):
    """Draw parameters of SlidingWindow that may suit a table."""
    features = [name for name in table.columns if name != table.group_by]
    usual = [table.group_by] * 3 + [None]
    return {
        "window_length": draw(mostly(WINDOW_LENGTHS, ODD_NUMBERS)),
        "horizon": draw(mostly(HORIZONS, ODD_NUMBERS[1:])),
        "history": draw(mostly(["auto", "auto", "fit", None], ["never", 1])),
        "group_by": draw(mostly(usual, ["nowhere", 7, ["shop"], 1.5])),
        "known": draw(
            mostly([(), (), features[:1]], ["nowhere", 7, table.group_by, ("a", "a")])
        ),
        "flatten": draw(st.booleans() if flatten is None else flatten),
    }
