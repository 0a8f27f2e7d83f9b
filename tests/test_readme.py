"""The README holds: its code runs, its commands are of this project, it stays short."""

import re
import tomllib

import pytest
from pages import ROOT, run_blocks

import sklstm

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_python_block_runs_one_after_the_other():
    assert run_blocks(ROOT / "README.md") >= 3


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


def test_it_is_short():
    assert len(README.splitlines()) <= 200
