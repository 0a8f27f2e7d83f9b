"""Transformers from tables and lists to `(n_samples, n_timesteps, n_features)`."""

from sklstm._geometry import WindowGeometry
from sklstm._window_step import WindowStep
from sklstm.preprocessing._make_windows import make_multistep, make_windows
from sklstm.preprocessing._pad_sequences import PadSequences
from sklstm.preprocessing._reshape import Reshape3D
from sklstm.preprocessing._sliding_window import SlidingWindow
from sklstm.preprocessing._stepwise import PerFeatureScaler, PerTimestep

__all__ = [
    "PadSequences",
    "PerFeatureScaler",
    "PerTimestep",
    "Reshape3D",
    "SlidingWindow",
    "WindowGeometry",
    "WindowStep",
    "make_multistep",
    "make_windows",
]
