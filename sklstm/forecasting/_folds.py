"""The folds of a backtest: read from a splitter, and checked."""

import warnings
from collections.abc import Iterable, Iterator
from numbers import Integral

import numpy as np

from sklstm._validation import shortened
from sklstm.model_selection import PanelTimeSeriesSplit


class Folds:
    """The folds of a splitter, created again in each iteration to save memory.

    Those that need none, of consecutive rows of one series, are kept.

    Parameters
    ----------
    panel : Panel
        The table.

    cv : int, splitter or iterable
        Yields the folds.

    X, y : array-like
        The data that it splits.
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
        elif isinstance(cv, Iterator):  # which yields its folds only once
            splits = enumerate(cv)
            cv = [_read_split(panel, i, split) for i, split in splits]
        self.cv, self._kept = cv, None

    def __iter__(self):
        """Yield the folds, one after the other."""
        if self._kept is not None:
            yield from self._kept
            return
        kept = []
        for fold in self._created():
            if kept is not None and fold.is_small:
                kept.append(fold)
            else:
                kept = None
            yield fold
        self._kept = kept

    def _created(self):
        split = hasattr(self.cv, "split")
        splits = self.cv.split(self._X, self._y) if split else self.cv
        for number, one in enumerate(splits):
            yield Fold(self._panel, number, *_read_split(self._panel, number, one))

    def check(self, every):
        """Return the number of folds; raise, or warn, if they can't be tested well.

        `every` is the number of folds that share a fit; None is all of them.
        """
        n_folds, texts, first = 0, [], None
        for fold in self:
            if first is None or (every is not None and fold.number % every == 0):
                first = fold
                first.forget_train()
            fold.check_trained_before(first)
            texts += [f"Fold {fold.number}: {text}" for text in fold.warnings()]
            n_folds += 1
        if not n_folds:
            raise ValueError(f"cv={self.cv!r} gives no fold.")
        for text in texts:
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
        # In a group without train rows, the rows before the test part are known.
        origins = np.where(trained_until >= 0, trained_until, first - 1)
        self.groups = np.flatnonzero(first < len(places))
        self.origins = origins[self.groups]
        self.trained = trained_until[self.groups] >= 0
        self._trained_until = trained_until
        self._last_time = self._first_time = None
        if panel.times is not None and n_groups > 1:
            self._last_time = panel.times[train].max()
            self._first_time = panel.times[test].min()
        self.check_trained_before(self)

    @property
    def is_small(self):
        """Whether the fold needs little memory."""
        of_one = len(self._panel.groups) == 1
        return of_one and isinstance(self.train, slice) and isinstance(self.test, slice)

    def forget_train(self):
        """Free the train rows of a fold that uses the fit of another one."""
        if not self.is_small:
            self.train = None

    def check_trained_before(self, fitted):
        """Raise if a test row is not after the train rows of the fitted fold."""
        series = self._panel.series
        until = fitted._trained_until[series.codes[self.test]]
        wrong = series.places[self.test] <= until
        if not wrong.any():
            return
        row = np.arange(len(series.places))[self.test][np.argmax(wrong)]
        other = "" if fitted is self else f" of fold {self.number}"
        raise ValueError(
            f"Fold {fitted.number} of cv trains on rows after test row {row}"
            f"{other}, or on itself. A backtest needs train rows before test rows, and "
            "folds in the order of time, as those of TimeSeriesSplit or "
            "PanelTimeSeriesSplit."
        )

    def warnings(self):
        """Yield warnings of groups without train rows, and of overlapping times."""
        cold = self._panel.groups[self.groups[self.origins < 0]]
        if len(cold):
            yield (
                f"groups without a row before the test part: {shortened(cold)}. Their "
                "forecasts start cold, from missing time steps."
            )
        if self._last_time is not None and self._last_time >= self._first_time:
            yield (
                f"trains on times until {self._last_time}, although its first test "
                f"time is {self._first_time}, of another group. PanelTimeSeriesSplit "
                "splits all groups at the same times."
            )


def _by_group(extreme, panel, rows, start):
    """Return the first or last of some rows in each group; `start` without any."""
    found = np.full(len(panel.groups), start)
    if len(found) == 1:
        found[0] = extreme.reduce(panel.series.places[rows])
    else:
        extreme.at(found, panel.series.codes[rows], panel.series.places[rows])
    return found


def _read_split(panel, number, split):
    """Return the train and test rows of a fold; raise unless the table has them."""
    try:
        train, test = split
    except (TypeError, ValueError):
        raise ValueError(
            f"cv must yield pairs of train and test rows, but fold {number} is "
            f"{split!r}."
        ) from None
    n_rows = len(panel.series.places)
    return (
        _row_numbers(train, f"The train part of fold {number} of cv", n_rows),
        _row_numbers(test, f"The test part of fold {number} of cv", n_rows),
    )


def _row_numbers(part, what, n_rows):
    """Return the numbers of rows, as a slice if they are consecutive."""
    if isinstance(part, slice):  # read already
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
