"""The scale on which errors of forecasts are measured: that of what was learned."""

import numpy as np

from sklstm._validation import shortened
from sklstm.forecasting._result_tables import quantiles_among
from sklstm.forecasting._target_transform import TargetTransform, check_transformer

# Where tables of forecasts carry it, in their `attrs`.
KEY = "transformer"


class Scale(str):
    """Transforms of targets, as a table of forecasts carries them in its `attrs`.

    It is text, what the transformer is called, so that the table can be written:
    Parquet's files hold `attrs` as JSON.

    Parameters
    ----------
    transforms : dict of TargetTransform
        By target.
    """

    def __new__(cls, transforms):
        """Make the text of the transforms."""
        names = dict.fromkeys(repr(transform) for transform in transforms.values())
        made = super().__new__(cls, ", ".join(names))
        made.transforms = dict(transforms)
        return made

    def __getnewargs__(self):
        return (self.transforms,)

    def __deepcopy__(self, memo):
        return self  # pandas copies attrs with every table that is made of another

    @classmethod
    def of(cls, backtested, transformer, target=None):
        """Return the transform by which errors are measured.

        Parameters
        ----------
        backtested : DataFrame
            What a backtest gave.

        transformer : None, str, transformer or TransformedTargetForecaster
            What the user says. None takes what the table carries.

        target : str, int or None
            What the forecasts are called, where that is known.

        Returns
        -------
        TargetTransform or None
            None where nothing is transformed.
        """
        carried = backtested.attrs.get(KEY) if transformer is None else transformer
        carried = getattr(carried, "best_estimator_", carried)
        units = getattr(carried, "_units", None)
        if hasattr(carried, "forecaster_"):
            if units is None:
                return None
            carried = cls(units.by_target)
        if isinstance(carried, cls):
            return _chosen(carried.transforms, target)
        if carried is None:
            return None
        if transformer is None and carried != "log":
            raise ValueError(
                f"backtested has lost its transform, of which it has the name alone: "
                f"{carried!r}. Say transformer=, the fitted forecaster or one like it."
            )
        check_transformer(carried)
        transform = TargetTransform(carried)
        truth = backtested["truth"].to_numpy(float)
        transform.fit(truth, _place("backtested", "truth"))
        return transform


def _chosen(transforms, target):
    if len(transforms) == 1:
        return next(iter(transforms.values()))
    if target in transforms:
        return transforms[target]
    first = next(iter(transforms.values()))
    if isinstance(first.fitted, str):  # which is right for any positive number
        return first
    raise ValueError(
        "backtested tells of the transforms of several targets, "
        f"{shortened(transforms)}. Say transformer=, that of the one whose rows these "
        "are."
    )


def on_scale(transform, table, name):
    """Return a table of forecasts with transformed numbers.

    Parameters
    ----------
    transform : TargetTransform or None
        None changes nothing.

    table : DataFrame
        With the columns `forecast`, those of quantiles, and maybe `truth`.

    name : str
        What errors call it.

    Returns
    -------
    DataFrame
    """
    if transform is None:
        return table
    quantiles = quantiles_among(table.columns)
    if quantiles and not transform.is_increasing:
        raise ValueError(
            f"transformer={transform!r} turns the order of values around, and with it "
            "that of quantiles. Take its negative."
        )
    numbers = [c for c in ("truth", "forecast") if c in table.columns] + quantiles
    new = {
        column: transform.of_forecasts(
            table[column].to_numpy(float), _place(name, column)
        )
        for column in numbers
    }
    return table.assign(**new)


def off_scale(transform, bounds, rows):
    """Bring the ends of intervals back into the units of y.

    Parameters
    ----------
    transform : TargetTransform or None
        None changes nothing.

    bounds : ndarray of shape (n_rows, 2)
        The ends, transformed.

    rows : DataFrame of n_rows rows
        The forecasts, transformed.

    Returns
    -------
    ndarray of shape (n_rows, 2)
    """
    if transform is None:
        return bounds
    inside = rows["forecast"].to_numpy(float)
    ends = [transform.ends(inside, bounds[:, side]) for side in (0, 1)]
    return np.sort(np.column_stack(ends), axis=1)


def _place(name, column):
    return lambda row: f"row {row} of column {column!r} of {name}"
