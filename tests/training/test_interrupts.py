"""Faults from outside: forks, Ctrl-C, callbacks that fail."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from sklstm import LSTMRegressor
from sklstm.training import Schedule
from sklstm.training._call_size import CallSize

BEGIN = """
import os, pickle, signal, sys, threading, time
import numpy as np
from sklstm import LSTMRegressor
from sklstm.sequences import SequenceTable
X = np.random.default_rng(0).normal(size=(30, 4, 1)).astype("float32")
model = LSTMRegressor(units=3, epochs=1, random_state=0)
"""


def printed_by(script):
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + script],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# ------------------------------------------------------------------------------- forks
IN_CHILD = """
child = os.fork()
if not child:
    signal.alarm(100)  # so that what hangs dies
    try:
        {call}
        print("done", flush=True)
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")


@needs_fork
def test_a_child_of_a_process_that_has_computed_says_that_it_cannot():
    calls = [
        "model.predict(X)",
        "model.fit(X, X[:, 0, 0])",
        "model.model_",
        "pickle.loads(pickle.dumps(model)).predict(X)",
    ]
    script = "model.fit(X, X[:, 0, 0])\n"
    script += "\n".join(IN_CHILD.format(call=call) for call in calls)
    script += "\nprint(model.predict(X).shape)"
    *told, last = printed_by(script)
    assert len(told) == len(calls)
    for line in told:
        assert line.startswith(
            "TensorFlow can't compute in this process: it was forked"
        )
        assert "load or fit the model in the child" in line
    assert last == "(30,)"


@needs_fork
def test_a_child_of_a_process_that_has_not_computed_may():
    call = "print(model.fit(X, X[:, 0, 0]).predict(X).shape)"
    assert printed_by(IN_CHILD.format(call=call)) == ["(30,)", "done"]


# ------------------------------------------------------------------------------ Ctrl-C
LONG = """
import sklstm.training as training
from sklstm.networks import NetworkSpec
import keras
n, T = 3_000_000, 24
values = np.random.default_rng(0).normal(size=(n + T, 1)).astype("float32")
table = SequenceTable(values, np.arange(n), np.full(n, T))
network = training.Network(NetworkSpec(1, 1, (16,)), 0)
at = []
def press():
    at.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
pressing = threading.Timer(6, press)
try:
    {call}
except KeyboardInterrupt:
    print(time.monotonic() - at[0])
"""

CALLS = {
    "train": """samples = training.Samples(table, values[:n])
    schedule = training.Schedule(keras.optimizers.Adam(), "mse", 1, 32, 0)
    pressing.start()
    network.train(samples, schedule)""",
    "predict": """pressing.start()
    network.predict(table)""",
}


@pytest.mark.parametrize("call", [*CALLS])
def test_ctrl_c_is_heard_soon(call):
    # Either would take minutes; a second on a machine that does nothing else.
    (seconds,) = printed_by(LONG.format(call=CALLS[call]))
    assert float(seconds) < 5


def test_calls_cover_all_pieces_in_order():
    call_size = CallSize(n_steps=2**12)
    for n in (1, 5, 1000):
        pieces = [i for low, high in call_size.calls(0, n) for i in range(low, high)]
        assert pieces == [*range(n)]


def test_the_first_call_of_a_wide_network_is_short():
    # Its speed is not known yet; 40 such batches took 45 seconds.
    batch, weights = 32 * 50, 3_150_000
    assert next(CallSize(batch, weights).calls(0, 40)) == (0, 1)
    assert next(CallSize(batch, 1_000).calls(0, 40)) == (0, 10)


@pytest.mark.parametrize("validation_split", [0.0, 0.3])
def test_an_epoch_in_pieces_has_the_bits_of_one_call(monkeypatch, validation_split):
    def fitted():
        X = np.random.default_rng(0).normal(size=(60, 5, 2)).astype("f")
        model = LSTMRegressor(
            units=4,
            epochs=3,
            dropout=0.2,
            batch_size=7,
            random_state=0,
            validation_split=validation_split,
        ).fit(X, X[:, -1, 0])
        return model.model_.get_weights(), model.history_

    weights, history = fitted()
    monkeypatch.setattr("sklstm.training._call_size._FIRST_STEPS", 1)
    monkeypatch.setattr("sklstm.training._call_size._SECONDS", 0.0)
    weights_of_pieces, history_of_pieces = fitted()
    for one, other in zip(weights, weights_of_pieces, strict=True):
        np.testing.assert_array_equal(one, other)
    assert history == history_of_pieces


# -------------------------------------------------------------------- failing callbacks
class Fails(keras.callbacks.Callback):
    """Raises what it is told at the given call of a hook."""

    def __init__(self, hook, call, error):
        super().__init__()
        self.left, self.error = call, error
        setattr(self, hook, self.fail)

    def fail(self, *_, **__):
        """Count down, and raise."""
        self.left -= 1
        if self.left < 0:
            raise self.error("by hand")


HOOKS = [
    ("on_train_begin", 0),
    ("on_epoch_begin", 0),
    ("on_epoch_begin", 1),
    ("on_train_batch_begin", 3),
    ("on_train_batch_end", 0),
    ("on_test_begin", 1),
    ("on_test_batch_end", 0),
    ("on_test_end", 0),
    ("on_epoch_end", 0),
    ("on_epoch_end", 2),
    ("on_train_end", 0),
]


@pytest.mark.filterwarnings("ignore:partial_fit and warm_start train the network alone")
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize(("hook", "call"), HOOKS)
def test_a_callback_that_fails_leaves_no_trace(hook, call, error):
    X = np.random.default_rng(0).normal(size=(40, 4, 2)).astype("f")
    y = X[:, -1, 0]
    settings = {"epochs": 3, "batch_size": 8, "validation_split": 0.25}
    model = LSTMRegressor(units=3, random_state=0, **settings).fit(X, y)
    before, kept = model.predict(X), set(vars(model))
    model.set_params(callbacks=[Fails(hook, call, error)])
    # An epoch, not validated, is all that `partial_fit` trains.
    trains = [model.fit, model.partial_fit]
    for train in trains[: 1 if call or "test" in hook else 2]:
        with pytest.raises(error, match="by hand"):
            train(X[::-1], y)
        assert set(vars(model)) == kept
        np.testing.assert_array_equal(model.predict(X), before)
    model.set_params(callbacks=None)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), before)


# ------------------------------------------------------------------------------- bounds
def test_a_number_of_epochs_that_nobody_lives_to_see_is_refused():
    with pytest.raises(ValueError, match=r"epochs must be an int from 1 to 10,000,000"):
        Schedule(keras.optimizers.Adam(), "mse", 10**20, 32, 0)
    model = LSTMRegressor(epochs=10**20)
    with pytest.raises(
        ValueError, match=r"epochs must be .* got 100000000000000000000"
    ):
        model.fit(np.zeros((3, 2, 1)), [1.0, 2.0, 3.0])
