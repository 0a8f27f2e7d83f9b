"""The README holds: its code runs, its commands are of this project."""

import pathlib
import re
import tomllib

import pytest

import sklstm

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.filterwarnings("ignore:.* missing within X")  # of purged folds
def test_every_python_block_runs_one_after_the_other():
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) > 5
    namespace = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"README block {number}", "exec"), namespace)


def test_the_two_commands_stand_first_and_use_extras_that_exist():
    first, second = re.findall(r"```console\n(.*?)\n```", README, re.DOTALL)[:2]
    assert README.index(second) < README.index("```python")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for command in (first, second):
        for extra in re.findall(r"\[(\w+)\]", command):
            assert extra in project["optional-dependencies"]
    assert (ROOT / first.split()[-1]).is_file()


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_links_lead_to_files(link):
    assert (ROOT / link).exists()


def test_every_public_estimator_is_in_the_readme():
    for name in set(sklstm.__all__) - {"__version__", "SequenceTable"}:
        assert f"`{name}`" in README or f"{name}(" in README


def test_the_small_table_is_what_sliding_window_gives():
    rows = re.findall(r"^\| (\d) \| ((?:nan|\d| )+) \|$", README, re.MULTILINE)
    windows = sklstm.SlidingWindow(3).fit_transform([[10], [20], [30], [40]])
    assert len(rows) == 4
    for row, text in rows:
        shown = " ".join(f"{value:g}" for value in windows[int(row), :, 0])
        assert shown == text
