"""Values of Keras's variables as NumPy arrays.

TensorFlow's operations are called directly: their Python wrappers take longer than a
small network.
"""

import numpy as np
import tensorflow as tf


def get_values(variables):
    """Return copies of the values of Keras variables."""
    return [
        tf.raw_ops.ReadVariableOp(resource=one.handle, dtype=one.dtype).numpy().copy()
        for one in (variable.value for variable in variables)
    ]


def set_values(variables, values):
    """Set Keras variables to values, each an array or a tensor."""
    for variable, value in zip(variables, values, strict=True):
        if not tf.is_tensor(value):
            # A copy: TensorFlow may use the memory of an array for the variable itself.
            value = tf.constant(np.array(value), variable.value.dtype)
        if value.shape != variable.shape:
            raise ValueError(
                f"A variable of shape {tuple(variable.shape)} can't take a value of "
                f"shape {tuple(value.shape)}."
            )
        tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=value)
