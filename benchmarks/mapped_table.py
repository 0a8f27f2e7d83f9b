"""A table in a file that is larger than the memory: trained on and predicted.

``python benchmarks/mapped_table.py`` writes a table of 2 GiB of float32, and trains on
it in processes of their own: in memory without a limit, and from the mapped file
without and with a limit of 1.5 GiB, on the memory that a process may allocate
(`RLIMIT_DATA`: all that is not a file or a program, whether in use or not) and, for
root on Linux with control groups of version 1, on all of its memory, pages of files
included (`--cgroup`).
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

LIMIT = 1536 * 2**20
GROUP = pathlib.Path("/sys/fs/cgroup/memory/sklstm-benchmark")


def write_table(path, n_bytes, n_features):
    """Write a table of random walks, kept near zero, with `numpy.save`."""
    n_rows = n_bytes // 4 // n_features
    shape = n_rows, n_features
    table = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    generator = np.random.default_rng(0)
    for first in range(0, n_rows, 2**18):
        part = table[first : first + 2**18]
        part[:] = generator.standard_normal(part.shape, np.float32)
        part[1:] += part[:-1]
    table.flush()


def fit(path, how, n_samples, units, defaults):
    """Train on windows of a table, predict, and return times and memory."""
    if how == "limit":
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    if how == "cgroup":
        (GROUP / "cgroup.procs").write_text("0")
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow

    plain = {"linear_skip": 0, "target_feature": None, "window_norm": None}
    plain = {} if defaults else {**plain, "patch_size": 1}
    pipe = make_pipeline(
        SlidingWindow(96),
        PerFeatureScaler(),
        LSTMRegressor(units, epochs=1, random_state=0, **plain),
    )
    X = np.load(path, mmap_mode=None if how == "memory" else "r")
    y = np.full(len(X), np.nan, np.float32)
    some = np.sort(np.random.default_rng(1).choice(len(X), n_samples, replace=False))
    y[some] = X[some, 0]
    found = {}
    windows = timed(found, "prepare", lambda: pipe[:-1].fit_transform(X, y))
    timed(found, "fit", lambda: pipe[-1].fit(windows, y))
    epoch = pipe[-1].set_params(warm_start=True)
    timed(found, "one more epoch", lambda: epoch.fit(windows, y))
    rows = windows[len(X) // 2 : len(X) // 2 + 100_000]
    timed(found, "predict 100,000", lambda: pipe[-1].predict(rows))
    weights = pipe[-1].model_.get_weights()
    found["sum of weights"] = float(sum(np.abs(w).astype(float).sum() for w in weights))
    return {**found, **memory()}


def timed(found, name, function):
    """Call a function, and put its time in seconds into `found`."""
    began = time.perf_counter()
    result = function()
    found[name] = round(time.perf_counter() - began, 3)
    return result


def memory():
    """Return memory of this process in MiB: allocated, anonymous, and largest RSS."""
    status = pathlib.Path("/proc/self/status").read_text()
    lines = dict(line.split(":", 1) for line in status.splitlines())
    names = {"VmData": "allocated now", "RssAnon": "anonymous now", "VmHWM": "RSS"}
    return {n: int(lines[key].split()[0]) // 1024 for key, n in names.items()}


def main():
    """Run one process for each way, or the way that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=2.0)
    parser.add_argument("--features", type=int, default=8)
    parser.add_argument("--samples", type=int, default=200_000)
    parser.add_argument("--units", type=int, default=8)
    parser.add_argument("--defaults", action="store_true", help="with a linear part")
    parser.add_argument("--cgroup", action="store_true", help="as root on Linux")
    parser.add_argument("--table", help="a file that exists; else one is written")
    parser.add_argument("--how", help="memory, file, limit or cgroup; default: several")
    arguments = parser.parse_args()
    if arguments.table and arguments.how:
        numbers = arguments.samples, arguments.units, arguments.defaults
        print(json.dumps(fit(arguments.table, arguments.how, *numbers)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.table or f"{folder}/table.npy"
        if not arguments.table:
            write_table(path, int(arguments.gib * 2**30), arguments.features)
        ways = [arguments.how] if arguments.how else ["memory", "file", "limit"]
        if arguments.cgroup:
            ways.append("cgroup")
            GROUP.mkdir(exist_ok=True)
            (GROUP / "memory.limit_in_bytes").write_text(str(LIMIT))
        for how in ways:
            run = [sys.executable, __file__, *sys.argv[1:], "--table", path]
            run += ["--how", how]
            done = subprocess.run(run, capture_output=True, text=True, check=False)
            lines = done.stdout.splitlines() or done.stderr.splitlines()
            print(f"{how:7}", lines[-1] if lines else done.returncode, flush=True)
        if arguments.cgroup:
            GROUP.rmdir()


if __name__ == "__main__":
    main()
