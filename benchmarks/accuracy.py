"""Measure forecasts beside baselines: ``python benchmarks/accuracy.py``.

Mean absolute errors of the default pipeline, over those of the best baseline on the
same windows, for each series; below 1 sklstm is better. The first 0.7 of the rows are
for training; every later row is an origin that steps are forecast from, directly (or
fed back, where the name says so). Best of: the mean of the train rows, last value, last
season, and RidgeCV on flat windows, as they are or relative to their last row.

Peers run in an environment of their own and need no sklstm:
``pip install statsmodels skforecast neuralforecast``, then ``--peers all --kept
peers.json``. With ``--kept ours.json --beside peers.json --report`` all goes into
``benchmarks/RESULTS.md``.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's notes at its start

import accuracy_report
import forecasters
import numpy as np
import peer_forecasters
from command_line import named, setting
from kept import BASELINES, Kept
from made_series import made_series, regressions
from real_series import Regression, ett, real_series

OURS = "sklstm"


def tasks(etth1=None, only=None):
    """Return all that is to be predicted, or what is named."""
    found = [*real_series(), *made_series(), *regressions()]
    found += [ett(etth1)] if etth1 else []
    return named(found, only)


def measure(task, kept, seeds, parameters=None):
    """Predict a task by the baselines and by sklstm, unless that is kept."""
    for name, (predicted, seconds) in _missing_baselines(task, kept):
        kept.add(task, name, predicted, seconds)
    done = {run["seed"] for run in kept.runs(task, OURS)}
    for seed in range(seeds):
        if seed not in done:
            predicted, seconds = forecasters.sklstm(task, seed, parameters)
            kept.add(task, OURS, predicted, seconds, seed)


def _missing_baselines(task, kept):
    if {*kept.contenders(task)} & {*BASELINES}:
        return ()
    return forecasters.baselines(task).items()


def measure_peer(name, task, kept):
    """Forecast a task by a peer, unless that is kept."""
    if peer_forecasters.takes(name, task) and not kept.runs(task, name):
        predicted, seconds, every = peer_forecasters.forecast(name, task)
        version = peer_forecasters.version(name)
        kept.add(task, name, predicted, seconds, every=every, version=version)
        run = kept.runs(task, name)[0]
        error = kept.error(task, name, every=run["every"])
        print(
            f"{task.name:26} {name:32} {error:10.4g} {run['seconds']:8.2f} s",
            flush=True,
        )


def line(task, kept):
    """Return a task's row of the table."""
    name, best = kept.best_baseline(task)
    runs = kept.runs(task, OURS)
    each = [error / best for error in kept.errors(task, OURS)]
    seconds = [run["seconds"] for run in runs]
    return (
        f"{task.name:26} {kept.ratio(task):7.3f}   {min(each):6.3f} to {max(each):6.3f}"
        f"   {kept.error(task, OURS):10.4g} {best:10.4g}  {name:16}"
        f" {max(seconds):6.2f} {min(seconds):6.2f}"
    )


def by_scale(task, kept):
    """Return, of a panel of several scales, a row for each: over the last season."""
    for scale in np.unique(task.scales):
        own = task.scales == scale
        ours = kept.error(task, OURS, own)
        naive = kept.error(task, "last season", own)
        yield (
            f"  of scale {scale:<15g} {kept.ratio(task, groups=own):7.3f}"
            f"   over the last season {ours / naive:.3f}"
        )


def summary(done, kept):
    """Return the geometric mean of the ratios, and where they are above 1.1."""
    ratios = {task.name: kept.ratio(task) for task in done}
    forecasts = [ratios[t.name] for t in done if not isinstance(t, Regression)]
    worse = {
        name: round(float(ratio), 3) for name, ratio in ratios.items() if ratio > 1.1
    }
    lines = [f"geometric mean of {len(ratios)}: {_geometric_mean(ratios.values()):.4f}"]
    if forecasts:
        mean = _geometric_mean(forecasts)
        lines += [f"of the {len(forecasts)} forecasts: {mean:.4f}"]
    lines += [f"above 1.1: {worse or 'none'}"]
    return "\n".join(lines)


def _geometric_mean(ratios):
    return np.exp(np.mean(np.log([*ratios])))


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", help="names of series")
    parser.add_argument("--seeds", type=int, default=3, help="fits of each (3)")
    parser.add_argument("--kept", help="a file of JSON: what is there is not run again")
    parser.add_argument("--etth1", help="path of ETTh1.csv, which is left out without")
    parser.add_argument(
        "--set",
        nargs="+",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help="parameters of LSTMRegressor or of the pipeline",
    )
    known = [*peer_forecasters.peers()]
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=["all", *known],
        help="run peers in place of sklstm",
    )
    parser.add_argument("--beside", nargs="+", default=[], help="files kept of peers")
    parser.add_argument(
        "--report", action="store_true", help="write benchmarks/RESULTS.md"
    )
    return parser


def main():
    """Run what is asked for on the command line."""
    arguments = _parser().parse_args()
    kept = Kept(arguments.kept)
    done = tasks(arguments.etth1, arguments.only)
    if arguments.peers:
        for name in peer_forecasters.peers():
            if {name, "all"} & {*arguments.peers}:
                for task in done:
                    measure_peer(name, task, kept)
        return
    print(
        f"{'series':26} {'ratio':>7}   {'seeds':>16}   {'error':>10} {'best':>10}"
        f"  {'baseline':16} {'most s':>6} {'least':>6}"
    )
    for task in done:
        measure(task, kept, arguments.seeds, dict(arguments.set))
        print(line(task, kept), flush=True)
        if getattr(task, "scales", None) is not None:
            print("\n".join(by_scale(task, kept)), flush=True)
    print(summary(done, kept))
    for file in arguments.beside:
        kept.merge(Kept(file))
    if arguments.report:
        accuracy_report.write(done, kept)


if __name__ == "__main__":
    main()
