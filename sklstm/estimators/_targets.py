"""Conversion of y to targets of a network, and of outputs to predictions."""

import warnings
from numbers import Number

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array, column_or_1d, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklstm._stored import stored_as
from sklstm.estimators._check_target import check_target, holds_nan
from sklstm.networks import QuantileLoss

# Number of samples that are not one-hot by chance.
_FEW_SAMPLES = 8

# Types of the labels of one sample.
_SEQUENCES = (list, tuple, np.ndarray, pd.Series, pd.Index)


@stored_as("regression target")
class RegressionTarget(BaseEstimator):
    """Encoder of the targets of a regressor, each standardized if asked for.

    Parameters
    ----------
    standardize : bool
        Whether the network learns ``(y - mean) / std`` of each output.

    quantiles : tuple of float, default=()
        Quantiles that the network outputs, along one more axis.

    Attributes
    ----------
    n_outputs_ : int
        Width of the network's output.

    n_steps_ : int
        Number of steps ahead of each target; 0 if it is no sequence.

    scale_, offset_ : ndarray of shape (n_outputs_,)
        ``y = output * scale_ + offset_``.
    """

    output_activation_ = "linear"

    def __init__(self, standardize=True, quantiles=()):
        self.standardize = standardize
        self.quantiles = quantiles

    def fit(self, y, sample_weight=None):
        """Learn shape, dtype and scale of y.

        Its shape is (n,), (n, n_outputs) or (n, n_steps, n_outputs).
        """
        y = self.check(y)
        self.shape_ = y.shape[1:]
        self.dtype_ = np.dtype(np.float32 if y.dtype == np.float32 else np.float64)
        self.n_outputs_ = self.shape_[-1] if self.shape_ else 1
        self.n_steps_ = self.shape_[0] if len(self.shape_) == 2 else 0
        columns = y.reshape(-1, self.n_outputs_).astype(np.float64)
        unknown = np.flatnonzero(np.isnan(columns).all(axis=0)).tolist()
        if unknown:
            raise ValueError(
                f"Input y contains nothing but NaN in outputs {unknown}; there is "
                "nothing to learn of these. Leave them out of y."
            )
        if sample_weight is not None:
            sample_weight = np.repeat(sample_weight, max(self.n_steps_, 1))
        scaler = StandardScaler(with_mean=self.standardize, with_std=self.standardize)
        with np.errstate(over="ignore", invalid="ignore"):  # transform checks it
            scaler.fit(columns, sample_weight=sample_weight)
        ones = np.ones(self.n_outputs_)
        self.scale_ = ones if scaler.scale_ is None else scaler.scale_
        self.offset_ = scaler.mean_ if self.standardize else 0 * ones
        return self

    @property
    def affine_(self):
        """Scale and offset as lists that broadcast over the outputs."""
        shape = (-1, 1) if self.quantiles else (-1,)
        return [a.reshape(shape).tolist() for a in (self.scale_, self.offset_)]

    @property
    def default_loss_(self):
        """The loss for `loss=None` or "quantile"."""
        return QuantileLoss(self.quantiles) if self.quantiles else "mse"

    def transform(self, y):
        """Return float32 targets, with the outputs along the last axis."""
        y = self.check(y)
        if y.shape[1:] != self.shape_:
            expected = ", ".join(["n_samples", *map(str, self.shape_)])
            comma = "" if self.shape_ else ","
            raise ValueError(
                f"y must have shape ({expected}{comma}), as in the first fit; got "
                f"{y.shape}."
            )
        columns = y if self.shape_ else y[:, np.newaxis]
        with np.errstate(over="ignore"):
            targets = ((columns - self.offset_) / self.scale_).astype(np.float32)
        if (~np.isfinite(targets) & ~np.isnan(columns)).any():
            largest = np.nanmax(np.abs(columns))
            raise ValueError(
                f"Input y has values too large for float32, up to {largest:.3g}, in "
                "the scale that the network learns. Scale y first."
            )
        return targets

    def inverse_transform(self, outputs):
        """Return predictions in scale, shape and dtype of y: medians of quantiles."""
        if self.quantiles:
            return self._median(self.quantiles_of(outputs))
        y = (outputs * self.scale_ + self.offset_).astype(self.dtype_)
        return y if self.shape_ else y[:, 0]

    def quantiles_of(self, outputs):
        """Return quantiles on the scale of y, along one more axis."""
        scale, offset = self.scale_[:, np.newaxis], self.offset_[:, np.newaxis]
        y = np.sort((outputs * scale + offset).astype(self.dtype_), axis=-1)
        return y if self.shape_ else y[:, 0]

    def _median(self, y):
        """Interpolate the quantiles around 0.5; outside of them return the nearest."""
        above = np.searchsorted(self.quantiles, 0.5)
        if above == 0 or above == len(self.quantiles):
            return y[..., min(above, len(self.quantiles) - 1)]
        low, high = self.quantiles[above - 1], self.quantiles[above]
        share = (0.5 - low) / (high - low)
        return y[..., above - 1] * (1 - share) + y[..., above] * share

    check = staticmethod(check_target)


@stored_as("classification target")
class ClassificationTarget(BaseEstimator):
    """Encoder of the labels of a classifier: binary, multi-class or multilabel.

    Parameters
    ----------
    loss : str, default=""
        Name of the loss in snake case; "" chooses it by y. A name with "categorical"
        has a softmax also for two classes; one that begins with "sparse" has class
        indices as targets, any other one column per class.

    Attributes
    ----------
    kind_ : {"binary", "multiclass", "multilabel-indicator"}
        Two classes; more; several labels per sample.

    softmax_ : bool
        Whether the outputs are a softmax over the classes; else each is a sigmoid.

    classes_ : ndarray of shape (n_classes,)
        The sorted labels; for multilabel y the indices of its columns.

    n_outputs_, output_activation_, default_loss_
        Width, activation and loss of the output layer.
    """

    n_steps_ = 0
    affine_ = None, None
    quantiles = ()

    def __init__(self, loss=""):
        self.loss = loss

    def fit(self, y, classes=None):
        """Learn the labels from y of shape (n,) or (n, n_labels), or take `classes`."""
        kind = _kind(_filled(y))
        if kind == "multilabel-indicator":
            self.classes_ = np.arange(np.shape(y)[1])
            _warn_of_one_hot(y)
        else:
            self.classes_ = np.unique(y if classes is None else classes)
            kind = "multiclass" if len(self.classes_) > 2 else "binary"
            if len(self.classes_) < 2:
                raise ValueError(
                    "A classifier needs samples of at least 2 classes, but y contains "
                    f"only one class: {self.classes_.tolist()}."
                )
        self.kind_ = kind
        categorical = "categorical" in self.loss
        if kind == "multilabel-indicator" and categorical:
            raise ValueError(
                f"loss={self.loss!r} is for labels that exclude each other, but y is "
                "multilabel. Pass one-hot labels as y.argmax(axis=1), or leave loss at "
                "None."
            )
        self.softmax_ = kind == "multiclass" or (kind == "binary" and categorical)
        one_column = kind == "binary" and not categorical
        self.n_outputs_ = 1 if one_column else len(self.classes_)
        self.output_activation_ = "softmax" if self.softmax_ else "sigmoid"
        sparse, binary = "sparse_categorical_crossentropy", "binary_crossentropy"
        self.default_loss_ = sparse if self.softmax_ else binary
        return self

    def transform(self, y):
        """Return the network's targets."""
        kind = _kind(_filled(y))
        if (kind == "multilabel-indicator") != (self.kind_ == "multilabel-indicator"):
            raise ValueError(
                f"y is {kind}, but this classifier was fitted on {self.kind_} y."
            )
        if self.kind_ == "multilabel-indicator":
            if y.shape[1] != len(self.classes_):
                raise ValueError(
                    f"y has {y.shape[1]} labels, but this classifier was fitted on "
                    f"{len(self.classes_)}."
                )
            return y.astype(np.float32)
        unknown = sorted(set(y.tolist()) - set(self.classes_.tolist()), key=str)
        if unknown:
            raise ValueError(
                f"y contains labels that the classifier does not know: {unknown}. "
                f"Known classes: {self.classes_.tolist()}."
            )
        codes = np.searchsorted(self.classes_, y)
        if not self.softmax_:
            return codes[:, np.newaxis].astype(np.float32)
        if self.loss and not self.loss.startswith("sparse"):
            return np.eye(self.n_outputs_, dtype=np.float32)[codes]
        return codes.astype(np.int32)

    def probabilities(self, outputs):
        """Return a column per class; for multilabel y a column per label.

        Raise a ValueError if the outputs of the user's own network are no
        probabilities.
        """
        outputs = outputs.astype(np.float64)
        if outputs.size and (outputs.min() < 0 or outputs.max() > 1.001):
            raise ValueError(
                "The network must output probabilities, but its outputs go from "
                f"{outputs.min():.3g} to {outputs.max():.3g}. End the network of model "
                f"with activation={self.output_activation_!r}."
            )
        if self.softmax_:
            return outputs / outputs.sum(axis=1, keepdims=True)
        if self.kind_ == "binary":
            return np.hstack([1 - outputs, outputs])
        return outputs

    def inverse_transform(self, outputs):
        """Return the most probable labels."""
        if self.kind_ == "multilabel-indicator":
            return (self.probabilities(outputs) > 0.5).astype(int)
        return self.classes_[np.argmax(self.probabilities(outputs), axis=1)]


def check_labels(y):
    """Validate labels, some of which may be missing (NaN, None, pandas' NA).

    Returns
    -------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        The labels; a column becomes 1-D with scikit-learn's warning. A missing label is
        replaced by any other, or is NaN if samples have several labels.

    known : ndarray of bool, of shape (n_samples,)
        Which samples have a label.

    Raises
    ------
    ValueError
        If y has no label, is no classification target, or has labels of time steps.
    """
    if hasattr(y, "toarray"):
        y = y.toarray()
    labels = np.asarray(y, dtype=object)
    if labels.ndim == 3 or holds_sequences(labels):
        raise _no_labels_of_sequences(labels.shape)
    if (missing := pd.isna(labels)).any():
        return _check_known_labels(labels, ~missing)
    if isinstance(y, pd.DataFrame) and y.shape[1] > 1:
        y = np.array(labels.tolist())  # of pandas' own types, too
    y = _check_labels(y)
    return y, np.ones(len(y), dtype=bool)


def _check_known_labels(labels, known):
    if labels.ndim == 2 and labels.shape[1] > 1:
        filled = np.where(known, labels, 0)
        filled = _check_labels(np.array(filled.tolist()))
        return np.where(known, filled, np.nan), known.any(axis=1)
    labels, known = labels.reshape(len(labels)), known.reshape(len(known))
    if not known.any():
        raise ValueError(
            "Input y contains NaN in place of every label; there is nothing to fit."
        )
    of_known = labels[known]
    one_type = len({*map(type, of_known)}) == 1
    if one_type or all(isinstance(label, Number) for label in of_known):
        of_known = np.array(of_known.tolist())
    of_known = _check_labels(of_known)
    y = np.full(labels.shape, of_known[0], of_known.dtype)
    y[known] = of_known
    return y, known


def _check_labels(y):
    check_array(y, ensure_2d=False, dtype=None, input_name="y")
    kind = type_of_target(y, input_name="y")
    if kind in ("multilabel-indicator", "multiclass-multioutput"):
        dense = np.asarray(y)
        # scikit-learn accepts any two numbers; only 0 and 1 are multilabel here.
        if kind == "multilabel-indicator" and np.isin(dense, (0, 1)).all():
            return dense
        raise _no_labels_of_sequences(np.shape(y))
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    return y


def holds_sequences(labels):
    """Return whether each entry of an array is a sequence of labels."""
    of_objects = labels.dtype == object and labels.ndim == 1 and len(labels)
    return bool(of_objects and isinstance(labels[0], _SEQUENCES))


def _no_labels_of_sequences(shape):
    got = f"labels of shape {shape}" if len(shape) > 1 else "a list of labels for each"
    one_hot = " (of one-hot labels y.argmax(axis=2))" if len(shape) > 2 else ""
    return ValueError(
        "LSTMClassifier needs y of shape (n_samples,), or zeros and ones of shape "
        f"(n_samples, n_labels); got {got}. For a label for every time step, y of "
        f"shape (n_samples, n_timesteps){one_hot}, use LSTMTagger."
    )


def _warn_of_one_hot(y):
    """Warn if multilabel y looks like labels that exclude each other."""
    if len(y) >= _FEW_SAMPLES and (y.sum(axis=1) == 1).all():
        warnings.warn(
            "Every row of y has exactly one 1, as one-hot labels have, but zeros and "
            "ones are learned as multilabel: any number of labels for a sample, with "
            "probabilities that do not sum to 1. Pass y.argmax(axis=1) if the labels "
            "exclude each other.",
            UserWarning,
            stacklevel=6,
        )


def _filled(y):
    """Replace missing labels by 0, for scikit-learn to determine the kind of y."""
    of_floats = getattr(y, "dtype", np.dtype(object)).kind == "f" and np.ndim(y) == 2
    return np.nan_to_num(y) if of_floats else y


def _kind(y):
    return type_of_target(y, input_name="y")


def weights_of_known(class_weight, y):
    """Compute scikit-learn's sample weights from class weights; NaN labels have none.

    `y` has shape (n_samples,) or (n_samples, n_labels), from :func:`check_labels`.
    """
    if not holds_nan(y):
        return compute_sample_weight(class_weight, y)
    each = class_weight if isinstance(class_weight, list) else [class_weight]
    weights = np.ones(len(y))
    for labels, of_label in zip(y.T, np.resize(each, y.shape[1]), strict=True):
        known = ~np.isnan(labels)
        weights[known] *= compute_sample_weight(of_label, labels[known])
    return weights
