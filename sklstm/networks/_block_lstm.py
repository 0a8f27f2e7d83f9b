"""An LSTM over time by TensorFlow's fused CPU operations, with its gradient.

All tensors are time-major. `BlockLSTMV2` has Keras's order of gates; all gradients have
the order input, candidate, forget, output. The gradient that TensorFlow registers for
`BlockLSTMV2` is wrong and not used here. The gradient of the fused operation computes
three matrix products per time step; :func:`_wide_gradient` computes one per time step
and two for the whole sequence, which is faster from :data:`_WIDE` units on.
"""

import tensorflow as tf

from sklstm._compat.tensorflow import record_operation, stop_recording

# Minimum number of units for which `_wide_gradient` is faster.
_WIDE = 64


def block_lstm(x, h, c, kernel, recurrent_kernel, bias, cell_states=False):
    """Compute hidden and cell states of an LSTM [1]_ for all time steps.

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

    cell_states : bool, default=False
        Whether to return the cell states as well.

    Returns
    -------
    list of Tensor of shape (n_timesteps, n_samples, units)
        Hidden states after every time step, and cell states if requested.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation
       9 (8), 1997.
    """
    originals = [tf.convert_to_tensor(w) for w in (kernel, recurrent_kernel, bias)]
    units = h.shape[1]
    gradient = _wide_gradient if units >= _WIDE else _narrow_gradient
    with stop_recording():
        weights, bias = tf.concat(originals[:2], axis=0), originals[2]
        steps = tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.cast(tf.shape(x)[0], tf.int64),
            **_cell_inputs(x, h, c, weights, bias),
        )

    def backward(d_h, d_c=None):
        inputs = x, h, c, _swap_gates(weights), _swap_gates(bias)
        *d_states, d_weights, d_bias = gradient(steps, *inputs, d_h, d_c)
        d_kernels = tf.split(_swap_gates(d_weights), [-1, units], axis=0)
        return *d_states, *d_kernels, _swap_gates(d_bias)

    outputs = [steps.h, steps.cs] if cell_states else [steps.h]
    record_operation("BlockLSTM", outputs, [x, h, c, *originals], backward)
    return outputs


def _swap_gates(weights):
    """Convert weights between Keras's order of gates and that of the gradients."""
    i, second, third, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, third, second, o], axis=-1)


def _cell_inputs(x, h, c, weights, bias):
    """Return the inputs that all operations share, for cells without peepholes."""
    no_peephole = tf.zeros_like(bias[: h.shape[1]])
    return {
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


def _narrow_gradient(steps, x, h, c, weights, bias, d_h, d_c):
    """Compute the gradients by the fused operation."""
    gradient = tf.raw_ops.BlockLSTMGrad(
        seq_len_max=tf.cast(tf.shape(x)[0], tf.int64),
        **_cell_inputs(x, h, c, weights, bias),
        i=steps.i,
        cs=steps.cs,
        f=steps.f,
        o=steps.o,
        ci=steps.ci,
        co=steps.co,
        h=steps.h,
        cs_grad=tf.zeros_like(d_h) if d_c is None else d_c,
        h_grad=d_h,
    )
    # For an empty batch the operation does not initialize these two.
    d_weights, d_bias = (
        tf.where(tf.shape(h)[0] > 0, d, 0.0) for d in (gradient.w_grad, gradient.b_grad)
    )
    d_h_before, d_c_before = gradient.h_prev_grad, gradient.cs_prev_grad
    return gradient.x_grad, d_h_before, d_c_before, d_weights, d_bias


def _wide_gradient(steps, x, h, c, weights, bias, d_h, d_c):
    """Compute the gradients of the gates time step by time step, then all others.

    With the gradients of all gates, those of weights and inputs are one matrix product
    each.
    """
    n_timesteps, n_samples, n_features = tf.unstack(tf.shape(x))
    units = h.shape[1]
    input_weights, recurrent_weights = tf.split(weights, [-1, units], axis=0)
    transposed = tf.transpose(recurrent_weights)
    h_before = tf.concat([h[tf.newaxis], steps.h[:-1]], axis=0)
    c_before = tf.concat([c[tf.newaxis], steps.cs[:-1]], axis=0)

    inputs = _cell_inputs(x[0], h, c, weights, bias)

    def step_back(t, d_h_next, d_c_next, d_gates):
        cell = tf.raw_ops.LSTMBlockCellGrad(
            **{**inputs, "cs_prev": c_before[t]},
            i=steps.i[t],
            cs=steps.cs[t],
            f=steps.f[t],
            o=steps.o[t],
            ci=steps.ci[t],
            co=steps.co[t],
            cs_grad=d_c_next if d_c is None else d_c_next + d_c[t],
            h_grad=d_h_next + d_h[t],
        )
        d_gates = d_gates.write(t, cell.dicfo)
        return t - 1, cell.dicfo @ transposed, cell.cs_prev_grad, d_gates

    d_gates = tf.TensorArray(tf.float32, n_timesteps, element_shape=(None, 4 * units))
    _, d_h_before, d_c_before, d_gates = tf.while_loop(
        lambda t, *_: t >= 0,
        step_back,
        (n_timesteps - 1, tf.zeros_like(h), tf.zeros_like(c), d_gates),
        parallel_iterations=1,
    )
    d_gates = tf.reshape(d_gates.stack(), (-1, 4 * units))
    d_x = tf.matmul(d_gates, input_weights, transpose_b=True)
    rows = tf.reshape(x, (-1, x.shape[2])), tf.reshape(h_before, (-1, units))
    d_weights = [tf.matmul(row, d_gates, transpose_a=True) for row in rows]
    return (
        tf.reshape(d_x, (n_timesteps, n_samples, n_features)),
        d_h_before,
        d_c_before,
        tf.concat(d_weights, axis=0),
        tf.reduce_sum(d_gates, axis=0),
    )
