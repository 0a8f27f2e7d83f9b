"""The tasks that tutorials on LSTMs begin with, each in a few lines to copy.

An entry is one function: data in, an estimator or a pipeline, predictions. The tests
hold each network, without the linear part that a regressor has beside it, to the same
one written by hand in Keras. With the extras `examples` and
`search`, all of them run in about a minute on two cores by
``python examples/cookbook.py``; some by their names, as in
``python examples/cookbook.py sine_next_10 grid_search``.
"""

import sys
import time
from collections import namedtuple

import numpy as np
import pandas as pd
import quiet  # noqa: F401, TensorFlow without its lines at the start
from sklearn.base import is_classifier
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from statsmodels.datasets import sunspots

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    PadSequences,
    PerFeatureScaler,
    PerTimestep,
    SlidingWindow,
)
from sklstm.forecasting import make_multistep

# Tutorials read in one direction and keep the last state. A classifier that is not told
# so reads in both directions, beside convolutions, which is better nearly everywhere.
AS_IN_TUTORIALS = {"bidirectional": False, "pooling": "last", "fcn_filters": ()}

# What an entry gives: the fitted model, what it saw, and what it did not see.
Outcome = namedtuple(
    "Outcome", "model, X, y, X_new, y_new, predictions, search", defaults=[None]
)


# ------------------------------------------------------------ a table of rows in time
def one_feature():
    """Predict the next value of one series from its last 3."""
    table = sunspots.load_pandas().data[["SUNACTIVITY"]]
    X, X_new = table[:250], table[250:]
    y, y_new = X["SUNACTIVITY"], X_new["SUNACTIVITY"]

    model = make_pipeline(
        SlidingWindow(window_length=3),
        PerFeatureScaler(),
        LSTMRegressor(units=50, activation="relu", random_state=0),
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def two_features():
    """Predict one of two series from both, each scaled to between 0 and 1."""
    table = make_power()
    X, X_new = table[:400], table[400:]
    y, y_new = X["power"], X_new["power"]

    model = make_pipeline(
        SlidingWindow(window_length=6),
        PerFeatureScaler("minmax"),
        LSTMRegressor(units=32, random_state=0),
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def ten_series(n_rows=50_000):
    """Predict an eleventh series from the last 100 rows of ten others."""
    table = make_eleven(n_rows)
    n_train = int(0.9 * n_rows)
    train, test = table[:n_train], table[n_train:]
    X, X_new = train.drop(columns="eleventh"), test.drop(columns="eleventh")
    y, y_new = train["eleventh"], test["eleventh"]

    model = make_pipeline(
        SlidingWindow(window_length=100, horizon=0),  # with the row itself
        PerFeatureScaler(),
        LSTMRegressor(
            units=32, epochs=1, batch_size=128, learning_rate=0.01, random_state=0
        ),
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def sine_next_10():
    """Predict the next 10 values of a sine from its last 50."""
    table = pd.DataFrame({"sine": np.sin(np.arange(1000) / 8)})
    table, y = make_multistep(table, table["sine"], steps=10)  # row t: t - 9 to t
    X, X_new, y, y_new = table[:800], table[800:], y[:800], y[800:]

    model = make_pipeline(
        SlidingWindow(window_length=50, horizon=10),
        LSTMRegressor(units=32, random_state=0),
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


# ----------------------------------------------------------------- one sample in all
def one_series():
    """Read one series of 10 values as one sample: 1 x 10 x 1."""
    series = np.sin(np.arange(11) / 2)
    X, y = [series[:10]], [series[10]]

    model = LSTMRegressor(units=32, random_state=0)
    predictions = model.fit(X, y).predict(X)  # one sample can only be learned by heart
    return Outcome(model, X, y, X, y, predictions)


def two_series():
    """Read two parallel series of 10 values as one sample: 1 x 10 x 2."""
    steps = np.arange(11) / 2
    series = np.column_stack([np.sin(steps), np.cos(steps)])
    X, y = [series[:10]], [series[10]]

    model = LSTMRegressor(units=32, random_state=0)
    predictions = model.fit(X, y).predict(X)
    return Outcome(model, X, y, X, y, predictions)


# ---------------------------------------------------- sequences: letters, gaps, lengths
def one_hot_letters():
    """Tell two kinds of words apart by their letters, one-hot, with a softmax."""
    words, kinds = make_words(500)
    letters = np.array([list(word) for word in words])[:, :, np.newaxis]
    X, X_new, y, y_new = letters[:400], letters[400:], kinds[:400], kinds[400:]

    model = make_pipeline(
        PerTimestep(OneHotEncoder()),
        LSTMClassifier(
            units=16,
            loss="categorical_crossentropy",  # without it, one sigmoid
            **AS_IN_TUTORIALS,
            random_state=0,
        ),
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def gaps_and_categories():
    """Impute missing values, and make columns of categories, at every step."""
    patients, days_to_stay = make_patients(400)  # 400 x 8 x (fever, pulse, ward)
    X, X_new = patients[:300], patients[300:]
    y, y_new = days_to_stay[:300], days_to_stay[300:]

    model = make_pipeline(
        PerTimestep(
            make_column_transformer((SimpleImputer(), [0, 1]), (OneHotEncoder(), [2]))
        ),
        PerFeatureScaler(),
        LSTMRegressor(units=16, random_state=0),
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def unequal_lengths():
    """Learn from sequences of unequal length, the short ones masked at their ends."""
    swings, speeds = make_swings(400)  # a list of arrays, 8 to 20 steps x 2 features
    X, X_new, y, y_new = swings[:300], swings[300:], speeds[:300], speeds[300:]

    model = make_pipeline(
        PadSequences(),
        PerFeatureScaler(),
        LSTMRegressor(units=32, random_state=0),
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


# ------------------------------------------------------------------------- 3-D arrays
def two_outputs():
    """Predict 2 numbers of unlike units from 30 steps x 3 features, standardized."""
    X, y = make_flights(500)
    X, X_new, y, y_new = X[:400], X[400:], y[:400], y[400:]

    model = make_pipeline(
        PerFeatureScaler(),
        LSTMRegressor(units=32, random_state=0),
    )
    predictions = model.fit(X, y).predict(X_new)  # in the units of y
    return Outcome(model, X, y, X_new, y_new, predictions)


def separate_heads():
    """Predict the same 2 numbers by dense layers of their own."""
    X, y = make_flights(500)
    X, X_new, y, y_new = X[:400], X[400:], y[:400], y[400:]

    model = make_pipeline(
        PerFeatureScaler(),
        LSTMRegressor(
            units=32,
            hidden_layer_sizes=16,
            heads="separate",
            random_state=0,
        ),
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def three_classes():
    """Tell 3 classes apart by 20 steps x 5 features."""
    X, y = make_activities(500)
    X, X_new, y, y_new = X[:400], X[400:], y[:400], y[400:]

    model = make_pipeline(
        PerFeatureScaler(),
        LSTMClassifier(units=32, **AS_IN_TUTORIALS, random_state=0),
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def sigmoid():
    """Tell 2 classes apart by 20 steps x 2 features, with one sigmoid."""
    X, y = make_pairs(600)
    X, X_new, y, y_new = X[:500], X[500:], y[:500], y[500:]

    model = LSTMClassifier(units=32, **AS_IN_TUTORIALS, random_state=0)
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def dense_layers():
    """Predict one number by LSTM(64), Dense(32) and Dense(1)."""
    X = np.random.default_rng(0).normal(size=(600, 12, 1)).cumsum(axis=1)
    y = np.ptp(X, axis=(1, 2))  # from the lowest value to the highest
    X, X_new, y, y_new = X[:500], X[500:], y[:500], y[500:]

    model = LSTMRegressor(units=64, hidden_layer_sizes=32, random_state=0)
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def convolutions():
    """Find a short pattern in long sequences: convolutions before the LSTM."""
    X, y = make_pulses(500)
    X, X_new, y, y_new = X[:400], X[400:], y[:400], y[400:]

    model = LSTMClassifier(
        conv_filters=16,
        conv_kernel_size=5,
        conv_pool_size=4,
        units=32,
        **AS_IN_TUTORIALS,
        random_state=0,
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def lstm_fcn():
    """Find a short pattern by an LSTM beside convolutions: LSTM-FCN."""
    X, y = make_pulses(400, n_steps=30)
    X, X_new, y, y_new = X[:300], X[300:], y[:300], y[300:]

    model = LSTMClassifier(
        units=8,
        bidirectional=False,
        fcn_filters=(128, 256, 128),
        fcn_pooling="mean",
        fcn_dropout=0,
        epochs=10,
        random_state=0,
    )
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


def encoder_decoder():
    """Predict a sequence of 12 x 300 from one of 10 x 300."""
    sensors = make_sensors(400)
    X, y = sensors[:, :10], sensors[:, 10:]
    X, X_new, y, y_new = X[:300], X[300:], y[:300], y[300:]

    model = LSTMRegressor(units=64, epochs=30, learning_rate=0.01, random_state=0)
    predictions = model.fit(X, y).predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions)


# --------------------------------------------------------------------------- searches
def grid_search():
    """Search over units, layers, activation and window on a grid."""
    table = make_months()
    X, X_new = table[:200], table[200:]
    y, y_new = X["sales"], X_new["sales"]

    model = make_pipeline(
        SlidingWindow(window_length=12),
        PerFeatureScaler(),
        LSTMRegressor(epochs=20, learning_rate=0.02, random_state=0),
    )
    grid = {
        "slidingwindow__window_length": [6, 12],
        "lstmregressor__units": [8, 16, (8, 8)],  # two numbers are two layers
        "lstmregressor__activation": ["tanh", "relu"],
    }
    search = GridSearchCV(model, grid, cv=TimeSeriesSplit(2))
    predictions = search.fit(X, y).predict(X_new)
    return Outcome(search, X, y, X_new, y_new, predictions, search)


def bayesian_search():
    """Search over units, layers, activation and window with Optuna."""
    try:
        import optuna
    except ImportError as error:
        advice = 'bayesian_search needs Optuna: python -m pip install "optuna>=4.0"'
        raise ImportError(advice) from error

    table = make_months()
    X, X_new = table[:200], table[200:]
    y, y_new = X["sales"], X_new["sales"]

    def pipeline(window, units, layers, activation):
        return make_pipeline(
            SlidingWindow(window_length=window),
            PerFeatureScaler(),
            LSTMRegressor(
                units=(units,) * layers,
                activation=activation,
                epochs=20,
                learning_rate=0.02,
                random_state=0,
            ),
        )

    def score(trial):
        model = pipeline(
            window=trial.suggest_int("window", 3, 18),
            units=trial.suggest_int("units", 4, 32, step=4),
            layers=trial.suggest_int("layers", 1, 2),
            activation=trial.suggest_categorical("activation", ["tanh", "relu"]),
        )
        return cross_val_score(model, X, y, cv=TimeSeriesSplit(2)).mean()

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(n_startup_trials=4, seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(score, n_trials=10)

    model = pipeline(**study.best_params).fit(X, y)
    predictions = model.predict(X_new)
    return Outcome(model, X, y, X_new, y_new, predictions, study)


# ---------------------------------------------------------- where the data comes from
def make_power():
    """Make 500 hours of temperature, and of power that follows it 3 hours later."""
    rng = np.random.default_rng(0)
    hours = np.arange(503)
    temperature = 15 + 8 * np.sin(hours / 4) + rng.normal(0, 3, size=503)
    power = 300 - 6 * temperature[:-3] + rng.normal(0, 5, size=500)
    return pd.DataFrame({"temperature": temperature[3:], "power": power})


def make_eleven(n_rows):
    """Make ten slow series, and one that is a product of two and a lag of a third."""
    noise = np.random.default_rng(0).normal(size=(n_rows, 10))
    table = pd.DataFrame(noise, columns=list("abcdefghij")).ewm(span=10).mean()
    product = 3 * table["a"] * table["b"]
    return table.assign(eleventh=product + table["c"].shift(20, fill_value=0))


def make_words(n_words):
    """Make words in which letters rise mostly, or mostly fall: ACGT or TGCA."""
    rng = np.random.default_rng(0)
    rises = rng.integers(2, size=n_words).astype(bool)
    steps = np.where(rises, 1, -1)[:, np.newaxis].repeat(20, axis=1)
    stray = rng.uniform(size=steps.shape) < 0.6
    steps[stray] = rng.integers(4, size=stray.sum())
    words = np.array(list("ACGT"))[np.cumsum(steps, axis=1) % 4]
    return ["".join(word) for word in words], np.where(rises, "rising", "falling")


def make_patients(n_patients):
    """Make 8 days of fever, pulse and ward; some values are missing."""
    rng = np.random.default_rng(0)
    illness = rng.uniform(0, 3, size=(n_patients, 1))
    fever = 37 + illness + rng.normal(0, 0.5, size=(n_patients, 8))
    pulse = 60 + 10 * illness + rng.normal(0, 5, size=(n_patients, 8))
    ward = rng.choice(["surgery", "general", "intensive"], size=(n_patients, 8))
    days = 5 + 4 * illness[:, 0] + 2 * (ward == "intensive").sum(axis=1)
    fever[rng.uniform(size=fever.shape) < 0.2] = np.nan
    pulse[rng.uniform(size=pulse.shape) < 0.2] = np.nan
    return np.stack([fever, pulse, ward.astype(object)], axis=2), days


def make_swings(n_swings):
    """Make pendulums: place and speed, as long as each was watched."""
    rng = np.random.default_rng(0)
    speeds, starts = rng.uniform((0.3, 0), (1.2, 6), size=(n_swings, 2)).T
    swings = []
    for speed, start in zip(speeds, starts, strict=True):
        angle = start + speed * np.arange(rng.integers(8, 21))
        swings.append(np.column_stack([np.sin(angle), 10 * speed * np.cos(angle)]))
    return swings, speeds


def make_flights(n_flights):
    """Make 30 steps of 3 features; a number in the thousands, one in the hundredths."""
    X = np.random.default_rng(0).normal(size=(n_flights, 30, 3)).cumsum(axis=1)
    height = 5000 + 100 * X[:, -1, 0] + 50 * X[:, -5:, 1].mean(axis=1)
    drift = 0.01 * np.abs(X[:, -1, 2])
    return X * [1, 10, 100], np.column_stack([height, drift])


def make_activities(n_recordings):
    """Make 20 steps of 5 features that swing fast, slowly, or not at all."""
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=n_recordings)
    angle = np.array([0, 0.5, 1.2])[kind][:, np.newaxis, np.newaxis]
    angle = angle * np.arange(20)[:, np.newaxis] + np.arange(5)
    X = np.sin(angle + rng.uniform(0, 6, size=(n_recordings, 1, 1)))
    X += rng.normal(0, 0.7, size=X.shape)
    return X, np.array(["rest", "walk", "run"])[kind]


def make_pairs(n_pairs):
    """Make 20 steps of 2 features that move together (1) or against each other (0)."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=n_pairs)
    X = rng.normal(size=(n_pairs, 20, 2))
    X[:, :, 1] = 0.7 * X[:, :, 1] + np.where(y, 1, -1)[:, np.newaxis] * X[:, :, 0]
    return X, y


def make_pulses(n_signals, n_steps=60):
    """Make steps of noise with a pulse somewhere: up and down, or down and up."""
    rng = np.random.default_rng(0)
    y = rng.choice(["up first", "down first"], size=n_signals)
    X = rng.normal(0, 0.4, size=(n_signals, n_steps, 1))
    for signal, sign in zip(X, np.where(y == "up first", 1, -1), strict=True):
        start = rng.integers(n_steps - 4)
        signal[start : start + 5, 0] += sign * np.array([1, 2, 0, -2, -1])
    return X, y


def make_sensors(n_recordings):
    """Make 22 steps of 300 sensors that all hear the same 4 oscillators."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(8, 300)) / 8**0.5
    phase = rng.uniform(0, 6, size=(n_recordings, 1, 4))
    angle = phase + np.array([0.2, 0.3, 0.45, 0.6]) * np.arange(22)[:, np.newaxis]
    waves = np.concatenate([np.sin(angle), np.cos(angle)], axis=2)
    return waves @ mixing + rng.normal(0, 0.1, size=(n_recordings, 22, 300))


def make_months():
    """Make 250 months of sales with a season that every other year is weaker."""
    rng = np.random.default_rng(0)
    month = np.arange(250)
    season = np.sin(2 * np.pi * month / 12) * np.where(month // 12 % 2, 1, 3)
    sales = 50 + 10 * season + rng.normal(0, 2, size=250)
    return pd.DataFrame({"sales": sales})


# ------------------------------------------------------------------------- to run them
ENTRIES = {
    entry.__name__: entry
    for entry in (
        *(one_feature, two_features, ten_series, sine_next_10, one_series, two_series),
        *(one_hot_letters, gaps_and_categories, unequal_lengths, two_outputs),
        *(separate_heads, three_classes, sigmoid, dense_layers, convolutions),
        *(lstm_fcn, encoder_decoder, grid_search, bayesian_search),
    )
}


def describe(outcome):
    """Say what came out, in a line."""
    shape = " x ".join(map(str, np.shape(outcome.predictions)))
    if len(outcome.y_new) == 1:
        pairs = np.round([outcome.predictions[0], outcome.y_new[0]], 2).tolist()
        return f"predicted {shape}: {pairs[0]}; the truth is {pairs[1]}"
    score = outcome.model.score(outcome.X_new, outcome.y_new)
    name = "accuracy" if is_classifier(outcome.model) else "R²"
    return f"predicted {shape} that fit did not see: {name} {score:.2f}"


def main(names):
    start = time.perf_counter()
    unknown = sorted(set(names) - set(ENTRIES))
    if unknown:
        sys.exit(f"No entry has the name {unknown[0]}. There are: {', '.join(ENTRIES)}")
    for name in names or ENTRIES:
        began = time.perf_counter()
        print(f"{name}: {ENTRIES[name].__doc__.splitlines()[0]}", flush=True)
        try:
            said = describe(ENTRIES[name]())
        except ImportError as error:
            said = f"left out: {error}"
        print(f"    {said} ({time.perf_counter() - began:.1f} s)")
    print(f"Done in {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main(sys.argv[1:])
