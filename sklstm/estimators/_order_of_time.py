"""Windows of a panel that come entity by entity, in the order of time."""

import numpy as np

from sklstm.estimators._read_windows import are_windows


def in_order_of_time(samples):
    """Return samples in the order of time, if they come entity by entity.

    What is measured on later samples needs the last ones of each entity, not the last
    entity. The windows of entities that follow one another are found by their lengths,
    which begin anew with each; the last windows of all count as simultaneous.

    Parameters
    ----------
    samples : Samples
        Samples, of windows or not.

    Returns
    -------
    Samples
        The same samples; those of other tables in the order they have.
    """
    table = samples.whole
    begins = np.diff(table.lengths) < 0
    advances = np.diff(table.starts + table.lengths) > 0
    if not begins.any() or not advances.all() or not are_windows(table):
        return samples
    entity = np.concatenate([[0], np.cumsum(begins)])
    last = np.cumsum(np.bincount(entity)) - 1
    n_later = last[entity] - np.arange(len(entity))
    return samples.take(np.lexsort((entity, -n_later)))
