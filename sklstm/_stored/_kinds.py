"""Objects of ours as dicts of plain values, and back.

A file that names private classes, of ours or of other libraries, can't be read once
these have moved, and a safe loader asks the user to trust each of them. So a file holds
the name of a kind of object, such as "network", and its state: containers, numbers,
strings and arrays.
"""

import functools

import numpy as np

from sklstm._stored._text import KIND, PART, as_text, from_text

# Functions that make an object of its state, by the name of its kind.
_MAKERS = {}

# Lists of numbers or strings become arrays from this length on; strings of an array
# are all as long as the longest.
_LONG, _LONGEST_STRING = 8, 64
_ARRAY_KINDS = {float: "f", int: "i", str: "U", bool: "b"}


@functools.singledispatch
def describe(thing):
    """Return kind and state of an object; None leaves the object as it is."""
    return None


def makes(kind):
    """Register the function that makes an object of a kind from its state."""

    def register(function):
        _MAKERS[kind] = function
        return function

    return register


def stored_as(kind):
    """Register a class whose objects are made of what is in their `__dict__`.

    `__getstate__` and `__setstate__` are used, if the class defines them.
    """

    def register(cls):
        describe.register(cls, functools.partial(_describe_object, kind, cls))
        makes(kind)(functools.partial(_made, cls))
        return cls

    return register


def _describe_object(kind, cls, thing):
    if type(thing) is not cls:  # of a subclass, which is not known here
        return None
    own = getattr(cls, "__getstate__", None)
    defined = own is not getattr(object, "__getstate__", None)
    return kind, dict(thing.__getstate__() if defined else vars(thing))


def _made(cls, state):
    made = object.__new__(cls)
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
    else:
        vars(made).update(state)  # also of frozen dataclasses
    return made


def to_stored(thing):
    """Return an object without objects of known kinds, also not within containers."""
    return _as_texts(_to_stored(thing, {}), {})


def _to_stored(thing, memo):
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    if id(thing) in memo:
        return memo[id(thing)][0]
    if type(thing) is dict:
        stored = _stored_dict(thing, memo)
    elif type(thing) in (list, tuple):
        stored = _stored_sequence(thing, memo)
    else:
        found = describe(thing)
        stored = thing if found is None else _mark(*found, memo)
    memo[id(thing)] = stored, thing  # which must live as long as its id is used
    return stored


def _mark(kind, state, memo):
    return {KIND: kind, "state": _to_stored(state, memo)}


def _stored_dict(thing, memo):
    if all(type(key) is str for key in thing) and not {KIND, PART} & {*thing}:
        return {key: _to_stored(value, memo) for key, value in thing.items()}
    return _mark("dict", [list(thing), list(thing.values())], memo)


def _stored_sequence(thing, memo):
    array = _as_array(thing) if len(thing) >= _LONG else None
    if array is not None:
        return {KIND: type(thing).__name__, "state": array}
    return type(thing)(_to_stored(value, memo) for value in thing)


def _as_array(values):
    """Return a sequence of equal types as an array; None if it is not the same."""
    kinds = {*map(type, values)}
    kind = _ARRAY_KINDS.get(kinds.pop())
    if kinds or kind is None:
        return None
    if kind == "U" and max(map(len, values)) > _LONGEST_STRING:
        return None
    array = np.array(values)  # of floats for very large integers
    same = array.dtype.kind == kind and (kind == "f" or array.tolist() == list(values))
    return array if same else None


makes("list")(lambda array: array.tolist())
makes("tuple")(lambda array: tuple(array.tolist()))
makes("dict")(lambda pairs: dict(zip(*pairs, strict=True)))


def _as_texts(stored, memo):
    """Return what is stored with a text in place of each object and all within it.

    A safe loader takes a hundred bytes for each number, and more for each container.
    """
    if type(stored) not in (dict, list, tuple):
        return stored
    if id(stored) in memo:
        return memo[id(stored)]
    if type(stored) is not dict:
        found = type(stored)(_as_texts(value, memo) for value in stored)
    elif KIND not in stored:
        found = {key: _as_texts(value, memo) for key, value in stored.items()}
    elif isinstance(stored["state"], np.ndarray):
        found = stored
    else:
        text, parts = as_text(stored)
        found = {KIND: "text", "state": text, "parts": parts}
    memo[id(stored)] = found
    return found


def from_stored(stored):
    """Return what :func:`to_stored` was given.

    Raise ValueError if a kind is not known, as in a file of a later version.
    """
    return _from_stored(stored, {})


def _from_stored(stored, memo):
    if type(stored) not in (dict, list, tuple):
        return stored
    given = stored
    if id(given) in memo:
        return memo[id(given)]
    if type(stored) is not dict:
        made = type(stored)(_from_stored(value, memo) for value in stored)
    elif KIND in stored:
        kind = stored[KIND]
        if kind == "text":
            stored = from_text(stored["state"], stored["parts"])
            return memo.setdefault(id(given), _from_stored(stored, {}))
        if kind not in _MAKERS:
            raise ValueError(
                f"The file holds an object of the kind {kind!r}, which this version of "
                "sklstm does not know. Load it with the version that wrote it."
            )
        made = _MAKERS[kind](_from_stored(stored["state"], memo))
    else:
        made = {key: _from_stored(value, memo) for key, value in stored.items()}
    memo[id(given)] = made
    return made
