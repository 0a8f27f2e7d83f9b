"""Optimizers, losses, metrics and callbacks of Keras in files.

They are stored by their public names and their configs, as the modules that define them
move between versions of Keras. A config can't name other code: what is of no known
module of Keras is stored as it is, so that a safe loader asks the user to trust it.
"""

import types

import keras

from sklstm._compat.keras import attributes_of, forget_model
from sklstm._stored import describe, makes
from sklstm.training._optimizer import optimizer_config, optimizer_from_config
from sklstm.training._schedule import Settings, config_is_complete, config_of

# Modules whose classes and functions neither read nor write files.
_MODULES = {
    "losses": keras.losses,
    "metrics": keras.metrics,
    "optimizers": keras.optimizers,
    "optimizers.schedules": keras.optimizers.schedules,
    "regularizers": keras.regularizers,
}
# Of other modules, those that do not either, and what their state holds.
_OTHERS = {
    ("callbacks", "EarlyStopping"): keras.callbacks.EarlyStopping,
    ("callbacks", "ReduceLROnPlateau"): keras.callbacks.ReduceLROnPlateau,
    ("callbacks", "TerminateOnNaN"): keras.callbacks.TerminateOnNaN,
    ("ops", "greater"): keras.ops.greater,
    ("ops", "less"): keras.ops.less,
}


def public_name(thing):
    """Return the name of a class or function within Keras; None for others."""
    name = getattr(thing, "__name__", None)
    if name is None or name in ("deserialize", "get", "serialize"):
        return None
    places = {path: getattr(module, name, 0) for path, module in _MODULES.items()}
    places |= {path: found for (path, n), found in _OTHERS.items() if n == name}
    path = next((path for path, found in places.items() if found is thing), None)
    return None if path is None else f"{path}.{name}"


@makes("keras")
def by_public_name(path):
    """Return what has a name; raise ValueError if it is of no module that is known."""
    place, _, name = path.rpartition(".")
    found = _OTHERS.get((place, name), getattr(_MODULES.get(place), name, None))
    if public_name(found) is None:
        raise ValueError(
            f"The file names keras.{path}, which Keras {keras.__version__} does not "
            "have, or which is no optimizer, loss or metric."
        )
    return found


@describe.register(type)
@describe.register(types.FunctionType)
def _(thing):
    name = public_name(thing)
    return None if name is None else ("keras", name)


# ----------------------------------------------------------------------------- objects
def is_plain(config):
    """Return whether a config names no class but public ones of Keras."""
    if isinstance(config, (list, tuple)):
        return all(map(is_plain, config))
    if not isinstance(config, dict):
        return config is None or isinstance(config, (bool, int, float, str))
    if "class_name" in config or "module" in config:
        module, name = str(config.get("module")), str(config.get("class_name"))
        known = module.startswith("keras.") and module[6:] in _MODULES
        known = known and hasattr(_MODULES[module[6:]], name)
        if not known or config.get("registered_name") is not None:
            return False
    return all(map(is_plain, config.values()))


def _check_plain(config):
    if not is_plain(config):
        raise ValueError(
            "The file holds the config of an object of Keras that names other code; it "
            f"is not one that sklstm has written: {config!r}."
        )


@describe.register(keras.losses.Loss)
@describe.register(keras.metrics.Metric)
def _(thing):
    name = public_name(type(thing))
    if name is None or not config_is_complete(thing):
        return None
    config = config_of(thing)
    return ("keras object", [name, config]) if is_plain(config) else None


@makes("keras object")
def _(state):
    name, config = state
    _check_plain(config)
    return by_public_name(name).from_config(dict(config))


@describe.register(keras.optimizers.Optimizer)
def _(optimizer):
    kind, config, undecayed = optimizer_config(optimizer)
    name = public_name(kind)
    if name is None or not is_plain(config):
        return None
    return "keras optimizer", [name, config, undecayed]


@makes("keras optimizer")
def _(state):
    name, config, undecayed = state
    _check_plain(config)
    return optimizer_from_config(by_public_name(name), config, undecayed)


@describe.register(keras.callbacks.Callback)
def _(callback):
    name = public_name(type(callback))
    if name is None:
        return None
    # Functions within functions have no name; the begin of a training makes them anew.
    attributes = {
        n: value
        for n, value in attributes_of(callback).items()
        if "<locals>" not in getattr(value, "__qualname__", "")
    }
    return "keras callback", [name, attributes]


@makes("keras callback")
def _(state):
    name, attributes = state
    callback = object.__new__(by_public_name(name))
    vars(callback).update(attributes)
    forget_model(callback)
    return callback


# ---------------------------------------------------------------- of a trained network
@describe.register(Settings)
def _(settings):
    if public_name(settings.optimizer) is None or not is_plain(settings.config):
        return None
    return "settings", dict(vars(settings))


@makes("settings")
def _(state):
    _check_plain(state["config"])
    return Settings(**state)
