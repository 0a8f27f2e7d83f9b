"""Sequences as slices of one table of time steps: rows, starts and lengths.

Overlapping windows, a dense 3-D array and sequences of unequal length differ only in
where their slices begin and how long they are. A property of a row (its scaled value,
whether it is finite) is computed once per row, however many windows hold it. This
subpackage imports only NumPy.
"""

from sklstm.sequences._mapped import (
    as_type,
    chosen_rows,
    copy_of,
    empty_like_table,
    is_mapped,
)
from sklstm.sequences._missing_steps import (
    missing_rows,
    partly_missing_rows,
    row_blocks,
)
from sklstm.sequences._strides import (
    OverlappingSamples,
    compact_copy,
    held_once,
    rows_of,
    samples_of,
)
from sklstm.sequences._table import SequenceTable

__all__ = [
    "OverlappingSamples",
    "SequenceTable",
    "as_type",
    "chosen_rows",
    "compact_copy",
    "copy_of",
    "empty_like_table",
    "held_once",
    "is_mapped",
    "missing_rows",
    "partly_missing_rows",
    "row_blocks",
    "rows_of",
    "samples_of",
]
