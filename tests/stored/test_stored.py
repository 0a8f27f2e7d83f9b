"""Fitted state as plain values: what goes into a file comes out of it."""

import copy
import datetime
import pickle
import pickletools
import re
from zoneinfo import ZoneInfo

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklstm import (
    CompleteCaseRegressor,
    LSTMClassifier,
    LSTMRegressor,
    NaiveForecaster,
    PerFeatureScaler,
    SlidingWindow,
)
from sklstm._stored._kinds import from_stored, to_stored
from sklstm.estimators import LSTMTagger
from sklstm.forecasting import TransformedTargetForecaster
from sklstm.networks import QuantileLoss
from sklstm.training._schedule import Settings

PLAIN = (type(None), bool, int, float, str, np.ndarray, np.generic)


def assert_plain(stored):
    if isinstance(stored, dict):
        assert all(type(key) is str for key in stored)
        stored = stored.values()
    if type(stored) in (list, tuple, type({}.values())):
        for value in stored:
            assert_plain(value)
    else:
        assert isinstance(stored, PLAIN), stored


def again(thing):
    """Return a thing that went through a file, which held nothing but plain values."""
    stored = to_stored(thing)
    assert_plain(stored)
    return from_stored(pickle.loads(pickle.dumps(stored)))


# -------------------------------------------------------------------------- containers
@pytest.mark.parametrize(
    "thing",
    [
        {"a": [1, 2.5, None, True], "b": (1, (2,))},
        {1: "a", 2: "b"},
        {True: 1, False: 0},
        {(0, 1): (5, 2.0, np.nan)},
        {"sklstm.kind": "network"},
        [0.1] * 20,
        [float("nan"), float("inf"), *[0.0] * 8],
        list(range(20)),
        [2**70, *range(10)],
        [2**63, *range(10)],
        [*"abcdefghij"],
        ["ends in nul\0"] * 9,
        ["long " * 100, *"abcdefgh"],
        [True, *[False] * 9],
        [1, 2.0, *range(9)],
        tuple(map(float, range(12))),
        [],
    ],
    ids=repr,
)
def test_containers_stay_what_they_are(thing):
    found = again(thing)
    assert repr(found) == repr(thing)
    assert type(found) is type(thing)


def test_what_is_shared_stays_shared():
    freq = pd.offsets.BDay()
    index = pd.date_range("2026-01-01", periods=3, freq=freq)
    first, second = again([index, index])
    assert first is second


def test_an_unknown_kind_is_told():
    with pytest.raises(ValueError, match="'quantum network', which this version"):
        from_stored({"sklstm.kind": "quantum network", "state": {}})


def test_patterns_dtypes_and_functions_of_numpy():
    pattern = again(re.compile("bias|norm", re.IGNORECASE))
    assert (pattern.pattern, pattern.flags) == ("bias|norm", re.compile("", 2).flags)
    assert again(np.dtype(np.float32)) == np.float32
    assert again(np.less) is np.less
    with pytest.raises(ValueError, match=r"numpy\.load, which is no function"):
        from_stored({"sklstm.kind": "ufunc", "state": "load"})


# ------------------------------------------------------------------------------ pandas
BERLIN = "Europe/Berlin"
INDEXES = [
    pd.RangeIndex(3, 30, 3, name="row"),
    pd.Index([1, 5, 7], name="year"),
    pd.Index(np.array([1, 5], dtype=np.uint8)),
    pd.Index([0.5, 2.5]),
    pd.Index(["a", "b"], name="name"),
    pd.Index([("a", 1), "b", 3.5], dtype=object, tupleize_cols=False),
    pd.date_range("2026-01-01", periods=4, freq="D", name="day"),
    pd.date_range("2026-01-01", periods=4, freq="W-TUE"),
    pd.date_range("2026-03-28", periods=50, freq="h", tz=BERLIN),
    pd.date_range("2026-03-28", periods=3, freq="h", tz="UTC"),
    pd.date_range(
        "2026-03-28", periods=3, tz=datetime.timezone(datetime.timedelta(hours=2))
    ),
    pd.DatetimeIndex(["2026-01-01", "2026-01-04"]).as_unit("s"),
    pd.DatetimeIndex(["1500-01-01", "2026-01-04"], dtype="M8[s]"),
    pd.to_timedelta([1, 2, 4], unit="h"),
    pd.period_range("2026-01", periods=4, freq="M"),
    pd.period_range("2026", periods=4, freq="Q-MAR"),
    pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["shop", None]),
]


@pytest.mark.parametrize("index", INDEXES, ids=lambda i: f"{type(i).__name__} {i[0]}")
def test_indexes(index):
    found = again(index)
    pd.testing.assert_index_equal(found, index, exact=True)
    assert type(found) is type(index)
    for name in ("freq", "tz", "unit"):
        assert getattr(found, name, None) == getattr(index, name, None)
    assert found[:1].equals(index[:1])


@pytest.mark.parametrize(
    "label",
    [
        pd.Timestamp("2026-01-01 12:30"),
        pd.Timestamp("2026-01-01").as_unit("s"),
        pd.Timestamp("2026-10-25 02:30", tz="UTC").tz_convert(BERLIN),
        pd.Timedelta("3h").as_unit("ms"),
        pd.Period("2026-01", "M"),
        7,
        "name",
    ],
    ids=repr,
)
def test_labels(label):
    found = again(label)
    assert found == label
    assert type(found) is type(label)
    for name in ("unit", "tz", "freq"):
        assert getattr(found, name, None) == getattr(label, name, None)


OFFSETS = [
    pd.offsets.BDay(),
    pd.offsets.BDay(2),
    pd.offsets.MonthEnd(3),
    pd.offsets.BMonthBegin(),
    pd.offsets.SemiMonthEnd(),
    pd.offsets.QuarterEnd(startingMonth=2),
    pd.offsets.YearBegin(month=4),
    pd.offsets.Week(weekday=2),
    pd.offsets.WeekOfMonth(week=1, weekday=3),
    pd.offsets.FY5253(weekday=5, startingMonth=8, variation="last"),
    pd.offsets.Hour(6),
    pd.DateOffset(months=2),
    pd.DateOffset(days=1, hours=3),
    pd.offsets.BusinessHour(start="08:30", end="17:30"),
    pd.offsets.BusinessHour(start=["08:00", "13:00"], end=["12:00", "17:00"]),
    pd.offsets.CustomBusinessDay(weekmask="Mon Wed Fri"),
    pd.offsets.CustomBusinessDay(holidays=["2026-01-01", "2026-01-06"]),
    pd.offsets.CustomBusinessMonthEnd(holidays=["2026-01-30"]),
]


@pytest.mark.parametrize("offset", OFFSETS, ids=repr)
def test_offsets(offset):
    found = again(offset)
    assert found == offset
    assert type(found) is type(offset)
    start = "2026-01-01 09:30"
    expected = pd.date_range(start, periods=40, freq=offset)
    pd.testing.assert_index_equal(
        pd.date_range(start, periods=40, freq=found), expected
    )


def test_a_class_that_is_no_offset_is_refused():
    state = {"class": "to_datetime", "arguments": {}}
    with pytest.raises(ValueError, match="to_datetime, which is no offset"):
        from_stored({"sklstm.kind": "offset", "state": state})


# ------------------------------------------------------------------------------- Keras
def undecayed(optimizer):
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


SCHEDULE = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
OPTIMIZERS = [
    keras.optimizers.Adam(0.02, beta_1=0.8, clipnorm=1.0),
    keras.optimizers.SGD(SCHEDULE, momentum=0.9),
    keras.optimizers.RMSprop(name="mine"),
    undecayed(keras.optimizers.AdamW(weight_decay=0.1)),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_optimizers(optimizer):
    found = again(optimizer)
    assert type(found) is type(optimizer)
    assert found.get_config() == {**optimizer.get_config(), "name": found.name}
    settings = [
        Settings(type(o), o.get_config(), None, "mse", None) for o in (optimizer, found)
    ]
    assert settings[0].key() == settings[1].key()


@pytest.mark.parametrize(
    "thing",
    [
        keras.losses.Huber(delta=2.0),
        keras.losses.MeanSquaredError(name="mine"),
        keras.metrics.MeanAbsoluteError(name="mine"),
        keras.metrics.AUC(num_thresholds=50, curve="PR"),
        QuantileLoss((0.1, 0.9)),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_losses_and_metrics(thing):
    found = again(thing)
    assert type(found) is type(thing)
    assert found.get_config() == thing.get_config()


def test_arguments_that_configs_of_keras_lack():
    y, outputs = np.array([[0.0]]), np.array([[5.0]])
    for delta in (1.0, 2.0):
        loss = keras.losses.Huber(delta)
        assert float(again(loss)(y, outputs)) == float(loss(y, outputs))
    y, outputs = np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    for kind in (keras.losses.CosineSimilarity, keras.metrics.CosineSimilarity):
        thing = kind(axis=0)
        np.testing.assert_allclose(again(thing)(y, outputs), thing(y, outputs))


@pytest.mark.parametrize(
    "thing",
    [
        keras.optimizers.Adam,
        keras.losses.Huber,
        keras.losses.mean_squared_error,
        keras.callbacks.EarlyStopping,
    ],
    ids=lambda thing: thing.__name__,
)
def test_classes_and_functions_of_keras(thing):
    assert again(thing) is thing


def test_callbacks():
    stopping = keras.callbacks.EarlyStopping("loss", patience=3, mode="min")
    found = again(stopping)
    assert type(found) is type(stopping)
    assert vars(found) == vars(stopping)
    halving = keras.callbacks.ReduceLROnPlateau(factor=0.5)
    found = again(halving)
    found.on_train_begin()  # makes what can't be stored
    assert vars(found).keys() == vars(halving).keys()
    assert found.factor == 0.5


class Own(keras.optimizers.SGD):
    pass


class OwnSchedule(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1

    def get_config(self):
        return {}


def own_loss(y, output):
    return keras.ops.mean((y - output) ** 2)


def test_what_is_not_of_keras_is_left_for_the_user_to_trust():
    for thing in (
        Own,
        Own(),
        keras.optimizers.SGD(OwnSchedule()),
        own_loss,
        keras.metrics.MeanMetricWrapper(own_loss),
        keras.callbacks.ModelCheckpoint("model.keras"),  # it writes files
        keras.utils.get_file,
        {1, 2},
    ):
        assert to_stored(thing) is thing


@pytest.mark.parametrize(
    "kind_and_state",
    [
        ("keras", "utils.get_file"),
        ("keras", "losses.os"),
        ("keras", "callbacks.ModelCheckpoint"),
        ("keras", "get_file"),
        ("keras callback", ["callbacks.ModelCheckpoint", {}]),
    ],
    ids=repr,
)
def test_names_of_other_code_are_refused(kind_and_state):
    kind, state = kind_and_state
    with pytest.raises(ValueError, match=r"does not\s+have, or which is no"):
        from_stored({"sklstm.kind": kind, "state": state})


@pytest.mark.parametrize(
    "nested",
    [
        {"module": "os", "class_name": "system", "config": "true"},
        {"module": "builtins", "class_name": "function", "config": "eval"},
        {"module": "keras.layers", "class_name": "Lambda", "config": {}},
        {"class_name": "__lambda__", "config": {"value": "4wEAAA=="}},
        {
            "module": "keras.optimizers.schedules",
            "class_name": "ExponentialDecay",
            "registered_name": "mine>Bad",
            "config": {},
        },
    ],
    ids=lambda nested: nested["class_name"],
)
def test_configs_that_name_other_code_are_refused(nested):
    config = {**keras.optimizers.SGD().get_config(), "learning_rate": nested}
    settings = {"optimizer": keras.optimizers.SGD, "config": config}
    settings |= {"undecayed": None, "loss": "mse", "metrics": None}
    for kind, state in [
        ("keras optimizer", ["optimizers.SGD", config, None]),
        ("keras object", ["losses.Huber", {"delta": nested}]),
        ("settings", settings),
    ]:
        with pytest.raises(ValueError, match="names other code"):
            from_stored({"sklstm.kind": kind, "state": state})


# ----------------------------------------------------------------------------- pickles
def table(n=60):
    days = pd.date_range("2026-01-01", periods=n, freq="B")
    t = np.arange(n)
    return pd.DataFrame({"a": np.sin(t / 3) + 2, "b": np.cos(t / 5)}, index=days)


QUICK = {"units": 3, "epochs": 2, "random_state": 0}


def fitted(last, window=None):
    X = table()
    window = SlidingWindow(6) if window is None else window
    return make_pipeline(window, PerFeatureScaler(), last).fit(X, X["a"])


def sequences():
    return np.random.default_rng(0).normal(size=(20, 6, 2))


def tagger():
    X = sequences()
    return LSTMTagger(**QUICK).fit(X, X[:, :, 0] > 0)


MAKERS = {
    "regressor": lambda: fitted(LSTMRegressor(**QUICK)),
    "of an instance": lambda: fitted(
        LSTMRegressor(
            **QUICK,
            optimizer=keras.optimizers.SGD(SCHEDULE),
            loss=keras.losses.Huber(),
            metrics=[keras.metrics.MeanAbsoluteError()],
            callbacks=[keras.callbacks.EarlyStopping("loss")],
        )
    ),
    "of classes": lambda: fitted(
        LSTMRegressor(
            **QUICK,
            optimizer=keras.optimizers.Adam,
            loss=keras.losses.mean_squared_error,
        )
    ),
    "classifier": lambda: LSTMClassifier(**QUICK).fit(sequences(), ["a", "b"] * 10),
    "tagger": tagger,
    "naive": lambda: make_pipeline(SlidingWindow(6), NaiveForecaster()).fit(
        table(), table()["a"]
    ),
    "flat": lambda: make_pipeline(
        SlidingWindow(6, flatten=True), CompleteCaseRegressor(Ridge())
    ).fit(table(), table()["a"]),
    "transformed": lambda: TransformedTargetForecaster(
        make_pipeline(SlidingWindow(6), PerFeatureScaler(), LSTMRegressor(**QUICK)),
        transformer="log",
        difference=1,
    ).fit(table(), table()["a"]),
}


def names_in(pickled):
    """Return the names of all classes and functions that a pickle refers to."""
    found, strings = set(), []
    for operation, argument, _ in pickletools.genops(pickled):
        if operation.name == "GLOBAL":
            found.add(argument.replace(" ", "."))
        elif operation.name == "STACK_GLOBAL":
            found.add(".".join(strings[-2:]))
        elif isinstance(argument, str):
            strings.append(argument)
    return found


@pytest.mark.parametrize("name", MAKERS)
def test_pickles_refer_to_estimators_and_numpy_alone(name):
    model = MAKERS[name]()
    # Without memos of strings, all names are arguments.
    pickled = pickletools.optimize(pickle.dumps(model, protocol=2))
    ours = {one for one in names_in(pickled) if one.startswith("sklstm.")}
    public = {"SlidingWindow", "PerFeatureScaler", "LSTMRegressor", "LSTMClassifier"}
    public |= {"LSTMTagger", "NaiveForecaster", "CompleteCaseRegressor"}
    public |= {"TransformedTargetForecaster"}
    assert {one.rpartition(".")[2] for one in ours} <= public
    others = {one.partition(".")[0] for one in names_in(pickled) - ours}
    assert others <= {
        "sklearn",
        "numpy",
        "copy_reg",
        "copyreg",
        "__builtin__",
        "_codecs",
    }
    X = table() if hasattr(model, "steps") or name == "transformed" else sequences()
    copy = pickle.loads(pickled)
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))


def test_state_of_earlier_versions_is_read():
    model = MAKERS["regressor"]()
    for step in model:
        step = step[1] if isinstance(step, tuple) else step
        earlier = {**vars(step), "_versions": step.__getstate__()["_versions"]}
        loaded = type(step).__new__(type(step))
        loaded.__setstate__(earlier)
        assert vars(loaded).keys() == vars(step).keys()


def test_labels_of_earlier_versions_are_read():
    window = SlidingWindow(3).fit(table())
    labels = window.history_._labels
    loaded = type(labels).__new__(type(labels))
    loaded.__setstate__(dict(vars(labels)))
    assert loaded.kind == labels.kind
    assert loaded.index.equals(labels.index)
    assert pickle.loads(pickle.dumps(window)).history_.keys() == window.history_.keys()


def test_what_subclasses_of_ours_are_is_kept():
    @keras.saving.register_keras_serializable("test_stored")
    class Steep(QuantileLoss):
        pass

    loss = Steep([0.1, 0.5, 0.9])
    assert to_stored([loss])[0] is loss
    assert type(again([QuantileLoss([0.1, 0.9])])[0]) is QuantileLoss


@pytest.mark.parametrize("key", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
def test_time_zones_of_python(key):
    days = pd.date_range("2026-01-01", periods=3, tz=ZoneInfo(key), name="day")
    index, label = again([days, days[1]])
    pd.testing.assert_index_equal(index, days)
    assert index.tz == days.tz
    assert label == days[1]


def test_a_copy_shares_what_it_holds():
    callbacks = [keras.callbacks.EarlyStopping()]
    estimator = LSTMRegressor(callbacks=callbacks)
    assert copy.copy(estimator).callbacks is callbacks


def test_lists_of_an_optimizer_are_plain():
    muon = getattr(keras.optimizers, "Muon", None)
    if muon is None:
        pytest.skip("an older Keras")
    X, y = np.random.default_rng(0).normal(size=(30, 4, 1)), np.arange(30.0)
    fitted = LSTMRegressor(3, epochs=1, optimizer="muon").fit(X, y)
    loaded = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))


@pytest.mark.parametrize("path", ["losses.deserialize", "metrics.get"])
def test_functions_that_read_configs_are_no_objects(path):
    with pytest.raises(ValueError, match="is no optimizer, loss or metric"):
        from_stored({"sklstm.kind": "keras", "state": path})
