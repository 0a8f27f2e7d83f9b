"""The base class of all transformers of sequences."""

from sklearn.base import BaseEstimator, TransformerMixin

from sklstm._compat.sklearn import (
    CallbackSupportMixin,
    offer_set_output,
    wrap_output,
)
from sklstm._stored import StoredEstimator
from sklstm._validation import all_or_nothing


class SequenceTransformer(
    StoredEstimator,
    CallbackSupportMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """A transformer whose output may have three axes.

    scikit-learn's `set_output` puts every output into a DataFrame, which fails for
    three axes. Here it applies only to outputs of two axes, so that a global
    `transform_output="pandas"` breaks no pipeline.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)
        offer_set_output(cls)

    def fit_transform(self, X, y=None):
        """Fit to X, and transform it.

        Parameters
        ----------
        X : array-like
            As in `fit`.

        y : None
            Ignored.

        Returns
        -------
        ndarray or table
            As :meth:`transform` returns it.
        """
        with all_or_nothing(self):
            return self.fit(X, y).transform(X)

    def _wrap_output(self, X_out, X_in):
        """Return a 2-D output in the container that `set_output` asks for."""
        if X_out.ndim != 2:
            return X_out
        return wrap_output("transform", X_out, X_in, self)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
