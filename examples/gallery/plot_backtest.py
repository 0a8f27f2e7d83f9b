"""
A backtest, by step and by fold
===============================

A forecast of eight years is made from ten origins in the past, each with nothing but
what was known then. ``BacktestDisplay`` draws the errors of the network and of two
baselines, by step and by fold. The unit is the error of the naive forecast of one
season (MASE): below 1 is better than the same year of the cycle before.
"""

# %%
# The yearly number of sunspots ships with statsmodels. A cycle takes about eleven
# years.
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from statsmodels.datasets import sunspots

from sklstm import (
    CompleteCaseRegressor,
    LSTMRegressor,
    NaiveForecaster,
    PerFeatureScaler,
    SlidingWindow,
)
from sklstm.forecasting import backtest, backtest_scores
from sklstm.inspection import BacktestDisplay

data = sunspots.load_pandas().data.astype({"YEAR": int}).set_index("YEAR")
X = data.rename(columns={"SUNACTIVITY": "sunspots"}).rename_axis("year")

# %%
# Every pipeline predicts one year, and is fed its own forecasts for the next ones.
models = {
    "LSTM": make_pipeline(
        SlidingWindow(window_length=22),
        PerFeatureScaler(),
        LSTMRegressor(random_state=0),
    ),
    "ridge": make_pipeline(
        SlidingWindow(window_length=22, flatten=True),
        CompleteCaseRegressor(RidgeCV(np.logspace(-2, 4, 13))),
    ),
    "cycle before": make_pipeline(SlidingWindow(22), NaiveForecaster(season_length=11)),
}
cv = TimeSeriesSplit(n_splits=10, test_size=8)
backtests = {
    name: backtest(model, X, X["sunspots"], cv, refit=5, season_length=11)
    for name, model in models.items()
}

# %%
BacktestDisplay.from_predictions(backtests, metric="mase", target_name="sunspots")
plt.show()

# %%
# All folds and steps together:
pd.concat({name: backtest_scores(own, by=()) for name, own in backtests.items()}).round(
    2
).droplevel(1)

# %%
# The forecasts themselves. A dot is an origin.
figure, ax = plt.subplots(figsize=(10, 3.8), layout="constrained")
truth = X["sunspots"].iloc[-100:]
ax.plot(truth, color="black", linewidth=1, linestyle="--", label="truth")
for name, colour in {"LSTM": "C0", "ridge": "C1"}.items():
    for fold, own in backtests[name].groupby("fold"):
        origin = own["origin"].iloc[0]
        years = [origin, *own["time"]]
        values = [X["sunspots"].loc[origin], *own["forecast"]]
        ax.plot(years, values, color=colour, label=None if fold else name)
        ax.plot(*(years[0], values[0]), "o", color="black", markersize=4)
ax.set(xlabel="year", ylabel="sunspots")
figure.legend(loc="outside upper center", ncols=3, frameon=False)
plt.show()

# sphinx_gallery_thumbnail_number = 1
