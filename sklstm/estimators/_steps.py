"""A label for every time step: between y of shape (n_samples, n_timesteps) and steps.

Inside, the labels of a sample stand at the front, as the steps that are not missing do
in the network; a masked array tells which of them exist.
"""

import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import compute_sample_weight

from sklstm.estimators._targets import ClassificationTarget, check_labels
from sklstm.sequences import SequenceTable, missing_rows


class StepTarget(ClassificationTarget):
    """Labels of the time steps of each sample, binary or multi-class.

    y is a masked array of shape (n_samples, n_timesteps), from :func:`step_labels`;
    outputs are those of all steps that exist, one after the other.

    Parameters
    ----------
    loss : str, default=""
        As for :class:`ClassificationTarget`.
    """

    per_step = True

    def fit(self, y, classes=None):
        """Learn the labels, or take `classes`."""
        return super().fit(y.compressed(), classes)

    def transform(self, y):
        """Give the network's targets: zeros where there is no label."""
        codes = super().transform(y.compressed())
        targets = np.zeros((*y.shape, *codes.shape[1:]), codes.dtype)
        targets[~np.ma.getmaskarray(y)] = codes
        return targets


def are_step_labels(y, table):
    """Tell whether y has the shape of labels of steps.

    Parameters
    ----------
    y : array-like
        Labels of any kind.

    table : SequenceTable
        X, with missing rows.

    Returns
    -------
    bool
        Whether y has a label for every time step of X, missing or not, or, for each
        sample, as many as there are steps that are not missing.
    """
    if hasattr(y, "toarray"):
        return False
    shape = label_shape(y)
    if len(shape) == 3 and shape[2] == 1:
        shape = shape[:2]
    if len(shape) != 2 or shape[1] == 1:
        return False
    if shape[1] in ("any", table.n_timesteps):
        return True
    return bool((table.drop_missing().lengths == shape[1]).all())


def warn_of_zeros_and_ones(y):
    """Tell that y could be multilabel just as well, should it be."""
    if label_shape(y)[1:] == ("any",):
        return
    labels = np.asarray(y)
    if labels.dtype.kind in "biuf" and np.isin(labels, (0, 1)).all():
        warnings.warn(
            f"y of zeros and ones, of shape {np.shape(y)}, is taken for a label for "
            "every time step. Set per_step=True to say so, or per_step=False where "
            "its columns are several labels of each sample.",
            UserWarning,
            stacklevel=2,
        )


def steps_there(table):
    """Tell which time steps of the 3-D array are not missing.

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


def step_labels(y, there):
    """Validate the labels of steps, and bring those of steps that exist to the front.

    Parameters
    ----------
    y : array-like of shape (n_samples, n_timesteps), or list of sequences
        A label for each step; what it holds at missing steps does not matter, and one
        that is missing itself (NaN, None) is no label. Or, for each sample, the labels
        of the steps that are not missing.

    there : ndarray of bool, of shape (n_samples, n_timesteps)
        Which steps are not missing.

    Returns
    -------
    MaskedArray of shape (n_samples, n_timesteps)
        Masked where there is no label.

    Raises
    ------
    ValueError
        If the shape is another, or the labels are no classes.
    """
    labels = _labels_in_order(y, there, there.sum(axis=1))
    known = ~pd.isna(labels)
    if not known.any():
        raise ValueError("y has no label at any time step that is not missing.")
    of_known = labels[known]
    if of_known.dtype == object and len({*map(type, of_known)}) == 1:
        of_known = np.array(of_known.tolist())
    check_labels(of_known)  # all of them are known
    labels = np.ma.masked_all(labels.shape, of_known.dtype)
    labels[known] = of_known
    return at_front(labels, there)


def at_front(values, there):
    """Put what belongs to the steps that exist at the front of each sample.

    Parameters
    ----------
    values : ndarray of shape (n_existing,)
        Of all steps that exist, sample by sample.

    there : ndarray of bool, of shape (n_samples, n_timesteps)
        Which steps exist.

    Returns
    -------
    MaskedArray of shape (n_samples, n_timesteps)
        Masked behind the last of them.
    """
    front = np.arange(there.shape[1]) < there.sum(axis=1, keepdims=True)
    aligned = np.ma.masked_all(there.shape, values.dtype)
    aligned[front] = values
    return aligned


def spread(values, there):
    """Put what belongs to the steps that exist in its places.

    Parameters
    ----------
    values : ndarray of shape (n_existing, ...)
        Of all steps that exist, sample by sample.

    there : ndarray of bool, of shape (n_samples, n_timesteps)
        Which steps exist.

    Returns
    -------
    ndarray of shape (n_samples, n_timesteps, ...)
        NaN at missing steps: of floats where `values` are numbers, else of objects.
    """
    if there.all():
        return values.reshape(*there.shape, *values.shape[1:])
    dtype = values.dtype
    if dtype.kind != "f":
        dtype = np.float64 if dtype.kind in "iub" else object
    placed = np.full((*there.shape, *values.shape[1:]), np.nan, dtype)
    placed[there] = values
    return placed


def weights_of_steps(class_weight, weights, y):
    """Give the weight of every step: that of its sample times that of its class.

    Parameters
    ----------
    class_weight : dict, list of dict, "balanced" or None
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


def label_shape(y):
    """Give the shape of y: (n_samples, "any") of sequences of unequal length."""
    try:
        array = np.asarray(y)
    except ValueError:  # NumPy makes no array of them
        return len(y), "any"
    of_objects = array.dtype == object and array.ndim == 1 and len(array)
    if of_objects and isinstance(array[0], (list, tuple, np.ndarray)):
        return len(array), "any"
    return array.shape


def _labels_in_order(y, there, lengths):
    """Give the labels of all steps that exist, sample by sample."""
    if label_shape(y)[1:] == ("any",):
        return _labels_of_lists(y, there, lengths)
    if isinstance(y, np.ma.MaskedArray):
        y = np.where(np.ma.getmaskarray(y), None, y.data.astype(object))
    # NumPy would make strings of the NaN among the strings of a list.
    y = np.asarray(y, dtype=object if isinstance(y, (list, tuple)) else None)
    if y.ndim == 3 and y.shape[2] == 1:
        warnings.warn(
            "A label for every time step was expected as y of shape (n_samples, "
            f"n_timesteps), got {y.shape}; the last axis is left out.",
            DataConversionWarning,
            stacklevel=2,
        )
        y = y[:, :, 0]
    if y.shape == there.shape:
        return y[there]
    if y.ndim == 2 and len(y) == len(there) and (lengths == y.shape[1]).all():
        return y.ravel()
    raise ValueError(
        "A label for every time step needs y of the shape of X, (n_samples, "
        f"n_timesteps) = {there.shape}, or a list of the labels of each sample; got y "
        f"of shape {y.shape}."
    )


def _labels_of_lists(y, there, lengths):
    labels = []
    for i, (of_sample, exists) in enumerate(zip(y, there, strict=True)):
        of_sample = np.asarray(of_sample, dtype=object).ravel()
        if len(of_sample) == len(exists):
            of_sample = of_sample[exists]
        if len(of_sample) != lengths[i]:
            raise ValueError(
                f"y has {len(of_sample)} labels for sample {i}, but X has "
                f"{lengths[i]} time steps of it that are not missing. Give one label "
                "for each of these."
            )
        labels.append(of_sample)
    return np.concatenate(labels)
