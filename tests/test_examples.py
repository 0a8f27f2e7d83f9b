"""The examples run as a user runs them, and do what they say."""

import pathlib
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


def run(script):
    return subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=True,
        cwd=EXAMPLES.parent,
    ).stdout


def test_quickstart_beats_its_baselines_and_draws_a_picture():
    picture = EXAMPLES / "quickstart.png"
    picture.unlink(missing_ok=True)
    out = run(EXAMPLES / "quickstart.py")
    table = out.split("in the folds")[1].split("in the last")[0]
    means = {
        line.split("   ")[0]: float(line.split()[-1])
        for line in table.splitlines()
        if line.startswith(("LSTM", "Ridge", "last value"))
    }
    best = min(error for name, error in means.items() if name.startswith("LSTM"))
    assert len(means) == 6
    assert best < means["Ridge"] < means["last value"]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("script", ["digits.py"])
def test_other_examples_end_well(script):
    assert "Done in" in run(EXAMPLES / script)
