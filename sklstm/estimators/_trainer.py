"""Training of the network of an estimator: held-out samples, schedule, epochs."""

from dataclasses import replace

import keras
import numpy as np

from sklstm._compat.keras import isolated_name_counters
from sklstm._compat.sklearn import CallbackSupportMixin
from sklstm._fit_task import Task
from sklstm._scikeras import RepairedWrapper
from sklstm.estimators._check_target import holds_nan
from sklstm.estimators._epoch_tasks import EpochTasks
from sklstm.estimators._held_out import last_samples
from sklstm.networks import KnownLoss
from sklstm.training import CosineDecay, Schedule

# With `epochs="auto"`: number of updates, and minimum number of epochs.
UPDATES, _LEAST_EPOCHS = 1000, 10


class Trainer(CallbackSupportMixin, RepairedWrapper):
    """Base of an estimator that trains `network_` on encoded targets."""

    # The fit that runs, for scikit-learn's callbacks.
    _task = Task()

    def _n_trainings(self):
        """Return how many networks a fit trains; None if that is not known."""
        return 1

    def _share_held_out(self):
        if self.validation_split is None:
            return 0.1 if self.early_stopping else 0.0
        return self.validation_split

    def _hold_out(self, samples):
        """Return the samples to train on, and those to validate on or None."""
        share = self._share_held_out()
        if not share:
            return samples, None
        last = self._held_out(samples.targets, share)
        first = np.setdiff1d(np.arange(len(samples)), last)
        if not len(first) or not len(last):
            raise ValueError(
                f"Holding out validation_split={share} (0.1 with early_stopping, where "
                "it is None) leaves nothing to train on, or nothing to validate on, of "
                f"n_samples={len(samples)}. Set validation_split=0.0 to stop by the "
                "training loss."
            )
        return samples.take(first), samples.take(last)

    def _held_out(self, y, share):
        """Return the indices of the samples to hold out."""
        return last_samples(y.shape[0], share)

    @isolated_name_counters()
    def _train(self, samples, validation=None, *, is_new=False, partial=False):
        """Train the network, and return its history.

        Parameters
        ----------
        samples, validation : Samples
            With encoded targets; `validation` may be None.

        is_new : bool, default=False
            Whether the network was built by this fit.

        partial : bool, default=False
            Whether to train for one epoch only.

        Returns
        -------
        dict of str to list
            Loss and metrics of each epoch.
        """
        callbacks = self._callbacks()
        if self.early_stopping and not partial:
            stopping = keras.callbacks.EarlyStopping(
                monitor="loss" if validation is None else "val_loss",
                patience=self.patience,
                restore_best_weights=True,
            )
            callbacks.append(stopping)
        epochs = 1 if partial else self._n_epochs(len(samples))
        listeners = self._listeners("train", self.network_, validation)
        schedule = self._schedule(
            samples, [*callbacks, *listeners], epochs, validation, partial
        )
        history = self.network_.train(samples, schedule, validation)
        self.callbacks_ = callbacks
        return {
            name: [np.asarray(value).tolist() for value in values]
            for name, values in history.items()
        }

    def _schedule(self, samples, callbacks, epochs, validation=None, partial=False):
        optimizer = self._optimizer()
        decay = []
        if not partial and self._uses_cosine(optimizer, callbacks):
            decay = [CosineDecay(epochs)]
        return Schedule(
            optimizer=optimizer,
            loss=self._masked_loss(samples, validation),
            metrics=self._metrics(),
            epochs=epochs,
            batch_size=self._size_of_batches(len(samples)),
            seed=self._seed,
            first_epoch=self.current_epoch if partial else 0,
            shuffle=self.shuffle,
            callbacks=[*decay, *callbacks],
            verbose=min(int(self.verbose), 2),
        )

    @isolated_name_counters()
    def _train_other(self, network, samples, epochs):
        """Train another network in the same way, on other samples, silently.

        Of the callbacks only those that set the learning rate are used.
        """
        schedulers = keras.callbacks.LearningRateScheduler
        alike = [one for one in self._callbacks() if isinstance(one, schedulers)]
        for scheduler in alike:
            scheduler.verbose = 0
        alike += self._listeners("trial")
        schedule = self._schedule(samples, alike, epochs)
        network.train(samples, replace(schedule, verbose=0))

    def _after_training(self, network, validation):
        """Return fitted attributes that are known when the network is trained."""
        return {}

    def _listeners(self, name, network=None, validation=None):
        """Return a callback of Keras that tells those of scikit-learn, if any.

        `network` is the one of the estimator, for callbacks that score.
        """
        if not self._task.has_listeners:
            return []

        def fitted_attributes(model):
            parameters = {"_task", *self._get_param_names()}
            fitted = {n: v for n, v in vars(self).items() if n not in parameters}
            trained = network.with_weights_of(model)
            later = self._after_training(trained, validation)
            return {**fitted, "network_": trained, **later}

        known = None if network is None else fitted_attributes
        return [EpochTasks(self._task, name, known)]

    def _masked_loss(self, samples, validation):
        """Return the loss; if targets have NaN, a loss that leaves them out."""
        loss = self._loss() or self.target_encoder_.default_loss_
        targets = [one.targets for one in (samples, validation) if one is not None]
        if not any(holds_nan(one) for one in targets):
            return loss
        if self.metrics is not None:
            raise ValueError(
                f"metrics={self.metrics!r} can't leave out the NaN that y has in some "
                "outputs of a sample. Set metrics=None, or leave out the samples."
            )
        return KnownLoss.of(loss, samples.targets.shape[-1], self.loss)

    def _size_of_batches(self, n_samples):
        # Narrow integers of NumPy would overflow.
        return n_samples if self.batch_size == -1 else int(self.batch_size)

    def _n_epochs(self, n_samples, at_least=_LEAST_EPOCHS):
        if self.epochs != "auto":
            return int(self.epochs)
        n_batches = -(-n_samples // self._size_of_batches(n_samples))
        return max(-(-self._updates(n_samples) // n_batches), at_least)

    def _updates(self, n_samples):
        """Return the number of updates for `epochs="auto"`."""
        return UPDATES

    def _uses_cosine(self, optimizer, callbacks):
        """Return whether the cosine alone sets the learning rate over the epochs."""
        if isinstance(self.optimizer, keras.optimizers.Optimizer):
            return False
        by_update = not isinstance(optimizer.get_config().get("learning_rate"), float)
        schedulers = keras.callbacks.LearningRateScheduler
        by_epoch = any(isinstance(callback, schedulers) for callback in callbacks)
        wanted = self.learning_rate_schedule == "cosine"
        return wanted and not (by_update or by_epoch)
