"""
A grid search beside its baselines
==================================

How long a window, and how large a network? ``GridSearchCV`` tries them in folds that
keep the order of time. The last value and a ridge regression on the same windows are
candidates of the same search: a pipeline step is a parameter like any other.
"""

# %%
# The yearly number of sunspots ships with statsmodels. Each year is predicted from the
# years before it; the last eighty are kept back.
import numpy as np
import pandas as pd
from joblib import parallel_config
from matplotlib import pyplot as plt
from sklearn.base import clone
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from statsmodels.datasets import sunspots

from sklstm import (
    CompleteCaseRegressor,
    LSTMRegressor,
    NaiveForecaster,
    PerFeatureScaler,
    SlidingWindow,
)

data = sunspots.load_pandas().data.astype({"YEAR": int}).set_index("YEAR")
X = data.rename(columns={"SUNACTIVITY": "sunspots"})
y = X["sunspots"]
X_train, X_test, y_train, y_test = X[:-80], X[-80:], y[:-80], y[-80:]

# %%
# Three grids, one a kind of model. The networks of both sizes are compiled once; two
# threads share them.
lstm = LSTMRegressor(random_state=0)
ridge = CompleteCaseRegressor(RidgeCV(np.logspace(-2, 4, 13)))
pipe = Pipeline([("window", SlidingWindow(11)), ("scale", None), ("model", lstm)])
grids = [
    {
        "window__window_length": [11, 22],
        "scale": [PerFeatureScaler()],
        "model__units": [8, 32],
    },
    {
        "window__window_length": [11, 22],
        "window__flatten": [True],
        "model": [ridge],
    },
    {"model": [NaiveForecaster()]},
]
search = GridSearchCV(
    pipe,
    grids,
    scoring="neg_mean_absolute_error",
    cv=TimeSeriesSplit(n_splits=3, test_size=30),
)
with parallel_config("threading", n_jobs=2):
    search.fit(X_train, y_train)

# %%
# A dot is a fold, a bar the mean of all.


def name_of(parameters):
    """Return what to call a candidate."""
    model = type(parameters.get("model", lstm)).__name__
    length = parameters.get("window__window_length")
    if model == "NaiveForecaster":
        return "last value"
    if model == "CompleteCaseRegressor":
        return f"ridge, {length} years"
    return f"LSTM, {length} years, {parameters['model__units']} units"


found = pd.DataFrame(search.cv_results_).sort_values("mean_test_score")
folds = -found.filter(regex=r"split\d_test_score")
names = [name_of(parameters) for parameters in found["params"]]
colours = {"LSTM": "tab:orange", "ridge": "tab:green", "last": "0.6"}
own = [colours[name.replace(",", " ").split()[0]] for name in names]

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.barh(names, -found["mean_test_score"], color=own, alpha=0.6)
for column in folds:
    ax.plot(folds[column], names, "o", color="black", markersize=3)
ax.set_xlabel("mean absolute error in the folds (sunspots)")
plt.show()

# %%
# The best of each kind in the eighty years that the search did not see. The network and
# the ridge are close on this short series: which of them is ahead depends on the years
# that are kept back, and on the last forty alone it is the ridge.
found["kind"] = [name.split(",")[0] for name in names]
best = found.groupby("kind").tail(1).set_index("kind")["params"]
forecasts = {
    kind: clone(pipe).set_params(**parameters).fit(X_train, y_train).predict(X_test)
    for kind, parameters in best.items()
}
figure, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
ax.plot(y_test, "o--", color="black", markersize=3, linewidth=1, label="truth")
for kind, values in forecasts.items():
    label = f"{kind}: {mean_absolute_error(y_test, values):.1f} off"
    ax.plot(y_test.index, values, color=colours[kind.split()[0]], label=label)
ax.set(xlabel="year", ylabel="sunspots")
figure.legend(loc="outside upper center", ncols=4, frameon=False)
plt.show()

# sphinx_gallery_thumbnail_number = 1
