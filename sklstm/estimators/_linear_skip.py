"""What a linear part can stand beside: the parameter `linear_skip`."""

import keras

# Losses of a difference alone, which is the same beside a linear part.
_OF_DIFFERENCES = {
    *("mse", "meansquarederror", "mae", "meanabsoluteerror", "huber", "logcosh"),
    *("logcoshloss", "quantile"),
}


def learns_differences(loss):
    """Return whether a loss depends on the distance to the target alone."""
    if not isinstance(loss, str):  # a function, a class, or an instance of one
        loss = getattr(loss, "__name__", type(loss).__name__)
    return loss.lower().replace("_", "") in _OF_DIFFERENCES


def check_linear_skip(linear_skip, loss, embedding_dim):
    """Raise where a linear part that is asked for has no meaning.

    Parameters
    ----------
    linear_skip : int
        As given by the user; for the message.

    loss : str, callable or keras.losses.Loss
        What training minimizes.

    embedding_dim : int or None
        Given where X holds tokens.

    Raises
    ------
    ValueError
        Names the parameter that it can't go with.
    """
    if embedding_dim is not None:
        raise ValueError(
            f"linear_skip={linear_skip!r} can't go with embedding_dim="
            f"{embedding_dim!r}: numbers of tokens mean nothing to a linear "
            'model. Use linear_skip="auto" or 0.'
        )
    if learns_differences(loss):
        return
    found = keras.losses.get(loss) if isinstance(loss, str) else loss
    module = getattr(found, "__module__", type(found).__module__)
    if module.split(".")[0] == "keras":  # one's own may be of differences
        raise ValueError(
            f"linear_skip={linear_skip!r} can't go with loss={loss!r}, "
            "which sees the target itself and not its distance alone: beside a "
            "linear part the network learns what that leaves. Use linear_skip="
            '"auto" or 0.'
        )
