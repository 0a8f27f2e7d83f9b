"""Sequences with their targets, in NumPy and as what a compiled program takes."""

from dataclasses import dataclass
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

    def tensors(self, values=None):
        """Give values, starts, lengths, targets and weights as tensors.

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
    """Give values, starts and lengths of a table as tensors; `values` may be there."""
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
        steps that exist, in one row.
    """
    values, *of_samples = tensors
    starts, lengths, targets, weights = (tf.gather(one, chosen) for one in of_samples)
    if spec.per_step:
        there = tf.sequence_mask(lengths, tf.shape(targets)[1])
        targets, weights = (tf.boolean_mask(one, there) for one in (targets, weights))
    return gather_inputs(spec, values, starts, lengths), targets, weights


def gather_inputs(spec, values, starts, lengths):
    """Gather sequences from the table, as the compiled twin of a network takes them.

    Returns
    -------
    list of Tensor, or Tensor
        Of a `NetworkSpec`: sequences of shape (n_samples, n_timesteps, n_features),
        from the first step of each on and as long as the longest of them, with other
        rows of the table behind the ends; and their lengths. Of a `CustomSpec`:
        sequences that end at the last step, with NaN before them.
    """
    longest = tf.maximum(tf.reduce_max(lengths), 1)
    if not isinstance(spec, CustomSpec):
        rows = starts[:, tf.newaxis] + tf.range(longest)
        rows = tf.minimum(rows, tf.shape(values)[0] - 1)
        return [tf.gather(values, rows), lengths]
    n_timesteps = tf.maximum(longest, spec.n_timesteps)
    rows = (starts + lengths - n_timesteps)[:, tf.newaxis] + tf.range(n_timesteps)
    there = (rows >= starts[:, tf.newaxis])[..., tf.newaxis]
    return tf.where(there, tf.gather(values, tf.maximum(rows, 0)), np.nan)
