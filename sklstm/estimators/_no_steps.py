"""Warnings of `predict` about samples without time steps."""

import warnings

import numpy as np


def warn_of_no_steps(table, estimator):
    """Warn if at least half of the samples have no present time step.

    The first windows of a series have none: a few in an ordinary call to predict, and
    in each fold of a cross-validation. If there are many, the history of the samples
    was lost.
    """
    n_empty = len(table) - int(np.count_nonzero(table.lengths))
    warn_of_empty(n_empty, len(table), estimator, stacklevel=5)


def warn_of_empty(n_empty, n_samples, estimator, *, stacklevel):
    """Warn if at least half of the samples are empty."""
    if not n_empty or 2 * n_empty < n_samples:
        return
    remedy = (
        "Windows need the rows before them: use "
        'SlidingWindow(history="fit") for arrays; set_output(transform="pandas") on '
        "the pipeline steps before SlidingWindow, to keep the index of a table; or "
        "sklstm.forecasting.forecast for rows past the last."
    )
    if getattr(estimator, "embedding_dim", None) is not None:
        remedy = (
            "Tokens that fit did not see are missing time steps: use the numbers of "
            "tokens as in fit (see vocabulary_)."
        )
    warnings.warn(
        f"{n_empty} of the {n_samples} samples of X have no time step that is not "
        f"missing; {type(estimator).__name__} predicts the same for each of these, "
        f"near the mean of y. {remedy}",
        UserWarning,
        stacklevel=stacklevel,
    )
