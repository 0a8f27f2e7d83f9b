"""A fitted forecaster: its pipeline, and the scale of its target."""

from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import safe_indexing
from sklstm._validation import as_list, check_target_of_rows
from sklstm.forecasting._panel import Panel
from sklstm.forecasting._split_pipeline import split_pipeline
from sklstm.forecasting._transformed_target import as_table, wrapper_of


class Forecaster:
    """A fitted forecaster: its pipeline, and the scale of its target.

    Parameters
    ----------
    fitted : estimator
        A fitted pipeline with a step that makes windows, a search over one, or a
        `TransformedTargetForecaster`.

    caller : str
        The name of the calling function, for messages.

    Attributes
    ----------
    fitted : estimator
        The pipeline, or the search over it.

    parts : SplitPipeline
        The pipeline, split at its windows.

    scale : TargetScale or None
        The scale of the target in the pipeline; None for the original scale.
    """

    def __init__(self, fitted, caller):
        self._wrapper, self.scale = wrapper_of(fitted), None
        if self._wrapper is not None:
            check_is_fitted(self._wrapper)
            fitted, self.scale = self._wrapper.forecaster_, self._wrapper._scale
        self.fitted, self.parts = fitted, split_pipeline(fitted, caller)

    def check_target(self, target):
        """Return the columns of X that are predicted; None if unknown.

        Raises
        ------
        ValueError
            If `target` differs from the columns that y was in `fit`.
        """
        if self.scale is None:
            return target
        columns = self.scale.columns
        if target is not None and as_list(target) != columns:
            raise ValueError(f"target names {target!r}, but y was {columns} in fit.")
        return columns

    def table_after_fit(self, X):
        """Transform a table that continues the fitted one.

        Returns
        -------
        X : table
            The input of `fitted`.

        recent : ndarray of shape (n_series, n_recent, n_targets), or None
            The last values of the transformed targets, for :meth:`restore`.
        """
        if self.scale is None:
            return X, None
        self._wrapper._check_columns(X)
        X = as_table(X)
        changed, _ = self.scale.transform_table(X)
        return changed, self.scale.last_values(X)

    def table_alone(self, panel):
        """Transform a table without the history of `fit`.

        Parameters
        ----------
        panel : Panel
            The table on the original scale.

        Returns
        -------
        panel : Panel
            The input of `fitted`.

        levels : ndarray of shape (n_rows, n_targets), or None
            The transformed targets of each row, before differences.
        """
        if self.scale is None:
            return panel, None
        self._wrapper._check_columns(panel.given)
        changed, levels = self.scale.transform_alone(panel)
        return Panel(changed, panel.group_by), levels

    def pairs(self, X, y):
        """Return a table and targets on the scale of `fitted`.

        Rows whose differences are not known are left out.
        """
        if self.scale is None:
            return X, y
        self._wrapper._check_columns(X)
        check_target_of_rows(X, y)
        rows, changed, targets = self.scale.transform_pairs(as_table(X), y)
        return safe_indexing(changed, rows), safe_indexing(targets, rows)

    def restore(self, predicted, recent):
        """Return predictions on the original scale.

        Parameters
        ----------
        predicted : ndarray of shape (n_series, n_steps, n_targets, 1 + n_quantiles)
            The predictions of `fitted`.

        recent : ndarray of shape (n_series, n_recent, n_targets), or None
            The transformed targets before them.
        """
        if self.scale is None:
            return predicted
        return self.scale.restore(predicted, recent)
