"""Values of Keras's variables as NumPy arrays."""

import numpy as np


def get_values(variables):
    """Return copies of the values of Keras variables."""
    return [variable.value.numpy().copy() for variable in variables]


def set_values(variables, values):
    """Set Keras variables to values."""
    for variable, value in zip(variables, values, strict=True):
        # A copy: TensorFlow may use the memory of an array for the variable itself.
        variable.assign(np.array(value))
