"""Regression on sequences."""

import itertools
import warnings
from numbers import Integral, Real

import numpy as np
from scikeras.wrappers import KerasRegressor
from sklearn.utils.metaestimators import available_if

from sklstm._compat.sklearn import Interval, StrOptions
from sklstm.estimators._base import SequenceEstimator
from sklstm.estimators._check_target import holds_nan
from sklstm.estimators._known_score import r2_of_known
from sklstm.estimators._linear_start import LinearStart
from sklstm.estimators._patch_size import PATCH_SIZE
from sklstm.estimators._targets import RegressionTarget


def _check_learns_quantiles(regressor):
    if not regressor._learns_quantiles():
        raise AttributeError(
            'predict_quantiles needs loss="quantile", which learns quantiles; got '
            f"loss={regressor.loss!r}."
        )
    return True


class LSTMRegressor(LinearStart, SequenceEstimator, KerasRegressor):
    """Regression on sequences by ridge regression and an LSTM network [1]_.

    The network learns what ridge regressions on the last steps leave of y (an
    "autoregressive highway" [5]_), on windows relative to their own mean and deviation
    where y goes on with a feature of X [6]_; on later samples `fit` measures how much
    of that holds. So forecasts are about as good as a linear model's where the series
    is linear, has a trend or few rows, and better where it is not linear.

    A `scikeras.wrappers.KerasRegressor`, with SciKeras's routed parameters, such as
    ``optimizer__beta_1=0.8`` or ``callbacks__patience=3``.

    Parameters
    ----------
    units : int or sequence of int, default=32
        Units of the recurrent layer, or of each of several stacked layers.

    cell : {"lstm", "gru", "simple_rnn"}, default="lstm"
        Kind of the recurrent layers.

    bidirectional : bool, default=False
        Whether each recurrent layer also runs from the last step to the first, with
        `units` of its own.

    activation : str, default="tanh"
        Activation of the cell, such as "tanh" or "relu".

    recurrent_activation : str, default="sigmoid"
        Activation of the cell's gates; a "simple_rnn" has none.

    dropout : float, default=0.0
        Share of the outputs of each recurrent layer that training sets to zero, in
        [0, 1).

    recurrent_dropout : float, default=0.0
        Share of the hidden state that training sets to zero within the cell, in
        [0, 1).

    pooling : {"last", "mean", "max", "attention", "concat"}, default="last"
        What is made of the steps of a sequence: the state after the last one; the mean,
        the maximum or a learned weighted mean [2]_ of the states after each step that
        is not missing; or the first three of these side by side ("concat" [3]_).

    embedding_dim : int, default=None
        Where given, X holds one feature, an integer token at each step, of which an
        embedding makes so many features. `fit` finds the vocabulary; a token that is
        not in it is a missing step. None takes the features as they are.

    conv_filters : int or sequence of int, default=()
        Filters of the convolutional layer, or of each of several, before the recurrent
        layers. They see the steps that are not missing, next to each other.

    conv_kernel_size : int, default=3
        Steps that a convolution spans. A sequence of n steps has
        ``n - conv_kernel_size + 1`` after it.

    conv_activation : str, default="relu"
        Activation of the convolutions.

    conv_pool_size : int, default=1
        Steps of which the largest value is kept after each convolution; 1 keeps all.

    hidden_layer_sizes : int or sequence of int, default=()
        Units of the dense layers between the pooling and the output.

    hidden_activation : str, default="relu"
        Activation of these dense layers.

    heads : {"joint", "separate"}, default="joint"
        Whether several outputs share the dense layers, or each has its own.

    model : callable, default=None
        A function that builds another network: called with a description of the data
        (`n_timesteps`, `n_features`, `n_outputs`, `output_activation`; `n_steps_out`
        and `n_quantiles`, which are 0 or further axes of the output: (n_steps_out,
        n_outputs, n_quantiles)) and with what is routed to it
        (``model__n_filters=8``), it returns an uncompiled `keras.Model`.
        `units` to `heads` are not used then. Missing steps are masked zeros.

    optimizer : str, type or keras.optimizers.Optimizer, default="adam"
        Name or class of an optimizer, or an instance, which brings its own learning
        rate and clipping and of which every fit uses a fresh copy.

    learning_rate : float, default=0.005
        Step size of the optimizer.

    learning_rate_schedule : {"cosine", "constant"}, default="cosine"
        How the learning rate goes over the epochs of `fit`: along half a cosine down
        to a hundredth [4]_, or not at all. An optimizer that is an instance or has a
        schedule of Keras, and a `LearningRateScheduler`, go their own way; with what
        other callbacks make of the learning rate the cosine is multiplied.

    clipnorm : float, default=None
        Largest norm of the gradient of each weight array. None clips nothing.

    loss : str, callable or keras.losses.Loss, default="mse"
        What training minimizes, over the standardized targets with
        `standardize_target`: "mse", "mae", "huber" or any other of Keras; or
        "quantile", which learns `quantiles`: `predict` gives the median, and
        `predict_quantiles` all of them.

    quantiles : sequence of float, default=(0.1, 0.5, 0.9)
        What `loss="quantile"` learns: probabilities in ascending order, within (0, 1).
        Predicted quantiles never cross.

    metrics : str, keras.metrics.Metric, type or list of such, default=None
        Further metrics of Keras for `history_`.

    epochs : int or "auto", default="auto"
        Passes over the samples. "auto" takes as many as make 1000 updates (beside a
        linear part one for each sample, from 300 to 1000), but 10 at least. The
        resource for a `HalvingGridSearchCV` (``resource="epochs"``, or
        "lstmregressor__epochs" of a pipeline); "n_samples" would draw rows at random.

    batch_size : int, default=32
        Samples an update; -1 takes all.

    shuffle : bool, default=True
        Whether every epoch takes the samples in another order.

    validation_split : float, default=None
        Share of the samples, the last ones, that is held out for `val_loss`. None
        holds out 0.1 with `early_stopping`, and nothing without.

    early_stopping : bool, default=False
        Whether to stop when the held-out loss (the training loss where nothing is
        held out) has not improved for `patience` epochs, and to take the best weights.

    patience : int, default=10
        Epochs without improvement that early stopping waits for.

    callbacks : keras.callbacks.Callback, type, list or dict, default=None
        Callbacks, or classes of them. Training uses copies, `callbacks_`; what your
        own refer to (a list, a trial of Optuna) is the same object in each copy, also
        in clones and in threads, but not in processes.

    standardize_target : bool, default=True
        Whether the network learns the targets with zero mean and unit variance each.
        Predictions are in the units of y either way.

    linear_skip : int or "auto", default="auto"
        Last steps that the linear part sees; 0 leaves it out. "auto" takes all, up to
        1000 inputs; but none with `model`, with `embedding_dim`, where the network is
        begun by `partial_fit`, and with losses of which the target itself and not its
        distance matters, such as "poisson". The linear part is a ridge regression
        whose penalty is chosen on later samples; where y goes on with a feature of X
        it is the mean of three, with inputs and target as they are, relative to the
        last value (NLinear [7]_), and in units of the window's deviation besides,
        unless one of them is clearly better. Samples with an outlier are left out of
        it: one or two rows of the table that stand alone, several times as far away as
        others nearby change, where no other feature tells them.

    network_weight : float or "auto", default="auto"
        By which the output of the network is multiplied beside the linear part, in
        [0, 1]. "auto" measures it: networks that are trained on the first part of the
        samples are compared with later ones (those of `validation_split`, if there
        are such; of the `callbacks` only a `LearningRateScheduler` takes part, as a
        copy). A network that adds nothing is trained for one epoch only, with
        ``epochs="auto"``, and `partial_fit` then changes no prediction; one that is
        better without the linear part goes without.
        With ``loss="quantile"`` it is 1.

    target_feature : int, sequence of int, None or "auto", default="auto"
        The number of the feature of X whose later values y has; of several outputs one
        for each. "auto" finds it, if there is one; None says that there is none.
        Windows and y may be scaled.

    window_norm : {"last", "standard", "auto"} or None, default="auto"
        What the network sees `target_feature` (all features, where there is none)
        relative to: the last value of the window, its mean and deviation, or nothing.
        "auto" takes mean and deviation where the linear part uses the last value.

    patch_size : int or "auto", default="auto"
        Steps that are joined to one before the recurrent layers [8]_, which makes long
        windows faster. "auto" takes 4 for windows of 48 steps or more.

    warm_start : bool, default=False
        Whether `fit` goes on with the weights of the fit before.

    verbose : int, default=0
        0 is silent, 1 shows a progress bar, 2 a line an epoch.

    random_state : int, RandomState instance or None, default=None
        Determines initial weights, dropout, and the order of samples. Pass an int for
        the same result at every call, in any thread and process.

    **routed
        SciKeras's routed parameters: ``model__...``, ``optimizer__...``,
        ``loss__...``, ``metrics__...``, ``callbacks__...``.

    Attributes
    ----------
    model_ : keras.Model
        The trained network, without the linear part: :meth:`to_keras` has both.

    history_ : dict of str to list of float
        Loss and metrics of every epoch: beside a linear part those of what it leaves,
        over its deviation.

    callbacks_ : list of keras.callbacks.Callback
        The callbacks as training left them.

    vocabulary_ : ndarray of int, of shape (n_tokens,)
        The tokens that `fit` found, sorted; with `embedding_dim` alone.

    n_features_in_ : int
        Features of a time step; of a 2-D X its number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X was a DataFrame.

    target_names_in_ : ndarray of str
        Names of the targets, where y was a Series or DataFrame that names them.

    n_outputs_ : int
        Number of targets.

    network_weight_ : float
        By which the output of the network is multiplied; 1 without a linear part.

    target_feature_ : ndarray of int, of shape (n_columns,), or None
        Which feature each number of a target goes on with, -1 for none; None where
        none does.

    window_norm_ : {"last", "standard"} or None
        What the network sees windows relative to.

    patch_size_ : int
        Steps that are joined to one.

    See Also
    --------
    LSTMClassifier : Classification of sequences.
    sklstm.preprocessing.SlidingWindow : From a table to windows.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural
       Computation 9(8), 1997.
    .. [2] Z. Yang et al., "Hierarchical Attention Networks for Document
       Classification", NAACL 2016, equations 5 to 7.
    .. [3] J. Howard and S. Ruder, "Universal Language Model Fine-tuning for Text
       Classification", ACL 2018, section 3.3.
    .. [4] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017, equation 5.
    .. [5] G. Lai et al., "Modeling Long- and Short-Term Temporal Patterns with Deep
       Neural Networks", SIGIR 2018, section 3.6.
    .. [6] T. Kim et al., "Reversible Instance Normalization for Accurate Time-Series
       Forecasting against Distribution Shift", ICLR 2022.
    .. [7] A. Zeng et al., "Are Transformers Effective for Time Series Forecasting?",
       AAAI 2023, section 4.2.
    .. [8] Y. Nie et al., "A Time Series is Worth 64 Words: Long-term Forecasting with
       Transformers", ICLR 2023, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
    >>> X = np.sin(np.arange(300) / 5)[:, np.newaxis]
    >>> pipe = make_pipeline(
    ...     SlidingWindow(window_length=10, history="fit"), PerFeatureScaler(),
    ...     LSTMRegressor(units=8, epochs=30, learning_rate=0.02, random_state=0))
    >>> pipe.fit(X[:250], X[:250, 0]).score(X[250:], X[250:, 0]) > 0.95
    True
    """

    _parameter_constraints = {
        **SequenceEstimator._parameter_constraints,
        "quantiles": ["array-like"],
        "standardize_target": ["boolean"],
        "linear_skip": [
            Interval(Integral, 0, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "network_weight": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "target_feature": [Integral, str, "array-like", None],
        "window_norm": [StrOptions({"auto", "last", "standard"}), None],
        "patch_size": PATCH_SIZE,
    }

    def __init__(
        self,
        units=32,
        *,
        cell="lstm",
        bidirectional=False,
        activation="tanh",
        recurrent_activation="sigmoid",
        dropout=0.0,
        recurrent_dropout=0.0,
        pooling="last",
        embedding_dim=None,
        conv_filters=(),
        conv_kernel_size=3,
        conv_activation="relu",
        conv_pool_size=1,
        hidden_layer_sizes=(),
        hidden_activation="relu",
        heads="joint",
        model=None,
        optimizer="adam",
        learning_rate=0.005,
        learning_rate_schedule="cosine",
        clipnorm=None,
        loss="mse",
        quantiles=(0.1, 0.5, 0.9),
        metrics=None,
        epochs="auto",
        batch_size=32,
        shuffle=True,
        validation_split=None,
        early_stopping=False,
        patience=10,
        callbacks=None,
        standardize_target=True,
        linear_skip="auto",
        network_weight="auto",
        target_feature="auto",
        window_norm="auto",
        patch_size="auto",
        warm_start=False,
        verbose=0,
        random_state=None,
        **routed,
    ):
        self.units = units
        self.cell = cell
        self.bidirectional = bidirectional
        self.activation = activation
        self.recurrent_activation = recurrent_activation
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.pooling = pooling
        self.embedding_dim = embedding_dim
        self.conv_filters = conv_filters
        self.conv_kernel_size = conv_kernel_size
        self.conv_activation = conv_activation
        self.conv_pool_size = conv_pool_size
        self.hidden_layer_sizes = hidden_layer_sizes
        self.hidden_activation = hidden_activation
        self.heads = heads
        self.model = model
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.clipnorm = clipnorm
        self.loss = loss
        self.quantiles = quantiles
        self.metrics = metrics
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.validation_split = validation_split
        self.early_stopping = early_stopping
        self.patience = patience
        self.callbacks = callbacks
        self.standardize_target = standardize_target
        self.linear_skip = linear_skip
        self.network_weight = network_weight
        self.target_feature = target_feature
        self.window_norm = window_norm
        self.patch_size = patch_size
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state
        self._store_routed(routed)

    def predict(self, X):
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; of three axes with any number of time steps.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_outputs) or \
                (n_samples, n_steps, n_outputs)
            In the units and the shape of y.
        """
        now = self._as_it_is()  # another thread may be fitting
        outputs = now._outputs(X)
        return now.target_encoder_.inverse_transform(outputs)

    @available_if(_check_learns_quantiles)
    def predict_quantiles(self, X):
        """Predict the quantiles of the targets that `loss="quantile"` has learned.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences, as for :meth:`predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles), (n_samples, n_outputs, \
                n_quantiles) or (n_samples, n_steps, n_outputs, n_quantiles)
            In the units of y, in the order of `quantiles`.

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm import LSTMRegressor
        >>> X = np.random.default_rng(0).normal(size=(50, 4, 1))
        >>> regressor = LSTMRegressor(loss="quantile", quantiles=(0.1, 0.9), epochs=2)
        >>> low, high = regressor.fit(X, X[:, -1, 0]).predict_quantiles(X).T
        >>> bool((low < high).all())
        True
        """
        now = self._as_it_is()
        outputs = now._outputs(X)
        return now.target_encoder_.quantiles_of(outputs)

    @staticmethod
    def scorer(y_true, y_pred, **kwargs):
        """Compute R², where y is a sequence of every step and output on its own.

        A target that is NaN is left out, in each output on its own.
        """
        y_true, y_pred = RegressionTarget.check(y_true), np.asarray(y_pred)
        if y_true.ndim == 3:
            y_true, y_pred = (y.reshape(len(y), -1) for y in (y_true, y_pred))
        if holds_nan(y_true):
            return r2_of_known(y_true, y_pred, **kwargs)
        return KerasRegressor.scorer(y_true, y_pred, **kwargs)

    @property
    def n_outputs_(self):
        """Number of targets."""
        return self.target_encoder_.n_outputs_

    def _check_target(self, y, table):
        y = RegressionTarget.check(y)
        return y, ~np.isnan(y).reshape(len(y), -1).all(axis=1)

    def _fit_target(self, y, weights):
        self._warn_of_unused_quantiles()
        quantiles = self._checked_quantiles() if self._learns_quantiles() else ()
        return RegressionTarget(self.standardize_target, quantiles).fit(y, weights)

    def _warn_of_unused_quantiles(self):
        given = np.asarray(self.quantiles).ravel().tolist()
        if self._learns_quantiles() or given == [0.1, 0.5, 0.9]:
            return
        warnings.warn(
            f"quantiles={self.quantiles!r} is not used with loss={self.loss!r}. Set "
            'loss="quantile" for the network to learn them.',
            UserWarning,
            stacklevel=2,
        )

    def _learns_quantiles(self):
        return isinstance(self.loss, str) and self.loss == "quantile"

    def _checked_quantiles(self):
        quantiles = tuple(np.asarray(self.quantiles).ravel().tolist())
        ascending = all(low < high for low, high in itertools.pairwise(quantiles))
        if not quantiles or not ascending or quantiles[0] <= 0 or quantiles[-1] >= 1:
            raise ValueError(
                "quantiles must be probabilities within (0, 1), in ascending order; "
                f"got {self.quantiles!r}."
            )
        if self.metrics is not None:
            raise ValueError(
                f"metrics={self.metrics!r} can't compare y with the quantiles that "
                "loss='quantile' gives. Set metrics=None."
            )
        return quantiles

    def _loss(self):
        if not self._learns_quantiles():
            loss = super()._loss()
            if "crossentropy" in _name(loss).lower():
                raise ValueError(
                    f"loss={self.loss!r} is for classes, but LSTMRegressor predicts "
                    'numbers. Use "mse", "mae", "huber" or "quantile"; or '
                    "LSTMClassifier."
                )
            return loss
        if self._checked_quantiles() != self.target_encoder_.quantiles:
            raise ValueError(
                f"The network learned quantiles={self.target_encoder_.quantiles}; it "
                f"can't go on with quantiles={self.quantiles!r}. Set warm_start=False "
                "and call fit to begin anew."
            )
        return None  # the target knows it

    def _weigh(self, weights, y):
        return weights

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _name(loss):
    """Give the name of a loss: a string, a function, or an instance of a class."""
    if isinstance(loss, str):
        return loss
    return getattr(loss, "__name__", type(loss).__name__)
