"""Checks of input that scikit-learn does not have."""

from collections import Counter
from collections.abc import Mapping, Set
from contextlib import contextmanager
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import validate_data

from sklstm.sequences import (
    SequenceTable,
    held_once,
    partly_missing_rows,
    row_blocks,
)

FLOATS = (np.float64, np.float32)


@contextmanager
def all_or_nothing(estimator):
    """Restore the state of an estimator if the block within raises.

    Fitted attributes that the block wants to change in place must be copied first.
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        estimator.__dict__ = before  # at once, for threads that predict
        raise


def check_int(name, value, *, at_least, others=""):
    """Raise unless value is an int >= at_least; `others` names other valid values."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or value < at_least:
        raise ValueError(f"{name} must be an int >= {at_least}{others}, got {value!r}.")


def check_group_by(group_by):
    """Raise unless group_by may be the name of one column or index level."""
    try:
        hash(group_by)
    except TypeError:
        raise ValueError(
            f"group_by must be one column or index level of X, got {group_by!r}. Join "
            "several in one column first, for example "
            'X["shop"] + "/" + X["item"].'
        ) from None


def as_list(names):
    """Return one name or several as a list."""
    return [names] if np.ndim(names) == 0 else list(names)


def shortened(names, most=5):
    """Return names as text for a message, at most the first few."""
    shown = ", ".join(repr(name) for name in list(names)[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def n_axes(X):
    """Return the number of axes of X; raise ValueError if it is ragged."""
    if hasattr(X, "shape"):
        return len(X.shape)
    try:
        return np.asarray(X).ndim
    except ValueError as error:
        raise ValueError(
            "X is a list of sequences of unequal length; an array (n_samples, "
            "n_timesteps, n_features) is needed. Pad them with PadSequences() first."
        ) from error


def check_rows(estimator, X, *, reset, dtype=FLOATS):
    """Validate a 2-D table as scikit-learn does, NaN allowed, and return its values.

    If `reset`, the estimator gets `n_features_in_` and `feature_names_in_`, else they
    must agree. `dtype` is as in :func:`sklearn.utils.check_array`. Copies only if
    necessary.
    """
    X = check_table(X)
    if dtype == FLOATS and (rows := _plain_floats(X)) is not None:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return rows
    X = _without_na(_dense(X))
    if hasattr(X, "columns") and not len(X.columns):  # pandas has no dtype for it
        raise ValueError(
            f"Found array with 0 feature(s) (shape={tuple(X.shape)}) while a minimum "
            f"of 1 is required by {type(estimator).__name__}: X has no columns."
        )
    with _name_non_number(X):
        rows = validate_data(
            estimator, X, reset=reset, dtype=dtype, ensure_all_finite=False
        )
        # scikit-learn converts to numbers only if all columns have one type.
        objects = dtype == "numeric" and rows.dtype.kind == "O"
        return rows.astype(np.float64) if objects else rows


def _plain_floats(X):
    """Return a table of floats that needs no conversion as an array; else None.

    It is what scikit-learn's `check_array` returns, which takes several times as long
    for a DataFrame.
    """
    is_frame = type(X) is pd.DataFrame
    dtypes = {*X.dtypes} if is_frame else {getattr(X, "dtype", None)}
    if dtypes not in ({np.dtype(np.float64)}, {np.dtype(np.float32)}):
        return None
    if not (is_frame or type(X) is np.ndarray) or X.ndim != 2 or 0 in X.shape:
        return None
    return X.to_numpy() if is_frame else X


def check_table(X, name="X"):
    """Return X; raise unless it may be a table of rows whose column names are unique.

    The message calls it `name`. TypeError for a mapping, a set, text or None;
    ValueError for columns of one name or of 128-bit integers.
    """
    # Some sparse arrays of SciPy are mappings too.
    no_table = isinstance(X, (Mapping, Set, str, bytes)) and not hasattr(X, "shape")
    advice = _advice_on_conversion(X)
    if X is None or no_table or advice:
        raise TypeError(
            f"Expected 2D array for {name}: an array-like or DataFrame of shape "
            f"(n_rows, n_features), got {type(X).__name__}.{advice}"
        )
    columns = list(X.columns) if hasattr(X, "columns") else []
    if len({*columns}) < len(columns):
        name_of, count = Counter(columns).most_common(1)[0]
        raise ValueError(
            f"The columns of {name} must have unique names, but {count} are "
            f"named {name_of!r}. Rename or drop them."
        )
    of_polars = bool(columns) and not isinstance(X, pd.DataFrame)
    for column, dtype in zip(columns, X.dtypes, strict=True) if of_polars else ():
        if str(dtype) in ("Int128", "UInt128"):
            raise ValueError(
                f"Column {column!r} of {name} holds {dtype}, integers that NumPy does "
                "not have. Cast it to pl.Float64."
            )
    return X


def _advice_on_conversion(X):
    """Return how to convert X to a DataFrame, if it only looks like one; or ""."""
    if isinstance(X, pd.DataFrame):
        return ""
    if hasattr(X, "collect"):  # a LazyFrame, whose columns polars warns of
        return " Pass X.collect()."
    # The columns of Arrow's tables are not names.
    arrow = hasattr(X, "column_names")
    return " Pass X.to_pandas(), or polars.from_arrow(X)." if arrow else ""


def _dense(X):
    """Return a DataFrame of sparse columns as one of dense columns."""
    if not isinstance(X, pd.DataFrame):
        return X
    sparse = [isinstance(dtype, pd.SparseDtype) for dtype in X.dtypes]
    return X.sparse.to_dense() if sparse and all(sparse) else X


def _without_na(X):
    """Replace pandas' NA in object columns by NaN, which NumPy converts to float."""
    if isinstance(X, np.ndarray) and X.dtype.kind == "O":
        return np.where(pd.isna(X), np.nan, X)
    if not isinstance(X, pd.DataFrame):
        return X
    objects = [i for i, dtype in enumerate(X.dtypes) if dtype.kind == "O"]
    if objects:
        X = X.copy(deep=False)
    for i in objects:
        column = X.iloc[:, i]
        X.isetitem(i, column.where(column.notna(), np.nan))
    return X


def check_numbers(X, estimator, dtype=FLOATS):
    """Convert a 2-D table to floats, NaN allowed; messages name the estimator."""
    X = _without_na(_dense(check_table(X)))
    with _name_non_number(X):
        return check_array(
            X, dtype=dtype, ensure_all_finite=False, estimator=estimator, input_name="X"
        )


def check_target_of_rows(X, y):
    """Raise unless y has a target for each row of X."""
    no_array = isinstance(y, (str, bytes, Mapping, Set))
    no_array |= not hasattr(y, "__len__") and not hasattr(y, "__array__")
    if no_array or (hasattr(y, "shape") and not y.shape):
        raise ValueError(f"y must hold a target for each row of X, got {y!r}.")
    check_consistent_length(X, y)


def check_same_index(X, y):
    """Raise unless X and y have the same pandas index, where both have one."""
    if not isinstance(X, pd.DataFrame) or not isinstance(y, (pd.Series, pd.DataFrame)):
        return
    of_X, of_y = X.index, y.index
    if isinstance(of_X, pd.PeriodIndex) and isinstance(of_y, pd.DatetimeIndex):
        of_y = of_y.to_period(of_X.freq)
    elif isinstance(of_y, pd.PeriodIndex) and isinstance(of_X, pd.DatetimeIndex):
        of_X = of_X.to_period(of_y.freq)
    if len(of_X) != len(of_y) or of_X.equals(of_y) or _is_default_index(of_X, of_y):
        return
    same = [_is_same_label(*pair) for pair in zip(of_X, of_y, strict=True)]
    if all(same):  # labels of another type, such as Arrow's
        return
    row = same.index(False)
    raise ValueError(
        f"X and y have different indices: row {row} is {of_X[row]!r} in X and "
        f"{of_y[row]!r} in y. Rows are matched by position, so that each would get "
        "the target of another. Put both into one order (y.loc[X.index]), or, if the "
        "positions are right, pass y.to_numpy()."
    )


def _is_same_label(a, b):
    if a is pd.NA or b is pd.NA:
        return a is b
    return a == b or (a != a and b != b)


def _is_default_index(of_X, of_y):
    """Return whether the index of y, or of X, is one that pandas made by default.

    If both are ascending numbers, as in folds of these, they have one order. Numbers of
    y that are those of X in another order are not a default index.
    """
    numbers_X, numbers_y = (index.dtype.kind in "iu" for index in (of_X, of_y))
    if not (numbers_X and numbers_y):
        return numbers_X or numbers_y
    if of_X.is_monotonic_increasing and of_y.is_monotonic_increasing:
        return True
    return of_y.equals(pd.RangeIndex(len(of_y))) and not of_y.equals(of_X.sort_values())


def check_no_infinity(estimator, values, locate=None):
    """Raise ValueError if a value is infinite, with the place of the first one.

    `locate` returns the (sample, time step) of a row; by default the message has the
    row.
    """
    if values.dtype.kind != "f":
        return
    held = held_once(values)
    if held is not values and not np.isinf(held).any():
        return
    for rows in row_blocks(len(values)):
        infinite = np.isinf(values[rows])
        if infinite.any():
            row, column = np.argwhere(infinite)[0]
            row += rows.start
            raise ValueError(
                f"Input X of {type(estimator).__name__} contains infinity or a value "
                f"too large for {values.dtype}, at {_place(row, locate)}, feature "
                f"{column}. Every value must be finite or NaN (missing)."
            )


def check_whole_steps(estimator, table):
    """Raise ValueError if a time step of a sample is missing in part.

    The message names the sample, the time step and the features that are NaN.
    """
    for row in np.flatnonzero(partly_missing_rows(table.values)):
        if (place := table.locate(row)) is not None:
            features = np.flatnonzero(np.isnan(table.values[row])).tolist()
            raise ValueError(
                f"Input X of {type(estimator).__name__} contains NaN in some features "
                f"of a time step but not in all: sample {place[0]}, step {place[1]}, "
                f"features {features}. A step that is NaN in all features is missing "
                "and is skipped; fill one that is missing in part, for example with "
                "PerTimestep(SimpleImputer()) before this step."
            )


def check_tokens(estimator, table):
    """Raise unless X has one feature, of integer tokens or NaN."""
    if table.n_features != 1:
        raise ValueError(
            f"embedding_dim={estimator.embedding_dim} needs X of one feature, an "
            f"integer token at each step, but X has {table.n_features} features. Pass "
            "X of shape (n_samples, n_timesteps), or set embedding_dim=None."
        )
    tokens = table.values[:, 0]
    whole = np.isfinite(tokens) & (tokens == np.floor(tokens))
    for row in np.flatnonzero(~whole & ~np.isnan(tokens)):
        if (place := table.locate(row)) is not None:
            raise ValueError(
                f"embedding_dim={estimator.embedding_dim} needs integer tokens in X, "
                f"got {tokens[row]} at sample {place[0]}, step {place[1]}."
            )


def check_3d(estimator, X):
    """Raise unless X is of shape (n_samples, n_timesteps, n_features), not empty."""
    if not isinstance(X, SequenceTable):
        X = np.asarray(X)
    if X.ndim != 3:
        raise ValueError(
            f"{type(estimator).__name__} needs X of shape (n_samples, n_timesteps, "
            f"n_features), got shape {X.shape}."
        )
    if 0 in X.shape:
        raise ValueError(
            f"Found array with shape {X.shape} while a minimum of 1 sample(s), 1 time "
            f"step and 1 feature(s) is required by {type(estimator).__name__}."
        )
    return X


def _place(row, locate):
    place = locate(row) if locate is not None else None
    return f"row {row}" if place is None else f"sample {place[0]}, step {place[1]}"


@contextmanager
def _name_non_number(X):
    """Add the row and column to the error of a conversion to numbers."""
    _check_no_silent_cast(X)
    try:
        yield
    except (TypeError, ValueError) as error:
        found = first_non_number(X)
        if found is None:
            raise
        row, column, value = found
        advice = (
            "Encode such a column first, for example with a ColumnTransformer and "
            "OneHotEncoder, or leave it out."
        )
        if np.ndim(value):
            advice = f"Pass sequences to PadSequences as a list: list(X[{column!r}])."
        # The type and text of NumPy's error stay, as scikit-learn's callers expect; the
        # lines after the first may hold all of X.
        text = str(error).partition("\n")[0].rstrip(".")
        raise type(error)(
            f"X must hold numbers, but row {row!r}, column {column!r} holds "
            f"{_on_one_line(value)} ({type(value).__name__}): "
            f"{text}. {advice}"
        ) from error


def _on_one_line(value, most=80):
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= most else f"{shown[:most]}..."


def _check_no_silent_cast(X):
    """Raise if X has values that NumPy casts silently: times, or complex numbers."""
    if hasattr(X, "columns"):
        dtypes = zip(X.columns, X.dtypes, strict=True)
    else:
        dtypes = [("any", _dtype_of(X))]
    for column, dtype in dtypes:
        of_polars = getattr(dtype, "is_temporal", bool)
        if of_polars() or (getattr(dtype, "kind", None) or "-") in "mM":
            raise ValueError(
                f"X must hold numbers, but column {column!r} holds {dtype}. Make "
                "features of such a column first (the hour, the day of the week), move "
                "it to the index, or leave it out."
            )
        if (getattr(dtype, "kind", None) or "-") == "c" and hasattr(X, "columns"):
            raise ValueError(
                f"Complex data not supported: column {column!r} of X holds {dtype}. "
                "Make two columns of it, such as its real and its imaginary part."
            )


def _dtype_of(X):
    """Return the dtype of an array or of lists; for objects that of the first time."""
    if not isinstance(X, (list, tuple, np.ndarray)):
        return getattr(X, "dtype", np.dtype(float))
    try:
        X = np.asarray(X)
    except ValueError:  # of unequal length, for which a later check raises
        return np.dtype(float)
    times = (np.datetime64, np.timedelta64)
    objects = X.flat if X.dtype.kind == "O" else ()
    return next((v.dtype for v in objects if isinstance(v, times)), X.dtype)


def first_non_number(X):
    """Return row, column and value of the first cell that is not a number, or None."""
    if isinstance(X, (list, tuple, np.ndarray)):
        try:
            X = np.asarray(X, dtype=object)
        except ValueError:
            return None
        X = pd.DataFrame(X) if X.ndim == 2 else None
    if not hasattr(X, "columns"):
        return None
    for position, column in enumerate(X.columns):
        if isinstance(X, pd.DataFrame):
            series = X.iloc[:, position]
        else:
            series = pd.Series(X[column].to_list(), dtype=object)
        if series.dtype.kind in "biuf":
            continue
        for row, value in series.items():
            if not is_number(value):
                return row, column, value
    return None


def is_number(value):
    """Return whether a value can be converted to float; missing values can."""
    if value is pd.NA or value is None:
        return True
    if isinstance(value, (pd.Timestamp, pd.Timedelta)):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
