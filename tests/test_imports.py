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
    "sequences": set(),
    "_geometry": set(),
    "_window_step": {"_geometry"},
    "_validation": {"sequences"},
    "_multistep": {"_geometry"},
    "_series": {"_validation"},
    "preprocessing": {
        "sequences",
        "_geometry",
        "_multistep",
        "_series",
        "_validation",
        "_versions",
        "_window_step",
    },
    "_pipeline": {"_window_step"},
    "model_selection": {
        "_geometry",
        "_multistep",
        "_pipeline",
        "_series",
        "_validation",
    },
    "forecasting": {
        "model_selection",
        "preprocessing",
        "sequences",
        "_multistep",
        "_pipeline",
        "_series",
        "_validation",
        "_window_step",
    },
    "inspection": {"forecasting", "_geometry", "_pipeline", "_series", "_validation"},
    "metrics": {"_validation"},
    "networks": set(),
    "training": {"sequences", "networks"},
    "_scikeras": {"_routed", "_versions"},
    "_routed": set(),
    "_versions": set(),
    "estimators": {
        "sequences",
        "networks",
        "training",
        "_multistep",
        "_routed",
        "_scikeras",
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


SOURCES = [p for p in sorted(PACKAGE.rglob("*.py")) if room_of(p) != "__init__"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_the_rooms_behind_it(path):
    room = room_of(path)
    ours = {m.split(".")[1] for m in imported_modules(path) if m.startswith("sklstm.")}
    assert ours <= MAY_IMPORT[room] | {room}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_lower_rooms_import_one_library(path):
    room = room_of(path)
    roots = {module.split(".")[0] for module in imported_modules(path)}
    outside = roots - set(sys.stdlib_module_names) - {"sklstm"}
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
