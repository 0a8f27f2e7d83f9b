"""Axes and styles of artists, for all Displays."""

import numpy as np


def axes_of(ax, shape, **figure_kw):
    """Return the axes to draw on, made anew where none are given.

    Parameters
    ----------
    ax : matplotlib Axes, array-like of Axes, or None
        Of the user: one for each panel.

    shape : tuple of int
        Rows and columns of the panels of a new figure.

    **figure_kw : dict
        For `matplotlib.pyplot.subplots`, where a figure is made.

    Returns
    -------
    ndarray of Axes, of shape (n_panels,)

    Raises
    ------
    ValueError
        If other than so many axes are given.
    """
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    n_panels = shape[0] * shape[1]
    if ax is None:
        _, axes = plt.subplots(*shape, squeeze=False, layout="constrained", **figure_kw)
        return axes.ravel()
    axes = np.asarray(ax, dtype=object).ravel()
    if len(axes) != n_panels or not _are_axes(axes, Axes):
        wanted = "an Axes" if n_panels == 1 else f"an array of {n_panels} Axes"
        got = f"{len(axes)} Axes" if _are_axes(axes, Axes) else repr(ax)
        raise ValueError(f"ax must be {wanted}, one for each panel, got {got}.")
    return axes


def styled(name, given, defaults, artist):
    """Return the keywords of an artist: the user's before the defaults.

    Parameters
    ----------
    name : str
        The parameter, for the error.

    given : dict or None
        The user's; aliases such as "c" for "color" are known.

    defaults : dict
        By the full names.

    artist : type
        The class of matplotlib whose aliases count.

    Raises
    ------
    ValueError
        If `given` is neither None nor a dict.
    """
    from matplotlib import cbook

    if given is not None and not isinstance(given, dict):
        raise ValueError(
            f"{name} must be a dict of keywords for matplotlib's "
            f"{artist.__name__}, or None, got {given!r}."
        )
    return {**defaults, **cbook.normalize_kwargs(given, artist)}


def lone_points(values):
    """Return the places of values without a neighbour, which a line does not show.

    Examples
    --------
    >>> from sklstm.inspection._drawing import lone_points
    >>> lone_points([1.0, float("nan"), 2.0, 3.0]).tolist()
    [0]
    """
    finite = np.isfinite(values)
    beside = np.zeros(len(finite), dtype=bool)
    beside[1:] |= finite[:-1]
    beside[:-1] |= finite[1:]
    return np.flatnonzero(finite & ~beside)


def thinned(n_labels, most):
    """Return a distance between labels at which at most so many are shown.

    Examples
    --------
    >>> from sklstm.inspection._drawing import thinned
    >>> thinned(5, most=12), thinned(24, most=12), thinned(168, most=12)
    (1, 2, 24)
    """
    steps = [1, 2, 3, 4, 6, 8, 12]
    while steps[-1] * most < n_labels:
        steps.append(steps[-1] * 2)
    return next(step for step in steps if step * most >= n_labels)


def _are_axes(axes, kind):
    return all(isinstance(one, kind) for one in axes)
