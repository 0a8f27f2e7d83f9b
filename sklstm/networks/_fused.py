"""Keras's recurrent layers, faster on a CPU."""

import itertools

import keras
import tensorflow as tf

from sklstm._compat.tensorflow import record_operation, stop_recording
from sklstm.networks._activation import is_elementwise
from sklstm.networks._cells import GRUCell, LSTMCell, SimpleRNNCell, run_cell


class _FusedLayer:
    """Mixin of a recurrent layer of Keras that computes all time steps at once.

    It has first derivatives, and none of higher order.
    """

    # Parts of a batch that are computed at the same time.
    n_parts = 1

    @classmethod
    def of(cls, layer, n_parts=1):
        """Create a fused layer that shares the weights of a built layer.

        Parameters
        ----------
        layer : keras.layers.LSTM, keras.layers.GRU or keras.layers.SimpleRNN
            A built layer.

        n_parts : int, default=1
            Parts of the batch that are computed at the same time.

        Returns
        -------
        FusedLSTM, FusedGRU or FusedSimpleRNN
            A new layer over the same variables.
        """
        fused = cls.from_config(layer.get_config())
        fused.cell = layer.cell
        fused.built = True
        fused.n_parts = n_parts
        return fused

    def call(
        self, sequences, initial_state=None, mask=None, training=False, lengths=None
    ):
        """Run the layer.

        Parameters
        ----------
        sequences : Tensor of shape (n_samples, n_timesteps, n_features)
            The sequences. The padding after their ends must be finite.

        initial_state : list of Tensor of shape (n_samples, units), default=None
            States before the first time step; None means zeros.

        mask : Tensor of bool, of shape (n_samples, n_timesteps), default=None
            As for Keras's layer; not together with `lengths`.

        training : bool, default=False
            As for Keras's layer.

        lengths : Tensor of int, of shape (n_samples,), default=None
            Number of time steps of each sequence, from 0 to `n_timesteps`, without the
            padding at its end. None means all.

        Returns
        -------
        Tensor or list of Tensor
            As of Keras's layer with a mask of `lengths` time steps and
            ``zero_output_for_mask``: zeros after the end of a sequence.
        """
        if mask is not None and lengths is not None:
            raise ValueError("Pass lengths or mask, not both.")
        if mask is not None or not self._fusible():
            return self._call_keras(sequences, lengths, initial_state, mask, training)
        before = initial_state
        if before is None:
            zeros = tf.zeros((tf.shape(sequences)[0], self.units))
            initial_state = [zeros for _ in tf.nest.flatten(self.state_size)]
        x = tf.transpose(tf.cast(sequences, tf.float32), (1, 0, 2))
        if lengths is not None:
            lengths = tf.cast(lengths, tf.int32)
        masks = self._dropout_masks(initial_state[0]) if training else []
        parts = self._split_batch(x, lengths, [*initial_state, *masks])
        n_states = len(initial_state)
        results = [
            self._run(x, lengths, others[:n_states], others[n_states:], before is None)
            for x, lengths, others in parts
        ]
        joined = [tf.concat(result, axis=0) for result in zip(*results, strict=True)]
        if self._batch_multiple(x) > 1:
            joined = [result[: tf.shape(sequences)[0]] for result in joined]
        return joined if self.return_state else joined[0]

    def _fusible(self):
        cell = self.cell
        gates = getattr(cell, "recurrent_activation", cell.activation)
        return (
            is_elementwise(cell.activation)
            and is_elementwise(gates)
            and not cell.dropout
            and not self.stateful
            and self.compute_dtype == cell.variable_dtype == "float32"
            and not tf.config.list_logical_devices("GPU")
        )

    def _call_keras(self, sequences, lengths, initial_state, mask, training):
        if lengths is None:
            return super().call(sequences, initial_state, mask, training)
        mask = tf.sequence_mask(lengths, tf.shape(sequences)[1])
        result = super().call(sequences, initial_state, mask, training)
        if not self.return_sequences:
            return result
        outputs, *states = result if self.return_state else [result]
        mask = mask[:, ::-1] if self.go_backwards else mask
        outputs = tf.where(mask[..., tf.newaxis], outputs, 0.0)
        return [outputs, *states] if self.return_state else outputs

    def _dropout_masks(self, h):
        """Draw the masks of recurrent dropout as Keras does."""
        if not self.cell.recurrent_dropout:
            return []
        masks = self.cell.get_recurrent_dropout_mask(h)
        self.cell.reset_recurrent_dropout_mask()
        return masks if isinstance(masks, list) else [masks]

    def _batch_multiple(self, x):
        """Return a factor that the number of samples must have."""
        return 1

    def _split_batch(self, x, lengths, others):
        """Yield the parts of a batch."""
        multiple = self._batch_multiple(x)
        if self.n_parts == multiple == 1:
            yield x, lengths, others
            return
        n_samples = tf.shape(x)[1]
        if multiple > 1:
            missing = -n_samples % multiple
            n_samples += missing
            x = tf.pad(x, [[0, 0], [0, missing], [0, 0]])
            others = [tf.pad(one, [[0, missing], [0, 0]]) for one in others]
            lengths = None if lengths is None else tf.pad(lengths, [[0, missing]])
        if self.n_parts == 1:
            yield x, lengths, others
            return
        n_pieces = n_samples // multiple
        bounds = [
            n_pieces * i // self.n_parts * multiple for i in range(self.n_parts + 1)
        ]
        for low, high in itertools.pairwise(bounds):
            of_part = None if lengths is None else lengths[low:high]
            yield x[:, low:high], of_part, [one[low:high] for one in others]

    def _run(self, x, lengths, states, masks, from_zeros):
        """Compute the output for a part of the batch, and its states if requested."""
        if self.go_backwards:
            x = _reverse(x, lengths)
        weights = self.cell.kernel.value, self.cell.recurrent_kernel.value, self._bias()
        masks, all_states = masks or None, self.return_state
        cell = self._kind(self.cell)
        found = run_cell(cell, x, states, weights, masks, all_states)
        if self.return_sequences:
            output = tf.transpose(self._in_keras_order(found[0], lengths), (1, 0, 2))
        else:
            output = _last(found[0], lengths)
        if not self.return_state:
            return [output]
        before = [None for _ in states] if from_zeros else states
        pairs = zip(found, before, strict=True)
        return [output, *(_last(of_steps, lengths, one) for of_steps, one in pairs)]

    def _bias(self):
        if self.use_bias:
            return self.cell.bias.value
        return tf.zeros(self.cell.recurrent_kernel.shape[1])

    def _in_keras_order(self, states, lengths):
        """Set states after the ends to zero; Keras returns backward runs reversed."""
        if lengths is None:
            return states
        mask = tf.transpose(tf.sequence_mask(lengths, tf.shape(states)[0]))
        states = tf.where(mask[..., tf.newaxis], states, 0.0)
        if not self.go_backwards:
            return states
        return tf.reverse(_reverse(states, lengths), axis=[0])


@keras.saving.register_keras_serializable("sklstm")
class FusedLSTM(_FusedLayer, keras.layers.LSTM):
    """`keras.layers.LSTM`, faster on a CPU, for sequences with lengths.

    Arguments, weights and config are those of `keras.layers.LSTM`. All time steps are
    computed by one operation of TensorFlow if the activations are tanh and sigmoid and
    there is no recurrent dropout, else by a loop of few operations. With `dropout`, an
    activation that is not of Keras or not elementwise, another dtype than float32, a
    stateful layer or a GPU, the layer calls the code of Keras. Only first derivatives
    are right.

    See Also
    --------
    sklstm.networks.fuse : Build a network with fused layers.

    Examples
    --------
    >>> import keras, numpy as np
    >>> from sklstm.networks import FusedLSTM
    >>> X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    >>> layer = FusedLSTM(4)
    >>> states = layer(X, lengths=np.array([5, 2]))
    >>> bool(np.allclose(states[1], layer(X[1:, :2])[0], atol=1e-6))
    True
    """

    _kind = LSTMCell

    def _batch_multiple(self, x):
        # The fused operation is slow, and warns, if the number of samples is odd and
        # that of units as well.
        return 2 if self.units % 2 else 1


@keras.saving.register_keras_serializable("sklstm")
class FusedGRU(_FusedLayer, keras.layers.GRU):
    """`keras.layers.GRU`, faster on a CPU, for sequences with lengths.

    Arguments, weights and config are those of `keras.layers.GRU`. A loop of few
    operations runs over the time steps. With `dropout`, ``reset_after=False``, another
    dtype than float32, a stateful layer or a GPU, the layer calls the code of Keras.

    See Also
    --------
    FusedLSTM : The same for an LSTM.

    Examples
    --------
    >>> import keras, numpy as np
    >>> from sklstm.networks import FusedGRU
    >>> X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    >>> layer = keras.layers.GRU(4)
    >>> states = layer(X)
    >>> bool(np.allclose(FusedGRU.of(layer)(X), states, atol=1e-6))
    True
    """

    _kind = GRUCell

    def _fusible(self):
        # Old versions of Keras have one mask, which also scales the state that the
        # update gate keeps.
        one_mask = getattr(self.cell, "dropout_mask_count", None) is None
        if self.cell.recurrent_dropout and one_mask:
            return False
        return super()._fusible() and self.cell.reset_after

    def _bias(self):
        if self.use_bias:
            return self.cell.bias.value
        return tf.zeros((2, self.cell.recurrent_kernel.shape[1]))


@keras.saving.register_keras_serializable("sklstm")
class FusedSimpleRNN(_FusedLayer, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN`, faster on a CPU, for sequences with lengths.

    Arguments, weights and config are those of `keras.layers.SimpleRNN`. A loop of few
    operations runs over the time steps. With `dropout`, another dtype than float32, a
    stateful layer or a GPU, the layer calls the code of Keras.

    See Also
    --------
    FusedLSTM : The same for an LSTM.

    Examples
    --------
    >>> import keras, numpy as np
    >>> from sklstm.networks import FusedSimpleRNN
    >>> X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    >>> layer = keras.layers.SimpleRNN(4)
    >>> states = layer(X)
    >>> bool(np.allclose(FusedSimpleRNN.of(layer)(X), states, atol=1e-6))
    True
    """

    _kind = SimpleRNNCell


FUSED = {
    keras.layers.LSTM: FusedLSTM,
    keras.layers.GRU: FusedGRU,
    keras.layers.SimpleRNN: FusedSimpleRNN,
}


def _reverse(x, lengths):
    """Reverse time-major sequences, each within its length."""
    if lengths is None:
        return tf.reverse(x, axis=[0])
    return tf.reverse_sequence(x, lengths, seq_axis=0, batch_axis=1)


def _last(states, lengths, before=None):
    """Return each sequence's state at its end.

    If it has no time step, that is the state `before`; None means zeros.
    """
    if lengths is None:
        return states[-1]
    exists = tf.expand_dims(lengths > 0, 1)
    at = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.size(lengths))], axis=1)
    others = [] if before is None else [before]
    with stop_recording():
        last = tf.where(exists, tf.gather_nd(states, at), sum(others, 0.0))

    def backward(d):
        d_states = tf.scatter_nd(at, tf.where(exists, d, 0.0), tf.shape(states))
        return [d_states, *(tf.where(exists, 0.0, d) for _ in others)]

    record_operation("Last", [last], [states, *others], backward)
    return last
