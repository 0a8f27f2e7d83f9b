"""What each run gave, kept in a file of JSON."""

import json
import pathlib

import forecasters
import numpy as np

BASELINES = ("mean", "last value", "last season", "ridge", "ridge, relative")


class Runs:
    """Earlier runs, in a file that each new run is added to.

    Parameters
    ----------
    file : str or None
        Where they are; None keeps them in memory alone.
    """

    def __init__(self, file=None):
        self._file = pathlib.Path(file) if file else None
        self._runs = {}
        if self._file and self._file.exists():
            self._runs = json.loads(self._file.read_text())

    def runs(self, task, contender):
        """Return what a contender's runs of a task gave: a list of dict."""
        return self._runs.get(task.name, {}).get(contender, [])

    def keep(self, task, contender, run):
        """Keep what a run gave: a dict of what JSON can hold."""
        self._runs.setdefault(task.name, {}).setdefault(contender, []).append(run)
        if self._file:
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(self._runs))
            part.replace(self._file)

    def contenders(self, task):
        """Return who has runs of a task."""
        return list(self._runs.get(task.name, {}))

    def merge(self, other):
        """Add what another holds of contenders that are not here."""
        for name, of_task in other._runs.items():
            self._runs[name] = {**of_task, **self._runs.get(name, {})}


class Kept(Runs):
    """Errors of earlier runs of forecasts.

    Parameters
    ----------
    file : str or None
        Where they are; None keeps them in memory alone.
    """

    def add(self, task, contender, predicted, seconds, seed=None, **more):
        """Keep a run: errors, seconds, seed, `every`, the `version` of a peer."""
        error = forecasters.errors(task, predicted, more.get("every", 1))
        rounded = [[float(f"{e:.6g}") for e in of_group] for of_group in error]
        run = {"seed": seed, "seconds": round(seconds, 4), "every": 1, **more}
        run["errors"] = rounded
        self.keep(task, contender, run)

    def every(self, task, contender):
        """Return of how many origins one was taken."""
        return self.runs(task, contender)[0]["every"]

    def error(self, task, contender, groups=slice(None), every=1):
        """Return the mean error of a contender over its runs."""
        return np.mean(self.errors(task, contender, groups, every))

    def errors(self, task, contender, groups=slice(None), every=1):
        """Return the mean error of each run of a contender."""
        return [
            np.nanmean(np.array(run["errors"])[groups, :: every // run["every"]])
            for run in self.runs(task, contender)
        ]

    def best_baseline(self, task, groups=slice(None), every=1):
        """Return the name and the error of the best baseline."""
        of_all = {
            name: self.error(task, name, groups, every)
            for name in self.contenders(task)
            if name in BASELINES
        }
        name = min(of_all, key=of_all.get)
        return name, of_all[name]

    def ratio(self, task, contender="sklstm", groups=slice(None)):
        """Return the error of a contender over that of the best baseline.

        Both of the origins that the contender forecast from.
        """
        every = self.every(task, contender)
        best = self.best_baseline(task, groups, every)[1]
        return self.error(task, contender, groups, every) / best
