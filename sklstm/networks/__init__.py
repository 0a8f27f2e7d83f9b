"""Networks: an immutable spec in, a `keras.Model` out."""

from sklstm.networks._build import build, fuse
from sklstm.networks._custom import CustomSpec
from sklstm.networks._fused import FusedLSTM
from sklstm.networks._initial import initial_weights
from sklstm.networks._names import own_names
from sklstm.networks._spec import NetworkSpec

__all__ = [
    "CustomSpec",
    "FusedLSTM",
    "NetworkSpec",
    "build",
    "fuse",
    "initial_weights",
    "own_names",
]
