"""Panels of many groups: right beside a loop over groups, and no loop over groups."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from sklstm import SlidingWindow
from sklstm._series import Frequency, TimeLabels
from sklstm.forecasting import forecast

LENGTH = 4


def panel(n_groups, n_rows, kind="days", seed=0):
    """Make daily rows of groups, each at a time of day of its own."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-03-01", periods=n_rows, unit="s")
    parts = []
    for i in range(n_groups):
        index = days + pd.Timedelta(i, unit="s").as_unit("s")
        if kind == "aware hours":
            index = pd.date_range("2024-03-29", periods=n_rows, freq="h", unit="s")
            index = index.tz_localize("UTC").tz_convert("Europe/Berlin")
        values = rng.normal(size=n_rows)
        parts.append(pd.DataFrame({"shop": f"shop {i}", "sold": values}, index=index))
    return pd.concat(parts)


def without(X, share, seed):
    """Take rows out, but for the first two and the last of each group."""
    rng = np.random.default_rng(seed)
    place = X.groupby("shop", sort=False).cumcount()
    n_after = X.groupby("shop", sort=False).cumcount(ascending=False)
    kept = rng.random(len(X)) >= share
    return X[kept | (place < 2).to_numpy() | (n_after == 0).to_numpy()]


def windows_by_a_loop(X, length, horizon):
    """Give each row of a panel its window, by pandas, group by group."""
    found = np.full((len(X), length), np.nan)
    for shop in X["shop"].unique():
        rows = np.flatnonzero(X["shop"] == shop)
        own = X["sold"].iloc[rows]
        line = own.asfreq(pd.Series(own.index).diff().min())
        lags = [line.shift(horizon + k) for k in range(length - 1, -1, -1)]
        found[rows] = pd.concat(lags, axis=1).loc[own.index]
    return found


def quietly(call, *args):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* missing within X")
        return call(*args)


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.parametrize("kind", ["days", "aware hours"])
@pytest.mark.parametrize("share", [0.0, 0.15])
@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("horizon", [0, 1, 3])
def test_windows_of_a_panel_are_those_of_a_loop(kind, share, interleaved, horizon):
    X = without(panel(7, 40, kind), share, seed=1)
    if interleaved:
        X = X.sort_index(kind="stable")
    window = SlidingWindow(LENGTH, horizon=horizon, group_by="shop")
    expected = windows_by_a_loop(X, LENGTH, horizon)
    found = np.asarray(quietly(window.fit_transform, X))[:, :, 0]
    np.testing.assert_array_equal(found, expected)
    is_late = X.index >= X.index.sort_values()[len(X) * 3 // 4]
    quietly(window.fit, X[~is_late])
    found = np.asarray(quietly(window.transform, X[is_late]))[:, :, 0]
    np.testing.assert_array_equal(found, expected[is_late])


def test_panels_in_other_units_of_time_go_on():
    X = panel(5, 30)
    early, late = X[X.index.day <= 15], X[X.index.day > 15]
    window = SlidingWindow(LENGTH, group_by="shop").fit(early)
    fine = late.set_axis(late.index.as_unit("ns"))
    found = np.asarray(window.transform(fine))[:, :, 0]
    expected = windows_by_a_loop(X, LENGTH, 1)[X.index.day > 15]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", ["days", "aware hours"])
def test_forecasts_go_on_where_each_group_ends(kind):
    X = panel(6, 30, kind).iloc[:-3]  # the last ends earlier
    ends = X.groupby("shop", sort=False).tail(1)
    step = pd.Timedelta(days=1) if kind == "days" else pd.Timedelta(hours=1)
    expected = [end + k * step for end in ends.index for k in (1, 2)]
    assert list(forecast_of(X).index) == expected


def forecast_of(X):
    window = SlidingWindow(1, history=None, flatten=True, group_by="shop")
    pipe = make_pipeline(window, SimpleImputer(), LinearRegression())
    return forecast(pipe.fit(X, X["sold"]), X, 2)


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_work_for_each_group_is_not_done_one_by_one(monkeypatch, share):
    calls = []

    def count(owner, name):
        whole = getattr(owner, name)

        def counted(*args, **kwargs):
            calls.append(name)
            return whole(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    count(TimeLabels, "at")
    count(Frequency, "labels_after")
    count(Frequency, "n_rows_between")
    if not share:
        count(TimeLabels, "frequency")
        count(TimeLabels, "take")

    def n_calls(n_groups):
        X = without(panel(n_groups, 20), share, seed=0)
        early = X[X.index.day <= 15]
        calls.clear()
        window = SlidingWindow(LENGTH, group_by="shop")
        quietly(window.fit, early)
        quietly(window.transform, X[X.index.day > 15])
        quietly(forecast_of, early)
        return len(calls)

    assert n_calls(5) == n_calls(50)
