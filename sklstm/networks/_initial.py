"""Initial weights that depend on a seed alone."""

import keras
import numpy as np

from sklstm._compat.keras import layers_of, seed_states_of, variables_of


def initial_weights(model, seed):
    """Draw initial values of all variables by the initializers of their layers.

    Parameters
    ----------
    model : keras.Model
        A built model, which is not changed. A variable whose layer has no initializer
        of that name keeps its value.

    seed : int
        Seed of the weights, and of the dropout masks of training.

    Returns
    -------
    list of ndarray
        Values in the order of ``model.variables``.
    """
    generator = np.random.default_rng(seed)
    seeds = iter(lambda: int(generator.integers(2**31 - 1)), None)
    drawn = {}
    for layer in layers_of(model):
        for variable in variables_of(layer):
            initializer = _initializer_of(layer, variable)
            if initializer is not None and id(variable) not in drawn:
                initializer = _seeded(initializer, next(seeds))
                drawn[id(variable)] = initializer(variable.shape, dtype=variable.dtype)
        for state in seed_states_of(layer):
            drawn[id(state)] = np.array([next(seeds), 0], dtype=state.dtype)
    kept = (v.value.numpy() for v in model.variables)
    return [
        np.array(drawn.get(id(v), value))
        for v, value in zip(model.variables, kept, strict=True)
    ]


def _initializer_of(layer, variable):
    if variable.name == "bias" and getattr(layer, "unit_forget_bias", False):
        return _unit_forget_bias
    # `recurrent_kernel` has a `recurrent_initializer`.
    names = variable.name, variable.name.removesuffix("_kernel")
    found = [getattr(layer, f"{name}_initializer", None) for name in names]
    return found[0] or found[1]


def _unit_forget_bias(shape, dtype=None):
    """Return Keras's initial bias with `unit_forget_bias`, which has no initializer."""
    bias = np.zeros(shape, dtype)
    bias[shape[0] // 4 : shape[0] // 2] = 1
    return bias


def _seeded(initializer, seed):
    if not isinstance(initializer, keras.initializers.Initializer):
        return initializer
    config = initializer.get_config()
    if "seed" not in config:
        return initializer
    return type(initializer).from_config({**config, "seed": seed})
