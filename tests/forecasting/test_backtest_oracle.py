"""Backtests of random tables, beside a loop that predicts row by row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklstm import SlidingWindow
from sklstm.forecasting import backtest

DAYS = pd.date_range("2026-01-01", periods=60, name="day")


class HoledRidge(Ridge):
    """A Ridge that leaves rows without a target out."""

    def fit(self, X, y):
        y = np.asarray(y, dtype=float)
        there = ~np.isnan(y).reshape(len(y), -1).any(axis=1)
        return super().fit(X[there], y[there])


def random_case(seed):
    """Draw a table, its targets, a pipeline, folds and how often to refit."""
    rng = np.random.default_rng(seed)
    shops = [*"abc"][: rng.integers(1, 4)]
    grouped = len(shops) > 1 or rng.random() < 0.3
    targets = ["price", "load"][: rng.integers(1, 3)]
    parts = []
    for shop in shops:
        days = DAYS[rng.integers(0, 4) if grouped else 0 :]
        part = pd.DataFrame(rng.normal(size=(len(days), 2)).cumsum(0), days)
        part.columns = ["price", "load"]
        part["dow"] = days.day_of_week * 1.0
        parts.append(part.assign(shop=shop))
    X = pd.concat(parts)
    if rng.random() < 0.5:
        X = X.sort_index(kind="stable")
    known = ["dow"] if rng.random() < 0.6 else []
    X = X[[*targets, *known, *(["shop"] if grouped else [])]]
    y = X[targets[0]] if len(targets) == 1 else X[targets]
    if rng.random() < 0.5:
        y = y.where(rng.random(y.shape) > 0.15)
    window = SlidingWindow(
        int(rng.integers(1, 6)),
        # Its fitted end would go before rows of other folds, where it is earlier.
        history=None,
        flatten=True,
        group_by="shop" if grouped else None,
        known=known if rng.random() < 0.5 else (),
    )
    imputer = SimpleImputer(keep_empty_features=True)
    pipe = make_pipeline(window, imputer, HoledRidge())
    times = np.asarray(X.index)
    cv, end = [], 30
    for _ in range(rng.integers(1, 5)):
        gap, length = rng.integers(0, 3), rng.integers(1, 6)
        first = end + gap
        test = (times >= DAYS[first]) & (times < DAYS[first + length])
        cv.append((np.flatnonzero(times < DAYS[end]), np.flatnonzero(test)))
        end += int(rng.integers(0, 4)) + length  # the rows between are in no fold
    refit = [True, False, 2, "prefit"][rng.integers(0, 4)]
    return pipe, X, y, targets, known, cv, refit


def row_by_row(pipe, X, y, targets, known, cv, refit):
    """Forecast each test row by predicting the last row of a table that grows."""
    every = {True: 1, False: len(cv), 2: 2}.get(refit, len(cv))
    fitted, found = pipe, {}
    for number, (train, test) in enumerate(cv):
        if refit != "prefit" and number % every == 0:
            fitted = clone(pipe).fit(X.iloc[train], y.iloc[train])
        shops = X["shop"] if "shop" in X else pd.Series("all", X.index)
        for shop in shops.iloc[test].unique():
            own = (shops == shop).to_numpy()
            table = X.iloc[[row for row in train if own[row]]]
            last = max(row for row in test if own[row])
            following = [r for r in range(table_end(train, own), last + 1) if own[r]]
            for step, row in enumerate(following, start=1):
                ahead = X.iloc[[row]].copy()
                ahead[targets] = np.nan
                table = pd.concat([table, ahead])
                predicted = np.ravel(fitted.predict(table)[-1])
                table.iloc[-1, [X.columns.get_loc(c) for c in targets]] = predicted
                if row not in test:
                    continue
                truth = np.ravel(y.iloc[row])
                for i, target in enumerate(targets):
                    key = number, shop, step, X.index[row], target
                    found[key] = truth[i], predicted[i]
    return found


def table_end(train, own):
    """Give the row after the last train row of a group."""
    return max(row for row in train if own[row]) + 1


@pytest.mark.filterwarnings("ignore:.*first fold alone:UserWarning")
@pytest.mark.parametrize("seed", range(30))
def test_a_backtest_is_a_loop_over_predict(seed):
    pipe, X, y, targets, known, cv, refit = random_case(seed)
    if refit == "prefit":
        train = cv[0][0]
        pipe = clone(pipe).fit(X.iloc[train], y.iloc[train])
    expected = row_by_row(pipe, X, y, targets, known, cv, refit)
    if refit == "prefit" and seed % 2:  # scikit-learn's own way to say so
        pipe, refit = FrozenEstimator(pipe), False
    found = backtest(pipe, X, y, cv, refit=refit, known=known)
    assert len(found) == len(expected)
    for row in found.to_dict("records"):
        shop, target = row.get("shop", "all"), row.get("target", targets[0])
        key = row["fold"], shop, row["step"], row["time"], target
        truth, forecast = expected[key]
        np.testing.assert_equal(row["truth"], truth)
        np.testing.assert_allclose(row["forecast"], forecast, rtol=1e-9, atol=1e-9)
