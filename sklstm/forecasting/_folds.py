"""The folds of a backtest: read from a splitter, and checked."""

import warnings
from collections.abc import Iterable, Iterator
from numbers import Integral

import numpy as np

from sklstm._validation import shortened
from sklstm.model_selection import PanelTimeSeriesSplit


class Folds:
    """The folds of a splitter, made anew whenever they are gone through.

    No more than a few at a time are in memory: their train parts would fill it.

    Parameters
    ----------
    panel : Panel
        The table.

    cv : int, splitter or iterable
        What gives the folds.

    X, y : array-like
        What it splits.
    """

    def __init__(self, panel, cv, X, y):
        self._panel, self._X, self._y = panel, X, y
        whole = isinstance(cv, Integral) and not isinstance(cv, bool)
        text = isinstance(cv, (str, bytes))
        splits = hasattr(cv, "split") or isinstance(cv, Iterable)
        if text or not (whole or splits):
            raise ValueError(
                "cv must be an int, a splitter or an iterable of (train, test), got "
                f"{cv!r}."
            )
        if whole:
            times = panel.series.places if panel.times is None else panel.times
            cv = PanelTimeSeriesSplit(int(cv), time=times)
        elif isinstance(cv, Iterator):  # which can be gone through but once
            splits = enumerate(cv)
            cv = [_read_split(panel, i, split) for i, split in splits]
        self.cv = cv

    def __iter__(self):
        """Yield the folds, one after the other."""
        split = hasattr(self.cv, "split")
        splits = self.cv.split(self._X, self._y) if split else self.cv
        for number, one in enumerate(splits):
            yield Fold(self._panel, number, *_read_split(self._panel, number, one))

    def check(self, every):
        """Count the folds, refuse those that can't be tested, and tell oddities.

        `every` is how many folds share a fit; None lets all of them.
        """
        n_folds, told, first = 0, [], None
        for fold in self:
            if first is None or (every is not None and fold.number % every == 0):
                first = fold
                first.forget_train()
            fold.check_after(first)
            told += [f"Fold {fold.number}: {text}" for text in fold.oddities()]
            n_folds += 1
        if not n_folds:
            raise ValueError(f"cv={self.cv!r} gives no fold.")
        for text in told:
            warnings.warn(text, UserWarning, stacklevel=3)
        return n_folds

    def runs(self, every):
        """Yield lists of folds that share a fit; the first has its train rows."""
        run = []
        for fold in self:
            if len(run) == every:
                yield run
                run = []
            if run:
                fold.forget_train()
            run.append(fold)
        yield run


class Fold:
    """The series of one fold: the groups with test rows, and their origins."""

    def __init__(self, panel, number, train, test):
        for name, part in {"train": train, "test": test}.items():
            if not len(panel.series.places[part]):
                raise ValueError(f"Fold {number} of cv has no {name} row.")
        self._panel, self.number, self.train, self.test = panel, number, train, test
        places, n_groups = panel.series.places, len(panel.groups)
        trained_until = _by_group(np.maximum, panel, train, -1)
        first = _by_group(np.minimum, panel, test, len(places))
        # Of a group without train rows, what is before the test part is known.
        origins = np.where(trained_until >= 0, trained_until, first - 1)
        self.groups = np.flatnonzero(first < len(places))
        self.origins = origins[self.groups]
        self.trained = trained_until[self.groups] >= 0
        self._trained_until = trained_until
        self._last_time = self._first_time = None
        if panel.times is not None and n_groups > 1:
            self._last_time = panel.times[train].max()
            self._first_time = panel.times[test].min()
        self.check_after(self)

    def forget_train(self):
        """Free what is not needed of a fold that others train for."""
        self.train = None

    def check_after(self, fitted):
        """Refuse to test on what the fit of a fold, this or another, has seen."""
        codes, places = (
            self._panel.series.codes[self.test],
            self._panel.series.places[self.test],
        )
        wrong = places <= fitted._trained_until[codes]
        if not wrong.any():
            return
        row = np.arange(len(self._panel.series.places))[self.test][np.argmax(wrong)]
        other = "" if fitted is self else f" of fold {self.number}"
        raise ValueError(
            f"Fold {fitted.number} of cv trains on rows after test row {row}"
            f"{other}, or on itself. A backtest needs train rows before test rows, and "
            "folds in the order of time, as those of TimeSeriesSplit or "
            "PanelTimeSeriesSplit."
        )

    def oddities(self):
        """Tell what a user may not have meant."""
        cold = self._panel.groups[self.groups[self.origins < 0]]
        if len(cold):
            yield (
                f"groups without a row before the test part: {shortened(cold)}. Their "
                "forecasts start cold, from missing steps."
            )
        if self._last_time is not None and self._last_time >= self._first_time:
            yield (
                f"trains on times until {self._last_time}, although its first test "
                f"time is {self._first_time}, of another group. PanelTimeSeriesSplit "
                "splits all groups at the same times."
            )


def _by_group(extreme, panel, rows, start):
    """Return the first or last place of some rows in each group; `start` of none."""
    found = np.full(len(panel.groups), start)
    if len(found) == 1:
        found[0] = extreme.reduce(panel.series.places[rows])
    else:
        extreme.at(found, panel.series.codes[rows], panel.series.places[rows])
    return found


def _read_split(panel, number, split):
    """Return the train and the test rows of a fold, if they are rows of the table."""
    try:
        train, test = split
    except (TypeError, ValueError):
        raise ValueError(
            f"cv must give pairs of train and test rows, but fold {number} is "
            f"{split!r}."
        ) from None
    n_rows = len(panel.series.places)
    return (
        _row_numbers(train, f"The train part of fold {number} of cv", n_rows),
        _row_numbers(test, f"The test part of fold {number} of cv", n_rows),
    )


def _row_numbers(part, what, n_rows):
    """Return numbers of rows, or a slice where they are all from one to another."""
    if isinstance(part, slice):  # read before
        return part
    part = np.asarray(part)
    kind = part.dtype.kind
    if part.ndim == 1 and kind == "b" and len(part) == n_rows:
        part = np.flatnonzero(part)
    elif part.ndim != 1 or (len(part) and kind not in "iu"):
        raise ValueError(
            f"{what} must hold numbers of rows (ints), or be a mask of {n_rows} bools; "
            f"got an array of {part.dtype} of shape {part.shape}."
        )
    if not len(part):
        return slice(0, 0)
    first, last = int(part.min()), int(part.max())
    if first < 0 or last >= n_rows:
        raise ValueError(
            f"{what} must hold rows from 0 to {n_rows - 1}, those of X; got "
            f"{first if first < 0 else last}."
        )
    if last - first + 1 == len(part) and (np.diff(part) == 1).all():
        return slice(first, last + 1)
    return part
