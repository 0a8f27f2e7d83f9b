"""A regressor that is fitted on complete rows only."""

import numpy as np
import pandas as pd
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    clone,
    is_classifier,
)
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import (
    check_is_fitted,
    has_fit_parameter,
)

from sklstm._compat.sklearn import (
    CallbackSupportMixin,
    check_method_params,
    routing_enabled,
)
from sklstm._fit_task import fit_task
from sklstm._stored import StoredEstimator
from sklstm._validation import (
    all_or_nothing,
    check_no_infinity,
    check_rows,
    n_axes,
)
from sklstm.estimators._check_target import check_rows_of_y, check_target, check_y_given
from sklstm.estimators._conditional_mean import ConditionalMean
from sklstm.estimators._known_score import KnownScoreMixin
from sklstm.sequences import held_once


class CompleteCaseRegressor(
    StoredEstimator,
    CallbackSupportMixin,
    KnownScoreMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
    """Fit a regressor on complete rows, and predict all rows.

    The first flat windows of a series (``SlidingWindow(flatten=True)``) have missing
    values. If these are imputed by the means of their columns, the regressor learns
    from wrong values. Here such rows are left out of `fit`, as are rows without y.

    Parameters
    ----------
    estimator : estimator
        A regressor, such as `Ridge()`.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone of `estimator`.

    n_complete_ : int
        Number of rows that it was fitted on.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X was a DataFrame.

    target_names_in_ : ndarray of str
        Names of the targets, if y was a Series or DataFrame that has names.

    See Also
    --------
    sklstm.SlidingWindow : Makes flat windows by ``flatten=True``.

    Notes
    -----
    To predict a row with missing values, these are replaced by their conditional means
    given its other values, of a normal distribution with the mean and the covariance
    [1]_ of the complete rows of `fit`, in units of the deviation of each column. So a
    missing lag is estimated from the lags around it. A row without any value gets the
    means of all columns.

    References
    ----------
    .. [1] O. Ledoit and M. Wolf, "A Well-Conditioned Estimator for Large-Dimensional
       Covariance Matrices", Journal of Multivariate Analysis 88(2), 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import CompleteCaseRegressor, SlidingWindow
    >>> X = np.arange(40.0).reshape(-1, 1)
    >>> pipe = make_pipeline(
    ...     SlidingWindow(3, flatten=True), CompleteCaseRegressor(Ridge(alpha=1e-6)))
    >>> pipe.fit(X, X[:, 0])[-1].n_complete_
    37
    >>> pipe.predict(X)[[3, 39]].round(3)
    array([ 3., 39.])
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y, sample_weight=None, **fit_params):
        """Fit the regressor on the rows that have all values and a target.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; NaN is missing.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; a row with NaN is left out.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights; the regressor gets those of the complete rows.

        **fit_params : dict
            Further parameters of the regressor's `fit`, restricted to complete rows if
            they have an entry per row. With metadata routing enabled, those that it
            requests.

        Returns
        -------
        CompleteCaseRegressor
            Itself.

        Raises
        ------
        ValueError
            If no row is complete, `estimator` is no regressor, or weights are given but
            it takes none.
        """
        _check_regressor(self.estimator)
        check_y_given(self, y)
        with (
            all_or_nothing(self),
            fit_task(self, X, y, sample_weight, max_subtasks=1) as task,
        ):
            values = self._rows(X, reset=True)
            check_rows_of_y(self, X, y, reset=True)
            y = check_target(y)
            kept = _complete(values, y)
            params = self._params_of_fit(sample_weight, fit_params, X, kept)
            complete = values[_as_slice(kept)]
            self._filler = ConditionalMean(complete)
            self.n_complete_ = len(kept)
            estimator = clone(self.estimator)
            if type(estimator).__module__.startswith("sklearn.linear_model."):
                complete = _contiguous(complete)
            with task.fit_of(estimator, "fit-estimator"):
                estimator.fit(self._named(complete), y[_as_slice(kept)], **params)
            self.estimator_ = estimator
        return self

    def predict(self, X):
        """Predict the targets of all rows, complete or not.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; NaN is missing.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions of the regressor.
        """
        check_is_fitted(self)
        values = self._rows(X, reset=False)
        if np.isnan(values).any():
            values = self._filler.fill(values)
        return self.estimator_.predict(self._named(values))

    def get_metadata_routing(self):
        """Return the metadata routing of this estimator.

        Returns
        -------
        MetadataRouter
        """
        return MetadataRouter(owner=self).add(
            estimator=self.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )

    def _rows(self, X, reset):
        """Validate X, and return its values."""
        if n_axes(X) == 3:
            raise ValueError(
                "X of CompleteCaseRegressor must be 2-D, of shape (n_samples, "
                "n_features), got 3-D windows. Make flat ones: SlidingWindow(..., "
                "flatten=True)."
            )
        values = check_rows(self, X, reset=reset)
        check_no_infinity(self, values)
        return values

    def _params_of_fit(self, sample_weight, params, X, kept):
        """Return the parameters of the regressor's fit, for the rows that are kept."""
        if sample_weight is not None:
            params = {**params, "sample_weight": sample_weight}
        if routing_enabled():
            params = process_routing(self, "fit", **params).estimator.fit
        elif sample_weight is not None and not has_fit_parameter(
            self.estimator, "sample_weight"
        ):
            raise ValueError(
                f"sample_weight was given, but {type(self.estimator).__name__} has no "
                "sample_weight in its fit."
            )
        return check_method_params(X, params, indices=kept)

    def _named(self, values):
        """Return rows with the feature names of X, if it had any."""
        names = getattr(self, "feature_names_in_", None)
        return values if names is None else pd.DataFrame(values, columns=names)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        own = get_tags(self.estimator)
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = own.target_tags.multi_output
        tags.target_tags.single_output = own.target_tags.single_output
        tags.non_deterministic = own.non_deterministic
        if own.regressor_tags is not None:
            tags.regressor_tags.poor_score = own.regressor_tags.poor_score
        return tags


def _check_regressor(estimator):
    predicts = all(hasattr(estimator, name) for name in ("fit", "predict"))
    if not predicts or isinstance(estimator, type) or is_classifier(estimator):
        raise ValueError(
            "estimator must be a regressor, such as Ridge(), with fit and predict; got "
            f"{estimator!r}."
        )


def _complete(values, y):
    """Return the indices of the rows that have all values and a target."""
    lacking = _holds_nan(values)
    no_target = _holds_nan(y.reshape(len(y), -1))
    kept = np.flatnonzero(~lacking & ~no_target)
    if not len(kept):
        raise ValueError(
            f"No row is complete: of the {len(y)} rows of X, {lacking.sum()} contain "
            f"NaN, and {no_target.sum()} of y. There is nothing to fit. (Of a "
            "SlidingWindow, window_length + horizon - 1 rows are not complete; it must "
            "be shorter than the table, or than each group.)"
        )
    return kept


def _holds_nan(values):
    """Return which rows hold NaN."""
    held = held_once(values)
    if held is not values and values.strides[1] == values.itemsize:
        # Row i is a part of these values, and begins some values after the row before.
        n_before = np.zeros(len(held) + 1, dtype=np.int64)
        np.cumsum(np.isnan(held), out=n_before[1:])
        first = np.arange(len(values)) * (values.strides[0] // values.itemsize)
        return n_before[first + values.shape[1]] > n_before[first]
    holds = np.zeros(len(values), dtype=bool)
    # Faster than `any` over rows, of which few hold one.
    holds[np.flatnonzero(np.isnan(values)) // values.shape[1]] = True
    return holds


def _contiguous(values):
    """Return rows that overlap, as flat windows of one feature do, as a plain array.

    By columns, of which each is a part of the series. scikit-learn's linear models copy
    the rows in any case, and are fitted faster so.
    """
    flags = values.flags
    contiguous = flags.c_contiguous or flags.f_contiguous
    return values if contiguous else np.array(values, order="F")


def _as_slice(rows):
    """Return ascending row numbers as a slice, which copies nothing, if they are."""
    first, last = rows[0], rows[-1]
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows
