"""Reshape3D, PadSequences, PerTimestep and PerFeatureScaler, against scikit-learn's
own transformers on plain tables."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from sklstm.preprocessing import (
    PadSequences,
    PerFeatureScaler,
    PerTimestep,
    Reshape3D,
    SlidingWindow,
)
from sklstm.sequences import SequenceTable

moderate = settings(max_examples=60, deadline=None)
N = np.nan

sizes = st.integers(1, 5)
dtypes = st.sampled_from([np.float32, np.float64])

SCALERS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "robust": RobustScaler(),
    "maxabs": MaxAbsScaler(),
}


def random(*shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(3, 2, size=shape).astype(dtype)


def overlapping(table, n_timesteps):
    """Windows as NumPy itself makes them."""
    return sliding_window_view(table, n_timesteps, axis=0).transpose(0, 2, 1)


def with_missing_steps(X, seed=0):
    """The same array with a third of its steps missing, but never all."""
    X = X.copy()
    X[np.random.default_rng(seed).random(X.shape[:-1]) < 1 / 3] = np.nan
    X[0, 0] = 1
    return X


def assert_close(actual, expected, dtype=np.float64):
    tolerance = 1e-4 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


class Recorder(TransformerMixin, BaseEstimator):
    """Passes everything on, and remembers which rows it was shown."""

    def fit(self, X, y=None):
        self.shown_ = [np.array(X)]
        return self

    def transform(self, X):
        self.shown_.append(np.array(X))
        return X


# --------------------------------------------------------------------------- Reshape3D
@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [[[1], [2], [3], [4], [5], [6]]]),
        ({"n_features": 1}, [[[1], [2], [3], [4], [5], [6]]]),
        ({"n_timesteps": 6}, [[[1], [2], [3], [4], [5], [6]]]),
        ({"n_timesteps": 3}, [[[1, 2], [3, 4], [5, 6]]]),
        ({"n_features": 2}, [[[1, 2], [3, 4], [5, 6]]]),
        ({"n_features": 3}, [[[1, 2, 3], [4, 5, 6]]]),
        ({"n_timesteps": 1}, [[[1, 2, 3, 4, 5, 6]]]),
        ({"n_timesteps": 2, "n_features": 3}, [[[1, 2, 3], [4, 5, 6]]]),
    ],
    ids=str,
)
def test_columns_are_read_step_by_step(params, expected):
    X = np.array([[1, 2, 3, 4, 5, 6]])
    reshape = Reshape3D(**params).fit(X)
    np.testing.assert_array_equal(reshape.transform(X), expected)
    assert (reshape.n_timesteps_, reshape.n_features_) == np.shape(expected)[1:]


@moderate
@given(n=sizes, t=sizes, f=sizes, dtype=dtypes, step=st.sampled_from([1, 2, -1]))
def test_reshape_and_its_inverse_are_the_identity(n, t, f, dtype, step):
    flat = random(2 * n, t * f, dtype=dtype)[::step]
    reshape = Reshape3D(n_timesteps=t).fit(flat)
    X = reshape.transform(flat)
    assert X.shape == (len(flat), t, f)
    np.testing.assert_array_equal(reshape.inverse_transform(X), flat)
    again = reshape.transform(reshape.inverse_transform(np.asfortranarray(X)))
    np.testing.assert_array_equal(again, X)


def test_reshape_reads_what_flat_windows_write():
    X = random(10, 3)
    flat = SlidingWindow(4, flatten=True).fit_transform(X)
    np.testing.assert_array_equal(
        Reshape3D(n_timesteps=4).fit_transform(flat), SlidingWindow(4).fit_transform(X)
    )


def test_reshape_makes_no_copy():
    X = random(5, 6)
    assert np.shares_memory(Reshape3D(3).fit_transform(X), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
def test_reshape_keeps_the_type(dtype):
    assert Reshape3D(3).fit_transform(np.ones((2, 6), dtype)).dtype == dtype


def test_reshape_keeps_missing_steps():
    X = np.array([[1.0, 2.0, N, N]])
    np.testing.assert_array_equal(Reshape3D(2).fit_transform(X), [[[1, 2], [N, N]]])


# ------------------------------------------------------------------------ PadSequences
RAGGED = [np.array([[1.0], [2.0], [3.0]]), np.array([[4.0]]), np.array([[5.0], [6.0]])]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [[1, 2, 3], [4, N, N], [5, 6, N]]),
        ({"max_timesteps": 4}, [[1, 2, 3, N], [4, N, N, N], [5, 6, N, N]]),
        ({"max_timesteps": 3}, [[1, 2, 3], [4, N, N], [5, 6, N]]),
        ({"max_timesteps": 2}, [[2, 3], [4, N], [5, 6]]),
        ({"max_timesteps": 2, "truncate": "post"}, [[1, 2], [4, N], [5, 6]]),
        ({"max_timesteps": 1}, [[3], [4], [6]]),
        ({"max_timesteps": 1, "truncate": "post"}, [[1], [4], [5]]),
    ],
    ids=str,
)
def test_sequences_are_padded_and_truncated(params, expected):
    X = PadSequences(**params).fit_transform(RAGGED)
    np.testing.assert_array_equal(X[:, :, 0], expected)


@moderate
@given(st.lists(sizes, min_size=1, max_size=5), dtypes, st.integers(0, 3))
def test_padded_sequences_come_back(lengths, dtype, spare):
    sequences = [random(t, 2, dtype=dtype, seed=t) for t in lengths]
    pad = PadSequences(max_timesteps=max(lengths) + spare).fit(sequences)
    X = pad.transform(sequences)
    assert X.shape == (len(lengths), max(lengths) + spare, 2)
    assert X.dtype == dtype
    for sequence, back in zip(sequences, pad.inverse_transform(X), strict=True):
        np.testing.assert_array_equal(back, sequence)
        assert back.dtype == dtype


def test_the_time_axis_is_as_long_as_the_longest_sequence_of_fit():
    pad = PadSequences().fit(RAGGED)
    longest = max(map(len, RAGGED))
    assert pad.transform(RAGGED[1:]).shape == (2, longest, 1)
    assert pad.transform([np.ones((7, 1))]).shape == (1, 7, 1)


@pytest.mark.parametrize(
    "X",
    [
        [[[1, 2], [3, 4]], [[5, 6]]],
        [[(1.0, 2.0), (3.0, 4.0)], np.array([[5, 6]])],
        (pd.DataFrame([[1, 2], [3, 4]]), pd.DataFrame([[5, 6]])),
        np.array([[[1, 2], [3, 4]], [[5, 6], [N, N]]]),
        [np.array([["1", "2"], ["3", "4"]], dtype=object), np.array([[5, 6]], "f4")],
    ],
    ids=["lists", "mixed", "frames", "array", "numbers in strings"],
)
def test_sequences_of_every_kind(X):
    padded = PadSequences().fit_transform(X)
    np.testing.assert_array_equal(padded, [[[1, 2], [3, 4]], [[5, 6], [N, N]]])
    assert padded.dtype == np.float64


@pytest.mark.parametrize("X", [[[1, 2, 3], [4]], [np.arange(1, 4), np.array([4.0])]])
def test_a_flat_sequence_has_one_feature(X):
    np.testing.assert_array_equal(
        PadSequences().fit_transform(X), [[[1], [2], [3]], [[4], [N], [N]]]
    )


def test_inverse_leaves_out_missing_steps_wherever_they_stand():
    X = np.array([[[N], [1.0], [N]], [[N], [N], [N]]])
    first, second = PadSequences().fit(RAGGED).inverse_transform(X)
    assert first.tolist() == [[1.0]]
    assert second.shape == (0, 1)


# -------------------------------------------------------------------- PerFeatureScaler
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", SCALERS)
def test_a_dense_array_is_scaled_as_the_table_of_its_steps(method, dtype):
    X = random(20, 6, 3, dtype=dtype)
    scaled = PerFeatureScaler(method).fit_transform(X)
    expected = clone(SCALERS[method]).fit_transform(X.reshape(-1, 3))
    assert_close(scaled, expected.reshape(X.shape), dtype)
    assert scaled.dtype == dtype


@pytest.mark.parametrize("method", SCALERS)
@pytest.mark.parametrize("n_rows", [30, 10_000])
def test_each_row_under_overlapping_windows_counts_once(method, n_rows):
    # Skewed, so that rows at the ends, which are in fewer windows, would show.
    table = np.exp(np.linspace(0, 3, n_rows))[:, None] * random(n_rows, 2)
    windows = overlapping(table, 12)
    scaled = PerFeatureScaler(method).fit_transform(windows)
    expected = clone(SCALERS[method]).fit_transform(table)
    assert_close(scaled, overlapping(expected, 12))


@moderate
@given(
    method=st.sampled_from(sorted(SCALERS)),
    dtype=dtypes,
    cut=st.sampled_from(
        [
            np.s_[:],
            np.s_[5:],
            np.s_[::3],
            np.s_[::-1],
            np.s_[:, 2:],
            np.s_[:, ::2],
            np.s_[:, ::-1],
            np.s_[:1],
            np.s_[:, -1:],
            np.s_[::2, ::2],
            np.s_[:, :, ::-1],
            np.s_[[3, 1, 1]],
        ]
    ),
    geometry=st.sampled_from(["windows", "Fortran", "repeated"]),
    missing=st.booleans(),
)
def test_scaling_a_view_equals_scaling_the_dense_array(
    method, dtype, cut, geometry, missing
):
    table = random(12, 2, dtype=dtype)
    if missing:
        table[[2, 3, 9]] = np.nan
    X = {
        "windows": overlapping(table, 4),
        "Fortran": np.asfortranarray(overlapping(table, 4)),
        "repeated": np.broadcast_to(table, (9, 12, 2)),
    }[geometry][cut]
    scaler = PerFeatureScaler(method).fit(random(9, 2, dtype=dtype, seed=1))
    dense = np.array(X, order="C")
    np.testing.assert_array_equal(scaler.transform(X), scaler.transform(dense))
    expected = scaler.scaler_.transform(dense.reshape(-1, 2)).reshape(X.shape)
    assert_close(scaler.transform(X), expected, dtype)


def test_scaled_windows_are_a_view_again():
    windows = SlidingWindow(96).fit_transform(random(9_000, 2))
    scaled = PerFeatureScaler().fit_transform(windows)
    assert scaled.strides[0] == scaled.strides[1]
    back = PerFeatureScaler().fit(windows).inverse_transform(scaled)
    assert back.strides[0] == back.strides[1]


def test_a_table_of_slices_is_scaled_as_its_array():
    X = pd.DataFrame(random(20, 2), columns=["a", "b"]).assign(shop=list("abcd") * 5)
    windows = SlidingWindow(3, horizon=0, group_by="shop").fit_transform(X)
    scaled = PerFeatureScaler().fit_transform(windows)
    assert isinstance(scaled, SequenceTable)
    scaler = StandardScaler().fit(X[["a", "b"]].to_numpy())
    for step in range(3):
        assert_close(
            np.asarray(scaled)[:, step], scaler.transform(np.asarray(windows)[:, step])
        )


@pytest.mark.parametrize("method", SCALERS)
def test_rows_that_no_sample_holds_teach_nothing(method):
    # A split of a SequenceTable keeps the rows of the other samples underneath.
    table = random(20, 1)
    table[10:] += 1000
    windows = SequenceTable(table, np.arange(18), np.full(18, 3))
    train = PerFeatureScaler(method).fit(windows[:8])
    expected = clone(SCALERS[method]).fit_transform(table[:10])
    assert_close(train.transform(table[:10]), expected)


def test_rows_that_no_sample_holds_are_not_shown():
    table = random(20, 1)
    windows = SequenceTable(table, np.arange(18), np.full(18, 3))
    step = PerTimestep(Recorder()).fit(windows[4:8])
    np.testing.assert_array_equal(step.transformer_.shown_[0], table[4:10])


@pytest.mark.parametrize("transformer", [PerFeatureScaler(), PerTimestep(Recorder())])
def test_rows_that_no_sample_holds_may_be_anything(transformer):
    table = random(6, 1)
    table[4:] = np.inf
    windows = SequenceTable(table, np.arange(6), np.ones(6, int))[:4]
    assert clone(transformer).fit(windows).transform(windows).shape == (4, 1, 1)


@moderate
@given(method=st.sampled_from(sorted(SCALERS)), dtype=dtypes, seed=st.integers(0, 99))
def test_missing_steps_are_ignored_and_stay_missing(method, dtype, seed):
    X = with_missing_steps(random(6, 5, 2, dtype=dtype, seed=seed), seed)
    scaled = PerFeatureScaler(method).fit_transform(X)
    there = ~np.isnan(X).all(axis=2)
    assert_close(scaled[there], clone(SCALERS[method]).fit_transform(X[there]), dtype)
    np.testing.assert_array_equal(np.isnan(scaled), np.isnan(X))
    assert scaled.dtype == dtype


@moderate
@given(method=st.sampled_from(sorted(SCALERS)), dtype=dtypes, windows=st.booleans())
def test_inverse_undoes_scaling(method, dtype, windows):
    X = with_missing_steps(random(8, 5, 2, dtype=dtype))
    X = overlapping(X.reshape(-1, 2), 4) if windows else X
    scaler = PerFeatureScaler(method).fit(X)
    back = scaler.inverse_transform(scaler.transform(X))
    assert_close(back, X, dtype)
    assert back.dtype == dtype


@pytest.mark.parametrize("n_rows", [60, 6_000])
@pytest.mark.parametrize("method", ["standard", "minmax", "maxabs"])
def test_partial_fits_equal_one_fit(method, n_rows):
    X = with_missing_steps(random(n_rows // 5, 5, 2))
    parts = PerFeatureScaler(method)
    for part in np.array_split(X, 3):
        parts.partial_fit(part)
    assert_close(parts.transform(X), PerFeatureScaler(method).fit(X).transform(X))
    assert_close(
        parts.scaler_.scale_, clone(SCALERS[method]).fit(X.reshape(-1, 2)).scale_
    )


@pytest.mark.parametrize(
    ("method", "has"),
    [
        ("standard", True),
        ("minmax", True),
        ("maxabs", True),
        ("robust", False),
        (MinMaxScaler(), True),
        (PowerTransformer(), False),
    ],
    ids=str,
)
def test_partial_fit_is_there_where_the_scaler_has_it(method, has):
    assert hasattr(PerFeatureScaler(method), "partial_fit") is has
    if not isinstance(method, str):
        assert hasattr(PerTimestep(method), "partial_fit") is has


def test_fit_forgets_what_partial_fit_learned():
    scaler = PerFeatureScaler().partial_fit(random(5, 4, 2) + 100)
    X = random(5, 4, 2)
    assert_close(scaler.fit(X).scaler_.mean_, X.mean(axis=(0, 1)))


@pytest.mark.parametrize(
    "method", [StandardScaler(with_mean=False), MinMaxScaler((-1, 1)), RobustScaler()]
)
def test_an_instance_scales_with_its_own_parameters(method):
    X = random(10, 4, 2)
    scaler = PerFeatureScaler(method).fit(X)
    expected = clone(method).fit_transform(X.reshape(-1, 2))
    assert_close(scaler.transform(X), expected.reshape(X.shape))
    assert scaler.scaler_ is not method
    assert not hasattr(method, "scale_")


@pytest.mark.parametrize("n_missing", [1, 4_096, 5_000])
def test_missing_rows_in_front_change_no_type(n_missing):
    """A scaler that knows no NaN is shown long tables block by block."""
    X = np.concatenate([np.full((n_missing, 1), N, "f4"), [[1.0], [2.0]]]).astype("f4")
    scaler = PerFeatureScaler(Recorder()).fit(X)
    scaled = scaler.transform(X)
    np.testing.assert_array_equal(scaled, X)
    assert scaled.dtype == np.float32


def test_missing_rows_behind_integers_stay_missing():
    X = np.concatenate([np.zeros((5_000, 1)), [[N], [1.0]]])
    to_int = FunctionTransformer(lambda X: X.astype(int), validate=True)
    scaled = PerFeatureScaler(to_int).fit(X).transform(X)
    np.testing.assert_array_equal(scaled, X)


# ------------------------------------------------------------------------- PerTimestep
SHOWN = np.array(
    [[[1.0, 7.0], [N, N], [3.0, N]], [[N, N], [N, N], [N, N]], [[N, 5], [6, 6], [N, N]]]
)
THERE = ~np.isnan(SHOWN).all(axis=2)


def test_a_missing_step_is_never_shown():
    step = PerTimestep(Recorder()).fit(SHOWN)
    step.transform(SHOWN)
    shown = step.transformer_.shown_
    np.testing.assert_array_equal(shown[0], SHOWN[THERE])
    np.testing.assert_array_equal(shown[-1], SHOWN[THERE])
    assert not any(np.isnan(rows).all(axis=1).any() for rows in shown)


def test_each_row_under_overlapping_windows_is_shown_once():
    table = random(10, 2)
    step = PerTimestep(Recorder()).fit(overlapping(table, 4))
    np.testing.assert_array_equal(step.transformer_.shown_[0], table)


def test_a_gap_in_one_feature_is_imputed_and_a_missing_step_is_not():
    filled = PerTimestep(SimpleImputer()).fit_transform(SHOWN)
    expected = [
        [[1, 7], [N, N], [3, 6]],
        [[N, N], [N, N], [N, N]],
        [[10 / 3, 5], [6, 6], [N, N]],
    ]
    assert_close(filled, expected)


@pytest.mark.parametrize(
    "transformer",
    [
        StandardScaler(),
        MinMaxScaler(),
        PCA(2),
        OneHotEncoder(handle_unknown="ignore"),
        OneHotEncoder(sparse_output=False),
        OrdinalEncoder(dtype=np.int64),
        ColumnTransformer([("a", StandardScaler(), [0]), ("b", "passthrough", [2, 1])]),
        ColumnTransformer([("a", OneHotEncoder(), [0])], sparse_threshold=1.0),
        make_pipeline(SimpleImputer(), StandardScaler(), PCA(1)),
        StandardScaler().set_output(transform="pandas"),
        StandardScaler().set_output(transform="polars"),
    ],
    ids=lambda transformer: type(transformer).__name__,
)
@pytest.mark.parametrize("windows", [False, True], ids=["dense", "windows"])
def test_any_transformer_gives_what_it_gives_on_the_steps_alone(transformer, windows):
    table = np.random.default_rng(0).integers(0, 4, size=(20, 3)).astype(float)
    table[[4, 5, 19]] = np.nan
    X = overlapping(table, 4) if windows else table.reshape(5, 4, 3)
    out = PerTimestep(transformer).fit_transform(X)
    there = ~np.isnan(table).all(axis=1)
    inner = clone(transformer).fit_transform(table[there])
    inner = inner.toarray() if hasattr(inner, "toarray") else np.asarray(inner)
    rows = np.full((20, inner.shape[1]), np.nan)
    rows[there] = inner
    assert isinstance(out, np.ndarray)
    assert_close(out, overlapping(rows, 4) if windows else rows.reshape(5, 4, -1))


def test_categories_become_columns():
    X = np.array([[["red"], [None]], [["blue"], [N]]], dtype=object)
    out = PerTimestep(OneHotEncoder()).fit_transform(X)
    np.testing.assert_array_equal(out, [[[0, 1], [N, N]], [[1, 0], [N, N]]])


@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_categories_of_a_frame_become_columns(dtype):
    X = pd.DataFrame({"colour": pd.Series(["red", None, "blue"], dtype=dtype)})
    out = PerTimestep(OneHotEncoder(sparse_output=False)).fit_transform(X)
    np.testing.assert_array_equal(out, [[0, 1], [N, N], [1, 0]])


def test_integers_become_floats_only_where_a_step_is_missing():
    step = PerTimestep(OrdinalEncoder(dtype=np.int64)).fit([[[5.0], [7.0]]])
    assert step.transform([[[7.0]]]).dtype == np.int64
    np.testing.assert_array_equal(step.transform([[[7.0], [N]]]), [[[1], [N]]])


@pytest.mark.parametrize("transformer", [StandardScaler(), SimpleImputer(), PCA(2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_input_that_is_all_missing_stays_so(transformer, dtype):
    step = PerTimestep(transformer).fit(random(4, 3, 2, dtype=dtype))
    out = step.transform(np.full((2, 5, 2), np.nan, dtype=dtype))
    assert out.shape == (2, 5, 2)
    assert np.isnan(out).all()
    assert out.dtype == dtype


def test_input_that_is_all_missing_has_the_new_features():
    colours = np.array([[["red"], ["blue"], ["green"]]], dtype=object)
    step = PerTimestep(OneHotEncoder()).fit(colours)
    out = step.transform(np.full((1, 2, 1), None, dtype=object))
    assert out.shape == (1, 2, 3)


@moderate
@given(dtype=dtypes, seed=st.integers(0, 99), windows=st.booleans())
def test_inverse_of_a_rotation_gives_the_steps_back(dtype, seed, windows):
    X = with_missing_steps(random(6, 5, 3, dtype=dtype, seed=seed), seed)
    X = overlapping(X.reshape(-1, 3), 4) if windows else X
    step = PerTimestep(make_pipeline(StandardScaler(), PCA(3))).fit(X)
    back = step.inverse_transform(step.transform(X))
    assert_close(back, X, np.float32)
    assert back.dtype == dtype


def test_inverse_gives_categories_back():
    X = np.array([[["red"], [N]], [["blue"], ["red"]]], dtype=object)
    step = PerTimestep(OneHotEncoder()).fit(X)
    back = step.inverse_transform(step.transform(X))
    assert back[0, 0, 0] == "red"
    assert np.isnan(back[0, 1, 0])
    assert back[1, :, 0].tolist() == ["blue", "red"]


def test_inverse_is_that_of_the_transformer_or_none():
    with pytest.raises(AttributeError, match="inverse_transform"):
        PerTimestep(Recorder()).fit(SHOWN).inverse_transform(SHOWN)


@pytest.mark.parametrize("X", [random(6, 4, 2), SHOWN], ids=["whole", "with gaps"])
def test_a_transformer_that_loses_rows_is_refused(X):
    step = PerTimestep(FunctionTransformer(lambda X: X[:-1]))
    with pytest.raises(ValueError, match="one row per row"):
        step.fit_transform(X)


def test_partial_fits_of_steps_equal_one_fit():
    X = with_missing_steps(random(12, 5, 2))
    parts = PerTimestep(StandardScaler())
    for part in np.array_split(X, 3):
        parts.partial_fit(part)
    assert_close(parts.transform(X), PerTimestep(StandardScaler()).fit(X).transform(X))


def test_a_table_of_slices_is_transformed_under_its_slices():
    table = random(6, 2)
    table[2] = np.nan
    X = SequenceTable(table, [0, 1, 3], [2, 3, 3])
    out = PerTimestep(PCA(1)).fit_transform(X)
    assert isinstance(out, SequenceTable)
    assert out.shape == (3, 3, 1)
    dense = PerTimestep(PCA(1)).fit(table).transform(np.asarray(X))
    assert_close(np.asarray(out), dense)


# ------------------------------------------------------------ names and set_output
NAMED = pd.DataFrame(random(5, 2), columns=["a", "b"], index=list("vwxyz"))


@pytest.mark.parametrize(
    ("transformer", "names"),
    [
        (PerFeatureScaler(), ["a", "b"]),
        (PerFeatureScaler(RobustScaler()), ["a", "b"]),
        (PerTimestep(StandardScaler()), ["a", "b"]),
        (PerTimestep(PCA(1)), ["pca0"]),
        (
            PerTimestep(
                ColumnTransformer([("z", "drop", [0])], remainder="passthrough")
            ),
            ["remainder__b"],
        ),
    ],
    ids=str,
)
def test_names_of_features_pass_through(transformer, names):
    fitted = clone(transformer).fit(NAMED)
    assert fitted.get_feature_names_out().tolist() == names
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    framed = fitted.set_output(transform="pandas").transform(NAMED)
    assert framed.columns.tolist() == names
    assert framed.index.tolist() == list("vwxyz")
    again = clone(transformer).set_output(transform="pandas").fit_transform(NAMED)
    pd.testing.assert_frame_equal(again, framed)


@pytest.mark.parametrize("transformer", [PerFeatureScaler(), PerTimestep(PCA(2))])
def test_polars_goes_in_and_comes_out(transformer):
    X = pl.DataFrame({"a": [1.0, 2.0, 4.0], "b": [3.0, 1.0, 1.0]})
    out = clone(transformer).set_output(transform="polars").fit_transform(X)
    assert isinstance(out, pl.DataFrame)
    assert_close(out.to_numpy(), clone(transformer).fit_transform(X.to_numpy()))


def test_one_hot_names_its_categories_by_feature():
    X = np.array([[["red"], ["blue"]]], dtype=object)
    step = PerTimestep(OneHotEncoder()).fit(X)
    names = step.get_feature_names_out(["colour"])
    assert names.tolist() == ["colour_blue", "colour_red"]


def test_names_go_through_a_pipeline():
    pipe = make_pipeline(
        SlidingWindow(2), PerFeatureScaler(), PerTimestep(StandardScaler())
    )
    assert pipe.fit(NAMED).get_feature_names_out().tolist() == ["a", "b"]


# ------------------------------------------------------ as every other transformer
FLAT, DENSE = random(6, 8), random(6, 4, 2)
TRANSFORMERS = {
    # transformer, what it is fitted on
    "Reshape3D": (Reshape3D(n_timesteps=4), FLAT),
    "PadSequences": (PadSequences(max_timesteps=6), DENSE),
    "PerTimestep": (PerTimestep(StandardScaler()), DENSE),
    "PerTimestep of a pipeline": (
        PerTimestep(make_pipeline(StandardScaler(), PCA(2))),
        DENSE,
    ),
    "PerFeatureScaler": (PerFeatureScaler(), DENSE),
    "PerFeatureScaler robust": (PerFeatureScaler("robust"), DENSE),
    "PerFeatureScaler instance": (PerFeatureScaler(MinMaxScaler()), DENSE),
}
each_transformer = pytest.mark.parametrize(
    ("transformer", "X"), TRANSFORMERS.values(), ids=TRANSFORMERS
)


@each_transformer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_keep_their_type(transformer, X, dtype):
    fitted = clone(transformer).fit(X.astype(dtype))
    out = fitted.transform(X.astype(dtype))
    assert out.dtype == dtype
    back = fitted.inverse_transform(out)
    assert np.asarray(back).dtype == dtype


@each_transformer
def test_pickled_transformer_transforms_the_same(transformer, X):
    fitted = clone(transformer).fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))


@each_transformer
def test_parameters_and_input_are_never_changed(transformer, X):
    transformer, X = clone(transformer), X.copy()
    params, data = joblib.hash(transformer.get_params()), X.copy()
    out = transformer.fit(X).transform(X)
    transformer.fit_transform(X)
    transformer.inverse_transform(out)
    assert joblib.hash(transformer.get_params()) == params
    np.testing.assert_array_equal(X, data)


@each_transformer
def test_read_only_input_will_do(transformer, X):
    X = X.copy()
    X.flags.writeable = False
    fitted = clone(transformer).fit(X)
    out = fitted.transform(X)
    out.flags.writeable = False
    assert_close(np.asarray(fitted.inverse_transform(out)), X)


@each_transformer
def test_fit_transform_is_fit_then_transform(transformer, X):
    np.testing.assert_array_equal(
        clone(transformer).fit_transform(X), clone(transformer).fit(X).transform(X)
    )


@each_transformer
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_output_containers_leave_3d_alone(transformer, X, container):
    expected = clone(transformer).fit_transform(X)
    with sklearn.config_context(transform_output=container):
        globally = clone(transformer).fit_transform(X)
        transformed = clone(transformer).fit(X).transform(X)
    locally = clone(transformer).set_output(transform=container).fit_transform(X)
    for out in [globally, transformed, locally]:
        assert isinstance(out, np.ndarray)
        np.testing.assert_array_equal(out, expected)


def test_output_containers_leave_sparse_steps_alone():
    colours = np.array([[["red"], ["blue"]]], dtype=object)
    with sklearn.config_context(transform_output="pandas"):
        out = PerTimestep(OneHotEncoder()).fit(colours).transform(colours)
    np.testing.assert_array_equal(out, [[[0, 1], [1, 0]]])


@each_transformer
def test_before_fit_everything_is_refused(transformer, X):
    for method in ["transform", "inverse_transform"]:
        with pytest.raises(NotFittedError, match=type(transformer).__name__):
            getattr(clone(transformer), method)(X)
    with pytest.raises(NotFittedError, match=type(transformer).__name__):
        clone(transformer).get_feature_names_out()


@pytest.mark.parametrize(
    ("transformer", "params"),
    [
        (Reshape3D(), {"n_timesteps": None, "n_features": None}),
        (PadSequences(), {"max_timesteps": None, "truncate": "pre"}),
        (PerFeatureScaler(), {"method": "standard"}),
    ],
)
def test_parameters_are_what_the_design_names(transformer, params):
    assert transformer.get_params() == params
    assert clone(transformer).get_params() == params


def test_parameters_of_the_inner_transformer_are_set_through():
    step = PerTimestep(PCA(2)).set_params(transformer__n_components=1)
    assert step.fit_transform(DENSE).shape == (6, 4, 1)
    scaler = PerFeatureScaler(StandardScaler()).set_params(method__with_mean=False)
    assert scaler.fit(DENSE).scaler_.with_mean is False


# --------------------------------------------------------------------------- bad input
SCALE, STEP, PAD = PerFeatureScaler(), PerTimestep(StandardScaler()), PadSequences()
RESHAPE = Reshape3D(n_timesteps=4)


def put(value, *place):
    X = DENSE.astype(object if isinstance(value, str) else float)
    X[place] = value
    return X


BAD_PARAMETERS = [
    # transformer, parts of the message
    (PerFeatureScaler("zscore"), ["'method'", "'minmax'", "'robust'", "'zscore'"]),
    (PerFeatureScaler(None), ["'method'", "'standard'", "fit", "Got None"]),
    (PerFeatureScaler(3), ["'method'", "Got 3"]),
    (PerTimestep("pca"), ["'transformer'", "fit", "transform", "Got 'pca'"]),
    (PerTimestep(None), ["'transformer'", "Got None"]),
    (PadSequences(max_timesteps=0), ["'max_timesteps'", r"\[1, inf\)", "Got 0"]),
    (PadSequences(max_timesteps=1.5), ["'max_timesteps'", "an int", r"Got 1\.5"]),
    (PadSequences(truncate="left"), ["'truncate'", "'post'", "'pre'", "Got 'left'"]),
    (Reshape3D(n_timesteps=0), ["'n_timesteps'", r"\[1, inf\)", "Got 0"]),
    (Reshape3D(n_timesteps=2.0), ["'n_timesteps'", "an int", r"Got 2\.0"]),
    (Reshape3D(n_features=-1), ["'n_features'", r"\[1, inf\)", "Got -1"]),
    (Reshape3D(3), ["8 columns", "n_timesteps=3", r"\[1, 2, 4, 8\]"]),
    (Reshape3D(n_features=5), ["8 columns", "n_features=5", r"\[1, 2, 4, 8\]"]),
    (Reshape3D(n_features=9), ["8 columns", "n_features=9"]),
    (Reshape3D(2, 2), ["8 columns", "n_timesteps=2", "n_features=2"]),
]

BAD_INPUT = {
    # transformer, X, error, parts of the message
    "scale strings": (
        SCALE,
        pd.DataFrame({"a": [1.0, 2.0], "b": ["1", "two"]}),
        ValueError,
        ["row 1", "column 'b'", "'two'", "OneHotEncoder"],
    ),
    "scale 3-D strings": (SCALE, put("two", 0, 1, 1), ValueError, ["'two'"]),
    "scale objects": (SCALE, np.array([[[{}]]]), TypeError, ["dict"]),
    "scale inf": (
        SCALE,
        put(np.inf, 2, 1, 0),
        ValueError,
        ["PerFeatureScaler", "infinity", "sample 2", "step 1", "feature 0"],
    ),
    "scale inf in windows": (
        SCALE,
        overlapping(put(-np.inf, 2, 1, 0).reshape(-1, 2), 4),
        ValueError,
        ["infinity", "sample 6", "step 3", "feature 0"],
    ),
    "scale inf in a table": (
        SCALE,
        put(np.inf, 2, 1, 0)[2],
        ValueError,
        ["infinity", "row 1", "feature 0"],
    ),
    "scale 1-D": (SCALE, np.ones(3), ValueError, [r"reshape\(-1, 1\)"]),
    "scale 4-D": (
        SCALE,
        np.ones((2, 2, 2, 2)),
        ValueError,
        ["PerFeatureScaler", "n_samples, n_timesteps", r"\(2, 2, 2, 2\)"],
    ),
    "scale no samples": (SCALE, np.ones((0, 4, 2)), ValueError, [r"\(0, 4, 2\)"]),
    "scale no steps": (SCALE, np.ones((4, 0, 2)), ValueError, [r"\(4, 0, 2\)"]),
    "scale no features": (SCALE, np.ones((4, 2, 0)), ValueError, [r"\(4, 2, 0\)"]),
    "scale no rows": (SCALE, np.ones((0, 2)), ValueError, ["0 sample"]),
    "scale ragged": (
        SCALE,
        [[[1.0]], [[1.0], [2.0]]],
        ValueError,
        ["unequal length", "PadSequences"],
    ),
    "scale nothing": (
        SCALE,
        np.full((2, 3, 1), N),
        ValueError,
        ["PerFeatureScaler", "at least one time step"],
    ),
    "scale complex": (SCALE, DENSE * 1j, ValueError, ["Complex data"]),
    "step 1-D": (STEP, np.ones(3), ValueError, [r"reshape\(-1, 1\)"]),
    "step 4-D": (
        STEP,
        np.ones((2, 2, 2, 2)),
        ValueError,
        ["PerTimestep", r"\(2, 2, 2, 2\)"],
    ),
    "step inf": (
        STEP,
        put(np.inf, 5, 3, 1),
        ValueError,
        ["PerTimestep", "sample 5", "step 3", "feature 1"],
    ),
    "step strings": (STEP, put("two", 0, 0, 0), ValueError, ["'two'"]),
    "step ragged": (STEP, [[[1.0]], [[1.0], [2.0]]], ValueError, ["PadSequences"]),
    "step no samples": (STEP, np.ones((0, 4, 2)), ValueError, [r"\(0, 4, 2\)"]),
    "step nothing": (STEP, np.full((2, 3, 1), N), ValueError, ["PerTimestep"]),
    "pad strings": (
        PAD,
        [[[1.0]], [["two"]]],
        ValueError,
        ["Sample 1", "numbers", "'two'"],
    ),
    "pad objects": (PAD, [[[1.0]], [[{}]]], TypeError, ["Sample 1", "dict"]),
    "pad inf": (
        PAD,
        [[[1.0]], [[2.0], [np.inf]]],
        ValueError,
        ["PadSequences", "sample 1", "step 1", "feature 0"],
    ),
    "pad 1-D": (PAD, np.ones(3), ValueError, [r"reshape\(1, -1\)"]),
    "pad 4-D": (PAD, np.ones((2, 2, 2, 2)), ValueError, [r"\(2, 2, 2\)"]),
    "pad a number": (PAD, 3.0, ValueError, ["list of sequences", "3"]),
    "pad nothing": (PAD, [], ValueError, ["0 sample", "minimum of 1"]),
    "pad an empty sequence": (
        PAD,
        [np.ones((2, 1)), np.ones((0, 1))],
        ValueError,
        ["Sample 1", r"\(0, 1\)"],
    ),
    "pad unlike sequences": (
        PAD,
        [np.ones((2, 2)), np.ones((3, 2)), np.ones((2, 3))],
        ValueError,
        ["same features", "sample 0 has 2", "sample 2 has 3"],
    ),
    "pad complex": (PAD, [[[1j]]], ValueError, ["Complex data"]),
    "reshape strings": (
        RESHAPE,
        np.array([[1, 2, "three", 4]], dtype=object),
        ValueError,
        ["row 0", "column 2", "'three'"],
    ),
    "reshape inf": (
        RESHAPE,
        np.array([[1, 2, 3, 4], [1, np.inf, 3, 4]]),
        ValueError,
        ["Reshape3D", "infinity", "row 1", "feature 1"],
    ),
    "reshape 1-D": (RESHAPE, np.ones(4), ValueError, [r"reshape\(-1, 1\)"]),
    "reshape 3-D": (RESHAPE, DENSE, ValueError, ["flat table", "dim 3"]),
    "reshape no rows": (RESHAPE, np.ones((0, 4)), ValueError, ["0 sample"]),
    "reshape no columns": (RESHAPE, np.ones((4, 0)), ValueError, ["0 feature"]),
    "reshape another width": (
        RESHAPE,
        np.ones((2, 6)),
        ValueError,
        ["6 columns", "n_timesteps=4", r"\[1, 2, 3, 6\]"],
    ),
}
each_bad_input = pytest.mark.parametrize("case", BAD_INPUT)
each_bad_parameter = pytest.mark.parametrize(
    ("transformer", "parts"), BAD_PARAMETERS, ids=str
)


def assert_names(error, parts):
    for part in parts:
        error.match(part)


def fitted_on(transformer):
    """The transformer fitted on what is right for it."""
    return clone(transformer).fit(FLAT if isinstance(transformer, Reshape3D) else DENSE)


@each_bad_parameter
def test_bad_parameters_are_named_with_what_is_allowed_and_what_came(
    transformer, parts
):
    transformer = clone(transformer)
    with pytest.raises(ValueError, match=parts[0]) as error:
        fitted_on(transformer)
    assert_names(error, parts)


@each_bad_parameter
def test_a_fit_with_bad_parameters_keeps_the_earlier_state(transformer, parts):
    good = PerTimestep(PCA(1)) if isinstance(transformer, PerTimestep) else None
    good = fitted_on(good or type(transformer)())
    good.set_params(**transformer.get_params(deep=False))
    before = joblib.hash(vars(good))
    with pytest.raises(ValueError, match=parts[0]):
        good.fit(FLAT if isinstance(transformer, Reshape3D) else DENSE)
    assert joblib.hash(vars(good)) == before


@each_bad_input
def test_bad_input_is_refused_with_its_place(case):
    transformer, X, kind, parts = BAD_INPUT[case]
    transformer = clone(transformer)
    with pytest.raises(kind) as error:
        transformer.fit(X)
    assert_names(error, parts)
    with pytest.raises(NotFittedError):
        transformer.transform(DENSE)


@each_bad_input
def test_a_failed_fit_keeps_the_earlier_state(case):
    transformer, X, kind, _ = BAD_INPUT[case]
    good = fitted_on(transformer)
    before = joblib.hash(vars(good))
    with pytest.raises(kind):
        good.fit(X)
    assert joblib.hash(vars(good)) == before


@pytest.mark.parametrize(
    "case", [c for c, (t, *_) in BAD_INPUT.items() if hasattr(t, "partial_fit")]
)
@pytest.mark.filterwarnings("ignore:X has feature names")
def test_a_failed_partial_fit_keeps_the_earlier_state(case):
    transformer, X, kind, _ = BAD_INPUT[case]
    good = fitted_on(transformer)
    before = joblib.hash(vars(good))
    with pytest.raises(kind):
        good.partial_fit(X)
    assert joblib.hash(vars(good)) == before


class FailsAtTheSecondBlock(StandardScaler):
    def partial_fit(self, X, y=None, sample_weight=None):
        if (np.asarray(X) == 13).any():
            raise ValueError("thirteen")
        return super().partial_fit(X)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("wrapper", [PerFeatureScaler, PerTimestep])
def test_a_fit_that_fails_half_way_keeps_the_earlier_state(wrapper, method):
    good = wrapper(FailsAtTheSecondBlock()).fit(random(9_000, 1))
    before = joblib.hash(vars(good))
    X = random(9_000, 1)
    X[-1] = 13
    with pytest.raises(ValueError, match="thirteen"):
        getattr(good, method)(X)
    assert joblib.hash(vars(good)) == before


@pytest.mark.parametrize(
    "case",
    [
        "scale 3-D strings",
        "scale inf",
        "scale 1-D",
        "scale 4-D",
        "scale no samples",
        "scale ragged",
        "step inf",
        "step strings",
        "step 1-D",
        "pad inf",
        "pad strings",
        "pad nothing",
        "pad an empty sequence",
        "reshape 1-D",
        "reshape 3-D",
    ],
)
def test_transform_refuses_what_fit_refuses(case):
    transformer, X, kind, parts = BAD_INPUT[case]
    if case.startswith("pad"):  # these sequences have one feature
        fitted = clone(transformer).fit(RAGGED)
    else:
        fitted = fitted_on(transformer)
    with pytest.raises(kind) as error:
        fitted.transform(X)
    assert_names(error, parts)


@pytest.mark.parametrize(
    ("transformer", "X", "message"),
    [
        (SCALE, np.ones((2, 4, 3)), "X has 3 features, but PerFeatureScaler is .* 2"),
        (STEP, np.ones((2, 4, 1)), "X has 1 features, but PerTimestep is .* 2"),
        (SCALE, np.ones((4, 3)), "X has 3 features, but PerFeatureScaler is .* 2"),
        (PAD, [np.ones((1, 3))], "X has 3 features, but PadSequences is expecting 2"),
        (RESHAPE, np.ones((2, 4)), "X has 4 features, but Reshape3D is expecting 8"),
    ],
)
def test_other_features_at_transform_are_refused(transformer, X, message):
    fitted = fitted_on(transformer)
    with pytest.raises(ValueError, match=message):
        fitted.transform(X)


@pytest.mark.parametrize("transformer", [SCALE, STEP], ids=str)
@pytest.mark.parametrize(
    ("columns", "message"),
    [(["a", "c"], "feature names should match"), (["b", "a"], "same order")],
)
def test_other_names_at_transform_are_refused(transformer, columns, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        clone(transformer).fit(NAMED).transform(NAMED.set_axis(columns, axis=1))


@pytest.mark.parametrize(
    ("transformer", "X", "message"),
    [
        (RESHAPE, np.ones((2, 3, 2)), r"\(n_samples, 4, 2\), got \(2, 3, 2\)"),
        (RESHAPE, np.ones((2, 8)), r"n_samples, n_timesteps.*\(2, 8\)"),
        (PAD, np.ones((2, 8)), r"PadSequences needs X of shape.*\(2, 8\)"),
        (SCALE, np.ones((2, 4, 3)), "3"),
        (STEP, np.ones((2, 4, 3)), "3"),
        (SCALE, np.ones(4), "1D|1-D|2-D"),
    ],
)
def test_inverse_refuses_other_shapes(transformer, X, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        fitted_on(transformer).inverse_transform(X)


# ----------------------------------------------------------- long stretches of nothing
@pytest.mark.parametrize("method", ["standard", "minmax", "maxabs"])
@pytest.mark.parametrize("place", [slice(0, 5000), slice(5000, 10_000)])
@pytest.mark.parametrize("features", [slice(None), slice(0, 1)])
def test_a_long_outage_leaves_the_statistics_of_the_rest(method, place, features):
    X = np.random.default_rng(0).normal(size=(12_000, 2))
    X[place, features] = np.nan
    scaler = PerFeatureScaler(method).fit(X)
    expected = type(scaler.scaler_)().fit(X)
    np.testing.assert_allclose(scaler.transform(X), expected.transform(X))


def test_the_place_of_an_infinity_is_that_in_the_samples_at_hand():
    table = SequenceTable(np.array([[0.0], [1.0], [np.inf]]), [0, 1, 2], [1, 1, 1])
    with pytest.raises(ValueError, match="sample 0, step 0"):
        PerFeatureScaler().fit(table[2:])


def test_only_what_the_transformer_can_do_is_offered():
    assert not hasattr(PerTimestep(OrdinalEncoder()), "partial_fit")
    assert hasattr(PerTimestep(OrdinalEncoder()), "inverse_transform")
    assert not hasattr(PerTimestep(PolynomialFeatures()), "inverse_transform")


@pytest.mark.parametrize("Step", [PerFeatureScaler, PerTimestep])
def test_a_class_in_place_of_an_instance_is_refused(Step):
    with pytest.raises(TypeError, match="an instance of scikit-learn estimator"):
        Step(StandardScaler).fit(np.ones((2, 3, 1)))


def test_a_scaler_that_changes_the_features_is_refused():
    with pytest.raises(ValueError, match=r"2 features into 6.*PerTimestep"):
        PerFeatureScaler(PolynomialFeatures()).fit(np.ones((2, 3, 2)))


def test_axes_of_reshape3d_may_be_narrow_integers():
    X = np.arange(600.0).reshape(1, 600)
    out = Reshape3D(np.uint8(200), np.uint8(3)).fit_transform(X)
    assert out.shape == (1, 200, 3)
    assert Reshape3D(n_timesteps=True).fit_transform(X).shape == (1, 1, 600)
    with pytest.raises(ValueError, match="do not divide into n_timesteps=200"):
        Reshape3D(np.uint8(200), 10**12).fit(X)


@pytest.mark.parametrize("transformer", [StandardScaler(), SimpleImputer()], ids=repr)
def test_text_that_a_transformer_of_steps_can_not_use_is_named(transformer):
    table = pd.DataFrame({"size": [1.0, 2.0], "colour": ["red", "blue"]})
    message = r"PerTimestep can't use .* on X, whose feature {!r} holds 'red' \(str\)"
    with pytest.raises(ValueError, match=message.format("colour")):
        PerTimestep(transformer).fit(table)
    steps = table.to_numpy(dtype=object)[np.newaxis]
    with pytest.raises(ValueError, match=message.format(1)):
        PerTimestep(transformer).fit(steps)
    numbers = np.ones((1, 2, 2), dtype=object)
    with pytest.raises(ValueError, match=message.format(1)):
        PerTimestep(transformer).fit(numbers).transform(steps)
    # What else an encoder refuses keeps its own words.
    encoder = PerTimestep(OneHotEncoder()).fit(steps)
    with pytest.raises(ValueError, match="Found unknown categories"):
        encoder.transform(np.array([[[1.0, "green"]]], dtype=object))


def test_a_constant_feature_of_a_long_table_is_fitted_without_a_warning():
    X = np.full((350_301, 3), 7.3)
    X[:, 1] = np.random.default_rng(0).normal(size=len(X))
    scaler = PerFeatureScaler().fit(X)  # warnings are errors here
    np.testing.assert_allclose(scaler.scaler_.scale_[[0, 2]], 1)
    np.testing.assert_allclose(scaler.scaler_.scale_[1], X[:, 1].std(), rtol=1e-9)
