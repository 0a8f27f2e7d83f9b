"""A warning of features whose changes are lost in float32."""

import warnings

import numpy as np

# Minimum number of steps that float32 keeps of the range of a feature.
_FEWEST_STEPS = 100


def warn_of_coarse_features(table, names, *, stacklevel):
    """Warn if features hardly change beside their size, so that float32 rounds changes.

    Parameters
    ----------
    table : SequenceTable
        The sequences, float32.

    names : sequence
        Names or positions of the features.

    stacklevel : int
        As for `warnings.warn`.
    """
    values = table.values
    if not values.size:
        return
    ends = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    steps = np.spacing(np.maximum(*map(np.abs, ends))).astype(np.float64)
    low, high = (end.astype(np.float64) for end in ends)
    coarse = (high > low) & (high - low < _FEWEST_STEPS * steps)
    if coarse.any():
        place = int(np.argmax(coarse))
        warnings.warn(
            f"Feature {names[place]!r} of X is about {high[place]:.3g} and changes by "
            f"{high[place] - low[place]:.3g}, of which float32, the type of networks, "
            f"keeps steps of {steps[place]:.2g}. Put a PerFeatureScaler in front, "
            "which scales in float64.",
            UserWarning,
            stacklevel=stacklevel,
        )
