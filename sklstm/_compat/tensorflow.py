"""Private members of TensorFlow."""

from tensorflow.python.eager import context, record

SEEN_IN = "2.18.0", "2.21.0"


def call_concrete(function, arguments, captured):
    """Call a concrete function on flat arguments, with other captured inputs.

    As any other function it would look at each argument, which takes longer than a
    small network. `tf.raw_ops.StatefulPartitionedCall` takes captured inputs as well,
    but TensorFlow keeps what it made of that operation when the function is long gone.

    Parameters
    ----------
    function : ConcreteFunction
        From `get_concrete_function`, with an `input_signature`.

    arguments : list of Tensor
        One for each entry of the signature, flat.

    captured : list of Tensor
        Takes the places of ``function.captured_inputs``.

    Returns
    -------
    Tensor, or structure of such
        As the function returns them.
    """
    return function._call_flat(arguments, captured)


def stop_recording():
    """Return a context manager in which no gradient tape records."""
    return record.stop_recording()


def record_operation(name, outputs, inputs, backward):
    """Record a gradient of one's own for tensors that were computed unrecorded.

    `tf.custom_gradient` would do, but keeps every graph that it was called in for as
    long as the process lives.

    Parameters
    ----------
    name : str
        Of the operation.

    outputs, inputs : list of Tensor
        Of the operation.

    backward : callable
        Takes the gradients of the outputs, returns those of the inputs.
    """
    record.record_operation(name, outputs, inputs, backward)


def in_calling_thread():
    """Return a context manager in which functions run in the thread that calls.

    Functions must be both traced and called in it.
    """
    return context.function_executor_type("SINGLE_THREADED_EXECUTOR")


def clear_kernel_cache():
    """Free what TensorFlow keeps of each operation that was called from Python.

    It keeps one for each shape of variable, and makes it again where it is asked to.
    (A random operation outside any function, with a seed of its own and no global one,
    begins its numbers anew.)
    """
    context.context().clear_kernel_cache()


def has_computed():
    """Return whether TensorFlow has computed in this process, or in its parent."""
    used = context.context_safe()
    return used is not None and used._context_handle is not None
