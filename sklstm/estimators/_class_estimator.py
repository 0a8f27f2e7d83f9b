"""Base of the classifier of sequences and the tagger of time steps."""

import numpy as np
from scikeras.utils import loss_name

from sklstm._compat.sklearn import StrOptions
from sklstm.estimators._base import SequenceEstimator
from sklstm.estimators._class_metrics import check_class_metrics
from sklstm.estimators._quantiles import learns_quantiles
from sklstm.estimators._targets import ClassificationTarget


class ClassEstimator(SequenceEstimator):
    """Base of estimators whose network outputs probabilities of classes."""

    _parameter_constraints = {
        **SequenceEstimator._parameter_constraints,
        "window_norm": [StrOptions({"last", "standard"}), None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    _target_type = ClassificationTarget

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one more epoch, on these samples only.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences, as for :meth:`fit`.

        y : array-like
            Labels, as for :meth:`fit`.

        classes : array-like of shape (n_classes,), default=None
            All labels of this and later calls; later ones may leave it out, or must
            pass the same. None takes the labels of the first call.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss.

        Returns
        -------
        estimator
            Itself, fitted.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                'class_weight="balanced" is not supported for partial_fit, which never '
                "sees all of y. Compute the weights by compute_class_weight on data "
                "that has the right shares, and pass them as a dict."
            )
        if classes is not None and self.initialized_:
            self._check_same_classes(classes)
        return self._partial_fit(X, y, sample_weight, classes)

    def _check_same_classes(self, classes):
        if not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes must be those of the first call of partial_fit, or of fit: "
                f"{self.classes_.tolist()}; got {np.asarray(classes).tolist()}."
            )

    @property
    def classes_(self):
        """The labels."""
        return self.target_encoder_.classes_

    @property
    def n_outputs_(self):
        """Width of the network's output."""
        return self.target_encoder_.n_outputs_

    def _fit_target(self, y, weights, classes=None):
        loss = self._loss()
        name = "" if loss is None else loss_name(self.loss)
        return self._target_type(name).fit(y, classes)

    def _spec_entries(self, n_features):
        seen = int(self.embedding_dim) if self._takes_tokens() else n_features
        return {
            "window_norm": self.window_norm or "none",
            "norm_features": tuple(range(seen)) if self.window_norm else (),
        }

    def _loss(self):
        if learns_quantiles(self.loss):
            raise ValueError(
                f"loss='quantile' is for numbers, but {type(self).__name__} predicts "
                "classes. Leave loss at None for the cross-entropy that fits y; or use "
                "LSTMRegressor."
            )
        return super()._loss()

    def _metrics(self):
        metrics, target = super()._metrics(), self.target_encoder_
        of_numbers = not target.loss or target.loss.startswith("sparse")
        if metrics is not None and target.softmax_ and of_numbers:
            check_class_metrics(metrics, target.n_outputs_)
        return metrics
