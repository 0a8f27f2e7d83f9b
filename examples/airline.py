"""Forecast two years of airline passengers month by month, nothing tuned.

The default pipeline learns from ten years, and is fed its own forecasts for the 24
months after them, beside Holt-Winters of statsmodels and the same month of the last
year that is known. Intervals that promise to hold 80 % of the truths come from the
errors of a backtest within the ten years. Run it with ``python examples/airline.py``;
it takes a few seconds on two cores and writes ``examples/airline.png``.
"""

import pathlib
import time

import matplotlib as mpl
import numpy as np
import pandas as pd
import quiet  # noqa: F401, TensorFlow without its lines at the start
from sklearn.metrics import mean_absolute_error
from sklearn.pipeline import make_pipeline
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import backtest, conformal_intervals, forecast
from sklstm.inspection import ForecastDisplay

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = pathlib.Path(__file__).with_suffix(".png")
STEPS = 24
COLOURS = {"Holt-Winters": "tab:green", "last year": "tab:grey"}

# Monthly passengers of international airlines in thousands, 1949 to 1960: Box, G. and
# Jenkins, G. (1976), Time Series Analysis: Forecasting and Control, series G.
PASSENGERS = """
112 118 132 129 121 135 148 148 136 119 104 118
115 126 141 135 125 149 170 170 158 133 114 140
145 150 178 163 172 178 199 199 184 162 146 166
171 180 193 181 183 218 230 242 209 191 172 194
196 196 236 235 229 243 264 272 237 211 180 201
204 188 235 227 234 264 302 293 259 229 203 229
242 233 267 269 270 315 364 347 312 274 237 278
284 277 317 313 318 374 413 405 355 306 271 306
315 301 356 348 355 422 465 467 404 347 305 336
340 318 362 348 363 435 491 505 404 359 310 337
360 342 406 396 420 472 548 559 463 407 362 405
417 391 419 461 472 535 622 606 508 461 390 432
"""


def load():
    """Give the passengers, a row for each month."""
    numbers = np.array(PASSENGERS.split(), dtype=float)
    months = pd.date_range("1949-01", periods=len(numbers), freq="MS", name="month")
    return pd.DataFrame({"passengers": numbers}, index=months)


def with_intervals(pipe, X, ahead):
    """Give a forecast intervals, from the errors of a backtest on known rows."""
    folds = [  # an origin every other month of the last years, each STEPS long
        (np.arange(end - STEPS), np.arange(end - STEPS, end))
        for end in range(len(X) - 28, len(X) + 1, 2)
    ]
    past = backtest(pipe, X, X["passengers"], folds, refit=False)
    return conformal_intervals(past, ahead, coverage=0.8)


def others(known, months):
    """Give the forecasts of what else one would try first."""
    holt_winters = ExponentialSmoothing(
        known, trend="add", seasonal="mul", seasonal_periods=12
    ).fit()
    last_year = np.resize(known.to_numpy()[-12:], len(months))
    return {
        "Holt-Winters": holt_winters.forecast(len(months)),
        "last year": pd.Series(last_year, months),
    }


def draw(known, truth, ahead, beside, errors):
    figure, ax = plt.subplots(figsize=(10, 4.5), layout="constrained")
    ForecastDisplay.from_predictions(
        ahead, history=known, truth=truth, n_history=72, ax=ax
    )
    for name, values in beside.items():
        ax.plot(values.index, values, ":", lw=1.5, color=COLOURS[name], label=name)
    ax.set(title=f"LSTM at its defaults: {errors['LSTM']:.1f} off on average")
    ax.legend()
    figure.savefig(PICTURE, dpi=120)


def main():
    start = time.perf_counter()
    X = load()
    known, truth = X[:-STEPS], X[-STEPS:]
    pipe = make_pipeline(
        SlidingWindow(window_length=24),
        PerFeatureScaler(),
        LSTMRegressor(random_state=0),
    )
    pipe.fit(known, known["passengers"])
    ahead = forecast(pipe, known, steps=STEPS)
    beside = others(known["passengers"], truth.index)
    errors = {
        name: mean_absolute_error(truth["passengers"], values)
        for name, values in {"LSTM": ahead["passengers"], **beside}.items()
    }
    print(f"Mean absolute error of {STEPS} months, in thousands of passengers:")
    for name, error in errors.items():
        print(f"  {name:12} {error:5.1f}")
    ahead = with_intervals(pipe, known, ahead)
    inside = truth["passengers"].between(
        ahead["passengers_lower"], ahead["passengers_upper"]
    )
    print(f"Intervals that promise 80 % held {inside.mean():.0%}.")
    draw(known, truth, ahead, beside, errors)
    print(f"The forecasts are drawn in {PICTURE.name}.")
    print(f"Done in {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
