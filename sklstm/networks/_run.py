"""Layers that run over time steps: as Keras has them, and their faster twins."""

from keras import layers, ops

from sklstm.networks._fused import FusedLSTM
from sklstm.networks._stable_sums import StableConv, StableNorm


def run_masked(layer, x, steps):
    """Run a layer of Keras as it is."""
    if isinstance(layer, layers.Conv1D):
        return layer(x)
    return layer(x, mask=steps.there)


def run_fused(layer, x, steps, n_parts):
    """Run a layer on sequences that begin at the first step.

    An LSTM, also within a `Bidirectional`, runs as a :class:`FusedLSTM`.
    """
    if isinstance(layer, layers.Conv1D):
        return StableConv(layer)(x)
    if isinstance(layer, layers.BatchNormalization):
        return StableNorm(layer)(x, steps.there)
    if isinstance(layer, layers.Bidirectional):
        both = layer.forward_layer, layer.backward_layer
        forward, backward = (run_fused(one, x, steps, n_parts) for one in both)
        if layer.return_sequences:
            backward = ops.flip(backward, axis=1)
        return ops.concatenate([forward, backward], axis=-1)
    if isinstance(layer, layers.LSTM):
        return FusedLSTM.of(layer, n_parts)(x, lengths=steps.lengths)
    return layer(x, mask=steps.there)
