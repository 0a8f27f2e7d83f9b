"""What the LSTM estimators share: from X and y to samples, and to a trained network."""

from numbers import Integral, Real

import keras
import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import Interval, Options, StrOptions, validate_params
from sklstm._routed import check_arguments
from sklstm._validation import (
    check_no_infinity,
    check_same_index,
    check_target_of_rows,
    check_tokens,
    check_whole_steps,
)
from sklstm.estimators._check_network import check_buildable, check_same
from sklstm.estimators._check_target import names_of_targets
from sklstm.estimators._no_steps import warn_of_no_steps
from sklstm.estimators._read_sequences import read_sequences
from sklstm.estimators._sizes import read_sizes
from sklstm.estimators._trainer import Trainer
from sklstm.estimators._weights import check_weights, in_float32
from sklstm.networks import CustomSpec, NetworkSpec, index_tokens, taking_tokens
from sklstm.training import Network, Samples

ACTIVATIONS = (
    *("elu", "gelu", "hard_sigmoid", "leaky_relu", "linear", "relu", "selu", "sigmoid"),
    *("silu", "softplus", "softsign", "tanh"),
)


class SequenceEstimator(Trainer):
    """An LSTM estimator; subclasses define what y means.

    They define `_check_target` (returns y as an array, and which samples have a
    target), `_fit_target` (returns an encoder of y, which decodes outputs) and `_weigh`
    (returns the weights of samples, with those of the estimator).
    """

    _per_step = False  # whether the network has an output for every time step

    _parameter_constraints = {
        "units": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "cell": [StrOptions({"lstm", "gru", "simple_rnn"})],
        "bidirectional": ["boolean"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "recurrent_activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "recurrent_dropout": [Interval(Real, 0, 1, closed="left")],
        "embedding_dim": [Interval(Integral, 1, None, closed="left"), None],
        "hidden_layer_sizes": [
            Interval(Integral, 1, None, closed="left"),
            "array-like",
        ],
        "hidden_activation": [StrOptions(set(ACTIVATIONS))],
        "model": [callable, None],
        "optimizer": "no_validation",  # Keras knows what it may be, and is asked in fit
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions({"cosine", "constant"})],
        "clipnorm": [Interval(Real, 0, None, closed="neither"), None],
        "loss": [str, callable, None],
        "metrics": [str, list, tuple, callable, None],
        "epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [
            Interval(Integral, 1, None, closed="left"),
            Options(Integral, {-1}),
        ],
        "shuffle": ["boolean"],
        "validation_split": [Interval(Real, 0, 1, closed="left"), None],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 0, None, closed="left")],
        "callbacks": "no_validation",  # a Callback, its class, a list or dict of such
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def fit(self, X, y, sample_weight=None):
        """Train the network from fresh weights, or go on with `warm_start`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; two axes are read as one feature. A time step that is NaN in
            all features is missing. A sample without any step is left out.

        y : array-like of shape (n_samples,), (n_samples, n_outputs) or more
            Targets: of a regressor also (n_samples, n_steps, n_outputs), a sequence
            for each; of a tagger (n_samples, n_timesteps), a label for every time
            step, or a list of the labels of each sample. NaN is no target (nor are None
            and pandas' NA): such a sample is left out; where there are several outputs
            or time steps, each is on its own.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss; samples of weight 0 are left out.

        Returns
        -------
        estimator
            Itself, fitted.

        Raises
        ------
        ValueError
            If a parameter, X, y or a weight is out of its range; the estimator then
            stays as it was.
        """
        validate_params(self)
        with self._replace_state() as new:
            if not new.warm_start:
                new._forget()
            begins = not new.initialized_
            samples = new._samples(X, y, sample_weight)
            training, validation = new._hold_out(samples)
            if begins:
                new._build(training, *new._known(samples.targets))
            else:
                new._check_unchanged(training.table)
            training = new._encode(training)
            if validation is not None:
                validation = new._encode(validation)
            new.history_ = new._train(training, validation, begins=begins)
        return self

    def partial_fit(self, X, y, sample_weight=None):
        """Train for one more epoch, on these samples alone.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences, as for :meth:`fit`.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. The first call fixes shape and scale.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss.

        Returns
        -------
        estimator
            Itself, fitted.
        """
        return self._partial_fit(X, y, sample_weight)

    def _partial_fit(self, X, y, sample_weight, *known):
        validate_params(self)
        with self._replace_state() as new:
            samples = new._samples(X, y, sample_weight)
            if new.initialized_:
                new._check_unchanged(samples.table)
            else:
                new._build(samples, *known, partial=True)
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
            The truth; what is NaN is left out.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        float
            1 is best.
        """
        return self.scorer(y, self.predict(X), sample_weight=sample_weight)

    def to_keras(self):
        """Return the network as a model of stock Keras layers, in the units of y.

        Returns
        -------
        keras.Model
            A new model that needs no sklstm: it can be saved, loaded and exported
            wherever Keras is. It takes `(n_samples, n_timesteps, n_features)`, NaN for
            missing steps, and gives values in the units of y, or probabilities.
            Of an `LSTMTagger` it gives numbers at missing time steps too, which mean
            nothing: `predict_proba` puts NaN there.
        """
        check_is_fitted(self)
        model = self._exported(self.network_.export())
        scale, offset = self.target_encoder_.affine_
        if scale is not None:
            outputs = keras.layers.Rescaling(scale, offset, name="original_scale")
            outputs = outputs(model.outputs[0])
            model = keras.Model(model.inputs[0], outputs, name="sklstm")
        if self._takes_tokens():
            model = taking_tokens(model, self.vocabulary_, self._unknown_token())
        return model

    def _outputs(self, X):
        """Compute the network's outputs; SciKeras's `predict` refuses other types."""
        check_is_fitted(self)
        whole = self._read(X, reset=False)
        table = whole.drop_missing()
        warn_of_no_steps(table, self)
        return self._joined(whole, self.network_.predict(table))

    def _joined(self, whole, outputs):
        """Join the outputs of the network with what stands beside it."""
        return outputs

    def _exported(self, model):
        """Put what stands beside the network beside a model of it."""
        return model

    # ------------------------------------------------------------------ X and y of fit
    def _forget(self):
        """Delete the fitted attributes."""
        fitted = [n for n in vars(self) if n[0] != "_" and n.endswith("_")]
        for name in fitted:
            delattr(self, name)

    def _samples(self, X, y, sample_weight):
        """Validate, and leave out samples without steps or weight; y stays as it is."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None"
            )
        table = self._read(X, reset=not self.initialized_)
        check_target_of_rows(X, y)
        check_same_index(X, y)
        if not self.initialized_ and (names := names_of_targets(y)) is not None:
            self.target_names_in_ = names
        y, known = self._check_target(y, table)
        whole, table = table, table.drop_missing()
        weights = check_weights(sample_weight, table)
        used = table.lengths > 0
        used &= True if weights is None else weights > 0
        used &= known
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
        samples = Samples(table, y, weights, whole)
        return samples if used.all() else samples.take(np.flatnonzero(used))

    def _known(self, y):
        """Return what fits the encoder of y, besides the samples that train."""
        return ()

    def _begin(self, samples, partial):
        """Fit what is between the targets and the network."""

    def _targets(self, samples):
        """Return what the network learns."""
        return self.target_encoder_.transform(samples.targets)

    def _build(self, samples, *known, partial=False):
        """Fit the encoder of the targets, and build the network.

        Parameters
        ----------
        samples : Samples
            Those that train.

        *known : ndarray
            What else fits the encoder, from :meth:`_known`.

        partial : bool, default=False
            Whether more samples are to come.
        """
        self.target_encoder_ = self._fit_target(
            samples.targets, samples.weights, *known
        )
        self._seed = check_random_state(self.random_state).randint(2**31 - 2000)
        self._begin(samples, partial)
        spec = self._spec(samples.table, self.target_encoder_)
        check_buildable(spec, samples.table)
        self.network_ = Network(spec, self._seed)

    def _check_unchanged(self, table):
        """Raise unless training can go on with the parameters of the network."""
        asked = vars(self._spec(table, self.target_encoder_))
        built = {**vars(self.network_.spec), "n_timesteps": asked.get("n_timesteps")}
        check_same(built, asked)

    def _encode(self, samples):
        """Return samples with what the network learns as targets, and all weights."""
        weights = self._weigh(samples.weights, samples.targets)
        weights = None if weights is None else in_float32(weights)
        targets = self._targets(samples)
        return Samples(samples.table, targets, weights, samples.whole)

    def _read(self, X, reset):
        """Validate X, and return its table in float32.

        SciKeras refuses NaN, a float64 X after a float32 one, and another number of
        time steps; and takes that for the number of features.
        """
        table = read_sequences(self, X, reset)
        values = table.values
        if self._takes_tokens():
            values = self._index_tokens(table.with_values(values), reset)
        with np.errstate(over="ignore"):  # told by the next line, with the place
            values = values.astype(np.float32, copy=False)
        table = table.with_values(values)
        check_no_infinity(self, values, table.locate)
        check_whole_steps(self, table)
        return table

    def _takes_tokens(self):
        return self.model is None and self.embedding_dim is not None

    def _index_tokens(self, table, reset):
        """Return the numbers of tokens; with `reset` learn the vocabulary first."""
        check_tokens(self, table)
        tokens = table.values[:, 0]
        if reset:
            self.vocabulary_ = np.unique(tokens[~np.isnan(tokens)]).astype(np.int64)
        index = index_tokens(tokens, self.vocabulary_, self._unknown_token())
        return index[:, np.newaxis]

    def _unknown_token(self):
        """Return the number of an unknown token: such a time step is missing."""
        return np.nan

    def _spec(self, table, target):
        routed = self._routed("model")
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
            hidden_layer_sizes=read_sizes(
                "hidden_layer_sizes", self.hidden_layer_sizes
            ),
            hidden_activation=self.hidden_activation,
            n_quantiles=len(target.quantiles),
            output_activation=target.output_activation_,
            **self._start_of_spec(table.n_features),
        )

    def _start_of_spec(self, n_features):
        """Return further entries of the network's spec."""
        return {}

    def _dropout(self):
        return float(self.dropout)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True  # missing steps
        return tags
