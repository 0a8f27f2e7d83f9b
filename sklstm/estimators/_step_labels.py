"""Labels of time steps: from y of shape (n_samples, n_timesteps) to those present.

A time step that is not missing is present. Internally, the labels of present time steps
are moved to the front of each sample, as the network has them, in a masked array; time
steps without a label are masked.
"""

import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import compute_sample_weight

from sklstm._stored import stored_as
from sklstm.estimators._targets import (
    ClassificationTarget,
    check_labels,
    holds_sequences,
)
from sklstm.estimators._weights import check_class_weight
from sklstm.sequences import SequenceTable, missing_rows


@stored_as("step target")
class StepTarget(ClassificationTarget):
    """Encoder of the labels of time steps, binary or multi-class.

    y is a masked array of shape (n_samples, n_timesteps), from :func:`step_labels`;
    outputs are those of all present time steps, sample by sample.
    """

    def fit(self, y, classes=None):
        """Learn the labels, or take `classes`."""
        return super().fit(y.compressed(), classes)

    def transform(self, y):
        """Return the targets of the network, with 0 for missing labels."""
        codes = super().transform(y.compressed())
        targets = np.zeros((*y.shape, *codes.shape[1:]), codes.dtype)
        targets[~np.ma.getmaskarray(y)] = codes
        return targets


def time_steps_present(table):
    """Return the mask of time steps, of shape (n_samples, n_timesteps)."""
    missing = missing_rows(table.values)
    if not missing.any() and (table.lengths == table.n_timesteps).all():
        return np.ones(table.shape[:2], dtype=bool)
    marks = np.where(missing, np.nan, 0).astype(np.float32)
    marks = SequenceTable(
        marks[:, None], table.starts, table.lengths, table.n_timesteps
    )
    return ~np.isnan(marks.gather()[:, :, 0])


def step_labels(y, present):
    """Validate labels of time steps, and move those of present ones to the front.

    Parameters
    ----------
    y : array-like of shape (n_samples, n_timesteps), or list of sequences
        A label for each time step, or lists of the labels of present time steps. NaN,
        None, pandas' NA and masked entries are missing labels.

    present : ndarray of bool, of shape (n_samples, n_timesteps)
        Mask of the time steps.

    Returns
    -------
    MaskedArray of shape (n_samples, n_timesteps)
        Missing labels are masked.

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
    """Return a masked array with the values of present time steps at the front.

    `values` has shape (n_present,), sample by sample; `present` and the result have
    shape (n_samples, n_timesteps).
    """
    front = np.arange(present.shape[1]) < present.sum(axis=1, keepdims=True)
    aligned = np.ma.masked_all(present.shape, values.dtype)
    aligned[front] = values
    return aligned


def in_place(values, present):
    """Return the values of present time steps at their positions, and NaN elsewhere.

    `values` has shape (n_present, ...), sample by sample; the result has shape
    (n_samples, n_timesteps, ...) and is float for numbers, else object.
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
    """Return the weight of each time step: sample weight times class weight.

    `y` is from :func:`step_labels`; the result has its shape, with 0 for missing
    labels.
    """
    known = ~np.ma.getmaskarray(y)
    of_steps = known.astype(np.float32)
    if class_weight is not None:
        check_class_weight(class_weight)
        of_steps[known] = compute_sample_weight(class_weight, y.compressed())
    if weights is not None:
        of_steps *= weights[:, np.newaxis]
    return of_steps


def _labels_in_order(y, present):
    """Return the labels of all present time steps, sample by sample."""
    if isinstance(y, np.ma.MaskedArray):
        y = np.where(np.ma.getmaskarray(y), None, y.data.astype(object))
    # NumPy would convert NaN in a list of strings to a string.
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
        _warn_of_other_side(~pd.isna(y), present)
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


def _warn_of_other_side(known, present):
    """Warn if samples have as many labels as time steps, but at other positions."""
    moved = (known != present).any(axis=1)
    if not moved.any() or (known.sum(axis=1) != present.sum(axis=1)).any():
        return
    warnings.warn(
        f"The labels of sample {np.flatnonzero(moved)[0]} are as many as its time "
        "steps, but at other positions, as if X and y were padded on different sides: "
        "labels at missing time steps are left out. Pad both alike, or pass a list of "
        "the labels of each sample.",
        UserWarning,
        stacklevel=2,
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
                f"{exists.sum()} time steps of it that are not missing. Pass one label "
                "for each of these."
            )
        labels.append(of_sample)
    return np.concatenate(labels)
