"""Windows, forecasts, backtests and streams beside slow loops over `predict`."""

import numpy as np
import pandas as pd
import pytest
from fuzz_outcomes import fuzz
from fuzz_tables import TIMES, index_of
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMRegressor, PanelTimeSeriesSplit, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import backtest, forecast, make_windows, stream

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


# ------------------------------------------------------------------------- the tables
@st.composite
def panels(draw, most_shops=3):
    """Draw a table of regular series, in rows that interleave.

    Gives the table, the name of the column of groups (None for one series), and times,
    of which those after the last of the table are yet to come.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    n_rows, n_shops = draw(st.integers(15, 30)), draw(st.integers(1, most_shops))
    kind = draw(st.sampled_from([*TIMES, "range", "int"]))
    times = index_of(kind, n_rows + 10, rng)
    parts = []
    for shop in range(n_shops):
        n = n_rows - (rng.integers(0, 3) if shop else 0)
        own = pd.DataFrame(rng.normal(size=(n, 2)).round(2), times[:n], ["a", "b"])
        if draw(st.sampled_from([False, False, True])):
            own.iloc[rng.integers(n, size=2)] = np.nan
        parts.append(own.assign(shop=f"shop {shop}"))
    X = pd.concat(parts)
    if n_shops == 1:
        return X.drop(columns="shop"), None, times
    return _interleaved(X, rng), "shop", times


def _interleaved(X, rng):
    """Mix the rows of groups; those of each stay in their order."""
    turns = X["shop"].to_numpy()[rng.permutation(len(X))]
    order = np.empty(len(X), dtype=int)
    for shop in np.unique(turns):
        order[turns == shop] = np.flatnonzero(X["shop"] == shop)
    return X.iloc[order]


# ----------------------------------------------------------------------- the windows
def windows_by_rows(rows, before, parameters, known):
    """Cut the windows of one group, row by row and cell by cell."""
    length, horizon = parameters["window_length"], parameters["horizon"]
    all_rows = np.concatenate([before, rows])
    found = np.full((len(rows), length, rows.shape[1]), np.nan)
    for t in range(len(rows)):
        for i in range(length):
            past = len(before) + t - horizon - (length - 1 - i)
            step = np.full(rows.shape[1], np.nan)
            if past >= 0:
                step = all_rows[past].copy()
            # A flat window keeps what is known of a row, whatever is before it.
            if not parameters["flatten"] and np.isnan(step).all():
                continue
            if past + horizon < 0:
                continue
            if known and horizon:
                own = all_rows[past + horizon]
                step[known] = own[known]
                others = [j for j in range(len(step)) if j not in known]
                halves = [np.isnan(own).all(), np.isnan(step[others]).all()]
                if not parameters["flatten"] and any(halves):
                    continue
            found[t, i] = step
    return found


@fuzz(25)
@given(st.data())
def test_windows_are_those_of_a_loop_over_rows(data):
    X, group_by, times = data.draw(panels())
    parameters = {
        "window_length": data.draw(st.integers(1, 6)),
        "horizon": data.draw(st.integers(0, 4)),
        "history": data.draw(st.sampled_from(["auto", "fit", None])),
        "flatten": data.draw(st.booleans()),
    }
    known = data.draw(st.sampled_from([[], [], [0], [1]]))
    window = SlidingWindow(
        **parameters, group_by=group_by, known=["ab"[i] for i in known]
    )
    # Rows between the two tables may be missing; they are missing steps.
    cut, n_lost = data.draw(st.integers(7, 10)), data.draw(st.integers(0, 2))
    first = X[X.index < times[cut]]
    second = X[X.index >= times[cut + n_lost]]
    found = np.asarray(window.fit(first).transform(second))
    fresh = np.asarray(window.fit_transform(first))
    n_before = parameters["window_length"] + parameters["horizon"] - 1
    n_shops = 1 if group_by is None else X["shop"].nunique()
    for shop in range(n_shops):
        own, later = (
            table if group_by is None else table[table["shop"] == f"shop {shop}"]
            for table in (first, second)
        )
        places = np.flatnonzero(
            np.ones(len(second), bool)
            if group_by is None
            else second["shop"] == f"shop {shop}"
        )
        old = np.flatnonzero(
            np.ones(len(first), bool)
            if group_by is None
            else first["shop"] == f"shop {shop}"
        )
        past, rows = (t[["a", "b"]].to_numpy() for t in (own, later))
        lost = {"auto": n_lost, "fit": 0, None: 0}[parameters["history"]]
        before = np.concatenate([past, np.full((lost, 2), np.nan)])
        before = before[max(len(before) - n_before, 0) :]
        if parameters["history"] is None:
            before = before[:0]
        expected = windows_by_rows(rows, before, parameters, known)
        shape = (-1, *found.shape[1:])
        np.testing.assert_array_equal(found[places], expected.reshape(shape))
        expected = windows_by_rows(past, past[:0], parameters, known)
        np.testing.assert_array_equal(fresh[old], expected.reshape(shape))


@fuzz(25)
@given(st.data())
def test_complete_windows_are_those_of_a_loop(data):
    n_rows = data.draw(st.integers(1, 25))
    rng = np.random.default_rng(n_rows)
    X, y = rng.normal(size=(n_rows, 2)), np.arange(float(n_rows))
    sizes = st.integers(1, 4)
    length, steps, stride = data.draw(sizes), data.draw(sizes), data.draw(sizes)
    horizon = data.draw(st.integers(0, 4))
    groups = data.draw(st.sampled_from([None, rng.integers(0, 2, n_rows)]))
    series = [np.arange(n_rows)]
    if groups is not None:
        series = [np.flatnonzero(groups == one) for one in pd.unique(groups)]
    windows, targets = [], []
    for rows in series:
        for begin in range(0, len(rows), stride):
            ahead = begin + length - 1 + horizon
            if begin + length <= len(rows) and ahead + steps <= len(rows):
                windows.append(X[rows[begin : begin + length]])
                targets.append(y[rows[ahead : ahead + steps]])
    arguments = {"horizon": horizon, "steps": steps, "stride": stride, "groups": groups}
    if not windows:
        with pytest.raises(ValueError, match="need"):
            make_windows(X, y, length, **arguments)
        return
    found, own_targets = make_windows(X, y, length, **arguments)
    np.testing.assert_array_equal(found, windows)
    np.testing.assert_array_equal(own_targets.reshape(len(found), steps), targets)


# --------------------------------------------------------------------- the pipelines
def _yesterday(frame):
    """Add what a row before it says, where that is rare."""
    rare = frame["b"].where(frame["b"] > 1.2, 0.0)
    return frame.assign(b=frame["b"] + 3 * rare.shift(1, fill_value=0.0))


def _filled(frame):
    return frame.ffill().fillna(0.0)


def _elementwise(frame):
    return frame.assign(b=frame["b"].abs())


@st.composite
def pipelines(draw, group_by, horizons=(1, 2, 3), looks_back=True, known=()):
    """Draw a flat linear pipeline, or now and then a network."""
    window = {
        "window_length": draw(st.integers(1, 5)),
        "horizon": draw(st.sampled_from(horizons)),
        "group_by": group_by,
        "known": known,
    }
    steps = [None, FunctionTransformer(_elementwise)]
    if looks_back and group_by is None:
        steps += [FunctionTransformer(_filled), FunctionTransformer(_yesterday)]
    if group_by is None:
        steps.append(StandardScaler().set_output(transform="pandas"))
    before = [step for step in [draw(st.sampled_from(steps))] if step is not None]
    if draw(st.sampled_from([False] * 9 + [True])):
        network = LSTMRegressor(units=2, epochs=1, random_state=0)
        window = SlidingWindow(**window)
        return make_pipeline(*before, window, PerFeatureScaler(), network)
    window = SlidingWindow(**window, flatten=True)
    filled = SimpleImputer(strategy="constant", fill_value=0.0)
    return make_pipeline(*before, window, filled, Ridge(1e-2))


def n_more(X, times, n):
    """Give the `n` times after those of a table."""
    return times[times > X.index.max()][:n]


def loop_over_predict(fitted, X, times, target, known=None):
    """Forecast one series: grow the table by a row, predict it, write it in."""
    grown, found = X, []
    for i, time in enumerate(times):
        row = X.iloc[[-1]].set_axis(pd.Index([time]), axis=0)
        row = row.assign(a=0.0, b=0.0) if known is None else row.assign(a=0.0)
        if known is not None:
            row["b"] = known[i]
        row.index = X.index[:0].append(row.index)
        grown = pd.concat([grown, row])
        found.append(float(np.ravel(fitted.predict(grown))[-1]))
        grown.iloc[-1, grown.columns.get_loc(target)] = found[-1]
    return found


def in_step(X, group_by, draw):
    """Fill the holes of a table, and let all groups end at the same time.

    Where an index tells time, rows may be missing within a group.
    """
    if group_by is not None:
        last = min(own.index.max() for _, own in X.groupby(group_by))
        X = X[X.index <= last]
    X = X.fillna(0.5)
    if not isinstance(X.index, (pd.DatetimeIndex, pd.PeriodIndex)):
        return X
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    lost = rng.random(len(X)) < draw(st.sampled_from([0.0, 0.0, 0.1, 0.2]))
    times = X.index.unique().sort_values()
    lost &= (X.index > times[5]) & (X.index < times[-1])
    return X[~lost]


def steps_to(rows, last, times):
    """Count the time steps from the last row that is known to some rows."""
    if isinstance(rows, (pd.DatetimeIndex, pd.PeriodIndex)):
        return times.get_indexer(rows) - times.get_loc(last)
    return 1 + np.arange(len(rows))


@fuzz(20)
@given(st.data())
def test_forecasts_are_those_of_a_loop_over_predict(data):
    X, group_by, times = data.draw(panels(most_shops=2))
    X = in_step(X, group_by, data.draw)
    y = X["a"]
    ahead = data.draw(st.booleans())
    pipe = data.draw(pipelines(group_by, known="b" if ahead else ()))
    steps = data.draw(st.integers(1, 6))
    times = n_more(X, times, steps)
    told = np.round(np.random.default_rng(steps).normal(size=steps), 2)
    future = pd.DataFrame({"b": told}, index=times)
    fitted = pipe.fit(X, y)
    found = forecast(fitted, X, steps, future)
    shops = [None] if group_by is None else list(found["shop"].unique())
    for shop in shops:
        own = X if shop is None else X[X["shop"] == shop]
        ours = found if shop is None else found[found["shop"] == shop]
        expected = loop_over_predict(fitted, own, times, "a", told)
        np.testing.assert_allclose(ours["a"], expected, rtol=2e-4, atol=2e-4)
        assert list(ours.index) == list(times)


@fuzz(12)
@given(st.data())
def test_backtests_are_those_of_a_loop_over_predict(data):
    X, group_by, times = data.draw(panels(most_shops=2))
    X = in_step(X, group_by, data.draw)
    pipe = data.draw(pipelines(group_by))
    size = data.draw(st.integers(1, 3))
    refit = data.draw(st.sampled_from([True, False, 2]))
    splitter = TimeSeriesSplit(2, test_size=size)
    if group_by:
        splitter = PanelTimeSeriesSplit(2, test_size=size)
    y = X["a"]
    folds = list(splitter.split(X, y))
    found = backtest(pipe, X, y, folds, refit=refit, known="b")
    for fold, (train, test) in enumerate(folds):
        fit_on = folds[0][0] if refit is not True else train
        fitted = clone(pipe).fit(X.iloc[fit_on], y.iloc[fit_on])
        rows = X.iloc[test]
        shops = [None] if group_by is None else list(rows["shop"].unique())
        for shop in shops:
            seen, own = X.iloc[train], rows
            ours = found[found["fold"] == fold]
            if shop is not None:
                seen, own = (t[t["shop"] == shop] for t in (seen, rows))
                ours = ours[ours["shop"] == shop]
            expected = loop_over_predict(
                fitted, seen, own.index, "a", own["b"].to_numpy()
            )
            np.testing.assert_allclose(ours["forecast"], expected, rtol=2e-4, atol=2e-4)
            np.testing.assert_array_equal(ours["truth"], own["a"])
            steps = steps_to(own.index, seen.index[-1], times)
            np.testing.assert_array_equal(ours["step"], steps)


@fuzz(12)
@given(st.data())
def test_streams_say_what_predict_says_of_the_table_so_far(data):
    X, group_by, times = data.draw(panels(most_shops=2))
    X = in_step(X, group_by, data.draw)
    pipe = data.draw(pipelines(group_by, horizons=(1,), looks_back=False))
    first, rest = X[X.index < times[8]], X[X.index >= times[8]]
    fitted = pipe.fit(first, first["a"])
    live = stream(fitted)
    for i in range(min(len(rest), 8)):
        said = live.push(rest.iloc[[i]])
        shop = None if group_by is None else rest["shop"].iloc[i]
        so_far = rest.iloc[: i + 1]
        if shop is not None:
            so_far = so_far[so_far["shop"] == shop]
        more = n_more(so_far, times, 1)
        row = so_far.iloc[[-1]].set_axis(so_far.index[:0].append(more), axis=0)
        expected = fitted.predict(pd.concat([so_far, row]))[-1]
        np.testing.assert_allclose(said, expected, rtol=2e-4, atol=2e-4)
