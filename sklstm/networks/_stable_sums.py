"""Convolution and batch normalization with gradients of the same bits everywhere.

TensorFlow sums the gradient of a kernel, and the moments of a batch, in one part per
thread, so that the rounding depends on the number of threads. Here the sums are over
one sample after the other.
"""

import tensorflow as tf
from keras import layers


class StableConv(layers.Layer):
    """A convolution over the weights of a built `keras.layers.Conv1D`.

    Parameters
    ----------
    conv : keras.layers.Conv1D
        A built layer without strides, dilation and groups.
    """

    def __init__(self, conv):
        super().__init__(name=conv.name)
        self.conv = conv

    def call(self, x):
        """Convolve (n_samples, n_timesteps, n_features)."""
        conv = self.conv
        kernel = tf.convert_to_tensor(conv.kernel)
        x = _convolve(x, kernel, conv.padding.upper())
        if conv.use_bias:
            x = x + tf.convert_to_tensor(conv.bias)
        return conv.activation(x)

    def compute_output_shape(self, x_shape):
        """Return the output shape of the convolution."""
        return self.conv.compute_output_shape(x_shape)


def _convolve(x, kernel, padding):
    size = kernel.shape[0]
    left = (size - 1) // 2 if padding == "SAME" else 0
    right = size - 1 - left if padding == "SAME" else 0

    @tf.custom_gradient
    def convolve(x, kernel):
        def gradient(d_outputs):
            whole = tf.shape(x)
            d_x = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.stack([whole[0], 1, whole[1], whole[2]]),
                filter=kernel[tf.newaxis],
                out_backprop=d_outputs[:, tf.newaxis],
                strides=[1, 1, 1, 1],
                padding=padding,
            )[:, 0]
            padded = tf.pad(x, [[0, 0], [left, right], [0, 0]])
            n_steps = tf.shape(d_outputs)[1]
            d_kernel = [
                tf.reduce_sum(
                    tf.matmul(
                        padded[:, lag : lag + n_steps], d_outputs, transpose_a=True
                    ),
                    axis=0,
                )
                for lag in range(size)
            ]
            return d_x, tf.stack(d_kernel)

        return tf.nn.conv1d(x, kernel, 1, padding), gradient

    return convolve(x, kernel)


class StableNorm(layers.Layer):
    """Batch normalization over the weights of a `keras.layers.BatchNormalization`.

    Parameters
    ----------
    norm : keras.layers.BatchNormalization
        A built layer over the last axis, with center and scale.
    """

    def __init__(self, norm):
        super().__init__(name=norm.name)
        self.norm = norm

    def call(self, x, exists, training=None):
        """Normalize (n_samples, n_timesteps, n_features) by the time steps that exist.

        A batch of one sample is normalized by the moving moments, because its own would
        remove its level. The first batch initializes the moving moments.
        """
        norm = self.norm
        if not training:
            return norm(x, training=False)
        weights = norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance
        gamma, beta, *moving = map(tf.convert_to_tensor, weights)
        first = tf.reduce_all((moving[0] == 0.0) & (moving[1] == 1.0))
        own = tf.cast(first | (tf.shape(x)[0] > 1), x.dtype)
        weights = tf.cast(exists, x.dtype)
        x, *moments = _normalize(x, weights, gamma, beta, own, moving, norm.epsilon)
        momentum = tf.where(first, 0.0, norm.momentum)
        norm.moving_mean.assign(moving[0] * momentum + moments[0] * (1 - momentum))
        norm.moving_variance.assign(moving[1] * momentum + moments[1] * (1 - momentum))
        return x

    def compute_output_shape(self, x_shape, exists_shape):
        """Return the shape of the input."""
        return x_shape


def _sum_of_steps(weights, x):
    """Sum (n_samples, n_timesteps, n_features) over time steps, then over samples."""
    sums = tf.matmul(weights[:, tf.newaxis], x)
    return tf.reduce_sum(sums[:, 0], axis=0)


def _normalize(x, weights, gamma, beta, own, moving, epsilon):
    """Normalize, and return also the mean and the variance of the batch [1]_.

    `own` is 1 to normalize by these, and 0 to normalize by the moving moments.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch Normalization: Accelerating Deep Network
       Training by Reducing Internal Covariate Shift", ICML 2015, algorithm 1 and the
       gradients of section 3.
    """

    @tf.custom_gradient
    def normalize(x, gamma, beta):
        n_steps = tf.maximum(tf.reduce_sum(weights), 1.0)
        mean = _sum_of_steps(weights, x) / n_steps
        variance = _sum_of_steps(weights, tf.square(x - mean)) / n_steps
        around = x - (own * mean + (1 - own) * moving[0])
        scale = tf.math.rsqrt(own * variance + (1 - own) * moving[1] + epsilon)

        def gradient(d_outputs, *_):
            # The returned moments have no gradient.
            relative = around * scale
            d_beta = tf.reduce_sum(tf.reduce_sum(d_outputs, axis=1), axis=0)
            d_gamma = tf.reduce_sum(tf.reduce_sum(d_outputs * relative, axis=1), axis=0)
            d_moments = own * (d_beta + relative * d_gamma) / n_steps
            d_x = gamma * scale * (d_outputs - d_moments * weights[..., tf.newaxis])
            return d_x, d_gamma, d_beta

        return (around * (scale * gamma) + beta, mean, variance), gradient

    return normalize(x, gamma, beta)
