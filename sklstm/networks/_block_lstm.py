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
    weights = tf.concat([kernel, recurrent_kernel], axis=0)
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
    weights = _swap_gates(tf.concat([kernel, recurrent_kernel], axis=0))
    gradient = tf.raw_ops.BlockLSTMGrad(
        **_inputs(x, h, c, weights, _swap_gates(bias)),
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
    d_kernels = tf.split(d_weights, [-1, h.shape[1]], axis=0)
    d_states = gradient.h_prev_grad, gradient.cs_prev_grad
    return gradient.x_grad, *d_states, *d_kernels, d_bias


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
