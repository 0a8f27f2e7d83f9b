"""How good predicted classes and their probabilities are."""

import numpy as np
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss

N_BINS = 15  # as Guo et al. (2017) have


def scores(y, predicted, probabilities=None, classes=None):
    """Return the scores of predictions.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        The labels.

    predicted : array-like of shape (n_samples,)
        The labels that were predicted.

    probabilities : array-like of shape (n_samples, n_classes), default=None
        The probability of each class; None where none are predicted.

    classes : array-like of shape (n_classes,), default=None
        The label that each column of `probabilities` is of.

    Returns
    -------
    dict of float
        `accuracy` and `balanced_accuracy`; of probabilities, `log_loss` and
        `calibration_error` too.
    """
    found = {
        "accuracy": accuracy_score(y, predicted),
        "balanced_accuracy": balanced_accuracy_score(y, predicted),
    }
    if probabilities is not None:
        found["log_loss"] = log_loss(y, probabilities, labels=classes)
        found["calibration_error"] = calibration_error(y, probabilities, classes)
    return {name: float(f"{score:.6g}") for name, score in found.items()}


def calibration_error(y, probabilities, classes, n_bins=N_BINS):
    """Return the expected calibration error of the most probable class.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        The labels.

    probabilities : array-like of shape (n_samples, n_classes)
        The probability of each class.

    classes : array-like of shape (n_classes,)
        The label that each column is of.

    n_bins : int, default=15
        Into how many bins of equal width the greatest probabilities go.

    Returns
    -------
    float
        The distance of accuracy and mean probability of each bin, weighted by the
        samples in it.

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. (2017), "On calibration of modern
    neural networks", ICML, equation 3: bins ((m - 1) / M, m / M].
    """
    probabilities = np.asarray(probabilities, dtype=float)
    top = probabilities.max(axis=1)
    right = np.asarray(classes)[probabilities.argmax(axis=1)] == np.asarray(y)
    bins = np.clip(np.ceil(top * n_bins).astype(int) - 1, 0, n_bins - 1)
    too_sure = np.bincount(bins, weights=top - right, minlength=n_bins)
    return np.abs(too_sure).sum() / len(top)


def mean(task, kept, contender, score="accuracy"):
    """Return the mean of a score over a contender's runs; NaN without any."""
    found = [run.get(score, np.nan) for run in kept.runs(task, contender)]
    return float(np.mean(found)) if found else np.nan
