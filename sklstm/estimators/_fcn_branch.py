"""The fully convolutional network beside the recurrent layers of a classifier."""

from numbers import Integral, Real

import numpy as np

from sklstm._compat.sklearn import Interval, StrOptions
from sklstm.estimators._patch_size import (
    PATCH_SIZE,
    given_or,
    patch_size_of_sequences,
)
from sklstm.estimators._sizes import read_sizes

# Of "auto": filters, and those of long sequences, of which steps are pooled; kernels of
# the first convolutions, as in LSTM-FCN, and of others.
_FILTERS, _FILTERS_OF_POOLED = (64, 64, 64), (64, 128, 128)
_KERNEL_SIZES, _KERNEL_SIZE = (8, 5), 3

# Steps of which one is pooled, and to as many as that at most.
_STEPS_A_POOL, _MOST_POOLED = 100, 4

# Of "auto" beside convolutions: share of the recurrent outputs that training leaves
# out, as in LSTM-FCN; updates of training.
_DROPOUT = 0.8
_UPDATES = 500

# Of "auto": share of samples for which training leaves the convolutions out, where each
# class has so many samples. The recurrent layers then learn the classes alone as well,
# which helps where order counts. From few samples they learn by heart, and in long
# sequences they don't find what is short.
_FCN_DROPOUT, _SAMPLES_A_CLASS = 0.3, 16

_SIZES = [
    Interval(Integral, 1, None, closed="left"),
    "array-like",
    StrOptions({"auto"}),
]


class FCNBranch:
    """What a classifier has beside its recurrent layers, and what "auto" means then.

    A mixin: `_begin` chooses the patches of the recurrent layers, `_start_of_spec`
    describes the convolutions.
    """

    _parameter_constraints = {
        "dropout": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "pooling": [
            StrOptions({"auto", "last", "mean", "max", "attention", "concat"}),
        ],
        "fcn_filters": _SIZES,
        "fcn_kernel_size": _SIZES,
        "fcn_pool_size": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "fcn_pooling": [StrOptions({"mean", "max", "concat"})],
        "fcn_dropout": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "fcn_squeeze_excite": ["boolean"],
        "patch_size": PATCH_SIZE,
    }

    def _begin(self, samples, partial):
        """Choose what depends on the first samples: their number and their length."""
        longest = int(samples.table.lengths.max())
        pool_size = int(np.clip(round(longest / _STEPS_A_POOL), 1, _MOST_POOLED))
        self.fcn_pool_size_ = given_or(pool_size, self.fcn_pool_size)
        auto = _FILTERS_OF_POOLED if self.fcn_pool_size_ > 1 else _FILTERS
        self.fcn_filters_ = self._filters(auto)
        patches = self.fcn_filters_ and not np.size(self.conv_filters)
        auto = patch_size_of_sequences(longest) if patches else 1
        self.patch_size_ = given_or(auto, self.patch_size)
        a_class = len(samples.targets) / len(self.target_encoder_.classes_)
        alone = self.fcn_filters_ and a_class >= _SAMPLES_A_CLASS and pool_size == 1
        self.fcn_dropout_ = given_or(_FCN_DROPOUT if alone else 0.0, self.fcn_dropout)

    def _filters(self, auto):
        """Return the filters of each convolution; none where there are none."""
        if isinstance(self.fcn_filters, str):
            sees_numbers = self.model is None and not self._takes_tokens()
            return auto if sees_numbers else ()
        return read_sizes("fcn_filters", self.fcn_filters)

    def _kernel_sizes(self, n_layers):
        given = self.fcn_kernel_size
        if isinstance(given, str):
            others = (_KERNEL_SIZE,) * max(n_layers - len(_KERNEL_SIZES), 0)
            return (_KERNEL_SIZES + others)[:n_layers]
        sizes = read_sizes("fcn_kernel_size", given)
        if np.ndim(given) == 0:
            return sizes * n_layers
        if len(sizes) != n_layers:
            raise ValueError(
                f"fcn_kernel_size={given!r} has {len(sizes)} entries for {n_layers} "
                "convolutions of fcn_filters. Pass an int, or one entry a convolution."
            )
        return sizes

    def _start_of_spec(self, n_features):
        """Return what of the network's spec this adds."""
        filters = self._filters(self.fcn_filters_)
        pool_size = given_or(self.fcn_pool_size_, self.fcn_pool_size)
        return {
            **super()._start_of_spec(n_features),
            "patch_size": given_or(self.patch_size_, self.patch_size),
            "fcn_filters": filters,
            "fcn_kernel_sizes": self._kernel_sizes(len(filters)) if filters else (),
            "fcn_pool_size": pool_size if filters else 1,
            "fcn_pooling": self.fcn_pooling,
            "fcn_dropout": (
                given_or(self.fcn_dropout_, self.fcn_dropout) if filters else 0.0
            ),
            "fcn_squeeze_excite": bool(self.fcn_squeeze_excite and filters),
        }

    def _dropout(self):
        if self.dropout == "auto":
            return _DROPOUT if self.fcn_filters_ else 0.0
        return super()._dropout()

    def _pooling(self):
        if self.pooling == "auto":
            return "last" if self.fcn_filters_ else "concat"
        return super()._pooling()

    def _updates(self, n_samples):
        return _UPDATES if self.fcn_filters_ else super()._updates(n_samples)
