"""Complete windows and targets of several steps, outside of any pipeline."""

from collections.abc import Mapping, Set

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.utils import check_consistent_length

from sklstm._compat.sklearn import num_samples, safe_indexing
from sklstm._geometry import WindowGeometry
from sklstm._multistep import multistep_names
from sklstm._series import Groups, missing_by_index, without_groups
from sklstm._validation import check_int, check_table
from sklstm.preprocessing._gaps import warn_of_gaps
from sklstm.sequences import samples_of
from sklstm.sequences._table import as_array


def make_multistep(X, y, steps, *, groups=None, gaps="missing"):
    """Arrange targets of several steps at once, for direct multi-step prediction.

    The target of a row is y of the last `steps` time steps, its own the last of them,
    so that it holds nothing later than the row. Use it with
    ``SlidingWindow(horizon=steps)`` of the same `gaps`: the window of a row then ends
    right before its first target.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_rows, n_features)
        The table.

    y : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, n_outputs)
        The targets; not shifted.

    steps : int
        Number of steps to predict at once.

    groups : array-like of shape (n_rows,), default=None
        The group of each row: no target holds rows of two. Rows of a group are in the
        order of time.

    gaps : {"missing", "ignore"}, default="missing"
        How to treat rows that are missing by the pandas index of X (of y, if X has
        none), as in :class:`~sklstm.SlidingWindow`. "missing": NaN, with a warning that
        counts them. "ignore": nothing; each row follows the one before it.

    Returns
    -------
    X : of the type of X, of shape (n_samples, n_features)
        Without the rows of the first ``steps - 1`` time steps (of each group), which
        have no whole target; the others in their order.

    y : ndarray of shape (n_samples, steps) or (n_samples, steps, n_outputs)
        Without groups and missing rows a read-only view. For a Series a DataFrame with
        columns such as ``price[t-1]``.

    Raises
    ------
    ValueError
        If `steps` is not an int from 1 to n_rows, `gaps` is neither of the two, X and y
        are not equally long, or no group has so many rows.

    Notes
    -----
    The estimators of this package leave steps that are NaN out of the loss, and scorers
    of :func:`~sklstm.metrics.skip_missing` out of the score; other estimators raise.

    Targets of neighbouring rows overlap. To score them use
    :func:`~sklstm.forecasting.backtest`, whose forecasts begin after the last train
    row: ``backtest(pipe, X, y, TimeSeriesSplit(n_splits, test_size=steps))`` needs no
    gap. In a cross-validation the train part has targets of test rows, and scores are a
    little too good. A gap of ``steps - 1`` rows before the test part, as in
    ``TimeSeriesSplit(gap=steps - 1)`` or by `PurgedKFold`, can cost more: windows of
    the first test rows lack the rows of the gap, which are known when a forecast is
    made.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.preprocessing import make_multistep
    >>> X = np.arange(5.0).reshape(-1, 1)
    >>> X_trimmed, Y = make_multistep(X, X[:, 0], steps=3)
    >>> X_trimmed[:, 0]
    array([2., 3., 4.])
    >>> Y
    array([[0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    """
    _check_lengths(X, y, groups)
    check_int("steps", steps, at_least=1)
    if gaps not in ("missing", "ignore"):
        raise ValueError(f'gaps must be "missing" or "ignore", got {gaps!r}.')
    steps = int(steps)
    values = as_array("y", y)
    if steps > len(values):
        raise ValueError(
            f"steps={steps} is more than the rows of X and y: {len(values)}."
        )
    series = Groups.of_one("all rows", len(values))
    if groups is not None:
        series = Groups.of(groups, "groups")
    of_groups = groups is not None
    missing = _missing_rows(X, y, series, of_groups) if gaps == "missing" else None
    if missing is None and not of_groups:
        kept, targets = slice(steps - 1, None), _steps_of_rows(values, steps)
    else:
        kept, targets = _targets_of_series(values, steps, series, missing)
    if isinstance(y, pd.Series):
        columns = multistep_names("y" if y.name is None else y.name, steps)
        targets = pd.DataFrame(targets, index=y.index[kept], columns=columns)
    return safe_indexing(X, kept), targets


def _check_lengths(X, y, groups):
    check_table(X)
    per_row = {"X": X, "y": y} if groups is None else {"X": X, "y": y, "groups": groups}
    for name, value in per_row.items():
        axes = value.shape if hasattr(value, "shape") else hasattr(value, "__len__")
        if isinstance(value, (Mapping, Set, str, bytes)) or not axes:
            raise TypeError(
                f"{name} must be an array-like or DataFrame with one entry per row, "
                f"got {value!r}.{_advice(name, value, X)}"
            )
    check_consistent_length(X, y)
    if groups is not None and num_samples(groups) != num_samples(X):
        only = next(iter(groups)) if num_samples(groups) == 1 else None
        raise ValueError(
            f"groups must have one entry per row: X has {num_samples(X)} rows, groups "
            f"has {num_samples(groups)} entries.{_advice('groups', only, X)}"
        )


def _advice(name, value, X):
    """Return what to pass instead of the name of a column or an index level."""
    if name != "groups" or not isinstance(value, str):
        return ""
    if value in getattr(X, "columns", ()):
        return f" Pass the column itself: groups=X[{value!r}]."
    if value in getattr(getattr(X, "index", None), "names", ()):
        return f" Pass the level itself: groups=X.index.get_level_values({value!r})."
    return " Pass a column, not its name."


def _steps_of_rows(values, steps):
    """Return the last `steps` values of each row that has so many."""
    targets = sliding_window_view(values, steps, axis=0)
    return targets.transpose(0, 2, 1) if targets.ndim == 3 else targets


def _missing_rows(X, y, series, of_groups):
    """Return the number of rows missing before each, with a warning; None without."""
    holders = (one for one in (X, y) if isinstance(one, (pd.Series, pd.DataFrame)))
    table = next(holders, None)
    if table is None:
        return None
    index = without_groups(table.index, series.codes) if of_groups else table.index
    missing = missing_by_index(index, series, of_groups=of_groups)
    if missing is not None:
        warn_of_gaps(table, missing, len(series), np.inf, holds="Targets are missing")
    return missing


def _targets_of_series(values, steps, series, missing):
    """Return the rows that have whole targets, and these targets.

    `missing` is the number of rows missing before each row, whose targets are NaN.
    """
    places, table = np.arange(len(values)), values[series.order]
    if missing is not None:
        # More than `steps` rows are never in one target.
        places = np.cumsum(1 + np.minimum(series.arranged(missing), steps)) - 1
        table = _insert_missing(table, places)
    whole = places - series.repeat(places[series.starts]) >= steps - 1
    if not whole.any():
        raise ValueError(f"steps={steps} is more than the rows of any group.")
    kept = series.order[whole]
    order = np.argsort(kept)
    return kept[order], _steps_of_rows(table, steps)[places[whole][order] - (steps - 1)]


def _insert_missing(values, places):
    """Return a table with values at ascending places, and NaN at the others."""
    if values.dtype.kind not in "fcmM":
        numbers = values.dtype.kind in "iub"
        values = values.astype(np.float64 if numbers else object)
    none = np.array("NaT", values.dtype) if values.dtype.kind in "mM" else np.nan
    table = np.full((places[-1] + 1, *values.shape[1:]), none, values.dtype)
    table[places] = values
    return table


def make_windows(X, y, window_length, *, horizon=1, steps=1, stride=1, groups=None):
    """Cut complete windows and their targets out of a table, without a pipeline.

    Windows that would begin before the first row are left out. In a pipeline,
    :class:`sklstm.SlidingWindow` keeps all rows instead, so that scorers and splitters
    stay valid.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features) or (n_rows,)
        The table; one axis is read as one feature.

    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        The targets; not shifted.

    window_length : int
        Number of time steps of a window.

    horizon : int, default=1
        Number of rows from the last time step of a window to its first target; 0 is the
        last row's own.

    steps : int, default=1
        Number of targets of a window.

    stride : int, default=1
        Number of rows from the start of a window to that of the next.

    groups : array-like of shape (n_rows,), default=None
        The group of each row: no window or target holds rows of two. Samples come group
        by group, in the order in which groups first appear.

    Returns
    -------
    windows : ndarray of shape (n_samples, window_length, n_features)
        A read-only view of X, except for several groups.

    targets : ndarray of shape (n_samples,), or with further axes steps and n_outputs
        With an axis for more than one step or output; a view likewise.

    Raises
    ------
    ValueError
        If a parameter is not an int in its range, a row has no group, or no group has
        enough rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.preprocessing import make_windows
    >>> windows, targets = make_windows([10, 20, 30, 40, 50], [1, 2, 3, 4, 5], 3)
    >>> windows[:, :, 0]
    array([[10, 20, 30],
           [20, 30, 40]])
    >>> targets
    array([4, 5])
    """
    for name, value in {"window_length": window_length, "steps": steps}.items():
        check_int(name, value, at_least=1)
    check_int("stride", stride, at_least=1)
    check_int("horizon", horizon, at_least=0)
    # Narrow integers of NumPy would overflow.
    geometry = WindowGeometry(int(window_length), int(horizon))
    steps, stride = int(steps), int(stride)
    _check_lengths(X, y, groups)
    X, y = as_array("X", X), as_array("y", y)
    stride = min(stride, max(len(X), 1))  # NumPy takes 64 bits at most
    X = X[:, np.newaxis] if X.ndim == 1 else X
    own = [] if groups is None else Groups.of(groups, "groups").rows_of_each()
    groups_of_rows = [slice(None)] if len(own) < 2 else own  # a slice makes views
    needed = geometry.n_before + steps
    cut = []
    for rows in groups_of_rows:
        values, targets = X[rows], y[rows]
        n_samples = (len(values) - needed) // stride + 1
        if n_samples < 1:
            continue
        windows = samples_of(values, n_samples, geometry.length, stride)
        ahead = sliding_window_view(targets[geometry.n_before :], steps, axis=0)
        ahead = np.moveaxis(ahead, -1, 1)[::stride][:n_samples]
        cut.append((windows, ahead[:, 0] if steps == 1 else ahead))
    if not cut:
        raise ValueError(
            f"window_length={window_length}, horizon={horizon} and steps={steps} need "
            f"{needed} rows{'' if groups is None else ' of a group'}, but X has "
            f"{max((len(X[rows]) for rows in groups_of_rows), default=0)}."
        )
    if len(cut) == 1:
        return cut[0]
    windows, targets = zip(*cut, strict=True)
    return np.concatenate(windows), np.concatenate(targets)
