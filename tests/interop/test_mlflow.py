"""MLflow's logs of scikit-learn's fits, with ours inside."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow

mlflow = pytest.importorskip("mlflow")
pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("ignore"),  # MLflow and its libraries warn of each other
]


@pytest.fixture
def logged(tmp_path, monkeypatch):
    """Log to a folder, and stop logging afterwards."""
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("test")
    mlflow.sklearn.autolog()
    yield
    mlflow.sklearn.autolog(disable=True)


def pipe_of(**parameters):
    lstm = LSTMRegressor(**{"units": 4, "epochs": 2, "random_state": 0, **parameters})
    return make_pipeline(SlidingWindow(6), PerFeatureScaler(), lstm)


@pytest.mark.usefixtures("logged")
def test_a_pipeline_is_logged_and_loads(series):
    X, y = series
    with mlflow.start_run() as run:
        pipe = pipe_of().fit(X, y)
    data = mlflow.get_run(run.info.run_id).data
    assert data.params["lstmregressor__units"] == "4"
    assert "training_score" in data.metrics
    (model,) = mlflow.search_logged_models(output_format="list")
    loaded = mlflow.sklearn.load_model(model.model_uri)
    np.testing.assert_array_equal(loaded.predict(X), pipe.predict(X))


@pytest.mark.usefixtures("logged")
def test_a_search_is_logged_with_a_run_for_each_candidate(series):
    X, y = series
    grid = {"lstmregressor__units": [2, 3]}
    with mlflow.start_run() as run:
        search = GridSearchCV(pipe_of(), grid, cv=TimeSeriesSplit(2)).fit(X, y)
    data = mlflow.get_run(run.info.run_id).data
    assert data.metrics["best_cv_score"] == search.best_score_
    best = str(search.best_params_["lstmregressor__units"])
    assert data.params["best_lstmregressor__units"] == best
    children = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    )
    assert sorted(children["params.lstmregressor__units"]) == ["2", "3"]
    scores = dict(
        zip(
            children["params.lstmregressor__units"],
            children["metrics.mean_test_score"],
            strict=True,
        )
    )
    expected = dict(zip("23", search.cv_results_["mean_test_score"], strict=True))
    assert scores == expected


@pytest.mark.usefixtures("logged")
def test_an_estimator_alone_is_not_logged(series):
    # MLflow patches the estimators of scikit-learn itself, pipelines among them.
    X, y = series
    mlflow.keras.autolog()  # which patches `keras.Model.fit`
    with mlflow.start_run() as run:
        LSTMRegressor(units=2, epochs=1).fit(X, y)
    mlflow.keras.autolog(disable=True)
    assert mlflow.get_run(run.info.run_id).data.params == {}
    assert mlflow.get_run(run.info.run_id).data.metrics == {}


@pytest.mark.usefixtures("logged")
def test_epochs_are_logged_by_the_callback_of_keras(series):
    X, y = series
    with mlflow.start_run() as run:
        logging = mlflow.keras.MlflowCallback(run)
        pipe = pipe_of(callbacks=[logging]).fit(X, y)
    epochs = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [one.value for one in epochs] == pipe[-1].history_["loss"]
