"""Compiled prediction in which the outputs of a sample do not depend on other samples.

The kernels of a processor compute the last rows of a batch (those that do not fill a
register or a vector) by other operations than the rest, with other rounding. Therefore
samples are computed in blocks of a fixed size, padded with empty sequences.
"""

import keras
import numpy as np
import tensorflow as tf

from sklstm._compat.tensorflow import call_concrete
from sklstm.networks import CustomSpec, build, fuse
from sklstm.training._call_size import CallSize
from sklstm.training._samples import TableRows, as_scalar, as_tensor, gather_inputs
from sklstm.training._threads import CallPlan

# Samples of a block. AVX2's kernel computes 24 rows at once; a rest of 16 has the same
# rounding, a rest of 8 does not. If all time steps of a block are rows of one matrix
# product, their number must be a multiple of 16 and of 24.
_BLOCK = 16
_BLOCK_OF_STEPS = 48

# Larger blocks for many samples, by whether the LSTM is fused; used if they have the
# same bits. A fused LSTM keeps the states of all time steps, which should fit into the
# processor's cache: at most _STATES numbers. From _WIDE units on they are not faster.
# To compare the bits takes longer the larger the blocks, so that few samples, less than
# _FEW_BLOCKS of them, are computed in smaller ones.
_LARGE_BLOCKS = {True: (64, 192, 480), False: (64, 480)}
_FEW_BLOCKS = 4
_STATES = 2**18
_WIDE = 65

# Smaller blocks for few samples; used if they have the same bits.
_SMALL_BLOCKS = 2, 4, 8, 16

# Weights times time steps from which on the comparison of bits takes too long.
_LARGE = 2**21

# Blocks per comparison, and comparisons. Only some rows of a block may have other bits,
# and not for all values, so that one block is not enough.
_N_COMPARED, _N_ROUNDS = 8, 6

# Sequences shorter than those of the fit are padded to the longest length of the fit,
# divided by two up to this many times.
_N_HALVES = 5


class Forward:
    """A network's compiled prediction, for any weights and in any thread.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The network.

    n_parallel : int
        Number of blocks that are computed at the same time.
    """

    def __init__(self, spec, n_parallel):
        self.model = build(spec)
        self._spec = spec
        self._n_weights = self.model.count_params()
        self._compared = {}
        # Blocks are not split: half a block does not fill the kernels.
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
                parallel_iterations=n_parallel,
            )
            return outputs.concat()

        variables = [tf.TensorSpec(v.shape, v.dtype) for v in self.model.variables]
        values = tf.TensorSpec((None, spec.n_features), tf.float32)
        blocks = tf.TensorSpec((None, 2, None), tf.int32)
        signature = variables, values, blocks, tf.TensorSpec((), tf.int32)
        function = tf.function(forward, input_signature=signature, autograph=False)
        self._plan = CallPlan(spec, n_parallel, trains=False)
        with self._plan.settings(self._plan.for_one_thread):
            self._compiled = function.get_concrete_function()

    def __call__(self, variables, table, n_fitted):
        """Compute the outputs.

        Parameters
        ----------
        variables : list of Tensor
            Values of the variables of the model.

        table : SequenceTable
            The sequences.

        n_fitted : int
            Time steps of the longest sequence of the fit.

        Returns
        -------
        ndarray
            As of :meth:`sklstm.training.Network.predict`.
        """
        rows = TableRows.of(table.values)
        padded = self._padded_lengths(table.lengths, n_fitted)
        outputs, samples = [], []
        for n_timesteps in np.unique(padded) if len(padded) else [1]:
            chosen = np.flatnonzero(padded == n_timesteps)
            outputs += self._run(variables, rows, table, chosen, int(n_timesteps))
            samples.append(chosen)
        if len(samples) < 2:
            return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)
        samples, outputs = map(np.concatenate, (samples, outputs))
        rows = _step_rows(table.lengths, samples) if self._spec.per_step else samples
        in_order = np.empty_like(outputs)
        in_order[rows] = outputs
        return in_order

    def _padded_lengths(self, lengths, n_fitted):
        """Return the padded length of each sequence, which depends on its length alone.

        0 pads to the longest sequence of a block, for networks whose outputs do not
        depend on the padding.
        """
        spec = self._spec
        if not _depends_on_n_timesteps(spec):
            return np.zeros(len(lengths), int)
        at_least = [1]
        if isinstance(spec, CustomSpec):
            at_least = [spec.n_timesteps]
        elif n_fitted:
            at_least = [-(-n_fitted // 2**i) for i in range(_N_HALVES, -1, -1)]
        at_least = np.array(at_least)
        # Longer sequences: one of 16 lengths between two powers of two.
        step = 2 ** np.maximum(np.frexp(lengths)[1] - 5, 0)
        longer = -(-lengths // step) * step
        index = np.searchsorted(at_least, lengths)
        padded = at_least[np.minimum(index, len(at_least) - 1)]
        return np.where(index < len(at_least), padded, longer)

    def _run(self, variables, rows, table, samples, n_timesteps):
        """Compute samples with the same padding, and return a list of arrays."""
        n_samples = len(samples)
        longest = max(int(table.lengths[samples].max(initial=1)), n_timesteps)
        block = self._block(n_samples, n_timesteps, longest)
        n_blocks = max(-(-n_samples // block), 1)
        starts, lengths = flat = np.zeros((2, n_blocks * block), np.int32)
        starts[:n_samples] = table.starts[samples] + rows.n_before
        lengths[:n_samples] = table.lengths[samples]
        blocks = _in_blocks(flat, block)
        outputs = []
        for low, high in CallSize(block * longest, self._n_weights).calls(0, n_blocks):
            outputs.append(
                self._call(variables, rows.tensor, blocks[low:high], n_timesteps)
            )
        if not self._spec.per_step:
            outputs[-1] = outputs[-1][: n_samples - low * block]
        return outputs

    def _call(self, variables, values, blocks, n_timesteps):
        at_least = as_scalar(max(n_timesteps, 1))
        arguments = [*variables, values, as_tensor(blocks), at_least]
        captured = self._compiled.captured_inputs
        with self._plan.calling(self._plan.for_one_thread):
            return call_concrete(self._compiled, arguments, captured).numpy()

    def _block(self, n_samples, n_timesteps, longest):
        """Choose the size of blocks."""
        spec = self._spec
        default = _default_block_size(n_timesteps)
        if isinstance(spec, CustomSpec) or self._n_weights * n_timesteps > _LARGE:
            return default
        for block in _SMALL_BLOCKS:
            if n_samples <= block < default and self._gives_same_bits(
                block, n_timesteps
            ):
                return block
        is_fused = spec.is_fused
        if n_timesteps or (is_fused and max(spec.units) >= _WIDE):
            return default
        least, *others = _LARGE_BLOCKS[is_fused]
        if is_fused:
            states = max(spec.units) * longest
            others = [block for block in others if block * states <= _STATES]
        for block in reversed([least, *others]):
            enough = n_samples >= _FEW_BLOCKS * block
            if enough and self._gives_same_bits(block, n_timesteps):
                return block
        return default

    def _gives_same_bits(self, block, n_timesteps):
        """Return whether blocks of this size and of the default size have equal bits.

        Compared once for each size, with random weights and sequences.
        """
        key = block, n_timesteps
        if key not in self._compared:
            generator = np.random.default_rng(0)
            variables = [_perturb(v, generator) for v in self.model.variables]
            self._compared[key] = all(
                self._compare(block, n_timesteps, variables, generator)
                for _ in range(_N_ROUNDS)
            )
        return self._compared[key]

    def _compare(self, block, n_timesteps, variables, generator):
        spec, default = self._spec, _default_block_size(n_timesteps)
        n_steps = n_timesteps or 4
        n_samples = _N_COMPARED * max(block, default)
        shape = n_samples * n_steps, spec.n_features
        values = generator.normal(size=shape)
        if spec.n_tokens:
            values = generator.integers(0, spec.n_tokens, shape)
        values = tf.constant(values, tf.float32)
        lengths = np.full(n_samples, n_steps, np.int32)
        samples = np.stack([np.arange(n_samples, dtype=np.int32) * n_steps, lengths])
        outputs, expected = (
            self._call(variables, values, _in_blocks(samples, size), n_timesteps)
            for size in (block, default)
        )
        # If most outputs are equal, as of dead units, equal bits prove nothing.
        informative = len(np.unique(expected)) > expected.size // 2
        return informative and outputs.tobytes() == expected.tobytes()


def _default_block_size(n_timesteps):
    """Return the size of blocks that all others are compared with."""
    return _BLOCK_OF_STEPS if n_timesteps else _BLOCK


def _in_blocks(samples, block):
    """Reshape (2, n_samples) starts and lengths to (n_blocks, 2, block)."""
    return samples.reshape(2, -1, block).swapaxes(0, 1)


def _depends_on_n_timesteps(spec):
    """Return whether a network has operations over all time steps at once."""
    return (
        isinstance(spec, CustomSpec)
        or spec.sees_whole_sequences
        or spec.pooling not in ("last", "max")
    )


def _step_rows(lengths, samples):
    """Return the rows of the time steps of samples among those of all samples."""
    first = np.cumsum(lengths) - lengths
    lengths, first = lengths[samples], first[samples]
    return np.repeat(first - (np.cumsum(lengths) - lengths), lengths) + np.arange(
        lengths.sum()
    )


def _perturb(variable, generator):
    """Return the value of a variable with noise, so that no weight is zero."""
    value = variable.value.numpy()
    if not np.issubdtype(value.dtype, np.floating):
        return tf.constant(value)
    return tf.constant(value + generator.uniform(0.01, 0.1, value.shape), value.dtype)
