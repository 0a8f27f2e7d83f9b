"""Rows that `fit` saw, and that are read again without the rows before them."""

import warnings


def warn_of_cold_rows(labels, groups, before, tails, n_remembered):
    """Warn where windows lack rows before X that `fit` saw and forgot.

    Only of a table that ends within the fitted one: of another its first rows may be
    there for the windows of the new ones. It is silent where X begins with the first
    fitted row or before it; and in a hole of the fitted table, as a fold does.

    Parameters
    ----------
    labels : TimeLabels
        Those of X.

    groups : dict of ndarray of int
        The rows of each group, in the order of time.

    before : dict of ndarray of shape (n_before, n_features)
        What goes before each group.

    tails : dict of Tail
        What `fit` remembers.

    n_remembered : int
        How many rows before its own a window reaches back.
    """
    if all(tail.first is None for tail in tails.values()):
        return  # nothing is forgotten
    n_cold = 0
    for name, rows in groups.items():
        n_lacking = n_remembered - len(before[name])
        tail = tails.get(name)
        if n_lacking > 0 and tail is not None and len(rows):
            first, last = labels.at(rows[0]), labels.at(rows[-1])
            if tail.forgot_rows_before(first, last):
                n_cold += min(n_lacking, len(rows))
    if n_cold:
        warnings.warn(
            f"{n_cold} of the {sum(map(len, groups.values()))} rows of X start cold: X "
            "begins after the first row that fit saw, and ends before it went on, so "
            f"that their windows lack rows of which the last {n_remembered} alone are "
            "remembered. Predict from the first of these rows on, and take the "
            "predictions that you need; or set history=None if a cold start is meant.",
            UserWarning,
            stacklevel=4,
        )
