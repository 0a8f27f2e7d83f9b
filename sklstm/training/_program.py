"""A compiled network: one call trains or evaluates up to a whole epoch."""

import itertools
import threading

import keras
import tensorflow as tf

from sklstm._compat.keras import (
    isolated_name_counters,
    leave_out_metrics,
    replace_loss_tracker,
)
from sklstm._compat.tensorflow import call_concrete
from sklstm.networks import build, fuse
from sklstm.training._optimizer import ProgramOptimizer
from sklstm.training._quick_loss import MeanLoss, quick_loss
from sklstm.training._samples import as_scalar, gather_batch
from sklstm.training._schedule import copy_metrics
from sklstm.training._threads import CallPlan
from sklstm.training._variables import get_values, set_values

# Operations that call a function, except loops.
_CALLS = {
    *("PartitionedCall", "StatefulPartitionedCall"),
    *("If", "StatelessIf", "Case", "StatelessCase"),
}


class Program:
    """A network, its optimizer, and compiled functions that train and evaluate it.

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

    @isolated_name_counters()
    def __init__(self, spec, schedule, n_parts, functions):
        self._spec = spec
        self._n_parts = n_parts
        self.model = build(spec)
        self._core = fuse(spec, self.model, n_parts)
        self._functions = functions
        self._zero = tf.constant(0, keras.config.floatx())
        self._optimizer = ProgramOptimizer(
            schedule.optimizer, self.model.trainable_variables
        )
        # XLA would compile again for every number of samples and of time steps.
        settings = {"optimizer": self._optimizer.keras, "jit_compile": False}
        settings["auto_scale_loss"] = False
        metrics = copy_metrics(schedule.metrics)
        self._has_metric_variables = not metrics
        loss = quick_loss(schedule.loss)
        self._core.compile(loss=loss, metrics=metrics, **settings)
        replace_loss_tracker(self._core, MeanLoss(name="loss"))
        if not metrics:
            leave_out_metrics(self._core)
        self.model.compile(loss=schedule.loss, **settings)

    # ------------------------------------------------------------------------- state
    def begin(self, schedule, variables, moments):
        """Set weights and optimizer.

        Parameters
        ----------
        schedule : Schedule
            Schedule with the settings of the optimizer that are inputs.

        variables : list of ndarray
            Values of the variables of the model.

        moments : list of ndarray or None
            Values of the variables of the optimizer; None resets them.
        """
        set_values(self.model.variables, variables)
        self._optimizer.begin(schedule.optimizer, moments)
        self.model.stop_training = False

    def state(self):
        """Return the values of the variables of the model and of the optimizer."""
        holders = self.model, self._optimizer.keras
        return [get_values(holder.variables) for holder in holders]

    def finalize_variables(self):
        """Finalize the optimizer's variables, as Keras does at the end of `fit`."""
        self._optimizer.keras.finalize_variable_values(self.model.trainable_variables)

    def reset_metrics(self):
        """Reset loss and metrics."""
        for metric in self._core.metrics:
            if type(metric) is MeanLoss:  # faster than its own
                set_values(metric.variables, [self._zero, self._zero])
            else:
                metric.reset_state()

    # ------------------------------------------------------------ compiled functions
    def train(self, samples, order, batch_size, first, stop):
        """Train on batches, and return the logs of the epoch so far.

        Parameters
        ----------
        samples : tuple of Tensor
            From :meth:`Samples.tensors`.

        order : Tensor of int32, of shape (n_samples,)
            Order of the samples in the batches.

        batch_size, first, stop : int
            Samples of a batch; the first batch, and the one after the last.
        """
        numbers = batch_size, first, stop
        return self._run("train", self._core.train_step, samples, order, *numbers)

    def evaluate(self, samples, order, batch_size, first, stop):
        """Evaluate on batches; parameters as for :meth:`train`."""
        numbers = batch_size, first, stop
        return self._run("evaluate", self._core.test_step, samples, order, *numbers)

    def _run(self, name, step, samples, order, *numbers):
        def over_batches(*arguments):
            *tensors, order, batch_size, first, stop = arguments

            end = stop * batch_size

            def one_batch(begin):
                begin_of_next = begin + batch_size
                chosen = order[begin:begin_of_next]
                step(gather_batch(self._spec, tensors, chosen))
                return begin_of_next

            tf.while_loop(
                lambda begin: begin < end,
                one_batch,
                [first * batch_size],
                parallel_iterations=1,
            )
            return self._core.get_metrics_result()

        numbers = [as_scalar(number) for number in numbers]
        arguments = *samples, order, *numbers
        if not self._has_metric_variables:
            self._create_metric_variables(samples)
        plan = CallPlan(self._spec, self._n_parts, trains=name == "train")
        return self._functions.call(
            name, over_batches, self._signature, arguments, self._variables(), plan
        )

    def _signature(self, arguments):
        """Return TensorSpecs for any number of rows, samples and time steps."""
        of_steps = (3, 4) if self._spec.per_step else ()  # targets and weights
        signature = []
        for i, argument in enumerate(arguments):
            n_free = min(argument.ndim, 2 if i in of_steps else 1)
            shape = [None] * n_free + list(argument.shape[n_free:])
            signature.append(tf.TensorSpec(shape, argument.dtype))
        return signature

    @isolated_name_counters()
    def _create_metric_variables(self, samples):
        """Create the variables of loss and metrics outside compiled functions."""
        values, starts, lengths, *of_targets = (one[:1] for one in samples)
        first = values, 0 * starts, tf.minimum(lengths, 1), *of_targets
        _, targets, weights = gather_batch(self._spec, first, tf.constant([0]))
        shape = tf.shape(targets)[0], *self._core.outputs[0].shape[1:]
        outputs = tf.zeros(shape, self._core.outputs[0].dtype)
        of_batch = {"y": targets, "y_pred": outputs, "sample_weight": weights}
        self._core.compute_loss(x=None, **of_batch)
        self._core.compute_metrics(x=None, **of_batch)
        self._core.reset_metrics()
        self._has_metric_variables = True

    def _variables(self):
        of_keras = [*self._core.variables, *self._core.metrics_variables]
        return [*self._optimizer.variables, *(v.value for v in of_keras)]


class Functions:
    """Compiled functions that all programs of one kind share.

    The first program that calls a function traces it. Calls by another program replace
    the captured variables by those of that program. Threads may call at the same time.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._compiled = {}

    def __len__(self):
        return len(self._compiled)

    def call(self, name, python_function, signature, arguments, variables, plan):
        """Call a function on tensors and variables; trace it at the first call."""
        with self._lock:
            if name not in self._compiled:
                given = python_function, signature(arguments), variables, plan
                compiled = _Compiled(*given, plan.for_one_thread)
                if compiled.for_one_thread and compiled.calls_functions():
                    compiled = _Compiled(*given, for_one_thread=False)
                self._compiled[name] = compiled
        return self._compiled[name](arguments, variables)


class _Compiled:
    """A traced function that takes the variables to work on as an argument."""

    def __init__(self, python_function, signature, variables, plan, for_one_thread):
        function = tf.function(
            python_function, input_signature=signature, autograph=False
        )
        self.for_one_thread, self._plan = for_one_thread, plan
        with plan.settings(for_one_thread):
            self._concrete = function.get_concrete_function()
        index = {id(variable.handle): i for i, variable in enumerate(variables)}
        self._captured = [
            index.get(id(tensor), tensor) for tensor in self._concrete.captured_inputs
        ]

    def calls_functions(self):
        """Return whether it calls functions of a user's loss, metric or optimizer.

        One thread would wait for them without end.
        """
        graph = self._concrete.graph.as_graph_def()
        nodes = [
            graph.node,
            *(function.node_def for function in graph.library.function),
        ]
        return any(node.op in _CALLS for node in itertools.chain(*nodes))

    def __call__(self, arguments, variables):
        handles = [
            variables[captured].handle if isinstance(captured, int) else captured
            for captured in self._captured
        ]
        with self._plan.calling(self.for_one_thread):
            return call_concrete(self._concrete, list(arguments), handles)
