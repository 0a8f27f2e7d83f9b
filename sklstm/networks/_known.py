"""A loss that skips targets that are NaN."""

import keras
import numpy as np
from keras import ops

from sklstm._stored import describe, makes
from sklstm.networks._quantiles import QuantileLoss


@keras.saving.register_keras_serializable("sklstm")
class KnownLoss(keras.losses.Loss):
    """Mean of a loss over the outputs whose target is not NaN.

    All targets that are not NaN have the same weight. A target that is NaN contributes
    neither to the loss nor to the gradient.

    Parameters
    ----------
    loss : keras.losses.Loss or callable
        A loss that is a mean over outputs; see :meth:`of`.

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
        """Create it from a loss, as of `keras.Model.compile`.

        Parameters
        ----------
        loss : str, callable or keras.losses.Loss
            The loss of the outputs.

        n_outputs : int
            Number of outputs of a sample, or of each of its time steps.

        given : object, default=None
            The user's loss for the error message; None shows `loss`.

        Raises
        ------
        ValueError
            If the loss is not a mean over outputs, as a cosine similarity.
        """
        name_or_loss, loss = loss, keras.losses.get(loss)
        wrapper = cls(loss, getattr(loss, "reduction", "sum_over_batch_size"))
        wrapper.given = name_or_loss
        if isinstance(loss, QuantileLoss):
            return wrapper
        # 0 and 1, which are labels for a cross-entropy.
        y = np.arange(2 * n_outputs, dtype=np.float32).reshape(2, -1) % 2
        outputs = np.linspace(0.2, 0.9, 2 * n_outputs, dtype=np.float32).reshape(2, -1)
        whole, each = wrapper._values(y, outputs), wrapper._each(y, outputs)
        if each.shape != y.shape or not np.allclose(
            whole, np.mean(each, axis=-1), rtol=1e-4, atol=1e-6
        ):
            raise ValueError(
                f"loss={loss if given is None else given!r} is no mean over the "
                "outputs of a sample, so that it can't skip targets that are NaN. Use "
                "a loss such as 'mse' or 'mae', or leave out the samples with NaN in y."
            )
        return wrapper

    def call(self, y_true, y_pred):
        """Return the loss of each sample (and time step), whose mean is the loss."""
        missing = ops.isnan(y_true)
        # Any target with a finite gradient: it is multiplied by zero.
        y_true = ops.where(missing, ops.ones_like(y_true), y_true)
        values = self._each(y_true, y_pred)
        weights = ops.cast(ops.logical_not(missing), values.dtype)
        sums = ops.sum(values * weights, axis=-1)
        if self.reduction in ("sum", "none", None):
            return sums / weights.shape[-1]
        n_samples = ops.cast(ops.size(sums), values.dtype)
        return sums * n_samples / ops.maximum(ops.sum(weights), 1)

    def _each(self, y_true, y_pred):
        """Compute the loss of each output separately, on an axis of its own."""
        axis = -2 if isinstance(self.loss, QuantileLoss) else -1
        y_pred = ops.expand_dims(ops.convert_to_tensor(y_pred), axis)
        return self._values(ops.expand_dims(y_true, -1), y_pred)

    def _values(self, y_true, y_pred):
        call = getattr(self.loss, "call", self.loss)
        return call(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))

    def get_config(self):
        """Return the config of the loss."""
        return {**super().get_config(), "loss": self.loss}


@describe.register(KnownLoss)
def _(loss):
    if type(loss) is not KnownLoss:
        return None
    state = {"loss": loss.loss, "reduction": loss.reduction, "name": loss.name}
    return "known loss", {**state, "given": loss.given}


@makes("known loss")
def _(state):
    wrapper = KnownLoss(state["loss"], state["reduction"], state["name"])
    wrapper.given = state["given"]
    return wrapper
