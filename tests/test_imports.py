"""Which module may import which, and what an import may cost."""

import ast
import pathlib
import subprocess
import sys

import pytest

import sklstm

PACKAGE = pathlib.Path(sklstm.__file__).parent

# The arrows of the design: a room, and the rooms it may import.
MAY_IMPORT = {
    "_compat": {"_garbage"},
    "sequences": set(),
    "_geometry": set(),
    "_window_step": {"_geometry"},
    "_validation": {"sequences"},
    "_multistep": {"_geometry"},
    "_series": {"_stored", "_validation"},
    "preprocessing": {
        "sequences",
        "_compat",
        "_fit_task",
        "_geometry",
        "_multistep",
        "_series",
        "_stored",
        "_validation",
        "_window_step",
    },
    "_fit_task": {"_compat"},
    "_pipeline": {"_window_step"},
    "model_selection": {
        "_compat",
        "_geometry",
        "_multistep",
        "_pipeline",
        "_series",
        "_validation",
    },
    "forecasting": {
        "estimators",  # the baselines, which need no TensorFlow
        "model_selection",
        "preprocessing",
        "sequences",
        "_compat",
        "_fit_task",
        "_multistep",
        "_pipeline",
        "_series",
        "_stored",
        "_validation",
        "_window_step",
    },
    "inspection": {
        "forecasting",
        "_compat",
        "_geometry",
        "_pipeline",
        "_series",
        "_validation",
    },
    "metrics": {"_validation"},
    "networks": {"_compat", "_stored"},
    "training": {"sequences", "networks", "_compat", "_stored"},
    "_scikeras": {"_compat", "_routed", "_stored", "_versions"},
    "_routed": set(),
    "_garbage": set(),
    "_stored": {"_compat", "_versions"},
    "_versions": set(),
    "_show_versions": set(),
    "estimators": {
        "sequences",
        "networks",
        "training",
        "_compat",
        "_fit_task",
        "_multistep",
        "_routed",
        "_scikeras",
        "_stored",
        "_validation",
    },
}
NUMPY_ONLY = {"sequences", "_geometry", "_window_step"}


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def imported_libraries(path):
    """Return the libraries that a file imports, also through `_compat`."""
    libraries = set()
    for module in imported_modules(path):
        root, *inner = module.split(".")
        if inner[:1] == ["_compat"]:
            libraries.add(inner[-1])
        elif root != "sklstm":
            libraries.add(root)
    return libraries - set(sys.stdlib_module_names)


SOURCES = [p for p in sorted(PACKAGE.rglob("*.py")) if room_of(p) != "__init__"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_the_rooms_behind_it(path):
    room = room_of(path)
    ours = {m.split(".")[1] for m in imported_modules(path) if m.startswith("sklstm.")}
    assert ours <= MAY_IMPORT[room] | {room}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_lower_rooms_import_one_library(path):
    room = room_of(path)
    outside = imported_libraries(path)
    if room in NUMPY_ONLY:
        assert outside <= {"numpy"}
    if room == "networks":  # TensorFlow for its fused operations
        assert outside <= {"keras", "numpy", "tensorflow"}
    if room in (
        "forecasting",
        "inspection",
        "metrics",
        "model_selection",
        "preprocessing",
        "_series",
    ):
        assert not outside & {"keras", "scikeras", "tensorflow"}
    if room == "_compat" and path.stem != "__init__":
        assert outside == {path.stem}


def private_uses(path):
    """Yield private modules, names and members of other libraries that a file uses."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            names = [prefix + alias.name for alias in node.names]
            yield from (n for n in names if n.split(".")[0] in LIBRARIES and private(n))
        elif isinstance(node, ast.Attribute) and private(node.attr):
            of_self = isinstance(node.value, ast.Name) and node.value.id == "self"
            of_others = node.attr in MEMBERS_IN_COMPAT and not of_self
            if of_others or node.attr not in OUR_MEMBERS:
                yield node.attr


def private(name):
    parts = name.split(".")
    hidden = any(part[0] == "_" and not part.endswith("__") for part in parts)
    return hidden or "src" in parts or parts[:2] == ["tensorflow", "python"]


def defined_members(path):
    """Yield the members that a file defines or sets on objects of ours."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id  # in the body of a class
        elif isinstance(node, ast.keyword | ast.arg):
            yield node.arg


LIBRARIES = {"keras", "scikeras", "sklearn", "tensorflow"}
OUTSIDE_COMPAT = [path for path in SOURCES if room_of(path) != "_compat"]
OUR_MEMBERS = {name for path in OUTSIDE_COMPAT for name in defined_members(path)}
MEMBERS_IN_COMPAT = {
    node.attr
    for path in SOURCES
    if room_of(path) == "_compat"
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.Attribute) and private(node.attr)
}


@pytest.mark.parametrize(
    "path", OUTSIDE_COMPAT, ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_private_members_of_other_libraries_are_used_in_one_room(path):
    assert not list(private_uses(path))


@pytest.mark.parametrize(
    "statement",
    [
        "import sklstm",
        "import sklstm; dir(sklstm)",
        "import sklstm.forecasting",
        "import sklstm.inspection",
        "import sklstm.metrics",
        "import sklstm.model_selection",
        "import sklstm.preprocessing",
        "import sklstm.sequences",
        "import sklstm.estimators; dir(sklstm.estimators)",
        "from sklstm import PerFeatureScaler, SlidingWindow",
        "from sklstm import CompleteCaseRegressor, NaiveForecaster",
    ],
)
def test_preparing_data_imports_no_tensorflow(statement):
    script = (
        f"{statement}\nimport sys\n"
        "print([m for m in ('tensorflow', 'keras', 'scikeras') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_all_public_names_resolve_and_are_listed():
    for name in sklstm.__all__:
        assert getattr(sklstm, name) is not None
        assert name in dir(sklstm)


def test_submodules_resolve():
    for name in MAY_IMPORT:
        if not name.startswith("_"):
            assert getattr(sklstm, name).__name__ == f"sklstm.{name}"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'GRURegressor'"):
        sklstm.GRURegressor  # noqa: B018


def test_folders_of_tests_are_rooms():
    tests = pathlib.Path(__file__).parent
    folders = {path.name for path in tests.iterdir() if any(path.glob("test_*.py"))}
    rooms = {room.lstrip("_") for room in MAY_IMPORT}
    assert folders <= rooms | {"benchmarks", "engines", "fuzz", "interop"}


def test_the_map_names_every_room():
    text = (pathlib.Path(__file__).parents[1] / "CONTRIBUTING.md").read_text()
    table = text.split("## Map\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    rooms = [room.strip(" `") for row in rows for room in row.split(",")]
    assert sorted(rooms) == sorted(MAY_IMPORT)


def private_members(tree):
    """Return names with one underscore that are read from other objects than self."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            of_self = isinstance(node.value, ast.Name) and node.value.id in (
                "self",
                "cls",
            )
            if not node.attr.startswith("__") and not of_self:
                yield node.attr


def names_made(tree):
    """Return the names of functions, classes, variables and attributes made here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


@pytest.mark.parametrize("room", sorted(set(MAY_IMPORT) - {"_compat"}))
def test_a_room_uses_no_private_member_of_another(room):
    trees = [ast.parse(path.read_text()) for path in SOURCES if room_of(path) == room]
    used = {name for tree in trees for name in private_members(tree)}
    assert used <= {name for tree in trees for name in names_made(tree)}


COLLECTIONS = """
import gc, sys, sklstm
def count(): return gc.get_stats()[0]["collections"]
before = count()
{script}
print(gc.isenabled(), count() - before)
"""


def collections_in(script):
    """Return whether Python collects garbage after a script, and how often within."""
    command = [sys.executable, "-c", COLLECTIONS.format(script=script)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    is_enabled, n_collections = found.stdout.split()
    return is_enabled == "True", int(n_collections)


def test_an_import_pauses_garbage_collection():
    is_enabled, n_collections = collections_in("sklstm.LSTMRegressor")
    assert is_enabled
    assert n_collections <= 1


BY_NAME = """
import pandas, sklearn.metrics, sklearn.pipeline
before = count()
import sklstm.estimators.{module}
"""


@pytest.mark.parametrize("module", ["_regressor", "_classifier", "_tagger"])
def test_an_import_by_name_pauses_garbage_collection(module):
    """As that of a worker of joblib, which reads a pickle."""
    is_enabled, n_collections = collections_in(BY_NAME.format(module=module))
    assert is_enabled
    assert n_collections < 50


def test_garbage_collection_is_as_before_after_an_import():
    is_enabled, _ = collections_in("gc.disable()\nsklstm.LSTMRegressor")
    assert not is_enabled
    fails = "sys.modules['tensorflow'] = None\ntry: sklstm.LSTMRegressor\n"
    is_enabled, _ = collections_in(f"{fails}except ImportError: failed = True\nfailed")
    assert is_enabled


YOUNG = """
import gc, sys
import sklstm
{before}
sklstm.LSTMRegressor
young = len(gc.get_objects(0)) + len(gc.get_objects(1))
print(young, len(gc.get_objects()), gc.get_freeze_count())
"""


def objects_after(before):
    """Return the numbers of young, of all, and of frozen objects after an import."""
    command = [sys.executable, "-c", YOUNG.format(before=before)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return map(int, found.stdout.split())


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="generations are others")
def test_objects_of_an_import_are_old():
    """Collections of young objects in the first fit do not search them."""
    n_young, n_objects, _ = objects_after("")
    assert n_young < n_objects / 20


def test_what_a_user_froze_stays_frozen():
    _, _, n_frozen = objects_after("import pandas; gc.freeze()")
    assert n_frozen > 10_000


PAUSES = """
import gc, sys, threading
from sklstm._garbage import without_garbage_collection
sys.setswitchinterval(1e-6)
def run():
    for _ in range(2000):
        with without_garbage_collection():
            assert not gc.isenabled()
threads = [threading.Thread(target=run) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_garbage_collection_is_on_after_imports_in_threads():
    is_enabled, _ = collections_in(PAUSES)
    assert is_enabled
