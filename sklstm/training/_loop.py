"""Training over epochs with Keras's callbacks, as in `keras.Model.fit`."""

import keras
import numpy as np
import tensorflow as tf

from sklstm.training._call_size import CallSize
from sklstm.training._samples import as_tensor

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
}
# Updates of a progress bar per epoch, at most.
_BAR_UPDATES = 20


def run_epochs(program, samples, schedule, validation=None):
    """Train a program for the epochs of a schedule.

    Every epoch is one call of the compiled program, unless a callback has hooks for
    batches, or the call would delay Ctrl-C.

    Parameters
    ----------
    program : Program
        The program; its weights must be set.

    samples : Samples
        Training samples.

    schedule : Schedule
        Settings of the training.

    validation : Samples or None
        Samples to evaluate on after every epoch.

    Returns
    -------
    dict of str to list
        The history, as of `keras.Model.fit`.
    """
    model = program.model
    first = schedule.first_epoch
    batch_size, n_batches = _batches(samples, schedule)
    callbacks = keras.callbacks.CallbackList(
        schedule.callbacks,
        add_history=True,
        add_progbar=schedule.verbose != 0,
        verbose=schedule.verbose,
        epochs=first + schedule.epochs,
        steps=n_batches,
        model=model,
    )
    size = _batches_a_call(callbacks, schedule, "train", n_batches)
    call_size = _call_size(program, samples, batch_size)
    tensors = samples.tensors()
    evaluation = _Validation(program, validation, schedule, callbacks, samples, tensors)
    callbacks.on_train_begin()
    logs = None
    for epoch in range(first, first + schedule.epochs):
        order = as_tensor(schedule.order(epoch, len(samples)))
        program.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        for low, high in _calls(n_batches, size):
            callbacks.on_train_batch_begin(low)
            for batches in call_size.calls(low, high):
                logs = program.train(tensors, order, batch_size, *batches)
            callbacks.on_train_batch_end(high - 1, logs)
            if model.stop_training:
                break
        logs = {**_as_numbers(logs), **evaluation.run()}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    program.finalize_variables()
    callbacks.on_train_end(logs)
    return model.history.history


class _Validation:
    """Evaluation of a program on the validation samples after each epoch."""

    def __init__(
        self, program, samples, schedule, callbacks, train_samples, train_tensors
    ):
        self._program = program
        self._samples = samples
        self._callbacks = callbacks
        if samples is None:
            return
        self._order = tf.range(len(samples))
        self._batch_size, self._n_batches = _batches(samples, schedule)
        self._size = _batches_a_call(callbacks, schedule, "test", self._n_batches)
        self._call_size = _call_size(program, samples, self._batch_size)
        same = samples.table.values is train_samples.table.values
        self._tensors = samples.tensors(train_tensors[0] if same else None)

    def run(self):
        """Evaluate, and return the logs with `val_` before their names."""
        if self._samples is None:
            return {}
        self._callbacks.on_test_begin()
        self._program.reset_metrics()
        for low, high in _calls(self._n_batches, self._size):
            self._callbacks.on_test_batch_begin(low)
            for batches in self._call_size.calls(low, high):
                logs = self._program.evaluate(
                    self._tensors, self._order, self._batch_size, *batches
                )
            self._callbacks.on_test_batch_end(high - 1, logs)
        logs = _as_numbers(logs)
        self._callbacks.on_test_end(logs)
        return {f"val_{name}": value for name, value in logs.items()}


def _batches(samples, schedule):
    """Return the size of the batches, and their number."""
    size = min(schedule.batch_size, len(samples))
    return size, -(-len(samples) // size)


def _call_size(program, samples, batch_size):
    n_steps = batch_size * int(samples.table.lengths.max(initial=1))
    return CallSize(n_steps, program.model.count_params())


def _calls(n_batches, size):
    return [(low, min(low + size, n_batches)) for low in range(0, n_batches, size)]


def _batches_a_call(callbacks, schedule, phase, n_batches):
    """Return the number of batches between two calls of the callbacks."""
    if any(_has_batch_hooks(callback, phase) for callback in callbacks.callbacks):
        return 1
    if schedule.verbose == 1 and phase == "train":
        return -(-n_batches // _BAR_UPDATES)
    return n_batches


def _has_batch_hooks(callback, phase):
    if type(callback) in (keras.callbacks.History, keras.callbacks.ProgbarLogger):
        return False
    checkpoint = type(callback) is keras.callbacks.ModelCheckpoint
    if checkpoint and callback.save_freq == "epoch":
        return False
    hooks = _BATCH_HOOKS[phase]
    if phase == "train":  # Keras still calls the hooks of training by old names
        hooks = *hooks, "on_batch_begin", "on_batch_end"
    return any(
        getattr(getattr(callback, hook), "__func__", None)
        is not getattr(keras.callbacks.Callback, hook)
        for hook in hooks
    )


def _as_numbers(logs):
    """Return logs as Keras does at the end of an epoch: as floats, sorted by name."""
    numbers = {}
    for name, value in sorted(logs.items()):
        if isinstance(value, dict):
            numbers.update(_as_numbers(value))
        else:
            value = np.asarray(value)
            numbers[name] = float(value) if value.ndim == 0 else value
    return numbers
