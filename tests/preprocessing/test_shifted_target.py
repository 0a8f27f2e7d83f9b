"""Warnings of targets that are a column of X in other rows."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sklstm import SlidingWindow
from sklstm.preprocessing import make_multistep

N_ROWS = 120


def table(n_rows=N_ROWS, seed=0):
    rng = np.random.default_rng(seed)
    names = "load", "price"
    return pd.DataFrame({name: rng.normal(size=n_rows).cumsum() for name in names})


def warnings_of(X, y, horizon=1, **parameters):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        SlidingWindow(4, horizon=horizon, **parameters).fit(X, y)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("shift", [1, 2, 24])
@pytest.mark.parametrize("horizon", [1, 3])
def test_a_target_of_later_rows(shift, horizon):
    X = table()
    (message,) = warnings_of(X, X["price"].shift(-shift), horizon)
    assert f"y is the column 'price' of X {shift} row" in message
    assert f"is {shift + horizon} rows after the last time step" in message
    assert f"set horizon={shift} for {shift} row" in message
    assert "If the column is a lag of y, set horizon=0." in message
    assert warnings_of(X, 3 * X["price"].shift(-shift) - 5, horizon) == [
        message.replace("of X ", "of X, scaled, ")
    ]


def test_the_steps_of_tutorials():
    """Several steps after the row, whose windows end with it."""
    X = table()
    y = pd.concat([X["price"].shift(-step) for step in (1, 2, 3)], axis=1)
    assert not warnings_of(X, y, horizon=0)
    for columns in ([0, 1, 2], [2, 1, 0]):
        (message,) = warnings_of(X, y.iloc[:, columns], horizon=1)
        assert "of X 1 row later" in message
    # The first of them in the row itself, or none of X's columns.
    assert not warnings_of(X, y.shift(1), horizon=1)
    assert not warnings_of(X[["load"]], y, horizon=1)


def test_windows_that_hold_their_target():
    X = table()
    (message,) = warnings_of(X, X["price"], horizon=0)
    assert "set horizon=1" in message
    almost = X["price"].copy()
    almost[3] += 1
    assert not warnings_of(X, almost, horizon=0)
    assert not warnings_of(X, 2 * X["price"], horizon=0)  # a cause


def test_levels_far_above_the_changes():
    """Prices of a million that change by one are no shifts of each other."""
    X = 1e6 + table().round()
    assert not warnings_of(X[["load"]], X["price"])
    (message,) = warnings_of(X, X["price"].shift(-3))
    assert "3 rows later" in message


def test_a_target_of_later_rows_is_usual_where_windows_hold_their_own_row():
    X = table()
    assert not warnings_of(X, X["price"].shift(-1), horizon=0)


def test_a_delayed_effect_is_no_shifted_target():
    X = table()
    assert not warnings_of(X, -X["load"].shift(2))


@pytest.mark.parametrize(("shift", "horizon"), [(1, 1), (5, 3), (3, 3), (1, 0)])
def test_a_target_of_earlier_rows_is_in_the_windows(shift, horizon):
    X = table()
    (message,) = warnings_of(X, X["load"].shift(shift), horizon)
    assert f"y is the column 'load' of X {shift} row" in message
    assert "hold the value that they are to predict" in message


def test_a_target_of_earlier_rows_that_windows_do_not_hold():
    X = table()
    assert not warnings_of(X, X["load"].shift(2), horizon=3)
    assert not warnings_of(X, X["load"].shift(5), horizon=1)  # of 4 steps
    assert warnings_of(X, X["load"].shift(4), horizon=1)


def test_arrays_and_how_the_last_rows_are_filled():
    X = table().to_numpy()
    (message,) = warnings_of(X, np.append(X[1:, 1], 0.0))
    assert "y is the column 1 of X" in message
    (message,) = warnings_of(X[:-1], X[1:])  # every column
    assert "y is the column 0 of X" in message


def test_positions_are_those_of_the_columns_beside_that_of_the_groups():
    X = table()
    X.insert(0, "shop", np.repeat(["a", "b"], N_ROWS // 2))
    y = X.groupby("shop")["price"].shift(-1)
    (message,) = warnings_of(X, y, group_by="shop")
    assert "'price'" in message
    (message,) = warnings_of(X.to_numpy(object), y.to_numpy(), group_by=0)
    assert "column 2" in message


def test_a_column_that_is_known_in_advance():
    X = table()
    ahead = X["load"].shift(-1)
    assert not warnings_of(X, ahead, known="load")  # not in the windows: a cause
    (message,) = warnings_of(X, X["load"].shift(1), horizon=3, known="load")
    assert "hold the value" in message


t = np.arange(N_ROWS)
NOT_SHIFTED = {
    "the column": table()["price"],
    "another": table(seed=1)["price"],
    "its square": table()["price"] ** 2,
    "differences": table()["price"].diff(),
    "a constant": pd.Series(0.0, index=t),
    "labels": pd.Series(np.random.default_rng(0).choice(list("abc"), N_ROWS)),
    "two classes": pd.Series(np.random.default_rng(0).integers(0, 2, N_ROWS)),
    "both columns": table(),
    "many steps": make_multistep(table(), table()["price"], steps=3)[1],
}


@pytest.mark.parametrize("name", NOT_SHIFTED)
def test_other_targets(name):
    horizon = 3 if name == "many steps" else 1
    assert not warnings_of(table(), NOT_SHIFTED[name], horizon)


def test_columns_that_repeat_themselves_or_grow_steadily():
    X = pd.DataFrame({"sine": np.sin(2 * np.pi * t / 24), "row": t, "flag": t % 7 == 0})
    cosine = np.cos(2 * np.pi * t / 24)
    assert not warnings_of(X, cosine)
    assert not warnings_of(X, t + 5.0)
    assert not warnings_of(X, (t % 7 == 3).astype(float))


def test_short_tables_and_missing_values():
    assert not warnings_of(table(12), table(12)["price"].shift(-1))
    X = table()
    X.loc[::9, "price"] = np.nan
    assert not warnings_of(X, pd.Series(np.nan, index=X.index))
    y = table()["price"].shift(-1)
    y[::5] = np.nan
    (message,) = warnings_of(table(), y)
    assert "'price'" in message


def test_names_that_are_numbers():
    X = table().set_axis([2, 0], axis=1)
    (message,) = warnings_of(X, X[0].shift(-1))
    assert "y is the column 0 of X" in message


@pytest.mark.parametrize("n_bad", [1, 2])
@pytest.mark.parametrize("bad", [np.inf, 1e308])
def test_numbers_that_are_too_large(n_bad, bad):
    X = pd.DataFrame({"flag": np.random.default_rng(0).integers(0, 2, N_ROWS)})
    y = table()["price"].to_numpy().copy()
    y[-9 : -9 + n_bad] = bad
    assert not warnings_of(X, y)


def test_columns_that_repeat_themselves_but_for_a_hole():
    flag = (t % 7 == 0) * 1.0
    flag[-1] = np.nan
    assert not warnings_of(pd.DataFrame({"flag": flag}), (t % 7 == 3) * 1.0)
    ramp = t * 1.0
    ramp[-64:-58] = np.nan
    assert not warnings_of(pd.DataFrame({"ramp": ramp}), 2.0 * t)


def test_one_of_many_flags_is_found():
    flags = np.random.default_rng(0).integers(0, 2, (N_ROWS, 500)) * 1.0
    (message,) = warnings_of(flags, np.append(flags[2:, 400], [0, 0]))
    assert "y is the column 400 of X 2 rows later" in message
    assert not warnings_of(flags[:, :400], np.append(flags[2:, 400], [0, 0]))
