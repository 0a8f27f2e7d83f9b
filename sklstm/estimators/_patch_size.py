"""How many time steps are joined into one: the parameter `patch_size`."""

from numbers import Integral

from sklstm._compat.sklearn import Interval, StrOptions

PATCH_SIZE = [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})]

# Of a regressor: windows of at least so many time steps are read in patches of so many.
_LONG, _PATCH = 48, 4

# Of a classifier: patches of the longest sequence, at most.
_PATCHES = 64


def patch_size_of_windows(n_timesteps):
    """Return the patch size that "auto" takes for the windows of a regressor."""
    return _PATCH if n_timesteps >= _LONG else 1


def patch_size_of_sequences(n_timesteps):
    """Return the patch size that "auto" takes for the sequences of a classifier.

    A power of two: series of about the same length share what is compiled.

    Parameters
    ----------
    n_timesteps : int
        Of the longest sequence.

    Returns
    -------
    int
    """
    n_patches = -(-n_timesteps // _PATCHES)
    return 2 ** (max(n_patches, 1) - 1).bit_length()


def given_or(auto, given):
    """Return a number as it was given, in the type of `auto`; `auto` for "auto"."""
    return auto if isinstance(given, str) else type(auto)(given)
