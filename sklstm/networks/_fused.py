"""Keras's LSTM layer on TensorFlow's fused CPU operations."""

import itertools

import keras
import tensorflow as tf

from sklstm.networks._block_lstm import block_lstm


@keras.saving.register_keras_serializable("sklstm")
class FusedLSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` as one fused operation on a CPU, for sequences with lengths.

    Arguments, weights and config are those of `keras.layers.LSTM`. One operation of
    TensorFlow computes all time steps if the activations are tanh and sigmoid, the cell
    has no dropout, the dtype is float32, the layer is not stateful, and no GPU is used.
    Otherwise the layer calls the code of Keras.

    See Also
    --------
    sklstm.networks.fuse : Build a network with fused LSTM layers.

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

    # Parts of a batch that are computed at the same time.
    n_parts = 1

    @classmethod
    def of(cls, lstm, n_parts=1):
        """Create a fused layer that shares the weights of a built layer.

        Parameters
        ----------
        lstm : keras.layers.LSTM
            A built layer.

        n_parts : int, default=1
            Parts of the batch that are computed at the same time.

        Returns
        -------
        FusedLSTM
            A new layer over the same variables.
        """
        fused = cls.from_config(lstm.get_config())
        fused.cell = lstm.cell
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
            Hidden and cell state before the first time step; None means zeros.

        mask : Tensor of bool, of shape (n_samples, n_timesteps), default=None
            As for `keras.layers.LSTM`; not together with `lengths`.

        training : bool, default=False
            As for `keras.layers.LSTM`.

        lengths : Tensor of int, of shape (n_samples,), default=None
            Number of time steps of each sequence, from 0 to `n_timesteps`, without the
            padding at its end. None means all.

        Returns
        -------
        Tensor or list of Tensor
            As of `keras.layers.LSTM` with a mask of `lengths` time steps and
            ``zero_output_for_mask``: zeros after the end of a sequence.
        """
        if mask is not None and lengths is not None:
            raise ValueError("Pass lengths or mask, not both.")
        if mask is not None or not self._fusible():
            return self._call_keras(sequences, lengths, initial_state, mask, training)
        if initial_state is None:
            initial_state = self.get_initial_state(tf.shape(sequences)[0])
        x = tf.transpose(tf.cast(sequences, tf.float32), (1, 0, 2))
        if lengths is not None:
            lengths = tf.cast(lengths, tf.int32)
        parts = self._split_batch(x, lengths, *initial_state)
        results = [self._run(*part) for part in parts]
        joined = [tf.concat(result, axis=0) for result in zip(*results, strict=True)]
        if self._batch_multiple(x) > 1:
            joined = [result[: tf.shape(sequences)[0]] for result in joined]
        return joined if self.return_state else joined[0]

    def _fusible(self):
        cell = self.cell
        return (
            cell.activation is keras.activations.tanh
            and cell.recurrent_activation is keras.activations.sigmoid
            and not cell.dropout
            and not cell.recurrent_dropout
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

    def _batch_multiple(self, x):
        """Return a factor that the number of samples must have.

        The operation is slow, and warns, if the number of samples is odd and that of
        units or features as well.
        """
        return 2 if self.units % 2 or x.shape[2] % 2 else 1

    def _split_batch(self, x, lengths, h, c):
        """Yield the parts of a batch."""
        n_samples = tf.shape(h)[0]
        multiple = self._batch_multiple(x)
        if multiple > 1:
            missing = -n_samples % multiple
            n_samples += missing
            x = tf.pad(x, [[0, 0], [0, missing], [0, 0]])
            h, c = (tf.pad(state, [[0, missing], [0, 0]]) for state in (h, c))
            lengths = None if lengths is None else tf.pad(lengths, [[0, missing]])
        if self.n_parts == 1:
            yield x, lengths, h, c
            return
        n_pieces = n_samples // multiple
        bounds = [
            n_pieces * i // self.n_parts * multiple for i in range(self.n_parts + 1)
        ]
        for low, high in itertools.pairwise(bounds):
            of_part = None if lengths is None else lengths[low:high]
            yield x[:, low:high], of_part, h[low:high], c[low:high]

    def _run(self, x, lengths, h, c):
        """Compute the output for a part of the batch, and its states if requested."""
        cell = self.cell
        bias = cell.bias.value if self.use_bias else tf.zeros(4 * self.units)
        weights = cell.kernel.value, cell.recurrent_kernel.value, bias
        if self.go_backwards:
            x = _reverse(x, lengths)
        hs, *cs = block_lstm(x, h, c, *weights, cell_states=self.return_state)
        if self.return_sequences:
            output = tf.transpose(self._in_keras_order(hs, lengths), (1, 0, 2))
        else:
            output = _last(hs, lengths, tf.zeros_like(h))
        if not self.return_state:
            return [output]
        return [output, _last(hs, lengths, h), _last(*cs, lengths, c)]

    def _in_keras_order(self, states, lengths):
        """Set states after the ends to zero; Keras returns backward runs reversed."""
        if lengths is None:
            return states
        mask = tf.transpose(tf.sequence_mask(lengths, tf.shape(states)[0]))
        states = tf.where(mask[..., tf.newaxis], states, 0.0)
        if not self.go_backwards:
            return states
        return tf.reverse(_reverse(states, lengths), axis=[0])


def _reverse(x, lengths):
    """Reverse time-major sequences, each within its length."""
    if lengths is None:
        return tf.reverse(x, axis=[0])
    return tf.reverse_sequence(x, lengths, seq_axis=0, batch_axis=1)


def _last(states, lengths, before):
    """Return each sequence's state at its end; `before` if it has no time step."""
    if lengths is None:
        return states[-1]
    at = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.shape(lengths)[0])], axis=1)
    last = tf.gather_nd(states, at)
    return tf.where((lengths > 0)[:, tf.newaxis], last, before)
