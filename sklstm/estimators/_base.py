"""Base of the LSTM estimators: from X and y to a trained network."""

from numbers import Integral, Real

import keras
import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import Interval, Options, StrOptions, validate_params
from sklstm._fit_task import fit_task
from sklstm._routed import check_arguments
from sklstm._validation import (
    all_or_nothing,
    check_no_infinity,
    check_tokens,
    check_whole_steps,
)
from sklstm.estimators._check_network import check_buildable, check_same
from sklstm.estimators._check_target import check_rows_of_y, check_y_given
from sklstm.estimators._coarse_features import warn_of_coarse_features
from sklstm.estimators._no_steps import warn_of_no_steps
from sklstm.estimators._order_of_time import in_order_of_time
from sklstm.estimators._read_sequences import read_sequences
from sklstm.estimators._sizes import COUNT, FRACTION, read_sizes
from sklstm.estimators._trainer import Trainer
from sklstm.estimators._weights import check_weights, in_float32
from sklstm.networks import CustomSpec, NetworkSpec, index_tokens, taking_tokens
from sklstm.sequences import as_type
from sklstm.training import Network, Samples

ACTIVATIONS = (
    *("elu", "gelu", "hard_sigmoid", "leaky_relu", "linear", "relu", "selu", "sigmoid"),
    *("silu", "softplus", "softsign", "tanh"),
)


class SequenceEstimator(Trainer):
    """Base of the LSTM estimators; subclasses define the meaning of y.

    They define `_check_target`, which returns y as an array and a mask of the samples
    that have a target; `_fit_target`, which returns an encoder of y; and `_weigh`,
    which returns sample weights with class weights.
    """

    _per_step = False  # whether the network has one output per time step

    _parameter_constraints = {
        "units": [COUNT, "array-like"],
        "cell": [StrOptions({"lstm", "gru", "simple_rnn"})],
        "bidirectional": ["boolean"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "recurrent_activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [FRACTION],
        "recurrent_dropout": [FRACTION],
        "embedding_dim": [COUNT, None],
        "hidden_layer_sizes": [COUNT, "array-like"],
        "hidden_activation": [StrOptions(set(ACTIVATIONS))],
        "model": [callable, None],
        "optimizer": "no_validation",  # fit lets Keras check it
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions({"cosine", "constant"})],
        "clipnorm": [Interval(Real, 0, None, closed="neither"), None],
        "loss": [str, callable, None],
        "metrics": [str, list, tuple, callable, None],
        "epochs": [COUNT, StrOptions({"auto"})],
        "batch_size": [COUNT, Options(Integral, {-1})],
        "shuffle": ["boolean"],
        "validation_split": [FRACTION, None],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 0, None, closed="left")],
        "callbacks": "no_validation",  # fit lets SciKeras check it
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def fit(self, X, y, sample_weight=None):
        """Train a new network, or continue training with `warm_start`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; two axes are read as one feature. A time step that is NaN in all
            features is missing. Samples without time steps are left out.

        y : array-like of shape (n_samples,), (n_samples, n_outputs) or more
            Targets. A regressor also takes (n_samples, n_steps, n_outputs), a sequence
            for each sample; a tagger takes (n_samples, n_timesteps), or a list of the
            labels of each sample. NaN, None and pandas' NA are missing targets: such
            samples are left out, and of several outputs or time steps only the missing
            ones.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss; samples of weight 0 are left out.

        Returns
        -------
        estimator
            Itself, fitted.

        Raises
        ------
        ValueError
            If a parameter, X, y or a weight is invalid; the estimator then is
            unchanged.
        """
        subtasks = self._n_trainings()
        with (
            all_or_nothing(self),
            fit_task(self, X, y, sample_weight, max_subtasks=subtasks) as task,
            self._replace_state() as new,
        ):
            validate_params(self)
            new._task = task
            if not new.warm_start:
                new._forget()
            is_new = not new.initialized_
            samples = in_order_of_time(new._samples(X, y, sample_weight))
            training, validation = new._hold_out(samples)
            if is_new:
                new._build(training, *new._all_labels(samples.targets))
            else:
                new._check_unchanged(training.table)
            training = new._encode(training)
            if validation is not None:
                validation = new._encode(validation)
            new.history_ = new._train(training, validation, is_new=is_new)
            del new._task
        return self

    def partial_fit(self, X, y, sample_weight=None):
        """Train for one more epoch, on these samples only.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences, as for :meth:`fit`.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. The first call determines their shape and scale.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss.

        Returns
        -------
        estimator
            Itself, fitted.
        """
        return self._partial_fit(X, y, sample_weight)

    def _partial_fit(self, X, y, sample_weight, *labels):
        validate_params(self)
        with self._replace_state() as new:
            samples = new._samples(X, y, sample_weight)
            if new.initialized_:
                new._check_unchanged(samples.table)
            else:
                new._build(samples, *labels, partial=True)
            earlier = getattr(new, "history_", {})
            history = new._train(new._encode(samples), partial=True)
            new.history_ = {
                name: earlier.get(name, []) + values for name, values in history.items()
            }
        return self

    def initialize(self, X, y):
        """Build the network for X and y, without training it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.

        Returns
        -------
        estimator
            Itself, with random weights.
        """
        validate_params(self)
        with self._replace_state() as new:
            new._forget()
            samples = new._samples(X, y, None)
            new._build(samples)
            new._encode(samples)
        return self

    def score(self, X, y, sample_weight=None):
        """Score the predictions: R² of a regressor, accuracy of a classifier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets; NaN are left out.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        float
            The best score is 1.
        """
        return self.scorer(y, self.predict(X), sample_weight=sample_weight)

    def to_keras(self):
        """Return a model of stock Keras layers that predicts on the scale of y.

        Returns
        -------
        keras.Model
            A new model that Keras alone, without sklstm, saves, loads and exports: to
            ONNX by ``export("model.onnx", format="onnx")``. Its input has shape
            `(n_samples, n_timesteps, n_features)`, with NaN for missing time steps; its
            outputs are predictions on the scale of y, or probabilities. Those of an
            `LSTMTagger` at missing time steps have no meaning: `predict_proba` returns
            NaN for them.
        """
        check_is_fitted(self)
        model = self._complete_model(self.network_.export())
        scale, offset = self.target_encoder_.affine_
        if scale is not None:
            outputs = keras.layers.Rescaling(scale, offset, name="original_scale")
            outputs = outputs(model.outputs[0])
            model = keras.Model(model.inputs[0], outputs, name="sklstm")
        if self._takes_tokens():
            model = taking_tokens(model, self.vocabulary_, self._unknown_token())
        # Keras exports to ONNX only models that were called: here on no data.
        model(keras.Input(batch_shape=model.input_shape, dtype=model.inputs[0].dtype))
        return model

    def _decode(self, X, method):
        """Predict, and decode the outputs by a method of the target encoder."""
        now = self._shallow_copy()  # another thread may be fitting
        check_is_fitted(now)
        whole = now._read(X, reset=False)
        table = whole.drop_missing()
        warn_of_no_steps(table, now)
        outputs = now._combine(whole, now.network_.predict(table))
        return getattr(now.target_encoder_, method)(outputs)

    def _combine(self, whole, outputs):
        """Combine the outputs of the network with a linear part."""
        return outputs

    def _complete_model(self, model):
        """Add a linear part to an exported model."""
        return model

    def _forget(self):
        """Delete the fitted attributes."""
        for name in [n for n in vars(self) if n[0] != "_" and n.endswith("_")]:
            delattr(self, name)

    def _samples(self, X, y, sample_weight):
        """Validate, and leave out samples without time steps, target or weight."""
        check_y_given(self, y)
        table = self._read(X, reset=not self.initialized_)
        check_rows_of_y(self, X, y, reset=not self.initialized_)
        y, known = self._check_target(y, table)
        weights = check_weights(sample_weight, table)
        used = known if weights is None else known & (weights > 0)
        if not used.all():  # first, as these may be few
            used = np.flatnonzero(used)
            weights = None if weights is None else weights[used]
            table, y = table.take(used), y[used]
        samples = Samples(table.drop_missing(), y, weights, table)
        used = samples.table.lengths > 0
        if not known.any():
            raise ValueError(
                "Input y contains NaN in place of every target; there is nothing to "
                "fit."
            )
        if not used.any():
            raise ValueError(
                "No sample has a time step that is not missing, a target and a weight "
                "greater than zero; there is nothing to fit."
            )
        return samples if used.all() else samples.take(np.flatnonzero(used))

    def _all_labels(self, y):
        """Return additional arguments for `_fit_target`."""
        return ()

    def _prepare(self, samples, partial):
        """Fit what comes between the targets and the network."""

    def _targets(self, samples):
        """Return the targets of the network."""
        return self.target_encoder_.transform(samples.targets)

    def _build(self, samples, *labels, partial=False):
        """Fit the encoder of the targets, and build the network.

        `labels` are those from :meth:`_all_labels`; `partial` tells whether more
        samples will follow, by `partial_fit`.
        """
        targets, weights = samples.targets, samples.weights
        self.target_encoder_ = self._fit_target(targets, weights, *labels)
        self._seed = check_random_state(self.random_state).randint(2**31 - 2000)
        if not self._takes_tokens():
            names = self._names_of_features() or range(samples.table.n_features)
            warn_of_coarse_features(samples.table, names, stacklevel=4)
        self._prepare(samples, partial)
        spec = self._spec(samples.table, self.target_encoder_)
        check_buildable(spec, samples.table)
        self.network_ = Network(spec, self._seed)

    def _names_of_features(self):
        """Return the names of the features, if X had any; empty otherwise."""
        names = list(getattr(self, "feature_names_in_", ()))
        return names if self._n_axes_in == 3 else []  # of two axes: of time steps

    def _check_unchanged(self, table):
        """Raise unless the parameters are those that the network was built with."""
        asked = vars(self._spec(table, self.target_encoder_))
        built = {**vars(self.network_.spec), "n_timesteps": asked.get("n_timesteps")}
        check_same(built, asked)

    def _encode(self, samples):
        """Return samples with encoded targets and total weights."""
        weights = self._weigh(samples.weights, samples.targets)
        weights = None if weights is None else in_float32(weights)
        targets = self._targets(samples)
        return Samples(samples.table, targets, weights, samples.whole)

    def _read(self, X, reset):
        """Validate X, and return its table in float32.

        SciKeras accepts no NaN, no other dtype and no other number of time steps than
        in fit.
        """
        table = read_sequences(self, X, reset)
        values = table.values
        if self._takes_tokens():
            values = self._index_tokens(table.with_values(values), reset)
        with np.errstate(over="ignore"):  # checked below
            values = as_type(values, np.float32)
        table = table.with_values(values)
        check_no_infinity(self, values, table.locate)
        check_whole_steps(self, table)
        return table

    def _takes_tokens(self):
        return self.model is None and self.embedding_dim is not None

    def _index_tokens(self, table, reset):
        """Return the indices of tokens; with `reset` learn the vocabulary first."""
        check_tokens(self, table)
        tokens = table.values[:, 0]
        if reset:
            self.vocabulary_ = np.unique(tokens[~np.isnan(tokens)]).astype(np.int64)
        index = index_tokens(tokens, self.vocabulary_, self._unknown_token())
        return index[:, np.newaxis]

    def _unknown_token(self):
        """Return the index of unknown tokens; NaN makes the time step missing."""
        return np.nan

    def _spec(self, table, target):
        routed, hidden = self._routed("model"), self.hidden_layer_sizes
        if self.model is not None:
            check_arguments("model", self.model, routed)
            return CustomSpec(
                n_timesteps=table.n_timesteps,
                n_features=table.n_features,
                n_outputs=target.n_outputs_,
                output_activation=target.output_activation_,
                n_steps_out=target.n_steps_,
                n_quantiles=len(target.quantiles),
                per_step=self._per_step,
                builder=self.model,
                arguments=routed,
            )
        return NetworkSpec(
            n_features=table.n_features,
            n_outputs=target.n_outputs_,
            units=read_sizes("units", self.units, at_least_one=True),
            n_tokens=len(self.vocabulary_) + 1 if self._takes_tokens() else 0,
            embedding_dim=int(self.embedding_dim or 0),
            cell=self.cell,
            bidirectional=bool(self.bidirectional),
            activation=self.activation,
            recurrent_activation=self.recurrent_activation,
            dropout=self._dropout(),
            recurrent_dropout=float(self.recurrent_dropout),
            n_steps_out=target.n_steps_,
            hidden_layer_sizes=read_sizes("hidden_layer_sizes", hidden),
            hidden_activation=self.hidden_activation,
            n_quantiles=len(target.quantiles),
            output_activation=target.output_activation_,
            **self._spec_entries(table.n_features),
        )

    def _spec_entries(self, n_features):
        """Return further entries of the spec of the network."""
        return {}

    def _dropout(self):
        return float(self.dropout)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True  # missing steps
        return tags
