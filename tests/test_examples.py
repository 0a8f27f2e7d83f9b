"""The examples run as a user runs them, and do what they say."""

import pathlib
import re
import subprocess
import sys

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


def run(script):
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=True,
        cwd=EXAMPLES.parent,
    )
    assert "oneDNN" not in done.stderr  # TensorFlow's lines at its start
    return done.stdout


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


def test_climate_beats_its_baselines_and_keeps_its_promise():
    picture = EXAMPLES / "climate.png"
    picture.unlink(missing_ok=True)
    out = run(EXAMPLES / "climate.py")
    assert "Nothing leaks" in out
    table = out.split("Mean absolute error")[1].split("\n\n")[0]
    errors = {
        name: float(re.search(rf"{name} +(\d\.\d+)", table)[1])
        for name in ("LSTM", "Ridge", "seasonal naive")
    }
    assert errors["LSTM"] < errors["Ridge"] < errors["seasonal naive"]
    held = int(re.search(r"promise 80 % held (\d+)%", out)[1])
    assert 70 <= held <= 90
    assert out.count("2002-") == 24  # the months after the last, of both series
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_airline_beats_holt_winters_and_keeps_its_promise():
    picture = EXAMPLES / "airline.png"
    picture.unlink(missing_ok=True)
    out = run(EXAMPLES / "airline.py")
    lstm, holt_winters, last_year = (
        float(re.search(rf"{name} +(\d+\.\d)", out)[1])
        for name in ("LSTM", "Holt-Winters", "last year")
    )
    assert lstm < holt_winters < last_year
    assert int(re.search(r"promise 80 % held (\d+)%", out)[1]) >= 70
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_digits_end_well():
    assert "Done in" in run(EXAMPLES / "digits.py")
