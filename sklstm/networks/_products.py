"""Matrix products with the weights of a recurrent cell, and their gradients."""

import tensorflow as tf

# Number of rows of a product from which on TensorFlow does not add up parts.
_FEW = 8


class RecurrentProduct:
    """Product of the hidden state and the recurrent weights, with recurrent dropout.

    Parameters
    ----------
    kernel : Tensor of shape (units, n_gates * units)
        Recurrent weights.

    masks : list of Tensor of shape (n_samples, units), or None
        Factors of the hidden state: one for each gate, or one for all.
    """

    def __init__(self, kernel, masks=None):
        self._masks = masks
        self._kernels = [kernel] if masks is None else _parts(kernel, masks)

    def __call__(self, h):
        """Compute the product for hidden states of shape (n_samples, units)."""
        pairs = zip(self._dropped(h), self._kernels, strict=True)
        return _join([dropped @ kernel for dropped, kernel in pairs])

    def backwards(self):
        """Return a function from the gradient of the product to that of the state."""
        transposed = [tf.transpose(kernel) for kernel in self._kernels]
        masks = self._masks
        if masks is None:
            return lambda d: d @ transposed[0]

        def back(d):
            parts = zip(_parts(d, masks), transposed, masks, strict=True)
            return tf.add_n([part @ kernel * mask for part, kernel, mask in parts])

        return back

    def gradient(self, h, d):
        """Compute the gradient of the weights from those of several time steps.

        Parameters
        ----------
        h, d : Tensor of shape (n_timesteps, n_samples, width)
            Hidden states before each time step; gradients of the product.
        """
        if self._masks is None:
            return weight_gradient(h, d)
        pairs = zip(self._dropped(h), _parts(d, self._masks), strict=True)
        return _join([weight_gradient(a, part) for a, part in pairs])

    def _dropped(self, h):
        return [h] if self._masks is None else [h * mask for mask in self._masks]


def weight_gradient(x, d):
    """Compute the gradient of weights from inputs and gradients of several time steps.

    TensorFlow splits a product whose result has few rows into parts that it adds up,
    one for each thread, so that the rounding depends on the number of threads.
    """
    n_features = x.shape[2]
    missing = max(_FEW - n_features, 0)
    x = tf.pad(flat(x), [[0, 0], [0, missing]]) if missing else flat(x)
    return tf.matmul(x, flat(d), transpose_a=True)[:n_features]


def times(steps, kernel):
    """Multiply the features of all time steps by a matrix."""
    product = flat(steps) @ kernel
    n_steps, n_samples = tf.unstack(tf.shape(steps)[:2])
    return tf.reshape(product, (n_steps, n_samples, kernel.shape[1]))


def total(steps):
    """Sum over time steps and samples."""
    return tf.reduce_sum(flat(steps), axis=0)


def flat(steps):
    """Reshape (n_timesteps, n_samples, width) to one row per step and sample."""
    return tf.reshape(steps, (-1, steps.shape[2]))


def _parts(tensor, masks):
    return tf.split(tensor, len(masks), axis=-1)


def _join(parts):
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=-1)
