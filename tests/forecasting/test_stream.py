"""Rows one at a time, beside `predict` over the table of all of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import make_multistep, stream

HOURS = pd.date_range("2026-01-01", periods=150, freq="h")


def table(n_rows=120, shops="a"):
    rng = np.random.default_rng(0)
    parts = [
        pd.DataFrame(
            {
                "price": rng.normal(size=n_rows).cumsum(),
                "load": rng.normal(size=n_rows),
            },
            index=HOURS[:n_rows],
        ).assign(shop=shop)
        for shop in shops
    ]
    return pd.concat(parts).sort_index(kind="stable")


def by_predict(fitted, X, horizon):
    """Predict, for each row, the row `horizon` later, from the table that ends there.

    All windows of a table are those of the tables that grow to it.
    """
    ahead = []
    for _, rows in X.groupby("shop", sort=False):
        later = rows.iloc[[-1] * horizon].copy()
        later.index = rows.index[-1] + pd.to_timedelta(range(1, horizon + 1), "h")
        ahead.append(later)
    grown = pd.concat([X, *ahead]) if horizon else X
    predicted = fitted.predict(grown)
    found = np.empty(len(X))
    for shop in X["shop"].unique():
        of_group = predicted[(grown["shop"] == shop).to_numpy()]
        found[(X["shop"] == shop).to_numpy()] = of_group[horizon:]
    return found


@pytest.mark.filterwarnings("ignore:y is the column")
@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.parametrize("horizon", [0, 1, 3])
@pytest.mark.parametrize("gap", [0, 2, 30])
def test_a_stream_is_predict_on_the_growing_table(horizon, gap):
    X = table(shops="abc")
    window = SlidingWindow(6, horizon=horizon, group_by="shop")
    pipe = make_pipeline(window, PerFeatureScaler(), LSTMRegressor(units=4, epochs=2))
    pipe.fit(X[:240], X["price"][:240])
    new = X[240 + 3 * gap :]
    rows = stream(pipe)
    found = [rows.push(row) for _, row in new.iterrows()]
    np.testing.assert_allclose(found, by_predict(pipe, new, horizon), atol=1e-5)


def test_steps_before_and_after_the_window_and_frames_of_one_row():
    X = table()[["price", "load"]]
    window = SlidingWindow(4, history="fit", flatten=True)
    pipe = make_pipeline(StandardScaler(), window, SimpleImputer(), Ridge())
    pipe.fit(X[:80], X["price"][:80])
    rows = stream(pipe)
    found = [rows.push(X.iloc[[i]]) for i in range(80, 119)]
    np.testing.assert_allclose(found, pipe.predict(X[80:])[1:])
    rows = stream(pipe)
    assert rows.push(X.iloc[80].to_dict()) == pytest.approx(found[0])


def test_arrays_begin_cold_or_after_the_fitted_rows():
    X = table()[["price", "load"]].to_numpy()
    for history in ("fit", None):
        window = SlidingWindow(4, history=history)
        pipe = make_pipeline(window, LSTMRegressor(units=3, epochs=1))
        pipe.fit(X[:80], X[:80, 0])
        rows = stream(pipe)
        found = [rows.push(row) for row in X[80:]]
        expected = pipe.predict(X[80:])[1:]
        np.testing.assert_allclose(found[:-1], expected, rtol=1e-5, atol=1e-5)


def test_a_new_group_comes_in_the_middle_and_starts_cold():
    X = table(shops="ab")
    known = X[X["shop"] == "a"]
    window = SlidingWindow(5, group_by="shop")
    pipe = make_pipeline(window, LSTMRegressor(units=3, epochs=1))
    pipe.fit(known[:80], known["price"][:80])
    new = X[(X.index >= HOURS[80]) & ((X["shop"] == "a") | (X.index > HOURS[90]))]
    rows = stream(pipe)
    found = []
    for label, row in new.iterrows():
        if row["shop"] == "b" and label == HOURS[91]:
            with pytest.warns(UserWarning, match="Group 'b' was not in fit: it starts"):
                found.append(rows.push(row))
        else:
            found.append(rows.push(row))
    with pytest.warns(UserWarning, match="fit did not see: 'b'"):
        expected = by_predict(pipe, new, 1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_several_steps_at_once():
    X = table()[["price"]]
    trimmed, Y = make_multistep(X, X["price"], 4)
    window = SlidingWindow(5, horizon=4, flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(trimmed[:80], Y[:80])
    rows = stream(pipe)
    found = np.array([rows.push(row) for _, row in trimmed[80:].iterrows()])
    np.testing.assert_allclose(found[:-4], pipe.predict(trimmed[80:])[4:])


def test_memory_and_work_stay_the_same():
    X = table()[["price", "load"]]
    window = SlidingWindow(6, flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X[:60], X["price"][:60])
    seen = []
    predict = pipe[-1].predict
    pipe[-1].predict = lambda X: seen.append(X.shape) or predict(X)
    rows = stream(pipe)
    sizes = set()
    for _, row in X[60:].iterrows():
        rows.push(row)
        sizes.add(sum(recent.nbytes for recent in rows._memory.recent.values()))
    assert set(seen) == {(1, 12)}
    assert sizes == {6 * 2 * 8}


def test_two_streams_of_one_pipeline_do_not_mix():
    X = table()[["price", "load"]]
    window = SlidingWindow(6, flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X[:60], X["price"][:60])
    first, second = stream(pipe), stream(pipe)
    for _, row in X[60:70].iterrows():
        first.push(row)
    assert second.push(X.iloc[60]) == pytest.approx(pipe.predict(X[60:62])[1])


def test_rows_out_of_order_are_told_and_not_taken():
    X = table()[["price", "load"]]
    pipe = make_pipeline(SlidingWindow(6, flatten=True), SimpleImputer(), Ridge())
    rows = stream(pipe.fit(X[:60], X["price"][:60]))
    rows.push(X.iloc[60])
    for late in (60, 59):
        with pytest.raises(ValueError, match="Rows must come in the order of time"):
            rows.push(X.iloc[late])
    with pytest.raises(ValueError, match="can't be compared with"):
        rows.push(X.iloc[61].rename("tomorrow"))
    assert rows.push(X.iloc[61]) == pytest.approx(pipe.predict(X[60:63])[2])


@pytest.mark.parametrize("step", [lambda X: X.diff().fillna(0), lambda X: X.cumsum()])
def test_steps_that_look_at_other_rows_are_refused(step):
    X = table()[["price", "load"]]
    window = SlidingWindow(4, flatten=True)
    pipe = make_pipeline(FunctionTransformer(step), window, SimpleImputer(), Ridge())
    rows = stream(pipe.fit(X[:60], X["price"][:60]))
    rows.push(X.iloc[60])
    with pytest.raises(ValueError, match="keeps no rows for steps before the window"):
        rows.push(X.iloc[61])


def test_rows_of_a_panel_with_groups_in_the_index():
    X = table(shops="ab").set_index("shop", append=True)
    window = SlidingWindow(4, flatten=True, group_by="shop")
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(
        X[:160], X["price"][:160]
    )
    rows = stream(pipe)
    with pytest.raises(
        ValueError, match=r"push a DataFrame of one row, such as X\.iloc"
    ):
        rows.push(X.iloc[160])
    found = [rows.push(X.iloc[[i]]) for i in range(160, 180)]
    np.testing.assert_allclose(found[:-2], pipe.predict(X[160:180])[2:])


BAD = {
    "no row": (table()[["price", "load"]][:0], "one row, got a DataFrame of 0"),
    "no row of an array": (np.zeros((0, 2)), r"or several, got shape \(0, 2\)"),
    "three axes": (
        np.zeros((1, 1, 2)),
        r"shape \(n_features,\), got shape \(1, 1, 2\)",
    ),
    "features of a table": ([1.0], "1 features, but SlidingWindow is expecting 2"),
    "features": ([1.0], "1 features, but SlidingWindow is expecting 2"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_row_is_told(name):
    row, message = BAD[name]
    X = table()[["price", "load"]]
    window = SlidingWindow(6, flatten=True, history=None)
    pipe = make_pipeline(window, SimpleImputer(), Ridge())
    with pytest.raises(ValueError, match=message):
        stream(pipe.fit(X.to_numpy(), X["price"])).push(row)


def test_an_estimator_without_windows_is_refused():
    X = table()[["price", "load"]]
    with pytest.raises(ValueError, match="stream needs a pipeline"):
        stream(Ridge().fit(X, X["price"]))


def test_what_is_known_of_later_rows_is_refused():
    X = table()[["price", "load"]]
    window = SlidingWindow(4, flatten=True, known="load")
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X, X["price"])
    with pytest.raises(ValueError, match="a stream has nothing of rows to come"):
        stream(pipe)


KINDS = {
    "dicts": lambda rows: [row.to_dict() for _, row in rows.iterrows()],
    "named Series": lambda rows: [row for _, row in rows.iterrows()],
    "Series without a name": lambda rows: [
        row.rename(None) for _, row in rows.iterrows()
    ],
    "frames": lambda rows: [rows.iloc[[i]] for i in range(len(rows))],
    "frames that are numbered 0": lambda rows: [
        rows.iloc[[i]].reset_index(drop=True) for i in range(len(rows))
    ],
    "lists": lambda rows: rows.to_numpy().tolist(),
    "arrays": lambda rows: list(rows.to_numpy()),
    "all of them in turn": lambda rows: [
        list(KINDS.values())[i % 7](rows.iloc[[i]])[0] for i in range(len(rows))
    ],
}
INDEXES = {
    "hours": lambda n: pd.date_range("2026-01-01", periods=n, freq="h"),
    "months": lambda n: pd.date_range("2001-01-31", periods=n, freq="ME"),
    "numbers": lambda n: pd.RangeIndex(7, 7 + 3 * n, 3),
    "periods": lambda n: pd.period_range("2001-01", periods=n, freq="M"),
    "irregular": lambda n: pd.DatetimeIndex(
        pd.Timestamp("2026-01-01")
        + pd.to_timedelta(np.random.default_rng(1).integers(1, 99, n).cumsum(), "h")
    ),
}


@pytest.mark.filterwarnings("ignore:The times of X are not equally far apart")
@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_rows_of_every_kind(kind, index):
    X = table(150)[["price", "load"]].set_axis(INDEXES[index](150))
    window = SlidingWindow(4, flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X[:50], X["price"][:50])
    if kind == "all of them in turn" and index == "numbers":
        return  # a row numbered 0 is then row 0, if it comes first
    if kind == "frames that are numbered 0" and index == "numbers":
        expected = pipe.predict(X[50:].reset_index(drop=True))[1:]
    else:
        expected = pipe.predict(X[50:])[1:]
    rows = stream(pipe)
    found = [rows.push(row) for row in KINDS[kind](X[50:])]
    np.testing.assert_allclose(found[:-1], expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_rows_of_every_kind_with_groups(kind):
    X = table(60, shops="ab")
    window = SlidingWindow(4, flatten=True, group_by="shop")
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X[:20], X["price"][:20])
    rows = stream(pipe)
    found = [rows.push(row) for row in KINDS[kind](X[20:])]
    np.testing.assert_allclose(found[:-2], pipe.predict(X[20:])[2:])


@pytest.mark.parametrize("kind", ["lists", "arrays"])
def test_a_hundred_rows_of_arrays_with_groups(kind):
    X = table(60, shops="ab").assign(shop=lambda X: (X["shop"] == "b") * 1.0)
    X = X.to_numpy()
    window = SlidingWindow(4, flatten=True, group_by=2, history="fit")
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X[:20], X[:20, 0])
    rows = stream(pipe)
    found = [rows.push(row) for row in (X[20:].tolist() if kind == "lists" else X[20:])]
    np.testing.assert_allclose(found[:-2], pipe.predict(X[20:])[2:])


@pytest.mark.filterwarnings("ignore:The times of X are not equally far apart")
def test_steps_before_the_window_see_when_a_row_without_a_label_was():
    X = table()[["price", "load"]]
    step = FunctionTransformer(lambda X: X.assign(hour=X.index.hour % 7))
    window = SlidingWindow(4, flatten=True)
    pipe = make_pipeline(step, window, SimpleImputer(), Ridge())
    rows = stream(pipe.fit(X[:50], X["price"][:50]))
    found = [rows.push(row.to_dict()) for _, row in X[50:].iterrows()]
    np.testing.assert_allclose(found[:-1], pipe.predict(X[50:])[1:])
    irregular = X.set_axis(INDEXES["irregular"](120))
    rows = stream(pipe.fit(irregular[:50], irregular["price"][:50]))
    with pytest.raises(ValueError, match="do not tell which comes after Timestamp"):
        rows.push(X.iloc[50].to_dict())


def test_a_given_label_is_held_against_given_ones_alone():
    X = table()[["price", "load"]]
    window = SlidingWindow(4, flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X[:60], X["price"][:60])
    rows = stream(pipe)
    rows.push(X.iloc[60])
    rows.push(X.iloc[61].to_dict())
    rows.push(X.iloc[62].rename(HOURS[61]))  # the one before was some minutes earlier
    with pytest.raises(ValueError, match=r"each once: Timestamp.* came after"):
        rows.push(X.iloc[63].rename(HOURS[61]))


@pytest.mark.parametrize("lag", [1, 2, 24, 200])
def test_a_rare_event_that_a_step_carries_on_is_told_when_it_comes(lag):
    X = table(50)[["price", "load"]].assign(holiday=0.0)
    step = FunctionTransformer(
        lambda X: X.assign(before=X["holiday"].shift(lag).fillna(0.0))
    )
    window = SlidingWindow(4, flatten=True)
    pipe = make_pipeline(step, window, SimpleImputer(), Ridge())
    rows = stream(pipe.fit(X, X["price"]))
    row = {"price": 1.0, "load": 1.0, "holiday": 0.0}
    for _ in range(40):
        rows.push(row)
    rows.push({**row, "holiday": 1.0})
    for _ in range(lag - 1):
        rows.push(row)
    with pytest.raises(ValueError, match="keeps no rows for steps before the window"):
        rows.push(row)


@pytest.mark.filterwarnings("ignore:The stream starts cold")
def test_steps_that_are_known_to_work_on_each_row_are_not_tried():
    X = table()[["price", "load"]]
    window = SlidingWindow(4, flatten=True)
    pipe = make_pipeline(StandardScaler(), window, SimpleImputer(), Ridge())
    pipe.fit(X[:60], X["price"][:60])
    seen = []
    transform = pipe[0].transform
    pipe[0].transform = lambda X: seen.append(len(X)) or transform(X)
    rows = stream(pipe)
    for _, row in X[60:70].iterrows():
        rows.push(row)
    assert seen == [1] * 10


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("gaps", ["missing", "ignore"])
@pytest.mark.parametrize("shops", ["a", "ab"])
def test_rows_that_are_missing_between_pushes_are_as_within_a_table(shops, gaps):
    if "gaps" not in SlidingWindow(4).get_params():
        pytest.skip("rows follow each other as they stand")
    X = table(110, shops=shops)
    if shops == "a":
        X = X.drop(columns="shop")
    group_by = "shop" if len(shops) > 1 else None
    window = SlidingWindow(4, flatten=True, group_by=group_by, gaps=gaps)
    pipe = make_pipeline(window, SimpleImputer(), Ridge())
    n_fitted = 50 * len(shops)
    pipe.fit(X[:n_fitted], X["price"][:n_fitted])
    kept = np.random.default_rng(0).random(len(X)) < 0.7
    kept[-len(shops) :] = True
    new = X[n_fitted:][kept[n_fitted:]]
    rows = stream(pipe)
    found = [rows.push(new.iloc[[i]]) for i in range(len(new))]
    for i in range(len(new)):
        later = new.iloc[[i]].copy()
        later.index = later.index + pd.Timedelta(hours=1)
        expected = pipe.predict(pd.concat([new[: i + 1], later]))[-1]
        assert found[i] == pytest.approx(expected)


def test_names_of_a_dict_have_no_order():
    import polars as pl

    X = table()[["price", "load"]]
    pipe = make_pipeline(SlidingWindow(3, flatten=True), SimpleImputer(), Ridge())
    pipe.fit(X[:60], X["price"][:60])
    row = X.iloc[60].to_dict()
    expected = stream(pipe).push(row)
    assert stream(pipe).push(dict(reversed(row.items()))) == expected
    assert stream(pipe).push(pl.DataFrame([row])) == expected


@pytest.mark.parametrize("scaled", [False, True])
def test_columns_of_a_row_that_are_not_those_of_fit_are_named(scaled):
    X = table()[["price", "load"]]
    before = [StandardScaler().set_output(transform="pandas")] * scaled
    window = SlidingWindow(3, flatten=True)
    pipe = make_pipeline(*before, window, SimpleImputer(), Ridge())
    rows = stream(pipe.fit(X[:60], X["price"][:60]))
    row = X.iloc[60]
    with pytest.raises(
        ValueError, match=r"^The row has 'snow', which fit did not see; "
    ):
        rows.push({**row, "snow": 1.0})
    with pytest.raises(ValueError, match=r"^The row lacks 'load'; fit saw the columns"):
        rows.push(row.drop("load"))
    with pytest.raises(ValueError, match=r"has 'snow', .* and lacks 'load'; fit saw"):
        rows.push({"price": 1.0, "snow": 1.0})
    # None of them was taken.
    assert rows.push(row.to_dict()) == stream(pipe).push(row.to_dict())


def test_a_stream_that_remembers_no_rows_of_fit_says_so(recwarn):
    X = table(60)[["price"]]
    array = X.to_numpy()

    def fitted(X, *before, **params):
        window = SlidingWindow(4, flatten=True, **params)
        pipe = make_pipeline(*before, window, SimpleImputer(), Ridge())
        return pipe.fit(X, array[:, 0])

    with pytest.warns(UserWarning, match='starts cold.* history="fit"'):
        stream(fitted(array))
    with pytest.warns(UserWarning, match=r'starts cold.* set_output\(transform="pan'):
        stream(fitted(X, StandardScaler()))
    recwarn.clear()
    stream(fitted(X))
    stream(fitted(X, StandardScaler().set_output(transform="pandas")))
    stream(fitted(array, history="fit"))
    stream(fitted(array, history=None))
    assert not recwarn
