"""Labelled series that classifiers are measured on: shipped, made, or read from files.

Each set is a function that takes nothing (or a seed) and gives ``X_train, y_train,
X_test, y_test``. Made ones have the kinds of labels that archives of series have: a
shape, its place, an order, a count, a rhythm, a level, how features go together. Where
lengths are unequal, X is a list of arrays of shape ``(n_timesteps, n_features)``.
"""

import functools
import pathlib
from dataclasses import dataclass

import made_gestures
import made_outlines
import made_patterns
import made_signals
import numpy as np
from ts_files import read_ts

# A class is rare in these: they are scored by balanced accuracy too.
IMBALANCED = {"imbalanced"}


@dataclass(frozen=True)
class LabelledSeries:
    """A set of labelled series, split once and for all.

    Parameters
    ----------
    name : str
        What it is called.

    make : callable
        What gives `X_train, y_train, X_test, y_test`.
    """

    name: str
    make: callable

    @functools.cached_property
    def split(self):
        """Return `X_train, y_train, X_test, y_test`."""
        return self.make()

    @property
    def unequal(self):
        """Whether lengths are unequal."""
        return isinstance(self.split[0], list)

    @property
    def imbalanced(self):
        """Whether a class is rare."""
        return self.name in IMBALANCED

    @property
    def shape(self):
        """Return what a row of a table tells: samples, steps, features, classes."""
        X_train, y_train, X_test, _ = self.split
        lengths = sorted({len(x) for x in [*X_train, *X_test]})
        steps = f"{lengths[0]} to {lengths[-1]}" if self.unequal else str(lengths[0])
        n_features = X_train[0].shape[1]
        return len(X_train), len(X_test), steps, n_features, len(np.unique(y_train))


def labelled_series(data=None):
    """Return all sets, one after the other.

    Parameters
    ----------
    data : str, default=None
        A folder of ``GunPoint_TRAIN.ts``, ``JapaneseVowels_TEST.ts`` and the like: the
        archive's own splits, of whatever sets are there. None leaves them out.

    Returns
    -------
    list of LabelledSeries
    """
    made = {
        "digits": functools.partial(_digits, 8),
        "digits_by_pixel": functools.partial(_digits, 64),
        **made_patterns.sets(),
        **made_outlines.sets(),
        **made_signals.sets(),
        **made_gestures.sets(),
    }
    if data:
        made |= _of_folder(data)
    return [LabelledSeries(name, make) for name, make in made.items()]


def _digits(n_timesteps):
    """Return the digits of scikit-learn, read from the top, as in the examples."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, y = load_digits(return_X_y=True)
    X = X.reshape(len(X), n_timesteps, -1)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=0
    )
    return X_train, y_train, X_test, y_test


def _of_folder(folder):
    folder = pathlib.Path(folder)
    names = sorted(file.name[: -len("_TRAIN.ts")] for file in folder.glob("*_TRAIN.ts"))
    if not names:
        raise SystemExit(f"There is no file *_TRAIN.ts in {folder}.")
    return {name: functools.partial(_of_files, folder, name) for name in names}


def _of_files(folder, name):
    train = read_ts(folder / f"{name}_TRAIN.ts")
    return *train, *read_ts(folder / f"{name}_TEST.ts")
