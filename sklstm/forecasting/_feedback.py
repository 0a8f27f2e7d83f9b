"""The columns that predictions are fed back into, so that windows hold them."""

from sklstm._validation import as_list, shortened
from sklstm.forecasting._fed import are_alike, refuse_unlike


def feedback(outputs, window, panel, known, steps, told_by):
    """Return the columns that predictions must be fed back into.

    Parameters
    ----------
    outputs : Outputs
        What is predicted.

    window : WindowStep
        What makes the windows.

    panel : Panel
        The table.

    known : list
        The columns that are known of the rows to forecast.

    steps : int
        Rows to forecast.

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
    k, horizon = outputs.n_steps, window.geometry.horizon
    unknown = [column for column in panel.columns if column not in known]
    if window.geometry.known:
        _check_known_ahead(window, panel, known, steps, outputs.n_ahead, told_by)
    if outputs.n_ahead <= horizon:
        return {}
    if outputs.names is None and not unknown and horizon:
        raise ValueError(
            f"{told_by} tells all columns of X, but one of them may be what is "
            "forecast, and the pipeline does not remember what y was called. Say "
            f"target, and leave it out of {told_by} if X has it."
        )
    names = outputs.names or []
    told = [name for name in names if name in known]
    if told:
        raise ValueError(
            f"{told_by} has {shortened(told)}, which is what is to be forecast. Leave "
            f"the column out of {told_by}."
        )
    if horizon < k > 1:
        raise ValueError(
            f"horizon={horizon} for targets of {k} steps: a window holds rows that it "
            f"predicts. Fit with SlidingWindow(horizon={k})."
        )
    if unknown and horizon == 0:
        raise ValueError(
            f"horizon=0: a window holds the row that it predicts, so that {told_by} "
            f"must have all columns of it, but lacks {shortened(unknown)}. Add these, "
            "or fit with SlidingWindow(horizon=1)."
        )
    missing = [column for column in unknown if column not in names]
    if missing and not names:
        raise ValueError(
            f"A forecast of {steps} steps needs to know which columns y held: say "
            f"target, such as target={missing[0]!r}, as the pipeline does not remember "
            "its names. Columns that are neither predicted nor known: "
            f"{shortened(missing)}; what is none of y's add to {told_by}, leave out of "
            "X, or predict all steps at once: make_multistep(X, y, "
            f"{steps}) with SlidingWindow(horizon={steps})."
        )
    if missing:
        raise ValueError(
            f"A forecast of {steps} steps needs columns that are neither predicted nor "
            f"known: {shortened(missing)}. Add them to {told_by}, leave them out of X, "
            "or predict all steps at once: make_multistep(X, y, "
            f"{steps}) with SlidingWindow(horizon={steps}). {_hint(names, panel)}"
        )
    fed = {name: i for i, name in enumerate(names) if name in unknown}
    for name in fed:
        if not are_alike(panel.frame[name], outputs.example):
            refuse_unlike(name, panel.frame[name], outputs.example)
    return fed


def _check_known_ahead(window, panel, known, steps, n_ahead, told_by):
    """Refuse to do without what windows hold of the rows that are forecast."""
    needed = as_list(window.known)
    lacking = [c for c in needed if c in panel.columns and c not in known]
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


def _hint(names, panel):
    """Say what may be wrong with the names of the targets."""
    strangers = [name for name in names if name not in panel.columns]
    if strangers:
        return (
            f"What is predicted is called {shortened(strangers)}, no column of X: "
            "if y was one of these columns, name it in target."
        )
    return f"Predicted are {shortened(names)}."
