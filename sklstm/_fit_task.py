"""Fits as tasks of scikit-learn's callbacks, such as progress bars."""

from contextlib import contextmanager, nullcontext

from sklstm._compat.sklearn import callback_context, callbacks_of, managed_callbacks


@contextmanager
def fit_task(estimator, X, y=None, sample_weight=None, *, max_subtasks=0):
    """Run a block as the fit of an estimator, and tell its callbacks.

    Before scikit-learn 1.9, which has no callbacks, the block just runs.

    Parameters
    ----------
    estimator : estimator
        The estimator that is fitted.

    X, y, sample_weight : array-like
        The training data, for callbacks that score.

    max_subtasks : int or None, default=0
        Most subtasks; None if that is not known.

    Yields
    ------
    Task
        The fit. It ends with the block; after an error callbacks are torn down alone.
    """
    with managed_callbacks(estimator):
        context = callback_context(estimator, max_subtasks)
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        task = Task(context, estimator, {"X": X, "y": y, "metadata": metadata})
        task.tell_begin()
        yield task
        task.end()


class Task:
    """A task of a fit, of which callbacks are told.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext or None
        The task of scikit-learn; None without callbacks.

    estimator : estimator
        The estimator that is fitted.

    data : dict
        X, y and metadata.
    """

    def __init__(self, context=None, estimator=None, data=None):
        self._context, self._estimator, self._data = context, estimator, data

    @property
    def has_listeners(self):
        """Whether the estimator itself has callbacks."""
        return bool(callbacks_of(self._estimator))

    def tell_begin(self):
        """Tell callbacks that the task begins."""
        if self._context is not None:
            self._context.call_on_fit_task_begin(
                estimator=self._estimator, **self._data
            )

    def subtask(self, name, max_subtasks=0):
        """Begin a subtask, and return it."""
        if self._context is None:
            return self
        context = self._context.subcontext(task_name=name, max_subtasks=max_subtasks)
        task = Task(context, self._estimator, self._data)
        task.tell_begin()
        return task

    def end(self, fitted_attributes=None):
        """Tell callbacks that the task ends.

        Parameters
        ----------
        fitted_attributes : callable, default=None
            Returns the attributes of the estimator as if its fit ended with this task.

        Returns
        -------
        bool
            Whether a callback asks to stop.
        """
        if self._context is None:
            return False
        stop = self._context.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=fitted_attributes,
            **self._data,
        )
        return bool(stop)

    @contextmanager
    def fit_of(self, estimator, name):
        """Run a block as a subtask that is the fit of another estimator."""
        if self._context is None:
            yield
            return
        task = self.subtask(name)
        # scikit-learn's Pipeline warns of steps without callbacks; a Ridge has no need.
        listens = hasattr(estimator, "set_callbacks")
        propagate = task._context.propagate_callback_context
        with propagate(estimator) if listens else nullcontext():
            yield
        task.end()
