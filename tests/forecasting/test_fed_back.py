"""Predictions are fed back only into the column of X that y was."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler

from sklstm import LSTMRegressor, SlidingWindow
from sklstm.forecasting import forecast, make_multistep

HOURS = pd.date_range("2026-01-01", periods=300, freq="h")


def table(n_rows=200, seed=0):
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(n_rows, 2)).cumsum(axis=0) + 50
    return pd.DataFrame(columns, columns=["a", "b"], index=HOURS[:n_rows])


def ridge(*before, **parameters):
    window = SlidingWindow(5, flatten=True, **parameters)
    return make_pipeline(*before, window, SimpleImputer(), Ridge())


BEFORE = {
    "nothing": [],
    "a scaler": [StandardScaler()],
    "a scaler of frames": [StandardScaler().set_output(transform="pandas")],
    "other columns": [make_column_transformer((StandardScaler(), ["b", "a"]))],
    "a rolling mean": [
        FunctionTransformer(lambda X: X.rolling(3, min_periods=1).mean())
    ],
}
OTHER = {
    "its logarithm": lambda a: np.log(a),
    "twice": lambda a: 2 * a,
    "shifted": lambda a: a.shift(-1).fillna(a.iloc[-1]),
    "shifted back": lambda a: a.shift(1),
    "differences": lambda a: a.diff(),
    "scaled": lambda a: (a - a.mean()) / a.std(),
    "another column": lambda a: table()["b"].rename("a"),
}


@pytest.mark.filterwarnings("ignore:y is the column")
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("name", OTHER)
def test_what_y_is_not_is_refused(name, before):
    X = table()
    y = OTHER[name](X["a"]).bfill()
    pipe = ridge(*BEFORE[before]).fit(X, y)
    future = table(230)[["b"]][200:]
    for given, ahead in {
        "the same": (X, future[:3]),
        "the end": (X[120:], future[:3]),
        "grown": (table(220), future[20:23]),
    }.values():
        given = given if len(given) < 210 else pd.concat([X, given[200:]])
        with pytest.raises(ValueError, match="can't be fed back into column 'a' of X"):
            forecast(pipe, given, 3, ahead, target="a")


def test_the_message_names_row_and_values_and_the_way():
    X = table()[["a"]]
    pipe = ridge().fit(X, 2 * X["a"])
    row, value = (
        r"in row 0 of fit it is 100\.\d+, the column 50\.\d+",
        "neither shifted",
    )
    with pytest.raises(ValueError, match=f"{row}.*{value}.*make_multistep"):
        forecast(pipe, X, 3)


@pytest.mark.parametrize("rows", [[77], [131], [0], [199]])
def test_a_single_row_tells(rows):
    X = table()[["a"]]
    y = X["a"].copy()
    y.iloc[rows] += 0.1
    pipe = ridge().fit(X, y)
    with pytest.raises(ValueError, match=f"in row {rows[0]} of fit it is"):
        forecast(pipe, X, 3)
    assert len(forecast(pipe, X, 1)) == 1  # nothing is fed back


def test_clipped_targets_are_told_after_a_scaler():
    X = table()[["a"]]
    clipped = X["a"].clip(upper=np.sort(X["a"])[-2])
    with pytest.raises(ValueError, match="can't be fed back"):
        forecast(ridge(StandardScaler()).fit(X, clipped), X, 3)


def test_arrays_and_groups():
    X = table()[["a"]].to_numpy()
    for history in (None, "fit"):
        pipe = ridge(StandardScaler(), history=history).fit(X, X[:, 0] * 2)
        with pytest.raises(ValueError, match="can't be fed back into column 0 of X"):
            forecast(pipe, X, 3)
        assert len(forecast(ridge(history=history).fit(X, X[:, 0]), X, 3)) == 3
    shops = pd.concat(table(60, i).assign(shop=s) for i, s in enumerate("xyz"))
    shops = shops[["a", "shop"]].sort_index(kind="stable")
    for y in (shops["a"], shops["a"] * 2):
        pipe = ridge(group_by="shop").fit(shops, y)
        if y is shops["a"] or y.equals(shops["a"]):
            assert len(forecast(pipe, shops, 3)) == 9
            continue
        with pytest.raises(ValueError, match="can't be fed back"):
            forecast(pipe, shops, 3)


SAME = {
    "itself": lambda a: a,
    "in float32": lambda a: a.astype(np.float32),
    "as nullable": lambda a: a.astype("Float64"),
    "with holes": lambda a: a.where(np.arange(len(a)) % 7 != 3),
    "rounded by arithmetic": lambda a: (a / 3 + 1 / 3) * 3 - 1,
    "an array": lambda a: a.to_numpy(),
    "a list": lambda a: a.tolist(),
    "a frame": lambda a: a.to_frame(),
}


class FillsTarget(Ridge):
    """Takes targets of any kind, some missing, as other estimators may."""

    def fit(self, X, y):
        y = pd.DataFrame(y).to_numpy(dtype=float, na_value=np.nan)
        return super().fit(X, np.nan_to_num(y[:, 0], nan=50.0))


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("name", SAME)
def test_what_y_is_is_fed_back(name, before):
    X = table()
    pipe = ridge(*BEFORE[before])
    pipe.steps[-1] = ("ridge", FillsTarget())
    pipe.fit(X, SAME[name](X["a"]))
    assert len(forecast(pipe, X, 3, table(203)[["b"]][200:], target="a")) == 3


def test_holes_in_x_and_whole_numbers():
    X = table()[["a"]].round().astype(int)
    assert len(forecast(ridge().fit(X, X["a"].astype(float)), X, 3)) == 3
    holed = table()[["a"]].where(np.arange(200)[:, np.newaxis] % 7 != 3)
    pipe = ridge().fit(holed, holed["a"].fillna(0.0))
    assert len(forecast(pipe, holed, 3)) == 3
    flags = (table()[["a"]] > 50).astype(float)
    pipe = ridge(StandardScaler()).fit(flags, flags["a"].astype(bool))
    assert len(forecast(pipe, flags, 3)) == 3


def test_several_targets_and_steps():
    X = table()
    pipe = ridge().fit(X, X[["b", "a"]])
    assert len(forecast(pipe, X, 3, target=["b", "a"])) == 3
    for before in ([], [StandardScaler()]):
        pipe = ridge(*before).fit(X, X[["b", "a"]])
        with pytest.raises(ValueError, match="can't be fed back into column"):
            forecast(pipe, X, 3, target=["a", "b"])
        for factor in (1, 2):
            trimmed, Y = make_multistep(X[["a"]], X["a"] * factor, 4)
            pipe = ridge(*before, horizon=4).fit(trimmed, Y)
            assert len(forecast(pipe, X[["a"]], 4, target="a")) == 4
            if factor == 1:
                assert len(forecast(pipe, X[["a"]], 6, target="a")) == 6
                continue
            with pytest.raises(ValueError, match="can't be fed back into column 'a'"):
                forecast(pipe, X[["a"]], 6, target="a")


@pytest.mark.filterwarnings("ignore:.*start cold")
@pytest.mark.parametrize("before", BEFORE)
def test_transformed_targets_are_seen_through(before):
    X, ahead = table(), table(204)[["b"]][200:]
    log = {"func": np.log, "inverse_func": np.exp}
    for factor in (1, 2):
        y = X["a"] * factor
        around = TransformedTargetRegressor(ridge(*BEFORE[before]), **log).fit(X, y)
        scaled = TransformedTargetRegressor(
            ridge(*BEFORE[before]), transformer=StandardScaler()
        )
        scaled = TransformedTargetRegressor(scaled, **log).fit(X, y)
        within = ridge(*BEFORE[before])
        within.steps[-1] = ("ttr", TransformedTargetRegressor(Ridge(), **log))
        within.fit(X, y)
        search = GridSearchCV(
            clone(around), {"regressor__ridge__alpha": [1.0]}, cv=TimeSeriesSplit(2)
        ).fit(X, y)
        for fitted in (around, scaled, within, search):
            if factor == 1:
                assert len(forecast(fitted, X, 4, ahead, target="a")) == 4
                continue
            with pytest.raises(ValueError, match="can't be fed back into column 'a'"):
                forecast(fitted, X, 4, ahead, target="a")


def test_other_series_than_the_fitted_one_are_forecast():
    X, other = table()[["a"]], table(200, seed=9)[["a"]]
    for before in BEFORE.values():
        if before and "Column" in type(before[0]).__name__:
            continue
        pipe = ridge(*before).fit(X, X["a"])
        assert len(forecast(pipe, other, 3)) == 3
    # What two values can say of a row occurs again, with other numbers.
    bins = KBinsDiscretizer(
        2, encode="ordinal", quantile_method="averaged_inverted_cdf"
    )
    pipe = ridge(bins).fit(X, X["a"])
    for given in (X, X[150:], X[-3:], other):
        assert len(forecast(pipe, given, 3)) == 3


def test_fits_without_y_and_older_pickles_are_as_before():
    X = table()[["a"]]
    pipe = ridge().fit(X, X["a"] * 2)
    pipe[0].fitted_table_ = replace(pipe[0].fitted_table_, target=None)
    older = pickle.loads(pickle.dumps(pipe))
    assert len(forecast(older, X, 3)) == 3
    pipe[0].fit(X)
    assert len(forecast(pipe, X, 3)) == 3
    pipe[0].fit(X, ["x"] * 200)
    assert len(forecast(pipe, X, 3)) == 3
    kept = pickle.loads(pickle.dumps(ridge().fit(X, X["a"] * 2)))
    with pytest.raises(ValueError, match="can't be fed back"):
        forecast(kept, X, 3)
    assert not hasattr(clone(kept)[0], "fitted_table_")


def test_what_is_remembered_is_small():
    X = np.random.default_rng(0).normal(size=(50_000, 3))
    window = SlidingWindow(5).fit(X, X[:, 0])
    assert len(pickle.dumps(window)) < 20_000


def test_an_lstm():
    X = table(120)[["a"]]
    log = {"func": np.log, "inverse_func": np.exp}
    lstm = LSTMRegressor(units=2, epochs=1)
    pipe = make_pipeline(SlidingWindow(5), TransformedTargetRegressor(lstm, **log))
    assert len(forecast(pipe.fit(X, X["a"]), X, 3)) == 3
    pipe = TransformedTargetRegressor(make_pipeline(SlidingWindow(5), lstm), **log)
    assert len(forecast(pipe.fit(X, X["a"]), X, 3)) == 3
    pipe = make_pipeline(SlidingWindow(5), lstm).fit(X, np.log(X["a"]))
    with pytest.raises(ValueError, match="can't be fed back"):
        forecast(pipe, X, 3)


# --------------------------------------------------------- a target known in advance
def told(X, y, **params):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        SlidingWindow(2, **params).fit(X, y)
    return [str(one.message) for one in caught]


@pytest.mark.parametrize("horizon", [1, 3])
def test_a_target_that_is_known_in_advance_is_told(horizon):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "shop"])
    X["shop"] = np.arange(200) % 2
    (one,) = told(X, X["b"], known=["a", "b"], horizon=horizon, group_by="shop")
    assert "known='b' names the target" in one
    # And what it says is so: the last step of a window holds the target.
    window = SlidingWindow(2, known="b", horizon=horizon, group_by="shop")
    with pytest.warns(UserWarning, match="names the target"):
        windows = np.asarray(window.fit_transform(X, X["b"]))
    whole = ~np.isnan(windows[:, -1, 1])
    assert whole.sum() == 200 - 2 * horizon
    np.testing.assert_array_equal(windows[whole, -1, 1], X["b"][whole])
    # By number, of arrays; one of several targets, one value missing.
    y = X[["b", "a"]].to_numpy(copy=True)
    y[7, 1] = np.nan
    (one,) = told(X.to_numpy(), y, known=0, horizon=horizon)
    assert "known=0 names the target" in one


def test_what_is_known_and_is_not_the_target_is_not_told():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(400, 2)), columns=["a", "b"])
    almost = X["b"].copy()
    almost[100] += 1.0  # a row far from those that are remembered
    assert almost[100] != X["b"][100]
    for y in (None, X["a"], X["b"].shift(-1), almost, X["b"] > 0):
        assert told(X, y, known="b") == []
    # Alike by chance: columns of one value, and columns of none.
    assert told(X.assign(b=0.0), np.zeros(400), known="b") == []
    assert told(X.assign(b=np.nan), X["a"], known="b") == []
    # Without a horizon nothing is moved.
    (one,) = told(X, X["b"], known="b", horizon=0)
    assert "horizon=0 the window of a row holds its value" in one
