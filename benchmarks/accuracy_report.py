"""The section of ``benchmarks/RESULTS.md`` on accuracy."""

import statistics

import numpy as np
import peer_forecasters
from real_series import Regression
from results_file import put
from run import _circumstances

OURS = "sklstm"
ABOUT = """\
Errors over those of the best baseline on the same windows: below 1 is better than all
of them. Mean absolute errors, but of etth1, whose are mean squared ones (standardized
by the train rows, 96 hours to 24, as published); of shops they are over the scale of
the shop. sklstm is `SlidingWindow -> PerFeatureScaler -> LSTMRegressor`, nothing set
but `random_state`: the mean of {seeds} seeds, smallest and largest beside it. The first
0.7 of the rows are for training, and forecasts are made from every later row without
training again (but where a peer is called refitted). Baselines: the mean, the last
value, the last season, and RidgeCV on flat windows, as they are or relative to their
last row. The best is chosen by the test rows, so it is a little better than a choice in
advance. Peers see the target alone; their lags are our window. A star: of every so many
origins one is forecast from, because the peer forecasts them one at a time (at most
150); all that the ratio is made of is then of the same origins. Seconds of fit are by
the clock for sklstm, what it compiles included, and of the processor for peers."""


def write(done, kept):
    """Write the section, in the place of an earlier one.

    Parameters
    ----------
    done : list of Series or Regression
        What was measured.

    kept : Kept
        Errors and seconds of sklstm, of the baselines and of peers.
    """
    put("Accuracy", section(done, kept))


def section(done, kept):
    """Return the section as Markdown, without its title."""
    seeds = max(len(kept.runs(task, OURS)) for task in done)
    versions = dict.fromkeys(
        run["version"]
        for peer in _peers(done, kept)
        for task in done
        for run in kept.runs(task, peer)
        if "version" in run
    )
    told = "".join(f", {version}" for version in versions)
    parts = [f"{_circumstances()}{told}.", ABOUT.format(seeds=seeds)]
    parts += ["\n".join(_ratios(done, kept)), "\n".join(_lost(done, kept))]
    parts += ["\n".join(_contenders(done, kept)), "\n".join(_particular(done, kept))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _peers(done, kept):
    """Return the peers that have runs."""
    there = {name for task in done for name in kept.contenders(task)}
    return [name for name in peer_forecasters.peers() if name in there]


def _ratios(done, kept):
    """Return the table of ratios, a row for each series."""
    peers = _peers(done, kept)
    header = ["series", "train rows", "steps", "best baseline", "its error", OURS]
    header += ["seeds", *peers]
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for task in done:
        name, best = kept.best_baseline(task)
        each = [error / best for error in kept.errors(task, OURS)]
        row = [task.name, f"{task.n_train:,}", str(getattr(task, "steps", ""))]
        row += [name, f"{best:.4g}", f"{kept.ratio(task):.3f}"]
        row += [f"{min(each):.3f}, {max(each):.3f}"]
        row += [_cell(task, kept, peer) for peer in peers]
        yield "| " + " | ".join(row) + " |"


def _cell(task, kept, peer):
    if not kept.runs(task, peer):
        return ""
    star = "*" if kept.every(task, peer) > 1 else ""
    return f"{kept.ratio(task, peer):.3f}{star}"


def _lost(done, kept):
    """Tell where sklstm loses: to the best baseline, and to the best of the peers."""
    lost = {task.name: kept.ratio(task) for task in done if kept.ratio(task) > 1}
    said = ", ".join(f"{name} {ratio:.3f}" for name, ratio in lost.items())
    yield f"Lost to the best baseline: {len(lost)} of {len(done)} ({said or 'none'})."
    beaten = []
    for task in done:
        of_peers = {
            peer: kept.ratio(task, peer)
            for peer in _peers(done, kept)
            if kept.runs(task, peer)
        }
        if not of_peers:
            continue
        best = min(of_peers, key=of_peers.get)
        every = kept.every(task, best)
        ours = kept.error(task, OURS, every=every)
        if (theirs := kept.error(task, best, every=every)) < ours:
            beaten.append(f"{task.name} ({best}, {theirs / ours:.3f} of our error)")
    yield f"Lost to the best of all peers: {'; '.join(beaten) or 'none'}."


def _contenders(done, kept):
    """Return the table of contenders: sklstm beside each on the same series."""
    header = ["contender", "series", "geometric mean", "sklstm on the same"]
    header += ["sklstm is better on", "fit, median", "longest"]
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for name in [OURS, *_peers(done, kept)]:
        own = [task for task in done if kept.runs(task, name)]
        theirs, ours = [], []
        for task in own:
            every = kept.every(task, name)
            best = kept.best_baseline(task, every=every)[1]
            theirs.append(kept.ratio(task, name))
            ours.append(kept.error(task, OURS, every=every) / best)
        won = sum(a < b for a, b in zip(ours, theirs, strict=True))
        seconds = [run["seconds"] for task in own for run in kept.runs(task, name)]
        row = [name, str(len(own)), f"{_mean(theirs):.3f}", f"{_mean(ours):.3f}"]
        row += ["" if name == OURS else str(won)]
        row += [f"{statistics.median(seconds):.2f} s", f"{max(seconds):.1f} s"]
        yield "| " + " | ".join(row) + " |"


def _particular(done, kept):
    """Return what is of one series: scales, published errors, forecasts fed back."""
    forecasts = [task for task in done if not isinstance(task, Regression)]
    ratios = [kept.ratio(task) for task in forecasts]
    if forecasts:
        yield f"- Geometric mean of the {len(ratios)} forecasts: {_mean(ratios):.3f}."
    for task in forecasts:
        error = kept.error(task, OURS)
        if task.squared:
            yield f"- {task.name}: mean squared error {error:.4f}."
        if task.scales is not None:
            yield f"- {task.name}, {_of_scales(task, kept)}."
        for name in ("Holt-Winters", "Holt-Winters, refitted"):
            if task.recursive and kept.runs(task, name):
                ratio = error / kept.error(task, name)
                yield f"- {task.name}: {ratio:.2f} of the error of {name}."


def _of_scales(task, kept):
    said = []
    for scale in np.unique(task.scales):
        own = task.scales == scale
        ratio = kept.error(task, OURS, own) / kept.error(task, "last season", own)
        said.append(f"{scale:g}: {ratio:.3f}")
    return "error over that of the last season, by scale: " + ", ".join(said)


def _mean(ratios):
    return float(np.exp(np.mean(np.log([*ratios]))))
