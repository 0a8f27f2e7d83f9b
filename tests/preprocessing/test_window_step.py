"""Steps of others that make windows, and the geometry that all windows have."""

import ast
import pathlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import sklstm
from sklstm import CompleteCaseRegressor, SlidingWindow
from sklstm._pipeline import find_window
from sklstm.forecasting import (
    TransformedTargetForecaster,
    backtest,
    forecast,
    make_multistep,
    stream,
)
from sklstm.inspection import LagImportanceDisplay
from sklstm.preprocessing import WindowGeometry, WindowStep

PACKAGE = pathlib.Path(sklstm.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))


class PandasWindow(TransformerMixin, BaseEstimator):
    """Flat windows by `DataFrame.shift`, with `fit` and `transform` alone."""

    def __init__(self, window_length=3, horizon=1):
        self.window_length = window_length
        self.horizon = horizon

    def fit(self, X, y=None):
        self.columns_ = list(X.columns)
        return self

    def transform(self, X):
        check_is_fitted(self)
        lags = range(self.window_length + self.horizon - 1, self.horizon - 1, -1)
        return self._table([X[self.columns_].shift(lag) for lag in lags])

    def _table(self, steps):
        numbers = np.concatenate([np.asarray(step) for step in steps], axis=1)
        names = [f"{c}_{i}" for i in range(len(steps)) for c in self.columns_]
        return pd.DataFrame(numbers, columns=names)

    def get_feature_names_out(self, input_features=None):
        return np.array(self.columns_, dtype=object)


class _Rows:
    def features_of(self, X):
        return X[self.columns_].to_numpy(dtype=float)

    def last_rows(self, X, n_rows):
        numbers = range(len(X) - n_rows, len(X))
        rows = X.reset_index(drop=True).reindex(numbers)
        return self.features_of(rows)[np.newaxis]

    def as_transformed(self, windows):
        return self._table(list(windows.swapaxes(0, 1)))


class InheritingWindow(_Rows, WindowStep, PandasWindow):
    """Takes from WindowStep what it does not say itself."""


class DuckWindow(_Rows, PandasWindow):
    """Inherits nothing of this package."""

    group_by, known, history, gaps = None, (), None, "ignore"

    @property
    def geometry(self):
        return WindowGeometry(self.window_length, self.horizon)

    def missing_rows(self, X):
        return None

    def missing_rows_by_index(self, X, codes):
        return None


FOREIGN = [InheritingWindow, DuckWindow]


def table(n_rows=60):
    rng = np.random.default_rng(0)
    days = pd.date_range("2026-01-01", periods=n_rows)
    X = pd.DataFrame(rng.normal(size=(n_rows, 2)).cumsum(axis=0), days, ["a", "b"])
    return X


def of_ours(window):
    return SlidingWindow(
        window.window_length,
        horizon=window.horizon,
        history=None,
        gaps="ignore",
        flatten=True,
    )


def pipelines(window, *before):
    for one in (window, of_ours(window)):
        yield make_pipeline(*map(clone, before), one, CompleteCaseRegressor(Ridge()))


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize(("length", "horizon"), [(3, 1), (1, 1), (2, 3)])
def test_foreign_windows_forecast_as_sliding_windows_do(kind, length, horizon):
    X = table()
    theirs, ours = (
        forecast(pipe.fit(X, X), X, 7)
        for pipe in pipelines(kind(window_length=length, horizon=horizon))
    )
    pd.testing.assert_frame_equal(theirs, ours)


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_windows_forecast_several_steps_and_behind_other_steps(kind):
    X = table()
    Xs, Y = make_multistep(X, X["a"], 3)
    theirs, ours = (
        forecast(pipe.fit(Xs, Y), X, 3) for pipe in pipelines(kind(2, horizon=3))
    )
    pd.testing.assert_frame_equal(theirs, ours)
    scaler = StandardScaler().set_output(transform="pandas")
    theirs, ours = (
        forecast(pipe.fit(X, X), X, 4) for pipe in pipelines(kind(2), scaler)
    )
    pd.testing.assert_frame_equal(theirs, ours)


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_windows_backtest_as_sliding_windows_do(kind):
    X, cv = table(), TimeSeriesSplit(4, test_size=5)
    for refit in (True, False):
        theirs, ours = (
            backtest(pipe, X, X, cv, refit=refit, season_length=1)
            for pipe in pipelines(kind(3))
        )
        pd.testing.assert_frame_equal(theirs, ours)
    prefit = [pipe.fit(X[:40], X[:40]) for pipe in pipelines(kind(3))]
    theirs, ours = (backtest(pipe, X, X, cv, refit="prefit") for pipe in prefit)
    pd.testing.assert_frame_equal(theirs, ours)


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_windows_stream_search_and_difference(kind):
    X = table()
    theirs, ours = (stream(pipe.fit(X, X["a"])) for pipe in pipelines(kind(3)))
    for i in range(3):
        row = X.iloc[-1] * i
        row.name = X.index[-1] + pd.Timedelta(days=1 + i)
        assert theirs.push(row) == pytest.approx(ours.push(row))
    pipe = next(pipelines(kind(3)))
    grid = {f"{kind.__name__.lower()}__window_length": [1, 3]}
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2)).fit(X, X["a"])
    found = forecast(search, X[["a", "b"]], 1, target="a")
    assert found.shape == (1, 1)
    theirs, ours = (
        forecast(TransformedTargetForecaster(pipe, difference=1).fit(X, X), X, 4)
        for pipe in pipelines(kind(3))
    )
    pd.testing.assert_frame_equal(theirs, ours)


def test_a_foreign_window_without_the_protocol_is_refused_by_name():
    X = table()
    pipe = make_pipeline(PandasWindow(), CompleteCaseRegressor(Ridge())).fit(X, X)
    lacks = (
        "PandasWindow has window_length and horizon, .* but lacks group_by, known, "
        "history, gaps, geometry, features_of, last_rows, as_transformed, "
        "missing_rows, missing_rows_by_index.*WindowStep"
    )
    for use in (
        lambda: forecast(pipe, X, 2),
        lambda: backtest(pipe, X, X, TimeSeriesSplit(3)),
        lambda: stream(pipe),
        lambda: find_window(pipe),
        lambda: LagImportanceDisplay.from_estimator(pipe, X, X),
        lambda: TransformedTargetForecaster(pipe, difference=1).fit(X, X),
    ):
        with pytest.raises(TypeError, match=lacks):
            use()
    with pytest.raises(TypeError, match=r"features_of.*last_rows"):
        type("Half", (WindowStep, PandasWindow), {})()


def test_importance_of_lags_needs_windows_of_three_axes():
    X = table()
    pipe = next(pipelines(InheritingWindow(3))).fit(X, X["a"])
    with pytest.raises(ValueError, match=r"three axes, but InheritingWindow .*60, 6"):
        LagImportanceDisplay.from_estimator(pipe, X, X["a"])


def test_sliding_window_follows_the_protocol():
    window = SlidingWindow(np.uint8(200), horizon=np.uint8(100))
    assert isinstance(window, WindowStep)
    assert find_window(window) is window
    assert find_window(SlidingWindow("no number")) is not None
    assert window.geometry == WindowGeometry(200, 100)
    assert window.geometry.n_before == 299
    fitted = SlidingWindow(2, known="b", flatten=True).fit(table())
    assert fitted.geometry == WindowGeometry(2, 1, known=(1,), whole_steps=False)


@given(
    length=st.integers(1, 5),
    horizon=st.integers(0, 4),
    known=st.sampled_from([(), (0,), (1,), (0, 1)]),
)
def test_geometry_is_that_of_shifted_columns(length, horizon, known):
    geometry = WindowGeometry(length, horizon, known, whole_steps=False)
    X = pd.DataFrame({"a": np.arange(20.0), "b": 100 + np.arange(20.0)})
    columns = {}
    for lag in range(length + horizon - 1, horizon - 1, -1):
        for place, name in enumerate(X):
            own = lag - horizon if place in known else lag
            label = f"{name}[t-{own}]" if own else f"{name}[t]"
            columns[label] = X[name].shift(own)
    assert geometry.column_names(list(X)) == list(columns)
    flat = pd.DataFrame(columns)
    rows = X.to_numpy()[np.newaxis]
    row = 15
    window = geometry.cut(rows, end=row + 1 - horizon)
    np.testing.assert_array_equal(window.reshape(-1), flat.loc[row])
    # No window of later rows begins before the last `n_recent` rows.
    if not known:
        np.testing.assert_array_equal(
            geometry.cut(rows[:, -geometry.n_recent :], geometry.length),
            geometry.cut(rows, 20 - max(horizon - 1, 0)),
        )
    assert max(geometry.lags) == geometry.n_before
    assert len(geometry.lags) == length


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_uses_private_members_of_a_window(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            owner = getattr(node.value, "attr", getattr(node.value, "id", None))
            assert owner not in {"window", "_window"}, ast.unparse(node)
