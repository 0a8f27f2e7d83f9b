"""Networks: an immutable spec in, a `keras.Model` out. Imports Keras alone."""

from sklstm.networks._spec import NetworkSpec, build

__all__ = ["NetworkSpec", "build"]
