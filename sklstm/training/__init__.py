"""Training and prediction: a SequenceTable in, weights, history and outputs out.

Compiled programs gather windows batch by batch from the flat table; the dense array of
all windows is never created.
"""

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "sklstm needs Keras to run on TensorFlow, but its backend is "
        f"{keras.backend.backend()!r}. Set the environment variable "
        "KERAS_BACKEND=tensorflow before Keras is imported."
    )

from sklstm.training import _stored_keras  # noqa: F401 (which registers kinds)
from sklstm.training._decay import CosineDecay
from sklstm.training._network import Network, programs
from sklstm.training._samples import Samples
from sklstm.training._schedule import Schedule
from sklstm.training._threads import set_default_threads, use_threads

__all__ = ["CosineDecay", "Network", "Samples", "Schedule", "programs", "use_threads"]

set_default_threads()
