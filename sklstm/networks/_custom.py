"""Networks that a user's own function builds."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import keras
from keras import layers, ops

from sklstm._stored import stored_as


@stored_as("custom spec")
@dataclass(frozen=True, eq=False)
class CustomSpec:
    """A user's builder, and the description of the data that it gets.

    No two specs are equal, because a builder may be any code. So every network is
    compiled separately.

    Parameters
    ----------
    n_timesteps : int
        Time steps of the sequences in the first fit.

    n_features : int
        Features of a time step.

    n_outputs : int
        Size of the last axis of the output, or of the one before quantiles.

    output_activation : str
        Activation that the model should end with: "linear" for regression, "sigmoid" or
        "softmax" for classes.

    n_steps_out : int
        Steps ahead of an output of shape (n_steps_out, n_outputs); else 0.

    n_quantiles : int
        Number of quantiles of each output, the last axis of the output; else 0.

    per_step : bool
        Whether the output has shape (n_timesteps, n_outputs).

    builder : callable
        Function of this spec, and `arguments`, that returns an uncompiled
        `keras.Model`.

    arguments : dict, default={}
        Keyword arguments of the builder.
    """

    n_timesteps: int
    n_features: int
    n_outputs: int
    output_activation: str
    n_steps_out: int
    n_quantiles: int
    per_step: bool
    builder: Callable = field(repr=False)
    arguments: dict = field(default_factory=dict, repr=False)

    # Known only to the builder.
    units = ()


def build_custom(spec):
    """Call the builder of a spec, and check the model that it returns.

    Raises
    ------
    TypeError
        If the builder is a `keras.Model`, or does not return one.

    ValueError
        If the model is compiled, or its output has not the shape of y.
    """
    if isinstance(spec.builder, keras.Model):
        raise TypeError(
            "model= must be a function that returns a keras.Model, got a model. "
            "Every fit needs a new model: build it in a function of one argument, "
            "the description of the data."
        )
    model = spec.builder(spec, **spec.arguments)
    if not isinstance(model, keras.Model):
        raise TypeError(f"model= must return a keras.Model, got {model!r}.")
    if model.compiled:
        raise ValueError(
            "model= must return a keras.Model that is not compiled; optimizer, loss "
            "and metrics are parameters of the estimator."
        )
    if not isinstance(model, keras.Sequential) and not getattr(model, "inputs", None):
        # A subclass of `keras.Model`, which does not know its output shape.
        model.supports_masking = True  # False by default, also if its layers support it
        inputs = keras.Input((spec.n_timesteps, spec.n_features))
        model = keras.Model(inputs, model(inputs))
    if not model.built:
        model.build((None, spec.n_timesteps, spec.n_features))
    n_steps = spec.n_timesteps if spec.per_step else spec.n_steps_out
    axes = n_steps, spec.n_outputs, spec.n_quantiles
    expected = None, *(size for size in axes if size)
    of_any_length = spec.per_step and model.output_shape == (None, None, *expected[2:])
    if model.output_shape != expected and not of_any_length:
        raise ValueError(
            f"model= must return a keras.Model whose output has shape {expected}, for "
            f"{spec.n_outputs} output(s); got {model.output_shape}."
        )
    return model


def masked(model, *, scale=None, offset=None):
    """Build a model that replaces NaN by zeros and then calls another model.

    If the layers of the other model support masks, missing time steps are masked.

    Parameters
    ----------
    model : keras.Model
        A model that a builder of :class:`CustomSpec` returned.

    scale, offset : list of float, default=None
        As for :func:`build`.

    Returns
    -------
    keras.Model
        A model over the same variables.
    """
    inputs = keras.Input(model.input_shape[1:], name="sequences")
    missing = ops.isnan(inputs)
    x = ops.where(missing, 0.0, inputs)
    if _takes_mask(model):
        x = model(x, mask=ops.logical_not(ops.all(missing, axis=-1)))
        x = x + 0.0  # without the mask
    else:
        x = model(x)
    if scale is not None:
        x = layers.Rescaling(scale, offset, name="original_scale")(x)
    return keras.Model(inputs, x, name="sklstm")


def _takes_mask(model):
    """Return whether a mask reaches the first layer; Keras warns if not."""
    if "mask" not in inspect.signature(model.call).parameters:
        return False
    computing = [x for x in model.layers if not isinstance(x, layers.InputLayer)]
    if computing and computing[0].supports_masking:
        model.supports_masking = True  # False by default for `Sequential`
    return model.supports_masking
