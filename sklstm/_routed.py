"""Arguments that are routed to classes of Keras, checked before these are called."""

import inspect
from numbers import Real

import keras


def check_takes(parameter, things, routed):
    """Refuse routed arguments that no class (or function) they go to takes.

    Parameters
    ----------
    parameter : str
        To which they are routed; for the message.

    things : type, function, or list or dict of such
        What is called with them.

    routed : dict
        Names, without the parameter's, and values.

    Raises
    ------
    ValueError
        Names the first that is not taken, and what is.
    """
    if isinstance(things, dict):
        places, things = list(things), list(things.values())
    else:
        things = list(things) if isinstance(things, (list, tuple)) else [things]
        places = [str(i) for i in range(len(things))]
    for name in routed:
        place, *rest = name.split("__")
        if rest and place in places:  # to one of several
            of, argument = [things[places.index(place)]], rest[0]
        else:
            of, argument = things, place
        if argument[:1].isdigit():  # the number of an argument without a name
            continue
        taken = [_arguments_of(thing) for thing in of]
        if all(argument in names for names in taken if names is not None):
            continue
        thing, names = next(
            (t, n) for t, n in zip(of, taken, strict=True) if n and argument not in n
        )
        raise ValueError(
            f"{parameter}__{name} is no argument of "
            f"{getattr(thing, '__name__', repr(thing))}, which takes "
            f"{', '.join(f'{parameter}__{one}' for one in names)}."
        )


def check_numbers(parameter, thing, routed):
    """Refuse text, lists and None where a class of Keras takes a number.

    Keras finds out in the midst of training, and names no parameter.

    Parameters
    ----------
    parameter : str
        To which they are routed; for the message.

    thing : type
        What is called with them.

    routed : dict
        Names, without the parameter's, and values.

    Raises
    ------
    TypeError
        Names the first that is no number.
    """
    if not getattr(thing, "__module__", "").startswith("keras."):
        return
    for name, value in routed.items():
        taken = inspect.signature(thing).parameters.get(name)
        if taken is None or name == "name" or isinstance(taken.default, bool):
            continue
        # What is None by default is a number too, of optimizers.
        optional = taken.default is None and parameter == "optimizer"
        if not optional and not isinstance(taken.default, Real):
            continue
        no_number = isinstance(value, (str, bytes, list, tuple, set, dict))
        if no_number or (value is None and not optional):
            allowed = "or None" if optional else f"such as {taken.default!r}"
            raise TypeError(
                f"{parameter}__{name} must be a number {allowed}, got {value!r}."
            )


def _arguments_of(thing):
    """Give the names that a class or function can be called with; None of others.

    Keras's optimizers list theirs, and take any name to complain of it.
    """
    if not callable(thing) or isinstance(thing, keras.callbacks.Callback):
        return None
    parameters = inspect.signature(thing).parameters.values()
    of_keras = (getattr(thing, "__module__", None) or "").startswith("keras.")
    if not of_keras and any(p.kind == p.VAR_KEYWORD for p in parameters):
        return None
    return [
        p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
