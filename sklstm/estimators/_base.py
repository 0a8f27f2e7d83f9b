"""What the LSTM estimators share: from X and y to samples, and to a trained network."""

from dataclasses import replace
from numbers import Integral, Real

import keras
import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
)

from sklstm._routed import check_takes
from sklstm._scikeras import RepairedWrapper
from sklstm._validation import (
    check_no_infinity,
    check_same_index,
    check_target_of_rows,
    check_tokens,
    check_whole_steps,
    is_number,
)
from sklstm.estimators._check_target import holds_nan, names_of_targets
from sklstm.estimators._held_out import last_samples
from sklstm.estimators._no_steps import warn_of_no_steps
from sklstm.estimators._read_sequences import read_sequences
from sklstm.estimators._sizes import read_sizes
from sklstm.networks import (
    CustomSpec,
    KnownLoss,
    NetworkSpec,
    index_tokens,
    own_names,
    taking_tokens,
)
from sklstm.training import CosineDecay, Network, Samples, Schedule

ACTIVATIONS = (
    *("elu", "gelu", "hard_sigmoid", "leaky_relu", "linear", "relu", "selu", "sigmoid"),
    *("silu", "softplus", "softsign", "tanh"),
)


# Of `epochs="auto"`: so many updates, but no fewer epochs than these.
UPDATES, _LEAST_EPOCHS = 1000, 10


class SequenceEstimator(RepairedWrapper):
    """An LSTM estimator; subclasses say what y means.

    They give `_check_target` (which also tells the samples that have a target),
    `_fit_target` (what encodes y and decodes outputs) and
    `_weigh` (weights beside the caller's).
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

    def to_keras(self):
        """Give the network as a model of stock Keras layers, in the units of y.

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
            outputs = keras.layers.Rescaling(scale, offset, name="units_of_y")
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

    def _forget(self):
        learned = ("network_", "target_encoder_", "history_", "_seed", "vocabulary_")
        start = ("linear_part_", "network_weight_", "window_norm_", "target_feature_")
        sizes = ("patch_size_", "fcn_pool_size_", "fcn_filters_")
        for name in (*learned, *start, *sizes, "target_names_in_"):
            vars(self).pop(name, None)

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
        weights = _check_weights(sample_weight, table)
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
        """Give what fits the target beside the samples that train."""
        return ()

    def _begin(self, samples, partial):
        """Fit what stands between the targets and the network."""

    def _targets(self, samples):
        """Return what the network learns."""
        return self.target_encoder_.transform(samples.targets)

    def _encode(self, samples, *known, partial=False):
        """Encode y and weigh; build the network where there is none yet.

        `known` is passed on to what fits the target.
        """
        y, weights = samples.targets, samples.weights
        if not self.initialized_:
            encoder = self._fit_target(y, weights, *known)
            self._seed = check_random_state(self.random_state).randint(2**31 - 2000)
            self.target_encoder_ = encoder
            self._begin(samples, partial)
            spec = self._spec(samples.table, encoder)
            _check_buildable(spec, samples.table)
            self.network_ = Network(spec, self._seed)
        self._check_unchanged(samples.table)
        weights = self._weigh(weights, y)
        weights = None if weights is None else _in_float32(weights)
        targets = self._targets(samples)
        return Samples(samples.table, targets, weights, samples.whole)

    def _check_unchanged(self, table):
        """Refuse to go on training with other parameters of the network."""
        asked = vars(self._spec(table, self.target_encoder_))
        for name, built in vars(self.network_.spec).items():
            if name != "n_timesteps" and asked.get(name) != built:
                raise ValueError(
                    f"The network was built with {name}={built!r}; it can't go on "
                    f"training with {name}={asked.get(name)!r}. Set "
                    "warm_start=False and call fit to begin anew."
                )

    def _read(self, X, reset):
        """Validate X, and give its table in float32.

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
        """Give the numbers of tokens in place of these; learn the vocabulary first."""
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
            check_takes("model", self.model, routed)
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

    # ------------------------------------------------------------------------ training
    def _share_held_out(self):
        if self.validation_split is None:
            return 0.1 if self.early_stopping else 0.0
        return self.validation_split

    def _hold_out(self, samples):
        """Part the samples that validate from those that train."""
        share = self._share_held_out()
        if not share:
            return samples, None
        last = self._last(samples.targets, share)
        first = np.setdiff1d(np.arange(len(samples)), last)
        if not len(first) or not len(last):
            raise ValueError(
                f"Holding out validation_split={share} (0.1 with early_stopping, where "
                "it is None) leaves nothing to train on, or nothing to validate on, of "
                f"n_samples={len(samples)}. Set validation_split=0.0 to stop by the "
                "training loss."
            )
        return samples.take(first), samples.take(last)

    def _last(self, y, share):
        """Choose the samples to hold out."""
        return last_samples(y.shape[0], share)

    @own_names()
    def _train(self, samples, validation=None, partial=False):
        """Train the network, or `partial` for one epoch; give the history."""
        callbacks = self._callbacks()
        if self.early_stopping and not partial:
            stopping = keras.callbacks.EarlyStopping(
                monitor="loss" if validation is None else "val_loss",
                patience=self.patience,
                restore_best_weights=True,
            )
            callbacks.append(stopping)
        schedule = self._schedule(samples, validation, callbacks, partial)
        history = self.network_.train(samples, schedule, validation)
        self.callbacks_ = callbacks
        return {
            name: [np.asarray(value).tolist() for value in values]
            for name, values in history.items()
        }

    def _schedule(
        self, samples, validation=None, callbacks=(), partial=False, n_epochs=None
    ):
        optimizer = self._optimizer()
        # Narrow integers of NumPy would overflow.
        batch_size = len(samples) if self.batch_size == -1 else int(self.batch_size)
        n_batches = -(-len(samples) // batch_size)
        epochs = 1 if partial else (n_epochs or self._n_epochs)(n_batches, len(samples))
        decay = []
        if not partial and self._learning_rate_falls(optimizer, callbacks):
            decay = [CosineDecay(epochs)]
        return Schedule(
            optimizer=optimizer,
            loss=self._loss_of_known(samples, validation),
            metrics=self._metrics(),
            epochs=epochs,
            batch_size=batch_size,
            seed=self._seed,
            first_epoch=self.current_epoch if partial else 0,
            shuffle=self.shuffle,
            callbacks=[*decay, *callbacks],
            verbose=min(int(self.verbose), 2),
        )

    @own_names()
    def _train_beside(self, network, samples, n_epochs):
        """Train another network alike, on other samples; nobody is told.

        Of the callbacks those alone take part that set the learning rate.
        """
        schedulers = keras.callbacks.LearningRateScheduler
        alike = [one for one in self._callbacks() if isinstance(one, schedulers)]
        for scheduler in alike:
            scheduler.verbose = 0
        schedule = self._schedule(samples, callbacks=alike, n_epochs=n_epochs)
        network.train(samples, replace(schedule, verbose=0))

    def _loss_of_known(self, samples, validation):
        """Give the loss; where targets are NaN, one that leaves these out."""
        loss = self._loss() or self.target_encoder_.default_loss_
        targets = [one.targets for one in (samples, validation) if one is not None]
        if not any(holds_nan(one) for one in targets):
            return loss
        if self.metrics is not None:
            raise ValueError(
                f"metrics={self.metrics!r} can't leave out the NaN that y has in some "
                "outputs of a sample. Set metrics=None, or leave out the samples."
            )
        return KnownLoss.of(loss, samples.targets.shape[-1], self.loss)

    def _n_epochs(self, n_batches, n_samples):
        if self.epochs != "auto":
            return int(self.epochs)
        return max(-(-self._updates() // n_batches), _LEAST_EPOCHS)

    def _updates(self):
        """Return the updates that `epochs="auto"` makes."""
        return UPDATES

    def _learning_rate_falls(self, optimizer, callbacks):
        """Tell whether nobody else says how the learning rate goes."""
        if isinstance(self.optimizer, keras.optimizers.Optimizer):
            return False
        by_update = not isinstance(optimizer.get_config().get("learning_rate"), float)
        schedulers = keras.callbacks.LearningRateScheduler
        by_epoch = any(isinstance(callback, schedulers) for callback in callbacks)
        wanted = self.learning_rate_schedule == "cosine"
        return wanted and not (by_update or by_epoch)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True  # missing steps
        return tags


def _check_buildable(spec, table):
    """Refuse what the layers of a network can't be together, or for these samples."""
    if isinstance(spec, CustomSpec):
        return
    if spec.heads == "separate" and spec.output_activation == "softmax":
        raise ValueError(
            "heads='separate' gives each output dense layers of its own, but the "
            "outputs for classes that exclude each other are one softmax. Use "
            "heads='joint'."
        )
    if spec.heads == "separate" and spec.n_steps_out:
        raise ValueError(
            "heads='separate' needs y of shape (n_samples, n_outputs); y of shape "
            "(n_samples, n_steps, n_outputs) has the same dense layers at every step. "
            "Use heads='joint', or flatten y to (n_samples, n_steps * n_outputs)."
        )
    longest = int(table.lengths.max())
    n_steps = -(-longest // spec.patch_size)
    for depth in range(1, len(spec.conv_filters) + 1):
        n_steps = (n_steps - spec.conv_kernel_size + 1) // spec.conv_pool_size
        if n_steps < 1:
            size = spec.patch_size
            of_patches = f", in patches of patch_size={size}" if size > 1 else ""
            raise ValueError(
                f"conv_kernel_size={spec.conv_kernel_size} and conv_pool_size="
                f"{spec.conv_pool_size} leave no time step after convolution {depth}: "
                f"the longest sequence of X has {longest}{of_patches}. Use a smaller "
                "conv_kernel_size or conv_pool_size, fewer conv_filters, or longer "
                "sequences."
            )


def _check_weights(sample_weight, table):
    if sample_weight is None:
        return None
    given = np.asarray(sample_weight)
    objects = given.flat if given.dtype.kind == "O" else ()
    if given.dtype.kind not in "biufO" or not all(map(is_number, objects)):
        raise ValueError(
            f"sample_weight must hold numbers, got an array of {given.dtype}."
        )
    weights = _check_sample_weight(sample_weight, table.starts, dtype=np.float64)
    if (weights < 0).any():
        i = int(np.argmax(weights < 0))
        raise ValueError(
            f"sample_weight must not be negative, got {weights[i]} for sample {i}."
        )
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights


def _in_float32(weights):
    with np.errstate(over="ignore"):
        narrow = weights.astype(np.float32)
    if not np.isfinite(narrow).all():
        raise ValueError(
            f"sample_weight and class_weight together are up to {weights.max():.3g}, "
            "too large for float32. Divide all weights by their mean."
        )
    return narrow
