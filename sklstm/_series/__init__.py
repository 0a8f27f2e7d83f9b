"""Which rows of a table form which series, in which order, at which times."""

from sklstm._series._frequency import Frequency
from sklstm._series._groups import Groups, count_up
from sklstm._series._index import numbers_rows, reads_as_dates, warn_of_levels
from sklstm._series._missing_rows import (
    ROWS_OF_A_FREQUENCY,
    count_missing,
    frequencies_of,
    missing_by_index,
    n_rows_between,
)
from sklstm._series._time_labels import TimeLabels

__all__ = [
    "ROWS_OF_A_FREQUENCY",
    "Frequency",
    "Groups",
    "TimeLabels",
    "count_missing",
    "count_up",
    "frequencies_of",
    "missing_by_index",
    "n_rows_between",
    "numbers_rows",
    "reads_as_dates",
    "warn_of_levels",
]
