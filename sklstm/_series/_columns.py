"""The columns and index levels of a table that hold entities and times."""

from numbers import Integral

import numpy as np
import pandas as pd

from sklstm._series._groups import Groups


def column_of(X, name):
    """Return a column or an index level of a table by its name, None without such.

    Of an array of two axes the name is the position of a column.
    """
    if name in getattr(X, "columns", ()):
        return X[name]
    if name in getattr(getattr(X, "index", None), "names", ()):
        return X.index.get_level_values(name)
    whole = isinstance(name, Integral) and not isinstance(name, bool)
    if hasattr(X, "columns") or not whole:
        return None
    X = np.asarray(X)
    return X[:, name] if X.ndim == 2 and 0 <= name < X.shape[1] else None


def entities_of(X, group_by, name="X", remedy=""):
    """Return the entity of each row, as `column_of` does.

    Raise ValueError unless `group_by` is a column or level. The message calls the table
    `name`, and ends with `remedy`.
    """
    entities = column_of(X, group_by)
    if entities is not None:
        return entities
    if not hasattr(X, "columns"):
        raise ValueError(
            f"group_by must be the position of a column of the array {name}, 0 to "
            f"{X.shape[1] - 1}, got {group_by!r}."
        )
    levels = [n for n in getattr(X, "index", pd.Index([])).names if n is not None]
    raise ValueError(
        f"group_by must be a column or an index level of {name}, got {group_by!r}. "
        f"Columns: {list(X.columns)}; index levels: {levels}.{remedy}"
    )


def groups_of(X, group_by, name="X", remedy=""):
    """Return the rows of each entity as `Groups`; without `group_by` one for all."""
    if group_by is None:
        return Groups.of_one("all rows", len(X))
    entities = entities_of(X, group_by, name, remedy)
    return Groups.of(entities, f"group_by={group_by!r}", name)


def time_index(X, group_by):
    """Return the index of a DataFrame without the level that names the group."""
    if group_by is not None and group_by not in X.columns and X.index.nlevels > 1:
        return X.index.droplevel(group_by)
    return X.index
