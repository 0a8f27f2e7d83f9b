"""
Which lags the network looks at
===============================

``LagImportanceDisplay`` permutes each lag of each feature, and measures how much worse
the score gets. Here the true lags are known: sales depend on those of a week ago, on
an advert two days before, and on a temperature three days before that is bad if it is
far from mild on either side. A ridge regression on the same windows can't see the last.
"""

# %%
# The series. The fourth column, the price of tea in China, means nothing.
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline

from sklstm import CompleteCaseRegressor, LSTMRegressor, PerFeatureScaler, SlidingWindow
from sklstm.inspection import LagImportanceDisplay

rng = np.random.default_rng(0)
n_rows = 1500
days = pd.date_range("2022-01-01", periods=n_rows, freq="D", name="day")
advert, temperature, tea = rng.normal(size=(3, n_rows))
sold = rng.normal(size=n_rows)
for t in range(7, n_rows):
    effects = 0.5 * sold[t - 7] + advert[t - 2] - 1.2 * abs(temperature[t - 3])
    sold[t] = effects + 0.3 * rng.normal()
X = pd.DataFrame(
    {"sold": sold, "advert": advert, "temperature": temperature, "tea": tea}, index=days
)
TRUE_LAGS = {"sold": 7, "advert": 2, "temperature": 3}

# %%
# Both are fitted on four fifths of the days.
train, test = X[:1200], X[1200:]
models = {
    "LSTM": make_pipeline(
        SlidingWindow(window_length=10),
        PerFeatureScaler(),
        LSTMRegressor(random_state=0),
    ),
    "Ridge": make_pipeline(
        SlidingWindow(window_length=10, flatten=True),
        CompleteCaseRegressor(RidgeCV(np.logspace(-2, 4, 13))),
    ),
}
for model in models.values():
    model.fit(train, train["sold"])

# %%
# Importance in days that neither has seen. Frames mark the lags that made the series.
figure, axes = plt.subplots(2, 1, figsize=(8, 5.4), layout="constrained")
for ax, (name, model) in zip(axes, models.items()):
    LagImportanceDisplay.from_estimator(
        model, test, test["sold"], random_state=0, ax=ax
    )
    r2 = model.score(test, test["sold"])
    ax.set_title(f"{name}: explains {r2:.0%} of the variance")
    for row, lag in enumerate(TRUE_LAGS.values()):
        corner = 10 - lag - 0.5, row - 0.5
        frame = Rectangle(corner, 1, 1, fill=False, edgecolor="tab:red", linewidth=2)
        ax.add_patch(frame)
plt.show()
