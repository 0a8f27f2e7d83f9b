"""Keras's optimizers, whose learning rate and `clipnorm` are inputs of a program."""

import copy
import functools

import keras
import numpy as np
import tensorflow as tf

from sklstm._compat.keras import (
    adam_moments,
    get_undecayed,
    leave_distribution,
    replace_clipping,
    replace_update,
    set_undecayed,
)
from sklstm.training._variables import get_values, set_values

_NO_CLIPPING = np.float32(np.inf)

# Optimizers whose update is that of Adam.
_ADAM = keras.optimizers.Adam, keras.optimizers.AdamW


class ProgramOptimizer:
    """A copy of an optimizer for the variables of one program.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        The optimizer to copy.

    variables : list of keras.Variable
        Variables that the copy updates.

    Attributes
    ----------
    keras : keras.optimizers.Optimizer
        The copy.
    """

    def __init__(self, optimizer, variables):
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            raise ValueError(
                "optimizer must not be a LossScaleOptimizer: loss scaling serves "
                "float16, and networks are trained in float32. Pass the optimizer "
                f"within it, {type(optimizer.inner_optimizer).__name__}."
            )
        self.keras = optimizer_from_config(*optimizer_config(optimizer))
        self.keras.build(variables)
        leave_distribution(self.keras)
        single = all(variable.dtype == "float32" for variable in variables)
        if type(optimizer) in _ADAM and not optimizer.amsgrad and single:
            replace_update(self.keras, functools.partial(_update_adam, self.keras))
        self._clipnorm = tf.Variable(_NO_CLIPPING)
        if "clipnorm" in program_inputs(optimizer):
            replace_clipping(self.keras, self._clip)
        self._initial = list(map(tf.constant, get_values(self.keras.variables)))

    @property
    def variables(self):
        """All variables as TensorFlow variables."""
        return [self._clipnorm, *(v.value for v in self.keras.variables)]

    def begin(self, optimizer, moments):
        """Set the settings and the moments of an optimizer; None resets the moments."""
        is_new = moments is None
        set_values(self.keras.variables, self._initial if is_new else moments)
        config, inputs = optimizer.get_config(), program_inputs(optimizer)
        if "learning_rate" in inputs and is_new:
            self.keras.learning_rate = config["learning_rate"]
        if "clipnorm" in inputs:
            self.keras.clipnorm = config["clipnorm"]  # for callbacks
            norm = config["clipnorm"] or 0.0
            self._clipnorm.assign(norm if norm > 0 else _NO_CLIPPING)

    def _clip(self, gradients):
        """Scale down each gradient whose norm exceeds `clipnorm`, as Keras does."""
        present = [tf.convert_to_tensor(g) for g in gradients if g is not None]
        halves = [tf.cast(tf.nn.l2_loss(gradient), tf.float32) for gradient in present]
        lengths = tf.sqrt(2 * tf.stack(halves))
        factors = tf.where(lengths > self._clipnorm, self._clipnorm / lengths, 1.0)
        pairs = zip(present, tf.unstack(factors), strict=True)
        clipped = (gradient * tf.cast(f, gradient.dtype) for gradient, f in pairs)
        return [None if gradient is None else next(clipped) for gradient in gradients]


def optimizer_config(optimizer):
    """Return class, config, and the pattern of weights without weight decay."""
    undecayed = get_undecayed(optimizer)
    # No name, because TensorFlow keeps all names of variables.
    config = {**optimizer.get_config(), "name": None}
    # Keras's own lists can't be pickled.
    lists = {n: list(value) for n, value in config.items() if isinstance(value, list)}
    config.update(lists)
    return type(optimizer), config, undecayed


def optimizer_from_config(kind, config, undecayed):
    """Create an optimizer from what :func:`optimizer_config` returns."""
    # A copy, because `from_config` of some optimizers changes it.
    optimizer = kind.from_config(copy.deepcopy(config))
    set_undecayed(optimizer, undecayed)
    return optimizer


def program_inputs(optimizer):
    """Return the settings of an optimizer that are inputs of a compiled program."""
    config = optimizer.get_config()
    names = []
    if isinstance(config.get("learning_rate"), float):  # not a schedule
        names.append("learning_rate")
    others = "global_clipnorm", "clipvalue", "gradient_accumulation_steps"
    if "clipnorm" in config and not any(config.get(name) for name in others):
        names.append("clipnorm")
    return names


def _rate_factor(adam):
    """Return the factor of the learning rate that corrects the bias of the moments.

    TensorFlow computes ``1 - beta`` in float32, Keras in float64. For 0.999 they differ
    by a relative 1e-5, which the factor corrects as well: if all gradients are 1, the
    first moment is ``1 - k1**t`` after t steps of Keras, and ``1 - t1**t`` after those
    of TensorFlow.
    """
    nominal = [np.float64(np.float32(beta)) for beta in (adam.beta_1, adam.beta_2)]
    of_keras = [
        1 - np.float64(np.float32(1 - beta)) for beta in (adam.beta_1, adam.beta_2)
    ]
    # (k1 / t1) / sqrt(k2 / t2), and then sqrt(t2) / t1 as in the update of both.
    bases = tf.constant([*of_keras, *nominal], tf.float64)
    exponents = tf.constant([1, -0.5, -2, 1], tf.float64)
    number = tf.cast(tf.convert_to_tensor(adam.iterations) + 1, tf.float64)
    factors = tf.pow(1 - tf.pow(bases, number), exponents)
    return tf.cast(tf.reduce_prod(factors), tf.float32)


def _update_adam(adam, gradients, variables, learning_rate):
    """Update variables as Keras's Adam does, with one operation per variable."""
    corrected = tf.constant(0.0)  # by the factor of the rate
    shared = {
        "beta1_power": corrected,
        "beta2_power": corrected,
        "lr": tf.cast(learning_rate, tf.float32) * _rate_factor(adam),
        "beta1": tf.constant(adam.beta_1, tf.float32),
        "beta2": tf.constant(adam.beta_2, tf.float32),
        "epsilon": tf.constant(adam.epsilon, tf.float32),
    }
    for gradient, variable in zip(gradients, variables, strict=True):
        momentum, velocity = adam_moments(adam, variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.value.handle,
            m=momentum.value.handle,
            v=velocity.value.handle,
            grad=tf.convert_to_tensor(gradient),  # sparse for an embedding
            **shared,
        )
