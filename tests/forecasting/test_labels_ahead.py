"""Forecasts and backtests of labels, which go into no column of numbers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from sklstm import SlidingWindow
from sklstm.forecasting import backtest, conformal_intervals, forecast

DAYS = pd.date_range("2026-01-01", periods=90)
# Every third day is wet: the windows of two days tell.
STATES = np.array(["dry", "dry", "wet"])[np.arange(90) % 3]


def tree(*before):
    window = SlidingWindow(2, flatten=True)
    return make_pipeline(
        *before, window, SimpleImputer(), DecisionTreeClassifier(random_state=0)
    )


def rain():
    return pd.DataFrame({"mm": np.where(STATES == "wet", 5.0, 0.0)}, index=DAYS)


def test_labels_are_fed_back_into_their_own_column():
    X = pd.DataFrame({"state": STATES}, index=DAYS)
    encode = make_column_transformer((OneHotEncoder(sparse_output=False), ["state"]))
    pipe = tree(encode).fit(X, X["state"])
    assert list(forecast(pipe, X, 6)["state"]) == ["dry", "dry", "wet"] * 2
    past = backtest(tree(encode), X, X["state"], TimeSeriesSplit(3, test_size=4))
    assert (past["forecast"] == past["truth"]).all()
    assert (past["truth"] == STATES[-12:]).all()


@pytest.mark.parametrize("dtype", [object, "category", "str"])
def test_labels_go_into_no_column_of_numbers(dtype):
    X, y = rain(), pd.Series(STATES, DAYS, dtype=dtype, name="mm")
    said = r"'mm' of X: .* such as 'dry', the column holds values such as 0\.0\."
    with pytest.raises(ValueError, match=said):
        forecast(tree().fit(X, y), X, 3)
    with pytest.raises(ValueError, match=said):
        backtest(tree(), X, y, TimeSeriesSplit(3, test_size=3))


def test_numbers_go_into_no_column_of_labels():
    X = pd.DataFrame({"state": STATES}, index=DAYS)
    y = (X["state"] == "wet").astype(int)
    # Unknown categories are all zeros: nothing else would tell.
    encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    pipe = tree(make_column_transformer((encoder, ["state"]))).fit(X, y)
    said = "they are values such as 0, the column holds values such as 'dry'"
    with pytest.raises(ValueError, match=said):
        forecast(pipe, X, 3)


def test_labels_of_one_step_need_no_feeding_back():
    X, y = rain(), pd.Series(STATES, DAYS)
    pipe = tree().fit(X, y)
    one = forecast(pipe, X, 1)
    assert list(one.columns) == ["y"], "a label is no 'mm'"
    assert list(one["y"]) == ["dry"]
    with pytest.raises(ValueError, match="fed back into column 'mm'"):
        forecast(pipe, X, 2)
    past = backtest(pipe, X, y, TimeSeriesSplit(4, test_size=1), refit=20)
    assert list(past["truth"]) == list(past["forecast"]) == list(STATES[-4:])


def test_labels_that_are_missing_are_no_truth():
    X, y = rain(), pd.Series(STATES, DAYS, dtype=object)
    y.iloc[-2] = None
    days = [(np.arange(80), [88]), (np.arange(80), [89])]
    X["known"] = 1.0
    pipe = make_pipeline(
        SlidingWindow(2, horizon=10, flatten=True),
        SimpleImputer(),
        DecisionTreeClassifier(random_state=0),
    )
    past = backtest(pipe, X, y, days)
    assert past["truth"].isna().tolist() == [True, False]
    assert past["truth"].iloc[1] == "wet"


def test_intervals_of_labels_are_refused():
    X, y = rain(), pd.Series(STATES, DAYS)
    past = backtest(tree(), X, y, TimeSeriesSplit(12, test_size=1))
    with pytest.raises(ValueError, match="'truth' of backtested must hold numbers"):
        conformal_intervals(past)
