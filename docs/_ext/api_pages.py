"""Pages of the API: what a class shows, and docstrings of other projects."""

import importlib
import re

import sklstm

ROOMS = [
    "forecasting",
    "preprocessing",
    "estimators",
    "model_selection",
    "metrics",
    "inspection",
    "sequences",
    "networks",
    "training",
]
SHOWN = {"sklstm", "sklearn", "scikeras"}  # methods of keras.Layer are Keras's to show
ROUTING = re.compile(r"get_metadata_routing|set_\w+_request")
ROLE = re.compile(r":(?:\w+:)?\w+:`~?\.?([^`<]*?)(?: ?<[^`]*>)?`")


def project_of(member):
    """Return the name of the package that defines a function, method or property."""
    member = getattr(member, "fget", member)
    member = getattr(member, "__func__", member)
    return (getattr(member, "__module__", None) or "").partition(".")[0]


def skip_member(app, what, name, member, skip, options):
    """Leave out what classes inherit from Keras, and methods of metadata routing."""
    if skip or ROUTING.fullmatch(name):
        return True
    return None if project_of(member) in SHOWN else True


def unlink_docstrings_of_others(app, what, name, member, options, lines):
    """Turn roles of inherited docstrings, which lead into other manuals, into text."""
    if what != "module" and project_of(member) in SHOWN - {"sklstm"}:
        lines[:] = ROLE.sub(r"``\1``", "\n".join(lines)).split("\n")


def documented_name(name, documented):
    """Return the name under which the reference has a public name, or None."""
    room, _, short = name.rpartition(".")
    if room.partition(".")[0] != "sklstm":
        return None
    candidates = ["sklstm", *(f"sklstm.{other}" for other in ROOMS)]
    for candidate in candidates:
        if f"{candidate}.{short}" in documented:
            ours = getattr(importlib.import_module(room), short, None)
            if ours is getattr(importlib.import_module(candidate), short):
                return f"{candidate}.{short}"
    return None


def find_by_another_name(app, env, node, content):
    """Resolve `sklstm.preprocessing.SlidingWindow`, which is `sklstm.SlidingWindow`."""
    if node.get("refdomain") != "py":
        return None
    python = env.get_domain("py")
    target = documented_name(node["reftarget"], python.objects)
    if target is None:
        return None
    where = node["refdoc"], app.builder, "obj", target
    return python.resolve_xref(env, *where, node, content)


def public_names():
    """Map each name that a user's code has, short and whole, to its place."""
    places = {name: f"sklstm.{name}" for name in sklstm.__all__ if name[0] != "_"}
    for room in ROOMS[:6]:
        for name in importlib.import_module(f"sklstm.{room}").__all__:
            places.setdefault(name, f"sklstm.{room}.{name}")
    places["use_threads"] = "sklstm.training.use_threads"
    return places | {place: place for place in places.values()}


def setup(app):
    """Connect the functions above to Sphinx."""
    app.connect("autodoc-skip-member", skip_member)
    app.connect("autodoc-process-docstring", unlink_docstrings_of_others, priority=400)
    app.connect("missing-reference", find_by_another_name)
    return {"version": "1", "parallel_read_safe": True}
