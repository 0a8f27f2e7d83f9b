"""Fully convolutional network beside the recurrent layers of a classifier."""

import numpy as np

from sklstm._compat.sklearn import StrOptions
from sklstm.estimators._patch_size import given_or, patch_size_of_sequences
from sklstm.estimators._sizes import COUNT, COUNT_OR_AUTO, FRACTION, read_sizes

# "auto": filters without and with pooling; kernel sizes of the first convolutions, as
# in LSTM-FCN, and of others.
_FILTERS, _FILTERS_OF_POOLED = (64, 64, 64), (64, 128, 128)
_KERNEL_SIZES, _KERNEL_SIZE = (8, 5), 3

# "auto": time steps per unit of the pool size, and the maximum pool size.
_STEPS_PER_POOL, _MAX_POOL = 100, 4

# "auto" beside convolutions: dropout of the recurrent outputs, as in LSTM-FCN; updates.
_DROPOUT = 0.8
_UPDATES = 500

# "auto": share of samples for which training leaves the convolutions out, and minimum
# number of samples per class. The recurrent layers then also learn the classes alone,
# which helps if the order of time steps matters. They overfit few samples, and miss
# short patterns in long sequences.
_FCN_DROPOUT, _SAMPLES_PER_CLASS = 0.3, 16

_SIZES = [COUNT, "array-like", StrOptions({"auto"})]


class FCNBranch:
    """Mixin of a classifier with convolutions beside its recurrent layers.

    `_prepare` chooses what "auto" means, `_spec_entries` describes the convolutions.
    """

    _parameter_constraints = {
        "dropout": [FRACTION, StrOptions({"auto"})],
        "pooling": [
            StrOptions({"auto", "last", "mean", "max", "attention", "concat"}),
        ],
        "fcn_filters": _SIZES,
        "fcn_kernel_size": _SIZES,
        "fcn_pool_size": COUNT_OR_AUTO,
        "fcn_pooling": [StrOptions({"mean", "max", "concat"})],
        "fcn_dropout": [FRACTION, StrOptions({"auto"})],
        "fcn_squeeze_excite": ["boolean"],
        "patch_size": COUNT_OR_AUTO,
    }

    def _prepare(self, samples, partial):
        """Choose filters, pooling, patches and dropout by the first samples."""
        longest = int(samples.table.lengths.max())
        pool_size = int(np.clip(round(longest / _STEPS_PER_POOL), 1, _MAX_POOL))
        self.fcn_pool_size_ = given_or(pool_size, self.fcn_pool_size)
        auto = _FILTERS_OF_POOLED if self.fcn_pool_size_ > 1 else _FILTERS
        self.fcn_filters_ = self._filters(auto)
        patches = self.fcn_filters_ and not np.size(self.conv_filters)
        auto = patch_size_of_sequences(longest) if patches else 1
        self.patch_size_ = given_or(auto, self.patch_size)
        per_class = len(samples.targets) / len(self.target_encoder_.classes_)
        alone = self.fcn_filters_ and per_class >= _SAMPLES_PER_CLASS and pool_size == 1
        self.fcn_dropout_ = given_or(_FCN_DROPOUT if alone else 0.0, self.fcn_dropout)

    def _filters(self, auto):
        """Return the filters of each convolution, or () for none."""
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
                "convolutions of fcn_filters. Pass an int, or one per convolution."
            )
        return sizes

    def _spec_entries(self, n_features):
        """Return the entries of the spec, with patches and convolutions."""
        filters = self._filters(self.fcn_filters_)
        pool_size = given_or(self.fcn_pool_size_, self.fcn_pool_size)
        return {
            **super()._spec_entries(n_features),
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
