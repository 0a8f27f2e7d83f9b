"""The columns that predictions are fed back into, so that windows hold them."""

from sklstm._validation import as_list, shortened
from sklstm.forecasting._fed import are_alike, refuse_unlike


def feedback(outputs, told_by):
    """Return the columns that predictions must be fed back into.

    Parameters
    ----------
    outputs : Outputs
        What is predicted, and of which table.

    told_by : str
        The parameter that tells what is known, for messages.

    Returns
    -------
    dict
        Each with the number of its target; nothing where no window reaches so far.

    Raises
    ------
    ValueError
        If a window needs columns that are neither predicted nor known.
    """
    geometry, names = outputs.parts.window.geometry, outputs.names or []
    if geometry.known:
        _check_known_ahead(outputs, told_by)
    if outputs.n_ahead <= geometry.horizon:
        return {}
    _check_names(outputs, told_by)
    _check_horizon(outputs, told_by)
    missing = [column for column in outputs.unknown if column not in names]
    if missing:
        _refuse_missing(outputs, missing, told_by)
    fed = {name: i for i, name in enumerate(names) if name in outputs.unknown}
    for name in fed:
        column = outputs.panel.frame[name]
        if not are_alike(column, outputs.example):
            refuse_unlike(name, column, outputs.example)
    return fed


def _check_known_ahead(outputs, told_by):
    """Refuse to do without what windows hold of the rows that are forecast."""
    steps, n_ahead = outputs.steps, outputs.n_ahead
    lacking = [c for c in as_list(outputs.parts.window.known) if c in outputs.unknown]
    if lacking:
        raise ValueError(
            f"known of SlidingWindow says that {shortened(lacking)} will be known of "
            f"the rows to forecast, but {told_by} does not tell."
        )
    if n_ahead > steps:
        raise ValueError(
            f"steps={steps}, but the pipeline predicts several steps at once from what "
            f"is known of all of them: forecast {n_ahead} steps, and use the first "
            f"{steps}. (In a backtest, let gap and test part together have a multiple "
            "of so many rows.)"
        )


def _check_names(outputs, told_by):
    """Refuse targets that are known, or that nothing names."""
    horizon = outputs.parts.window.geometry.horizon
    if outputs.names is None and not outputs.unknown and horizon:
        raise ValueError(
            f"{told_by} tells all columns of X, but one of them may be what is "
            "forecast, and the pipeline does not remember what y was called. Say "
            f"target, and leave it out of {told_by} if X has it."
        )
    told = [name for name in outputs.names or [] if name in outputs.known]
    if told:
        raise ValueError(
            f"{told_by} has {shortened(told)}, which is what is to be forecast. Leave "
            f"the column out of {told_by}."
        )


def _check_horizon(outputs, told_by):
    """Refuse windows that hold rows which they predict."""
    k, horizon = outputs.n_steps, outputs.parts.window.geometry.horizon
    if horizon < k > 1:
        raise ValueError(
            f"horizon={horizon} for targets of {k} steps: a window holds rows that it "
            f"predicts. Fit with SlidingWindow(horizon={k})."
        )
    if outputs.unknown and horizon == 0:
        raise ValueError(
            f"horizon=0: a window holds the row that it predicts, so that {told_by} "
            f"must have all columns of it, but lacks {shortened(outputs.unknown)}. Add "
            "these, or fit with SlidingWindow(horizon=1)."
        )


def _refuse_missing(outputs, missing, told_by):
    """Raise the error of columns that are neither predicted nor known."""
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
            f"{shortened(missing)}; what is none of y's add to {told_by}, leave out of "
            f"X, {at_once}"
        )
    hint = f"Predicted are {shortened(names)}."
    strangers = [name for name in names if name not in outputs.panel.columns]
    if strangers:
        hint = (
            f"What is predicted is called {shortened(strangers)}, no column of X: "
            "if y was one of these columns, name it in target."
        )
    raise ValueError(
        f"A forecast of {steps} steps needs columns that are neither predicted nor "
        f"known: {shortened(missing)}. Add them to {told_by}, leave them out of X, "
        f"{at_once} {hint}"
    )
