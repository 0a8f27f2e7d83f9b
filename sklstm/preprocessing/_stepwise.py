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
from sklstm._fit_task import fit_task
from sklstm._validation import (
    FLOATS,
    all_or_nothing,
    check_3d,
    check_no_infinity,
    check_rows,
    first_non_number,
    n_axes,
)
from sklstm.preprocessing._base import SequenceTransformer
from sklstm.preprocessing._row_blocks import (
    after_check,
    blocks,
    dense,
    map_blocks,
    skipping_missing,
)
from sklstm.sequences import SequenceTable, missing_rows, rows_of, samples_of

# Rows transformed at a time: scikit-learn's checks then take little time, and
# temporary arrays little memory beside a table of a million rows.
_BLOCK = 4_096

# Numbers of a block to fit on: scikit-learn's statistics take a fixed time for each.
_NUMBERS = 2**19

# Words in errors of scikit-learn and NumPy that are raised for text.
_ABOUT_TEXT = re.compile("convert|numeric|real number")

_SCALERS = {
    "standard": StandardScaler,
    "minmax": MinMaxScaler,
    "robust": RobustScaler,
    "maxabs": MaxAbsScaler,
}


class _StepwiseTransformer(SequenceTransformer):
    """Applies a 2-D transformer to the rows of the table that X is slices of.

    Subclasses define the transformer (`_make_inner`), the attribute that holds it when
    fitted (`_inner_name`), the types it accepts (`_dtype`), the number of rows at once
    (`_block`), and whether it gets missing time steps (`_passes_missing`).
    """

    def _check_width(self):
        """Check the number of features of the output; any is allowed here."""

    def fit(self, X, y=None):
        """Fit on all time steps that are not missing.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_rows, \
                n_features), or DataFrame
            Sequences, or a table of time steps.

        y : None
            Ignored.

        Returns
        -------
        transformer
            Itself, fitted.
        """
        with all_or_nothing(self), fit_task(self, X, y):
            validate_params(self)
            return self._fit_inner(X, self._make_inner(), "fit")

    @available_if(lambda self: hasattr(self._make_inner(), "partial_fit"))
    def partial_fit(self, X, y=None):
        """Learn from one more batch of sequences.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_rows, \
                n_features), or DataFrame
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
        inner = self._make_inner() if fitted is None else copy.deepcopy(fitted)
        return self._fit_inner(X, inner, "partial_fit")

    def transform(self, X):
        """Transform the features of every time step.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_rows, \
                n_features), or DataFrame
            Sequences, or a table of time steps.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps, n_features_out) or of shape \
                (n_rows, n_features_out)
            Missing steps stay missing. For overlapping windows a strided view.
        """
        check_is_fitted(self)
        rows, reshape, check = self._read(X, reset=False)
        width = self._n_features_out
        out = reshape(self._map_rows("transform", rows, width, check))
        return self._wrap_output(out, X)

    @available_if(lambda self: hasattr(self._make_inner(), "inverse_transform"))
    def inverse_transform(self, X):
        """Undo :meth:`transform`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features_out) or of shape \
                (n_rows, n_features_out)
            The output of `transform`.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps, n_features) or of shape \
                (n_rows, n_features)
            In the original scale.
        """
        check_is_fitted(self)
        if n_axes(X) not in (2, 3):
            raise ValueError(f"X must be 2-D or 3-D, got {n_axes(X)}-D.")
        rows, reshape = _rows_and_reshape(X)
        if rows.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {rows.shape[1]} features, but {type(self).__name__}.transform "
                f"returned {self._n_features_out}."
            )
        return reshape(self._map_rows("inverse_transform", rows, self.n_features_in_))

    def _fit_inner(self, X, inner, method):
        fitted = hasattr(self, self._inner_name)
        with all_or_nothing(self):
            rows, _, check = self._read(X, reset=method == "fit" or not fitted)
            in_blocks = self._fitted_in_blocks(rows, inner, check)
            if in_blocks is None:
                check()
                rows = self._rows_to_fit(rows, inner)
            inner = inner if in_blocks is None else in_blocks
            with (
                config_context(transform_output="default"),
                self._name_text_feature(rows),
            ):
                if in_blocks is None:
                    getattr(inner, method)(rows)
                self._n_features_out = dense(inner.transform(rows[:1])).shape[1]
            self._check_width()
            setattr(self, self._inner_name, inner)
        return self

    def _fitted_in_blocks(self, rows, inner, check):
        """Return a copy of a transformer fitted block by block, in one pass.

        None if it must have all rows at once, or the rows are few.
        """
        block = max(self._block or 0, _NUMBERS // rows.shape[1])
        if (
            self._block is None
            or len(rows) <= block
            or not hasattr(inner, "partial_fit")
            or not self._passes_missing(inner)
        ):
            return None
        fitted = copy.deepcopy(inner)
        # What scikit-learn would check is checked here.
        with (
            config_context(transform_output="default", assume_finite=True),
            # Rounding may make the variance of a constant feature negative.
            np.errstate(invalid="ignore"),
        ):
            for piece in blocks(rows, block):
                finite = np.isfinite(piece)
                if not finite.all():
                    if np.isinf(piece).any():
                        check()
                    if np.isnan(piece).all(axis=0).any():
                        return None  # statistics would stay NaN
                fitted.partial_fit(piece)
        return fitted

    def _rows_to_fit(self, rows, inner):
        """Return the rows for a transformer; raise if all time steps are missing."""
        missing = missing_rows(rows)
        if missing.all():
            raise ValueError(
                f"{type(self).__name__} needs at least one time step that is not "
                "missing; every step of X is NaN."
            )
        passes = self._passes_missing(inner) or not missing.any()
        return rows if passes else rows[~missing]

    def _map_rows(self, method, rows, width, check=None):
        inner = getattr(self, self._inner_name)
        function = getattr(inner, method)
        if check is not None:
            function = after_check(function, check)
        if not self._passes_missing(inner):
            function = skipping_missing(function, width)
        with config_context(transform_output="default"), self._name_text_feature(rows):
            return map_blocks(function, rows, self._block)

    @contextmanager
    def _name_text_feature(self, rows):
        """Add the feature to the error of a transformer of numbers that gets text."""
        try:
            yield
        except (TypeError, ValueError) as error:
            culprit = None
            if rows.dtype.kind in "OUS" and _ABOUT_TEXT.search(str(error)):
                culprit = first_non_number(rows)
            if culprit is None:
                raise
            _, column, value = culprit
            feature = getattr(self, "feature_names_in_", range(rows.shape[1]))[column]
            raise type(error)(
                f"{type(self).__name__} can't use {self._make_inner()!r} on X, "
                f"whose feature {feature!r} holds {value!r} "
                f"({type(value).__name__}): {error}. Encode such a feature first, "
                "for example in a ColumnTransformer, or leave it out."
            ) from error

    def _read(self, X, reset):
        """Return all time steps of X, and two functions.

        One reshapes such a table; the other raises if a value of X is infinite.
        """
        if n_axes(X) <= 2:
            rows = check_rows(self, X, reset=reset, dtype=self._dtype)
            return rows, lambda out: out, lambda: check_no_infinity(self, rows)
        X = check_3d(self, X)
        rows, reshape = _rows_and_reshape(X)
        rows = check_rows(self, rows, reset=reset, dtype=self._dtype)

        def locate(row):
            return SequenceTable.from_array(X).drop_unused().locate(row)

        return rows, reshape, lambda: check_no_infinity(self, rows, locate)


class PerFeatureScaler(_StepwiseTransformer):
    """Scale each feature by one set of statistics over all samples and time steps.

    In a pipeline it is fitted on the train part of each split only. A row that several
    windows hold counts once. Missing time steps are left out and stay missing.

    Parameters
    ----------
    method : {"standard", "minmax", "robust", "maxabs"} or scaler, default="standard"
        The scaling of scikit-learn's class of that name, or an instance of any
        transformer that keeps the number of features.

    Attributes
    ----------
    scaler_ : transformer
        The fitted scaler, with its statistics: one value per feature.

    n_features_in_ : int
        Features of a time step.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
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
        """Return the names of the features, which do not change.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features, if `fit` saw none.

        Returns
        -------
        ndarray of str
            One name per feature.
        """
        check_is_fitted(self)
        return check_feature_names_in(self, input_features)

    def _check_width(self):
        if self._n_features_out != self.n_features_in_:
            raise ValueError(
                f"method={self.method!r} turns {self.n_features_in_} features into "
                f"{self._n_features_out}; a scaler keeps their number. Use "
                "PerTimestep for a transformer that does not."
            )

    def _make_inner(self):
        if isinstance(self.method, str) and self.method in _SCALERS:
            return _SCALERS[self.method]()
        return clone(self.method)

    @staticmethod
    def _passes_missing(scaler):
        # For scalers that allow NaN the rows need not be copied.
        return get_tags(scaler).input_tags.allow_nan


class PerTimestep(_StepwiseTransformer):
    """Apply any transformer of tables to the features of every time step.

    Each time step is a row for the transformer: an imputer, a one-hot encoder, PCA, a
    ColumnTransformer. Missing time steps (NaN in all features) are left out and stay
    missing.

    Parameters
    ----------
    transformer : transformer
        Any scikit-learn transformer that returns one row per row. It is cloned.

    Attributes
    ----------
    transformer_ : transformer
        The fitted clone.

    n_features_in_ : int
        Features of a time step.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X was a DataFrame.

    See Also
    --------
    PerFeatureScaler : Scaling, with less memory.

    Examples
    --------
    A missing value is filled; a missing time step stays missing:

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
    _block = None  # a transformer may depend on all rows at once

    def __init__(self, transformer):
        self.transformer = transformer

    def get_feature_names_out(self, input_features=None):
        """Return the names of the transformer's output.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features, if `fit` saw none.

        Returns
        -------
        ndarray of str
            One name per feature of the output.
        """
        check_is_fitted(self)
        names = check_feature_names_in(self, input_features)
        return self.transformer_.get_feature_names_out(names)

    def _make_inner(self):
        return clone(self.transformer)

    @staticmethod
    def _passes_missing(transformer):
        return False


def _rows_and_reshape(X):
    """Return all time steps of X as a table, and a function that reshapes one like X.

    Rows that no sample of a SequenceTable holds are left out.
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
