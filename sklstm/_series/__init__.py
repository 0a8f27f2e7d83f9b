"""Which rows of a table form which series, in which order, at which times."""

from sklstm._series._columns import column_of, entities_of, groups_of, time_index
from sklstm._series._frequency import Frequency
from sklstm._series._groups import Groups, count_up
from sklstm._series._index import (
    is_time,
    numbers_rows,
    reads_as_dates,
    warn_of_levels,
    without_groups,
)
from sklstm._series._labels_after import labels_after
from sklstm._series._missing_rows import (
    ROWS_OF_A_FREQUENCY,
    count_missing,
    frequencies_of,
    missing_by_index,
    missing_in_steps,
    n_rows_between,
)
from sklstm._series._order import (
    check_labelled,
    check_sorted,
    check_unique,
    number_times,
)
from sklstm._series._time_labels import TimeLabels

__all__ = [
    "ROWS_OF_A_FREQUENCY",
    "Frequency",
    "Groups",
    "TimeLabels",
    "check_labelled",
    "check_sorted",
    "check_unique",
    "column_of",
    "count_missing",
    "count_up",
    "entities_of",
    "frequencies_of",
    "groups_of",
    "is_time",
    "labels_after",
    "missing_by_index",
    "missing_in_steps",
    "n_rows_between",
    "number_times",
    "numbers_rows",
    "reads_as_dates",
    "time_index",
    "warn_of_levels",
    "without_groups",
]
