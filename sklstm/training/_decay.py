"""A learning rate that falls over the epochs."""

import math

import keras

# Final learning rate, as a share of the initial one.
_LEAST = 0.01


class CosineDecay(keras.callbacks.Callback):
    """Decay the learning rate along half a cosine to a hundredth of it.

    The learning rate is multiplied by a factor [1]_ at the beginning of every epoch but
    the first, so that changes by other callbacks are kept. The end of the training
    restores it.

    Parameters
    ----------
    epochs : int
        Number of epochs of the training.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017, equation 5, without restarts.

    Examples
    --------
    >>> from sklstm.training import CosineDecay
    >>> [round(CosineDecay(4).share(epoch), 3) for epoch in range(5)]
    [1.0, 0.855, 0.505, 0.155, 0.01]
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Decay the learning rate."""
        self._set_epoch(epoch)

    def on_train_end(self, logs=None):
        """Restore the learning rate."""
        self._set_epoch(0)

    def _set_epoch(self, epoch):
        if epoch != self._epoch:
            optimizer = self.model.optimizer
            factor = self.share(epoch) / self.share(self._epoch)
            optimizer.learning_rate = optimizer.learning_rate * factor
            self._epoch = epoch

    def share(self, epoch):
        """Return the share of the learning rate at the beginning of an epoch."""
        half_wave = (1 + math.cos(math.pi * epoch / self.epochs)) / 2
        return _LEAST + (1 - _LEAST) * half_wave
