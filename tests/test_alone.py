"""A sample's prediction has the same bits in any company, on every kernel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("alone.py")


@pytest.mark.parametrize("isa", ["SSE41", "AVX2", "DEFAULT"])
@pytest.mark.parametrize("onednn", ["0", "1"])
def test_a_prediction_has_the_same_bits_in_any_company(onednn, isa):
    # Half of the runs with the threads of TensorFlow's own choice, half with ours.
    threads = ["threads"] if (onednn == "1") == (isa == "AVX2") else []
    environment = {
        **os.environ,
        "TF_ENABLE_ONEDNN_OPTS": onednn,
        "ONEDNN_MAX_CPU_ISA": isa,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, PROGRAM, *threads],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "differ: []\n"
