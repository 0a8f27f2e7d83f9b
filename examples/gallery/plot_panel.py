"""
One model for a panel of shops
==============================

Twenty-four shops of very unlike size sell twice as much on days with an offer, but
hardly more if there was one just before, and less on the days after. Offers are
planned, so they are known for the days to forecast. One model learns from all shops,
and forecasts two weeks of each of them; beside it stand a ridge regression on the same
windows and the last week once more.
"""

# %%
# The table holds all shops, one below the other; the index tells the day.
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline

from sklstm import (
    CompleteCaseRegressor,
    LSTMRegressor,
    NaiveForecaster,
    PerFeatureScaler,
    SlidingWindow,
)
from sklstm.forecasting import TransformedTargetForecaster, forecast
from sklstm.inspection import ForecastDisplay

rng = np.random.default_rng(0)
days = pd.date_range("2026-01-05", periods=224, freq="D", name="day")


def make_shop(name):
    """Return what a shop sells each day, and the days of its offers."""
    week = np.array([1.0, 0.9, 0.9, 1.0, 1.3, 1.7, 0.5]) ** rng.uniform(0.5, 1.5)
    offer = pd.Series(rng.random(len(days)) < 0.15)
    before = offer.shift(1, fill_value=False).rolling(3, min_periods=1).max() > 0
    effect = np.select([offer & ~before, offer, before], [2.2, 1.2, 0.75], 1.0)
    sold = 10 ** rng.uniform(1, 3) * week[days.day_of_week] * effect
    sold = sold * np.exp(0.06 * rng.normal(size=len(days)))
    offer = offer.to_numpy(dtype=float)
    return pd.DataFrame({"shop": name, "sold": sold, "offer": offer}, index=days)


table = pd.concat(make_shop(f"shop {i}") for i in range(1, 25))
known, later = table[table.index < days[-14]], table[table.index >= days[-14]]
known.groupby("shop").head(1).head(4)

# %%
# ``group_by`` keeps the shops apart. ``known`` puts the offer of a day beside what was
# sold the day before. What makes sales grow by shares is learned on the scale of
# logarithms; forecasts come back in pieces sold.
panel = {"window_length": 14, "group_by": "shop", "known": "offer"}
lstm = make_pipeline(
    SlidingWindow(**panel), PerFeatureScaler(), LSTMRegressor(random_state=0)
)
ridge = make_pipeline(
    SlidingWindow(**panel, flatten=True),
    CompleteCaseRegressor(RidgeCV(np.logspace(-2, 4, 13))),
)
models = {
    "LSTM": TransformedTargetForecaster(lstm, transformer="log"),
    "ridge": TransformedTargetForecaster(ridge, transformer="log"),
    "last week": make_pipeline(
        SlidingWindow(**panel), NaiveForecaster(season_length=7)
    ),
}
planned = later[["shop", "offer"]]
ahead = {
    name: forecast(model.fit(known, known["sold"]), known, 14, X_future=planned)
    for name, model in models.items()
}

# %%
# Four of the shops. Triangles are the offers.
display = ForecastDisplay.from_predictions(
    ahead["LSTM"],
    history=known,
    truth=later,
    group_by="shop",
    n_history=21,
    line_kw={"label": "LSTM"},
)
for ax in display.ax_:
    shop = ax.get_title()
    week = ahead["last week"].query("shop == @shop")["sold"]
    ax.plot(week, ":", color="0.4", label="last week")
    offers = table.query("shop == @shop and offer == 1").loc[days[-35] :]
    ax.plot(offers.index, 0 * offers["sold"], "^r", clip_on=False, label="offer")
    ax.set(ylabel="sold a day", ylim=(0, None))
handles = display.ax_[0].get_legend_handles_labels()
display.legend_.remove()
display.figure_.legend(*handles, loc="outside upper center", ncols=5, frameon=False)
plt.show()

# %%
# All of them, small and large: the mean absolute error over two weeks, in
# percent of what the shop sells on average.
truth = later.set_index("shop", append=True)["sold"]
share = {}
for name, one in ahead.items():
    error = (one.set_index("shop", append=True)["sold"] - truth).abs()
    share[name] = 100 * error.groupby("shop").mean() / truth.groupby("shop").mean()
share = pd.DataFrame(share).assign(mean=truth.groupby("shop").mean())
share = share.sort_values("mean")

figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
styles = {"LSTM": "tab:orange", "ridge": "tab:green", "last week": "0.5"}
for name, colour in styles.items():
    label = f"{name}: {share[name].mean():.1f} %"
    ax.plot(share["mean"], share[name], "o", color=colour, label=label)
ax.set(xscale="log", ylim=(0, None))
ax.set(xlabel="sold a day, on average", ylabel="mean absolute error (%)")
figure.legend(loc="outside upper center", ncols=3, frameon=False)
plt.show()

# sphinx_gallery_thumbnail_number = 1
