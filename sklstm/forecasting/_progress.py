"""A progress bar of long work."""


def check_progress(progress):
    """Raise unless `progress` is a bool, or if rich is needed and missing."""
    if not isinstance(progress, bool):
        raise ValueError(f"progress must be a bool, got {progress!r}.")
    if progress:
        _rich()


def tracked(results, total, description):
    """Yield results, with a bar of how many there are of `total`."""
    yield from _rich().track(results, description, total=total)


def _rich():
    try:
        from rich import progress
    except ImportError as error:
        raise ImportError(
            "progress=True requires rich. You can install rich with `pip install rich`."
        ) from error
    return progress
