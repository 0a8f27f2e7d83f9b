"""Series that forecasts are measured on: real ones, nearly all from statsmodels.

The airline passengers and the lynx are short enough to stand here. Electricity
transformer temperatures (ETTh1) are read from a file of the user's, with the months
that publications train and test on.
"""

import functools
import pathlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

TRAIN_PART = 0.7  # of the rows
ETT_TRAIN, ETT_TEST, ETT_END = (months * 30 * 24 for months in (12, 16, 20))

# Monthly passengers of international airlines in thousands, 1949 to 1960: Box, G. and
# Jenkins, G. (1976), Time Series Analysis: Forecasting and Control, series G.
_AIRLINE = """
112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133
114 140 145 150 178 163 172 178 199 199 184 162 146 166 171 180 193 181 183 218 230 242
209 191 172 194 196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264
302 293 259 229 203 229 242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313
318 374 413 405 355 306 271 306 315 301 356 348 355 422 465 467 404 347 305 336 340 318
362 348 363 435 491 505 404 359 310 337 360 342 406 396 420 472 548 559 463 407 362 405
417 391 419 461 472 535 622 606 508 461 390 432
"""

# Lynx trapped a year in Canada, 1821 to 1934: Campbell, M. and Walker, A. (1977), "A
# survey of statistical work on the Mackenzie River series of annual Canadian lynx
# trappings", Journal of the Royal Statistical Society A 140.
_LYNX = """
269 321 585 871 1475 2821 3928 5943 4950 2577 523 98 184 279 409 2285 2685 3409 1824 409
151 45 68 213 546 1033 2129 2536 957 361 377 225 360 731 1638 2725 2871 2119 684 299 236
245 552 1623 3311 6721 4254 687 255 473 358 784 1594 1676 2251 1426 756 299 201 229 469
736 2042 2811 4431 2511 389 73 39 49 59 188 377 1292 4031 3495 587 105 153 387 758 1307
3465 6991 6313 3794 1836 345 382 808 1388 2713 3800 3091 2985 3790 674 81 80 108 229 399
1132 2432 3574 2935 1537 529 485 662 1000 1590 2657 3396
"""


@dataclass(frozen=True)
class Series:
    """What is to be forecast, and how.

    Parameters
    ----------
    name : str
        What it is called.

    values : ndarray of shape (n_rows,), (n_rows, n_columns) or \
            (n_groups, n_rows, n_columns)
        The table, of the target first; NaN is a row that is missing.

    season : int
        Rows of a season; 1 without.

    steps : int
        Steps to forecast at once.

    window : int
        Rows that a forecast is made from.

    scales : ndarray of shape (n_groups,), default=None
        What errors of a group are divided by.

    recursive : bool, default=False
        Whether ours predicts one step, and is fed back.

    seen : bool, default=True
        Whether the target is a feature as well.

    squared : bool, default=False
        Whether errors are squared, not absolute.

    train, test, end : int, default=None
        The first row not trained on, the first that is forecast, the first behind the
        last. By default 0.7 of the rows, the same, and all.
    """

    name: str
    values: np.ndarray
    season: int
    steps: int
    window: int
    scales: np.ndarray | None = None
    recursive: bool = False
    seen: bool = True
    squared: bool = False
    train: int | None = None
    test: int | None = None
    end: int | None = None

    @property
    def groups(self):
        """The table of each group, of shape (n_groups, n_rows, n_columns)."""
        values = np.asarray(self.values, dtype=float)
        if values.ndim == 1:
            values = values[:, np.newaxis]
        return values[np.newaxis] if values.ndim == 2 else values

    @property
    def n_rows(self):
        """Rows of each group."""
        return self.end or self.groups.shape[1]

    @property
    def n_train(self):
        """Rows of each group that are trained on."""
        return self.train or int(TRAIN_PART * self.n_rows)

    @property
    def origins(self):
        """The last row that each test forecast knows."""
        return np.arange((self.test or self.n_train) - 1, self.n_rows - self.steps)

    @property
    def truth(self):
        """What is to be forecast, of shape (n_groups, n_origins, steps)."""
        ahead = self.origins[:, np.newaxis] + 1 + np.arange(self.steps)
        return self.groups[:, ahead, 0]


@dataclass(frozen=True)
class Regression:
    """A number to predict of sequences, which is no forecast.

    Parameters
    ----------
    name : str
        What it is called.

    X : ndarray of shape (n_samples, n_timesteps, n_features)
        The sequences.

    y : ndarray of shape (n_samples,)
        The numbers.
    """

    name: str
    X: np.ndarray
    y: np.ndarray

    @property
    def n_train(self):
        """Samples that are trained on: the first ones."""
        return int(TRAIN_PART * len(self.y))


def real_series():
    """Return the series that need no file, one after the other."""
    yield from _airline_and_lynx()
    yield from _of_nature()
    yield from _of_the_economy()
    yield from _consumption()
    yield _fertility()


def ett(path):
    """Return the temperature of ETT, hourly: 96 rows to 24, and mean squared errors.

    Trained on the first 12 months and tested on months 17 to 20, as Informer and what
    came after it; standardized by the train rows.
    """
    frame = pd.read_csv(path)
    raw = frame["OT"].to_numpy(dtype=float)
    train = raw[:ETT_TRAIN]
    return Series(
        pathlib.Path(path).stem.lower(),
        (raw - train.mean()) / train.std(),
        season=24,
        steps=24,
        window=96,
        squared=True,
        train=ETT_TRAIN,
        test=ETT_TEST,
        end=ETT_END,
    )


def _airline_and_lynx():
    airline = np.array(_AIRLINE.split(), dtype=float)
    lynx = np.array(_LYNX.split(), dtype=float)
    monthly = functools.partial(Series, values=airline, season=12, window=24)
    yield monthly("airline", steps=12)
    yield monthly("airline_1", steps=1)
    yield monthly("airline_fed_back", steps=12, recursive=True)
    yield Series("lynx", lynx, season=1, steps=1, window=12)


def _of_nature():
    from statsmodels.datasets import co2, elnino, nile, sunspots

    air = co2.load_pandas().data["co2"]
    weekly = air.interpolate().to_numpy()
    monthly = air.resample("MS").mean().interpolate().to_numpy()
    yield Series("co2_weekly", weekly, season=52, steps=8, window=104)
    yield Series("co2_monthly", monthly, season=12, steps=12, window=24)
    sea = elnino.load_pandas().data.set_index("YEAR").to_numpy(dtype=float).ravel()
    yield Series("elnino", sea, season=12, steps=12, window=24)
    yield Series("elnino_1", sea, season=12, steps=1, window=24)
    spots = sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()
    yield Series("sunspots", spots, season=11, steps=4, window=22)
    yield Series("sunspots_1", spots, season=11, steps=1, window=22)
    flow = nile.load_pandas().data["volume"].to_numpy()
    yield Series("nile", flow, season=1, steps=2, window=12)


def _of_the_economy():
    from statsmodels.datasets import elec_equip, interest_inflation, macrodata

    macro = macrodata.load_pandas().data
    quarterly = functools.partial(Series, season=1, steps=4, window=12)
    yield quarterly("log_gdp", np.log(macro["realgdp"].to_numpy()))
    yield quarterly("unemployment", macro["unemp"].to_numpy())
    yield quarterly("interest", macro["tbilrate"].to_numpy())
    yield quarterly("inflation", macro["infl"].to_numpy())
    equipment = elec_equip.load_pandas().data.iloc[:, 0].to_numpy(dtype=float)
    yield Series("electric_equipment", equipment, season=12, steps=12, window=24)
    german = interest_inflation.load_pandas().data
    prices = german["Dp"].to_numpy(dtype=float)
    yield Series("german_inflation", prices, season=4, steps=4, window=12)


def _consumption():
    """Return growth of consumption, from five columns, a quarter ahead."""
    from statsmodels.datasets import macrodata

    names = ["realcons", "realgdp", "realinv", "realdpi", "cpi"]
    levels = macrodata.load_pandas().data[names].to_numpy(dtype=float)
    growth = 100 * np.diff(np.log(levels), axis=0)
    quarterly = functools.partial(Series, season=1, steps=1, window=8)
    yield quarterly("consumption", growth)
    of_levels = np.column_stack([growth[:, 0], levels[1:]])
    yield quarterly("consumption_of_levels", of_levels, seen=False)


def _fertility():
    """Return births per woman of all countries that have them for each year."""
    from statsmodels.datasets import fertility

    table = fertility.load_pandas().data.select_dtypes("number")
    table = table.loc[:, "1960":"2011"].dropna().to_numpy(dtype=float)
    values = table[:, :, np.newaxis]
    return Series("fertility", values, season=1, steps=3, window=10)
