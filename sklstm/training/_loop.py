"""Training over epochs with Keras's callbacks, as in `keras.Model.fit`."""

import keras
import numpy as np
import tensorflow as tf

from sklstm.training._call_size import CallSize
from sklstm.training._samples import TableRows, as_tensor

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
    callbacks = keras.callbacks.CallbackList(
        schedule.callbacks,
        add_history=True,
        add_progbar=schedule.verbose != 0,
        verbose=schedule.verbose,
        epochs=first + schedule.epochs,
        steps=-(-len(samples) // schedule.batch_size),
        model=model,
    )
    training = _Pass("train", program, samples, schedule, callbacks)
    evaluation = None
    if validation is not None:
        same_table = validation.table.values is samples.table.values
        rows = training.rows if same_table else None
        evaluation = _Pass("test", program, validation, schedule, callbacks, rows)
    callbacks.on_train_begin()
    logs = None
    for epoch in range(first, first + schedule.epochs):
        order = as_tensor(schedule.order(epoch, len(samples)))
        program.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        logs = training.run(order)
        if evaluation is not None:
            callbacks.on_test_begin()
            program.reset_metrics()
            val_logs = evaluation.run(tf.range(len(validation)))
            callbacks.on_test_end(val_logs)
            logs |= {f"val_{name}": value for name, value in val_logs.items()}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    program.finalize_variables()
    callbacks.on_train_end(logs)
    return model.history.history


class _Pass:
    """A pass over samples in batches, for training or evaluation."""

    def __init__(self, phase, program, samples, schedule, callbacks, rows=None):
        self.rows = TableRows.of(samples.table.values) if rows is None else rows
        self._tensors = samples.tensors(self.rows)
        self._phase = phase
        self._model = program.model
        self._compute = {"train": program.train, "test": program.evaluate}[phase]
        self._hooks = [getattr(callbacks, hook) for hook in _BATCH_HOOKS[phase]]
        self._batch_size = min(schedule.batch_size, len(samples))
        self._n_batches = -(-len(samples) // self._batch_size)
        self._batches_per_hook = self._n_batches
        if any(_has_batch_hooks(callback, phase) for callback in callbacks.callbacks):
            self._batches_per_hook = 1
        elif schedule.verbose == 1 and phase == "train":
            self._batches_per_hook = -(-self._n_batches // _BAR_UPDATES)
        n_steps = self._batch_size * int(samples.table.lengths.max(initial=1))
        self._call_size = CallSize(n_steps, self._model.count_params())

    def run(self, order):
        """Compute all batches, call the hooks, and return the logs."""
        on_batch_begin, on_batch_end = self._hooks
        for low in range(0, self._n_batches, self._batches_per_hook):
            high = min(low + self._batches_per_hook, self._n_batches)
            on_batch_begin(low)
            for batches in self._call_size.calls(low, high):
                logs = self._compute(self._tensors, order, self._batch_size, *batches)
            on_batch_end(high - 1, logs)
            if self._phase == "train" and self._model.stop_training:
                break
        return _as_numbers(logs)


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
