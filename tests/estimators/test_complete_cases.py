"""Complete rows alone in fit, all rows in predict."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from airline import load_airline
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import CompleteCaseRegressor, SlidingWindow
from sklstm.estimators._conditional_mean import ConditionalMean
from sklstm.forecasting import backtest, forecast, make_multistep

NAN = np.nan
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) @ RNG.normal(size=(3, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.1 * RNG.normal(size=60)
HOLED = np.where(RNG.random(X.shape) < 0.2, NAN, X)
COMPLETE = np.isfinite(HOLED).all(axis=1)


def lags(estimator, window_length=12, **window):
    window = SlidingWindow(window_length, flatten=True, **window)
    return make_pipeline(window, CompleteCaseRegressor(estimator))


# ---------------------------------------------------------------------------- the fit
@pytest.mark.parametrize("weighted", [False, True])
def test_the_fit_is_that_of_the_complete_rows(weighted):
    y = Y.copy()
    y[::7] = NAN
    kept = COMPLETE & np.isfinite(y)
    weights = RNG.random(60) if weighted else None
    expected = Ridge().fit(
        X[kept], Y[kept], sample_weight=weights[kept] if weighted else None
    )
    model = CompleteCaseRegressor(Ridge()).fit(HOLED, y, sample_weight=weights)
    assert model.n_complete_ == kept.sum()
    np.testing.assert_allclose(model.estimator_.coef_, expected.coef_, rtol=1e-12)
    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=1e-12)
    known = np.isfinite(y)
    assert model.score(X, y, weights) == pytest.approx(
        expected.score(X[known], y[known], weights[known] if weighted else None)
    )


def test_of_several_targets_a_row_needs_all():
    targets = np.column_stack([Y, -Y])
    targets[3, 1] = NAN
    kept = COMPLETE.copy()
    kept[3] = False
    model = CompleteCaseRegressor(Ridge()).fit(HOLED, targets)
    expected = Ridge().fit(X[kept], targets[kept])
    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=1e-12)


def test_windows_of_the_first_rows_are_left_out_of_the_airline_passengers():
    table = load_airline()
    y = table["passengers"]
    frame = pd.concat({k: y.shift(k) for k in range(12, 0, -1)}, axis=1)
    train = slice(12, 115)
    expected = Ridge().fit(frame.to_numpy()[train], y[train])
    pipe = lags(Ridge()).fit(table[:115], y[:115])
    assert pipe[-1].n_complete_ == 103
    np.testing.assert_allclose(
        pipe.predict(table[115:]), expected.predict(frame.to_numpy()[115:])
    )
    # What mean-filled windows cost, with as many rows as a fold of a backtest has.
    cv = TimeSeriesSplit(5, test_size=12)
    filled = make_pipeline(SlidingWindow(12, flatten=True), SimpleImputer(), Ridge())
    errors = [
        mean_absolute_error(found["truth"], found["forecast"])
        for found in (backtest(one, table, y, cv) for one in (pipe, filled))
    ]
    assert errors[0] < 0.8 * errors[1]


# ----------------------------------------------------------------------- what is filled
def test_missing_values_are_filled_from_the_complete_rows():
    model = CompleteCaseRegressor(Ridge()).fit(HOLED, Y)
    rows = np.array([[X[0, 0], NAN, X[0, 2]], [NAN, NAN, NAN], [NAN, X[1, 1], NAN]])
    filled = ConditionalMean(X[COMPLETE]).fill(rows)
    np.testing.assert_array_equal(model.predict(rows), model.estimator_.predict(filled))
    assert model.predict(rows)[1] == pytest.approx(Y[COMPLETE].mean())


def test_conditional_means_of_many_rows_are_those_of_least_squares():
    many = np.random.default_rng(1).normal(size=(20_000, 4))
    many = many @ np.random.default_rng(2).normal(size=(4, 4)) + [1, 2, 3, 4]
    conditional = ConditionalMean(many)
    rows = many[:5].copy()
    rows[:, [1, 3]] = NAN
    expected = LinearRegression().fit(many[:, [0, 2]], many[:, [1, 3]])
    np.testing.assert_allclose(
        conditional.fill(rows)[:, [1, 3]], expected.predict(rows[:, [0, 2]]), rtol=0.01
    )
    assert np.isnan(rows[:, 1]).all()


@pytest.mark.parametrize(
    "complete",
    [np.ones((1, 3)), np.ones((5, 3)), np.tile(np.arange(9.0)[:, None], 3)],
    ids=["one row", "constant", "columns alike"],
)
def test_what_has_no_covariance_is_filled_as_well(complete):
    filled = ConditionalMean(complete).fill(np.array([[NAN] * 3, [4.0, NAN, NAN]]))
    assert np.isfinite(filled).all()
    np.testing.assert_allclose(filled[0], complete.mean(axis=0))


def test_predict_never_fails_for_what_is_missing():
    model = CompleteCaseRegressor(KNeighborsRegressor(2)).fit(HOLED, Y)
    assert np.isfinite(model.predict(HOLED)).all()
    assert np.isfinite(model.predict(np.full((2, 3), NAN))).all()


# --------------------------------------------------------------- as scikit-learn has it
def test_names_parameters_clone_and_pickle():
    frame = pd.DataFrame(HOLED, columns=["a", "b", "c"])
    # The columns go to the regressor by name.
    scaled = make_column_transformer((StandardScaler(), ["a"]), remainder="passthrough")
    model = CompleteCaseRegressor(make_pipeline(scaled, Ridge()))
    y = pd.Series(Y, name="sold")
    model.set_params(estimator__ridge__alpha=3.0)
    assert clone(model).get_params()["estimator__ridge__alpha"] == 3.0
    model.fit(frame, y)
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    assert list(model.target_names_in_) == ["sold"]
    assert not hasattr(model.estimator, "n_features_in_")
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[["b", "a", "c"]])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
    assert not hasattr(model.fit(frame, Y), "target_names_in_")
    search = GridSearchCV(
        lags(Ridge()),
        {"completecaseregressor__estimator__alpha": [0.1, 1e9]},
        cv=TimeSeriesSplit(3),
    )
    table = load_airline()
    search.fit(table, table["passengers"])
    assert search.best_params_["completecaseregressor__estimator__alpha"] == 0.1


class Weighed(DummyRegressor):
    """Remembers what its fit was given."""

    def fit(self, X, y, sample_weight=None, groups=None):
        self.given_ = sample_weight, groups
        return super().fit(X, y)


def test_what_has_an_entry_a_row_is_cut_with_the_rows():
    weights, groups = np.arange(60.0), np.arange(60) // 2
    model = CompleteCaseRegressor(Weighed())
    model.fit(HOLED, Y, sample_weight=weights, groups=groups)
    for found, given in zip(model.estimator_.given_, (weights, groups), strict=True):
        np.testing.assert_array_equal(found, given[COMPLETE])
    with pytest.raises(ValueError, match="KNeighborsRegressor has no sample_weight"):
        CompleteCaseRegressor(KNeighborsRegressor()).fit(HOLED, Y, weights)


def test_metadata_is_routed():
    weights = np.arange(60.0)
    with sklearn.config_context(enable_metadata_routing=True):
        asks = Weighed().set_fit_request(sample_weight=True, groups=False)
        model = CompleteCaseRegressor(asks).fit(HOLED, Y, sample_weight=weights)
        np.testing.assert_array_equal(model.estimator_.given_[0], weights[COMPLETE])
        pipe = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            CompleteCaseRegressor(asks),
        )
        pipe.fit(HOLED, Y, sample_weight=weights)
        np.testing.assert_array_equal(pipe[-1].estimator_.given_[0], weights[COMPLETE])
        unset = CompleteCaseRegressor(Weighed())
        with pytest.raises(Exception, match="not explicitly set as requested"):
            unset.fit(HOLED, Y, sample_weight=weights)


def test_within_forecasts_panels_and_transformed_targets():
    t = np.arange(40)
    tables = [
        pd.DataFrame({"shop": shop, "sold": level + (t % 4)}, index=t)
        for shop, level in {"a": 0.0, "b": 100.0}.items()
    ]
    table = pd.concat(tables).sort_index(kind="stable")
    pipe = lags(LinearRegression(), 4, group_by="shop").fit(table, table["sold"])
    assert pipe[-1].n_complete_ == 2 * 36
    found = forecast(pipe, table, 4)
    np.testing.assert_allclose(
        found[found["shop"] == "b"]["sold"], [100, 101, 102, 103], atol=1e-6
    )
    one = load_airline()
    trimmed, targets = make_multistep(one, one["passengers"], 3)
    pipe = lags(Ridge(), horizon=3).fit(trimmed, targets)
    assert forecast(pipe, one, 3).shape == (3, 1)
    logs = TransformedTargetRegressor(
        lags(Ridge()), func=np.log, inverse_func=np.exp, check_inverse=False
    )
    found = logs.fit(one, one["passengers"]).predict(one)
    assert np.isfinite(found).all()


# ------------------------------------------------------------------------ what is wrong
@pytest.mark.parametrize(
    ("estimator", "X", "y", "message"),
    [
        (
            Ridge(),
            np.full((4, 2), NAN),
            np.ones(4),
            "No row is complete: of the 4 rows",
        ),
        (Ridge(), np.ones((4, 2)), np.full(4, NAN), "4 of y. There is nothing to fit"),
        (Ridge(), np.ones((4, 2)), None, "requires y to be passed"),
        (Ridge(), np.full((4, 2), np.inf), np.ones(4), "contains infinity"),
        (Ridge(), np.ones((4, 3, 2)), np.ones(4), r"2-D.*got 3-D.*flatten=True"),
        (StandardScaler(), X, Y, "estimator must be a regressor"),
        (LogisticRegression(), X, Y, "estimator must be a regressor"),
        (Ridge, X, Y, "estimator must be a regressor"),
        (None, X, Y, "estimator must be a regressor"),
    ],
)
def test_what_is_refused_leaves_the_fit_before(estimator, X, y, message):
    model = CompleteCaseRegressor(Ridge()).fit(HOLED[:, :2], Y)
    fitted = model.estimator_
    model.estimator = estimator
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert model.estimator_ is fitted
    assert model.n_features_in_ == 2


def test_rows_that_are_filled_later_are_those_of_fit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5_000, 3))
    y, holes = X.sum(axis=1), np.array([[1.0, NAN, 2.0], [NAN, NAN, 0.5]])
    model = CompleteCaseRegressor(Ridge()).fit(X, y)
    at_once = CompleteCaseRegressor(Ridge()).fit(X, y).predict(holes)
    copied = pickle.loads(pickle.dumps(model))
    X[:] = 1e9  # the user's array, reused
    np.testing.assert_array_equal(model.predict(holes), at_once)
    np.testing.assert_array_equal(copied.predict(holes), at_once)
    # Nor does a pickle hold the rows.
    assert len(pickle.dumps(model)) < X.nbytes / 10


def test_an_infinite_target_is_no_missing_target():
    X, y = np.arange(20.0).reshape(-1, 1), np.arange(20.0)
    y[3] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        CompleteCaseRegressor(Ridge()).fit(X, y)


@pytest.mark.parametrize("step", [1, 2])
def test_rows_that_overlap_are_those_of_a_plain_array(step):
    rng = np.random.default_rng(0)
    series = rng.normal(size=200)
    series[[0, 40, 41, 130, 199]] = np.nan
    lags = sliding_window_view(series, 6)[::step]
    y = rng.normal(size=len(lags))
    overlapping = CompleteCaseRegressor(Ridge()).fit(lags, y)
    plain = CompleteCaseRegressor(Ridge()).fit(np.array(lags), y)
    complete = pd.DataFrame(lags).dropna().index
    assert overlapping.n_complete_ == plain.n_complete_ == len(complete)
    expected = Ridge().fit(lags[complete], y[complete])
    np.testing.assert_allclose(overlapping.estimator_.coef_, expected.coef_, rtol=1e-9)
    gaps = np.where(rng.random((30, 6)) < 0.3, np.nan, rng.normal(size=(30, 6)))
    found = plain.predict(gaps)
    series[:] = 7.0  # what was learned stays
    np.testing.assert_allclose(overlapping.predict(gaps), found, rtol=1e-9)


def test_the_rows_of_a_fit_may_be_changed_in_place():
    lags = sliding_window_view(np.random.default_rng(0).normal(size=100), 6)
    before = lags.copy()
    ridge = CompleteCaseRegressor(Ridge(copy_X=False)).fit(lags, lags[:, 0])
    np.testing.assert_array_equal(lags, before)
    some = np.where(np.eye(6, dtype=bool), np.nan, before[:6])
    other = CompleteCaseRegressor(Ridge()).fit(before, before[:, 0])
    np.testing.assert_allclose(ridge.predict(some), other.predict(some), rtol=1e-9)


def test_rows_of_float32_are_summed_in_float64():
    rng = np.random.default_rng(0)
    X = (1e5 + rng.normal(size=(100_000, 3))).astype(np.float32)
    model = CompleteCaseRegressor(Ridge()).fit(X, X[:, 0].astype(float))
    gaps = np.array([[NAN, NAN, NAN]], dtype=np.float32)
    mean = X.astype(float).mean(axis=0)
    expected = model.estimator_.predict(mean[np.newaxis].astype(np.float32))
    np.testing.assert_allclose(model.predict(gaps), expected, rtol=0, atol=0.05)


def test_a_network_keeps_windows_that_overlap():
    class Seen(DummyRegressor):
        def fit(self, X, y):
            self.strides_ = X.strides
            return super().fit(X, y)

    series = np.random.default_rng(0).normal(size=200)
    lags = sliding_window_view(series, 6)
    model = CompleteCaseRegressor(Seen()).fit(lags, lags[:, 0])
    assert model.estimator_.strides_ == (8, 8)
