"""Containers, numbers and strings as one text of JSON, beside all that is none."""

import json

# The keys of dicts that stand for an object, and for one that is beside the text.
KIND, PART = "sklstm.kind", "sklstm.part"

# Of these types alone, no subclasses: JSON would not keep them.
_OF_JSON = {type(None), bool, int, float, str}


def as_text(thing):
    """Return a text, and the list of all in it that is none of Python's plain values.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm._stored._text import as_text, from_text
    >>> text, parts = as_text({"shape": (2, None), "values": np.arange(2)})
    >>> text
    '{"shape":{"sklstm.part":["tuple",2,null]},"values":{"sklstm.part":0}}'
    >>> parts
    [array([0, 1])]
    >>> from_text(text, parts)
    {'shape': (2, None), 'values': array([0, 1])}
    """
    parts, numbers = [], {}

    def plain(one):
        if type(one) in _OF_JSON:
            return one
        if type(one) is list:
            return [plain(value) for value in one]
        if type(one) is dict:
            return {key: plain(value) for key, value in one.items()}
        if type(one) is tuple:
            return {PART: ["tuple", *(plain(value) for value in one)]}
        if id(one) not in numbers:
            numbers[id(one)] = len(parts)
            parts.append(one)
        return {PART: numbers[id(one)]}

    return json.dumps(plain(thing), separators=(",", ":")), parts


def from_text(text, parts):
    """Return what :func:`as_text` was given."""

    def whole(one):
        if PART not in one:
            return one
        part = one[PART]
        return tuple(part[1:]) if isinstance(part, list) else parts[part]

    return json.loads(text, object_hook=whole)
