"""What shapes a network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkSpec:
    """All that shapes a network; two fits of one spec differ in weights alone.

    From the input on: an embedding of tokens, convolutions, recurrent layers, pooling
    over the steps, to which is joined what a fully convolutional network makes of the
    same steps, a decoder where the output is a sequence, dense layers, output.

    Parameters
    ----------
    n_features : int
        Features of a time step.

    n_outputs : int
        Width of the output layer.

    units : tuple of int
        Units of each recurrent layer, from the input on.

    n_tokens : int, default=0
        Tokens that an embedding tells apart, 0 among them; the one feature is the
        number of a token then. 0 takes features as they are.

    embedding_dim : int, default=0
        Features that the embedding makes of a token.

    cell : {"lstm", "gru", "simple_rnn"}, default="lstm"
        Kind of the recurrent layers.

    bidirectional : bool, default=False
        Whether each recurrent layer also runs from the last step to the first.

    activation : str, default="tanh"
        Of the cell's candidate and output, as in `keras.layers.LSTM`.

    recurrent_activation : str, default="sigmoid"
        Of the cell's gates.

    dropout : float, default=0.0
        Share of each recurrent layer's outputs that training sets to zero.

    recurrent_dropout : float, default=0.0
        Share of the hidden state that training sets to zero within the cell.

    pooling : {"last", "mean", "max", "attention", "concat", "none"}, default="last"
        What is made of the steps of a sequence: the state after the last one; the
        mean, the maximum or a weighted mean of the states over the steps that exist;
        or the first three of these together.
        "none" gives an output for every step.

    conv_filters : tuple of int, default=()
        Filters of each convolution before the recurrent layers.

    conv_kernel_size : int, default=3
        Steps that a convolution spans.

    conv_activation : str, default="relu"
        Of the convolutions.

    conv_pool_size : int, default=1
        Steps of which the maximum is taken after a convolution.

    n_steps_out : int, default=0
        Steps of an output that is a sequence: a decoder runs over what the pooling
        gave, repeated so many times. 0 gives one output a sample.

    hidden_layer_sizes : tuple of int, default=()
        Units of the dense layers after the pooling, or at each step of the decoder.

    hidden_activation : str, default="relu"
        Of these dense layers.

    heads : {"joint", "separate"}, default="joint"
        Whether the outputs share the dense layers, or each has its own.

    n_quantiles : int, default=0
        Quantiles of each output, in ascending order; 0 gives one number an output.

    output_activation : str, default="linear"
        Of the output layer.

    window_norm : {"none", "last", "standard"}, default="none"
        What some features of a sequence are made relative to: its last value, or its
        own mean and standard deviation.

    norm_features : tuple of int, default=()
        Which features these are.

    patch_size : int, default=1
        Steps that are joined to one, for the recurrent layers.

    fcn_filters : tuple of int, default=()
        Filters of each convolution of a network beside the recurrent layers.

    fcn_kernel_sizes : tuple of int, default=()
        Steps that each of these spans.

    fcn_pool_size : int, default=1
        Steps of which the maximum is taken after each of these but the last one.

    fcn_pooling : {"mean", "max", "concat"}, default="mean"
        What is made of the steps after the last one: their mean, their maximum, or the
        mean and a twentieth of the maximum, of which dropout leaves out half at most.

    fcn_dropout : float, default=0.0
        Share of the samples of a batch for which training leaves these convolutions
        out.

    fcn_squeeze_excite : bool, default=False
        Whether the channels after these, but for the last one, are weighed by sample.
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
        """Whether more than the recurrent layers runs over the steps."""
        joined = self.window_norm != "none" or self.patch_size > 1
        return joined or bool(self.conv_filters or self.fcn_filters)

    @property
    def per_step(self):
        """Whether every time step has an output of its own."""
        return self.pooling == "none"
