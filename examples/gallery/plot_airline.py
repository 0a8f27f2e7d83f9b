"""
Airline passengers, two years ahead
===================================

Ten years of monthly passengers are known, and the two years after them are forecast,
with nothing tuned. Beside the network stand Holt-Winters and the months of the last
year. Conformal intervals say how sure the forecast is: they promise to hold 80 % of
what comes.
"""

# %%
# The passengers of international airlines in thousands, 1949 to 1960, are series G of
# Box and Jenkins, *Time Series Analysis: Forecasting and Control*, 1976.
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.metrics import mean_absolute_error
from sklearn.pipeline import make_pipeline
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.forecasting import backtest, conformal_intervals, forecast
from sklstm.inspection import ForecastDisplay

PASSENGERS = """
112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133
114 140 145 150 178 163 172 178 199 199 184 162 146 166 171 180 193 181 183 218 230 242
209 191 172 194 196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264
302 293 259 229 203 229 242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313
318 374 413 405 355 306 271 306 315 301 356 348 355 422 465 467 404 347 305 336 340 318
362 348 363 435 491 505 404 359 310 337 360 342 406 396 420 472 548 559 463 407 362 405
417 391 419 461 472 535 622 606 508 461 390 432
"""
numbers = np.array(PASSENGERS.split(), dtype=float)
months = pd.date_range("1949-01", periods=len(numbers), freq="MS", name="month")
X = pd.DataFrame({"passengers": numbers}, index=months)
known, truth = X[:-24], X[-24:]

# %%
# Each month is predicted from the 24 before it. ``forecast`` goes on past the last row:
# it feeds its predictions back.
pipe = make_pipeline(
    SlidingWindow(window_length=24), PerFeatureScaler(), LSTMRegressor(random_state=0)
)
pipe.fit(known, known["passengers"])
ahead = forecast(pipe, known, steps=24)

# %%
# How wide must the intervals be? That is learned from the errors of forecasts from
# origins in the past, every other month, all within the ten years.
folds = [
    (np.arange(end - 24), np.arange(end - 24, end))
    for end in range(len(known) - 28, len(known) + 1, 2)
]
past = backtest(pipe, known, known["passengers"], folds, refit=False)
ahead = conformal_intervals(past, ahead, coverage=0.8)

# %%
# What else one would try first:
smoothing = ExponentialSmoothing(
    known["passengers"], trend="add", seasonal="mul", seasonal_periods=12
)
last_year = np.tile(known["passengers"].tail(12), 2)
beside = {
    "Holt-Winters": smoothing.fit().forecast(24),
    "last year": pd.Series(last_year, truth.index),
}

# %%
# The numbers are the mean absolute errors over the two years, in thousands.
forecasts = {"LSTM": ahead["passengers"], **beside}
labels = {
    name: f"{name}: {mean_absolute_error(truth, values):.1f} off"
    for name, values in forecasts.items()
}
display = ForecastDisplay.from_predictions(
    ahead, history=known, truth=truth, n_history=48, line_kw={"label": labels["LSTM"]}
)
for (name, values), colour in zip(beside.items(), ["tab:green", "0.5"]):
    display.ax_.plot(values, ":", color=colour, label=labels[name])
display.ax_.set_ylabel("passengers (thousands)")
display.legend_.remove()
display.figure_.legend(loc="outside upper center", ncols=3, frameon=False)
plt.show()

# %%
# The intervals promise 80 %. Did they hold that much?
low, high = ahead["passengers_lower"], ahead["passengers_upper"]
held = truth["passengers"].between(low, high)
print(f"{held.sum()} of {len(held)} months are within: {held.mean():.0%}.")
