"""Files about the project agree with each other."""

import datetime
import pathlib
import re

import pytest

import sklstm

ROOT = pathlib.Path(__file__).parents[1]
HEADING = r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$"
RELEASES = re.findall(HEADING, (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def release(version):
    """Return the numbers of a version, without a suffix such as ``.dev0``."""
    return tuple(int(number) for number in version.split(".")[:3])


def test_the_version_is_the_last_of_the_changelog_or_on_the_way_to_the_next():
    last = RELEASES[0][0]
    if sklstm.__version__.endswith(".dev0"):
        assert release(sklstm.__version__) > release(last)
    else:
        assert sklstm.__version__ == last


def test_releases_are_listed_from_the_last_to_the_first():
    days = [datetime.date.fromisoformat(day) for _, day in RELEASES]
    numbers = [release(version) for version, _ in RELEASES]
    assert days == sorted(days, reverse=True)
    assert numbers == sorted(numbers, reverse=True)


def test_the_last_release_is_cited():
    citation = (ROOT / "CITATION.cff").read_text()
    version, day = RELEASES[0]
    assert f"\nversion: {version}\n" in citation
    assert f"\ndate-released: {day}\n" in citation


@pytest.mark.parametrize("tool", ["ruff", "codespell"])
def test_hooks_have_the_versions_of_the_gate(tool):
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    rev = re.search(rf"/{tool}(?:-pre-commit)?\n +rev: v(.+)\n", hooks)[1]
    assert f"{tool}=={rev}" in (ROOT / ".ci" / "newest.txt").read_text().split()


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").iterdir()))
def test_workflows_use_files_that_exist(path):
    used = re.findall(r"\.ci/[\w.]+", path.read_text())
    assert used
    for file in used:
        assert (ROOT / file).is_file()


def test_the_core_names_files_that_exist():
    for line in (ROOT / ".ci" / "core.txt").read_text().splitlines():
        assert (ROOT / line).is_file()
