"""Epochs as tasks of scikit-learn's callbacks."""

import keras


class EpochTasks(keras.callbacks.Callback):
    """Make a training a subtask of a fit, and each of its epochs one of these.

    Parameters
    ----------
    task : Task
        The fit.

    name : str
        Name of the training.

    fitted_attributes : callable or None
        ``fitted_attributes(model)`` returns the attributes of an estimator whose
        network has the weights of a Keras model.
    """

    def __init__(self, task, name, fitted_attributes):
        super().__init__()
        self._fit, self._name = task, name
        self._fitted_attributes = fitted_attributes
        self._training = self._epoch = None

    def on_train_begin(self, logs=None):
        """Begin the training."""
        self._training = self._fit.subtask(self._name, self.params["epochs"])

    def on_epoch_begin(self, epoch, logs=None):
        """Begin an epoch."""
        self._epoch = self._training.subtask("epoch")

    def on_epoch_end(self, epoch, logs=None):
        """End an epoch, and the training if a callback asks for it.

        A trial, which has no fitted attributes, goes on: what it measures is compared.
        """
        stop = self._epoch.end(self._attributes)
        if stop and self._fitted_attributes is not None:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        """End the training."""
        self._training.end()

    def _attributes(self):
        return self._fitted_attributes and self._fitted_attributes(self.model)
