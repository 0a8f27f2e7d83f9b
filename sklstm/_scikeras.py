"""Repairs of SciKeras 0.13.0, which is no longer maintained.

:class:`RepairedWrapper` must be before `KerasRegressor` or `KerasClassifier` in the
bases of an estimator. SciKeras's parameters and their routing (``optimizer__beta_1``,
``callbacks__patience``), its `scorer`, `current_epoch` and `isinstance` are kept. The
comment or docstring of each override says why. The estimators override `fit`,
`partial_fit`, `predict` and `score`: SciKeras's raise for NaN, change global seeds, fix
the number of time steps, lose the fitted state after an error, and compare the type of
y with that of fit.
"""

import copy
import functools
import inspect
from abc import ABCMeta
from contextlib import contextmanager

import keras
from scikeras.wrappers import BaseWrapper
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from sklstm._compat.scikeras import (
    optimizer_class,
    remove_more_tags,
    routed_to,
    unflatten_params,
)
from sklstm._routed import check_arguments, check_numbers
from sklstm._stored import StoredEstimator
from sklstm._versions import versions

remove_more_tags()


class _MixinsFirst(ABCMeta):
    """Metaclass that puts scikit-learn's mixins before `BaseEstimator` in the MRO.

    In SciKeras they are after it, so that scikit-learn >= 1.7 ignores their tags:
    ``is_classifier(KerasClassifier())`` is False, and cross-validation does not
    stratify. No order of bases repairs that. (It is an ABCMeta so that subclasses may
    have abstract bases.)
    """

    def mro(cls):
        """Move the mixins before SciKeras's base class."""
        classes = super().mro()
        mixins = [c for c in classes if c in (ClassifierMixin, RegressorMixin)]
        others = [c for c in classes if c not in mixins]
        place = others.index(BaseWrapper) if BaseWrapper in others else 0
        return others[:place] + mixins + others[place:]


class RepairedWrapper(StoredEstimator, BaseWrapper, metaclass=_MixinsFirst):
    """Repairs of SciKeras's wrappers for sequences and for scikit-learn >= 1.7."""

    # SciKeras's prefixes lack callbacks__, and include fit__ and others not used here.
    _routing_prefixes = {"callbacks", "loss", "metrics", "model", "optimizer"}

    # SciKeras's hooks for encoding; here the estimators encode y.
    target_encoder = feature_encoder = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # scikit-learn takes every name in the signature for a parameter, also the
        # ** argument of the routed parameters.
        _, *parameters = inspect.signature(cls.__init__).parameters.values()
        cls.__signature__ = inspect.Signature(
            [p for p in parameters if p.kind != p.VAR_KEYWORD]
        )

    def _store_routed(self, routed):
        """Store routed parameters; SciKeras would accept any other name."""
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
        """Return the parameters; SciKeras takes every public attribute for one."""
        routed = filter(self._is_routed, vars(self))
        return [*sorted(inspect.signature(type(self)).parameters), *sorted(routed)]

    # SciKeras's routes callbacks__patience to the list of callbacks, and its message
    # for an unknown name is wrong.
    def set_params(self, **params):
        """Set parameters, also routed ones such as ``optimizer__beta_1``.

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

    # SciKeras prints one parameter per line.
    __repr__ = BaseEstimator.__repr__

    # ------------------------------------------------------------------- fitted state
    @property
    def initialized_(self):
        """Whether a network exists; SciKeras's would build a Keras model."""
        return "network_" in vars(self)

    def __sklearn_is_fitted__(self):
        return self.initialized_

    @property
    def model_(self):
        """The trained `keras.Model`; its input may have NaN for missing time steps.

        If a regressor has `standardize_target`, its outputs are standardized targets.
        """
        if not self.initialized_:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute 'model_': it is not "
                "fitted yet."
            )
        return self.network_.model

    def _shallow_copy(self):
        """Return a shallow copy, which a fit in another thread does not change."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        return other

    @contextmanager
    def _replace_state(self):
        """Yield a copy to fit, and take over its fitted state if nothing raises.

        Until the block ends, the estimator is unchanged, also for threads that predict.
        """
        new = self._shallow_copy()
        if new.initialized_:
            new.network_ = copy.copy(new.network_)
        before = dict(vars(self))
        yield new
        names = set(self._get_param_names())
        parameters = {n: value for n, value in vars(self).items() if n in names}
        # Attributes that callbacks have set on the estimator are kept.
        fitted = _changes(before, vars(new))
        kept = {
            n: v for n, v in _changes(before, vars(self)).items() if n not in fitted
        }
        self.__dict__ = {**vars(new), **kept, **parameters}

    def _current_versions(self):
        return versions(keras=keras.__version__)

    # scikit-learn would deep-copy callbacks, and objects that they refer to.
    def __sklearn_clone__(self):
        bare = self._shallow_copy()
        bare.callbacks = None
        other = BaseEstimator.__sklearn_clone__(bare)
        other.callbacks = self.callbacks
        return other

    # ---------------------------------------------- optimizer, loss, metrics, callbacks
    def _routed(self, name):
        """Return the parameters that are routed to a parameter, which must be set."""
        routed = routed_to(name, self.get_params(False))
        if routed and getattr(self, name) is None:
            raise ValueError(
                f"{name}__{next(iter(routed))} needs {name} to be set, but it is None."
            )
        return routed

    def _optimizer(self):
        """Create the optimizer from a name or class and its routed parameters."""
        optimizer = self.optimizer
        routed = self._routed("optimizer")
        if isinstance(optimizer, keras.optimizers.Optimizer):
            if routed:
                raise ValueError(
                    f"optimizer__{next(iter(routed))} needs optimizer to be a name or "
                    f"a class, got the instance {optimizer!r}."
                )
            return optimizer  # training uses a copy
        if isinstance(optimizer, str):
            examples = '"adam", "rmsprop" or "sgd"'
            optimizer = _look_up(optimizer_class, "optimizer", optimizer, examples)
        learning_rate = float(self.learning_rate)  # Keras rejects an int
        arguments = {"learning_rate": learning_rate, "clipnorm": self.clipnorm}
        check_arguments("optimizer", optimizer, routed)
        check_numbers("optimizer", optimizer, routed)
        try:
            if not routed:
                return _plain_optimizer(optimizer, **arguments)
            return unflatten_params(optimizer, {**arguments, **routed})
        except (TypeError, ValueError) as error:
            given = ", ".join(f"optimizer__{n}={v!r}" for n, v in routed.items())
            raise type(error)(
                f"optimizer={self.optimizer!r} can't be made with {given or arguments}:"
                f" {error}"
            ) from error

    def _loss(self):
        """Return the loss as Keras takes it; None if the target decides."""
        routed, loss = self._routed("loss"), self.loss
        if isinstance(loss, str):
            examples = '"mean_absolute_error" or "Huber"'
            found = _look_up(keras.losses.get, "loss", loss, examples)
            if routed and isinstance(found, keras.losses.Loss):
                loss = type(found)
        if routed and not isinstance(loss, type):
            raise ValueError(
                f"loss__{next(iter(routed))} needs loss to be a class or its name, "
                f'such as "Huber"; got {self.loss!r}.'
            )
        check_arguments("loss", loss, routed)
        check_numbers("loss", loss, routed)
        return unflatten_params(loss, routed)

    def _metrics(self):
        """Create the metrics; SciKeras changes their names in the history."""
        routed = self._routed("metrics")
        if self.metrics is None:
            return None
        given = self.metrics
        metrics = list(given) if isinstance(given, (list, tuple)) else [given]
        for metric in metrics:
            # The loss decides which metric these short names stand for.
            if isinstance(metric, str) and metric not in {"acc", "accuracy", "ce"}:
                examples = '"mean_absolute_error" or "accuracy"'
                _look_up(keras.metrics.get, "metrics", metric, examples)
        classes = [metric for metric in metrics if isinstance(metric, type)]
        if routed and not classes:
            raise ValueError(
                f"metrics__{next(iter(routed))} needs metrics to be a class or to hold "
                f"one; got {given!r}."
            )
        check_arguments("metrics", classes, routed)
        made = iter(unflatten_params(classes, routed))
        return [
            next(made) if isinstance(metric, type) else metric for metric in metrics
        ]

    def _callbacks(self):
        """Create copies of the callbacks, so that training changes no parameter.

        Callbacks of Keras are copied deeply. A user's callback refers to the same
        objects as before, such as a trial or a list.
        """
        routed = self._routed("callbacks")
        if self.callbacks is None:
            return []
        given = self.callbacks
        if not isinstance(given, (list, tuple, dict)):
            given = [given]
        check_arguments("callbacks", given, routed)
        made = unflatten_params(given, routed)
        made = list(made.values() if isinstance(made, dict) else made)
        for callback in made:
            if not isinstance(callback, keras.callbacks.Callback):
                raise TypeError(
                    "callbacks must be a keras.callbacks.Callback, a class of one, or "
                    f"a list or dict of such, got {callback!r}."
                )
        try:
            return [_copied(callback) for callback in made]
        except TypeError as error:
            raise TypeError(
                f"callbacks are copied before training, and one of {made} can't be: "
                f"{error}. Pass its class, with callbacks__... for its arguments."
            ) from error


@functools.lru_cache(maxsize=64)
def _plain_optimizer(kind, learning_rate, clipnorm):
    """Return an optimizer, which nobody changes; to make one takes milliseconds."""
    return kind(learning_rate=learning_rate, clipnorm=clipnorm)


def _changes(before, after):
    """Return the entries that are new or another object."""
    return {
        n: value for n, value in after.items() if before.get(n, before) is not value
    }


def _copied(callback):
    of_keras = type(callback).__module__.startswith("keras.")
    if not of_keras or isinstance(callback, keras.callbacks.LambdaCallback):
        return copy.copy(callback)
    return copy.deepcopy(callback)


def _look_up(get, parameter, name, examples):
    """Return the object of Keras that a name stands for."""
    try:
        return get(name)
    except ValueError as error:
        kind = {"metrics": "metric"}.get(parameter, parameter)
        raise ValueError(
            f"{parameter}={name!r} is no {kind} of Keras, such as {examples}."
        ) from error
