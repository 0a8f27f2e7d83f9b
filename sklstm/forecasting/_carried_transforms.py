"""The transforms of targets that a table of forecasts carries."""

import numpy as np

from sklstm._validation import shortened
from sklstm.forecasting._result_tables import quantiles_among
from sklstm.forecasting._target_transform import TargetTransform, check_transformer

# The key in the `attrs` of tables of forecasts.
KEY = "transformer"


class CarriedTransforms(str):
    """Transforms of targets, as a table of forecasts carries them in its `attrs`.

    They are a string, the name of the transformer, so that the table can be written:
    Parquet's files hold `attrs` as JSON.

    Parameters
    ----------
    transforms : dict of TargetTransform
        The transform of each target.
    """

    def __new__(cls, transforms):
        """Make the string of the transforms."""
        names = dict.fromkeys(repr(transform) for transform in transforms.values())
        made = super().__new__(cls, ", ".join(names))
        made.transforms = dict(transforms)
        return made

    def __getnewargs__(self):
        return (self.transforms,)

    def __deepcopy__(self, memo):
        return self  # pandas copies attrs to every derived table

    @classmethod
    def of(cls, backtested, transformer, target=None):
        """Return the transform to the scale on which errors are measured.

        Parameters
        ----------
        backtested : DataFrame
            The table of a backtest.

        transformer : None, str, transformer or TransformedTargetForecaster
            The parameter of the user. None takes the transform that the table carries.

        target : str, int or None
            The name of the target, if known.

        Returns
        -------
        TargetTransform or None
            None if nothing is transformed.
        """
        carried = backtested.attrs.get(KEY) if transformer is None else transformer
        carried = getattr(carried, "best_estimator_", carried)
        scale = getattr(carried, "_scale", None)
        if hasattr(carried, "forecaster_"):
            if scale is None:
                return None
            carried = cls(scale.by_target)
        if isinstance(carried, cls):
            return _chosen(carried.transforms, target)
        if carried is None:
            return None
        if transformer is None and carried != "log":
            raise ValueError(
                f"backtested has lost its transform, of which only the name is left: "
                f"{carried!r}. Pass transformer, the fitted forecaster or one like it."
            )
        check_transformer(carried)
        transform = TargetTransform(carried)
        truth = backtested["truth"].to_numpy(float)
        transform.fit(truth, _row_namer("backtested", "truth"))
        return transform


def _chosen(transforms, target):
    if len(transforms) == 1:
        return next(iter(transforms.values()))
    if target in transforms:
        return transforms[target]
    first = next(iter(transforms.values()))
    if isinstance(first.fitted, str):  # valid for any positive number
        return first
    raise ValueError(
        "backtested carries the transforms of several targets, "
        f"{shortened(transforms)}. Pass transformer, that of the target of these rows."
    )


def transform_forecasts(transform, table, name):
    """Return a table of forecasts with transformed numbers.

    Parameters
    ----------
    transform : TargetTransform or None
        None changes nothing.

    table : DataFrame
        Has the column `forecast`, and may have `truth` and quantiles.

    name : str
        The name of the table in messages.

    Returns
    -------
    DataFrame
    """
    if transform is None:
        return table
    quantiles = quantiles_among(table.columns)
    if quantiles:
        transform.check_increasing()
    numbers = [c for c in ("truth", "forecast") if c in table.columns] + quantiles
    new = {
        column: transform.transform_forecasts(
            table[column].to_numpy(float), _row_namer(name, column)
        )
        for column in numbers
    }
    return table.assign(**new)


def restore_bounds(transform, bounds, rows):
    """Return the ends of intervals on the original scale.

    Parameters
    ----------
    transform : TargetTransform or None
        None changes nothing.

    bounds : ndarray of shape (n_rows, 2)
        The transformed ends.

    rows : DataFrame of n_rows rows
        The transformed forecasts.

    Returns
    -------
    ndarray of shape (n_rows, 2)
    """
    if transform is None:
        return bounds
    inside = rows["forecast"].to_numpy(float)
    ends = [transform.restore_ends(inside, bounds[:, side]) for side in (0, 1)]
    return np.sort(np.column_stack(ends), axis=1)


def _row_namer(name, column):
    return lambda row: f"row {row} of column {column!r} of {name}"
