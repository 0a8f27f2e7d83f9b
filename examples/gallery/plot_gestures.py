"""
Gestures of unequal length
==========================

A hand draws one of six figures in the air, fast or slow, large or small, and rests
before and after it. Which figure was it? ``LSTMClassifier`` reads the recordings as
they are, of unequal length; beside it stands the nearest neighbour among recordings
that were stretched to one length.
"""

# %%
# A recording is an array of time steps with two features, the place of the hand.
import numpy as np
from matplotlib import pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import LSTMClassifier, PadSequences, PerFeatureScaler

rng = np.random.default_rng(0)
turn = np.linspace(0, 2 * np.pi, 40)
FIGURES = {
    "circle": np.column_stack([np.sin(turn), np.cos(turn)]),
    "circle back": np.column_stack([-np.sin(turn), np.cos(turn)]),
    "eight": np.column_stack([np.sin(turn), np.sin(2 * turn)]),
    "square": np.array([[-1, 1], [1, 1], [1, -1], [-1, -1], [-1, 1]]),
    "triangle": np.array([[0, 1], [1, -1], [-1, -1], [0, 1]]),
    "zigzag": np.array([[-1, 1], [1, 1], [-1, -1], [1, -1]]),
}


def make_recording(figure):
    """Return the places of a hand that draws a figure."""
    n_before, n_moving, n_after = rng.integers([5, 20, 5], [25, 50, 25])
    progress = np.linspace(0, 1, n_moving) ** rng.uniform(0.6, 1.7)
    progress = np.concatenate([np.zeros(n_before), progress, np.ones(n_after)])
    corners = FIGURES[figure] * rng.uniform(0.6, 1.4, size=2)
    angle = rng.normal(scale=0.3)
    turned = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    corners = corners @ np.array(turned)
    at = np.linspace(0, 1, len(corners))
    place = np.column_stack([np.interp(progress, at, axis) for axis in corners.T])
    return place + rng.normal(scale=0.08, size=place.shape) + rng.normal(size=2)


y = np.repeat(list(FIGURES), 80)
X = [make_recording(figure) for figure in y]
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

# %%
# One of each; the colour is the time, from dark to light.
figure, axes = plt.subplots(1, 6, figsize=(11, 2.4), layout="constrained")
for ax, name in zip(axes, FIGURES):
    x = X_train[list(y_train).index(name)]
    ax.plot(*x.T, color="0.85", linewidth=1, zorder=0)
    points = ax.scatter(*x.T, c=np.arange(len(x)) / 20, s=8, vmin=0, vmax=4)
    ax.set(title=f"{name}, {len(x)} steps", xticks=[], yticks=[])
    ax.title.set_fontsize("small")
    ax.set_aspect("equal", adjustable="datalim")
figure.colorbar(points, ax=axes, label="time (s)")
plt.show()

# %%
# ``PadSequences`` puts missing steps after the short recordings, which the network
# skips. Where a figure is drawn, and how large, tells nothing here:
# ``window_norm="standard"`` leaves only its shape. The neighbour gets the same by hand.


def stretch(recordings, n_timesteps=50):
    """Return recordings as a table, stretched to one length and standardized."""
    rows = []
    for x in recordings:
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        at, now = np.linspace(0, 1, n_timesteps), np.linspace(0, 1, len(x))
        rows.append(np.concatenate([np.interp(at, now, axis) for axis in x.T]))
    return np.array(rows)


lstm = make_pipeline(
    PadSequences(),
    PerFeatureScaler(),
    LSTMClassifier(window_norm="standard", random_state=0),
)
nearest = make_pipeline(FunctionTransformer(stretch), KNeighborsClassifier(1))

figure, axes = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for ax, (name, model) in zip(
    axes, {"LSTM": lstm, "nearest neighbour": nearest}.items()
):
    predicted = model.fit(X_train, y_train).predict(X_test)
    ConfusionMatrixDisplay.from_predictions(
        y_test, predicted, ax=ax, cmap="Blues", colorbar=False, xticks_rotation=30
    )
    right = accuracy_score(y_test, predicted)
    ax.set_title(f"{name}: {right:.0%} of {len(y_test)} are right")
plt.show()

# sphinx_gallery_thumbnail_number = 2
