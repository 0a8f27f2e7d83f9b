"""Checks of the parameters of a network."""

import numpy as np

from sklstm.networks import CustomSpec


def check_buildable(spec, table):
    """Raise if layers of a network exclude each other, or do not fit these samples."""
    if isinstance(spec, CustomSpec):
        return
    if spec.heads == "separate" and spec.output_activation == "softmax":
        raise ValueError(
            "heads='separate' gives each output dense layers of its own, but the "
            "outputs for classes that exclude each other are one softmax. Use "
            "heads='joint'."
        )
    if spec.heads == "separate" and spec.n_steps_out:
        raise ValueError(
            "heads='separate' needs y of shape (n_samples, n_outputs); y of shape "
            "(n_samples, n_steps, n_outputs) has the same dense layers at every step. "
            "Use heads='joint', or flatten y to (n_samples, n_steps * n_outputs)."
        )
    longest = int(table.lengths.max())
    n_steps = -(-longest // spec.patch_size)
    for depth in range(1, len(spec.conv_filters) + 1):
        n_steps = (n_steps - spec.conv_kernel_size + 1) // spec.conv_pool_size
        if n_steps < 1:
            size = spec.patch_size
            of_patches = f", in patches of patch_size={size}" if size > 1 else ""
            raise ValueError(
                f"conv_kernel_size={spec.conv_kernel_size} and conv_pool_size="
                f"{spec.conv_pool_size} leave no time step after convolution {depth}: "
                f"the longest sequence of X has {longest}{of_patches}. Use a smaller "
                "conv_kernel_size or conv_pool_size, fewer conv_filters, or longer "
                "sequences."
            )


def check_same(built, asked):
    """Raise if parameters are not those that a network was built with."""
    for name, before in built.items():
        if np.any(asked.get(name) != before):
            raise ValueError(
                f"The network was built with {name}={before!r}; it can't go on "
                f"training with {name}={asked.get(name)!r}. Set "
                "warm_start=False and call fit to begin anew."
            )
