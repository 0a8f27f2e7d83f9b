"""Private members of TensorFlow."""

import contextlib
import functools

import tensorflow as tf
from tensorflow.python.eager import context, record

SEEN_IN = "2.18.0", "2.21.0"


def call_concrete(function, arguments, captured):
    """Call a concrete function on flat arguments, with other captured inputs.

    A usual call checks each argument, which is slower than a small network.
    `tf.raw_ops.StatefulPartitionedCall` takes captured inputs as well, but TensorFlow
    keeps the kernel of that operation after the function is deleted.

    Parameters
    ----------
    function : ConcreteFunction
        A function of `get_concrete_function`, with an `input_signature`.

    arguments : list of Tensor
        Arguments, one for each entry of the flat signature.

    captured : list of Tensor
        Replacements of ``function.captured_inputs``.

    Returns
    -------
    Tensor, or structure of tensors
        The result of the function.
    """
    return function._call_flat(arguments, captured)


def stop_recording():
    """Return a context manager in which gradient tapes do not record."""
    return record.stop_recording()


def record_operation(name, outputs, inputs, backward):
    """Record a custom gradient of tensors that were computed without recording.

    `tf.custom_gradient` does the same, but keeps the graph of every call until the
    process ends.

    Parameters
    ----------
    name : str
        Name of the operation.

    outputs, inputs : list of Tensor
        Tensors of the operation.

    backward : callable
        Function of the gradients of the outputs that returns those of the inputs.
    """
    record.record_operation(name, outputs, inputs, backward)


def in_calling_thread():
    """Return a context manager in which functions run in the calling thread.

    Functions must be both traced and called in it.
    """
    return context.function_executor_type("SINGLE_THREADED_EXECUTOR")


@contextlib.contextmanager
def without_graph_optimizer():
    """Return a context manager in which TensorFlow does not optimize new functions.

    It optimizes the graph of a function at its first call, which takes as long as many
    updates of a small network.
    """
    options = context.context().function_call_options
    before = options.config_proto_serialized
    # Set as it is: the setter takes a str, and copies a message.
    options._config_proto_serialized = _without_graph_optimizer(before)
    try:
        yield
    finally:
        options._config_proto_serialized = before


@functools.lru_cache(maxsize=16)
def _without_graph_optimizer(serialized):
    config = tf.compat.v1.ConfigProto.FromString(serialized)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config.SerializeToString(deterministic=True)


def clear_kernel_cache():
    """Free TensorFlow's cache of kernels of the operations called from Python.

    The cache has an entry for each shape of variable; kernels are created again when
    needed. (Random operations outside functions, with an operation seed but no global
    seed, restart their sequence.)
    """
    context.context().clear_kernel_cache()


def has_computed():
    """Return whether TensorFlow has computed in this process, or in its parent."""
    used = context.context_safe()
    return used is not None and used._context_handle is not None
