"""What shapes a network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkSpec:
    """All that shapes a network; two fits of one spec differ in weights alone.

    Parameters
    ----------
    n_features : int
        Features of a time step.

    n_outputs : int
        Width of the output layer.

    units : tuple of int
        Units of each LSTM layer, from the input on.

    activation : str, default="tanh"
        Of the cell's candidate and output, as in `keras.layers.LSTM`.

    dropout : float, default=0.0
        Share of each LSTM layer's outputs that training sets to zero.

    hidden_layer_sizes : tuple of int, default=()
        Units of the dense ReLU layers after the last state.

    output_activation : str, default="linear"
        Of the output layer.
    """

    n_features: int
    n_outputs: int
    units: tuple[int, ...]
    activation: str = "tanh"
    dropout: float = 0.0
    hidden_layer_sizes: tuple[int, ...] = ()
    output_activation: str = "linear"
