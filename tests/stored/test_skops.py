"""Files of skops: what they ask the user to trust, and that nothing else is in them."""

import io
import json
import pathlib
import pickle
import re
import zipfile

import keras
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklstm
from sklstm import (
    CompleteCaseRegressor,
    LSTMClassifier,
    LSTMRegressor,
    NaiveForecaster,
    PadSequences,
    PerFeatureScaler,
    PerTimestep,
    Reshape3D,
    SlidingWindow,
)
from sklstm.estimators import LSTMTagger
from sklstm.forecasting import TransformedTargetForecaster, forecast, stream

QUICK = {"units": 3, "epochs": 2, "random_state": 0}
RNG = np.random.default_rng(0)


def series(freq="B", n=70):
    days = pd.date_range("2026-01-01 09:00", periods=n, freq=freq)
    t = np.arange(n)
    return pd.DataFrame({"a": np.sin(t / 3) + 2, "b": np.cos(t / 5)}, index=days)


def panel(names):
    days = pd.date_range("2026-01-01", periods=30, freq="MS").repeat(len(names))
    X = pd.DataFrame({"shop": names * 30}, index=days)
    X["sold"] = RNG.normal(size=len(X)) + 5
    return X


def of_table(X, last, *, y=None, window=None, scaler=None):
    window = SlidingWindow(5) if window is None else window
    scaler = PerFeatureScaler() if scaler is None else scaler
    y = X.iloc[:, -1] if y is None else y
    return make_pipeline(window, scaler, last).fit(X, y), X


def naive(X, **arguments):
    y = X[:, 1] if isinstance(X, np.ndarray) else X.iloc[:, 1]
    pipe = make_pipeline(SlidingWindow(5, **arguments), NaiveForecaster())
    return pipe.fit(X, y), X


def sequences(*, width=2):
    X = RNG.normal(size=(24, 6, width))
    X[3, :2] = np.nan
    return X


def small(spec, width=4):
    return keras.Sequential(
        [
            keras.layers.GRU(width),
            keras.layers.Dense(spec.n_outputs, spec.output_activation),
        ]
    )


def two_targets():
    X = series()
    y = X.copy()
    y.iloc[5:9, 0] = np.nan
    return X, y


def tagged():
    X = sequences()
    y = np.where(X[:, :, 0] > 0, "up", "down")
    return LSTMTagger(**QUICK).fit(X, y), X


def transformed():
    X = series()
    pipe = make_pipeline(SlidingWindow(5), PerFeatureScaler(), LSTMRegressor(**QUICK))
    model = TransformedTargetForecaster(pipe, transformer="log", difference=(1, 5))
    return model.fit(X, X["a"]), X


def instances():
    decay = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    return {
        "optimizer": keras.optimizers.AdamW(decay, weight_decay=0.01),
        "loss": keras.losses.Huber(2.0),
        "metrics": [keras.metrics.MeanAbsoluteError()],
        "callbacks": [keras.callbacks.EarlyStopping("loss", patience=1)],
    }


WINDOW = "sklstm.preprocessing._sliding_window.SlidingWindow"
SCALER = "sklstm.preprocessing._stepwise.PerFeatureScaler"
STEPWISE = "sklstm.preprocessing._stepwise.PerTimestep"
REGRESSOR = "sklstm.estimators._regressor.LSTMRegressor"
NAIVE = "sklstm.estimators._naive.NaiveForecaster"
CLASSIFIER = "sklstm.estimators._classifier.LSTMClassifier"

# What makes a fitted model and its X, and all that its file asks to trust.
CASES = {
    "business days": (
        lambda: of_table(series(), LSTMRegressor(**QUICK)),
        [REGRESSOR, SCALER, WINDOW],
    ),
    "business hours": (lambda: naive(series("bh")), [NAIVE, WINDOW]),
    "zone": (
        lambda: naive(series().tz_localize("Europe/Berlin")),
        [NAIVE, WINDOW],
    ),
    "periods": (lambda: naive(series("MS").to_period("M")), [NAIVE, WINDOW]),
    "array": (
        lambda: naive(series().to_numpy(), history="fit"),
        [NAIVE, WINDOW],
    ),
    "groups by times": (
        lambda: naive(panel([*pd.date_range("2020", periods=2)]), group_by="shop"),
        [NAIVE, WINDOW],
    ),
    "groups": (
        lambda: of_table(
            panel(["a", "b"]),
            LSTMRegressor(**QUICK),
            window=SlidingWindow(5, group_by="shop"),
        ),
        [REGRESSOR, SCALER, WINDOW],
    ),
    "instances of Keras": (
        lambda: of_table(series(), LSTMRegressor(**QUICK, **instances())),
        [REGRESSOR, SCALER, WINDOW],
    ),
    "class of Keras, routed": (
        lambda: of_table(
            series(),
            LSTMRegressor(
                **QUICK, optimizer=keras.optimizers.SGD, optimizer__momentum=0.9
            ),
        ),
        [REGRESSOR, SCALER, WINDOW],
    ),
    "early stopping": (
        lambda: of_table(series(), LSTMRegressor(**QUICK, early_stopping=True)),
        [REGRESSOR, SCALER, WINDOW],
    ),
    "two targets with NaN, quantiles": (
        lambda: of_table(
            two_targets()[0],
            LSTMRegressor(**QUICK, loss="quantile"),
            y=two_targets()[1],
        ),
        [REGRESSOR, SCALER, WINDOW],
    ),
    "filled": (
        lambda: of_table(
            series(), LSTMRegressor(**QUICK), scaler=PerTimestep(SimpleImputer())
        ),
        # The dtype is an attribute of scikit-learn's imputer.
        [REGRESSOR, STEPWISE, WINDOW, "numpy.dtype"],
    ),
    "own network": (
        lambda: of_table(series(), LSTMRegressor(**QUICK, model=small, model__width=3)),
        [REGRESSOR, SCALER, WINDOW, f"{__name__}.small"],
    ),
    "flat": (
        lambda: of_table(
            series(),
            CompleteCaseRegressor(Ridge()),
            window=SlidingWindow(5, flatten=True),
            scaler=StandardScaler(),
        ),
        ["sklstm.estimators._complete_cases.CompleteCaseRegressor", WINDOW],
    ),
    "transformed": (
        transformed,
        [
            REGRESSOR,
            "sklstm.forecasting._transformed_target.TransformedTargetForecaster",
            SCALER,
            WINDOW,
        ],
    ),
    "classifier": (
        lambda: (
            LSTMClassifier(**QUICK, class_weight={"a": 1.0, "b": 2.0}).fit(
                X := sequences(), ["a", "b"] * 12
            ),
            X,
        ),
        [CLASSIFIER],
    ),
    "multilabel": (
        lambda: (
            LSTMClassifier(**QUICK).fit(
                X := sequences(), np.eye(3, dtype=int)[[0, 1] * 12, :2] | [0, 1]
            ),
            X,
        ),
        [CLASSIFIER],
    ),
    "tagger": (tagged, ["sklstm.estimators._tagger.LSTMTagger"]),
    "tokens": (
        lambda: (
            LSTMClassifier(**QUICK, embedding_dim=4).fit(
                X := RNG.integers(3, 9, size=(24, 5)), [0, 1] * 12
            ),
            X,
        ),
        [CLASSIFIER],
    ),
    "padded": (
        lambda: (
            make_pipeline(PadSequences(), LSTMClassifier(**QUICK)).fit(
                X := [RNG.normal(size=(n, 1)) for n in range(2, 26)], [0, 1] * 12
            ),
            X,
        ),
        [CLASSIFIER, "sklstm.preprocessing._pad_sequences.PadSequences"],
    ),
    "reshaped": (
        lambda: (
            make_pipeline(Reshape3D(n_features=2), LSTMClassifier(**QUICK)).fit(
                X := RNG.normal(size=(24, 6)), [0, 1] * 12
            ),
            X,
        ),
        [CLASSIFIER, "sklstm.preprocessing._reshape.Reshape3D"],
    ),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    make, trusted = CASES[request.param]
    model, X = make()
    return model, X, skops.io.dumps(model), trusted


def test_it_asks_to_trust_our_estimators_alone(case):
    _, _, data, trusted = case
    assert skops.io.get_untrusted_types(data=data) == sorted(trusted)


def test_the_page_on_saving_shows_what_a_file_asks_for():
    page = pathlib.Path(__file__).parents[2] / "docs" / "guide" / "saving.md"
    shown = re.search(r"```text\n(.*?)\n```", page.read_text("utf-8"), re.DOTALL)[1]
    assert shown.splitlines() == sorted([REGRESSOR, SCALER, WINDOW])


def types_in(schema):
    if isinstance(schema, dict):
        if "__class__" in schema:
            yield f"{schema['__module__']}.{schema['__class__']}"
        schema = schema.values()
    elif not isinstance(schema, list):
        return
    for value in schema:
        yield from types_in(value)


def test_nothing_else_is_in_it(case):
    _, _, data, trusted = case
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        names = set(file.namelist()) - {"schema.json"}
        schema = json.loads(file.read("schema.json"))
        arrays = [np.load(io.BytesIO(file.read(name))) for name in names]
    assert all(name.endswith(".npy") for name in names)
    assert all(array.dtype.kind in "fiubUM" for array in arrays)
    found = set(types_in(schema)) - set(trusted)
    assert {one for one in found if not one.startswith("sklearn.")} <= {
        f"builtins.{one}"
        for one in ("bool", "dict", "float", "int", "list", "str", "tuple")
    } | {"numpy.ndarray", "numpy.float64", "numpy.int64", "numpy.str_", "numpy.float32"}


def assert_same(found, expected):
    """Compare arrays that may hold labels and NaN."""
    assert found.dtype == expected.dtype
    assert [*map(str, found.ravel())] == [*map(str, expected.ravel())]
    assert found.shape == expected.shape


@pytest.mark.filterwarnings("ignore:X begins with the first rows of fit")
def test_what_is_loaded_predicts_and_goes_on_the_same(case):
    model, X, data, trusted = case
    loaded = skops.io.loads(data, trusted=trusted)
    assert_same(loaded.predict(X), model.predict(X))
    of_both = [re.sub("0x[0-9a-f]+", "", repr(one)) for one in (loaded, model)]
    assert of_both[0] == of_both[1]
    if hasattr(model, "predict_proba"):
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    network = getattr(model, "steps", [(None, model)])[-1][1]
    if hasattr(network, "history_"):
        other = getattr(loaded, "steps", [(None, loaded)])[-1][1]
        assert other.history_ == network.history_


def test_forecasts_and_streams_of_what_is_loaded():
    X = series()
    model, _ = of_table(X, LSTMRegressor(**QUICK), y=X[["a", "b"]])
    data = skops.io.dumps(model)
    loaded = skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    pd.testing.assert_frame_equal(
        forecast(loaded, X, steps=4), forecast(model, X, steps=4)
    )
    row = X.iloc[-1].rename(X.index[-1] + pd.offsets.BDay())
    np.testing.assert_array_equal(stream(loaded).push(row), stream(model).push(row))


@pytest.mark.parametrize("kept", ["skops", "pickle"])
def test_training_goes_on_where_it_stopped(kept):
    X = sequences()
    y = np.nansum(X, axis=(1, 2))
    model = LSTMRegressor(**QUICK).partial_fit(X, y)
    if kept == "skops":
        data = skops.io.dumps(model)
        loaded = skops.io.loads(data, trusted=[REGRESSOR])
    else:
        loaded = pickle.loads(pickle.dumps(model))
    model.partial_fit(X, y)  # with the moments of the optimizer
    np.testing.assert_array_equal(loaded.partial_fit(X, y).predict(X), model.predict(X))


def test_other_versions_are_told(monkeypatch):
    model = LSTMRegressor(**QUICK).fit(sequences(), np.arange(24.0))
    with monkeypatch.context() as earlier:
        earlier.setattr(sklstm, "__version__", "0.0.1")
        data = skops.io.dumps(model)
    with pytest.warns(
        InconsistentVersionWarning, match=r"was saved under sklstm 0\.0\.1 \(now"
    ):
        skops.io.loads(data, trusted=[REGRESSOR])


def test_without_trust_nothing_is_loaded():
    model = LSTMRegressor(**QUICK).fit(sequences(), np.arange(24.0))
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException):
        skops.io.loads(skops.io.dumps(model))
