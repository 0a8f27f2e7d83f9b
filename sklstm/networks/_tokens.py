"""Sequences of integer tokens as input."""

import keras
import numpy as np
from keras import layers, ops


def index_tokens(tokens, vocabulary, unknown=np.nan):
    """Return the positions of tokens in a vocabulary.

    Parameters
    ----------
    tokens : ndarray of shape (n,)
        Integers; NaN for no token.

    vocabulary : ndarray of shape (n_tokens,)
        The tokens of the vocabulary, sorted.

    unknown : float, default=nan
        Value for tokens that are not in the vocabulary.

    Returns
    -------
    ndarray of shape (n,)
        float32: 1 for the first token of the vocabulary, and so on; NaN for NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.networks import index_tokens
    >>> index_tokens(np.array([7.0, 3.0, 5.0]), np.array([3, 7]))
    array([ 2.,  1., nan], dtype=float32)
    """
    others = np.where(np.isnan(tokens), np.nan, unknown).astype(np.float32)
    if not len(vocabulary):
        return others
    index = np.minimum(np.searchsorted(vocabulary, tokens), len(vocabulary) - 1)
    found = vocabulary[index] == tokens
    return np.where(found, index + 1, others).astype(np.float32)


def taking_tokens(model, vocabulary, unknown=np.nan):
    """Build a model that converts tokens as :func:`index_tokens` does, then calls one.

    Parameters
    ----------
    model : keras.Model
        A model of positions in the vocabulary, of shape (n_samples, n_timesteps, 1),
        with NaN for no token.

    vocabulary : ndarray of int, of shape (n_tokens,)
        The tokens of the vocabulary.

    unknown : float, default=nan
        As for :func:`index_tokens`.

    Returns
    -------
    keras.Model
        A model of tokens, with NaN for no token.
    """
    no_token = int(vocabulary[0]) - 1
    lookup = layers.IntegerLookup(
        vocabulary=vocabulary.tolist(), oov_token=no_token, name="vocabulary"
    )
    tokens = keras.Input((None, 1), dtype="float64", name="tokens")
    missing = ops.isnan(tokens)
    whole = ops.cast(ops.where(missing, float(no_token), tokens), "int64")
    index = ops.cast(lookup(whole), "float32")
    index = ops.where(index > 0, index, float(unknown))
    outputs = model(ops.where(missing, float("nan"), index))
    return keras.Model(tokens, outputs, name=model.name)
