"""Sequences with their targets, in NumPy and as what a compiled program takes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from sklstm.networks import CustomSpec

# Bytes: where TensorFlow wants its memory to begin.
_ALIGNMENT = 64


@dataclass(frozen=True)
class Samples:
    """Sequences with their targets.

    Parameters
    ----------
    table : SequenceTable
        The sequences, float32, without missing steps.

    targets : ndarray of shape (n_samples,), (n_samples, n_outputs) or \
            (n_samples, n_steps, n_outputs)
        As the loss wants them. Where every time step has an output, the targets of
        the steps that are not missing stand at the front of (n_samples, n_timesteps)
        or (n_samples, n_timesteps, n_outputs).

    weights : ndarray of shape (n_samples,) or (n_samples, n_timesteps), or None
        Weight of each sample in the loss, or of each of its time steps.

    whole : SequenceTable, default=None
        The sequences with their missing steps, where these have places.
    """

    table: Any
    targets: np.ndarray
    weights: np.ndarray | None = None
    whole: Any = None

    def take(self, indices):
        """Return the samples `indices`."""
        weights = None if self.weights is None else self.weights[indices]
        whole = None if self.whole is None else self.whole.take(indices)
        return Samples(self.table.take(indices), self.targets[indices], weights, whole)

    def with_targets(self, targets):
        """Return the same samples with other targets."""
        return replace(self, targets=targets)

    def __len__(self):
        return len(self.table)

    def tensors(self, values=None):
        """Return values, starts, lengths, targets and weights as tensors.

        `values`, where given, is the tensor of the values that another set of samples
        of the same table has made.
        """
        weights = self.weights
        if weights is None:
            weights = np.ones(len(self), np.float32)
        if weights.ndim == 1:  # the same for every step of a target that is a sequence
            weights = weights.reshape(-1, *[1] * (self.targets.ndim - 2))
        return (
            *table_tensors(self.table, values),
            as_tensor(self.targets),
            as_tensor(weights),
        )


def table_tensors(table, values=None):
    """Return values (given or made), starts and lengths of a table as tensors."""
    if len(table.values) >= 2**31:
        raise ValueError(
            f"X has {len(table.values):,} time steps; TensorFlow takes less than 2**31."
        )
    if values is None:
        rows = table.values
        # No sample may have a step; but a gather needs a row to point at.
        values = as_tensor(rows if len(rows) else np.zeros((1, table.n_features), "f"))
    return (
        values,
        as_tensor(table.starts.astype(np.int32, copy=False)),
        as_tensor(table.lengths.astype(np.int32, copy=False)),
    )


def as_tensor(array):
    """Copy an array into a tensor: once, where `tf.constant` does it twice."""
    memory = np.empty(array.nbytes + _ALIGNMENT, np.uint8)
    first = -memory.ctypes.data % _ALIGNMENT
    copy = memory[first : first + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[:] = array
    return tf.experimental.dlpack.from_dlpack(copy.__dlpack__())


def table_signature(n_features):
    """Describe what :func:`table_tensors` gives."""
    indices = tf.TensorSpec((None,), tf.int32)
    return tf.TensorSpec((None, n_features), tf.float32), indices, indices


def gather_batch(spec, tensors, chosen):
    """Gather inputs, targets and weights of the samples `chosen`.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The network.

    tensors : tuple of Tensor
        From :meth:`Samples.tensors`.

    chosen : Tensor of int32, of shape (n_chosen,)
        The samples.

    Returns
    -------
    tuple of (inputs, targets, weights)
        Where every time step has an output, targets and weights are those of the
        steps that have a weight, in one row.
    """
    values, *of_samples = tensors
    starts, lengths, targets, weights = (tf.gather(one, chosen) for one in of_samples)
    if not spec.per_step:
        return gather_inputs(spec, values, starts, lengths), targets, weights
    counted = tf.sequence_mask(lengths, tf.shape(weights)[1]) & (weights > 0)
    inputs = gather_inputs(spec, values, starts, lengths, counted)
    targets, weights = (tf.boolean_mask(one, counted) for one in (targets, weights))
    return inputs, targets, weights


def gather_inputs(spec, values, starts, lengths, counted=None, n_timesteps=1):
    """Gather sequences from the table, as the compiled twin of a network takes them.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The network.

    values, starts, lengths : Tensor
        Of the table, and of samples of it.

    counted : Tensor of bool, of shape (n_samples, n_timesteps), default=None
        Where every time step has an output: which are wanted, counted from the first
        step of each sample on. None wants those of all steps that exist.

    n_timesteps : int or Tensor of int32, default=1
        Time steps that there are at least.

    Returns
    -------
    list of Tensor, or Tensor
        Of a `NetworkSpec`: sequences of shape (n_samples, n_timesteps, n_features),
        from the first step of each on and as long as the longest of them, with other
        rows of the table behind the ends; and their lengths. Of a `CustomSpec`:
        sequences that end at the last step, with NaN before them. Where every time
        step has an output, then which steps are wanted.
    """
    longest = tf.maximum(tf.reduce_max(lengths), tf.maximum(n_timesteps, 1))
    if isinstance(spec, CustomSpec):
        longest = tf.maximum(longest, spec.n_timesteps)
        first = lengths - longest  # of the steps, before those of the sample
    else:
        first = tf.zeros_like(lengths)
    number = first[:, tf.newaxis] + tf.range(longest)
    rows = tf.clip_by_value(starts[:, tf.newaxis] + number, 0, tf.shape(values)[0] - 1)
    x = tf.gather(values, rows)
    there = (number >= 0) & (number < lengths[:, tf.newaxis])
    if isinstance(spec, CustomSpec):
        inputs = [tf.where(there[..., tf.newaxis], x, np.nan)]
    else:
        inputs = [x, lengths]
    if spec.per_step:
        if counted is not None:
            place = tf.clip_by_value(number, 0, tf.shape(counted)[1] - 1)
            there &= tf.gather(counted, place, batch_dims=1)
        inputs.append(there)
    return inputs[0] if len(inputs) == 1 else inputs
