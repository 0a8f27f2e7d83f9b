"""Measure sklstm beside its peers: ``python benchmarks/run.py [measure ...]``.

Each contender runs in a process of its own, with its best documented setting of
threads; rounds alternate the contenders, and medians are reported, with their ratio to
sklstm's. Results go to ``benchmarks/RESULTS.md``, in the place of earlier ones of the
same measure. The peers need ``pip install skorch torch skforecast`` besides
``pip install ".[benchmarks]"`` (skforecast asks for pandas 2: give it an environment of
its own); one that is not installed is left out.
"""

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

import architectures
import lstm_fcn

HERE = pathlib.Path(__file__).parent
SIZES = [(50, 1, 50, 32), (50, 10, 64, 32), (24, 8, 128, 64), (100, 5, 256, 32)]
SIZES += [(50, 10, 64, 256)]
# Units and batch sizes of the comparison with Keras.
LARGE = [(8, 1024), (32, 1024), (8, 4096), (32, 4096), (64, 4096), (256, 4096)]
OURS = "sklstm"
BOTH = [OURS, "sklstm, TensorFlow's threads"]
SEARCHERS = [*BOTH, "SciKeras", "skorch", "skorch, 1 thread"]
# joblib tells its workers how many threads to use.
WORKERS = [OURS, "SciKeras", "skorch"]
TRAINERS = [*BOTH, "Keras", "Keras, XLA", "PyTorch", "PyTorch, 1 thread", "BLAS"]
PREDICTORS = SEARCHERS
CUTTERS = [OURS, "sklstm, flatten=True", "pandas"]
SPLITTERS = [OURS, "sklstm, PurgedKFold", "scikit-learn, by rows"]
_ONE = {"n_entities": 1, "n_rows": 10_000, "n_folds": 100}
_MANY = {"n_entities": 1000, "n_rows": 1000, "n_folds": 10}
BACKTESTS = {
    "one series of 10,000 rows, 100 folds of 24 steps": {**_ONE, "refit": False},
    "the same, each fold fitted": {**_ONE, "refit": True},
    "the same, fitted once, an LSTM": {**_ONE, "refit": False, "model": "LSTM"},
    "1,000 entities x 1,000 rows, 10 folds of 24 steps": {**_MANY, "refit": False},
    "the same, every fifth fold fitted": {**_MANY, "refit": 5},
}
REMEMBERERS = [OURS, "Keras", "Keras, batches from the table"]


def table_of_measures():
    """Give all rows: measure, title, arguments, contenders, rounds, quantity."""
    rows = [
        ("search", "one job", {}, SEARCHERS, 3, "seconds"),
        ("search", "2 processes", {"n_jobs": 2}, WORKERS, 3, "seconds"),
    ]
    threads = {"n_jobs": 2, "backend": "threading"}
    rows += [("search", "2 threads", threads, BOTH, 3, "seconds")]
    for size in SIZES:
        steps, features, units, batch = size
        title = f"{steps} x {features}, {units} units, batch {batch}"
        rows += [("epoch", title, {"size": size}, TRAINERS, 3, "seconds")]
    for units, batch in LARGE:
        arguments = {"size": (24, 8, units, batch), "n_samples": 8192}
        title = f"24 x 8, {units} units, batch {batch}"
        rows += [("large_batch", title, arguments, [OURS, "Keras"], 3, "seconds")]
    for kernels in (None, "AVX2"):
        for cell in architectures.CELLS:
            for units in (32, 64):
                title = f"{cell}, {units} units" + (f", {kernels}" if kernels else "")
                arguments = {"cell": cell, "units": units, "kernels": kernels}
                on_torch = cell in architectures.OF_PYTORCH
                contenders = [OURS, "PyTorch" if on_torch else "Keras"]
                rows += [("cell", title, arguments, contenders, 3, "seconds")]
    for network in architectures.NETWORKS:
        arguments = {"network": network}
        rows += [("architecture", network, arguments, [OURS, "Keras"], 3, "seconds")]
    for network in lstm_fcn.NETWORKS:
        arguments = {"network": network}
        contenders = [*BOTH, "Keras", "PyTorch"]
        rows += [("lstm_fcn", network, arguments, contenders, 3, "seconds")]
    rows += [("texts", "12,000 texts, one epoch", {}, [OURS, "Keras"], 3, "seconds")]
    starters = [OURS, "SciKeras", "skorch"]
    rows += [("start", "first fit of a process", {}, starters, 3, "seconds")]
    for units in (16, 32):
        rows += [("update", f"{units} units", {"units": units}, BOTH, 3, "seconds")]
    rows += [("overhead", "1 epoch, 64 windows", {}, PREDICTORS, 3, "seconds")]
    for n in (1, 10_000):
        title = f"{n:,} windows of 24 x 3"
        rows += [("predict", title, {"n_samples": n}, PREDICTORS, 3, "seconds")]
    rows += [
        ("memory", "300,000 x 8, window 96", {}, REMEMBERERS, 1, "MiB"),
        ("resident", "fits 100 to 500, each of another network", {}, [OURS], 1, "MiB"),
    ]
    for n_rows in (10_000, 100_000, 1_000_000):
        arguments = {"n_rows": n_rows, "window_length": 24}
        rows += [("growth", f"{n_rows:,} rows", arguments, [OURS], 1, "seconds")]
    for length in (24, 96, 384):
        arguments = {"n_rows": 100_000, "window_length": length}
        rows += [("growth", f"window {length}", arguments, [OURS], 1, "seconds")]
    many = {"n_entities": 1000, "n_rows": 1000}
    thousand = "1,000 entities x 1,000 rows"
    rows += [
        ("panel_windows", f"{thousand}, window 24", many, CUTTERS, 3, "seconds"),
        ("splits", f"{thousand}, 5 folds", many, SPLITTERS, 3, "seconds"),
    ]
    for n in (1, 1000):
        rows += [("push", f"{n:,} rows", {"n_entities": n}, [OURS], 3, "seconds")]
    for title, arguments in BACKTESTS.items():
        rows += [("backtest", title, arguments, [OURS, "skforecast"], 3, "seconds")]
    return rows


def available(contender):
    """Tell whether a contender is installed."""
    needs = {"skorch": ["skorch", "torch"], "PyTorch": ["torch"]}
    needs["skforecast"] = ["skforecast"]
    needed = needs.get(contender.split(",")[0], [])
    return all(importlib.util.find_spec(name) is not None for name in needed)


def run_one(measure, contender, arguments):
    """Run one contender in a fresh process, and give its numbers."""
    command = [sys.executable, "-W", "ignore", str(HERE / "run.py"), "--one"]
    command += [measure, contender, json.dumps(arguments)]
    # SciKeras on Keras tells of retracing at length.
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    # Modules that are imported late are compiled once, as for a user.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if contender.endswith("TensorFlow's threads"):
        environment["SKLSTM_THREADS"] = "tensorflow"
    if arguments.get("kernels"):
        environment["ONEDNN_MAX_CPU_ISA"] = arguments["kernels"]
        environment["ATEN_CPU_CAPABILITY"] = arguments["kernels"].lower()
    result = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False
    )
    if result.returncode:
        raise RuntimeError(f"{measure}, {contender}:\n{result.stderr[-4000:]}")
    return json.loads(result.stdout.splitlines()[-1])


def measure_row(measure, arguments, contenders, rounds):
    """Alternate the contenders; give the results of each."""
    results = {contender: [] for contender in contenders if available(contender)}
    for _ in range(rounds):
        for contender, found in results.items():
            found.append(run_one(measure, contender, arguments))
    return results


def report(rows, before=""):
    """Write the results as Markdown.

    Parameters
    ----------
    rows : list of (str, str, str, dict)
        Measure, title, quantity and results.

    before : str, default=""
        An earlier report, whose sections on other measures stay.

    Returns
    -------
    str
        The report.
    """
    found = re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", before, re.MULTILINE)
    sections = {title: text.strip() for title, text in found}
    for measure in dict.fromkeys(row[0] for row in rows):
        lines = [f"{_circumstances()}.", ""]
        lines += [
            "| what | contender | median | smallest, largest | to sklstm | also |"
        ]
        lines += ["|---|---|---|---|---|---|"]
        for _, title, quantity, results in (row for row in rows if row[0] == measure):
            lines += _lines_of(title, quantity, results)
        sections[measure.replace("_", " ").capitalize()] = "\n".join(lines)
    parts = [_introduction()]
    parts += [f"## {title}\n\n{text}" for title, text in sections.items()]
    return "\n\n".join(parts) + "\n"


def _introduction():
    import contenders

    lines = ["# Results", "", __doc__.split("\n\n")[1].strip(), ""]
    lines += [
        "Beside the time of a search stands its score (minus a mean squared error):",
        "the same work was done, though sklstm alone standardizes the target. An epoch",
        "of sklstm includes its checks of X and y, and half of making a network.",
        "",
        "| contender | threads |",
        "|---|---|",
        *(f"| {name} | {threads} |" for name, threads in contenders.SETTINGS.items()),
    ]
    return "\n".join(lines)


def _circumstances():
    names = (
        "scikit-learn",
        "tensorflow",
        "keras",
        "numpy",
        "scikeras",
        "torch",
        "skorch",
        "pandas",
        "skforecast",
    )
    versions = [
        f"{name} {importlib.metadata.version(name)}"
        for name in names
        if importlib.util.find_spec(name.replace("scikit-learn", "sklearn"))
    ]
    machine = f"{os.cpu_count()} cores ({platform.machine()})"
    python = f"Python {platform.python_version()}"
    today = str(datetime.date.today())
    return ", ".join([today, machine, python, *versions, _commit()])


def _commit():
    """Return the short name of the commit; the version outside a checkout."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    found = subprocess.run(command, cwd=HERE, text=True, capture_output=True)
    if found.returncode == 0:
        return found.stdout.strip()
    return f"sklstm {importlib.metadata.version('sklstm')}"


def _lines_of(title, quantity, results):
    ours = statistics.median(result[quantity] for result in results[OURS])
    for contender, of_contender in results.items():
        found = [result[quantity] for result in of_contender]
        others = {**of_contender[-1], quantity: None}
        also = ", ".join(f"{k} {v:.3g}" for k, v in others.items() if v is not None)
        middle = statistics.median(found)
        ratio = f"{middle / ours:.2f}" if ours > 0 else ""
        spread = f"{_shown(min(found), quantity)}, {_shown(max(found), quantity)}"
        shown = _shown(middle, quantity)
        yield f"| {title} | {contender} | {shown} | {spread} | {ratio} | {also} |"


def _shown(number, quantity):
    if quantity == "MiB":
        return f"{number:.1f} MiB"
    return f"{number * 1000:.2f} ms" if number < 1 else f"{number:.2f} s"


def main():
    """Run what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    known = list(dict.fromkeys(row[0] for row in table_of_measures()))
    parser.add_argument("measures", nargs="*", help=f"of {known}; all by default")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        import contenders
        import measures

        measure, contender, keywords = arguments.one
        contenders.prepare(contender)
        result = getattr(measures, measure)(contender, **json.loads(keywords))
        print(json.dumps(result))
        return
    if unknown := {*arguments.measures} - {*known}:
        parser.error(f"there is no measure {sorted(unknown)}; known are {known}")
    done = []
    for measure, title, keywords, names, rounds, quantity in table_of_measures():
        if arguments.measures and measure not in arguments.measures:
            continue
        results = measure_row(measure, keywords, names, rounds)
        done.append((measure, title, quantity, results))
        print("\n".join(_lines_of(title, quantity, results)), flush=True)
        file = HERE / "RESULTS.md"
        file.write_text(report(done, file.read_text() if file.exists() else ""))


if __name__ == "__main__":
    main()
