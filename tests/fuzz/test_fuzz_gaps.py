"""Tables with rows left out, beside the same with missing rows in their place."""

import numpy as np
import pandas as pd
import pytest
from fuzz_outcomes import fuzz
from fuzz_tables import index_of
from hypothesis import given
from hypothesis import strategies as st
from plain import PLAIN
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PanelTimeSeriesSplit, SlidingWindow
from sklstm.forecasting import backtest, forecast, stream

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

_TIMES = ["days", "zoned", "autumn", "seconds", "months", "business", "period"]
_TIMES += ["quarters"]


class RidgeOfKnown(Ridge):
    """A ridge that leaves out rows without a target, as our estimators do."""

    def fit(self, X, y):
        """Fit on the rows that have a target."""
        known = ~np.isnan(np.asarray(y, dtype=float))
        return super().fit(np.asarray(X)[known], np.asarray(y)[known])


@st.composite
def holed_panels(draw):
    """Draw a table of series with NaN rows and NaN targets, and which rows there are.

    Gives X and y of all rows, a mask of those that are kept, the name of the column of
    groups (or None), and times after the last.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    n_rows, n_shops = draw(st.integers(24, 40)), draw(st.integers(1, 2))
    times = index_of(draw(st.sampled_from(_TIMES)), n_rows + 10, rng)
    share = draw(st.sampled_from([0.0, 0.1, 0.2]))
    parts, kept = [], []
    for shop in range(n_shops):
        there = rng.random(n_rows) >= share
        there[:6] = there[-1] = True
        own = pd.DataFrame(rng.normal(size=(n_rows, 2)), times[:n_rows], ["a", "b"])
        own[~there] = np.nan
        parts.append(own.assign(shop=f"shop {shop}"))
        kept.append(there)
    X, kept = pd.concat(parts), np.concatenate(kept)
    # Time by time, so that rows of groups interleave.
    order = np.argsort(np.tile(np.arange(n_rows), n_shops), kind="stable")
    X, kept = X.iloc[order], kept[order]
    y = X["a"].where(rng.random(len(X)) >= draw(st.sampled_from([0.0, 0.2])))
    group_by = "shop" if n_shops > 1 else None
    return X if group_by else X[["a", "b"]], y, kept, group_by, times[n_rows:]


def pipeline_of(draw, group_by, horizons=(1, 2)):
    window = SlidingWindow(
        draw(st.integers(1, 5)),
        horizon=draw(st.sampled_from(horizons)),
        group_by=group_by,
        flatten=True,
    )
    filled = SimpleImputer(
        strategy="constant", fill_value=0.0, keep_empty_features=True
    )
    return make_pipeline(window, filled, RidgeOfKnown(1e-2))


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@fuzz(12)
@given(st.data())
def test_predictions_and_forecasts_take_a_gap_for_missing_rows(data):
    X, y, kept, group_by, later = data.draw(holed_panels())
    pipe = pipeline_of(data.draw, group_by)
    whole = clone(pipe).fit(X, y)
    holed = clone(pipe).fit(X[kept], y[kept])
    assert_close(holed.predict(X[kept]), whole.predict(X)[kept])
    future = pd.DataFrame({"b": np.linspace(-1, 1, 4)}, index=later[:4])
    expected = forecast(whole, X, 4, future)
    found = forecast(holed, X[kept], 4, future)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5, atol=1e-6)


@fuzz(8)
@given(st.data())
def test_backtests_take_a_gap_for_missing_rows(data):
    X, y, kept, group_by, _ = data.draw(holed_panels())
    # (Where other columns are known in advance, a row that there is tells of them.)
    X = X.drop(columns="b")
    pipe = pipeline_of(data.draw, group_by)
    shop = np.zeros(len(X), int) if group_by is None else X["shop"].to_numpy()
    rows = np.flatnonzero(kept)
    kind = TimeSeriesSplit if group_by is None else PanelTimeSeriesSplit
    splitter = kind(2, test_size=data.draw(st.integers(1, 4)))
    folds = list(splitter.split(X[kept]))
    folds_of_whole = []
    for train, test in folds:
        # Up to the last row of each group that there is.
        is_train = np.zeros(len(X), bool)
        for one in np.unique(shop):
            own = np.flatnonzero(shop == one)
            is_train[own[own <= rows[train][shop[rows[train]] == one].max()]] = True
        folds_of_whole.append((np.flatnonzero(is_train), rows[test]))
    refit = data.draw(st.sampled_from([True, 2]))
    expected = backtest(pipe, X, y, folds_of_whole, refit=refit)
    found = backtest(pipe, X[kept], y[kept], folds, refit=refit)
    keys = ["fold", *([] if group_by is None else ["shop"]), "time"]
    found = found.sort_values(keys, ignore_index=True)
    expected = expected.sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5, atol=1e-6)


@fuzz(8)
@given(st.data())
def test_streams_take_a_gap_for_missing_rows(data):
    X, y, kept, group_by, _ = data.draw(holed_panels())
    pipe = pipeline_of(data.draw, group_by, horizons=(1,))
    cut = len(X) * 2 // 3
    first = np.arange(len(X)) < cut
    fitted = pipe.fit(X[first & kept], y[first & kept])
    live = stream(fitted)
    at = np.flatnonzero(~first & kept)
    said = [float(live.push(X.iloc[[row]])) for row in at]
    # What the next row is predicted to be, in a table of all rows.
    rows = X[~first]
    shop = np.zeros(len(X), int) if group_by is None else X["shop"].to_numpy()
    for row, one in zip(at, said, strict=True):
        later = np.flatnonzero((shop == shop[row]) & (np.arange(len(X)) > row))
        if len(later):
            expected = fitted.predict(rows)[later[0] - cut]
            assert_close(one, expected)


@fuzz(4)
@given(st.data())
def test_networks_learn_nothing_of_rows_without_a_target(data):
    X, y, kept, group_by, _ = data.draw(holed_panels())
    window = SlidingWindow(data.draw(st.integers(1, 4)), group_by=group_by)
    settings = {"units": 2, "epochs": 1, "batch_size": 64, "random_state": 0}
    # The linear part asks whether missing steps have places, as in windows of a table.
    network = LSTMRegressor(**PLAIN, **settings)
    fitted = make_pipeline(window, network).fit(X[kept], y[kept])
    known = np.flatnonzero(y[kept].notna())
    windows = np.asarray(clone(window).fit_transform(X[kept]))
    alone = clone(network).fit(windows[known], y[kept].to_numpy()[known])
    assert_close(fitted[-1].predict(windows), alone.predict(windows))
    score = fitted[-1].score(windows, y[kept])
    assert_close(score, alone.score(windows[known], y[kept].to_numpy()[known]))
