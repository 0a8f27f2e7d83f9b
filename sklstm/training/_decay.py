"""A learning rate that falls over the epochs."""

import math

import keras

# What is left of the learning rate when the last epoch is over.
_LEAST = 0.01


class CosineDecay(keras.callbacks.Callback):
    """Lead the learning rate along half a cosine from all of it to a hundredth [1]_.

    It is multiplied at the beginning of every epoch but the first, and divided at the
    end of the training, so that what other callbacks make of it stays, and that later
    training has all of it.

    Parameters
    ----------
    epochs : int
        Epochs of the training.

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
        """Lead the learning rate on."""
        self._lead_to(epoch)

    def on_train_end(self, logs=None):
        """Restore the full learning rate."""
        self._lead_to(0)

    def _lead_to(self, epoch):
        if epoch != self._epoch:
            optimizer = self.model.optimizer
            factor = self.share(epoch) / self.share(self._epoch)
            optimizer.learning_rate = optimizer.learning_rate * factor
            self._epoch = epoch

    def share(self, epoch):
        """Return the share of the learning rate at the beginning of an epoch."""
        half_wave = (1 + math.cos(math.pi * epoch / self.epochs)) / 2
        return _LEAST + (1 - _LEAST) * half_wave
