"""Networks: `keras.Model` objects that are built from immutable specs."""

from sklstm.networks._build import build, fuse
from sklstm.networks._custom import CustomSpec, masked
from sklstm.networks._fused import FusedGRU, FusedLSTM, FusedSimpleRNN
from sklstm.networks._initial import initial_weights
from sklstm.networks._known import KnownLoss
from sklstm.networks._linear import LinearSpec, with_linear_part
from sklstm.networks._quantiles import QuantileLoss
from sklstm.networks._spec import NetworkSpec
from sklstm.networks._tokens import index_tokens, taking_tokens

__all__ = [
    "CustomSpec",
    "FusedGRU",
    "FusedLSTM",
    "FusedSimpleRNN",
    "KnownLoss",
    "LinearSpec",
    "NetworkSpec",
    "QuantileLoss",
    "build",
    "fuse",
    "index_tokens",
    "initial_weights",
    "masked",
    "taking_tokens",
    "with_linear_part",
]
