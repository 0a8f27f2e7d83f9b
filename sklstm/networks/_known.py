"""A loss over the targets that are known, where others are NaN."""

import keras
import numpy as np
from keras import ops

from sklstm.networks._quantiles import QuantileLoss


@keras.saving.register_keras_serializable("sklstm")
class KnownLoss(keras.losses.Loss):
    """Mean of a loss over the outputs whose target is not NaN.

    Each known target counts the same, as the steps do that Keras does not mask. One
    that is NaN has no part in the loss, nor in the gradient.

    Parameters
    ----------
    loss : keras.losses.Loss or callable
        Over each output on its own; see :meth:`of`.

    reduction, name, dtype
        As for `keras.losses.Loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.networks import KnownLoss
    >>> loss = KnownLoss.of("mae", n_outputs=2)
    >>> float(loss(np.array([[1.0, np.nan], [2.0, 3.0]]), np.zeros((2, 2))))
    2.0
    """

    def __init__(self, loss, reduction="sum_over_batch_size", name="known", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.loss = self.given = loss

    @classmethod
    def of(cls, loss, n_outputs, given=None):
        """Make it of a loss as `keras.Model.compile` takes it.

        Parameters
        ----------
        loss : str, callable or keras.losses.Loss
            What is to be computed over the known outputs.

        n_outputs : int
            How many outputs a sample has, or a step of it.

        given : object, default=None
            What the error shows as the user's loss.

        Raises
        ------
        ValueError
            If the loss is no mean over outputs, as a cosine similarity is none: what
            of it belongs to one output, nobody knows.
        """
        loss_given, loss = loss, keras.losses.get(loss)
        known = cls(loss, getattr(loss, "reduction", "sum_over_batch_size"))
        known.given = loss_given
        # Numbers that are no labels would be none for a cross-entropy.
        y = np.arange(2 * n_outputs, dtype=np.float32).reshape(2, -1) % 2
        outputs = np.linspace(0.2, 0.9, 2 * n_outputs, dtype=np.float32).reshape(2, -1)
        if isinstance(loss, QuantileLoss):
            return known
        whole, each = known._values(y, outputs), known._each(y, outputs)
        if each.shape != y.shape or not np.allclose(
            whole, np.mean(each, axis=-1), rtol=1e-4, atol=1e-6
        ):
            raise ValueError(
                f"loss={loss if given is None else given!r} is no mean over the "
                "outputs of a sample, so that one whose target is NaN can't be left "
                "out of it. Use a loss such as 'mse' or 'mae', or leave out the "
                "samples with NaN in y."
            )
        return known

    def call(self, y_true, y_pred):
        """Return the loss of each sample (and step), such that their mean is it."""
        known = ops.logical_not(ops.isnan(y_true))
        # Any number will do that has a finite gradient: it is multiplied by zero.
        y_true = ops.where(known, y_true, ops.ones_like(y_true))
        values = self._each(y_true, y_pred)
        known = ops.cast(known, values.dtype)
        of_samples = ops.sum(values * known, axis=-1)
        if self.reduction in ("sum", "none", None):
            return of_samples / known.shape[-1]
        n_samples = ops.cast(ops.size(of_samples), values.dtype)
        return of_samples * n_samples / ops.maximum(ops.sum(known), 1)

    def _each(self, y_true, y_pred):
        """Compute the loss of each output, by giving it an axis of its own."""
        axis = -2 if isinstance(self.loss, QuantileLoss) else -1
        y_pred = ops.expand_dims(ops.convert_to_tensor(y_pred), axis)
        return self._values(ops.expand_dims(y_true, -1), y_pred)

    def _values(self, y_true, y_pred):
        call = getattr(self.loss, "call", self.loss)
        return call(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))

    def get_config(self):
        """Return what the loss is made of."""
        return {**super().get_config(), "loss": self.loss}
