"""Compiled prediction in which no sample depends on the others of the call.

The kernels of a processor compute what is left over of a batch (rows that fill no
register, elements that fill no vector) by other operations than the rest, which round
otherwise. So all samples go through in blocks of a fixed number of them, filled up with
sequences of no step, and what a sample is computed by depends on nothing but itself.
"""

import functools

import keras
import numpy as np
import tensorflow as tf

from sklstm._compat.tensorflow import call_concrete
from sklstm.networks import CustomSpec, build, fuse
from sklstm.training._pace import Pace
from sklstm.training._samples import (
    as_tensor,
    gather_inputs,
    table_signature,
    table_tensors,
)
from sklstm.training._threads import executor

# Samples of a block: of 24 rows, which AVX2's kernel takes, 16 may be left over but not
# 8. Where all steps of all samples are rows of one product, their number is a multiple
# of 16 and of 24.
_BLOCK = 16
_BLOCK_OF_STEPS = 48

# Larger ones, for many samples, where they give the same bits. A fused LSTM keeps the
# states of all steps, which should stay near the processor: of blocks larger than the
# least they are so many numbers at most. And from so many units on nothing is gained.
_LARGE_BLOCKS = {True: (64, 192, 480), False: (64, 480)}
_STATES = 2**18
_WIDE = 65

# Smaller ones, for few samples, where they give the same bits.
_SMALL_BLOCKS = 2, 4, 8, 16

# Weights times steps of a network for which it takes too long to see that.
_LARGE = 2**21

# Blocks by which that is seen. Some rows of a block alone may have other bits (those
# whose numbers a thread computes one by one, as they fill no vector), and not always in
# the last bit that is given: so in many blocks, in rounds that end with the first.
_N_COMPARED, _N_ROUNDS = 8, 6

# Shorter sequences than those of the fit are padded to one of so many halves of it.
_N_HALVES = 5


class Forward:
    """A network's compiled prediction, for any weights and in any thread.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The network.

    n_parts : int
        Blocks that are computed at the same time.
    """

    def __init__(self, spec, n_parts):
        self.model = build(spec)
        self._spec = spec
        self._n_weights = self.model.count_params()
        self._n_parts = n_parts
        self._seen = {}
        # Not in parts: half a block is no multiple of every kernel's rows.
        core = fuse(spec, self.model)
        dtype, shape = core.outputs[0].dtype, core.outputs[0].shape

        def forward(variables, values, blocks, n_timesteps):
            weights = list(zip(self.model.variables, variables, strict=True))
            n_blocks = tf.shape(blocks)[0]

            def one_block(i, outputs):
                samples = tf.unstack(blocks[i])
                x = gather_inputs(spec, values, *samples, n_timesteps=n_timesteps)
                with keras.StatelessScope(state_mapping=weights):
                    return i + 1, outputs.write(i, core(x, training=False))

            outputs = tf.TensorArray(
                dtype, n_blocks, element_shape=shape, infer_shape=False
            )
            _, outputs = tf.while_loop(
                lambda i, _: i < n_blocks,
                one_block,
                (0, outputs),
                parallel_iterations=n_parts,
            )
            return outputs.concat()

        variables = [tf.TensorSpec(v.shape, v.dtype) for v in self.model.variables]
        values, *_ = table_signature(spec.n_features)
        blocks = tf.TensorSpec((None, 2, None), tf.int32)
        signature = variables, values, blocks, tf.TensorSpec((), tf.int32)
        function = tf.function(forward, input_signature=signature, autograph=False)
        with self._executor():
            self._compiled = function.get_concrete_function()

    def _executor(self):
        return executor(self._spec, self._n_parts)

    def __call__(self, variables, table, n_fitted):
        """Compute the outputs.

        Parameters
        ----------
        variables : list of Tensor
            Values for the variables of the model.

        table : SequenceTable
            The sequences.

        n_fitted : int
            Time steps of the longest sequence of the fit.

        Returns
        -------
        ndarray
            As for :meth:`sklstm.training.Network.predict`.
        """
        values, *_ = table_tensors(table)
        padded = self._padded(table.lengths, n_fitted)
        outputs, samples = [], []
        for n_timesteps in np.unique(padded) if len(padded) else [1]:
            of_group = np.flatnonzero(padded == n_timesteps)
            outputs += self._run(variables, values, table, of_group, int(n_timesteps))
            samples.append(of_group)
        if len(samples) < 2:
            return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)
        samples, outputs = map(np.concatenate, (samples, outputs))
        places = samples
        if self._spec.per_step:
            places = _steps_of(table.lengths, samples)
        in_order = np.empty_like(outputs)
        in_order[places] = outputs
        return in_order

    def _padded(self, lengths, n_fitted):
        """Return the time steps that each sequence is computed in: by its length alone.

        0 leaves that to each block, where a step is computed without a look at how many
        there are.
        """
        spec = self._spec
        if not _sees_number_of_steps(spec):
            return np.zeros(len(lengths), int)
        at_least = [1]
        if isinstance(spec, CustomSpec):
            at_least = [spec.n_timesteps]
        elif n_fitted:
            at_least = [-(-n_fitted // 2**i) for i in range(_N_HALVES, -1, -1)]
        at_least = np.array(at_least)
        # Longer ones: to the next of sixteen between one power of two and the next.
        step = 2 ** np.maximum(np.frexp(lengths)[1] - 5, 0)
        longer = -(-lengths // step) * step
        place = np.searchsorted(at_least, lengths)
        padded = at_least[np.minimum(place, len(at_least) - 1)]
        return np.where(place < len(at_least), padded, longer)

    def _run(self, variables, values, table, samples, n_timesteps):
        """Compute samples that are padded alike, in a list of arrays."""
        n_samples = len(samples)
        longest = max(int(table.lengths[samples].max(initial=1)), n_timesteps)
        block = self._block(n_samples, n_timesteps, longest)
        n_blocks = max(-(-n_samples // block), 1)
        starts, lengths = flat = np.zeros((2, n_blocks * block), np.int32)
        starts[:n_samples] = table.starts[samples]
        lengths[:n_samples] = table.lengths[samples]
        blocks = _in_blocks(flat, block)
        outputs = []
        for low, high in Pace(block * longest, self._n_weights).calls(0, n_blocks):
            outputs.append(self._call(variables, values, blocks[low:high], n_timesteps))
        if not self._spec.per_step:
            outputs[-1] = outputs[-1][: n_samples - low * block]
        return outputs

    def _call(self, variables, values, blocks, n_timesteps):
        arguments = [*variables, values, as_tensor(blocks), _number(n_timesteps)]
        captured = self._compiled.captured_inputs
        with self._executor():
            return call_concrete(self._compiled, arguments, captured).numpy()

    def _block(self, n_samples, n_timesteps, longest):
        """Choose the samples of a block."""
        spec = self._spec
        usual = _usual(n_timesteps)
        if isinstance(spec, CustomSpec) or self._n_weights * n_timesteps > _LARGE:
            return usual
        for block in _SMALL_BLOCKS:
            if n_samples <= block < usual and self._agrees(block, n_timesteps):
                return block
        is_fused = spec.cell == "lstm"
        if n_timesteps or (is_fused and max(spec.units) >= _WIDE):
            return usual
        least, *others = _LARGE_BLOCKS[is_fused]
        if is_fused:
            states = max(spec.units) * longest
            others = [block for block in others if block * states <= _STATES]
        for block in reversed([least, *others]):
            if n_samples >= 2 * block and self._agrees(block, n_timesteps):
                return block
        return usual

    def _agrees(self, block, n_timesteps):
        """Return whether blocks of another size give the usual bits, on this processor.

        Seen once, by random weights and sequences.
        """
        key = block, n_timesteps
        if key not in self._seen:
            self._seen[key] = self._compare(block, n_timesteps)
        return self._seen[key]

    def _compare(self, block, n_timesteps):
        generator = np.random.default_rng(0)
        variables = [_moved(variable, generator) for variable in self.model.variables]
        return all(
            self._compare_some(block, n_timesteps, variables, generator)
            for _ in range(_N_ROUNDS)
        )

    def _compare_some(self, block, n_timesteps, variables, generator):
        spec, usual = self._spec, _usual(n_timesteps)
        n_steps = n_timesteps or 4
        n_samples = _N_COMPARED * max(block, usual)
        shape = n_samples * n_steps, spec.n_features
        values = generator.normal(size=shape)
        if spec.n_tokens:
            values = generator.integers(0, spec.n_tokens, shape)
        values = tf.constant(values, tf.float32)
        lengths = np.full(n_samples, n_steps, np.int32)
        samples = np.stack([np.arange(n_samples, dtype=np.int32) * n_steps, lengths])
        outputs, expected = (
            self._call(variables, values, _in_blocks(samples, size), n_timesteps)
            for size in (block, usual)
        )
        # A network whose outputs are alike, as those of dead units, shows nothing.
        tells = len(np.unique(expected)) > expected.size // 2
        return tells and outputs.tobytes() == expected.tobytes()


def _usual(n_timesteps):
    """Return the size of blocks that all others are compared with."""
    return _BLOCK_OF_STEPS if n_timesteps else _BLOCK


def _in_blocks(samples, block):
    """Bring (2, n_samples) starts and lengths to (n_blocks, 2, block)."""
    return samples.reshape(2, -1, block).swapaxes(0, 1)


def _sees_number_of_steps(spec):
    """Return whether a network has operations over all steps at once."""
    return (
        isinstance(spec, CustomSpec)
        or spec.sees_whole_sequences
        or spec.pooling not in ("last", "max")
    )


def _steps_of(lengths, samples):
    """Return the places of the steps of samples, among those of all samples."""
    first = np.cumsum(lengths) - lengths
    lengths, first = lengths[samples], first[samples]
    return np.repeat(first - (np.cumsum(lengths) - lengths), lengths) + np.arange(
        lengths.sum()
    )


def _moved(variable, generator):
    """Move the value of a variable a little, so that nothing in it is zero."""
    value = variable.value.numpy()
    if not np.issubdtype(value.dtype, np.floating):
        return tf.constant(value)
    return tf.constant(value + generator.uniform(0.01, 0.1, value.shape), value.dtype)


@functools.lru_cache(maxsize=64)
def _number(number):
    return tf.constant(number, tf.int32)
