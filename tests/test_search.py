"""In the hands of scikit-learn: pipelines, searches, meta-estimators, processes."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    TimeSeriesSplit,
    check_cv,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.utils import _safe_indexing

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    PadSequences,
    PerFeatureScaler,
    Reshape3D,
    SequenceTable,
    SlidingWindow,
)

QUICK = {"units": 4, "epochs": 2, "random_state": 0}
LEARNS = {"units": 8, "epochs": 40, "learning_rate": 0.02, "random_state": 0}


def forecaster(**parameters):
    return make_pipeline(
        SlidingWindow(window_length=8),
        PerFeatureScaler(),
        LSTMRegressor(**{**QUICK, **parameters}),
    )


def test_the_search_of_the_design(series):
    X, y = series
    grid = {
        "slidingwindow__window_length": [4, 8],
        "lstmregressor__units": [4, (3, 2)],
        "lstmregressor__optimizer__beta_1": [0.5, 0.9],
    }
    pipe = forecaster(network_weight=1)  # so that each network counts
    search = GridSearchCV(pipe, grid, cv=TimeSeriesSplit(2)).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(np.unique(search.cv_results_["mean_test_score"])) == 8
    best = search.best_estimator_
    assert best[0].window_length == search.best_params_["slidingwindow__window_length"]
    beta_1 = search.best_params_["lstmregressor__optimizer__beta_1"]
    assert best[-1].model_.optimizer.beta_1 == beta_1


def test_a_series_is_learned_across_the_folds(series):
    X, y = series
    scores = cross_val_score(forecaster(**LEARNS), X, y, cv=TimeSeriesSplit(2))
    assert scores.min() > 0.8


def test_the_windows_are_a_baseline_for_any_other_regressor(series):
    X, y = series
    flat = SlidingWindow(window_length=8, flatten=True)
    ridge = make_pipeline(flat, SimpleImputer(), Ridge())
    assert cross_val_score(ridge, X, y, cv=TimeSeriesSplit(2)).min() > 0.7


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_two_jobs_give_the_scores_of_one_bit_for_bit(series, backend):
    X, y = series
    grid = {"slidingwindow__window_length": [4, 8], "lstmregressor__units": [4, 40]}
    scores = []
    for n_jobs in (1, 2):
        search = GridSearchCV(
            forecaster(dropout=0.1), grid, cv=TimeSeriesSplit(2), n_jobs=n_jobs
        )
        with joblib.parallel_backend(backend):
            search.fit(X, y)
        scores.append([search.cv_results_[f"split{i}_test_score"] for i in range(2)])
    np.testing.assert_array_equal(*scores)


LOAD = """
import sys, joblib, numpy as np
pipe = joblib.load(sys.argv[1])
np.save(sys.argv[3], pipe.predict(joblib.load(sys.argv[2])))
"""


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_a_dump_predicts_the_same_in_a_fresh_process(series, sequences, tmp_path, task):
    if task == "regression":
        X, y = series
        model = forecaster(units=(4, 3), hidden_layer_sizes=5, callbacks=[]).fit(X, y)
    else:
        X, y = sequences
        y = np.array(["falls", "rises"])[y]
        model = make_pipeline(PerFeatureScaler(), LSTMClassifier(**QUICK)).fit(X, y)
    paths = [str(tmp_path / name) for name in ("model", "X", "out.npy")]
    joblib.dump(model, paths[0])
    joblib.dump(X, paths[1])
    subprocess.run([sys.executable, "-c", LOAD, *paths], check=True)
    np.testing.assert_array_equal(np.load(paths[2]), model.predict(X))


# ---------------------------------------------------------------------- classification
def test_sorted_labels_are_stratified(sequences):
    X, y = sequences
    order = np.argsort(y, kind="stable")
    clf = LSTMClassifier(**LEARNS)
    assert isinstance(check_cv(5, y, classifier=True), StratifiedKFold)
    scores = cross_val_score(clf, X[order], y[order], cv=5)
    # A fold of one class alone could not be predicted from the other.
    assert scores.min() > 0.9


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_log_loss", "average_precision"])
def test_scorers_of_probabilities(sequences, scoring):
    X, y = sequences
    labels = np.array(["falls", "rises"])[y]
    if scoring == "average_precision":
        labels = y
    scores = cross_val_score(LSTMClassifier(**LEARNS), X, labels, scoring=scoring, cv=2)
    assert scores.min() > (0.9 if scoring != "neg_log_loss" else -0.5)


def test_roc_auc_of_several_classes(sequences):
    X, _ = sequences
    y = np.repeat([0, 1, 2], 20)
    X = X + y[:, None, None]
    clf = LSTMClassifier(**{**LEARNS, "units": 16})
    assert cross_val_score(clf, X, y, scoring="roc_auc_ovr", cv=2).min() > 0.8


def test_voting(sequences):
    X, y = sequences
    members = [(str(i), LSTMClassifier(**{**QUICK, "units": i})) for i in (3, 4)]
    vote = VotingClassifier(members, voting="soft").fit(X, y)
    mean = np.mean([m.predict_proba(X) for m in vote.estimators_], axis=0)
    np.testing.assert_allclose(vote.predict_proba(X), mean)


def test_probabilities_by_cross_val_predict(sequences):
    X, y = sequences
    clf = LSTMClassifier(**LEARNS)
    proba = cross_val_predict(clf, X, y, cv=3, method="predict_proba")
    assert proba.shape == (60, 2)
    assert log_loss(y, proba) < 0.5


def test_ragged_sequences_cross_validate(sequences):
    X, y = sequences
    rng = np.random.default_rng(0)
    ragged = [sequence[: rng.integers(2, 9)] for sequence in X]
    pipe = make_pipeline(PadSequences(), PerFeatureScaler(), LSTMClassifier(**LEARNS))
    assert cross_val_score(pipe, ragged, y, cv=3).mean() > 0.8


def test_a_flat_table_of_lags(sequences):
    X, y = sequences
    pipe = make_pipeline(
        Reshape3D(n_features=3), PerFeatureScaler(), LSTMClassifier(**LEARNS)
    )
    assert cross_val_score(pipe, X.reshape(60, -1), y, cv=2).min() > 0.9


# -------------------------------------------------------------------------- regression
def test_rows_are_kept_so_predictions_stand_beside_the_truth(series):
    X, y = series
    predicted = cross_val_predict(forecaster(), X, y, cv=KFold(4))
    assert predicted.shape == y.shape


def test_the_test_part_begins_with_the_history_of_the_train_part(series):
    X, y = series
    pipe = forecaster().fit(X[:80], y[:80])
    whole = SlidingWindow(window_length=8).fit_transform(X)
    scaled = pipe[1].transform(whole)
    np.testing.assert_array_equal(pipe.predict(X[80:]), pipe[-1].predict(scaled[80:]))
    one = pipe.predict(X[80:81])
    np.testing.assert_allclose(one, pipe.predict(X[80:])[:1], rtol=1e-5)


def test_transformed_target(series):
    X, y = series
    model = TransformedTargetRegressor(
        forecaster(**LEARNS), func=np.exp, inverse_func=np.log, check_inverse=False
    )
    assert model.fit(X, y).score(X, y) > 0.8


def test_bagging_of_sequences(sequences):
    X, y = sequences
    bag = BaggingRegressor(LSTMRegressor(**QUICK), n_estimators=2, random_state=0)
    assert bag.fit(X[:, :, 0], y).predict(X[:, :, 0]).shape == (60,)


def test_selected_columns_are_steps(sequences):
    X, y = sequences
    pipe = make_pipeline(SelectKBest(k=5), LSTMRegressor(**QUICK))
    assert pipe.fit(X[:, :, 0], y)[-1].n_features_in_ == 5


# ---------------------------------------------------------------------- other searches
def test_halving_with_epochs_as_the_resource(sequences):
    X, y = sequences
    search = HalvingGridSearchCV(
        LSTMClassifier(**QUICK),
        {"units": [2, 4, 8]},
        resource="epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
        random_state=0,
    ).fit(X, y)
    assert set(search.cv_results_["n_resources"]) == {1, 2}
    assert search.best_estimator_.current_epoch == search.n_resources_[-1]


def test_randomized_search(sequences):
    X, y = sequences
    choices = {"learning_rate": np.logspace(-4, -1, 20), "dropout": [0.0, 0.2]}
    search = RandomizedSearchCV(
        LSTMClassifier(**QUICK), choices, n_iter=3, cv=2, random_state=0
    ).fit(X, y)
    assert search.best_params_["learning_rate"] in choices["learning_rate"]


def test_learning_curve(sequences):
    X, y = sequences
    sizes, train, test = learning_curve(
        LSTMClassifier(**QUICK), X, y, train_sizes=[0.5, 1.0], cv=2
    )
    np.testing.assert_array_equal(sizes, [15, 30])
    assert train.shape == test.shape == (2, 2)


def test_cross_validate_returns_the_fitted(series):
    X, y = series
    result = cross_validate(
        forecaster(), X, y, cv=TimeSeriesSplit(2), return_estimator=True
    )
    assert len(result["estimator"]) == 2


# -------------------------------------------------------------------- metadata routing
@pytest.fixture
def metadata_routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("metadata_routing")
def test_weights_are_routed_through_pipeline_and_search(series):
    X, y = series
    weight = np.r_[np.zeros(20), np.ones(100)]
    lstm = LSTMRegressor(**QUICK).set_fit_request(sample_weight=True)
    lstm.set_score_request(sample_weight=True)
    pipe = make_pipeline(SlidingWindow(window_length=8), PerFeatureScaler(), lstm)
    cv = TimeSeriesSplit(2)
    search = GridSearchCV(pipe, {"lstmregressor__units": [3]}, cv=cv)
    search.fit(X, y, sample_weight=weight)
    by_hand = []
    for train, test in cv.split(X):
        model = clone(pipe).set_params(lstmregressor__units=3)
        model.fit(X.iloc[train], y.iloc[train], sample_weight=weight[train])
        by_hand.append(
            model.score(X.iloc[test], y.iloc[test], sample_weight=weight[test])
        )
    scores = [search.cv_results_[f"split{i}_test_score"][0] for i in range(2)]
    np.testing.assert_array_equal(scores, by_hand)
    unweighted = clone(search).fit(X, y, sample_weight=np.ones(120))
    assert unweighted.cv_results_["split0_test_score"][0] != scores[0]


def test_global_pandas_output_breaks_no_pipeline(series):
    X, y = series
    expected = forecaster().fit(X, y).predict(X)
    with sklearn.config_context(transform_output="pandas"):
        np.testing.assert_array_equal(forecaster().fit(X, y).predict(X), expected)


def test_feature_names_pass_through_the_pipeline(series):
    X, y = series
    pipe = forecaster().fit(X, y)
    assert pipe[:-1].get_feature_names_out().tolist() == ["wave", "slow"]
    assert pipe.feature_names_in_.tolist() == ["wave", "slow"]
    assert "lstmregressor" in pipe._repr_html_()


def test_a_cached_pipeline_gives_the_same_again(series, tmp_path):
    X, y = series
    plain = forecaster().fit(X, y)
    predictions = []
    for _ in range(2):  # computed, then read from the cache
        cached = forecaster().set_params(memory=str(tmp_path)).fit(X, y)
        predictions.append(cached.predict(X))
        assert cached[1].scaler_.n_samples_seen_ == plain[1].scaler_.n_samples_seen_
    np.testing.assert_array_equal(predictions[0], plain.predict(X))
    np.testing.assert_array_equal(predictions[1], plain.predict(X))


def test_an_overlapping_view_is_pickled_as_its_table(series):
    windows = SlidingWindow(window_length=50).fit_transform(series[0])
    pickled = pickle.dumps(windows)
    assert len(pickled) < 4 * series[0].to_numpy().nbytes
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(again, windows)
    assert again.strides[0] == again.strides[1]


def test_windows_of_groups_stay_a_table_in_every_fold(series):
    X, y = series
    table = SlidingWindow(4, group_by="g").fit_transform(X.assign(g=list("ab") * 60))
    pipe = make_pipeline(PerFeatureScaler(), LSTMRegressor(**QUICK))
    expected = cross_val_predict(pipe, np.asarray(table), y, cv=2)
    assert isinstance(_safe_indexing(table, np.arange(5)), SequenceTable)
    np.testing.assert_allclose(
        cross_val_predict(pipe, table, y, cv=2), expected, rtol=0.1, atol=0.1
    )


@pytest.mark.parametrize("history", ["auto", None])
def test_one_row_of_a_group_that_no_fit_saw_is_predicted(series, history):
    X, y = series
    pipe = make_pipeline(
        SlidingWindow(4, group_by="g", history=history),
        PerFeatureScaler(),
        LSTMRegressor(**QUICK),
    ).fit(X.assign(g=list("ab") * 60), y)
    with pytest.warns(UserWarning, match=r"1 of the 1 samples of X have no time step"):
        cold = pipe.predict(X[:1].assign(g="c"))
    with pytest.warns(UserWarning, match=r"1 of the 1 samples"):
        nothing = pipe[-1].predict(np.full((1, 4, 2), np.nan))
    np.testing.assert_allclose(cold, nothing)


def test_threads_fit_at_the_same_time_as_one_after_the_other(sequences):
    X, y = sequences
    one = [LSTMClassifier(**{**QUICK, "random_state": i}).fit(X, y) for i in range(2)]
    both = joblib.Parallel(2, prefer="threads")(
        joblib.delayed(LSTMClassifier(**{**QUICK, "random_state": i}).fit)(X, y)
        for i in range(2)
    )
    for a, b in zip(one, both, strict=True):
        np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X))


def test_several_series_by_group(series):
    X, y = series
    panel = pd.concat({"a": X, "b": -X}, names=["shop", "t"])
    target = pd.concat([y, -y])
    pipe = make_pipeline(
        SlidingWindow(window_length=8, group_by="shop"),
        PerFeatureScaler(),
        LSTMRegressor(**LEARNS),
    )
    early = panel.index.get_level_values("t") < 90
    pipe.fit(panel[early], target[early])
    assert pipe.score(panel[~early], target[~early]) > 0.8


def test_halving_over_epochs_takes_all_rows(series):

    X, y = series
    pipe = make_pipeline(SlidingWindow(4), LSTMRegressor(**QUICK))
    search = HalvingGridSearchCV(
        pipe,
        {"lstmregressor__units": [2, 3, 4]},
        resource="lstmregressor__epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=TimeSeriesSplit(2),
    ).fit(X, y)
    assert search.n_resources_ == [1, 2]
    assert search.n_candidates_ == [3, 2]
    assert search.best_estimator_[-1].get_params()["epochs"] == 2
