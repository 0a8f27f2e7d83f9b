"""Read files of the ``.ts`` format of timeseriesclassification.com."""

import pathlib

import numpy as np


def read_ts(path):
    """Return the series and the labels of a ``.ts`` file.

    Parameters
    ----------
    path : str or Path
        A file of series with a class label: features are parted by colons, steps by
        commas, and what follows the last colon is the label.

    Returns
    -------
    X : ndarray of shape (n_samples, n_timesteps, n_features), or list of ndarray of \
            shape (n_timesteps, n_features)
        The series: a list where the file says that lengths are unequal; NaN where it
        has a question mark.

    y : ndarray of shape (n_samples,) of str
        The labels.

    Raises
    ------
    ValueError
        If a line's features are of unlike length, or the file has no ``@data``.
    """
    lines = pathlib.Path(path).read_text().splitlines()
    told = [line.strip().lower() for line in lines]
    if "@data" not in told:
        raise ValueError(f"{path} has no line @data: it is no .ts file.")
    start = told.index("@data") + 1
    equal = "@equallength true" in told[:start]
    X, y = [], []
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.strip():
            *features, label = line.split(":")
            X.append(_series(features, f"{path}, line {number}"))
            y.append(label.strip())
    return (np.array(X) if equal else X), np.array(y)


def _series(features, where):
    """Return an array of shape (n_timesteps, n_features) of the text of each."""
    columns = [
        [np.nan if v.strip() == "?" else float(v) for v in feature.split(",")]
        for feature in features
    ]
    if len(lengths := {len(column) for column in columns}) > 1:
        raise ValueError(
            f"{where}: features of one series must be of one length; "
            f"got lengths {sorted(lengths)}."
        )
    return np.array(columns).T
