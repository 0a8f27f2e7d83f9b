"""SciKeras 0.13.0, repaired. SciKeras is no longer maintained, so it is mended here.

:class:`RepairedWrapper` goes before `KerasRegressor` or `KerasClassifier` among the
bases of an estimator. Of SciKeras stay: its parameters and their routing
(``optimizer__beta_1``, ``callbacks__patience``), its hook `scorer`, `current_epoch`,
and `isinstance`. What is overridden, and why, is said at each method. `fit`,
`partial_fit`, `predict` and `score` are overridden by the estimators, for SciKeras's
refuse NaN, seed by changing global state, freeze the number of time steps, lose the
fitted state where they fail, and compare the types of y with those in fit.
"""

import copy
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
from sklstm._routed import check_numbers, check_takes
from sklstm._versions import versions, warn_of_other_versions

remove_more_tags()


class _MixinsFirst(ABCMeta):
    """Looks up scikit-learn's mixins before `BaseEstimator`.

    SciKeras lists them behind it, where scikit-learn >= 1.7 does not see what they
    say: ``is_classifier(KerasClassifier())`` is False, so that cross-validation does
    not stratify. No list of bases gives another order. (A kind of ABCMeta, so that
    a subclass may have abstract bases too.)
    """

    def mro(cls):
        """Move the mixins before SciKeras's base class."""
        classes = super().mro()
        mixins = [c for c in classes if c in (ClassifierMixin, RegressorMixin)]
        others = [c for c in classes if c not in mixins]
        place = others.index(BaseWrapper) if BaseWrapper in others else 0
        return others[:place] + mixins + others[place:]


class RepairedWrapper(BaseWrapper, metaclass=_MixinsFirst):
    """What SciKeras's wrappers need for sequences and for scikit-learn >= 1.7."""

    # SciKeras knows no callbacks__ in set_params, and routes fit__, predict__ and
    # more, which name nothing here.
    _routing_prefixes = frozenset(
        {"callbacks", "loss", "metrics", "model", "optimizer"}
    )

    # SciKeras's hooks for encoding; y is encoded by the estimators here.
    target_encoder = feature_encoder = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # scikit-learn takes every name in the signature for a parameter, and so the
        # one that collects the routed parameters.
        _, *parameters = inspect.signature(cls.__init__).parameters.values()
        cls.__signature__ = inspect.Signature(
            [p for p in parameters if p.kind != p.VAR_KEYWORD]
        )

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
        routed = filter(self._is_routed, vars(self))
        return [*sorted(inspect.signature(type(self)).parameters), *sorted(routed)]

    # SciKeras's sends callbacks__patience to the list of callbacks, and advises for a
    # misspelt name to pass it to the constructor.
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

    def _as_it_is(self):
        """Return another object of the same state, that no fit in a thread changes."""
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        return other

    @contextmanager
    def _replaced(self):
        """Have the fitted state replaced, at once and only should nothing raise.

        The block fits what this gives; until it ends the estimator is as it was, also
        for threads that predict.
        """
        new = self._as_it_is()
        if new.initialized_:
            new.network_ = copy.copy(new.network_)
        before = dict(vars(self))
        yield new
        names = set(self._get_param_names())
        parameters = {n: value for n, value in vars(self).items() if n in names}
        # What callbacks set on the estimator meanwhile stays, but for what fit sets.
        fitted = _changes(before, vars(new))
        kept = {
            n: v for n, v in _changes(before, vars(self)).items() if n not in fitted
        }
        self.__dict__ = {**vars(new), **kept, **parameters}

    def __getstate__(self):
        own = versions(keras=keras.__version__)
        return {**super().__getstate__(), "_versions": own}

    def __setstate__(self, state):
        own = versions(keras=keras.__version__)
        warn_of_other_versions(self, state.get("_versions", {}), own)
        super().__setstate__({n: state[n] for n in state if n != "_versions"})

    # scikit-learn deep-copies what is no estimator: callbacks would speak to copies.
    def __sklearn_clone__(self):
        bare = self._as_it_is()
        bare.callbacks = None
        other = BaseEstimator.__sklearn_clone__(bare)
        other.callbacks = self.callbacks
        return other

    # ---------------------------------------------------------- what Keras trains with
    def _routed(self, name):
        """Collect what is routed to a parameter; refuse what would go nowhere."""
        routed = routed_to(name, self.get_params(False))
        if routed and getattr(self, name) is None:
            raise ValueError(
                f"{name}__{next(iter(routed))} needs {name} to be set, but it is None."
            )
        return routed

    def _optimizer(self):
        """Make a new optimizer from its name or class, and its parameters.

        SciKeras hands an optimizer that is given as an instance from fit to fit, with
        its moments.
        """
        optimizer = self.optimizer
        routed = self._routed("optimizer")
        if isinstance(optimizer, keras.optimizers.Optimizer):
            if routed:
                raise ValueError(
                    f"optimizer__{next(iter(routed))} needs optimizer to be a name or "
                    f"a class, got the instance {optimizer!r}."
                )
            return optimizer  # of which training uses a copy
        if isinstance(optimizer, str):
            try:
                optimizer = optimizer_class(optimizer)
            except ValueError as error:
                raise ValueError(
                    f"optimizer={self.optimizer!r} is no optimizer of Keras, such as "
                    '"adam", "rmsprop" or "sgd".'
                ) from error
        learning_rate = float(self.learning_rate)  # Keras takes no int
        arguments = {"learning_rate": learning_rate, "clipnorm": self.clipnorm}
        check_takes("optimizer", optimizer, routed)
        check_numbers("optimizer", optimizer, routed)
        try:
            return unflatten_params(optimizer, {**arguments, **routed})
        except (TypeError, ValueError) as error:
            given = ", ".join(f"optimizer__{n}={v!r}" for n, v in routed.items())
            raise type(error)(
                f"optimizer={self.optimizer!r} can't be made with {given or arguments}:"
                f" {error}"
            ) from error

    def _loss(self):
        """Return the loss as Keras takes it; None leaves the choice to the target."""
        routed = self._routed("loss")
        if isinstance(self.loss, str):
            try:
                loss = keras.losses.get(self.loss)
            except ValueError as error:
                raise ValueError(
                    f"loss={self.loss!r} is no loss of Keras, such as "
                    '"mean_absolute_error" or "Huber".'
                ) from error
            if not routed:
                return self.loss
            loss = type(loss) if isinstance(loss, keras.losses.Loss) else self.loss
        else:
            loss = self.loss
        if routed and not isinstance(loss, type):
            raise ValueError(
                f"loss__{next(iter(routed))} needs loss to be a class or its name, "
                f'such as "Huber"; got {self.loss!r}.'
            )
        check_takes("loss", loss, routed)
        check_numbers("loss", loss, routed)
        return unflatten_params(loss, routed)

    def _metrics(self):
        """Make the metrics; SciKeras turns names into others in the history."""
        routed = self._routed("metrics")
        if self.metrics is None:
            return None
        given = self.metrics
        metrics = list(given) if isinstance(given, (list, tuple)) else [given]
        for metric in metrics:
            _check_metric(metric)
        classes = [metric for metric in metrics if isinstance(metric, type)]
        if routed and not classes:
            raise ValueError(
                f"metrics__{next(iter(routed))} needs metrics to be a class or to hold "
                f"one; got {given!r}."
            )
        check_takes("metrics", classes, routed)
        made = iter(unflatten_params(classes, routed))
        return [
            next(made) if isinstance(metric, type) else metric for metric in metrics
        ]

    def _callbacks(self):
        """Copy the callbacks, which training changes: parameters it may not.

        What a callback of the user's refers to, such as a trial or a list, stays the
        same object. Those of Keras keep what they count in objects of their own.
        """
        routed = self._routed("callbacks")
        if self.callbacks is None:
            return []
        given = self.callbacks
        if not isinstance(given, (list, tuple, dict)):
            given = [given]
        check_takes("callbacks", given, routed)
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


def _changes(before, after):
    """Return the entries that are new, or another object."""
    return {
        n: value for n, value in after.items() if before.get(n, before) is not value
    }


def _copied(callback):
    of_keras = type(callback).__module__.startswith("keras.")
    if not of_keras or isinstance(callback, keras.callbacks.LambdaCallback):
        return copy.copy(callback)
    return copy.deepcopy(callback)


def _check_metric(metric):
    # Keras has names that it finds out from the loss, and refuses others late.
    if isinstance(metric, str) and metric not in {"acc", "accuracy", "ce"}:
        try:
            keras.metrics.get(metric)
        except ValueError as error:
            raise ValueError(
                f"metrics={metric!r} is no metric of Keras, such as "
                '"mean_absolute_error" or "accuracy".'
            ) from error
