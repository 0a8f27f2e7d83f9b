"""A network that is compiled: whole epochs of training and evaluation as one call."""

import threading

import numpy as np
import tensorflow as tf

from sklstm._compat.keras import own_names
from sklstm._compat.tensorflow import call_concrete
from sklstm.networks import build, fuse
from sklstm.training._optimizer import ProgramOptimizer
from sklstm.training._samples import gather_batch
from sklstm.training._schedule import fresh
from sklstm.training._threads import executor


class Program:
    """A network with its optimizer, and compiled functions that train and evaluate it.

    Parameters
    ----------
    spec : NetworkSpec
        The network.

    schedule : Schedule
        Optimizer, loss and metrics.

    n_parts : int
        Parts of a batch that are computed at the same time.

    functions : Functions
        The compiled functions, which programs of one kind share.
    """

    @own_names()
    def __init__(self, spec, schedule, n_parts, functions):
        self._spec = spec
        self._n_parts = n_parts
        self.model = build(spec)
        self._core = fuse(spec, self.model, n_parts)
        self._functions = functions
        self._settled = False
        self._optimizer = ProgramOptimizer(
            schedule.optimizer, self.model.trainable_variables
        )
        # XLA would compile anew for every number of samples and of steps.
        settings = {"optimizer": self._optimizer.keras, "jit_compile": False}
        settings["auto_scale_loss"] = False
        metrics = fresh(schedule.metrics)
        self._core.compile(loss=schedule.loss, metrics=metrics, **settings)
        self.model.compile(loss=schedule.loss, **settings)

    # ------------------------------------------------------------------------- state
    def begin(self, schedule, variables, moments):
        """Set weights and optimizer.

        Parameters
        ----------
        schedule : Schedule
            With the settings of the optimizer that are inputs.

        variables : list of ndarray
            Values for the variables of the model.

        moments : list of ndarray or None
            Values for the variables of the optimizer; None begins anew.
        """
        for variable, value in zip(self.model.variables, variables, strict=True):
            # TensorFlow may take the very memory of an array for a variable, and train
            # on in it: it gets a copy.
            variable.assign(np.array(value))
        self._optimizer.begin(schedule.optimizer, moments)
        self.model.stop_training = False

    def state(self):
        """Return the values of the variables of the model, and of the optimizer."""
        optimizer = self._optimizer.keras
        return [
            [variable.value.numpy().copy() for variable in variables]
            for variables in (self.model.variables, optimizer.variables)
        ]

    def finish(self):
        """Finalize the variables of the optimizer, as Keras does after `fit`."""
        self._optimizer.keras.finalize_variable_values(self.model.trainable_variables)

    def reset_metrics(self):
        """Begin to count loss and metrics anew."""
        self._core.reset_metrics()

    # ------------------------------------------------------------ compiled functions
    def train(self, samples, order, batch_size, first, stop):
        """Train on the batches `first` to `stop`; give the logs of the epoch so far.

        Parameters
        ----------
        samples : tuple of Tensor
            From :meth:`Samples.tensors`.

        order : Tensor of int32, of shape (n_samples,)
            The samples in the order in which the batches take them.

        batch_size, first, stop : int
            Which batches.
        """
        numbers = batch_size, first, stop
        return self._run("train", self._core.train_step, samples, order, *numbers)

    def evaluate(self, samples, order, batch_size, first, stop):
        """Evaluate on batches, as :meth:`train` trains on them."""
        numbers = batch_size, first, stop
        return self._run("evaluate", self._core.test_step, samples, order, *numbers)

    def _run(self, name, step, samples, order, *numbers):
        def over_batches(*arguments):
            *tensors, order, batch_size, first, stop = arguments

            def one_batch(batch):
                chosen = order[batch * batch_size : (batch + 1) * batch_size]
                step(gather_batch(self._spec, tensors, chosen))
                return batch + 1

            tf.while_loop(
                lambda batch: batch < stop, one_batch, [first], parallel_iterations=1
            )
            return self._core.get_metrics_result()

        numbers = [tf.constant(number, tf.int32) for number in numbers]
        arguments = *samples, order, *numbers
        if not self._settled:
            self._settle(samples)
        with executor(self._spec, self._n_parts):
            return self._functions.call(
                name,
                over_batches,
                self._signature(arguments),
                arguments,
                self._variables(),
            )

    def _signature(self, arguments):
        """Describe the arguments for any number of rows, samples and time steps."""
        of_steps = (3, 4) if self._spec.per_step else ()  # targets and weights
        signature = []
        for i, argument in enumerate(arguments):
            n_free = min(argument.ndim, 2 if i in of_steps else 1)
            shape = [None] * n_free + list(argument.shape[n_free:])
            signature.append(tf.TensorSpec(shape, argument.dtype))
        return signature

    @own_names()
    def _settle(self, samples):
        """Have Keras make the variables of loss and metrics, outside any function."""
        values, starts, lengths, *of_targets = (one[:1] for one in samples)
        first = values, 0 * starts, tf.minimum(lengths, 1), *of_targets
        batch = gather_batch(self._spec, first, tf.constant([0]))
        # Keras's cells count up the seeds of dropout even where they drop nothing.
        variables = [variable.value for variable in self._core.variables]
        before = [variable.read_value() for variable in variables]
        self._core.test_step(batch)
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        self._core.reset_metrics()
        self._settled = True

    def _variables(self):
        of_keras = [*self._core.variables, *self._core.metrics_variables]
        return [*self._optimizer.variables, *(v.value for v in of_keras)]


class Functions:
    """Functions compiled for the variables of one program, for all of its kind.

    A function is traced once, by the first program that calls it; for another program
    its variables take the places of the first one's. Threads may call at once.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._compiled = {}

    def __len__(self):
        return len(self._compiled)

    def call(self, name, python_function, signature, arguments, variables):
        """Call a function on tensors and variables; trace it where nobody did yet."""
        with self._lock:
            if name not in self._compiled:
                self._compiled[name] = _Compiled(python_function, signature, variables)
        return self._compiled[name](arguments, variables)


class _Compiled:
    def __init__(self, python_function, signature, variables):
        function = tf.function(
            python_function, input_signature=signature, autograph=False
        )
        self._concrete = function.get_concrete_function()
        place = {id(variable.handle): i for i, variable in enumerate(variables)}
        self._captured = [
            place.get(id(tensor), tensor) for tensor in self._concrete.captured_inputs
        ]

    def __call__(self, arguments, variables):
        handles = [
            variables[captured].handle if isinstance(captured, int) else captured
            for captured in self._captured
        ]
        return call_concrete(self._concrete, list(arguments), handles)
