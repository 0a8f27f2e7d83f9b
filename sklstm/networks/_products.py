"""Matrix products with the weights of a recurrent cell, and their gradients."""

import tensorflow as tf


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
        self._transposed = None

    def __call__(self, h):
        """Compute the product for hidden states of shape (n_samples, units)."""
        return _join([a @ k for a, k in zip(self._dropped(h), self._kernels)])

    def transposed(self, d):
        """Compute the gradient of the hidden state from that of the product."""
        if self._transposed is None:
            self._transposed = [tf.transpose(kernel) for kernel in self._kernels]
        if self._masks is None:
            return d @ self._transposed[0]
        pairs = zip(_parts(d, self._masks), self._transposed, strict=True)
        products = [part @ kernel for part, kernel in pairs]
        dropped = zip(products, self._masks, strict=True)
        return tf.add_n([product * mask for product, mask in dropped])

    def gradient(self, h, d):
        """Compute the gradient of the weights from those of all time steps.

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
    """Compute the gradient of weights from inputs and gradients of all time steps."""
    return tf.matmul(flat(x), flat(d), transpose_a=True)


def input_gradient(d, kernel):
    """Compute the gradient of the inputs from that of their product with `kernel`."""
    d_x = tf.matmul(flat(d), kernel, transpose_b=True)
    return tf.reshape(d_x, (*tf.unstack(tf.shape(d)[:2]), kernel.shape[0]))


def flat(steps):
    """Reshape (n_timesteps, n_samples, width) to one row per step and sample."""
    return tf.reshape(steps, (-1, steps.shape[2]))


def _parts(tensor, masks):
    return tf.split(tensor, len(masks), axis=-1)


def _join(parts):
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=-1)
