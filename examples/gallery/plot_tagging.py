"""
A label for every time step
===========================

A phone in a pocket measures acceleration. At each tenth of a second: does its owner
stand, walk, or ride a lift? Within a lift nothing moves, as in standing; only the jolts
at its start and its stop tell. ``LSTMTagger`` remembers the first until the second.
"""

# %%
# A recording has two features, the acceleration up and ahead, and a label a time step.
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline

from sklstm import LSTMTagger, PadSequences, PerFeatureScaler

rng = np.random.default_rng(0)
KINDS = ["lift", "stand", "walk"]
COLOURS = ["tab:orange", "0.8", "tab:green"]


def make_recording():
    """Return what a phone measures, and what its owner does, at each time step."""
    signal, labels = [], []
    for kind in rng.choice(["lift", "walk"], size=3):
        for now in ["stand", kind]:
            n = rng.integers(25, 60)
            part = rng.normal(scale=0.25, size=(n, 2))
            if now == "walk":
                phase = 2 * np.pi * rng.uniform(0.15, 0.25) * np.arange(n)
                part += rng.uniform(0.6, 1.5) * np.sin(phase)[:, None] * [1, 0.5]
            if now == "lift":
                jolt = rng.choice([-1, 1]) * rng.uniform(0.8, 1.4) * np.hanning(10)
                part[:10, 0] += jolt
                part[-10:, 0] -= jolt
            signal.append(part)
            labels += [now] * n
    return np.concatenate(signal), labels


X, y = zip(*[make_recording() for _ in range(120)])
X, y = list(X), list(y)
X_train, y_train, X_test, y_test = X[:80], y[:80], X[80:], y[80:]

# %%
# ``y`` is a list of lists of labels, as long as the recordings.
tagger = make_pipeline(
    PadSequences(), PerFeatureScaler(), LSTMTagger(epochs=100, random_state=0)
)
tagger.fit(X_train, y_train)
tags = [tag[: len(x)] for tag, x in zip(tagger.predict(X_test), X_test)]

# %%
# Beside it, a forest of trees on what the three seconds around a step look like.


def look_around(x, n=31):
    """Return the step itself, and what the steps around it look like."""
    around = pd.DataFrame(x).rolling(n, center=True, min_periods=1)
    return np.column_stack([x, around.mean(), around.std(), around.min(), around.max()])


trees = ExtraTreesClassifier(50, min_samples_leaf=10, random_state=0)
trees.fit(np.concatenate([look_around(x) for x in X_train]), np.concatenate(y_train))
guesses = [trees.predict(look_around(x)) for x in X_test]

# %%
# One of the recordings that neither has seen: the signal, and the labels as bands.
bands = {"truth": y_test[0], "LSTMTagger": tags[0], "trees": guesses[0]}
figure, axes = plt.subplots(
    4,
    1,
    figsize=(10, 4.4),
    sharex=True,
    height_ratios=[4, 1, 1, 1],
    layout="constrained",
)
seconds = np.arange(len(X_test[0]) + 1) / 10
for axis, name in enumerate(["up", "ahead"]):
    axes[0].plot(seconds[:-1], X_test[0][:, axis], lw=1, label=name)
axes[0].set_ylabel("acceleration (m/s²)")
axes[0].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
for ax, (name, labels) in zip(axes[1:], bands.items()):
    codes = pd.Categorical(labels, KINDS).codes[None]
    ax.pcolormesh(seconds, [0, 1], codes, cmap=ListedColormap(COLOURS), vmin=0, vmax=2)
    ax.set_yticks([0.5], [name])
axes[-1].set(xlabel="time (s)")
patches = [Patch(color=c, label=k) for k, c in zip(KINDS, COLOURS)]
figure.legend(handles=patches, loc="outside upper center", ncols=3, frameon=False)
plt.show()

# %%
# The share of right labels in all recordings of the test part, by what was the truth:
truth = np.concatenate(y_test)
right = {"LSTMTagger": np.concatenate(tags), "trees": np.concatenate(guesses)}
right = pd.DataFrame({name: tag == truth for name, tag in right.items()})
ax = right.groupby(truth).mean().plot.bar(rot=0, color=["C0", "0.6"], figsize=(7, 3.2))
ax.set(ylim=(0, 1), ylabel="share of right labels", xlabel="what was the truth")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
ax.figure.tight_layout()
plt.show()

# sphinx_gallery_thumbnail_number = 1
