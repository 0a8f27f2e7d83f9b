"""Sequences as slices of one table of time steps."""

from numbers import Integral

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from sklstm.sequences._mapped import as_sent, chosen_rows, is_mapped
from sklstm.sequences._missing_steps import missing_rows, row_blocks
from sklstm.sequences._strides import rows_of, samples_of


class SequenceTable(NDArrayOperatorsMixin):
    """Sequences as slices of one table of time steps.

    Stands for an array of shape `(n_samples, n_timesteps, n_features)` whose sample
    `i` is ``values[starts[i] : starts[i] + lengths[i]]``, with missing steps (NaN)
    before it where it is shorter than `n_timesteps`. NumPy functions, indexing and
    arithmetic work as on that array, and make only the part of it that they need. A
    pickle, as is sent to another process, holds only the rows that its samples hold; of
    a table in a mapped file (`numpy.memmap`), those from the first to the last of them.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        The time steps, each stored once. A row that is NaN in all its features is
        a missing step.

    starts : ndarray of shape (n_samples,)
        The row at which each sample begins.

    lengths : ndarray of shape (n_samples,)
        The number of rows of each sample; 0 is allowed.

    n_timesteps : int, default=None
        The length of the time axis. None is that of the longest sample.

    Raises
    ------
    ValueError
        If a slice is outside the table or longer than `n_timesteps`, or the arrays
        have other types or shapes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import SequenceTable
    >>> table = SequenceTable(np.array([[1.0], [2.0], [3.0]]),
    ...                       starts=np.array([0, 1]), lengths=np.array([1, 2]))
    >>> table.shape
    (2, 2, 1)
    >>> np.asarray(table)[:, :, 0]
    array([[nan,  1.],
           [ 2.,  3.]])
    """

    def __init__(self, values, starts, lengths, n_timesteps=None):
        self.values = as_array("values", values)
        self.starts = _indices("starts", starts)
        self.lengths = _indices("lengths", lengths)
        longest = int(self.lengths.max(initial=0))
        self.n_timesteps = _length(longest if n_timesteps is None else n_timesteps)
        if self.values.ndim != 2:
            raise ValueError(
                "values must be 2-D, (n_rows, n_features), got shape "
                f"{self.values.shape}."
            )
        if self.starts.shape != self.lengths.shape or self.starts.ndim != 1:
            raise ValueError(
                "starts and lengths must be 1-D and equally long, got shapes "
                f"{self.starts.shape} and {self.lengths.shape}."
            )
        n_rows = len(self.values)
        i = self._first_outside()
        if i is not None:
            raise ValueError(
                f"Sample {i} (start {self.starts[i]}, length {self.lengths[i]}) does "
                f"not fit a table of {n_rows} rows and "
                f"{self.n_timesteps} time steps."
            )
        self.starts = self.starts.astype(_index_type(n_rows), copy=False)
        self.lengths = self.lengths.astype(_index_type(n_rows), copy=False)

    # ------------------------------------------------------------- from and to arrays
    @classmethod
    def from_array(cls, X):
        """Return a 3-D array as slices of a table, without a copy of what overlaps.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features)
            For a strided view of overlapping windows the table is the base of the
            view; a dense array is its own table.

        Returns
        -------
        SequenceTable
            Over the memory of `X` if its strides allow.
        """
        if isinstance(X, cls):
            return X
        X = as_array("X", X)
        values, step = rows_of(X)
        n_samples, n_timesteps, _ = X.shape
        index_type = _index_type(len(values))
        starts = np.arange(n_samples, dtype=index_type) * index_type(step)
        lengths = np.full(n_samples, n_timesteps, index_type)
        return cls(values, starts, lengths, n_timesteps)

    @classmethod
    def from_sequences(cls, sequences, n_timesteps=None):
        """Stack sequences of unequal length.

        Parameters
        ----------
        sequences : list of ndarray of shape (n_timesteps_i, n_features)
            At least one sequence; all have the same features.

        n_timesteps : int, default=None
            The length of the time axis. None is that of the longest sequence.

        Returns
        -------
        SequenceTable
            A copy of the sequences, one after the other.
        """
        if np.ndim(sequences[:1] if isinstance(sequences, list) else sequences) < 1:
            raise ValueError(f"sequences must be a list of arrays, got {sequences!r}.")
        sequences = [as_array("A sequence", sequence) for sequence in sequences]
        widths = {sequence.shape[1:] for sequence in sequences}
        if len(widths) != 1 or len(*widths) != 1:
            raise ValueError(
                "sequences must be at least one array (n_timesteps_i, n_features), all "
                f"of the same features, got {len(sequences)} of the shapes "
                f"{[sequence.shape for sequence in sequences[:5]]}."
            )
        lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
        starts = np.cumsum(lengths) - lengths
        return cls(np.concatenate(sequences), starts, lengths, n_timesteps)

    def to_array(self):
        """Return the 3-D array: a view if the starts allow it, a copy otherwise.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps, n_features)
            Read-only if samples share rows.
        """
        step = self._uniform_step()
        if step is None:
            return self.gather()
        rows = self.values[int(self.starts[0]) :]
        return samples_of(rows, len(self), self.n_timesteps, step)

    def gather(self, indices=None, n_timesteps=None):
        """Return the dense array of some samples.

        Parameters
        ----------
        indices : array-like of int, default=None
            The samples, in the order wanted. None takes all.

        n_timesteps : int, default=None
            The time axis of the result; longer samples lose their first steps.
            None is that of the table.

        Returns
        -------
        ndarray of shape (len(indices), n_timesteps, n_features)
            A new array, with NaN steps before the samples that are shorter.
        """
        steps = self.n_timesteps if n_timesteps is None else _length(n_timesteps)
        indices = slice(None) if indices is None else indices
        ends = (self.starts + self.lengths)[indices]
        before_end = np.arange(steps, 0, -1)
        present = before_end <= self.lengths[indices][:, np.newaxis]
        rows = np.where(present, ends[:, np.newaxis] - before_end, 0)
        values = self.values
        if not present.all() and values.dtype.kind in "iub":
            values = values.astype(np.float64)
        elif not present.all() and values.dtype.kind not in "fcO":
            raise ValueError(
                f"values of {values.dtype} have no NaN for the missing steps of "
                "samples that are shorter than the time axis. Convert them to floats."
            )
        if not len(values):
            return np.full((*rows.shape, self.n_features), np.nan, values.dtype)
        dense = values[rows]
        if not present.all():
            dense[~present] = np.nan
        return dense

    # ------------------------------------------------------------------ new from old
    def with_values(self, values):
        """Return the same slices of another table that has as many rows."""
        return SequenceTable(values, self.starts, self.lengths, self.n_timesteps)

    def take(self, indices):
        """Return the samples `indices`, over the same rows."""
        return SequenceTable(
            self.values, self.starts[indices], self.lengths[indices], self.n_timesteps
        )

    def drop_missing(self):
        """Return a table without the missing steps; samples become shorter.

        Returns
        -------
        SequenceTable
            The same table if no step is missing.
        """
        return self._keep(~missing_rows(self.values))

    def drop_unused(self):
        """Return a table without the rows that no sample holds.

        Returns
        -------
        SequenceTable
            The same table if every row is in use. At least one row stays.
        """
        if self._is_joined():
            return self
        n_rows, ends = len(self.values), self.starts + self.lengths
        begin = np.bincount(self.starts, minlength=n_rows + 1)
        end = np.bincount(ends, minlength=n_rows + 1)
        used = np.cumsum(begin - end)[:n_rows] > 0
        used[:1] |= not used.any()  # so that the type of values is kept
        return self._keep(used)

    def _from_first_to_last(self):
        """Return a table of the rows from the first to the last that a sample holds.

        Its values are a view. At least one row stays.
        """
        held = self.lengths > 0
        first, last = 0, min(1, len(self.values))
        if held.any():
            first = int(self.starts[held].min())
            last = int((self.starts + self.lengths)[held].max())
        if (first, last) == (0, len(self.values)):
            return self
        starts = np.where(held, self.starts - first, 0)
        values = self.values[first:last]
        return SequenceTable(values, starts, self.lengths, self.n_timesteps)

    def _is_joined(self):
        """Return whether each sample begins in or right after the one before it.

        They also begin with the first row, and end with the last one.
        """
        last = n_used = 0
        for some in row_blocks(len(self)):
            starts = self.starts[some]
            ends = starts + self.lengths[some]
            if starts[0] > last or (starts[1:] > ends[:-1]).any():
                return False
            last = ends[-1]
            n_used = max(int(ends.max()), n_used)
        return bool(len(self)) and self.starts[0] == 0 and n_used == len(self.values)

    def _first_outside(self):
        """Return the first sample that is no slice of the table, or None."""
        n_rows = len(self.values)
        for some in row_blocks(len(self.starts)):
            starts, lengths = self.starts[some], self.lengths[some]
            outside = (starts < 0) | (lengths < 0) | (lengths > self.n_timesteps)
            outside |= starts > np.subtract(n_rows, lengths, dtype=np.int64)
            if outside.any():
                return some.start + int(np.argmax(outside))
        return None

    def _keep(self, kept):
        """Return a table of some rows, with new starts and lengths."""
        if kept.all():
            return self
        kept_before = np.zeros(len(kept) + 1, self.starts.dtype)
        np.cumsum(kept, out=kept_before[1:])
        starts = kept_before[self.starts]
        lengths = kept_before[self.starts + self.lengths] - starts
        n_kept, first = int(kept_before[-1]), int(kept.argmax())
        in_one_piece = kept[first : first + n_kept].all()
        values = self.values[first : first + n_kept]
        if not in_one_piece:
            values = chosen_rows(self.values, kept)
        return SequenceTable(values, starts, lengths, self.n_timesteps)

    def locate(self, row):
        """Return where a row of the table first appears in the 3-D array.

        Returns
        -------
        tuple of (int, int) or None
            Sample and time step; None if no sample holds the row.
        """
        holds = (self.starts <= row) & (row < self.starts + self.lengths)
        if not holds.any():
            return None
        sample = int(np.argmax(holds))
        offset = self.n_timesteps - self.lengths[sample]
        return sample, int(offset + row - self.starts[sample])

    # -------------------------------------------------------------- seen as an array
    @property
    def n_features(self):
        """The number of features of a time step."""
        return self.values.shape[1]

    @property
    def shape(self):
        """The shape of the 3-D array."""
        return len(self.starts), self.n_timesteps, self.n_features

    @property
    def ndim(self):
        """The number of axes: 3."""
        return 3

    @property
    def size(self):
        """The number of elements of the 3-D array."""
        return int(np.prod(self.shape))

    @property
    def dtype(self):
        """The type of the values."""
        return self.values.dtype

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, key):
        first, rest = (key[0], key[1:]) if isinstance(key, tuple) and key else (key, ())
        slices = all(isinstance(k, slice) for k in rest)
        whole = all(k is Ellipsis for k in rest) or (
            slices and all(k == slice(None) for k in rest)
        )
        if isinstance(first, (int, np.integer)) and not isinstance(first, bool):
            return self.gather([first])[(0, *rest)]
        samples = isinstance(first, slice) or np.ndim(first) == 1
        if whole and samples:
            return self.take(first)
        # One array picks samples; several pick single elements.
        if samples and slices:
            return self.take(first).to_array()[(slice(None), *rest)]
        return self.to_array()[key]

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("A SequenceTable can't return an array without a copy.")
        dense = self.to_array()
        if copy or dtype is not None:
            return np.array(dense, dtype=dtype)
        return dense

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if any(isinstance(x, SequenceTable) for x in kwargs.get("out", ())):
            return NotImplemented  # samples may share rows
        inputs = [x.to_array() if isinstance(x, SequenceTable) else x for x in inputs]
        return getattr(ufunc, method)(*inputs, **kwargs)

    def __copy__(self):
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        return other

    def __reduce__(self):
        if type(self) is not SequenceTable:  # whose state is not known here
            return super().__reduce_ex__(2)
        # A slice is sent without the rows of the whole. What is left out of a mapped
        # file would have to be read first; a view of it can be sent as a place in it.
        table = self._from_first_to_last()
        if not is_mapped(table.values):
            table = table.drop_unused()
        values = as_sent(table.values)
        return SequenceTable, (values, table.starts, table.lengths, table.n_timesteps)

    def __repr__(self):
        return (
            f"SequenceTable({self.shape[0]} samples x {self.n_timesteps} time steps x "
            f"{self.n_features} features over {len(self.values)} rows, {self.dtype})"
        )

    def _uniform_step(self):
        """Return the rows between starts of neighbours, if all samples are alike."""
        if not len(self) or (self.lengths != self.n_timesteps).any():
            return None
        if len(self) == 1:
            return self.n_timesteps
        steps = np.diff(self.starts)
        return int(steps[0]) if (steps == steps[0]).all() and steps[0] > 0 else None


def as_array(name, array_like):
    """Return an array; raise ValueError if it is ragged."""
    try:
        return np.asarray(array_like)
    except ValueError:
        raise ValueError(
            f"{name} must be an array, but its parts are of unequal length."
        ) from None


def _indices(name, numbers):
    """Return starts or lengths as int64, or as the int32 of a table."""
    numbers = as_array(name, numbers)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise ValueError(f"{name} must be an array of ints, got {numbers.dtype}.")
    return (
        numbers if numbers.dtype == np.int32 else numbers.astype(np.int64, copy=False)
    )


def _length(n_timesteps):
    """Return the length of the time axis; raise unless 32 bits can count it."""
    whole = isinstance(n_timesteps, Integral) and not isinstance(n_timesteps, bool)
    if not whole or not 0 <= n_timesteps < 2**31:
        raise ValueError(
            f"n_timesteps must be an int from 0 to 2**31 - 1, got {n_timesteps!r}."
        )
    return int(n_timesteps)


def _index_type(n_rows):
    return np.int32 if n_rows < 2**31 else np.int64
