"""The private members of other libraries do what the room for them says they do.

Where a version of a library has taken one away, its test says which and where.
"""

import functools
import importlib
import pathlib
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import version
from numbers import Integral
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, mean_absolute_error, mean_squared_error

LOCKS = pathlib.Path(__file__).parents[2] / ".ci"
PACKAGES = {
    "keras": "keras",
    "scikeras": "scikeras",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow",
}


@contextmanager
def room_for(library):
    """Open the room's file; say what is missing where the library has not all of it."""
    try:
        yield importlib.import_module(f"sklstm._compat.{library}")
    except (AttributeError, ImportError, TypeError) as error:
        pytest.fail(
            f"{library} {version(PACKAGES[library])} has taken away what "
            f"sklstm/_compat/{library}.py uses: {error}"
        )


keras_room = functools.partial(room_for, "keras")
scikeras_room = functools.partial(room_for, "scikeras")
sklearn_room = functools.partial(room_for, "sklearn")
tensorflow_room = functools.partial(room_for, "tensorflow")


@pytest.mark.parametrize("library", PACKAGES)
def test_the_versions_are_those_that_are_tested(library):
    def pinned(name):
        lines = (LOCKS / name).read_text().splitlines()
        return dict(line.split("==") for line in lines)[PACKAGES[library]]

    with room_for(library) as room:
        assert (pinned("oldest.txt"), pinned("newest.txt")) == room.SEEN_IN


def test_a_member_that_is_gone_is_told_by_name():
    with (
        pytest.raises(
            pytest.fail.Exception, match=r"keras .* has no attribute '_model"
        ),
        keras_room(),
    ):
        object()._model  # noqa: B018


# -------------------------------------------------------------------------- TensorFlow
@functools.cache
def libraries():
    import keras
    import tensorflow as tf

    return SimpleNamespace(keras=keras, tf=tf)


def test_call_concrete_takes_other_variables():
    tf = libraries().tf
    first, second = tf.Variable(2.0), tf.Variable(5.0)
    number = tf.TensorSpec((), tf.float32)
    function = tf.function(lambda x: x * first, input_signature=[number])
    concrete = function.get_concrete_function()
    with tensorflow_room() as room:
        for variable in (first, second):
            captured = [variable.handle]
            product = room.call_concrete(concrete, [tf.constant(3.0)], captured)
            assert float(product) == 3 * float(variable)


def test_a_recorded_operation_has_the_gradient_that_was_recorded():
    tf = libraries().tf
    x = tf.constant(3.0)
    with tensorflow_room() as room, tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with room.stop_recording():
            unrecorded = x * x
            y = x * x
        room.record_operation("Square", [y], [x], lambda dy: [10 * dy])
    assert tape.gradient(unrecorded, x) is None
    assert float(tape.gradient(y, x)) == 10


def test_functions_run_in_the_calling_thread():
    tf = libraries().tf
    function = tf.function(lambda x: x + 1)
    with tensorflow_room() as room, room.in_calling_thread():
        assert float(function(tf.constant(1.0))) == 2


def test_the_graph_optimizer_is_off_within_and_as_before_after():
    # A folded sum is a constant; TensorFlow tells what it has run.
    tf = libraries().tf
    context = sys.modules["tensorflow.python.eager.context"].context()

    def operations(x):
        function = tf.function(lambda x: x + (tf.constant(1.0) + tf.constant(2.0)))
        context.enable_run_metadata()
        try:
            assert float(function(x)) == 4
            graphs = context.export_run_metadata().function_graphs
        finally:
            context.disable_run_metadata()
        nodes = graphs[-1].post_optimization_graph.node
        return sum(node.op.startswith("Add") for node in nodes)

    before = operations(tf.constant(1.0))
    with tensorflow_room() as room:
        with room.without_graph_optimizer():
            assert operations(tf.constant(1.0)) == 2
        with pytest.raises(KeyError), room.without_graph_optimizer():
            raise KeyError
        assert operations(tf.constant(1.0)) == before == 1


def test_the_cache_of_operations_is_cleared():
    # A random operation keeps its place in the sequence in its kernel.
    tf = libraries().tf

    def draw():
        return float(tf.random.uniform([], seed=1))

    with tensorflow_room() as room:
        room.clear_kernel_cache()
        first, second = draw(), draw()
        room.clear_kernel_cache()
        assert first != second
        assert draw() == first


def test_has_computed_tells_whether_tensorflow_was_used():
    # TensorFlow is set up by what it computes first; in this process it was long ago.
    script = (
        "import tensorflow as tf\n"
        "from sklstm._compat.tensorflow import has_computed\n"
        "before = has_computed()\n"
        "tf.constant(1) + 1\n"
        "print(before, has_computed())"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True
    )
    if result.returncode:
        pytest.fail(f"tensorflow has taken away what is used: {result.stderr[-500:]}")
    assert result.stdout.split() == ["False", "True"]


# ------------------------------------------------------------------------------- Keras
@functools.cache
def dropping_network():
    keras = libraries().keras
    model = keras.Sequential([keras.layers.LSTM(3), keras.layers.Dropout(0.5)])
    model.build((None, 4, 2))
    return model


def test_names_are_counted_anew_within_and_go_on_after():
    dense = libraries().keras.layers.Dense
    with keras_room() as room:
        before = dense(1).name
        with room.isolated_name_counters():
            assert [dense(1).name, dense(1).name] == ["dense", "dense_1"]
        number = int(before.removeprefix("dense").removeprefix("_") or 0)
        assert dense(1).name == f"dense_{number + 1}"


def test_the_layers_of_a_model_have_all_of_its_variables():
    model = dropping_network()
    with keras_room() as room:
        layers = list(room.layers_of(model))
        assert {"LSTMCell", "Dropout"} <= {type(layer).__name__ for layer in layers}
        weights = [v for layer in layers for v in room.variables_of(layer)]
        states = [s for layer in layers for s in room.seed_states_of(layer)]
    found = {id(variable) for variable in (*weights, *states)}
    assert found == {id(variable) for variable in model.variables}
    assert [w.shape for w in weights] == [(2, 12), (3, 12), (12,)]
    assert states
    assert all(state.shape == (2,) for state in states)


def test_a_loss_or_a_metric_tells_what_function_it_wraps():
    keras = libraries().keras
    with keras_room() as room:
        loss, metric = (
            keras.losses.MeanAbsoluteError(),
            keras.metrics.MeanAbsoluteError(),
        )
        for thing in (loss, metric):
            difference = room.wrapped_function(thing)(np.zeros((1, 2)), np.ones((1, 2)))
            assert np.asarray(difference).tolist() == [1]
        assert room.wrapped_function(keras.metrics.AUC()) is None


def test_a_loss_or_a_metric_tells_the_arguments_of_its_function():
    keras = libraries().keras
    with keras_room() as room:
        loss, metric = keras.losses.Huber(2.0), keras.metrics.CosineSimilarity(axis=0)
        assert room.wrapped_arguments(loss)["delta"] == 2.0
        assert room.wrapped_arguments(metric)["axis"] == 0
        assert room.wrapped_arguments(keras.metrics.AUC()) == {}


def test_a_callback_tells_its_attributes_without_its_model():
    callback = libraries().keras.callbacks.EarlyStopping(patience=7)
    callback.set_model(dropping_network())
    with keras_room() as room:
        attributes = room.attributes_of(callback)
        assert attributes["patience"] == 7
        assert not any(value is dropping_network() for value in attributes.values())


def test_a_callback_forgets_its_model():
    callback = libraries().keras.callbacks.Callback()
    callback.set_model(dropping_network())
    assert callback.model is dropping_network()
    with keras_room() as room:
        room.forget_model(callback)
        assert callback.model is None


def test_what_weight_decay_leaves_out_is_taken_over():
    keras = libraries().keras
    one, other = (keras.optimizers.AdamW(weight_decay=0.5) for _ in range(2))
    one.exclude_from_weight_decay(var_names=["bias"])
    with keras_room() as room:
        room.set_undecayed(other, room.get_undecayed(one))
    for optimizer in (one, other):
        weights = [keras.Variable([1.0], name=name) for name in ("kernel", "bias")]
        optimizer.build(weights)
        optimizer.apply([np.zeros(1, "float32")] * 2, weights)
        kernel, bias = (float(np.asarray(weight)[0]) for weight in weights)
        assert bias == 1
        assert kernel < 1


def test_an_optimizer_without_distribution_updates_the_same():
    keras = libraries().keras
    updated = []
    for leaves in (False, True):
        optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.1)
        weight = keras.Variable([1.0, -2.0])
        optimizer.build([weight])
        if leaves:
            with keras_room() as room:
                room.leave_distribution(optimizer)
        optimizer.apply([np.array([0.5, 3.0], "float32")], [weight])
        updated.append(np.asarray(weight).tolist())
    assert updated[0] == updated[1]


def test_an_optimizer_clips_and_updates_as_it_is_told():
    keras, tf = libraries().keras, libraries().tf
    optimizer = keras.optimizers.SGD(0.5, clipnorm=1.0)
    weight = keras.Variable([1.0])
    optimizer.build([weight])

    def update(gradients, variables, learning_rate):
        variables[0].assign_sub(100 * learning_rate * gradients[0])

    with keras_room() as room:
        room.replace_clipping(optimizer, lambda gradients: [2 * g for g in gradients])
        room.replace_update(optimizer, update)
        optimizer.apply([tf.constant([3.0])], [weight])
    assert np.asarray(weight).tolist() == [1 - 100 * 0.5 * 2 * 3]


def test_the_moments_of_adam():
    keras, tf = libraries().keras, libraries().tf
    adam = keras.optimizers.Adam(beta_1=0.75, beta_2=0.5)
    weights = [keras.Variable([1.0]), keras.Variable([1.0])]
    adam.build(weights)
    adam.apply([tf.constant([1.0]), tf.constant([4.0])], weights)
    with keras_room() as room:
        first, second = room.adam_moments(adam, weights[1])
        assert float(first[0]) == pytest.approx(0.25 * 4)
        assert float(second[0]) == pytest.approx(0.5 * 4**2)


# ------------------------------------------------------------------------ scikit-learn
def test_parameters_are_checked_by_their_constraints():
    with sklearn_room() as room:

        class Constrained(BaseEstimator):
            _parameter_constraints = {
                "size": [room.Interval(Integral, 1, None, closed="left")],
                "end": [room.Options(Integral, {-1}), room.StrOptions({"auto"})],
                "inner": [room.HasMethods(["fit"])],
            }

            def __init__(self, size=1, end="auto", inner=None):
                self.size, self.end, self.inner = size, end, inner

        room.validate_params(Constrained(2, -1, Ridge()))
        for wrong in ((0, -1, Ridge()), (1, "never", Ridge()), (1, -1, object())):
            with pytest.raises(ValueError, match="parameter of Constrained must be"):
                room.validate_params(Constrained(*wrong))


def test_set_output_is_offered_and_nothing_is_wrapped_unasked():
    with sklearn_room() as room:

        class Doubler(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
            def fit(self, X, y=None):
                return self

            def transform(self, X):
                return room.wrap_output("transform", 2 * X, X, self)

            def get_feature_names_out(self, input_features=None):
                return np.array(["doubled"])

        assert not hasattr(Doubler(), "set_output")
        room.offer_set_output(Doubler)
        doubler, X = Doubler(), np.ones((2, 1))
        assert isinstance(doubler.transform(X), np.ndarray)
        table = doubler.set_output(transform="pandas").transform(X)
    assert table.to_dict("list") == {"doubled": [2, 2]}


def test_rows_weights_and_parameters_of_samples():
    X = np.arange(6).reshape(3, 2)
    with sklearn_room() as room:
        assert room.safe_indexing([5, 6, 7], [2, 0]) == [7, 5]
        assert room.num_samples(X) == room.num_samples([1, 2, 3]) == 3
        assert room.check_sample_weight(None, X).tolist() == [1, 1, 1]
        with pytest.raises(ValueError, match="shape"):
            room.check_sample_weight([1, 2], X)
        params = room.check_method_params(
            X, {"of_rows": [4, 5, 6], "other": "a"}, indices=[2]
        )
        assert params == {"of_rows": [6], "other": "a"}


def test_names_of_features_are_those_of_fit():
    fitted = SimpleNamespace(feature_names_in_=np.array(["a", "b"]), n_features_in_=2)
    with sklearn_room() as room:
        assert room.check_feature_names_in(fitted).tolist() == ["a", "b"]
        with pytest.raises(ValueError, match="feature_names_in_"):
            room.check_feature_names_in(fitted, ["b", "a"])


def test_metadata_routing_is_known_to_be_enabled():
    import sklearn

    with sklearn_room() as room:
        assert not room.routing_enabled()
        with sklearn.config_context(enable_metadata_routing=True):
            assert room.routing_enabled()


def test_a_scorer_tells_its_function_and_sign():
    scorer = make_scorer(mean_absolute_error, greater_is_better=False)
    with sklearn_room() as room:
        assert room.scorer_function(scorer) is mean_absolute_error
        assert room.scorer_sign(scorer) == -1
        assert room.scorer_function(mean_squared_error) is mean_squared_error
        assert room.scorer_sign(mean_squared_error) == 1


def test_matplotlib_is_asked_for_by_name(monkeypatch):
    with sklearn_room() as room:
        room.check_matplotlib_support("a picture")
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(ImportError, match="a picture requires matplotlib"):
            room.check_matplotlib_support("a picture")


# ---------------------------------------------------------------------------- SciKeras
def test_scikeras_routes_parameters():
    params = {"optimizer__beta_1": 0.5, "loss__delta": 2, "epochs": 1}
    with scikeras_room() as room:
        assert room.routed_to("optimizer", params) == {"beta_1": 0.5}
        adam = room.optimizer_class("adam")
        assert adam is libraries().keras.optimizers.Adam
        made = room.unflatten_params(adam, {"learning_rate": 0.25, "beta_1": 0.5})
    assert made.get_config()["beta_1"] == 0.5


def test_scikeras_has_no_more_tags():
    from scikeras.wrappers import BaseWrapper, KerasRegressor

    with scikeras_room() as room:
        room.remove_more_tags()
    assert not hasattr(BaseWrapper, "_more_tags")
    assert not hasattr(KerasRegressor, "_more_tags")


def test_what_callbacks_leave_on_an_estimator_has_these_names():
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")
    seen = []

    class Looks:
        def setup(self, estimator, context):
            seen.append({n for n in vars(estimator) if n in room.OF_A_FIT})

        def teardown(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context): ...

    with sklearn_room() as room:
        looks = Looks()

        class Fits(room.CallbackSupportMixin, BaseEstimator):
            def fit(self, X, y=None):
                with room.managed_callbacks(self):
                    room.callback_context(self, 0)
                return self

        fits = Fits().set_callbacks(looks)
        assert isinstance(fits, callback.CallbackSupportMixin)
        assert room.callbacks_of(fits) == [looks]
        assert room.callbacks_of(Fits()) == ()
        outer = room.callback_context(Fits(), 1).subcontext("part")
        with outer.propagate_callback_context(fits):
            fits.fit([[0]])
        assert seen == [{*room.OF_A_FIT}]
        assert {*room.OF_A_FIT}.isdisjoint(vars(fits))


def test_the_loss_of_a_model_is_averaged_by_another_metric():
    import keras

    class Last(keras.metrics.Mean):
        def result(self):
            return self.count

    with keras_room() as room:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        room.replace_loss_tracker(model, Last(name="loss"))
        history = model.fit(np.ones((6, 1)), np.ones(6), batch_size=3, verbose=0)
    assert history.history["loss"] == [6.0]
