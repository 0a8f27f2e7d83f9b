"""Warnings of groups that `fit` did not see."""

import warnings

from sklstm._validation import shortened


def warn_of_new_groups(names, history, stacklevel=3):
    """Warn of groups that start cold, where that may surprise.

    Parameters
    ----------
    names : sequence
        The groups at hand.

    history : mapping
        What is remembered of those that `fit` saw.

    stacklevel : int, default=3
        As for `warnings.warn`: 3 is the caller of the caller.
    """
    new = [name for name in names if name not in history]
    # Where all are new, as in a split by groups, nobody expects them to be known.
    if 0 < len(new) < len(names):
        warnings.warn(
            f"Groups that fit did not see: {shortened(new)}. Their windows start "
            "without history: cold, with missing steps before their first row.",
            UserWarning,
            stacklevel=stacklevel,
        )
    elif new:
        _warn_of_another_type(new, history, stacklevel + 1)


def _warn_of_another_type(new, history, stacklevel):
    """Warn where groups look like those of `fit`, as 1 and "1" do."""
    known = {str(name): name for name in history}
    alike = next((name for name in new if str(name) in known), None)
    if alike is not None:
        warnings.warn(
            f"Group {alike!r} is of another type than {known[str(alike)]!r} of fit "
            f"({type(alike).__name__}, not {type(known[str(alike)]).__name__}): "
            "its windows start without history. Convert the column of group_by to "
            "the type that fit saw.",
            UserWarning,
            stacklevel=stacklevel,
        )
