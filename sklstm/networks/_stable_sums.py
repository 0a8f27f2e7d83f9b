"""Convolution and batch normalization whose gradients have the same bits everywhere.

TensorFlow adds up the gradient of a kernel, and the moments of a batch, in as many
parts as it has threads; each number of threads then rounds otherwise. Here the sums are
those of one sample after the other.
"""

import tensorflow as tf
from keras import layers


class StableConv(layers.Layer):
    """A built `keras.layers.Conv1D`, over the same weights.

    Parameters
    ----------
    conv : keras.layers.Conv1D
        Without strides, dilation and groups.
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
        """Return the shape that the layer itself returns."""
        return self.conv.compute_output_shape(x_shape)


def _convolve(x, kernel, padding):
    size = kernel.shape[0]
    before = (size - 1) // 2 if padding == "SAME" else 0
    after = size - 1 - before if padding == "SAME" else 0

    @tf.custom_gradient
    def convolve(x, kernel):
        def gradient(of_outputs):
            whole = tf.shape(x)
            of_x = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=tf.stack([whole[0], 1, whole[1], whole[2]]),
                filter=kernel[tf.newaxis],
                out_backprop=of_outputs[:, tf.newaxis],
                strides=[1, 1, 1, 1],
                padding=padding,
            )[:, 0]
            padded = tf.pad(x, [[0, 0], [before, after], [0, 0]])
            n_steps = tf.shape(of_outputs)[1]
            of_kernel = [
                tf.reduce_sum(
                    tf.matmul(
                        padded[:, place : place + n_steps], of_outputs, transpose_a=True
                    ),
                    axis=0,
                )
                for place in range(size)
            ]
            return of_x, tf.stack(of_kernel)

        return tf.nn.conv1d(x, kernel, 1, padding), gradient

    return convolve(x, kernel)


class StableNorm(layers.Layer):
    """A built `keras.layers.BatchNormalization`, over the same weights.

    Parameters
    ----------
    norm : keras.layers.BatchNormalization
        Over the last axis, with center and scale.
    """

    def __init__(self, norm):
        super().__init__(name=norm.name)
        self.norm = norm

    def call(self, x, there, training=None):
        """Normalize (n_samples, n_timesteps, n_features) by the steps that exist.

        A batch of one sample is normalized by the moving moments: by its own, it would
        lose the level that tells it from others. The first batch of all sets these.
        """
        norm = self.norm
        if not training:
            return norm(x, training=False)
        gamma, beta = (tf.convert_to_tensor(one) for one in (norm.gamma, norm.beta))
        moving = [
            tf.convert_to_tensor(one)
            for one in (norm.moving_mean, norm.moving_variance)
        ]
        first = tf.reduce_all((moving[0] == 0.0) & (moving[1] == 1.0))
        own = tf.cast(first | (tf.shape(x)[0] > 1), x.dtype)
        weights = tf.cast(there, x.dtype)
        x, *moments = _normalize(x, weights, gamma, beta, own, moving, norm.epsilon)
        momentum = tf.where(first, 0.0, norm.momentum)
        norm.moving_mean.assign(moving[0] * momentum + moments[0] * (1 - momentum))
        norm.moving_variance.assign(moving[1] * momentum + moments[1] * (1 - momentum))
        return x

    def compute_output_shape(self, x_shape, there_shape):
        """Return the shape of the input."""
        return x_shape


def _sum_of_steps(weights, x):
    """Sum (n_samples, n_timesteps, n_features) over steps, then over samples."""
    of_samples = tf.matmul(weights[:, tf.newaxis], x)
    return tf.reduce_sum(of_samples[:, 0], axis=0)


def _normalize(x, weights, gamma, beta, own, moving, epsilon):
    """Normalize, and return mean and variance of the batch as well [1]_.

    `own` is 1 to normalize by these, and 0 by the moving ones, which have no gradient.

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

        def gradient(of_outputs, *_):
            # What moves the averages has no gradient.
            relative = around * scale
            of_beta = tf.reduce_sum(tf.reduce_sum(of_outputs, axis=1), axis=0)
            of_gamma = tf.reduce_sum(
                tf.reduce_sum(of_outputs * relative, axis=1), axis=0
            )
            of_moments = own * (of_beta + relative * of_gamma) / n_steps
            of_x = gamma * scale * (of_outputs - of_moments * weights[..., tf.newaxis])
            return of_x, of_gamma, of_beta

        return (around * (scale * gamma) + beta, mean, variance), gradient

    return normalize(x, gamma, beta)
