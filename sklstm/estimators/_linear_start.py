"""A regressor whose network begins where a linear model ends."""

from numbers import Integral

import keras
import numpy as np

from sklstm.estimators._base import UPDATES
from sklstm.estimators._linear_forms import Units
from sklstm.estimators._linear_part import LinearPart
from sklstm.estimators._network_weight import measure, weight_of, whole_targets
from sklstm.estimators._quantiles import learns_quantiles
from sklstm.estimators._read_windows import are_windows
from sklstm.estimators._target_feature import find_continued, scale_of
from sklstm.networks import with_linear_part
from sklstm.training import Network

# Losses of a difference alone, which is the same beside a linear part.
_OF_DIFFERENCES = {
    *("mse", "meansquarederror", "mae", "meanabsoluteerror", "huber", "logcosh"),
    *("logcoshloss", "quantile"),
}

# Inputs of the ridge regressions at most: their covariances are decomposed.
_MOST_INPUTS = 1000

# What the linear part leaves at least, so that later data can be learned from.
_LEAST_REST = 1e-3

# Updates beside a linear part: as many as samples, but no fewer than these; and epochs.
_FEWEST_UPDATES, _LEAST_EPOCHS = 300, 10

# Windows of at least so many steps are read in patches of so many.
_LONG, _PATCH = 48, 4


class LinearStart:
    """What of a regressor is linear, and in what units the network sees windows.

    A mixin: it stands between the targets and the network. `_begin` fits the linear
    part, `_targets` takes it from the targets, `_joined` adds it to the outputs.
    """

    linear_part_ = None
    network_weight_ = 1.0
    window_norm_ = None
    target_feature_ = None
    patch_size_ = 1
    _rest_scales = 1.0

    # ---------------------------------------------------------------- before training
    def _begin(self, samples, partial):
        """Fit the linear part; choose what the network sees of a window."""
        whole = samples.whole
        by_place = are_windows(whole)
        longest = whole.n_timesteps
        if not by_place:  # missing steps have no place, and don't count
            longest = int(whole.drop_missing().lengths.max())
        n_steps = 0 if partial else self._n_linear_steps(longest, whole.n_features)
        y = self._columns(self.target_encoder_.transform(samples.targets))
        features, slopes, offsets = self._continued(whole, y)
        followed = bool((features >= 0).any())
        norm = "none" if self.window_norm is None else self.window_norm
        self.target_feature_ = features if followed else None
        self.patch_size_ = self._patch_size(longest)
        self.linear_part_ = None
        if n_steps:
            norms = (norm if followed else "none",)
            if norm == "auto" and followed:
                norms = ("last", "standard", "none")
            units = Units(features, slopes, offsets, n_steps)
            part = LinearPart(longest, by_place, units)
            self.linear_part_ = part.fit(whole, y, samples.weights, norms)
            if norm == "auto":
                near = {m.form.norm for m in part.members if not m.form.far}
                raw = near == {"none"}
                norm = "none" if raw else "standard"
        self.window_norm_ = None if norm in ("auto", "none") else norm
        if self.linear_part_ is not None:
            self._rest_scales = np.ones(y.shape[1])
            rest = self._rest(self.linear_part_, whole, y)
            self._rest_scales = _deviations(rest)
            self._measures_weight()  # of a network that is not trained yet
        self._begun_with = self._start_parameters()

    def _n_linear_steps(self, n_timesteps, n_features):
        """Count the last steps that the linear part sees; 0 for none."""
        given = self.linear_skip
        if given != "auto":
            if given > 0:
                self._check_linear_skip()
            return min(int(given), n_timesteps)
        alone = self.model is not None or self._takes_tokens()
        if alone or not self._learns_differences():
            return 0
        return min(_MOST_INPUTS // n_features, n_timesteps)

    def _learns_differences(self):
        loss = self.loss or self.target_encoder_.default_loss_
        if not isinstance(loss, str):  # a function, a class, or an instance of one
            loss = getattr(loss, "__name__", type(loss).__name__)
        return loss.lower().replace("_", "") in _OF_DIFFERENCES

    def _check_linear_skip(self):
        """Refuse a linear part beside what it has no meaning for."""
        if self._takes_tokens():
            raise ValueError(
                f"linear_skip={self.linear_skip!r} can't go with embedding_dim="
                f"{self.embedding_dim!r}: numbers of tokens mean nothing to a linear "
                'model. Use linear_skip="auto" or 0.'
            )
        if self._learns_differences():
            return
        loss = keras.losses.get(self.loss) if isinstance(self.loss, str) else self.loss
        module = getattr(loss, "__module__", type(loss).__module__)
        if module.split(".")[0] == "keras":  # one's own may be of differences
            raise ValueError(
                f"linear_skip={self.linear_skip!r} can't go with loss={self.loss!r}, "
                "which sees the target itself and not its distance alone: beside a "
                "linear part the network learns what that leaves. Use linear_skip="
                '"auto" or 0.'
            )

    def _continued(self, whole, y):
        none = np.full(y.shape[1], -1), np.ones(y.shape[1]), np.zeros(y.shape[1])
        if self.target_feature is None or self._takes_tokens():
            return none
        found = find_continued(whole, y)
        if isinstance(self.target_feature, str) and self.target_feature == "auto":
            return found
        given = np.ravel(np.asarray(self.target_feature, dtype=object))
        numbers = [self._number_of(one, whole.n_features) for one in given]
        if len(numbers) not in (1, self.target_encoder_.n_outputs_):
            raise ValueError(
                f"target_feature={self.target_feature!r} must name one feature, or one "
                f"for each of the {self.target_encoder_.n_outputs_} outputs of y."
            )
        features = np.resize(numbers, y.shape[1])
        agree = found[0] == features
        slopes, offsets = scale_of(whole, y, features)
        slopes = np.where(agree, found[1], slopes)
        offsets = np.where(agree, found[2], offsets)
        goes_on = slopes != 0  # what does not vary goes on with nothing
        return np.where(goes_on, features, -1), np.where(goes_on, slopes, 1.0), offsets

    def _number_of(self, name, n_features):
        if isinstance(name, str):
            names = list(getattr(self, "feature_names_in_", ()))
            names = names if self._n_axes_in == 3 else []  # else these are time steps
            if name not in names:
                raise ValueError(
                    f"target_feature={name!r} is no feature of X, which has "
                    f"{names or 'no names'}. Pass its number."
                )
            return names.index(name)
        if not isinstance(name, Integral) or not 0 <= name < n_features:
            raise ValueError(
                'target_feature must be "auto", None, or a feature of X: its name, or '
                f"a number from 0 to {n_features - 1}; got {self.target_feature!r}."
            )
        return int(name)

    def _patch_size(self, n_timesteps):
        if self.patch_size != "auto":
            return int(self.patch_size)
        plain = self.model is None and not self._takes_tokens()
        plain = plain and not np.size(self.conv_filters)
        return _PATCH if plain and n_timesteps >= _LONG else 1

    def _start_parameters(self):
        names = ("linear_skip", "target_feature", "window_norm", "patch_size")
        return {name: getattr(self, name) for name in names}

    def _check_unchanged(self, table):
        now = self._start_parameters()
        for name, before in self._begun_with.items():
            if np.any(now[name] != before):
                raise ValueError(
                    f"The network was built with {name}={before!r}; it can't go on "
                    f"training with {name}={now[name]!r}. Set warm_start=False and "
                    "call fit to begin anew."
                )
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
    def _columns(self, targets):
        return targets.reshape(len(targets), -1)

    def _targets(self, samples):
        targets = super()._targets(samples)
        if self.linear_part_ is None:
            return targets
        return self._rest(self.linear_part_, samples.whole, targets)

    def _norm_of_rest(self):
        return "none" if self.target_feature_ is None else self.window_norm_ or "none"

    def _rest(self, part, whole, targets):
        """Return what the linear part leaves of the targets, in the network's units."""
        outputs, scales = part.predict(whole, self._norm_of_rest())
        rest = (self._columns(targets) - outputs) / (scales * self._rest_scales)
        return rest.astype(np.float32).reshape(targets.shape)

    def _joined(self, whole, outputs):
        """Add the linear part to what the network adds."""
        if self.linear_part_ is None:
            return outputs
        shape = outputs.shape[: 3 if self.target_encoder_.n_steps_ else 2]
        linear, scales = self.linear_part_.predict(whole, self._norm_of_rest())
        linear = linear.reshape(shape)
        scales = (scales * self._rest_scales).reshape(shape)
        if outputs.ndim > len(shape):  # quantiles
            linear, scales = linear[..., np.newaxis], scales[..., np.newaxis]
        return linear + self.network_weight_ * scales * outputs

    def _exported(self, model):
        """Put the linear part beside a model of the network, in stock layers."""
        if self.linear_part_ is None:
            return model
        scales = self.network_weight_ * self._rest_scales
        spec = self.linear_part_.spec(self._norm_of_rest(), scales)
        return with_linear_part(model, spec, self.target_encoder_.n_steps_)

    # ------------------------------------------------------------------------ training
    def _train(self, samples, validation=None, partial=False):
        measures = self.linear_part_ is not None and self._measures_weight()
        if partial or not measures:
            return super()._train(samples, validation, partial)
        if validation is not None:
            self.network_weight_ = 1.0  # until it is measured
        else:
            self.network_weight_, plain = measure(self, samples)
            if plain:
                samples = self._without_linear_part(samples)
        history = super()._train(samples, validation, partial)
        if validation is not None:
            outputs = self.network_.predict(validation.table)
            self.network_weight_ = weight_of(outputs, validation)
        return history

    def _measures_weight(self):
        """Tell whether samples must show what the network adds; else set its weight."""
        if self.network_weight == "auto" and not learns_quantiles(self.loss):
            return True
        given = 1.0 if self.network_weight == "auto" else float(self.network_weight)
        self.network_weight_ = given
        return False

    def _without_linear_part(self, samples):
        """Begin again with a network alone, which sees windows as they are."""
        targets = whole_targets(self, samples).astype(np.float32)
        self.linear_part_ = self.window_norm_ = None
        spec = self._spec(samples.table, self.target_encoder_)
        self.network_ = Network(spec, self._seed)
        return samples.with_targets(targets)

    def _n_epochs(self, n_batches, n_samples):
        """Train as long as helps beside a linear part; once what is to add nothing."""
        if self.epochs != "auto" or self.linear_part_ is None:
            return super()._n_epochs(n_batches, n_samples)
        if self.network_weight_ == 0:
            return 1
        return max(self._n_epochs_of_trial(n_batches, n_samples), _LEAST_EPOCHS)

    def _n_epochs_of_trial(self, n_batches, n_samples):
        if self.epochs != "auto":
            return int(self.epochs)
        return -(-int(np.clip(n_samples, _FEWEST_UPDATES, UPDATES)) // n_batches)


def _deviations(rest):
    """Compute deviations from zero of columns with NaN, and bound them from below."""
    known = ~np.isnan(rest)
    squares = np.where(known, rest.astype(np.float64), 0.0) ** 2
    found = np.sqrt(squares.sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    return np.maximum(found, _LEAST_REST)
