"""Training over epochs, with Keras's callbacks, as `keras.Model.fit` does it."""

import keras
import numpy as np
import tensorflow as tf

from sklstm.training._pace import Pace
from sklstm.training._samples import as_tensor

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
}
# A progress bar moves about so many times an epoch.
_MOVES = 20


def run_epochs(program, samples, schedule, validation=None):
    """Train a program for the epochs of a schedule.

    Every epoch is one call of the compiled program, unless a callback wants to be
    called at each batch, or the call would be deaf to Ctrl-C for long.

    Parameters
    ----------
    program : Program
        Whose weights are set.

    samples, validation : Samples
        To train on, and to evaluate after every epoch; the latter may be None.

    schedule : Schedule
        How.

    Returns
    -------
    dict of str to list
        The history, as `keras.Model.fit` gives it.
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
    pace = _pace(program, samples, batch_size)
    tensors = samples.tensors()
    evaluation = _Evaluation(program, validation, schedule, callbacks)
    evaluation.share(samples, tensors)
    callbacks.on_train_begin()
    logs = None
    for epoch in range(first, first + schedule.epochs):
        order = as_tensor(schedule.order(epoch, len(samples)))
        program.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        for low, high in _calls(n_batches, size):
            callbacks.on_train_batch_begin(low)
            for batches in pace.calls(low, high):
                logs = program.train(tensors, order, batch_size, *batches)
            callbacks.on_train_batch_end(high - 1, logs)
            if model.stop_training:
                break
        logs = {**_as_numbers(logs), **evaluation.run()}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    program.finish()
    callbacks.on_train_end(logs)
    return model.history.history


class _Evaluation:
    """What a program does with the validation samples after each epoch."""

    def __init__(self, program, samples, schedule, callbacks):
        self._program = program
        self._samples = samples
        self._callbacks = callbacks
        if samples is None:
            return
        self._order = tf.range(len(samples))
        self._batch_size, self._n_batches = _batches(samples, schedule)
        self._size = _batches_a_call(callbacks, schedule, "test", self._n_batches)
        self._pace = _pace(program, samples, self._batch_size)

    def share(self, samples, tensors):
        """Make the tensors; use those of other samples for what is the same."""
        if self._samples is not None:
            same = self._samples.table.values is samples.table.values
            self._tensors = self._samples.tensors(tensors[0] if same else None)

    def run(self):
        """Return the logs, their names with `val_` before them."""
        if self._samples is None:
            return {}
        self._callbacks.on_test_begin()
        self._program.reset_metrics()
        for low, high in _calls(self._n_batches, self._size):
            self._callbacks.on_test_batch_begin(low)
            for batches in self._pace.calls(low, high):
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


def _pace(program, samples, batch_size):
    n_steps = batch_size * int(samples.table.lengths.max(initial=1))
    return Pace(n_steps, program.model.count_params())


def _calls(n_batches, size):
    return [(low, min(low + size, n_batches)) for low in range(0, n_batches, size)]


def _batches_a_call(callbacks, schedule, phase, n_batches):
    """Count the batches between two calls of the callbacks."""
    if any(_has_batch_hooks(callback, phase) for callback in callbacks.callbacks):
        return 1
    if schedule.verbose == 1 and phase == "train":
        return -(-n_batches // _MOVES)
    return n_batches


def _has_batch_hooks(callback, phase):
    if type(callback) in (keras.callbacks.History, keras.callbacks.ProgbarLogger):
        return False
    checkpoint = type(callback) is keras.callbacks.ModelCheckpoint
    if checkpoint and callback.save_freq == "epoch":
        return False
    hooks = _BATCH_HOOKS[phase]
    if phase == "train":  # the hooks of training have these as their older names
        hooks = *hooks, "on_batch_begin", "on_batch_end"
    return any(
        getattr(getattr(callback, hook), "__func__", None)
        is not getattr(keras.callbacks.Callback, hook)
        for hook in hooks
    )


def _as_numbers(logs):
    """Return logs as Keras gives them at the end of an epoch: as floats, in order."""
    numbers = {}
    for name, value in sorted(logs.items()):
        if isinstance(value, dict):
            numbers.update(_as_numbers(value))
        else:
            value = np.asarray(value)
            numbers[name] = float(value) if value.ndim == 0 else value
    return numbers
