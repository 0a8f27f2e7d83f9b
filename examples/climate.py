"""Forecast two climate series past their last month, and prove that nothing leaks.

The carbon dioxide in the air at Mauna Loa and the temperature of the Pacific off Peru
(El Niño) ship with statsmodels. Here they are one table, a panel of two groups, with
where in the year a month is as known future. Window and network are searched over
purged folds; a backtest of ten years sets the best beside a seasonal naive forecast and
a Ridge on the same windows; then the year after the last is forecast, with intervals
that promise to hold 80 % of the truths. Run it with ``python examples/climate.py``; it
takes half a minute on two cores and writes ``examples/climate.png``.
"""

import pathlib
import time

import matplotlib as mpl
import numpy as np
import pandas as pd
import quiet  # noqa: F401, TensorFlow without its lines at the start
from sklearn.linear_model import RidgeCV
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from statsmodels.datasets import co2, elnino

from sklstm import (
    CompleteCaseRegressor,
    LSTMRegressor,
    NaiveForecaster,
    PanelTimeSeriesSplit,
    PerFeatureScaler,
    PurgedKFold,
    SlidingWindow,
)
from sklstm.forecasting import backtest, conformal_intervals, forecast
from sklstm.inspection import (
    BacktestDisplay,
    ForecastDisplay,
    LagImportanceDisplay,
    LossCurveDisplay,
)
from sklstm.model_selection import assert_no_leakage

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = pathlib.Path(__file__).with_suffix(".png")
TARGETS = ["change", "in a year"]  # both are predicted, and fed back
CALENDAR = ["sin", "cos"]  # known in advance, of the month that is predicted too
N_YEARS = 10  # of the backtest, which the search does not see


def load():
    """Give monthly changes of both series, one table below the other."""
    air = co2.load_pandas().data["co2"].resample("MS").mean().interpolate()
    years = elnino.load_pandas().data.set_index("YEAR")
    first = f"{int(years.index[0])}-01-01"
    months = pd.date_range(first, periods=years.size, freq="MS")
    sea = pd.Series(years.to_numpy().ravel(), index=months)
    parts = [
        pd.DataFrame({"place": place, "change": y.diff(), "in a year": y.diff(12)})
        for place, y in {"air (ppm)": air, "sea (°C)": sea}.items()
    ]
    X = pd.concat(parts).dropna().sort_index(kind="stable").loc["1960":"2001"]
    return X.join(calendar(X.index.unique())).rename_axis("month")


def calendar(months):
    """Give where in the year months are."""
    angle = 2 * np.pi * (months.month - 1) / 12
    return pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)}, index=months)


def lstm(**parameters):
    return make_pipeline(
        SlidingWindow(window_length=12, group_by="place", known=CALENDAR),
        PerFeatureScaler(),
        LSTMRegressor(random_state=0, **parameters),
    )


def baselines():
    window = SlidingWindow(12, group_by="place", known=CALENDAR)
    lags = SlidingWindow(12, group_by="place", known=CALENDAR, flatten=True)
    ridge = RidgeCV(np.logspace(-2, 4, 13))
    return {
        # The targets are the first features of a step.
        "seasonal naive": make_pipeline(
            window, NaiveForecaster(season_length=12, target_feature=[0, 1])
        ),
        "Ridge": make_pipeline(lags, CompleteCaseRegressor(ridge)),
    }


def purged_search(X):
    """Search window and network; folds train on both sides of what they test on."""
    grid = {
        "slidingwindow__window_length": [12, 24],
        "lstmregressor__units": [16, 32],
    }
    longest = lstm().set_params(slidingwindow__window_length=24)
    cv = PurgedKFold(3, pipeline=longest, time=X.index)
    # Of the change alone; the other target is there to be fed back.
    scoring = make_scorer(
        mean_absolute_error, greater_is_better=False, multioutput=[1, 0]
    )
    return GridSearchCV(lstm(), grid, cv=cv, scoring=scoring).fit(X, X[TARGETS])


def mean_error(found):
    """Give the mean absolute error of the monthly change."""
    own = found[found["target"] == "change"]
    return (own["truth"] - own["forecast"]).abs().mean()


def with_intervals(found, ahead):
    """Give the forecasts of the change intervals, and tell how earlier ones held."""
    own = found[found["target"] == "change"].drop(columns="target")
    checked = conformal_intervals(own, coverage=0.8, by=("place",))
    checked = checked[np.isfinite(checked["upper"])]
    held = checked["truth"].between(checked["lower"], checked["upper"]).mean()
    ahead = ahead[["place", "change"]]
    return conformal_intervals(own, ahead, coverage=0.8, by=("place",)), held


def draw(best, X, ahead, backtests):
    figure = plt.figure(figsize=(12, 11), layout="constrained")
    rows = figure.subfigures(3, 1)
    places = X["place"].unique()
    ForecastDisplay.from_predictions(
        ahead, history=X, group_by="place", ax=rows[0].subplots(1, len(places))
    )
    BacktestDisplay.from_predictions(
        backtests, only_target="change", ax=rows[1].subplots(1, 2)
    )
    left, right = rows[2].subplots(1, 2)
    LagImportanceDisplay.from_estimator(
        best, X, X[TARGETS], lags_per_block=3, random_state=0, ax=left
    )
    LossCurveDisplay.from_estimator(best, ax=right)
    figure.savefig(PICTURE, dpi=110)


def main():
    start = time.perf_counter()
    X = load()
    print(f"{len(X)} rows: {X.groupby('place').size().to_dict()}, {list(X.columns)}")

    cv = PanelTimeSeriesSplit(2, test_size=24)
    assert_no_leakage(lstm(epochs=2), X, X[TARGETS], cv, groups="place")
    print("Nothing leaks: no fold and no prediction sees what it must not see.")

    seen = X[: f"{2001 - N_YEARS}"]
    search = purged_search(seen)
    print(f"Best of {len(search.cv_results_['params'])}: {search.best_params_}")

    years = PanelTimeSeriesSplit(N_YEARS, test_size=12)
    models = {"LSTM": search.best_estimator_, **baselines()}
    backtests = {
        name: backtest(model, X, X[TARGETS], years, refit=5)
        for name, model in models.items()
    }
    print(
        f"\nMean absolute error of the monthly change, {N_YEARS} years, refit every 5:"
    )
    for name, found in backtests.items():
        print(f"  {name:15} {mean_error(found):.3f}")

    best = search.best_estimator_.fit(X, X[TARGETS])
    after = calendar(pd.date_range("2002-01-01", periods=12, freq="MS"))
    ahead = forecast(best, X, steps=12, X_future=after)
    ahead, held = with_intervals(backtests["LSTM"], ahead)
    print(
        f"\nIntervals that promise 80 % held {held:.0%} in the backtest. The next year:"
    )
    print(ahead.round(2).to_string())
    draw(best, X, ahead, backtests)
    print(f"\nAll of it is drawn in {PICTURE.name}.")
    print(f"Done in {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
