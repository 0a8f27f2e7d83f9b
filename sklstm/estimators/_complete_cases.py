"""A regressor that learns from complete rows alone."""

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

from sklstm._compat.sklearn import check_method_params, routing_enabled
from sklstm._validation import (
    all_or_nothing,
    check_no_infinity,
    check_rows,
    check_same_index,
    check_target_of_rows,
)
from sklstm.estimators._check_target import check_target, names_of_targets
from sklstm.estimators._conditional_mean import ConditionalMean
from sklstm.estimators._known_score import KnownScoreMixin


class CompleteCaseRegressor(KnownScoreMixin, MetaEstimatorMixin, BaseEstimator):
    """Fit a regressor on the rows that lack nothing, and predict all rows.

    The first windows of a series are not whole. Flat windows
    (``SlidingWindow(flatten=True)``) that are filled with the means of their columns
    teach a regressor what is never true; here they are left out of `fit`, and so are
    rows whose y is missing.

    Parameters
    ----------
    estimator : estimator
        A regressor, such as `Ridge()`.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone of `estimator`.

    n_complete_ : int
        The rows that it was fitted on.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X was a DataFrame.

    target_names_in_ : ndarray of str
        Names of the targets, where y was a Series or DataFrame that names them.

    See Also
    --------
    sklstm.SlidingWindow : Makes flat windows by ``flatten=True``.

    Notes
    -----
    To predict a row of which some values are missing, these are filled by their means
    given the values that are there, of a normal distribution with the mean and the
    covariance [1]_ of the complete rows of `fit`. A missing lag is so filled by those
    around it. A row without any value gets the means of all columns.

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
            Targets; a row of which any is NaN has none.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, of which the regressor gets those of the rows that it is fitted on.

        **fit_params : dict
            Further parameters of the regressor's `fit`; what has an entry a row is
            cut likewise. With metadata routing enabled, those that it requests.

        Returns
        -------
        CompleteCaseRegressor
            Itself.

        Raises
        ------
        ValueError
            If no row is complete, `estimator` is no regressor, or it takes no weights
            and some are given.
        """
        _check_regressor(self.estimator)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None"
            )
        with all_or_nothing(self):
            vars(self).pop("target_names_in_", None)
            values = check_rows(self, X, reset=True)
            check_no_infinity(self, values)
            check_target_of_rows(X, y)
            check_same_index(X, y)
            if (names := names_of_targets(y)) is not None:
                self.target_names_in_ = names
            y = check_target(y)
            kept = _complete(values, y)
            params = self._params_of_fit(sample_weight, fit_params, X, kept)
            self._filler = ConditionalMean(values[kept])
            self.n_complete_ = len(kept)
            self.estimator_ = clone(self.estimator).fit(
                self._named(values[kept]), y[kept], **params
            )
        return self

    def predict(self, X):
        """Predict the targets of all rows, also of those that lack something.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; NaN is missing.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            As the regressor gives them.
        """
        check_is_fitted(self)
        values = check_rows(self, X, reset=False)
        check_no_infinity(self, values)
        if np.isnan(values).any():
            values = self._filler.fill(values)
        return self.estimator_.predict(self._named(values))

    def get_metadata_routing(self):
        """Return what is passed on to the regressor.

        Returns
        -------
        MetadataRouter
        """
        return MetadataRouter(owner=self).add(
            estimator=self.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )

    def _params_of_fit(self, sample_weight, params, X, kept):
        """Return what the regressor's fit gets of some rows, routed or as it came."""
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
        """Return rows as the regressor takes them: with the names that X had."""
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
    """Return the numbers of the rows that have all values and a target."""
    lacking = np.isnan(values).any(axis=1)
    no_target = np.isnan(y.reshape(len(y), -1)).any(axis=1)
    kept = np.flatnonzero(~lacking & ~no_target)
    if not len(kept):
        raise ValueError(
            f"No row is complete: of the {len(y)} rows of X, {lacking.sum()} contain "
            f"NaN, and {no_target.sum()} of y. There is nothing to fit. (Of a "
            "SlidingWindow, window_length + horizon - 1 rows are not complete; it must "
            "be shorter than the table, or than each group.)"
        )
    return kept
