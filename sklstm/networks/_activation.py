"""Derivatives of activations, for all time steps at once."""

import keras
import tensorflow as tf

# Derivatives that are functions of the value of the activation.
_OF_VALUES = {
    keras.activations.tanh: lambda y: 1 - tf.square(y),
    keras.activations.sigmoid: lambda y: y * (1 - y),
    keras.activations.relu: lambda y: tf.cast(y > 0, y.dtype),
    keras.activations.linear: tf.ones_like,
}

# The value of another activation, as softmax, may depend on several numbers.
_ELEMENTWISE = {
    *_OF_VALUES,
    keras.activations.elu,
    keras.activations.gelu,
    keras.activations.hard_sigmoid,
    keras.activations.leaky_relu,
    keras.activations.selu,
    keras.activations.silu,
    keras.activations.softplus,
    keras.activations.softsign,
}


def is_elementwise(function):
    """Return whether an activation is one of Keras that maps number by number."""
    return function in _ELEMENTWISE


class Activation:
    """An activation whose derivative is computed from what a time step keeps.

    Parameters
    ----------
    function : callable
        An activation of Keras.

    Examples
    --------
    >>> import keras, tensorflow as tf
    >>> from sklstm.networks._activation import Activation
    >>> sigmoid = Activation(keras.activations.sigmoid)
    >>> value, kept = sigmoid(tf.constant([0.0, 1.0]))
    >>> [round(float(slope), 3) for slope in sigmoid.slope(kept)]
    [0.25, 0.197]
    """

    def __init__(self, function):
        self._function = function
        self._slope_of_value = _OF_VALUES.get(function)

    def __call__(self, x):
        """Return the value, and what to keep: the value if it tells the derivative."""
        value = self._function(x)
        return value, x if self._slope_of_value is None else value

    def value(self, kept):
        """Return the value."""
        return self._function(kept) if self._slope_of_value is None else kept

    def slope(self, kept):
        """Return the derivative."""
        if self._slope_of_value is not None:
            return self._slope_of_value(kept)
        with tf.GradientTape() as tape:
            tape.watch(kept)
            value = self._function(kept)
        return tape.gradient(value, kept)
