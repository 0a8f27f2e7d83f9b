"""The benchmark of classifiers has the sets and the scores that it tells of."""

import pathlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, PadSequences, PerFeatureScaler

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(
    not BENCHMARKS.exists(), reason="a package without benchmarks"
)
Z_SCORED = {"outlines_of_6", "outlines_of_50", "demand"}


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    """Let modules of the benchmarks be imported."""
    monkeypatch.syspath_prepend(BENCHMARKS)


def sets():
    from labelled_series import labelled_series

    return labelled_series()


def made(name):
    return next(task for task in sets() if task.name == name).split


def test_sets_are_whole_and_the_same_again():
    for task, again in zip(sets(), sets(), strict=True):
        X_train, y_train, X_test, y_test = task.split
        assert len(X_train) == len(y_train)
        assert len(X_test) == len(y_test) >= 150, task.name
        assert {*y_test} <= {*y_train}, task.name
        for x in (*X_train, *X_test):
            assert x.ndim == 2
            assert np.isfinite(x).all()
        lengths = {len(x) for x in X_train}
        assert (len(lengths) > 1) == task.unequal, task.name
        for part, once_more in zip(task.split, again.split, strict=True):
            for one, other in zip(part, once_more, strict=True):
                np.testing.assert_array_equal(one, other)


def test_no_test_sample_is_a_train_sample():
    for task in sets():
        X_train, _, X_test, _ = task.split
        if not task.name.startswith("digits"):
            trained_on = {np.asarray(x).tobytes() for x in X_train}
            assert not trained_on & {np.asarray(x).tobytes() for x in X_test}


@pytest.mark.parametrize("name", sorted(Z_SCORED))
def test_outlines_are_z_scored(name):
    X = made(name)[0][..., 0]
    np.testing.assert_allclose(X.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(X.std(axis=1), 1)


def test_cylinders_bells_and_funnels_are_as_high_as_saito_has_them():
    X_train, y_train, X_test, y_test = made("cylinder_bell_funnel_300")
    X, y = np.concatenate([X_train, X_test])[..., 0], np.r_[y_train, y_test]
    # a <= 32 and b >= 48: all are inside at steps 33 to 48, and outside before 16
    np.testing.assert_allclose(X[y == 0, 32:48].mean(), 6, atol=0.2)
    np.testing.assert_allclose(X[:, :15].mean(), 0, atol=0.05)
    np.testing.assert_allclose(X[:, :15].std(), 1, atol=0.05)
    rise = np.diff(X[:, 32:48], axis=1).mean(axis=1)
    assert rise[y == 1].mean() > 0.05
    assert rise[y == 2].mean() < -0.05


def test_a_class_of_the_imbalanced_set_has_two_percent():
    _, y_train, _, y_test = made("imbalanced")
    assert y_train.sum() == 40
    assert y_test.mean() == 0.02


def test_levels_alone_tell_classes_apart():
    from sklearn.linear_model import LogisticRegression

    X_train, y_train, X_test, y_test = made("level")
    classify = LogisticRegression().fit(X_train.mean(axis=1), y_train)
    assert classify.score(X_test.mean(axis=1), y_test) > 0.85
    pooled = pd.DataFrame(X_test[..., 0] - X_test.mean(axis=1)).groupby(y_test)
    assert np.ptp(pooled.std().mean(axis=1)) < 0.1


def test_calibration_error_is_that_of_bins_by_pandas():
    from class_scores import calibration_error

    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([0.5, 0.5, 0.5], size=500)
    classes = np.array(["a", "b", "c"])
    y = rng.choice(classes, size=500)
    frame = pd.DataFrame({"top": probabilities.max(axis=1)})
    frame["right"] = classes[probabilities.argmax(axis=1)] == y
    bins = pd.cut(frame["top"], np.linspace(0, 1, 16))  # (0, 1/15], ...
    parts = frame.groupby(bins, observed=True).agg(["mean", "size"])
    distance = (parts["top", "mean"] - parts["right", "mean"]).abs()
    expected = (distance * parts["top", "size"]).sum() / 500
    found = calibration_error(y, probabilities, classes)
    assert found == pytest.approx(expected)


def test_calibration_error_by_hand():
    from class_scores import calibration_error

    # 0.95 and 1.0 in one bin, one of two right: |0.975 - 0.5|; 0.6 right: |0.6 - 1|
    probabilities = [[0.95, 0.05], [1.0, 0.0], [0.4, 0.6]]
    found = calibration_error([0, 1, 1], probabilities, [0, 1])
    assert found == pytest.approx((2 * 0.475 + 0.4) / 3)


def test_scores_without_probabilities_are_of_labels_alone():
    from class_scores import scores

    found = scores([0, 0, 0, 1], [0, 0, 0, 0])
    assert found == {"accuracy": 0.75, "balanced_accuracy": 0.5}
    found = scores([0, 1], [0, 0], [[0.8, 0.2], [0.6, 0.4]], [0, 1])
    assert found["log_loss"] == pytest.approx(-(np.log(0.8) + np.log(0.4)) / 2, 1e-5)


HEADER = "#a note\n@problemName Two\n@equalLength {}\n@classLabel true a b\n@data\n"


def test_ts_files_of_equal_and_unequal_length(tmp_path):
    from ts_files import read_ts

    file = tmp_path / "equal.ts"
    file.write_text(HEADER.format("true") + "1,2,3:4,5,6:a\n7,8,?:0,1,2:b\n")
    X, y = read_ts(file)
    expected = [[[1, 4], [2, 5], [3, 6]], [[7, 0], [8, 1], [np.nan, 2]]]
    np.testing.assert_array_equal(X, expected)
    assert [*y] == ["a", "b"]
    file.write_text(HEADER.format("false") + "1,2,3:a\n4,5:b\n\n")
    X, y = read_ts(file)
    assert [x.tolist() for x in X] == [[[1], [2], [3]], [[4], [5]]]


def test_ts_files_that_are_not_right(tmp_path):
    from ts_files import read_ts

    file = tmp_path / "odd.ts"
    file.write_text(HEADER.format("true") + "1,2:3,4:a\n1,2,3:4,5:a\n")
    with pytest.raises(ValueError, match=r"line 7.*lengths \[2, 3\]"):
        read_ts(file)
    file.write_text("1,2,3\n")
    with pytest.raises(ValueError, match="no line @data"):
        read_ts(file)


def test_a_folder_of_ts_files_is_added(tmp_path):
    from labelled_series import labelled_series

    for part, rows in {"TRAIN": "1,2:a\n3,4:b\n", "TEST": "5,6:b\n"}.items():
        (tmp_path / f"Two_{part}.ts").write_text(HEADER.format("true") + rows)
    task = labelled_series(tmp_path)[-1]
    assert task.name == "Two"
    assert task.shape == (2, 1, "2", 1, 2)
    with pytest.raises(SystemExit, match="no file"):
        labelled_series(tmp_path / "none")


def few_gestures():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, 2)) for length in (4, 6, 5, 7, 3, 8, 5, 6)]
    y = np.array([0, 1] * 4)
    split = X[:5], y[:5], X[5:], y[5:]
    return SimpleNamespace(name="few", unequal=True, split=split)


def test_sklstm_is_the_pipeline_at_its_defaults_but_for_what_is_set():
    import classifiers

    task = few_gestures()
    X_train, y_train, X_test, _ = task.split
    settings = {"units": 3, "epochs": 2}
    (predicted, probabilities, classes), _ = classifiers.sklstm(task, 5, settings)
    lstm = LSTMClassifier(random_state=5, **settings)
    pipe = make_pipeline(PadSequences(), PerFeatureScaler(), lstm)
    pipe.fit(X_train, y_train)
    np.testing.assert_array_equal(probabilities, pipe.predict_proba(X_test))
    np.testing.assert_array_equal(predicted, pipe.predict(X_test))
    np.testing.assert_array_equal(classes, [0, 1])


def warped(a, b):
    """Return the distance of dynamic time warping, cell by cell."""
    cost = np.full((len(a) + 1, len(b) + 1), np.inf)
    cost[0, 0] = 0
    for i, j in np.ndindex(len(a), len(b)):
        step = min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
        cost[i + 1, j + 1] = step + np.sum((a[i] - b[j]) ** 2)
    return cost[-1, -1]


def test_the_nearest_is_the_nearest_by_dynamic_time_warping():
    pytest.importorskip("dtaidistance")
    import classifiers

    X_train, _, X_test, y_test = few_gestures().split
    which = np.arange(len(X_train))  # each its own label: the neighbour itself
    task = SimpleNamespace(split=(X_train, which, X_test, y_test))
    (found,), _ = classifiers.baselines()[classifiers.DTW](task)
    deviation = np.std(np.concatenate(X_train), axis=0)
    distances = [
        [warped(x / deviation, z / deviation) for z in X_train] for x in X_test
    ]
    np.testing.assert_array_equal(found, np.argmin(distances, axis=1))


def test_the_majority_is_as_sure_as_it_is_frequent():
    import classifiers

    (predicted, probabilities, _), _ = classifiers.baselines()["majority"](
        few_gestures()
    )
    np.testing.assert_array_equal(predicted, [0, 0, 0])
    np.testing.assert_allclose(probabilities, [[0.6, 0.4]] * 3)


def test_what_is_kept_is_not_run_again_and_is_reported(tmp_path, monkeypatch):
    import class_report
    import classification
    import classifiers
    import results_file
    from kept import Runs
    from labelled_series import LabelledSeries

    task = LabelledSeries("imbalanced", lambda: few_gestures().split)
    found = {"sklstm": [0, 1, 0], "1-NN DTW": [1, 1, 1], "majority": [0, 0, 0]}
    y = task.split[3]  # 1, 0, 1
    runs = Runs(tmp_path / "runs.json")
    for name, predicted in found.items():
        predicted = (np.array(predicted),)
        more = {"seed": 0} if name == "sklstm" else {"version": f"{name} 1"}
        classification.keep(task, name, predicted, 2.0, runs, **more)
    again = Runs(tmp_path / "runs.json")
    monkeypatch.setattr(classifiers, "baselines", dict)
    classification.measure(task, again, seeds=1)
    assert again.contenders(task) == [*found]
    assert again.runs(task, "sklstm")[0]["accuracy"] == 0
    results = tmp_path / "RESULTS.md"
    results.write_text("# Results\n\n## Classes\n\nold\n\n## Last\n\nas it was\n")
    monkeypatch.setattr(results_file, "FILE", results)
    class_report.write([task], again)
    text = results.read_text()
    assert "old" not in text
    assert text.endswith("\n\n## Last\n\nas it was\n")
    accuracy = np.mean(y == np.array(found["1-NN DTW"]))
    assert f"Lost to 1-NN DTW: 1 of 1 (imbalanced {accuracy:.3f})." in text
    assert "Lost to majority: 1 of 1" in text
    assert "Balanced accuracy of imbalanced: sklstm 0.000" in text
