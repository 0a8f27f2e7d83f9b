"""Columns of tables of results: read as they were written, and by one rule."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import SlidingWindow
from sklstm.forecasting import (
    backtest,
    backtest_scores,
    conformal_intervals,
    forecast,
)
from sklstm.forecasting._result_tables import (
    forecast_columns,
    groups_of,
    is_reserved,
    kinds_of,
    quantile_of,
    quantiles_among,
    read_forecast_columns,
)
from sklstm.inspection import ForecastDisplay

DAYS = pd.date_range("2026-01-01", periods=60)


class Spread(Ridge):
    """Predicts quantiles that are known: the forecast, and shares of 10 around it."""

    quantiles = (0.9, 1e-5, 0.1)

    def fit(self, X, y):
        names = list(y.columns) if hasattr(y, "columns") else [y.name]
        self.target_names_in_ = names
        return super().fit(X, y)

    def predict_quantiles(self, X):
        around = 10 * (np.array(self.quantiles) - 0.5)
        return np.asarray(self.predict(X))[..., np.newaxis] + around


def spread(**window):
    window = SlidingWindow(4, flatten=True, **window)
    return make_pipeline(window, SimpleImputer(), Spread(1e-6))


def table(*columns):
    waves = [np.sin(np.arange(60) / (3 + i)) for i in range(len(columns))]
    return pd.DataFrame(np.column_stack(waves), index=DAYS, columns=columns)


# Six digits, as many as "%g" writes, at any distance from zero.
quantiles_of_six_digits = st.builds(
    lambda digits, power: float(f"{digits}e-{power}"),
    st.integers(1, 999_999),
    st.integers(6, 12),
)


@given(
    st.lists(quantiles_of_six_digits, unique=True, max_size=5),
    st.lists(
        st.sampled_from(["a", "a_b", "q0.1", "lower", 3]), unique=True, min_size=1
    ),
)
def test_what_was_written_is_read(quantiles, names):
    kinds = kinds_of(quantiles)
    columns = forecast_columns(names, len(names), quantiles)
    expected = [(name, kind) for name in names for kind in kinds]
    assert list(read_forecast_columns(columns).values()) == expected
    assert [quantile_of(kind) for kind in kinds] == [None, *quantiles]
    assert [quantile_of(one) for one in quantiles_among(kinds)] == sorted(quantiles)
    assert all(map(is_reserved, kinds))


def test_an_end_of_an_interval_has_another_end():
    columns = ["a_upper", "a", "b", "b_lower", "c_lower", "c_upper", "a_lower"]
    assert read_forecast_columns(columns) == {
        "a_upper": ("a", "upper"),
        "a": ("a", "forecast"),
        "b": ("b", "forecast"),
        "b_lower": ("b_lower", "forecast"),
        "c_lower": ("c_lower", "forecast"),
        "c_upper": ("c_upper", "forecast"),
        "a_lower": ("a", "lower"),
    }


@pytest.mark.parametrize("name", ["q0.5x", "q5", "q0", "q1", "q1.5", "0.5", "p0.5", 5])
def test_other_names_are_no_quantiles(name):
    assert quantile_of(name) is None
    assert not is_reserved(name)


def test_two_columns_of_one_name_are_refused():
    X = table("a", "a_q0.1")
    pipe = spread().fit(X, X)
    with pytest.raises(ValueError, match=r"would be called 'a_q0\.1'.* 'a', 'a_q0\.1'"):
        forecast(pipe, X, 2)
    X = X.set_axis(["a", "b"], axis=1)
    columns = list(forecast(spread().fit(X, X), X, 2))
    assert columns == [
        *("a", "a_q0.9", "a_q1e-05", "a_q0.1"),
        *("b", "b_q0.9", "b_q1e-05", "b_q0.1"),
    ]


@pytest.mark.parametrize("name", ["fold", "lower", "target", "scale", "q0.1", "q1e-05"])
def test_groups_with_the_name_of_a_column_of_a_backtest_are_refused(name):
    X = table("a").assign(**{name: "one"})
    with pytest.raises(ValueError, match=f"group_by='{name}' is the name of a column"):
        backtest(spread(group_by=name), X, X["a"], 3)


def test_groups_are_found_in_a_backtest():
    X = table("a").assign(shop="one", other=1.0)
    found = backtest(spread(group_by="shop"), X, X["a"], 3, known="other")
    assert groups_of(found.columns) == ["shop"]
    assert groups_of(found.drop(columns="shop").columns) == []
    two = backtest(spread(group_by="shop"), X, X[["a", "other"]], 3)
    assert groups_of(two.assign(mine=1).columns) == ["shop"]
    assert list(two["target"].unique()) == ["a", "other"]


@pytest.mark.parametrize("ahead", [False, True])
def test_the_outermost_quantiles_are_moved_in_whatever_order_they_are(ahead):
    X = table("a")
    pipe = spread()
    past = backtest(pipe, X, X["a"], 15)
    past = past[past["step"] == 1]
    rows = None
    if ahead:
        rows = forecast(pipe.fit(X, X["a"]), X, 1)
    found = conformal_intervals(past, rows, coverage=0.8).iloc[-1]
    known = past if ahead else past[:-1]
    lacked = np.maximum(
        known["q1e-05"] - known["truth"], known["truth"] - known["q0.9"]
    )
    moved = np.sort(lacked)[int(np.ceil((len(known) + 1) * 0.8)) - 1]
    prefix = "a_" if ahead else ""
    assert found[f"{prefix}lower"] == pytest.approx(found[f"{prefix}q1e-05"] - moved)
    assert found[f"{prefix}upper"] == pytest.approx(found[f"{prefix}q0.9"] + moved)


def test_what_is_no_column_of_a_backtest_is_named():
    X = pd.DataFrame({"a": np.sin(np.arange(60.0))})
    pipe = make_pipeline(SlidingWindow(3, flatten=True), SimpleImputer(), Ridge())
    past = backtest(pipe, X, X["a"], TimeSeriesSplit(4, test_size=2))
    with pytest.raises(ValueError, match=r"by must .* got 'shp'\. Its .*fold"):
        backtest_scores(past, by="shp")
    with pytest.raises(ValueError, match=r"by must .* got 'stp'"):
        conformal_intervals(past, by=["stp", "fold"])
    with pytest.raises(ValueError, match="got the table of a backtest"):
        ForecastDisplay.from_predictions(past)
