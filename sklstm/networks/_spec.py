"""The architecture of a network."""

from dataclasses import dataclass

from sklstm._stored import stored_as


@stored_as("network spec")
@dataclass(frozen=True)
class NetworkSpec:
    """The architecture of a network, without its weights.

    The order of the layers is: embedding of tokens, convolutions, recurrent layers,
    pooling over time steps, decoder if the output is a sequence, dense layers, output.
    The output of a fully convolutional network is joined to that of the pooling.

    Parameters
    ----------
    n_features : int
        Features of a time step.

    n_outputs : int
        Width of the output layer.

    units : tuple of int
        Units of each recurrent layer, from the input on.

    n_tokens : int, default=0
        Number of tokens of the embedding, with token 0; X then holds one integer token
        per time step. 0 means no embedding.

    embedding_dim : int, default=0
        Size of the token embedding.

    cell : {"lstm", "gru", "simple_rnn"}, default="lstm"
        Kind of the recurrent layers.

    bidirectional : bool, default=False
        Whether each recurrent layer also runs from the last time step to the first.

    activation : str, default="tanh"
        Activation of the cell's candidate and output, as in `keras.layers.LSTM`.

    recurrent_activation : str, default="sigmoid"
        Activation of the cell's gates.

    dropout : float, default=0.0
        Share of each recurrent layer's outputs that training sets to zero.

    recurrent_dropout : float, default=0.0
        Share of the hidden state that training sets to zero within the cell.

    pooling : {"last", "mean", "max", "attention", "concat", "none"}, default="last"
        How the states of the time steps are pooled: the last state; the mean, the
        maximum or a weighted mean of all states; or the first three joined. "none"
        returns an output for every time step.

    conv_filters : tuple of int, default=()
        Filters of each convolution before the recurrent layers.

    conv_kernel_size : int, default=3
        Kernel size of these convolutions.

    conv_activation : str, default="relu"
        Activation of these convolutions.

    conv_pool_size : int, default=1
        Size of the maximum pooling after each of these convolutions.

    n_steps_out : int, default=0
        Steps ahead of an output that is a sequence: a decoder runs over this many
        copies of the pooled states. 0 means one output per sample.

    hidden_layer_sizes : tuple of int, default=()
        Units of the dense layers after the pooling, or at each step of the decoder.

    hidden_activation : str, default="relu"
        Activation of these dense layers.

    heads : {"joint", "separate"}, default="joint"
        Whether the outputs share the dense layers, or each has its own.

    n_quantiles : int, default=0
        Quantiles of each output, in ascending order; 0 means one number per output.

    output_activation : str, default="linear"
        Activation of the output layer.

    window_norm : {"none", "last", "standard"}, default="none"
        Normalization of each sequence: subtract its last value, or standardize it by
        its own mean and standard deviation.

    norm_features : tuple of int, default=()
        Indices of the normalized features.

    patch_size : int, default=1
        Time steps that are joined to one for the recurrent layers.

    fcn_filters : tuple of int, default=()
        Filters of each convolution of the fully convolutional network.

    fcn_kernel_sizes : tuple of int, default=()
        Kernel size of each of these convolutions.

    fcn_pool_size : int, default=1
        Size of the maximum pooling after each of these convolutions but the last.

    fcn_pooling : {"mean", "max", "concat"}, default="mean"
        Pooling over time steps after the last of these convolutions: mean, maximum, or
        the mean and a twentieth of the maximum with a dropout of at most one half.

    fcn_dropout : float, default=0.0
        Share of the samples for which training drops the fully convolutional network.

    fcn_squeeze_excite : bool, default=False
        Whether squeeze and excite scales the channels of each sample after each of
        these convolutions but the last.
    """

    n_features: int
    n_outputs: int
    units: tuple[int, ...]
    n_tokens: int = 0
    embedding_dim: int = 0
    cell: str = "lstm"
    bidirectional: bool = False
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    pooling: str = "last"
    conv_filters: tuple[int, ...] = ()
    conv_kernel_size: int = 3
    conv_activation: str = "relu"
    conv_pool_size: int = 1
    n_steps_out: int = 0
    hidden_layer_sizes: tuple[int, ...] = ()
    hidden_activation: str = "relu"
    heads: str = "joint"
    n_quantiles: int = 0
    output_activation: str = "linear"
    window_norm: str = "none"
    norm_features: tuple[int, ...] = ()
    patch_size: int = 1
    fcn_filters: tuple[int, ...] = ()
    fcn_kernel_sizes: tuple[int, ...] = ()
    fcn_pool_size: int = 1
    fcn_pooling: str = "mean"
    fcn_dropout: float = 0.0
    fcn_squeeze_excite: bool = False

    @property
    def sees_whole_sequences(self):
        """Whether other layers than recurrent ones run over the time steps."""
        joined = self.window_norm != "none" or self.patch_size > 1
        return joined or bool(self.conv_filters or self.fcn_filters)

    @property
    def is_fused(self):
        """Whether one operation computes all time steps of a recurrent layer.

        Recurrent dropout needs a loop over them, in training.
        """
        activations = self.activation, self.recurrent_activation
        return self.cell == "lstm" and activations == ("tanh", "sigmoid")

    @property
    def per_step(self):
        """Whether every time step has an output."""
        return self.pooling == "none"
