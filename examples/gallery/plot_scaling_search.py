"""
Scaling up a search by halving
==============================

Most candidates of a search are poor, and show it early. ``HalvingRandomSearchCV`` gives
all of them a few epochs, the better third three times as many, and so on; two threads
share what is compiled. Beside the candidates stand the last value and a ridge
regression on windows, in the same folds.
"""

# %%
# A chaotic series, the equation of Mackey and Glass with some noise, which a linear
# model can't follow.
import time

import numpy as np
import pandas as pd
from joblib import parallel_config
from matplotlib import pyplot as plt
from scipy.stats import loguniform
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import (
    HalvingRandomSearchCV,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from sklstm import (
    CompleteCaseRegressor,
    LSTMRegressor,
    NaiveForecaster,
    PerFeatureScaler,
    SlidingWindow,
)

glass = [1.2] * 18
for _ in range(6 * 900):
    glass.append(0.9 * glass[-1] + 0.2 * glass[-18] / (1 + glass[-18] ** 10))
rng = np.random.default_rng(0)
X = pd.DataFrame({"level": glass[-1 : -6 * 800 : -6][::-1]})
X["level"] += 0.02 * rng.normal(size=len(X))
y = X["level"]

# %%
# Epochs are the resource. Rows would be drawn at random, which is nothing for series.
pipe = make_pipeline(
    SlidingWindow(window_length=12),
    PerFeatureScaler(),
    LSTMRegressor(network_weight=1.0, random_state=0),
)
search = HalvingRandomSearchCV(
    pipe,
    {
        "slidingwindow__window_length": [6, 12, 24],
        "lstmregressor__units": [8, 32],
        "lstmregressor__learning_rate": loguniform(1e-4, 3e-2),
    },
    n_candidates=9,
    factor=3,
    resource="lstmregressor__epochs",
    min_resources=4,
    max_resources=36,
    scoring="neg_mean_absolute_error",
    cv=TimeSeriesSplit(n_splits=3, test_size=100),
    random_state=0,
)
start = time.perf_counter()
with parallel_config("threading", n_jobs=2):
    search.fit(X, y)
found = pd.DataFrame(search.cv_results_)
found["candidate"] = (
    found.filter(regex="param_.*(length|units|rate)").astype(str).agg(" ".join, axis=1)
)
print(f"{3 * len(found) + 1} fits in {time.perf_counter() - start:.1f} s")

# %%
# What costs nothing, in the same folds:
baselines = {
    "last value": make_pipeline(SlidingWindow(1), NaiveForecaster()),
    "ridge, 24 steps": make_pipeline(
        SlidingWindow(24, flatten=True),
        CompleteCaseRegressor(RidgeCV(np.logspace(-4, 2, 13))),
    ),
}
errors = {
    name: -cross_val_score(one, X, y, cv=search.cv, scoring=search.scoring).mean()
    for name, one in baselines.items()
}

# %%
# Each line is a candidate, as long as it was kept.
figure, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
for _, own in found.groupby("candidate"):
    kept = own["n_resources"].max() == found["n_resources"].max()
    style = {"color": "tab:orange", "zorder": 3} if kept else {"color": "0.6"}
    ax.plot(own["n_resources"], -own["mean_test_score"], "o-", **style)
for (name, error), line in zip(errors.items(), [":", "--"]):
    ax.axhline(error, color="tab:green", linestyle=line, label=name)
ax.set(xscale="log", yscale="log", xlabel="epochs", ylabel="mean absolute error")
ax.set(xticks=found["n_resources"].unique(), yticks=[0.02, 0.05, 0.1, 0.2])
ax.xaxis.set_major_formatter("{x:g}")
ax.yaxis.set_major_formatter("{x:g}")
ax.minorticks_off()
ax.plot([], "o-", color="tab:orange", label="kept to the end")
ax.plot([], "o-", color="0.6", label="dropped")
figure.legend(loc="outside upper center", ncols=4, frameon=False)
plt.show()

# %%
# The best of them:
pd.Series(search.best_params_, name="best", dtype=object).to_frame()
