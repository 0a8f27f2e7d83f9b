"""Transformers of the features of every time step."""

import copy
import re
from contextlib import contextmanager

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import (
    HasMethods,
    StrOptions,
    check_feature_names_in,
    validate_params,
)
from sklstm._validation import (
    FLOATS,
    all_or_nothing,
    check_3d,
    check_no_infinity,
    check_rows,
    first_that_is_no_number,
    n_axes,
)
from sklstm.preprocessing._base import SequenceTransformer
from sklstm.sequences import SequenceTable, missing_rows, rows_of, samples_of

# Rows transformed at a time: large enough that scikit-learn's checks cost nothing,
# small enough that temporaries do not show beside a table of a million rows.
_BLOCK = 4_096

# What errors of scikit-learn and NumPy have in common where there is text.
_OF_TEXT = re.compile("convert|numeric|real number")

_SCALERS = {
    "standard": StandardScaler,
    "minmax": MinMaxScaler,
    "robust": RobustScaler,
    "maxabs": MaxAbsScaler,
}


class _StepwiseTransformer(SequenceTransformer):
    """Runs a 2-D transformer over the rows of the table that X is slices of.

    Subclasses say which transformer (`_make`), under which attribute it is kept
    (`_inner_name`), which types it takes (`_dtype`), how many rows at once (`_block`),
    and whether it is given missing steps (`_passes_missing`).
    """

    def _check_width(self):
        """Check the number of features of the output; any will do here."""

    def fit(self, X, y=None):
        """Fit on all time steps that are there.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or DataFrame or \
                array-like of shape (n_rows, n_features)
            Sequences, or a table of time steps.

        y : None
            Ignored: a target belongs to a sample, not to a time step.

        Returns
        -------
        transformer
            Itself, fitted.
        """
        validate_params(self)
        return self._fit_inner(X, self._make(), "fit")

    @available_if(lambda self: hasattr(self._make(), "partial_fit"))
    def partial_fit(self, X, y=None):
        """Learn from one more batch of sequences.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or DataFrame or \
                array-like of shape (n_rows, n_features)
            Sequences, or a table of time steps.

        y : None
            Ignored.

        Returns
        -------
        transformer
            Itself, fitted.
        """
        validate_params(self)
        fitted = getattr(self, self._inner_name, None)
        inner = self._make() if fitted is None else copy.deepcopy(fitted)
        return self._fit_inner(X, inner, "partial_fit")

    def transform(self, X):
        """Transform the features of every time step.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or DataFrame or \
                array-like of shape (n_rows, n_features)
            Sequences, or a table of time steps.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps, n_features_out) or of shape \
                (n_rows, n_features_out)
            Missing steps stay missing. Overlapping windows give a strided view again.
        """
        check_is_fitted(self)
        rows, shaped = self._read(X, reset=False)
        out = shaped(self._map_rows("transform", rows, self._n_features_out))
        return self._contain(out, X)

    @available_if(lambda self: hasattr(self._make(), "inverse_transform"))
    def inverse_transform(self, X):
        """Undo :meth:`transform`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features_out) or of shape \
                (n_rows, n_features_out)
            What `transform` gave.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps, n_features) or of shape \
                (n_rows, n_features)
            In the units from before.
        """
        check_is_fitted(self)
        if n_axes(X) not in (2, 3):
            raise ValueError(f"X must be 2-D or 3-D, got {n_axes(X)}-D.")
        rows, shaped = _rows_and_shape(X)
        if rows.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {rows.shape[1]} features, but {type(self).__name__}.transform "
                f"gave {self._n_features_out}."
            )
        return shaped(self._map_rows("inverse_transform", rows, self.n_features_in_))

    def _fit_inner(self, X, inner, method):
        with all_or_nothing(self):
            rows, _ = self._read(X, reset=method == "fit" or not self._is_fitted())
            missing = missing_rows(rows)
            if missing.all():
                raise ValueError(
                    f"{type(self).__name__} needs at least one time step that is not "
                    "missing; every step of X is NaN."
                )
            if missing.any() and not self._passes_missing(inner):
                rows = rows[~missing]
            with config_context(transform_output="default"), self._naming_text(rows):
                _fit_in_blocks(inner, rows, method, self._block)
                self._n_features_out = _dense(inner.transform(rows[:1])).shape[1]
            self._check_width()
            setattr(self, self._inner_name, inner)
        return self

    def _map_rows(self, method, rows, width):
        inner = getattr(self, self._inner_name)
        function = getattr(inner, method)
        if not self._passes_missing(inner):
            function = _skipping_missing(function, width)
        with config_context(transform_output="default"), self._naming_text(rows):
            return _map_blocks(function, rows, self._block)

    @contextmanager
    def _naming_text(self, rows):
        """Add to the error of a transformer of numbers where there is text."""
        try:
            yield
        except (TypeError, ValueError) as error:
            culprit = None
            if rows.dtype.kind in "OUS" and _OF_TEXT.search(str(error)):
                culprit = first_that_is_no_number(rows)
            if culprit is None:
                raise
            _, column, value = culprit
            feature = getattr(self, "feature_names_in_", range(rows.shape[1]))[column]
            raise type(error)(
                f"{type(self).__name__} can't use {self._make()!r} on X, "
                f"whose feature {feature!r} holds {value!r} "
                f"({type(value).__name__}): {error}. Give such a feature to an "
                "encoder, for example in a ColumnTransformer, or leave it out."
            ) from error

    def _read(self, X, reset):
        """Validate X as a table of all its time steps; tell how to shape one."""
        if n_axes(X) <= 2:
            rows = check_rows(self, X, reset=reset, dtype=self._dtype)
            check_no_infinity(self, rows)
            return rows, lambda out: out
        X = check_3d(self, X)
        rows, shaped = _rows_and_shape(X)
        rows = check_rows(self, rows, reset=reset, dtype=self._dtype)
        table = SequenceTable.from_array
        check_no_infinity(self, rows, lambda row: table(X).drop_unused().locate(row))
        return rows, shaped

    def _is_fitted(self):
        return hasattr(self, self._inner_name)


class PerFeatureScaler(_StepwiseTransformer):
    """Scale each feature by one set of statistics over all samples and time steps.

    Put into a pipeline it is fitted on the training part of every split alone. Each
    row of the table under overlapping windows is counted once, and missing steps are
    left out and stay missing.

    Parameters
    ----------
    method : {"standard", "minmax", "robust", "maxabs"} or scaler, default="standard"
        The scaling of scikit-learn's class of that name, or an instance of any
        transformer that keeps the number of features.

    Attributes
    ----------
    scaler_ : transformer
        The fitted scaler, with its statistics: one value a feature.

    n_features_in_ : int
        Features of a time step.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X was a DataFrame.

    See Also
    --------
    PerTimestep : Any transformer, also one that changes the features.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.preprocessing import PerFeatureScaler
    >>> X = np.array([[[1.0, 100.0], [2.0, 300.0]],
    ...               [[3.0, 500.0], [np.nan, np.nan]]])
    >>> scaler = PerFeatureScaler(method="minmax")
    >>> scaler.fit_transform(X)
    array([[[0. , 0. ],
            [0.5, 0.5]],
           [[1. , 1. ],
            [nan, nan]]])
    >>> scaler.scaler_.data_max_
    array([  3., 500.])
    """

    _parameter_constraints = {
        "method": [StrOptions(set(_SCALERS)), HasMethods(["fit", "transform"])]
    }
    _inner_name = "scaler_"
    _dtype = FLOATS
    _block = _BLOCK

    def __init__(self, method="standard"):
        self.method = method

    def get_feature_names_out(self, input_features=None):
        """Give the names of the features, which stay as they are.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names to use where `fit` saw none.

        Returns
        -------
        ndarray of str
            One name a feature.
        """
        check_is_fitted(self)
        return check_feature_names_in(self, input_features)

    def _check_width(self):
        if self._n_features_out != self.n_features_in_:
            raise ValueError(
                f"method={self.method!r} makes of {self.n_features_in_} features "
                f"{self._n_features_out}; a scaler keeps their number. Use "
                "PerTimestep for a transformer that does not."
            )

    def _make(self):
        if isinstance(self.method, str) and self.method in _SCALERS:
            return _SCALERS[self.method]()
        return clone(self.method)

    @staticmethod
    def _passes_missing(scaler):
        # Scalers that know NaN are spared a copy of the rows without it.
        return get_tags(scaler).input_tags.allow_nan


class PerTimestep(_StepwiseTransformer):
    """Apply any transformer of tables to the features of every time step.

    Each step is a row to the transformer: an imputer, a one-hot encoder, PCA, a
    ColumnTransformer. Steps that are missing (NaN in all features) are not shown to
    it and stay missing.

    Parameters
    ----------
    transformer : transformer
        Any transformer of scikit-learn's kind that gives one row a row. It is cloned.

    Attributes
    ----------
    transformer_ : transformer
        The fitted clone.

    n_features_in_ : int
        Features of a time step.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X was a DataFrame.

    See Also
    --------
    PerFeatureScaler : Scaling, with less memory.

    Examples
    --------
    A gap in one feature is filled; a step that is not there stays away:

    >>> import numpy as np
    >>> from sklearn.impute import SimpleImputer
    >>> from sklstm.preprocessing import PerTimestep
    >>> X = np.array([[[1.0, 7.0], [3.0, np.nan], [np.nan, np.nan]]])
    >>> PerTimestep(SimpleImputer()).fit_transform(X)
    array([[[ 1.,  7.],
            [ 3.,  7.],
            [nan, nan]]])

    Categories become columns:

    >>> from sklearn.preprocessing import OneHotEncoder
    >>> colours = np.array([[["red"], ["blue"]], [["blue"], ["blue"]]], dtype=object)
    >>> PerTimestep(OneHotEncoder()).fit_transform(colours)
    array([[[0., 1.],
            [1., 0.]],
           [[1., 0.],
            [1., 0.]]])
    """

    _parameter_constraints = {"transformer": [HasMethods(["fit", "transform"])]}
    _inner_name = "transformer_"
    _dtype = None
    _block = None  # a transformer may look at all rows at once

    def __init__(self, transformer):
        self.transformer = transformer

    def get_feature_names_out(self, input_features=None):
        """Give the names that the transformer gives its output.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features, where `fit` saw none.

        Returns
        -------
        ndarray of str
            One name a feature of the output.
        """
        check_is_fitted(self)
        names = check_feature_names_in(self, input_features)
        return self.transformer_.get_feature_names_out(names)

    def _make(self):
        return clone(self.transformer)

    @staticmethod
    def _passes_missing(transformer):
        return False


def _rows_and_shape(X):
    """Give all time steps of X as a table, and what shapes such a table like X.

    Steps that no sample of a SequenceTable holds are no part of it.
    """
    if isinstance(X, SequenceTable):
        table = X.drop_unused()
        return table.values, table.with_values
    X = np.asarray(X)
    if X.ndim == 2:
        return X, lambda out: out
    rows, step = rows_of(X)
    n_samples, n_timesteps, _ = X.shape
    return rows, lambda out: samples_of(out, n_samples, n_timesteps, step)


def _fit_in_blocks(transformer, rows, method, block):
    """Fit on all rows, piece by piece where that bounds the memory."""
    pieces = [] if block is None else _blocks(rows, block)
    in_pieces = len(pieces) > 1 and hasattr(transformer, "partial_fit")
    # A piece that has no value of some feature would make its statistics NaN for good.
    if in_pieces and all(_has_every_feature(piece) for piece in pieces):
        for piece in pieces:
            transformer.partial_fit(piece)
    else:
        getattr(transformer, method)(rows)


def _map_blocks(function, rows, block):
    """Apply a function of rows piece by piece, into one array."""
    if block is None or len(rows) <= block:
        return _dense(function(rows))
    out, first = None, 0
    for piece in _blocks(rows, block):
        result = _dense(function(piece))
        if out is None:
            out = np.empty((len(rows), result.shape[1]), dtype=result.dtype)
        elif out.dtype != result.dtype:
            out = out.astype(np.result_type(out, result))
        out[first : first + len(piece)] = result
        first += len(piece)
    return out


def _blocks(rows, block):
    return [rows[first : first + block] for first in range(0, len(rows), block)]


def _has_every_feature(rows):
    return not np.isnan(rows).all(axis=0).any()


def _skipping_missing(function, width):
    """Make of a function of rows one that never sees a missing row, and keeps it."""

    def apply(rows):
        missing = missing_rows(rows)
        if missing.all():
            kept = rows.dtype.kind == "f"
            return np.full((len(rows), width), np.nan, rows.dtype if kept else None)
        present = rows[~missing] if missing.any() else rows
        result = _dense(function(present))
        if len(result) != len(present):
            raise ValueError(
                f"The transformer gave {len(result)} rows for {len(present)} time "
                "steps; it must give one row a row."
            )
        if not missing.any():
            return result
        if result.dtype.kind in "iub":
            result = result.astype(np.float64)
        out = np.full((len(rows), result.shape[1]), np.nan, dtype=result.dtype)
        out[~missing] = result
        return out

    return apply


def _dense(result):
    """Give the ndarray of a sparse matrix, a DataFrame or an array."""
    return result.toarray() if hasattr(result, "toarray") else np.asarray(result)
