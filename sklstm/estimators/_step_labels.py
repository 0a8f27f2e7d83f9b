"""Labels of time steps: from y of shape (n_samples, n_timesteps) to those present.

A time step that is not missing is present. Inside, the labels of a sample stand at the
front, as its present time steps do in the network, in a masked array: masked is what
has no label.
"""

import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import compute_sample_weight

from sklstm.estimators._targets import (
    ClassificationTarget,
    check_labels,
    holds_sequences,
)
from sklstm.sequences import SequenceTable, missing_rows


class StepTarget(ClassificationTarget):
    """Labels of the time steps of each sample, binary or multi-class.

    y is a masked array of shape (n_samples, n_timesteps), from :func:`step_labels`;
    outputs are those of all present time steps, one after the other.

    Parameters
    ----------
    loss : str, default=""
        As for :class:`ClassificationTarget`.
    """

    def fit(self, y, classes=None):
        """Learn the labels, or take `classes`."""
        return super().fit(y.compressed(), classes)

    def transform(self, y):
        """Return the network's targets: zeros where there is no label."""
        codes = super().transform(y.compressed())
        targets = np.zeros((*y.shape, *codes.shape[1:]), codes.dtype)
        targets[~np.ma.getmaskarray(y)] = codes
        return targets


def time_steps_present(table):
    """Return which time steps of the 3-D array are not missing.

    Parameters
    ----------
    table : SequenceTable
        With missing rows.

    Returns
    -------
    ndarray of bool, of shape (n_samples, n_timesteps)
    """
    missing = missing_rows(table.values)
    if not missing.any() and (table.lengths == table.n_timesteps).all():
        return np.ones(table.shape[:2], dtype=bool)
    marks = np.where(missing, np.nan, 0).astype(np.float32)
    marks = SequenceTable(
        marks[:, None], table.starts, table.lengths, table.n_timesteps
    )
    return ~np.isnan(marks.gather()[:, :, 0])


def step_labels(y, present):
    """Validate the labels of time steps, and move those of present ones to the front.

    Parameters
    ----------
    y : array-like of shape (n_samples, n_timesteps), or list of sequences
        A label for each time step. Those of missing time steps are ignored; NaN, None,
        pandas' NA and masked entries are no label. Or, for each sample, the labels of
        its present time steps.

    present : ndarray of bool, of shape (n_samples, n_timesteps)
        Which time steps are not missing.

    Returns
    -------
    MaskedArray of shape (n_samples, n_timesteps)
        Masked where there is no label.

    Raises
    ------
    ValueError
        If y has another shape, or its labels are no classes.
    """
    labels = _labels_in_order(y, present)
    known = ~pd.isna(labels)
    if not known.any():
        raise ValueError("y has no label at any time step that is not missing.")
    of_known = labels[known]
    if of_known.dtype == object and len({*map(type, of_known)}) == 1:
        of_known = np.array(of_known.tolist())
    check_labels(of_known)  # all of them are known
    labels = np.ma.masked_all(labels.shape, of_known.dtype)
    labels[known] = of_known
    return at_front(labels, present)


def at_front(values, present):
    """Move the values of present time steps to the front of each sample.

    Parameters
    ----------
    values : ndarray of shape (n_present,)
        Of all present time steps, sample by sample.

    present : ndarray of bool, of shape (n_samples, n_timesteps)
        Which time steps are not missing.

    Returns
    -------
    MaskedArray of shape (n_samples, n_timesteps)
        Masked behind the last of them.
    """
    front = np.arange(present.shape[1]) < present.sum(axis=1, keepdims=True)
    aligned = np.ma.masked_all(present.shape, values.dtype)
    aligned[front] = values
    return aligned


def in_place(values, present):
    """Put the values of present time steps in their places.

    Parameters
    ----------
    values : ndarray of shape (n_present, ...)
        Of all present time steps, sample by sample.

    present : ndarray of bool, of shape (n_samples, n_timesteps)
        Which time steps are not missing.

    Returns
    -------
    ndarray of shape (n_samples, n_timesteps, ...)
        NaN at missing time steps: of floats where `values` are numbers, else of
        objects.
    """
    if present.all():
        return values.reshape(*present.shape, *values.shape[1:])
    dtype = values.dtype
    if dtype.kind != "f":
        dtype = np.float64 if dtype.kind in "iub" else object
    placed = np.full((*present.shape, *values.shape[1:]), np.nan, dtype)
    placed[present] = values
    return placed


def step_weights(class_weight, weights, y):
    """Compute the weight of each time step: that of its sample times its class's.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        As in :func:`sklearn.utils.class_weight.compute_sample_weight`.

    weights : ndarray of shape (n_samples,) or None
        Weights of the samples.

    y : MaskedArray of shape (n_samples, n_timesteps)
        From :func:`step_labels`.

    Returns
    -------
    ndarray of shape (n_samples, n_timesteps)
        0 where there is no label.
    """
    known = ~np.ma.getmaskarray(y)
    of_steps = known.astype(np.float32)
    if class_weight is not None:
        of_steps[known] = compute_sample_weight(class_weight, y.compressed())
    if weights is not None:
        of_steps *= weights[:, np.newaxis]
    return of_steps


def _labels_in_order(y, present):
    """Return the labels of all present time steps, sample by sample."""
    if isinstance(y, np.ma.MaskedArray):
        y = np.where(np.ma.getmaskarray(y), None, y.data.astype(object))
    # NumPy would make strings of the NaN among the strings of a list.
    y = np.asarray(y, dtype=object if isinstance(y, (list, tuple)) else None)
    if holds_sequences(y):
        return _labels_of_lists(y, present)
    if y.ndim == 3 and y.shape[2] == 1:
        warnings.warn(
            "A label for every time step was expected as y of shape (n_samples, "
            f"n_timesteps), got {y.shape}; the last axis is left out.",
            DataConversionWarning,
            stacklevel=2,
        )
        y = y[:, :, 0]
    if y.shape == present.shape:
        return y[present]
    if y.ndim == 2 and (present.sum(axis=1) == y.shape[1]).all():
        return y.ravel()
    remedies = {
        1: " For one label of each sequence use LSTMClassifier.",
        3: " Of one-hot labels take y.argmax(axis=2).",
    }
    raise ValueError(
        "A label for every time step needs y of the shape of X, (n_samples, "
        f"n_timesteps) = {present.shape}, or a list of the labels of each sample; got "
        f"y of shape {y.shape}.{remedies.get(y.ndim, '')}"
    )


def _labels_of_lists(y, present):
    labels = []
    for i, (of_sample, exists) in enumerate(zip(y, present, strict=True)):
        of_sample = np.asarray(of_sample, dtype=object).ravel()
        if len(of_sample) == len(exists):
            of_sample = of_sample[exists]
        if len(of_sample) != exists.sum():
            raise ValueError(
                f"y has {len(of_sample)} labels for sample {i}, but X has "
                f"{exists.sum()} time steps of it that are not missing. Give one label "
                "for each of these."
            )
        labels.append(of_sample)
    return np.concatenate(labels)
