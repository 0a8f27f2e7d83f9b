"""Layers that reduce all time steps of a sequence to one state."""

from sklstm._compat.sklearn import StrOptions
from sklstm.estimators._base import ACTIVATIONS
from sklstm.estimators._sizes import COUNT, read_sizes


class OneState:
    """Mixin of the estimators with one target per sequence.

    A network with one output per time step has neither convolutions before the
    recurrent layers, which change the number of time steps, nor pooling.
    """

    _parameter_constraints = {
        "pooling": [StrOptions({"last", "mean", "max", "attention", "concat"})],
        "conv_filters": [COUNT, "array-like"],
        "conv_kernel_size": [COUNT],
        "conv_activation": [StrOptions(set(ACTIVATIONS))],
        "conv_pool_size": [COUNT],
        "heads": [StrOptions({"joint", "separate"})],
    }

    def _spec_entries(self, n_features):
        """Return the entries of the spec, with convolutions, pooling and heads."""
        return {
            **super()._spec_entries(n_features),
            "pooling": self._pooling(),
            "conv_filters": read_sizes("conv_filters", self.conv_filters),
            "conv_kernel_size": int(self.conv_kernel_size),
            "conv_activation": self.conv_activation,
            "conv_pool_size": int(self.conv_pool_size),
            "heads": self.heads,
        }

    def _pooling(self):
        return self.pooling
