"""Number of time steps that are joined into one: parameter `patch_size`."""

# Regressor: minimum length of windows that are read in patches, and their patch size.
_LONG, _PATCH = 48, 4

# Classifier: maximum number of patches of the longest sequence.
_PATCHES = 64


def patch_size_of_windows(n_timesteps):
    """Return the "auto" patch size of a regressor."""
    return _PATCH if n_timesteps >= _LONG else 1


def patch_size_of_sequences(n_timesteps):
    """Return the "auto" patch size of a classifier, for its longest sequence.

    It is a power of two, so that series of similar length share compiled functions.
    """
    n_patches = -(-n_timesteps // _PATCHES)
    return 2 ** (max(n_patches, 1) - 1).bit_length()


def given_or(auto, given):
    """Return `auto` if `given` is "auto", else `given` in the type of `auto`."""
    return auto if isinstance(given, str) else type(auto)(given)
