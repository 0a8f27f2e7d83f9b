"""The documentation holds: pages run, hang together, and name everything public."""

import importlib
import re
import tomllib

import pytest
from matplotlib import pyplot as plt
from pages import ROOT, run_blocks

import sklstm

DOCS = ROOT / "docs"
GUIDE = [DOCS / "index.md", *sorted((DOCS / "guide").glob("*.md"))]
REFERENCE = sorted((DOCS / "reference").glob("*.rst"))
NO_PAGES = {"_build", "_templates", "backreferences", "gallery", "generated"}

# Rooms without an underscore are public, whatever their names.
ROOMS = [
    path.name
    for path in sorted((ROOT / "sklstm").iterdir())
    if (path / "__init__.py").is_file() and not path.name.startswith("_")
]


def name_of(page):
    return page.relative_to(DOCS).with_suffix("").as_posix()


# ------------------------------------------------------------------------------- pages
@pytest.mark.filterwarnings("ignore:.* missing within X")  # of purged folds
@pytest.mark.parametrize("page", GUIDE, ids=name_of)
def test_python_blocks_of_a_page_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # pages may write files
    run_blocks(page)
    plt.close("all")


def test_the_small_table_is_what_sliding_window_gives():
    text = (DOCS / "guide" / "windows.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| ((?:nan|\d| )+) \|$", text, re.MULTILINE)
    windows = sklstm.SlidingWindow(3).fit_transform([[10], [20], [30], [40]])
    assert len(rows) == 4
    for row, text in rows:
        shown = " ".join(f"{value:g}" for value in windows[int(row), :, 0])
        assert shown == text


def test_what_the_page_of_windows_prints_is_shown_below(capsys):
    page = (DOCS / "guide" / "windows.md").read_text(encoding="utf-8")
    printed = re.search(r"```text\n(.*?)\n```", page, re.DOTALL)[1]
    run_blocks(DOCS / "guide" / "windows.md")
    assert printed in capsys.readouterr().out


# --------------------------------------------------------------------------- structure
def pages():
    """Return the pages that are written by hand, by their names without suffix."""
    return {
        name_of(path): path
        for suffix in ("md", "rst")
        for path in DOCS.rglob(f"*.{suffix}")
        if not NO_PAGES & set(path.relative_to(DOCS).parts)
        and path != DOCS / "README.md"
    }


def entries_of_toctrees(name, path):
    """Return the pages that the toctrees of a page name."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL)
    blocks += re.findall(r"\.\. toctree::\n((?:\n|   .*\n)+)", text)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    folder = name.rpartition("/")[0]
    return {
        f"{folder}/{line}".lstrip("/")
        for line in lines
        if line and not line.startswith(":")
    }


def test_every_page_is_in_a_toctree_and_every_entry_is_a_page():
    found = pages()
    named = set.union(*(entries_of_toctrees(*page) for page in found.items()))
    assert named - {"gallery/index"} == set(found) - {"index"}  # made by the build


@pytest.mark.parametrize("page", GUIDE, ids=name_of)
def test_links_of_the_guide_lead_to_files(page):
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link


# --------------------------------------------------------------------------- reference
def documented():
    """Return the whole names that the tables of the reference list."""
    names, entry = set(), re.compile(r"   (\w+)")
    for path in REFERENCE:
        module, in_table = None, False
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"\.\. (?:current)?module:: (\S+)", line):
                module = match[1]
            if line.startswith(".. "):
                in_table = line == ".. autosummary::"
            elif in_table and (match := entry.fullmatch(line)):
                names.add(f"{module}.{match[1]}")
    return names


def test_the_top_level_is_in_the_reference():
    names = {f"sklstm.{name}" for name in sklstm.__all__ if name[0] != "_"}
    assert names <= documented()


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_of_a_room_is_in_the_reference(room):
    module = importlib.import_module(f"sklstm.{room}")
    listed = [name.rpartition(".") for name in documented()]
    for name in module.__all__:
        elsewhere = [where for where, _, short in listed if short == name]
        assert any(
            getattr(importlib.import_module(where), name) is getattr(module, name)
            for where in elsewhere
        ), f"sklstm.{room}.{name} is not in docs/reference"


def test_the_reference_lists_nothing_that_is_gone():
    for name in documented():
        module, _, short = name.rpartition(".")
        assert hasattr(importlib.import_module(module), short), name


def test_what_builds_them_is_in_the_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    packages = " ".join(project["optional-dependencies"]["docs"])
    conf = (DOCS / "conf.py").read_text(encoding="utf-8")
    for extension in ("myst_parser", "numpydoc", "sphinx_copybutton", "sphinx_design"):
        assert f'"{extension}"' in conf
        assert extension.replace("_", "-") in packages
    assert "pydata-sphinx-theme" in packages
    assert "sphinx-gallery" in packages
