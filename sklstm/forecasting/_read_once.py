"""The features of a table, read once for all fits of a backtest."""

from sklstm._window_step import fitted_table
from sklstm.preprocessing import SlidingWindow
from sklstm.preprocessing._table import read_rows


def read_once(parts, panel):
    """Return the features of all rows, and the rows that are missing before each.

    A backtest fits a window for each fold, and reads the same table by each. If that
    is a `SlidingWindow` without steps before it, all with the same parameters read the
    same, so that the table is validated for the first only.

    Parameters
    ----------
    parts : SplitPipeline
        The pipeline.

    panel : Panel
        The table; keeps what was read.

    Returns
    -------
    transformed : table
        The table, transformed by the pipeline steps before the window.

    values : ndarray of shape (n_rows, n_features)
        Its features.

    missing : ndarray of int, of shape (n_rows,), or None
        As of `missing_rows` of a WindowStep.
    """
    window = parts.window
    if parts.before or type(window) is not SlidingWindow:
        transformed = parts.transform(panel.given)
        missing = window.missing_rows(transformed)
        return transformed, window.features_of(transformed), missing
    names = tuple(getattr(window, "feature_names_in_", ()))
    key = window.history, window.gaps, window.group_by, window.n_features_in_, names
    rows = panel.read.get(key)
    if rows is None:
        rows = read_rows(window, panel.given, reset=False)
        panel.read[key] = rows
    return panel.given, rows.values, fitted_table(window).missing_rows(rows, window)
