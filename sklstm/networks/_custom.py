"""Networks that a user's own function builds."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import keras
from keras import layers, ops


@dataclass(frozen=True, eq=False)
class CustomSpec:
    """What a user's builder is told, and the builder itself.

    No two are equal: the builder may be any code, so that every network is compiled
    for itself.

    Parameters
    ----------
    n_timesteps : int
        Time steps of the sequences in the first fit.

    n_features : int
        Features of a time step.

    n_outputs : int
        Width that the model's output must have.

    output_activation : str
        What the model should end in: "linear" for regression, "sigmoid" or "softmax"
        for classes.

    n_steps_out : int
        Steps of an output that is a sequence, (n_steps_out, n_outputs); else 0.

    n_quantiles : int
        Quantiles of each output, one more axis of the output; else 0.

    per_step : bool
        Whether the output has one for every time step: (n_timesteps, n_outputs).

    builder : callable
        From this spec, and `arguments`, to an uncompiled `keras.Model`.

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

    # How many LSTM units there are is the builder's affair.
    units = ()


def build_custom(spec):
    """Call the builder of a spec, and check what it gives.

    Raises
    ------
    TypeError
        If the builder is a `keras.Model` itself, or returns none.

    ValueError
        If the model is compiled, or its output has not the shape of y.
    """
    if isinstance(spec.builder, keras.Model):
        raise TypeError(
            "model= must be a function that returns a keras.Model, got a model. "
            "Every fit needs a new one: put what builds it into a function of one "
            "argument, the description of the data."
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
        # A subclass of `keras.Model`, which does not know the shape of what it gives.
        model.supports_masking = True  # Keras says no; its layers know for themselves
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
    """Put before a model what turns NaN into zeros, masked where its layers know masks.

    Parameters
    ----------
    model : keras.Model
        From :func:`build_custom`.

    scale, offset : list, default=None
        As for :func:`build`: where given, the result ends in
        ``output * scale + offset``.

    Returns
    -------
    keras.Model
        Over the same variables.
    """
    inputs = keras.Input(model.input_shape[1:], name="sequences")
    missing = ops.isnan(inputs)
    x = ops.where(missing, 0.0, inputs)
    if _takes_mask(model):
        x = model(x, mask=ops.logical_not(ops.all(missing, axis=-1)))
        x = x + 0.0  # and the mask ends here
    else:
        x = model(x)
    if scale is not None:
        x = layers.Rescaling(scale, offset, name="units_of_y")(x)
    return keras.Model(inputs, x, name="sklstm")


def _takes_mask(model):
    """Return whether a mask reaches the first layer; Keras warns where it does not."""
    if "mask" not in inspect.signature(model.call).parameters:
        return False
    computing = [x for x in model.layers if not isinstance(x, layers.InputLayer)]
    if computing and computing[0].supports_masking:
        model.supports_masking = True  # Keras says no of every `Sequential`
    return model.supports_masking
