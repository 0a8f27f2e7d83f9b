"""Data and settings that several test modules share."""

import os

# TensorFlow's messages at start are no warnings of ours, and no news.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

# The gate draws the same examples each time, so that a change is judged by what it
# changes. `--hypothesis-profile=fresh` draws new ones, many (see .ci/fresh_examples).
# How long an example takes says more about the machine than about the code.
UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("gate", derandomize=True, **UNTIMED)
settings.register_profile("fresh", max_examples=2000, print_blob=True, **UNTIMED)
settings.load_profile("gate")


@pytest.hookimpl(trylast=True)  # once hypothesis has marked its own
def pytest_collection_modifyitems(config, items):
    """Let a fresh run draw the profile's number of examples, whatever a test asks."""
    if config.getoption("--hypothesis-profile") != "fresh":
        return
    n_examples = settings.get_profile("fresh").max_examples
    for item in items:
        if item.get_closest_marker("hypothesis"):
            # A second @settings is refused, so its own are replaced.
            own = item.obj._hypothesis_internal_use_settings
            item.obj._hypothesis_internal_use_settings = settings(
                own, max_examples=max(n_examples, own.max_examples)
            )


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
