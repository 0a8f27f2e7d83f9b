"""Warnings of groups that `fit` did not see."""

import warnings

from sklstm._validation import shortened


def warn_of_new_groups(names, remembered, stacklevel=3):
    """Warn of groups that start cold, where that may be a surprise.

    `names` are the groups of a table, `remembered` has those of `fit`.
    """
    new = [name for name in names if name not in remembered]
    # All are new in a split by groups, where a cold start is expected.
    if 0 < len(new) < len(names):
        warnings.warn(
            f"Groups that fit did not see: {shortened(new)}. Their windows start "
            "without history: cold, with missing time steps before their first row.",
            UserWarning,
            stacklevel=stacklevel,
        )
    elif new:
        _warn_of_another_type(new, remembered, stacklevel + 1)


def _warn_of_another_type(new, remembered, stacklevel):
    """Warn if groups look like those of `fit`, as 1 and "1" do."""
    known = {str(name): name for name in remembered}
    similar = next((name for name in new if str(name) in known), None)
    if similar is not None:
        warnings.warn(
            f"Group {similar!r} is of another type than {known[str(similar)]!r} of fit "
            f"({type(similar).__name__}, not {type(known[str(similar)]).__name__}): "
            "its windows start without history. Convert the column of group_by to "
            "the type that fit saw.",
            UserWarning,
            stacklevel=stacklevel,
        )
