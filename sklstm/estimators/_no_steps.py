"""Told at predict: samples of which nothing is known."""

import warnings

import numpy as np


def warn_of_no_steps(table, estimator):
    """Warn where most samples of a call have no time step at all.

    The first windows of a series hold no row before them: `horizon` rows at the start
    of a table, or of each group, which every ordinary call to predict contains, and
    every fold of a cross-validation. These few are no news. Where they are half of the
    call or more, the history was lost on the way here, and what is predicted is all
    but the same number for every sample.

    Parameters
    ----------
    table : SequenceTable
        Without missing steps.

    estimator : estimator
        Named in the warning.
    """
    n_empty = len(table) - int(np.count_nonzero(table.lengths))
    warn_of_empty(n_empty, len(table), estimator, stacklevel=5)


def warn_of_empty(n_empty, n_samples, estimator, *, stacklevel):
    """Warn where so many of the samples of a call are empty, if they are most."""
    if not n_empty or 2 * n_empty < n_samples:
        return
    remedy = (
        "Windows need the rows before them: use "
        'SlidingWindow(history="fit") for arrays; set_output(transform="pandas") on '
        "the steps before SlidingWindow, that the index of a table stays; or "
        "sklstm.forecasting.forecast for rows past the last."
    )
    if getattr(estimator, "embedding_dim", None) is not None:
        remedy = (
            "Tokens that fit did not see are missing steps: give each token the number "
            "that it had there (see vocabulary_)."
        )
    warnings.warn(
        f"{n_empty} of the {n_samples} samples of X have no time step that is not "
        f"missing; {type(estimator).__name__} predicts the same for each of these, "
        f"near the mean of y. {remedy}",
        UserWarning,
        stacklevel=stacklevel,
    )
