"""Tune an LSTM by grid search on a real series, beside two baselines.

The yearly number of sunspots, 1700 to 2008, ships with statsmodels. Each year is
predicted from the years before it: rows go in as they are, nothing is shifted by hand.
Run it with ``python examples/quickstart.py``; it takes some 15 seconds on two cores and
writes ``examples/quickstart.png``.
"""

import pathlib
import time

import matplotlib as mpl
import numpy as np
import pandas as pd
import quiet  # noqa: F401, TensorFlow without its lines at the start
from joblib import parallel_config
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from statsmodels.datasets import sunspots

from sklstm import (
    CompleteCaseRegressor,
    LSTMRegressor,
    NaiveForecaster,
    PerFeatureScaler,
    SlidingWindow,
)

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = pathlib.Path(__file__).with_suffix(".png")
SCORING = "neg_mean_absolute_error"
N_TEST = 40  # the last years, which no search and no fit sees


def load():
    data = sunspots.load_pandas().data.set_index("YEAR")
    data.index = data.index.astype(int)
    X = data.rename(columns={"SUNACTIVITY": "sunspots"})
    return X, X["sunspots"]


def search_lstm(X, y, cv):
    pipe = make_pipeline(
        SlidingWindow(window_length=11),
        PerFeatureScaler(),
        LSTMRegressor(random_state=0),
    )
    grid = {
        "slidingwindow__window_length": [11, 22],
        "lstmregressor__network_weight": ["auto", 1.0],
    }
    search = GridSearchCV(pipe, grid, cv=cv, scoring=SCORING, verbose=3)
    with parallel_config("threading", n_jobs=2):  # which share what is compiled
        return search.fit(X, y)


def baselines(window_length):
    lags = SlidingWindow(window_length=window_length, flatten=True)
    ridge = RidgeCV(np.logspace(-2, 4, 13))
    return {
        "last value": make_pipeline(SlidingWindow(window_length=1), NaiveForecaster()),
        "Ridge": make_pipeline(lags, CompleteCaseRegressor(ridge)),
    }


def table_of_scores(search, others, X, y, cv):
    """Mean absolute error of every candidate, over the same folds."""
    rows = []
    for i, parameters in enumerate(search.cv_results_["params"]):
        window = parameters["slidingwindow__window_length"]
        weight = parameters["lstmregressor__network_weight"]
        folds = [search.cv_results_[f"split{k}_test_score"][i] for k in range(3)]
        rows.append([f"LSTM, window {window}, network_weight {weight}", *folds])
    for name, pipe in others.items():
        rows.append([name, *cross_val_score(pipe, X, y, cv=cv, scoring=SCORING)])
    table = pd.DataFrame(rows, columns=["model", "fold 1", "fold 2", "fold 3"])
    table = -table.set_index("model")
    return table.assign(mean=table.mean(axis=1)).sort_values("mean")


def draw(truth, forecasts, errors):
    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    axes.plot(truth.index, truth, color="black", marker="o", ms=3, label="truth")
    for name, forecast in forecasts.items():
        label = f"{name} (mean absolute error {errors[name]:.1f})"
        axes.plot(truth.index, forecast, label=label, alpha=0.8)
    axes.set(
        title="Sunspots, one year ahead, in years that no fit saw",
        xlabel="year",
        ylabel="number of sunspots",
    )
    axes.legend()
    figure.savefig(PICTURE, dpi=120)


def main():
    start = time.perf_counter()
    X, y = load()
    X_train, y_train, X_test, y_test = (
        X[:-N_TEST],
        y[:-N_TEST],
        X[-N_TEST:],
        y[-N_TEST:],
    )
    cv = TimeSeriesSplit(n_splits=3, test_size=N_TEST)
    print(f"{len(X_train)} years to tune on, {N_TEST} to test on; 12 fits on 2 cores:")
    search = search_lstm(X_train, y_train, cv)
    others = baselines(search.best_params_["slidingwindow__window_length"])

    print("\nMean absolute error in the folds of the search (sunspots):")
    print(table_of_scores(search, others, X_train, y_train, cv).round(1).to_string())

    models = {"LSTM": search.best_estimator_}
    models |= {name: pipe.fit(X_train, y_train) for name, pipe in others.items()}
    forecasts = {name: model.predict(X_test) for name, model in models.items()}
    errors = {
        name: mean_absolute_error(y_test, forecast)
        for name, forecast in forecasts.items()
    }
    print(f"\nMean absolute error in the last {N_TEST} years:")
    for name, error in errors.items():
        print(f"  {name:10} {error:5.1f}")
    draw(y_test, forecasts, errors)
    print(f"\nThe forecasts are drawn in {PICTURE.name}.")
    print(f"Done in {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
