"""Measure classifiers beside baselines: ``python benchmarks/classification.py``.

Accuracy on the test samples of each set at the defaults, over some seeds, with log loss
and expected calibration error, and balanced accuracy where a class is rare. Beside it
the most frequent class and the nearest neighbour under dynamic time warping.

``--data DIR`` adds the sets of a folder of ``.ts`` files. Peers run in an environment
of their own and need no sklstm: ``pip install aeon``, then ``--peers --kept
peers.json``. With ``--kept ours.json --beside peers.json --report`` all goes into
``benchmarks/RESULTS.md``.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's notes at its start

import class_report
import classifiers
import numpy as np
from class_scores import mean, scores
from classifiers import OURS
from command_line import named, setting
from kept import Runs
from labelled_series import labelled_series


def measure(task, kept, seeds, parameters=None):
    """Classify a set by the baselines and by sklstm, unless that is kept."""
    measure_once(classifiers.baselines(), task, kept)
    done = {run["seed"] for run in kept.runs(task, OURS)}
    for seed in range(seeds):
        if seed not in done:
            predicted, seconds = classifiers.sklstm(task, seed, parameters)
            keep(task, OURS, predicted, seconds, kept, seed=seed)


def measure_once(contenders, task, kept):
    """Classify a set by each of some contenders, unless that is kept."""
    for name, classify in contenders.items():
        if not kept.runs(task, name):
            version = classifiers.version(name)
            keep(task, name, *classify(task), kept, version=version)


def keep(task, contender, predicted, seconds, kept, **more):
    """Keep the scores and the seconds of a run."""
    run = {"seconds": round(seconds, 4), **more}
    kept.keep(task, contender, run | scores(task.split[3], *predicted))


HEADER = (
    f"{'set':26} {'acc.':>5} {'least':>5} {'bal.':>5} {'loss':>6} {'cal.':>5}"
    f" {'most s':>6} {'least':>6}   {'DTW':>5} {'major':>5}"
)


def line(task, kept):
    """Return a set's row of the table."""
    runs = kept.runs(task, OURS)
    seconds = [run["seconds"] for run in runs]
    balanced = mean(task, kept, OURS, "balanced_accuracy") if task.imbalanced else ""
    return (
        f"{task.name:26} {mean(task, kept, OURS):5.3f}"
        f" {min(run['accuracy'] for run in runs):5.3f} {_number(balanced):>5}"
        f" {mean(task, kept, OURS, 'log_loss'):6.3f}"
        f" {mean(task, kept, OURS, 'calibration_error'):5.3f}"
        f" {max(seconds):6.2f} {min(seconds):6.2f}  "
        f" {mean(task, kept, classifiers.DTW):5.3f}"
        f" {mean(task, kept, classifiers.MAJORITY):5.3f}"
    )


def _number(score):
    return score if score == "" else f"{score:.3f}"


def summary(done, kept):
    """Return the means over all sets."""
    of_all = {
        score: np.mean([mean(task, kept, OURS, score) for task in done])
        for score in ("accuracy", "balanced_accuracy", "log_loss", "calibration_error")
    }
    said = ", ".join(f"{name} {score:.4f}" for name, score in of_all.items())
    return f"means of {len(done)}: {said}"


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", help="names of sets")
    parser.add_argument("--seeds", type=int, default=5, help="fits of each (5)")
    parser.add_argument("--kept", help="a file of JSON: what is there is not run again")
    parser.add_argument("--data", help="a folder of files *_TRAIN.ts and *_TEST.ts")
    parser.add_argument(
        "--set",
        nargs="+",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help="parameters of LSTMClassifier or of the pipeline",
    )
    parser.add_argument(
        "--peers", action="store_true", help="run peers in place of sklstm"
    )
    parser.add_argument("--beside", nargs="+", default=[], help="files kept of peers")
    parser.add_argument(
        "--report", action="store_true", help="write benchmarks/RESULTS.md"
    )
    return parser


def main():
    """Run what is asked for on the command line."""
    arguments = _parser().parse_args()
    kept = Runs(arguments.kept)
    done = named(labelled_series(arguments.data), arguments.only)
    if arguments.peers:
        if not (peers := classifiers.peers()):
            raise SystemExit("No peer is installed: pip install aeon.")
        for task in done:
            measure_once(peers, task, kept)
            for name in peers:
                print(f"{task.name:26} {name} {mean(task, kept, name):.3f}", flush=True)
        return
    print(HEADER)
    for task in done:
        measure(task, kept, arguments.seeds, dict(arguments.set))
        print(line(task, kept), flush=True)
    print(summary(done, kept))
    for file in arguments.beside:
        kept.merge(Runs(file))
    if arguments.report:
        class_report.write(done, kept)


if __name__ == "__main__":
    main()
