"""Metrics that can't compare the number of a class with probabilities."""

import keras
import numpy as np
import tensorflow as tf

from sklstm._compat.keras import wrapped_function

_OF_THE_LOSS = {"acc", "accuracy", "ce", "crossentropy"}  # Keras finds out which


def check_class_metrics(metrics, n_classes):
    """Refuse metrics of Keras that want a column a class; Keras fails in training.

    Parameters
    ----------
    metrics : list
        Names and metrics.

    n_classes : int
        Of which y holds the number, and the network gives probabilities.

    Raises
    ------
    ValueError
        Names the metric, and the loss that gives y one column a class.
    """
    y = np.arange(n_classes + 2, dtype=np.int32) % n_classes
    outputs = np.eye(n_classes, dtype=np.float32)[y]
    for metric in metrics:
        if (compare := _to_try(metric)) is None:
            continue
        try:
            compare(y, outputs)
        except (ValueError, TypeError, tf.errors.OpError) as error:
            name = metric if isinstance(metric, str) else type(metric).__name__
            raise ValueError(
                f"metrics={name!r} wants one column a class, but y holds the number of "
                f"one of {n_classes} classes. Set loss='categorical_crossentropy', "
                "which takes columns as well, or use a metric such as 'accuracy'."
            ) from error


def _to_try(metric):
    """Return the metric of a name, or one like it of Keras's own; None of others."""
    if isinstance(metric, str):
        return None if metric in _OF_THE_LOSS else keras.metrics.get(metric)
    if (
        type(metric).__module__.startswith("keras.")
        and wrapped_function(metric) is None
    ):
        return type(metric).from_config(metric.get_config())
    return None
