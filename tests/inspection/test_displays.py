"""Displays, beside sklearn's permutations, pandas' groupby and arithmetic by hand."""

import copy
import itertools
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import backtest, conformal_intervals, forecast
from sklstm.inspection import (
    BacktestDisplay,
    ForecastDisplay,
    LagImportanceDisplay,
    LossCurveDisplay,
)
from sklstm.inspection._lag_importance import permutation_within

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def drawn(display):
    """Draw for good, as layouts may fail only then."""
    display.figure_.canvas.draw()
    return display


def ridge(length, *before, alpha=1e-6, **kwargs):
    window = SlidingWindow(length, flatten=True, **kwargs)
    return make_pipeline(*before, window, SimpleImputer(), Ridge(alpha))


@pytest.fixture
def noise():
    """White noise of two features, and a target of one lag of each."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(600, 2)), columns=["price", "sold"])
    y = X["price"].shift(3, fill_value=0) + 0.3 * X["sold"].shift(1, fill_value=0)
    return X, y + 0.1 * rng.normal(size=600)


@pytest.fixture
def shops():
    days = pd.date_range("2026-01-01", periods=40, name="day")
    waves = {"a": 10 + np.sin(np.arange(40)), "b": 20 + np.cos(np.arange(40))}
    parts = [pd.DataFrame({"shop": s, "sold": v}, index=days) for s, v in waves.items()]
    return pd.concat(parts)


@pytest.fixture(scope="module")
def fitted_lstm():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"price": rng.normal(size=120), "other": rng.normal(size=120)})
    y = -X["price"].shift(2, fill_value=0).rename("price")
    lstm = LSTMRegressor(
        6,
        epochs=25,
        learning_rate=0.03,
        loss="quantile",
        quantiles=(0.1, 0.5, 0.9),
        early_stopping=True,
        random_state=0,
    )
    pipe = make_pipeline(SlidingWindow(4), PerFeatureScaler(), lstm)
    return pipe.fit(X, y), X, y


# ------------------------------------------------------------------ importance of lags
def test_importances_are_those_of_sklearn_on_the_flat_table(noise):
    X, y = noise
    pipe = ridge(4).fit(X[:300], y[:300])
    X, y = X[300:], y[300:]  # with history: no window lacks steps
    scoring = "neg_mean_squared_error"
    ours = LagImportanceDisplay.from_estimator(
        pipe, X, y, scoring=scoring, n_repeats=50, random_state=0
    )
    flat = pipe[0].set_output(transform="pandas").transform(X)
    assert not flat.isna().any(axis=None)
    theirs = permutation_importance(
        pipe[-1], flat.to_numpy(), y, scoring=scoring, n_repeats=50, random_state=1
    )
    frame = ours.to_frame()
    expected = pd.Series(theirs.importances_mean, index=flat.columns)
    assert list(frame.index[:2]) == ["price[t-3]", "sold[t-1]"]
    assert set(frame.index) == set(flat.columns)
    np.testing.assert_allclose(
        frame["importance"], expected[frame.index], rtol=0.05, atol=1e-3
    )


def test_importances_have_the_expectation_of_a_linear_model(noise):
    """Permuting x adds b * (x' - x) to a prediction: 2 b² var(x) + 2 b cov(r, x)."""
    X, y = noise
    pipe = ridge(3, horizon=2).fit(X[:300], y[:300])
    X, y = X[300:], y[300:]
    display = LagImportanceDisplay.from_estimator(
        pipe, X, y, scoring="neg_mean_squared_error", n_repeats=200, random_state=0
    )
    flat = pipe[0].transform(X)
    residual = y.to_numpy() - pipe[-1].predict(flat)
    b = pipe[-1].coef_
    cov = ((flat - flat.mean(0)) * residual[:, None]).mean(0)
    expected = 2 * b**2 * flat.var(0) + 2 * b * cov
    np.testing.assert_allclose(
        display.importances_mean, expected.reshape(3, 2).T, rtol=0.03, atol=1e-3
    )
    assert display.lags == [("t-4", "t-4"), ("t-3", "t-3"), ("t-2", "t-2")]
    assert display.importances.shape == (2, 3, 200)
    np.testing.assert_allclose(display.importances_std, display.importances.std(axis=2))


def test_blocks_are_permuted_together():
    """Of two lags whose difference is what counts, a block keeps the difference."""
    rng = np.random.default_rng(0)
    level = pd.Series(rng.normal(size=800)).cumsum()
    X = pd.DataFrame({"level": level})
    y = level.shift(1, fill_value=0) - level.shift(2, fill_value=0)
    pipe = ridge(4).fit(X[:400], y[:400])
    alone = LagImportanceDisplay.from_estimator(pipe, X[400:], y[400:], random_state=0)
    block = LagImportanceDisplay.from_estimator(
        pipe, X[400:], y[400:], lags_per_block=3, random_state=0
    )
    assert block.lags == [("t-4", "t-4"), ("t-1", "t-3")]
    assert block.to_frame().index[0] == "level[t-3..t-1]"
    # R² falls by 2 where all that is told is told by the block, whatever the level.
    assert block.importances_mean[0, 1] == pytest.approx(2, rel=0.1)
    # A lag alone takes the level with it.
    expected = 2 * level[400:].var() / y[400:].var()
    np.testing.assert_allclose(
        alone.importances_mean[0], [0, 0, expected, expected], rtol=0.1, atol=1e-3
    )


def test_a_permutation_moves_samples_among_their_like():
    patterns = np.array([[0, 0], [1, 0], [0, 0], [1, 1], [1, 0], [0, 0]], dtype=bool)
    rng = np.random.RandomState(0)
    orders = np.array([permutation_within(patterns, rng) for _ in range(100)])
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(6))
        np.testing.assert_array_equal(patterns[order], patterns)
    assert {tuple(order) for order in orders[:, [0, 2, 5]]} == {
        (0, 2, 5), (0, 5, 2), (2, 0, 5), (2, 5, 0), (5, 0, 2), (5, 2, 0)
    }  # fmt: skip


class _Recorder(Ridge):
    seen = []

    def predict(self, X):
        self.seen.append(np.array(X))
        return np.zeros(len(X))


@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize("group_by", [None, "shop"])
def test_missing_steps_stay_missing_and_values_in_their_lag(flatten, group_by, shops):
    X = shops if group_by else shops[["sold"]]
    X = X.assign(sold=np.arange(80.0), half=np.where(np.arange(80) % 2, np.nan, 1.0))
    X.loc[X["sold"].isin([17, 18, 60]), ["sold", "half"]] = np.nan
    X = X if group_by else X.reset_index(drop=True)
    window = SlidingWindow(3, flatten=flatten, group_by=group_by, history=None)
    model = _Recorder()
    pipe = make_pipeline(window, model)
    window.fit(X)
    model.seen = []
    model.fit(np.zeros((2, 1)), np.zeros(2))
    params = window.get_params()
    LagImportanceDisplay.from_estimator(
        pipe, X, np.arange(80.0), random_state=0, n_repeats=2, max_samples=None
    )
    assert window.get_params() == params
    first, *others = [one.reshape(len(one), 3, 2) for one in model.seen]
    expected = np.asarray(window.set_params(flatten=False).transform(X))
    has_step = ~np.isnan(expected).all(axis=(1, 2))
    np.testing.assert_array_equal(first, expected[has_step])
    assert len(others) == 2 * 3 * 2
    missing = np.isnan(first).all(axis=2)
    for number, one in enumerate(others):
        feature, lag = divmod(number // 2, 3)
        np.testing.assert_array_equal(np.isnan(one).all(axis=2), missing)
        np.testing.assert_array_equal(np.sort(one, axis=0), np.sort(first, axis=0))
        rest = np.ones((3, 2), dtype=bool)
        rest[lag, feature] = False
        np.testing.assert_array_equal(one[:, rest], first[:, rest])
        if feature == 0:
            assert (one[:, lag, 0] != first[:, lag, 0]).mean() > 0.8


def test_few_windows_are_made_of_many():
    """Those of all rows would take 80 GB."""
    n_rows = 1_000_000
    X = np.random.default_rng(0).normal(size=(n_rows, 1))
    model = _Recorder()
    model.seen = []
    pipe = make_pipeline(SlidingWindow(10_000), model)
    pipe[0].fit(X)
    model.fit(np.zeros((2, 1)), np.zeros(2))
    LagImportanceDisplay.from_estimator(
        pipe, X, X[:, 0], max_samples=50, lags_per_block=5000, n_repeats=1
    )
    assert [one.shape for one in model.seen] == [(50, 10_000, 1)] * 3
    again = [
        LagImportanceDisplay.from_estimator(
            pipe, X, X[:, 0], max_samples=5, lags_per_block=10_000, random_state=3
        )
        for _ in range(2)
    ]
    np.testing.assert_array_equal(again[0].importances, again[1].importances)


def test_an_lstm_tells_its_lag(fitted_lstm):
    pipe, X, y = fitted_lstm
    display = drawn(
        LagImportanceDisplay.from_estimator(pipe, X, y, random_state=0, n_repeats=2)
    )
    assert display.to_frame().index[0] == "price[t-2]"
    assert display.name == "decrease in R²"


@pytest.mark.filterwarnings("ignore:.*start cold")
def test_names_go_through_steps_before_the_windows(noise):
    X, y = noise
    search = GridSearchCV(
        ridge(4, StandardScaler()), {"ridge__alpha": [1e-6, 1]}, cv=TimeSeriesSplit(2)
    ).fit(X, y)
    display = LagImportanceDisplay.from_estimator(search, X, y, random_state=0)
    assert display.feature_names == ["price", "sold"]
    silent = FunctionTransformer(lambda X: X.rename(columns={"sold": "sales"}))
    display = LagImportanceDisplay.from_estimator(ridge(4, silent).fit(X, y), X, y)
    assert display.feature_names == ["price", "sales"]
    plain = ridge(4, horizon=0).fit(X.to_numpy(), y)
    display = LagImportanceDisplay.from_estimator(plain, X.to_numpy(), y)
    assert display.feature_names == ["x0", "x1"]
    assert display.lags[-1] == ("t", "t")
    assert display.to_frame().index[0] == "x0[t-3]"
    target = TransformedTargetRegressor(ridge(4), transformer=StandardScaler())
    display = LagImportanceDisplay.from_estimator(target.fit(X, y), X, y)
    assert display.to_frame().index[0] == "price[t-3]"


@pytest.mark.parametrize(
    ("scoring", "name"),
    [
        (None, "decrease in R²"),
        ("r2", "decrease in r2"),
        ("neg_mean_absolute_error", "increase in mean absolute error"),
        (
            make_scorer(mean_absolute_error, greater_is_better=False),
            "increase in mean absolute error",
        ),
        (lambda estimator, X, y: estimator.score(X, y), "decrease in <lambda>"),
    ],
)
def test_colours_are_labelled_with_the_score(noise, scoring, name):
    X, y = noise
    display = drawn(
        LagImportanceDisplay.from_estimator(
            ridge(4).fit(X, y), X, y, scoring=scoring, n_repeats=1, max_samples=100
        )
    )
    label = display.colorbar_.ax.get_ylabel()
    assert label.replace("\n", " ") == name
    assert display.to_frame().index[0] == "price[t-3]"


def test_a_classifier_is_judged_by_its_probabilities(noise):
    X, y = noise
    window = SlidingWindow(4, flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), LogisticRegression()).fit(X, y > 0)
    for scoring in (None, "roc_auc"):
        display = LagImportanceDisplay.from_estimator(pipe, X, y > 0, scoring=scoring)
        assert display.to_frame().index[0] == "price[t-3]"


@pytest.mark.parametrize(
    ("n_features", "n_lags"), [(1, 168), (7, 24), (1, 3), (60, 12), (2, 1), (1, 36)]
)
@pytest.mark.parametrize("per_block", [1, 3])
def test_labels_of_a_heat_map_do_not_overlap(n_features, n_lags, per_block):
    n_blocks = -(-n_lags // per_block)
    lags = [
        (f"t-{1 + i * per_block}", f"t-{min((i + 1) * per_block, n_lags)}")
        for i in reversed(range(n_blocks))
    ]
    rng = np.random.default_rng(0)
    display = LagImportanceDisplay(
        rng.random((n_features, n_blocks, 2)),
        feature_names=[f"feature_{i}" for i in range(n_features)],
        lags=lags,
    ).plot()
    drawn(display)
    ax = display.ax_
    for labels, axis in ((ax.get_xticklabels(), 0), (ax.get_yticklabels(), 1)):
        if axis == 0 and labels[0].get_rotation():
            continue  # turned labels have boxes that overlap though they do not
        boxes = [label.get_window_extent() for label in labels]
        spans = sorted((box.min[axis], box.max[axis]) for box in boxes)
        assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))
    assert display.image_.get_array().shape == (n_features, n_blocks)
    shown = [label.get_text() for label in ax.get_xticklabels()]
    oldest = min(per_block, n_lags)
    assert shown[-1] == ("t-1" if oldest == 1 else f"t-{oldest}..t-1")
    assert ax.get_xticks()[-1] == n_blocks - 1
    if per_block == 1 and n_lags > 1:
        assert f"t-{n_lags}" in shown
        assert len(shown) <= 13


def test_colours_diverge_only_where_importances_are_negative():
    kwargs = {"feature_names": ["a"], "lags": [("t-2", "t-2"), ("t-1", "t-1")]}
    noisy = LagImportanceDisplay(np.array([[[-0.1, 0.1], [1.0, 1.2]]]), **kwargs).plot()
    assert noisy.image_.get_cmap().name == "viridis"
    assert noisy.image_.get_clim() == (0, pytest.approx(1.1))
    clear = LagImportanceDisplay(np.array([[[-0.5, -0.5], [1, 1.0]]]), **kwargs).plot()
    assert clear.image_.get_cmap().name == "RdBu_r"
    assert clear.image_.get_clim() == (-1, 1)
    _, ax = plt.subplots()
    own = clear.plot(ax=ax, image_kw={"cmap": "magma"})
    assert own is clear
    assert own.ax_ is ax
    assert own.figure_ is ax.figure
    assert own.image_.get_cmap().name == "magma"
    nothing = LagImportanceDisplay(np.zeros((1, 2, 1)), **kwargs).plot()
    assert nothing.image_.get_clim() == (0, 1)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"n_repeats": 0}, "n_repeats must be an int >= 1, got 0"),
        ({"lags_per_block": 1.5}, "lags_per_block must be an int >= 1, got 1.5"),
        ({"lags_per_block": 5}, "lags_per_block=5 is more than .*window_length=4"),
        ({"max_samples": 0}, "max_samples must be an int >= 1 or None, got 0"),
        ({"scoring": ["r2"]}, "scoring must be the name of one score"),
        ({"image_kw": "red"}, "image_kw must be a dict .*'red'"),
        ({"ax": "here"}, "ax must be an Axes, .*'here'"),
    ],
)
def test_importances_refuse_what_they_can_not_use(noise, kwargs, message):
    X, y = noise
    with pytest.raises(ValueError, match=message):
        LagImportanceDisplay.from_estimator(ridge(4).fit(X, y), X, y, **kwargs)


def test_importances_need_windows_with_steps(noise):
    X, y = noise
    with pytest.raises(ValueError, match="LagImportanceDisplay needs a pipeline"):
        LagImportanceDisplay.from_estimator(Ridge().fit(X, y), X, y)
    pipe = ridge(4, history=None).fit(X, y)
    with pytest.raises(ValueError, match="no window with a time step in its 1 rows"):
        LagImportanceDisplay.from_estimator(pipe, X[:1], y[:1])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        LagImportanceDisplay.from_estimator(pipe, X, y[:-1])


# --------------------------------------------------------------------------- forecasts
def line_of(line):
    """Give a line's points; dates as matplotlib's numbers."""
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def test_a_forecast_goes_on_from_the_last_known_row(series):
    X, y = series
    X = X.set_index(pd.date_range("2026-01-01", periods=120, freq="h"))[["wave"]]
    pipe = ridge(8).fit(X[:100], X["wave"][:100])
    display = drawn(ForecastDisplay.from_estimator(pipe, X[:100], 10, y_true=X))
    expected = forecast(pipe, X[:100], 10)
    x, values = line_of(display.lines_[0])
    np.testing.assert_array_equal(values, [X["wave"].iloc[99], *expected["wave"]])
    np.testing.assert_array_equal(x, X.index[99:110].to_numpy())
    x, values = line_of(display.truth_lines_[0])
    np.testing.assert_array_equal(values, y[99:110])
    x, values = line_of(display.history_lines_[0])
    np.testing.assert_array_equal(values, y[60:100])
    np.testing.assert_array_equal(x, X.index[60:100].to_numpy())
    assert isinstance(display.ax_, Axes)
    assert display.ax_.get_ylabel() == "wave"
    assert display.ax_.get_xlabel() == "time"
    few = ForecastDisplay.from_estimator(pipe, X[:100], 10, n_history=3)
    assert len(few.history_lines_[0].get_ydata()) == 3
    none = drawn(ForecastDisplay.from_estimator(pipe, X[:100], 10, n_history=0))
    assert len(none.lines_[0].get_ydata()) == 10
    assert none.history_lines_ == none.truth_lines_ == none.bands_ == []


def test_an_array_is_a_history_too(series):
    values = series[0].to_numpy()[:, :1]
    pipe = ridge(8).fit(values, values[:, 0])
    display = ForecastDisplay.from_estimator(pipe, values, 5, y_true=np.arange(5.0))
    x, _ = line_of(display.lines_[0])
    np.testing.assert_array_equal(x, np.arange(119, 125))
    np.testing.assert_array_equal(display.truth_lines_[0].get_ydata()[1:], range(5))
    assert display.ax_.get_ylabel() == "column 0"


def bands_of(display):
    """Give the lowest and highest value of each band, at its last point."""
    ends = []
    for band in display.bands_:
        vertices = band.get_paths()[0].vertices
        last = vertices[vertices[:, 0] == vertices[:, 0].max(), 1]
        ends.append((last.min(), last.max()))
    return ends


def test_quantiles_are_paired_from_outside():
    table = pd.DataFrame(
        {
            "price": [1.0, 10.0],
            "price_q0.9": [3.0, 40.0],
            "price_q0.05": [0.0, 1.0],
            "price_q0.1": [0.5, 2.0],
            "price_q0.5": [1.0, 10.0],
            "price_q0.95": [4.0, 50.0],
            "price_lower": [0.2, 1.5],
            "price_upper": [3.2, 45.0],
        }
    )
    display = drawn(ForecastDisplay.from_predictions(table))
    assert bands_of(display) == [(1.5, 45), (1, 50), (2, 40)]
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert labels == [
        "interval",
        "quantiles 0.05 to 0.95",
        "quantiles 0.1 to 0.9",
        "forecast",
    ]
    assert display.quantile_lines_ == []  # the median is the forecast
    table["price_q0.5"] += 1
    display = ForecastDisplay.from_predictions(table)
    assert display.quantile_lines_[0].get_ydata().tolist() == [2, 11]
    # Without a partner or a target, such names are those of targets.
    other = pd.DataFrame({"price_lower": [1.0], "a_q0.1": [1.0]})
    assert len(ForecastDisplay.from_predictions(other).lines_) == 2


def test_quantiles_of_a_network_are_bands(fitted_lstm):
    pipe, X, _ = fitted_lstm
    pipe = clone(pipe).fit(X, X["price"])
    future = X[:3].set_index(pd.RangeIndex(120, 123))[["other"]]
    display = drawn(ForecastDisplay.from_estimator(pipe, X, 3, future))
    expected = forecast(pipe, X, 3, future).iloc[-1]
    ((low, high),) = bands_of(display)
    assert low == pytest.approx(expected["price_q0.1"])
    assert high == pytest.approx(expected["price_q0.9"])


def shown_labels(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def test_what_a_line_does_not_reach_is_marked():
    nan = np.nan
    times = pd.date_range("2026-01-31 08:00", periods=1, freq="h")
    one = pd.DataFrame({"a": [1.0], "a_lower": [0.0], "a_upper": [2.0]}, index=times)
    display = drawn(ForecastDisplay.from_predictions(one, truth=[1.5]))
    for (line,) in (display.lines_, display.truth_lines_):
        assert (line.get_marker(), line.get_markevery()) == ("o", [0])
    assert display.bands_[0].get_linewidth()[0] > 0  # of no width, so no area
    (tick,) = display.ax_.get_xticklabels()
    assert tick.get_text() == "2026-01-31 08:00:00"
    gaps = pd.DataFrame({"a": [1, nan, 3, 4, nan, 6]})
    gaps["a_lower"], gaps["a_upper"] = gaps["a"] - 1, gaps["a"] + 1
    display = drawn(ForecastDisplay.from_predictions(gaps))
    assert display.lines_[0].get_markevery() == [0, 5]
    widths = display.bands_[0].get_linewidth()
    assert [width > 0 for width in widths] == [True, False, True]
    own = {"line_kw": {"marker": "x"}, "band_kw": {"lw": 0}}
    display = ForecastDisplay.from_predictions(gaps, **own)
    assert display.lines_[0].get_markevery() is None
    assert display.bands_[0].get_linewidth() == [0]
    whole = pd.DataFrame({"a": [1.0, 2.0]})
    assert ForecastDisplay.from_predictions(whole).lines_[0].get_marker() == "None"
    joined = ForecastDisplay.from_predictions(whole[1:], history=whole)
    assert joined.lines_[0].get_marker() == "None"


def test_a_forecast_is_not_joined_to_a_row_that_is_not_known():
    history = pd.Series([1.0, 2.0, np.nan], name="a")
    ahead = pd.DataFrame({"a": [3.0, 4.0], "a_lower": 2.0, "a_upper": 5.0}, [3, 4])
    display = ForecastDisplay.from_predictions(ahead, history=history)
    assert display.lines_[0].get_xydata().tolist() == [[3, 3], [4, 4]]
    assert bands_of(display) == [(2, 5)]
    assert display.bands_[0].get_paths()[0].vertices[:, 0].min() == 3
    np.testing.assert_array_equal(display.history_lines_[0].get_ydata(), history)


def test_infinite_bounds_are_left_out_and_said_so():
    table = pd.DataFrame({"a": [1.0, 2, 3], "a_lower": 0.0, "a_upper": 5.0}, [7, 8, 9])
    history = pd.DataFrame({"a": [0.5]}, index=[6])
    table.loc[9, "a_upper"] = np.inf
    display = drawn(ForecastDisplay.from_predictions(table, history=history))
    assert "interval (where known)" in shown_labels(display)
    assert display.bands_[0].get_paths()[0].vertices[:, 0].max() == 8
    assert max(display.ax_.get_ylim()) < 6
    table[["a_lower", "a_upper"]] = [-np.inf, np.inf]
    display = drawn(ForecastDisplay.from_predictions(table, history=history))
    assert "interval (unknown)" in shown_labels(display)
    assert not any(display.bands_[0].get_linewidth())  # nothing at the last known row
    both = table.assign(b=1.0, b_lower=0.0, b_upper=2.0)
    display = drawn(ForecastDisplay.from_predictions(both))
    assert shown_labels(display) == ["interval (where known)", "forecast"]


@pytest.mark.parametrize("as_level", [False, True])
def test_conformal_intervals_are_bands(shops, as_level):
    X = shops.set_index("shop", append=True) if as_level else shops
    pipe = ridge(4, group_by="shop")
    past = backtest(pipe, X, X["sold"], 8)
    past = past[past["step"] < 3]
    found = forecast(pipe.fit(X, X["sold"]), X, 3)
    with pytest.warns(UserWarning, match="needs 4 more folds"):  # of the third step
        found = conformal_intervals(past, found, coverage=0.8)
    display = drawn(ForecastDisplay.from_predictions(found, history=X))
    assert shown_labels(display) == ["history", "interval (where known)", "forecast"]
    assert [ax.get_title() for ax in display.ax_] == ["a", "b"]
    second = found.iloc[[1, 4]]  # of the third nothing is known
    assert np.isfinite(second["sold_lower"]).all()
    expected = zip(second["sold_lower"], second["sold_upper"], strict=True)
    assert bands_of(display) == list(expected)


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("n_panels", [1, 3])
def test_a_legend_in_given_axes_covers_nothing(scale, n_panels):
    days = pd.date_range("2026-01-01", periods=60)
    wave = pd.DataFrame({"a": 2 + np.sin(np.arange(60))}, index=days)
    table = wave[40:].assign(a_lower=wave["a"] / 2, a_upper=wave["a"] * 2)
    ax = plt.figure().subplots(1, n_panels, squeeze=False)[0, 0]
    ax.set_yscale(scale)
    display = ForecastDisplay.from_predictions(table, history=wave, truth=wave, ax=ax)
    drawn(display)
    legend = display.legend_.get_window_extent()
    points = [line.get_xydata() for line in ax.lines]
    points += [path.vertices for band in display.bands_ for path in band.get_paths()]
    for some in points:
        assert ax.transData.transform(some)[:, 1].max() < legend.y0
    assert legend.x0 >= ax.get_window_extent().x0
    assert legend.x1 <= ax.get_window_extent().x1
    assert ax.get_autoscaley_on()  # for what the user draws after it


def test_a_forecast_without_history_is_told(series):
    X, y = series
    window = SlidingWindow(4, horizon=3, flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X, y.to_numpy())
    with pytest.warns(UserWarning, match=r"No history .* no columns 'y'.* in target"):
        display = ForecastDisplay.from_estimator(pipe, X, 3)
    assert display.history_lines_ == []
    display = ForecastDisplay.from_estimator(pipe, X, 3, target="wave")
    assert display.history_lines_[0].get_ydata()[-1] == X["wave"].iloc[-1]


@pytest.mark.parametrize("as_level", [False, True])
def test_groups_have_panels_of_their_own(shops, as_level):
    X = shops.set_index("shop", append=True) if as_level else shops
    pipe = ridge(8, group_by="shop").fit(X, X["sold"])
    found = forecast(pipe, X, 5)
    display = drawn(ForecastDisplay.from_estimator(pipe, X, 5, y_true=found))
    assert [ax.get_title() for ax in display.ax_] == ["a", "b"]
    for line, true, name in zip(
        display.lines_, display.truth_lines_, "ab", strict=True
    ):
        own = X["sold"].to_numpy()[np.asarray(shops["shop"]) == name]
        row = found["sold"].to_numpy()[:5] if name == "a" else found["sold"][5:]
        np.testing.assert_array_equal(line.get_ydata(), [own[-1], *row])
        np.testing.assert_array_equal(true.get_ydata(), line.get_ydata())
        assert line.get_xdata()[0] == shops.index[-1].to_numpy()
    one = ForecastDisplay.from_predictions(found, history=X, group="b")
    assert one.ax_.get_title() == "b"
    np.testing.assert_array_equal(
        one.lines_[0].get_ydata(), display.lines_[1].get_ydata()
    )
    array = ForecastDisplay.from_predictions(found, truth=found[["sold"]].to_numpy())
    assert [line.get_ydata()[0] for line in array.truth_lines_] == pytest.approx(
        [found["sold"].iloc[0], found["sold"].iloc[5]]
    )


def test_numbers_of_rows_of_groups_are_no_times(shops):
    X = shops.sort_index(kind="stable").reset_index(drop=True)
    found = forecast(ridge(8, group_by="shop").fit(X, X["sold"]), X, 3)
    display = ForecastDisplay.from_predictions(found, history=X, truth=found)
    for line in display.lines_:
        assert line.get_xdata().tolist() == [0, 1, 2, 3]
    assert display.history_lines_[1].get_xdata().tolist() == list(range(-19, 1))
    assert display.ax_[0].get_xlabel() == "steps from the last known row"
    with pytest.raises(ValueError, match="truth must have the 3 rows of forecast in"):
        ForecastDisplay.from_predictions(found, history=X, truth=found[1:])


def test_only_the_first_groups_are_drawn(shops):
    many = pd.concat([shops.assign(shop=shops["shop"] + str(i)) for i in range(3)])
    pipe = ridge(4, group_by="shop").fit(many, many["sold"])
    display = drawn(ForecastDisplay.from_estimator(pipe, many, 2))
    assert len(display.ax_) == 4
    assert display.legend_.get_title().get_text() == "first 4 of 6 groups"
    assert len(display.figure_.axes) == 4
    three = forecast(pipe, many, 2)[:6]
    assert len(ForecastDisplay.from_predictions(three).figure_.axes) == 3
    axes = plt.figure().subplots(2, 2)
    again = display.plot(ax=axes)
    np.testing.assert_array_equal(again.ax_, axes.ravel())
    with pytest.raises(ValueError, match=r"ax must be an array of 4 Axes, .* 2 Axes"):
        display.plot(ax=axes[0])


def test_targets_are_under_one_another(series):
    X, _ = series
    pipe = ridge(6).fit(X, X)
    display = drawn(
        ForecastDisplay.from_estimator(
            pipe,
            X,
            4,
            target=["wave", "slow"],
            line_kw={"c": "green"},
            history_kw={"lw": 3},
            band_kw={"alpha": 0.5},
        )
    )
    assert [ax.get_ylabel() for ax in display.ax_] == ["wave", "slow"]
    assert display.ax_[0].get_shared_x_axes().joined(*display.ax_)
    assert display.ax_[0].get_xlabel() == ""
    assert {line.get_color() for line in display.lines_} == {"green"}
    assert display.history_lines_[1].get_linewidth() == 3
    quantiles = pd.DataFrame({"y": [1.0], "y_q0.1": [0.0], "y_q0.9": [2.0]})
    for name in ("color", "fc"):
        draw = ForecastDisplay.from_predictions
        band = draw(quantiles, band_kw={name: "red", "alpha": 1}).bands_[0]
        assert to_rgba("red") == tuple(band.get_facecolor()[0])
    np.testing.assert_array_equal(
        display.lines_[1].get_ydata()[1:],
        forecast(pipe, X, 4, target=["wave", "slow"])["slow"],
    )


@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("2026-01", periods=30, freq="M"),
        pd.date_range("2026-03-28 20:00", periods=30, freq="h", tz="Europe/Berlin"),
        pd.timedelta_range("0h", periods=30, freq="h"),
        pd.Index([f"row {i:02d}" for i in range(30)]),
        pd.Index(np.linspace(0, 1, 30)),
    ],
    ids=["period", "zone", "timedelta", "words", "floats"],
)
def test_any_index_can_be_drawn(index):
    values = pd.Series(np.arange(30.0), index=index, name="price")
    display = drawn(
        ForecastDisplay.from_predictions(
            values.iloc[20:], history=values, truth=values, n_history=5
        )
    )
    assert display.history_lines_[0].get_ydata().tolist() == [15, 16, 17, 18, 19]
    assert display.lines_[0].get_ydata().tolist() == list(range(19, 30))
    assert display.truth_lines_[0].get_ydata().tolist() == list(range(19, 30))
    x = display.lines_[0].get_xdata()
    assert all(early < late for early, late in itertools.pairwise(x))


def test_forecasts_refuse_tables_that_do_not_go_together(shops):
    days = pd.date_range("2026-01-01", periods=4)
    table = pd.DataFrame({"price": [1.0, 2, 3, 4]}, index=days)
    draw = ForecastDisplay.from_predictions
    both = table.assign(other=1.0)
    for message, args, kwargs in [
        ("forecast must be a DataFrame or Series", [[1.0]], {}),
        ("forecast must be a DataFrame or Series", [table[:0]], {}),
        ("history lacks the columns 'price'", [table], {"history": shops}),
        ("history must be a Series or a DataFrame", [table], {"history": [1.0]}),
        ("history must be a DataFrame with the c", [both], {"history": table["price"]}),
        ("history must have an index that goes on", [table],
         {"history": table.reset_index(drop=True)}),
        ("truth must be .* the 4 rows of forecast", [table], {"truth": [1.0, 2.0]}),
        ("truth must have times of forecast", [table],
         {"truth": table.shift(9, freq="D")}),
        ("truth must have each time once", [table],
         {"truth": pd.concat([table, table])}),
        ("truth has neither a column nor .*'shop'", [shops],
         {"truth": shops["sold"]}),
        ("times more than once. Name the column", [shops[["sold"]]], {}),
        ("group must be one of forecast's: 'a', 'b'; got 'c'", [shops],
         {"group": "c"}),
        ("group must be one of forecast's: no groups", [table], {"group": "c"}),
        ("group_by must be a column or an index level", [table], {"group_by": "x"}),
        ("group_by must say which index level",
         [shops.assign(n=1, m=2).set_index(["n", "m"])], {}),
        ("n_history must be an int >= 0 or None, got -1", [table],
         {"history": table.shift(-4, freq="D"), "n_history": -1}),
        ("line_kw must be a dict", [table], {"line_kw": 3}),
        ("ax must be an Axes", [table], {"ax": 3}),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            draw(*args, **kwargs)


# ------------------------------------------------------------------- curves of the loss
def test_the_curves_are_the_history(fitted_lstm):
    pipe, _, _ = fitted_lstm
    history = pipe[-1].history_
    search = GridSearchCV(pipe, {}, cv=2)
    search.best_estimator_ = pipe
    target = TransformedTargetRegressor(pipe)
    target.regressor_ = pipe
    for fitted in (pipe, pipe[-1], search, target, make_pipeline(search)):
        display = LossCurveDisplay.from_estimator(fitted)
        assert list(display.lines_) == ["loss", "val_loss"]
        for name, line in display.lines_.items():
            np.testing.assert_array_equal(line.get_ydata(), history[name])
            n_epochs = len(history[name])
            np.testing.assert_array_equal(line.get_xdata(), range(1, n_epochs + 1))
        assert display.ax_.get_ylabel() == "loss (quantile)"
    assert display.best_epoch_ == np.argmin(history["val_loss"]) + 1
    assert display.best_.get_ydata()[0] == min(history["val_loss"])
    drawn(display)


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([1.0, 0.021], "linear"),
        ([1.0, 0.019], "log"),
        ([1.0, 0.0], "linear"),
        ([1.0, -0.001], "linear"),
        ([np.nan, 1.0, 0.01], "log"),
        ([np.nan, np.nan], "linear"),
        ([0.5], "linear"),
    ],
)
def test_the_axis_is_logarithmic_where_values_differ_much(losses, scale):
    display = drawn(LossCurveDisplay.from_history({"loss": losses}))
    assert display.ax_.get_yscale() == scale
    assert display.best_ is None


def test_the_axis_tells_the_loss_where_it_has_a_name(fitted_lstm):
    history = {"loss": [2.0, 1.0], "mae": [3.0, 2.0]}
    assert LossCurveDisplay.from_history(history).ax_.get_ylabel() == "loss"
    display = LossCurveDisplay(history, loss_name="mean_squared_error")
    assert display.plot().ax_.get_ylabel() == "loss (mean squared error)"
    assert display.plot(metric="mae").ax_.get_ylabel() == "mae"
    other = copy.copy(fitted_lstm[0][-1])
    other.loss = len  # any function
    assert LossCurveDisplay.from_estimator(other).ax_.get_ylabel() == "loss"


def test_other_metrics_are_marked_at_the_best_loss():
    history = {"loss": [3, 2, 1], "val_loss": [3, 1, 2], "val_mae": [5, 6, 7]}
    history["mae"] = [4.0, 3.0, 2.0]
    _, ax = plt.subplots()
    display = LossCurveDisplay(history).plot(
        ax, metric="mae", line_kw={"ls": "--", "color": "red"}
    )
    assert display.ax_ is ax
    assert display.best_.get_xydata().tolist() == [[2, 6]]
    assert {line.get_linestyle() for line in display.lines_.values()} == {"--"}
    assert ax.get_ylabel() == "mae"


def test_curves_need_a_history():
    with pytest.raises(ValueError, match=r"LossCurveDisplay needs .* history_"):
        LossCurveDisplay.from_estimator(ridge(2).fit(np.zeros((9, 1)), np.zeros(9)))
    for wrong in ({}, [1.0], {"loss": 1.0}, {"loss": []}, {"loss": ["a"]}, None):
        with pytest.raises(ValueError, match="history must be a dict"):
            LossCurveDisplay.from_history(wrong)
    with pytest.raises(ValueError, match=r"metric must be .*'loss'; got 'mae'"):
        LossCurveDisplay.from_history({"loss": [1.0], "val_mae": [1.0]}, metric="mae")


# ---------------------------------------------------------------------------- backtests
@pytest.fixture
def backtests():
    rng = np.random.default_rng(0)
    origins = pd.date_range("2026-01-31", periods=3, freq="MS")
    table = pd.DataFrame(
        {
            "fold": np.repeat([0, 1, 2], 4),
            "origin": np.repeat(origins, 4),
            "step": np.tile([1, 2, 3, 4], 3),
            "truth": rng.normal(size=12),
            "forecast": rng.normal(size=12),
        }
    )
    other = table.assign(forecast=table["truth"] + 2).query("fold > 0 and step < 4")
    return {"first": table, "second": other.sample(frac=1, random_state=0)}


@pytest.mark.parametrize("metric", ["mae", "rmse", mean_absolute_error])
def test_errors_are_those_of_groupby(backtests, metric):
    with pytest.warns(UserWarning, match="'second': not the folds, steps or times of"):
        display = drawn(BacktestDisplay.from_predictions(backtests, metric=metric))
    table = backtests["first"]
    error = (table["truth"] - table["forecast"]).abs()
    for key, found in {
        "step": display.errors_by_step,
        "fold": display.errors_by_fold,
    }.items():
        if metric == "rmse":
            expected = (error**2).groupby(table[key]).mean() ** 0.5
        else:
            expected = error.groupby(table[key]).mean()
        np.testing.assert_allclose(found["first"], expected)
        assert list(found.index) == list(expected.index)
        assert found.index.name == key
    np.testing.assert_allclose(display.errors_by_step["second"], [2, 2, 2, np.nan])
    np.testing.assert_allclose(display.errors_by_fold["second"], [np.nan, 2, 2])
    for i, name in enumerate(["first", "second"]):
        line, bars = display.lines_[i], display.bars_[i]
        np.testing.assert_array_equal(line.get_ydata(), display.errors_by_step[name])
        heights = [bar.get_height() for bar in bars]
        np.testing.assert_array_equal(heights, display.errors_by_fold[name])
        assert to_rgba(line.get_color()) == bars[0].get_facecolor()
    labels = [text.get_text() for text in display.ax_[0].get_legend().get_texts()]
    assert labels == ["first", "second"]
    ticks = [label.get_text() for label in display.ax_[1].get_xticklabels()]
    assert ticks == ["2026-02-01", "2026-03-01", "2026-04-01"]
    name = "root mean squared error" if metric == "rmse" else "mean absolute error"
    assert display.ax_[0].get_ylabel() == name


def test_a_backtest_is_run_and_drawn(series):
    X, y = series
    pipe, cv = ridge(8), TimeSeriesSplit(3, test_size=5)
    display = BacktestDisplay.from_estimator(pipe, X[["wave"]], y, cv)
    assert list(display.errors_by_fold) == ["Ridge"]
    display = BacktestDisplay.from_estimator(pipe, X[["wave"]], y, cv, name="linear")
    drawn(display)
    expected = backtest(pipe, X[["wave"]], y, cv)
    error = (expected["truth"] - expected["forecast"]).abs()
    np.testing.assert_allclose(
        display.errors_by_step["linear"], error.groupby(expected["step"]).mean()
    )
    (name,) = display.ax_[0].get_legend().get_texts()
    assert name.get_text() == "linear"
    display = BacktestDisplay.from_predictions(expected)
    assert display.ax_[0].get_legend() is None
    for ax in display.ax_:
        low, high = ax.get_ylim()
        assert low == 0
        assert high >= display.errors_by_fold.to_numpy().max()


def test_models_on_unlike_rows_are_told(backtests):
    table = backtests["first"]
    same = table.assign(forecast=0.0).sample(frac=1, random_state=0)
    BacktestDisplay.from_predictions({"a": table, "b": same})  # in another order
    days = pd.Series(pd.date_range("2026-02-01", periods=12))
    timed = table.assign(time=days)
    for a, others in [
        (table, {"b": table.query("fold < 2"), "c": table, "d": table[:-1]}),
        (table, {"b": pd.concat([table, table]), "c": table, "d": table[1:]}),
        (timed, {"b": timed.assign(time=days[::-1].array), "c": timed, "d": timed[1:]}),
    ]:
        with pytest.warns(UserWarning, match="^'b', 'd': not the folds, .* of 'a'"):
            BacktestDisplay.from_predictions({"a": a, **others})


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_origins_are_labelled_with_what_differs(backtests, zone):
    table = backtests["first"]
    for freq, labels, told in [
        ("D", ["2026-02-01", "2026-02-02", "2026-02-03"], ""),
        ("24h", ["2026-02-01", "2026-02-02", "2026-02-03"], ", at 07:00"),
        ("6h", [" 07:00:00", " 13:00:00", " 19:00:00"], ""),
    ]:
        start = "2026-02-01" if freq == "D" else "2026-02-01 07:00"
        origins = pd.date_range(start, periods=3, freq=freq, tz=zone)
        own = table.assign(origin=origins.repeat(4))
        ax = drawn(BacktestDisplay.from_predictions(own)).ax_[1]
        shown = [label.get_text() for label in ax.get_xticklabels()]
        assert ax.get_xlabel() == f"origin of the fold{told}"
        if freq != "6h":
            assert shown == labels
        assert all(label in text for label, text in zip(labels, shown, strict=True))


def test_both_panels_have_numbers_and_titles_as_other_displays(backtests, shops):
    display = drawn(BacktestDisplay.from_predictions(backtests["first"]))
    for ax in display.ax_:
        assert all(label.get_text() for label in ax.get_yticklabels())
        assert all(label.get_visible() for label in ax.get_yticklabels())
    other = ForecastDisplay.from_predictions(shops).ax_[0].title.get_fontsize()
    assert [ax.title.get_fontsize() for ax in display.ax_] == [other, other]


def test_the_axis_tells_the_target(series, backtests):
    X, y = series
    cv = TimeSeriesSplit(2, test_size=4)
    run, draw = BacktestDisplay.from_estimator, BacktestDisplay.from_predictions
    y, values = y.rename("wave"), X[["wave"]].to_numpy()
    table = backtests["first"]
    two = pd.concat([table.assign(target="a"), table.assign(target=1)])
    for display, name in [
        (run(ridge(4), X[["wave"]], y, cv), " of wave"),
        (run(ridge(4), values, y.to_numpy(), cv, target=0), " of column 0"),
        (run(ridge(4), values, y.to_numpy(), cv), ""),
        (run(ridge(4), X, X, cv, only_target="slow"), " of slow"),
        (run(ridge(4), X[["wave"]], y, cv, target_name="sea"), " of sea"),
        (draw(two, only_target=1), " of column 1"),
        (draw(two[:12]), " of a"),
        (draw({"one": two[:12], "other": table}), ""),
        (draw(table, target_name="b"), " of b"),
    ]:
        assert display.ax_[0].get_ylabel() == f"mean absolute error{name}"


def test_many_folds_are_lines_and_groups_have_numbers():
    n = 60
    table = pd.DataFrame(
        {
            "fold": np.repeat(np.arange(n), 2),
            "origin": np.arange(2 * n),  # another one in each group
            "step": 1,
            "truth": 0.0,
            "forecast": np.arange(2.0 * n),
        }
    )
    display = drawn(BacktestDisplay.from_predictions(table))
    assert display.bars_ == []
    np.testing.assert_array_equal(
        display.fold_lines_[0].get_ydata(), np.arange(n) * 2 + 0.5
    )
    assert display.ax_[1].get_xlabel() == "fold"
    assert len(display.ax_[1].get_xticks()) <= 8
    axes = plt.figure().subplots(2)
    again = display.plot(ax=axes, line_kw={"lw": 5})
    np.testing.assert_array_equal(again.ax_, axes)
    assert again.lines_[0].get_linewidth() == again.fold_lines_[0].get_linewidth() == 5


def test_folds_have_numbers_where_a_backtest_tells_no_origin(backtests):
    table = backtests["first"].drop(columns="origin")
    for given in (table, {"a": backtests["first"], "b": table}):
        display = BacktestDisplay.from_predictions(given)
        assert display.origins is None
        assert display.ax_[1].get_xlabel() == "fold"


def test_targets_are_measured_one_at_a_time(backtests):
    table = backtests["first"]
    two = pd.concat([table.assign(target="a"), table.assign(target="b", forecast=9.0)])
    with pytest.raises(ValueError, match=r"only_target must name .*'a', 'b'"):
        BacktestDisplay.from_predictions(two)
    with pytest.raises(ValueError, match=r"only_target must be .*'a', 'b'; got 'c'"):
        BacktestDisplay.from_predictions(two, only_target="c")
    one = BacktestDisplay.from_predictions(two, only_target="a").errors_by_step
    pd.testing.assert_frame_equal(
        one, BacktestDisplay.from_predictions(table).errors_by_step
    )


def test_rows_without_truth_are_left_out_and_said_so(backtests):
    table = backtests["first"].copy()
    table.loc[[1, 5], "truth"] = np.nan
    with pytest.warns(UserWarning, match="the truth of 2 of 12 rows is not known"):
        display = BacktestDisplay.from_predictions(table)
    complete = table.drop([1, 5])
    error = (complete["truth"] - complete["forecast"]).abs()
    np.testing.assert_allclose(
        display.errors_by_step["forecast"], error.groupby(complete["step"]).mean()
    )


def test_backtests_refuse_what_they_can_not_measure(backtests):
    table = backtests["first"]
    draw = BacktestDisplay.from_predictions
    for message, given, kwargs in [
        ("backtests must be the DataFrame", [table], {}),
        ("backtests must be the DataFrame", {}, {}),
        ("backtests must hold .*'a' is list", {"a": [1]}, {}),
        ("but 'forecast' lacks \\['step'\\]", table.drop(columns="step"), {}),
        ("1 that are not, the first in row 0", table.assign(
            forecast=[np.nan, *table["forecast"][1:]]), {}),
        ("backtests must have a truth", table.assign(truth=np.nan), {}),
        ("metric must be one of .*'mae', 'rmse'.*got 'mse'", table, {"metric": "mse"}),
        ("metric must return a number", table, {"metric": lambda y, p: y - p}),
        ("only_target .*no column of targets; got 'a'", table, {"only_target": "a"}),
        ("bar_kw must be a dict", table, {"bar_kw": 3}),
        ("ax must be an array of 2 Axes", table, {"ax": plt.figure().subplots()}),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            draw(given, **kwargs)


# ----------------------------------------------------------------------- all of them
def test_matplotlib_is_needed_only_to_draw(monkeypatch, backtests):
    displays = [
        LagImportanceDisplay(
            np.ones((1, 1, 1)), feature_names=["a"], lags=[("t", "t")]
        ),
        ForecastDisplay(pd.Series([1.0, 2.0])),
        LossCurveDisplay({"loss": [1.0]}),
        BacktestDisplay.from_predictions(backtests["first"]),
    ]
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for display in displays:
        name = type(display).__name__
        with pytest.raises(ImportError, match=f"{name}.plot requires matplotlib"):
            display.plot()


def test_features_known_in_advance_say_by_how_much_they_are_later():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 2)), columns=["offer", "price"])
    window = SlidingWindow(3, known="offer", flatten=True)
    pipe = make_pipeline(window, SimpleImputer(), Ridge()).fit(X, -X["offer"])
    display = LagImportanceDisplay.from_estimator(pipe, X, -X["offer"], random_state=0)
    assert display.feature_names == ["offer, 1 later", "price"]
    assert display.lags[-1] == ("t-1", "t-1")
    assert display.to_frame().index[0] == "offer, 1 later[t-1]"
    plt.close("all")
