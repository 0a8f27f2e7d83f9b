"""Data and settings that several test modules share."""

import os

# TensorFlow's messages at start are no warnings of ours, and no news.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def series():
    """A table of 120 rows: two waves, and a target that is the first of them."""
    t = np.arange(120)
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "wave": np.sin(t / 3) + 0.05 * rng.normal(size=120),
            "slow": 10 * np.cos(t / 15),
        }
    )
    return X, X["wave"]


@pytest.fixture
def sequences():
    """60 sequences (8 steps, 3 features) whose class is the sign of a mean."""
    rng = np.random.default_rng(1)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 8, 3)) + np.where(y, 1.0, -1.0)[:, None, None]
    return X, y
