"""Check of metrics for targets that are class indices."""

import keras
import numpy as np
import tensorflow as tf

from sklstm._compat.keras import wrapped_function

_OF_THE_LOSS = {"acc", "accuracy", "ce", "crossentropy"}  # Keras chooses the variant


def check_class_metrics(metrics, n_classes):
    """Raise if a metric of Keras needs a column per class; Keras fails in training."""
    y = np.arange(n_classes + 2, dtype=np.int32) % n_classes
    outputs = np.eye(n_classes, dtype=np.float32)[y]
    for metric in metrics:
        if (compare := _keras_metric(metric)) is None:
            continue
        try:
            compare(y, outputs)
        except (ValueError, TypeError, tf.errors.OpError) as error:
            name = metric if isinstance(metric, str) else type(metric).__name__
            raise ValueError(
                f"metrics={name!r} needs one column per class, but y is the index of "
                f"one of {n_classes} classes. Set loss='categorical_crossentropy', "
                "which takes columns as well, or use a metric such as 'accuracy'."
            ) from error


def _keras_metric(metric):
    """Return a new metric to try, or None for metrics that are not Keras's own."""
    if isinstance(metric, str):
        return None if metric in _OF_THE_LOSS else keras.metrics.get(metric)
    if (
        type(metric).__module__.startswith("keras.")
        and wrapped_function(metric) is None
    ):
        return type(metric).from_config(metric.get_config())
    return None
