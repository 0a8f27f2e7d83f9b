"""A regressor whose network begins where a linear model ends."""

from dataclasses import replace

import numpy as np

from sklstm.estimators._check_network import check_same
from sklstm.estimators._continued_feature import continued_features
from sklstm.estimators._linear_forms import Units
from sklstm.estimators._linear_part import LinearPart
from sklstm.estimators._linear_rest import LinearRest
from sklstm.estimators._linear_skip import check_linear_skip, learns_differences
from sklstm.estimators._network_weight import measure, weight_of
from sklstm.estimators._patch_size import given_or, patch_size_of_windows
from sklstm.estimators._quantiles import learns_quantiles
from sklstm.estimators._read_windows import are_windows
from sklstm.estimators._trainer import UPDATES
from sklstm.networks import with_linear_part
from sklstm.training import Network

# Inputs of the ridge regressions at most: their covariances are decomposed.
_MOST_INPUTS = 1000

# Updates beside a linear part: as many as samples, but no fewer than these.
_FEWEST_UPDATES = 300


class LinearStart:
    """What of a regressor is linear, and in what units the network sees windows.

    A mixin: it stands between the targets and the network. `_begin` fits the linear
    part, `_targets` takes it from the targets, `_joined` adds it to the outputs.
    """

    network_weight_ = 1.0
    window_norm_ = None
    target_feature_ = None
    patch_size_ = 1
    _rest = None  # LinearRest, where there is a linear part

    @property
    def linear_part_(self):
        """The linear part, or None."""
        return None if self._rest is None else self._rest.part

    # ---------------------------------------------------------------- before training
    def _begin(self, samples, partial):
        """Fit the linear part; choose what the network sees of a window."""
        whole = samples.whole
        by_place = are_windows(whole)
        longest = whole.n_timesteps
        if not by_place:  # missing steps have no place, and don't count
            longest = int(whole.drop_missing().lengths.max())
        n_steps = 0 if partial else self._n_linear_steps(longest, whole.n_features)
        y = self.target_encoder_.transform(samples.targets)
        y = y.reshape(len(y), -1)
        continued = self._continued(whole, y)
        followed = bool((continued[0] >= 0).any())
        self.target_feature_ = continued[0] if followed else None
        self.patch_size_ = given_or(self._auto_patch_size(longest), self.patch_size)
        norm = self.window_norm or "none"
        part = None
        if n_steps:
            part = LinearPart(longest, by_place, Units(*continued, n_steps))
            part.fit(whole, y, samples.weights, _norms(norm, followed))
            norm = _norm_beside(part) if norm == "auto" else norm
        self.window_norm_ = None if norm in ("auto", "none") else norm
        self._rest = None
        if part is not None:
            seen = self.window_norm_ or "none"
            seen = seen if followed else "none"
            self._rest = LinearRest.fit(part, seen, whole, y)
            self._measures_weight()  # of a network that is not trained yet
        self._begun_with = self._start_parameters()

    def _n_linear_steps(self, n_timesteps, n_features):
        """Count the last time steps that the linear part sees; 0 for none."""
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
        """Return which feature each column of y continues, its slope and offset."""
        given = None if self._takes_tokens() else self.target_feature
        names = list(getattr(self, "feature_names_in_", ()))
        names = names if self._n_axes_in == 3 else []  # else these are time steps
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
        check_same(self._begun_with, self._start_parameters())
        super()._check_unchanged(table)

    def _start_of_spec(self, n_features):
        """Return what of the network's spec this adds."""
        seen = int(self.embedding_dim) if self._takes_tokens() else n_features
        norm_features = range(seen)
        if self.target_feature_ is not None:
            followed = self.target_feature_[self.target_feature_ >= 0]
            norm_features = np.unique(followed).tolist()
        normed = self.window_norm_ is not None
        return {
            **super()._start_of_spec(n_features),
            "window_norm": self.window_norm_ or "none",
            "norm_features": tuple(norm_features) if normed else (),
            "patch_size": self.patch_size_,
        }

    # --------------------------------------------------------- targets and predictions
    def _targets(self, samples):
        targets = super()._targets(samples)
        if self._rest is None:
            return targets
        return self._rest.of(samples.whole, targets)

    def _joined(self, whole, outputs):
        """Add the linear part to the weighted outputs of the network."""
        if self._rest is None:
            return outputs
        shape = outputs.shape[: 3 if self.target_encoder_.n_steps_ else 2]
        linear, scales = self._rest.predict(whole, shape)
        if outputs.ndim > len(shape):  # quantiles
            linear, scales = linear[..., np.newaxis], scales[..., np.newaxis]
        return linear + self.network_weight_ * scales * outputs

    def _exported(self, model):
        """Put the linear part beside a model of the network, in stock layers."""
        if self._rest is None:
            return model
        scales = self.network_weight_ * self._rest.deviations
        spec = self._rest.part.spec(self._rest.norm, scales)
        return with_linear_part(model, spec, self.target_encoder_.n_steps_)

    # ------------------------------------------------------------------------ training
    def _train(self, samples, validation=None, *, begins=False, partial=False):
        measures = self._rest is not None and self._measures_weight()
        if partial or not measures:
            return super()._train(samples, validation, partial=partial)
        self.network_weight_ = 1.0  # until it is measured
        if validation is None:
            # A network alone is not asked for, or would lose weights set by hand.
            auto = self.linear_skip == "auto" and self.window_norm == "auto"
            self.network_weight_, alone = measure(
                self._rest, samples, self._fit_network, begins and auto
            )
            if alone:
                samples = self._without_linear_part(samples)
        history = super()._train(samples, validation)
        if validation is not None:
            outputs = self.network_.predict(validation.table)
            self.network_weight_ = weight_of(outputs, validation)
        return history

    def _fit_network(self, samples, sees_norm):
        """Return another network, trained on some samples."""
        spec = self.network_.spec
        if not sees_norm:
            spec = replace(spec, window_norm="none", norm_features=())
        network = Network(spec, self._seed)
        self._train_beside(network, samples, self._n_epochs(len(samples), 1))
        return network

    def _measures_weight(self):
        """Return whether samples must show the network weight; else set it."""
        if self.network_weight == "auto" and not learns_quantiles(self.loss):
            return True
        given = 1.0 if self.network_weight == "auto" else float(self.network_weight)
        self.network_weight_ = given
        return False

    def _without_linear_part(self, samples):
        """Begin again with a network alone, which sees windows as they are."""
        targets = self._rest.targets(samples.whole, samples.targets)
        self._rest = self.window_norm_ = None
        spec = self._spec(samples.table, self.target_encoder_)
        self.network_ = Network(spec, self._seed)
        return samples.with_targets(targets.astype(np.float32))

    def _n_epochs(self, n_samples, *at_least):
        """Return epochs; one where the network is to add nothing."""
        adds_nothing = self._rest is not None and self.network_weight_ == 0
        if self.epochs == "auto" and adds_nothing:
            return 1
        return super()._n_epochs(n_samples, *at_least)

    def _updates(self, n_samples):
        """Return the updates: beside a linear part as many as help."""
        if self._rest is None:
            return super()._updates(n_samples)
        return int(np.clip(n_samples, _FEWEST_UPDATES, UPDATES))


def _norms(norm, followed):
    """Return the forms of the linear models among which the best are taken."""
    if norm == "auto" and followed:
        return "last", "standard", "none"
    return (norm if followed else "none",)


def _norm_beside(part):
    """Return what the network sees windows relative to, beside a linear part."""
    near = {member.form.norm for member in part.members if not member.form.far}
    return "none" if near == {"none"} else "standard"
