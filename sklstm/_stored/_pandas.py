"""Indexes, labels and offsets of pandas."""

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from sklstm._stored._kinds import describe, makes


# ----------------------------------------------------------------------------- indexes
@describe.register(pd.Index)
def _(index):
    if type(index) is not pd.Index:
        return None
    if index.dtype.kind in "iufb" and isinstance(index.dtype, np.dtype):
        return "index", [index.to_numpy(), index.name]
    if index.dtype == object or index.dtype == "str":
        return "labels", [index.tolist(), str(index.dtype), index.name]
    return None


makes("index")(lambda state: pd.Index(state[0], name=state[1]))


@makes("labels")
def _(state):
    values, dtype, name = state
    return pd.Index(values, dtype=dtype, name=name, tupleize_cols=False)


@describe.register(pd.RangeIndex)
def _(index):
    return "range", [index.start, index.stop, index.step, index.name]


makes("range")(lambda state: pd.RangeIndex(*state[:3], name=state[3]))


@describe.register(pd.MultiIndex)
def _(index):
    codes = [np.asarray(of_level) for of_level in index.codes]
    return "levels", [list(index.levels), codes, list(index.names)]


@makes("levels")
def _(state):
    levels, codes, names = state
    return pd.MultiIndex(levels, codes, names=names, verify_integrity=False)


@describe.register(pd.DatetimeIndex)
def _(index):
    zone = _zone(index.tz)
    if index.tz is not None and zone is None:
        return None
    return "times", [index.asi8, index.unit, zone, index.freq, index.name]


@makes("times")
def _(state):
    values, unit, zone, freq, name = state
    index = pd.DatetimeIndex(values.view(f"M8[{unit}]"), name=name)
    if zone is not None:
        index = index.tz_localize("UTC").tz_convert(zone)
    index.freq = freq
    return index


@describe.register(pd.TimedeltaIndex)
def _(index):
    return "durations", [index.asi8, index.unit, index.freq, index.name]


@makes("durations")
def _(state):
    values, unit, freq, name = state
    index = pd.TimedeltaIndex(values.view(f"m8[{unit}]"), name=name)
    index.freq = freq
    return index


@describe.register(pd.PeriodIndex)
def _(index):
    return "periods", [index.asi8, index.freqstr, index.name]


@makes("periods")
def _(state):
    ordinals, freq, name = state
    return pd.PeriodIndex.from_ordinals(ordinals, freq=freq, name=name)


def _zone(zone):
    """Return the name of which pandas makes an equal time zone, or the zone itself.

    None if it is a zone that has no plain description.
    """
    name = getattr(zone, "key", None) or getattr(zone, "zone", None) or str(zone)
    try:
        same = pd.DatetimeIndex([], tz=name).tz == zone
    except (ValueError, KeyError):  # of no zone that is known by its name
        same = False
    if same:
        return name
    described = isinstance(zone, ZoneInfo) and zone.key is not None
    return zone if described else None


@describe.register(ZoneInfo)
def _(zone):
    return None if zone.key is None else ("zone", zone.key)


makes("zone")(ZoneInfo)


# ------------------------------------------------------------------------------ labels
@describe.register(pd.Timestamp)
def _(label):
    index = pd.DatetimeIndex(np.array([label.to_datetime64()]))
    if label.tz is not None:
        index = index.tz_localize("UTC").tz_convert(label.tz)
    return "label", index


@describe.register(pd.Timedelta)
def _(label):
    return "label", pd.TimedeltaIndex(np.array([label.to_timedelta64()]))


@describe.register(pd.Period)
def _(label):
    return "label", pd.PeriodIndex([label])


makes("label")(lambda index: index[0])


# ----------------------------------------------------------------------------- offsets
@describe.register(pd.offsets.BaseOffset)
def _(offset):
    if _has_alias(offset):
        return "offset", {"alias": offset.freqstr}
    name = type(offset).__name__
    if getattr(pd.offsets, name, None) is not type(offset):
        return None
    arguments = {n: _plain(value) for n, value in offset.kwds.items()}
    arguments |= {"n": offset.n, "normalize": offset.normalize}
    arguments.pop("calendar", None)  # made of the weekmask and the holidays
    state = {"class": name, "arguments": arguments}
    return ("offset", state) if _offset(state) == offset else None


def _has_alias(offset):
    """Return whether pandas reads an equal offset from the alias of one."""
    try:
        return pd.tseries.frequencies.to_offset(offset.freqstr) == offset
    except ValueError:  # pandas writes some aliases that it does not read
        return False


def _plain(value):
    """Return an argument of an offset without datetimes; a string for each."""
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, datetime.timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    return str(value) if isinstance(value, np.datetime64) else value


@makes("offset")
def _offset(state):
    if "alias" in state:
        return pd.tseries.frequencies.to_offset(state["alias"])
    cls = getattr(pd.offsets, state["class"], None)
    if not (isinstance(cls, type) and issubclass(cls, pd.offsets.BaseOffset)):
        raise ValueError(
            f"The file names pandas.offsets.{state['class']}, which is no offset."
        )
    arguments = {
        n: datetime.timedelta(**value) if isinstance(value, dict) else value
        for n, value in state["arguments"].items()
    }
    return cls(**arguments)
