"""The states of an LSTM, and their gradient, by TensorFlow's fused CPU operations.

All tensors are time-major. `BlockLSTMV2` has Keras's order of gates; its gradient has
the order input, candidate, forget, output. The gradient that TensorFlow registers for
`BlockLSTMV2` is wrong and not used here.
"""

import tensorflow as tf


def block_states(x, h, c, kernel, recurrent_kernel, bias):
    """Compute gates and states of an LSTM for all time steps.

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

    Returns
    -------
    namedtuple of Tensor of shape (n_timesteps, n_samples, units)
        Gates `i`, `f`, `o`, candidate `ci`, cell state `cs`, its activation `co`, and
        hidden state `h`.
    """
    x, weights = _even(x), _stacked(kernel, recurrent_kernel)
    return tf.raw_ops.BlockLSTMV2(**_inputs(x, h, c, weights, bias))


def block_gradient(steps, x, h, c, kernel, recurrent_kernel, bias, d_h, d_c):
    """Compute the gradients of inputs, states and weights.

    Parameters
    ----------
    steps : namedtuple
        From :func:`block_states`, whose other parameters follow.

    d_h, d_c : Tensor of shape (n_timesteps, n_samples, units)
        Gradients of the hidden and of the cell states.

    Returns
    -------
    tuple of Tensor
        Gradients of x, h, c, kernel, recurrent_kernel and bias.
    """
    n_features, weights = x.shape[2], _stacked(kernel, recurrent_kernel)
    gradient = tf.raw_ops.BlockLSTMGrad(
        **_inputs(_even(x), h, c, _swap_gates(weights), _swap_gates(bias)),
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
    d_weights, d_bias = (
        tf.where(tf.shape(h)[0] > 0, _swap_gates(d), 0.0)
        for d in (gradient.w_grad, gradient.b_grad)
    )
    d_kernels = d_weights[:n_features], d_weights[-h.shape[1] :]
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


def _inputs(x, h, c, weights, bias):
    """Return the inputs that both operations share, for cells without peepholes."""
    no_peephole = tf.zeros_like(bias[: h.shape[1]])
    return {
        "seq_len_max": tf.cast(tf.shape(x)[0], tf.int64),
        "x": x,
        "cs_prev": c,
        "h_prev": h,
        "w": weights,
        "wci": no_peephole,
        "wcf": no_peephole,
        "wco": no_peephole,
        "b": bias,
        "use_peephole": False,
    }
