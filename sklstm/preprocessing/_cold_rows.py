"""Rows that `fit` saw, and that are read again without the rows before them."""

import warnings

import numpy as np


def warn_of_cold_rows(labels, groups, before, tails, n_remembered):
    """Warn where windows lack rows before X that `fit` saw and forgot.

    Only of a table that ends within the fitted one: of another its first rows may be
    there for the windows of the new ones. It is silent where X begins with the first
    fitted row or before it; and in a hole of the fitted table, as a fold does.

    Parameters
    ----------
    labels : TimeLabels
        Those of X.

    groups : Groups
        The rows of each group, in the order of time.

    before : Before
        What goes before each group.

    tails : Tails
        What `fit` remembers.

    n_remembered : int
        How many rows before its own a window reaches back.
    """
    lacking = n_remembered - before.sizes
    cold = tails.read_again(groups, labels) if (lacking > 0).any() else ()
    n_cold = int(np.minimum(lacking, groups.sizes)[cold].sum()) if len(cold) else 0
    if n_cold:
        warnings.warn(
            f"{n_cold} of the {len(groups.order)} rows of X start cold: X "
            "begins after the first row that fit saw, and ends before it went on, so "
            f"that their windows lack rows of which the last {n_remembered} alone are "
            "remembered. Predict from the first of these rows on, and take the "
            "predictions that you need; or set history=None if a cold start is meant.",
            UserWarning,
            stacklevel=4,
        )
