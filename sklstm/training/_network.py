"""A network that is trained: its spec and weights, for compiled programs to work on."""

import numpy as np
import tensorflow as tf

from sklstm._compat.keras import forget_model
from sklstm.networks import CustomSpec, build, initial_weights, masked
from sklstm.training._fork import check_not_forked
from sklstm.training._forward import Forward
from sklstm.training._loop import run_epochs
from sklstm.training._pool import ProgramPool, Recent
from sklstm.training._threads import n_parts

# Kinds of networks whose compiled functions are kept.
_N_KINDS = 16

programs = ProgramPool(_N_KINDS)


class Network:
    """A network's spec and weights.

    Training leases a compiled program, prediction shares one; neither belongs to the
    network, whose copies and pickles hold arrays alone.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The shape; or who builds the model.

    seed : int
        What the initial weights depend on.
    """

    # Of the longest sequence of the last training.
    _n_steps = 0

    def __init__(self, spec, seed):
        self.spec = spec
        self._seed = seed
        self._variables = None
        self._moments = None
        self._trained_by = None
        self._model = None
        self._tensors = None

    @property
    def model(self):
        """The Keras model with the weights of the network, and its optimizer.

        The network follows it: who changes its weights changes the predictions.
        """
        if self._model is None:
            check_not_forked()
            model = build(self.spec)
            if self._trained_by is not None:
                self._trained_by.compile(model)
            _assign(model, self._values(model))
            if self._moments is not None:
                _assign(model.optimizer, self._moments)
            self._model = model  # whole: another thread may be waiting for it
            self._tensors = None
        return self._model

    def train(self, samples, schedule, validation=None):
        """Train the network; leave it as it was should that fail.

        Parameters
        ----------
        samples : Samples
            To learn from.

        schedule : Schedule
            How.

        validation : Samples, default=None
            What `val_loss` is computed on.

        Returns
        -------
        dict of str to list of float
            The history of `keras.Model.fit`.
        """
        check_not_forked()
        # The optimizer of an earlier epoch goes on, if it is alike.
        settings, before = schedule.settings(), self._trained_by
        goes_on = schedule.first_epoch and before and settings.goes_on_from(before)
        moments = self._state()[1] if goes_on else None
        try:
            with programs.lease(self.spec, schedule, samples, n_parts(self.spec)) as (
                program
            ):
                program.begin(schedule, self._values(program.model), moments)
                history = run_epochs(program, samples, schedule, validation)
                variables, moments = program.state()
        finally:
            for callback in schedule.callbacks:
                forget_model(callback)  # it is the next fit's as well
        _check_finite(variables)
        self._variables, self._moments = variables, moments
        self._trained_by = settings
        self._n_steps = int(samples.table.lengths.max(initial=0))
        self._tensors = self._model = None
        return history

    def predict(self, table):
        """Compute the outputs for sequences of any length.

        Those of a sequence have the same bits whatever others are in the table.

        Parameters
        ----------
        table : SequenceTable
            The sequences, float32, without missing steps; one without any step gives
            the output of the zero state.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), or more axes as the network has
            float32. Where every time step has an output, the first axis is that of
            all time steps of all samples, one after the other.
        """
        check_not_forked()
        forward = forwards(self.spec, n_parts(self.spec))
        return forward(self._as_tensors(forward.model), table, self._n_steps)

    def export(self, scale=None, offset=None):
        """Build a model of stock Keras layers with these weights.

        Parameters
        ----------
        scale, offset : list, default=None
            As for :func:`sklstm.networks.build`.

        Returns
        -------
        keras.Model
            A new model.
        """
        check_not_forked()
        model = build(self.spec, scale=scale, offset=offset)
        _assign(model, self._values(model))
        custom = isinstance(self.spec, CustomSpec)
        return masked(model) if custom and scale is None else model

    def _state(self):
        """Return the values of all variables of the model, and of the optimizer."""
        if self._model is None:
            return self._variables, self._moments
        optimizer = getattr(self._model, "optimizer", None)
        moments = None if optimizer is None else _values(optimizer)
        return _values(self._model), moments

    def _values(self, model):
        """Return the values of all variables; a model of the kind draws the first."""
        if self._variables is None:
            self._variables = initial_weights(model, self._seed)
        return self._state()[0]

    def _as_tensors(self, model):
        if self._model is not None:
            variables = self._model.variables
            return [tf.convert_to_tensor(variable.value) for variable in variables]
        tensors = self._tensors
        if tensors is None:  # another thread may take it away again
            tensors = [tf.constant(value) for value in self._values(model)]
            self._tensors = tensors
        return tensors

    def __getstate__(self):
        variables, moments = self._state()
        state = {"_variables": variables, "_moments": moments}
        return {**vars(self), **state, "_model": None, "_tensors": None}


forwards = Recent(_N_KINDS, Forward)


def _check_finite(variables):
    if not all(np.isfinite(values).all() for values in variables):
        raise ValueError(
            "Training produced weights that are not finite. Scale X (for example "
            "with PerFeatureScaler) and y, or set a smaller learning_rate or a "
            "clipnorm."
        )


def _values(holder):
    return [variable.value.numpy().copy() for variable in holder.variables]


def _assign(holder, values):
    for variable, value in zip(holder.variables, values, strict=True):
        # TensorFlow may take the very memory of an array for a variable.
        variable.assign(np.array(value))
