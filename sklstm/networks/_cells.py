"""Recurrent cells over all time steps, with their gradients.

All tensors are time-major. What does not depend on the state before is computed for
several time steps at once: the products of inputs and weights, and in the gradients the
derivatives of all activations, so that a step back is a product and a few factors.
"""

import keras
import tensorflow as tf

from sklstm._compat.tensorflow import record_operation, stop_recording
from sklstm.networks._activation import Activation
from sklstm.networks._block_lstm import block_gradient, block_states
from sklstm.networks._products import (
    RecurrentProduct,
    flat,
    input_gradient,
    weight_gradient,
)
from sklstm.networks._time_loop import run_steps


def run_cell(cell, x, states, weights, masks=None, all_states=False):
    """Compute the states of a cell after every time step.

    Parameters
    ----------
    cell : LSTMCell, GRUCell or SimpleRNNCell
        The cell.

    x : Tensor of shape (n_timesteps, n_samples, n_features)
        The sequences, float32.

    states : list of Tensor of shape (n_samples, units)
        States before the first time step.

    weights : list
        Kernel, recurrent kernel and bias, as Keras orders them.

    masks : list of Tensor of shape (n_samples, units), default=None
        Factors of the hidden state before its product with the recurrent kernel: one
        for each gate, or one for all.

    all_states : bool, default=False
        Whether to return all states of the cell, not the hidden states alone.

    Returns
    -------
    list of Tensor of shape (n_timesteps, n_samples, units)
        States after every time step.
    """
    weights = [tf.convert_to_tensor(one) for one in weights]
    with stop_recording():
        outputs, kept = cell.forward(x, states, *weights, masks)

    def backward(*d_outputs):
        return cell.backward(x, states, *weights, masks, outputs, kept, d_outputs)

    returned = outputs if all_states else outputs[:1]
    record_operation(type(cell).__name__, returned, [x, *states, *weights], backward)
    return returned


def _before(state, states):
    """Return the states before each time step."""
    return tf.concat([state[tf.newaxis], states[:-1]], axis=0)


def _projection(kernel, bias):
    """Return a function that computes the products of inputs for several steps."""

    def project(x):
        product = tf.nn.bias_add(flat(x) @ kernel, bias)
        return [tf.reshape(product, (x.shape[0], -1, kernel.shape[1]))]

    return project


# Minimum number of units for which the loop is faster than the fused gradient, which
# computes three matrix products per time step.
WIDE = 64


class LSTMCell:
    """An LSTM [1]_.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation
       9 (8), 1997.
    """

    def __init__(self, cell):
        self._units = cell.units
        self._activation = Activation(cell.activation)
        self._gate = Activation(cell.recurrent_activation)
        self._is_standard = (
            cell.activation is keras.activations.tanh
            and cell.recurrent_activation is keras.activations.sigmoid
        )

    def forward(self, x, states, kernel, recurrent_kernel, bias, masks):
        """Return hidden and cell states, and what the gradient needs."""
        if self._is_standard and masks is None:
            steps = block_states(x, *states, kernel, recurrent_kernel, bias)
            return [steps.h, steps.cs], steps
        product = RecurrentProduct(_gates_first(recurrent_kernel), _reorder(masks))
        sizes = 3 * self._units, self._units

        def step(inputs, states):
            (projected,), (h, c) = inputs, states
            gates, candidate = tf.split(projected + product(h), sizes, axis=1)
            gates, kept = self._gate(gates)
            candidate, kept_candidate = self._activation(candidate)
            i, f, o = tf.split(gates, 3, axis=1)
            c = f * c + i * candidate
            output, kept_output = self._activation(c)
            h = o * output
            return [h, c], [h, c, kept, kept_candidate, kept_output]

        (h, c, *kept), _ = run_steps(
            step,
            [x],
            states,
            [self._units, self._units, 3 * self._units, self._units, self._units],
            prepare=_projection(_gates_first(kernel), _gates_first(bias)),
        )
        return [h, c], kept

    def backward(
        self, x, states, kernel, recurrent_kernel, bias, masks, outputs, kept, d_outputs
    ):
        """Return the gradients of inputs, states and weights."""
        (h, c), (d_h, *d_c) = states, d_outputs
        if isinstance(kept, list):
            gates, *others = kept
            kept = [*tf.split(gates, 3, axis=2), *others]
        elif self._units < WIDE:
            d_c = d_c[0] if d_c else tf.zeros_like(d_h)
            return block_gradient(
                kept, x, h, c, kernel, recurrent_kernel, bias, d_h, d_c
            )
        else:
            kept = [kept.i, kept.f, kept.o, kept.ci, kept.co]
        product = RecurrentProduct(_gates_first(recurrent_kernel), _reorder(masks))
        h_before, c_before = (
            _before(*pair) for pair in zip(states, outputs, strict=True)
        )
        to_c, to_gates, forget = self._slopes(kept, c_before)

        def step(inputs, states):
            d_h, to_c, to_gates, forget, *d_c = inputs
            d_h += states[0]
            d_c = tf.add_n([states[1], d_h * to_c, *d_c])
            d = tf.concat([d_c, d_c, d_h, d_c], axis=1) * to_gates
            return [product.transposed(d), d_c * forget], [d]

        (d,), d_states = run_steps(
            step,
            [d_h, to_c, to_gates, forget, *d_c],
            [tf.zeros_like(h), tf.zeros_like(c)],
            [4 * self._units],
            backwards=True,
        )
        d_weights = [
            weight_gradient(x, d),
            product.gradient(h_before, d),
            tf.reduce_sum(flat(d), axis=0),
        ]
        d_x = input_gradient(d, _gates_first(kernel))
        return d_x, *d_states, *map(_gates_first, d_weights)

    def _slopes(self, kept, c_before):
        """Return derivatives by the next cell state and by the sums of the gates."""
        *gates, candidate, output = kept
        i, f, o = map(self._gate.value, gates)
        d_i, d_f, d_o = map(self._gate.slope, gates)
        of_gates = [
            d_i * self._activation.value(candidate),
            d_f * c_before,
            d_o * self._activation.value(output),
            i * self._activation.slope(candidate),
        ]
        to_c = o * self._activation.slope(output)
        return to_c, tf.concat(of_gates, axis=2), f


def _gates_first(weights):
    """Convert between Keras's order of gates and that with the candidate last."""
    i, f, third, fourth = tf.split(weights, 4, axis=-1)
    return tf.concat([i, f, fourth, third], axis=-1)


def _reorder(masks):
    return masks if masks is None else [masks[0], masks[1], masks[3], masks[2]]


class GRUCell:
    """A gated recurrent unit [1]_ whose reset gate scales the product (`reset_after`).

    References
    ----------
    .. [1] K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder
       for Statistical Machine Translation", EMNLP 2014.
    """

    def __init__(self, cell):
        self._units = cell.units
        self._activation = Activation(cell.activation)
        self._gate = Activation(cell.recurrent_activation)

    def forward(self, x, states, kernel, recurrent_kernel, bias, masks):
        """Return hidden states, and what the gradient needs."""
        units, product = self._units, RecurrentProduct(recurrent_kernel, masks)
        of_product = tf.concat([tf.zeros(2 * units), bias[1, 2 * units :]], axis=0)
        project = _projection(kernel, bias[0] + bias[1] - of_product)

        def step(inputs, states):
            (projected, projected_candidate), (h,) = inputs, states
            inner = tf.nn.bias_add(product(h), of_product)
            gates, inner = tf.split(inner, [2 * units, units], axis=1)
            gates, kept = self._gate(projected + gates)
            z, r = tf.split(gates, 2, axis=1)
            candidate = projected_candidate + r * inner
            candidate, kept_candidate = self._activation(candidate)
            h = candidate + z * (h - candidate)
            return [h], [h, kept, kept_candidate, inner]

        (h, *kept), _ = run_steps(
            step,
            [x],
            states,
            [units, 2 * units, units, units],
            prepare=lambda x: tf.split(*project(x), [2 * units, units], axis=2),
        )
        return [h], kept

    def backward(
        self, x, states, kernel, recurrent_kernel, bias, masks, outputs, kept, d_outputs
    ):
        """Return the gradients of inputs, states and weights."""
        product = RecurrentProduct(recurrent_kernel, masks)
        h_before = _before(*states, *outputs)
        gates, candidate, inner = kept
        z, r = tf.split(self._gate.value(gates), 2, axis=2)
        d_z, d_r = tf.split(self._gate.slope(gates), 2, axis=2)
        to_candidate = (1 - z) * self._activation.slope(candidate)
        to_z = (h_before - self._activation.value(candidate)) * d_z
        to_r = to_candidate * inner * d_r
        to_inner = tf.concat([to_z, to_r, to_candidate * r], axis=2)

        def step(inputs, states):
            d_h, to_inner, z = inputs
            d_h += states[0]
            d = tf.concat([d_h, d_h, d_h], axis=1) * to_inner
            return [d_h * z + product.transposed(d)], [d_h]

        (d_h,), d_states = run_steps(
            step,
            [*d_outputs, to_inner, z],
            [tf.zeros_like(states[0])],
            [self._units],
            backwards=True,
        )
        d_gates = [d_h * to_z, d_h * to_r]
        d_projected = tf.concat([*d_gates, d_h * to_candidate], axis=2)
        d_inner = tf.concat([*d_gates, d_h * to_candidate * r], axis=2)
        d_bias = [tf.reduce_sum(flat(d), axis=0) for d in (d_projected, d_inner)]
        return (
            input_gradient(d_projected, kernel),
            *d_states,
            weight_gradient(x, d_projected),
            product.gradient(h_before, d_inner),
            tf.stack(d_bias),
        )


class SimpleRNNCell:
    """A recurrent layer without gates [1]_.

    References
    ----------
    .. [1] J. L. Elman, "Finding Structure in Time", Cognitive Science 14 (2), 1990.
    """

    def __init__(self, cell):
        self._units = cell.units
        self._activation = Activation(cell.activation)

    def forward(self, x, states, kernel, recurrent_kernel, bias, masks):
        """Return hidden states, and what the gradient needs."""
        product = RecurrentProduct(recurrent_kernel, masks)

        def step(inputs, states):
            h, kept = self._activation(inputs[0] + product(states[0]))
            return [h], [h, kept]

        (h, kept), _ = run_steps(
            step,
            [x],
            states,
            [self._units, self._units],
            prepare=_projection(kernel, bias),
        )
        return [h], kept

    def backward(
        self, x, states, kernel, recurrent_kernel, bias, masks, outputs, kept, d_outputs
    ):
        """Return the gradients of inputs, states and weights."""
        product = RecurrentProduct(recurrent_kernel, masks)

        def step(inputs, states):
            d_h, slope = inputs
            d = (d_h + states[0]) * slope
            return [product.transposed(d)], [d]

        (d,), d_states = run_steps(
            step,
            [*d_outputs, self._activation.slope(kept)],
            [tf.zeros_like(states[0])],
            [self._units],
            backwards=True,
        )
        return (
            input_gradient(d, kernel),
            *d_states,
            weight_gradient(x, d),
            product.gradient(_before(*states, *outputs), d),
            tf.reduce_sum(flat(d), axis=0),
        )
