"""SciKeras 0.13.0, repaired. SciKeras is no longer maintained, so it is mended here.

:class:`SequenceWrapper` goes before `KerasRegressor` or `KerasClassifier` among the
bases of an estimator. Of SciKeras stay: its parameters and their routing
(``optimizer__beta_1``, ``callbacks__patience``), its hook `scorer`, `current_epoch`,
and `isinstance`. What is overridden, and why, is said at each method.
"""

import copy
import inspect

import keras
import numpy as np
from scikeras._utils import get_optimizer_class, route_params, unflatten_params
from scikeras.wrappers import BaseWrapper
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
)

from sklstm._validation import (
    all_or_nothing,
    check_3d,
    check_no_infinity,
    check_rows,
    check_whole_steps,
    n_axes,
)
from sklstm.networks import NetworkSpec
from sklstm.sequences import SequenceTable
from sklstm.training import Network, Samples, Schedule


class SequenceWrapper(BaseWrapper):
    """What SciKeras's wrappers need for sequences and for scikit-learn >= 1.7."""

    # SciKeras knows no callbacks__ in set_params, and routes model__, fit__ and more,
    # which name nothing here.
    _routing_prefixes = frozenset({"callbacks", "loss", "metrics", "optimizer"})

    # scikit-learn holds `_more_tags` for an unfinished port to `__sklearn_tags__`,
    # and SciKeras's fails, for its base class has none any more.
    @property
    def _more_tags(self):
        raise AttributeError("_more_tags")

    def _store_routed(self, routed):
        """Store routed parameters; SciKeras takes any other name as well."""
        for name, value in routed.items():
            if not self._is_routed(name):
                raise TypeError(
                    f"{type(self).__name__}.__init__() got an unexpected keyword "
                    f"argument {name!r}"
                )
            setattr(self, name, value)

    # --------------------------------------------------------------------- parameters
    def _is_routed(self, name):
        return name.partition("__")[0] in self._routing_prefixes and "__" in name

    def _get_param_names(self):
        """Name the parameters; SciKeras takes every public attribute for one."""
        signature = inspect.signature(type(self).__init__)
        explicit = [
            name
            for name, parameter in signature.parameters.items()
            if name != "self" and parameter.kind != parameter.VAR_KEYWORD
        ]
        return sorted(explicit) + sorted(filter(self._is_routed, vars(self)))

    def set_params(self, **params):
        """Set parameters, routed ones too.

        SciKeras's sends ``callbacks__patience`` to the list of callbacks, and advises
        for a misspelt name to pass it to the constructor.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        estimator
            Itself.
        """
        routed = {name: params[name] for name in params if self._is_routed(name)}
        own = {name: params[name] for name in params if name not in routed}
        BaseEstimator.set_params(self, **own)
        for name, value in routed.items():
            setattr(self, name, value)
        return self

    # SciKeras prints every parameter on a line of its own.
    __repr__ = BaseEstimator.__repr__

    # ------------------------------------------------------------------- fitted state
    @property
    def initialized_(self):
        """Whether there is a network; SciKeras's would build a Keras model to know."""
        return "network_" in vars(self)

    def __sklearn_is_fitted__(self):
        return self.initialized_

    @property
    def model_(self):
        """The trained `keras.Model`; its input takes NaN for missing steps.

        Its outputs are what the network learned: of a regressor with
        `standardize_target` the standardized targets.
        """
        if not self.initialized_:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute 'model_': it is not "
                "fitted yet."
            )
        return self.network_.model

    def to_keras(self):
        """Give the network as a model of stock Keras layers, in the units of y.

        Returns
        -------
        keras.Model
            A new model that needs no sklstm: it can be saved, loaded and exported
            wherever Keras is. It takes `(n_samples, n_timesteps, n_features)`, NaN for
            missing steps, and gives values in the units of y, or probabilities.
        """
        check_is_fitted(self)
        target = self.target_encoder_
        return self.network_.export(
            getattr(target, "scale_", None), getattr(target, "offset_", None)
        )

    # ------------------------------------------------------------- fit, predict, score
    def fit(self, X, y, sample_weight=None):
        """Train the network from fresh weights, or go on with `warm_start`.

        SciKeras's own refuses NaN, seeds by changing global state, freezes the number
        of time steps, and loses the fitted state where it fails.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; two axes are read as one feature. A time step that is NaN in
            all features is missing. A sample without any step is left out.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.

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
        self._validate_params()
        with all_or_nothing(self):
            if not self.warm_start:
                self._forget()
            samples = self._prepare(X, y, sample_weight)
            samples, validation, callbacks = self._plan_stopping(samples)
            self.history_ = self._train(samples, self.epochs, validation, callbacks)
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
        self._validate_params()
        with all_or_nothing(self):
            samples = self._prepare(X, y, sample_weight, *known)
            earlier = getattr(self, "history_", {})
            history = self._train(samples, 1, first_epoch=self.current_epoch)
            self.history_ = {
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
        self._validate_params()
        with all_or_nothing(self):
            self._forget()
            self._prepare(X, y, None)
        return self

    def score(self, X, y, sample_weight=None):
        """Score the predictions by :meth:`scorer`, as scikit-learn's mixins do.

        SciKeras's compares the types of y with those in `fit`, and so refuses floats
        after integers, and long labels after short ones.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The truth.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        float
            R² of a regressor, accuracy of a classifier.
        """
        return self.scorer(y, self.predict(X), sample_weight=sample_weight)

    def _outputs(self, X):
        """Compute the network's outputs; SciKeras's `predict` refuses other types."""
        check_is_fitted(self)
        return self.network_.predict(self._read(X, reset=False))

    # --------------------------------------------------------------- from X, y to Samples
    def _forget(self):
        for name in ("network_", "target_encoder_", "history_", "_seed"):
            vars(self).pop(name, None)

    def _prepare(self, X, y, sample_weight, *known):
        """Validate, encode, and build the network where there is none yet.

        `known` is passed on to what fits the target.
        """
        first = not self.initialized_
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None"
            )
        table = self._read(X, reset=first)
        y = self._check_target(y)
        check_consistent_length(X, y)
        weights = _check_weights(sample_weight, table)
        used = table.lengths > 0
        used &= True if weights is None else weights > 0
        if not used.any():
            raise ValueError(
                "No sample of X has both a time step that is not missing and a weight "
                "greater than zero; there is nothing to fit."
            )
        used = slice(None) if used.all() else np.flatnonzero(used)
        table, y = table.take(used), y[used]
        weights = None if weights is None else weights[used]
        if first:
            encoder = self._fit_target(y, weights, *known)
            self._seed = check_random_state(self.random_state).randint(2**31 - 2000)
            self.target_encoder_ = encoder
            self.network_ = Network(self._spec(table.n_features, encoder), self._seed)
        weights = self._combine_weights(weights, y)
        return Samples(table, self.target_encoder_.transform(y), weights)

    def _read(self, X, reset):
        """Validate X, and give its table in float32 without missing steps.

        SciKeras refuses NaN, a float64 X after a float32 one, and another number of
        time steps; and takes that for the number of features.
        """
        n = n_axes(X)
        if not reset and n != self._n_axes_in and n in (2, 3):
            shapes = {2: "(n_samples, n_timesteps)", 3: "(n, n_timesteps, n_features)"}
            raise ValueError(
                f"X has shape {np.shape(X)}, but {type(self).__name__} was fitted on X "
                f"of shape {shapes[self._n_axes_in]}."
            )
        if n == 2:
            X = check_rows(self, X, reset=reset)
            table = SequenceTable.from_array(X[:, :, np.newaxis])
            values = table.values
        elif n == 3:
            table = SequenceTable.from_array(check_3d(self, X))
            values = check_rows(self, table.values, reset=reset)
        else:
            raise ValueError(
                f"Expected 2D or 3D array, got {n}D array instead. "
                f"{type(self).__name__} needs X of shape (n_samples, n_timesteps, "
                "n_features). Reshape your data: one series of numbers with "
                "SlidingWindow on X.reshape(-1, 1); one sample with X.reshape(1, -1)."
            )
        if reset:
            self._n_axes_in = n
        with np.errstate(over="ignore"):  # told by the next line, with the place
            values = values.astype(np.float32, copy=False)
        table = table.with_values(values)
        check_no_infinity(self, values, table.locate)
        check_whole_steps(self, table)
        return table.drop_missing()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True  # missing steps
        return tags

    def _spec(self, n_features, target):
        return NetworkSpec(
            n_features=n_features,
            n_outputs=target.n_outputs_,
            units=_sizes("units", self.units, at_least_one=True),
            activation=self.activation,
            dropout=float(self.dropout),
            hidden_layer_sizes=_sizes("hidden_layer_sizes", self.hidden_layer_sizes),
            output_activation=target.output_activation_,
        )

    # ------------------------------------------------------------------------ training
    def _plan_stopping(self, samples):
        """Hold out samples and add a callback, as the parameters ask for it."""
        callbacks, validation = self._callbacks(), None
        share = self.validation_split
        if share is None:
            share = 0.1 if self.early_stopping else 0.0
        if share:
            last = self._last(samples, share)
            first = np.setdiff1d(np.arange(len(samples)), last)
            if not len(first) or not len(last):
                raise ValueError(
                    f"validation_split={share} leaves nothing to train on, or nothing "
                    f"to validate on, of n_samples={len(samples)}."
                )
            samples, validation = samples.take(first), samples.take(last)
        if self.early_stopping:
            stopping = keras.callbacks.EarlyStopping(
                monitor="val_loss" if share else "loss",
                patience=self.patience,
                restore_best_weights=True,
            )
            callbacks.append(stopping)
        return samples, validation, callbacks

    def _last(self, samples, share):
        """The samples to hold out: the last ones."""
        n_samples = len(samples)
        return np.arange(n_samples - max(round(n_samples * share), 1), n_samples)

    def _train(self, samples, epochs, validation=None, callbacks=None, first_epoch=0):
        """Train the network for some epochs; give their history."""
        self.callbacks_ = self._callbacks() if callbacks is None else callbacks
        schedule = Schedule(
            optimizer=self._optimizer(),
            loss=self._loss(),
            metrics=self._metrics(),
            epochs=epochs,
            batch_size=len(samples) if self.batch_size == -1 else self.batch_size,
            seed=self._seed,
            first_epoch=first_epoch,
            shuffle=self.shuffle,
            callbacks=self.callbacks_,
            verbose=min(int(self.verbose), 2),
        )
        history = self.network_.train(samples, schedule, validation)
        return {name: [float(v) for v in values] for name, values in history.items()}

    def _optimizer(self):
        """A new optimizer of the kind, learning rate, clipping and routed parameters.

        SciKeras hands an optimizer that is given as an instance from fit to fit, with
        its moments.
        """
        optimizer = self.optimizer
        routed = route_params(self.get_params(False), "optimizer", set(), strict=True)
        if isinstance(optimizer, keras.optimizers.Optimizer):
            if routed:
                raise ValueError(
                    f"optimizer__{next(iter(routed))} needs optimizer to be a name or "
                    f"a class, got the instance {optimizer!r}."
                )
            return type(optimizer).from_config(optimizer.get_config())
        if isinstance(optimizer, str):
            try:
                optimizer = get_optimizer_class(optimizer)
            except ValueError as error:
                raise ValueError(
                    f"optimizer={self.optimizer!r} is no optimizer of Keras, such as "
                    '"adam", "rmsprop" or "sgd".'
                ) from error
        arguments = {"learning_rate": self.learning_rate, "clipnorm": self.clipnorm}
        return unflatten_params(optimizer, {**arguments, **routed})

    def _loss(self):
        """The loss as Keras takes it, or the one that fits y."""
        if self.loss is None:
            return self.target_encoder_.default_loss_
        routed = route_params(self.get_params(False), "loss", set(), strict=True)
        if isinstance(self.loss, str):
            try:
                loss = keras.losses.get(self.loss)
            except ValueError as error:
                raise ValueError(
                    f'loss={self.loss!r} is no loss of Keras, such as "mse".'
                ) from error
            return type(loss)(**routed) if routed else self.loss
        return unflatten_params(self.loss, routed)

    def _metrics(self):
        if self.metrics is None:
            return None
        routed = route_params(self.get_params(False), "metrics", set())
        metrics = [self.metrics] if isinstance(self.metrics, str) else self.metrics
        return [
            metric if isinstance(metric, str) else unflatten_params(metric, routed)
            for metric in metrics
        ]

    def _callbacks(self):
        """Copies of the callbacks, which training changes; parameters it may not."""
        if self.callbacks is None:
            return []
        routed = route_params(self.get_params(False), "callbacks", set())
        given = self.callbacks
        if not isinstance(given, (list, tuple, dict)):
            given = [given]
        made = unflatten_params(given, routed)
        made = list(made.values() if isinstance(made, dict) else made)
        for callback in made:
            if not isinstance(callback, keras.callbacks.Callback):
                raise TypeError(
                    "callbacks must be a keras.callbacks.Callback, a class of one, or "
                    f"a list or dict of such, got {callback!r}."
                )
        return copy.deepcopy(made)


def _check_weights(sample_weight, table):
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, table.starts, dtype=np.float32)
    if (weights < 0).any():
        i = int(np.argmax(weights < 0))
        raise ValueError(
            f"sample_weight must not be negative, got {weights[i]} for sample {i}."
        )
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights


def _sizes(name, value, at_least_one=False):
    """Read an int or a sequence of ints as a tuple."""
    sizes = tuple(np.atleast_1d(value).tolist()) if np.ndim(value) <= 1 else ()
    whole = all(isinstance(size, int) and size >= 1 for size in sizes)
    if not whole or np.ndim(value) > 1 or (at_least_one and not sizes):
        raise ValueError(
            f"{name} must be an int >= 1 or a sequence of such, one a layer; got "
            f"{value!r}."
        )
    return sizes
