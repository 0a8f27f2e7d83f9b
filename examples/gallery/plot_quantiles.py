"""
Quantiles and conformal intervals
=================================

The price of electricity is steady at night, and jumps in the evening. With
``loss="quantile"`` the network learns how wide the next hour is; conformal intervals
around a point forecast have about one width, but keep their promise on average by
construction. Both promise to hold 80 % of the hours: do they, and when?
"""

# %%
# Ninety days of a price that goes on with 0.8 of what is unusual in it, and is shocked
# by more in the evening. The hour is known in advance, as two features.
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy.signal import lfilter
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow, predict_quantiles
from sklstm.forecasting import backtest, conformal_intervals

rng = np.random.default_rng(0)
hours = pd.date_range("2026-03-01", periods=90 * 24, freq="h", name="time")
angle = 2 * np.pi * hours.hour.to_numpy() / 24
shocks = (1 + 8 * np.exp(-3 * (1 - np.cos(angle - 1.5 * np.pi)))) * rng.normal(
    size=len(hours)
)
unusual = lfilter([1], [1, -0.8], shocks)
X = pd.DataFrame(
    {
        "price": 60 - 15 * np.cos(angle) + unusual,
        "sin": np.sin(angle),
        "cos": np.cos(angle),
    },
    index=hours,
)
y = X["price"]
n_test = 20 * 24
X_train, X_test, y_train, y_test = X[:-n_test], X[-n_test:], y[:-n_test], y[-n_test:]


def network(**parameters):
    """Return a pipeline that predicts the next hour from the last twelve."""
    window = SlidingWindow(window_length=12, known=["sin", "cos"])
    return make_pipeline(
        window, PerFeatureScaler(), LSTMRegressor(random_state=0, **parameters)
    )


# %%
# The network of quantiles learns 10 %, 50 % and 90 %, which never cross.
quantiles = network(loss="quantile").fit(X_train, y_train)
low, median, high = predict_quantiles(quantiles, X_test).T
bands = {"quantiles": (low, high)}

# %%
# For conformal intervals, a point forecast is made of each hour of the last forty days
# by a network that has seen none of them. An interval is as wide as the errors before
# it were.
cv = TimeSeriesSplit(n_splits=2 * n_test, test_size=1)
past = backtest(network(), X, y, cv, refit=False)
checked = conformal_intervals(past, coverage=0.8).tail(n_test)
bands["conformal"] = checked["lower"].to_numpy(), checked["upper"].to_numpy()

# %%
# What costs nothing: the quantiles of the same hour in the train part.
by_hour = y_train.groupby(y_train.index.hour)
bands["same hour"] = [
    by_hour.quantile(q).loc[y_test.index.hour].to_numpy() for q in (0.1, 0.9)
]

# %%
# Three days of the last twenty; the dots are what came true.
plt.rcParams["date.converter"] = "concise"
colours = {"quantiles": "tab:orange", "conformal": "tab:blue", "same hour": "0.5"}
figure, axes = plt.subplots(
    3, 1, figsize=(9, 6), sharex=True, sharey=True, layout="constrained"
)
shown = slice(0, 72)
for ax, (name, (lower, upper)) in zip(axes, bands.items()):
    ends = lower[shown], upper[shown]
    ax.fill_between(y_test.index[shown], *ends, color=colours[name], alpha=0.4)
    ax.plot(y_test[shown], ".", color="black", markersize=4)
    ax.set_title(name, fontsize="medium")
    ax.set_ylabel("price (€/MWh)")
plt.show()

# %%
# The share that was held, hour by hour. Right on average may be too wide at night and
# too narrow in the evening.
figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
ax.axhline(0.8, color="black", linewidth=1, linestyle="--", label="promised")
for name, (lower, upper) in bands.items():
    held = y_test.between(lower, upper)
    label = f"{name}: {held.mean():.0%} of all"
    ax.plot(held.groupby(y_test.index.hour).mean(), color=colours[name], label=label)
ax.set(xlabel="hour of the day", ylabel="share held", ylim=(0, 1.02))
figure.legend(loc="outside upper center", ncols=4, frameon=False)
plt.show()

# %%
# The pinball loss, less is better, counts width and misses in one number:
losses = {
    name: np.mean(
        [mean_pinball_loss(y_test, end, alpha=a) for end, a in zip(ends, (0.1, 0.9))]
    )
    for name, ends in bands.items()
}
widths = {name: np.mean(upper - lower) for name, (lower, upper) in bands.items()}
pd.DataFrame({"pinball loss": losses, "mean width (€/MWh)": widths}).round(1)

# sphinx_gallery_thumbnail_number = 1
