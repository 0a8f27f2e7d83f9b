"""A progress bar of long work."""


def check_progress(progress):
    """Raise unless `progress` is a bool, or if rich is needed and missing."""
    if not isinstance(progress, bool):
        raise ValueError(f"progress must be a bool, got {progress!r}.")
    if progress:
        _rich()


def tracked(results, total, description, size):
    """Yield results, with a bar that goes on by ``size(result)`` of `total`."""

    def steps():
        for result in results:
            yield from [None] * (size(result) - 1)
            yield result

    for result in _rich().track(steps(), description, total=total):
        if result is not None:
            yield result


def _rich():
    try:
        from rich import progress
    except ImportError as error:
        raise ImportError(
            "progress=True requires rich. You can install rich with `pip install rich`."
        ) from error
    return progress
