"""Training and prediction: a SequenceTable in, weights, history and outputs out.

Windows are gathered batch by batch from the flat table; the dense array of all of
them is never made.
"""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sklstm.networks import build

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "sklstm needs Keras to run on TensorFlow, but its backend is "
        f"{keras.backend.backend()!r}. Set the environment variable "
        "KERAS_BACKEND=tensorflow before Keras is imported."
    )

_CONFIGURED = (keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric)

# Elements of the largest activation that a prediction makes at once: 64 MiB.
_ELEMENTS_AT_ONCE = 2**24
_MAX_SAMPLES_AT_ONCE = 1024


@dataclass(frozen=True)
class Samples:
    """Sequences with their targets.

    Parameters
    ----------
    table : SequenceTable
        The sequences, float32, without missing steps.

    targets : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        As the loss wants them.

    weights : ndarray of shape (n_samples,) or None
        Weight of each sample in the loss.
    """

    table: Any
    targets: np.ndarray
    weights: np.ndarray | None = None

    def take(self, indices):
        """Give the samples `indices`."""
        weights = None if self.weights is None else self.weights[indices]
        return Samples(self.table.take(indices), self.targets[indices], weights)

    def __len__(self):
        return len(self.table)


@dataclass(frozen=True)
class Schedule:
    """How to train.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Not built yet.

    loss : str, keras.losses.Loss or callable
        As for `keras.Model.compile`.

    metrics : list or None
        As for `keras.Model.compile`.

    epochs, batch_size : int
        Passes over the samples; samples an update.

    first_epoch : int
        The number of the first of them; epochs are counted over several calls.

    shuffle : bool
        Whether every epoch has an order of its own.

    seed : int
        What the orders depend on, together with the number of the epoch.

    callbacks : list of keras.callbacks.Callback
        As for `keras.Model.fit`.

    verbose : int
        As for `keras.Model.fit`.
    """

    optimizer: keras.optimizers.Optimizer
    loss: Any
    epochs: int
    batch_size: int
    seed: int
    metrics: list | None = None
    first_epoch: int = 0
    shuffle: bool = True
    callbacks: list = field(default_factory=list)
    verbose: int = 0


class Network:
    """A network's spec and weights, and the Keras model that computes with them.

    The model is made when it is first needed; copies and pickles hold arrays alone.

    Parameters
    ----------
    spec : NetworkSpec
        The shape.

    seed : int
        What the initial weights depend on.
    """

    def __init__(self, spec, seed):
        self.spec = spec
        self._seed = seed
        self._saved = None
        self._model = None
        self._predict = None
        self._compiled_for = None

    @property
    def model(self):
        """The Keras model with the weights of the network."""
        if self._model is None:
            model = build(self.spec, self._seed)
            if self._saved is not None:
                _assign(model.variables, self._saved["variables"])
            self._model = model  # whole: another thread may be waiting for it
        return self._model

    def train(self, samples, schedule, validation=None):
        """Train the network; leave it as it was should that fail.

        Parameters
        ----------
        samples : Samples
            To learn from.

        schedule : Schedule
            How.

        validation : Samples, default=None
            What `val_loss` is computed on.

        Returns
        -------
        dict of str to list of float
            The history of `keras.Model.fit`.
        """
        before = self.__getstate__()
        try:
            self._compile(schedule)
            history = _fit(self.model, samples, schedule, validation)
            self._check_finite()
            return history
        except BaseException:
            self.__setstate__(before)
            raise

    def predict(self, table):
        """Compute the outputs for sequences of any length.

        Parameters
        ----------
        table : SequenceTable
            The sequences, float32, without missing steps; one without any step gives
            the output of the zero state.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            float32.
        """
        if self._predict is None:
            self._predict = _compiled_prediction(self.model)
        n_timesteps = max(int(table.lengths.max()), 1)
        widest = max(self.spec.n_features, 4 * max(self.spec.units))
        n_at_once = _ELEMENTS_AT_ONCE // (n_timesteps * widest)
        n_at_once = min(max(n_at_once, 1), _MAX_SAMPLES_AT_ONCE)
        outputs = []
        for first in range(0, len(table), n_at_once):
            indices = np.arange(first, min(first + n_at_once, len(table)))
            x = table.gather(indices, n_timesteps)
            outputs.append(self._predict(tf.constant(x)).numpy())
        return np.concatenate(outputs)

    def export(self, scale=None, offset=None):
        """Build a model of stock Keras layers with these weights.

        Parameters
        ----------
        scale, offset : array-like of shape (n_outputs,), default=None
            As for :func:`sklstm.networks.build`.

        Returns
        -------
        keras.Model
            A new model.
        """
        model = build(self.spec, self._seed, scale=scale, offset=offset)
        model.set_weights(self.model.get_weights())
        return model

    def _check_finite(self):
        if not all(np.isfinite(w).all() for w in self.model.get_weights()):
            raise ValueError(
                "Training produced weights that are not finite. Scale X (for example "
                "with PerFeatureScaler) and y, or set a smaller learning_rate or a "
                "clipnorm."
            )

    def _compile(self, schedule):
        """Compile, but go on with the optimizer of an earlier epoch, if it is alike.

        So its moments live on, and nothing is traced anew.
        """
        optimizer = schedule.optimizer
        config = _config_of([optimizer, schedule.loss, schedule.metrics])
        if schedule.first_epoch and config == self._compiled_for:
            if getattr(self.model, "optimizer", None) is not None:
                return
            _assign_moments(optimizer, self.model, self._saved["optimizer"])
        self._compiled_for = config
        self.model.compile(
            optimizer=optimizer,
            loss=schedule.loss,
            metrics=schedule.metrics,
            # XLA would compile anew for the last batch of an epoch and every length.
            jit_compile=False,
        )

    def __getstate__(self):
        saved = self._saved
        if self._model is not None:
            optimizer = getattr(self._model, "optimizer", None)
            saved = {
                "variables": _values(self._model.variables),
                "optimizer": None
                if optimizer is None
                else _values(optimizer.variables),
            }
        return {**vars(self), "_saved": saved, "_model": None, "_predict": None}

    def __setstate__(self, state):
        vars(self).update(state)


class _Batches(keras.utils.PyDataset):
    """Batches of samples, gathered from the table one at a time."""

    def __init__(self, samples, batch_size, order_of_epoch, epoch=0):
        super().__init__()
        self._samples = samples
        self._batch_size = batch_size
        self._n_timesteps = max(int(samples.table.lengths.max()), 1)
        self._order_of_epoch = order_of_epoch
        self._epoch = epoch
        self._order = order_of_epoch(epoch)

    def __len__(self):
        return -(-len(self._samples) // self._batch_size)

    def __getitem__(self, i):
        first = i * self._batch_size
        batch = self._samples.take(self._order[first : first + self._batch_size])
        x = batch.table.gather(n_timesteps=self._n_timesteps)
        if batch.weights is None:
            return x, batch.targets
        return x, batch.targets, batch.weights

    def on_epoch_end(self):
        """Take the order of the next epoch."""
        self._epoch += 1
        self._order = self._order_of_epoch(self._epoch)


def _fit(model, samples, schedule, validation):
    """Run `keras.Model.fit` over batches gathered from the table."""

    def order_of_epoch(epoch):
        # A generator an epoch: an order depends on no global state and on no order
        # before it, so that three calls of one epoch equal one call of three.
        if not schedule.shuffle:
            return np.arange(len(samples))
        return np.random.default_rng([schedule.seed, epoch]).permutation(len(samples))

    batches = _Batches(
        samples, schedule.batch_size, order_of_epoch, schedule.first_epoch
    )
    if validation is not None:
        in_order = np.arange(len(validation))
        validation = _Batches(validation, schedule.batch_size, lambda epoch: in_order)
    try:
        history = model.fit(
            batches,
            validation_data=validation,
            initial_epoch=schedule.first_epoch,
            epochs=schedule.first_epoch + schedule.epochs,
            shuffle=False,  # Keras would shuffle the batches by a global generator
            callbacks=schedule.callbacks,
            verbose=schedule.verbose,
        )
    finally:
        for callback in schedule.callbacks:
            callback._model = None  # or every copy of it would copy the network
    return history.history


def _config_of(thing):
    """Give what makes two optimizers, losses or metrics equal: all but the name."""
    if isinstance(thing, list):
        return [_config_of(one) for one in thing]
    if isinstance(thing, _CONFIGURED):
        return type(thing), {**thing.get_config(), "name": None}
    return thing


def _compiled_prediction(model):
    n_features = model.input_shape[-1]
    signature = tf.TensorSpec((None, None, n_features), tf.float32)
    # One concrete function: TensorFlow would warn of a search over many networks as
    # if one function were traced again and again.
    return tf.function(lambda x: model(x, training=False)).get_concrete_function(
        signature
    )


def _values(variables):
    return [variable.numpy() for variable in variables]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _assign_moments(optimizer, model, values):
    """Make an optimizer what another of its kind was for the same network."""
    if values is not None:
        optimizer.build(model.trainable_variables)
        _assign(optimizer.variables, values)
