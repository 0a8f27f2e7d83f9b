"""A network's spec and weights, trained and run by compiled programs."""

import threading
from collections import OrderedDict

import numpy as np
import tensorflow as tf

from sklstm._compat.keras import forget_model
from sklstm._stored import stored_as
from sklstm.networks import CustomSpec, build, initial_weights, masked
from sklstm.training._fork import check_not_forked
from sklstm.training._forward import Forward
from sklstm.training._loop import run_epochs
from sklstm.training._pool import LRUCache, ProgramPool
from sklstm.training._threads import n_blocks, n_parts, one_of_the_trainings
from sklstm.training._variables import get_values, set_values

# Maximum number of kinds of networks whose compiled functions are cached.
_N_KINDS = 16

# Size of initial weights up to which they are kept.
_MOST_BYTES = 2**20

programs = ProgramPool(_N_KINDS)


@stored_as("network")
class Network:
    """A network's spec and weights.

    Training leases a compiled program, prediction shares one. Copies and pickles of the
    network hold only arrays.

    Parameters
    ----------
    spec : NetworkSpec or CustomSpec
        The architecture.

    seed : int
        Seed of the initial weights.
    """

    # Time steps of the longest sequence of the last training.
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

        Changes of its weights change the predictions of the network.
        """
        if self._model is None:
            check_not_forked()
            model = build(self.spec)
            if self._trained_by is not None:
                self._trained_by.compile(model)
            set_values(model.variables, self._values(model))
            if self._moments is not None:
                set_values(model.optimizer.variables, self._moments)
            self._model = model  # only when complete: other threads may read it
            self._tensors = None
        return self._model

    def train(self, samples, schedule, validation=None):
        """Train the network; an error leaves it unchanged.

        Parameters
        ----------
        samples : Samples
            Training samples.

        schedule : Schedule
            Settings of the training.

        validation : Samples, default=None
            Samples that `val_loss` is computed on.

        Returns
        -------
        dict of str to list of float
            The history of `keras.Model.fit`.
        """
        check_not_forked()
        # After earlier epochs, an equal optimizer continues with its moments.
        settings, before = schedule.settings(), self._trained_by
        continues = schedule.first_epoch and before and settings.can_continue(before)
        moments = self._state()[1] if continues else None
        try:
            parts = n_parts(self.spec, min(schedule.batch_size, len(samples)))
            with (
                one_of_the_trainings(),
                programs.lease(self.spec, schedule, samples, parts) as program,
            ):
                program.begin(schedule, self._values(program.model), moments)
                history = run_epochs(program, samples, schedule, validation)
                variables, moments = program.state()
        finally:
            for callback in schedule.callbacks:
                forget_model(callback)  # the next fit uses it with another model
        _check_finite(variables)
        self._variables, self._moments = variables, moments
        self._trained_by = settings
        self._n_steps = int(samples.table.lengths.max(initial=0))
        self._tensors = self._model = None
        return history

    def predict(self, table):
        """Compute the outputs for sequences of any length.

        The outputs of a sequence do not depend on the other sequences, to the last bit.

        Parameters
        ----------
        table : SequenceTable
            The sequences, float32, without missing time steps. The output for a
            sequence without any time step is that of the zero state.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), or more axes as the network has
            float32. If every time step has an output, the first axis holds the time
            steps of all samples, one after the other.
        """
        check_not_forked()
        forward = forwards(self.spec, n_blocks(self.spec))
        return forward(self._as_tensors(forward.model), table, self._n_steps)

    def with_weights_of(self, model):
        """Return a network of the same spec with the weights of a Keras model."""
        other = Network(self.spec, self._seed)
        other._variables, other._n_steps = get_values(model.variables), self._n_steps
        return other

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
        set_values(model.variables, self._values(model))
        custom = isinstance(self.spec, CustomSpec)
        return masked(model) if custom and scale is None else model

    def _state(self):
        """Return the values of the variables of the model and of the optimizer."""
        if self._model is None:
            return self._variables, self._moments
        optimizer = getattr(self._model, "optimizer", None)
        moments = None if optimizer is None else get_values(optimizer.variables)
        return get_values(self._model.variables), moments

    def _values(self, model):
        """Return the values of all variables; draw initial ones for `model` if new."""
        if self._variables is None:
            self._variables = _drawn(self.spec, model, self._seed)
        return self._state()[0]

    def _as_tensors(self, model):
        if self._model is not None:
            variables = self._model.variables
            return [tf.convert_to_tensor(variable.value) for variable in variables]
        tensors = self._tensors
        if tensors is None:  # a local variable, for other threads may reset it
            tensors = [tf.constant(value) for value in self._values(model)]
            self._tensors = tensors
        return tensors

    def __getstate__(self):
        variables, moments = self._state()
        state = {"_variables": variables, "_moments": moments}
        return {**vars(self), **state, "_model": None, "_tensors": None}


forwards = LRUCache(_N_KINDS, Forward)


# Initial weights of spec and seed; a search draws the same ones in each fold.
_initial = OrderedDict()
_initial_lock = threading.Lock()


def _drawn(spec, model, seed):
    """Return copies of the initial weights of a model; those of some specs are kept."""
    if isinstance(spec, CustomSpec):
        return initial_weights(model, seed)
    key = spec, seed, *(variable.dtype for variable in model.variables)
    with _initial_lock:
        drawn = _initial.get(key)
    if drawn is None:
        drawn = initial_weights(model, seed)
        if sum(values.nbytes for values in drawn) <= _MOST_BYTES:
            with _initial_lock:
                _initial[key] = drawn
                while len(_initial) > _N_KINDS:
                    _initial.popitem(last=False)
    return [values.copy() for values in drawn]


def _check_finite(variables):
    if not all(np.isfinite(values).all() for values in variables):
        raise ValueError(
            "Training produced weights that are not finite. Scale X (for example "
            "with PerFeatureScaler) and y, or set a smaller learning_rate or a "
            "clipnorm."
        )
