"""A sample's prediction has the same bits in any company, on every kernel."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sklstm.networks import NetworkSpec
from sklstm.training._forward import Forward

PROGRAM = Path(__file__).with_name("alone.py")


# Each kind of kernels once: all pairs would take a sixth of the whole suite.
@pytest.mark.parametrize(
    ("onednn", "isa"), [("0", "SSE41"), ("1", "AVX2"), ("1", "DEFAULT")]
)
def test_a_prediction_has_the_same_bits_in_any_company(onednn, isa):
    # Some with the threads of TensorFlow's own choice, some with ours.
    threads = "sklstm" if (onednn == "1") == (isa == "AVX2") else "tensorflow"
    environment = {
        **os.environ,
        "TF_ENABLE_ONEDNN_OPTS": onednn,
        "ONEDNN_MAX_CPU_ISA": isa,
        "SKLSTM_THREADS": threads,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "differ: []\n"


def test_blocks_of_other_bits_are_not_taken(monkeypatch):
    forward = Forward(NetworkSpec(1, 1, (32,)), 1)

    def call(variables, values, blocks, n_timesteps):
        outputs = np.arange(float(blocks.shape[0] * blocks.shape[2]))
        return np.nextafter(outputs, 1e6) if blocks.shape[2] == 4 else outputs

    monkeypatch.setattr(forward, "_call", call)
    assert forward._gives_same_bits(2, 0)
    assert not forward._gives_same_bits(4, 0)


def test_outputs_that_are_all_alike_tell_nothing_of_blocks(monkeypatch):
    # As those of dead units are, whatever was rounded before.
    forward = Forward(NetworkSpec(1, 1, (32,)), 1)
    monkeypatch.setattr(forward, "_call", lambda *arguments: np.zeros(128))
    assert not forward._gives_same_bits(2, 0)


def test_blocks_whose_last_sample_has_other_bits_now_and_then_are_not_taken(
    monkeypatch,
):
    # As where a thread computes by other code what fills no vector.
    forward, n_calls = Forward(NetworkSpec(1, 1, (57,)), 2), 0

    def call(variables, values, blocks, n_timesteps):
        nonlocal n_calls
        outputs = np.arange(1.0, blocks.shape[0] * blocks.shape[2] + 1)
        if blocks.shape[2] == 192:
            last = 1 + np.arange(n_calls, n_calls + len(blocks))
            n_calls += len(blocks)
            odd = np.flatnonzero(last % 20 == 0)
            outputs[192 * odd + 191] = np.nextafter(outputs[192 * odd + 191], 0)
        return outputs

    monkeypatch.setattr(forward, "_call", call)
    assert not forward._gives_same_bits(192, 0)
