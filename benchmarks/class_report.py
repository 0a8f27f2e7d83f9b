"""The section of ``benchmarks/RESULTS.md`` on classifiers."""

import classifiers
from class_scores import mean
from classifiers import OURS
from results_file import put
from run import _circumstances

ABOUT = """\
Accuracy on test samples: sklstm is `PerFeatureScaler -> LSTMClassifier`, with
`PadSequences` before it where lengths are unequal, nothing set but `random_state`: the
mean of {seeds} seeds, the least beside it, with log loss and expected calibration error
(15 bins of the greatest probability, Guo et al. 2017). Sets of a capital letter are of
the UCR and UEA archives, with their own split; the others are made, with one seed, by
what `benchmarks/labelled_series.py` names, but for the digits of scikit-learn. 1-NN
DTW warps without a bound. MiniRocket has its own defaults and the ridge of its paper.
Seconds of fit are by the clock: the first fit of a network compiles it, the quickest
does not; those of 1-NN DTW are of its search."""


def write(done, kept):
    """Write the section, in the place of an earlier one.

    Parameters
    ----------
    done : list of LabelledSeries
        What was measured.

    kept : Runs
        Scores and seconds of sklstm, of the baselines and of peers.
    """
    put("Classes", section(done, kept))


def section(done, kept):
    """Return the section as Markdown, without its title."""
    numbers = [len(kept.runs(task, OURS)) for task in done]
    seeds = " to ".join(map(str, sorted({min(numbers), max(numbers)})))
    others = _others(done, kept)
    versions = dict.fromkeys(
        run["version"]
        for task in done
        for other in others
        for run in kept.runs(task, other)
        if other in classifiers.PACKAGES
    )
    told = "".join(f", {version}" for version in versions)
    parts = [f"{_circumstances()}{told}.", ABOUT.format(seeds=seeds)]
    parts += ["\n".join(_table(done, kept, others))]
    parts += ["\n".join(_rare(done, kept, others))]
    parts += ["\n".join(f"- {_lost(done, kept, other)}" for other in others)]
    parts += ["\n".join(_means(done, kept, others))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _others(done, kept):
    """Return who has runs besides sklstm: baselines first."""
    there = {name for task in done for name in kept.contenders(task)}
    known = [classifiers.MAJORITY, classifiers.DTW, classifiers.KERNELS]
    return [name for name in known if name in there]


def _row(cells):
    return "| " + " | ".join(cells) + " |"


def _number(score):
    return "" if score != score else f"{score:.3f}"


def _table(done, kept, others):
    """Return the table of accuracies, a row for each set."""
    header = ["set", "train", "test", "steps", "features", "classes", OURS, "least"]
    header += ["log loss", "calibration error", "s, first", "s, least", *others]
    if classifiers.DTW in others:
        header += ["s, DTW"]
    yield _row(header)
    yield "|" + "---|" * len(header)
    for task in done:
        runs = kept.runs(task, OURS)
        n_train, n_test, *sizes = task.shape
        row = [task.name, f"{n_train:,}", f"{n_test:,}", *map(str, sizes)]
        row += [_number(mean(task, kept, OURS))]
        row += [_number(min(run["accuracy"] for run in runs))]
        row += [_number(mean(task, kept, OURS, "log_loss"))]
        row += [_number(mean(task, kept, OURS, "calibration_error"))]
        row += [f"{runs[0]['seconds']:.1f}", f"{min(r['seconds'] for r in runs):.1f}"]
        row += [_number(mean(task, kept, other)) for other in others]
        if classifiers.DTW in others:
            row += [f"{mean(task, kept, classifiers.DTW, 'seconds'):.1f}"]
        yield _row(row)


def _rare(done, kept, others):
    """Tell the balanced accuracy where a class is rare."""
    for task in done:
        if task.imbalanced:
            said = ", ".join(
                f"{name} {mean(task, kept, name, 'balanced_accuracy'):.3f}"
                for name in [OURS, *others]
                if kept.runs(task, name)
            )
            yield f"Balanced accuracy of {task.name}: {said}."


def _lost(done, kept, other):
    """Tell on which sets another has the greater accuracy."""
    both = [task for task in done if kept.runs(task, other)]
    lost = [
        f"{task.name} {theirs - ours:.3f}"
        for task in both
        if (theirs := mean(task, kept, other)) > (ours := mean(task, kept, OURS))
    ]
    return f"Lost to {other}: {len(lost)} of {len(both)} ({', '.join(lost) or 'none'})."


def _means(done, kept, others):
    """Tell the mean accuracy of each, beside sklstm's on the same sets."""
    yield _row(["contender", "sets", "mean accuracy", "sklstm on the same"])
    yield "|" + "---|" * 4
    for other in others:
        both = [task for task in done if kept.runs(task, other)]
        theirs = sum(mean(task, kept, other) for task in both) / len(both)
        ours = sum(mean(task, kept, OURS) for task in both) / len(both)
        yield _row([other, str(len(both)), _number(theirs), _number(ours)])
