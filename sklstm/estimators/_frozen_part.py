"""A warning of further training, beside a linear part that stays as it is."""

import warnings

import numpy as np

# Minimum number of samples, and of times that their residuals are those of the fit.
_LEAST, _FAR = 10, 3.0


def warn_of_frozen_part(residuals, *, stacklevel):
    """Warn if samples are far from what a fitted linear part predicts.

    Parameters
    ----------
    residuals : ndarray
        Residuals of the linear part; those of its fit have a mean square of 1.

    stacklevel : int
        As for `warnings.warn`.
    """
    known = residuals[~np.isnan(residuals)].astype(np.float64)
    far = np.sqrt(np.mean(known**2)) if len(residuals) >= _LEAST and known.size else 0
    if far > _FAR:
        warnings.warn(
            "partial_fit and warm_start train the network alone: the linear part stays "
            f"as fit left it, and what it leaves of these samples is {far:.1f} times "
            "that of the fit, so that predictions hardly follow. Fit anew on all "
            "samples; or set linear_skip=0 before the first fit.",
            UserWarning,
            stacklevel=stacklevel,
        )
