"""Keras's mean squared error and mean of the loss, in few operations.

Keras's own have many operations on shapes, for losses and weights of any shape. With
them, the program of a small network has a third more operations to trace and compile.
"""

import keras
import tensorflow as tf

from sklstm._compat.keras import mask_of
from sklstm._compat.tensorflow import record_operation, stop_recording


def quick_loss(loss):
    """Return the loss of few operations that equals a loss; others as they are.

    Parameters
    ----------
    loss : str, callable, keras.losses.Loss or None
        As for `keras.Model.compile`.
    """
    kind = type(loss)
    if kind is keras.losses.MeanSquaredError:
        plain = loss.reduction == "sum_over_batch_size" and loss.dtype == "float32"
        return SquaredError() if plain else loss
    # Keras resolves names and functions at compile, in the dtype of that time.
    named = loss in ("mse", "mean_squared_error", keras.losses.mean_squared_error)
    return SquaredError() if named and keras.config.floatx() == "float32" else loss


class SquaredError(keras.losses.MeanSquaredError):
    """`keras.losses.MeanSquaredError` with a gradient of its own.

    Targets and weights that are not of shapes (n_samples, ..., n_outputs) and
    (n_samples, ...) are left to Keras.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Return the mean of the weighted errors over samples (and steps)."""
        masked = mask_of(y_pred) is not None
        y_true, y_pred = (tf.convert_to_tensor(y) for y in (y_true, y_pred))
        if sample_weight is not None:
            sample_weight = tf.convert_to_tensor(sample_weight)
        if masked or not _are_plain(y_true, y_pred, sample_weight):
            return super().__call__(y_true, y_pred, sample_weight)
        with stop_recording():
            error = y_pred - y_true
            losses = tf.reduce_mean(tf.square(error), axis=-1)
            n_losses = tf.cast(tf.size(losses), tf.float32)
            loss = tf.math.divide_no_nan(
                tf.reduce_sum(losses * sample_weight), n_losses
            )
        n_outputs = y_pred.shape[-1]

        def backward(d_loss):
            share = tf.math.divide_no_nan(d_loss * (2.0 / n_outputs), n_losses)
            return [error * tf.expand_dims(share * sample_weight, -1)]

        record_operation("SquaredError", [loss], [y_pred], backward)
        return loss


def _are_plain(y_true, y_pred, weight):
    """Return whether shapes and dtypes are those that need no care."""
    if weight is None or {y_true.dtype, y_pred.dtype, weight.dtype} != {tf.float32}:
        return False
    same = y_true.shape.rank == y_pred.shape.rank == (weight.shape.rank or 0) + 1
    return same and y_true.shape[-1] == y_pred.shape[-1] is not None


class MeanLoss(keras.metrics.Mean):
    """`keras.metrics.Mean` of a scalar, weighted by a number of samples."""

    def update_state(self, values, sample_weight=None):
        """Add a loss of `sample_weight` samples."""
        axes = [
            one is None or tf.convert_to_tensor(one).shape.rank
            for one in (values, sample_weight)
        ]
        if any(axes):  # losses without reduction, or metrics of the user
            return super().update_state(values, sample_weight)
        weight = tf.cast(sample_weight, self.dtype)
        # One operation each; that of Keras's variables are three.
        self.total.value.assign_add(tf.cast(values, self.dtype) * weight)
        self.count.value.assign_add(weight)
        return None
