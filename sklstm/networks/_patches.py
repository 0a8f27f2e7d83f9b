"""Patches: several time steps joined to one."""

from keras import ops

from sklstm.networks._steps import Steps


def make_patches(x, steps, size):
    """Join every `size` time steps of each sequence, counted from its end.

    As in PatchTST [1]_, without overlap. The first patch is filled by repeating the
    first time step.

    Parameters
    ----------
    x : Tensor of shape (n_samples, n_timesteps, n_features)
        Sequences, padded at the end.

    steps : Steps
        Which time steps exist, with lengths.

    size : int
        Time steps of a patch.

    Returns
    -------
    x : Tensor of shape (n_samples, n_patches, size * n_features)
        The patches.

    steps : Steps
        Which patches exist.

    References
    ----------
    .. [1] Y. Nie et al., "A Time Series is Worth 64 Words: Long-term Forecasting with
       Transformers", ICLR 2023, section 3.1.
    """
    n_patches = (steps.lengths + size - 1) // size
    x = ops.concatenate([x, *[x[:, -1:]] * (size - 1)], axis=1)
    source = ops.cumsum(ops.ones_like(x[..., 0], dtype="int32"), axis=1) - 1
    source += ops.expand_dims(steps.lengths - n_patches * size, -1)
    source = ops.expand_dims(ops.maximum(source, 0), -1)
    x = ops.take_along_axis(x, ops.repeat(source, x.shape[-1], axis=-1), axis=1)
    ends = [first - size + 1 or None for first in range(size)]
    columns = [x[:, first:end][:, ::size] for first, end in enumerate(ends)]
    x = ops.concatenate(columns, axis=-1)
    return x, Steps.up_to(n_patches, x)
