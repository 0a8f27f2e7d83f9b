"""Pipelines that can be forecast with, and what to do about others."""

from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError

from sklstm._pipeline import SplitPipeline, find_window, steps_of


def parts_of(fitted, caller):
    """Part a fitted pipeline at its windows.

    Raises
    ------
    NotFittedError
        If it is not fitted.

    ValueError
        If its windows are no step of it, with the way to make them one.
    """
    try:
        return SplitPipeline.of(fitted, caller)
    except NotFittedError:
        raise
    except ValueError as error:
        holder = _holder(fitted)
        if holder is None:
            raise
        raise ValueError(_advice(holder, caller)) from error


def _holder(estimator):
    """Find what hides windows from the pipeline that it is a step of."""
    for name in ("best_estimator_", "regressor_"):
        if hasattr(estimator, name):
            return _holder(getattr(estimator, name))
    steps = [step for _, step in steps_of(estimator)]
    if len(steps) != 1 or steps[0] is not estimator:
        found = (_holder(step) for step in steps)
        return next((holder for holder in found if holder is not None), None)
    if hasattr(estimator, "cv_results_") or not hasattr(estimator, "get_params"):
        return None  # a search that has fitted nothing to forecast with
    inner = [one for one in estimator.get_params().values() if one is not None]
    return estimator if any(find_window(one) is one for one in inner) else None


def _advice(holder, caller):
    name = type(holder).__name__
    problem = (
        f"{caller} needs the windows to be a step of the pipeline, but they are within "
        f"{name}. "
    )
    if hasattr(holder, "predict"):
        flat = f"SimpleImputer(), {name}(...)"
        if is_regressor(holder):
            flat = f"CompleteCaseRegressor({name}(...))"
        return problem + (
            f"Put them before it: make_pipeline(SlidingWindow(24, flatten=True), {flat}"
            f"), or make_pipeline(SlidingWindow(24), {name}(...)) where all in it read "
            "windows."
        )
    return problem + (
        f"Make them the step after it: make_pipeline({name}(...), SlidingWindow(24), "
        "...), with all columns; known of SlidingWindow names those that are known of "
        "the row itself."
    )
