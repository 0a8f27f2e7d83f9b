"""Forecasts and streams of random tables, beside `predict` on tables that grow."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMRegressor, SlidingWindow
from sklstm._pipeline import find_window
from sklstm.forecasting import forecast, stream

pytestmark = [
    # Windows without a row are drawn as well.
    pytest.mark.filterwarnings("ignore:.*windows hold no row"),
    pytest.mark.filterwarnings("ignore:.*have no time step that is not missing"),
]


def choice(rng, *options):
    return options[rng.integers(len(options))]


def an_index(rng, n_rows):
    """Labels that are equally far apart, or those of a calendar."""
    start = pd.Timestamp("2026-01-01") + pd.Timedelta(hours=int(rng.integers(9999)))
    return choice(
        rng,
        lambda: pd.date_range(start, periods=n_rows, freq="h"),
        lambda: pd.date_range(start, periods=n_rows, freq="15min", tz="Europe/Rome"),
        lambda: pd.bdate_range(start, periods=n_rows),
        lambda: pd.date_range(start, periods=n_rows, freq="ME"),
        lambda: pd.period_range(start, periods=n_rows, freq="W"),
        lambda: pd.RangeIndex(3, 3 + n_rows),
    )()


def a_table(rng, n_rows, shops, holes):
    """Targets `a` (and `b`), and `offer`, a rare event that is known in advance."""
    index = an_index(rng, n_rows)
    targets = ["a", "b"][: rng.integers(1, 3)]
    parts = []
    for shop in shops:
        walk = rng.normal(size=(n_rows, len(targets))).cumsum(axis=0)
        part = pd.DataFrame(walk, index=index, columns=targets)
        if holes:
            part = part.where(rng.random(size=part.shape) > 0.1)
        part["offer"] = (rng.random(n_rows) < 0.15) * 1.0
        parts.append(part.assign(shop=shop))
    X = pd.concat(parts)
    if rng.random() < 0.5:
        X = X.sort_index(kind="stable")
    return (X if len(shops) > 1 else X.drop(columns="shop")), targets


def lagged(X):
    offer = X.groupby("shop")["offer"] if "shop" in X else X["offer"]
    return X.assign(yesterday=offer.shift(1).fillna(0.0))


def averaged(X):
    columns = [c for c in X if c in ("a", "b")]
    own = X.groupby("shop")[columns] if "shop" in X else X[columns]
    means = own.rolling(3, min_periods=1).mean()
    if "shop" in X:
        means = own.transform(lambda x: x.rolling(3, min_periods=1).mean())
    return X.assign(**{f"mean of {c}": means[c] for c in columns})


def squared(X):
    return X.assign(square=X["offer"] ** 2 + X["a"].abs())


def a_step(rng, X, targets, look):
    scaled = [*targets, "offer"]
    options = [
        lambda: [],
        lambda: [FunctionTransformer(squared)],
        lambda: [
            make_column_transformer(
                (StandardScaler(), scaled),
                remainder="passthrough",
                verbose_feature_names_out=False,
            ).set_output(transform="pandas")
        ],
    ]
    if look:
        options += [
            lambda: [FunctionTransformer(lagged)],
            lambda: [FunctionTransformer(averaged)],
        ]
    return choice(rng, *options)()


def a_pipeline(rng, X, targets, lstm=False, look=True):
    known = choice(rng, (), "offer")
    before = a_step(rng, X, targets, look)
    window = SlidingWindow(
        int(rng.integers(1, 6)),
        horizon=int(rng.integers(1, 4)),
        group_by="shop" if "shop" in X else None,
        history=choice(rng, "auto", "auto", "fit", None),
        known=known if look else (),
        flatten=not lstm,
    )
    if lstm:
        network = LSTMRegressor(units=2, epochs=1, random_state=0)
        return make_pipeline(*before, window, network)
    model = Ridge(0.1)
    if rng.random() < 0.3:
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    impute = SimpleImputer(strategy="constant", fill_value=0.0)
    pipe = make_pipeline(*before, window, impute, model)
    if rng.random() < 0.2:
        return TransformedTargetRegressor(pipe, transformer=StandardScaler())
    return pipe


def groups_of(X):
    """Give the rows of each group, or all rows."""
    if "shop" not in X:
        return {None: np.arange(len(X))}
    shops = X["shop"].to_numpy()
    return {shop: np.flatnonzero(shops == shop) for shop in pd.unique(shops)}


def by_growing_tables(fitted, X, later, targets):
    """Append the next row of each group, predict these, write them in; and so on."""
    table, found = X, {group: [] for group in groups_of(X)}
    ahead = {group: later.iloc[rows] for group, rows in groups_of(later).items()}
    for step in range(len(later) // len(ahead)):
        rows = pd.concat([ahead[group].iloc[[step]] for group in found])
        table = pd.concat([table, rows.assign(**dict.fromkeys(targets, np.nan))])
        predicted = np.reshape(fitted.predict(table)[-len(found) :], (len(found), -1))
        places = [table.columns.get_loc(target) for target in targets]
        table = table.copy()
        table.iloc[-len(found) :, places] = predicted
        for group, numbers in zip(found, predicted, strict=True):
            found[group].append(numbers)
    return np.concatenate(list(found.values()))


def first_rows(X, n_rows):
    """Give the first rows of each group, in the order of the table."""
    rows = np.concatenate([own[:n_rows] for own in groups_of(X).values()])
    return X.iloc[np.sort(rows)]


def rows_from(X, first):
    rows = np.concatenate([own[first:] for own in groups_of(X).values()])
    return X.iloc[np.sort(rows)]


def check_forecast(seed, lstm):
    rng = np.random.default_rng(seed)
    shops = choice(rng, "x", "x", "xy", "xyz")
    X, targets = a_table(rng, 40, shops, holes=not lstm and rng.random() < 0.5)
    fitted = a_pipeline(rng, X, targets, lstm)
    n_rows, steps = int(rng.integers(22, 30)), int(rng.integers(1, 8))
    past = first_rows(X, n_rows)
    y = past[targets[0]] if len(targets) == 1 else past[targets]
    filled = y if lstm else y.ffill().bfill()
    fitted.fit(past, filled)
    # From what was fitted, from rows after it, or from both.
    grown = first_rows(X, n_rows + int(rng.integers(0, 4)))
    begin = choice(rng, 0, 0, 15, n_rows) if len(grown) > len(past) else 0
    given = rows_from(grown, begin)
    n_given = len(grown) // len(shops)
    later = rows_from(first_rows(X, n_given + steps), n_given)
    future = later.drop(columns=targets)
    found = forecast(fitted, given, steps, future, target=targets)
    expected = by_growing_tables(fitted, given, later, targets)
    tolerance = {"rtol": 1e-3, "atol": 1e-4} if lstm else {"rtol": 1e-6, "atol": 1e-9}
    np.testing.assert_allclose(found[targets], expected, **tolerance)
    expected = pd.concat([later.iloc[rows] for rows in groups_of(later).values()])
    order = list(groups_of(given))
    if "shop" in X:
        ordered = [expected[expected["shop"] == shop] for shop in order]
        expected = pd.concat(ordered)
        assert list(found["shop"]) == list(expected["shop"])
    assert list(found.index) == list(expected.index)


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
@pytest.mark.parametrize("first", range(0, 50, 10))
def test_forecasts_of_random_tables(first):
    for seed in range(first, first + 10):
        check_forecast(seed, lstm=False)


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
@pytest.mark.parametrize("seed", range(5))
def test_forecasts_of_random_tables_by_networks(seed):
    check_forecast(100 + seed, lstm=True)


def a_row(rng, row):
    """Give a row of a table as any of the things that can be pushed."""
    series = row.iloc[0]
    return choice(
        rng,
        lambda: row,
        lambda: series,
        lambda: series.rename(None),
        lambda: series.to_dict(),
        lambda: series.to_numpy(),
        lambda: series.tolist(),
    )()


def check_stream(seed, lstm):
    rng = np.random.default_rng(seed)
    X, targets = a_table(
        rng, 40, choice(rng, "x", "xy"), holes=not lstm and rng.random() < 0.5
    )
    X = X.sort_index(kind="stable")
    fitted = a_pipeline(rng, X, targets, lstm, look=False)
    past = first_rows(X, 26)
    y = past[targets[0]] if len(targets) == 1 else past[targets]
    fitted.fit(past, y if lstm else y.ffill().bfill())
    new = rows_from(X, 26)
    n_pushed = 10 * len(groups_of(X))
    horizon = find_window(fitted).horizon
    rows = stream(fitted)
    for i in range(n_pushed):
        row = new.iloc[[i]]
        pushed = a_row(rng, row)
        found = rows.push(pushed)
        later = new.iloc[i + 1 :]
        if "shop" in X:
            later = later[later["shop"] == row["shop"].iloc[0]]
        table = pd.concat([new.iloc[: i + 1], later.iloc[:horizon]])
        expected = fitted.predict(table)[-1]
        tolerance = {"rtol": 1e-3, "atol": 1e-4} if lstm else {"rtol": 1e-6}
        np.testing.assert_allclose(found, expected, **tolerance)


@pytest.mark.parametrize("first", range(0, 20, 10))
def test_streams_of_random_tables(first):
    for seed in range(first, first + 10):
        check_stream(200 + seed, lstm=False)


@pytest.mark.parametrize("seed", range(3))
def test_streams_of_random_tables_by_networks(seed):
    check_stream(300 + seed, lstm=True)
