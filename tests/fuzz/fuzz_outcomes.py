"""What a call may end in, whatever it got: a result, or an error that helps."""

import copy
import linecache
import os
import pathlib
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import sklearn
from hypothesis import HealthCheck, settings
from sklearn.exceptions import NotFittedError

import sklstm

# How many examples each test draws, odd parameters and columns among them; none: a few
# sound ones, the same in every run.
EXAMPLES = int(os.environ.get("SKLSTM_FUZZ_EXAMPLES", "0"))

_OURS = str(pathlib.Path(sklstm.__file__).parent)
_SKLEARN = str(pathlib.Path(sklearn.__file__).parent)

# Words of other packages about their own insides, of which a user knows nothing.
_STRAY = re.compile(
    "has no attribute|broadcast|must be 1-dimensional|unsized object"
    "|must be same length|not subscriptable|unhashable|out of bounds"
    "|could not be resolved|unexpected type"
    "|too many indices|ambiguous|window shape cannot|COO matrix|DuplicateError"
    "|Must pass 2-d|convert .* to (C|Python)|cannot reindex|not consistent"
    "|incompatible index|Could not interpret|Argument\\(s\\) not recognized|narwhals"
    "|Singleton array|Invalid dtype|Graph execution|truth value",
    re.IGNORECASE,
)
# Something that the user wrote or sees must be named.
_NAMING = re.compile(
    r"\b(X|y|X_future|rows?|columns?|[Ss]amples?|sample_weight|features?|steps?|groups?"
    r"|labels?|time|index|folds?|table|cv|history|dim|Complex data|must be|needs"
    r"|not fitted)\b|\b\w+=|argument '\w+'"
)


def fuzz(n_examples):
    """Draw examples: as many as the environment says, or a few fixed ones."""
    drawn_anew = {"derandomize": False} if EXAMPLES else {}  # else as the profile says
    return settings(
        max_examples=EXAMPLES or n_examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **drawn_anew,
    )


class Outcome:
    """A result, or the error in its place.

    Parameters
    ----------
    call : callable
        What to try.

    inputs : tuple
        Tables and the like that must stay as they are.

    estimator : estimator, default=None
        What must be left as it was where the call fails.

    allowed : tuple of types, default=()
        Errors besides ValueError and TypeError.
    """

    def __init__(self, call, *inputs, estimator=None, allowed=()):
        self.value = self.error = None
        copies = [copy.deepcopy(one) for one in inputs]
        before = {} if estimator is None else dict(vars(estimator))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            # Arithmetic of scalers and models that were handed in, on odd numbers.
            theirs = r"(numpy|sklearn|scipy)\b"
            warnings.filterwarnings("ignore", "", RuntimeWarning, module=theirs)
            try:
                self.value = call(*inputs)
            except Exception as error:
                self.error = error
        for one, like_before in zip(inputs, copies, strict=True):
            assert_same(one, like_before)
        if self.error is None:
            return
        if not isinstance(self.error, allowed):
            assert_documented(self.error)
        if estimator is not None:
            after = vars(estimator)
            assert after.keys() == before.keys(), "a failed fit leaves attributes"
            changed = [name for name in after if after[name] is not before[name]]
            assert not changed, f"a failed fit changes {changed}"

    @property
    def failed(self):
        return self.error is not None


def assert_documented(error):
    """Hold an error to be raised on purpose, in words that name what is wrong."""
    if not any(path.startswith(_OURS) for path in _paths_of(error)):
        return  # of an estimator that was handed in
    if not isinstance(error, (ValueError, TypeError, NotFittedError)):
        raise error
    if isinstance(error, np.exceptions.DTypePromotionError):
        raise error
    frames = error.__traceback__
    while frames.tb_next is not None:
        frames = frames.tb_next
    path = frames.tb_frame.f_code.co_filename
    line = linecache.getline(path, frames.tb_lineno).strip()
    on_purpose = path.startswith((_OURS, _SKLEARN)) and line.startswith("raise")
    message = str(error)
    if not on_purpose or _STRAY.search(message) or not _NAMING.search(message):
        raise AssertionError(
            f"A stray error, of {path}:{frames.tb_lineno} ({line}): {error!r}"
        ) from error


def _paths_of(error):
    """Give the files through which an error came."""
    frames = error.__traceback__
    while frames is not None:
        yield frames.tb_frame.f_code.co_filename
        frames = frames.tb_next


def assert_same(one, other):
    """Compare what went into a call with a copy from before it."""
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif isinstance(one, pd.Series):
        pd.testing.assert_series_equal(one, other, check_exact=True)
    elif isinstance(one, (pl.DataFrame, pl.Series)):
        assert one.equals(other, null_equal=True) or repr(one) == repr(other)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        if one.dtype == object:
            assert repr(one.tolist()) == repr(other.tolist())
        else:
            assert one.tobytes() == other.tobytes()
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    elif isinstance(one, dict):
        assert_same(list(one.items()), list(other.items()))
    elif isinstance(one, float) and np.isnan(one):
        assert np.isnan(other)
