"""The states of an LSTM, and their gradient, by TensorFlow's fused CPU operations.

All tensors are time-major. `BlockLSTMV2` has Keras's order of gates; its gradient has
the order input, candidate, forget, output. The gradient that TensorFlow registers for
`BlockLSTMV2` is wrong and not used here.
"""

import tensorflow as tf


class BlockLSTM:
    """Gates and states of an LSTM for all time steps, and their gradient.

    Parameters
    ----------
    x : Tensor of shape (n_timesteps, n_samples, n_features)
        The sequences, float32.

    h, c : Tensor of shape (n_samples, units)
        States before the first time step.

    kernel : Tensor of shape (n_features, 4 * units)
        Weights of the input; gates in Keras's order: input, forget, candidate, output.

    recurrent_kernel : Tensor of shape (units, 4 * units)
        Weights of the hidden state.

    bias : Tensor of shape (4 * units,)
        Bias of the gates.

    Attributes
    ----------
    steps : namedtuple of Tensor of shape (n_timesteps, n_samples, units)
        Gates `i`, `f`, `o`, candidate `ci`, cell state `cs`, its activation `co`, and
        hidden state `h`.
    """

    def __init__(self, x, h, c, kernel, recurrent_kernel, bias):
        no_peephole = tf.zeros(h.shape[1])
        self._n_features = x.shape[2]
        self._weights, self._bias = _stacked(kernel, recurrent_kernel), bias
        self._others = {
            "seq_len_max": tf.cast(tf.shape(x)[0], tf.int64),
            "x": _even(x),
            "cs_prev": c,
            "h_prev": h,
            "wci": no_peephole,
            "wcf": no_peephole,
            "wco": no_peephole,
            "use_peephole": False,
        }
        weights = {"w": self._weights, "b": bias}
        self.steps = tf.raw_ops.BlockLSTMV2(**self._others, **weights)

    def gradient(self, d_h, d_c):
        """Compute the gradients of inputs, states and weights.

        Parameters
        ----------
        d_h, d_c : Tensor of shape (n_timesteps, n_samples, units)
            Gradients of the hidden and of the cell states.

        Returns
        -------
        tuple of Tensor
            Gradients of x, h, c, kernel, recurrent_kernel and bias.
        """
        steps, n_features = self.steps, self._n_features
        gradient = tf.raw_ops.BlockLSTMGrad(
            **self._others,
            w=_swap_gates(self._weights),
            b=_swap_gates(self._bias),
            i=steps.i,
            cs=steps.cs,
            f=steps.f,
            o=steps.o,
            ci=steps.ci,
            co=steps.co,
            h=steps.h,
            cs_grad=d_c,
            h_grad=d_h,
        )
        # For an empty batch the operation does not initialize these two.
        not_empty = tf.size(d_h) > 0
        d_weights, d_bias = (
            tf.where(not_empty, _swap_gates(d), 0.0)
            for d in (gradient.w_grad, gradient.b_grad)
        )
        d_kernels = d_weights[:n_features], d_weights[-d_h.shape[2] :]
        d_states = gradient.h_prev_grad, gradient.cs_prev_grad
        d_x = gradient.x_grad
        if n_features % 2:
            d_x = d_x[..., :n_features]
        return d_x, *d_states, *d_kernels, d_bias


def _even(x):
    """Add a feature of zeros if their number is odd.

    The operations are slow, and warn, if it is odd and that of samples as well.
    """
    return tf.pad(x, [[0, 0], [0, 0], [0, 1]]) if x.shape[2] % 2 else x


def _stacked(kernel, recurrent_kernel):
    """Return both weights as one matrix, with a row for the feature of `_even`."""
    weights = [kernel, recurrent_kernel]
    if kernel.shape[0] % 2:
        weights.insert(1, tf.zeros((1, kernel.shape[1])))
    return tf.concat(weights, axis=0)


def _swap_gates(weights):
    """Convert weights between Keras's order of gates and that of the gradient."""
    i, second, third, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, third, second, o], axis=-1)
