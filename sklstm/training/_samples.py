"""Sequences with their targets, as NumPy arrays and as tensors of a program."""

import functools
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from sklstm.networks import CustomSpec
from sklstm.training._shared_rows import ALIGNMENT, share_rows


@dataclass(frozen=True)
class Samples:
    """Sequences with their targets.

    Parameters
    ----------
    table : SequenceTable
        The sequences, float32, without missing time steps.

    targets : ndarray of shape (n_samples,), (n_samples, n_outputs) or \
            (n_samples, n_steps, n_outputs)
        As the loss takes them. If every time step has an output, the shape is
        (n_samples, n_timesteps) or (n_samples, n_timesteps, n_outputs), and each row
        begins with the targets of the time steps that are not missing.

    weights : ndarray of shape (n_samples,) or (n_samples, n_timesteps), or None
        Weight of each sample in the loss, or of each of its time steps.

    whole : SequenceTable, default=None
        The sequences with their missing time steps, if their positions matter.
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

    def tensors(self, rows=None):
        """Return values, starts, lengths, targets and weights as tensors.

        `rows` is the TableRows of the table, if it exists already.
        """
        weights = self.weights
        if weights is None:
            weights = np.ones(len(self), np.float32)
        if weights.ndim == 1:  # one weight for all steps ahead
            weights = weights.reshape(-1, *[1] * (self.targets.ndim - 2))
        return (
            *table_tensors(self.table, rows),
            as_tensor(self.targets),
            as_tensor(weights),
        )


class TableRows(NamedTuple):
    """The rows of a table as a tensor.

    Parameters
    ----------
    tensor : Tensor of shape (n_before + n_rows, n_features)
        Some other rows, and the table.

    n_before : int
        The number of the other rows.
    """

    tensor: Any
    n_before: int

    @classmethod
    def of(cls, values):
        """Return the rows of a table; the tensor of a mapped file is that file."""
        if len(values) >= 2**31 - ALIGNMENT:
            raise ValueError(
                f"X has {len(values):,} time steps; TensorFlow takes less than 2**31."
            )
        shared = share_rows(values)
        if shared is not None:
            return cls(_tensor_over(shared.values), shared.n_before)
        if not len(values):  # `tf.gather` needs at least one row
            values = np.zeros((1, values.shape[1]), values.dtype)
        return cls(as_tensor(values), 0)


def table_tensors(table, rows=None):
    """Return values, starts and lengths of a table as tensors; reuse its `rows`."""
    rows = TableRows.of(table.values) if rows is None else rows
    starts = table.starts.astype(np.int32, copy=False)
    return (
        rows.tensor,
        as_tensor(starts + np.int32(rows.n_before) if rows.n_before else starts),
        as_tensor(table.lengths.astype(np.int32, copy=False)),
    )


def as_tensor(array):
    """Copy an array into a tensor; `tf.constant` would copy it twice."""
    memory = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    first = -memory.ctypes.data % ALIGNMENT
    copy = memory[first : first + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[:] = array
    return _tensor_over(copy)


def _tensor_over(array):
    """Return a tensor over the memory of an array, which must be aligned."""
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


@functools.lru_cache(maxsize=256)
def as_scalar(number):
    """Return an int as a tensor."""
    return tf.constant(number, tf.int32)


def gather_batch(spec, tensors, chosen):
    """Gather inputs, targets and weights of samples.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The network.

    tensors : tuple of Tensor
        From :meth:`Samples.tensors`.

    chosen : Tensor of int32, of shape (n_chosen,)
        Indices of the samples.

    Returns
    -------
    tuple of (inputs, targets, weights)
        If every time step has an output, the first axis of targets and weights holds
        the time steps of all samples that have a positive weight.
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
    """Gather sequences from the table as inputs of a model of :func:`fuse`.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The network.

    values : Tensor of shape (n_rows, n_features)
        Rows of the table.

    starts, lengths : Tensor of shape (n_samples,)
        First row and number of time steps of each sample.

    counted : Tensor of bool, of shape (n_samples, n_timesteps), default=None
        Time steps whose outputs to compute, if every time step has an output; None
        computes all.

    n_timesteps : int or Tensor of int32, default=1
        Minimum number of time steps of the sequences, at least 1.

    Returns
    -------
    list of Tensor, or Tensor
        For a `NetworkSpec`, sequences of shape (n_samples, n_timesteps, n_features),
        padded at the end with other rows of the table, and their lengths. For a
        `CustomSpec`, sequences padded at the beginning with NaN. If every time step has
        an output, also the mask of the outputs to compute.
    """
    longest = tf.maximum(tf.reduce_max(lengths), n_timesteps)
    if isinstance(spec, CustomSpec):
        longest = tf.maximum(longest, spec.n_timesteps)
        # Negative: before the sample.
        position = tf.expand_dims(lengths - longest, 1) + tf.range(longest)
    else:
        position = tf.expand_dims(tf.range(longest), 0)
    rows = tf.expand_dims(starts, 1) + position
    x = tf.gather(values, tf.clip_by_value(rows, 0, tf.shape(values)[0] - 1))
    inputs = [x, lengths]
    if isinstance(spec, CustomSpec) or spec.per_step:
        mask = (position >= 0) & (position < tf.expand_dims(lengths, 1))
    if isinstance(spec, CustomSpec):
        inputs = [tf.where(mask[..., tf.newaxis], x, np.nan)]
    if spec.per_step:
        if counted is not None:
            position = tf.broadcast_to(position, tf.shape(mask))
            position = tf.clip_by_value(position, 0, tf.shape(counted)[1] - 1)
            mask &= tf.gather(counted, position, batch_dims=1)
        inputs.append(mask)
    return inputs[0] if len(inputs) == 1 else inputs
