"""What is printed for a report of a bug is so."""

import os
import pathlib
import platform
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version

import sklstm

PYPROJECT = pathlib.Path(__file__).parents[1] / "pyproject.toml"


def shown(capsys):
    sklstm.show_versions()
    lines = capsys.readouterr().out.splitlines()
    pairs = [line.split(":", 1) for line in lines if line[0] == " "]
    return {name.strip(): value.strip() for name, value in pairs}


def test_python_sklstm_and_what_it_depends_on_are_shown(capsys):
    values = shown(capsys)
    assert values["python"].startswith(platform.python_version())
    assert values["machine"] == platform.platform()
    assert values["CPUs"] == str(os.cpu_count())
    assert values["sklstm"] == sklstm.__version__
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    for requirement in project["dependencies"]:
        name = re.match(r"[\w-]+", requirement)[0]
        assert values[name] == version(name)


def test_what_a_user_may_add_is_shown_where_it_is_installed(capsys):
    assert shown(capsys)["optuna"] == version("optuna")


def test_a_package_that_is_not_there_is_told_or_left_out(monkeypatch, capsys):
    monkeypatch.setattr("sklstm._show_versions._REQUIRED", ("no-such-package",))
    monkeypatch.setattr("sklstm._show_versions._OPTIONAL", ("nor-this-one",))
    values = shown(capsys)
    assert values["no-such-package"] == "not installed"
    assert "nor-this-one" not in values


def test_the_environment_is_shown_where_it_says_something(monkeypatch, capsys):
    monkeypatch.setenv("SKLSTM_THREADS", "tensorflow")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    values = shown(capsys)
    assert values["SKLSTM_THREADS"] == "tensorflow"
    assert "KERAS_BACKEND" not in values


def test_the_command_of_the_issue_form_imports_no_tensorflow():
    form = PYPROJECT.parent / ".github" / "ISSUE_TEMPLATE" / "bug.yml"
    command = re.search(r'python -c "(.+)"', form.read_text())[1]
    count = "import sys; print({'tensorflow', 'keras'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", f"{command}; {count}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"sklstm: {sklstm.__version__}\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"
