"""The fully convolutional network beside the recurrent layers of a classifier."""

from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

# Of "auto", as in LSTM-FCN: the kernels of the first convolutions, and of all others.
_KERNEL_SIZES, _KERNEL_SIZE = (8, 5), 3

_FILTERS = (64, 64, 64)

# Patches that "auto" makes of a sequence, at most.
_PATCHES = 32


class FCNBranch:
    """Mixin of a classifier whose network has convolutions beside its LSTM.

    Attributes
    ----------
    patch_size_ : int
        Steps that are one to the recurrent layers.
    """

    _parameter_constraints = {
        "fcn_filters": [
            Interval(Integral, 1, None, closed="left"),
            "array-like",
            StrOptions({"auto"}),
        ],
        "fcn_kernel_size": [
            Interval(Integral, 1, None, closed="left"),
            "array-like",
            StrOptions({"auto"}),
        ],
        "fcn_squeeze_excite": ["boolean"],
        "window_norm": [StrOptions({"last", "standard"}), None],
        "patch_size": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
    }

    def _begin(self, samples, partial):
        longest = int(samples.table.lengths.max())
        self.patch_size_ = self._patch_size(longest)

    def _patch_size(self, n_timesteps):
        if self.patch_size != "auto":
            return int(self.patch_size)
        if self._takes_tokens() or self.target_encoder_.per_step:
            return 1
        return -(-n_timesteps // _PATCHES)

    def _start_of_spec(self, n_features):
        filters = _FILTERS if isinstance(self.fcn_filters, str) else self.fcn_filters
        filters = tuple(np.atleast_1d(filters).tolist())
        if self.target_encoder_.per_step:
            filters = ()
        sizes = self.fcn_kernel_size
        if isinstance(sizes, str):
            others = (_KERNEL_SIZE,) * (len(filters) - len(_KERNEL_SIZES))
            sizes = (_KERNEL_SIZES + others)[: len(filters)]
        elif np.ndim(sizes) == 0:
            sizes = (sizes,) * len(filters)
        seen = int(self.embedding_dim) if self._takes_tokens() else n_features
        return {
            "window_norm": self.window_norm or "none",
            "norm_features": tuple(range(seen)) if self.window_norm else (),
            "patch_size": self.patch_size_,
            "fcn_filters": filters,
            "fcn_kernel_sizes": tuple(map(int, sizes)) if filters else (),
            "fcn_squeeze_excite": bool(self.fcn_squeeze_excite and filters),
        }
