"""The columns of X that predictions are fed back into."""

from sklstm._validation import as_list, shortened
from sklstm.forecasting._check_feedback import are_same_kind, raise_other_kind


def feedback_columns(outputs, known_from):
    """Return the columns that predictions must be fed back into.

    Parameters
    ----------
    outputs : Outputs
        The predictions, and the table.

    known_from : str
        The parameter that names known covariates, for messages.

    Returns
    -------
    dict
        The columns, with the number of the target; empty if no window reaches rows
        that are forecast.

    Raises
    ------
    ValueError
        If a window needs a column that is neither predicted nor known.
    """
    geometry, names = outputs.parts.window.geometry, outputs.names or []
    if geometry.known:
        _check_known_ahead(outputs, known_from)
    if outputs.n_ahead <= geometry.horizon:
        return {}
    _check_names(outputs, known_from)
    _check_horizon(outputs, known_from)
    missing = [column for column in outputs.unknown if column not in names]
    if missing:
        _raise_missing(outputs, missing, known_from)
    fed = {name: i for i, name in enumerate(names) if name in outputs.unknown}
    for name in fed:
        column = outputs.panel.frame[name]
        if not are_same_kind(column, outputs.example):
            raise_other_kind(name, column, outputs.example)
    return fed


def _check_known_ahead(outputs, known_from):
    """Raise unless the known covariates of windows are known for all rows needed."""
    steps, n_ahead = outputs.steps, outputs.n_ahead
    lacking = [c for c in as_list(outputs.parts.window.known) if c in outputs.unknown]
    if lacking:
        raise ValueError(
            f"known of SlidingWindow says that {shortened(lacking)} will be known of "
            f"the rows to forecast, but {known_from} does not have it, or holds only "
            "NaN there."
        )
    if n_ahead > steps:
        raise ValueError(
            f"steps={steps}, but the pipeline predicts several steps at once from the "
            f"known covariates of all of them: forecast {n_ahead} steps, and use the "
            f"first {steps}. (In a backtest, choose gap and test_size so that their "
            f"sum is a multiple of {outputs.n_steps}.)"
        )


def _check_names(outputs, known_from):
    """Raise if a target is known, or has no name that is needed."""
    horizon = outputs.parts.window.geometry.horizon
    if outputs.names is None and not outputs.unknown and horizon:
        raise ValueError(
            f"{known_from} has all columns of X, but one of them may be the target, "
            "and the pipeline does not remember the name of y. Pass target, and leave "
            f"it out of {known_from} if it is a column of X."
        )
    known = [name for name in outputs.names or [] if name in outputs.known]
    if known:
        raise ValueError(
            f"{known_from} has {shortened(known)}, which is to be forecast. Leave the "
            f"column out of {known_from}."
        )


def _check_horizon(outputs, known_from):
    """Raise if windows hold the rows that they predict."""
    k, horizon = outputs.n_steps, outputs.parts.window.geometry.horizon
    if horizon < k > 1:
        raise ValueError(
            f"horizon={horizon} for targets of {k} steps: a window holds rows that it "
            f"predicts. Fit with SlidingWindow(horizon={k})."
        )
    if outputs.unknown and horizon == 0:
        raise ValueError(
            f"horizon=0: a window holds the row that it predicts, so {known_from} must "
            f"have all columns of X, but lacks {shortened(outputs.unknown)}. Add them, "
            "or fit with SlidingWindow(horizon=1)."
        )


def _raise_missing(outputs, missing, known_from):
    """Raise the error for columns that are neither predicted nor known."""
    steps, names = outputs.steps, outputs.names
    at_once = (
        f"or predict all steps at once: make_multistep(X, y, {steps}) with "
        f"SlidingWindow(horizon={steps})."
    )
    if names is None:
        raise ValueError(
            f"A forecast of {steps} steps needs to know which columns y held: say "
            f"target, such as target={missing[0]!r}, as the pipeline does not remember "
            "its names. Columns that are neither predicted nor known: "
            f"{shortened(missing)}. Add those that y did not hold to {known_from}, "
            f"leave them out of X, {at_once}"
        )
    hint = f"Predicted are {shortened(names)}."
    not_in_X = [name for name in names if name not in outputs.panel.columns]
    if not_in_X:
        hint = (
            f"The target is called {shortened(not_in_X)}, no column of X: "
            "if y was one of these columns, name it in target."
        )
    raise ValueError(
        f"A forecast of {steps} steps needs columns that are neither predicted nor "
        f"known: {shortened(missing)}. Add them to {known_from}, predict them too (fit "
        f"with y = X[[...]] of several columns), leave them out of X, {at_once} {hint}"
    )
