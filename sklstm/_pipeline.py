"""The pipeline steps that make windows, and the steps before and after them."""

import copy
from dataclasses import dataclass, replace
from typing import Any

from sklearn.utils.validation import check_is_fitted

from sklstm._window_step import check_window_step, makes_windows

# Attributes of the inner estimator: of searches, TransformedTargetRegressor and
# TransformedTargetForecaster, fitted or not.
_WRAPPED = (
    "best_estimator_",
    "regressor_",
    "forecaster_",
    "estimator",
    "regressor",
    "forecaster",
)


def steps_of(estimator, name=""):
    """Yield names and steps of a pipeline, and of pipelines within it.

    Steps that pass X through are left out. An estimator that is no pipeline is a single
    step called `name`, or by its class.
    """
    if not hasattr(estimator, "steps"):
        if estimator is not None and not isinstance(estimator, str):
            yield name or type(estimator).__name__.lower(), estimator
        return
    for inner, step in estimator.steps:
        yield from steps_of(step, inner)


def find_window(estimator):
    """Return the pipeline step that makes windows.

    Parameters
    ----------
    estimator : estimator
        A pipeline, a search over one, or the step itself.

    Returns
    -------
    estimator or None
        The first step that has `window_length` and `horizon`.

    Raises
    ------
    TypeError
        If the step lacks a member of WindowStep.
    """
    window = _first_window(estimator)
    if window is not None:
        check_window_step(window)
    return window


def _first_window(estimator):
    if makes_windows(estimator):
        return estimator
    inner = [step for _, step in getattr(estimator, "steps", [])]
    inner += [getattr(estimator, name, None) for name in _WRAPPED]
    found = (_first_window(one) for one in inner if one is not None)
    return next((window for window in found if window is not None), None)


def windows_within(estimator):
    """Return all steps that make windows, also those within other estimators.

    Parameters
    ----------
    estimator : estimator
        An estimator, such as a pipeline, a ColumnTransformer with windows of some
        columns, a VotingRegressor of pipelines, or a search over one of these.

    Returns
    -------
    list of estimator
        The step of :func:`find_window` alone, if it exists. The steps are not checked.
    """
    window = _first_window(estimator)
    if window is not None:
        return [window]
    for name in ("best_estimator_", "regressor_"):
        if hasattr(estimator, name):
            return windows_within(getattr(estimator, name))
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        return []
    inner = estimator.get_params().values()
    return [one for one in inner if makes_windows(one)]


def rows_before_windows(estimator):
    """Return the number of rows before a window that differencing needs.

    It is 0 unless the estimator is a TransformedTargetForecaster or a search over one.
    """
    if hasattr(estimator, "forecaster") and hasattr(estimator, "difference"):
        lags = estimator.difference
        return int(lags) if hasattr(lags, "__index__") else sum(map(int, lags))
    inner = (
        getattr(estimator, name, None) for name in ("best_estimator_", "estimator")
    )
    return max(
        (rows_before_windows(one) for one in inner if one is not None), default=0
    )


@dataclass(frozen=True)
class SplitPipeline:
    """The steps of a fitted pipeline before and after its window step.

    Parameters
    ----------
    before : list of transformers
        The steps that transform the table.

    window : WindowStep
        The step that makes windows.

    after : list of transformers
        The steps that transform windows.

    predictor : estimator
        The last step.
    """

    before: list
    window: Any
    after: list
    predictor: Any

    @classmethod
    def of(cls, fitted, caller):
        """Split a fitted pipeline, or the one within a fitted estimator.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.

        ValueError
            If no step makes windows. The message names the caller.
        """
        check_is_fitted(fitted)
        if hasattr(fitted, "best_estimator_"):
            return cls.of(fitted.best_estimator_, caller)
        if hasattr(fitted, "regressor_"):  # a TransformedTargetRegressor
            inner = cls.of(fitted.regressor_, caller)
            outer = copy.copy(fitted)
            outer.regressor_ = inner.predictor
            return replace(inner, predictor=outer)
        if hasattr(fitted, "forecaster_"):
            raise ValueError(
                f"{caller} needs a pipeline that reads the table as it is, but got "
                f"{type(fitted).__name__}, whose pipeline reads a transformed target. "
                "It must be the outermost estimator; its forecaster_ is that pipeline."
            )
        steps = [step for _, step in steps_of(fitted)]
        found = [i for i, step in enumerate(steps) if find_window(step) is step]
        wrapped = bool(steps) and steps[-1] is not fitted
        if not found and wrapped and find_window(steps[-1]) is not None:
            inner = cls.of(steps[-1], caller)
            return replace(inner, before=[*steps[:-1], *inner.before])
        if not found or found[0] == len(steps) - 1:
            raise ValueError(
                f"{caller} needs a pipeline with a step that makes windows, "
                "such as make_pipeline(SlidingWindow(24), LSTMRegressor()), or a "
                f"search over one with refit=True; got {fitted!r}."
            )
        i = found[0]
        return cls(steps[:i], steps[i], steps[i + 1 : -1], steps[-1])

    def transform(self, X):
        """Transform a table by the steps before the window step."""
        for step in self.before:
            X = step.transform(X)
        return X

    def inputs_of(self, windows):
        """Return the input of the predictor for windows with three axes."""
        X = self.window.as_transformed(windows)
        for step in self.after:
            X = step.transform(X)
        return X
