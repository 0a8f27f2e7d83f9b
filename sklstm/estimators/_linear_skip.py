"""Losses and inputs that a linear part can go with: `linear_skip`."""

import keras

# Losses of the difference alone, which a linear part leaves as it is.
_OF_DIFFERENCES = {
    *("mse", "meansquarederror", "mae", "meanabsoluteerror", "huber", "logcosh"),
    *("logcoshloss", "quantile"),
}


def name_of_loss(loss):
    """Return the name of a loss: a string, a function, a class, or an instance."""
    return (
        loss
        if isinstance(loss, str)
        else getattr(loss, "__name__", type(loss).__name__)
    )


def learns_differences(loss):
    """Return whether a loss depends only on the difference to the target."""
    return name_of_loss(loss).lower().replace("_", "") in _OF_DIFFERENCES


def check_linear_skip(linear_skip, loss, embedding_dim):
    """Raise if a linear part has no meaning with this loss, or with tokens."""
    if embedding_dim is not None:
        raise ValueError(
            f"linear_skip={linear_skip!r} can't go with embedding_dim="
            f"{embedding_dim!r}: token numbers mean nothing to a linear "
            'model. Use linear_skip="auto" or 0.'
        )
    if learns_differences(loss):
        return
    found = keras.losses.get(loss) if isinstance(loss, str) else loss
    module = getattr(found, "__module__", type(found).__module__)
    if module.split(".")[0] == "keras":  # own losses are not known
        raise ValueError(
            f"linear_skip={linear_skip!r} can't go with loss={loss!r}, "
            "which sees the target itself and not its distance alone: beside a "
            "linear part the network learns what that leaves. Use linear_skip="
            '"auto" or 0.'
        )
