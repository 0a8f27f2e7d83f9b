"""Sequences of integer tokens as input."""

import keras
import numpy as np
from keras import layers, ops


def index_tokens(tokens, vocabulary, unknown=np.nan):
    """Return the numbers of tokens in a vocabulary.

    Parameters
    ----------
    tokens : ndarray of shape (n,)
        Whole numbers; NaN is no token.

    vocabulary : ndarray of shape (n_known,)
        The known tokens, sorted.

    unknown : float, default=nan
        What is given for other tokens: NaN leaves them out.

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
    at = np.minimum(np.searchsorted(vocabulary, tokens), len(vocabulary) - 1)
    known = vocabulary[at] == tokens
    return np.where(known, at + 1, others).astype(np.float32)


def taking_tokens(model, vocabulary, unknown=np.nan):
    """Put before a model what numbers tokens as :func:`index_tokens` does.

    Parameters
    ----------
    model : keras.Model
        From numbers of tokens, of shape (n_samples, n_timesteps, 1), NaN for none.

    vocabulary : ndarray of int, of shape (n_known,)
        The known tokens.

    unknown : float, default=nan
        As for :func:`index_tokens`.

    Returns
    -------
    keras.Model
        From tokens, NaN for none.
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
