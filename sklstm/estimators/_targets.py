"""Between y and the numbers that a network is trained on and gives."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target


class RegressionTarget(BaseEstimator):
    """Targets of a regressor, each standardized if asked for.

    Parameters
    ----------
    standardize : bool
        Whether the network learns ``(y - mean) / std`` of each output.

    Attributes
    ----------
    n_outputs_ : int
        Width of the network's output.

    scale_, offset_ : ndarray of shape (n_outputs_,)
        ``y = output * scale_ + offset_``.
    """

    output_activation_ = "linear"
    default_loss_ = "mse"

    def __init__(self, standardize=True):
        self.standardize = standardize

    def fit(self, y, sample_weight=None):
        """Learn shape, type and scale from y of shape (n,) or (n, n_outputs)."""
        y = self.check(y)
        self.one_d_ = y.ndim == 1
        self.dtype_ = np.dtype(np.float32 if y.dtype == np.float32 else np.float64)
        columns = y.reshape(len(y), -1).astype(np.float64)
        self.n_outputs_ = columns.shape[1]
        scaler = StandardScaler(with_mean=self.standardize, with_std=self.standardize)
        with np.errstate(over="ignore", invalid="ignore"):  # told by transform
            scaler.fit(columns, sample_weight=sample_weight)
        ones = np.ones(self.n_outputs_)
        self.scale_ = ones if scaler.scale_ is None else scaler.scale_
        self.offset_ = scaler.mean_ if self.standardize else 0 * ones
        return self

    def transform(self, y):
        """Give the network's targets, float32 of shape (n, n_outputs)."""
        y = self.check(y)
        columns = y.reshape(len(y), -1)
        if columns.shape[1] != self.n_outputs_ or (y.ndim == 1) != self.one_d_:
            expected = "(n_samples,)" if self.one_d_ else f"(n, {self.n_outputs_})"
            raise ValueError(
                f"y must have shape {expected}, as in the first fit; got {y.shape}."
            )
        with np.errstate(over="ignore"):
            targets = ((columns - self.offset_) / self.scale_).astype(np.float32)
        if not np.isfinite(targets).all():
            largest = np.abs(columns).max()
            raise ValueError(
                f"Input y has values too large for float32, up to {largest:.3g}, in "
                "the scale that the network learns. Scale y first."
            )
        return targets

    def inverse_transform(self, outputs):
        """Give predictions in the units, shape and type of y."""
        y = (outputs * self.scale_ + self.offset_).astype(self.dtype_)
        return y[:, 0] if self.one_d_ else y

    @staticmethod
    def check(y):
        """Validate y, and give it as an array of one or two axes."""
        y = check_array(
            y, ensure_2d=False, allow_nd=True, dtype="numeric", input_name="y"
        )
        if y.dtype.kind in "mM":
            raise ValueError(f"y must hold numbers, got {y.dtype}.")
        if y.ndim > 2 or y.ndim == 0:
            raise ValueError(
                "y must have shape (n_samples,) or (n_samples, n_outputs), got "
                f"{y.shape}."
            )
        return y


class ClassificationTarget(BaseEstimator):
    """Labels of a classifier: binary, multi-class or multilabel.

    Parameters
    ----------
    loss : str, default=""
        The name of the loss in snake case; "" leaves the choice to y. One with
        "categorical" in it gets a softmax also for two classes; one that begins with
        "sparse" gets the number of the class, any other a column a class.

    Attributes
    ----------
    kind_ : {"binary", "multiclass", "multilabel-indicator"}
        Two classes; more; several labels a sample.

    softmax_ : bool
        Whether the outputs are a softmax over the classes; else each is a sigmoid.

    classes_ : ndarray of shape (n_classes,)
        The sorted labels; for multilabel the numbers of the columns.

    n_outputs_, output_activation_, default_loss_
        What the network must end in.
    """

    def __init__(self, loss=""):
        self.loss = loss

    def fit(self, y, classes=None):
        """Learn the labels from y of shape (n,) or (n, n_labels), or take `classes`."""
        kind = _kind(y)
        if kind == "multilabel-indicator":
            self.classes_ = np.arange(np.shape(y)[1])
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
                'multilabel. Use "binary_crossentropy", or leave loss at None.'
            )
        self.softmax_ = kind == "multiclass" or (kind == "binary" and categorical)
        one_column = kind == "binary" and not categorical
        self.n_outputs_ = 1 if one_column else len(self.classes_)
        self.output_activation_ = "softmax" if self.softmax_ else "sigmoid"
        self.default_loss_ = (
            "sparse_categorical_crossentropy"
            if self.softmax_
            else "binary_crossentropy"
        )
        return self

    def transform(self, y):
        """Give the network's targets."""
        kind = _kind(y)
        if (kind == "multilabel-indicator") != (self.kind_ == "multilabel-indicator"):
            raise ValueError(
                f"y is {kind}, but this classifier was fitted on {self.kind_} y."
            )
        if self.kind_ == "multilabel-indicator":
            y = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
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
        """Give a column a class; for multilabel a column a label."""
        outputs = outputs.astype(np.float64)
        if self.softmax_:
            return outputs / outputs.sum(axis=1, keepdims=True)
        if self.kind_ == "binary":
            return np.hstack([1 - outputs, outputs])
        return outputs

    def inverse_transform(self, outputs):
        """Give the most probable labels."""
        if self.kind_ == "multilabel-indicator":
            return (outputs > 0.5).astype(int)
        return self.classes_[np.argmax(self.probabilities(outputs), axis=1)]


def check_labels(y):
    """Validate labels.

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_labels)
        The labels; a column becomes 1-D with scikit-learn's warning.

    Raises
    ------
    ValueError
        If y is missing, holds NaN, or is no classification target.
    """
    if not hasattr(y, "toarray"):
        missing = pd.isna(np.asarray(y, dtype=object))
        if missing.any():
            sample = int(np.argwhere(missing)[0][0])
            raise ValueError(f"Input y contains NaN, at sample {sample}.")
    check_array(y, accept_sparse=True, ensure_2d=False, dtype=None, input_name="y")
    if type_of_target(y, input_name="y") == "multilabel-indicator":
        return y if hasattr(y, "toarray") else np.asarray(y)
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    return y


def _kind(y):
    return type_of_target(y, input_name="y")
