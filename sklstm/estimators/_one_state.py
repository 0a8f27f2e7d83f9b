"""The layers that make one state of all time steps of a sequence."""

from numbers import Integral

from sklstm._compat.sklearn import Interval, StrOptions
from sklstm.estimators._base import ACTIVATIONS
from sklstm.estimators._sizes import read_sizes


class OneState:
    """A mixin of the estimators whose targets belong to whole sequences.

    Convolutions before the recurrent layers change the number of time steps, and
    pooling leaves one state: a network with an output for every time step has neither.
    """

    _parameter_constraints = {
        "pooling": [StrOptions({"last", "mean", "max", "attention", "concat"})],
        "conv_filters": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "conv_kernel_size": [Interval(Integral, 1, None, closed="left")],
        "conv_activation": [StrOptions(set(ACTIVATIONS))],
        "conv_pool_size": [Interval(Integral, 1, None, closed="left")],
        "heads": [StrOptions({"joint", "separate"})],
    }

    def _start_of_spec(self, n_features):
        """Return the entries of the spec, with what makes one state."""
        return {
            **super()._start_of_spec(n_features),
            "pooling": self._pooling(),
            "conv_filters": read_sizes("conv_filters", self.conv_filters),
            "conv_kernel_size": int(self.conv_kernel_size),
            "conv_activation": self.conv_activation,
            "conv_pool_size": int(self.conv_pool_size),
            "heads": self.heads,
        }

    def _pooling(self):
        return self.pooling
