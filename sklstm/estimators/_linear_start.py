"""Linear part and window scaling of a regressor, beside its network."""

from dataclasses import replace
from numbers import Number

import numpy as np

from sklstm.estimators._check_network import check_same
from sklstm.estimators._continued_feature import continued_features
from sklstm.estimators._frozen_part import warn_of_frozen_part
from sklstm.estimators._linear_forms import WindowScaling
from sklstm.estimators._linear_part import LinearPart
from sklstm.estimators._linear_residual import LinearResidual
from sklstm.estimators._linear_skip import check_linear_skip, learns_differences
from sklstm.estimators._network_weight import measure, weight_of
from sklstm.estimators._patch_size import given_or, patch_size_of_windows
from sklstm.estimators._quantiles import learns_quantiles
from sklstm.estimators._read_windows import are_windows
from sklstm.estimators._target_in_row import warn_of_target_in_row
from sklstm.estimators._trainer import UPDATES
from sklstm.networks import with_linear_part
from sklstm.training import Network

# Maximum number of inputs of the linear part, as their covariance is decomposed.
_MOST_INPUTS = 1000

# Minimum number of updates with a linear part.
_FEWEST_UPDATES = 300


class LinearStart:
    """Mixin of a regressor with a linear part beside its network.

    `_prepare` fits the linear part, `_targets` subtracts it from the targets,
    `_combine` adds it to the outputs of the network.
    """

    network_weight_ = 1.0
    window_norm_ = None
    target_feature_ = None
    patch_size_ = 1
    _residual = None  # LinearResidual, if there is a linear part

    @property
    def linear_part_(self):
        """The linear part, or None."""
        return None if self._residual is None else self._residual.part

    def _prepare(self, samples, partial):
        """Fit the linear part; choose patch size and norm of the network."""
        whole = samples.whole
        by_place = are_windows(whole)
        longest = whole.n_timesteps
        if not by_place:  # missing time steps do not count
            longest = int(whole.drop_missing().lengths.max())
        n_steps = 0 if partial else self._n_linear_steps(longest, whole.n_features)
        y = self.target_encoder_.transform(samples.targets)
        y = y.reshape(len(y), -1)
        if self._n_axes_in == 2 and self.model is None:
            warn_of_target_in_row(whole, samples.targets, stacklevel=5)
        continued = self._continued(whole, y)
        followed = bool((continued[0] >= 0).any())
        self.target_feature_ = continued[0] if followed else None
        self.patch_size_ = given_or(self._auto_patch_size(longest), self.patch_size)
        norm = self.window_norm or "none"
        part = None
        if n_steps:
            part = LinearPart(longest, by_place, WindowScaling(*continued, n_steps))
            part.fit(whole, y, samples.weights, _norms(norm, followed))
            norm = _norm_beside(part) if norm == "auto" else norm
        self.window_norm_ = None if norm in ("auto", "none") else norm
        self._residual = None
        if part is not None:
            seen = self.window_norm_ or "none"
            seen = seen if followed else "none"
            self._residual = LinearResidual.fit(part, seen, whole, y)
            self._must_measure_weight()  # sets it, if it is given
        self._built_with = self._start_parameters()

    def _n_linear_steps(self, n_timesteps, n_features):
        """Return the number of last time steps that the linear part sees, or 0."""
        given = self.linear_skip
        loss = self.loss or self.target_encoder_.default_loss_
        if given == "auto":
            alone = self.model is not None or self._takes_tokens()
            suits = not alone and learns_differences(loss)
            return min(_MOST_INPUTS // n_features, n_timesteps) if suits else 0
        if given > 0:
            embedding_dim = self.embedding_dim if self._takes_tokens() else None
            check_linear_skip(given, loss, embedding_dim)
        return min(int(given), n_timesteps)

    def _continued(self, whole, y):
        """Return features that columns of y continue, and slopes and offsets."""
        given = None if self._takes_tokens() else self.target_feature
        names = self._names_of_features()
        n_outputs = self.target_encoder_.n_outputs_
        return continued_features(given, whole, y, n_outputs, names)

    def _auto_patch_size(self, n_timesteps):
        plain = self.model is None and not self._takes_tokens()
        plain = plain and not np.size(self.conv_filters)
        return patch_size_of_windows(n_timesteps) if plain else 1

    def _start_parameters(self):
        names = ("linear_skip", "target_feature", "window_norm", "patch_size")
        return {name: getattr(self, name) for name in names}

    def _check_unchanged(self, table):
        check_same(self._built_with, self._start_parameters())
        super()._check_unchanged(table)

    def _spec_entries(self, n_features):
        """Return norm and patch size for the spec of the network."""
        seen = int(self.embedding_dim) if self._takes_tokens() else n_features
        norm_features = range(seen)
        if self.target_feature_ is not None:
            followed = self.target_feature_[self.target_feature_ >= 0]
            norm_features = np.unique(followed).tolist()
        normed = self.window_norm_ is not None
        return {
            **super()._spec_entries(n_features),
            "window_norm": self.window_norm_ or "none",
            "norm_features": tuple(norm_features) if normed else (),
            "patch_size": self.patch_size_,
        }

    def _targets(self, samples):
        targets = super()._targets(samples)
        if self._residual is None:
            return targets
        return self._residual.of(samples.whole, targets)

    def _combine(self, whole, outputs):
        """Add the linear part to the weighted outputs of the network."""
        if self._residual is None:
            return outputs
        shape = outputs.shape[: 3 if self.target_encoder_.n_steps_ else 2]
        linear, scales = self._residual.predict(whole, shape)
        if outputs.ndim > len(shape):  # quantiles
            linear, scales = linear[..., np.newaxis], scales[..., np.newaxis]
        return linear + self.network_weight_ * scales * outputs

    def _complete_model(self, model):
        """Add the linear part to a model of the network, in stock layers."""
        if self._residual is None:
            return model
        scales = self.network_weight_ * self._residual.deviations
        spec = self._residual.part.spec(self._residual.norm, scales)
        return with_linear_part(model, spec, self.target_encoder_.n_steps_)

    def _train(self, samples, validation=None, *, is_new=False, partial=False):
        measures = self._residual is not None and self._must_measure_weight()
        if self._residual is not None and not is_new:
            warn_of_frozen_part(samples.targets, stacklevel=5)
        if partial or not measures:
            return super()._train(samples, validation, partial=partial)
        self.network_weight_ = 1.0
        if validation is None:
            # A new network without linear part would lose weights set by the user.
            auto = self.linear_skip == "auto" and self.window_norm == "auto"
            self.network_weight_, alone = measure(
                self._residual, samples, self._fit_network, is_new and auto
            )
            if alone:
                samples = self._without_linear_part(samples)
        history = super()._train(samples, validation)
        vars(self).update(self._after_training(self.network_, validation))
        return history

    def _after_training(self, network, validation):
        """Return the weight of a network, measured on held-out samples, if any."""
        measures = self._residual is not None and self._must_measure_weight()
        if validation is None or not measures:
            return {}
        outputs = network.predict(validation.table)
        return {"network_weight_": weight_of(outputs, validation)}

    def _fit_network(self, samples, sees_norm):
        """Return a new network trained on some samples."""
        spec = self.network_.spec
        if not sees_norm:
            spec = replace(spec, window_norm="none", norm_features=())
        network = Network(spec, self._seed)
        self._train_other(network, samples, self._n_epochs(len(samples), 1))
        return network

    def _n_trainings(self):
        # Before parameters are validated, so they may be anything.
        alone = isinstance(self.linear_skip, Number) and self.linear_skip == 0
        measured = isinstance(self.network_weight, str) and not alone
        return None if measured else super()._n_trainings()

    def _must_measure_weight(self):
        """Return whether to measure the network weight; set it otherwise."""
        if self.network_weight == "auto" and not learns_quantiles(self.loss):
            return True
        given = 1.0 if self.network_weight == "auto" else float(self.network_weight)
        self.network_weight_ = given
        return False

    def _without_linear_part(self, samples):
        """Start again with the network alone, which sees plain windows."""
        targets = self._residual.targets(samples.whole, samples.targets)
        self._residual = self.window_norm_ = None
        spec = self._spec(samples.table, self.target_encoder_)
        self.network_ = Network(spec, self._seed)
        return samples.with_targets(targets.astype(np.float32))

    def _n_epochs(self, n_samples, *at_least):
        """Return the number of epochs: one if the weight of the network is 0."""
        unused = self._residual is not None and self.network_weight_ == 0
        if self.epochs == "auto" and unused:
            return 1
        return super()._n_epochs(n_samples, *at_least)

    def _updates(self, n_samples):
        """Return the number of updates; with a linear part one per sample, bounded."""
        if self._residual is None:
            return super()._updates(n_samples)
        return int(np.clip(n_samples, _FEWEST_UPDATES, UPDATES))


def _norms(norm, followed):
    """Return the norms from which the linear models are chosen."""
    if norm == "auto" and followed:
        return "last", "standard", "none"
    return (norm if followed else "none",)


def _norm_beside(part):
    """Return the norm of the network that goes with a linear part."""
    near = {member.form.norm for member in part.members if not member.form.far}
    return "none" if near == {"none"} else "standard"
