"""The examples of the gallery have its form, and use what is public.

Building the documentation runs them all; here run those that fit no network.
"""

import ast
import importlib
import pathlib
import re
import runpy

import pytest

GALLERY = pathlib.Path(__file__).parent.parent / "examples" / "gallery"
EXAMPLES = sorted(GALLERY.glob("*.py"))
QUICK = [GALLERY / "plot_windows.py"]
MOST_LINES = 140  # with the text

of_each = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=path.name)


def title_and_text(path):
    """Return the title of an example, the line below it, and what follows."""
    title, line, text = ast.get_docstring(tree_of(path)).split("\n", 2)
    return title, line, text.strip()


def public_names(module):
    """Return what a module of sklstm offers."""
    return {name for name in dir(importlib.import_module(module)) if name[0] != "_"}


def test_there_are_examples_of_every_kind():
    assert len(EXAMPLES) >= 9
    assert (GALLERY / "GALLERY_HEADER.rst").is_file()
    assert all(re.fullmatch(r"plot_[a-z_]+\.py", path.name) for path in EXAMPLES)


def test_titles_differ():
    titles = {title_and_text(path)[0] for path in EXAMPLES}
    assert len(titles) == len(EXAMPLES)


@of_each
def test_an_example_begins_with_its_title(path):
    title, line, text = title_and_text(path)
    assert line == "=" * len(title)
    sentences = re.findall(r"[.?!](?=\s|$)", text)
    assert 2 <= len(sentences) <= 5
    assert "\n\n" not in text  # one paragraph, which the gallery shows as a whole


@of_each
def test_an_example_has_text_between_its_code_and_is_short(path):
    compile(path.read_text(encoding="utf-8"), path.name, "exec")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES
    blocks = [i for i, line in enumerate(lines) if line == "# %%"]
    assert len(blocks) >= 3
    assert any(lines[i + 1].startswith("# ") for i in blocks)
    assert "plt.show()" in lines


@of_each
def test_an_example_uses_public_names_alone(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                assert "._" not in alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert "._" not in node.module
            if node.module.split(".")[0] == "sklstm":
                names = {alias.name for alias in node.names}
                assert names <= public_names(node.module), path.name
        elif isinstance(node, ast.Attribute):
            assert node.attr[0] != "_" or node.attr == "__name__"


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_a_quick_example_runs(path, monkeypatch):
    import matplotlib as mpl

    monkeypatch.setitem(mpl.rcParams, "backend", "agg")
    from matplotlib import pyplot as plt

    drawn = []
    monkeypatch.setattr(plt, "show", lambda: drawn.append(plt.gcf()))
    try:
        runpy.run_path(str(path))
    finally:
        plt.close("all")
    assert drawn
    assert all(figure.axes for figure in drawn)
