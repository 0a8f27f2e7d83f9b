"""A fitted forecaster, taken apart: what reads tables, and in which units."""

from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import safe_indexing
from sklstm._validation import as_list, check_target_of_rows
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._parts import parts_of
from sklstm.forecasting._transformed_target import as_table, wrapper_of


class Forecaster:
    """A fitted forecaster, taken apart: what reads tables, and in which units.

    Parameters
    ----------
    fitted : estimator
        A fitted pipeline with a step that makes windows, a search over one, or a
        `TransformedTargetForecaster`.

    caller : str
        Who asks, for messages.

    Attributes
    ----------
    fitted : estimator
        What reads tables: the pipeline, or the search over it.

    parts : SplitPipeline
        The same, taken apart.

    units : TargetUnits or None
        The units in which it reads its target; None for those of y.
    """

    def __init__(self, fitted, caller):
        self._wrapper, self.units = wrapper_of(fitted), None
        if self._wrapper is not None:
            check_is_fitted(self._wrapper)
            fitted, self.units = self._wrapper.forecaster_, self._wrapper._units
        self.fitted, self.parts = fitted, parts_of(fitted, caller)

    def check_target(self, target):
        """Return the columns that are predicted, of what a user names; None if unknown.

        Raises
        ------
        ValueError
            If these are other columns than y was found to be in `fit`.
        """
        if self.units is None:
            return target
        columns = self.units.columns
        if target is not None and as_list(target) != columns:
            raise ValueError(f"target names {target!r}, but y was {columns} in fit.")
        return columns

    def table_after_fit(self, X):
        """Transform a table in the units of y that goes on from the fitted one.

        Returns
        -------
        X : table
            What `fitted` reads.

        recent : ndarray of shape (n_series, n_recent, n_targets), or None
            What the transformed targets were last, for :meth:`restored`.
        """
        if self.units is None:
            return X, None
        self._wrapper._check_columns(X)
        X = as_table(X)
        changed, _ = self.units.changed(X)
        return changed, self.units.recent(X)

    def table_alone(self, panel):
        """Transform a table in the units of y, without what `fit` remembers.

        Parameters
        ----------
        panel : Panel
            The table.

        Returns
        -------
        panel : Panel
            What `fitted` reads.

        levels : ndarray of shape (n_rows, n_targets), or None
            The transformed targets of each row.
        """
        if self.units is None:
            return panel, None
        self._wrapper._check_columns(panel.given)
        changed, levels = self.units.within(panel)
        return Panel(changed, panel.group_by), levels

    def pairs(self, X, y):
        """Return a table and targets as `fitted` learns from them.

        Transformed ones are without the rows whose differences are not known.
        """
        if self.units is None:
            return X, y
        self._wrapper._check_columns(X)
        check_target_of_rows(X, y)
        rows, changed, targets = self.units.pairs(as_table(X), y)
        return safe_indexing(changed, rows), safe_indexing(targets, rows)

    def restored(self, predicted, recent):
        """Return predictions in the units of y.

        Parameters
        ----------
        predicted : ndarray of shape (n_series, n_steps, n_targets, 1 + n_quantiles)
            As `fitted` predicts.

        recent : ndarray of shape (n_series, n_recent, n_targets), or None
            What the transformed targets were before.
        """
        if self.units is None:
            return predicted
        return self.units.restored(predicted, recent)
