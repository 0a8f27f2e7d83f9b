"""The flat table that every set of sequences is: rows, starts and lengths.

Overlapping windows, a dense 3-D array and ragged sequences differ only in where
their slices of one table of time steps begin and how long they are. What is true
of a row (its scaled value, whether it is finite) is computed once a row here,
however many windows hold it. NumPy only; nothing else of this package.
"""

from sklstm.sequences._missing_steps import (
    missing_rows,
    partly_missing_rows,
    row_blocks,
)
from sklstm.sequences._strides import OverlappingSamples, rows_of, samples_of
from sklstm.sequences._table import SequenceTable

__all__ = [
    "OverlappingSamples",
    "SequenceTable",
    "missing_rows",
    "partly_missing_rows",
    "row_blocks",
    "rows_of",
    "samples_of",
]
