"""The feature of X that the targets continue: parameter `target_feature`."""

from numbers import Integral

import numpy as np

from sklstm.estimators._target_feature import find_continued, scale_of


def continued_features(target_feature, table, y, n_outputs, names):
    """Return which feature each column of y continues, as given or as found.

    Parameters
    ----------
    target_feature : int, str, sequence of such, None or "auto"
        As given by the user.

    table : SequenceTable
        The sequences, with rows for missing time steps.

    y : ndarray of shape (n_samples, n_columns)
        Targets; NaN is missing. Its columns are the outputs of each step ahead in turn.

    n_outputs : int
        Number of outputs.

    names : list of str
        Names of the features; empty if they have none.

    Returns
    -------
    features : ndarray of int, of shape (n_columns,)
        Indices of features; -1 for none.

    slopes, offsets : ndarray of shape (n_columns,)
        ``y = slope * feature + offset``; 1 and 0 for none.

    Raises
    ------
    ValueError
        If `target_feature` is no feature of X, or does not have one for each output.
    """
    n_columns = y.shape[1]
    if target_feature is None:
        return np.full(n_columns, -1), np.ones(n_columns), np.zeros(n_columns)
    found = find_continued(table, y)
    if isinstance(target_feature, str) and target_feature == "auto":
        return found
    given = np.ravel(np.asarray(target_feature, dtype=object))
    numbers = [_index_of(i, table.n_features, names, target_feature) for i in given]
    if len(numbers) not in (1, n_outputs):
        raise ValueError(
            f"target_feature={target_feature!r} must name one feature, or one "
            f"for each of the {n_outputs} outputs of y."
        )
    features = np.resize(numbers, n_columns)
    agree = found[0] == features
    slopes, offsets = scale_of(table, y, features)
    slopes = np.where(agree, found[1], slopes)
    offsets = np.where(agree, found[2], offsets)
    varies = slopes != 0  # a constant continues no feature
    return np.where(varies, features, -1), np.where(varies, slopes, 1.0), offsets


def _index_of(name, n_features, names, target_feature):
    if isinstance(name, str):
        if name not in names:
            raise ValueError(
                f"target_feature={name!r} is no feature of X, which has "
                f"{names or 'no names'}. Pass its number."
            )
        return names.index(name)
    if not isinstance(name, Integral) or not 0 <= name < n_features:
        raise ValueError(
            'target_feature must be "auto", None, or a feature of X: its name, or '
            f"a number from 0 to {n_features - 1}; got {target_feature!r}."
        )
    return int(name)
