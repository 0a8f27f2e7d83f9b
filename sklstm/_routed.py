"""Checks of arguments that are routed to classes of Keras."""

import inspect
from numbers import Real

import keras


def check_arguments(parameter, targets, routed):
    """Raise ValueError if a routed argument is not accepted.

    Parameters
    ----------
    parameter : str
        Name of the parameter that is routed to; for the message.

    targets : type, function, or list or dict of such
        Classes or functions that are called with the arguments.

    routed : dict
        Names of the arguments, without the prefix, and values.
    """
    if not isinstance(targets, dict):
        targets = list(targets) if isinstance(targets, (list, tuple)) else [targets]
        targets = {str(i): target for i, target in enumerate(targets)}
    for name in routed:
        key, *rest = name.split("__")
        if rest and key in targets:  # for one of several
            called, argument = [targets[key]], rest[0]
        else:
            called, argument = targets.values(), key
        if argument[:1].isdigit():  # index of a positional argument
            continue
        for target in called:
            accepted = _arguments_of(target)
            if accepted is not None and argument not in accepted:
                raise ValueError(
                    f"{parameter}__{name} is no argument of "
                    f"{getattr(target, '__name__', repr(target))}, which takes "
                    f"{', '.join(f'{parameter}__{one}' for one in accepted)}."
                )


def check_numbers(parameter, target, routed):
    """Raise TypeError if a class of Keras gets no number for an argument that is one.

    Keras raises only during training, and names no parameter.

    Parameters
    ----------
    parameter : str
        Name of the parameter that is routed to; for the message.

    target : type
        Class that is called with the arguments.

    routed : dict
        Names of the arguments, without the prefix, and values.
    """
    if not getattr(target, "__module__", "").startswith("keras."):
        return
    for name, value in routed.items():
        argument = inspect.signature(target).parameters.get(name)
        if argument is None or name == "name" or isinstance(argument.default, bool):
            continue
        # Arguments of optimizers whose default is None are numbers, too.
        optional = argument.default is None and parameter == "optimizer"
        if not optional and not isinstance(argument.default, Real):
            continue
        no_number = isinstance(value, (str, bytes, list, tuple, set, dict))
        if no_number or (value is None and not optional):
            allowed = "or None" if optional else f"such as {argument.default!r}"
            raise TypeError(
                f"{parameter}__{name} must be a number {allowed}, got {value!r}."
            )


def _arguments_of(target):
    """Return the names of the arguments of a class or function; None if not known.

    ``**kwargs`` of Keras's optimizers accept no other names.
    """
    if not callable(target) or isinstance(target, keras.callbacks.Callback):
        return None
    parameters = inspect.signature(target).parameters.values()
    of_keras = (getattr(target, "__module__", None) or "").startswith("keras.")
    if not of_keras and any(p.kind == p.VAR_KEYWORD for p in parameters):
        return None
    return [
        p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
