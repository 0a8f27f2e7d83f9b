"""Rows that are missing within a table, and rows whose windows start cold."""

import datetime
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline

from sklstm.forecasting import stream
from sklstm.model_selection import PurgedKFold
from sklstm.preprocessing import SlidingWindow

LENGTH = 4


def table(index):
    return pd.DataFrame({"a": np.arange(1.0, len(index) + 1)}, index)


def shifted(X, full):
    """The windows of X by pandas, with the rows of `full` that X lacks put in."""
    grid = X["a"].reindex(full)
    lags = [grid.shift(lag).loc[X.index] for lag in range(LENGTH, 0, -1)]
    return np.column_stack(lags)


def windows_and_warnings(X, **params):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        windows = SlidingWindow(LENGTH, flatten=True, **params).fit_transform(X)
    return np.asarray(windows), [str(one.message) for one in told]


# ------------------------------------------------------------ the frequency of an index
FREQUENCIES = ["2B", "3B", "SMS", "SME", "BMS", "BME", "2BMS", "BQE", "BYE", "bh"]
OPENINGS = {
    "ten hours": pd.offsets.BusinessHour(start="08:00", end="18:00"),
    "eight hours from seven on": pd.offsets.BusinessHour(start="07:30", end="15:30"),
}


@pytest.mark.parametrize("lost", [[], [20], [20, 21, 40]], ids=len)
@pytest.mark.parametrize("freq", [*FREQUENCIES, *OPENINGS])
def test_calendars_are_read_with_and_without_holes(freq, lost):
    full = pd.date_range("2024-01-01", periods=80, freq=OPENINGS.get(freq, freq))
    full = pd.DatetimeIndex(full.to_numpy())  # as of a file: without a frequency
    X = table(full).drop(full[lost])
    windows, told = windows_and_warnings(X)
    np.testing.assert_array_equal(windows, shifted(X, full))
    assert [one.split()[0] for one in told] == [str(len(lost))] * bool(lost)


@pytest.mark.filterwarnings("ignore:.* between the rows of fit and X")
def test_business_hours_go_on_as_they_did():
    hours = pd.date_range("2024-01-01", periods=80, freq=OPENINGS["ten hours"])
    X = table(pd.DatetimeIndex(hours.to_numpy()))
    window = SlidingWindow(2).fit(X[:60])
    later = np.asarray(window.transform(X[62:]))[0, :, 0]  # two rows are between
    assert np.isnan(later).all()
    later = np.asarray(window.transform(X[61:]))[0, :, 0]
    np.testing.assert_array_equal(later, [60.0, np.nan])


@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("start", ["2024-03-01 02:30", "2024-10-01 02:30"])
@pytest.mark.parametrize("lost", [[], [31, 35], [29, 30, 31]], ids=len)
def test_days_at_an_hour_that_clocks_skip_or_have_twice(start, lost):
    first = pd.date_range(start, periods=60).tz_localize(
        "Europe/Berlin", ambiguous=np.ones(60, dtype=bool), nonexistent="shift_forward"
    )
    # As kept in UTC: the hour by the clock changes with it.
    second = pd.date_range(start, periods=60, tz="UTC").tz_convert("Europe/Paris")
    second -= pd.Timedelta(hours=1)
    for full in (first, second):
        X = table(full).drop(full[lost])
        expected = shifted(X, full)
        window = SlidingWindow(LENGTH, flatten=True)
        np.testing.assert_array_equal(window.fit_transform(X), expected)
        cut = 28
        later = window.fit(X[:cut]).transform(X[cut:])
        np.testing.assert_array_equal(later, expected[cut:])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint64])
def test_narrow_labels_are_counted_as_others(dtype):
    full = pd.Index(np.arange(-120, 120) if dtype == np.int8 else np.arange(240))
    X = table(full).drop(full[10:-10])
    expected = shifted(X, full)
    windows, _ = windows_and_warnings(X.set_axis(X.index.astype(dtype)))
    np.testing.assert_array_equal(windows, expected)


@pytest.mark.parametrize(
    "freq",
    [
        pd.offsets.CustomBusinessDay(weekmask="Sun Mon Tue Wed Thu"),
        pd.offsets.CustomBusinessHour(weekmask="Mon Tue Wed Thu Fri Sat"),
    ],
    ids=["days", "hours"],
)
def test_an_index_may_bring_a_calendar_with_rows_on_weekends(freq):
    full = pd.date_range("2024-01-01", periods=80, freq=freq)
    windows, told = windows_and_warnings(table(full))
    np.testing.assert_array_equal(windows, shifted(table(full), full))
    assert told == []


def test_days_of_a_weekly_plan_are_taken_as_they_stand_and_told():
    full = pd.bdate_range(
        "2024-01-01", periods=60, freq="C", weekmask="Mon Wed Fri", name="day"
    )
    X = table(pd.DatetimeIndex(full.to_numpy())).drop(full[[20]])
    windows, (told,) = windows_and_warnings(X)
    assert told.startswith("The times of X are not equally far apart")
    np.testing.assert_array_equal(windows, shifted(X, X.index))


NUMBERS = {
    "years": pd.Index(range(1950, 2010), name="year"),
    "every fifth": pd.Index(range(0, 300, 5)),
    "numbered rows": pd.RangeIndex(60),
    "durations": pd.timedelta_range("0h", periods=60, freq="15min"),
}


@pytest.mark.parametrize("history", ["auto", "fit", None])
@pytest.mark.parametrize("lost", [[], [20], [20, 21, 40]], ids=len)
@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_that_are_left_out_are_missing_steps(kind, lost, history):
    full = NUMBERS[kind]
    X = table(full).drop(full[lost])
    windows, told = windows_and_warnings(X, history=history)
    np.testing.assert_array_equal(windows, shifted(X, full))
    assert [one.split()[0] for one in told] == [str(len(lost))] * bool(lost)


def test_rows_that_dropna_took_are_missing_within_and_between_tables():
    full = table(pd.RangeIndex(60))
    X = full.copy()
    X.loc[[7, 30, 31], "a"] = np.nan
    X = X.dropna()
    windows, told = windows_and_warnings(X)
    np.testing.assert_array_equal(windows, shifted(X, full.index))
    assert len(told) == 1
    window = SlidingWindow(LENGTH, flatten=True).fit(X[10:20])
    with pytest.warns(UserWarning, match="^2 rows are missing within X"):
        later = window.transform(X[20:])
    np.testing.assert_array_equal(later, windows[20:])


def test_numbers_of_few_neighbours_are_names():
    chosen = np.random.default_rng(0).random(200) < 0.4
    X = table(pd.RangeIndex(200))[chosen]
    windows, told = windows_and_warnings(X)
    np.testing.assert_array_equal(windows, shifted(X, X.index))
    assert not told


def test_numbers_of_all_rows_tell_no_time_of_a_group():
    X = table(pd.RangeIndex(60)).assign(shop=[*"ab"] * 30)
    X = X.drop([10, 12])  # two rows of shop a
    windows, told = windows_and_warnings(X, group_by="shop")
    a = X["shop"] == "a"
    np.testing.assert_array_equal(windows[a], shifted(X[a], X.index[a]))
    assert not told
    # Years that the groups share do.
    years = pd.Index([*range(1950, 1980)] * 2)
    X = table(years).assign(country=np.repeat([*"ab"], 30))
    X = X[np.arange(60) != 20]
    windows, told = windows_and_warnings(X, group_by="country")
    a = X["country"] == "a"
    np.testing.assert_array_equal(windows[a], shifted(X[a], years[:30]))
    assert told[0].startswith("1 row is missing within X")


def day(number):
    return datetime.date(2024, 1, 1) + datetime.timedelta(days=number)


@pytest.mark.parametrize(
    "labels",
    [
        [day(i) for i in range(20)],
        [str(day(i)) for i in range(20)],
        [f"01/{i + 1:02}/2024" for i in range(20)],
        pd.Index([pd.Timestamp(day(i)) for i in range(20)], dtype=object),
    ],
    ids=["dates", "text", "american text", "objects"],
)
def test_dates_that_are_not_parsed_are_told_at_fit(labels):
    X = table(pd.Index(labels)).drop(labels[10])
    with pytest.warns(UserWarning, match=r"holds dates as .* pd\.to_datetime") as told:
        window = SlidingWindow(LENGTH).fit(X)
    assert len(told) == 1
    window.transform(X)
    SlidingWindow(LENGTH, gaps="ignore").fit(X)
    parsed = X.set_axis(pd.to_datetime(X.index))
    with pytest.warns(UserWarning, match="^1 row is missing within X"):
        SlidingWindow(LENGTH).fit(parsed)


@pytest.mark.parametrize(
    "labels",
    [[f"row {i:02}" for i in range(20)], [f"{i:02}a" for i in range(20)], [*range(20)]],
)
def test_names_are_no_dates(labels):
    _, told = windows_and_warnings(table(pd.Index(labels)))
    assert told == []


# ------------------------------------------------------------------------- warnings
HOURS = pd.date_range("2024-01-01", periods=200, freq="h")


def pipeline():
    return make_pipeline(
        SlidingWindow(24, flatten=True),
        SimpleImputer(strategy="constant", fill_value=0.0),
        Ridge(),
    )


@pytest.mark.parametrize("index", [HOURS, pd.RangeIndex(200)], ids=["hours", "numbers"])
@pytest.mark.parametrize("cv", ["KFold", "PurgedKFold", "TimeSeriesSplit"])
def test_folds_of_neighbours_warn_of_nothing(index, cv):
    X, pipe = table(index), pipeline()
    cv = {
        "KFold": KFold(5),
        "PurgedKFold": PurgedKFold(5, pipeline=pipe),
        "TimeSeriesSplit": TimeSeriesSplit(5),
    }[cv]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        scores = cross_validate(pipe, X, X["a"], cv=cv, return_train_score=True)
    assert told == []
    assert np.isfinite(scores["train_score"]).all()


def test_shuffled_folds_get_one_short_text():
    X, cv = table(HOURS), KFold(5, shuffle=True, random_state=0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        cross_validate(pipeline(), X, X["a"], cv=cv, return_train_score=True)
    (text,) = {str(one.message) for one in told}
    assert text.startswith("About 20 % of the rows are missing within X")
    assert len(told) == 5  # of as many fits


def test_an_outage_that_is_no_fold_is_counted():
    X = table(HOURS).drop(HOURS[50:56])  # shorter than a window
    with pytest.warns(
        UserWarning, match="^6 rows are missing within X, by its index, "
    ):
        SlidingWindow(24).fit(X)
    X = table(HOURS).drop(HOURS[[*range(50, 80), *range(120, 150)]])  # two holes
    with pytest.warns(UserWarning, match="^About 30 % of the rows are missing"):
        SlidingWindow(24).fit(X)


# ---------------------------------------------------------- rows that are read again
ODD_HOURS = HOURS + pd.to_timedelta(np.arange(200) ** 2 % 1500, unit="s")
NAMES = pd.Index([f"row {i:03}" for i in range(200)])


@pytest.mark.filterwarnings("ignore:The times of X are not equally far apart")
@pytest.mark.parametrize("first", [140, 100, 1])
@pytest.mark.parametrize("index", [HOURS, pd.RangeIndex(200)], ids=["hours", "numbers"])
def test_rows_within_the_fitted_ones_are_told_to_start_cold(index, first):
    X = table(index)
    pipe = pipeline().fit(X[:150], X["a"][:150])
    rows = X[first:150]
    # 24 rows are remembered, and the rows of X itself come first.
    n_cold = min(24 - max(first - 126, 0), len(rows))
    with pytest.warns(UserWarning, match=f"^{n_cold} of the {len(rows)} rows of X sta"):
        cold = pipe.predict(rows)
    # What the message says to do.
    warm = pipe.predict(X[:150])[first:]
    wrong = ~np.isclose(cold, warm)
    assert wrong.any()
    assert not wrong[n_cold:].any()
    pipe.set_params(slidingwindow__history=None).predict(rows)


@pytest.mark.filterwarnings("ignore:The times of X are not equally far apart")
@pytest.mark.parametrize("index", [ODD_HOURS, NAMES], ids=["odd hours", "names"])
def test_the_last_rows_are_known_again_whatever_their_labels(index):
    X = table(index)
    window = SlidingWindow(24).fit(X[:150])
    with pytest.warns(UserWarning, match=r"^10 of the 10 rows of X start cold"):
        window.transform(X[140:150])


@pytest.mark.filterwarnings("ignore:The times of X are not equally far apart")
@pytest.mark.parametrize("index", [HOURS, ODD_HOURS, pd.RangeIndex(200), NAMES])
@pytest.mark.parametrize(
    "rows", [(0, 150), (0, 10), (140, 160), (150, 160), (180, 200)]
)
def test_a_cold_start_is_right_elsewhere(index, rows):
    X = table(index)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        SlidingWindow(24).fit(X[:150]).transform(X[slice(*rows)])
        SlidingWindow(24).fit(X[50:150]).transform(X[20:30])  # before all of these
        SlidingWindow(9).fit(X[141:150]).transform(X[145:150])  # all are remembered
    assert not [one for one in told if "cold" in str(one.message)]


def test_rows_of_groups_that_are_read_again_are_counted():
    X = pd.concat([table(HOURS), table(HOURS)]).assign(shop=np.repeat([*"ab"], 200))
    window = SlidingWindow(24, group_by="shop").fit(X)
    some = X[(X.index >= HOURS[100]) & (X.index < HOURS[150])]
    with pytest.warns(UserWarning, match="^48 of the 100 rows of X start cold"):
        window.transform(some)
    window.transform(X[X["shop"] == "a"])


# ------------------------------------------------------------- whole numbers as floats
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("step", [1, 10])
def test_years_that_are_floats_have_gaps_as_integers_have(step, dtype):
    years = np.arange(1900, 1900 + 40 * step, step)
    full = pd.Index(years.astype(dtype))
    X = table(full).drop(full[[5, 17, 18]])
    windows, told = windows_and_warnings(X)
    np.testing.assert_array_equal(windows, shifted(X, full))
    (one,) = told
    assert one.startswith("3 rows are missing within X")
    window = SlidingWindow(LENGTH, flatten=True).fit(table(full)[:20])
    with pytest.warns(UserWarning, match="2 rows are missing between"):
        later = window.transform(table(full)[22:])
    expected = shifted(table(full).drop(full[20:22]), full)[20:]
    np.testing.assert_array_equal(later, expected)


@pytest.mark.parametrize("cut", [20, 21])
def test_floats_some_of_which_are_whole_go_on(cut):
    X = table(pd.Index(np.arange(40) / 2))  # row by row whole and not
    X = X[(X.index < 6) | (X.index >= 8)]  # which is no gap: they may be of anything
    windows, told = windows_and_warnings(X)
    assert told == []
    window = SlidingWindow(LENGTH, flatten=True).fit(X[:cut])
    np.testing.assert_array_equal(window.transform(X[cut:]), windows[cut:])
    np.testing.assert_array_equal(window.transform(X[cut : cut + 1])[0], windows[cut])


# --------------------------------------------------------- rows that are not watched
OPEN = pd.date_range("2026-01-05", periods=60)
UNWATCHED = {
    "Monday to Saturday": OPEN[OPEN.day_of_week < 6],
    "every tenth hour or so": ODD_HOURS[:60],
    "numbers without a frequency": pd.Index(np.arange(60) ** 2),
    "days with a hole": OPEN.delete(slice(20, 40)),
    "names": NAMES[:60],
}


@pytest.mark.parametrize("cut", [12, 21, 30])
@pytest.mark.parametrize("horizon", [0, 1, 3])
@pytest.mark.parametrize("index", UNWATCHED)
def test_ignored_gaps_are_so_between_two_tables(index, horizon, cut):
    X = table(UNWATCHED[index])
    window = SlidingWindow(LENGTH, horizon=horizon, gaps="ignore", flatten=True)
    lags = range(LENGTH - 1 + horizon, horizon - 1, -1)
    expected = np.column_stack([X["a"].shift(lag) for lag in lags])
    window.fit(X[:cut])
    np.testing.assert_array_equal(window.transform(X[cut:]), expected[cut:])
    np.testing.assert_array_equal(
        window.transform(X[cut + 5 :])[0, -1:],
        (expected[cut, -1:] if horizon else expected[cut + 5, -1:]),
    )  # rows that are left out between the two
    # Rows that fit saw begin as they do elsewhere.
    np.testing.assert_array_equal(window.transform(X), expected)
    within = window.transform(X[cut - 1 :])
    np.testing.assert_array_equal(within[:, -1], expected[cut - 1 :, -1])


def test_ignored_gaps_are_so_between_two_tables_of_groups():
    rng = np.random.default_rng(0)
    parts = [
        table(OPEN[np.sort(rng.choice(60, 30, replace=False))]).assign(shop=shop)
        for shop in "abc"
    ]
    X = pd.concat(parts).sort_index(kind="stable")
    expected = X.groupby("shop")["a"].shift(1)
    window = SlidingWindow(1, group_by="shop", gaps="ignore", flatten=True)
    past = X.index < OPEN[30]
    later = window.fit(X[past]).transform(X[~past])
    np.testing.assert_array_equal(later[:, 0], expected[~past])


def test_a_stream_goes_on_after_days_that_are_ignored():
    X = table(OPEN[OPEN.day_of_week < 6])
    window = SlidingWindow(LENGTH, gaps="ignore", flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X[:12], X["a"][:12] ** 2)
    rows, expected = stream(pipe), pipe.predict(X)
    found = [rows.push(row) for _, row in X[12:].iterrows()]
    np.testing.assert_allclose(found[:-1], expected[13:])


# --------------------------------------------------- what is known of the row itself
@pytest.mark.filterwarnings("ignore:.* missing within X")
@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("shops", [1, 2])
@pytest.mark.parametrize("lost", [[], [5, 6, 20]], ids=len)
def test_flat_windows_know_of_a_row_whatever_is_missing_before(lost, shops, horizon):
    rng = np.random.default_rng(0)
    parts, expected = [], []
    for shop in range(shops):
        full = pd.DataFrame(
            {"sold": rng.normal(size=40), "offer": rng.normal(size=40)}, HOURS[:40]
        )
        X = full.drop(HOURS[lost])
        grid = X.reindex(HOURS[:40])
        columns = []
        for lag in range(horizon + 1, horizon - 1, -1):
            columns += [grid["sold"].shift(lag), grid["offer"].shift(lag - horizon)]
        expected.append(pd.concat(columns, axis=1).loc[X.index])
        parts.append(X.assign(shop=shop))
    X, expected = pd.concat(parts), pd.concat(expected)
    params = {"horizon": horizon, "known": "offer", "flatten": True}
    window = SlidingWindow(2, group_by="shop", **params)
    np.testing.assert_array_equal(window.fit_transform(X), expected)
    cut = HOURS[25]
    later = window.fit(X[X.index < cut]).transform(X[X.index >= cut])
    np.testing.assert_array_equal(later, expected[X.index >= cut])
    if shops == 1:
        window = SlidingWindow(2, **params)
        alone = X.drop(columns="shop")
        np.testing.assert_array_equal(window.fit_transform(alone), expected)


# --------------------------------------------- rows of several entities without groups
def test_entities_in_an_index_of_levels_are_told_without_groups():
    days = pd.date_range("2026-01-01", periods=5)
    shops = pd.MultiIndex.from_product([["a", "b"], days], names=["shop", "day"])
    numbers = pd.MultiIndex.from_product([[7, 8], days], names=["shop", "day"])
    by_day = shops.swaplevel().sort_values()
    for index in (
        shops,
        numbers,
        by_day,
        shops.set_levels(days.to_period("D"), level=1),
    ):
        X = table(index)
        _, told = windows_and_warnings(X)
        assert "go across entities. Name the level that tells" in "".join(told)
        _, told = windows_and_warnings(X, group_by="shop")
        assert told == []
    one = pd.MultiIndex.from_product([["a"], days])
    assert windows_and_warnings(table(one))[1] == []


def test_a_night_that_is_ignored_within_a_table_is_ignored_between_two():
    days = pd.bdate_range("2026-01-01", periods=8)
    times = [day + pd.Timedelta(hours=9, minutes=m) for day in days for m in range(60)]
    X = table(pd.DatetimeIndex(times))
    window = SlidingWindow(LENGTH, gaps="ignore", flatten=True)
    expected = np.column_stack([X["a"].shift(lag) for lag in range(LENGTH, 0, -1)])
    cut = 60 * 6
    later = window.fit(X[:cut]).transform(X[cut:])
    np.testing.assert_array_equal(later, expected[cut:])
    both = pd.concat([X.assign(shop="a"), X.assign(shop="b")]).sort_index()
    grouped = SlidingWindow(LENGTH, gaps="ignore", flatten=True, group_by="shop")
    later = grouped.fit(both[: 2 * cut]).transform(both[2 * cut :])
    np.testing.assert_array_equal(later, expected[cut:].repeat(2, axis=0))
    week = X[cut:].set_axis(X.index[cut:] + pd.Timedelta(days=7))
    np.testing.assert_array_equal(window.transform(week), expected[cut:])


# ------------------------------------------------- rows missing between two tables
def told_between(fitted, X, **params):
    window = SlidingWindow(**{"window_length": LENGTH, **params}).fit(fitted)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        window.transform(X)
    return [str(one.message) for one in told]


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("n_lost", [*range(9), 24, 40, 41, 60])
def test_a_gap_between_tables_is_told_unless_it_is_longer_than_the_first(
    n_lost, horizon
):
    X = table(HOURS)
    told = told_between(X[:40], X[40 + n_lost :], horizon=horizon)
    if 0 < n_lost <= 40:
        (told,) = told
        rows = "1 row is" if n_lost == 1 else f"{n_lost} rows are"
        assert told.startswith(f"{rows} missing between the rows of fit and X")
        assert ("nothing else" in told) == (n_lost >= LENGTH + horizon - 1)
        assert "backtest" in told
    else:
        assert not told


def test_a_gap_between_tables_is_told_where_a_window_lacks_it():
    X = table(HOURS)
    # The windows of these two rows end with the last row of fit, and before it.
    assert not told_between(X[:100], X[102:104], horizon=4)
    assert told_between(X[:100], X[102:105], horizon=4)
    assert not told_between(X[:100], X[102:], history=None)
    assert not told_between(X[:100], X[102:], history="fit")
    assert not told_between(X[:100], X[102:], gaps="ignore")
    assert not told_between(X[:100], X[50:])
    # The window of a row is the row itself, which no gap is in.
    assert not told_between(X[:100], X[110:], window_length=1, horizon=0)


def test_a_gap_is_that_of_most_groups():
    X = pd.concat([table(HOURS).assign(shop=shop) for shop in "abc"])
    late = X.index >= HOURS[100]
    by = {"group_by": "shop"}
    (told,) = told_between(X[~late], X[X.index >= HOURS[102]], **by)
    assert told.startswith("Up to 2 rows are missing, in a group, between the rows")
    assert not told_between(X[~late], X[late], **by)
    one_is_later = late & ((X["shop"] != "b") | (X.index >= HOURS[102]))
    assert not told_between(X[~late], X[one_is_later], **by)


def test_each_fold_tells_of_a_gap_in_the_same_words():
    X = table(HOURS)
    pipe = make_pipeline(SlidingWindow(LENGTH, flatten=True), SimpleImputer(), Ridge())
    for n_lost, n_texts in {0: 0, 3: 1, LENGTH: 1, 12: 1}.items():
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            cross_validate(pipe, X, X["a"], cv=TimeSeriesSplit(4, gap=n_lost))
        assert len({str(one.message) for one in told}) == n_texts


def test_times_of_several_zones_are_told_how_to_be_read():
    hours = HOURS[:6].tz_localize("UTC")
    mixed = [t.tz_convert("Asia/Tokyo") if i % 2 else t for i, t in enumerate(hours)]
    index = pd.Index(mixed, dtype=object)
    with pytest.warns(UserWarning, match=r"to_datetime\(X\.index, utc=True\), and"):
        SlidingWindow(2, history=None).fit(table(index))
    assert pd.to_datetime(index, utc=True).equals(hours)
