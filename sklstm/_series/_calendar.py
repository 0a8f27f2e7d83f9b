"""Calendars whose steps are not equally long: business days, months, their halves."""

import numpy as np
import pandas as pd

# The least share of rows that shows a frequency: with fewer, rows are more likely
# events than a series.
MIN_SHARE = 1 / 3

_AN_HOUR = 3600 * 10**9

# The offsets of pandas that are equally long. (Days are, except where clocks change.)
EQUAL_STEPS = (pd.offsets.Tick, pd.offsets.Day)


def is_grid(lengths, counts, min_share=MIN_SHARE):
    """Return whether rows are equally spaced, except that some are missing.

    `lengths` are the distances between rows, ascending, `counts` how often each occurs;
    at least the share `min_share` of all must be the shortest.
    """
    whole = not (lengths % lengths[0]).any()
    return bool(whole and counts[0] >= min_share * counts.sum())


def days_of(times):
    """Return the days of times at one time of day; None for other times."""
    wall = times.tz_localize(None)
    days = wall.normalize()
    if ((wall - days) != wall[0] - days[0]).any():
        return None
    return days.to_numpy().astype("datetime64[D]").astype(np.int64)


def calendar_of(times):
    """Return the offset of ascending times without gaps; None for equal steps."""
    freq = times.freq
    if freq is None and len(times) > 2 and times.is_unique:
        freq = pd.DatetimeIndex(times, freq="infer").freq
        if isinstance(freq, pd.offsets.BusinessHour):
            return None  # pandas takes any eight hours for those from 9 to 17
    return None if freq is None or isinstance(freq, EQUAL_STEPS) else freq


def calendar_with_gaps(times):
    """Return the offset of ascending times, some of which are missing, or None."""
    # Rows within one week may be on weekdays by chance.
    if len(times) < 3:
        return None
    days = days_of(times)
    if days is None:
        return _business_hours(times)
    freq = _business_days(times, days)
    if freq is None and np.diff(days).min() >= 13:
        numbered = _months(times, days) or _half_months(times)
        freq = None if numbered is None else _every(*numbered)
    return freq


def _every(numbers, offset):
    """Return the offset of every nth month or the like; None if many are missing."""
    lengths, counts = np.unique(np.diff(numbers), return_counts=True)
    return offset(int(lengths[0])) if is_grid(lengths, counts) else None


def _business_days(times, days):
    spans_weeks = len(days) >= 6 and days[-1] - days[0] >= 7
    if not spans_weeks or (times.day_of_week >= 5).any():
        return None
    steps, dates = np.diff(days), days.astype("datetime64[D]")
    if steps.min() == 1:
        n_business_days = np.busday_count(dates[0], dates[-1]) + 1
        return pd.offsets.BDay() if len(days) >= MIN_SHARE * n_business_days else None
    business = np.busday_count(dates[:-1], dates[1:])
    # Every seventh day is every fifth business day too: that is a week.
    plain = not (steps % steps.min()).any()
    if plain and (steps / steps.min()).sum() <= (business / business.min()).sum():
        return None
    # One that skips more than weekends is no business day but a Monday, Wednesday, ...
    return None if business.min() == 1 else _every(np.cumsum(business), pd.offsets.BDay)


def _business_hours(times):
    """Return the business hours of times; None unless equal on all days."""
    wall = times.tz_localize(None)
    within = (wall - wall.floor("h")).unique()
    hours = wall.hour
    first, last = int(hours.min()), int(hours.max())
    spans_weeks = len(times) >= 6 and times[-1] - times[0] >= pd.Timedelta(days=7)
    step = np.diff(times.as_unit("ns").asi8).min()
    if not spans_weeks or len(within) > 1 or within[0].seconds % 60 or step != _AN_HOUR:
        return None
    if (wall.day_of_week >= 5).any() or last == 23:
        return None
    n_days = np.busday_count(*wall[[0, -1]].to_numpy().astype("datetime64[D]")) + 1
    if len(times) < MIN_SHARE * n_days * (last - first + 1):
        return None
    minute = within[0].seconds // 60
    opening, closing = f"{first:02}:{minute:02}", f"{last + 1:02}:{minute:02}"
    return pd.offsets.BusinessHour(start=opening, end=closing)


def _months(times, days):
    """Return the numbers of months, and their offset; None for other times."""
    months = np.asarray(times.year * 12 + times.month)
    dates = days.astype("datetime64[D]")
    begins = dates.astype("datetime64[M]").astype("datetime64[D]")
    ends = (dates.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    day = int(times.day[0])
    if (dates == ends).all():
        return months, pd.offsets.MonthEnd
    if day <= 28 and (times.day == day).all():
        offset = pd.offsets.MonthBegin
        return months, offset if day == 1 else lambda n: pd.DateOffset(months=n)
    if (dates == np.busday_offset(begins, 0, roll="forward")).all():
        return months, pd.offsets.BMonthBegin
    if (dates == np.busday_offset(ends, 0, roll="backward")).all():
        return months, pd.offsets.BMonthEnd
    return None


def _half_months(times):
    """Return the numbers of half months, and their offset; None for other times."""
    halves = np.asarray(times.year * 12 + times.month) * 2
    middle = np.asarray(times.day == 15)
    if (middle | np.asarray(times.day == 1)).all():
        return halves + middle, pd.offsets.SemiMonthBegin
    if (middle | np.asarray(times.is_month_end)).all():
        return halves + ~middle, pd.offsets.SemiMonthEnd
    return None
