"""Several steps side by side as one."""

from keras import ops

from sklstm.networks._steps import Steps


def make_patches(x, steps, size):
    """Join every `size` steps of each sequence, the last step at the end of the last.

    As in PatchTST [1]_, without overlap; the first step is repeated where the first
    patch is not full.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_timesteps, n_features)
        Sequences that begin at the first step.

    steps : Steps
        Which steps exist, with lengths.

    size : int
        Steps of a patch.

    Returns
    -------
    x : Tensor of shape (n_samples, n_patches, size * n_features)
        The patches.

    steps : Steps
        Which of these exist.

    References
    ----------
    .. [1] Y. Nie et al., "A Time Series is Worth 64 Words: Long-term Forecasting with
       Transformers", ICLR 2023, section 3.1.
    """
    n_patches = (steps.lengths + size - 1) // size
    x = ops.concatenate([x, *[x[:, -1:]] * (size - 1)], axis=1)
    place = ops.cumsum(ops.ones_like(x[..., 0], dtype="int32"), axis=1) - 1
    place += ops.expand_dims(steps.lengths - n_patches * size, -1)
    place = ops.expand_dims(ops.maximum(place, 0), -1)
    x = ops.take_along_axis(x, ops.repeat(place, x.shape[-1], axis=-1), axis=1)
    ends = [place - size + 1 or None for place in range(size)]
    parts = [x[:, first:end][:, ::size] for first, end in enumerate(ends)]
    x = ops.concatenate(parts, axis=-1)
    return x, Steps.up_to(n_patches, x)
