"""Recurrent cells over all time steps, with their gradients.

All tensors are time-major. What does not depend on the state before is computed for
several time steps at once: the products of inputs and weights, and in the gradients the
derivatives of all activations, so that a step back is a product and a few factors.
"""

import keras
import tensorflow as tf

from sklstm._compat.tensorflow import record_operation, stop_recording
from sklstm.networks._activation import Activation
from sklstm.networks._block_lstm import BlockLSTM
from sklstm.networks._products import RecurrentProduct, times, total, weight_gradient
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


def _run_back(step, inputs, states, weights, prepare, finish):
    """Run gradients from the last time step to the first; `inputs` begin with x.

    Return the gradients of x, of the states before the first time step, and of weights.
    """
    (d_x,), d_states, d_weights = run_steps(
        step,
        inputs,
        [tf.zeros_like(state) for state in states],
        [inputs[0].shape[2]],
        prepare=prepare,
        finish=finish,
        sums=[tf.zeros_like(one) for one in weights],
        backwards=True,
    )
    return d_x, d_states, d_weights


def _projection(kernel, bias):
    """Return a function that computes the products of inputs for several steps."""
    return lambda x: [tf.nn.bias_add(times(x, kernel), bias)]


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
            block = BlockLSTM(x, *states, kernel, recurrent_kernel, bias)
            return [block.steps.h, block.steps.cs], block
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

        (h, c, *kept), *_ = run_steps(
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
        d_h, *d_c = d_outputs
        if isinstance(kept, list):
            gates, *others = kept
            kept = [*tf.split(gates, 3, axis=2), *others]
        elif self._units < WIDE:
            d_c = d_c[0] if d_c else tf.zeros_like(d_h)
            return kept.gradient(d_h, d_c)
        else:
            steps = kept.steps
            kept = [steps.i, steps.f, steps.o, steps.ci, steps.co]
        product = RecurrentProduct(_gates_first(recurrent_kernel), _reorder(masks))
        back_to_h, back_to_x = product.backwards(), tf.transpose(_gates_first(kernel))
        h_before, c_before = map(_before, states, outputs)

        def step(inputs, states):
            d_h, to_c, to_gates, forget, *d_c = inputs
            d_h += states[0]
            d_c = tf.add_n([states[1], d_h * to_c, *d_c])
            d = tf.concat([d_c, d_c, d_h, d_c], axis=1) * to_gates
            return [back_to_h(d), d_c * forget], [d]

        def finish(inputs, prepared, outputs):
            (x, h_before), (d,) = inputs[:2], outputs
            d_weights = weight_gradient(x, d), product.gradient(h_before, d), total(d)
            return [times(d, back_to_x)], d_weights

        inputs = [x, h_before, c_before, d_h, *kept, *d_c]
        weights = kernel, recurrent_kernel, bias
        d_x, d_states, d_weights = _run_back(
            step, inputs, states, weights, self._prepare_back, finish
        )
        return d_x, *d_states, *map(_gates_first, d_weights)

    def _prepare_back(
        self, x, h_before, c_before, d_h, i, f, o, candidate, output, *d_c
    ):
        """Return derivatives by the cell state and by the sums of the gates."""
        activation, gate = self._activation, self._gate
        gates = map(gate.value, (i, f, o))
        d_i, d_f, d_o = map(gate.slope, (i, f, o))
        i, f, o = gates
        of_gates = [
            d_i * activation.value(candidate),
            d_f * c_before,
            d_o * activation.value(output),
            i * activation.slope(candidate),
        ]
        to_c = o * activation.slope(output)
        return [d_h, to_c, tf.concat(of_gates, axis=2), f, *d_c]


def _gates_first(weights):
    """Convert between Keras's order of gates and that with the candidate last."""
    i, f, third, fourth = tf.split(weights, 4, axis=-1)
    return tf.concat([i, f, fourth, third], axis=-1)


def _reorder(masks):
    if masks is None or len(masks) == 1:
        return masks
    i, f, candidate, o = masks
    return [i, f, o, candidate]


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

        (h, *kept), *_ = run_steps(
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
        back_to_h, back_to_x = product.backwards(), tf.transpose(kernel)

        def step(inputs, states):
            d_h, to_inner, z, _ = inputs
            d_h += states[0]
            d_inner = tf.concat([d_h, d_h, d_h], axis=1) * to_inner
            return [d_h * z + back_to_h(d_inner)], [d_h, d_inner]

        def finish(inputs, prepared, outputs):
            (x, h_before), (d_h, d_inner) = inputs[:2], outputs
            d_gates, d_candidate = d_inner[..., : 2 * self._units], d_h * prepared[-1]
            d = tf.concat([d_gates, d_candidate], axis=2)
            d_bias = tf.stack([total(d), total(d_inner)])
            d_weights = weight_gradient(x, d), product.gradient(h_before, d_inner)
            return [times(d, back_to_x)], [*d_weights, d_bias]

        inputs = [x, _before(*states, *outputs), *d_outputs, *kept]
        weights = kernel, recurrent_kernel, bias
        d_x, d_states, d_weights = _run_back(
            step, inputs, states, weights, self._prepare_back, finish
        )
        return d_x, *d_states, *d_weights

    def _prepare_back(self, x, h_before, d_h, gates, candidate, inner):
        """Return derivatives by the product with the hidden state, and others."""
        z, r = tf.split(self._gate.value(gates), 2, axis=2)
        d_z, d_r = tf.split(self._gate.slope(gates), 2, axis=2)
        to_candidate = (1 - z) * self._activation.slope(candidate)
        to_z = (h_before - self._activation.value(candidate)) * d_z
        to_r = to_candidate * inner * d_r
        to_inner = tf.concat([to_z, to_r, to_candidate * r], axis=2)
        return [d_h, to_inner, z, to_candidate]


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

        (h, kept), *_ = run_steps(
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
        back_to_h, back_to_x = product.backwards(), tf.transpose(kernel)

        def step(inputs, states):
            d_h, slope = inputs
            d = (d_h + states[0]) * slope
            return [back_to_h(d)], [d]

        def finish(inputs, prepared, outputs):
            (x, h_before), (d,) = inputs[:2], outputs
            d_weights = weight_gradient(x, d), product.gradient(h_before, d), total(d)
            return [times(d, back_to_x)], d_weights

        def prepare(x, h_before, d_h, kept):
            return [d_h, self._activation.slope(kept)]

        inputs = [x, _before(*states, *outputs), *d_outputs, kept]
        weights = kernel, recurrent_kernel, bias
        d_x, d_states, d_weights = _run_back(
            step, inputs, states, weights, prepare, finish
        )
        return d_x, *d_states, *d_weights
