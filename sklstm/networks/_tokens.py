"""Sequences of integer tokens as input."""

import keras
import numpy as np
from keras import layers, ops


def index_tokens(tokens, vocabulary):
    """Give tokens their numbers in a vocabulary.

    Parameters
    ----------
    tokens : ndarray of shape (n,)
        Whole numbers; NaN is no token.

    vocabulary : ndarray of shape (n_known,)
        The known tokens, sorted.

    Returns
    -------
    ndarray of shape (n,)
        float32: 1 for the first token of the vocabulary, and so on; NaN for what is
        not in it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.networks import index_tokens
    >>> index_tokens(np.array([7.0, 3.0, 5.0]), np.array([3, 7]))
    array([ 2.,  1., nan], dtype=float32)
    """
    if not len(vocabulary):
        return np.full(tokens.shape, np.nan, np.float32)
    at = np.minimum(np.searchsorted(vocabulary, tokens), len(vocabulary) - 1)
    known = vocabulary[at] == tokens
    return np.where(known, at + 1, np.nan).astype(np.float32)


def taking_tokens(model, vocabulary):
    """Put before a model what numbers tokens as :func:`index_tokens` does.

    Parameters
    ----------
    model : keras.Model
        From numbers of tokens, of shape (n_samples, n_timesteps, 1), NaN for none.

    vocabulary : ndarray of int, of shape (n_known,)
        The known tokens.

    Returns
    -------
    keras.Model
        From tokens; one that is not known is a missing step.
    """
    unknown = int(vocabulary[0]) - 1
    lookup = layers.IntegerLookup(
        vocabulary=vocabulary.tolist(), oov_token=unknown, name="vocabulary"
    )
    tokens = keras.Input((None, 1), dtype="float64", name="tokens")
    whole = ops.cast(ops.where(ops.isnan(tokens), float(unknown), tokens), "int64")
    index = ops.cast(lookup(whole), "float32")
    outputs = model(ops.where(index > 0, index, float("nan")))
    return keras.Model(tokens, outputs, name=model.name)
