"""The loss of quantiles, and outputs in ascending order."""

import keras
from keras import ops

from sklstm._stored import describe, makes


@keras.saving.register_keras_serializable("sklstm")
class QuantileLoss(keras.losses.Loss):
    """Mean of the pinball loss over quantiles and outputs.

    For a target y and a predicted quantile q it is [1]_ ``max(p * (y - q), (p - 1) *
    (y - q))``. Its expectation is minimal if y is below q with probability p.

    Parameters
    ----------
    quantiles : sequence of float
        The probabilities p.

    reduction, name, dtype
        As for `keras.losses.Loss`.

    References
    ----------
    .. [1] R. Koenker, G. Bassett, "Regression Quantiles", Econometrica 46 (1), 1978.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.networks import QuantileLoss
    >>> loss = QuantileLoss([0.1, 0.9])
    >>> round(float(loss(np.array([[10.0]]), np.array([[[9.0, 12.0]]]))), 6)
    0.15
    """

    def __init__(
        self,
        quantiles,
        reduction="sum_over_batch_size",
        name="quantile",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.quantiles = tuple(quantiles)

    def call(self, y_true, y_pred):
        """Return the loss of y (..., n_outputs) for outputs (..., n_outputs, q)."""
        p = ops.convert_to_tensor(self.quantiles, dtype=y_pred.dtype)
        error = ops.expand_dims(ops.cast(y_true, y_pred.dtype), -1) - y_pred
        return ops.mean(ops.maximum(p * error, (p - 1) * error), axis=(-2, -1))

    def get_config(self):
        """Return the config of the loss."""
        return {**super().get_config(), "quantiles": self.quantiles}


@describe.register(QuantileLoss)
def _(loss):
    if type(loss) is not QuantileLoss:  # a subclass of a user
        return None
    state = {"reduction": loss.reduction, "name": loss.name}
    return "quantile loss", {"quantiles": loss.quantiles, **state}


makes("quantile loss")(lambda state: QuantileLoss(**state))


def ascending_quantiles(x, n_outputs, n_quantiles):
    """Convert (..., n_outputs * n_quantiles) to (..., n_outputs, n_quantiles).

    The first number of each output is its lowest quantile. The softplus of each other
    number is the difference to the quantile before.
    """
    x = ops.reshape(x, (-1, *x.shape[1:-1], n_outputs, n_quantiles))
    differences = ops.concatenate([x[..., :1], ops.softplus(x[..., 1:])], axis=-1)
    return ops.cumsum(differences, axis=-1)
