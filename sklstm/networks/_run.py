"""Two ways to run layers over time steps: by Keras, and by faster fused layers."""

from keras import layers, ops

from sklstm.networks._fused import FUSED
from sklstm.networks._stable_sums import StableConv, StableNorm


def run_masked(layer, x, steps):
    """Run a layer of Keras."""
    if isinstance(layer, layers.Conv1D):
        return layer(x)
    return layer(x, mask=steps.mask)


def run_fused(layer, x, steps, n_parts):
    """Run a layer on sequences that are padded at the end.

    A recurrent layer, also within a `Bidirectional`, runs as a fused layer.
    """
    if isinstance(layer, layers.Conv1D):
        return StableConv(layer)(x)
    if isinstance(layer, layers.BatchNormalization):
        return StableNorm(layer)(x, steps.mask)
    if isinstance(layer, layers.Bidirectional):
        both = layer.forward_layer, layer.backward_layer
        forward, backward = (run_fused(one, x, steps, n_parts) for one in both)
        if layer.return_sequences:
            backward = ops.flip(backward, axis=1)
        return ops.concatenate([forward, backward], axis=-1)
    if type(layer) in FUSED:
        return FUSED[type(layer)].of(layer, n_parts)(x, lengths=steps.lengths)
    return layer(x, mask=steps.mask)
