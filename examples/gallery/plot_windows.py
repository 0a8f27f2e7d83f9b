"""
What a window holds
===================

``SlidingWindow`` makes one window for each row of a table, from the rows before it. So
``y`` is never shifted, and every splitter and scorer stays valid. Here the windows are
drawn over the days that they hold: how ``horizon`` moves them, and what happens where
rows are missing or belong to different shops.
"""

# %%
# A table of six days. What is sold on a day is its number, to tell the days apart.
import warnings

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from sklstm import SlidingWindow

days = pd.date_range("2026-03-01", periods=6, freq="D", name="day")
X = pd.DataFrame({"sold": np.arange(1.0, 7.0)}, index=days)
windows = SlidingWindow(window_length=3).fit_transform(X)
print(windows.shape, "is rows, time steps, features")
print(windows[:, :, 0])

# %%
# Blue is what the window of a row holds, the orange frame is the row itself, whose
# ``y`` is predicted. With ``horizon=1``, the default, a window ends the day before:
# a target that is also a column of X can't leak. NaN is a step that does not exist;
# the networks skip it.


def draw(ax, X, window, title):
    """Draw the window of each row over the days, and the row itself."""
    windows = np.asarray(window.fit_transform(X))[:, :, 0]
    day_of = dict(zip(X["sold"], X.index.day))
    for row, (day, values) in enumerate(zip(X.index.day, windows)):
        for lag, value in enumerate(values[::-1], start=window.horizon):
            exists = np.isfinite(value)
            colour = "lightskyblue" if exists else "0.92"
            at = day_of.get(value, day - lag)
            ax.add_patch(Rectangle((at - 0.45, row - 0.4), 0.9, 0.8, color=colour))
            text = f"{value:g}" if exists else "NaN"
            ax.text(at, row, text, ha="center", va="center", fontsize=8)
        frame = {"edgecolor": "tab:orange", "linewidth": 2, "fill": False}
        ax.add_patch(Rectangle((day - 0.45, row - 0.4), 0.9, 0.8, **frame))
    shops = X.get("shop", pd.Series("", X.index))
    names = [f"{day} {shop}" for day, shop in zip(X.index.day, shops)]
    ax.set(title=title, xlabel="day", xlim=(-3.6, X.index.day.max() + 0.6))
    ax.set(xticks=range(1, X.index.day.max() + 1), ylim=(len(X) - 0.4, -0.6))
    ax.set_yticks(range(len(X)), names)


figure, axes = plt.subplots(1, 3, figsize=(10, 4), sharey=True, layout="constrained")
for ax, horizon in zip(axes, [0, 1, 2]):
    draw(ax, X, SlidingWindow(3, horizon=horizon), f"horizon={horizon}")
axes[0].set_ylabel("row")
plt.show()

# %%
# The index tells time, so a day that is missing in the table is a missing step. A
# warning counts them; ``gaps="ignore"`` takes the rows as they stand. With
# ``group_by`` no window holds rows of two shops, in whatever order they come.
X_gap = X.drop(X.index[3])
X_shops = pd.DataFrame({"shop": [*"ababab"], "sold": [1, 10, 2, 20, 3, 30]})
X_shops.index = days[:3].repeat(2)

figure, axes = plt.subplots(1, 3, figsize=(10, 4), layout="constrained")
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    draw(axes[0], X_gap, SlidingWindow(3), "day 4 is missing")
print(told[0].message)
draw(axes[1], X_gap, SlidingWindow(3, gaps="ignore"), 'gaps="ignore"')
draw(axes[2], X_shops, SlidingWindow(3, group_by="shop"), 'group_by="shop"')
axes[0].set_ylabel("row")
plt.show()

# %%
# ``flatten=True`` makes a table of the same windows, for any other regressor.
SlidingWindow(3, flatten=True).set_output(transform="pandas").fit_transform(X)

# sphinx_gallery_thumbnail_number = 1
