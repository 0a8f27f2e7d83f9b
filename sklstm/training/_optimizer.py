"""Keras's optimizers, with the norm to clip at as an input of what is compiled."""

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

_NO_CLIPPING = np.float32(np.inf)

# Optimizers whose step is that of Adam, as Keras defines it.
_ADAM = keras.optimizers.Adam, keras.optimizers.AdamW


class ProgramOptimizer:
    """A copy of an optimizer for the variables of one program.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Stays as it is.

    variables : list of keras.Variable
        What the copy updates.

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
        self.keras = from_recipe(*recipe_of(optimizer))
        self.keras.build(variables)
        leave_distribution(self.keras)
        single = all(variable.dtype == "float32" for variable in variables)
        if type(optimizer) in _ADAM and not optimizer.amsgrad and single:
            replace_update(self.keras, functools.partial(_adam_steps, self.keras))
        self._clipnorm = tf.Variable(_NO_CLIPPING)
        if "clipnorm" in inputs_of(optimizer):
            replace_clipping(self.keras, self._clip)
        self._fresh = [v.value.numpy().copy() for v in self.keras.variables]

    @property
    def variables(self):
        """All variables, as TensorFlow's."""
        return [self._clipnorm, *(v.value for v in self.keras.variables)]

    def begin(self, optimizer, moments):
        """Take the settings of an optimizer, and moments: fresh ones for None."""
        fresh = moments is None
        for variable, value in zip(
            self.keras.variables, self._fresh if fresh else moments, strict=True
        ):
            variable.assign(np.array(value))
        config, inputs = optimizer.get_config(), inputs_of(optimizer)
        if "learning_rate" in inputs and fresh:
            self.keras.learning_rate = config["learning_rate"]
        if "clipnorm" in inputs:
            self.keras.clipnorm = config["clipnorm"]  # what a callback may read
            norm = config["clipnorm"] or 0.0
            self._clipnorm.assign(norm if norm > 0 else _NO_CLIPPING)

    def _clip(self, gradients):
        """Scale gradients to the norm where they are longer, as Keras does."""
        there = [tf.convert_to_tensor(g) for g in gradients if g is not None]
        halves = [tf.cast(tf.nn.l2_loss(gradient), tf.float32) for gradient in there]
        lengths = tf.sqrt(2 * tf.stack(halves))
        factors = tf.where(lengths > self._clipnorm, self._clipnorm / lengths, 1.0)
        pairs = zip(there, tf.unstack(factors), strict=True)
        clipped = (gradient * tf.cast(f, gradient.dtype) for gradient, f in pairs)
        return [None if gradient is None else next(clipped) for gradient in gradients]


def recipe_of(optimizer):
    """Return class, config, and a pattern of the weights that decay leaves out."""
    undecayed = get_undecayed(optimizer)
    config = {**optimizer.get_config(), "name": None}  # one name for all, see own_names
    return type(optimizer), config, undecayed


def from_recipe(kind, config, undecayed):
    """Make an optimizer that is like another but for its variables."""
    optimizer = kind.from_config(copy.deepcopy(config))  # which some of Keras's change
    set_undecayed(optimizer, undecayed)
    return optimizer


def inputs_of(optimizer):
    """Name the settings of an optimizer that are inputs of a compiled program."""
    config = optimizer.get_config()
    names = []
    if isinstance(
        config.get("learning_rate"), float
    ):  # else a schedule over the updates
        names.append("learning_rate")
    others = "global_clipnorm", "clipvalue", "gradient_accumulation_steps"
    if "clipnorm" in config and not any(config.get(name) for name in others):
        names.append("clipnorm")
    return names


def _drift(beta, step):
    """Return by what a mean that began at zero differs, Keras's to TensorFlow's."""
    of_keras = 1 - tf.pow(1 - np.float64(np.float32(1 - beta)), step)
    return of_keras / (1 - tf.pow(np.float64(np.float32(beta)), step))


def _adam_steps(adam, gradients, variables, learning_rate):
    """Do what `update_step` of Adam does for each variable, as one operation each.

    TensorFlow takes ``1 - beta`` in float32, Keras in float64 before it rounds: for
    0.999 a hundred-thousandth apart, which the learning rate makes good.
    """
    number = tf.cast(tf.convert_to_tensor(adam.iterations) + 1, tf.float64)
    first, second = (_drift(beta, number) for beta in (adam.beta_1, adam.beta_2))
    mend = tf.cast(first / tf.sqrt(second), tf.float32)
    beta_1 = tf.constant(adam.beta_1, tf.float32)
    beta_2 = tf.constant(adam.beta_2, tf.float32)
    step = tf.cast(tf.convert_to_tensor(adam.iterations) + 1, tf.float32)
    shared = {
        "beta1_power": tf.pow(beta_1, step),
        "beta2_power": tf.pow(beta_2, step),
        "lr": tf.cast(learning_rate, tf.float32) * mend,
        "beta1": beta_1,
        "beta2": beta_2,
        "epsilon": tf.constant(adam.epsilon, tf.float32),
    }
    for gradient, variable in zip(gradients, variables, strict=True):
        momentum, velocity = adam_moments(adam, variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.value.handle,
            m=momentum.value.handle,
            v=velocity.value.handle,
            grad=tf.convert_to_tensor(gradient),  # that of an embedding is sparse
            **shared,
        )
