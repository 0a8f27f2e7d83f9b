"""Where windows begin and end in a series, and which lags they hold."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class WindowGeometry:
    """The geometry of windows over the rows of a series.

    Parameters
    ----------
    length : int
        Number of time steps of a window.

    horizon : int
        Number of rows from the last time step of a window to the row of the window.

    known : tuple of int, default=()
        Positions of the features that are known in advance. A window holds them
        `horizon` rows later than the other features.

    whole_steps : bool, default=True
        Whether a time step is missing as a whole if its known features, or all others,
        are missing. Otherwise each value may be missing by itself.

    Examples
    --------
    >>> from sklstm.preprocessing import WindowGeometry
    >>> geometry = WindowGeometry(length=3, horizon=2, known=(1,))
    >>> geometry.n_before
    4
    >>> list(geometry.lags)
    [4, 3, 2]
    >>> geometry.column_names(["sold", "offer"])
    ['sold[t-4]', 'offer[t-2]', 'sold[t-3]', 'offer[t-1]', 'sold[t-2]', 'offer[t]']
    """

    length: int
    horizon: int
    known: tuple = ()
    whole_steps: bool = True

    @property
    def n_before(self):
        """The number of rows before its own that the window of a row reaches back."""
        return self.length + self.horizon - 1

    @property
    def n_recent(self):
        """The number of last rows of a series that windows of later rows may hold."""
        return self.length + max(self.horizon - 1, 0)

    @property
    def lags(self):
        """The lag of each time step, the oldest first."""
        return range(self.n_before, self.horizon - 1, -1)

    def column_names(self, features):
        """Return a name for every feature at every lag, such as ``price[t-3]``.

        Parameters
        ----------
        features : sequence of str
            The names of the features.

        Returns
        -------
        list of str
            Time step by time step.
        """
        later = np.zeros(len(features), dtype=int)
        later[list(self.known)] = self.horizon
        return [
            f"{name}[{label_of_lag(lag - ahead)}]"
            for lag in self.lags
            for name, ahead in zip(features, later, strict=True)
        ]

    def cut(self, rows, end):
        """Return the windows of several series that end before row `end`.

        Parameters
        ----------
        rows : ndarray of shape (n_series, n_rows, n_features)
            The rows, with known features up to row ``end + horizon``.

        end : int
            The windows are those of row ``end - 1 + horizon``.

        Returns
        -------
        ndarray of shape (n_series, length, n_features)
        """
        first = end - self.length
        if not self.known:
            return rows[:, first:end]
        some = self.shift_known(rows[:, first : end + self.horizon].copy())
        return some[:, : self.length]

    def shift_known(self, rows):
        """Move the known features of each row to the row `horizon` rows earlier.

        Parameters
        ----------
        rows : ndarray of shape (..., n_rows, n_features)
            The rows of series, in the order of time. Changed in place.

        Returns
        -------
        ndarray of shape (..., n_rows, n_features)
            The same array.
        """
        places, horizon = list(self.known), self.horizon
        if not places or not horizon:
            return rows
        n_shifted = max(rows.shape[-2] - horizon, 0)
        missing = np.isnan(rows).all(axis=-1) if self.whole_steps else None
        known = np.full_like(rows[..., places], np.nan)
        known[..., :n_shifted, :] = rows[..., horizon:, places]
        rows[..., places] = known
        if not self.whole_steps:
            return rows
        later = np.ones_like(missing)
        later[..., :n_shifted] = missing[..., horizon:]
        missing |= later
        past = np.delete(np.arange(rows.shape[-1]), places)
        if len(past):
            missing |= np.isnan(rows[..., past]).all(axis=-1)
        rows[missing] = np.nan
        return rows


def label_of_lag(lag):
    """Return "t-3" for a lag of 3, and "t" for a lag of 0."""
    return f"t-{lag}" if lag > 0 else "t"


def lag_of_label(label):
    """Return the lag of a label of :func:`label_of_lag`."""
    return int(label[2:] or 0)
