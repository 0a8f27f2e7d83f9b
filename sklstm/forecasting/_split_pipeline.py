"""Split a fitted pipeline at its windows, or explain how to make it one."""

from sklearn.base import is_regressor
from sklearn.exceptions import NotFittedError

from sklstm._pipeline import SplitPipeline, find_window, steps_of


def split_pipeline(fitted, caller):
    """Split a fitted pipeline at the step that makes windows.

    Raises
    ------
    NotFittedError
        If it is not fitted.

    ValueError
        If windows are not made by a step of the pipeline; tells the remedy.
    """
    try:
        return SplitPipeline.of(fitted, caller)
    except NotFittedError:
        raise
    except ValueError as error:
        holder = _holder_of_window(fitted)
        if holder is None:
            raise
        raise ValueError(_message(holder, caller)) from error


def _holder_of_window(estimator):
    """Return the pipeline step that makes windows inside itself, or None."""
    for name in ("best_estimator_", "regressor_"):
        if hasattr(estimator, name):
            return _holder_of_window(getattr(estimator, name))
    steps = [step for _, step in steps_of(estimator)]
    if len(steps) != 1 or steps[0] is not estimator:
        found = (_holder_of_window(step) for step in steps)
        return next((holder for holder in found if holder is not None), None)
    if hasattr(estimator, "cv_results_") or not hasattr(estimator, "get_params"):
        return None  # a search with refit=False
    inner = [one for one in estimator.get_params().values() if one is not None]
    return estimator if any(find_window(one) is one for one in inner) else None


def _message(holder, caller):
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
            f"), or make_pipeline(SlidingWindow(24), {name}(...)) if all estimators in "
            "it read windows."
        )
    return problem + (
        f"Put them after it: make_pipeline({name}(...), SlidingWindow(24), ...), with "
        "all columns; name the known covariates in known of SlidingWindow."
    )
