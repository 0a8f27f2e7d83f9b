"""A loop over the time steps of time-major tensors."""

import tensorflow as tf

# Time steps per iteration. More take longer to trace, and fewer longer to run.
_STEPS = 4


def run_steps(
    step, inputs, states, widths, *, prepare=None, finish=None, sums=(), backwards=False
):
    """Run a function step by step, and stack the outputs of all steps.

    Parameters
    ----------
    step : callable
        ``step(inputs, states)`` returns the next states and a list of outputs.

    inputs : list of Tensor of shape (n_timesteps, n_samples, n_features)
        A step takes a list of tensors of shape (n_samples, n_features).

    states : list of Tensor of shape (n_samples, units)
        States before the first step.

    widths : list of int
        Size of the last axis of each result.

    prepare : callable, default=None
        Function of `inputs` of several time steps; the steps take what it returns in
        place of them.

    finish : callable, default=None
        ``finish(inputs, prepared, outputs)`` of several time steps returns a list of
        results, and a list of tensors to add up over time. `prepared` is what `prepare`
        returned. None returns the outputs.

    sums : list of Tensor, default=()
        Where the sums begin.

    backwards : bool, default=False
        Whether to run from the last time step to the first.

    Returns
    -------
    results : list of Tensor of shape (n_timesteps, n_samples, width)
        The results of each time step.

    states : list of Tensor of shape (n_samples, units)
        Without `backwards` they have no meaning: more steps, which fill the last
        iteration, take zeros.

    sums : list of Tensor
        The sums.
    """
    n_timesteps, n_samples = tf.unstack(tf.shape(inputs[0])[:2])
    n_blocks = -(-n_timesteps // _STEPS)
    missing = n_blocks * _STEPS - n_timesteps
    blocks = []
    for one in inputs:
        padded = tf.pad(one, [[0, missing], [0, 0], [0, 0]])
        blocks.append(tf.reshape(padded, (n_blocks, _STEPS, n_samples, one.shape[2])))

    def run_block(i, states, sums, results):
        block = n_blocks - 1 - i if backwards else i
        now = [one[block] for one in blocks]
        prepared = prepare(*now) if prepare else now
        by_step = [tf.unstack(one, _STEPS) for one in prepared]
        found = [None] * _STEPS
        for k in reversed(range(_STEPS)) if backwards else range(_STEPS):
            states, found[k] = step([one[k] for one in by_step], states)
        found = [tf.stack(one) for one in zip(*found, strict=True)]
        if finish:
            found, addends = finish(now, prepared, found)
            sums = [a + b for a, b in zip(sums, addends, strict=True)]
        pairs = zip(results, found, strict=True)
        results = [array.write(block, one) for array, one in pairs]
        return i + 1, list(states), sums, results

    arrays = [
        tf.TensorArray(tf.float32, n_blocks, element_shape=(_STEPS, None, width))
        for width in widths
    ]
    _, states, sums, arrays = tf.while_loop(
        lambda i, *_: i < n_blocks,
        run_block,
        (0, list(states), list(sums), arrays),
        parallel_iterations=1,
    )
    results = []
    for array, width in zip(arrays, widths, strict=True):
        steps = tf.reshape(array.stack(), (n_blocks * _STEPS, n_samples, width))
        results.append(steps[:n_timesteps])
    return results, states, sums
