"""Random tables through the transformers: rows are kept, or an error helps."""

import numpy as np
from fuzz_outcomes import Outcome, fuzz
from fuzz_tables import ODD_NUMBERS, mostly, numbers_of, tables, window_parameters
from hypothesis import given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklstm import PadSequences, PerFeatureScaler, PerTimestep, Reshape3D, SlidingWindow

shares = st.sampled_from([0.0, 0.3, 0.5, 1.0])


def part(X, first, last):
    """Give some rows of a table of any kind."""
    return X.iloc[first:last] if hasattr(X, "iloc") else X[first:last]


def floats(X):
    if hasattr(X, "iloc"):
        return X.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(X, dtype=float)


@fuzz(80)
@given(st.data())
def test_windows(data):
    table = data.draw(tables())
    window = SlidingWindow(**data.draw(window_parameters(table)))
    if data.draw(st.booleans()):
        window.set_output(transform=data.draw(st.sampled_from(["pandas", "polars"])))
    at = int(table.n_rows * data.draw(shares))
    first, second = part(table.X, 0, at), part(table.X, at, table.n_rows)
    whole = Outcome(window.fit_transform, table.X, estimator=window)
    assert_rows_kept(whole, window, table.n_rows)
    if Outcome(window.fit, first, estimator=window).failed:
        return
    later = Outcome(window.transform, second, estimator=window)
    assert_rows_kept(later, window, table.n_rows - at)
    names = window.get_feature_names_out()
    if not later.failed and window.flatten:
        assert len(names) == np.shape(later.value)[1]


def assert_rows_kept(outcome, window, n_rows):
    if outcome.failed:
        return
    shape = np.asarray(outcome.value).shape
    assert shape[0] == n_rows
    n_features = window.n_features_in_ - (window.group_by is not None)
    if window.flatten:
        assert shape[1:] == (window.window_length * n_features,)
    elif len(shape) == 3:
        assert shape[1:] == (window.window_length, n_features)


@fuzz(40)
@given(st.data())
def test_reshaping(data):
    table = data.draw(tables())
    sizes = mostly([None, None, 1, 2, 3], ODD_NUMBERS)
    reshape = Reshape3D(data.draw(sizes), data.draw(sizes))
    out = Outcome(reshape.fit_transform, table.X, estimator=reshape)
    if out.failed:
        return
    axes = (reshape.n_timesteps_, reshape.n_features_)
    assert out.value.shape == (table.n_rows, *axes)
    back = Outcome(reshape.inverse_transform, out.value)
    if not back.failed:
        values = floats(table.X)
        np.testing.assert_allclose(back.value.astype(float), values)
    elif table.n_rows:
        raise back.error


@st.composite
def sequences(draw):
    """Draw sequences of unequal length, some of them odd."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    lengths = draw(st.lists(st.integers(1, 6), max_size=6))
    n_features = draw(st.integers(1, 3))
    holes = draw(mostly(["none"], ["cells", "rows", "inf", "all"]))
    dtype = draw(st.sampled_from(["f8", "f4", "f2", "O"]))
    X = [numbers_of(holes, (n, n_features), rng).astype(dtype) for n in lengths]
    odd = [np.zeros((0, 2)), 3.0, "abc", None, [["a"]], np.zeros((2, 7)), [], {}]
    odd.append(np.zeros((2, 2), dtype="M8[s]"))
    if X and draw(mostly([False], [True])):
        X[int(rng.integers(len(X)))] = draw(st.sampled_from(odd))
    return X


@fuzz(40)
@given(st.data())
def test_padding(data):
    odd = [None, 3, "abc", {}, np.zeros((0, 2)), np.zeros(4)]
    X = data.draw(data.draw(mostly([sequences()], [*map(st.just, odd), tables()])))
    X = getattr(X, "X", X)
    pad = PadSequences(
        data.draw(mostly([None, None, 1, 3, 9], ODD_NUMBERS)),
        data.draw(mostly(["pre", "post"], ["both", None])),
    )
    out = Outcome(pad.fit_transform, X, estimator=pad, allowed=(MemoryError,))
    if out.failed:
        return
    assert out.value.shape[0] == len(X)
    assert out.value.shape[2] == pad.n_features_in_
    if pad.max_timesteps is not None:
        assert out.value.shape[1] == pad.max_timesteps
    X = floats(X) if hasattr(X, "columns") else X  # whose rows are the sequences
    for padded, sequence in zip(out.value, X, strict=True):
        own = np.asarray(sequence, dtype=float).reshape(-1, pad.n_features_in_)
        if pad.max_timesteps is not None:
            n = int(pad.max_timesteps)
            own = own[-n:] if pad.truncate == "pre" else own[:n]
        np.testing.assert_allclose(padded[: len(own)].astype(float), own)
        assert np.isnan(padded[len(own) :].astype(float)).all()


@st.composite
def arrays_of_steps(draw):
    """Draw 3-D arrays, with missing steps and odd cells."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    shape = draw(st.tuples(*[st.integers(0, 5)] * 3))
    values = numbers_of(draw(mostly(["none", "all"], ["cells", "inf"])), shape, rng)
    if draw(st.booleans()) and values.size:
        values[rng.random(shape[:2]) < 0.3] = np.nan
    return values.astype(draw(st.sampled_from(["f8", "f4", "f2", "O"])))


@fuzz(40)
@given(st.data())
def test_transformers_of_steps(data):
    X = data.draw(st.one_of(arrays_of_steps(), tables().map(lambda t: t.X)))
    step = data.draw(
        st.sampled_from(
            [
                PerFeatureScaler("standard"),
                PerFeatureScaler("minmax"),
                PerFeatureScaler("robust"),
                PerFeatureScaler("maxabs"),
                PerFeatureScaler("nothing"),
                PerFeatureScaler(StandardScaler()),
                PerTimestep(SimpleImputer(keep_empty_features=True)),
                PerTimestep(OneHotEncoder(sparse_output=False)),
                PerTimestep(None),
                PerTimestep("scaler"),
            ]
        )
    )
    # The transformer within PerTimestep has errors of its own.
    own = (TypeError, ValueError) if isinstance(step, PerTimestep) else ()
    out = Outcome(step.fit_transform, X, estimator=step, allowed=own)
    if out.failed:
        return
    shape = np.shape(X)
    assert np.shape(out.value)[:-1] == shape[:-1]
    if isinstance(step, PerFeatureScaler):
        assert np.shape(out.value) == shape
        back = np.asarray(step.inverse_transform(out.value), dtype=float)
        if np.nanmax(np.abs(back), initial=0) < 1e6:
            values = floats(X)
            np.testing.assert_allclose(back, values, rtol=1e-2, atol=0.2)
