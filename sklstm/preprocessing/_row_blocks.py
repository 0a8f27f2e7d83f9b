"""Functions of the rows of a table, applied to a number of rows at a time."""

import numpy as np

from sklstm.sequences import empty_like_table, missing_rows


def map_blocks(function, rows, block):
    """Apply a function of rows block by block, into one array."""
    if block is None or len(rows) <= block:
        return dense(function(rows))
    out, first = None, 0
    for piece in blocks(rows, block):
        result = dense(function(piece))
        if out is None:
            shape = len(rows), result.shape[1]
            out = empty_like_table(rows, shape, result.dtype)
        elif out.dtype != result.dtype:
            out = out.astype(np.result_type(out, result))
        out[first : first + len(piece)] = result
        first += len(piece)
    return out


def blocks(rows, block):
    """Return the parts of a table that have `block` rows each, but the last."""
    return [rows[first : first + block] for first in range(0, len(rows), block)]


def skipping_missing(function, width):
    """Return a function of rows that skips missing rows, and keeps them missing."""

    def apply(rows):
        missing = missing_rows(rows)
        if missing.all():
            kept = rows.dtype.kind == "f"
            return np.full((len(rows), width), np.nan, rows.dtype if kept else None)
        present = rows[~missing] if missing.any() else rows
        result = dense(function(present))
        if len(result) != len(present):
            raise ValueError(
                f"The transformer returned {len(result)} rows for {len(present)} "
                "time steps; it must return one row per row."
            )
        if not missing.any():
            return result
        if result.dtype.kind in "iub":
            result = result.astype(np.float64)
        out = np.full((len(rows), result.shape[1]), np.nan, dtype=result.dtype)
        out[~missing] = result
        return out

    return apply


def after_check(function, check):
    """Return a function of rows that first calls `check` if one of them is infinite."""

    def apply(rows):
        if rows.dtype.kind == "f" and np.isinf(rows).any():
            check()
        return function(rows)

    return apply


def dense(result):
    """Return a sparse matrix, a DataFrame or an array as an ndarray."""
    return result.toarray() if hasattr(result, "toarray") else np.asarray(result)
