"""Many rows in one push, beside pushes of one row and `predict` over the table."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import CompleteCaseRegressor, LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import TransformedTargetForecaster, stream

HOURS = pd.date_range("2026-01-01", periods=200, freq="h")
SHOPS = [f"shop {i}" for i in range(30)]


def table(n_rows=60, shops=SHOPS, index=HOURS):
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame(
            {
                "price": rng.normal(size=n_rows).cumsum() + 50,
                "shop": shop,
                "load": rng.normal(size=n_rows),
            },
            index=index[:n_rows],
        )
        for shop in shops
    ]
    return pd.concat(frames).sort_index(kind="stable")


def network(X, **params):
    window = SlidingWindow(6, group_by="shop", **params)
    model = LSTMRegressor(units=4, epochs=1, random_state=0)
    return make_pipeline(window, PerFeatureScaler(), model).fit(X, X["price"])


@pytest.fixture(scope="module")
def fitted():
    X = table()
    return network(X[X.index < HOURS[40]])


def steps_of(X):
    return [rows for _, rows in X.groupby(level=0, sort=True)]


def one_by_one(rows, X):
    return np.array([rows.push(X.iloc[[i]]) for i in range(len(X))])


def predicted_next(pipe, X):
    """Predict, for the last row of each shop in X, the row after it."""
    last = X[~X["shop"].duplicated(keep="last")]
    later = last.set_axis(last.index + pd.Timedelta(hours=1))
    return pd.Series(pipe.predict(pd.concat([X, later]))[len(X) :], last["shop"])


def test_many_groups_are_single_pushes_and_predict_to_the_last_bit(fitted):
    new = table()[lambda X: X.index >= HOURS[40]]
    alone, together = stream(fitted), stream(fitted)
    for step, rows in enumerate(steps_of(new)):
        rows = rows.sample(frac=1, random_state=step)
        found = together.push(rows)
        assert found.shape == (len(SHOPS),)
        np.testing.assert_array_equal(found, one_by_one(alone, rows))
        passed = new[new.index <= rows.index[0]]
        expected = predicted_next(fitted, passed)
        np.testing.assert_array_equal(found, expected[rows["shop"]])


@pytest.mark.parametrize("order", ["time", "shop"])
def test_several_rows_of_each_group(fitted, order):
    new = table()[lambda X: X.index >= HOURS[40]]
    new = new.sort_values("shop", kind="stable") if order == "shop" else new
    expected = one_by_one(stream(fitted), new)
    rows = stream(fitted)
    np.testing.assert_array_equal(rows.push(new[:7]), expected[:7])
    np.testing.assert_array_equal(rows.push(new[7:]), expected[7:])
    rows = stream(fitted)  # now a first row alone
    assert rows.push(new[:1]) == expected[0]
    np.testing.assert_array_equal(rows.push(new[1:]), expected[1:])


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("gaps", ["missing", "ignore"])
def test_gaps_between_pushes_and_after_fit(gaps):
    X = table()
    pipe = network(X[X.index < HOURS[40]], gaps=gaps)
    kept = np.random.default_rng(1).random(len(X)) < 0.6
    new = X[kept & (X.index >= HOURS[41])]
    new = new[(new["shop"] != "shop 3") | (new.index > HOURS[50])]
    alone, together = stream(pipe), stream(pipe)
    for rows in steps_of(new):
        np.testing.assert_array_equal(together.push(rows), one_by_one(alone, rows))
        assert len(together._memory.recent) == len(alone._memory.recent)
    expected = predicted_next(pipe, new)
    last = steps_of(new)[-1]
    shops = last["shop"]
    found = stream(pipe).push(new)[-len(last) :]
    np.testing.assert_array_equal(found, expected[shops])


def test_new_groups_come_beside_old_ones(fitted):
    X = table(60, [*SHOPS[:5], "new 1", "new 2"])
    is_new = X["shop"].str.startswith("new")
    new = X[(X.index >= HOURS[40]) & (~is_new | (X.index >= HOURS[50]))]
    alone, together = stream(fitted), stream(fitted)
    for rows in steps_of(new):
        if rows.index[0] == HOURS[50]:
            with pytest.warns(UserWarning, match="Group 'new .' was not in fit"):
                expected = one_by_one(alone, rows)
            with pytest.warns(UserWarning, match="was not in fit") as told:
                found = together.push(rows)
            texts = [str(one.message) for one in told]
            assert [text[:13] for text in texts] == ["Group 'new 1'", "Group 'new 2'"]
        else:
            found, expected = together.push(rows), one_by_one(alone, rows)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
def test_the_first_row_of_all_decides_whether_groups_continue_the_table(fitted):
    X = table()
    late, early = X[X.index == HOURS[45]][:3], X[X.index == HOURS[40]][3:]
    mixed = pd.concat([late, early])
    expected = one_by_one(stream(fitted), mixed)
    np.testing.assert_array_equal(stream(fitted).push(mixed), expected)
    rows = stream(fitted)
    found = [rows.push(late), rows.push(early)]
    np.testing.assert_array_equal(np.concatenate(found), expected)


def state_of(rows):
    return pickle.dumps(rows._memory)


WRONG = {
    "late": (lambda X: X.set_axis([*X.index[:-1], HOURS[3]]), "order of time"),
    "infinite": (lambda X: X.assign(load=[*X["load"][:-1], np.inf]), "infinity"),
    "text": (
        lambda X: X.astype({"load": object}).assign(load=[*X["load"][:-1], "much"]),
        "'much'",
    ),
    "no time": (lambda X: X.set_axis([*X.index[:-1], pd.NaT]), "NaT"),
    "no shop": (lambda X: X.assign(shop=[*X["shop"][:-1], None]), "missing"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("n_before", [0, 2])
def test_a_wrong_row_is_named_and_none_is_taken(fitted, name, n_before):
    spoil, message = WRONG[name]
    steps = steps_of(table()[lambda X: X.index >= HOURS[40]])
    rows, other = stream(fitted), stream(fitted)
    for some in steps[:n_before]:
        rows.push(some), other.push(some)
    if name == "late":  # which is told within one push as well
        bad = pd.concat([steps[n_before], spoil(steps[n_before + 1])])
    else:
        bad = spoil(steps[n_before])
    before = state_of(rows)
    with pytest.raises(ValueError, match=f"^Row {len(bad) - 1} of {len(bad)}.*") as got:
        rows.push(bad)
    assert message in str(got.value)
    assert state_of(rows) == before
    good = steps[n_before]
    np.testing.assert_array_equal(rows.push(good), other.push(good))


def test_a_wrong_single_row_changes_nothing_after_others_were_taken(fitted):
    steps = steps_of(table()[lambda X: X.index >= HOURS[40]])
    rows = stream(fitted)
    rows.push(steps[0])
    row = steps[1].iloc[0]
    before = state_of(rows)
    for bad, message in [
        (row.drop("load"), "lacks 'load'"),
        ({**row, "snow": 1.0}, "'snow', which fit did not see"),
        ({**row, "load": np.inf}, "infinity"),
        ({**row, "load": "much"}, "'much'"),
        ({**row, "shop": None}, "missing"),
        (steps[0].iloc[0], "order of time"),
    ]:
        with pytest.raises(ValueError, match=message):
            rows.push(bad)
        assert state_of(rows) == before


def test_columns_that_are_not_those_of_fit_are_named(fitted):
    steps = steps_of(table()[lambda X: X.index >= HOURS[40]])
    rows = stream(fitted)
    expected = rows.push(steps[0]), rows.push(steps[1])
    rows = stream(fitted)
    with pytest.raises(ValueError, match=r"^Row 0 of 30.* lacks 'load'; fit saw"):
        rows.push(steps[0].drop(columns="load"))
    turned = steps[0][["load", "shop", "price"]]
    np.testing.assert_array_equal(rows.push(turned), expected[0])
    with pytest.raises(ValueError, match=r"^Row 0 of 30.* has 'snow', which"):
        rows.push(steps[1].assign(snow=1.0))
    np.testing.assert_array_equal(rows.push(steps[1]), expected[1])


def test_an_interrupt_takes_nothing(fitted):
    steps = steps_of(table()[lambda X: X.index >= HOURS[40]])
    rows = stream(fitted)
    rows.push(steps[0])
    before, quick = state_of(rows), rows._quick.of

    def interrupted(*args):
        raise KeyboardInterrupt

    rows._quick.of = interrupted
    with pytest.raises(KeyboardInterrupt):
        rows.push(steps[1])
    rows._quick.of = quick
    assert state_of(rows) == before


INDEXES = {
    "hours": HOURS,
    "seconds": HOURS.as_unit("s"),
    "zone": HOURS.tz_localize("Europe/Berlin"),
    "months": pd.date_range("2001-01-31", periods=200, freq="ME"),
    "business days": pd.bdate_range("2001-01-01", periods=200),
    "periods": pd.period_range("2001-01", periods=200, freq="M"),
    "years": pd.Index(range(1800, 2000)),
    "durations": pd.to_timedelta(range(200), "h"),
    "text": pd.Index([f"row {i:04}" for i in range(200)]),
}


@pytest.mark.parametrize("name", INDEXES)
@pytest.mark.parametrize("kind", ["labels", "default", "dicts"])
def test_every_kind_of_index(name, kind):
    index = INDEXES[name]
    X = table(30, SHOPS[:4], index)
    window = SlidingWindow(4, group_by="shop", flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge())
    pipe.fit(X[:80], X["price"][:80])
    expected = one_by_one(stream(pipe), X[80:])
    if kind != "labels" and name == "text":
        with pytest.raises(ValueError, match="do not tell which comes after"):
            stream(pipe).push(X[80:84].reset_index(drop=True))
        return
    rows = stream(pipe)
    found = []
    for step in range(80, 120, 4):
        some = X[step : step + 4]
        if kind == "dicts":
            found += [[rows.push(row.to_dict()) for _, row in some.iterrows()]]
            continue
        if kind == "default" and name != "years":
            some = some.reset_index(drop=True)
        found.append(rows.push(some))
    # BLAS rounds the sum of one row of a linear model as it likes.
    np.testing.assert_allclose(np.concatenate(found), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "int64", "Float64", "object", "bool"])
def test_every_type_of_column(dtype):
    X = table(40, SHOPS[:4])
    X = X.assign(load=(10 * X["load"]).round())
    if dtype == "bool":
        X = X.assign(load=X["load"] > 0)
    X = X.astype({"load": dtype})
    pipe = network(X[:120])
    expected = one_by_one(stream(pipe), X[120:])
    rows = stream(pipe)
    found = [rows.push(some) for some in steps_of(X[120:])]
    np.testing.assert_array_equal(np.concatenate(found), expected)
    rows = stream(pipe)
    found = [rows.push(row) for _, row in X[120:].iterrows()]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("history", ["fit", None])
def test_arrays_of_many_groups(history):
    X = table(40, SHOPS[:4])
    X = X.assign(shop=X["shop"].str[-1].astype(float)).to_numpy()
    window = SlidingWindow(4, group_by=1, history=history)
    model = LSTMRegressor(units=3, epochs=1, random_state=0)
    pipe = make_pipeline(window, model).fit(X[:80], X[:80, 0])
    alone, together = stream(pipe), stream(pipe)
    for step in range(80, 160, 4):
        some = X[step : step + 4]
        expected = [alone.push(row) for row in some]
        np.testing.assert_array_equal(together.push(some), expected)
    later = np.concatenate([X[80:], X[-4:]])
    np.testing.assert_array_equal(pipe.predict(later)[-4:], expected)


def test_groups_in_the_index_and_steps_before_the_window():
    X = table(40, SHOPS[:4])
    levels = X.set_index("shop", append=True)
    window = SlidingWindow(4, group_by="shop", flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge())
    rows = stream(pipe.fit(levels[:80], levels["price"][:80]))
    expected = [rows.push(levels[i : i + 1]) for i in range(80, 100)]
    np.testing.assert_array_equal(stream(pipe).push(levels[80:100]), expected)
    with pytest.raises(ValueError, match=r"Row 3 of 4 .*order of time"):
        stream(pipe).push(levels.iloc[[81, 82, 83, 82]])

    one = X[X["shop"] == "shop 0"][["price", "load"]]
    window = SlidingWindow(4, flatten=True, history="fit")
    pipe = make_pipeline(StandardScaler(), window, SimpleImputer(), Ridge())
    rows = stream(pipe.fit(one[:20], one["price"][:20]))
    expected = one_by_one(stream(pipe), one[20:])
    np.testing.assert_array_equal(rows.push(one[20:]), expected)
    step = FunctionTransformer(lambda X: X.cumsum())
    window = SlidingWindow(4, flatten=True)
    pipe = make_pipeline(step, window, SimpleImputer(), Ridge())
    rows = stream(pipe.fit(one[:20], one["price"][:20]))
    rows.push(one[20:21])
    before = state_of(rows)
    with pytest.raises(ValueError, match=r"Row 0 of 3 .*keeps no rows for steps"):
        rows.push(one[21:24])
    assert state_of(rows) == before


def test_a_transformed_target():
    X = table(40, SHOPS[:4])
    window = SlidingWindow(4, group_by="shop", flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge())
    forecaster = TransformedTargetForecaster(pipe, difference=1)
    forecaster.fit(X[:80], X["price"][:80])
    alone, together = stream(forecaster), stream(forecaster)
    expected = one_by_one(alone, X[80:100])
    np.testing.assert_array_equal(together.push(X[80:92]), expected[:12])
    with pytest.raises(ValueError, match=r"Row 8 of 9 .*order of time"):
        together.push(X.iloc[[*range(92, 100), 96]])
    np.testing.assert_array_equal(together.push(X[92:100]), expected[12:])


def test_frames_of_polars(fitted):
    import polars as pl

    step = steps_of(table()[lambda X: X.index >= HOURS[40]])[0]
    expected = stream(fitted).push(step.reset_index(drop=True))
    np.testing.assert_array_equal(stream(fitted).push(pl.from_pandas(step)), expected)


def test_the_prediction_of_a_row_has_the_shape_of_y():
    X = table(40, SHOPS[:4])
    window = SlidingWindow(4, group_by="shop", flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge())
    pipe.fit(X[:80], X[["price", "load"]][:80])
    assert stream(pipe).push(X[80:84]).shape == (4, 2)
    assert stream(pipe).push(X[80:81]).shape == (2,)


def panel_of_numbers():
    table = pd.DataFrame({"g": [0.0, 1.0] * 4, "v": np.arange(8.0)})
    window = SlidingWindow(2, flatten=True, group_by="g")
    return make_pipeline(window, CompleteCaseRegressor(LinearRegression())), table


def assert_close(found, expected):
    """Linear models sum single rows in another order."""
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_first_batch_without_labels_is_that_of_single_pushes():
    pipe, table = panel_of_numbers()
    fitted = pipe.fit(table, table["v"])
    one_by_one, together = stream(fitted), stream(fitted)
    for more in (0, 5, 9):
        rows = pd.DataFrame({"g": [0.0, 1.0], "v": [100.0 + more, 200.0]})
        tables = (rows.iloc[[i]].reset_index(drop=True) for i in range(2))
        expected = [one_by_one.push(row) for row in tables]
        assert_close(together.push(rows), expected)


def test_an_array_may_open_groups_of_a_table_with_names():
    pipe, table = panel_of_numbers()
    fitted = pipe.fit(table, table["v"])
    rows = np.array([[0, 20.0], [1, 21.0], [0, 22.0]])
    one_by_one = stream(fitted)
    expected = [one_by_one.push(row) for row in rows]
    assert_close(stream(fitted).push(rows), expected)


def test_an_error_of_later_rows_of_a_batch_names_the_row():
    X = pd.DataFrame({"a": np.arange(9.0)})
    window = SlidingWindow(1, horizon=0, flatten=True, history="fit")
    live = stream(make_pipeline(window, LinearRegression()).fit(X, X["a"]))
    with pytest.raises(ValueError, match=r"Row 2 of 3 .*NaN"):
        live.push(pd.DataFrame({"a": [1.0, 2.0, np.nan]}))


def test_an_array_that_is_filled_again_changes_no_earlier_row():
    pipe, table = panel_of_numbers()
    pipe = pipe.set_params(slidingwindow__group_by=0, slidingwindow__history="fit")
    fitted = pipe.fit(table.to_numpy(), table["v"].to_numpy())
    kept, filled = stream(fitted), stream(fitted)
    buffer, expected, found = np.empty((1, 2)), [], []
    for row in ([0, 15.0], [1, 200.0], [1, 210.0]):
        buffer[:] = row
        found.append(filled.push(buffer)[0])
        expected.append(kept.push(np.array([row]))[0])
    assert_close(found, expected)


def test_rows_with_a_float_index_are_all_taken():
    X = pd.DataFrame({"a": np.arange(20.0)}, index=np.arange(-10.0, 10.0))
    regressor = CompleteCaseRegressor(LinearRegression())
    pipe = make_pipeline(SlidingWindow(2, flatten=True), regressor)
    fitted = pipe.fit(X.iloc[:8], X["a"].iloc[:8])
    live, one_by_one = stream(fitted), stream(fitted)
    rows = [X.iloc[8:11], X.iloc[11:]]
    found = [live.push(some) for some in rows]
    expected = [one_by_one.push(X.iloc[i : i + 1]) for i in range(8, 20)]
    assert_close(np.concatenate(found), expected)
